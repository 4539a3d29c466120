/*
 * Function tables from literals, in the layout of Go 1.15 (one table, addresses) or of Go 1.21 to
 * 1.27 (split tables, offsets), with the debug information that describes them.  Offsets are those
 * of the releases' own debug information.
 *
 *	struct mkpcln *m = mkpcln_create(MKPCLN_1_21);
 *	static const struct mkpcln_step sp[] = {{4, 0}, {0x20, 24}, {0}};
 *
 *	mkpcln_func(m, &(struct mkpcln_func){.name = "main.f", .start = 0, .end = 0x20, .sp = sp});
 *	mkpcln_open(m);          // m->rt can be used
 *	mkpcln_destroy(m);
 */
#ifndef HMS_TESTS_LIB_MKPCLN_H
#define HMS_TESTS_LIB_MKPCLN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/image.h"
#include "lib/mkcore.h"
#include "lib/mkgraph.h"
#include "rt/rt.h"
#include "util/cleanup.h"

enum mkpcln_release {
	MKPCLN_1_15,
	MKPCLN_1_21,
};

#define MKPCLN_TEXT   0x401000 /* functions' offsets count from here */
#define MKPCLN_MODULE 0x600000 /* moduledata, in 64 KB of data */
#define MKPCLN_DATA   0x601000 /* the rest of these is the test's */
#define MKPCLN_TABLES 0x700000 /* 1 MB */
#define MKPCLN_GOFUNC 0x800000 /* 64 KB for funcdata */

/* A value that holds from the end of the step before up to offset @end; ends with {0, 0}. */
struct mkpcln_step {
	uint32_t end;
	int32_t value;
};

struct mkpcln_func {
	const char *name;
	uint32_t start, end;
	uint8_t flags; /* 1.21 */
	uint32_t deferreturn;
	/* NULL: no table */
	const struct mkpcln_step *sp, *file, *line, *stack_map, *inline_index;
	/* Addresses; 0: none */
	uint64_t args_map, locals_map, objects, inline_tree;
};

struct mkpcln {
	enum mkpcln_release release;
	struct mkcore *core;
	struct mkelf *exe;
	struct hms_graph *graph;
	struct bytes pclntable, ftab, names, pctab, filetab, cutab;
	size_t nfuncs;
	struct image image;
	struct hms_rt rt;
};

struct mkpcln *mkpcln_create(enum mkpcln_release release);
void mkpcln_destroy(struct mkpcln *m);
HMS_DEFINE_CLEANUP(mkpcln, mkpcln_destroy)

/* Add a file's name; its number, which is the value in .file.  -1 in @name's place (NULL): a file
 * that has none. */
int32_t mkpcln_file(struct mkpcln *m, const char *name);
/* Add a name for an inline tree; its offset. */
uint32_t mkpcln_name(struct mkpcln *m, const char *name);
/* An inline tree's entry @i at @tree. */
void mkpcln_inlined(struct mkpcln *m, uint64_t tree, uint32_t i, const char *name,
		    uint32_t parent_pc);
/* A stack map at @addr: @n bitmaps of @nbit bits, one byte each. */
void mkpcln_stack_map(struct mkpcln *m, uint64_t addr, uint32_t n, uint32_t nbit,
		      const uint8_t *bitmaps);

/* Add a function; those before it have lower addresses. */
void mkpcln_func(struct mkpcln *m, const struct mkpcln_func *func);
/* A word of the moduledata, by the name of its field: "ftab" is the slice's pointer. */
void mkpcln_module(struct mkpcln *m, const char *field, uint64_t off, uint64_t value);
/* Add a structure to the debug information: members end with one without a name; all are unsigned
 * numbers of @size bytes. */
struct mkpcln_member {
	const char *name;
	uint32_t off;
	uint32_t size;
};
struct hms_type *mkpcln_struct(struct mkpcln *m, const char *name, uint64_t size,
			       const struct mkpcln_member *members);

/* Put the tables into the core's memory; what follows may still be changed. */
void mkpcln_write(struct mkpcln *m);
/* Write, seal, open. */
void mkpcln_open(struct mkpcln *m);

#endif
