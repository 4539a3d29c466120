/*
 * The Go heap: address -> arena -> span -> object (src/runtime/mheap.go, malloc.go, mbitmap.go).
 *
 * Nothing is read ahead: an address costs three loads.  Free slots keep their old contents, so
 * a pointer is only worth what the allocation state of its slot says.
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
	uint64_t header;    /* malloc header or mspan.largeType: type descriptor; 0: none */
	bool noscan;        /* the garbage collector sees no pointers in it */
	bool large;         /* an object with a span of its own */
};

struct hms_heap;

/* @rt is borrowed.  HMS_ERR_ABSENT or HMS_ERR_NOT_FOUND where the program lacks the runtime
 * structures this rests on. */
struct hms_error *hms_heap_open(const struct hms_rt *rt, struct hms_heap **ret) HMS_MUST_USE;
void hms_heap_close(struct hms_heap *heap); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_heap, hms_heap_close)

/* What @addr is.  Never fails: what cannot be read is UNKNOWN.  Safe from several threads. */
void hms_heap_find(const struct hms_heap *heap, uint64_t addr, struct hms_object *ret);

/* Bytes in allocated objects (allocCount x elemsize over all spans in use), garbage not yet swept
 * included; reads one bitmap a 64 MB arena and the spans it names.  False where some could not be
 * read. */
bool hms_heap_allocated_bytes(const struct hms_heap *heap, uint64_t *ret);

/* Spans whose slots have @slot_size, in address order: for the sweep (found_by: scan). */
struct hms_span {
	uint64_t start;
	uint64_t slot_size;
	uint32_t nslots;
	bool noscan;
};
struct hms_error *hms_heap_each_span(const struct hms_heap *heap, uint64_t slot_size,
				     struct hms_error *(*visit)(void *arg,
								const struct hms_span *span),
				     void *arg) HMS_MUST_USE;

#endif
