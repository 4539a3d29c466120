/* cmd/entry-lines: slots of a map made by hand as lines. */
#include "unit/unit.h"

#include <stdlib.h>

#include "cmd/entry-lines.h"
#include "lib/mkmap.h"

static int setup(void **state)
{
	*state = mkmap_create();
	return 0;
}

static int teardown(void **state)
{
	mkmap_destroy(*state);
	return 0;
}

static struct hms_entry_options defaults(void)
{
	return (struct hms_entry_options){
		.limit = UINT64_MAX, .values = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 1 << 20, 16}};
}

static void open_map(struct mkmap *m, uint64_t addr, const struct hms_type *type,
		     struct hms_map *ret)
{
	mkmap_open(m);
	*ret = (struct hms_map){.addr = addr, .type = hms_map_type_of(m->model, type)};
	assert_non_null(ret->type);
	hms_map_read_header(m->model, ret);
	assert_true(ret->readable);
}

static struct hms_entry_counts lines_are(struct mkmap *m, const struct hms_map *map,
					 const struct hms_entry_options *options,
					 const char *wanted)
{
	struct hms_entry_lines lines;
	struct hms_entry_counts counts;
	struct hms_sink sink;

	hms_sink_init(&sink, -1);
	hms_entry_lines_init(&lines, m->go->rt, options, &sink);
	hms_entry_lines_write(&lines, m->model, map, &counts);
	hms_sink_addc(&sink, '\0');
	assert_string_equal(sink.buf, wanted);
	hms_entry_lines_deinit(&lines);
	hms_sink_deinit(&sink);
	return counts;
}

/* Half grown: 1 old bucket of 2 is moved.  Slots of every state. */
static uint64_t growing(struct mkmap *m)
{
	uint64_t array = mkmap_object(m, 4 * MKMAP_BUCKET), old = mkmap_object(m, 2 * MKMAP_BUCKET);
	uint64_t overflow = mkmap_object(m, MKMAP_BUCKET);

	mkmap_slot(m, array, 0, 0x55, 7, 70);
	mkmap_slot(m, array, 2, 1, 8, 0);  /* emptyOne: deleted */
	mkmap_slot(m, array, 4, 0, 9, 90); /* emptyRest: written, not yet published */
	mkmap_slot(m, array, 5, 0, 0, 0);
	mkmap_overflow(m, array, overflow);
	mkmap_slot(m, overflow, 1, 0x66, UINT64_MAX, 1);
	mkmap_slot(m, old, 0, 2, 7, 70); /* evacuatedX */
	mkmap_slot(m, old, 1, 3, 6, 60); /* evacuatedY */
	mkmap_slot(m, old, 2, 4, 5, 50); /* evacuatedEmpty */
	mkmap_slot(m, old + MKMAP_BUCKET, 3, 0x77, 4, 40);
	return mkmap_header(
		m,
		&(struct mkmap_header){
			.count = 3, .B = 2, .buckets = array, .oldbuckets = old, .nevacuate = 1});
}

static void live_slots_alone(void **state)
{
	struct mkmap *m = *state;
	struct hms_entry_options options = defaults();
	struct hms_entry_counts counts;
	struct hms_map map;

	open_map(m, growing(m), m->map_type, &map);
	counts = lines_are(m, &map, &options, "  7: 70\n  18446744073709551615: 1\n  4: 40\n");
	assert_int_equal(counts.live, 3);
	assert_int_equal(counts.stale, 0);
	options.where = true;
	lines_are(m, &map, &options,
		  "  bucket 0 slot 0  7: 70\n"
		  "  bucket 0 overflow 1 slot 1  18446744073709551615: 1\n"
		  "  old bucket 1 slot 3  4: 40\n");
	options.json = true;
	lines_are(m, &map, &options,
		  "{\"key\":7,\"elem\":70,\"bucket\":0,\"overflow\":0,\"old\":false,\"slot\":0,"
		  "\"state\":\"live\"}\n"
		  "{\"key\":18446744073709551615,\"elem\":1,\"bucket\":0,\"overflow\":1,"
		  "\"old\":false,\"slot\":1,\"state\":\"live\"}\n"
		  "{\"key\":4,\"elem\":40,\"bucket\":1,\"overflow\":0,\"old\":true,\"slot\":3,"
		  "\"state\":\"live\"}\n");
}

static void stale_slots_too(void **state)
{
	struct mkmap *m = *state;
	struct hms_entry_options options = defaults();
	struct hms_entry_counts counts;
	struct hms_map map;

	open_map(m, growing(m), m->map_type, &map);
	options.stale = true;
	counts = lines_are(m, &map, &options,
			   "  7: 70\n  8: 0  (stale)\n  9: 90  (stale)\n"
			   "  18446744073709551615: 1\n"
			   "  7: 70  (evacuated)\n  6: 60  (evacuated)\n  5: 50  (stale)\n"
			   "  4: 40\n");
	assert_int_equal(counts.live, 3);
	assert_int_equal(counts.stale, 5);
	options.limit = 2;
	counts = lines_are(m, &map, &options, "  7: 70\n  8: 0  (stale)\n");
	assert_true(counts.limited);
	options.limit = 8;
	options.json = options.redact = true;
	counts = lines_are(
		m, &map, &options,
#define LINE(where, state)                                                     \
	"{\"key\":{\"type\":\"uint64\"},\"elem\":{\"type\":\"uint64\"}," where \
	",\"state\":\"" state "\"}\n"
		LINE("\"bucket\":0,\"overflow\":0,\"old\":false,\"slot\":0",
		     "live") LINE("\"bucket\":0,\"overflow\":0,\"old\":false,\"slot\":2", "stale")
			LINE("\"bucket\":0,\"overflow\":0,\"old\":false,\"slot\":4", "stale") LINE(
				"\"bucket\":0,\"overflow\":1,\"old\":false,\"slot\":1",
				"live") LINE("\"bucket\":0,\"overflow\":0,\"old\":true,\"slot\":0",
					     "evacuated") LINE("\"bucket\":0,\"overflow\":0,"
							       "\"old\":true,\"slot\":1",
							       "evacuated")
				LINE("\"bucket\":0,\"overflow\":0,\"old\":true,\"slot\":2", "stale")
					LINE("\"bucket\":1,\"overflow\":0,\"old\":true,\"slot\":3",
					     "live"));
	assert_false(counts.limited);
}

static void redacted_text(void **state)
{
	struct mkmap *m = *state;
	struct hms_entry_options options = defaults();
	struct hms_map map;

	open_map(m, growing(m), m->map_type, &map);
	options.redact = true;
	options.limit = 1;
	lines_are(m, &map, &options, "  bucket 0 slot 0  uint64: uint64\n");
}

/* Elements above 128 bytes are pointers in the slot; one of them leads nowhere. */
static void indirect_elements(void **state)
{
	struct mkmap *m = *state;
	struct hms_entry_options options = defaults();
	struct hms_entry_counts counts;
	struct hms_type *type = mkmap_type(m, "[17]uint64", m->u64);
	uint64_t bucket = mkmap_object(m, MKMAP_BUCKET), elem = mkmap_object(m, 144);
	struct hms_map map;

	type->elem = mkgraph_array(m->graph, m->u64, 17);
	mkcore_put64(m->core, elem + 8, 5);
	mkmap_slot(m, bucket, 0, 0x55, 1, elem);
	mkmap_slot(m, bucket, 1, 0x55, 2, 0x41);
	open_map(m, mkmap_header(m, &(struct mkmap_header){.count = 2, .buckets = bucket}), type,
		 &map);
	options.values.array = 3;
	counts = lines_are(m, &map, &options, "  1: {0, 5, 0, …}\n  2: ?\n");
	assert_int_equal(counts.unknown, 1);
	options.ascii = true;
	lines_are(m, &map, &options, "  1: {0, 5, 0, \\u2026}\n  2: ?\n");
}

static void buckets_that_are_not_there(void **state)
{
	struct mkmap *m = *state;
	struct hms_entry_options options = defaults();
	struct hms_entry_counts counts;
	uint64_t array = mkmap_object(m, 128 * MKMAP_BUCKET);
	struct hms_map map;

	mkmap_slot(m, array, 0, 0x55, 1, 10);
	mkcore_absent(m->core, array + 0x1000, 0x1000);
	mkmap_slot(m, array + 100 * MKMAP_BUCKET, 0, 0x55, 2, 20);
	open_map(m, mkmap_header(m, &(struct mkmap_header){.count = 2, .B = 7, .buckets = array}),
		 m->map_type, &map);
	counts = lines_are(m, &map, &options, "  1: 10\n  2: 20\n");
	/* 4096 / 144, and those that reach in at both ends */
	assert_in_range(counts.unreadable, 29, 30);
	assert_true(counts.troubles > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(live_slots_alone),
		TEST(stale_slots_too),
		TEST(redacted_text),
		TEST(indirect_elements),
		TEST(buckets_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
