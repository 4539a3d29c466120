/* JSON: what changed, by the contract of hmapscope-report(5). */
#include "report/json.h"

#include "report/diff.h"

static void emit_number(struct hms_emit *emit, const char *key, int64_t n)
{
	if (n == HMS_UNKNOWN)
		hms_emit_null(emit, key);
	else
		hms_emit_i64(emit, key, n);
}

/* The numbers of one side, or of the difference. */
struct side {
	const struct hms_change *change;
	enum { SIDE_OLD, SIDE_NEW, SIDE_DELTA } which;
};

static int64_t side_number(const struct side *side, enum hms_snap_number number)
{
	if (side->which == SIDE_DELTA)
		return hms_change_delta(side->change, number);
	return hms_change_number(side->change, number, side->which == SIDE_NEW);
}

static void emit_side(struct hms_emit *emit, const char *key, const struct side *side)
{
	static const struct {
		const char *key;
		enum hms_snap_number number;
	} members[] = {
		{"count", HMS_SNAP_COUNT},         {"bytes", HMS_SNAP_BYTES},
		{"nevacuate", HMS_SNAP_NEVACUATE}, {"overflow", HMS_SNAP_OVERFLOW},
		{"capacity", HMS_SNAP_CAPACITY},   {"live", HMS_SNAP_LIVE},
		{"buckets", HMS_SNAP_BUCKETS},     {"old_buckets", HMS_SNAP_OLD_BUCKETS},
		{"evacuated", HMS_SNAP_EVACUATED}, {"chain_max", HMS_SNAP_CHAIN_MAX},
		{"tables", HMS_SNAP_TABLES},       {"tombstones", HMS_SNAP_TOMBSTONES},
	};

	hms_emit_object(emit, key);
	for (size_t i = 0; i < HMS_ARRAY_LEN(members); i++)
		emit_number(emit, members[i].key, side_number(side, members[i].number));
	hms_emit_close(emit);
}

static void emit_tristate(struct hms_emit *emit, const char *key, int value)
{
	if (value < 0)
		hms_emit_null(emit, key);
	else
		hms_emit_bool(emit, key, value);
}

static void emit_addr(struct hms_emit *emit, const char *key, const struct hms_snap_map *map)
{
	if (map)
		hms_emit_hex(emit, key, map->addr);
	else
		hms_emit_null(emit, key);
}

static void emit_change(struct hms_emit *emit, const struct hms_change *c)
{
	const struct hms_snap_map *map = hms_change_map(c);

	hms_emit_object(emit, NULL);
	hms_emit_hex(emit, "addr", map->addr);
	hms_emit_text(emit, "type", map->type);
	hms_emit_text(emit, "owner", map->owner);
	hms_emit_text(emit, "status", hms_change_status_text(c->status));
	hms_emit_text(emit, "growth", hms_change_growth_text(c->growth));
	if (c->old)
		emit_side(emit, "old", &(struct side){c, SIDE_OLD});
	else
		hms_emit_null(emit, "old");
	if (c->new)
		emit_side(emit, "new", &(struct side){c, SIDE_NEW});
	else
		hms_emit_null(emit, "new");
	emit_side(emit, "delta", &(struct side){c, SIDE_DELTA});
	emit_tristate(emit, "written", c->written);
	hms_emit_bool(emit, "emptied", c->pairing == HMS_PAIR_EMPTIED);
	emit_addr(emit, "old_addr", c->old);
	emit_addr(emit, "instead", c->instead);
	hms_emit_close(emit);
}

/* ---- sums, goroutines, findings --------------------------------------------------------- */

static void emit_total_side(struct hms_emit *emit, const char *key, uint64_t maps, int64_t count,
			    int64_t bytes)
{
	hms_emit_object(emit, key);
	hms_emit_u64(emit, "maps", maps);
	hms_emit_i64(emit, "count", count);
	hms_emit_i64(emit, "bytes", bytes);
	hms_emit_close(emit);
}

static void emit_totals(struct hms_emit *emit, const char *key, const char *name_key,
			const struct hms_total *totals, size_t n)
{
	hms_emit_array(emit, key);
	for (size_t i = 0; i < n; i++) {
		const struct hms_total *t = &totals[i];

		hms_emit_object(emit, NULL);
		hms_emit_text(emit, name_key, t->name);
		emit_total_side(emit, "old", t->old_maps, t->old_count, t->old_bytes);
		emit_total_side(emit, "new", t->new_maps, t->new_count, t->new_bytes);
		hms_emit_close(emit);
	}
	hms_emit_close(emit);
}

static void emit_group(struct hms_emit *emit, const struct hms_group_change *change)
{
	const struct hms_snap_group *group = change->group;

	hms_emit_object(emit, NULL);
	hms_emit_u64(emit, "old", change->old_n);
	hms_emit_u64(emit, "new", change->new_n);
	hms_emit_text(emit, "wait_reason", group->wait_reason);
	hms_emit_text(emit, "created_by", group->created_by);
	hms_emit_bool(emit, "system", group->system);
	hms_emit_array(emit, "calls");
	for (size_t i = 0; i < group->nframes; i++) {
		hms_emit_object(emit, NULL);
		hms_emit_text(emit, "function", group->frames[i].function);
		hms_emit_text(emit, "file", group->frames[i].file);
		if (group->frames[i].line < 0)
			hms_emit_null(emit, "line");
		else
			hms_emit_i64(emit, "line", group->frames[i].line);
		hms_emit_close(emit);
	}
	hms_emit_close(emit);
	hms_emit_close(emit);
}

static void emit_groups(struct hms_emit *emit, const struct hms_diff *diff)
{
	if (!diff->groups_known) {
		hms_emit_null(emit, "goroutine_groups");
		return;
	}
	hms_emit_array(emit, "goroutine_groups");
	for (size_t i = 0; i < diff->ngroups; i++)
		emit_group(emit, &diff->groups[i]);
	hms_emit_close(emit);
}

static void emit_place(struct hms_emit *emit, const char *key, uint64_t addr)
{
	if (addr)
		hms_emit_hex(emit, key, addr);
	else
		hms_emit_null(emit, key);
}

void hms_emit_finding_change(struct hms_emit *emit, const struct hms_finding_change *change)
{
	static const char *const status[] = {"new", "gone", "both"};
	const struct hms_snap_finding *finding = change->finding;

	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "rule", finding->rule);
	hms_emit_text(emit, "severity", finding->severity);
	emit_place(emit, "map", finding->map);
	emit_place(emit, "addr", finding->addr);
	hms_emit_text(emit, "expected", finding->expected);
	hms_emit_text(emit, "seen", finding->seen);
	hms_emit_text(emit, "message", finding->message);
	if (finding->goroutine < 0)
		hms_emit_null(emit, "goroutine");
	else
		hms_emit_i64(emit, "goroutine", finding->goroutine);
	hms_emit_text(emit, "change", status[change->status]);
	hms_emit_close(emit);
}

/* ---- series ----------------------------------------------------------------------------- */

static void emit_course_numbers(struct hms_emit *emit, const char *key,
				const struct hms_series *series, const struct hms_course *row,
				enum hms_snap_number number)
{
	hms_emit_array(emit, key);
	for (size_t i = 0; i < series->nsnapshots; i++)
		emit_number(emit, NULL, row->maps[i] ? row->maps[i]->numbers[number] : HMS_UNKNOWN);
	hms_emit_close(emit);
}

void hms_emit_series(struct hms_emit *emit, const struct hms_series *series)
{
	hms_emit_array(emit, "series");
	for (size_t i = 0; i < series->nrows; i++) {
		const struct hms_course *row = &series->rows[i];
		const struct hms_snap_map *map = hms_course_map(series, row);

		hms_emit_object(emit, NULL);
		hms_emit_hex(emit, "addr", map->addr);
		hms_emit_text(emit, "type", map->type);
		hms_emit_text(emit, "owner", map->owner);
		hms_emit_text(emit, "trend", hms_trend_name(row->trend));
		hms_emit_bool(emit, "changed", row->changed);
		hms_emit_bool(emit, "stalled", row->stalled);
		emit_course_numbers(emit, "counts", series, row, HMS_SNAP_COUNT);
		emit_course_numbers(emit, "sizes", series, row, HMS_SNAP_BYTES);
		hms_emit_close(emit);
	}
	hms_emit_close(emit);
}

void hms_emit_diff(struct hms_emit *emit, const struct hms_diff_report *report)
{
	const struct hms_diff *diff = report->diff;
	int64_t apart = hms_diff_apart(report->old, report->new);

	if (apart < 0)
		hms_emit_null(emit, "apart_ns");
	else
		hms_emit_i64(emit, "apart_ns", apart);
	hms_emit_array(emit, "changes");
	for (size_t i = 0; i < diff->nchanges; i++)
		emit_change(emit, &diff->changes[i]);
	hms_emit_close(emit);
	emit_totals(emit, "owner_totals", "owner", diff->owners, diff->nowners);
	emit_totals(emit, "type_totals", "type", diff->types, diff->ntypes);
	emit_groups(emit, diff);
}
