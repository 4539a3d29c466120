/* What the files of src/heap share. */
#ifndef HMS_HEAP_IMPL_H
#define HMS_HEAP_IMPL_H

#include "heap/heap.h"
#include "heap/spancache.h"

/* runtime.pageSize: src/runtime/malloc.go, the same in every release. */
#define HMS_HEAP_PAGE_SHIFT 13
#define HMS_HEAP_PAGE       (1u << HMS_HEAP_PAGE_SHIFT)

/* runtime.mSpanState */
enum hms_span_state {
	HMS_SPAN_DEAD,
	HMS_SPAN_IN_USE,
	HMS_SPAN_MANUAL,
};

/* How to load a member of mspan without asking for its size: eight bytes around it, shifted and
 * masked.  A lookup does this a million times a second. */
struct hms_load {
	uint32_t off; /* of the eight bytes */
	uint32_t shift;
	uint64_t mask; /* 0: the program has no such member */
};

static inline uint64_t hms_load(const struct hms_load *load, const uint8_t *structure)
{
	return hms_le64(structure + load->off) >> load->shift & load->mask;
}

/* runtime.mspan, as far as it is needed. */
struct hms_mspan_loads {
	uint32_t size; /* of the structure */
	struct hms_load start;
	struct hms_load npages;
	struct hms_load freeindex;
	struct hms_load nelems;
	struct hms_load alloc_bits;
	struct hms_load elemsize;
	struct hms_load large_type;
	struct hms_load alloc_count;
	struct hms_load spanclass;
	struct hms_load state;
};

struct hms_heap {
	const struct hms_rt *rt; /* borrowed */
	const struct hms_mem *mem;
	uint64_t arena_base;      /* runtime.arenaBaseOffset */
	unsigned int arena_shift; /* log2 of an arena's bytes */
	uint64_t arena_pages;
	uint64_t l2;            /* address of the second-level array of *heapArena */
	uint64_t l2_len;        /* its length in pointers */
	const uint8_t *l2_view; /* all of it, or NULL where that is not in one piece */
	uint64_t spans_off;     /* in heapArena */
	uint64_t in_use_off;
	bool malloc_headers; /* Go 1.22 and later */
	struct hms_mspan_loads mspan;
	uint64_t *arenas; /* indices of all arenas, sorted */
	size_t narenas;
	struct hms_error *arenas_err; /* why they are not known; NULL: they are */
	struct hms_span_cache cache;
};

/* Bytes of elements from which on an object that the collector scans has a header in its slot:
 * runtime.minSizeForMallocHeader. */
#define HMS_MALLOC_HEADER_MIN  512
#define HMS_MALLOC_HEADER_SIZE 8

static inline bool hms_mspan_noscan(const struct hms_mspan *span)
{
	return span->spanclass & 1;
}

static inline bool hms_mspan_large(const struct hms_mspan *span)
{
	return span->spanclass >> 1 == 0;
}

static inline uint64_t hms_mspan_bytes(const struct hms_mspan *span)
{
	return span->npages << HMS_HEAP_PAGE_SHIFT;
}

/* Do its slots begin with a malloc header? */
static inline bool hms_mspan_headers(const struct hms_heap *heap, const struct hms_mspan *span)
{
	return heap->malloc_headers && !hms_mspan_noscan(span) && !hms_mspan_large(span) &&
	       span->elemsize > HMS_MALLOC_HEADER_MIN;
}

/* Slots of a size, that all lie in the span: false where the mspan is damaged. */
static inline bool hms_mspan_slots_fit(const struct hms_mspan *span)
{
	return span->elemsize && span->nelems &&
	       span->nelems <= hms_mspan_bytes(span) / span->elemsize;
}

/* Decode the mspan at @addr.  False where it cannot be read. */
static inline bool hms_mspan_load(const struct hms_heap *heap, uint64_t addr, struct hms_mspan *ret)
{
	const struct hms_mspan_loads *loads = &heap->mspan;
	const uint8_t *p = hms_mem_peek(heap->mem, addr, loads->size);

	if (!p)
		return false;
	ret->at = addr;
	ret->bits = NULL;
	ret->start = hms_load(&loads->start, p);
	ret->npages = hms_load(&loads->npages, p);
	ret->freeindex = hms_load(&loads->freeindex, p);
	ret->nelems = hms_load(&loads->nelems, p);
	ret->alloc_bits = hms_load(&loads->alloc_bits, p);
	ret->elemsize = hms_load(&loads->elemsize, p);
	ret->alloc_count = (uint32_t)hms_load(&loads->alloc_count, p);
	ret->spanclass = (uint8_t)hms_load(&loads->spanclass, p);
	ret->state = (uint8_t)hms_load(&loads->state, p);
	/* Its cache line is far from the others'. */
	ret->large_type = hms_mspan_large(ret) ? hms_load(&loads->large_type, p) : 0;
	/* Beyond the address space: nothing lies in such a span. */
	if (ret->npages > UINT64_MAX >> HMS_HEAP_PAGE_SHIFT)
		ret->npages = 0;
	return true;
}

/* Prepare heap->mspan. */
struct hms_error *hms_mspan_prepare(struct hms_heap *heap) HMS_MUST_USE;

/* Address of the heapArena that holds @addr; 0: none.  False where that cannot be read. */
bool hms_heap_arena_of(const struct hms_heap *heap, uint64_t addr, uint64_t *ret);
/* By arena index. */
bool hms_heap_arena_at(const struct hms_heap *heap, uint64_t index, uint64_t *ret);

#endif
