/*
 * Spans: decoding runtime.mspan, and walking those in use by the bitmap that each arena keeps of
 * their first pages (heapArena.pageInUse, src/runtime/mheap.go).
 */
#include "heap/heap_impl.h"

#include <inttypes.h>

static struct hms_load prepare(const struct hms_layout *layout, enum hms_fact_id id)
{
	uint32_t size = layout->facts[HMS_F_MSPAN].size;
	const struct hms_fact *fact = &layout->facts[id];
	struct hms_load load = {0};

	if (!fact->present || fact->size > 8)
		return load;
	load.off = HMS_MIN(fact->off, size - 8);
	load.shift = 8 * (fact->off - load.off);
	load.mask = fact->size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * fact->size) - 1;
	return load;
}

struct hms_error *hms_mspan_prepare(struct hms_heap *heap)
{
	const struct hms_layout *layout = &heap->rt->layout;
	uint32_t size = layout->facts[HMS_F_MSPAN].size;

	if (size < 8)
		return hms_err(HMS_ERR_UNSUPPORTED, "runtime.mspan has %" PRIu32 " bytes", size);
	heap->mspan = (struct hms_mspan_loads){
		.size = size,
		.start = prepare(layout, HMS_F_MSPAN_STARTADDR),
		.npages = prepare(layout, HMS_F_MSPAN_NPAGES),
		.freeindex = prepare(layout, HMS_F_MSPAN_FREEINDEX),
		.nelems = prepare(layout, HMS_F_MSPAN_NELEMS),
		.alloc_bits = prepare(layout, HMS_F_MSPAN_ALLOCBITS),
		.elemsize = prepare(layout, HMS_F_MSPAN_ELEMSIZE),
		.large_type = prepare(layout, HMS_F_MSPAN_LARGETYPE),
		.alloc_count = prepare(layout, HMS_F_MSPAN_ALLOCCOUNT),
		.spanclass = prepare(layout, HMS_F_MSPAN_SPANCLASS),
		.state = prepare(layout, HMS_F_MSPAN_STATE),
	};
	return NULL;
}

/* ---- all spans -------------------------------------------------------------------------- */

struct walk {
	const struct hms_heap *heap;
	uint64_t slot_size; /* 0: any */
	struct hms_error *(*visit)(void *arg, const struct hms_span *span);
	void *arg;
	uint64_t unreadable; /* address of the first thing that could not be read */
	bool incomplete;
};

static void miss(struct walk *walk, uint64_t addr)
{
	if (!walk->incomplete)
		walk->unreadable = addr;
	walk->incomplete = true;
}

static struct hms_error *visit_span(struct walk *walk, uint64_t at, uint64_t page_addr)
{
	struct hms_mspan span;
	struct hms_span view;

	if (!hms_mspan_load(walk->heap, at, &span)) {
		miss(walk, at);
		return NULL;
	}
	/* A core is taken at any moment: between the bit and the span's own state is a gap. */
	if (span.state != HMS_SPAN_IN_USE || span.start != page_addr)
		return NULL;
	if (walk->slot_size && span.elemsize != walk->slot_size)
		return NULL;
	if (!hms_mspan_slots_fit(&span)) {
		miss(walk, at);
		return NULL;
	}
	view = (struct hms_span){
		.mspan = at,
		.start = span.start,
		.bytes = hms_mspan_bytes(&span),
		.slot_size = span.elemsize,
		.nslots = (uint32_t)HMS_MIN(span.nelems, UINT32_MAX),
		.base_off = hms_mspan_headers(walk->heap, &span) ? HMS_MALLOC_HEADER_SIZE : 0,
		.noscan = hms_mspan_noscan(&span),
		.large = hms_mspan_large(&span),
		.alloc_count = span.alloc_count,
		.freeindex = (uint32_t)HMS_MIN(span.freeindex, span.nelems),
		.alloc_bits = hms_mem_peek(walk->heap->mem, span.alloc_bits, (span.nelems + 7) / 8),
	};
	return walk->visit(walk->arg, &view);
}

static struct hms_error *visit_word(struct walk *walk, uint64_t bits, const uint8_t *spans,
				    uint64_t addr)
{
	for (; bits; bits &= bits - 1) {
		unsigned int page = (unsigned int)__builtin_ctzll(bits);

		HMS_TRY(visit_span(walk, hms_le64(spans + page * 8),
				   addr + ((uint64_t)page << HMS_HEAP_PAGE_SHIFT)));
	}
	return NULL;
}

static struct hms_error *visit_arena(struct walk *walk, uint64_t index)
{
	const struct hms_heap *heap = walk->heap;
	uint64_t start = heap->arena_base + (index << heap->arena_shift), arena;
	const uint8_t *in_use, *spans;

	if (!hms_heap_arena_at(heap, index, &arena)) {
		miss(walk, heap->l2 + index * 8);
		return NULL;
	}
	in_use = hms_mem_peek(heap->mem, arena + heap->in_use_off, heap->arena_pages / 8);
	spans = hms_mem_peek(heap->mem, arena + heap->spans_off, heap->arena_pages * 8);
	if (!in_use || !spans) {
		miss(walk, arena);
		return NULL;
	}
	for (uint64_t page = 0; page + 64 <= heap->arena_pages; page += 64)
		HMS_TRY(visit_word(walk, hms_le64(in_use + page / 8), spans + page * 8,
				   start + (page << HMS_HEAP_PAGE_SHIFT)));
	return NULL;
}

static struct hms_error *arenas_unknown(const struct hms_heap *heap)
{
	return hms_err(HMS_ERR_FAULT, "the list of heap arenas: %s", heap->arenas_err->message);
}

struct hms_error *
hms_heap_each_span(const struct hms_heap *heap, uint64_t slot_size,
		   struct hms_error *(*visit)(void *arg, const struct hms_span *span), void *arg)
{
	struct walk walk = {.heap = heap, .slot_size = slot_size, .visit = visit, .arg = arg};

	for (size_t i = 0; i < heap->narenas; i++)
		HMS_TRY(visit_arena(&walk, heap->arenas[i]));
	if (heap->arenas_err)
		return arenas_unknown(heap);
	return walk.incomplete ? hms_err_fault(walk.unreadable, "of the heap's spans is missing")
			       : NULL;
}

static struct hms_error *add_bytes(void *arg, const struct hms_span *span)
{
	*(uint64_t *)arg += HMS_MIN(span->alloc_count, span->nslots) * span->slot_size;
	return NULL;
}

bool hms_heap_allocated_bytes(const struct hms_heap *heap, uint64_t *ret)
{
	HMS_CLEANUP(hms_err_freep) struct hms_error *err = NULL;
	uint64_t bytes = 0;

	err = hms_heap_each_span(heap, 0, add_bytes, &bytes);
	*ret = bytes;
	return !err;
}
