/* Goroutines in text, JSON and HTML, and the lengths of time beside them. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "ops/ops.h"
#include "report/format.h"
#include "report/model.h"
#include "util/arena.h"

static const struct hms_frame_row frames[] = {
	{.function = "runtime.gopark", .file = "/go/proc.go", .line = 398, .pc = 0x4010},
	{.function = "main.in\x1blined",
	 .file = "/src/<a>.go",
	 .line = 7,
	 .pc = 0x4110,
	 .inlined = true},
	{.function = "main.leak", .file = "/src/<a>.go", .line = 12, .pc = 0x4110},
	{.function = NULL, .file = NULL, .line = -1, .pc = 0x4210},
};

static struct hms_goroutine_group sample(const struct hms_goroutine_row *rows, size_t n)
{
	return (struct hms_goroutine_group){
		.status = "waiting",
		.wait_reason = "chan receive",
		.created_by = "main.main",
		.created_file = "/src/<a>.go",
		.created_line = 3,
		.frames = frames,
		.nframes = HMS_ARRAY_LEN(frames),
		.rows = rows,
		.nrows = n,
	};
}

/* The whole document of one group. */
static char *draw(struct hms_renderer *(*create)(const struct hms_render_options *options),
		  const struct hms_goroutine_group *group)
{
	struct hms_render_options options = {.color = HMS_COLOR_NEVER};
	struct hms_doc doc = {
		.command = "goroutines",
		.core = {.path = "core",
			 .exe = "app",
			 .program = "app",
			 .pid = -1,
			 .goroutines = 2},
		.summary = {.maps_unknown = true, .stalled = -1, .damaged = -1, .heap_bytes = -1},
	};
	struct hms_renderer *r;
	char *text;
	size_t len;

	options.out = open_memstream(&text, &len);
	r = create(&options);
	r->ops->begin(r, &doc);
	r->ops->goroutines(r, group);
	assert_true(r->ops->end(r));
	hms_renderer_destroy(r);
	fclose(options.out);
	return text;
}

static void assert_holds(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("\"%s\" is not in\n%s", wanted, text);
}

static void assert_lacks(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("\"%s\" is in\n%s", unwanted, text);
}

static void test_text_group(void **state)
{
	static const struct hms_goroutine_row rows[] = {
		{.id = 7, .wait_at_least_ns = 182000000000, .thread = -1, .parent = 1},
		{.id = 9, .wait_at_least_ns = -1, .thread = -1, .parent = 1},
	};
	struct hms_goroutine_group group = sample(rows, 2);
	HMS_AUTO_FREE char *text = draw(hms_text_renderer_create, &group);

	(void)state;
	assert_holds(text, "2 goroutines  waiting  chan receive  for at least 3m 2s  7, 9\n"
			   "    runtime.gopark                       /go/proc.go:398\n"
			   "    main.in\\x1blined                     /src/<a>.go:7\n"
			   "    main.leak                            /src/<a>.go:12\n"
			   "    ?\n"
			   "    created by main.main in goroutine 1  /src/<a>.go:3\n");
	assert_lacks(text, "MAPS");
	assert_lacks(text, "FINDINGS");
}

/* Not all were started by the same goroutine; ids beyond the first few are left out. */
static void test_text_many(void **state)
{
	struct hms_goroutine_row rows[20];
	struct hms_goroutine_group group = sample(rows, 20);
	HMS_AUTO_FREE char *text = NULL;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		rows[i] = (struct hms_goroutine_row){.id = 100 + i,
						     .wait_at_least_ns = (int64_t)i * 1000000000,
						     .thread = -1,
						     .parent = (int64_t)(1 + i % 2)};
	text = draw(hms_text_renderer_create, &group);
	assert_holds(text, "20 goroutines  waiting  chan receive  for at least 0ms to 19s  "
			   "100, 101, 102, 103, 104, 105, 106, 107, ...\n");
	assert_holds(text, "created by main.main  /src");
}

static void test_text_full(void **state)
{
	static const struct hms_goroutine_row row = {
		.id = 7, .wait_at_least_ns = -1, .thread = 4711, .parent = -1, .locked = true};
	struct hms_goroutine_group group = sample(&row, 1);
	HMS_AUTO_FREE char *text = NULL;

	(void)state;
	group.full = true;
	group.system = true;
	group.wait_reason = NULL;
	group.status = NULL;
	group.end = "the stack ends: why";
	group.left_out = 1234;
	group.left_out_at = 2;
	text = draw(hms_text_renderer_create, &group);
	assert_holds(text, "goroutine 7  status unknown  the runtime's own  thread 4711, locked to "
			   "its thread\n");
	assert_holds(text, "/go/proc.go:398  0x4010\n");
	assert_holds(text, "/src/<a>.go:7    inlined\n");
	assert_holds(text, "    ... 1,234 frames ...\n    main.leak ");
	assert_holds(text, "! the stack ends: why\n");
}

static const struct hms_variable_row variables[] = {
	{.name = "c",
	 .kind = "parameter",
	 .type = "*main.cache",
	 .state = "live",
	 .place = "memory",
	 .addr = 0xc000010000,
	 .line = 9,
	 .value = "{\"ptr\":\"0xc000020000\"}"},
	{.name = "old",
	 .kind = "local",
	 .type = "string",
	 .state = "dead",
	 .place = "memory",
	 .addr = 0xc000010010,
	 .line = 10,
	 .value = "\"\""},
	{.name = "n",
	 .kind = "local",
	 .type = "int",
	 .state = "unknown",
	 .place = "register",
	 .line = 10,
	 .value = "7"},
	{.name = "i", .kind = "local", .type = "int", .state = "gone", .line = 11},
	{.name = "err", .kind = "result", .state = "gone", .line = -1},
};

/* One frame with these variables, one with none. */
static struct hms_goroutine_group with_variables(const struct hms_goroutine_row *row,
						 struct hms_frame_row *two)
{
	struct hms_goroutine_group group = sample(row, 1);

	two[0] = frames[2];
	two[1] = frames[3];
	two[0].variables = variables;
	two[0].nvariables = HMS_ARRAY_LEN(variables);
	group.frames = two;
	group.nframes = 2;
	group.full = true;
	group.variables = true;
	return group;
}

static void test_text_variables(void **state)
{
	static const struct hms_goroutine_row row = {
		.id = 7, .wait_at_least_ns = -1, .thread = -1, .parent = -1};
	struct hms_frame_row two[2];
	struct hms_goroutine_group group = with_variables(&row, two);
	HMS_AUTO_FREE char *text = draw(hms_text_renderer_create, &group);

	(void)state;
	assert_holds(
		text,
		"    main.leak  /src/<a>.go:12  0x4110\n"
		"        c    *main.cache  parameter, 0xc000010000  {\"ptr\":\"0xc000020000\"}\n"
		"        old  string       dead, 0xc000010010       \"\"\n"
		"        n    int          in registers             7\n"
		"        optimised out: i, err\n"
		"    ?  0x4210\n"
		"    created by main.main  /src/<a>.go:3\n");
}

static void test_json_variables(void **state)
{
	static const struct hms_goroutine_row row = {
		.id = 7, .wait_at_least_ns = -1, .thread = -1, .parent = -1};
	struct hms_frame_row two[2];
	struct hms_goroutine_group group = with_variables(&row, two);
	HMS_AUTO_FREE char *text = draw(hms_json_renderer_create, &group);

	(void)state;
	assert_holds(text, "\"vars\": [{\"name\": \"c\", \"kind\": \"parameter\", \"type\": "
			   "\"*main.cache\", \"line\": 9, \"state\": \"live\", \"place\": "
			   "\"memory\", \"addr\": \"0xc000010000\", \"value\": "
			   "{\"ptr\":\"0xc000020000\"}}, ");
	assert_holds(text, "{\"name\": \"err\", \"kind\": \"result\", \"type\": null, "
			   "\"line\": null, \"state\": \"gone\", \"place\": null, \"addr\": "
			   "null, \"value\": null}]");
	assert_holds(text, "\"vars\": []");
	group.variables = false;
	free(text);
	text = draw(hms_json_renderer_create, &group);
	assert_lacks(text, "vars");
}

/* A deep stack: its ends, and how much lies between. */
static void test_text_deep(void **state)
{
	static const struct hms_goroutine_row row = {
		.id = 7, .wait_at_least_ns = -1, .thread = -1, .parent = -1};
	struct hms_frame_row deep[100];
	struct hms_goroutine_group group = sample(&row, 1);
	HMS_AUTO_FREE char *text = NULL;
	char names[100][16];

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "main.f%zu", i);
		deep[i] = (struct hms_frame_row){.function = names[i], .file = "/f.go", .line = 1};
	}
	group.frames = deep;
	group.nframes = 100;
	text = draw(hms_text_renderer_create, &group);
	assert_holds(text, "main.f15 ");
	assert_lacks(text, "main.f16 ");
	assert_holds(text, "    ... 76 frames ...\n    main.f92 ");
	assert_lacks(text, "main.f91 ");
	assert_holds(text, "main.f99 ");
}

static void test_json(void **state)
{
	static const struct hms_goroutine_row rows[] = {
		{.id = 7, .wait_since_ns = 5, .wait_at_least_ns = 6, .thread = 8, .parent = 1},
		{.id = 9, .wait_since_ns = -1, .wait_at_least_ns = -1, .thread = -1, .parent = -1},
	};
	struct hms_goroutine_group group = sample(rows, 2);
	HMS_AUTO_FREE char *text = draw(hms_json_renderer_create, &group);

	(void)state;
	assert_holds(text, "\"maps\": null, \"entries\": null, \"bytes\": null, \"growing\": null");
	assert_holds(text,
		     "{\"id\": 7, \"status\": \"waiting\", \"wait_reason\": \"chan receive\", "
		     "\"wait_since_ns\": 5, \"wait_at_least_ns\": 6, \"thread\": 8, "
		     "\"created_by\": {\"function\": \"main.main\", \"file\": \"/src/<a>.go\", "
		     "\"line\": 3, \"goroutine\": 1}, \"system\": false, \"frames\": ["
		     "{\"function\": \"runtime.gopark\", \"file\": \"/go/proc.go\", \"line\": 398, "
		     "\"pc\": \"0x4010\", \"inlined\": false},");
	assert_holds(text,
		     "{\"function\": null, \"file\": null, \"line\": null, \"pc\": \"0x4210\", "
		     "\"inlined\": false}], \"map_operation\": null}");
	assert_holds(text,
		     "{\"id\": 9, \"status\": \"waiting\", \"wait_reason\": \"chan receive\", "
		     "\"wait_since_ns\": null, \"wait_at_least_ns\": null, \"thread\": null, "
		     "\"created_by\": {\"function\": \"main.main\", \"file\": \"/src/<a>.go\", "
		     "\"line\": 3, \"goroutine\": null}");
	assert_holds(text, "main.in\\u001blined");
}

static void test_html(void **state)
{
	static const struct hms_goroutine_row row = {
		.id = 7, .wait_at_least_ns = 90000000000, .thread = -1, .parent = -1};
	struct hms_goroutine_group group = sample(&row, 1);
	HMS_AUTO_FREE char *text = draw(hms_html_renderer_create, &group);

	(void)state;
	assert_holds(text, "<details><summary>goroutine 7<span>waiting</span>");
	assert_holds(text, "for at least 1m 30s");
	assert_holds(text, "/src/&lt;a&gt;.go:12");
	assert_lacks(text, "<a>");
	assert_lacks(text, "\x1b");
}

static const struct hms_operation_slot bucket_slot = {
	.bucket = 31, .chain = 2, .index = 4, .key_addr = 0xc000070010, .elem_addr = 0xc000070050};
static const struct hms_operation_slot group_slot = {
	.table = 3, .bucket = 5, .index = 7, .key_addr = 0xc000070010, .elem_addr = 0xc000070018};
static const struct hms_operation_row write_here = {
	.function = "runtime.mapassign",
	.map = 0xc000016240,
	.type = "map[<T>]int",
	.kind = "write",
	.caller = "main.f",
	.caller_file = "a.go",
	.caller_line = 12,
	.end = "died here",
	.slot = &bucket_slot,
	.classic = true,
};
static const struct hms_operation_row delete_here = {
	.function = "runtime.mapdelete",
	.kind = "delete",
	.caller_line = -1,
	.slot = &group_slot,
};
static const struct hms_operation_row read_somewhere = {
	.function = "runtime.mapaccess1", .kind = "read", .caller_line = -1};

static const struct hms_operation_row returned = {
	.function = "runtime.mapassign",
	.returned = true,
	.kind = "write",
	.caller_line = -1,
	.step = "writing \"<k>\", element not stored yet",
};

/* A write whose element is due, of one goroutine: how far it is stands beside it. */
static void test_returned(void **state)
{
	static const struct hms_goroutine_row rows[] = {{.id = 7, .operation = &returned}};
	struct hms_goroutine_group group = sample(rows, 1);
	char *text = draw(hms_text_renderer_create, &group);

	(void)state;
	assert_holds(text, "  inside a map write; writing \"<k>\", element not stored yet\n");
	free(text);
	text = draw(hms_json_renderer_create, &group);
	assert_holds(text, "\"function\": \"runtime.mapassign\", \"returned\": true,");
	free(text);
	text = draw(hms_html_renderer_create, &group);
	assert_holds(text, "inside a map write; writing &quot;&lt;k&gt;&quot;, element not");
	free(text);
}

static void test_operation(void **state)
{
	static const struct hms_goroutine_row rows[] = {{.id = 7, .operation = &write_here},
							{.id = 9, .operation = &read_somewhere},
							{.id = 10, .operation = &delete_here}};
	struct hms_goroutine_group group = sample(rows, 1);
	char *text = draw(hms_text_renderer_create, &group);

	(void)state;
	assert_holds(text, "  inside a map write, died here: map[<T>]int at 0xc000016240\n");
	free(text);
	group = sample(rows, 2);
	text = draw(hms_text_renderer_create, &group);
	assert_holds(text, "  inside a map write, died here: map[<T>]int, different maps\n");
	free(text);
	text = draw(hms_json_renderer_create, &group);
	assert_holds(text, "\"map_operation\": {\"function\": \"runtime.mapassign\", \"returned\": "
			   "false, \"map\": "
			   "\"0xc000016240\", \"type\": \"map[<T>]int\", \"kind\": \"write\", "
			   "\"caller\": {\"function\": \"main.f\", \"file\": \"a.go\", \"line\": "
			   "12}, \"step\": null, \"slot\": {\"bucket\": 31, \"overflow\": 2, "
			   "\"old\": false, \"slot\": 4, \"key_addr\": \"0xc000070010\", "
			   "\"elem_addr\": \"0xc000070050\"}}");
	assert_holds(text, "\"map_operation\": {\"function\": \"runtime.mapaccess1\", "
			   "\"returned\": false, \"map\": "
			   "null, \"type\": null, \"kind\": \"read\", \"caller\": null, "
			   "\"step\": null, \"slot\": null}");
	free(text);
	group = sample(rows, 3);
	text = draw(hms_json_renderer_create, &group);
	assert_holds(text, "\"slot\": {\"table\": 3, \"group\": 5, \"slot\": 7, \"key_addr\": "
			   "\"0xc000070010\", \"elem_addr\": \"0xc000070018\"}}");
	free(text);
	text = draw(hms_html_renderer_create, &group);
	assert_holds(text, "inside a map write, died here: 0xc000016240 <span class=code>"
			   "map[&lt;T&gt;]int</span>");
	free(text);
}

static void test_duration(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0ms"},
		{999999, "0ms"},
		{850000000, "850ms"},
		{1000000000, "1s"},
		{59999999999, "59s"},
		{60000000000, "1m"},
		{182000000000, "3m 2s"},
		{7500000000000, "2h 5m"},
		{7200000000000, "2h"},
		{7201000000000, "2h"},
		{273600000000000, "3d 4h"},
		{UINT64_MAX, "213503d 23h"},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(rows); i++) {
		HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

		hms_format_duration(&text, rows[i].ns);
		assert_string_equal(hms_str_text(&text), rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_group),     cmocka_unit_test(test_text_many),
		cmocka_unit_test(test_text_full),      cmocka_unit_test(test_text_deep),
		cmocka_unit_test(test_text_variables), cmocka_unit_test(test_json_variables),
		cmocka_unit_test(test_json),           cmocka_unit_test(test_html),
		cmocka_unit_test(test_operation),      cmocka_unit_test(test_returned),
		cmocka_unit_test(test_duration),
	};

	return cmocka_run_group_tests_name("goroutine_report", tests, NULL, NULL);
}
