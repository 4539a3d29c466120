/* The HTML renderer: one page that stands alone, whatever the names in it. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/sample.h"
#include "report/columns.h"

static char *draw(void (*emit)(struct hms_renderer *r, const struct hms_doc *doc),
		  const struct hms_doc *doc)
{
	struct hms_render_options options = {.width = 0};
	struct hms_renderer *r;
	char *text = NULL;
	size_t len;

	options.out = open_memstream(&text, &len);
	r = hms_html_renderer_create(&options);
	emit(r, doc);
	hms_renderer_destroy(r);
	fclose(options.out);
	return text;
}

static void holds(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no \"%s\" in:\n%s", wanted, text);
}

/* ---- well-formed ---- */

static bool stands_alone(const char *name)
{
	return strcmp(name, "meta") == 0 || strcmp(name, "!DOCTYPE") == 0;
}

/* Each element that begins ends, in its turn, and nothing but known elements is there. */
static void assert_balanced(const char *text)
{
	static const char known[] = " html title style main h1 h2 small p div span b table thead "
				    "tbody tr th td details "
				    "summary svg rect path progress i meta !DOCTYPE ";
	char stack[64][16], name[16], spaced[20];
	size_t depth = 0;

	while ((text = strchr(text, '<'))) {
		bool ends = text[1] == '/';
		size_t len = strcspn(text + 1 + ends, " />\n");
		const char *close = strchr(text, '>');

		assert_true(len > 0 && len < sizeof(name) && close);
		memcpy(name, text + 1 + ends, len);
		name[len] = '\0';
		snprintf(spaced, sizeof(spaced), " %s ", name);
		if (!strstr(known, spaced))
			fail_msg("an element <%s>", name);
		if (ends) {
			assert_true(depth > 0);
			assert_string_equal(name, stack[--depth]);
		} else if (close[-1] != '/' && !stands_alone(name)) {
			assert_true(depth < 64);
			memcpy(stack[depth++], name, len + 1);
		}
		text = close;
	}
	assert_int_equal(depth, 0);
}

static void the_page_is_whole(void **state)
{
	struct hms_doc doc = sample_doc("report");
	char *text = draw(sample_emit, &doc);

	(void)state;
	assert_balanced(text);
	assert_ptr_equal(strstr(text, "<!DOCTYPE html>\n"), text);
	holds(text, "<title>race - hmapscope report</title>");
	holds(text, "<b>4,311</b><span>entries</span>");
	holds(text, "<td class=n>73.8K</td>");
	holds(text, "<td class=code>map[string]int</td>");
	holds(text,
	      "<td class=code>0xc000999000<div class=note>its header is not in the core</div>");
	holds(text, "<tr class=odd><th scope=row>flags</th><td class=code>hashWriting</td>");
	holds(text, "<progress max=64 value=31></progress>");
	holds(text, "<summary>old buckets<span>64</span></summary>");
	holds(text, "<tr class=error><td class=severity>error</td>");
	holds(text, " at <span class=code>0xc0000f1930</span>");
	free(text);
}

static void nothing_is_loaded(void **state)
{
	struct hms_doc doc = sample_doc("report");
	char *text = draw(sample_emit, &doc);

	(void)state;
	holds(text, "content=\"default-src 'none'; style-src 'unsafe-inline'\"");
	assert_null(strstr(text, "src="));
	assert_null(strstr(text, "href"));
	assert_null(strstr(text, "url("));
	assert_null(strstr(text, "<script"));
	free(text);
}

/* ---- hostile text ---- */

#define HOSTILE "</td><script>alert('x')</script>&amp;\"\033[2J\u202e\xff"
#define ESCAPED                                                                     \
	"&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;&quot;" \
	"\\x1b[2J\\u202e\\xff"

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
	const struct hms_map_cell cell = {.live = UINT64_MAX, .slots = 1, .overflow = 1};
	const struct hms_picture picture = {HOSTILE, HOSTILE, 1, 1, &cell, 1, false};
	const struct hms_column *columns[] = {hms_column_find("type"), hms_column_find("owner")};

	map.type = &type;
	map.damaged = true;
	row.note = HOSTILE;
	r->ops->begin(r, doc);
	r->ops->section(r, HOSTILE);
	r->ops->line(r, HOSTILE);
	r->ops->map(r, &row);
	r->ops->field(r, &field);
	r->ops->maps_begin(r, columns, 2);
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
	size_t n = 0;
	char *text;

	(void)state;
	doc.core.program = doc.core.go_version = doc.core.arch = doc.core.signal = HOSTILE;
	doc.core.path = doc.core.exe = HOSTILE;
	doc.limits = limits;
	doc.nlimits = 1;
	text = draw(emit_hostile, &doc);
	assert_balanced(text);
	assert_null(strstr(text, "<script"));
	for (const char *at = text; (at = strstr(at, ESCAPED)); at++)
		n++;
	/* title, h1, limit, 5 facts; section, line; 3 of the map's title; 4 of the field; 3 of the
	 * row; 2 each of progress and histogram and the bar; 2 of the picture; 5 of the finding */
	assert_int_equal(n, 8 + 2 + 3 + 4 + 3 + 2 + 3 + 2 + 5);
	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
	free(text);
}

static void limits_stand_before_numbers(void **state)
{
	static const char *const limits[] = {"the core is cut short"};
	struct hms_doc doc = sample_doc("list");
	char *text;

	(void)state;
	doc.limits = limits;
	doc.nlimits = 1;
	text = draw(sample_emit, &doc);
	holds(text, "The answer is limited</b><p>the core is cut short</p>");
	assert_true(strstr(text, "the core is cut short") < strstr(text, "<div class=sums>"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_whole),
		cmocka_unit_test(nothing_is_loaded),
		cmocka_unit_test(hostile_text_is_escaped_everywhere),
		cmocka_unit_test(limits_stand_before_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
