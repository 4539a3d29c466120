/*
 * Thousands of random damages to single words and single slots of maps of the bundled cores.  A
 * model that shares no code with the walkers decides which of them change what the map means; of
 * these, 99 in 100 must be found, on that map.  What escapes is printed: keys that changed and
 * still hash to where they are.  In a Swiss map of one group 7 bits of the hash tell one key from
 * another, so that one such change in 128 cannot be seen.
 *
 * Elements are left alone, but where their slot moves: any value of one is as good as another.
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

/* A bucket of the map, now and then one further along a chain. */
static uint64_t classic_unit(const struct world *w, const struct hms_map *map)
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
	return unit;
}

static uint64_t any_table(const struct world *w, const struct hms_map *map)
{
	return world_get(w, map->swiss.dir + 8 * below(map->swiss.dir_len), 8);
}

static uint64_t swiss_unit(const struct world *w, const struct hms_map *map)
{
	const struct hms_fact *facts = w->session->rt->layout.facts;
	uint64_t table, data, mask;

	if (!map->swiss.dir_len)
		return map->swiss.dir;
	table = any_table(w, map);
	data = world_get(w, table + facts[HMS_F_TABLE_GROUPS_DATA].off, 8);
	mask = world_get(w, table + facts[HMS_F_TABLE_GROUPS_MASK].off, 8);
	return data + below(mask + 1) * map->type->unit_size;
}

static uint64_t any_unit(const struct world *w, const struct hms_map *map)
{
	return (map->type->kind == HMS_MAP_SWISS ? swiss_unit : classic_unit)(w, map);
}

static struct target classic_target(const struct world *w, const struct hms_map *map)
{
	uint64_t unit = classic_unit(w, map);

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

	if (map->swiss.dir_len && below(8) == 0)
		return (struct target){"directory entry",
				       map->swiss.dir + 8 * below(map->swiss.dir_len), 8};
	if (map->swiss.dir_len && below(4) == 0)
		return fact(w, any_table(w, map), words[below(HMS_ARRAY_LEN(words))]);
	return slot_target(map, swiss_unit(w, map));
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

static bool damage_word(struct world *w, const struct hms_map *map, char *text, size_t size)
{
	struct target t = pick_target(w, map);
	size_t len = HMS_MIN(t.len, (size_t)8);
	uint64_t old;

	/* A string key has two words, others can have more. */
	if (t.len > 8)
		t.addr += 8 * below(t.len / 8);
	old = world_get(w, t.addr, len);
	if (!len || !world_put(w, t.addr, len, damaged(old, len)) ||
	    world_get(w, t.addr, len) == old)
		return false;
	snprintf(text, size, "%s at 0x%" PRIx64 ": 0x%" PRIx64 " -> 0x%" PRIx64, t.name, t.addr,
		 old, world_get(w, t.addr, len));
	return true;
}

/* ---- whole slots -------------------------------------------------------------------------- */

struct place {
	uint64_t unit;
	unsigned int slot;
};

/* A slot's mark, key and element. */
struct content {
	uint8_t bytes[1 + 128 + 128];
};

#define PARTS 3

static struct target part(const struct hms_map *map, const struct place *at, int i)
{
	const struct hms_map_type *t = map->type;

	switch (i) {
	case 0: return (struct target){"mark", at->unit + at->slot, 1};
	case 1:
		return (struct target){"key", at->unit + t->keys_off + at->slot * t->key_stride,
				       t->key_size};
	default:
		return (struct target){"element",
				       at->unit + t->elems_off + at->slot * t->elem_stride,
				       t->elem_size};
	}
}

static void take(const struct world *w, const struct hms_map *map, const struct place *at,
		 struct content *ret)
{
	size_t n = 0;

	for (int i = 0; i < PARTS; i++) {
		struct target t = part(map, at, i);

		for (size_t k = 0; k < t.len; k++)
			ret->bytes[n++] = (uint8_t)world_get(w, t.addr + k, 1);
	}
}

static void give(struct world *w, const struct hms_map *map, const struct place *at,
		 const struct content *content)
{
	size_t n = 0;

	for (int i = 0; i < PARTS; i++) {
		struct target t = part(map, at, i);

		for (size_t k = 0; k < t.len; k++)
			world_put(w, t.addr + k, 1, content->bytes[n++]);
	}
}

/* Copy a slot over another, swap two, empty one. */
static bool damage_slot(struct world *w, const struct hms_map *map, char *text, size_t size)
{
	static const char *const names[] = {"copied over", "swapped with", "emptied; not"};
	struct place a = {any_unit(w, map), (unsigned int)below(8)};
	struct place b = {any_unit(w, map), (unsigned int)below(8)};
	struct content in_a, in_b, none = {{map->type->kind == HMS_MAP_SWISS ? 0x80 : 1}};
	uint64_t what = below(3);

	take(w, map, &a, &in_a);
	take(w, map, &b, &in_b);
	if (what < 2)
		give(w, map, &b, &in_a);
	if (what > 0)
		give(w, map, &a, what == 1 ? &in_b : &none);
	snprintf(text, size, "slot %u at 0x%" PRIx64 " %s slot %u at 0x%" PRIx64, a.slot, a.unit,
		 names[what], b.slot, b.unit);
	return true;
}

/* ---- one damage --------------------------------------------------------------------------- */

struct tally {
	uint64_t wanted, tried, changed, found, elsewhere, unchanged_found;
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
	bool changed, found, elsewhere = false;
	const char *why = "";
	char text[160];

	if (!(below(5) ? damage_word : damage_slot)(w, map, text, sizeof(text))) {
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
		printf("# %s: %s of map 0x%" PRIx64 " %s changes %s\n",
		       elsewhere ? "another map is blamed" : "not found", text, map->addr,
		       map->type->name, why);
	world_restore(w);
	/* The next target goes by the header as it was. */
	hms_map_read_header(w->session->model, map);
}

/* ---- one core ----------------------------------------------------------------------------- */

/* How keys are hashed by their own bytes. */
static struct hms_hash_plan *plan_of(const struct world *w, struct hms_hasher *hasher,
				     const struct hms_map *map)
{
	struct hms_map_type type = *map->type;
	struct hms_hash_plan *plan = NULL;

	type.key_indirect = false;
	hms_err_free(hms_hash_plan_open(hasher, w->session->rt, w->session->pclntab, &type, &plan));
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

static void run_core(const char *release, const char *name, unsigned int n, struct tally *sum)
{
	struct hms_hasher *hasher = NULL;
	struct tally t = {0};
	struct world w;
	char *exe, *core;

	if (!world_bundled(release, name, &exe, &core))
		return;
	sum->wanted += n;
	if (world_open(&w, exe, core)) {
		hms_err_free(hms_hasher_open(w.session->rt, &hasher));
		for (unsigned int misses = 0; hasher && t.tried < n && misses < 1000;) {
			uint64_t before = t.tried;

			mutate_map(&w, hasher, below(w.found->nmaps), 8, &t);
			misses = t.tried == before ? misses + 1 : 0;
		}
		hms_hasher_close(hasher);
		world_close(&w);
	}
	printf("# %s %s: %" PRIu64 " damages, %" PRIu64 " change what the map means, %" PRIu64
	       " of these found; of the others %" PRIu64 "\n",
	       release, name, t.tried, t.changed, t.found, t.unchanged_found);
	sum->tried += t.tried;
	sum->changed += t.changed;
	sum->found += t.found;
	sum->elsewhere += t.elsewhere;
	free(exe);
	free(core);
}

static int number, bad;

static void run_release(const char *release, unsigned int n)
{
	static const char *const cases[] = {"types", "growing", "overflow", "sparse"};
	struct tally t = {0};
	bool good;

	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++)
		run_core(release, cases[i], n, &t);
	if (!t.wanted)
		return;
	good = t.tried >= t.wanted && !t.elsewhere && t.found * 100 >= t.changed * 99;
	bad += !good;
	printf("%sok %d - Go %s: of %" PRIu64 " damages that change what a map means, %" PRIu64
	       " are found\n",
	       good ? "" : "not ", ++number, release, t.changed, t.found);
}

int main(int argc, char **argv)
{
	static const char *const releases[] = {
		"1.15",
		"1.19",
		"1.21",
		"1.22",
		"1.23",
		"1.25-noswissmap",
		"1.24",
		"1.25",
		"1.26",
		"1.27",
		"1.27-mapsplitgroup",
	};
	unsigned int n = 250;
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
	for (int i = optind; i < argc; i++)
		run_release(argv[i], n);
	for (size_t i = 0; optind == argc && i < HMS_ARRAY_LEN(releases); i++)
		run_release(releases[i], n);
	printf("1..%d%s\n", number, number ? "" : " # SKIP no bundled cores");
	return bad != 0;
}
