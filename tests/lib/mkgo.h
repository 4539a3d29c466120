/*
 * A Go process from literals: debug information (a graph), module data, release and heap, laid
 * out as the given release has them.  Offsets are those of the releases' own debug information.
 *
 *	struct mkgo *go = mkgo_create(MKGO_1_21);
 *	struct mkgo_span span = {.start = MKGO_HEAP, .npages = 1, .elemsize = 48, ...};
 *
 *	mkgo_span(go, &span);
 *	mkgo_open(go);           // go->rt is there
 *	mkgo_destroy(go);
 */
#ifndef HMS_TESTS_LIB_MKGO_H
#define HMS_TESTS_LIB_MKGO_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/image.h"
#include "lib/mkcore.h"
#include "lib/mkgraph.h"
#include "rt/graph.h"
#include "rt/rt.h"

enum mkgo_release {
	MKGO_1_15,
	MKGO_1_21,
	MKGO_1_23,
	MKGO_1_27,
};

/* Where things are. */
#define MKGO_TEXT       0x401000
#define MKGO_TYPES      0x500000 /* 64 KB of type section */
#define MKGO_TYPES_LEN  0x10000
#define MKGO_DATA       0x600000 /* 256 KB: variables */
#define MKGO_MODULE     0x600000 /* runtime.firstmoduledata */
#define MKGO_VERSION    0x601000 /* runtime.buildVersion */
#define MKGO_MHEAP      0x610000 /* runtime.mheap_ */
#define MKGO_FREE       0x630000 /* 64 KB for tests */
#define MKGO_HEAP       0xc000000000
#define MKGO_HEAP_LEN   0x400000       /* mapped: 4 MB */
#define MKGO_HEAP_INDEX 0x203000       /* its arena, on amd64 */
#define MKGO_L2         0x7f0000000000 /* array of *heapArena */
#define MKGO_L2_LEN     (1 << 22)
#define MKGO_ARENA      0x7f1000000000 /* the heapArena */
#define MKGO_ARENA_LIST 0x7f2000000000 /* allArenas' array */
#define MKGO_SPANS      0x7f3000000000 /* mspans and their bits */
#define MKGO_SPANS_LEN  0x100000

struct mkgo {
	enum mkgo_release release;
	struct mkcore *core;
	struct mkelf *exe;
	struct hms_graph *graph;
	struct image image;
	struct hms_rt *rt;
	uint64_t spans_next;
};

/* A runtime.mspan. */
struct mkgo_span {
	uint64_t start;
	uint64_t npages;
	uint64_t elemsize;
	uint64_t nelems;
	uint64_t freeindex;
	uint64_t alloc_bits; /* the bitmap itself, of the first 64 slots */
	uint64_t large_type;
	uint16_t alloc_count;
	uint8_t spanclass;
	uint8_t state; /* 1: in use, 2: manual */
};

struct mkgo *mkgo_create(enum mkgo_release release);
/* Seal the graph, write the core, open image and runtime model. */
void mkgo_open(struct mkgo *go);
void mkgo_destroy(struct mkgo *go);
HMS_DEFINE_CLEANUP(mkgo, mkgo_destroy)

/* Offset of a member by its name in the release's runtime ("mspan.elemsize"). */
uint64_t mkgo_off(const struct mkgo *go, const char *name);

/* Add an mspan, enter it for each of its pages, mark it in use where it is.  Its address. */
uint64_t mkgo_span(struct mkgo *go, const struct mkgo_span *span);
/* heapArena.spans[] of a page of the heap. */
uint64_t mkgo_span_entry(const struct mkgo *go, uint64_t page_addr);

/* A Go string header at @addr, its bytes behind it. */
void mkgo_string(struct mkgo *go, uint64_t addr, const char *text);

/* A type descriptor's common part at MKGO_TYPES + off, its name behind it at + 0x200. */
void mkgo_descriptor(struct mkgo *go, uint64_t off, const char *name, uint8_t tflag, uint8_t kind,
		     uint64_t size);

#endif
