/*
 * The bundled cores read as if their executables were stripped of symbols and debug information,
 * against what the programs wrote of their own maps.
 *
 * Each map with entries must be found, by its address, with the words of its header and the number
 * of its live entries.  Of types there may be none where nothing tells it, and never a wrong one.
 * Empty maps have little to be told by: those that are missed are counted.
 *
 *	t_bare                     all of corefiles/
 *	t_bare EXE CORE TRUTH      one, anywhere; HMS_VERBOSE names maps without a type, and empty
 *	                           ones that are missed
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "session/session.h"
#include "util/arena.h"

#define LOAD_FLAGS (JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

struct tally {
	const struct hms_session *session;
	const struct hms_found *found;
	const char *release;
	size_t maps;    /* of the program, that are not nil */
	size_t missing; /* not found: empty ones */
	size_t typed;
	size_t unknown;
	size_t owned;
	size_t wrong; /* differences */
};

__attribute__((format(printf, 3, 4))) static void differs(struct tally *t, const json_t *truth,
							  const char *format, ...)
{
	const char *owner = json_string_value(json_object_get(truth, "owner"));
	const char *type = json_string_value(json_object_get(truth, "type"));
	va_list args;

	t->wrong++;
	printf("# %s %s: ", owner ? owner : "(no owner)", type);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void tell(const json_t *truth, const char *what)
{
	const char *owner = json_string_value(json_object_get(truth, "owner"));

	if (getenv("HMS_VERBOSE"))
		printf("# %s %s %s\n", owner ? owner : "(no owner)",
		       json_string_value(json_object_get(truth, "type")), what);
}

static uint64_t address(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? strtoull(text, NULL, 16) : 0;
}

static void same(struct tally *t, const json_t *truth, const json_t *header, const char *key,
		 uint64_t ours)
{
	const json_t *value = json_object_get(header, key);
	uint64_t theirs =
		json_is_string(value) ? address(header, key) : (uint64_t)json_number_value(value);

	if (value && ours != theirs)
		differs(t, truth, "%s is 0x%" PRIx64 ", the program says 0x%" PRIx64, key, ours,
			theirs);
}

static void compare_header(struct tally *t, const json_t *truth, const struct hms_map *map)
{
	const json_t *h = json_object_get(truth, "header");
	const struct hms_classic *c = &map->classic;
	const struct hms_swiss *s = &map->swiss;

	if (t->session->rt->map_kind == HMS_MAP_CLASSIC) {
		same(t, truth, h, "B", c->B);
		same(t, truth, h, "noverflow", c->noverflow);
		same(t, truth, h, "hash0", c->hash0);
		same(t, truth, h, "buckets", c->buckets);
		same(t, truth, h, "oldbuckets", c->oldbuckets);
		same(t, truth, h, "nevacuate", c->nevacuate);
		same(t, truth, h, "extra", c->extra);
		return;
	}
	same(t, truth, h, "seed", s->seed);
	same(t, truth, h, "dirPtr", s->dir);
	same(t, truth, h, "dirLen", s->dir_len);
	same(t, truth, h, "globalDepth", s->global_depth);
	same(t, truth, h, "globalShift", s->global_shift);
	same(t, truth, h, "clearSeq", s->clear_seq);
}

static void compare_type(struct tally *t, const json_t *truth, const struct hms_map *map)
{
	const char *type = json_string_value(json_object_get(truth, "type"));

	if (!map->type) {
		t->unknown++;
		tell(truth, "is of unknown type");
		return;
	}
	t->typed++;
	if (strcmp(map->type->name, type) != 0)
		differs(t, truth, "type is %s", map->type->name);
}

static void compare_map(struct tally *t, const json_t *truth)
{
	const struct hms_map *map = hms_found_at(t->found, address(truth, "addr"));
	const json_t *count = json_object_get(truth, "count");

	t->maps++;
	if (!map) {
		t->missing++;
		tell(truth, "was not found");
		if (!json_is_number(count) || json_number_value(count) > 0)
			differs(t, truth, "was not found");
		return;
	}
	t->owned += map->owner != NULL;
	compare_type(t, truth, map);
	if (!json_is_number(count))
		return;
	if (map->count != (int64_t)json_number_value(count))
		differs(t, truth, "count is %" PRId64, map->count);
	if (map->type && map->readable)
		same(t, truth, json_object_get(truth, "walk"), "live", map->live);
	compare_header(t, truth, map);
}

static struct hms_error *compare(struct hms_session *session, const json_t *truth, struct tally *t)
{
	HMS_AUTO(hms_found) struct hms_found *found = NULL;
	const json_t *map;
	size_t i;

	HMS_TRY(hms_session_find_maps(session, &found));
	t->session = session;
	t->found = found;
	json_array_foreach(json_object_get(truth, "maps"), i, map) if (address(map, "addr"))
		compare_map(t, map);
	return NULL;
}

/* Per cent of the maps whose type must be told.  "types" has one map of each type in a variable of
 * its own, which the code uses; the other programs fill theirs through pointers to them, by types
 * that look alike (int, int64, uint64). */
static size_t least_typed(const struct bundled *core)
{
	return strcmp(core->name ? core->name : "", "types") == 0 ? 85 : 0;
}

static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	struct hms_session_options options = {
		.core = bundled->core, .exe = bundled->exe, .jobs = 1, .as_stripped = true};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	struct tally t = {.release = bundled->title};
	json_t *truth = json_load_file(bundled->truth, LOAD_FLAGS, NULL);
	struct hms_error *err = hms_session_open(&options, &session);

	if (!err && truth)
		err = compare(session, truth, &t);
	json_decref(truth);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	snprintf(
		what, what_size,
		"%zu maps: %zu typed, %zu not; %zu with an owner; %zu empty ones missed; %zu wrong",
		t.maps, t.typed, t.unknown, t.owned, t.missing, t.wrong);
	return !t.wrong && t.typed >= t.maps * least_typed(bundled) / 100;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 4) {
		struct bundled one = {
			.exe = argv[1], .core = argv[2], .truth = argv[3], .title = argv[2]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	return bundled_run(test_core);
}
