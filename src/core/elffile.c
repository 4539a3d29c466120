#include "core/elffile.h"

#include <stdlib.h>
#include <string.h>

#include "core/elffile-impl.h"
#include "core/elfheader.h"
#include "util/arena.h"

/* Far beyond what linkers write: they bound the work that a hostile file can ask for. */
#define MAX_SECTIONS     (64u << 10)
#define MAX_EXE_SEGMENTS 4096
#define MAX_DEBUGLINK    4096

/* ---- sections ---- */

struct section_table {
	uint64_t off;
	uint32_t n;
	const char *names; /* ends with a NUL; NULL: none */
	uint64_t names_len;
};

static void load_shdr(const struct elffile *elf, const struct section_table *t, uint32_t i,
		      Elf64_Shdr *ret)
{
	memcpy(ret, elf->map.p + t->off + (uint64_t)i * sizeof(*ret), sizeof(*ret));
}

static void find_section_names(const struct elffile *elf, uint32_t index, struct section_table *t)
{
	const uint8_t *p;
	Elf64_Shdr sh;

	if (index >= t->n)
		return;
	load_shdr(elf, t, index, &sh);
	p = hms_mapfile_bytes(&elf->map, sh.sh_offset, sh.sh_size);
	if (!p || sh.sh_size == 0 || p[sh.sh_size - 1] != '\0')
		return;
	t->names = (const char *)p;
	t->names_len = sh.sh_size;
}

/* Counts that do not fit the ELF header stand in section header 0 (elf(5)). */
static struct hms_error *find_section_table(const struct elffile *elf, const Elf64_Ehdr *eh,
					    struct section_table *ret)
{
	struct section_table t = {.off = eh->e_shoff, .n = eh->e_shnum};
	uint32_t names = eh->e_shstrndx;
	uint64_t n = t.n;

	if (t.off == 0 || !hms_mapfile_bytes(&elf->map, t.off, sizeof(Elf64_Shdr)))
		return NULL;
	if (eh->e_shentsize != sizeof(Elf64_Shdr))
		return hms_err(HMS_ERR_FORMAT, "its section headers are %u bytes long, not %zu",
			       eh->e_shentsize, sizeof(Elf64_Shdr));
	if (n == 0 || names == SHN_XINDEX) {
		Elf64_Shdr first;

		load_shdr(elf, &t, 0, &first);
		n = n ? n : first.sh_size;
		names = names == SHN_XINDEX ? first.sh_link : names;
	}
	if (n > MAX_SECTIONS)
		return hms_err(HMS_ERR_LIMIT, "it has more than %u sections", MAX_SECTIONS);
	if (!hms_mapfile_bytes(&elf->map, t.off, n * sizeof(Elf64_Shdr)))
		return hms_err(HMS_ERR_FORMAT, "it ends before its section headers do");
	t.n = (uint32_t)n;
	find_section_names(elf, names, &t);
	*ret = t;
	return NULL;
}

static struct hms_elf_section make_section(const struct elffile *elf, const struct section_table *t,
					   const Elf64_Shdr *sh)
{
	const char *name = sh->sh_name < t->names_len ? t->names + sh->sh_name : "";
	const uint8_t *data = NULL;

	if (sh->sh_type != SHT_NOBITS && sh->sh_type != SHT_NULL)
		data = hms_mapfile_bytes(&elf->map, sh->sh_offset, sh->sh_size);
	return (struct hms_elf_section){
		.name = name,
		.addr = sh->sh_addr,
		.size = sh->sh_size,
		.data = data,
		.compressed = (sh->sh_flags & SHF_COMPRESSED) || strncmp(name, ".zdebug_", 8) == 0,
	};
}

static bool is_debug_info(const struct hms_elf_section *s)
{
	return s->data && s->size &&
	       (strcmp(s->name, ".debug_info") == 0 || strcmp(s->name, ".zdebug_info") == 0);
}

/* .gnu_debuglink: a file name, padding to 4, the CRC of that file. */
static void read_debuglink(struct elffile *elf, const struct hms_elf_section *s)
{
	size_t len = HMS_MIN(s->size, MAX_DEBUGLINK), crc_off;
	const uint8_t *nul = s->data && len ? memchr(s->data, 0, len) : NULL;

	if (!nul || nul == s->data)
		return;
	crc_off = ((size_t)(nul - s->data) + 4) & ~(size_t)3;
	if (s->size < 4 || crc_off > s->size - 4)
		return;
	elf->pub.debuglink = (const char *)s->data;
	memcpy(&elf->pub.debuglink_crc, s->data + crc_off, 4);
}

static void note_section(struct elffile *elf, const struct section_table *t, const Elf64_Shdr *sh,
			 const struct hms_elf_section *s)
{
	if (sh->sh_type == SHT_NOTE && s->data)
		hms_build_ids_parse(s->data, s->size, &elf->pub.gnu_build_id,
				    &elf->pub.go_build_id);
	if (is_debug_info(s))
		elf->pub.has_dwarf = true;
	if (strcmp(s->name, ".gnu_debuglink") == 0)
		read_debuglink(elf, s);
	if (sh->sh_type == SHT_SYMTAB && s->data && sh->sh_link < t->n) {
		elf->symtab = *sh;
		load_shdr(elf, t, sh->sh_link, &elf->strtab);
		elf->pub.has_symbols = true;
	}
}

/*
 * A separate debug file keeps the program headers of the executable, but not the bytes: its
 * sections have become SHT_NOBITS.  Its segments hold nothing then, whatever their p_filesz.
 */
static void forget_bytes(struct elffile *elf)
{
	for (size_t i = 0; i < elf->pub.nsegments; i++)
		elf->segments[i].filesz = 0;
}

static bool contradicts_segments(const struct elffile *elf, const Elf64_Shdr *sh)
{
	if (sh->sh_type != SHT_NOBITS || !(sh->sh_flags & SHF_ALLOC) || (sh->sh_flags & SHF_TLS) ||
	    sh->sh_size == 0)
		return false;
	for (size_t i = 0; i < elf->pub.nsegments; i++) {
		const struct hms_elf_segment *s = &elf->segments[i];

		if (sh->sh_addr >= s->addr && sh->sh_addr - s->addr < s->filesz)
			return true;
	}
	return false;
}

static struct hms_error *read_sections(struct elffile *elf, const Elf64_Ehdr *eh)
{
	struct section_table t = {0};
	Elf64_Shdr sh;

	HMS_TRY(find_section_table(elf, eh, &t));
	HMS_TRY(hms_alloc_array(t.n, sizeof(*elf->sections), MAX_SECTIONS, &elf->sections));
	for (uint32_t i = 1; i < t.n; i++) {
		struct hms_elf_section *s = &elf->sections[elf->pub.nsections++];

		load_shdr(elf, &t, i, &sh);
		*s = make_section(elf, &t, &sh);
		note_section(elf, &t, &sh, s);
		elf->bytes_gone = elf->bytes_gone || contradicts_segments(elf, &sh);
	}
	elf->pub.sections = elf->sections;
	return NULL;
}

/* ---- segments ---- */

static int compare_segments(const void *a, const void *b)
{
	const struct hms_elf_segment *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

static void add_segment(struct elffile *elf, const Elf64_Phdr *ph)
{
	uint64_t held = ph->p_offset < elf->map.size ? elf->map.size - ph->p_offset : 0;
	uint64_t memsz = HMS_MIN(ph->p_memsz, UINT64_MAX - ph->p_vaddr);

	elf->segments[elf->pub.nsegments++] = (struct hms_elf_segment){
		.addr = ph->p_vaddr,
		.memsz = memsz,
		.filesz = HMS_MIN(HMS_MIN(ph->p_filesz, memsz), held),
		.off = ph->p_offset,
		.flags = ph->p_flags,
	};
}

static struct hms_error *read_segments(struct elffile *elf, const Elf64_Ehdr *eh)
{
	Elf64_Phdr ph;

	HMS_TRY(hms_elfheader_phnum(&elf->map, eh, &elf->nphdrs));
	HMS_TRY(hms_alloc_array(elf->nphdrs, sizeof(*elf->segments), MAX_EXE_SEGMENTS,
				&elf->segments));
	for (uint32_t i = 0; i < elf->nphdrs; i++) {
		hms_elfheader_phdr(&elf->map, eh, i, &ph);
		if (ph.p_type == PT_LOAD)
			add_segment(elf, &ph);
	}
	if (elf->pub.nsegments)
		qsort(elf->segments, elf->pub.nsegments, sizeof(*elf->segments), compare_segments);
	elf->pub.segments = elf->segments;
	return NULL;
}

/* For executables whose section headers were stripped. */
static void read_note_segments(struct elffile *elf, const Elf64_Ehdr *eh)
{
	Elf64_Phdr ph;

	for (uint32_t i = 0; i < elf->nphdrs; i++) {
		const uint8_t *p;

		hms_elfheader_phdr(&elf->map, eh, i, &ph);
		if (ph.p_type != PT_NOTE)
			continue;
		p = hms_mapfile_bytes(&elf->map, ph.p_offset, ph.p_filesz);
		if (p)
			hms_build_ids_parse(p, ph.p_filesz, &elf->pub.gnu_build_id,
					    &elf->pub.go_build_id);
	}
}

/* ---- opening ---- */

static struct hms_error *parse(struct elffile *elf)
{
	Elf64_Ehdr eh;

	HMS_TRY(hms_elfheader_read(&elf->map, &eh));
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return hms_err(HMS_ERR_FORMAT, "it is %s, not an executable",
			       hms_elfheader_type_text(eh.e_type));
	elf->pub.arch = hms_elfheader_arch(&eh);
	elf->pub.position_independent = eh.e_type == ET_DYN;
	elf->pub.entry = eh.e_entry;
	HMS_TRY(read_segments(elf, &eh));
	HMS_TRY(read_sections(elf, &eh));
	if (elf->bytes_gone)
		forget_bytes(elf);
	else
		read_note_segments(elf, &eh);
	return NULL;
}

struct hms_error *hms_elffile_open(const char *path, struct hms_elffile **ret)
{
	struct elffile *elf = hms_xcalloc(1, sizeof(*elf));
	struct hms_error *err;

	pthread_mutex_init(&elf->lock, NULL);
	elf->path = hms_xstrdup(path);
	elf->pub.path = elf->path;
	err = hms_mapfile_open(path, &elf->map);
	if (!err)
		err = hms_err_ctx(parse(elf), "cannot read executable '%s'", path);
	if (err) {
		hms_elffile_close(&elf->pub);
		return err;
	}
	*ret = &elf->pub;
	return NULL;
}

void hms_elffile_close(struct hms_elffile *pub)
{
	struct elffile *elf = (struct elffile *)pub;

	if (!elf)
		return;
	hms_mapfile_close(&elf->map);
	pthread_mutex_destroy(&elf->lock);
	free(elf->index.slots);
	free(elf->segments);
	free(elf->sections);
	free(elf->path);
	free(elf);
}

/* ---- asking ---- */

const struct hms_elf_section *hms_elffile_section(const struct hms_elffile *elf, const char *name)
{
	for (size_t i = 0; i < elf->nsections; i++) {
		if (strcmp(elf->sections[i].name, name) == 0)
			return &elf->sections[i];
	}
	return NULL;
}

void hms_elffile_forget_symbols(struct hms_elffile *pub)
{
	struct elffile *elf = (struct elffile *)pub;

	elf->symtab.sh_type = SHT_NULL;
	pub->has_symbols = false;
}

bool hms_elffile_symbol(const struct hms_elffile *pub, const char *name, struct hms_elf_symbol *ret)
{
	/* The index is a cache: making it is no change that a caller could see. */
	struct elffile *elf = (struct elffile *)(uintptr_t)pub;

	pthread_mutex_lock(&elf->lock);
	if (!elf->indexed)
		hms_symbol_index_build(elf, &elf->index);
	elf->indexed = true;
	pthread_mutex_unlock(&elf->lock);
	return hms_symbol_index_find(&elf->index, name, ret);
}

const uint8_t *hms_elffile_bytes(const struct hms_elffile *elf, uint64_t off, uint64_t len)
{
	return hms_mapfile_bytes(&((const struct elffile *)elf)->map, off, len);
}
