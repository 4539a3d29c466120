#include "heap/spancache.h"

#include <stdlib.h>

#include "heap/heap_impl.h"
#include "util/arena.h"

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

static bool write_begin(struct hms_span_place *place, uint64_t *count_ret)
{
	uint64_t key = atomic_load_explicit(&place->key, memory_order_relaxed);

	*count_ret = (key + HMS_SPAN_KEY_ONE) & HMS_SPAN_KEY_COUNT;
	if (key & HMS_SPAN_KEY_WRITING ||
	    !atomic_compare_exchange_strong_explicit(&place->key, &key,
						     *count_ret | HMS_SPAN_KEY_WRITING,
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
	struct hms_span_place *place = hms_span_cache_place(cache, page);
	uint64_t count;

	if (!span->bits || (span->nelems | span->freeindex | span->npages) > UINT32_MAX)
		return;
	/* Who finds somebody else writing does without. */
	if (!write_begin(place, &count))
		return;
	for (size_t i = 0; i < HMS_SPAN_CACHE_WORDS; i++)
		atomic_store_explicit(&place->words[i], w[i], memory_order_relaxed);
	atomic_store_explicit(&place->key, page << HMS_SPAN_KEY_SHIFT | count | HMS_SPAN_KEY_VALID,
			      memory_order_release);
}
