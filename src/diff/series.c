#include "diff/series.h"

#include <stdlib.h>
#include <string.h>

const char *hms_trend_text(enum hms_trend trend)
{
	static const char *const texts[HMS_NTRENDS] = {"grows steadily", "grows", "up and down",
						       "shrinks", ""};

	return texts[trend];
}

const char *hms_trend_name(enum hms_trend trend)
{
	static const char *const names[HMS_NTRENDS] = {"steady", "grows", "varies", "shrinks",
						       "flat"};

	return names[trend];
}

/* ---- following maps ---------------------------------------------------------------------- */

/* Which row each map of one snapshot belongs to. */
struct following {
	struct hms_series *series;
	size_t *rows, *next_rows;
};

static size_t new_row(struct hms_series *series)
{
	struct hms_course *row;

	HMS_GROW(series->rows, series->nrows, series->cap_rows);
	row = &series->rows[series->nrows];
	*row = (struct hms_course){
		.maps = hms_arena_alloc(series->arena,
					series->nsnapshots * sizeof(const struct hms_snap_map *))};
	return series->nrows++;
}

static void start(struct following *f)
{
	const struct hms_snapshot *snap = f->series->snapshots[0];

	f->rows = hms_xcalloc(snap->nmaps, sizeof(*f->rows));
	for (size_t i = 0; i < snap->nmaps; i++) {
		f->rows[i] = new_row(f->series);
		f->series->rows[f->rows[i]].maps[0] = &snap->maps[i];
	}
}

static void follow(struct following *f, size_t at, const struct hms_change *c)
{
	const struct hms_snapshot *old = f->series->snapshots[at - 1];
	const struct hms_snapshot *new = f->series->snapshots[at];
	struct hms_course *row;
	size_t i;

	if (!c->new) {
		f->series->rows[f->rows[c->old - old->maps]].changed = true;
		return;
	}
	i = c->old ? f->rows[c->old - old->maps] : new_row(f->series);
	f->next_rows[c->new - new->maps] = i;
	row = &f->series->rows[i];
	row->maps[at] = c->new;
	row->changed |= c->status != HMS_CHANGE_SAME;
	row->stalled = c->growth == HMS_GROWTH_STALLED;
}

static void step(struct following *f, size_t at)
{
	const struct hms_snapshot *const *snapshots = f->series->snapshots;
	const struct hms_diff_filter all = {0};
	struct hms_diff diff;

	f->next_rows = hms_xcalloc(snapshots[at]->nmaps, sizeof(*f->next_rows));
	hms_diff_make(snapshots[at - 1], snapshots[at], &all, &diff);
	for (size_t i = 0; i < diff.nchanges; i++)
		follow(f, at, &diff.changes[i]);
	hms_diff_deinit(&diff);
	free(f->rows);
	f->rows = f->next_rows;
}

/* ---- what they make of it ---------------------------------------------------------------- */

const struct hms_snap_map *hms_course_map(const struct hms_series *series,
					  const struct hms_course *row)
{
	size_t i = series->nsnapshots;

	while (i-- > 0)
		if (row->maps[i])
			return row->maps[i];
	return NULL;
}

static int64_t number_of(const struct hms_snap_map *map, enum hms_snap_number number)
{
	return map ? map->numbers[number] : 0;
}

int64_t hms_course_first(const struct hms_course *row, enum hms_snap_number number)
{
	return number_of(row->maps[0], number);
}

int64_t hms_course_last(const struct hms_series *series, const struct hms_course *row,
			enum hms_snap_number number)
{
	return number_of(row->maps[series->nsnapshots - 1], number);
}

/* How often the entries became more and fewer, while the map was there. */
struct steps {
	size_t up, down, n;
};

static struct steps count_steps(const struct hms_series *series, const struct hms_course *row)
{
	struct steps ret = {0};

	for (size_t i = 1; i < series->nsnapshots; i++) {
		const struct hms_snap_map *old = row->maps[i - 1], *new = row->maps[i];
		int64_t from, to;

		if (!old || !new)
			continue;
		from = old->numbers[HMS_SNAP_COUNT];
		to = new->numbers[HMS_SNAP_COUNT];
		ret.n++;
		ret.up += from != HMS_UNKNOWN && to != HMS_UNKNOWN && to > from;
		ret.down += from != HMS_UNKNOWN && to != HMS_UNKNOWN && to < from;
	}
	return ret;
}

/* One step proves no steadiness. */
static enum hms_trend trend_of(const struct hms_series *series, const struct hms_course *row)
{
	struct steps steps = count_steps(series, row);

	if (steps.up && steps.down)
		return HMS_TREND_VARIES;
	if (steps.up)
		return steps.up == steps.n && steps.n > 1 ? HMS_TREND_STEADY : HMS_TREND_GROWS;
	return steps.down ? HMS_TREND_SHRINKS : HMS_TREND_FLAT;
}

static int64_t growth(const struct hms_series *series, const struct hms_course *row,
		      enum hms_snap_number number)
{
	int64_t first = hms_course_first(row, number), delta;
	int64_t last = hms_course_last(series, row, number);

	if (first == HMS_UNKNOWN || last == HMS_UNKNOWN ||
	    __builtin_sub_overflow(last, first, &delta))
		return 0;
	return delta;
}

static uint64_t size_of(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

static int compare_size(int64_t a, int64_t b)
{
	return size_of(a) > size_of(b) ? -1 : size_of(a) < size_of(b);
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct hms_course *x = a, *y = b;
	const struct hms_series *series = arg;
	bool sx = x->trend == HMS_TREND_STEADY, sy = y->trend == HMS_TREND_STEADY;
	const struct hms_snap_map *mx, *my;
	int c;

	if (sx != sy)
		return sx ? -1 : 1;
	c = compare_size(growth(series, x, HMS_SNAP_BYTES), growth(series, y, HMS_SNAP_BYTES));
	if (!c)
		c = compare_size(growth(series, x, HMS_SNAP_COUNT),
				 growth(series, y, HMS_SNAP_COUNT));
	mx = hms_course_map(series, x);
	my = hms_course_map(series, y);
	if (!c && mx->addr != my->addr)
		return mx->addr < my->addr ? -1 : 1;
	return c;
}

static bool holds(const char *text, const char *part)
{
	return text && strstr(text, part);
}

static bool wanted(const struct hms_series *series, const struct hms_course *row,
		   const struct hms_diff_filter *filter)
{
	const struct hms_snap_map *map = hms_course_map(series, row);

	if (filter->type && !holds(map->type, filter->type) && !holds(map->type_path, filter->type))
		return false;
	if (filter->owner && !holds(map->owner, filter->owner))
		return false;
	return size_of(growth(series, row, HMS_SNAP_BYTES)) >= filter->min_delta;
}

void hms_series_make(const struct hms_snapshot *const *snapshots, size_t n,
		     const struct hms_diff_filter *filter, struct hms_series *ret)
{
	struct following f = {.series = ret};
	size_t kept = 0;

	*ret = (struct hms_series){
		.snapshots = snapshots, .nsnapshots = n, .arena = hms_arena_create()};
	start(&f);
	for (size_t i = 1; i < n; i++)
		step(&f, i);
	free(f.rows);
	for (size_t i = 0; i < ret->nrows; i++) {
		struct hms_course row = ret->rows[i];

		if (!wanted(ret, &row, filter))
			continue;
		row.trend = trend_of(ret, &row);
		ret->rows[kept++] = row;
	}
	ret->nrows = kept;
	if (kept)
		qsort_r(ret->rows, kept, sizeof(*ret->rows), compare_rows, ret);
}

void hms_series_deinit(struct hms_series *series)
{
	hms_arena_destroy(series->arena);
	free(series->rows);
}
