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
#include <stdint.h>

#define HMS_SPAN_CACHE_PLACES (1u << 15) /* of 64 bytes: pages of 256 MB */

struct hms_mspan;

#define HMS_SPAN_CACHE_WORDS 7

struct hms_span_place {
	_Atomic uint64_t key; /* page, number of the writing, WRITING, VALID */
	_Atomic uint64_t words[HMS_SPAN_CACHE_WORDS];
};

struct hms_span_cache {
	void *memory;
	struct hms_span_place *places; /* in memory, each in a cache line */
};

void hms_span_cache_init(struct hms_span_cache *cache);
void hms_span_cache_deinit(struct hms_span_cache *cache);

/* The span that heapArena.spans names for page number @page; false: look in the core.  Its
 * alloc_bits and alloc_count are not kept. */
bool hms_span_cache_get(const struct hms_span_cache *cache, uint64_t page, struct hms_mspan *ret);
/* Keep it, if all of its bits are at hand and its numbers are no larger than they ever are. */
void hms_span_cache_put(const struct hms_span_cache *cache, uint64_t page,
			const struct hms_mspan *span);

#endif
