/*
 * ELF files with debug information, written entry by entry:
 *
 *	struct mkdwarf m;
 *	mkdwarf_init(&m, 4);
 *	mkdwarf_unit(&m);                                  one or more
 *	mkdwarf_die(&m, DW_TAG_compile_unit, true);        then its attributes
 *	mkdwarf_string(&m, DW_AT_name, "main");
 *	mkdwarf_die(&m, DW_TAG_base_type, false);
 *	...
 *	mkdwarf_end(&m);                                   closes what has children
 *	char *path = mkdwarf_save(&m);
 *
 * Each entry has an abbreviation of its own.  Other sections are filled byte by byte.
 */
#ifndef HMS_TESTS_LIB_MKDWARF_H
#define HMS_TESTS_LIB_MKDWARF_H

#include <stdbool.h>

#include "lib/bytes.h"

enum mkdwarf_section {
	MKDWARF_INFO,
	MKDWARF_ABBREV,
	MKDWARF_LINE,
	MKDWARF_ADDR,
	MKDWARF_LOC,      /* .debug_loc, .debug_loclists */
	MKDWARF_RANGES,   /* .debug_ranges, .debug_rnglists */
	MKDWARF_NSECTIONS /* empty ones are left out of the file */
};

enum mkdwarf_compression {
	MKDWARF_PLAIN,
	MKDWARF_ZDEBUG,     /* Go 1.15: .zdebug_*, "ZLIB" and the size */
	MKDWARF_COMPRESSED, /* SHF_COMPRESSED */
};

#define MKDWARF_MAX_LABELS 64
#define MKDWARF_MAX_FIXUPS 256

struct mkdwarf {
	int version;
	enum mkdwarf_compression compression;
	struct bytes sections[MKDWARF_NSECTIONS];
	unsigned int ndies;
	bool in_unit;
	size_t unit_start;
	bool in_abbrev;
	uint32_t labels[MKDWARF_MAX_LABELS]; /* offsets of entries; 0: not bound */
	int nlabels;
	struct {
		size_t at;
		int label;
	} fixups[MKDWARF_MAX_FIXUPS];
	int nfixups;
};

void mkdwarf_init(struct mkdwarf *m, int version);
void mkdwarf_deinit(struct mkdwarf *m);

/* Begin a unit; ends the one before. */
void mkdwarf_unit(struct mkdwarf *m);
/* Begin an entry; returns its offset in the section.  Attributes follow. */
uint32_t mkdwarf_die(struct mkdwarf *m, unsigned int tag, bool children);
/* After the last child of an entry. */
void mkdwarf_end(struct mkdwarf *m);

/* An entry to refer to: bind just before mkdwarf_die(). */
int mkdwarf_label(struct mkdwarf *m);
void mkdwarf_bind(struct mkdwarf *m, int label);

void mkdwarf_string(struct mkdwarf *m, unsigned int attr, const char *value);
void mkdwarf_udata(struct mkdwarf *m, unsigned int attr, uint64_t value);
void mkdwarf_data1(struct mkdwarf *m, unsigned int attr, uint8_t value);
void mkdwarf_addr(struct mkdwarf *m, unsigned int attr, uint64_t value);
void mkdwarf_sec_offset(struct mkdwarf *m, unsigned int attr, uint32_t value);
void mkdwarf_ref(struct mkdwarf *m, unsigned int attr, int label); /* DW_FORM_ref_addr */
void mkdwarf_block1(struct mkdwarf *m, unsigned int attr, const void *p, uint8_t len);
/* Any form, its bytes given. */
void mkdwarf_form(struct mkdwarf *m, unsigned int attr, unsigned int form, const void *p,
		  size_t len);

/* Append to a section. */
void mkdwarf_put(struct mkdwarf *m, enum mkdwarf_section section, const void *p, size_t len);
void mkdwarf_put8(struct mkdwarf *m, enum mkdwarf_section section, uint8_t value);
void mkdwarf_put16(struct mkdwarf *m, enum mkdwarf_section section, uint16_t value);
void mkdwarf_put32(struct mkdwarf *m, enum mkdwarf_section section, uint32_t value);
void mkdwarf_put64(struct mkdwarf *m, enum mkdwarf_section section, uint64_t value);
void mkdwarf_put_uleb(struct mkdwarf *m, enum mkdwarf_section section, uint64_t value);

/* A line table of one sequence.  Files count from 1, as Go's do.  Returns its offset, for
 * DW_AT_stmt_list. */
struct mkdwarf_row {
	uint64_t addr;
	int file;
	int line; /* 0 ends the sequence */
};
uint32_t mkdwarf_lines(struct mkdwarf *m, const char *const *files, int nfiles,
		       const struct mkdwarf_row *rows, int nrows);

/* The file's bytes, for tests that damage them; bytes_free() it. */
struct bytes mkdwarf_elf(struct mkdwarf *m);
/* The file; its path is malloc'ed. */
char *mkdwarf_save(struct mkdwarf *m);

#endif
