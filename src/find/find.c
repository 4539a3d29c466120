/*
 * The search: a queue ordered by path length, and the maps it leads to.
 *
 * All items of a level are known before the first of it is looked into, since each step away
 * makes the path longer.  So what several paths of one length lead to gets the one that comes
 * first by name, whatever order they were met in.
 */
#include "find/find.h"

#include <string.h>

#include "find/private.h"

#define HEADERS_AHEAD 8

#define MAX_LEVELS 4096 /* of 2 a step: a linked list of maps gets no longer paths */

/* ---- the queue ---------------------------------------------------------------------------- */

void hms_find_push(struct hms_finder *f, const struct hms_find_item *item, bool is_map,
		   size_t length)
{
	size_t number = HMS_MIN(2 * length, (size_t)MAX_LEVELS - 2) + is_map;
	struct hms_find_level *level;

	while (f->nlevels <= number) {
		HMS_GROW(f->levels, f->nlevels, f->cap_levels);
		f->levels[f->nlevels++] = (struct hms_find_level){0};
	}
	level = &f->levels[number];
	HMS_GROW(level->items, level->n, level->cap);
	level->items[level->n++] = *item;
}

/* Does @a come before @b by name? */
static bool named_before(const struct hms_finder *f, const struct hms_path *a,
			 const struct hms_path *b)
{
	HMS_AUTO_STR struct hms_str ta = HMS_STR_INIT, tb = HMS_STR_INIT;

	if (!a || !b)
		return 0;
	hms_path_text(f->rt, a, 0, &ta);
	hms_path_text(f->rt, b, 0, &tb);
	return strcmp(hms_str_text(&ta), hms_str_text(&tb)) < 0;
}

/* ---- levels of values --------------------------------------------------------------------- */

/* Among items of @level from @from on that lead to the same value, keep the first by name: the
 * others lose their type. */
static void drop_seen(struct hms_finder *f, struct hms_find_level *level, size_t from)
{
	for (size_t i = from; i < level->n; i++) {
		struct hms_find_item *item = &level->items[i], *first;
		uint64_t *at;
		bool added;

		at = hms_set_put(&f->seen, item->addr, item->type->id, f->seen_base + i, &added);
		if (added)
			continue;
		/* Below seen_base: a shorter path led there. */
		if (*at >= f->seen_base) {
			first = &level->items[*at - f->seen_base];
			if (named_before(f, item->path, first->path))
				first->path = item->path;
		}
		item->type = NULL;
	}
}

static void visit_values(struct hms_finder *f, size_t number)
{
	/* Visiting may add levels, and items to the last one. */
	for (size_t done = 0; done < f->levels[number].n;) {
		size_t n = f->levels[number].n;

		drop_seen(f, &f->levels[number], done);
		for (; done < n; done++) {
			struct hms_find_item item = f->levels[number].items[done];
			struct hms_find_step root = {.root = item.path,
						     .length = (unsigned int)(number / 2)};

			if (item.type)
				hms_find_visit(f, item.addr, item.type, &root);
		}
	}
	f->seen_base += f->levels[number].n;
}

/* ---- levels of maps ----------------------------------------------------------------------- */

static void add_map(struct hms_finder *f, const struct hms_find_item *item)
{
	struct hms_map *map;

	HMS_GROW(f->maps, f->nmaps, f->cap_maps);
	map = &f->maps[f->nmaps++];
	*map = (struct hms_map){
		.addr = item->addr,
		.type = hms_map_type_of(f->model, item->type),
		.owner = f->doubtful ? NULL : item->path,
		.owners = !f->doubtful,
		.found_by = f->found_by,
	};
	hms_map_read_header(f->model, map);
}

/* Where nobody was sure, the map must have the type by which it was reached. */
static bool borne_out(struct hms_finder *f, const struct hms_find_item *item)
{
	struct hms_map map = {.addr = item->addr};

	if (!f->doubtful || hms_fit_type_or_empty(f->fitter, item->type, &map))
		return true;
	f->dismissed++;
	return false;
}

/* A map whose type was not known is now reached by one that fits. */
static void take_type(struct hms_finder *f, struct hms_map *map, const struct hms_find_item *item,
		      size_t number)
{
	struct hms_map copy = {.addr = item->addr};

	if (!hms_fit_type_or_empty(f->fitter, item->type, &copy))
		return;
	map->type = hms_map_type_of(f->model, item->type);
	copy = *map;
	if (copy.type)
		hms_find_visit_entries(f, &copy, copy.owner, number / 2);
}

/* Headers lie anywhere: those of some maps on are on their way while this one is looked at. */
static void fetch_ahead(const struct hms_finder *f, const struct hms_find_level *level, size_t i)
{
	const struct hms_find_item *item = level->items + i;

	if (level->n - i <= HEADERS_AHEAD)
		return;
	hms_mem_prefetch(f->rt->mem, item[HEADERS_AHEAD].addr);
	hms_set_prefetch(&f->by_addr, item[HEADERS_AHEAD].addr, 0);
}

static void register_maps(struct hms_finder *f, size_t number, size_t from)
{
	size_t first_new = f->nmaps;

	/* Taking a type may add items. */
	for (size_t i = from, n = f->levels[number].n; i < n; i++) {
		const struct hms_find_item copy = f->levels[number].items[i], *item = &copy;
		const uint64_t *at = hms_set_get(&f->by_addr, item->addr, 0);
		struct hms_map *map;

		fetch_ahead(f, &f->levels[number], i);
		if (!at && borne_out(f, item)) {
			hms_set_put(&f->by_addr, item->addr, 0, f->nmaps, NULL);
			add_map(f, item);
		}
		if (!at)
			continue;
		map = &f->maps[*at];
		if (f->unnamed && !map->type)
			take_type(f, map, item, number);
		if (f->doubtful)
			continue;
		map->owners += map->owners < UINT32_MAX;
		if (*at >= first_new && named_before(f, item->path, map->owner))
			map->owner = item->path;
	}
}

static void visit_maps(struct hms_finder *f, size_t number)
{
	for (size_t done = 0; done < f->levels[number].n;) {
		size_t first = f->nmaps, n = f->levels[number].n;

		register_maps(f, number, done);
		done = n;
		for (size_t i = first; i < f->nmaps; i++) {
			struct hms_map map = f->maps[i];

			if (map.type && map.readable)
				hms_find_visit_entries(f, &map, map.owner, number / 2);
		}
	}
}

/* ---- roots and result --------------------------------------------------------------------- */

static void push_variables(struct hms_finder *f)
{
	const struct hms_variable *variables;
	size_t n;

	variables = hms_graph_variables(f->rt->graph, &n);
	for (size_t i = 0; i < n; i++) {
		struct hms_find_item item = {.addr = variables[i].addr, .type = variables[i].type};
		struct hms_path *root;

		if (!item.addr || !item.type || !hms_type_reaches_map(f->rt->graph, item.type))
			continue;
		root = HMS_ARENA_NEW(f->arena, struct hms_path);
		root->kind = HMS_PATH_VARIABLE;
		root->name = variables[i].name;
		hms_path_finish(root);
		item.path = root;
		hms_find_push(f, &item, false, 0);
	}
}

static int by_addr(const void *a, const void *b)
{
	uint64_t x = ((const struct hms_map *)a)->addr, y = ((const struct hms_map *)b)->addr;

	return x < y ? -1 : x > y;
}

static void finder_deinit(struct hms_finder *f)
{
	for (size_t i = 0; i < f->nlevels; i++)
		free(f->levels[i].items);
	free(f->levels);
	free(f->spans);
	free(f->weak);
	hms_set_deinit(&f->seen);
	hms_set_deinit(&f->ranges);
	hms_set_deinit(&f->by_addr);
	hms_set_deinit(&f->func_by_entry);
	free(f->funcs);
}

void hms_find_run(struct hms_finder *f)
{
	for (size_t number = 0; number < f->nlevels; number++) {
		if (number % 2)
			visit_maps(f, number);
		else
			visit_values(f, number);
		free(f->levels[number].items);
		f->levels[number] = (struct hms_find_level){0};
	}
}

struct hms_error *hms_find_maps(struct hms_map_model *model, const struct hms_find_stacks *stacks,
				struct hms_found **ret)
{
	HMS_AUTO(hms_found) struct hms_found *found = hms_xcalloc(1, sizeof(*found));
	struct hms_finder f = {
		.model = model,
		.rt = hms_map_model_rt(model),
		.heap = hms_map_model_heap(model),
		.budget = UINT64_C(1) << 32,
	};
	struct hms_error *err = NULL;

	f.arena = found->arena = hms_arena_create();
	f.fitter = hms_fitter_create(model);
	f.dwarf = stacks ? stacks->dwarf : NULL;
	f.found_by = HMS_FOUND_GLOBAL;
	f.unnamed = stacks && stacks->unnamed;
	push_variables(&f);
	if (f.unnamed)
		hms_find_push_unnamed(&f, stacks);
	hms_find_run(&f);
	if (f.unnamed) {
		hms_find_unnamed_words(&f);
		hms_find_run(&f);
	}
	if (stacks && stacks->goros) {
		f.found_by = HMS_FOUND_STACK;
		err = hms_find_push_locals(&f, stacks);
		hms_find_run(&f);
		if (f.unnamed) {
			f.found_by = HMS_FOUND_WORD;
			hms_find_push_slots(&f, stacks);
			hms_find_run(&f);
		}
		hms_find_words(&f, stacks);
	}
	if (f.unnamed) {
		f.found_by = HMS_FOUND_SCAN;
		hms_find_interfaces(&f);
	}
	hms_find_sweep(&f);
	hms_fitter_destroy(f.fitter);
	if (f.nmaps)
		qsort(f.maps, f.nmaps, sizeof(*f.maps), by_addr);
	found->maps = f.maps;
	found->nmaps = f.nmaps;
	found->dismissed = f.dismissed;
	found->complete = f.budget > 0;
	finder_deinit(&f);
	HMS_TRY(err);
	*ret = hms_take(found);
	return NULL;
}

void hms_found_free(struct hms_found *found)
{
	if (!found)
		return;
	hms_arena_destroy(found->arena);
	free(found->maps);
	free(found);
}

struct hms_map *hms_found_at(const struct hms_found *found, uint64_t addr)
{
	struct hms_map key = {.addr = addr};

	if (!found->nmaps)
		return NULL;
	return bsearch(&key, found->maps, found->nmaps, sizeof(key), by_addr);
}
