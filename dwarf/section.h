/*
 * The debug sections of a file, decompressed when first asked for.  libdwarf reads them from
 * here, through compat.c: its own reader would decompress location and range lists before they
 * are needed, and version 20210528 of it trusts their headers.
 */
#ifndef HMS_DWARF_SECTION_H
#define HMS_DWARF_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/elffile.h"
#include "util/error.h"

struct section {
	const char *name;      /* ".debug_info", whatever the file says */
	uint64_t size;         /* uncompressed */
	const uint8_t *data;   /* NULL: compressed and not yet asked for */
	bool lists;            /* location and range lists, lines: not needed to read types */
	bool bad;              /* damaged: as good as absent */
	const uint8_t *packed; /* a zlib stream */
	uint64_t packed_len;
	uint8_t *owned;
};

#define MAX_DEBUG_SECTIONS 16

struct sections {
	struct hms_elffile *elf;
	struct section list[MAX_DEBUG_SECTIONS];
	size_t n;
};

/* HMS_ERR_NOT_FOUND where the file has no .debug_info. */
struct hms_error *sections_open(const char *path, struct sections *ret) HMS_MUST_USE;
void sections_close(struct sections *sections); /* what was never opened is fine */

/* The bytes of a section, valid until sections_close(); false where it is damaged. */
bool section_load(struct section *section);

/* A section that has been loaded and is sound, or NULL. */
const struct section *sections_loaded(const struct sections *sections, const char *name);

/* Set `bad` on sections whose headers contradict themselves. */
void sections_check(struct sections *sections);

#endif
