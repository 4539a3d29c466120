/*
 * The keys of each bundled core's maps, hashed anew: a live slot's tophash is the top byte of its
 * key's hash, and the low bits are the index of its bucket.  The truth is where the program put
 * its keys.
 *
 *	t_hashes             all of corefiles/
 *	t_hashes EXE CORE    one, anywhere
 */
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	       ", its tophash is %u in bucket %" PRIu64 "\n",
	       map->addr, map->type->name, slot->key_addr, hash, slot->control, slot->bucket);
}

static bool fits(const struct hms_map *map, const struct hms_slot *slot, uint64_t hash)
{
	uint64_t n = slot->old ? hms_classic_old_nbuckets(&map->classic)
			       : hms_classic_nbuckets(&map->classic);

	return hms_classic_tophash(hash) == slot->control && (hash & (n - 1)) == slot->bucket;
}

static void check_map(const struct hms_session *session, const struct hms_hash_plan *plan,
		      const struct hms_map *map, struct tally *tally)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	struct hms_map_iter it;
	struct hms_slot slot;

	hms_map_iter_init(&it, session->model, map);
	while (hms_map_iter_next(&it, &slot)) {
		enum hms_hash_status status;
		uint64_t hash;

		if (slot.state != HMS_SLOT_LIVE)
			continue;
		status = hms_hash_key(plan, &reader, map->classic.hash0, slot.key, &hash);
		tally->hashed += status == HMS_HASH_OK;
		tally->nan += status == HMS_HASH_NAN;
		tally->unknown += status != HMS_HASH_OK && status != HMS_HASH_NAN;
		if (status == HMS_HASH_OK && !fits(map, &slot, hash) && tally->wrong++ < 10)
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

		if (!map->type || !map->readable || map->type->kind != HMS_MAP_CLASSIC)
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
static bool check_core(const char *exe, const char *core, char *what, size_t what_size)
{
	struct hms_session_options options = {.core = core, .exe = exe, .jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	struct tally t = {0};
	struct hms_error *err = hms_session_open(&options, &session);

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

/* ---- all of corefiles/ ------------------------------------------------------------------ */

/* corefiles/1.21/growing.core.zst: the executable is in the build directory. */
static bool check_bundled(const char *core, size_t number)
{
	const char *dir_end = strrchr(core, '/');
	const char *dir = dir_end;
	HMS_AUTO_FREE char *exe = NULL;
	char what[200];
	bool ok;

	while (dir > core && dir[-1] != '/')
		dir--;
	exe = hms_xprintf("%s/corefiles/%.*s/exe", getenv("HMS_BUILDDIR"), (int)(dir_end - dir),
			  dir);
	ok = check_core(exe, core, what, sizeof(what));
	printf("%s %zu - %s: %s\n", ok ? "ok" : "not ok", number, dir, what);
	return ok;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("HMS_SRCDIR");
	HMS_AUTO_FREE char *pattern = NULL;
	glob_t found;
	bool ok = true;
	char what[200];

	if (argc == 3) {
		ok = check_core(argv[1], argv[2], what, sizeof(what));
		printf("%s %s: %s\n", ok ? "ok" : "not ok", argv[2], what);
		return !ok;
	}
	pattern = hms_xprintf("%s/corefiles/*/*.core.zst", srcdir ? srcdir : ".");
	if (!srcdir || !getenv("HMS_BUILDDIR") || glob(pattern, 0, NULL, &found) != 0) {
		printf("1..0 # SKIP no bundled cores\n");
		return 0;
	}
	printf("1..%zu\n", found.gl_pathc);
	for (size_t i = 0; i < found.gl_pathc; i++)
		ok = check_bundled(found.gl_pathv[i], i + 1) && ok;
	globfree(&found);
	return !ok;
}
