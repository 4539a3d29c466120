/* Saved reports, read back: what is kept, what is refused by name, what is hostile. */
#include "unit/unit.h"

#include <stdlib.h>

#include "diff/saved.h"
#include "util/arena.h"
#include "util/str.h"

#define HEAD                                                                                  \
	"\"schema\":\"hmapscope/1\",\"command\":\"list\",\"core\":{\"path\":\"c\",\"pid\":7," \
	"\"build_id\":\"ab\",\"go_version\":\"go1.21.13\",\"goroutines\":2,\"clock_ns\":55,"  \
	"\"process_key\":\"0xfe\"},\"summary\":{\"maps\":2,\"complete\":true,\"heap_bytes\":9}"
#define CLASSIC                                                                         \
	"{\"addr\":\"0xc000\",\"kind\":\"classic\",\"type\":\"map[int]int\",\"owner\":" \
	"\"main.m\",\"found_by\":\"global\",\"count\":-3,\"bytes\":{\"total\":304},"    \
	"\"hash_seed\":\"0x5eed\",\"digest\":null,\"classic\":{\"nbuckets\":16,"        \
	"\"nevacuate\":3,\"buckets_addr\":\"0xd000\",\"oldbuckets_addr\":\"0x0\"}}"
#define SWISS                                                                   \
	"{\"addr\":\"0xb000\",\"kind\":\"swiss\",\"type\":null,\"owner\":null," \
	"\"found_by\":\"scan\",\"count\":null,\"digest\":\"0xd1\","             \
	"\"swiss\":{\"capacity\":16,\"dir_addr\":\"0xe000\",\"tombstones\":2}}"
#define FRAME "{\"function\":\"main.f\",\"file\":\"m.go\",\"line\":3,\"pc\":\"0x1\"}"
#define GOROUTINE(id) \
	"{\"id\":" id ",\"created_by\":{\"function\":\"main.g\"},\"frames\":[" FRAME "]}"

static struct hms_snapshot *read_report(const char *text)
{
	struct hms_snapshot *snap = NULL;

	assert_ok(hms_saved_parse("r.json", text, strlen(text), &snap));
	return snap;
}

static void refuse(const char *text, enum hms_error_code code, const char *why)
{
	struct hms_snapshot *snap = NULL;

	assert_err(hms_saved_parse("r.json", text, strlen(text), &snap), code, why);
	assert_null(snap);
}

static void what_is_kept(void **state)
{
	struct hms_snapshot *snap =
		read_report("\n{" HEAD ",\"maps\":[" CLASSIC ",\n" SWISS
			    "],\"findings\":[{\"rule\":\"map.count\","
			    "\"severity\":\"error\",\"map\":\"0xc000\",\"message\":\"m\"}],"
			    "\"goroutines\":[" GOROUTINE("1") "," GOROUTINE("2") "]}\n");
	const struct hms_snap_map *map = hms_snapshot_map_at(snap, 0xc000);

	(void)state;
	assert_int_equal(snap->pid, 7);
	assert_int_equal(snap->clock, 55);
	assert_int_equal(snap->heap_bytes, 9);
	assert_true(snap->process_key_known);
	assert_int_equal(snap->process_key, 0xfe);
	assert_true(snap->complete);
	assert_true(hms_snapshot_has_all_maps(snap));
	assert_true(hms_snapshot_has_goroutines(snap));
	assert_int_equal(snap->nmaps, 2);
	assert_int_equal(map->numbers[HMS_SNAP_COUNT], -3);
	assert_int_equal(map->numbers[HMS_SNAP_BYTES], 304);
	assert_int_equal(map->numbers[HMS_SNAP_BUCKETS], 16);
	assert_int_equal(map->numbers[HMS_SNAP_CAPACITY], HMS_UNKNOWN);
	assert_int_equal(map->patterns[HMS_SNAP_ARRAY], 0xd000);
	assert_true(hms_snap_known(map, HMS_SNAP_OLD_ARRAY));
	assert_false(hms_snap_known(map, HMS_SNAP_DIGEST));
	assert_string_equal(map->owner, "main.m");
	assert_false(map->weak);
	map = hms_snapshot_map_at(snap, 0xb000);
	assert_true(map->swiss);
	assert_true(map->weak);
	assert_null(map->type);
	assert_int_equal(map->numbers[HMS_SNAP_COUNT], HMS_UNKNOWN);
	assert_int_equal(map->patterns[HMS_SNAP_ARRAY], 0xe000);
	assert_int_equal(map->patterns[HMS_SNAP_DIGEST], 0xd1);
	assert_int_equal(snap->nfindings, 1);
	assert_int_equal(snap->findings[0].map, 0xc000);
	assert_int_equal(snap->ngroups, 1);
	assert_int_equal(snap->groups[0].n, 2);
	assert_string_equal(snap->groups[0].created_by, "main.g");
	assert_int_equal(snap->groups[0].frames[0].line, 3);
	hms_snapshot_destroy(snap);
}

/* Reports of later versions have more members; whoever sorts or indents them changes nothing. */
static void order_and_more_members(void **state)
{
	struct hms_snapshot *snap = read_report(
		"{ \"maps\" : [ {\"new\":[{}],\"addr\" : \"0x1\"} ] , \"later\":{\"a\":[1,\"}]\"]},"
		"\"n\":-1.5e3, \"t\":true, " HEAD "}");

	(void)state;
	assert_int_equal(snap->nmaps, 1);
	assert_false(hms_snapshot_has_all_maps(snap));
	assert_false(hms_snapshot_has_goroutines(snap));
	hms_snapshot_destroy(snap);
}

static void schemas(void **state)
{
	(void)state;
	refuse("{\"schema\":\"hmapscope/2\",\"maps\":7}", HMS_ERR_UNSUPPORTED,
	       "its schema is 'hmapscope/2'");
	refuse("{\"maps\":[],\"schema\":\"other\"}", HMS_ERR_UNSUPPORTED, "'other'");
	refuse("{\"maps\":[]}", HMS_ERR_FORMAT, "no report");
	refuse("{\"schema\":1}", HMS_ERR_FORMAT, "no report");
	refuse("{\"schema\":\"hmapscope/1\",\"command\":\"diff\"}", HMS_ERR_UNSUPPORTED,
	       "written by 'diff'");
	refuse("{\"schema\":\"hmapscope/1\"}", HMS_ERR_UNSUPPORTED, "written by '?'");
}

static void malformed(void **state)
{
	(void)state;
	refuse("", HMS_ERR_FORMAT, "no JSON object");
	refuse("[]", HMS_ERR_FORMAT, "no JSON object");
	refuse("{", HMS_ERR_FORMAT, "byte 1");
	refuse("{\"a\"", HMS_ERR_FORMAT, "name");
	refuse("{\"a\":}", HMS_ERR_FORMAT, "missing");
	refuse("{\"a\":1", HMS_ERR_FORMAT, "cut short");
	refuse("{\"a", HMS_ERR_FORMAT, "byte 1");
	refuse("{\"a\":\"\\", HMS_ERR_FORMAT, "does not end");
	refuse("{\"a\":1}x", HMS_ERR_FORMAT, "follows");
	refuse("{" HEAD ",\"maps\":{}}", HMS_ERR_FORMAT, "array");
	refuse("{" HEAD ",\"maps\":[1]}", HMS_ERR_FORMAT, "lacks");
	refuse("{" HEAD ",\"maps\":[{}]}", HMS_ERR_FORMAT, "lacks");
	refuse("{" HEAD ",\"maps\":[{\"addr\":\"0xC0\"}]}", HMS_ERR_FORMAT, "lacks");
	refuse("{" HEAD ",\"maps\":[{\"addr\":\"0x1\"} {}]}", HMS_ERR_FORMAT, "byte");
	refuse("{" HEAD ",\"maps\":[{\"addr\":\"0x1\"}", HMS_ERR_FORMAT, "byte");
	refuse("{" HEAD ",\"maps\":[{\"addr\":\"0x1\",\"addr\":\"0x2\"}]}", HMS_ERR_FORMAT, "byte");
	refuse("{" HEAD ",\"findings\":[{\"rule\":5}]}", HMS_ERR_FORMAT, "lacks");
	refuse("{" HEAD ",\"goroutines\":[{\"id\":1,\"frames\":3}]}", HMS_ERR_FORMAT, "lacks");
}

/* Each beginning of a report is refused, and nothing is read beyond it. */
static void cut_short(void **state)
{
	static const char text[] =
		"{" HEAD ",\"maps\":[" CLASSIC "," SWISS "],\"goroutines\":[" GOROUTINE("1") "]}";

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *part = malloc(len ? len : 1);
		struct hms_snapshot *snap = NULL;

		memcpy(part, text, len);
		assert_err(hms_saved_parse("r.json", part, len, &snap), HMS_ERR_FORMAT, "r.json");
		free(part);
	}
}

static void deep(void **state)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	(void)state;
	hms_str_add(&text, "{" HEAD ",\"x\":");
	for (int i = 0; i < 100000; i++)
		hms_str_addc(&text, '[');
	refuse(hms_str_text(&text), HMS_ERR_FORMAT, "too deep");
}

/* One element of 20 MB: no report has it, and a tree of it would take twenty times as much. */
static void long_element(void **state)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	(void)state;
	hms_str_add(&text, "{" HEAD ",\"maps\":[{\"addr\":\"0x1\",\"x\":[0");
	for (int i = 0; i < 10 << 20; i++)
		hms_str_add(&text, ",0");
	hms_str_add(&text, "]}]}");
	refuse(hms_str_text(&text), HMS_ERR_FORMAT, "longer than any report");
}

/* Members of another type than they should have are unknown; numbers beyond all bounds are none. */
static void odd_values(void **state)
{
	struct hms_snapshot *snap = read_report(
		"{\"schema\":\"hmapscope/1\",\"command\":\"list\",\"core\":{\"pid\":-4,\"path\":7,"
		"\"clock_ns\":1.5,\"process_key\":\"0x11111111111111111\"},\"summary\":[],"
		"\"maps\":[{\"addr\":\"0x1\",\"count\":\"9\",\"bytes\":{\"total\":-1},\"classic\":["
		"],"
		"\"kind\":1,\"hash_seed\":\"0x\",\"digest\":\"0xg\"}]}");

	(void)state;
	assert_int_equal(snap->pid, -1);
	assert_int_equal(snap->clock, -1);
	assert_null(snap->path);
	assert_false(snap->process_key_known);
	assert_false(snap->complete);
	assert_int_equal(snap->maps[0].numbers[HMS_SNAP_COUNT], HMS_UNKNOWN);
	assert_int_equal(snap->maps[0].numbers[HMS_SNAP_BYTES], HMS_UNKNOWN);
	assert_int_equal(snap->maps[0].known, 0);
	hms_snapshot_destroy(snap);
	refuse("{" HEAD ",\"maps\":[{\"addr\":\"0x1\",\"count\":99999999999999999999}]}",
	       HMS_ERR_FORMAT, "byte");
	refuse("{" HEAD ",\"maps\":[{\"addr\":\"0x1\",\"owner\":\"\\u0000\"}]}", HMS_ERR_FORMAT,
	       "byte");
	refuse("{" HEAD ",\"maps\":[{\"addr\":\"0x1\",\"owner\":\"\xff\"}]}", HMS_ERR_FORMAT,
	       "byte");
}

static void probe(void **state)
{
	(void)state;
	assert_false(hms_saved_probe("/nonexistent"));
	assert_false(hms_saved_probe("/"));
	assert_false(hms_saved_probe("/dev/zero"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept), cmocka_unit_test(order_and_more_members),
		cmocka_unit_test(schemas),      cmocka_unit_test(malformed),
		cmocka_unit_test(cut_short),    cmocka_unit_test(deep),
		cmocka_unit_test(long_element), cmocka_unit_test(odd_values),
		cmocka_unit_test(probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
