/*
 * Operations on maps in progress and the races that they make, against what Go's own traceback
 * printed of the same moment and the address that the racing program printed of its map.
 *
 *	t_operations                      all of corefiles/
 *	t_operations EXE CORE TRACEBACK TRUTH
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "cores/traceback.h"
#include "ops/race.h"
#include "ops/step.h"
#include "rt/value.h"
#include "session/session.h"
#include "util/str.h"

static unsigned int differences;

__attribute__((format(printf, 2, 3))) static void differs(uint64_t id, const char *format, ...)
{
	va_list args;

	printf("# goroutine %" PRIu64 ": ", id);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	differences++;
}

/* ---- what Go printed ---------------------------------------------------------------------- */

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* By eye, not by the table under test. */
static bool is_map_function(const char *name)
{
	static const char *const prefixes[] = {
		"runtime.mapa",
		"runtime.mapd",
		"runtime.mapi",
		"runtime.mapI",
		"runtime.mapc",
		"runtime.growWork",
		"runtime.evacuate",
		"runtime.hashGrow",
		"reflect.map",
		"internal/runtime/maps.(*Map)",
		"internal/runtime/maps.(*table)",
		"internal/runtime/maps.(*Iter)",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (begins(name, prefixes[i]))
			return true;
	return false;
}

static bool is_runtime(const char *name)
{
	return begins(name, "runtime.") || begins(name, "internal/runtime/") ||
	       begins(name, "reflect.");
}

/* The outermost map function, and who called it; false: none. */
static bool printed_operation(const struct tb_goroutine *t, const struct tb_frame **function_ret,
			      const struct tb_frame **caller_ret)
{
	size_t i = t->nframes;

	while (i && !is_map_function(t->frames[i - 1].function))
		i--;
	if (!i)
		return false;
	*function_ret = &t->frames[i - 1];
	while (i < t->nframes && is_runtime(t->frames[i].function))
		i++;
	*caller_ret = i < t->nframes ? &t->frames[i] : NULL;
	return true;
}

/* "fatal error: concurrent map writes": the words behind the colon (two threads may have begun the
 * line); NULL: it died otherwise. */
static char *printed_race(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[256], *text = NULL;

	while (f && !text && fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, "concurrent map ");

		if (at && begins(line, "fatal error: "))
			text = hms_xprintf("%.*s", (int)strcspn(at, "\n"), at);
	}
	if (f)
		fclose(f);
	return text;
}

/* The map that the program raced on: the one that it counted nothing of.  0: none. */
static uint64_t printed_map(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[4096];
	uint64_t addr = 0;

	while (f && fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, "\"addr\":\"0x");

		if (at && strstr(line, "\"count\":null"))
			addr = strtoull(at + 8, NULL, 16);
	}
	if (f)
		fclose(f);
	return addr;
}

/* ---- comparing ---------------------------------------------------------------------------- */

static bool same_name(const char *ours, const char *printed)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	hms_func_print_name(ours ? ours : "?", &name);
	return strcmp(hms_str_text(&name), printed) == 0;
}

static void compare_place(const struct tb_goroutine *t, const struct hms_operation *op,
			  const struct tb_frame *caller, uint64_t map)
{
	if (caller && (!same_name(op->caller, caller->function) ||
		       strcmp(op->caller_file ? op->caller_file : "?", caller->file) != 0 ||
		       op->caller_line != caller->line))
		differs(t->id, "called by %s %s:%ld, here %s %s:%d", caller->function, caller->file,
			caller->line, op->caller, op->caller_file, op->caller_line);
	if (map && op->map && op->map != map)
		differs(t->id, "works on 0x%" PRIx64 ", here 0x%" PRIx64, map, op->map);
}

/* The first function that is not the runtime's. */
static const struct tb_frame *printed_caller(const struct tb_goroutine *t)
{
	for (size_t i = 0; i < t->nframes; i++)
		if (!is_runtime(t->frames[i].function))
			return &t->frames[i];
	return NULL;
}

static void compare_operation(const struct tb_goroutine *t, const struct hms_operation *op,
			      uint64_t map)
{
	const struct tb_frame *function, *caller;
	bool printed = printed_operation(t, &function, &caller);

	/* What still ran while others were printed may have gone on. */
	if (!printed && (!op || op->goroutine->status == HMS_G_RUNNING))
		return;
	/* Between the map function's return and the store of the element the caller is innermost.
	 */
	if (!printed && op->returned) {
		compare_place(t, op, printed_caller(t), map);
		return;
	}
	if (!printed || !op) {
		differs(t->id, "in %s, here in %s",
			printed ? function->function : "no map function",
			op ? op->outer.function : "no map function");
		return;
	}
	if (!same_name(op->outer.function, function->function))
		differs(t->id, "in %s, here %s", function->function, op->outer.function);
	compare_place(t, op, caller, map);
	if (map && !op->map)
		differs(t->id, "works on 0x%" PRIx64 ", here on no map that is known", map);
}

/* The goroutine that is printed first is the one that died. */
static void compare_death(const struct traceback *tb, const struct hms_operations *ops,
			  const char *race)
{
	bool found = false;

	for (size_t i = 0; i < ops->n; i++) {
		const struct hms_operation *op = &ops->list[i];

		if (op->end != HMS_OP_RACED)
			continue;
		if (!race)
			differs(op->goroutine->id, "died of a race that nobody printed");
		else if (strcmp(op->end_text, race) != 0)
			differs(op->goroutine->id, "died of %s, here %s", race, op->end_text);
		found |= op->goroutine->id == tb->list[0].id;
	}
	if (race && !found)
		differs(tb->list[0].id, "died of %s, here not", race);
}

/* One race, on the map that the program raced on; none where nobody printed one.  Another can be
 * seen only on that map too. */
static void compare_races(const struct traceback *tb, const struct hms_operations *ops, bool race,
			  uint64_t map)
{
	HMS_AUTO(hms_races) struct hms_races *races = hms_races_find(ops);

	for (size_t i = 0; i < races->n; i++) {
		const struct hms_race *r = &races->list[i];

		if (!race)
			differs(r->parties[0]->goroutine->id, "races where nobody does");
		else if (r->map != map)
			differs(r->parties[0]->goroutine->id,
				"races on 0x%" PRIx64 ", here on 0x%" PRIx64, map, r->map);
	}
	if (race && races->n != 1)
		differs(tb->list[0].id, "one race, here %zu", races->n);
}

/* In the bundled cores, who dies of the flag when it is done has a slot.  Elsewhere another writer
 * may have moved the entries meanwhile. */
static bool all_have_slots;

/* The slot that a step names holds the key that it names: one is told by where the code has come
 * to, the other by what it was called with. */
static void compare_slots(const struct hms_session *s, const struct hms_operations *ops)
{
	for (size_t i = 0; i < ops->n; i++) {
		const struct hms_operation *op = &ops->list[i];
		HMS_AUTO_STR struct hms_str key = HMS_STR_INIT;
		const uint8_t *bytes;

		if (!op->step || op->op != HMS_MAP_WRITE)
			continue;
		if (!op->slot) {
			if (all_have_slots && strstr(op->step, "cleared by another write"))
				differs(op->goroutine->id, "no slot: %s", op->step);
			continue;
		}
		bytes = hms_mem_peek(s->rt->mem, op->slot->key_addr, op->type->key->size);
		if (bytes)
			hms_value_go(s->rt, op->type->key, bytes, 64, &key);
		if (!key.len || !strstr(op->step, hms_str_text(&key)))
			differs(op->goroutine->id, "%s in the slot: %s", hms_str_text(&key),
				op->step);
	}
}

static size_t compare_all(const struct hms_session *s, const char *text, const char *truth)
{
	struct hms_operations_sources sources = {s->goros, s->model, s->dwarf, NULL};
	HMS_AUTO(hms_operations) struct hms_operations *ops = hms_operations_find(&sources);
	HMS_AUTO_FREE char *race = printed_race(text);
	uint64_t map = race ? printed_map(truth) : 0;
	struct traceback tb;

	hms_operations_find_steps(ops, &sources, false);
	compare_slots(s, ops);
	traceback_read(text, &tb);
	for (size_t i = 0; i < tb.n; i++) {
		const struct hms_goroutine *g = hms_goro_find(s->goros, tb.list[i].id);

		if (g && tb.list[i].nframes)
			compare_operation(&tb.list[i], hms_operations_of_goroutine(ops, g), map);
	}
	if (tb.n) {
		compare_death(&tb, ops, race);
		compare_races(&tb, ops, race != NULL, map);
	}
	traceback_free(&tb);
	return ops->n;
}

static bool compare(const struct bundled *core, char *what_ret, size_t what_size)
{
	struct hms_session_options options = {.core = core->core, .exe = core->exe, .jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	struct hms_error *err;

	if (!core->traceback) {
		snprintf(what_ret, what_size, "# SKIP it lived on");
		return true;
	}
	err = hms_session_open(&options, &session);
	if (err) {
		printf("# %s\n", err->message);
		hms_err_free(err);
		return false;
	}
	snprintf(what_ret, what_size, "%zu operations",
		 compare_all(session, core->traceback, core->truth));
	return !differences;
}

int main(int argc, char **argv)
{
	struct bundled core = {0};
	char what[BUNDLED_WHAT] = "";
	bool ok;

	all_have_slots = argc != 5;
	if (all_have_slots)
		return bundled_run(compare);
	core.exe = argv[1];
	core.core = argv[2];
	core.traceback = argv[3];
	core.truth = argv[4];
	ok = compare(&core, what, sizeof(what));
	printf("%s %s: %s\n", ok ? "ok" : "not ok", argv[2], what);
	return !ok;
}
