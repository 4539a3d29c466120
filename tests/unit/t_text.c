/* The text renderer: layout, colour, what is left out. */
#include "unit/unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/sample.h"
#include "report/columns.h"
#include "util/arena.h"
#include "util/escape.h"

/* A renderer that writes to memory. */
struct drawing {
	struct hms_renderer *r;
	FILE *out;
	char *text;
	size_t len;
};

static void draw_begin(struct drawing *d, unsigned int width, enum hms_color color)
{
	struct hms_render_options options = {.color = color, .width = width};

	d->out = options.out = open_memstream(&d->text, &d->len);
	d->r = hms_text_renderer_create(&options);
}

static const char *draw_end(struct drawing *d)
{
	hms_renderer_destroy(d->r);
	fclose(d->out);
	return d->text;
}

static char *draw_sample(unsigned int width, enum hms_color color, const struct hms_doc *doc)
{
	struct drawing d;

	draw_begin(&d, width, color);
	sample_emit(d.r, doc);
	draw_end(&d);
	return d.text;
}

static bool utf8(void)
{
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

static void holds(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no \"%s\" in:\n%s", wanted, text);
}

static void lacks(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("\"%s\" in:\n%s", unwanted, text);
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n"), width = hms_utf8_width(text, len);

		widest = width > widest ? width : widest;
		text += len + (text[len] == '\n');
	}
	return widest;
}

/* ---- the whole ---- */

static void first_screen(void **state)
{
	struct hms_doc doc = sample_doc("report");
	char *text;

	(void)state;
	if (!utf8())
		skip();
	text = draw_sample(120, HMS_COLOR_AUTO, &doc);
	holds(text,
	      "race  go1.21.13 linux/amd64  pid 9151  killed by SIGABRT  core 2.6 MB, complete  "
	      "build ID matches\n\n");
	holds(text,
	      "\nMAPS  38, 4,311 entries, 612 KB (61 % of the live heap), 1 growing, 0 damaged\n"
	      "  BYTES  ENTRIES  LOAD  GROWTH       TYPE               OWNER\n"
	      "  73.8K      550   4.3  31/64 moved  map[string]int     main.shared.items\n"
	      "    336        3   3.0               map[string]string  "
	      "goroutine:18:main.serve.config[\"a \\\"b\\\"\"]\n"
	      "      ?        ?     ?               ?                  0xc000999000\n"
	      "                                                        its header is not in the "
	      "core\n");
	holds(text,
	      "\n  count      550          entries, what len() says\n"
	      "! flags      hashWriting  a write is under way; normal: set only inside a write\n");
	holds(text, "\nFINDINGS  1 error, 1 warning (hmapscope rules ID explains)\n"
		    "  error    map.concurrent-write        main.shared.items  "
		    "2 goroutines inside write operations\n");
	holds(text, "\n6,144 slots walked  4,311 keys hashed  3 candidates dismissed\n");
	lacks(text, "\033");
	lacks(text, " \n");
	lacks(text, "expected");
	lacks(text, "LIMITED");
	free(text);
}

static void lines_fit_the_width(void **state)
{
	struct hms_doc doc = sample_doc("report");

	(void)state;
	if (!utf8())
		skip();
	doc.details = true;
	for (unsigned int width = 72; width <= 200; width += 7) {
		char *text = draw_sample(width, HMS_COLOR_AUTO, &doc);

		assert_in_range(widest_line(text), 40, width);
		free(text);
	}
}

/* Tables keep least widths, so that a very narrow terminal loses nothing. */
static void narrow_lines_lose_nothing(void **state)
{
	struct hms_doc doc = sample_doc("report");
	char *text;

	(void)state;
	if (!utf8())
		skip();
	text = draw_sample(40, HMS_COLOR_AUTO, &doc);
	holds(text, "race  go1.21.13 linux/amd64  pid 9151\n  killed by SIGABRT\n");
	holds(text, "  error    map.concurrent-write\n           main.shared.items\n"
		    "           2 goroutines inside write\n             operations\n");
	holds(text, "main.shared.items");
	assert_in_range(widest_line(text), 40, 78);
	free(text);
}

static void a_pipe_gets_whole_records(void **state)
{
	struct hms_doc doc = sample_doc("check");
	char *text;

	(void)state;
	doc.details = true;
	text = draw_sample(0, HMS_COLOR_AUTO, &doc);
	holds(text, "  0xc000999000  its header is not in the core\n");
	holds(text, "old bucket 31: 3 of 8 slots moved; explained by goroutine 18; "
		    "expected all of 8 slots moved, or none, seen 3 of 8, at 0xc0000f1930\n");
	free(text);
}

/* ---- what limits the answer ---- */

static void limits_come_before_numbers(void **state)
{
	static const char *const limits[] = {"the core is cut short: 1.2 MB are missing",
					     "Go 1.99 is newer than what was verified"};
	struct hms_doc doc = sample_doc("list");
	char *text;

	(void)state;
	doc.limits = limits;
	doc.nlimits = 2;
	doc.core.core_complete = false;
	doc.core.build_id_match = HMS_NO;
	text = draw_sample(0, HMS_COLOR_AUTO, &doc);
	assert_ptr_equal(strstr(text, "race  ANSWER LIMITED  go1.21.13"), text);
	holds(text, "core 2.6 MB, incomplete  BUILD ID DIFFERS\n"
		    "! the core is cut short: 1.2 MB are missing\n"
		    "! Go 1.99 is newer than what was verified\n\n");
	free(text);
}

static void an_unexplained_limit_is_said(void **state)
{
	struct hms_doc doc = sample_doc("list");
	char *text;

	(void)state;
	doc.summary.complete = false;
	text = draw_sample(0, HMS_COLOR_AUTO, &doc);
	holds(text, "race  ANSWER LIMITED");
	holds(text, "\n! parts of the maps could not be read\n");
	free(text);
}

static void unknowns_of_the_core(void **state)
{
	struct hms_doc doc = {.command = "list",
			      .core = {.pid = -1, .build_id_match = HMS_DONT_KNOW},
			      .summary = {.complete = true, .heap_bytes = -1, .damaged = -1}};
	struct drawing d;

	(void)state;
	draw_begin(&d, 0, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	assert_true(d.r->ops->end(d.r));
	assert_string_equal(draw_end(&d),
			    "core  Go version unknown  core incomplete  build ID unknown\n"
			    "\nMAPS  none\n");
	free(d.text);
}

/* What could be told of a core that lacks parts is not passed off as the whole. */
static void sums_of_parts_say_so(void **state)
{
	struct hms_doc doc = sample_doc("list");
	struct drawing d;

	(void)state;
	doc.summary.entries_partial = doc.summary.bytes_partial = true;
	draw_begin(&d, 0, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->end(d.r);
	holds(draw_end(&d), "\nMAPS  38, at least 4,311 entries, at least 612 KB, ");
	free(d.text);
	doc.summary.bytes = 0;
	draw_begin(&d, 0, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->end(d.r);
	holds(draw_end(&d), ", size unknown, ");
	free(d.text);
}

static void nothing_found_is_said_with_the_work(void **state)
{
	struct hms_doc doc = sample_doc("check");
	struct drawing d;

	(void)state;
	doc.summary.errors = doc.summary.warnings = 0;
	draw_begin(&d, 0, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->end(d.r);
	holds(draw_end(&d), "\nNO FINDINGS  6,144 slots walked  4,311 keys hashed  "
			    "3 candidates dismissed\n");
	lacks(d.text, "FINDINGS  1");
	free(d.text);
}

/* ---- colour ---- */

static void colour_only_where_wanted(void **state)
{
	struct hms_doc doc = sample_doc("report");
	char *text;

	(void)state;
	doc.summary.damaged = 2;
	text = draw_sample(120, HMS_COLOR_ALWAYS, &doc);
	holds(text, "\033[1mrace\033[0m");
	holds(text, "\033[1;31m2 damaged\033[0m");
	holds(text, "\033[1;31merror  \033[0m");
	holds(text, "\033[33m31/64 moved\033[0m");
	free(text);
	text = draw_sample(120, HMS_COLOR_NEVER, &doc);
	lacks(text, "\033");
	free(text);
}

/* ---- hostile text ---- */

#define HOSTILE "x\033[2J\u202e\xff\r\n"

static void emit_hostile(struct hms_renderer *r, const struct hms_doc *doc)
{
	struct hms_map_type type = {.name = HOSTILE, .path = HOSTILE, .kind = HMS_MAP_CLASSIC};
	struct hms_map map = sample_tiny;
	struct hms_map_row row = sample_row(&map, NULL, HOSTILE);
	const struct hms_field field = {HOSTILE, HOSTILE, HOSTILE, HOSTILE, true};
	const struct hms_finding finding = {.rule = HOSTILE,
					    .map = 1,
					    .map_owner = HOSTILE,
					    .expected = HOSTILE,
					    .seen = HOSTILE,
					    .message = HOSTILE};
	const struct hms_bar bar = {HOSTILE, 3};
	const struct hms_histogram histogram = {HOSTILE, HOSTILE, &bar, 1};
	const struct hms_progress_bar progress = {HOSTILE, 1, 2, HOSTILE};
	const struct hms_map_cell cell = {.live = UINT64_MAX, .slots = 1};
	const struct hms_picture picture = {HOSTILE, HOSTILE, 1, 1, &cell, 1, false};
	const struct hms_column *owner = hms_column_find("owner");

	map.type = &type;
	row.note = HOSTILE;
	r->ops->begin(r, doc);
	r->ops->section(r, HOSTILE);
	r->ops->line(r, HOSTILE);
	r->ops->map(r, &row);
	r->ops->field(r, &field);
	r->ops->maps_begin(r, &owner, 1);
	r->ops->map(r, &row);
	r->ops->maps_end(r);
	r->ops->progress(r, &progress);
	r->ops->picture(r, &picture);
	r->ops->histogram(r, &histogram);
	r->ops->finding(r, &finding);
	assert_true(r->ops->end(r));
}

static void hostile_text_is_escaped_everywhere(void **state)
{
	static const char *const limits[] = {HOSTILE};
	struct hms_doc doc = sample_doc("show");
	struct drawing d;

	(void)state;
	setlocale(LC_CTYPE, "C");
	doc.core.program = doc.core.go_version = doc.core.arch = doc.core.signal = HOSTILE;
	doc.limits = limits;
	doc.nlimits = 1;
	doc.details = true;
	draw_begin(&d, 0, HMS_COLOR_AUTO);
	emit_hostile(d.r, &doc);
	draw_end(&d);
	for (size_t i = 0; i < d.len; i++)
		assert_true(d.text[i] == '\n' || (d.text[i] >= 0x20 && d.text[i] < 0x7f));
	holds(d.text, "\nx\\x1b[2J\\u202e\\xff\\r\\n\n"); /* the section's title */
	free(d.text);
}

static void long_names_are_cut_on_a_terminal_only(void **state)
{
	size_t len = 1 << 20;
	char *name = hms_xcalloc(len + 1, 1);
	struct hms_map_type type = {.name = name, .path = name, .kind = HMS_MAP_CLASSIC};
	struct hms_map map = sample_tiny;
	struct hms_doc doc = sample_doc("list");

	(void)state;
	memset(name, 'n', len);
	map.type = &type;
	for (unsigned int width = 0; width <= 80; width += 80) {
		struct hms_map_row row = sample_row(&map, NULL, name);
		const struct hms_column **columns;
		struct drawing d;
		size_t n;

		assert_ok(hms_columns_parse("bytes,type,owner", &columns, &n));
		draw_begin(&d, width, HMS_COLOR_AUTO);
		d.r->ops->begin(d.r, &doc);
		d.r->ops->maps_begin(d.r, columns, n);
		d.r->ops->map(d.r, &row);
		d.r->ops->maps_end(d.r);
		d.r->ops->end(d.r);
		draw_end(&d);
		assert_true(width ? d.len < 2000 : d.len > 2 * len);
		if (width)
			assert_in_range(widest_line(d.text), 0, width);
		free(columns);
		free(d.text);
	}
	free(name);
}

/* ---- tables ---- */

static size_t count_lines(const char *text, const char *needle)
{
	size_t n = 0;

	for (; (text = strstr(text, needle)); text++)
		n++;
	return n;
}

/* More rows than are drawn at once: each is there, in order, under one line of headers. */
static void large_tables_stay_aligned(void **state)
{
	struct hms_doc doc = sample_doc("list");
	const struct hms_column **columns;
	struct drawing d;
	char owner[32];
	char *at;
	size_t n;

	(void)state;
	assert_ok(hms_columns_parse("entries,type,owner", &columns, &n));
	draw_begin(&d, 0, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->maps_begin(d.r, columns, n);
	for (int i = 0; i < 5000; i++) {
		struct hms_map map = i % 2 ? sample_tiny : sample_growing;
		struct hms_map_row row = sample_row(&map, NULL, owner);

		map.count = i == 7 ? 123456789 : 3;
		snprintf(owner, sizeof(owner), "main.m%04d", i);
		d.r->ops->map(d.r, &row);
	}
	d.r->ops->maps_end(d.r);
	d.r->ops->end(d.r);
	draw_end(&d);
	assert_int_equal(count_lines(d.text, "ENTRIES"), 1);
	assert_int_equal(count_lines(d.text, "main.m"), 5000);
	at = strstr(d.text, "main.m0000");
	for (int i = 0; i < 5000; i++) {
		snprintf(owner, sizeof(owner), "main.m%04d\n", i);
		at = strstr(at, owner);
		assert_non_null(at);
		assert_memory_equal(at - 19, i % 2 ? "map[string]string  " : "map[string]int     ",
				    19);
		assert_memory_equal(at - 32, i == 7 ? "123,456,789  " : "          3  ", 13);
	}
	free(columns);
	free(d.text);
}

/* ---- pictures ---- */

static char *draw_picture(unsigned int width, const struct hms_picture *picture)
{
	struct hms_doc doc = sample_doc("show");
	struct drawing d;
	char *from, *ret;

	draw_begin(&d, width, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->picture(d.r, picture);
	fflush(d.out);
	from = strstr(d.text, "\n\n");
	ret = hms_xstrdup(from ? from + 2 : "");
	draw_end(&d);
	free(d.text);
	return ret;
}

static void cells_show_fill(void **state)
{
	static const struct hms_map_cell cells[] = {
		{.slots = 8},
		{.live = 1, .slots = 8},
		{.live = 4, .slots = 8},
		{.live = 8, .slots = 8},
		{.live = 19, .slots = 8, .overflow = 2},
		{.slots = 8, .moved = 1, .overflow = 5},
		{.slots = 8, .unread = 1},
		{.live = 90, .slots = 8, .overflow = 11},
	};
	struct hms_picture picture = {.title = "old buckets",
				      .unit = "bucket",
				      .nunits = 8,
				      .units_a_cell = 1,
				      .cells = cells,
				      .ncells = 8,
				      .old = true};
	char *text;

	(void)state;
	setlocale(LC_CTYPE, "C");
	text = draw_picture(80, &picture);
	assert_string_equal(text,
			    "old buckets  8\n"
			    "  0  .1488-?8\n"
			    "         2  +\n"
			    "     1 to 8 eighths full   . empty   - moved   ? cannot be read\n"
			    "     below: overflow buckets (+ 10 or more)\n");
	free(text);
	if (!utf8())
		skip();
	/* Only an old array is drawn with buckets gone. */
	picture.old = false;
	picture.title = "fill";
	text = draw_picture(120, &picture);
	assert_string_equal(text, "fill  8 buckets\n"
				  "  0  ·▁▄██·?█\n"
				  "         25 +\n"
				  "     ▁ to █ fill   · empty   ? cannot be read   "
				  "below: overflow buckets (+ 10 or more)\n");
	free(text);
}

static void many_cells_are_merged(void **state)
{
	struct hms_map_cell cells[4096];
	struct hms_picture picture = {.title = "buckets",
				      .unit = "bucket",
				      .nunits = 4096 * 16,
				      .units_a_cell = 16,
				      .cells = cells,
				      .ncells = HMS_ARRAY_LEN(cells)};
	char *text;

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cells); i++)
		cells[i] = (struct hms_map_cell){.live = i < 8 ? 128 : 64, .slots = 128};
	setlocale(LC_CTYPE, "C");
	text = draw_picture(80, &picture);
	/* 8 rows of 64 marks, 8 cells of 16 buckets each in one */
	holds(text, "buckets  65,536, 128 to a mark\n");
	holds(text,
	      "\n       0  8444444444444444444444444444444444444444444444444444444444444444\n");
	holds(text, "\n  57,344  4444444444444444444444444444444444444444444444444444444444444444\n"
		    "          1 to 8 eighths full\n");
	assert_int_equal(count_lines(text, "\n"), 10);
	free(text);
}

static void no_cells_no_picture(void **state)
{
	struct hms_picture picture = {.title = "buckets", .unit = "bucket"};
	char *text = draw_picture(80, &picture);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

static void bars_and_progress(void **state)
{
	static const struct hms_bar bars[] = {
		{"1", 1000}, {"2", 500}, {"3", 0}, {"4", 1}, {"5", 0}};
	static const struct hms_histogram histogram = {"chain lengths", "chains", bars, 5};
	static const struct hms_progress_bar progress = {"growth", 16, 64, "16 of 64 moved"};
	static const struct hms_progress_bar nothing = {"growth", 0, 0, "not growing"};
	struct hms_doc doc = sample_doc("show");
	struct drawing d;

	(void)state;
	setlocale(LC_CTYPE, "C");
	draw_begin(&d, 80, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->histogram(d.r, &histogram);
	d.r->ops->progress(d.r, &progress);
	d.r->ops->progress(d.r, &nothing);
	draw_end(&d);
	holds(d.text, "\nchain lengths  1,501 chains\n"
		      "  1  1,000  ########################################\n"
		      "  2    500  ####################\n"
		      "  3      0\n"
		      "  4      1  #\n"
		      "\n");
	holds(d.text, "\ngrowth  ########........................  25 %  16 of 64 moved\n");
	holds(d.text, "\ngrowth  not growing\n");
	free(d.text);
}

/* ---- one map ---- */

static void one_map_has_a_title_and_no_summary(void **state)
{
	struct hms_doc doc = sample_doc("show");
	struct hms_map_row row =
		sample_row(&sample_growing, &sample_growing_stats, "main.shared.items");
	const struct hms_field field = {"count", "550", "entries", NULL, false};
	struct drawing d;

	(void)state;
	row.note = "growth waits for writes";
	draw_begin(&d, 80, HMS_COLOR_AUTO);
	d.r->ops->begin(d.r, &doc);
	d.r->ops->map(d.r, &row);
	d.r->ops->field(d.r, &field);
	d.r->ops->end(d.r);
	draw_end(&d);
	holds(d.text, "\nmain.shared.items  map[string]int  0xc000088090\n"
		      "! growth waits for writes\n"
		      "  count  550  entries\n");
	lacks(d.text, "MAPS");
	free(d.text);
}

static void a_full_disk_is_told(void **state)
{
	struct hms_doc doc = sample_doc("list");
	struct hms_render_options options = {.out = fopen("/dev/full", "w")};
	HMS_AUTO(hms_renderer) struct hms_renderer *r = NULL;

	(void)state;
	if (!options.out)
		skip();
	r = hms_text_renderer_create(&options);
	r->ops->begin(r, &doc);
	assert_false(r->ops->end(r));
	fclose(options.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_screen),
		cmocka_unit_test(lines_fit_the_width),
		cmocka_unit_test(narrow_lines_lose_nothing),
		cmocka_unit_test(a_pipe_gets_whole_records),
		cmocka_unit_test(limits_come_before_numbers),
		cmocka_unit_test(an_unexplained_limit_is_said),
		cmocka_unit_test(unknowns_of_the_core),
		cmocka_unit_test(nothing_found_is_said_with_the_work),
		cmocka_unit_test(sums_of_parts_say_so),
		cmocka_unit_test(colour_only_where_wanted),
		cmocka_unit_test(hostile_text_is_escaped_everywhere),
		cmocka_unit_test(long_names_are_cut_on_a_terminal_only),
		cmocka_unit_test(large_tables_stay_aligned),
		cmocka_unit_test(cells_show_fill),
		cmocka_unit_test(many_cells_are_merged),
		cmocka_unit_test(no_cells_no_picture),
		cmocka_unit_test(bars_and_progress),
		cmocka_unit_test(one_map_has_a_title_and_no_summary),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
