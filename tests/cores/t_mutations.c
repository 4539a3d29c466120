/*
 * Thousands of random damages to single words of maps of the bundled cores.  A model that shares
 * no code with the walkers decides which of them change what the map means; of these, 99 in 100
 * must be found, on that map.  What escapes is printed: mostly keys of Swiss maps of one group,
 * where only 7 bits of the hash tell one key from another.
 *
 *	t_mutations [-n N] [-s SEED] [RELEASE...]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

#define WITNESSES 24 /* maps on either side that are checked too */
#define MAX_LIVE  3000

static uint64_t random_state;

/* splitmix64 */
static uint64_t next_random(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
	return n ? next_random() % n : 0;
}

/* ---- what can be damaged ------------------------------------------------------------------ */

struct target {
	const char *name;
	uint64_t addr;
	size_t len;
};

static struct target fact(const struct world *w, uint64_t base, enum hms_fact_id id)
{
	const struct hms_fact *f = &w->session->rt->layout.facts[id];

	return (struct target){hms_fact_name(id), base + f->off, f->present ? f->size : 0};
}

static struct target header_target(const struct world *w, const struct hms_map *map)
{
	static const enum hms_fact_id classic[] = {
		HMS_F_HMAP_COUNT, HMS_F_HMAP_FLAGS,     HMS_F_HMAP_B,
		HMS_F_HMAP_HASH0, HMS_F_HMAP_BUCKETS,   HMS_F_HMAP_OLDBUCKETS,
		HMS_F_HMAP_EXTRA, HMS_F_HMAP_NOVERFLOW, HMS_F_HMAP_NEVACUATE,
	};
	static const enum hms_fact_id swiss[] = {
		HMS_F_SMAP_USED,        HMS_F_SMAP_SEED,
		HMS_F_SMAP_DIRPTR,      HMS_F_SMAP_DIRLEN,
		HMS_F_SMAP_GLOBALDEPTH, HMS_F_SMAP_GLOBALSHIFT,
		HMS_F_SMAP_WRITING,     HMS_F_SMAP_TOMBSTONEPOSSIBLE,
	};

	if (map->type->kind == HMS_MAP_SWISS)
		return fact(w, map->addr, swiss[below(HMS_ARRAY_LEN(swiss))]);
	return fact(w, map->addr, classic[below(HMS_ARRAY_LEN(classic))]);
}

static struct target slot_target(const struct hms_map *map, uint64_t unit)
{
	const struct hms_map_type *t = map->type;
	uint64_t i = below(8);

	if (below(3) == 0)
		return (struct target){"key", unit + t->keys_off + i * t->key_stride, t->key_size};
	return (struct target){"tophash or control byte", unit + i, 1};
}

static struct target classic_target(const struct world *w, const struct hms_map *map)
{
	bool old = map->classic.oldbuckets && below(2);
	uint64_t n =
		old ? hms_classic_old_nbuckets(&map->classic) : hms_classic_nbuckets(&map->classic);
	uint64_t unit = (old ? map->classic.oldbuckets : map->classic.buckets) +
			below(n) * map->type->unit_size;
	uint64_t next;

	while ((next = world_get(w, unit + map->type->overflow_off, 8)) && below(2) &&
	       world_bytes(w, next, map->type->unit_size))
		unit = next;
	if (below(5) == 0)
		return (struct target){"overflow pointer", unit + map->type->overflow_off, 8};
	return slot_target(map, unit);
}

static struct target swiss_target(const struct world *w, const struct hms_map *map)
{
	static const enum hms_fact_id words[] = {
		HMS_F_TABLE_USED,        HMS_F_TABLE_CAPACITY, HMS_F_TABLE_GROWTHLEFT,
		HMS_F_TABLE_LOCALDEPTH,  HMS_F_TABLE_INDEX,    HMS_F_TABLE_GROUPS_DATA,
		HMS_F_TABLE_GROUPS_MASK,
	};
	uint64_t slot = map->swiss.dir + 8 * below(map->swiss.dir_len), table;
	const struct hms_layout *layout = &w->session->rt->layout;
	uint64_t data, mask;

	if (!map->swiss.dir_len)
		return slot_target(map, map->swiss.dir);
	if (below(8) == 0)
		return (struct target){"directory entry", slot, 8};
	table = world_get(w, slot, 8);
	if (below(4) == 0)
		return fact(w, table, words[below(HMS_ARRAY_LEN(words))]);
	data = world_get(w, table + layout->facts[HMS_F_TABLE_GROUPS_DATA].off, 8);
	mask = world_get(w, table + layout->facts[HMS_F_TABLE_GROUPS_MASK].off, 8);
	return slot_target(map, data + below(mask + 1) * map->type->unit_size);
}

static struct target pick_target(const struct world *w, const struct hms_map *map)
{
	if (below(3) == 0)
		return header_target(w, map);
	return map->type->kind == HMS_MAP_SWISS ? swiss_target(w, map) : classic_target(w, map);
}

/* Another value for a word. */
static uint64_t damaged(uint64_t value, size_t len)
{
	switch (below(6)) {
	case 0: return value + 1;
	case 1: return value - 1;
	case 2: return 0;
	case 3: return value + 8 * below(64);
	case 4: return next_random();
	default: return value ^ UINT64_C(1) << below(8 * len);
	}
}

/* ---- one damage --------------------------------------------------------------------------- */

struct tally {
	uint64_t tried, changed, found, elsewhere, unchanged_found;
};

static bool is_found(const struct world *w, const struct hms_map *map, bool *elsewhere_ret)
{
	bool found = false;

	for (size_t i = 0; i < w->findings.n; i++) {
		const struct hms_finding *f = &w->findings.items[i];

		if (f->severity == HMS_INFO)
			continue;
		if (f->map == map->addr)
			found = true;
		else
			*elsewhere_ret = true;
		if (f->map != map->addr)
			printf("# %s on 0x%" PRIx64 ": %s\n", f->rule, f->map, f->message);
	}
	return found;
}

static void damage(struct world *w, size_t index, const struct model *model, struct tally *tally)
{
	struct hms_map *map = &w->found->maps[index];
	size_t first = index > WITNESSES ? index - WITNESSES : 0;
	size_t n = HMS_MIN(w->found->nmaps - first, (size_t)2 * WITNESSES);
	struct target t = pick_target(w, map);
	bool changed, found, elsewhere = false;
	const char *why = "";
	uint64_t old, new;
	size_t len = HMS_MIN(t.len, (size_t)8);

	/* A string key has two words. */
	if (t.len > 8)
		t.addr += 8 * below(2);
	old = world_get(w, t.addr, len);
	new = damaged(old, len);
	if (!len || !world_put(w, t.addr, len, new) || world_get(w, t.addr, len) == old) {
		world_restore(w);
		return;
	}
	tally->tried++;
	changed = !model_holds(model, &why);
	world_check(w, first, n);
	found = is_found(w, map, &elsewhere);
	tally->changed += changed;
	tally->found += changed && found;
	tally->unchanged_found += !changed && found;
	tally->elsewhere += elsewhere;
	if ((changed && !found) || elsewhere)
		printf("# %s: %s of map 0x%" PRIx64 " %s at 0x%" PRIx64 ": 0x%" PRIx64
		       " -> 0x%" PRIx64 " changes %s\n",
		       elsewhere ? "another map is blamed" : "not found", t.name, map->addr,
		       map->type->name, t.addr, old, world_get(w, t.addr, len), why);
	world_restore(w);
	/* The next target goes by the header as it was. */
	hms_map_read_header(w->session->model, map);
}

/* ---- one core ----------------------------------------------------------------------------- */

static struct hms_hash_plan *plan_of(const struct world *w, struct hms_hasher *hasher,
				     const struct hms_map *map)
{
	struct hms_hash_plan *plan = NULL;

	hms_err_free(
		hms_hash_plan_open(hasher, w->session->rt, w->session->pclntab, map->type, &plan));
	return plan;
}

/* Damage the map @n times. */
static void mutate_map(struct world *w, struct hms_hasher *hasher, size_t index, unsigned int n,
		       struct tally *tally)
{
	const struct hms_map *map = &w->found->maps[index];
	struct hms_map_stats stats;
	struct hms_hash_plan *plan;
	struct model model;

	hms_map_stats_of(map, &stats);
	if (!model_can(map) || !map->live || map->live > MAX_LIVE || stats.slots_walked > 65536 ||
	    map->found_by > HMS_FOUND_STACK)
		return;
	plan = plan_of(w, hasher, map);
	if (plan && model_open(&model, w, map, plan)) {
		for (unsigned int i = 0; i < n; i++)
			damage(w, index, &model, tally);
		/* Headers of the maps around are as they were. */
		world_check(w, 0, w->found->nmaps);
		model_close(&model);
	}
	hms_hash_plan_destroy(plan);
}

static int number, bad;

static void run_core(const char *release, const char *name, unsigned int n)
{
	struct hms_hasher *hasher = NULL;
	struct tally t = {0};
	struct world w;
	char *exe, *core;
	bool good;

	if (!world_bundled(release, name, &exe, &core))
		return;
	if (world_open(&w, exe, core)) {
		hms_err_free(hms_hasher_open(w.session->rt, &hasher));
		while (hasher && t.tried < n) {
			uint64_t before = t.tried;

			for (unsigned int i = 0; i < 16 && t.tried < n; i++)
				mutate_map(&w, hasher, below(w.found->nmaps), 8, &t);
			if (t.tried == before)
				break;
		}
		hms_hasher_close(hasher);
		world_close(&w);
	}
	good = t.tried >= n && !t.elsewhere && t.found * 100 >= t.changed * 99;
	bad += !good;
	printf("%sok %d - %s %s: %" PRIu64 " damages, %" PRIu64
	       " change what the map means, %" PRIu64 " of these found (of the others %" PRIu64
	       ")\n",
	       good ? "" : "not ", ++number, release, name, t.tried, t.changed, t.found,
	       t.unchanged_found);
	free(exe);
	free(core);
}

int main(int argc, char **argv)
{
	static const char *const releases[] = {"1.21", "1.23", "1.24", "1.27"};
	unsigned int n = 400;
	int option;

	random_state = (uint64_t)getpid() * 1000003;
	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		if (option == 'n')
			n = (unsigned int)strtoul(optarg, NULL, 10);
		else if (option == 's')
			random_state = strtoull(optarg, NULL, 0);
		else
			return 64;
	}
	printf("# seed 0x%" PRIx64 "\n", random_state);
	for (int i = optind; i < argc; i++) {
		run_core(argv[i], "types", n);
		run_core(argv[i], "growing", n);
	}
	for (size_t i = 0; optind == argc && i < HMS_ARRAY_LEN(releases); i++) {
		run_core(releases[i], "types", n);
		run_core(releases[i], "growing", n);
	}
	printf("1..%d%s\n", number, number ? "" : " # SKIP no bundled cores");
	return bad != 0;
}
