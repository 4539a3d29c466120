/*
 * One pass over all maps, on all processors, cut up as the survey cuts its own: runs of small maps,
 * ranges of large ones.  Each item gathers breaches for itself; those of a map are joined in item
 * order, so that findings do not depend on who ran what.  Only maps that have breaches keep
 * anything once they are walked.
 */
#include <stdlib.h>

#include "check/internal.h"
#include "util/threads.h"

#define MAPS_AN_ITEM    256
#define MAPS_AHEAD      4
#define BUCKETS_AN_ITEM (UINT64_C(1) << 13)
#define SLOTS_AN_ITEM   UINT64_C(64)        /* of a directory */
#define BYTES_AN_ITEM   (UINT64_C(1) << 30) /* that keys may refer to */

/* The breaches of one map. */
struct record {
	struct record *next;
	struct check_part part;
};

struct item {
	size_t map; /* first */
	size_t nmaps;
	bool old;
	uint64_t from, to; /* of that one map; to == 0: whole maps */
	struct check_part *part;
	struct record *first, *last;
};

struct run {
	struct check check;
	struct hms_map *maps;
	struct item *items;
	size_t nitems, cap_items;
};

/* ---- breaches ----------------------------------------------------------------------------- */

void check_keep(struct check_worker *w, struct check_part *part, const struct check_where *where,
		const char *expected, const char *seen, const char *message)
{
	struct check_fault *fault = HMS_ARENA_NEW(w->arena, struct check_fault);

	*fault = (struct check_fault){
		.rule = where->rule,
		.excusable = where->excusable,
		.addr = where->addr,
		.expected = expected,
		.seen = seen,
		.message = message,
	};
	*(part->first ? &part->last->next : &part->first) = fault;
	part->last = fault;
}

static bool any_breach(const struct check_part *part)
{
	return part->first != NULL;
}

static bool mostly_wrong(uint64_t keys, uint64_t wrong)
{
	return wrong && wrong >= keys - keys / 4;
}

/* ---- one map ------------------------------------------------------------------------------ */

static void begin_part(const struct check *check, const struct hms_map *map,
		       struct check_part *part)
{
	*part = (struct check_part){.map = map, .type = check_type_of(check, map)};
}

static void check_start(struct check_worker *w, struct check_part *part)
{
	const struct check *check = w->check;

	if (part->type && part->type->difference) {
		check_type_tell(w, part);
		return;
	}
	check_header(w, part);
	check_troubles(w, part);
	if (!part->map->readable)
		return;
	if (check->rt->map_kind == HMS_MAP_CLASSIC)
		check_classic_header(w, part);
	else
		check_swiss_header(w, part);
}

static void check_range(struct check_worker *w, struct check_part *part, bool old, uint64_t from,
			uint64_t to)
{
	if (part->map->type->kind == HMS_MAP_CLASSIC)
		check_classic_range(w, part, old, from, to);
	else if (!old)
		check_swiss_range(w, part, from, HMS_MIN(to, part->map->swiss.dir_len));
}

static void check_end(struct check_worker *w, struct check_part *part)
{
	if (part->map->readable && part->type) {
		if (part->map->type->kind == HMS_MAP_CLASSIC)
			check_classic_end(w, part);
		else
			check_swiss_end(w, part);
	}
	free(part->links);
	part->links = NULL;
}

/* @first: the part stands for its map where good and bad ones are counted. */
static void add_tally(struct check_worker *w, const struct check_part *part, bool first)
{
	struct check_tally *tally;

	w->slots += part->slots;
	w->keys += part->keys;
	if (!part->type)
		return;
	tally = &w->tallies[part->type->index];
	tally->keys += part->keys;
	tally->wrong += part->wrong;
	if (first && part->keys)
		*(mostly_wrong(part->keys, part->wrong) ? &tally->bad : &tally->good) += 1;
}

/* A header that leads nowhere: what is there is not walked. */
static bool worth_a_walk(const struct check_worker *w, const struct check_part *part)
{
	return part->map->readable && part->type && !part->type->difference &&
	       !w->check->options->quick && !part->counts[HMS_RULE_CLASSIC_B] &&
	       !part->counts[HMS_RULE_CLASSIC_BUCKETS] && !part->counts[HMS_RULE_CLASSIC_SIZE] &&
	       !part->counts[HMS_RULE_CLASSIC_MAPPED] && !part->counts[HMS_RULE_CLASSIC_KIND] &&
	       !part->counts[HMS_RULE_SWISS_DEPTH] && !part->counts[HMS_RULE_SWISS_GROUP];
}

static void check_small(struct check_worker *w, struct item *item, const struct hms_map *map)
{
	struct check_part part;
	struct record *record;

	begin_part(w->check, map, &part);
	check_start(w, &part);
	if (worth_a_walk(w, &part)) {
		check_range(w, &part, false, 0, UINT64_MAX);
		if (map->type->kind == HMS_MAP_CLASSIC && map->classic.oldbuckets)
			check_range(w, &part, true, 0, UINT64_MAX);
		check_end(w, &part);
	}
	add_tally(w, &part, true);
	free(part.links);
	if (!any_breach(&part))
		return;
	record = HMS_ARENA_NEW(w->arena, struct record);
	record->part = part;
	record->part.links = NULL;
	*(item->first ? &item->last->next : &item->first) = record;
	item->last = record;
}

/* ---- items -------------------------------------------------------------------------------- */

/* As the survey does it. */
static void fetch_ahead(const struct run *run, const struct item *item, size_t i)
{
	const struct hms_map *map;

	if (i + MAPS_AHEAD >= item->nmaps || run->check.options->quick)
		return;
	map = &run->maps[item->map + i + MAPS_AHEAD];
	if (map->readable && map->type)
		hms_mem_prefetch(run->check.mem, map->type->kind == HMS_MAP_SWISS
							 ? map->swiss.dir
							 : map->classic.buckets);
}

static struct hms_error *work_item(void *arg, size_t number, unsigned int worker)
{
	struct run *run = arg;
	struct item *item = &run->items[number];
	struct check_worker *w = &run->check.workers[worker];

	w->reader = (struct hms_hash_reader){.budget = BYTES_AN_ITEM};
	if (!item->to) {
		for (size_t i = 0; i < item->nmaps; i++) {
			fetch_ahead(run, item, i);
			check_small(w, item, &run->maps[item->map + i]);
		}
		return NULL;
	}
	item->part = HMS_ARENA_NEW(w->arena, struct check_part);
	begin_part(&run->check, &run->maps[item->map], item->part);
	check_range(w, item->part, item->old, item->from, item->to);
	add_tally(w, item->part, !item->from && !item->old);
	return NULL;
}

static void add_item(struct run *run, struct item item)
{
	HMS_GROW(run->items, run->nitems, run->cap_items);
	run->items[run->nitems++] = item;
}

static void add_small(struct run *run, size_t map)
{
	struct item *last = run->nitems ? &run->items[run->nitems - 1] : NULL;

	if (last && !last->to && last->nmaps < MAPS_AN_ITEM && last->map + last->nmaps == map)
		last->nmaps++;
	else
		add_item(run, (struct item){.map = map, .nmaps = 1});
}

static void add_ranges(struct run *run, size_t map, bool old, uint64_t n, uint64_t each)
{
	for (uint64_t from = 0; from < n; from += each)
		add_item(run, (struct item){
				      .map = map,
				      .nmaps = 1,
				      .old = old,
				      .from = from,
				      .to = HMS_MIN(from + each, n),
			      });
}

/* Maps whose memory the survey could not follow are never cut up: what a damaged header promises
 * is no measure. */
static bool is_large(const struct run *run, const struct hms_map *map)
{
	struct hms_map_stats stats;

	const struct check_type *type = check_type_of(&run->check, map);

	if (run->check.options->quick || !map->readable || !type || type->difference)
		return false;
	if (map->type->kind == HMS_MAP_CLASSIC
		    ? hms_classic_nbuckets(&map->classic) <= BUCKETS_AN_ITEM
		    : map->swiss.dir_len <= SLOTS_AN_ITEM)
		return false;
	hms_map_stats_of(map, &stats);
	return !stats.ntroubles;
}

static void plan(struct run *run, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct hms_map *map = &run->maps[i];

		if (!is_large(run, map)) {
			add_small(run, i);
		} else if (map->type->kind == HMS_MAP_CLASSIC) {
			add_ranges(run, i, false, hms_classic_nbuckets(&map->classic),
				   BUCKETS_AN_ITEM);
			add_ranges(run, i, true, hms_classic_old_nbuckets(&map->classic),
				   BUCKETS_AN_ITEM);
		} else {
			add_ranges(run, i, false, map->swiss.dir_len, SLOTS_AN_ITEM);
		}
	}
}

/* ---- joining ------------------------------------------------------------------------------ */

static void join_faults(struct check_part *sum, const struct check_part *part)
{
	uint32_t kept[HMS_NRULES] = {0};

	for (const struct check_fault *f = sum->first; f; f = f->next)
		kept[f->rule]++;
	for (struct check_fault *f = part->first, *next; f; f = next) {
		next = f->next;
		f->next = NULL;
		if (kept[f->rule]++ >= CHECK_FINDINGS_A_RULE)
			continue;
		*(sum->first ? &sum->last->next : &sum->first) = f;
		sum->last = f;
	}
	for (size_t i = 0; i < HMS_NRULES; i++)
		sum->counts[i] += part->counts[i];
}

static void join_links(struct check_part *sum, struct check_part *part)
{
	for (size_t i = 0; i < part->nlinks; i++) {
		HMS_GROW(sum->links, sum->nlinks, sum->cap_links);
		sum->links[sum->nlinks++] = part->links[i];
	}
	free(part->links);
	part->links = NULL;
}

static void join(struct check_part *sum, struct check_part *part)
{
	join_faults(sum, part);
	join_links(sum, part);
	sum->slots += part->slots;
	sum->live += part->live;
	sum->keys += part->keys;
	sum->wrong += part->wrong;
	sum->holes |= part->holes;
	sum->overflow += part->overflow;
	sum->overflow_sum += part->overflow_sum;
	sum->spare_used += part->spare_used;
	sum->spare_end = HMS_MAX(sum->spare_end, part->spare_end);
	sum->table_used += part->table_used;
}

/* ---- seeds -------------------------------------------------------------------------------- */

/*
 * A plan under which the keys of hardly a map verify says more of the plan than of the maps.  Where
 * a plan has but one map to go by and those of other types hold, the map is to blame.
 */
static bool is_trusted(const struct check_type *type, const struct check_type *all)
{
	uint64_t good = all->good - type->good, bad = all->bad - type->bad;

	if (!type->bad || type->good * 8 > type->bad)
		return true;
	return type->bad == 1 && (type->keys == 1 || (good >= 4 && bad * 8 <= good));
}

static void judge_plans(struct check *check)
{
	struct check_type all = {0};

	for (size_t i = 0; i < check->ntypes; i++) {
		all.good += check->types[i].good;
		all.bad += check->types[i].bad;
	}
	for (size_t i = 0; i < check->ntypes; i++) {
		struct check_type *type = &check->types[i];

		if (is_trusted(type, &all))
			continue;
		type->distrusted = true;
		check_limit(check,
			    hms_arena_printf(check->arena,
					     "keys of %s are not checked by their hashes: of "
					     "%" PRIu64 " hashed %" PRIu64 " do not agree",
					     type->map->name, type->keys, type->wrong));
	}
}

static void judge_seed(struct check_worker *w, struct check_part *part)
{
	const struct hms_layout *layout = &w->check->rt->layout;
	bool classic = w->check->rt->map_kind == HMS_MAP_CLASSIC;
	uint64_t seed = classic ? part->map->classic.hash0 : part->map->swiss.seed;
	enum hms_fact_id fact = classic ? HMS_F_HMAP_HASH0 : HMS_F_SMAP_SEED;

	if (part->keys < 2 || !mostly_wrong(part->keys, part->wrong))
		return;
	CHECK_BREACH(part, HMS_RULE_MAP_SEED, part->map->addr + hms_layout_off(layout, fact), false,
		     NULL, check_hex(w, seed),
		     CHECK_TEXT("of %" PRIu64 " keys %" PRIu64
				" do not hash to where they are with the seed 0x%" PRIx64,
				part->keys, part->wrong, seed));
}

/* ---- findings ----------------------------------------------------------------------------- */

static const char *message_of(struct run *run, const struct check_part *part,
			      const struct check_fault *fault, uint32_t nth,
			      const struct check_excuse *excuse, bool excused)
{
	const char *message = fault->message;
	uint32_t total = part->counts[fault->rule];

	if (fault->rule == HMS_RULE_MAP_WRITING)
		message = hms_arena_printf(run->check.arena, "%s: %s", message,
					   check_writing_text(excuse));
	else if (excused)
		message =
			hms_arena_printf(run->check.arena, "%s: explained by the %s", message,
					 excuse->race          ? "race"
					 : excuse->behind_race ? "race on the map that leads to it"
					 : excuse->clear       ? "clearing in progress"
							       : "write in progress");
	if (nth == CHECK_FINDINGS_A_RULE && total > nth)
		message = hms_arena_printf(run->check.arena, "%s; and %" PRIu32 " more like it",
					   message, total - nth);
	return message;
}

/* Garbage that was swept and used again looks like damage: what only a stray word or the sweep
 * found yields no error. */
static bool is_certain(const struct hms_map *map)
{
	return map->found_by == HMS_FOUND_GLOBAL || map->found_by == HMS_FOUND_STACK;
}

static enum hms_severity severity_of(const struct check_part *part, enum hms_rule_id rule,
				     bool excused)
{
	return excused || !is_certain(part->map) ? HMS_INFO : hms_rule(rule)->severity;
}

static bool is_wanted(const struct run *run, const struct check_part *part, enum hms_rule_id rule)
{
	const struct hms_rule_set *set = run->check.options->rules;

	if (set && set->off[rule])
		return false;
	if (!part->type || !part->type->distrusted)
		return true;
	return rule != HMS_RULE_MAP_HASH && rule != HMS_RULE_MAP_PLACE && rule != HMS_RULE_MAP_SEED;
}

/* Into memory that lives as long as the findings. */
static const char *copy(const struct run *run, const char *text)
{
	return text ? hms_arena_strdup(run->check.arena, text) : NULL;
}

static void tell(struct run *run, struct check_part *part, struct hms_findings *findings)
{
	struct check_excuse excuse = check_excuse_of(&run->check, part->map);
	uint32_t nth[HMS_NRULES] = {0};
	uint64_t last[HMS_NRULES] = {0};

	for (const struct check_fault *f = part->first; f; f = f->next) {
		bool excused = check_is_excused(&excuse, part, f);

		if (!is_wanted(run, part, f->rule) || (nth[f->rule] && last[f->rule] == f->addr))
			continue;
		nth[f->rule]++;
		last[f->rule] = f->addr;
		hms_findings_add(
			findings,
			&(struct hms_finding){
				.rule = hms_rule(f->rule)->name,
				.severity = severity_of(part, f->rule, excused),
				.map = part->map->addr,
				.of = part->map,
				.addr = f->addr,
				.expected = copy(run, f->expected ? f->expected
								  : hms_rule(f->rule)->line),
				.seen = copy(run, f->seen),
				.message = copy(run, message_of(run, part, f, nth[f->rule], &excuse,
								excused)),
				.goroutine = excused ? excuse.goroutine : -1,
			});
	}
}

static void conclude(struct run *run, struct check_part *part, struct hms_findings *findings)
{
	struct hms_map *map = &run->maps[part->map - run->maps];
	uint64_t errors = findings->errors;

	if (!part->type || !part->type->distrusted)
		judge_seed(&run->check.workers[0], part);
	check_drop_consequences(part);
	tell(run, part, findings);
	map->damaged = findings->errors > errors;
}

static size_t conclude_large(struct run *run, size_t i, struct hms_findings *findings)
{
	struct check_worker *w = &run->check.workers[0];
	size_t map = run->items[i].map;
	struct check_part sum;

	begin_part(&run->check, &run->maps[map], &sum);
	check_start(w, &sum);
	for (; i < run->nitems && run->items[i].to && run->items[i].map == map; i++)
		if (run->items[i].part)
			join(&sum, run->items[i].part);
	check_end(w, &sum);
	conclude(run, &sum, findings);
	return i;
}

static void conclude_all(struct run *run, struct hms_findings *findings)
{
	for (size_t i = 0; i < run->nitems;) {
		if (run->items[i].to) {
			i = conclude_large(run, i, findings);
			continue;
		}
		for (struct record *r = run->items[i].first; r; r = r->next)
			conclude(run, &r->part, findings);
		i++;
	}
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void open_workers(struct run *run, unsigned int jobs)
{
	struct check *check = &run->check;

	check->workers = hms_xcalloc(jobs, sizeof(*check->workers));
	for (unsigned int i = 0; i < jobs; i++) {
		check->workers[i].check = check;
		check->workers[i].arena = hms_arena_create();
		check->workers[i].tallies =
			hms_xcalloc(check->ntypes, sizeof(*check->workers[i].tallies));
	}
}

static void sum_up(struct run *run, unsigned int jobs)
{
	struct hms_check_work *work = run->check.work;

	for (unsigned int i = 0; i < jobs; i++) {
		const struct check_worker *w = &run->check.workers[i];

		work->slots += w->slots;
		work->keys_hashed += w->keys;
		for (size_t k = 0; k <= HMS_HASH_NO_MODEL; k++)
			work->keys_not_hashed[k] += w->not_hashed[k];
		for (size_t k = 0; k < run->check.ntypes; k++) {
			run->check.types[k].keys += w->tallies[k].keys;
			run->check.types[k].wrong += w->tallies[k].wrong;
			run->check.types[k].good += w->tallies[k].good;
			run->check.types[k].bad += w->tallies[k].bad;
		}
	}
}

static void close_workers(struct run *run, unsigned int jobs)
{
	for (unsigned int i = 0; i < jobs; i++) {
		struct check_worker *w = &run->check.workers[i];

		check_keyset_deinit(&w->keyset);
		free(w->tallies);
		hms_arena_destroy(w->arena);
	}
	free(run->check.workers);
}

static void tell_missing(struct check *check)
{
	struct hms_check_work *work = check->work;

	if (work->keys_not_hashed[HMS_HASH_ABSENT])
		check_limit(check, hms_arena_printf(check->arena,
						    "%" PRIu64 " keys refer to bytes that the "
						    "core does not have: their hashes are unknown",
						    work->keys_not_hashed[HMS_HASH_ABSENT]));
}

struct hms_error *hms_check_maps(struct hms_map_model *model, struct hms_map *maps, size_t nmaps,
				 const struct hms_check_options *options,
				 struct hms_findings *findings, struct hms_check_work *work)
{
	unsigned int jobs = HMS_MAX(options->jobs, 1u);
	struct run run = {.maps = maps};
	struct check *check = &run.check;
	struct hms_error *err;

	*work = (struct hms_check_work){.maps = nmaps, .complete = true};
	check->model = model;
	check->rt = hms_map_model_rt(model);
	check->mem = check->rt->mem;
	check->heap = hms_map_model_heap(model);
	check->options = options;
	check->arena = findings->arena;
	check->work = work;
	check_types_open(check, maps, nmaps);
	open_workers(&run, jobs);
	plan(&run, nmaps);
	err = hms_parallel(run.nitems, jobs, work_item, &run);
	if (!err) {
		sum_up(&run, jobs);
		judge_plans(check);
		tell_missing(check);
		conclude_all(&run, findings);
	}
	close_workers(&run, jobs);
	check_types_close(check);
	free(run.items);
	return err;
}

void hms_check_work_deinit(struct hms_check_work *work)
{
	free(work->limits);
	*work = (struct hms_check_work){0};
}
