/*
 * Each bundled core's maps as "hmapscope entries --json" tells them, against what the program
 * wrote of its own maps: the same keys and elements, each as often, in any order.
 *
 *	t_entries                     all of corefiles/
 *	t_entries EXE CORE TRUTH      one, anywhere
 *
 * Both sides are compared as text, so that no digit is lost on the way: numbers must be written
 * alike, strings may be escaped in different ways.  That takes a scanner of JSON of our own;
 * what it is given is well-formed, or the test fails.
 */
#include <stdbool.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "util/arena.h"
#include "util/str.h"

static unsigned int differences;

/* ---- a scanner of JSON -------------------------------------------------------------------- */

static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* Behind the value at @p. */
static const char *skip_value(const char *p)
{
	int depth = 0;

	do {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p++;
	} while (*p && (depth || !strchr(",}] \n\t", *p)));
	return p;
}

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \n\t,");
}

/* The value of member @key of the object at @object, NULL where there is none. */
static const char *member(const char *object, const char *key)
{
	const char *p = skip_space(object + 1);

	while (*p == '"') {
		const char *name = p + 1;
		size_t len = (size_t)(skip_string(p) - p) - 2;

		p = skip_string(p) + 1;
		p += *p == ' ';
		if (strlen(key) == len && !strncmp(key, name, len))
			return p;
		p = skip_space(skip_value(p));
	}
	return NULL;
}

static bool is(const char *value, const char *text)
{
	return value && !strncmp(value, text, strlen(text));
}

static char *text_of(const char *value)
{
	size_t len = (size_t)(skip_value(value) - value);
	char *text = hms_xcalloc(len + 1, 1);

	memcpy(text, value, len);
	return text;
}

/* ---- one spelling for all strings --------------------------------------------------------- */

static void add_character(struct hms_str *ret, unsigned long c)
{
	if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
		hms_str_addf(ret, "\\u%04lx", c);
	} else if (c < 0x80) {
		hms_str_addc(ret, (char)c);
	} else if (c < 0x800) {
		hms_str_addf(ret, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		hms_str_addf(ret, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 63)),
			     (int)(0x80 | (c & 63)));
	} else {
		hms_str_addf(ret, "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 63)),
			     (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
	}
}

static unsigned long hex4(const char *p)
{
	char text[5] = {0};

	memcpy(text, p, strnlen(p, 4));
	return strtoul(text, NULL, 16);
}

/* The escape at @p, a backslash; behind it. */
static const char *add_escaped(struct hms_str *ret, const char *p)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *letter = strchr(letters, p[1]);
	unsigned long c;

	if (p[1] != 'u') {
		add_character(ret, (unsigned char)(letter ? meant[letter - letters] : p[1]));
		return p + 2;
	}
	c = hex4(p + 2);
	if (c < 0xd800 || c > 0xdbff || p[6] != '\\') {
		add_character(ret, c);
		return p + 6;
	}
	add_character(ret, 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 8) - 0xdc00));
	return p + 12;
}

/* Append the number at @p, digits as they are; but one that has a fraction or an exponent by its
 * value: the program and the tool need not turn to exponents at the same size. */
static const char *add_number(struct hms_str *ret, const char *p)
{
	size_t len = strspn(p, "+-.0123456789eE");
	char number[64];
	double d;

	if (len >= sizeof(number) || !strpbrk(p, ".eE") || strpbrk(p, ".eE") >= p + len) {
		hms_str_addn(ret, p, len);
		return p + len;
	}
	memcpy(number, p, len);
	number[len] = '\0';
	d = strtod(number, NULL);
	/* 1.0 and 1e+00 are the integer that the other side may have written. */
	hms_str_addf(ret, fabs(d) < 1e15 && trunc(d) == d ? "%.0f" : "%.17g", d);
	return p + len;
}

/* Append the value at @p in the one spelling. */
static void add_value(struct hms_str *ret, const char *p)
{
	const char *end = skip_value(p);
	bool quoted = false;

	while (p < end) {
		if (*p == '"')
			quoted = !quoted;
		if (quoted && *p == '\\') {
			p = add_escaped(ret, p);
			continue;
		}
		if (!quoted && (*p == '-' || (*p >= '0' && *p <= '9'))) {
			p = add_number(ret, p);
			continue;
		}
		if (quoted && *p == 0x7f)
			add_character(ret, 0x7f);
		else
			hms_str_addc(ret, *p);
		p++;
	}
}

/* ---- entries ------------------------------------------------------------------------------ */

struct entries {
	char **items; /* "key : element" */
	size_t n, cap;
};

static void add_entry(struct entries *list, const char *key, const char *elem)
{
	struct hms_str text = HMS_STR_INIT;

	add_value(&text, key);
	hms_str_add(&text, " : ");
	add_value(&text, elem);
	HMS_GROW(list->items, list->n, list->cap);
	list->items[list->n++] = hms_str_steal(&text);
}

static void drop(struct entries *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct entries){0};
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct entries *list)
{
	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), compare);
}

/* "entries": [[key, element], ...] */
static struct entries of_truth(const char *array)
{
	struct entries list = {0};

	for (const char *p = skip_space(array + 1); *p == '['; p = skip_space(skip_value(p))) {
		const char *key = skip_space(p + 1);

		add_entry(&list, key, skip_space(skip_value(key)));
	}
	sort(&list);
	return list;
}

static void differs(const char *map, const char *what, const char *ours, const char *theirs)
{
	if (differences++ < 10)
		printf("# %s: %s: %.300s, the program says %.300s\n", map, what, ours, theirs);
}

static void compare_entries(const char *map, struct entries *ours, const char *truth)
{
	struct entries theirs = of_truth(truth);

	sort(ours);
	for (size_t i = 0; i < ours->n && i < theirs.n; i++)
		if (strcmp(ours->items[i], theirs.items[i]) != 0) {
			differs(map, "an entry", ours->items[i], theirs.items[i]);
			break;
		}
	if (ours->n != theirs.n)
		differs(map, "entries", "not as many", "others");
	drop(&theirs);
}

/* ---- the tool's lines --------------------------------------------------------------------- */

struct run {
	FILE *pipe;
	char *line;
	size_t cap;
};

static const char *tool(void)
{
	return getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
}

static bool next_line(struct run *run)
{
	return getline(&run->line, &run->cap, run->pipe) > 0;
}

/* The next @count lines, all of one map. */
static void take(struct run *run, const char *map, unsigned long count, struct entries *ret)
{
	for (unsigned long i = 0; i < count; i++) {
		const char *key, *elem;

		if (!next_line(run)) {
			differs(map, "lines", "too few", "more");
			return;
		}
		key = member(run->line, "key");
		elem = member(run->line, "elem");
		if (!key || !elem || !is(member(run->line, "state"), "\"live\""))
			differs(map, "a line", run->line, "key, elem, state live");
		else
			add_entry(ret, key, elem);
	}
}

/* All of a command's output. */
static char *output_of(const char *command)
{
	FILE *pipe = popen(command, "r");
	struct hms_str text = HMS_STR_INIT;
	char part[4096];
	size_t n;

	while (pipe && (n = fread(part, 1, sizeof(part), pipe)) > 0)
		hms_str_addn(&text, part, n);
	if (pipe)
		pclose(pipe);
	return hms_str_steal(&text);
}

/* ---- cores -------------------------------------------------------------------------------- */

/* A map that the truth can be held against: not nil, not raced for, found by the tool with its type
 * (what is not is t_truth's to tell). */
static bool is_testable(const char *map, const char *listed)
{
	char *addr = text_of(member(map, "addr")), *wanted = hms_xprintf("\"addr\": %s", addr);
	const char *row = strstr(listed, wanted);
	bool good = strcmp(addr, "\"0x0\"") != 0 && !is(member(map, "count"), "null") && row &&
		    !is(member(row - 1, "type"), "null");

	free(wanted);
	free(addr);
	return good;
}

static unsigned int compare_map(struct run *run, const char *map)
{
	char *name = text_of(member(map, "owner"));
	unsigned long count = strtoul(member(map, "count"), NULL, 10);
	const char *truth = member(map, "entries");
	struct entries ours = {0};

	take(run, name, count, &ours);
	if (!is(truth, "null"))
		compare_entries(name, &ours, truth);
	drop(&ours);
	free(name);
	return !is(truth, "null");
}

/* Number of maps compared entry by entry, the others by their number. */
static unsigned int run_entries(const char *command, const char *const *maps, size_t n)
{
	struct run run = {.pipe = popen(command, "r")};
	unsigned int compared = 0;

	if (!run.pipe) {
		differs("core", "the tool", "cannot be run", "it can");
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		compared += compare_map(&run, maps[i]);
	if (next_line(&run))
		differs("core", "lines", run.line, "no more");
	if (pclose(run.pipe) != 0)
		differs("core", "exit status", "not 0", "complete");
	free(run.line);
	return compared;
}

/* The maps of @truth that can be tested, at most @max; their addresses are appended to @command. */
static size_t pick_maps(const char *truth, const char *listed, struct hms_str *command,
			const char **maps, size_t max)
{
	const char *p = *truth ? member(truth, "maps") : NULL, *addr;
	size_t n = 0;

	for (p = p ? skip_space(p + 1) : ""; *p == '{'; p = skip_space(skip_value(p))) {
		if (!is_testable(p, listed))
			continue;
		if (n == max) {
			differs("core", "maps", "too many", "more than this test has room for");
			break;
		}
		maps[n++] = p;
		addr = member(p, "addr");
		hms_str_addf(command, " %.*s", (int)(skip_value(addr) - addr), addr);
	}
	return n;
}

/* A core without maps, or with none that is not raced for, has nothing to compare. */
static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	HMS_AUTO_FREE char *cat = hms_xprintf("cat '%s'", bundled->truth);
	HMS_AUTO_FREE char *list =
		hms_xprintf("'%s' list --json '%s' '%s'", tool(), bundled->exe, bundled->core);
	HMS_AUTO_FREE char *truth = output_of(cat), *listed = NULL;
	HMS_AUTO_STR struct hms_str command = HMS_STR_INIT;
	const char *maps[1024];
	size_t n;

	if (*skip_space(member(truth, "maps") + 1) == ']') {
		snprintf(what, what_size, "# SKIP no maps");
		return true;
	}
	listed = output_of(list);
	hms_str_addf(&command, "'%s' entries --json '%s' '%s'", tool(), bundled->exe,
		     bundled->core);
	n = pick_maps(truth, listed, &command, maps, HMS_ARRAY_LEN(maps));
	if (n) {
		unsigned int whole = run_entries(hms_str_text(&command), maps, n);

		snprintf(what, what_size, "%u maps entry by entry, %zu by their number", whole,
			 n - whole);
	} else if (strncmp(bundled->name, "race", 4) == 0) {
		snprintf(what, what_size, "# SKIP all maps are raced for");
	} else if (bundled->damaged) {
		snprintf(what, what_size, "# SKIP the maps are damaged on purpose");
	} else {
		differs("core", "maps", "none", "some");
	}
	return !differences;
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
