/*
 * Address -> arena -> span -> slot (src/runtime/mheap.go: spanOf, mbitmap.go: findObject,
 * mheap.go: isFree).
 */
#include "heap/heap_impl.h"

/* In what a read of heapArena.spans[] found, the span that holds @addr: entries of freed pages
 * are stale. */
static bool span_holds(const struct hms_mspan *span, uint64_t addr)
{
	return addr >= span->start && addr - span->start < hms_mspan_bytes(span);
}

/* Slots below freeindex have been handed out; above it, the bitmap of the last sweep tells. */
static enum hms_heap_state slot_state(const struct hms_heap *heap, const struct hms_mspan *span,
				      uint64_t i)
{
	const uint8_t *bits = span->bits;

	if (i < span->freeindex)
		return HMS_HEAP_ALLOCATED;
	bits = bits ? bits + i / 8 : hms_mem_peek(heap->mem, span->alloc_bits + i / 8, 1);
	if (!bits)
		return HMS_HEAP_UNKNOWN;
	return *bits >> (i % 8) & 1 ? HMS_HEAP_ALLOCATED : HMS_HEAP_FREE;
}

static void fill_slot(const struct hms_heap *heap, const struct hms_mspan *span, uint64_t i,
		      struct hms_object *ret)
{
	const uint8_t *header;

	ret->slot = span->start + i * span->elemsize;
	ret->slot_size = span->elemsize;
	ret->base = ret->slot;
	ret->size = ret->slot_size;
	ret->noscan = hms_mspan_noscan(span);
	ret->large = hms_mspan_large(span);
	if (ret->large) {
		ret->header = span->large_type;
		return;
	}
	if (!hms_mspan_headers(heap, span))
		return;
	ret->base += HMS_MALLOC_HEADER_SIZE;
	ret->size -= HMS_MALLOC_HEADER_SIZE;
	header = hms_mem_peek(heap->mem, ret->slot, HMS_MALLOC_HEADER_SIZE);
	if (header)
		ret->header = hms_le64(header);
}

/* The span that heapArena.spans names for @addr.  ALLOCATED: there is one. */
static enum hms_heap_state read_span(const struct hms_heap *heap, uint64_t addr,
				     struct hms_mspan *ret)
{
	uint64_t arena, page, at;
	const uint8_t *entry;

	if (!hms_heap_arena_of(heap, addr, &arena))
		return HMS_HEAP_UNKNOWN;
	if (!arena)
		return HMS_HEAP_OUTSIDE;
	page = addr >> HMS_HEAP_PAGE_SHIFT & (heap->arena_pages - 1);
	entry = hms_mem_peek(heap->mem, arena + heap->spans_off + page * 8, 8);
	if (!entry)
		return HMS_HEAP_UNKNOWN;
	at = hms_le64(entry);
	if (!at)
		return HMS_HEAP_NO_SPAN;
	return hms_mspan_load(heap, at, ret) ? HMS_HEAP_ALLOCATED : HMS_HEAP_UNKNOWN;
}

static inline enum hms_heap_state span_of(const struct hms_heap *heap, uint64_t addr,
					  struct hms_mspan *ret)
{
	uint64_t page = addr >> HMS_HEAP_PAGE_SHIFT;
	enum hms_heap_state state;

	if (hms_span_cache_get(&heap->cache, page, ret))
		return HMS_HEAP_ALLOCATED;
	state = read_span(heap, addr, ret);
	if (state == HMS_HEAP_ALLOCATED && hms_mspan_slots_fit(ret)) {
		ret->bits = hms_mem_peek(heap->mem, ret->alloc_bits, (ret->nelems + 7) / 8);
		hms_span_cache_put(&heap->cache, page, ret);
	}
	return state;
}

/* The slot that @addr is in; its number where it is FREE or ALLOCATED. */
static inline enum hms_heap_state find(const struct hms_heap *heap, uint64_t addr,
				       struct hms_mspan *span, uint64_t *slot_ret)
{
	enum hms_heap_state state = span_of(heap, addr, span);

	if (state != HMS_HEAP_ALLOCATED)
		return state;
	if (!span_holds(span, addr))
		return HMS_HEAP_NO_SPAN;
	if (span->state != HMS_SPAN_IN_USE)
		return span->state == HMS_SPAN_MANUAL ? HMS_HEAP_MANUAL : HMS_HEAP_NO_SPAN;
	/* Where its bits are at hand, that was looked at. */
	if (!span->bits && !hms_mspan_slots_fit(span))
		return HMS_HEAP_UNKNOWN;
	*slot_ret = (addr - span->start) / span->elemsize;
	return *slot_ret < span->nelems ? slot_state(heap, span, *slot_ret) : HMS_HEAP_TAIL;
}

void hms_heap_find(const struct hms_heap *heap, uint64_t addr, struct hms_object *ret)
{
	struct hms_mspan span = {0};
	uint64_t slot = 0;

	*ret = (struct hms_object){0};
	ret->state = find(heap, addr, &span, &slot);
	if (ret->state < HMS_HEAP_MANUAL && (ret->state != HMS_HEAP_UNKNOWN || !span.at))
		return;
	ret->span = span.at;
	ret->span_start = span.start;
	ret->span_bytes = hms_mspan_bytes(&span);
	if (ret->state == HMS_HEAP_FREE || ret->state == HMS_HEAP_ALLOCATED)
		fill_slot(heap, &span, slot, ret);
}

enum hms_heap_state hms_heap_state_at(const struct hms_heap *heap, uint64_t addr,
				      uint64_t *left_ret)
{
	struct hms_mspan span;
	uint64_t slot = 0;
	enum hms_heap_state state = find(heap, addr, &span, &slot);

	if (state == HMS_HEAP_FREE || state == HMS_HEAP_ALLOCATED)
		*left_ret = span.start + (slot + 1) * span.elemsize - addr;
	return state;
}
