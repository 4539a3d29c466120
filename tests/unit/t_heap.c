/* heap: lookups and walks in heaps laid out by hand, in four releases' layouts. */
#include "unit/unit.h"

#include <stdlib.h>

#include "heap/heap_impl.h"
#include "lib/mkgo.h"
#include "util/threads.h"

#define PAGE 8192

struct fixture {
	struct mkgo *go;
	struct hms_heap *heap;
	struct hms_object object;
};

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_heap_close(f->heap);
	mkgo_destroy(f->go);
	free(f);
	return 0;
}

static int setup_release(void **state, enum mkgo_release release)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->go = mkgo_create(release);
	*state = f;
	return 0;
}

static int setup_1_15(void **state)
{
	return setup_release(state, MKGO_1_15);
}

static int setup_1_21(void **state)
{
	return setup_release(state, MKGO_1_21);
}

static int setup_1_23(void **state)
{
	return setup_release(state, MKGO_1_23);
}

static int setup_1_27(void **state)
{
	return setup_release(state, MKGO_1_27);
}

static void open_heap(struct fixture *f)
{
	mkgo_open(f->go);
	assert_ok(hms_heap_open(f->go->rt, &f->heap));
}

/* Twice: what the first lookup remembers says the same. */
static enum hms_heap_state find(struct fixture *f, uint64_t addr)
{
	struct hms_object again;

	memset(&f->object, 0xee, sizeof(f->object));
	memset(&again, 0xee, sizeof(again));
	hms_heap_find(f->heap, addr, &f->object);
	hms_heap_find(f->heap, addr, &again);
	assert_int_equal(again.state, f->object.state);
	assert_int_equal(again.span, f->object.span);
	assert_int_equal(again.slot, f->object.slot);
	assert_int_equal(again.slot_size, f->object.slot_size);
	assert_int_equal(again.base, f->object.base);
	assert_int_equal(again.header, f->object.header);
	return f->object.state;
}

/* A span of class 48 (spanclass 10: scan), slots 0..4 handed out, of the others 6 and 9 allocated
 * at the last sweep. */
static const struct mkgo_span small = {
	.start = MKGO_HEAP + 2 * PAGE,
	.npages = 1,
	.elemsize = 48,
	.nelems = 170,
	.freeindex = 5,
	.alloc_bits = 1 << 2 | 1 << 6 | 1 << 9,
	.alloc_count = 7,
	.spanclass = 10,
	.state = 1,
};

static void slots(void **state)
{
	struct fixture *f = *state;
	uint64_t mspan = mkgo_span(f->go, &small);

	open_heap(f);
	assert_int_equal(find(f, small.start + 48 * 3 + 47), HMS_HEAP_ALLOCATED);
	assert_int_equal(f->object.span, mspan);
	assert_int_equal(f->object.span_start, small.start);
	assert_int_equal(f->object.span_bytes, PAGE);
	assert_int_equal(f->object.slot, small.start + 144);
	assert_int_equal(f->object.slot_size, 48);
	assert_int_equal(f->object.base, small.start + 144);
	assert_int_equal(f->object.size, 48);
	assert_int_equal(f->object.header, 0);
	assert_false(f->object.noscan);
	assert_false(f->object.large);
	/* below freeindex the old bitmap does not count, from it on nothing else does */
	assert_int_equal(find(f, small.start), HMS_HEAP_ALLOCATED);
	assert_int_equal(find(f, small.start + 48 * 4), HMS_HEAP_ALLOCATED);
	assert_int_equal(find(f, small.start + 48 * 5), HMS_HEAP_FREE);
	assert_int_equal(f->object.slot, small.start + 240);
	assert_int_equal(find(f, small.start + 48 * 6), HMS_HEAP_ALLOCATED);
	assert_int_equal(find(f, small.start + 48 * 7), HMS_HEAP_FREE);
	assert_int_equal(find(f, small.start + 48 * 9), HMS_HEAP_ALLOCATED);
	assert_int_equal(find(f, small.start + 48 * 169), HMS_HEAP_FREE);
}

static void behind_the_last_slot_is_the_tail(void **state)
{
	struct fixture *f = *state;
	uint64_t mspan = mkgo_span(f->go, &small);

	open_heap(f);
	assert_int_equal(find(f, small.start + 170 * 48 - 1), HMS_HEAP_FREE);
	assert_int_equal(find(f, small.start + 170 * 48), HMS_HEAP_TAIL);
	assert_int_equal(f->object.span, mspan);
	assert_int_equal(f->object.slot, 0);
	assert_int_equal(find(f, small.start + PAGE - 1), HMS_HEAP_TAIL);
	assert_int_equal(find(f, small.start + PAGE), HMS_HEAP_NO_SPAN);
	assert_int_equal(find(f, small.start - 1), HMS_HEAP_NO_SPAN);
}

static void addresses_outside_all_arenas(void **state)
{
	struct fixture *f = *state;

	mkgo_span(f->go, &small);
	open_heap(f);
	assert_int_equal(find(f, 0), HMS_HEAP_OUTSIDE);
	assert_int_equal(find(f, MKGO_MODULE), HMS_HEAP_OUTSIDE);
	assert_int_equal(find(f, MKGO_HEAP - 1), HMS_HEAP_OUTSIDE);
	assert_int_equal(find(f, MKGO_HEAP + (64 << 20)), HMS_HEAP_OUTSIDE);
	assert_int_equal(find(f, MKGO_SPANS), HMS_HEAP_OUTSIDE);
	assert_int_equal(find(f, UINT64_MAX), HMS_HEAP_OUTSIDE);
	assert_int_equal(find(f, UINT64_C(1) << 47), HMS_HEAP_OUTSIDE);
	assert_int_equal(find(f, 0xffff800000000000 - 1), HMS_HEAP_OUTSIDE);
	assert_int_equal(f->object.span, 0);
}

static void manual_and_dead_spans(void **state)
{
	struct fixture *f = *state;
	struct mkgo_span stack = {.start = MKGO_HEAP, .npages = 4, .state = 2};
	struct mkgo_span dead = small, odd = small;

	dead.state = 0;
	odd.state = 77;
	odd.start += PAGE;
	mkgo_span(f->go, &stack);
	mkgo_span(f->go, &dead); /* over the stack's third page: the entry of a freed page */
	mkgo_span(f->go, &odd);
	open_heap(f);
	assert_int_equal(find(f, MKGO_HEAP + 100), HMS_HEAP_MANUAL);
	assert_int_equal(f->object.span_bytes, 4 * PAGE);
	assert_int_equal(f->object.slot, 0);
	assert_int_equal(find(f, dead.start), HMS_HEAP_NO_SPAN);
	assert_int_equal(find(f, odd.start), HMS_HEAP_NO_SPAN);
}

static void stale_entries_are_not_believed(void **state)
{
	struct fixture *f = *state;
	uint64_t mspan = mkgo_span(f->go, &small);

	mkcore_put64(f->go->core, mkgo_span_entry(f->go, small.start + PAGE), mspan);
	mkcore_put64(f->go->core, mkgo_span_entry(f->go, small.start - PAGE), mspan);
	open_heap(f);
	assert_int_equal(find(f, small.start + PAGE), HMS_HEAP_NO_SPAN);
	assert_int_equal(find(f, small.start - 1), HMS_HEAP_NO_SPAN);
	assert_int_equal(find(f, small.start), HMS_HEAP_ALLOCATED);
}

/* ---- malloc headers ------------------------------------------------------------------------ */

/* Class 1024 (spanclass 64: scan, 65: noscan). */
static const struct mkgo_span kilobyte = {
	.start = MKGO_HEAP,
	.npages = 1,
	.elemsize = 1024,
	.nelems = 8,
	.freeindex = 2,
	.alloc_count = 2,
	.spanclass = 64,
	.state = 1,
};

static void objects_stand_behind_their_header(void **state)
{
	struct fixture *f = *state;

	mkgo_span(f->go, &kilobyte);
	mkcore_put64(f->go->core, MKGO_HEAP + 1024, MKGO_TYPES + 0x40);
	mkcore_put64(f->go->core, MKGO_HEAP + 2048, MKGO_TYPES + 0x80);
	open_heap(f);
	assert_int_equal(find(f, MKGO_HEAP + 1024 + 500), HMS_HEAP_ALLOCATED);
	assert_int_equal(f->object.slot, MKGO_HEAP + 1024);
	assert_int_equal(f->object.slot_size, 1024);
	assert_int_equal(f->object.base, MKGO_HEAP + 1032);
	assert_int_equal(f->object.size, 1016);
	assert_int_equal(f->object.header, MKGO_TYPES + 0x40);
	assert_int_equal(find(f, MKGO_HEAP + 2048), HMS_HEAP_FREE);
	assert_int_equal(f->object.header, MKGO_TYPES + 0x80);
	assert_int_equal(find(f, MKGO_HEAP), HMS_HEAP_ALLOCATED);
	assert_int_equal(f->object.header, 0);
	assert_int_equal(f->object.base, MKGO_HEAP + 8);
}

static void no_header_where_the_span_has_a_bitmap(void **state)
{
	struct fixture *f = *state;
	struct mkgo_span noscan = kilobyte, half = kilobyte;

	noscan.spanclass |= 1;
	half.start += PAGE;
	half.elemsize = 512; /* the largest size whose bitmap is in the span */
	half.nelems = 15;
	mkgo_span(f->go, &noscan);
	mkgo_span(f->go, &half);
	open_heap(f);
	assert_int_equal(find(f, MKGO_HEAP + 1024), HMS_HEAP_ALLOCATED);
	assert_int_equal(f->object.base, MKGO_HEAP + 1024);
	assert_int_equal(f->object.size, 1024);
	assert_true(f->object.noscan);
	assert_int_equal(find(f, half.start + 512), HMS_HEAP_ALLOCATED);
	assert_int_equal(f->object.base, half.start + 512);
}

static void no_header_in_older_releases(void **state)
{
	struct fixture *f = *state;

	mkgo_span(f->go, &kilobyte);
	mkcore_put64(f->go->core, MKGO_HEAP + 1024, MKGO_TYPES + 0x40);
	open_heap(f);
	assert_int_equal(find(f, MKGO_HEAP + 1024 + 500), HMS_HEAP_ALLOCATED);
	assert_int_equal(f->object.base, MKGO_HEAP + 1024);
	assert_int_equal(f->object.size, 1024);
	assert_int_equal(f->object.header, 0);
}

static void absent_header_is_none(void **state)
{
	struct fixture *f = *state;

	mkgo_span(f->go, &kilobyte);
	mkcore_absent(f->go->core, MKGO_HEAP, PAGE);
	open_heap(f);
	assert_int_equal(find(f, MKGO_HEAP + 1024), HMS_HEAP_ALLOCATED);
	assert_int_equal(f->object.base, MKGO_HEAP + 1032);
	assert_int_equal(f->object.header, 0);
}

static void large_objects(void **state)
{
	struct fixture *f = *state;
	const struct mkgo_span large = {
		.start = MKGO_HEAP,
		.npages = 5,
		.elemsize = 5 * PAGE,
		.nelems = 1,
		.freeindex = 1,
		.alloc_count = 1,
		.spanclass = 0,
		.state = 1,
		.large_type = MKGO_TYPES + 0x40,
	};

	mkgo_span(f->go, &large);
	open_heap(f);
	assert_int_equal(find(f, MKGO_HEAP + 4 * PAGE + 17), HMS_HEAP_ALLOCATED);
	assert_true(f->object.large);
	assert_int_equal(f->object.slot, MKGO_HEAP);
	assert_int_equal(f->object.base, MKGO_HEAP);
	assert_int_equal(f->object.size, 5 * PAGE);
	assert_int_equal(f->object.slot_size, 5 * PAGE);
	assert_int_equal(f->object.header, f->go->release >= MKGO_1_23 ? MKGO_TYPES + 0x40 : 0);
}

/* ---- absent bytes, load by load ------------------------------------------------------------- */

static void absent_l2(void **state)
{
	struct fixture *f = *state;

	mkgo_span(f->go, &small);
	mkcore_absent(f->go->core, MKGO_L2 + MKGO_HEAP_INDEX * 8 / 4096 * 4096, 4096);
	open_heap(f);
	assert_int_equal(find(f, small.start), HMS_HEAP_UNKNOWN);
	/* the rest of the map is there */
	assert_int_equal(find(f, UINT64_C(0x7f0000000000)), HMS_HEAP_OUTSIDE);
}

static void absent_arena(void **state)
{
	struct fixture *f = *state;

	mkgo_span(f->go, &small);
	mkcore_absent(f->go->core, MKGO_ARENA, 0x300000);
	open_heap(f);
	assert_int_equal(find(f, small.start), HMS_HEAP_UNKNOWN);
	assert_int_equal(f->object.span, 0);
}

static void absent_span(void **state)
{
	struct fixture *f = *state;
	uint64_t mspan = mkgo_span(f->go, &small);

	mkcore_absent(f->go->core, mspan + 64, 8);
	open_heap(f);
	assert_int_equal(find(f, small.start), HMS_HEAP_UNKNOWN);
}

static void absent_bitmap(void **state)
{
	struct fixture *f = *state;
	uint64_t mspan = mkgo_span(f->go, &small);

	mkcore_absent(f->go->core, mspan + 512, 512);
	open_heap(f);
	assert_int_equal(find(f, small.start + 48 * 4), HMS_HEAP_ALLOCATED); /* needs none */
	assert_int_equal(find(f, small.start + 48 * 5), HMS_HEAP_UNKNOWN);
	assert_int_equal(f->object.slot, 0);
	assert_int_equal(f->object.span, mspan);
}

static void nil_arena_map(void **state)
{
	struct fixture *f = *state;

	/* a heap that was never set up: address 0 holds no map */
	mkcore_put64(f->go->core, MKGO_L2 + MKGO_HEAP_INDEX * 8, 0);
	open_heap(f);
	assert_int_equal(find(f, small.start), HMS_HEAP_OUTSIDE);
}

/* ---- hostile values ------------------------------------------------------------------------- */

static void put_mspan(struct fixture *f, uint64_t mspan, const char *name, uint64_t value)
{
	mkcore_put64(f->go->core, mspan + mkgo_off(f->go, name), value);
}

static void spans_that_cannot_be(void **state)
{
	struct fixture *f = *state;
	struct mkgo_span s = small;
	uint64_t mspan[5];

	for (size_t i = 0; i < HMS_ARRAY_LEN(mspan); i++) {
		mspan[i] = mkgo_span(f->go, &s);
		s.start += PAGE;
	}
	put_mspan(f, mspan[0], "mspan.elemsize", 0);
	put_mspan(f, mspan[1], "mspan.elemsize", UINT64_MAX);
	put_mspan(f, mspan[2], "mspan.elemsize", 8192 / 170 + 1);
	put_mspan(f, mspan[3], "mspan.npages", UINT64_MAX);
	put_mspan(f, mspan[4], "mspan.npages", 0);
	open_heap(f);
	assert_int_equal(find(f, small.start), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, small.start + PAGE), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, small.start + 2 * PAGE), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, small.start + 3 * PAGE), HMS_HEAP_NO_SPAN);
	assert_int_equal(find(f, small.start + 4 * PAGE), HMS_HEAP_NO_SPAN);
}

static void wide_counts_that_cannot_be(void **state)
{
	struct fixture *f = *state;
	struct mkgo_span s = small;
	uint64_t mspan[3];

	for (size_t i = 0; i < HMS_ARRAY_LEN(mspan); i++) {
		mspan[i] = mkgo_span(f->go, &s);
		s.start += PAGE;
	}
	put_mspan(f, mspan[0], "mspan.nelems", UINT64_MAX);
	put_mspan(f, mspan[1], "mspan.nelems", UINT64_MAX / 48 + 2); /* times 48 overflows */
	put_mspan(f, mspan[2], "mspan.freeindex", UINT64_MAX);
	open_heap(f);
	assert_int_equal(find(f, small.start), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, small.start + PAGE), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, small.start + 2 * PAGE + 169 * 48), HMS_HEAP_ALLOCATED);
	assert_int_equal(find(f, small.start + 2 * PAGE + 170 * 48), HMS_HEAP_TAIL);
}

static void pointers_that_lead_nowhere(void **state)
{
	struct fixture *f = *state;
	uint64_t mspan = mkgo_span(f->go, &small);
	struct mkcore *core = f->go->core;

	put_mspan(f, mspan, "mspan.allocBits", 0xdead0000);
	mkcore_put64(core, mkgo_span_entry(f->go, MKGO_HEAP), 0x1234);
	mkcore_put64(core, mkgo_span_entry(f->go, MKGO_HEAP + PAGE), UINT64_MAX - 8);
	/* "spans" that are the heap's own pages, and the arena's books */
	mkcore_put64(core, mkgo_span_entry(f->go, MKGO_HEAP + 3 * PAGE), MKGO_HEAP + 3 * PAGE);
	mkcore_put64(core, mkgo_span_entry(f->go, MKGO_HEAP + 4 * PAGE), MKGO_ARENA);
	mkcore_put64(core, MKGO_L2 + (MKGO_HEAP_INDEX + 1) * 8, UINT64_MAX);
	mkcore_put64(core, MKGO_L2 + (MKGO_HEAP_INDEX + 2) * 8, MKGO_L2);
	open_heap(f);
	assert_int_equal(find(f, small.start + 48 * 5), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, MKGO_HEAP), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, MKGO_HEAP + PAGE), HMS_HEAP_UNKNOWN);
	assert_int_equal(find(f, MKGO_HEAP + 3 * PAGE), HMS_HEAP_NO_SPAN);
	assert_int_equal(find(f, MKGO_HEAP + 4 * PAGE), HMS_HEAP_NO_SPAN);
	assert_int_equal(find(f, MKGO_HEAP + (64 << 20)), HMS_HEAP_UNKNOWN);
	find(f, MKGO_HEAP + (128 << 20)); /* anything but a crash */
}

/* ---- walks over all spans ------------------------------------------------------------------- */

struct seen {
	size_t n;
	struct hms_span spans[8];
	size_t fail_at;
};

static struct hms_error *see(void *arg, const struct hms_span *span)
{
	struct seen *seen = arg;

	assert_true(seen->n < HMS_ARRAY_LEN(seen->spans));
	seen->spans[seen->n++] = *span;
	return seen->n == seen->fail_at ? hms_err(HMS_ERR_LIMIT, "enough") : NULL;
}

static void add_mixture(struct fixture *f)
{
	struct mkgo_span high = small, stack = {.start = MKGO_HEAP + PAGE, .npages = 1, .state = 2};

	high.start = MKGO_HEAP + 70 * PAGE;
	mkgo_span(f->go, &high);
	mkgo_span(f->go, &stack);
	mkgo_span(f->go, &small);
	mkgo_span(f->go, &kilobyte);
}

static void spans_come_in_address_order(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};

	add_mixture(f);
	open_heap(f);
	assert_ok(hms_heap_each_span(f->heap, 0, see, &seen));
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.spans[0].start, MKGO_HEAP);
	assert_int_equal(seen.spans[0].slot_size, 1024);
	assert_int_equal(seen.spans[0].base_off, f->go->release >= MKGO_1_23 ? 8 : 0);
	assert_int_equal(seen.spans[1].start, small.start);
	assert_int_equal(seen.spans[1].nslots, 170);
	assert_int_equal(seen.spans[1].base_off, 0);
	assert_int_equal(seen.spans[1].alloc_count, 7);
	assert_int_equal(seen.spans[2].start, MKGO_HEAP + 70 * PAGE);
}

static void a_walk_tells_slots_apart(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};

	mkgo_span(f->go, &small);
	open_heap(f);
	assert_ok(hms_heap_each_span(f->heap, 48, see, &seen));
	assert_int_equal(seen.n, 1);
	assert_int_equal(hms_span_slot_state(&seen.spans[0], 4), HMS_HEAP_ALLOCATED);
	assert_int_equal(hms_span_slot_state(&seen.spans[0], 5), HMS_HEAP_FREE);
	assert_int_equal(hms_span_slot_state(&seen.spans[0], 9), HMS_HEAP_ALLOCATED);
	assert_int_equal(hms_span_slot_state(&seen.spans[0], 169), HMS_HEAP_FREE);
}

static void a_walk_picks_a_size_and_stops(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};

	add_mixture(f);
	open_heap(f);
	assert_ok(hms_heap_each_span(f->heap, 48, see, &seen));
	assert_int_equal(seen.n, 2);
	assert_ok(hms_heap_each_span(f->heap, 64, see, &seen));
	assert_int_equal(seen.n, 2);
	seen = (struct seen){.fail_at = 1};
	assert_err(hms_heap_each_span(f->heap, 48, see, &seen), HMS_ERR_LIMIT, "enough");
	assert_int_equal(seen.n, 1);
}

static void allocated_bytes_are_counted(void **state)
{
	struct fixture *f = *state;
	uint64_t bytes = 0;

	add_mixture(f);
	open_heap(f);
	assert_true(hms_heap_allocated_bytes(f->heap, &bytes));
	assert_int_equal(bytes, 2 * 7 * 48 + 2 * 1024);
}

static void a_missing_span_is_said_after_the_others(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};
	uint64_t first = mkgo_span(f->go, &kilobyte), bytes = 0;

	mkgo_span(f->go, &small);
	mkcore_absent(f->go->core, first, 512);
	open_heap(f);
	assert_err(hms_heap_each_span(f->heap, 0, see, &seen), HMS_ERR_FAULT, "0x7f3000000000");
	assert_int_equal(seen.n, 1);
	assert_false(hms_heap_allocated_bytes(f->heap, &bytes));
	assert_int_equal(bytes, 7 * 48);
}

static void a_missing_bitmap_leaves_slots_unknown(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};
	uint64_t mspan = mkgo_span(f->go, &small);

	mkcore_absent(f->go->core, mspan + 512, 512);
	open_heap(f);
	assert_ok(hms_heap_each_span(f->heap, 0, see, &seen));
	assert_int_equal(hms_span_slot_state(&seen.spans[0], 4), HMS_HEAP_ALLOCATED);
	assert_int_equal(hms_span_slot_state(&seen.spans[0], 6), HMS_HEAP_UNKNOWN);
}

static void put_arena_list(struct fixture *f, uint64_t len, uint64_t first, uint64_t second)
{
	uint64_t list = MKGO_MHEAP + (f->go->release == MKGO_1_21 ? 66032 : 66096);

	mkcore_put64(f->go->core, list + 8, len);
	mkcore_put64(f->go->core, MKGO_ARENA_LIST, first);
	mkcore_put64(f->go->core, MKGO_ARENA_LIST + 8, second);
}

static void arena_lists_that_cannot_be(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};

	mkgo_span(f->go, &small);
	put_arena_list(f, 2, MKGO_HEAP_INDEX, MKGO_L2_LEN);
	open_heap(f);
	/* what is known is walked, what is not is said, and lookups don't need the list */
	assert_err(hms_heap_each_span(f->heap, 0, see, &seen), HMS_ERR_FAULT, "arena 4194304");
	assert_int_equal(seen.n, 1);
	assert_int_equal(find(f, small.start), HMS_HEAP_ALLOCATED);
}

static void arena_list_of_exaggerated_length(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};
	uint64_t bytes;

	mkgo_span(f->go, &small);
	put_arena_list(f, UINT64_MAX / 4, MKGO_HEAP_INDEX, 0);
	open_heap(f);
	assert_err(hms_heap_each_span(f->heap, 0, see, &seen), HMS_ERR_FAULT, "limit");
	assert_false(hms_heap_allocated_bytes(f->heap, &bytes));
	assert_int_equal(find(f, small.start), HMS_HEAP_ALLOCATED);
}

static void arenas_named_twice_are_walked_once(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};

	mkgo_span(f->go, &small);
	put_arena_list(f, 2, MKGO_HEAP_INDEX, MKGO_HEAP_INDEX);
	open_heap(f);
	assert_ok(hms_heap_each_span(f->heap, 0, see, &seen));
	assert_int_equal(seen.n, 1);
}

static void user_arenas_are_walked_too(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};

	mkgo_span(f->go, &small);
	put_arena_list(f, 0, 0, 0);
	mkcore_put64(f->go->core, MKGO_ARENA_LIST + 64, MKGO_HEAP_INDEX);
	mkcore_put64(f->go->core, MKGO_MHEAP + 66120, MKGO_ARENA_LIST + 64);
	mkcore_put64(f->go->core, MKGO_MHEAP + 66128, 1);
	open_heap(f);
	assert_ok(hms_heap_each_span(f->heap, 0, see, &seen));
	assert_int_equal(seen.n, 1);
}

static void an_in_use_bit_without_a_span(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {0};
	uint64_t mspan = mkgo_span(f->go, &small);

	/* the bit of a page inside the span, and of one whose span is no longer in use */
	mkcore_put64(f->go->core, mkgo_span_entry(f->go, small.start + PAGE), mspan);
	mkcore_put8(f->go->core, MKGO_ARENA + (f->go->release == MKGO_1_21 ? 1130496 : 65536),
		    1 << 2 | 1 << 3);
	open_heap(f);
	assert_ok(hms_heap_each_span(f->heap, 0, see, &seen));
	assert_int_equal(seen.n, 1);
}

static void a_program_without_a_heap(void **state)
{
	struct fixture *f = *state;

	mkgo_open(f->go);
	f->go->rt->layout.facts[HMS_F_MSPAN_ELEMSIZE].present = false;
	assert_err(hms_heap_open(f->go->rt, &f->heap), HMS_ERR_ABSENT, "runtime.mspan.elemsize");
	assert_null(f->heap);
}

#define IN(release, name)                                                      \
	{                                                                      \
#name " (" #release ")", name, setup_##release, teardown, NULL \
	}
#define IN_ALL(name) IN(1_15, name), IN(1_21, name), IN(1_23, name), IN(1_27, name)

/* ---- what lookups remember ---------------------------------------------------------------- */

#define ROUNDS 20000

/* A span whose numbers all follow from its page. */
static struct hms_mspan span_of_page(uint64_t page)
{
	static const uint8_t bits[16];

	return (struct hms_mspan){
		.at = page * 3,
		.start = page << 13,
		.npages = page & 0xff,
		.freeindex = page & 0x3ff,
		.nelems = page & 0xfff,
		.elemsize = page ^ 0x55,
		.large_type = ~page,
		.bits = &bits[page % 16],
		.spanclass = (uint8_t)page,
		.state = HMS_SPAN_IN_USE,
	};
}

static bool is_of_page(const struct hms_mspan *span, uint64_t page)
{
	struct hms_mspan wanted = span_of_page(page);

	return span->at == wanted.at && span->start == wanted.start &&
	       span->npages == wanted.npages && span->freeindex == wanted.freeindex &&
	       span->nelems == wanted.nelems && span->elemsize == wanted.elemsize &&
	       span->large_type == wanted.large_type && span->bits == wanted.bits &&
	       span->spanclass == wanted.spanclass && span->state == wanted.state;
}

static void pages_share_a_place(void **state)
{
	uint64_t a = 0x6000000, b = a + HMS_SPAN_CACHE_PLACES;
	struct hms_mspan span = span_of_page(a), got;
	struct hms_span_cache cache;

	(void)state;
	hms_span_cache_init(&cache);
	assert_false(hms_span_cache_get(&cache, 0, &got));
	assert_false(hms_span_cache_get(&cache, a, &got));
	hms_span_cache_put(&cache, a, &span);
	assert_true(hms_span_cache_get(&cache, a, &got) && is_of_page(&got, a));
	assert_false(hms_span_cache_get(&cache, b, &got));
	span = span_of_page(b);
	hms_span_cache_put(&cache, b, &span);
	assert_true(hms_span_cache_get(&cache, b, &got) && is_of_page(&got, b));
	assert_false(hms_span_cache_get(&cache, a, &got));
	/* Numbers that would be cut are not kept. */
	span = span_of_page(a);
	span.nelems = UINT64_C(1) << 32;
	hms_span_cache_put(&cache, a, &span);
	assert_false(hms_span_cache_get(&cache, a, &got));
	hms_span_cache_deinit(&cache);
}

struct crowd {
	struct hms_span_cache cache;
	atomic_uint wrong, found;
};

/* Pages of three places, written and read by all. */
static struct hms_error *jostle(void *arg, size_t item, unsigned int worker)
{
	struct crowd *crowd = arg;
	uint64_t rng = item * 2 + 1;

	(void)worker;
	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t page;
		struct hms_mspan span;

		rng = rng * UINT64_C(6364136223846793005) + 1442695040888963407;
		page = 1 + (rng >> 33) % 3 + (rng >> 40) % 5 * HMS_SPAN_CACHE_PLACES;
		if (hms_span_cache_get(&crowd->cache, page, &span)) {
			atomic_fetch_add(&crowd->found, 1);
			atomic_fetch_add(&crowd->wrong, !is_of_page(&span, page));
		} else {
			span = span_of_page(page);
			hms_span_cache_put(&crowd->cache, page, &span);
		}
	}
	return NULL;
}

static void threads_read_whole_spans(void **state)
{
	struct crowd crowd = {0};

	(void)state;
	hms_span_cache_init(&crowd.cache);
	assert_ok(hms_parallel(8, 4, jostle, &crowd));
	assert_int_equal(crowd.wrong, 0);
	assert_true(crowd.found > 0);
	hms_span_cache_deinit(&crowd.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(slots),
		IN_ALL(behind_the_last_slot_is_the_tail),
		IN_ALL(addresses_outside_all_arenas),
		IN_ALL(manual_and_dead_spans),
		IN_ALL(stale_entries_are_not_believed),
		IN(1_23, objects_stand_behind_their_header),
		IN(1_27, objects_stand_behind_their_header),
		IN(1_23, no_header_where_the_span_has_a_bitmap),
		IN(1_27, no_header_where_the_span_has_a_bitmap),
		IN(1_15, no_header_in_older_releases),
		IN(1_21, no_header_in_older_releases),
		IN(1_23, absent_header_is_none),
		IN_ALL(large_objects),
		IN(1_21, absent_l2),
		IN(1_21, absent_arena),
		IN(1_21, absent_span),
		IN(1_21, absent_bitmap),
		IN(1_21, nil_arena_map),
		IN_ALL(spans_that_cannot_be),
		IN(1_15, wide_counts_that_cannot_be),
		IN(1_21, wide_counts_that_cannot_be),
		IN_ALL(pointers_that_lead_nowhere),
		IN_ALL(spans_come_in_address_order),
		IN_ALL(a_walk_tells_slots_apart),
		IN(1_21, a_walk_picks_a_size_and_stops),
		IN_ALL(allocated_bytes_are_counted),
		IN(1_21, a_missing_span_is_said_after_the_others),
		IN(1_21, a_missing_bitmap_leaves_slots_unknown),
		IN(1_21, arena_lists_that_cannot_be),
		IN(1_27, arena_lists_that_cannot_be),
		IN(1_21, arena_list_of_exaggerated_length),
		IN(1_27, arenas_named_twice_are_walked_once),
		IN(1_27, user_arenas_are_walked_too),
		IN(1_21, an_in_use_bit_without_a_span),
		IN(1_27, an_in_use_bit_without_a_span),
		IN(1_21, a_program_without_a_heap),
		cmocka_unit_test(pages_share_a_place),
		cmocka_unit_test(threads_read_whole_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
