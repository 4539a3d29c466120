/* The JSON renderer: what was put in is read back, by the schema, byte for byte the same. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/sample.h"
#include "lib/schema.h"
#include "report/columns.h"
#include "report/emit.h"
#include "util/arena.h"

/* ---- helpers ---- */

struct document {
	struct hms_renderer *r;
	FILE *out;
	char *text;
	size_t len;
};

static void open_document(struct document *d)
{
	struct hms_render_options options = {.width = 0};

	d->out = options.out = open_memstream(&d->text, &d->len);
	d->r = hms_json_renderer_create(&options);
}

/* Close, validate and parse; the text stays in d->text. */
static json_t *close_document(struct document *d)
{
	HMS_AUTO_STR struct hms_str path = HMS_STR_INIT, why = HMS_STR_INIT;
	json_error_t error;
	json_t *schema, *doc;

	hms_renderer_destroy(d->r);
	fclose(d->out);
	hms_str_addf(&path, "%s/man/hmapscope-report.schema.json", getenv("HMS_SRCDIR"));
	assert_ok(schema_load(hms_str_text(&path), &schema));
	doc = schema_parse(d->text, d->len, &error);
	if (!doc)
		fail_msg("line %d: %s in\n%s", error.line, error.text, d->text);
	if (!schema_valid(schema, NULL, doc, &why))
		fail_msg("%s in\n%s", hms_str_text(&why), d->text);
	json_decref(schema);
	return doc;
}

/* "maps.0.bytes.total" */
static json_t *at(json_t *doc, const char *path)
{
	char step[64];

	while (doc && *path) {
		size_t len = strcspn(path, ".");

		assert_true(len < sizeof(step));
		memcpy(step, path, len);
		step[len] = '\0';
		doc = json_is_array(doc) ? json_array_get(doc, strtoul(step, NULL, 10))
					 : json_object_get(doc, step);
		path += len + (path[len] == '.');
	}
	if (!doc)
		fail_msg("the document lacks %s", path);
	return doc;
}

static void expect_text(json_t *doc, const char *path, const char *wanted)
{
	json_t *value = at(doc, path);

	if (!json_is_string(value) || strcmp(json_string_value(value), wanted) != 0)
		fail_msg("%s is not '%s'", path, wanted);
}

static void expect_int(json_t *doc, const char *path, json_int_t wanted)
{
	json_t *value = at(doc, path);

	if (!json_is_integer(value) || json_integer_value(value) != wanted)
		fail_msg("%s is not %lld", path, (long long)wanted);
}

static void expect_null(json_t *doc, const char *path)
{
	if (!json_is_null(at(doc, path)))
		fail_msg("%s is not null", path);
}

static void expect_bool(json_t *doc, const char *path, bool wanted)
{
	json_t *value = at(doc, path);

	if (!json_is_boolean(value) || json_is_true(value) != wanted)
		fail_msg("%s is not %s", path, wanted ? "true" : "false");
}

/* ---- the contract ---- */

static void the_head(void **state)
{
	struct hms_doc doc = sample_doc("report");
	struct document d;
	json_t *json;

	(void)state;
	doc.groups = true;
	open_document(&d);
	sample_emit(d.r, &doc);
	json = close_document(&d);
	assert_int_equal(json_array_size(at(json, "map_groups")), 0);
	expect_text(json, "schema", "hmapscope/1");
	expect_text(json, "command", "report");
	expect_text(json, "tool_version", PACKAGE_VERSION);
	expect_text(json, "core.path", "/var/crash/core.9151");
	expect_text(json, "core.exe", "/srv/bin/race");
	expect_bool(json, "core.build_id_match", true);
	expect_int(json, "core.pid", 9151);
	expect_text(json, "core.signal", "SIGABRT");
	expect_int(json, "core.threads", 6);
	expect_int(json, "summary.maps", 38);
	expect_int(json, "summary.entries", 4311);
	expect_int(json, "summary.slots_walked", 6144);
	expect_bool(json, "summary.complete", true);
	assert_int_equal(json_array_size(at(json, "maps")), 3);
	assert_int_equal(json_array_size(at(json, "findings")), 2);
	assert_int_equal(json_array_size(at(json, "goroutines")), 0);
	json_decref(json);
	free(d.text);
}

static void unknown_is_null(void **state)
{
	struct hms_doc doc = {.command = "list",
			      .core = {.build_id_match = HMS_DONT_KNOW,
				       .pid = -1,
				       .threads = -1,
				       .goroutines = -1},
			      .summary = {.maps = 2,
					  .stalled = 1,
					  .entries_partial = true,
					  .bytes_partial = true,
					  .headers_missing = true}};
	static const char *const members[] = {
		"core.path",       "core.exe",      "core.build_id",   "core.build_id_match",
		"core.arch",       "core.pid",      "core.signal",     "core.go_version",
		"core.threads",    "core.map_kind", "core.goroutines", "summary.stalled",
		"summary.entries", "summary.bytes", "summary.growing",
	};
	struct document d;
	json_t *json;

	(void)state;
	open_document(&d);
	d.r->ops->begin(d.r, &doc);
	assert_true(d.r->ops->end(d.r));
	json = close_document(&d);
	for (size_t i = 0; i < HMS_ARRAY_LEN(members); i++)
		expect_null(json, members[i]);
	expect_bool(json, "summary.complete", false);
	assert_int_equal(json_array_size(at(json, "maps")), 0);
	assert_int_equal(json_array_size(at(json, "findings")), 0);
	json_decref(json);
	free(d.text);
}

/* Their array is behind all else; sums of which parts are missing are null. */
static void groups_of_maps(void **state)
{
	static const struct hms_map_group group = {.maps = 1000000,
						   .bytes = 256000000,
						   .entries = 5999999,
						   .max_entries = 6,
						   .growing = 2};
	struct hms_map_group partial = group;
	struct hms_map_row row = sample_row(&sample_growing, NULL, "main.table[…].attrs");
	struct hms_doc doc = sample_doc("report");
	struct document d;
	json_t *json;

	(void)state;
	doc.groups = true;
	open_document(&d);
	d.r->ops->begin(d.r, &doc);
	row.group = &group;
	d.r->ops->map(d.r, &row);
	partial.partial = true;
	row.group = &partial;
	row.owner = NULL;
	d.r->ops->map(d.r, &row);
	assert_true(d.r->ops->end(d.r));
	json = close_document(&d);
	assert_int_equal(json_array_size(at(json, "maps")), 0);
	expect_text(json, "map_groups.0.owner", "main.table[…].attrs");
	expect_text(json, "map_groups.0.type", "map[string]int");
	expect_int(json, "map_groups.0.maps", 1000000);
	expect_int(json, "map_groups.0.bytes", 256000000);
	expect_int(json, "map_groups.0.count", 5999999);
	expect_int(json, "map_groups.0.count_min", 0);
	expect_int(json, "map_groups.0.count_max", 6);
	expect_int(json, "map_groups.0.growing", 2);
	expect_text(json, "map_groups.0.largest", "0xc000088090");
	expect_null(json, "map_groups.1.owner");
	expect_null(json, "map_groups.1.bytes");
	expect_null(json, "map_groups.1.count");
	json_decref(json);
	free(d.text);
}

static json_t *one_map(const struct hms_map_row *row, struct document *d)
{
	struct hms_doc doc = sample_doc("list");

	open_document(d);
	d->r->ops->begin(d->r, &doc);
	d->r->ops->map(d->r, row);
	assert_true(d->r->ops->end(d->r));
	return close_document(d);
}

static void a_classic_map(void **state)
{
	struct hms_map_row row =
		sample_row(&sample_growing, &sample_growing_stats, "main.shared.items");
	struct document d;
	json_t *json = one_map(&row, &d);

	(void)state;
	expect_text(json, "maps.0.addr", "0xc000088090");
	expect_text(json, "maps.0.kind", "classic");
	expect_text(json, "maps.0.type", "map[string]int");
	expect_text(json, "maps.0.owner", "main.shared.items");
	expect_int(json, "maps.0.owners", 5);
	expect_text(json, "maps.0.found_by", "global");
	expect_int(json, "maps.0.count", 550);
	expect_int(json, "maps.0.live", 550);
	expect_bool(json, "maps.0.damaged", false);
	expect_int(json, "maps.0.bytes.total", 75536);
	assert_true(json_real_value(at(json, "maps.0.load")) == 550.0 / 128);
	expect_text(json, "maps.0.flags.0", "hashWriting");
	expect_text(json, "maps.0.hash_seed", "0x9e3779b9");
	expect_int(json, "maps.0.classic.B", 7);
	expect_text(json, "maps.0.classic.oldbuckets_addr", "0xc0000f0000");
	expect_int(json, "maps.0.classic.old_nbuckets", 64);
	expect_int(json, "maps.0.classic.evacuated", 31);
	expect_int(json, "maps.0.classic.noverflow", 12);
	expect_int(json, "maps.0.classic.overflow", 12);
	expect_int(json, "maps.0.classic.chain_histogram.2", 2);
	assert_int_equal(json_array_size(at(json, "maps.0.classic.chain_histogram")), 3);
	assert_null(json_object_get(at(json, "maps.0"), "swiss"));
	json_decref(json);
	free(d.text);
}

static void a_swiss_map(void **state)
{
	struct hms_map_row row = sample_row(&sample_swiss, &sample_swiss_stats, NULL);
	struct document d;
	json_t *json = one_map(&row, &d);

	(void)state;
	expect_text(json, "maps.0.kind", "swiss");
	expect_null(json, "maps.0.owner");
	expect_text(json, "maps.0.type_path", "map[string]*example.com/shop/server.Session");
	expect_text(json, "maps.0.hash_seed", "0xfedcba9876543210");
	expect_int(json, "maps.0.swiss.capacity", 2048);
	expect_bool(json, "maps.0.swiss.writing", true);
	expect_bool(json, "maps.0.swiss.small", false);
	assert_null(json_object_get(at(json, "maps.0"), "classic"));
	json_decref(json);
	free(d.text);
}

static void an_unreadable_map(void **state)
{
	struct hms_map_row row = sample_row(&sample_unreadable, NULL, NULL);
	struct document d;
	json_t *json = one_map(&row, &d);

	(void)state;
	expect_null(json, "maps.0.type");
	expect_null(json, "maps.0.count");
	expect_null(json, "maps.0.flags");
	expect_null(json, "maps.0.bytes.total");
	expect_null(json, "maps.0.classic.chain_histogram");
	json_decref(json);
	free(d.text);
}

static void findings_are_whole(void **state)
{
	struct hms_doc doc = sample_doc("check");
	struct document d;
	json_t *json;

	(void)state;
	open_document(&d);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->finding(d.r, &sample_findings[0]);
	d.r->ops->finding(d.r, &sample_findings[1]);
	d.r->ops->end(d.r);
	json = close_document(&d);
	expect_text(json, "findings.0.rule", "map.concurrent-write");
	expect_text(json, "findings.0.severity", "error");
	expect_text(json, "findings.0.map", "0xc000088090");
	expect_null(json, "findings.0.addr");
	expect_null(json, "findings.0.seen");
	expect_int(json, "findings.0.goroutine", 20);
	expect_text(json, "findings.1.severity", "warning");
	expect_text(json, "findings.1.addr", "0xc0000f1930");
	expect_text(json, "findings.1.seen", "3 of 8");
	expect_null(json, "findings.1.goroutine");
	json_decref(json);
	free(d.text);
}

/* ---- strings and numbers ---- */

static void hostile_strings_come_back(void **state)
{
	static const char text[] = "x\033[2J\u202e\"\\</script>\n\U000e0041 größe 🗺";
	size_t len = 1 << 20;
	char *megabyte = hms_xcalloc(len + 1, 1);
	struct hms_map_type type = {.name = text, .path = megabyte, .kind = HMS_MAP_CLASSIC};
	struct hms_map map = sample_tiny;
	struct hms_map_row row = sample_row(&map, NULL, "a\xff\xed\xa0\x80z");
	struct document d;
	json_t *json;

	(void)state;
	memset(megabyte, '\001', len);
	map.type = &type;
	json = one_map(&row, &d);
	expect_text(json, "maps.0.type", text);
	expect_text(json, "maps.0.type_path", megabyte);
	expect_text(json, "maps.0.owner", "a\ufffd\ufffd\ufffd\ufffdz");
	/* Nothing raw reaches a terminal. */
	for (size_t i = 0; i < d.len; i++)
		assert_true(d.text[i] == '\n' || (unsigned char)d.text[i] >= 0x20);
	assert_null(strstr(d.text, "\u202e"));
	json_decref(json);
	free(d.text);
	free(megabyte);
}

static void all_bits_survive(void **state)
{
	struct hms_map map = sample_tiny;
	struct hms_map_row row = sample_row(&map, NULL, NULL);
	struct document d;
	json_t *json;

	(void)state;
	map.count = 9007199254740993; /* 2^53 + 1 */
	map.classic.buckets = UINT64_MAX;
	json = one_map(&row, &d);
	expect_int(json, "maps.0.count", 9007199254740993);
	expect_text(json, "maps.0.classic.buckets_addr", "0xffffffffffffffff");
	json_decref(json);
	free(d.text);
	map.count = INT64_MIN;
	map.classic.nevacuate = UINT64_MAX;
	json = one_map(&row, &d);
	assert_non_null(strstr(d.text, "\"nevacuate\": 18446744073709551615,"));
	assert_non_null(strstr(d.text, "\"count\": -9223372036854775808,"));
	expect_null(json, "maps.0.load");
	json_decref(json);
	free(d.text);
}

/* Members stand in the order of the contract: here the objects' first and last. */
static void order_and_lines(void **state)
{
	struct hms_map_row row = sample_row(&sample_tiny, NULL, NULL);
	struct document d, again;
	json_t *json = one_map(&row, &d), *same = one_map(&row, &again);
	static const char *const order[] = {
		"{\n\"schema\": ",          "\n\"command\": ",
		"\n\"tool_version\": ",     "\n\"core\": {\"path\"",
		"\n\"summary\": {\"maps\"", "\n\"maps\": [\n{\"addr\"",
		"\"bytes\": {\"header\"",   "\"load\"",
		"\"classic\": {\"B\"",      "\n],\n\"findings\": [],\n\"goroutines\": []\n}\n"};
	const char *text = d.text;

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(order); i++) {
		text = strstr(text, order[i]);
		if (!text)
			fail_msg("%s is not in its place", order[i]);
	}
	assert_int_equal(d.len, again.len);
	assert_memory_equal(d.text, again.text, d.len);
	json_decref(json);
	json_decref(same);
	free(d.text);
	free(again.text);
}

/* ---- the emitter ---- */

static void emitter_nests(void **state)
{
	struct hms_emit emit;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	hms_emit_init(&emit, out);
	hms_emit_array(&emit, NULL);
	hms_emit_null(&emit, NULL);
	hms_emit_object(&emit, NULL);
	hms_emit_array(&emit, "a\"");
	hms_emit_close(&emit);
	hms_emit_bool(&emit, "b", false);
	hms_emit_close(&emit);
	hms_emit_i64(&emit, NULL, -5);
	hms_emit_u64(&emit, NULL, UINT64_MAX);
	hms_emit_double(&emit, NULL, 0.5);
	hms_emit_double(&emit, NULL, 1.0 / 0.0);
	hms_emit_hex(&emit, NULL, 0);
	hms_emit_text(&emit, NULL, NULL);
	hms_emit_textn(&emit, NULL, "a\0b", 3);
	hms_emit_close(&emit);
	assert_true(hms_emit_finish(&emit));
	hms_emit_deinit(&emit);
	fclose(out);
	assert_string_equal(text,
			    "[\nnull,\n{\"a\\\"\": [], \"b\": false},\n-5,\n18446744073709551615,\n"
			    "0.5,\nnull,\n\"0x0\",\nnull,\n\"a\\u0000b\"\n]\n");
	free(text);
}

static void emitter_has_no_depth_limit(void **state)
{
	struct hms_emit emit;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	hms_emit_init(&emit, out);
	for (int i = 0; i < 100000; i++)
		hms_emit_array(&emit, NULL);
	for (int i = 0; i < 100000; i++)
		hms_emit_close(&emit);
	assert_true(hms_emit_finish(&emit));
	hms_emit_deinit(&emit);
	fclose(out);
	assert_in_range(len, 200000, 200010);
	free(text);
}

static void a_full_disk_is_told(void **state)
{
	struct hms_doc doc = sample_doc("list");
	struct hms_render_options options = {.out = fopen("/dev/full", "w")};
	HMS_AUTO(hms_renderer) struct hms_renderer *r = NULL;

	(void)state;
	if (!options.out)
		skip();
	r = hms_json_renderer_create(&options);
	r->ops->begin(r, &doc);
	assert_false(r->ops->end(r));
	fclose(options.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head),
		cmocka_unit_test(groups_of_maps),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(a_classic_map),
		cmocka_unit_test(a_swiss_map),
		cmocka_unit_test(an_unreadable_map),
		cmocka_unit_test(findings_are_whole),
		cmocka_unit_test(hostile_strings_come_back),
		cmocka_unit_test(all_bits_survive),
		cmocka_unit_test(order_and_lines),
		cmocka_unit_test(emitter_nests),
		cmocka_unit_test(emitter_has_no_depth_limit),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
