#include "lib/mkdwarf.h"

#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>

/* DWARF numbers that the framing needs; tests name the rest by <dwarf.h>'s. */
enum {
	FORM_ADDR = 0x01,
	FORM_STRING = 0x08,
	FORM_BLOCK1 = 0x0a,
	FORM_DATA1 = 0x0b,
	FORM_UDATA = 0x0f,
	FORM_REF_ADDR = 0x10,
	FORM_SEC_OFFSET = 0x17,
	UT_COMPILE = 1,
};

static const char *const names4[MKDWARF_NSECTIONS] = {"info", "abbrev", "line",
						      "addr", "loc",    "ranges"};
static const char *const names5[MKDWARF_NSECTIONS] = {"info", "abbrev",   "line",
						      "addr", "loclists", "rnglists"};

void mkdwarf_init(struct mkdwarf *m, int version)
{
	*m = (struct mkdwarf){.version = version};
}

void mkdwarf_deinit(struct mkdwarf *m)
{
	for (int i = 0; i < MKDWARF_NSECTIONS; i++)
		bytes_free(&m->sections[i]);
}

/* ---- bytes -------------------------------------------------------------------------------- */

void mkdwarf_put(struct mkdwarf *m, enum mkdwarf_section section, const void *p, size_t len)
{
	bytes_put(&m->sections[section], m->sections[section].len, p, len);
}

void mkdwarf_put8(struct mkdwarf *m, enum mkdwarf_section section, uint8_t value)
{
	mkdwarf_put(m, section, &value, sizeof(value));
}

void mkdwarf_put16(struct mkdwarf *m, enum mkdwarf_section section, uint16_t value)
{
	mkdwarf_put(m, section, &value, sizeof(value));
}

void mkdwarf_put32(struct mkdwarf *m, enum mkdwarf_section section, uint32_t value)
{
	mkdwarf_put(m, section, &value, sizeof(value));
}

void mkdwarf_put64(struct mkdwarf *m, enum mkdwarf_section section, uint64_t value)
{
	mkdwarf_put(m, section, &value, sizeof(value));
}

void mkdwarf_put_uleb(struct mkdwarf *m, enum mkdwarf_section section, uint64_t value)
{
	do {
		uint8_t byte = value & 0x7f;

		value >>= 7;
		mkdwarf_put8(m, section, value ? byte | 0x80 : byte);
	} while (value);
}

static void put_sleb(struct mkdwarf *m, enum mkdwarf_section section, int64_t value)
{
	for (;;) {
		uint8_t byte = value & 0x7f;

		value >>= 7;
		if ((value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40))) {
			mkdwarf_put8(m, section, byte);
			return;
		}
		mkdwarf_put8(m, section, byte | 0x80);
	}
}

static void put_string(struct mkdwarf *m, enum mkdwarf_section section, const char *s)
{
	mkdwarf_put(m, section, s, strlen(s) + 1);
}

/* ---- units and entries -------------------------------------------------------------------- */

static void end_abbrev(struct mkdwarf *m)
{
	if (m->in_abbrev)
		mkdwarf_put16(m, MKDWARF_ABBREV, 0);
	m->in_abbrev = false;
}

static void end_unit(struct mkdwarf *m)
{
	end_abbrev(m);
	if (m->in_unit)
		bytes_put32(&m->sections[MKDWARF_INFO], m->unit_start,
			    (uint32_t)(m->sections[MKDWARF_INFO].len - m->unit_start - 4));
	m->in_unit = false;
}

void mkdwarf_unit(struct mkdwarf *m)
{
	end_unit(m);
	m->in_unit = true;
	m->unit_start = m->sections[MKDWARF_INFO].len;
	mkdwarf_put32(m, MKDWARF_INFO, 0); /* the length, in end_unit() */
	mkdwarf_put16(m, MKDWARF_INFO, (uint16_t)m->version);
	if (m->version >= 5) {
		mkdwarf_put8(m, MKDWARF_INFO, UT_COMPILE);
		mkdwarf_put8(m, MKDWARF_INFO, 8);
		mkdwarf_put32(m, MKDWARF_INFO, 0);
	} else {
		mkdwarf_put32(m, MKDWARF_INFO, 0);
		mkdwarf_put8(m, MKDWARF_INFO, 8);
	}
}

uint32_t mkdwarf_die(struct mkdwarf *m, unsigned int tag, bool children)
{
	uint32_t off = (uint32_t)m->sections[MKDWARF_INFO].len;

	end_abbrev(m);
	m->in_abbrev = true;
	mkdwarf_put_uleb(m, MKDWARF_INFO, ++m->ndies);
	mkdwarf_put_uleb(m, MKDWARF_ABBREV, m->ndies);
	mkdwarf_put_uleb(m, MKDWARF_ABBREV, tag);
	mkdwarf_put8(m, MKDWARF_ABBREV, children);
	return off;
}

void mkdwarf_end(struct mkdwarf *m)
{
	mkdwarf_put8(m, MKDWARF_INFO, 0);
}

int mkdwarf_label(struct mkdwarf *m)
{
	assert(m->nlabels < MKDWARF_MAX_LABELS);
	return m->nlabels++;
}

void mkdwarf_bind(struct mkdwarf *m, int label)
{
	m->labels[label] = (uint32_t)m->sections[MKDWARF_INFO].len;
}

/* ---- attributes --------------------------------------------------------------------------- */

void mkdwarf_form(struct mkdwarf *m, unsigned int attr, unsigned int form, const void *p,
		  size_t len)
{
	assert(m->in_abbrev);
	mkdwarf_put_uleb(m, MKDWARF_ABBREV, attr);
	mkdwarf_put_uleb(m, MKDWARF_ABBREV, form);
	mkdwarf_put(m, MKDWARF_INFO, p, len);
}

void mkdwarf_string(struct mkdwarf *m, unsigned int attr, const char *value)
{
	mkdwarf_form(m, attr, FORM_STRING, value, strlen(value) + 1);
}

void mkdwarf_udata(struct mkdwarf *m, unsigned int attr, uint64_t value)
{
	mkdwarf_form(m, attr, FORM_UDATA, NULL, 0);
	mkdwarf_put_uleb(m, MKDWARF_INFO, value);
}

void mkdwarf_data1(struct mkdwarf *m, unsigned int attr, uint8_t value)
{
	mkdwarf_form(m, attr, FORM_DATA1, &value, sizeof(value));
}

void mkdwarf_addr(struct mkdwarf *m, unsigned int attr, uint64_t value)
{
	mkdwarf_form(m, attr, FORM_ADDR, &value, sizeof(value));
}

void mkdwarf_sec_offset(struct mkdwarf *m, unsigned int attr, uint32_t value)
{
	mkdwarf_form(m, attr, FORM_SEC_OFFSET, &value, sizeof(value));
}

void mkdwarf_ref(struct mkdwarf *m, unsigned int attr, int label)
{
	uint32_t later = 0;

	assert(m->nfixups < MKDWARF_MAX_FIXUPS);
	m->fixups[m->nfixups].at = m->sections[MKDWARF_INFO].len;
	m->fixups[m->nfixups++].label = label;
	mkdwarf_form(m, attr, FORM_REF_ADDR, &later, sizeof(later));
}

void mkdwarf_block1(struct mkdwarf *m, unsigned int attr, const void *p, uint8_t len)
{
	mkdwarf_form(m, attr, FORM_BLOCK1, &len, sizeof(len));
	mkdwarf_put(m, MKDWARF_INFO, p, len);
}

/* ---- line tables -------------------------------------------------------------------------- */

static void put_files_v4(struct mkdwarf *m, const char *const *files, int nfiles)
{
	mkdwarf_put8(m, MKDWARF_LINE, 0); /* no directories */
	for (int i = 0; i < nfiles; i++) {
		put_string(m, MKDWARF_LINE, files[i]);
		mkdwarf_put(m, MKDWARF_LINE, "\0\0\0", 3);
	}
	mkdwarf_put8(m, MKDWARF_LINE, 0);
}

/* As Go 1.25 does: a directory ".", a file "?" before the others. */
static void put_files_v5(struct mkdwarf *m, const char *const *files, int nfiles)
{
	mkdwarf_put(m, MKDWARF_LINE, "\1\1\x08\1.", 6);    /* one directory: a path, a string */
	mkdwarf_put(m, MKDWARF_LINE, "\2\1\x08\2\x0b", 5); /* files: path, directory data1 */
	mkdwarf_put8(m, MKDWARF_LINE, (uint8_t)(nfiles + 1));
	mkdwarf_put(m, MKDWARF_LINE, "?\0", 3);
	for (int i = 0; i < nfiles; i++) {
		put_string(m, MKDWARF_LINE, files[i]);
		mkdwarf_put8(m, MKDWARF_LINE, 0);
	}
}

static void put_program(struct mkdwarf *m, const struct mkdwarf_row *rows, int nrows)
{
	int file = 1, line = 1;

	for (int i = 0; i < nrows; i++) {
		mkdwarf_put(m, MKDWARF_LINE, "\0\x09\x02", 3); /* DW_LNE_set_address */
		mkdwarf_put64(m, MKDWARF_LINE, rows[i].addr);
		if (!rows[i].line) {
			mkdwarf_put(m, MKDWARF_LINE, "\0\1\1", 3); /* DW_LNE_end_sequence */
			file = line = 1;
			continue;
		}
		if (rows[i].file != file) {
			mkdwarf_put8(m, MKDWARF_LINE, 4); /* DW_LNS_set_file */
			mkdwarf_put_uleb(m, MKDWARF_LINE, (uint64_t)rows[i].file);
		}
		mkdwarf_put8(m, MKDWARF_LINE, 3); /* DW_LNS_advance_line */
		put_sleb(m, MKDWARF_LINE, rows[i].line - line);
		mkdwarf_put8(m, MKDWARF_LINE, 1); /* DW_LNS_copy */
		file = rows[i].file;
		line = rows[i].line;
	}
}

uint32_t mkdwarf_lines(struct mkdwarf *m, const char *const *files, int nfiles,
		       const struct mkdwarf_row *rows, int nrows)
{
	struct bytes *section = &m->sections[MKDWARF_LINE];
	size_t start = section->len, header;

	mkdwarf_put32(m, MKDWARF_LINE, 0);
	mkdwarf_put16(m, MKDWARF_LINE, m->version >= 5 ? 5 : 2);
	if (m->version >= 5)
		mkdwarf_put16(m, MKDWARF_LINE, 8); /* address size, no segments */
	header = section->len;
	mkdwarf_put32(m, MKDWARF_LINE, 0);
	mkdwarf_put8(m, MKDWARF_LINE, 1); /* minimum instruction length */
	if (m->version >= 5)
		mkdwarf_put8(m, MKDWARF_LINE, 1);
	mkdwarf_put(m, MKDWARF_LINE, "\1\xfc\x0a\x0b\0\1\1\1\1\0\0\0\1\0", 14);
	if (m->version >= 5)
		put_files_v5(m, files, nfiles);
	else
		put_files_v4(m, files, nfiles);
	bytes_put32(section, header, (uint32_t)(section->len - header - 4));
	put_program(m, rows, nrows);
	bytes_put32(section, start, (uint32_t)(section->len - start - 4));
	return (uint32_t)start;
}

/* ---- the file ----------------------------------------------------------------------------- */

static uint32_t adler32(const uint8_t *p, size_t len)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < len; i++) {
		a = (a + p[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static void put_be(struct bytes *to, uint64_t value, unsigned int size)
{
	while (size--)
		bytes_put8(to, to->len, (uint8_t)(value >> 8 * size));
}

/* A zlib stream of stored blocks: valid, if not smaller. */
static void put_zlib(struct bytes *to, const struct bytes *from)
{
	size_t off = 0;

	put_be(to, 0x7801, 2);
	do {
		size_t len = from->len - off < 0xffff ? from->len - off : 0xffff;

		bytes_put8(to, to->len, off + len == from->len);
		bytes_put16(to, to->len, (uint16_t)len);
		bytes_put16(to, to->len, (uint16_t)~len);
		bytes_put(to, to->len, from->p + off, len);
		off += len;
	} while (off < from->len);
	put_be(to, adler32(from->p, from->len), 4);
}

static void put_contents(struct mkdwarf *m, struct bytes *elf, const struct bytes *section)
{
	Elf64_Chdr header = {
		.ch_type = ELFCOMPRESS_ZLIB, .ch_size = section->len, .ch_addralign = 1};

	switch (m->compression) {
	case MKDWARF_PLAIN: bytes_put(elf, elf->len, section->p, section->len); return;
	case MKDWARF_ZDEBUG:
		bytes_put(elf, elf->len, "ZLIB", 4);
		put_be(elf, section->len, 8);
		break;
	case MKDWARF_COMPRESSED: bytes_put(elf, elf->len, &header, sizeof(header)); break;
	}
	put_zlib(elf, section);
}

static void resolve(struct mkdwarf *m)
{
	for (int i = 0; i < m->nfixups; i++)
		bytes_put32(&m->sections[MKDWARF_INFO], m->fixups[i].at,
			    m->labels[m->fixups[i].label]);
	m->nfixups = 0;
}

struct bytes mkdwarf_elf(struct mkdwarf *m)
{
	const char *const *names = m->version >= 5 ? names5 : names4;
	Elf64_Shdr headers[MKDWARF_NSECTIONS + 2] = {{0}};
	struct bytes elf = {0}, strings = {0};
	Elf64_Ehdr ehdr = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	char name[32];
	int n = 1;

	end_unit(m);
	resolve(m);
	mkdwarf_put8(m, MKDWARF_ABBREV, 0);
	bytes_put(&elf, 0, &ehdr, sizeof(ehdr));
	bytes_put8(&strings, 0, 0);
	for (int i = 0; i < MKDWARF_NSECTIONS; i++) {
		if (!m->sections[i].len)
			continue;
		snprintf(name, sizeof(name), ".%sdebug_%s",
			 m->compression == MKDWARF_ZDEBUG ? "z" : "", names[i]);
		headers[n] = (Elf64_Shdr){
			.sh_name = (Elf64_Word)strings.len,
			.sh_type = SHT_PROGBITS,
			.sh_flags = m->compression == MKDWARF_COMPRESSED ? SHF_COMPRESSED : 0,
			.sh_offset = elf.len,
			.sh_addralign = 1,
		};
		bytes_put(&strings, strings.len, name, strlen(name) + 1);
		put_contents(m, &elf, &m->sections[i]);
		headers[n].sh_size = elf.len - headers[n].sh_offset;
		n++;
	}
	headers[n] = (Elf64_Shdr){.sh_name = (Elf64_Word)strings.len,
				  .sh_type = SHT_STRTAB,
				  .sh_offset = elf.len,
				  .sh_addralign = 1};
	bytes_put(&strings, strings.len, ".shstrtab", sizeof(".shstrtab"));
	headers[n++].sh_size = strings.len;
	bytes_put(&elf, elf.len, strings.p, strings.len);
	ehdr.e_shoff = elf.len;
	ehdr.e_shnum = (Elf64_Half)n;
	ehdr.e_shstrndx = (Elf64_Half)(n - 1);
	bytes_put(&elf, elf.len, headers, (size_t)n * sizeof(headers[0]));
	bytes_put(&elf, 0, &ehdr, sizeof(ehdr));
	bytes_free(&strings);
	return elf;
}

char *mkdwarf_save(struct mkdwarf *m)
{
	struct bytes elf = mkdwarf_elf(m);
	char *path = bytes_save(&elf);

	bytes_free(&elf);
	return path;
}
