/*
 * Go compresses debug sections: up to 1.18 as .zdebug_* ("ZLIB", a big-endian size, a zlib
 * stream), later by SHF_COMPRESSED (Elf64_Chdr, a zlib stream).  -compressdwarf=false and the
 * system linker leave them plain.
 */
#include "dwarf/section.h"

#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "util/arena.h"

/* Debug information shrinks to a third or a quarter; a stream that promises far more is an
 * attack on our memory. */
#define MAX_RATIO 64

static const struct {
	const char *name;
	bool lists;
} known[] = {
	{".debug_abbrev", false}, {".debug_info", false},        {".debug_addr", false},
	{".debug_str", false},    {".debug_str_offsets", false}, {".debug_line_str", false},
	{".debug_line", true},    {".debug_loc", true},          {".debug_loclists", true},
	{".debug_ranges", true},  {".debug_rnglists", true},
};

/* ---- compression -------------------------------------------------------------------------- */

static void init_zdebug(const struct hms_elf_section *from, struct section *section)
{
	uint64_t size;

	section->bad = from->size < 12 || memcmp(from->data, "ZLIB", 4) != 0;
	if (section->bad)
		return;
	memcpy(&size, from->data + 4, sizeof(size));
	section->size = be64toh(size);
	section->packed = from->data + 12;
	section->packed_len = from->size - 12;
}

static void init_compressed(const struct hms_elf_section *from, struct section *section)
{
	Elf64_Chdr header;

	section->bad = from->size < sizeof(header);
	if (section->bad)
		return;
	memcpy(&header, from->data, sizeof(header));
	section->bad = header.ch_type != ELFCOMPRESS_ZLIB;
	section->size = header.ch_size;
	section->packed = from->data + sizeof(header);
	section->packed_len = from->size - sizeof(header);
}

static bool decompress(struct section *section, uint8_t *to)
{
	z_stream stream = {
		.next_in = (Bytef *)(uintptr_t)section->packed,
		.next_out = to,
	};
	uint64_t in = section->packed_len, out = section->size;
	int result;

	if (inflateInit(&stream) != Z_OK)
		return false;
	/* zlib counts in 32 bits. */
	do {
		uInt some_in = (uInt)HMS_MIN(in, (uint64_t)1 << 30);
		uInt some_out = (uInt)HMS_MIN(out, (uint64_t)1 << 30);

		stream.avail_in = some_in;
		stream.avail_out = some_out;
		result = inflate(&stream, Z_NO_FLUSH);
		in -= some_in - stream.avail_in;
		out -= some_out - stream.avail_out;
		if (some_in == stream.avail_in && some_out == stream.avail_out)
			break; /* no progress: cut short, or longer than it says */
	} while (result == Z_OK);
	inflateEnd(&stream);
	return result == Z_STREAM_END && out == 0;
}

bool section_load(struct section *section)
{
	struct hms_error *err;

	if (section->bad || section->data)
		return !section->bad;
	err = hms_alloc_array(section->size, 1, section->packed_len * MAX_RATIO + 64,
			      &section->owned);
	section->bad = err || !decompress(section, section->owned);
	hms_err_free(err);
	if (!section->bad)
		section->data = section->owned;
	return !section->bad;
}

/* ---- which there are ---------------------------------------------------------------------- */

static void add_section(struct sections *sections, const char *name, bool lists)
{
	struct section *section = &sections->list[sections->n];
	const struct hms_elf_section *from = hms_elffile_section(sections->elf, name);
	char zname[32];

	if (!from) {
		snprintf(zname, sizeof(zname), ".z%s", name + 1);
		from = hms_elffile_section(sections->elf, zname);
	}
	if (!from || !from->data || !from->size)
		return;
	*section = (struct section){.name = name, .lists = lists};
	if (strcmp(from->name, name) != 0) {
		init_zdebug(from, section);
	} else if (from->compressed) {
		init_compressed(from, section);
	} else {
		section->data = from->data;
		section->size = from->size;
	}
	/* Too short for a header and an address: libdwarf 20210528 subtracts before it compares. */
	if (strcmp(name, ".debug_addr") == 0 && section->size < 16)
		section->bad = true;
	sections->n++;
}

struct hms_error *sections_open(const char *path, struct sections *ret)
{
	_Static_assert(HMS_ARRAY_LEN(known) <= MAX_DEBUG_SECTIONS, "room for all");

	HMS_TRY(hms_elffile_open(path, &ret->elf));
	for (size_t i = 0; i < HMS_ARRAY_LEN(known); i++)
		add_section(ret, known[i].name, known[i].lists);
	if (!ret->elf->has_dwarf)
		return hms_err(HMS_ERR_NOT_FOUND, "'%s' has no debug information", path);
	return NULL;
}

void sections_close(struct sections *sections)
{
	for (size_t i = 0; i < sections->n; i++)
		free(sections->list[i].owned);
	hms_elffile_close(sections->elf);
	*sections = (struct sections){0};
}

const struct section *sections_loaded(const struct sections *sections, const char *name)
{
	for (size_t i = 0; i < sections->n; i++) {
		const struct section *section = &sections->list[i];

		if (strcmp(section->name, name) == 0)
			return section->data && !section->bad ? section : NULL;
	}
	return NULL;
}

/* ---- headers ------------------------------------------------------------------------------ */

/*
 * .debug_rnglists and .debug_loclists are chains of contributions: length, version 5, address
 * size, segment selector size, number of offsets, the offsets, the lists.  libdwarf 20210528
 * frees twice, or never ends, where the first of them is damaged.
 */
static bool list_chain_holds(const uint8_t *p, uint64_t left)
{
	while (left) {
		uint32_t length, noffsets;
		uint16_t version;

		if (left < 12)
			return false;
		memcpy(&length, p, sizeof(length));
		memcpy(&version, p + 4, sizeof(version));
		memcpy(&noffsets, p + 8, sizeof(noffsets));
		/* Nobody writes 64-bit DWARF for Go. */
		if (length < 8 || length > left - 4 || version != 5 || p[6] != 8 || p[7] != 0)
			return false;
		if (noffsets > (length - 8) / 4)
			return false;
		p += 4 + (uint64_t)length;
		left -= 4 + (uint64_t)length;
	}
	return true;
}

void sections_check(struct sections *sections)
{
	for (size_t i = 0; i < sections->n; i++) {
		struct section *section = &sections->list[i];

		if (!strstr(section->name, "rnglists") && !strstr(section->name, "loclists"))
			continue;
		if (section_load(section) && !list_chain_holds(section->data, section->size))
			section->bad = true;
	}
}
