#include "lib/mkmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/arena.h"

#define PAGE 8192

/* runtime.hmap and runtime.mapextra as DWARF of Go 1.21 has them. */
static void add_runtime_types(struct mkmap *m)
{
	struct hms_graph *g = m->graph;
	struct hms_type *u8 = mkgraph_uint(g, 1), *u16 = mkgraph_uint(g, 2);
	struct hms_type *u32 = mkgraph_uint(g, 4);

	mkgraph_struct(g, "runtime.hmap", 48,
		       (struct mkgraph_member[]){{"count", 0, m->u64},
						 {"flags", 8, u8},
						 {"B", 9, u8},
						 {"noverflow", 10, u16},
						 {"hash0", 12, u32},
						 {"buckets", 16, m->u64},
						 {"oldbuckets", 24, m->u64},
						 {"nevacuate", 32, m->u64},
						 {"extra", 40, m->u64},
						 {0}});
	mkgraph_struct(g, "runtime.mapextra", 24,
		       (struct mkgraph_member[]){{"overflow", 0, m->u64},
						 {"oldoverflow", 8, m->u64},
						 {"nextOverflow", 16, m->u64},
						 {0}});
}

struct hms_type *mkmap_type(struct mkmap *m, const char *name, const struct hms_type *elem)
{
	struct hms_graph *g = m->graph;
	struct hms_arena *arena = hms_graph_arena(g);
	struct hms_type *map, *bucket, *repr;
	uint64_t overflow = MKMAP_ELEMS + 8 * elem->size;

	bucket = mkgraph_struct(
		g, hms_arena_printf(arena, "bucket<uint64,%s>", name), overflow + 8,
		(struct mkgraph_member[]){{"tophash", 0, mkgraph_array(g, mkgraph_uint(g, 1), 8)},
					  {"keys", MKMAP_KEYS, mkgraph_array(g, m->u64, 8)},
					  {"values", MKMAP_ELEMS, mkgraph_array(g, elem, 8)},
					  {"overflow", overflow, m->u64},
					  {0}});
	repr = mkgraph_struct(
		g, hms_arena_printf(arena, "hash<uint64,%s>", name), 48,
		(struct mkgraph_member[]){{"buckets", 16, mkgraph_pointer(g, bucket)}, {0}});
	map = mkgraph_type(g, hms_arena_printf(arena, "map[uint64]%s", name), HMS_KIND_MAP, 8);
	map->key = m->u64;
	map->elem = elem;
	map->repr = repr;
	return map;
}

struct mkmap *mkmap_create(void)
{
	struct mkmap *m = hms_xcalloc(1, sizeof(*m));

	m->go = mkgo_create(MKGO_1_21);
	m->core = m->go->core;
	m->graph = m->go->graph;
	m->u64 = mkgraph_uint(m->graph, 8);
	add_runtime_types(m);
	m->map_type = mkmap_type(m, "uint64", m->u64);
	return m;
}

void mkmap_open(struct mkmap *m)
{
	struct hms_error *err;

	mkgo_open(m->go);
	err = hms_heap_open(m->go->rt, &m->heap);
	if (!err)
		err = hms_map_model_open(m->go->rt, m->heap, &m->model);
	if (err) {
		fprintf(stderr, "mkmap: %s\n", err->message);
		abort();
	}
}

void mkmap_destroy(struct mkmap *m)
{
	hms_map_model_close(m->model);
	hms_heap_close(m->heap);
	mkgo_destroy(m->go);
	free(m);
}

static uint64_t object(struct mkmap *m, uint64_t size, bool allocated)
{
	uint64_t npages = (size + PAGE - 1) / PAGE;
	struct mkgo_span span = {
		.start = MKGO_HEAP + m->next_page * PAGE,
		.npages = npages,
		.elemsize = size,
		.nelems = npages > 1 ? 1 : PAGE / size,
		.freeindex = allocated,
		.alloc_count = allocated,
		.state = 1,
	};

	if (span.start + npages * PAGE > MKGO_HEAP + MKGO_HEAP_LEN)
		abort();
	m->next_page += npages;
	mkgo_span(m->go, &span);
	return span.start;
}

uint64_t mkmap_object(struct mkmap *m, uint64_t size)
{
	return object(m, size, true);
}

uint64_t mkmap_free_object(struct mkmap *m, uint64_t size)
{
	return object(m, size, false);
}

uint64_t mkmap_header(struct mkmap *m, const struct mkmap_header *h)
{
	uint64_t addr = mkmap_object(m, 48);

	mkcore_put64(m->core, addr, h->count);
	mkcore_put8(m->core, addr + 8, h->flags);
	mkcore_put8(m->core, addr + 9, h->B);
	mkcore_put16(m->core, addr + 10, h->noverflow);
	mkcore_put32(m->core, addr + 12, h->hash0);
	mkcore_put64(m->core, addr + 16, h->buckets);
	mkcore_put64(m->core, addr + 24, h->oldbuckets);
	mkcore_put64(m->core, addr + 32, h->nevacuate);
	mkcore_put64(m->core, addr + 40, h->extra);
	return addr;
}

void mkmap_slot(struct mkmap *m, uint64_t bucket, unsigned int slot, uint8_t tophash, uint64_t key,
		uint64_t elem)
{
	mkcore_put8(m->core, bucket + slot, tophash);
	mkcore_put64(m->core, bucket + MKMAP_KEYS + 8 * slot, key);
	mkcore_put64(m->core, bucket + MKMAP_ELEMS + 8 * slot, elem);
}

void mkmap_tophash(struct mkmap *m, uint64_t bucket, const uint8_t tophash[8])
{
	mkcore_put(m->core, bucket, tophash, 8);
}

void mkmap_overflow(struct mkmap *m, uint64_t bucket, uint64_t overflow)
{
	mkcore_put64(m->core, bucket + MKMAP_OVERFLOW, overflow);
}
