#include "lib/mkelf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

#define PAGE 4096

struct segment {
	uint64_t addr, memsz, off;
	uint32_t flags;
	struct bytes data;
};

struct section {
	char *name;
	Elf64_Shdr header;
	struct bytes data;
};

struct mkelf {
	uint16_t type, machine;
	uint64_t entry;
	uint64_t headers_addr;
	bool map_headers;
	struct bytes notes;
	struct segment *segments;
	size_t nsegments, segments_cap;
	struct section *sections; /* [0] is the null section, .symtab and .strtab come last */
	size_t nsections, sections_cap;
	struct bytes symtab, strtab;
};

struct mkelf *mkelf_create(uint16_t type, uint64_t entry)
{
	struct mkelf *mk = hms_xcalloc(1, sizeof(*mk));

	mk->type = type;
	mk->machine = EM_X86_64;
	mk->entry = entry;
	return mk;
}

void mkelf_destroy(struct mkelf *mk)
{
	if (!mk)
		return;
	for (size_t i = 0; i < mk->nsegments; i++)
		bytes_free(&mk->segments[i].data);
	for (size_t i = 0; i < mk->nsections; i++) {
		free(mk->sections[i].name);
		bytes_free(&mk->sections[i].data);
	}
	free(mk->segments);
	free(mk->sections);
	bytes_free(&mk->notes);
	bytes_free(&mk->symtab);
	bytes_free(&mk->strtab);
	free(mk);
}

void mkelf_machine(struct mkelf *mk, uint16_t machine)
{
	mk->machine = machine;
}

void mkelf_headers_at(struct mkelf *mk, uint64_t addr)
{
	mk->map_headers = true;
	mk->headers_addr = addr;
}

void mkelf_segment(struct mkelf *mk, uint64_t addr, uint64_t memsz, uint32_t flags,
		   const void *data, size_t len)
{
	struct segment *s;

	HMS_GROW(mk->segments, mk->nsegments, mk->segments_cap);
	s = &mk->segments[mk->nsegments++];
	*s = (struct segment){.addr = addr, .memsz = memsz, .flags = flags};
	bytes_put(&s->data, 0, data, len);
}

void mkelf_section_sized(struct mkelf *mk, const char *name, uint32_t type, uint64_t flags,
			 uint64_t addr, const void *data, size_t len, uint64_t size)
{
	struct section *s;

	HMS_GROW(mk->sections, mk->nsections, mk->sections_cap);
	s = &mk->sections[mk->nsections++];
	*s = (struct section){
		.name = hms_xstrdup(name),
		.header = {.sh_type = type,
			   .sh_flags = flags,
			   .sh_addr = addr,
			   .sh_size = size,
			   .sh_addralign = 1},
	};
	bytes_put(&s->data, 0, data, len);
}

void mkelf_section(struct mkelf *mk, const char *name, uint32_t type, uint64_t flags, uint64_t addr,
		   const void *data, size_t len)
{
	mkelf_section_sized(mk, name, type, flags, addr, data, len, len);
}

void mkelf_symbol(struct mkelf *mk, const char *name, uint64_t addr, uint64_t size)
{
	Elf64_Sym sym = {
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
		.st_shndx = SHN_ABS,
		.st_value = addr,
		.st_size = size,
	};

	if (mk->strtab.len == 0) {
		bytes_put8(&mk->strtab, 0, 0);
		bytes_put(&mk->symtab, 0, &(Elf64_Sym){0}, sizeof(sym));
	}
	sym.st_name = (uint32_t)mk->strtab.len;
	bytes_put(&mk->strtab, mk->strtab.len, name, strlen(name) + 1);
	bytes_put(&mk->symtab, mk->symtab.len, &sym, sizeof(sym));
}

/* @name: 4 bytes with its padding. */
static void add_note(struct mkelf *mk, const char name[4], uint32_t type, const void *desc,
		     size_t len)
{
	struct bytes *b = &mk->notes;
	size_t off = b->len;

	bytes_put32(b, off, 4);
	bytes_put32(b, off + 4, (uint32_t)len);
	bytes_put32(b, off + 8, type);
	bytes_put(b, off + 12, name, 4);
	bytes_put(b, off + 16, desc, len);
	while (b->len % 4)
		bytes_put8(b, b->len, 0);
}

void mkelf_gnu_build_id(struct mkelf *mk, const void *id, size_t len)
{
	add_note(mk, "GNU", NT_GNU_BUILD_ID, id, len);
}

/* src/cmd/link/internal/ld/elf.go: ELF_NOTE_GOBUILDID_TAG is 4, its name "Go\0\0". */
void mkelf_go_build_id(struct mkelf *mk, const char *text)
{
	add_note(mk, "Go\0", 4, text, strlen(text));
}

void mkelf_debuglink(struct mkelf *mk, const char *name, uint32_t crc)
{
	struct bytes b = {0};

	bytes_put(&b, 0, name, strlen(name) + 1);
	while (b.len % 4)
		bytes_put8(&b, b.len, 0);
	bytes_put32(&b, b.len, crc);
	mkelf_section(mk, ".gnu_debuglink", SHT_PROGBITS, 0, 0, b.p, b.len);
	bytes_free(&b);
}

/* ---- the file ---- */

static size_t nphdrs(const struct mkelf *mk)
{
	return mk->nsegments + (mk->map_headers ? 2 : 0) + (mk->notes.len ? 1 : 0);
}

static void put_phdr(struct bytes *b, size_t *i, Elf64_Phdr ph)
{
	ph.p_paddr = ph.p_vaddr;
	bytes_put(b, sizeof(Elf64_Ehdr) + (*i)++ * sizeof(ph), &ph, sizeof(ph));
}

static void put_head(const struct mkelf *mk, struct bytes *b)
{
	uint64_t notes_off = sizeof(Elf64_Ehdr) + nphdrs(mk) * sizeof(Elf64_Phdr);
	size_t i = 0;

	if (mk->map_headers) {
		put_phdr(b, &i,
			 (Elf64_Phdr){.p_type = PT_PHDR,
				      .p_flags = PF_R,
				      .p_offset = sizeof(Elf64_Ehdr),
				      .p_vaddr = mk->headers_addr + sizeof(Elf64_Ehdr),
				      .p_filesz = nphdrs(mk) * sizeof(Elf64_Phdr),
				      .p_memsz = nphdrs(mk) * sizeof(Elf64_Phdr)});
		put_phdr(b, &i,
			 (Elf64_Phdr){.p_type = PT_LOAD,
				      .p_flags = PF_R,
				      .p_vaddr = mk->headers_addr,
				      .p_filesz = PAGE,
				      .p_memsz = PAGE,
				      .p_align = PAGE});
	}
	if (mk->notes.len) {
		bytes_put(b, notes_off, mk->notes.p, mk->notes.len);
		put_phdr(b, &i,
			 (Elf64_Phdr){.p_type = PT_NOTE,
				      .p_flags = PF_R,
				      .p_offset = notes_off,
				      .p_vaddr = mk->headers_addr + notes_off,
				      .p_filesz = mk->notes.len,
				      .p_memsz = mk->notes.len,
				      .p_align = 4});
	}
	bytes_put8(b, HMS_MAX(b->len, PAGE) - 1, 0);
	for (size_t n = 0; n < mk->nsegments; n++) {
		const struct segment *s = &mk->segments[n];
		uint64_t off = ((b->len + PAGE - 1) & ~(PAGE - 1UL)) + s->addr % PAGE;

		bytes_put(b, off, s->data.p, s->data.len);
		put_phdr(b, &i,
			 (Elf64_Phdr){.p_type = PT_LOAD,
				      .p_flags = s->flags,
				      .p_offset = off,
				      .p_vaddr = s->addr,
				      .p_filesz = s->data.len,
				      .p_memsz = s->memsz,
				      .p_align = PAGE});
	}
}

static void put_section(struct bytes *b, struct bytes *headers, struct bytes *names,
			const char *name, Elf64_Shdr sh, const struct bytes *data)
{
	while (b->len % 8)
		bytes_put8(b, b->len, 0);
	sh.sh_name = (uint32_t)names->len;
	sh.sh_offset = b->len;
	bytes_put(names, names->len, name, strlen(name) + 1);
	if (data && sh.sh_type != SHT_NOBITS)
		bytes_put(b, b->len, data->p, data->len);
	bytes_put(headers, headers->len, &sh, sizeof(sh));
}

static void put_symbols(const struct mkelf *mk, struct bytes *b, struct bytes *headers,
			struct bytes *names)
{
	Elf64_Shdr symtab = {
		.sh_type = SHT_SYMTAB,
		.sh_size = mk->symtab.len,
		.sh_link = (uint32_t)(headers->len / sizeof(Elf64_Shdr) + 1),
		.sh_info = 1,
		.sh_entsize = sizeof(Elf64_Sym),
		.sh_addralign = 8,
	};
	Elf64_Shdr strtab = {.sh_type = SHT_STRTAB, .sh_size = mk->strtab.len, .sh_addralign = 1};

	if (mk->strtab.len == 0)
		return;
	put_section(b, headers, names, ".symtab", symtab, &mk->symtab);
	put_section(b, headers, names, ".strtab", strtab, &mk->strtab);
}

/* Section contents, then .shstrtab, then the section headers. */
static void put_sections(const struct mkelf *mk, struct bytes *b, Elf64_Ehdr *eh)
{
	struct bytes headers = {0}, names = {0};
	Elf64_Shdr sh = {0};

	bytes_put8(&names, 0, 0);
	bytes_put(&headers, 0, &sh, sizeof(sh));
	for (size_t i = 0; i < mk->nsections; i++)
		put_section(b, &headers, &names, mk->sections[i].name, mk->sections[i].header,
			    &mk->sections[i].data);
	put_symbols(mk, b, &headers, &names);
	sh = (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_addralign = 1};
	sh.sh_size = names.len + sizeof(".shstrtab");
	put_section(b, &headers, &names, ".shstrtab", sh, NULL);
	bytes_put(b, b->len, names.p, names.len);
	while (b->len % 8)
		bytes_put8(b, b->len, 0);
	eh->e_shoff = b->len;
	eh->e_shentsize = sizeof(sh);
	eh->e_shnum = (uint16_t)(headers.len / sizeof(sh));
	eh->e_shstrndx = (uint16_t)(eh->e_shnum - 1);
	bytes_put(b, b->len, headers.p, headers.len);
	bytes_free(&headers);
	bytes_free(&names);
}

void mkelf_bytes(const struct mkelf *mk, struct bytes *ret)
{
	Elf64_Ehdr eh = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = mk->type,
		.e_machine = mk->machine,
		.e_version = EV_CURRENT,
		.e_entry = mk->entry,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)nphdrs(mk),
	};

	*ret = (struct bytes){0};
	put_head(mk, ret);
	put_sections(mk, ret, &eh);
	bytes_put(ret, 0, &eh, sizeof(eh));
}

char *mkelf_save(const struct mkelf *mk)
{
	struct bytes b;
	char *path;

	mkelf_bytes(mk, &b);
	path = bytes_save(&b);
	bytes_free(&b);
	return path;
}
