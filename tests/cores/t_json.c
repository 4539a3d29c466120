/*
 * The commands' JSON over each bundled core: valid by the installed schema, complete, and without
 * a finding: the programs are sound, but for those that were caught with an unlocked map, and those
 * that damage some.  What
 * "goroutines" counts is what the program says it started.  The number of threads changes nothing.
 * What "list --fold" sums up are the maps of "list", each once.
 *
 *	t_json                     all of corefiles/
 *	t_json EXE CORE TRUTH      one, anywhere
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cores/bundled.h"
#include "lib/schema.h"
#include "util/arena.h"

static unsigned int differences;

#define DIFFERS(...)                              \
	do {                                      \
		if (differences++ < 20) {         \
			printf("# " __VA_ARGS__); \
			putchar('\n');            \
		}                                 \
	} while (0)

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* ---- running ------------------------------------------------------------------------------ */

static json_t *schema_open(void)
{
	const char *src = getenv("HMS_SRCDIR") ? getenv("HMS_SRCDIR") : ".";
	HMS_AUTO_FREE char *path = hms_xprintf("%s/man/hmapscope-report.schema.json", src);
	json_t *schema = NULL;
	struct hms_error *err = schema_load(path, &schema);

	if (err)
		DIFFERS("%s", err->message);
	hms_err_free(err);
	return schema;
}

static char *output_of(const char *command, size_t *len_ret, int *status_ret)
{
	FILE *pipe = popen(command, "r");
	struct hms_str out = HMS_STR_INIT;
	char part[65536];
	size_t n;

	while (pipe && (n = fread(part, 1, sizeof(part), pipe)) > 0)
		hms_str_addn(&out, part, n);
	*status_ret = pipe ? pclose(pipe) : -1;
	*len_ret = out.len;
	return hms_str_steal(&out);
}

/* What @command writes of the core, by the schema; NULL: nothing that can be parsed. */
static json_t *document(const struct bundled *core, const char *command, json_t *schema,
			int *status_ret)
{
	const char *tool = getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
	HMS_AUTO_FREE char *line =
		hms_xprintf("'%s' %s --json '%s' '%s'", tool, command, core->exe, core->core);
	HMS_AUTO_STR struct hms_str why = HMS_STR_INIT;
	HMS_AUTO_FREE char *out = NULL;
	json_error_t error;
	json_t *doc;
	size_t len;

	out = output_of(line, &len, status_ret);
	*status_ret = WIFEXITED(*status_ret) ? WEXITSTATUS(*status_ret) : -1;
	doc = schema_parse(out, len, &error);
	if (!doc)
		DIFFERS("%s: line %d: %s", command, error.line, error.text);
	else if (!schema_valid(schema, NULL, doc, &why))
		DIFFERS("%s: %s", command, hms_str_text(&why));
	return doc;
}

/* ---- findings ----------------------------------------------------------------------------- */

/* A program that races is told so of the one map that it has raced for, and nothing else.  Which
 * one it is may be unknown: nothing of a reader's arguments need be left where it died. */
static bool is_of_the_race(const json_t *finding, const char *raced)
{
	return raced && strncmp(text(finding, "rule"), "map.concurrent-", 15) == 0 &&
	       (json_is_null(json_object_get(finding, "map")) ||
		strcmp(text(finding, "map"), raced) == 0);
}

/* A program that damages maps names those that it leaves alone. */
static bool is_damaged(const json_t *finding, const json_t *truth)
{
	const json_t *place;
	size_t i;

	json_array_foreach(json_object_get(truth, "stuck"), i, place)
	{
		if (strcmp(text(place, "addr"), text(finding, "map")) == 0)
			return !json_is_true(json_object_get(place, "healthy"));
	}
	return false;
}

/* @raced: address of the map that was raced for; NULL: none. */
/* @whole: the answer is, as it is where all types are known. */
static void check_findings(const char *command, const json_t *doc, int status, bool whole,
			   const json_t *truth, const char *raced)
{
	const json_t *summary = json_object_get(doc, "summary"), *finding;
	bool found = false, lists = strcmp(command, "list") == 0;
	size_t i;

	json_array_foreach(json_object_get(doc, "findings"), i, finding)
	{
		if (strcmp(text(finding, "severity"), "info") == 0)
			continue;
		found = true;
		if (!is_of_the_race(finding, raced) && !is_damaged(finding, truth))
			DIFFERS("%s: %s: %s", command, text(finding, "rule"),
				text(finding, "message"));
	}
	if (!lists && raced && !found)
		DIFFERS("%s: the race is not found", command);
	if (status != (!whole ? 2 : found && !lists))
		DIFFERS("%s: exit status %d", command, status);
	if (json_is_true(json_object_get(summary, "complete")) != whole)
		DIFFERS("%s: is %scomplete", command, whole ? "not " : "");
}

/* ---- goroutines --------------------------------------------------------------------------- */

static bool stands_in(const json_t *goroutine, const char *function)
{
	const json_t *frame;
	size_t i;

	json_array_foreach(json_object_get(goroutine, "frames"), i, frame)
	{
		if (strcmp(text(frame, "function"), function) == 0)
			return true;
	}
	return false;
}

/* "leak": so many goroutines were started with each function. */
static void check_groups(const json_t *goroutines, const json_t *groups)
{
	const char *function;
	const json_t *wanted, *g;

	json_object_foreach((json_t *)groups, function, wanted)
	{
		double n = 0;
		size_t i;

		json_array_foreach(goroutines, i, g) n += stands_in(g, function);
		if (n != json_number_value(wanted))
			DIFFERS("%.0f goroutines in %s, the program started %.0f", n, function,
				json_number_value(wanted));
	}
}

/* "parked", "deep", "spin": each that was started is there, and is not the runtime's own. */
static void check_started(const json_t *goroutines, const json_t *started)
{
	const json_t *wanted, *g;
	size_t i, k;

	json_array_foreach(started, i, wanted)
	{
		double id = json_number_value(json_object_get(wanted, "id"));
		bool found = false;

		json_array_foreach(goroutines, k, g)
		{
			found |= json_number_value(json_object_get(g, "id")) == id &&
				 json_is_false(json_object_get(g, "system"));
		}
		if (!found)
			DIFFERS("goroutine %.0f (%s) is not told of", id, text(wanted, "what"));
	}
}

static size_t check_goroutines(const json_t *doc, const json_t *truth)
{
	const json_t *goroutines = json_object_get(doc, "goroutines");
	size_t n = json_array_size(goroutines);

	if ((double)n !=
	    json_number_value(json_object_get(json_object_get(doc, "core"), "goroutines")))
		DIFFERS("there are %zu goroutines, not what the core's summary says", n);
	check_groups(goroutines, json_object_get(truth, "groups"));
	check_started(goroutines, json_object_get(truth, "goroutines"));
	return n;
}

/* ---- threads ------------------------------------------------------------------------------ */

/* What is written does not depend on how many threads look. */
/* ---- maps that are told as one ------------------------------------------------------------- */

/* Is @owner what @pattern says, with anything for each "…"?  NULL is NULL's. */
static bool fits(const char *pattern, const char *owner)
{
	static const char gap[] = "\xe2\x80\xa6";
	const char *next;
	size_t n;

	if (!pattern || !owner)
		return pattern == owner;
	next = strstr(pattern, gap);
	n = next ? (size_t)(next - pattern) : strlen(pattern);
	if (strncmp(pattern, owner, n) != 0)
		return false;
	if (!next)
		return !owner[n];
	for (const char *at = owner + n; *at; at++)
		if (fits(next + sizeof(gap) - 1, at))
			return true;
	return false;
}

static bool has_address(const json_t *maps, const char *addr)
{
	const json_t *map;
	size_t i;

	json_array_foreach(maps, i, map) if (strcmp(text(map, "addr"), addr) == 0) return true;
	return false;
}

static long number(const json_t *object, const char *key)
{
	return (long)json_number_value(json_object_get(object, key));
}

/* The group's numbers against those of the maps that it must be made of. */
static void check_group(const json_t *group, const json_t *all, const json_t *singles)
{
	const char *owner = json_string_value(json_object_get(group, "owner"));
	long maps = 0, count = 0, bytes = 0, min = -1, max = 0;
	const json_t *map;
	size_t i;

	json_array_foreach(all, i, map)
	{
		const char *path = json_string_value(json_object_get(map, "owner"));
		long entries = number(map, "count");

		if (strcmp(text(map, "type"), text(group, "type")) != 0 || !fits(owner, path) ||
		    has_address(singles, text(map, "addr")))
			continue;
		maps++;
		count += entries;
		bytes += number(json_object_get(map, "bytes"), "total");
		min = min < 0 || entries < min ? entries : min;
		max = entries > max ? entries : max;
	}
	if (maps != number(group, "maps") || count != number(group, "count") ||
	    bytes != number(group, "bytes") || min != number(group, "count_min") ||
	    max != number(group, "count_max"))
		DIFFERS("%s: %ld maps, %ld entries, %ld bytes, %ld to %ld", owner, maps, count,
			bytes, min, max);
}

/* How many groups there are. */
static size_t check_fold(const json_t *list, const json_t *fold)
{
	const json_t *all = json_object_get(list, "maps"), *singles = json_object_get(fold, "maps");
	const json_t *groups = json_object_get(fold, "map_groups"), *group;
	size_t i, n = json_array_size(singles);

	json_array_foreach(groups, i, group)
	{
		n += (size_t)number(group, "maps");
		check_group(group, all, singles);
	}
	if (n != json_array_size(all))
		DIFFERS("%zu maps, folded %zu", json_array_size(all), n);
	return json_array_size(groups);
}

static void test_fold(const struct bundled *core, json_t *schema)
{
	json_t *list, *fold;
	int status;

	list = document(core, "list", schema, &status);
	fold = document(core, "list --fold", schema, &status);
	/* "nested" has twenty maps in one, "types" 25 in the elements of another. */
	if (list && fold && !check_fold(list, fold) &&
	    (strcmp(core->name, "nested") == 0 || strcmp(core->name, "types") == 0))
		DIFFERS("no maps are told as one");
	json_decref(list);
	json_decref(fold);
}

static void check_jobs(const struct bundled *core)
{
	const char *tool = getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
	static const int jobs[2] = {1, 5};
	char *out[2];
	size_t len[2];
	int status[2];

	for (int i = 0; i < 2; i++) {
		HMS_AUTO_FREE char *line = hms_xprintf("'%s' check --jobs=%d --json '%s' '%s'",
						       tool, jobs[i], core->exe, core->core);

		out[i] = output_of(line, &len[i], &status[i]);
	}
	if (status[0] != status[1] || len[0] != len[1] || memcmp(out[0], out[1], len[0]) != 0)
		DIFFERS("check: with five threads the output is another");
	free(out[0]);
	free(out[1]);
}

/* Of large maps the work is shared. */
static bool has_large_maps(const struct bundled *core)
{
	return strcmp(core->name, "overflow") == 0 || strcmp(core->name, "growing") == 0;
}

/* ---- cores -------------------------------------------------------------------------------- */

static const char *raced_map(const struct bundled *core, const json_t *truth)
{
	const json_t *map = json_array_get(json_object_get(truth, "maps"), 0);

	return strncmp(core->name, "race", 4) == 0 ? text(map, "addr") : NULL;
}

/* "report" has every finding; what the others add is in the cases that are about maps. */
static bool is_about_maps(const struct bundled *core)
{
	return strcmp(core->name, "types") == 0 || strcmp(core->name, "nested") == 0 ||
	       strncmp(core->name, "race", 4) == 0 || has_large_maps(core);
}

static bool test_core(const struct bundled *core, char *what, size_t what_size)
{
	static const char *const commands[] = {"report", "check", "list"};
	size_t ncommands = is_about_maps(core) ? HMS_ARRAY_LEN(commands) : 1;
	json_t *schema, *truth, *doc;
	size_t n = 0;
	int status;

	schema = schema_open();
	truth = json_load_file(core->truth, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	for (size_t i = 0; schema && i < ncommands; i++) {
		doc = document(core, commands[i], schema, &status);
		if (doc)
			check_findings(commands[i], doc, status, !core->stripped, truth,
				       raced_map(core, truth));
		json_decref(doc);
	}
	doc = schema && truth ? document(core, "goroutines", schema, &status) : NULL;
	if (doc)
		n = check_goroutines(doc, truth);
	if (has_large_maps(core))
		check_jobs(core);
	else if (schema && is_about_maps(core))
		test_fold(core, schema);
	snprintf(what, what_size, "%zu goroutines", n);
	json_decref(doc);
	json_decref(truth);
	json_decref(schema);
	return n && !differences;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 4) {
		struct bundled one = {
			.name = "", .exe = argv[1], .core = argv[2], .truth = argv[3]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s\n", good ? "ok" : "not ok", what);
		return !good;
	}
	return bundled_run(test_core);
}
