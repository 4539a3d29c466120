/* map: classic maps walked, in memory laid out by hand. */
#include "unit/unit.h"

#include <stdlib.h>

#include "lib/mkmap.h"
#include "map/iter.h"
#include "map/picture.h"

#define NOWHERE 0x7fdead000000 /* never mapped */

struct fixture {
	struct mkmap *m;
	struct hms_map map;
	struct hms_map_stats stats;
};

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->m = mkmap_create();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mkmap_destroy(f->m);
	free(f);
	return 0;
}

/* Open the process and walk the map whose header is at @addr. */
static void walk(struct fixture *f, uint64_t addr)
{
	mkmap_open(f->m);
	f->map = (struct hms_map){.addr = addr,
				  .type = hms_map_type_of(f->m->model, f->m->map_type)};
	assert_non_null(f->map.type);
	hms_map_read_header(f->m->model, &f->map);
	assert_ok(hms_map_survey(f->m->model, &f->map, 1, 2));
	hms_map_stats_of(&f->map, &f->stats);
}

static void expect_trouble(const struct fixture *f, enum hms_trouble_kind kind, bool absent,
			   uint64_t where, uint64_t seen)
{
	assert_int_equal(f->stats.ntroubles, 1);
	assert_int_equal(f->stats.troubles[0].kind, kind);
	assert_int_equal(f->stats.troubles[0].absent, absent);
	assert_int_equal(f->stats.troubles[0].where, where);
	assert_int_equal(f->stats.troubles[0].seen, seen);
}

/* Two buckets: three entries, one of them in an overflow bucket of the second. */
static uint64_t small_map(struct fixture *f, uint64_t *array_ret, uint64_t *overflow_ret)
{
	uint64_t array = mkmap_object(f->m, 2 * MKMAP_BUCKET);
	uint64_t overflow = mkmap_object(f->m, MKMAP_BUCKET);

	mkmap_slot(f->m, array, 0, 0x05, 1, 10);
	mkmap_slot(f->m, array + MKMAP_BUCKET, 7, 0xff, 2, 20);
	mkmap_slot(f->m, array + MKMAP_BUCKET, 3, 1, 9, 90); /* deleted */
	mkmap_overflow(f->m, array + MKMAP_BUCKET, overflow);
	mkmap_slot(f->m, overflow, 0, 0x80, 3, 30);
	*array_ret = array;
	*overflow_ret = overflow;
	return mkmap_header(
		f->m,
		&(struct mkmap_header){
			.count = 3, .B = 1, .noverflow = 1, .hash0 = 0xabcd, .buckets = array});
}

static void header_words(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow);

	walk(f, map);
	assert_true(f->map.readable);
	assert_int_equal(f->map.count, 3);
	assert_int_equal(f->map.classic.B, 1);
	assert_int_equal(f->map.classic.noverflow, 1);
	assert_int_equal(f->map.classic.hash0, 0xabcd);
	assert_int_equal(f->map.classic.buckets, array);
	assert_int_equal(hms_classic_nbuckets(&f->map.classic), 2);
}

static void entries_and_chains_are_counted(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow);

	walk(f, map);
	assert_int_equal(f->map.live, 3);
	assert_int_equal(f->stats.overflow, 1);
	assert_int_equal(f->map.chain_max, 2);
	assert_int_equal(f->stats.chains[0], 1);
	assert_int_equal(f->stats.chains[1], 1);
	assert_int_equal(f->stats.slots_walked, 24);
	assert_int_equal(f->stats.ntroubles, 0);
	assert_false(f->map.damaged);
	assert_int_equal(f->map.bytes.header, 48);
	assert_int_equal(f->map.bytes.buckets, 2 * MKMAP_BUCKET);
	assert_int_equal(f->map.bytes.overflow, MKMAP_BUCKET);
	assert_int_equal(f->map.bytes.total, 48 + 3 * MKMAP_BUCKET);
}

static void tophash_bytes_from_5_on_are_live(void **state)
{
	uint8_t tophash[8];

	(void)state;
	for (unsigned int v = 0; v < 256; v++) {
		memset(tophash, (int)v, 8);
		assert_int_equal(hms_tophash_live(tophash), v >= 5 ? 8 : 0);
		memset(tophash, 0, 8);
		tophash[v % 8] = (uint8_t)v;
		assert_int_equal(hms_tophash_live(tophash), v >= 5);
	}
}

static void slots_come_with_their_place(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow), keys[3], addr;
	struct hms_map_iter it;
	struct hms_slot slot;
	size_t n = 0, deleted = 0;

	walk(f, map);
	hms_map_iter_init(&it, f->m->model, &f->map);
	while (hms_map_iter_next(&it, &slot)) {
		deleted += slot.state == HMS_SLOT_EMPTY && slot.control == 1;
		if (slot.state != HMS_SLOT_LIVE)
			continue;
		assert_in_range(n, 0, 2);
		keys[n] = hms_le64(hms_slot_key(&it, &slot, &addr));
		assert_int_equal(addr, slot.unit + MKMAP_KEYS + 8u * slot.index);
		assert_int_equal(hms_le64(hms_slot_elem(&it, &slot, &addr)), 10 * keys[n]);
		n++;
		if (n == 3) {
			assert_int_equal(slot.unit, overflow);
			assert_int_equal(slot.chain, 1);
			assert_int_equal(slot.bucket, 1);
		}
	}
	hms_map_iter_deinit(&it);
	assert_int_equal(n, 3);
	assert_int_equal(deleted, 1);
	assert_int_equal(keys[0], 1);
	assert_int_equal(keys[1], 2);
	assert_int_equal(keys[2], 3);
}

static void nil_buckets_are_an_empty_map(void **state)
{
	struct fixture *f = *state;

	walk(f, mkmap_header(f->m, &(struct mkmap_header){.count = 0}));
	assert_int_equal(f->map.live, 0);
	assert_int_equal(f->map.chain_max, 0);
	assert_int_equal(f->stats.ntroubles, 0);
	assert_int_equal(f->map.bytes.total, 48);
}

/* ---- damage ------------------------------------------------------------------------------- */

static void a_cycle_ends(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow);

	mkmap_overflow(f->m, overflow, overflow);
	walk(f, map);
	assert_int_equal(f->map.live, 3);
	expect_trouble(f, HMS_TROUBLE_CYCLE, false, overflow + MKMAP_OVERFLOW, overflow);
	assert_true(f->map.damaged);
}

/* Back to the main bucket, or to one behind it: no bucket is walked twice. */
static void a_short_cycle_is_walked_once(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow);
	uint64_t last = mkmap_object(f->m, MKMAP_BUCKET);

	mkmap_overflow(f->m, overflow, last);
	mkmap_overflow(f->m, last, overflow);
	walk(f, map);
	assert_int_equal(f->map.live, 3);
	assert_int_equal(f->stats.overflow, 2);
	expect_trouble(f, HMS_TROUBLE_CYCLE, false, last + MKMAP_OVERFLOW, overflow);
}

static void a_long_cycle_ends(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow), last = overflow;

	for (int i = 0; i < 100; i++) {
		uint64_t next = mkmap_object(f->m, MKMAP_BUCKET);

		mkmap_overflow(f->m, last, next);
		last = next;
	}
	mkmap_overflow(f->m, last, overflow);
	walk(f, map);
	assert_int_equal(f->stats.troubles[0].kind, HMS_TROUBLE_CYCLE);
	assert_in_range(f->stats.overflow, 101, 400);
}

static void a_wild_overflow_pointer_leaves_the_rest(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow);

	mkmap_overflow(f->m, array, NOWHERE);
	walk(f, map);
	assert_int_equal(f->map.live, 3);
	expect_trouble(f, HMS_TROUBLE_OVERFLOW, false, array + MKMAP_OVERFLOW, NOWHERE);
	assert_true(f->map.damaged);
}

static void an_absent_bucket_is_unknown(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow);

	mkcore_absent(f->m->core, array, MKMAP_BUCKET);
	walk(f, map);
	assert_int_equal(f->map.live, 2);
	expect_trouble(f, HMS_TROUBLE_BUCKETS, true, array, array);
	assert_int_equal(f->stats.unreadable, MKMAP_BUCKET);
	assert_false(f->map.damaged);
}

static void an_absent_overflow_bucket_is_unknown(void **state)
{
	struct fixture *f = *state;
	uint64_t array, overflow, map = small_map(f, &array, &overflow);

	mkcore_absent(f->m->core, overflow, 8);
	walk(f, map);
	assert_int_equal(f->map.live, 2);
	expect_trouble(f, HMS_TROUBLE_OVERFLOW, true, array + MKMAP_BUCKET + MKMAP_OVERFLOW,
		       overflow);
	assert_false(f->map.damaged);
}

static void b_promises_more_than_the_memory_holds(void **state)
{
	struct fixture *f = *state;
	uint64_t array = mkmap_object(f->m, 8 * MKMAP_BUCKET), map;

	for (unsigned int i = 0; i < 8; i++)
		mkmap_slot(f->m, array + i * MKMAP_BUCKET, 0, 0x10, i, i);
	map = mkmap_header(f->m, &(struct mkmap_header){.count = 8, .B = 4, .buckets = array});
	walk(f, map);
	assert_int_equal(f->map.live, 8);
	expect_trouble(f, HMS_TROUBLE_SIZE, false, array, 16);
	assert_int_equal(f->stats.troubles[0].bucket, 8);
	assert_true(f->map.damaged);
}

static void an_impossible_b_is_not_walked(void **state)
{
	struct fixture *f = *state;
	uint64_t array = mkmap_object(f->m, MKMAP_BUCKET);
	uint64_t map = mkmap_header(f->m, &(struct mkmap_header){.B = 200, .buckets = array});

	walk(f, map);
	expect_trouble(f, HMS_TROUBLE_DEPTH, false, map, 200);
	assert_int_equal(f->stats.slots_walked, 0);
}

static void buckets_in_a_free_slot(void **state)
{
	struct fixture *f = *state;
	uint64_t array = mkmap_free_object(f->m, 2 * MKMAP_BUCKET);

	walk(f, mkmap_header(f->m, &(struct mkmap_header){.B = 1, .buckets = array}));
	expect_trouble(f, HMS_TROUBLE_PLACE, false, array, array);
	assert_int_equal(f->stats.troubles[0].state, HMS_HEAP_FREE);
}

static void buckets_in_the_middle_of_an_object(void **state)
{
	struct fixture *f = *state;
	uint64_t array = mkmap_object(f->m, 3 * MKMAP_BUCKET) + 24;

	walk(f, mkmap_header(f->m, &(struct mkmap_header){.B = 1, .buckets = array}));
	expect_trouble(f, HMS_TROUBLE_PLACE, false, array, array);
	assert_int_equal(f->stats.slots_walked, 16);
}

static void buckets_nowhere(void **state)
{
	struct fixture *f = *state;

	walk(f, mkmap_header(f->m, &(struct mkmap_header){.B = 5, .buckets = 0x41414141}));
	expect_trouble(f, HMS_TROUBLE_PLACE, false, 0x41414141, 0x41414141);
	assert_int_equal(f->map.live, 0);
	assert_true(f->map.damaged);
}

static void an_absent_header(void **state)
{
	struct fixture *f = *state;
	uint64_t map = mkmap_header(f->m, &(struct mkmap_header){.count = 1});

	mkcore_absent(f->m->core, map + 16, 8);
	walk(f, map);
	assert_false(f->map.readable);
	expect_trouble(f, HMS_TROUBLE_HEADER, true, map, map);
	assert_false(f->map.damaged);
}

static void a_wild_header(void **state)
{
	struct fixture *f = *state;

	walk(f, NOWHERE);
	assert_false(f->map.readable);
	expect_trouble(f, HMS_TROUBLE_HEADER, false, NOWHERE, NOWHERE);
}

/* ---- growth ------------------------------------------------------------------------------- */

/* 4 buckets growing out of 2: old bucket 0 has moved (its tophash marks are all that is left of
 * it), old bucket 1 waits with an entry in itself and one in an overflow bucket. */
static uint64_t growing_map(struct fixture *f, uint64_t *old_ret)
{
	uint64_t old = mkmap_object(f->m, 2 * MKMAP_BUCKET);
	uint64_t array = mkmap_object(f->m, 4 * MKMAP_BUCKET);
	uint64_t overflow = mkmap_object(f->m, MKMAP_BUCKET);

	mkmap_tophash(f->m, old, (uint8_t[]){2, 3, 4, 4, 4, 4, 4, 4});
	mkmap_slot(f->m, old + MKMAP_BUCKET, 0, 0x30, 1, 10);
	mkmap_overflow(f->m, old + MKMAP_BUCKET, overflow);
	mkmap_slot(f->m, overflow, 2, 0x31, 3, 30);
	mkmap_slot(f->m, array, 0, 0x20, 4, 40);
	mkmap_slot(f->m, array + 2 * MKMAP_BUCKET, 0, 0x21, 2, 20);
	*old_ret = old;
	return mkmap_header(
		f->m,
		&(struct mkmap_header){
			.count = 4, .B = 2, .buckets = array, .oldbuckets = old, .nevacuate = 1});
}

static void each_entry_of_a_half_grown_map_once(void **state)
{
	struct fixture *f = *state;
	uint64_t old, map = growing_map(f, &old), addr, sum = 0;
	struct hms_map_iter it;
	struct hms_slot slot;

	walk(f, map);
	assert_int_equal(f->map.live, 4);
	assert_int_equal(f->stats.live_old, 2);
	assert_int_equal(f->stats.evacuated, 1);
	assert_int_equal(f->stats.overflow, 0);
	assert_int_equal(f->stats.overflow_old, 1);
	assert_int_equal(f->stats.chains[0], 4);
	assert_int_equal(f->stats.ntroubles, 0);
	assert_int_equal(f->map.bytes.old_buckets, 2 * MKMAP_BUCKET);
	hms_map_iter_init(&it, f->m->model, &f->map);
	while (hms_map_iter_next(&it, &slot))
		if (slot.state == HMS_SLOT_LIVE)
			sum += hms_le64(hms_slot_key(&it, &slot, &addr));
	hms_map_iter_deinit(&it);
	assert_int_equal(sum, 1 + 2 + 3 + 4);
}

/* evacuate() marks slot by slot: what is not yet marked has not yet moved. */
static void a_bucket_in_motion(void **state)
{
	struct fixture *f = *state;
	uint64_t old, map = growing_map(f, &old);

	mkmap_tophash(f->m, old + MKMAP_BUCKET, (uint8_t[]){2, 3, 0x40, 0x41, 0, 0, 0, 0});
	walk(f, map);
	assert_int_equal(f->stats.evacuated, 2);
	assert_int_equal(f->stats.live_old, 2 + 1); /* two here, one down the chain */
}

/* Maps without pointers keep the links of evacuated buckets: nothing there is live, whatever it
 * looks like. */
static void what_hangs_behind_a_moved_bucket_is_not_live(void **state)
{
	struct fixture *f = *state;
	uint64_t old, map = growing_map(f, &old), stale = mkmap_object(f->m, MKMAP_BUCKET);

	mkmap_overflow(f->m, old, stale);
	mkmap_slot(f->m, stale, 0, 0x77, 7, 70);
	walk(f, map);
	assert_int_equal(f->map.live, 4);
	assert_int_equal(f->stats.overflow_old, 2);
}

static void same_size_growth_has_as_many_old_buckets(void **state)
{
	struct fixture *f = *state;
	uint64_t old = mkmap_object(f->m, 4 * MKMAP_BUCKET);
	uint64_t array = mkmap_object(f->m, 4 * MKMAP_BUCKET);

	mkmap_slot(f->m, old + 3 * MKMAP_BUCKET, 5, 0x99, 1, 1);
	walk(f, mkmap_header(f->m, &(struct mkmap_header){.count = 1,
							  .flags = HMS_CLASSIC_SAME_SIZE_GROW,
							  .B = 2,
							  .buckets = array,
							  .oldbuckets = old}));
	assert_int_equal(hms_classic_old_nbuckets(&f->map.classic), 4);
	assert_int_equal(f->map.live, 1);
}

/* ---- large maps --------------------------------------------------------------------------- */

/* More main buckets than one item of work: cut into ranges, added up again. */
static void ranges_add_up(void **state)
{
	struct fixture *f = *state;
	uint64_t n = 1 << 14, array, map;
	struct hms_map again;

	/* 2^14 buckets take 2.25 MB of the 4 MB heap. */
	array = mkmap_object(f->m, n * MKMAP_BUCKET);
	for (uint64_t i = 0; i < n; i += 3)
		mkmap_slot(f->m, array + i * MKMAP_BUCKET, i % 8, 0x42, i, i);
	map = mkmap_header(f->m,
			   &(struct mkmap_header){.count = (n + 2) / 3, .B = 14, .buckets = array});
	walk(f, map);
	assert_int_equal(f->map.live, (n + 2) / 3);
	assert_int_equal(f->stats.chains[0], n);
	again = f->map;
	assert_ok(hms_map_survey(f->m->model, &again, 1, 1));
	assert_int_equal(again.live, f->map.live);
	assert_memory_equal(&again.bytes, &f->map.bytes, sizeof(again.bytes));
}

static void a_picture_bins_buckets_and_steps_over_holes(void **state)
{
	struct fixture *f = *state;
	uint64_t array = mkmap_object(f->m, 64 * MKMAP_BUCKET), each, map;
	struct hms_map_cell cells[10];

	for (unsigned int i = 0; i < 64; i++)
		mkmap_slot(f->m, array + i * MKMAP_BUCKET, 0, 0x42, i, i);
	mkcore_absent(f->m->core, array + 8 * MKMAP_BUCKET, 10 * MKMAP_BUCKET);
	map = mkmap_header(f->m, &(struct mkmap_header){.B = 6, .buckets = array});
	walk(f, map);
	assert_int_equal(hms_map_picture(f->m->model, &f->map, false, cells, 10, &each), 10);
	assert_int_equal(each, 7);
	assert_int_equal(cells[0].live, 7);
	assert_int_equal(cells[0].slots, 56);
	assert_int_equal(cells[1].live, 1); /* buckets 7 to 13, of which 8 to 13 are absent */
	assert_int_equal(cells[1].unread, 6);
	assert_int_equal(cells[2].unread, 4);
	assert_int_equal(cells[2].live, 3);
	assert_int_equal(cells[9].live, 1);
	assert_int_equal(cells[9].slots, 8);
	assert_int_equal(hms_map_picture(f->m->model, &f->map, true, cells, 10, &each), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* A map type that debug information lacks: map[uint64]uint64 from its descriptor, as reflect makes
 * it in the heap (internal/abi.MapType, Go 1.21). */
static void a_type_made_from_its_descriptor(void **state)
{
	struct fixture *f = *state;
	struct mkmap *m = f->m;
	const struct hms_type *w8 = mkgraph_uint(m->graph, 8), *w1 = mkgraph_uint(m->graph, 1);
	const struct mkgraph_member maptype[] = {
		{"Key", 48, w8},       {"Elem", 56, w8},
		{"Bucket", 64, w8},    {"KeySize", 80, w1},
		{"ValueSize", 81, w1}, {"BucketSize", 82, mkgraph_uint(m->graph, 2)},
		{"Flags", 84, w1},     {0}};
	uint64_t descriptor = mkmap_object(m, 88), array, overflow;
	uint64_t map = small_map(f, &array, &overflow);

	mkgraph_struct(m->graph, "internal/abi.MapType", 88, maptype);
	m->u64->rt_off = 0x100;
	mkcore_put64(m->core, descriptor, 8);
	mkcore_put8(m->core, descriptor + 23, HMS_KIND_MAP);
	mkcore_put32(m->core, descriptor + 40, (uint32_t)-1);
	mkcore_put64(m->core, descriptor + 48, MKGO_TYPES + 0x100);
	mkcore_put64(m->core, descriptor + 56, MKGO_TYPES + 0x100);
	mkcore_put8(m->core, descriptor + 80, 8);
	mkcore_put8(m->core, descriptor + 81, 8);
	mkcore_put16(m->core, descriptor + 82, MKMAP_BUCKET);
	mkmap_open(m);
	f->map = (struct hms_map){
		.addr = map,
		.type = hms_map_type_of(m->model, hms_rt_type_at(m->go->rt, descriptor))};
	assert_non_null(f->map.type);
	assert_int_equal(f->map.type->unit_size, MKMAP_BUCKET);
	assert_int_equal(f->map.type->elems_off, MKMAP_ELEMS);
	hms_map_read_header(m->model, &f->map);
	assert_ok(hms_map_survey(m->model, &f->map, 1, 1));
	assert_int_equal(f->map.live, 3);
	/* the graph's own types are still known, and what is no map is none */
	assert_non_null(hms_map_type_of(m->model, m->map_type));
	assert_null(hms_map_type_of(m->model, m->u64));
}

/* Keys and elements over 128 bytes are stored apart: their slots hold addresses, or the
 * description is wrong and nothing is read by it. */
static void slots_too_small_for_an_address(void **state)
{
	struct fixture *f = *state;
	struct mkmap *m = f->m;
	const struct hms_type *large = mkgraph_type(m->graph, "main.large", HMS_KIND_STRUCT, 200);
	struct hms_type *sound = mkmap_type(m, "uint64", m->u64);
	struct hms_type *small = mkmap_type(m, "uint8", mkgraph_uint(m->graph, 1));

	sound->elem = small->elem = large;
	mkmap_open(m);
	assert_non_null(hms_map_type_of(m->model, sound));
	assert_true(hms_map_type_of(m->model, sound)->elem_indirect);
	assert_null(hms_map_type_of(m->model, small));
}

/* ---- troubles in words ----------------------------------------------------------------------- */

static void expect_text(enum hms_map_kind kind, const struct hms_trouble *trouble,
			const char *wanted)
{
	const struct hms_map map = {.swiss = {.dir = 0xc000001000}};
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_trouble_text(kind, &map, trouble, &text);
	assert_string_equal(hms_str_text(&text), wanted);
}

static void troubles_in_words(void **state)
{
	(void)state;
	expect_text(HMS_MAP_CLASSIC,
		    &(struct hms_trouble){.kind = HMS_TROUBLE_OVERFLOW,
					  .where = 0xc000000088,
					  .seen = 0x41,
					  .bucket = 3},
		    "the overflow pointer at 0xc000000088 (chain of bucket 3) leads to 0x41, which "
		    "was never mapped");
	expect_text(HMS_MAP_SWISS,
		    &(struct hms_trouble){.kind = HMS_TROUBLE_TABLE,
					  .state = HMS_HEAP_FREE,
					  .seen = 0xc0,
					  .bucket = 2},
		    "directory entry 2 leads to 0xc0, which is a free heap object");
	expect_text(HMS_MAP_SWISS,
		    &(struct hms_trouble){.kind = HMS_TROUBLE_GROUPS, .absent = true, .seen = 0xc0},
		    "table 0 has its groups at 0xc0, which is not in the core");
	expect_text(
		HMS_MAP_SWISS,
		&(struct hms_trouble){
			.kind = HMS_TROUBLE_SIZE, .where = 0xc000001000, .seen = 8, .bucket = 4},
		"dirLen is 8, the directory at 0xc000001000 has room for 4");
	expect_text(HMS_MAP_SWISS,
		    &(struct hms_trouble){.kind = HMS_TROUBLE_SIZE, .seen = 8, .bucket = 4},
		    "groups.lengthMask promises 8 groups, their memory holds 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_type_made_from_its_descriptor),
		TEST(slots_too_small_for_an_address),
		TEST(troubles_in_words),
		TEST(header_words),
		TEST(entries_and_chains_are_counted),
		cmocka_unit_test(tophash_bytes_from_5_on_are_live),
		TEST(slots_come_with_their_place),
		TEST(nil_buckets_are_an_empty_map),
		TEST(a_cycle_ends),
		TEST(a_short_cycle_is_walked_once),
		TEST(a_long_cycle_ends),
		TEST(a_wild_overflow_pointer_leaves_the_rest),
		TEST(an_absent_bucket_is_unknown),
		TEST(an_absent_overflow_bucket_is_unknown),
		TEST(b_promises_more_than_the_memory_holds),
		TEST(an_impossible_b_is_not_walked),
		TEST(buckets_in_a_free_slot),
		TEST(buckets_in_the_middle_of_an_object),
		TEST(buckets_nowhere),
		TEST(an_absent_header),
		TEST(a_wild_header),
		TEST(each_entry_of_a_half_grown_map_once),
		TEST(a_bucket_in_motion),
		TEST(what_hangs_behind_a_moved_bucket_is_not_live),
		TEST(same_size_growth_has_as_many_old_buckets),
		TEST(ranges_add_up),
		TEST(a_picture_bins_buckets_and_steps_over_holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
