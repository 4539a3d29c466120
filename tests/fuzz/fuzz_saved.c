/* A saved report, read and compared: with itself it is the same, backwards it is the mirror. */
#include <string.h>

#include "diff/saved.h"
#include "diff/series.h"
#include "fuzz/fuzz.h"

/* The other one: as many maps as there are addresses below it. */
static struct hms_snapshot *other(void)
{
	struct hms_snapshot *snap = hms_snapshot_create();

	snap->command = "list";
	snap->nmaps_said = 8;
	for (uint64_t i = 0; i < 8; i++) {
		struct hms_snap_map *map = hms_snapshot_add_map(snap);

		map->addr = i;
		map->owner = i & 1 ? "main.m" : NULL;
		map->numbers[HMS_SNAP_COUNT] = INT64_MAX - (int64_t)i;
		map->numbers[HMS_SNAP_BYTES] = INT64_MAX;
		hms_snap_set_pattern(map, HMS_SNAP_SEED, i);
	}
	hms_snapshot_finish(snap);
	return snap;
}

static void compare(const struct hms_snapshot *old, const struct hms_snapshot *new)
{
	const struct hms_diff_filter all = {0};
	struct hms_diff there, back;

	hms_diff_make(old, new, &all, &there);
	hms_diff_make(new, old, &all, &back);
	FUZZ_CHECK(there.nchanges <= old->nmaps + new->nmaps);
	FUZZ_CHECK(there.counts[HMS_CHANGE_ADDED] <= new->nmaps);
	FUZZ_CHECK(there.ngroups == back.ngroups);
	for (int i = 0; i < HMS_NDIFF_ORDERS; i++)
		hms_diff_sort(&there, (enum hms_diff_order)i, i & 1);
	hms_diff_deinit(&there);
	hms_diff_deinit(&back);
}

static void follow(const struct hms_snapshot *snap, const struct hms_snapshot *more)
{
	const struct hms_snapshot *const list[] = {snap, more, snap};
	const struct hms_diff_filter all = {0};
	struct hms_series series;

	hms_series_make(list, 3, &all, &series);
	for (size_t i = 0; i < series.nrows; i++)
		FUZZ_CHECK(hms_course_map(&series, &series.rows[i]));
	hms_series_deinit(&series);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hms_snapshot *snap = NULL, *more;
	struct hms_error *err = hms_saved_parse("input", (const char *)data, len, &snap);

	FUZZ_CHECK(!err == !!snap);
	if (err) {
		hms_err_free(err);
		return 0;
	}
	more = other();
	compare(snap, snap);
	compare(snap, more);
	follow(snap, more);
	hms_snapshot_destroy(more);
	hms_snapshot_destroy(snap);
	return 0;
}
