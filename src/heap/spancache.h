/*
 * Spans lately asked for, by page.  A lookup in the core costs four loads from four places, most of
 * them far apart; this one reads a cache line.  Walks ask for addresses by the million, and mostly
 * for those of a few thousand pages.
 *
 * All threads share one: each place is written under a lock of its own, which nobody waits for,
 * and read without one (a sequence lock).  What it holds never changes for a page, so that a
 * reader gets the truth or nothing.
 */
#ifndef HMS_HEAP_SPANCACHE_H
#define HMS_HEAP_SPANCACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HMS_SPAN_CACHE_PLACES (1u << 15) /* of 64 bytes: pages of 256 MB */

/* Values of an mspan. */
struct hms_mspan {
	uint64_t at; /* its address */
	uint64_t start;
	uint64_t npages;
	uint64_t freeindex;
	uint64_t nelems;
	uint64_t alloc_bits; /* address */
	const uint8_t *bits; /* what is there, for all elements; NULL: not looked for, or not in one
				piece */
	uint64_t elemsize;
	uint64_t large_type;
	uint32_t alloc_count;
	uint8_t spanclass;
	uint8_t state;
};

#define HMS_SPAN_CACHE_WORDS 7

/* A key: 51 bits of page number, 11 that count writings, 2 flags.  All zero: an empty place. */
#define HMS_SPAN_KEY_SHIFT   13
#define HMS_SPAN_KEY_ONE     UINT64_C(4)
#define HMS_SPAN_KEY_COUNT   (((UINT64_C(1) << HMS_SPAN_KEY_SHIFT) - 1) & ~UINT64_C(3))
#define HMS_SPAN_KEY_WRITING UINT64_C(2)
#define HMS_SPAN_KEY_VALID   UINT64_C(1)

struct hms_span_place {
	_Atomic uint64_t key;
	_Atomic uint64_t words[HMS_SPAN_CACHE_WORDS];
};

struct hms_span_cache {
	void *memory;
	struct hms_span_place *places; /* in memory, each in a cache line */
};

void hms_span_cache_init(struct hms_span_cache *cache);
void hms_span_cache_deinit(struct hms_span_cache *cache);

static inline struct hms_span_place *hms_span_cache_place(const struct hms_span_cache *cache,
							  uint64_t page)
{
	return &cache->places[page & (HMS_SPAN_CACHE_PLACES - 1)];
}

/* The span that heapArena.spans names for page number @page; false: look in the core.  Its
 * alloc_bits and alloc_count are not kept.  Inline, for callers need few of its numbers. */
static inline bool hms_span_cache_get(const struct hms_span_cache *cache, uint64_t page,
				      struct hms_mspan *ret)
{
	struct hms_span_place *place = hms_span_cache_place(cache, page);
	uint64_t key = atomic_load_explicit(&place->key, memory_order_acquire);
	uint64_t w[HMS_SPAN_CACHE_WORDS];

	if (key >> HMS_SPAN_KEY_SHIFT != page || !(key & HMS_SPAN_KEY_VALID))
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

/* Keep it, if all of its bits are at hand and its numbers are no larger than they ever are. */
void hms_span_cache_put(const struct hms_span_cache *cache, uint64_t page,
			const struct hms_mspan *span);

#endif
