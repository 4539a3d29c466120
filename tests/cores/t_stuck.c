/*
 * Goroutines that go round for ever in a damaged map, and those that wait for the locks that they
 * hold: what "hmapscope report" prints of them, against what the program wrote of itself
 * (corefiles/prog-stuck) and the lines of Go's own traceback.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "cores/traceback.h"
#include "util/arena.h"
#include "util/str.h"

static unsigned int differences;
static const char *owner; /* of the map in hand */

__attribute__((format(printf, 1, 2))) static void differs(const char *format, ...)
{
	va_list args;

	printf("# %s: ", owner);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	differences++;
}

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "(none)";
}

/* ---- what is printed ---------------------------------------------------------------------- */

/* All that "hmapscope report OPTION" prints; NULL where it does not end as one with findings. */
static char *report(const struct bundled *core, const char *option)
{
	const char *tool = getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
	HMS_AUTO_FREE char *line = hms_xprintf("'%s' report %s --color never '%s' '%s'", tool,
					       option, core->exe, core->core);
	HMS_AUTO_STR struct hms_str out = HMS_STR_INIT;
	FILE *pipe = popen(line, "r");
	char buf[4096];
	size_t n;

	owner = "report";
	if (!pipe)
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), pipe)) > 0)
		hms_str_addn(&out, buf, n);
	if (pclose(pipe) != 1 << 8)
		differs("the exit status is not 1");
	return hms_str_steal(&out);
}

/* The block that begins with @title, up to an empty line; NULL: there is none. */
static char *block(const char *out, const char *title)
{
	const char *at = strstr(out, title), *end = at ? strstr(at, "\n\n") : NULL;

	return at ? hms_xprintf("%.*s", end ? (int)(end - at) : (int)strlen(at), at) : NULL;
}

static size_t count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)) != NULL; s += strlen(what))
		n++;
	return n;
}

/* ---- who spins ----------------------------------------------------------------------------- */

/* The innermost frame of the program's own, where the goroutine's stack was printed. */
static const struct tb_frame *own_frame(const struct traceback *tb, uint64_t id)
{
	for (size_t i = 0; i < tb->n; i++)
		for (size_t k = 0; tb->list[i].id == id && k < tb->list[i].nframes; k++)
			if (strncmp(tb->list[i].frames[k].function, "main.", 5) == 0)
				return &tb->list[i].frames[k];
	return NULL;
}

static uint64_t id_of(const json_t *actor)
{
	return (uint64_t)json_integer_value(json_object_get(actor, "id"));
}

/* "  goroutine 16  running  spinning for ever  main.(*index).Lookup  app/stuck.go:21  ..." */
static void check_spinner(const char *verdict, const struct traceback *tb, const json_t *actor)
{
	const struct tb_frame *frame = own_frame(tb, id_of(actor));
	HMS_AUTO_FREE char *begin = hms_xprintf("\n  goroutine %" PRIu64 " ", id_of(actor));
	const char *at = strstr(verdict, begin);
	HMS_AUTO_FREE char *line =
		at ? hms_xprintf("%.*s", (int)strcspn(at + 1, "\n"), at + 1) : NULL;
	HMS_AUTO_FREE char *place = NULL;

	if (!frame || strcmp(frame->function, text(actor, "function")) != 0) {
		differs("the traceback does not have goroutine %" PRIu64, id_of(actor));
		return;
	}
	place = hms_xprintf("  %s  %s:%ld  ", frame->function, frame->file, frame->line);
	if (!line || !strstr(line, "  spinning for ever  ") || !strstr(line, place))
		differs("goroutine %" PRIu64 " spins in %s, the verdict says: %s", id_of(actor),
			place, line ? line : "nothing");
}

/* ---- who waits ----------------------------------------------------------------------------- */

/* Are the numbers in @list, up to @end, those of @actors? */
static bool same_ids(const char *list, const char *end, const json_t *actors)
{
	const json_t *actor;
	size_t i, n = 0;

	for (const char *p = list; p < end; n++) {
		char *next;
		uint64_t id = strtoull(p, &next, 10);
		bool found = false;

		json_array_foreach(actors, i, actor)
		{
			found |= id_of(actor) == id;
		}
		if (!found)
			return false;
		p = next + strcspn(next, "0123456789\n");
	}
	return n == json_array_size(actors);
}

/* "  3 goroutines wait for the lock at 0x51d440 that goroutine 6 holds: 100, 101, 102" */
static void check_waiters(const char *verdict, const json_t *truth)
{
	const json_t *spin = json_object_get(truth, "spin"), *wait = json_object_get(truth, "wait");
	size_t n = json_array_size(wait);
	HMS_AUTO_FREE char *begin =
		hms_xprintf("\n  %zu goroutine%s wait%s for the lock at %s that goroutine%s ", n,
			    n == 1 ? "" : "s", n == 1 ? "s" : "", text(truth, "lock"),
			    json_array_size(spin) == 1 ? "" : "s");
	const char *at = strstr(verdict, begin), *hold = at ? strstr(at + 1, " hold") : NULL;
	const char *ids = hold ? strchr(hold, ':') : NULL;

	if (count(verdict, " for the lock at ") != (n ? 1 : 0))
		differs("%zu goroutines wait for a lock: %s", n, verdict);
	if (!n)
		return;
	if (!ids || !same_ids(at + strlen(begin), hold, spin) ||
	    !same_ids(ids + 2, ids + strcspn(ids, "\n"), wait))
		differs("wrong ones wait, or hold the lock: %s", verdict);
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static void check_place(const char *out, const struct traceback *tb, const json_t *truth,
			bool classic)
{
	HMS_AUTO_FREE char *title = hms_xprintf("LOOKUP WITHOUT END  %s  ", text(truth, "owner"));
	HMS_AUTO_FREE char *verdict = block(out, title);
	const json_t *spin = json_object_get(truth, "spin"), *actor;
	size_t i;

	owner = text(truth, "owner");
	if (json_is_true(json_object_get(truth, "healthy"))) {
		if (verdict)
			differs("nobody spins in it");
		return;
	}
	if (!verdict) {
		differs("there is no verdict");
		return;
	}
	if (!strstr(verdict, text(truth, "addr")))
		differs("is not the map at %s", text(truth, "addr"));
	json_array_foreach(spin, i, actor)
	{
		check_spinner(verdict, tb, actor);
	}
	if (count(verdict, "\n  goroutine ") != json_array_size(spin))
		differs("others are in the verdict: %s", verdict);
	check_waiters(verdict, truth);
	if (!strstr(verdict, classic ? " comes back to 0x" : " has no free slot"))
		differs("the damage is not told: %s", verdict);
}

/* ---- findings ------------------------------------------------------------------------------ */

static bool is_finding_of(const json_t *finding, const json_t *truth, bool classic)
{
	const json_t *goroutine = json_object_get(finding, "goroutine"), *actor;
	bool spins = false;
	size_t i;

	json_array_foreach(json_object_get(truth, "spin"), i, actor)
	{
		spins |= id_of(actor) == (uint64_t)json_integer_value(goroutine);
	}
	return spins && strcmp(text(finding, "map"), text(truth, "addr")) == 0 &&
	       strcmp(text(finding, "severity"), "error") == 0 &&
	       strcmp(text(finding, "rule"),
		      classic ? "classic.overflow-cycle" : "swiss.full-table") == 0;
}

/* Each damaged map has a finding that names somebody who spins in it, a sound one none. */
static void check_findings(const json_t *doc, const json_t *truth, bool classic)
{
	bool healthy = json_is_true(json_object_get(truth, "healthy")), found = false;
	const json_t *finding;
	size_t i;

	owner = text(truth, "owner");
	json_array_foreach(json_object_get(doc, "findings"), i, finding)
	{
		found |= is_finding_of(finding, truth, classic);
		if (healthy && strcmp(text(finding, "map"), text(truth, "addr")) == 0)
			differs("is sound, and has the finding %s", text(finding, "rule"));
	}
	if (found == healthy)
		differs("no finding names who spins");
}

/* ---- cores --------------------------------------------------------------------------------- */

static void compare(const struct bundled *core, const json_t *truth, const struct traceback *tb)
{
	const json_t *stuck = json_object_get(truth, "stuck"), *place;
	bool classic = strcmp(text(truth, "map_kind"), "classic") == 0;
	HMS_AUTO_FREE char *out = report(core, "--width 400"), *json = report(core, "--json");
	json_t *doc = json ? json_loads(json, 0, NULL) : NULL;
	size_t i, spinning = 0;

	if (!out || !doc) {
		differs("nothing can be read");
		return;
	}
	json_array_foreach(stuck, i, place)
	{
		check_place(out, tb, place, classic);
		check_findings(doc, place, classic);
		spinning += !json_is_true(json_object_get(place, "healthy"));
	}
	owner = "report";
	if (count(out, "LOOKUP WITHOUT END") != spinning)
		differs("has verdicts on other maps");
	json_decref(doc);
}

static bool test_core(const struct bundled *core, char *what, size_t what_size)
{
	json_t *truth;
	struct traceback tb;

	if (!strstr(core->release, "-stuck")) {
		snprintf(what, what_size, "# SKIP nobody is stuck");
		return true;
	}
	truth = json_load_file(core->truth, 0, NULL);
	if (!truth || !core->traceback)
		return false;
	traceback_read(core->traceback, &tb);
	compare(core, truth, &tb);
	snprintf(what, what_size, "%zu maps", json_array_size(json_object_get(truth, "stuck")));
	traceback_free(&tb);
	json_decref(truth);
	return !differences;
}

int main(void)
{
	/* The others have none that spin. */
	setenv("HMS_CORES", "*-stuck/*", 0);
	return bundled_run(test_core);
}
