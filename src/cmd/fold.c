#include "cmd/fold.h"

#include <stdlib.h>

#include "find/path.h"
#include "report/format.h"
#include "util/set.h"

#define FEW  3  /* fewer maps than this are no group */
#define PART 10 /* a map with a tenth of its group's bytes is worth a row of its own */

struct folding {
	struct hms_set index; /* of a path's shape and a type, in groups */
	struct hms_fold_row *groups;
	struct hms_map_group *all; /* of each group: with those that will stand alone */
	size_t ngroups, cap;
	struct hms_fold_row *rows;
	size_t nrows, cap_rows;
};

/* Where a map without an owner belongs: to those of its type. */
static struct hms_fold_row *group_of(struct folding *f, const struct hms_map *map)
{
	uint64_t shape = map->owner ? map->owner->shape + UINT64_C(2) : 1;
	bool added;
	uint64_t *at =
		hms_set_put(&f->index, shape, (uint64_t)(uintptr_t)map->type, f->ngroups, &added);

	if (added) {
		HMS_GROW(f->groups, f->ngroups, f->cap);
		f->groups[f->ngroups++] = (struct hms_fold_row){.rank = HMS_FOLD_REST};
	}
	return &f->groups[*at];
}

static void add_up(struct hms_map_group *group, const struct hms_map *map)
{
	uint64_t count = map->count > 0 ? (uint64_t)map->count : 0;

	group->partial |= !map->readable || !map->bytes_known;
	group->min_entries = group->maps ? HMS_MIN(group->min_entries, count) : count;
	group->max_entries = HMS_MAX(group->max_entries, count);
	group->maps++;
	group->bytes += map->bytes.total;
	group->entries += count;
	group->growing += map->type && map->type->kind == HMS_MAP_CLASSIC &&
			  hms_classic_growing(&map->classic);
}

/* Does @map stand for itself, by the sums over all of its group? */
static bool stands_out(const struct hms_map_group *all, const struct hms_map *map)
{
	return all->maps < FEW || map->bytes.total * PART >= all->bytes;
}

static void add_row(struct folding *f, const struct hms_fold_row *row)
{
	HMS_GROW(f->rows, f->nrows, f->cap_rows);
	f->rows[f->nrows++] = *row;
}

/* Those that rank lower become rows, the others are counted. */
static void sum_up(struct folding *f, const struct hms_view *view,
		   const struct hms_map *const *maps, size_t n,
		   unsigned int (*rank)(const struct hms_view *view, const struct hms_map *map),
		   bool *rest_ret)
{
	for (size_t i = 0; i < n; i++) {
		struct hms_fold_row row = {.map = maps[i], .rank = HMS_FOLD_REST};

		if (rank)
			row.rank = rank(view, maps[i]);
		rest_ret[i] = row.rank == HMS_FOLD_REST;
		if (rest_ret[i])
			add_up(&group_of(f, maps[i])->group, maps[i]);
		else
			add_row(f, &row);
	}
	f->all = hms_xcalloc(f->ngroups + 1, sizeof(*f->all));
	for (size_t i = 0; i < f->ngroups; i++) {
		f->all[i] = f->groups[i].group;
		f->groups[i].group = (struct hms_map_group){0};
	}
}

static void place(struct folding *f, const struct hms_map *map)
{
	struct hms_fold_row *group = group_of(f, map);

	if (stands_out(&f->all[group - f->groups], map)) {
		add_row(f, &(struct hms_fold_row){.map = map, .rank = HMS_FOLD_REST});
		return;
	}
	add_up(&group->group, map);
	if (!group->map || map->bytes.total > group->map->bytes.total)
		group->map = map;
}

uint64_t hms_fold_bytes(const struct hms_fold_row *row)
{
	return row->grouped ? row->group.bytes : row->map->bytes.total;
}

static int compare_rows(const void *a, const void *b)
{
	const struct hms_fold_row *x = a, *y = b;
	uint64_t i = hms_fold_bytes(x), k = hms_fold_bytes(y);

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (i != k)
		return i > k ? -1 : 1;
	return x->map->addr < y->map->addr ? -1 : x->map->addr > y->map->addr;
}

size_t hms_fold(const struct hms_view *view, const struct hms_map *const *maps, size_t n,
		unsigned int (*rank)(const struct hms_view *view, const struct hms_map *map),
		struct hms_fold_row **ret)
{
	HMS_AUTO_FREE bool *rest = hms_xcalloc(n + 1, sizeof(*rest));
	struct folding f = {0};

	sum_up(&f, view, maps, n, rank, rest);
	for (size_t i = 0; i < n; i++)
		if (rest[i])
			place(&f, maps[i]);
	for (size_t i = 0; i < f.ngroups; i++) {
		f.groups[i].grouped = f.groups[i].group.maps > 1;
		if (f.groups[i].map)
			add_row(&f, &f.groups[i]);
	}
	if (f.nrows)
		qsort(f.rows, f.nrows, sizeof(*f.rows), compare_rows);
	free(f.groups);
	free(f.all);
	hms_set_deinit(&f.index);
	*ret = f.rows;
	return f.nrows;
}

/* "1,000,000 maps, 0 to 12 entries each, 3 growing" */
static void note_group(const struct hms_map_group *group, struct hms_str *ret)
{
	hms_format_count(ret, group->maps);
	hms_str_add(ret, " maps, ");
	hms_format_count(ret, group->min_entries);
	if (group->max_entries != group->min_entries) {
		hms_str_add(ret, " to ");
		hms_format_count(ret, group->max_entries);
	}
	hms_str_add(ret, group->max_entries == 1 ? " entry each" : " entries each");
	if (group->growing) {
		hms_str_add(ret, ", ");
		hms_format_count(ret, group->growing);
		hms_str_add(ret, " growing");
	}
}

/* What it borrows is valid until the next call of this or of hms_view_row(). */
static struct hms_map_row view_row(struct hms_view *view, const struct hms_fold_row *row)
{
	const struct hms_path *owner = row->map->owner;

	if (!row->grouped)
		return hms_view_row(view, row->map);
	hms_str_clear(&view->owner);
	hms_str_clear(&view->note);
	if (owner)
		hms_path_text(view->session->rt, owner, HMS_PATH_HIDE_KEYS | HMS_PATH_HIDE_NUMBERS,
			      &view->owner);
	note_group(&row->group, &view->note);
	return (struct hms_map_row){
		.map = row->map,
		.group = &row->group,
		.kind = view->session->rt->map_kind,
		.owner = owner ? hms_str_text(&view->owner) : NULL,
		.note = hms_str_text(&view->note),
	};
}

void hms_fold_emit(struct hms_view *view, const struct hms_fold_row *rows, size_t n, bool last)
{
	bool json = view->input->format == HMS_FORMAT_JSON;

	for (size_t i = 0; i < n; i++) {
		struct hms_map_row row;

		if (last != (json && rows[i].grouped))
			continue;
		row = view_row(view, &rows[i]);
		view->renderer->ops->map(view->renderer, &row);
	}
}
