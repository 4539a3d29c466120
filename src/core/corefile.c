#include "core/corefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/corefile-impl.h"
#include "core/decompress.h"
#include "core/elfheader.h"
#include "util/arena.h"

/* ---- segments ---- */

static int compare_segments(const void *a, const void *b)
{
	const struct hms_segment *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* The larger one first, and then an order that does not depend on qsort. */
	if (x->filesz != y->filesz)
		return x->filesz > y->filesz ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* Move the start of @s up to @addr, which lies inside it. */
static void clip_start(struct hms_segment *s, uint64_t addr)
{
	uint64_t skip = addr - s->addr;

	s->addr = addr;
	s->memsz -= skip;
	s->off += HMS_MIN(skip, s->filesz);
	s->filesz -= HMS_MIN(skip, s->filesz);
}

/* No writer makes overlapping segments; where they are, the one that begins first counts. */
static size_t clip_overlaps(struct hms_segment *s, size_t n)
{
	uint64_t end = 0;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i].addr + s[i].memsz <= end)
			continue;
		if (s[i].addr < end)
			clip_start(&s[i], end);
		end = s[i].addr + s[i].memsz;
		s[kept++] = s[i];
	}
	return kept;
}

/* What the header promises and the file does not hold is absent; it is counted. */
static void cut_at_end_of_file(struct corefile *cf, struct hms_segment *s)
{
	uint64_t held = s->off < cf->map.size ? cf->map.size - s->off : 0;

	cf->pub.bytes_saved += s->filesz;
	if (s->filesz > held) {
		cf->pub.bytes_cut += s->filesz - held;
		s->filesz = held;
	}
}

static void add_segment(struct corefile *cf, const Elf64_Phdr *ph)
{
	/* The last byte of the address space belongs to nobody, so that ends can be told. */
	uint64_t memsz = HMS_MIN(ph->p_memsz, UINT64_MAX - ph->p_vaddr);
	uint64_t filesz = HMS_MIN(ph->p_filesz, memsz);

	if (memsz == 0)
		return;
	cf->segments[cf->pub.nsegments++] = (struct hms_segment){
		.addr = ph->p_vaddr,
		.memsz = memsz,
		.filesz = HMS_MIN(filesz, UINT64_MAX - ph->p_offset),
		.off = ph->p_offset,
		.flags = ph->p_flags,
	};
}

static struct hms_error *read_notes(struct corefile *cf, const Elf64_Phdr *ph)
{
	uint64_t held = ph->p_offset < cf->map.size ? cf->map.size - ph->p_offset : 0;
	uint64_t len = HMS_MIN(ph->p_filesz, held);

	if (len < ph->p_filesz)
		cf->pub.notes_damaged = true;
	if (len == 0)
		return NULL;
	return hms_notes_parse(cf, cf->map.p + ph->p_offset, len, ph->p_align);
}

static struct hms_error *read_phdrs(struct corefile *cf, const Elf64_Ehdr *eh)
{
	Elf64_Phdr ph;
	uint32_t n;

	HMS_TRY(hms_elfheader_phnum(&cf->map, eh, &n));
	HMS_TRY(hms_alloc_array(n, sizeof(*cf->segments), HMS_MAX_SEGMENTS, &cf->segments));
	for (uint32_t i = 0; i < n; i++) {
		hms_elfheader_phdr(&cf->map, eh, i, &ph);
		if (ph.p_type == PT_LOAD)
			add_segment(cf, &ph);
		else if (ph.p_type == PT_NOTE)
			HMS_TRY(read_notes(cf, &ph));
	}
	hms_notes_finish(cf);
	qsort(cf->segments, cf->pub.nsegments, sizeof(*cf->segments), compare_segments);
	cf->pub.nsegments = clip_overlaps(cf->segments, cf->pub.nsegments);
	for (size_t i = 0; i < cf->pub.nsegments; i++)
		cut_at_end_of_file(cf, &cf->segments[i]);
	cf->pub.segments = cf->segments;
	if (cf->pub.nsegments == 0)
		return hms_err(HMS_ERR_FORMAT, "it holds no memory");
	return NULL;
}

/* ---- opening ---- */

/* The file's own bytes, or those of the temporary file it was unpacked into. */
static struct hms_error *map_core(struct corefile *cf, const struct hms_corefile_options *options)
{
	struct hms_unpacked unpacked = {.fd = -1};
	HMS_AUTO_FD int fd = -1;
	struct hms_error *err;

	HMS_TRY(hms_mapfile_open_fd(cf->path, &fd));
	HMS_TRY(hms_mapfile_map(fd, cf->path, &cf->map));
	if (!hms_compression_name(cf->map.p, cf->map.size))
		return NULL;
	HMS_TRY(hms_decompress(&cf->map, cf->path, options, &unpacked));
	hms_mapfile_close(&cf->map);
	err = hms_mapfile_map(unpacked.fd, cf->path, &cf->map);
	close(unpacked.fd);
	cf->pub.compressed = true;
	cf->pub.compressed_cut = unpacked.cut;
	return err;
}

static struct hms_error *parse(struct corefile *cf)
{
	Elf64_Ehdr eh;

	HMS_TRY(hms_elfheader_read(&cf->map, &eh));
	if (eh.e_type != ET_CORE)
		return hms_err(HMS_ERR_FORMAT, "it is %s, not a core file",
			       hms_elfheader_type_text(eh.e_type));
	cf->pub.arch = hms_elfheader_arch(&eh);
	cf->pub.size = cf->map.size;
	return read_phdrs(cf, &eh);
}

struct hms_error *hms_corefile_open(const char *path, const struct hms_corefile_options *options,
				    struct hms_corefile **ret)
{
	struct corefile *cf = hms_xcalloc(1, sizeof(*cf));
	struct hms_error *err;

	cf->path = hms_xstrdup(path);
	cf->pub.path = cf->path;
	cf->pub.command = cf->fname;
	cf->pub.args = cf->psargs;
	err = map_core(cf, options);
	if (!err)
		err = hms_err_ctx(parse(cf), "cannot read core '%s'", path);
	if (err) {
		hms_corefile_close(&cf->pub);
		return err;
	}
	*ret = &cf->pub;
	return NULL;
}

void hms_corefile_close(struct hms_corefile *core)
{
	struct corefile *cf = (struct corefile *)core;

	if (!cf)
		return;
	hms_mapfile_close(&cf->map);
	free(cf->segments);
	free(cf->threads);
	free(cf->mappings);
	free(cf->path);
	free(cf);
}

bool hms_corefile_probe(const char *path)
{
	HMS_AUTO_FD int fd = -1;
	uint8_t head[64];
	ssize_t n;

	struct hms_error *err = hms_mapfile_open_fd(path, &fd);

	if (err) {
		hms_err_free(err);
		return false;
	}
	n = pread(fd, head, sizeof(head), 0);
	if (n <= 0)
		return false;
	return hms_elfheader_is_core(head, (size_t)n) || hms_compression_name(head, (size_t)n);
}

/* ---- reading ---- */

const uint8_t *hms_corefile_bytes(const struct hms_corefile *core, uint64_t off, uint64_t len)
{
	return hms_mapfile_bytes(&((const struct corefile *)core)->map, off, len);
}

const uint8_t *hms_corefile_saved(const struct hms_corefile *core, uint64_t addr, size_t *len_ret)
{
	const struct hms_segment *s = core->segments;
	size_t n = core->nsegments;

	while (n > 1) {
		size_t half = n / 2;

		if (s[half].addr <= addr)
			s += half;
		n -= half;
	}
	if (n == 0 || addr < s->addr || addr - s->addr >= s->filesz)
		return NULL;
	*len_ret = s->filesz - (addr - s->addr);
	return hms_corefile_bytes(core, s->off + (addr - s->addr), *len_ret);
}

bool hms_corefile_auxv(const struct hms_corefile *core, uint64_t type, uint64_t *ret)
{
	const struct corefile *cf = (const struct corefile *)core;

	for (size_t i = 0; i < cf->nauxv; i++) {
		uint64_t row[2];

		memcpy(row, cf->auxv + i * sizeof(row), sizeof(row));
		if (row[0] == AT_NULL)
			break;
		if (row[0] == type) {
			*ret = row[1];
			return true;
		}
	}
	return false;
}
