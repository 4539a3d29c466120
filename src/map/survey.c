/*
 * Surveys: every bucket of every map, on all processors.  Work is a list of items: a run of small
 * maps, or a range of one large map's buckets.  Each item counts for itself; the counts of a map
 * are added up in item order, so that the result does not depend on who ran what.
 */
#include <stddef.h>
#include <string.h>

#include "map/private.h"
#include "map/units.h"
#include "util/threads.h"

#define SLOTS_AN_ITEM   UINT64_C(64) /* of a directory: as many tables at the most */
#define MAPS_AN_ITEM    512
#define MAPS_AHEAD      4
#define BUCKETS_AN_ITEM (UINT64_C(1) << 13)

/* What is kept of the stats of a map that has something to say beyond its header. */
struct hms_map_detail {
	uint64_t live_old, slots_walked, unreadable, overflow, overflow_old, overflow_bytes;
	uint64_t evacuated, spare, tombstones, tables, groups, capacity, growth_left, ntroubles;
	uint32_t nchains;
	uint32_t nkept;
	const uint64_t *chains;
	const struct hms_trouble *troubles;
};

struct item {
	size_t map; /* first */
	size_t nmaps;
	bool old;
	uint64_t from, to; /* buckets of that one map; to == 0: whole maps */
	struct hms_map_stats *stats;
};

struct survey {
	struct hms_map_model *model;
	struct hms_map *maps;
	struct item *items;
	size_t nitems, cap;
	struct hms_arena **arenas; /* one a worker */
};

/* ---- counting ----------------------------------------------------------------------------- */

static void end_chain(struct hms_map_stats *stats, uint64_t length)
{
	if (!length)
		return;
	stats->chains[HMS_MIN(length, (uint64_t)HMS_CHAIN_BINS) - 1]++;
	stats->chain_max = HMS_MAX(stats->chain_max, length);
}

/* Bytes of an overflow bucket that is an object of its own.  All of a map's are of one size
 * class, so that the first one's answer serves for all. */
static uint64_t overflow_object(const struct hms_unit_cursor *c, uint64_t addr, uint64_t *size)
{
	uint64_t array = c->map->bytes.buckets, old = c->map->bytes.old_buckets;
	struct hms_object object;

	if (addr - c->map->classic.buckets < array || addr - c->map->classic.oldbuckets < old)
		return 0;
	if (!*size) {
		hms_heap_find(c->model->heap, addr, &object);
		if (object.state != HMS_HEAP_ALLOCATED)
			return 0;
		*size = object.slot_size;
	}
	return *size;
}

static void count_classic(const struct hms_unit *unit, struct hms_map_stats *stats)
{
	unsigned int live = unit->settled ? 0 : hms_tophash_live(unit->bytes);

	stats->live += live;
	stats->live_old += unit->old ? live : 0;
}

static void count_swiss(const struct hms_unit *unit, struct hms_map_stats *stats)
{
	stats->live += hms_control_full(unit->bytes);
	stats->tombstones += hms_control_deleted(unit->bytes);
}

/* Nearly all buckets are main ones without a chain: those are counted in one go.  The cursor's
 * next unit is then another kind of thing. */
static void count_plain(struct hms_unit_cursor *c, struct hms_map_stats *stats)
{
	uint64_t n, i = 0, live = 0;
	const uint8_t *bytes = hms_units_ahead(c, &n);
	uint32_t size = c->map->type->unit_size, link = c->map->type->overflow_off;

	if (!bytes)
		return;
	for (; i < n && !hms_le64(bytes + link); i++, bytes += size)
		live += hms_tophash_live(bytes);
	hms_units_skip(c, i);
	stats->live += live;
	stats->slots_walked += i * HMS_SLOTS;
	stats->chains[0] += i;
	stats->chain_max = i ? HMS_MAX(stats->chain_max, UINT64_C(1)) : stats->chain_max;
}

/* Likewise the groups of a table. */
static void count_groups(struct hms_unit_cursor *c, struct hms_map_stats *stats)
{
	uint64_t n, live = 0, deleted = 0;
	const uint8_t *bytes = hms_units_ahead(c, &n);
	uint32_t size = c->map->type->unit_size;

	if (!bytes)
		return;
	for (uint64_t i = 0; i < n; i++, bytes += size) {
		live += hms_control_full(bytes);
		deleted += hms_control_deleted(bytes);
	}
	hms_units_skip(c, n);
	stats->live += live;
	stats->tombstones += deleted;
	stats->slots_walked += n * HMS_SLOTS;
}

static void count_range(const struct survey *survey, const struct hms_map *map, bool old,
			uint64_t from, uint64_t to, struct hms_map_stats *stats)
{
	bool classic = map->type->kind == HMS_MAP_CLASSIC, chains = classic && !old;
	uint64_t length = 0, size = 0;
	bool digests = survey->model->digests, digest_known = true;
	struct hms_unit_cursor c;
	struct hms_unit unit;

	hms_units_init(&c, survey->model, map, old, from, to, stats);
	for (;;) {
		if (chains && !c.link) {
			end_chain(stats, length);
			length = 0;
			if (!digests)
				count_plain(&c, stats);
		} else if (!classic && !digests) {
			count_groups(&c, stats);
		}
		if (!hms_units_next(&c, &unit))
			break;
		if (unit.chain == 0) {
			if (chains)
				end_chain(stats, length);
			length = 0;
			stats->evacuated += unit.moved;
		} else {
			*(old ? &stats->overflow_old : &stats->overflow) += 1;
			stats->overflow_bytes += overflow_object(&c, unit.addr, &size);
		}
		length++;
		if (!unit.bytes) {
			digest_known = false;
			continue; /* its trouble is told, its slots are unknown */
		}
		stats->slots_walked += HMS_SLOTS;
		if (digests)
			stats->digest +=
				hms_map_digest_unit(survey->model, map->type, &unit, &digest_known);
		(classic ? count_classic : count_swiss)(&unit, stats);
	}
	if (chains)
		end_chain(stats, length);
	stats->digest_unknown |= !digest_known;
	hms_units_deinit(&c);
}

static void add_stats(struct hms_map_stats *sum, const struct hms_map_stats *part)
{
	sum->live += part->live;
	sum->live_old += part->live_old;
	sum->slots_walked += part->slots_walked;
	sum->unreadable += part->unreadable;
	sum->overflow += part->overflow;
	sum->overflow_old += part->overflow_old;
	sum->overflow_bytes += part->overflow_bytes;
	sum->evacuated += part->evacuated;
	sum->unit_bytes += part->unit_bytes;
	sum->tombstones += part->tombstones;
	sum->tables += part->tables;
	sum->groups += part->groups;
	sum->capacity += part->capacity;
	sum->growth_left += part->growth_left;
	sum->digest += part->digest;
	sum->digest_unknown |= part->digest_unknown;
	sum->chain_max = HMS_MAX(sum->chain_max, part->chain_max);
	for (size_t i = 0; i < HMS_CHAIN_BINS; i++)
		sum->chains[i] += part->chains[i];
	for (size_t i = 0; i < HMS_MIN(part->ntroubles, (uint64_t)HMS_MAX_TROUBLES); i++)
		hms_trouble_add(sum, &part->troubles[i]);
	if (part->ntroubles > HMS_MAX_TROUBLES)
		sum->ntroubles += part->ntroubles - HMS_MAX_TROUBLES;
}

/* ---- keeping ------------------------------------------------------------------------------ */

static bool worth_keeping(const struct hms_map_stats *stats)
{
	return stats->tables || stats->chain_max > 1 || stats->spare || stats->evacuated ||
	       stats->live_old || stats->overflow_old || stats->ntroubles || stats->unreadable;
}

static const struct hms_map_detail *keep(struct hms_arena *arena, const struct hms_map_stats *stats)
{
	struct hms_map_detail *d = HMS_ARENA_NEW(arena, struct hms_map_detail);

	d->live_old = stats->live_old;
	d->slots_walked = stats->slots_walked;
	d->unreadable = stats->unreadable;
	d->overflow = stats->overflow;
	d->overflow_old = stats->overflow_old;
	d->overflow_bytes = stats->overflow_bytes;
	d->evacuated = stats->evacuated;
	d->spare = stats->spare;
	d->tombstones = stats->tombstones;
	d->tables = stats->tables;
	d->groups = stats->groups;
	d->capacity = stats->capacity;
	d->growth_left = stats->growth_left;
	d->ntroubles = stats->ntroubles;
	d->nchains = (uint32_t)HMS_MIN(stats->chain_max, (uint64_t)HMS_CHAIN_BINS);
	d->chains = hms_arena_memdup(arena, stats->chains, d->nchains * sizeof(*d->chains));
	d->nkept = (uint32_t)HMS_MIN(stats->ntroubles, (uint64_t)HMS_MAX_TROUBLES);
	d->troubles = hms_arena_memdup(arena, stats->troubles, d->nkept * sizeof(*d->troubles));
	return d;
}

static bool any_damage(const struct hms_map_stats *stats)
{
	for (size_t i = 0; i < HMS_MIN(stats->ntroubles, (uint64_t)HMS_MAX_TROUBLES); i++)
		if (!stats->troubles[i].absent)
			return true;
	return false;
}

static void finish_map(const struct survey *survey, struct hms_map *map,
		       const struct hms_map_stats *stats, struct hms_arena *arena)
{
	map->live = stats->live;
	map->digest = stats->digest;
	map->digest_known = survey->model->digests && map->readable && map->type &&
			    !stats->digest_unknown && !stats->unreadable;
	map->chain_max = (uint32_t)HMS_MIN(stats->chain_max, (uint64_t)UINT32_MAX);
	map->bytes.buckets += stats->unit_bytes;
	map->bytes.overflow += stats->overflow_bytes;
	map->bytes.total = map->bytes.header + map->bytes.buckets + map->bytes.old_buckets +
			   map->bytes.overflow;
	map->damaged = any_damage(stats);
	map->detail = worth_keeping(stats) ? keep(arena, stats) : NULL;
}

/* Of a map of which nothing is kept: main buckets and no more, or one group, all readable. */
static void plain_stats(const struct hms_map *map, struct hms_map_stats *ret)
{
	if (map->type && map->type->kind == HMS_MAP_SWISS) {
		ret->groups = map->swiss.dir != 0;
		ret->slots_walked = ret->capacity = ret->groups * HMS_SLOTS;
		ret->growth_left = ret->capacity > map->live ? ret->capacity - map->live : 0;
		return;
	}
	ret->chains[0] = map->chain_max ? hms_classic_nbuckets(&map->classic) : 0;
	ret->slots_walked = ret->chains[0] * HMS_SLOTS;
}

void hms_map_stats_of(const struct hms_map *map, struct hms_map_stats *ret)
{
	const struct hms_map_detail *d = map->detail;

	/* All but the troubles, of which there are hardly ever any: they are a kilobyte. */
	memset(ret, 0, offsetof(struct hms_map_stats, troubles));
	ret->live = map->live;
	ret->chain_max = map->chain_max;
	if (!d) {
		plain_stats(map, ret);
		return;
	}
	ret->live_old = d->live_old;
	ret->slots_walked = d->slots_walked;
	ret->unreadable = d->unreadable;
	ret->overflow = d->overflow;
	ret->overflow_old = d->overflow_old;
	ret->overflow_bytes = d->overflow_bytes;
	ret->evacuated = d->evacuated;
	ret->spare = d->spare;
	ret->tombstones = d->tombstones;
	ret->tables = d->tables;
	ret->groups = d->groups;
	ret->capacity = d->capacity;
	ret->growth_left = d->growth_left;
	ret->ntroubles = d->ntroubles;
	memcpy(ret->chains, d->chains, d->nchains * sizeof(*d->chains));
	memcpy(ret->troubles, d->troubles, d->nkept * sizeof(*d->troubles));
}

/* ---- items -------------------------------------------------------------------------------- */

static void header_trouble(const struct hms_map *map, enum hms_mem_state state,
			   struct hms_map_stats *stats)
{
	struct hms_trouble trouble = {
		.kind = HMS_TROUBLE_HEADER,
		.absent = state != HMS_MEM_UNMAPPED,
		.where = map->addr,
		.seen = map->addr,
	};

	hms_trouble_add(stats, &trouble);
}

static bool heap_knows(const struct survey *survey, uint64_t addr)
{
	uint64_t left;

	return hms_heap_state_at(survey->model->heap, addr, &left) != HMS_HEAP_UNKNOWN;
}

static void part_bytes(const struct survey *survey, struct hms_map *map,
		       struct hms_map_stats *stats)
{
	bool classic = survey->model->rt->map_kind == HMS_MAP_CLASSIC;

	(classic ? hms_classic_bytes : hms_swiss_bytes)(survey->model, map, stats);
	map->bytes_known = heap_knows(survey, map->addr) &&
			   heap_knows(survey, classic ? map->classic.buckets : map->swiss.dir);
}

static void survey_small(struct survey *survey, struct hms_map *map, struct hms_arena *arena)
{
	struct hms_map_stats stats = {0};

	if (!map->readable)
		header_trouble(map, hms_mem_state_at(survey->model->rt->mem, map->addr, NULL),
			       &stats);
	part_bytes(survey, map, &stats);
	if (map->readable && map->type) {
		count_range(survey, map, false, 0, UINT64_MAX, &stats);
		if (map->type->kind == HMS_MAP_CLASSIC && map->classic.oldbuckets)
			count_range(survey, map, true, 0, UINT64_MAX, &stats);
	}
	finish_map(survey, map, &stats, arena);
}

/* Small maps lie anywhere: the bucket or group of the one after next is on its way into the cache
 * while this one is looked at. */
static void fetch_ahead(const struct survey *survey, const struct item *item, size_t i)
{
	const struct hms_map *map;

	if (i + MAPS_AHEAD >= item->nmaps)
		return;
	map = &survey->maps[item->map + i + MAPS_AHEAD];
	if (!map->readable || !map->type)
		return;
	hms_mem_prefetch(survey->model->rt->mem,
			 map->type->kind == HMS_MAP_SWISS ? map->swiss.dir : map->classic.buckets);
}

static struct hms_error *work(void *arg, size_t number, unsigned int worker)
{
	struct survey *survey = arg;
	struct item *item = &survey->items[number];
	struct hms_arena *arena = survey->arenas[worker];

	if (!item->to) {
		for (size_t i = 0; i < item->nmaps; i++) {
			fetch_ahead(survey, item, i);
			survey_small(survey, &survey->maps[item->map + i], arena);
		}
		return NULL;
	}
	item->stats = hms_xcalloc(1, sizeof(*item->stats));
	count_range(survey, &survey->maps[item->map], item->old, item->from, item->to, item->stats);
	return NULL;
}

static void add_item(struct survey *survey, struct item item)
{
	HMS_GROW(survey->items, survey->nitems, survey->cap);
	survey->items[survey->nitems++] = item;
}

static void add_ranges(struct survey *survey, size_t map, bool old, uint64_t n, uint64_t each)
{
	for (uint64_t from = 0; from < n; from += each)
		add_item(survey, (struct item){
					 .map = map,
					 .nmaps = 1,
					 .old = old,
					 .from = from,
					 .to = HMS_MIN(from + each, n),
				 });
}

static void add_small(struct survey *survey, size_t map)
{
	struct item *last = survey->nitems ? &survey->items[survey->nitems - 1] : NULL;

	if (last && !last->to && last->nmaps < MAPS_AN_ITEM && last->map + last->nmaps == map)
		last->nmaps++;
	else
		add_item(survey, (struct item){.map = map, .nmaps = 1});
}

/* Ranges that a map is worth cutting into: main buckets, or slots of a directory.  What a damaged
 * header promises and memory does not hold is not cut up. */
static uint64_t extent_of(const struct survey *survey, const struct hms_map *map,
			  uint64_t *each_ret)
{
	struct hms_trouble trouble;
	uint64_t n;

	if (map->type->kind == HMS_MAP_SWISS) {
		*each_ret = SLOTS_AN_ITEM;
		n = hms_swiss_extent(survey->model, map, &trouble);
	} else {
		*each_ret = BUCKETS_AN_ITEM;
		n = hms_classic_extent(survey->model, map, false, &trouble);
		if (hms_mem_state_at(survey->model->rt->mem, map->classic.buckets, NULL) >
		    HMS_MEM_FROM_FILE)
			return 0;
	}
	return trouble.kind == HMS_TROUBLE_NONE ? n : 0;
}

static void plan(struct survey *survey, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct hms_map *map = &survey->maps[i];
		uint64_t each = 0, extent = 0;

		if (map->readable && map->type)
			extent = extent_of(survey, map, &each);
		if (extent <= each) {
			add_small(survey, i);
			continue;
		}
		add_ranges(survey, i, false, extent, each);
		if (map->type->kind == HMS_MAP_CLASSIC)
			add_ranges(survey, i, true, hms_classic_old_nbuckets(&map->classic), each);
	}
}

/* Bytes come before counting: they tell which overflow buckets lie in the arrays. */
static void prepare_large(struct survey *survey, struct hms_map_stats *sums)
{
	for (size_t i = 0, nth = 0; i < survey->nitems; i++) {
		struct item *item = &survey->items[i];

		if (!item->to || item->old || item->from)
			continue;
		part_bytes(survey, &survey->maps[item->map], &sums[nth++]);
	}
}

static size_t count_large(const struct survey *survey)
{
	size_t n = 0;

	for (size_t i = 0; i < survey->nitems; i++)
		n += survey->items[i].to && !survey->items[i].old && !survey->items[i].from;
	return n;
}

static void merge_large(struct survey *survey, struct hms_map_stats *sums)
{
	size_t nth = 0;

	for (size_t i = 0; i < survey->nitems;) {
		size_t map = survey->items[i].map;
		struct hms_map_stats *sum = &sums[nth];

		if (!survey->items[i].to) {
			i++;
			continue;
		}
		for (; i < survey->nitems && survey->items[i].to && survey->items[i].map == map;
		     i++) {
			if (survey->items[i].stats)
				add_stats(sum, survey->items[i].stats);
			free(survey->items[i].stats);
		}
		finish_map(survey, &survey->maps[map], sum, survey->model->arena);
		nth++;
	}
}

struct hms_error *hms_map_survey(struct hms_map_model *model, struct hms_map *maps, size_t n,
				 unsigned int jobs)
{
	struct survey survey = {.model = model, .maps = maps};
	struct hms_map_stats *sums;
	struct hms_error *err;

	jobs = HMS_MAX(jobs, 1u);
	plan(&survey, n);
	sums = hms_xcalloc(count_large(&survey), sizeof(*sums));
	prepare_large(&survey, sums);
	survey.arenas = hms_map_model_arenas(model, jobs);
	err = hms_parallel(survey.nitems, jobs, work, &survey);
	merge_large(&survey, sums);
	free(sums);
	free(survey.items);
	return err;
}
