/*
 * The variables of each frame, as "hmapscope goroutines --vars --json" tells them, against what
 * the program wrote of its own before it died: type, address, value (case "locals").
 *
 *	t_locals                        all of corefiles/
 *	t_locals EXE CORE TRUTH NOOPT   one, anywhere; NOOPT is 1 where it was not optimised
 *
 * What the stack map calls alive must agree, and so must what it does not speak of (numbers).  An
 * optimised program may have dropped the rest; one that is not optimised has all.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "lib/schema.h"
#include "util/arena.h"

#define LEAST_ALIVE 10 /* of the variables that the program tells of, in any build */

static unsigned int differences;

__attribute__((format(printf, 2, 3))) static void differs(const json_t *truth, const char *format,
							  ...)
{
	va_list args;

	differences++;
	printf("# %s %s: ", json_string_value(json_object_get(truth, "function")),
	       json_string_value(json_object_get(truth, "name")));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* ---- finding a variable -------------------------------------------------------------------- */

static const json_t *goroutine(const json_t *doc, double id)
{
	const json_t *g;
	size_t i;

	json_array_foreach(json_object_get(doc, "goroutines"), i, g)
	{
		if (json_number_value(json_object_get(g, "id")) == id)
			return g;
	}
	return NULL;
}

/* "v#2" is the second that is declared as v. */
static const json_t *by_name(const json_t *frame, const char *name)
{
	size_t len = strcspn(name, "#"), i;
	const json_t *v, *first = NULL, *last = NULL;

	json_array_foreach(json_object_get(frame, "vars"), i, v)
	{
		double line = json_number_value(json_object_get(v, "line"));

		if (strlen(text(v, "name")) != len || strncmp(text(v, "name"), name, len) != 0)
			continue;
		if (!first || line < json_number_value(json_object_get(first, "line")))
			first = v;
		if (!last || line > json_number_value(json_object_get(last, "line")))
			last = v;
	}
	return name[len] ? (last == first ? NULL : last) : first;
}

static const json_t *variable(const json_t *doc, const json_t *truth)
{
	const json_t *g, *frame;
	size_t i;

	g = goroutine(doc, json_number_value(json_object_get(truth, "goroutine")));
	json_array_foreach(json_object_get(g, "frames"), i, frame)
	{
		if (strcmp(text(frame, "function"), text(truth, "function")) == 0)
			return by_name(frame, text(truth, "name"));
	}
	return NULL;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static bool agrees(const json_t *ours, const json_t *truth)
{
	const json_t *addr = json_object_get(truth, "addr");

	return strcmp(text(ours, "type"), text(truth, "type")) == 0 &&
	       json_equal(json_object_get(ours, "value"), json_object_get(truth, "value")) &&
	       (json_is_null(addr) || json_equal(json_object_get(ours, "addr"), addr));
}

static void say_difference(const json_t *ours, const json_t *truth)
{
	HMS_AUTO_FREE char *a = json_dumps(ours, JSON_COMPACT);
	HMS_AUTO_FREE char *b = json_dumps(truth, JSON_COMPACT);

	differs(truth, "%.1000s, the program says %.1000s", a, b);
}

/* What is known of it: "live", "unknown", or why nothing is. */
static const char *compare_variable(const json_t *ours, const json_t *truth, bool noopt)
{
	const char *state = text(ours, "state");

	if (!ours || strcmp(state, "gone") == 0) {
		if (noopt)
			differs(truth, "is not there");
		return ours ? "gone" : "not described";
	}
	if (json_is_null(json_object_get(ours, "value"))) {
		/* Of a value in pieces some may be gone. */
		if (strcmp(text(ours, "place"), "pieces") != 0)
			say_difference(ours, truth);
		return "partly gone";
	}
	if (strcmp(state, "dead") == 0) {
		if (noopt)
			say_difference(ours, truth);
		return "dead";
	}
	if (!agrees(ours, truth))
		say_difference(ours, truth);
	return state;
}

static void compare(const json_t *doc, const json_t *truth, bool noopt, char *what,
		    size_t what_size)
{
	static const char *const states[] = {"live", "unknown",     "dead",
					     "gone", "partly gone", "not described"};
	size_t counts[HMS_ARRAY_LEN(states)] = {0}, i;
	const json_t *local;

	json_array_foreach(json_object_get(truth, "locals"), i, local)
	{
		const char *state = compare_variable(variable(doc, local), local, noopt);

		for (size_t k = 0; k < HMS_ARRAY_LEN(states); k++)
			counts[k] += strcmp(states[k], state) == 0;
	}
	for (size_t k = 0, len = 0; k < HMS_ARRAY_LEN(states) && len < what_size; k++)
		len += (size_t)snprintf(what + len, what_size - len, "%s%zu %s", k ? ", " : "",
					counts[k], states[k]);
	if (counts[0] < LEAST_ALIVE) {
		printf("# too few are alive to have been compared\n");
		differences++;
	}
}

/* ---- running ------------------------------------------------------------------------------- */

static char *run(const char *exe, const char *core, size_t *len_ret)
{
	const char *tool = getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
	HMS_AUTO_FREE char *command =
		hms_xprintf("'%s' goroutines --vars --json '%s' '%s'", tool, exe, core);
	struct hms_str out = HMS_STR_INIT;
	FILE *pipe = popen(command, "r");
	char buf[65536];
	size_t n;

	while (pipe && (n = fread(buf, 1, sizeof(buf), pipe)) > 0)
		hms_str_addn(&out, buf, n);
	if (!pipe || pclose(pipe) != 0) {
		printf("# the tool's exit status is not 0\n");
		differences++;
	}
	*len_ret = out.len;
	return hms_str_steal(&out);
}

static void check_schema(json_t *doc)
{
	HMS_AUTO_STR struct hms_str path = HMS_STR_INIT, why = HMS_STR_INIT;
	struct hms_error *err;
	json_t *schema;

	hms_str_addf(&path, "%s/man/hmapscope-report.schema.json",
		     getenv("HMS_SRCDIR") ? getenv("HMS_SRCDIR") : ".");
	err = schema_load(hms_str_text(&path), &schema);
	if (err || !schema_valid(schema, NULL, doc, &why)) {
		printf("# %s\n", err ? err->message : hms_str_text(&why));
		differences++;
	}
	if (!err)
		json_decref(schema);
	hms_err_free(err);
}

static bool test_core(const char *exe, const char *core, const char *truth_path, bool noopt,
		      char *what, size_t what_size)
{
	json_t *truth = json_load_file(truth_path, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	HMS_AUTO_FREE char *out = NULL;
	json_error_t error;
	json_t *doc, *strict;
	size_t len;

	differences = 0;
	out = run(exe, core, &len);
	strict = schema_parse(out, len, &error);
	doc = json_loadb(out, len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	if (!truth || !doc || !strict) {
		printf("# cannot be parsed: %s\n", truth ? error.text : truth_path);
		differences++;
	} else {
		check_schema(strict);
		compare(doc, truth, noopt, what, what_size);
	}
	json_decref(truth);
	json_decref(doc);
	json_decref(strict);
	return differences == 0;
}

static bool test_bundled(const struct bundled *core, char *what, size_t what_size)
{
	if (strcmp(core->name, "locals") != 0) {
		snprintf(what, what_size, "# SKIP it tells of no variables");
		return true;
	}
	return test_core(core->exe, core->core, core->truth, strstr(core->release, "-noopt"), what,
			 what_size);
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 5) {
		bool good =
			test_core(argv[1], argv[2], argv[3], argv[4][0] == '1', what, sizeof(what));

		printf("%s %s\n", good ? "ok" : "not ok", what);
		return !good;
	}
	/* The one case that tells of variables. */
	setenv("HMS_CORES", "*/locals", 0);
	return bundled_run(test_bundled);
}
