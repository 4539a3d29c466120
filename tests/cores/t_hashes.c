/*
 * The keys of each bundled core's maps, hashed anew.  The truth is where the program put its keys:
 * - classic maps: a live slot's tophash is the top byte of its key's hash, and the low bits are the
 *   index of its bucket;
 * - Swiss maps: a live slot's control byte is the low seven bits, the top bits are the index of its
 *   table in the directory, and a lookup that starts at the group that the others name comes to it.
 *
 *	t_hashes             all of corefiles/
 *	t_hashes EXE CORE    one, anywhere
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "map/hash.h"
#include "map/iter.h"
#include "rt/pclntab.h"
#include "session/session.h"
#include "util/arena.h"

struct tally {
	size_t maps;
	size_t refused; /* maps without a plan */
	size_t hashed;
	size_t nan;
	size_t unknown; /* keys without a hash for another reason */
	size_t wrong;
};

static void say_wrong(const struct hms_map *map, const struct hms_slot *slot, uint64_t hash)
{
	printf("# map 0x%" PRIx64 " %s: the key at 0x%" PRIx64 " hashes to 0x%" PRIx64
	       ", its slot's control byte is 0x%x in bucket (group) %" PRIu64 "\n",
	       map->addr, map->type->name, slot->key_addr, hash, slot->control, slot->bucket);
}

/* ---- classic ------------------------------------------------------------------------------ */

static bool fits_bucket(const struct hms_map *map, const struct hms_slot *slot, uint64_t hash)
{
	uint64_t n = slot->old ? hms_classic_old_nbuckets(&map->classic)
			       : hms_classic_nbuckets(&map->classic);

	return hms_classic_tophash(hash) == slot->control && (hash & (n - 1)) == slot->bucket;
}

/* ---- Swiss -------------------------------------------------------------------------------- */

/* Members of internal/runtime/maps.table, the same in Go 1.24 to 1.27. */
#define TABLE_GROUPS  16
#define TABLE_MASK    24
#define CONTROL_EMPTY 0x80

static uint64_t word_at(const struct hms_session *session, uint64_t addr)
{
	const uint8_t *p = hms_mem_peek(session->mem, addr, 8);

	return p ? hms_le64(p) : 0;
}

static bool has_empty(uint64_t control)
{
	for (; control; control >>= 8)
		if ((control & 0xff) == CONTROL_EMPTY)
			return true;
	return false;
}

/* A lookup goes from group to group, one further each time than before, until it finds the key or
 * a group with an empty slot. */
static bool lookup_reaches(const struct hms_session *session, uint64_t table, uint64_t group_size,
			   uint64_t hash, uint64_t wanted)
{
	uint64_t groups = word_at(session, table + TABLE_GROUPS);
	uint64_t mask = word_at(session, table + TABLE_MASK);
	uint64_t group = hash >> 7 & mask;

	for (uint64_t step = 1; step <= mask + 1; step++) {
		if (group == wanted)
			return true;
		if (has_empty(word_at(session, groups + group * group_size)))
			return false;
		group = (group + step) & mask;
	}
	return false;
}

static bool fits_group(const struct hms_session *session, const struct hms_map *map,
		       const struct hms_slot *slot, uint64_t hash)
{
	const struct hms_swiss *swiss = &map->swiss;
	uint64_t index = swiss->dir_len > 1 ? hash >> (64 - swiss->global_depth) : 0;
	uint64_t table;

	if ((hash & 0x7f) != slot->control)
		return false;
	if (!swiss->dir_len)
		return true;
	table = word_at(session, swiss->dir + 8 * index);
	return table && table == word_at(session, swiss->dir + 8 * slot->table) &&
	       lookup_reaches(session, table, map->type->unit_size, hash, slot->bucket);
}

static bool fits(const struct hms_session *session, const struct hms_map *map,
		 const struct hms_slot *slot, uint64_t hash)
{
	return map->type->kind == HMS_MAP_CLASSIC ? fits_bucket(map, slot, hash)
						  : fits_group(session, map, slot, hash);
}

/* ---- maps --------------------------------------------------------------------------------- */

static void check_map(const struct hms_session *session, const struct hms_hash_plan *plan,
		      const struct hms_map *map, struct tally *tally)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t seed = map->type->kind == HMS_MAP_CLASSIC ? map->classic.hash0 : map->swiss.seed;
	struct hms_map_iter it;
	struct hms_slot slot;

	hms_map_iter_init(&it, session->model, map);
	while (hms_map_iter_next(&it, &slot)) {
		enum hms_hash_status status;
		uint64_t hash;

		if (slot.state != HMS_SLOT_LIVE)
			continue;
		status = hms_hash_key(plan, &reader, seed, slot.key, &hash);
		tally->hashed += status == HMS_HASH_OK;
		tally->nan += status == HMS_HASH_NAN;
		tally->unknown += status != HMS_HASH_OK && status != HMS_HASH_NAN;
		if (status == HMS_HASH_OK && !fits(session, map, &slot, hash) &&
		    tally->wrong++ < 10)
			say_wrong(map, &slot, hash);
	}
	hms_map_iter_deinit(&it);
}

static struct hms_error *check_maps(struct hms_session *session, struct tally *tally)
{
	HMS_AUTO(hms_pclntab) struct hms_pclntab *pclntab = NULL;
	HMS_AUTO(hms_hasher) struct hms_hasher *hasher = NULL;
	HMS_AUTO(hms_found) struct hms_found *found = NULL;

	HMS_TRY(hms_pclntab_open(session->rt, &pclntab));
	HMS_TRY(hms_hasher_open(session->rt, &hasher));
	HMS_TRY(hms_session_find_maps(session, &found));
	for (size_t i = 0; i < found->nmaps; i++) {
		const struct hms_map *map = &found->maps[i];
		HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
		struct hms_error *err;

		if (!map->type || !map->readable)
			continue;
		tally->maps++;
		err = hms_hash_plan_open(hasher, session->rt, pclntab, map->type, &plan);
		if (err) {
			printf("# %s\n", err->message);
			hms_err_free(err);
			tally->refused++;
			continue;
		}
		check_map(session, plan, map, tally);
	}
	return NULL;
}

/* All keys but those with a NaN hash to where they are. */
static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	struct hms_session_options options = {
		.core = bundled->core, .exe = bundled->exe, .jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	struct tally t = {0};
	struct hms_error *err;

	err = hms_session_open(&options, &session);
	if (!err)
		err = check_maps(session, &t);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	snprintf(what, what_size,
		 "%zu maps, %zu keys, %zu of NaN; %zu without a hash, %zu wrong, %zu maps refused",
		 t.maps, t.hashed, t.nan, t.unknown, t.wrong, t.refused);
	return t.hashed && !t.wrong && !t.refused && !t.unknown;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 3) {
		struct bundled one = {.exe = argv[1], .core = argv[2]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	return bundled_run(test_core);
}
