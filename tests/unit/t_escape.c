/* Escaping: what a terminal, a Go literal and a JSON string must and must not hold. */
#include "unit/unit.h"

#include <locale.h>
#include <stdlib.h>

#include "util/escape.h"

typedef void escape_fn(struct hms_str *ret, const char *s, size_t len);

static void expect(escape_fn *escape, const char *in, size_t len, const char *out)
{
	struct hms_str s = HMS_STR_INIT;

	escape(&s, in, len);
	assert_string_equal(hms_str_text(&s), out);
	hms_str_deinit(&s);
}

#define EXPECT(escape, in, out) expect(escape, in, sizeof(in) - 1, out)

static void text_keeps_what_prints(void **state)
{
	(void)state;
	EXPECT(hms_escape_text, "", "");
	EXPECT(hms_escape_text, "map[string]*main.T", "map[string]*main.T");
	EXPECT(hms_escape_text, "größe → 地図 🗺", "größe → 地図 🗺");
	/* A path that holds a quoted key is printed as it is typed. */
	EXPECT(hms_escape_text, "main.m[\"a\\\"b\"]", "main.m[\"a\\\"b\"]");
}

static void text_shows_control_characters(void **state)
{
	(void)state;
	EXPECT(hms_escape_text, "\033]0;owned\007\033[2J", "\\x1b]0;owned\\a\\x1b[2J");
	EXPECT(hms_escape_text, "a\0b\r\n\t\v\f\b\x7f", "a\\x00b\\r\\n\\t\\v\\f\\b\\x7f");
	/* C1: U+009B alone begins a control sequence */
	EXPECT(hms_escape_text,
	       "\xc2\x9b"
	       "31m",
	       "\\u009b31m");
}

static void text_shows_the_invisible(void **state)
{
	(void)state;
	EXPECT(hms_escape_text, "\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066");
	EXPECT(hms_escape_text, "a\u200bb\u00a0c\u2028d\ufeff", "a\\u200bb\\u00a0c\\u2028d\\ufeff");
	EXPECT(hms_escape_text, "\U000e0041\U000f0000", "\\U000e0041\\U000f0000");
	/* Neighbours of what is escaped print: */
	EXPECT(hms_escape_text, "\u00a1\u2010\u2030\u0606", "\u00a1\u2010\u2030\u0606");
}

static void text_shows_bytes_that_are_no_utf8(void **state)
{
	(void)state;
	EXPECT(hms_escape_text, "\xff\xfe", "\\xff\\xfe");
	EXPECT(hms_escape_text, "\xc0\x80", "\\xc0\\x80");                     /* overlong NUL */
	EXPECT(hms_escape_text, "\xe0\x80\x9b", "\\xe0\\x80\\x9b");            /* overlong C1 */
	EXPECT(hms_escape_text, "\xed\xa0\x80", "\\xed\\xa0\\x80");            /* surrogate */
	EXPECT(hms_escape_text, "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");   /* > U+10FFFF */
	EXPECT(hms_escape_text, "\xe2\x82", "\\xe2\\x82");                     /* cut */
	EXPECT(hms_escape_text, "\xe2\x82z\xe2\x82\xac", "\\xe2\\x82z\u20ac"); /* cut, then sound */
}

static void ascii_keeps_ascii_only(void **state)
{
	(void)state;
	EXPECT(hms_escape_ascii, "größe \"x\" 🗺\033",
	       "gr\\u00f6\\u00dfe \"x\" \\U0001f5fa\\x1b");
}

static void go_makes_literals(void **state)
{
	(void)state;
	EXPECT(hms_escape_go, "a\"b\\c\n\0\xff\u202eö\U000e0041",
	       "\"a\\\"b\\\\c\\n\\x00\\xff\\u202eö\\U000e0041\"");
}

static void json_escapes(void **state)
{
	(void)state;
	EXPECT(hms_escape_json, "a\"b\\c/\n\0\a\v\x7fö",
	       "a\\\"b\\\\c/\\n\\u0000\\u0007\\u000b\\u007fö");
	/* An invisible character outside the first plane is a pair of surrogates: U+E0041. */
	EXPECT(hms_escape_json, "\U000e0041\u202e", "\\udb40\\udc41\\u202e");
	EXPECT(hms_escape_json, "a\xff\xe2\x82z", "a\ufffd\ufffd\ufffdz");
}

static void html_escapes(void **state)
{
	(void)state;
	EXPECT(hms_escape_html, "<a href='x' b=\"&amp;\">größe\\\0\u202e\xff\n",
	       "&lt;a href=&#39;x&#39; b=&quot;&amp;amp;&quot;&gt;größe\\\\x00\\u202e\\xff\\n");
}

static void valid_utf8_is_told(void **state)
{
	(void)state;
	assert_true(hms_utf8_valid("", 0));
	assert_true(hms_utf8_valid("a\0\u00e4\U0010ffff", 8));
	assert_false(hms_utf8_valid("\xc3", 1));
	assert_false(hms_utf8_valid("\xed\xbf\xbf", 3));
	assert_false(hms_utf8_valid("ab\x80", 3));
}

static void width_counts_columns(void **state)
{
	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(hms_utf8_width("abc", 3), 3);
	assert_int_equal(hms_utf8_width("größe", 7), 5);
	assert_int_equal(hms_utf8_width("地図", 6), 4);
	assert_int_equal(hms_utf8_width("e\u0301", 3), 1); /* combining */
	setlocale(LC_CTYPE, "C");
}

/* Whatever the bytes: nothing but printable characters comes out, and JSON stays valid UTF-8. */
static void random_bytes_are_harmless(void **state)
{
	struct hms_str out = HMS_STR_INIT;
	char in[64];

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)rand() % sizeof(in);

		for (size_t i = 0; i < len; i++)
			in[i] = (char)(rand() % 3 ? rand() : 0xc0 + rand() % 64);
		hms_str_clear(&out);
		hms_escape_text(&out, in, len);
		hms_escape_json(&out, in, len);
		assert_true(hms_utf8_valid(hms_str_text(&out), out.len));
		for (size_t i = 0; i < out.len; i++)
			assert_true((unsigned char)out.s[i] >= 0x20 && out.s[i] != 0x7f);
		hms_str_clear(&out);
		hms_escape_ascii(&out, in, len);
		for (size_t i = 0; i < out.len; i++)
			assert_in_range(out.s[i], 0x20, 0x7e);
	}
	hms_str_deinit(&out);
}

static void a_megabyte_is_linear(void **state)
{
	size_t len = 1 << 20;
	char *in = malloc(len);
	struct hms_str out = HMS_STR_INIT;

	(void)state;
	memset(in, 0x1b, len);
	hms_escape_text(&out, in, len);
	assert_int_equal(out.len, 4 * len);
	hms_str_deinit(&out);
	free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_keeps_what_prints),
		cmocka_unit_test(text_shows_control_characters),
		cmocka_unit_test(text_shows_the_invisible),
		cmocka_unit_test(text_shows_bytes_that_are_no_utf8),
		cmocka_unit_test(ascii_keeps_ascii_only),
		cmocka_unit_test(go_makes_literals),
		cmocka_unit_test(json_escapes),
		cmocka_unit_test(html_escapes),
		cmocka_unit_test(valid_utf8_is_told),
		cmocka_unit_test(width_counts_columns),
		cmocka_unit_test(random_bytes_are_harmless),
		cmocka_unit_test(a_megabyte_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
