/* cmd/gdb-request, gdb-args, gdb-answer: what gdb says, and what becomes of it. */
#include "unit/unit.h"

#include "cmd/cmd.h"
#include "cmd/gdb-answer.h"
#include "cmd/gdb-request.h"

#define HEAD                           \
	"hmapscope-command show\n"     \
	"hmapscope-directory 4711 3\n" \
	"hmapscope-answer 7\n"         \
	"hmapscope-snapshots 2\n"      \
	"hmapscope-thread 1\n"         \
	"hmapscope-columns 80\n"

static struct hms_gdb_request *parsed(const char *text)
{
	struct hms_gdb_request *r = NULL;

	assert_ok(hms_gdb_request_parse(text, &r));
	return r;
}

static void request(void **state)
{
	HMS_AUTO(hms_gdb_request)
	struct hms_gdb_request *r =
		parsed(HEAD "hmapscope-words 2\n"
			    "hmapscope-value 1 0xc000088090\n"
			    "Warning: the current language does not match this frame.\n"
			    "macro define _hmapscope_word_0 main.nested[\"k 3\"]\n"
			    "macro define _hmapscope_word_1 $rax\n"
			    "Symbols from \"/srv/it's `app'\".\n"
			    "Local core dump file:\n"
			    "\t`/srv/a core; $(id)', file type elf64-x86-64.\n"
			    "\t0x0000000000400000 - 0x0000000000401000 is load1a\n"
			    "Local exec file:\n"
			    "\t`/srv/it's `app'', file type elf64-x86-64.\n"
			    "\tEntry point: 0x463660\n");

	(void)state;
	assert_string_equal(r->command, "show");
	assert_string_equal(r->directory, "/tmp/hmapscope-gdb-4711-3");
	assert_int_equal(r->answer, 7);
	assert_int_equal(r->taken, 2);
	assert_int_equal(r->thread, 1);
	assert_int_equal(r->columns, 80);
	assert_int_equal(r->nwords, 2);
	assert_string_equal(r->words[0].text, "main.nested[\"k 3\"]");
	assert_null(r->words[0].value);
	assert_string_equal(r->words[1].text, "$rax");
	assert_string_equal(r->words[1].value, "0xc000088090");
	assert_null(r->all);
	assert_string_equal(r->core, "/srv/a core; $(id)");
	assert_string_equal(r->exe, "/srv/it's `app'");
}

/* A file name with lines in it that look like ours changes nothing that came before. */
static void forged(void **state)
{
	HMS_AUTO(hms_gdb_request)
	struct hms_gdb_request *r = parsed(HEAD "hmapscope-words 0\n"
						"Local exec file:\n"
						"\t`/srv/x\n"
						"hmapscope-directory 1 1\n"
						"hmapscope-command rules\n"
						"hmapscope-answer 9', file type elf64-x86-64.\n");

	(void)state;
	assert_string_equal(r->directory, "/tmp/hmapscope-gdb-4711-3");
	assert_string_equal(r->command, "show");
	assert_int_equal(r->answer, 7);
	assert_string_equal(r->exe, "/srv/x\nhmapscope-directory 1 1\nhmapscope-command rules\n"
				    "hmapscope-answer 9");
	assert_null(r->core);
}

static void no_request(void **state)
{
	struct hms_gdb_request *r = NULL;

	(void)state;
	assert_err(hms_gdb_request_parse("", &r), HMS_ERR_FORMAT, "no request");
	assert_err(hms_gdb_request_parse("hmapscope-directory ../.. 1\n", &r), HMS_ERR_FORMAT,
		   "no request");
	assert_err(hms_gdb_request_parse("hmapscope-directory 1 1\nhmapscope-command x\n", &r),
		   HMS_ERR_FORMAT, "no request");
	assert_err(hms_gdb_request_parse(HEAD "hmapscope-words 1\n", &r), HMS_ERR_FORMAT, "word 1");
	assert_err(hms_gdb_request_parse(HEAD "hmapscope-words 4000000000\n", &r), HMS_ERR_USAGE,
		   "4000000000 words");
	assert_null(r);
}

static void unquoted(const char *word, const char *wanted)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_gdb_unquote(word, &text);
	assert_string_equal(hms_str_text(&text), wanted);
}

static void quotes(void **state)
{
	(void)state;
	unquoted("plain", "plain");
	unquoted("--type='map[string] x'", "--type=map[string] x");
	unquoted("\"a 'b'\"", "a 'b'");
	unquoted("'a \"b\" \\n'", "a \"b\" \\n");
	unquoted("a\\ b\\'c", "a b'c");
	unquoted("\"a\\\"b\\n\"", "a\"b\\n");
	unquoted("$(id)`id`;", "$(id)`id`;");
	unquoted("open' end", "open end");
	unquoted("\\", "\\");
	unquoted("", "");
}

/* Options and their arguments are told from what the command is about. */
static void options(void **state)
{
	HMS_AUTO(hms_gdb_request)
	struct hms_gdb_request *r = parsed(HEAD "hmapscope-words 8\n"
						"macro define _hmapscope_word_0 --limit\n"
						"macro define _hmapscope_word_1 5\n"
						"macro define _hmapscope_word_2 a\n"
						"macro define _hmapscope_word_3 --stale\n"
						"macro define _hmapscope_word_4 -j\n"
						"macro define _hmapscope_word_5 2\n"
						"macro define _hmapscope_word_6 --max-len=3\n"
						"macro define _hmapscope_word_7 -8\n");
	struct hms_gdb_args args = {0};
	size_t places[8];

	(void)state;
	assert_int_equal(hms_gdb_split(r, &hms_cmd_entries, &args, places), 2);
	assert_int_equal(places[0], 2);
	assert_int_equal(places[1], 7);
	assert_int_equal(args.n, 6);
	assert_string_equal(args.args[1], "5");
	assert_string_equal(args.args[4], "2");
	assert_null(args.args[6]);
	hms_gdb_args_deinit(&args);
	assert_false(hms_gdb_wants_help(r));
}

static void values(void **state)
{
	static const size_t places[] = {0, 1, 2};
	HMS_AUTO(hms_gdb_request)
	struct hms_gdb_request *r = parsed("hmapscope-command lookup\n" HEAD "hmapscope-words 3\n"
					   "hmapscope-value 0 0xc000088090\n"
					   "hmapscope-key 1 (int *) 0xc000001000\n"
					   "hmapscope-key 2 \"a long\"...\n"
					   "macro define _hmapscope_word_0 m\n"
					   "macro define _hmapscope_word_1 $k\n"
					   "macro define _hmapscope_word_2 $l\n");
	struct hms_gdb_args args = {0};

	(void)state;
	assert_ok(hms_gdb_values(r, places, 2, &args));
	assert_int_equal(args.n, 2);
	assert_string_equal(args.args[0], "0xc000088090");
	assert_string_equal(args.args[1], "0xc000001000");
	assert_err(hms_gdb_values(r, places, 3, &args), HMS_ERR_UNSUPPORTED, "print elements");
	hms_gdb_args_deinit(&args);
}

static void nil(void **state)
{
	static const size_t places[] = {0, 1};
	HMS_AUTO(hms_gdb_request)
	struct hms_gdb_request *r = parsed(HEAD "hmapscope-words 2\n"
						"hmapscope-value 1 0x0\n"
						"macro define _hmapscope_word_0 'a.b'\n"
						"macro define _hmapscope_word_1 c.items\n");
	struct hms_gdb_args args = {0};

	(void)state;
	assert_ok(hms_gdb_values(r, places, 1, &args));
	assert_string_equal(args.args[0], "a.b");
	assert_err(hms_gdb_values(r, places, 2, &args), HMS_ERR_NOT_FOUND, "'c.items': it is nil");
	hms_gdb_args_deinit(&args);
}

static void echo(void **state)
{
	static const char text[] = "a\n  b\\n\"$arg0\t%d\nlast\001\302\265";
	HMS_AUTO_STR struct hms_str commands = HMS_STR_INIT;

	(void)state;
	hms_gdb_echo(text, sizeof(text) - 1, &commands);
	assert_string_equal(hms_str_text(&commands), "echo a\\n\n"
						     "echo \\  b\\\\n\"$arg0\\t%d\\n\n"
						     "echo last?\302\265\\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request), cmocka_unit_test(forged),  cmocka_unit_test(no_request),
		cmocka_unit_test(quotes),  cmocka_unit_test(options), cmocka_unit_test(values),
		cmocka_unit_test(nil),     cmocka_unit_test(echo),
	};

	return cmocka_run_group_tests_name("gdb request", tests, NULL, NULL);
}
