/*
 * Classic maps from literals, in a Go 1.21 process made by mkgo: map[uint64]uint64, with buckets of
 * 8 + 64 + 64 + 8 bytes (src/runtime/map.go, struct bmap).
 *
 *	struct mkmap *m = mkmap_create();
 *	uint64_t array = mkmap_object(m, 2 * MKMAP_BUCKET);
 *	uint64_t map = mkmap_header(m, &(struct mkmap_header){.count = 1, .B = 1, .buckets =
 *array});
 *
 *	mkmap_slot(m, array, 0, 0x55, 7, 70);
 *	mkmap_open(m);          // m->model is there
 */
#ifndef HMS_TESTS_LIB_MKMAP_H
#define HMS_TESTS_LIB_MKMAP_H

#include "heap/heap.h"
#include "lib/mkgo.h"
#include "map/map.h"

#define MKMAP_BUCKET   144
#define MKMAP_KEYS     8
#define MKMAP_ELEMS    72
#define MKMAP_OVERFLOW 136

struct mkmap {
	struct mkgo *go;
	struct mkcore *core; /* the same as go->core */
	struct hms_graph *graph;
	struct hms_type *u64;
	struct hms_type *map_type; /* map[uint64]uint64 */
	uint64_t next_page;
	struct hms_heap *heap;
	struct hms_map_model *model;
};

/* The words of runtime.hmap. */
struct mkmap_header {
	uint64_t count;
	uint8_t flags;
	uint8_t B;
	uint16_t noverflow;
	uint32_t hash0;
	uint64_t buckets;
	uint64_t oldbuckets;
	uint64_t nevacuate;
	uint64_t extra;
};

struct mkmap *mkmap_create(void);
/* Write the core, open image, runtime model, heap and map model. */
void mkmap_open(struct mkmap *m);
void mkmap_destroy(struct mkmap *m);

/* A map type "map[uint64]NAME" whose elements are @elem. */
struct hms_type *mkmap_type(struct mkmap *m, const char *name, const struct hms_type *elem);

/* Zeroed memory of an allocated heap object of just @size bytes, in a span of its own. */
uint64_t mkmap_object(struct mkmap *m, uint64_t size);
/* The same, but the slot is free. */
uint64_t mkmap_free_object(struct mkmap *m, uint64_t size);

uint64_t mkmap_header(struct mkmap *m, const struct mkmap_header *header);
void mkmap_slot(struct mkmap *m, uint64_t bucket, unsigned int slot, uint8_t tophash, uint64_t key,
		uint64_t elem);
/* The tophash bytes of a bucket alone. */
void mkmap_tophash(struct mkmap *m, uint64_t bucket, const uint8_t tophash[8]);
void mkmap_overflow(struct mkmap *m, uint64_t bucket, uint64_t overflow);

#endif
