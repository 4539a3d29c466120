/* The verdict on paper and in a page; JSON leaves it to findings and goroutines. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "report/model.h"

static const struct hms_party_row parties[] = {
	{
		.goroutine = 20,
		.status = "running",
		.role = "died here",
		.bad = true,
		.operation = {.function = "runtime.mapassign",
			      .kind = "write",
			      .caller = "main.(*Cache).Update",
			      .caller_file = "<app>/race.go",
			      .caller_line = 19,
			      .doing = "inserting"},
	},
	{
		.goroutine = 18,
		.role = "was writing",
		.operation = {.function = "runtime.mapassign",
			      .kind = "write",
			      .caller_line = -1,
			      .step = "old bucket 3\x1b of 8",
			      .doing = "moving old buckets"},
	},
};

static const char *const notes[] = {"started by main.main at main.go:31"};

static const struct hms_verdict race = {
	.title = "CONCURRENT MAP WRITES",
	.owner = "main.shared.items",
	.type = "map[string]<T>",
	.map = 0xc000088090,
	.parties = parties,
	.nparties = 2,
	.notes = notes,
	.nnotes = 1,
};

static char *draw(struct hms_renderer *(*create)(const struct hms_render_options *options),
		  const struct hms_verdict *verdict)
{
	struct hms_render_options options = {.color = HMS_COLOR_NEVER};
	struct hms_doc doc = {.command = "report", .core = {.program = "app", .pid = -1}};
	struct hms_renderer *r;
	char *text;
	size_t len;

	options.out = open_memstream(&text, &len);
	r = create(&options);
	r->ops->begin(r, &doc);
	r->ops->verdict(r, verdict);
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

static void test_text(void **state)
{
	HMS_AUTO_FREE char *text = draw(hms_text_renderer_create, &race);

	(void)state;
	assert_holds(text,
		     "\nCONCURRENT MAP WRITES  main.shared.items  map[string]<T>  0xc000088090\n"
		     "  goroutine 20  running         died here    main.(*Cache).Update  "
		     "<app>/race.go:19  inserting\n"
		     "  goroutine 18  status unknown  was writing  runtime.mapassign     "
		     "                  old bucket 3\\x1b of 8\n"
		     "  started by main.main at main.go:31\n");
}

static void test_unknown(void **state)
{
	struct hms_verdict verdict = race;
	HMS_AUTO_FREE char *text = NULL;

	(void)state;
	verdict.owner = verdict.type = NULL;
	verdict.map = 0;
	verdict.nparties = 1;
	verdict.more = 3;
	text = draw(hms_text_renderer_create, &verdict);
	assert_holds(text,
		     "CONCURRENT MAP WRITES  map unknown: the function's arguments are gone\n");
	assert_holds(text, "  and 3 more goroutines\n");
}

static void test_html(void **state)
{
	HMS_AUTO_FREE char *text = draw(hms_html_renderer_create, &race);

	(void)state;
	assert_holds(text, "<section class=verdict><h2 class=bad>CONCURRENT MAP WRITES</h2>");
	assert_holds(text, "<b>main.shared.items</b> map[string]&lt;T&gt; 0xc000088090");
	assert_holds(text, "<td>goroutine 20</td><td>running</td><td class=bad>died here</td>"
			   "<td class=code>main.(*Cache).Update</td><td class=code>"
			   "&lt;app&gt;/race.go:19</td><td>inserting</td>");
	assert_holds(text, "<p>started by main.main at main.go:31</p>");
	assert_null(strchr(text, 0x1b));
}

static void test_json(void **state)
{
	HMS_AUTO_FREE char *text = draw(hms_json_renderer_create, &race);

	(void)state;
	assert_null(strstr(text, "CONCURRENT"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
