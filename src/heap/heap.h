/*
 * The Go heap: address -> arena -> span -> object (src/runtime/mheap.go, malloc.go, mbitmap.go).
 *
 * Nothing is read ahead; spans lately met are remembered (spancache.h).  Free slots keep their old
 * contents, so a pointer is only worth what the allocation state of its slot says.
 */
#ifndef HMS_HEAP_HEAP_H
#define HMS_HEAP_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/rt.h"
#include "util/cleanup.h"
#include "util/error.h"

enum hms_heap_state {
	HMS_HEAP_OUTSIDE,   /* in no arena: data, bss, C memory, nowhere */
	HMS_HEAP_UNKNOWN,   /* the bytes that would tell are not in the core */
	HMS_HEAP_NO_SPAN,   /* in an arena, but in no span that is in use */
	HMS_HEAP_MANUAL,    /* span in state "manual": a goroutine's stack, or the runtime's own */
	HMS_HEAP_TAIL,      /* in a span, behind its last slot (waste, bitmap, mark bits) */
	HMS_HEAP_FREE,      /* a slot that is not allocated */
	HMS_HEAP_ALLOCATED, /* a slot that is allocated: live, or garbage not yet swept */
};

struct hms_object {
	enum hms_heap_state state;
	uint64_t span;       /* address of the mspan; from MANUAL on */
	uint64_t span_start; /* from MANUAL on */
	uint64_t span_bytes;
	/* FREE and ALLOCATED only: */
	uint64_t slot;      /* start of the slot */
	uint64_t slot_size; /* what the heap set aside: size class, or whole pages for a large
			       object */
	uint64_t base;      /* of the object: the slot's start, 8 further behind a malloc header */
	uint64_t size;      /* usable from base */
	/* malloc header or mspan.largeType: type descriptor of what was allocated; 0: none, or not
	 * in the core.  What a FREE slot's header says is stale. */
	uint64_t header;
	bool noscan; /* the garbage collector sees no pointers in it */
	bool large;  /* an object with a span of its own */
};

struct hms_heap;

/* @rt is borrowed.  HMS_ERR_ABSENT or HMS_ERR_NOT_FOUND where the program lacks the runtime
 * structures this rests on. */
struct hms_error *hms_heap_open(const struct hms_rt *rt, struct hms_heap **ret) HMS_MUST_USE;
void hms_heap_close(struct hms_heap *heap); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_heap, hms_heap_close)

/* Forget the spans met so far: for who changed the bytes of the image, as no command does. */
void hms_heap_forget(struct hms_heap *heap);

/* What @addr is.  Never fails: what cannot be read is UNKNOWN.  Safe from several threads. */
void hms_heap_find(const struct hms_heap *heap, uint64_t addr, struct hms_object *ret);

/* The state alone; of a slot that is FREE or ALLOCATED, also the bytes from @addr to its end.  For
 * walks that ask for millions of addresses. */
enum hms_heap_state hms_heap_state_at(const struct hms_heap *heap, uint64_t addr,
				      uint64_t *left_ret);

/* Bytes in allocated objects (allocCount x elemsize over all spans in use), garbage not yet swept
 * included; reads one bitmap a 64 MB arena and the spans it names.  False where some could not be
 * read: *ret is then what the others add up to. */
bool hms_heap_allocated_bytes(const struct hms_heap *heap, uint64_t *ret);

/* A span in use, as a walk over all of them sees it. */
struct hms_span {
	uint64_t mspan; /* address of the runtime.mspan */
	uint64_t start;
	uint64_t bytes;
	uint64_t slot_size;
	uint32_t nslots;
	uint32_t base_off; /* of an object in its slot: 8 behind a malloc header, else 0 */
	bool noscan;
	bool large;
	/* Which slots are allocated: hms_span_slot_state(). */
	uint32_t alloc_count; /* as the runtime counted them */
	uint32_t freeindex;
	const uint8_t *alloc_bits; /* NULL: not in the core */
};

static inline enum hms_heap_state hms_span_slot_state(const struct hms_span *span, uint32_t i)
{
	if (i < span->freeindex)
		return HMS_HEAP_ALLOCATED;
	if (!span->alloc_bits)
		return HMS_HEAP_UNKNOWN;
	return span->alloc_bits[i / 8] >> (i % 8) & 1 ? HMS_HEAP_ALLOCATED : HMS_HEAP_FREE;
}

/* Call @visit for the spans whose slots have @slot_size (0: for all), in address order, until it
 * fails: for the sweep (found_by: scan).  Where part of the heap's books cannot be read, the rest
 * is visited all the same, then the result is HMS_ERR_FAULT. */
struct hms_error *hms_heap_each_span(const struct hms_heap *heap, uint64_t slot_size,
				     struct hms_error *(*visit)(void *arg,
								const struct hms_span *span),
				     void *arg) HMS_MUST_USE;

#endif
