#include "heap/spancache.h"

#include <stdlib.h>

#include "heap/heap_impl.h"
#include "util/arena.h"

/* A key: 51 bits of page number, 11 that count writings, 2 flags.  All zero: an empty place. */
#define PAGE_SHIFT 13
#define COUNT_ONE  UINT64_C(4)
#define COUNT_MASK (((UINT64_C(1) << PAGE_SHIFT) - 1) & ~UINT64_C(3))
#define WRITING    UINT64_C(2)
#define VALID      UINT64_C(1)

#define LINE 64

_Static_assert(sizeof(struct hms_span_place) == LINE, "a place is a cache line");

void hms_span_cache_init(struct hms_span_cache *cache)
{
	/* Zeroed by the kernel, and only where it is used. */
	cache->memory = hms_xcalloc(HMS_SPAN_CACHE_PLACES + 1, LINE);
	cache->places = (struct hms_span_place *)(((uintptr_t)cache->memory + LINE - 1) &
						  ~(uintptr_t)(LINE - 1));
}

void hms_span_cache_deinit(struct hms_span_cache *cache)
{
	free(cache->memory);
}

static struct hms_span_place *place_of(const struct hms_span_cache *cache, uint64_t page)
{
	return &cache->places[page & (HMS_SPAN_CACHE_PLACES - 1)];
}

bool hms_span_cache_get(const struct hms_span_cache *cache, uint64_t page, struct hms_mspan *ret)
{
	struct hms_span_place *place = place_of(cache, page);
	uint64_t key = atomic_load_explicit(&place->key, memory_order_acquire);
	uint64_t w[HMS_SPAN_CACHE_WORDS];

	if (key >> PAGE_SHIFT != page || !(key & VALID))
		return false;
	for (size_t i = 0; i < HMS_SPAN_CACHE_WORDS; i++)
		w[i] = atomic_load_explicit(&place->words[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&place->key, memory_order_relaxed) != key)
		return false;
	*ret = (struct hms_mspan){
		.at = w[0],
		.start = w[1],
		.elemsize = w[2],
		.large_type = w[3],
		.bits = (const uint8_t *)(uintptr_t)w[4],
		.nelems = (uint32_t)w[5],
		.freeindex = w[5] >> 32,
		.npages = (uint32_t)w[6],
		.spanclass = (uint8_t)(w[6] >> 32),
		.state = (uint8_t)(w[6] >> 40),
	};
	return true;
}

static bool write_begin(struct hms_span_place *place, uint64_t *count_ret)
{
	uint64_t key = atomic_load_explicit(&place->key, memory_order_relaxed);

	*count_ret = (key + COUNT_ONE) & COUNT_MASK;
	if (key & WRITING ||
	    !atomic_compare_exchange_strong_explicit(&place->key, &key, *count_ret | WRITING,
						     memory_order_acquire, memory_order_relaxed))
		return false;
	atomic_thread_fence(memory_order_release);
	return true;
}

void hms_span_cache_put(const struct hms_span_cache *cache, uint64_t page,
			const struct hms_mspan *span)
{
	const uint64_t w[HMS_SPAN_CACHE_WORDS] = {
		span->at,
		span->start,
		span->elemsize,
		span->large_type,
		(uintptr_t)span->bits,
		span->nelems | span->freeindex << 32,
		span->npages | (uint64_t)span->spanclass << 32 | (uint64_t)span->state << 40,
	};
	struct hms_span_place *place = place_of(cache, page);
	uint64_t count;

	if (!span->bits || (span->nelems | span->freeindex | span->npages) > UINT32_MAX)
		return;
	/* Who finds somebody else writing does without. */
	if (!write_begin(place, &count))
		return;
	for (size_t i = 0; i < HMS_SPAN_CACHE_WORDS; i++)
		atomic_store_explicit(&place->words[i], w[i], memory_order_relaxed);
	atomic_store_explicit(&place->key, page << PAGE_SHIFT | count | VALID,
			      memory_order_release);
}
