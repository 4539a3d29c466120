/*
 * What is inside each bundled core's maps against what the program read there itself: every word of
 * the header, the size of a bucket or group, what old buckets hold, each Swiss table's header, and
 * the hash of each key, all 64 bits, by the runtime's own hash function.
 *
 *	t_words                     all of corefiles/
 *	t_words EXE CORE TRUTH      one, anywhere
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "map/hash.h"
#include "map/iter.h"
#include "map/tables.h"
#include "session/session.h"
#include "util/arena.h"

/* Entries hold integers above 2^63, which jansson does not read otherwise.  They are not compared
 * here; nothing else is above 2^53 and not a string. */
#define LOAD_FLAGS (JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

struct comparison {
	struct hms_session *session;
	struct hms_hasher *hasher;
	const char *owner; /* of the map in hand */
	size_t maps, tables, keys;
	size_t differences;
};

static void differs(struct comparison *c, const char *what, uint64_t ours, uint64_t truth)
{
	if (c->differences++ < 20)
		printf("# %s: %s is 0x%" PRIx64 ", the program says 0x%" PRIx64 "\n", c->owner,
		       what, ours, truth);
}

/* A number, "0x..." or true, false. */
static uint64_t value(const json_t *json)
{
	if (json_is_string(json))
		return strtoull(json_string_value(json), NULL, 16);
	return json_is_boolean(json) ? json_is_true(json) : (uint64_t)json_number_value(json);
}

static void same(struct comparison *c, const json_t *truth, const char *key, uint64_t ours)
{
	const json_t *member = json_object_get(truth, key);

	if (!member)
		differs(c, key, ours, 0);
	else if (value(member) != ours)
		differs(c, key, ours, value(member));
}

/* ---- headers ------------------------------------------------------------------------------ */

static void compare_classic(struct comparison *c, const struct hms_map *map, const json_t *header)
{
	const struct hms_classic *h = &map->classic;

	same(c, header, "count", (uint64_t)map->count);
	same(c, header, "flags", h->flags);
	same(c, header, "B", h->B);
	same(c, header, "noverflow", h->noverflow);
	same(c, header, "hash0", h->hash0);
	same(c, header, "buckets", h->buckets);
	same(c, header, "oldbuckets", h->oldbuckets);
	same(c, header, "nevacuate", h->nevacuate);
	same(c, header, "extra", h->extra);
}

static void compare_swiss(struct comparison *c, const struct hms_map *map, const json_t *header)
{
	const struct hms_swiss *h = &map->swiss;

	same(c, header, "used", (uint64_t)map->count);
	same(c, header, "seed", h->seed);
	same(c, header, "dirPtr", h->dir);
	same(c, header, "dirLen", h->dir_len);
	same(c, header, "globalDepth", h->global_depth);
	same(c, header, "globalShift", h->global_shift);
	same(c, header, "writing", h->writing);
	same(c, header, "tombstonePossible", h->tombstone_possible);
	same(c, header, "clearSeq", h->clear_seq);
}

/* ---- what was counted --------------------------------------------------------------------- */

/* Overflow buckets behind old buckets that have not been moved. */
static uint64_t old_overflow(const struct comparison *c, const struct hms_map *map)
{
	struct hms_map_stats stats = {0};
	struct hms_unit_cursor cursor;
	struct hms_unit unit;
	uint64_t n = 0;

	hms_units_init(&cursor, c->session->model, map, true, 0,
		       hms_classic_old_nbuckets(&map->classic), &stats);
	while (hms_units_next(&cursor, &unit))
		n += unit.chain && !unit.moved;
	hms_units_deinit(&cursor);
	return n;
}

static void compare_walk(struct comparison *c, const struct hms_map *map, const json_t *truth)
{
	const json_t *walk = json_object_get(truth, "walk");
	bool classic = map->type->kind == HMS_MAP_CLASSIC;
	struct hms_map_stats stats;

	hms_map_stats_of(map, &stats);
	same(c, walk, "live", stats.live);
	same(c, walk, classic ? "bucket_size" : "group_size", map->type->unit_size);
	if (!classic) {
		same(c, walk, "small", !map->swiss.dir_len);
		return;
	}
	same(c, truth, "growing", hms_classic_growing(&map->classic));
	same(c, walk, "same_size_grow", (map->classic.flags & HMS_CLASSIC_SAME_SIZE_GROW) != 0);
	same(c, walk, "old_live", stats.live_old);
	same(c, walk, "old_overflow", old_overflow(c, map));
}

struct tables {
	struct comparison *c;
	const json_t *truth;
	size_t n;
};

static void compare_table(void *arg, const struct hms_table *table)
{
	struct tables *t = arg;
	const json_t *truth = json_array_get(t->truth, t->n++);

	t->c->tables++;
	same(t->c, truth, "addr", table->addr);
	same(t->c, truth, "used", table->used);
	same(t->c, truth, "capacity", table->capacity);
	same(t->c, truth, "growth_left", table->growth_left);
	same(t->c, truth, "local_depth", table->local_depth);
	same(t->c, truth, "index", table->slot);
	same(t->c, truth, "groups", table->groups);
	if (table->index != (int64_t)table->slot)
		differs(t->c, "the index that the table has of itself", (uint64_t)table->index,
			table->slot);
	if (table->capacity != 8 * (table->mask + 1))
		differs(t->c, "lengthMask", table->mask, table->capacity / 8 - 1U);
}

static void compare_tables(struct comparison *c, const struct hms_map *map, const json_t *truth)
{
	struct tables t = {.c = c, .truth = json_object_get(truth, "tables")};

	hms_map_tables(c->session->model, map, compare_table, &t);
	if (t.n != json_array_size(t.truth))
		differs(c, "number of tables", t.n, json_array_size(t.truth));
}

/* ---- hashes ------------------------------------------------------------------------------- */

struct hashes {
	uint64_t *list;
	size_t n, cap;
};

static void add(struct hashes *hashes, uint64_t hash)
{
	HMS_GROW(hashes->list, hashes->n, hashes->cap);
	hashes->list[hashes->n++] = hash;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort(struct hashes *hashes)
{
	if (hashes->n)
		qsort(hashes->list, hashes->n, sizeof(*hashes->list), by_value);
}

/* Of all keys but those with a NaN, whose hashes are random. */
static void hash_keys(struct comparison *c, const struct hms_map *map,
		      const struct hms_hash_plan *plan, struct hashes *ret)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t seed = map->type->kind == HMS_MAP_CLASSIC ? map->classic.hash0 : map->swiss.seed;
	struct hms_map_iter it;
	struct hms_slot slot;
	uint64_t hash;

	hms_map_iter_init(&it, c->session->model, map);
	while (hms_map_iter_next(&it, &slot)) {
		if (slot.state == HMS_SLOT_LIVE &&
		    hms_hash_key(plan, &reader, seed, slot.key, &hash) == HMS_HASH_OK)
			add(ret, hash);
	}
	hms_map_iter_deinit(&it);
}

static void compare_hashes(struct comparison *c, const struct hms_map *map, const json_t *truth)
{
	HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
	struct hashes ours = {0}, theirs = {0};
	struct hms_error *err;
	const json_t *hash;
	size_t i;

	err = hms_hash_plan_open(c->hasher, c->session->rt, c->session->pclntab, map->type, &plan);
	if (err) {
		printf("# %s\n", err->message);
		hms_err_free(err);
		differs(c, "how keys are hashed", 0, 1);
		return;
	}
	hash_keys(c, map, plan, &ours);
	json_array_foreach(truth, i, hash)
	{
		if (!json_is_null(hash))
			add(&theirs, value(hash));
	}
	sort(&ours);
	sort(&theirs);
	if (ours.n != theirs.n)
		differs(c, "number of hashes", ours.n, theirs.n);
	for (i = 0; i < ours.n && i < theirs.n; i++) {
		if (ours.list[i] != theirs.list[i])
			differs(c, "a hash", ours.list[i], theirs.list[i]);
	}
	c->keys += ours.n;
	free(ours.list);
	free(theirs.list);
}

/* ---- maps --------------------------------------------------------------------------------- */

static void compare_map(struct comparison *c, const struct hms_map *map, const json_t *truth)
{
	const json_t *header = json_object_get(truth, "header");
	const json_t *hashes = json_object_get(truth, "hashes");
	bool classic = json_object_get(header, "B") != NULL;

	c->maps++;
	(classic ? compare_classic : compare_swiss)(c, map, header);
	if (!map->type)
		return; /* found by the sweep: t_truth says which may be */
	if (map->type->kind != (classic ? HMS_MAP_CLASSIC : HMS_MAP_SWISS)) {
		differs(c, "kind", map->type->kind, 0);
		return;
	}
	compare_walk(c, map, truth);
	if (!classic)
		compare_tables(c, map, truth);
	if (!json_is_null(hashes))
		compare_hashes(c, map, hashes);
}

static struct hms_error *compare_core(struct comparison *c, const json_t *truth)
{
	HMS_AUTO(hms_hasher) struct hms_hasher *hasher = NULL;
	HMS_AUTO(hms_found) struct hms_found *found = NULL;
	const json_t *row;
	size_t i;

	HMS_TRY(hms_hasher_open(c->session->rt, &hasher));
	HMS_TRY(hms_session_find_maps(c->session, &found));
	c->hasher = hasher;
	json_array_foreach(json_object_get(truth, "maps"), i, row)
	{
		uint64_t addr = value(json_object_get(row, "addr"));
		const struct hms_map *map = addr ? hms_found_at(found, addr) : NULL;

		c->owner = json_is_string(json_object_get(row, "owner"))
				   ? json_string_value(json_object_get(row, "owner"))
				   : json_string_value(json_object_get(row, "root"));
		/* Nil; or raced for, so that nobody knows what is in it. */
		if (!addr || json_is_null(json_object_get(row, "count")))
			continue;
		if (map)
			compare_map(c, map, row);
		else
			differs(c, "address, where nothing was found,", 0, addr);
	}
	return NULL;
}

static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	struct hms_session_options options = {
		.core = bundled->core, .exe = bundled->exe, .jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	struct comparison c = {0};
	struct hms_error *err;
	json_t *truth;

	truth = json_load_file(bundled->truth, LOAD_FLAGS, NULL);
	if (!truth)
		return false;
	if (!json_array_size(json_object_get(truth, "maps"))) {
		snprintf(what, what_size, "# SKIP no maps");
		json_decref(truth);
		return true;
	}
	err = hms_session_open(&options, &session);
	c.session = session;
	if (!err)
		err = compare_core(&c, truth);
	json_decref(truth);
	snprintf(what, what_size, "%zu maps, %zu tables, %zu hashes%s%s", c.maps, c.tables, c.keys,
		 err ? ", then: " : "", err ? err->message : "");
	c.differences += err != NULL;
	if (!c.maps && !c.differences)
		snprintf(what, what_size, "# SKIP all maps are %s",
			 bundled->damaged ? "damaged on purpose" : "raced for");
	hms_err_free(err);
	return !c.differences;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 4) {
		struct bundled one = {.exe = argv[1], .core = argv[2], .truth = argv[3]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	return bundled_run(test_core);
}
