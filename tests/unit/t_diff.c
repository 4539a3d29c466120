/* What changed between two snapshots: pairs, growth and sums, from maps written by hand. */
#include "unit/unit.h"

#include <stdlib.h>

#include "diff/series.h"

/* ---- snapshots -------------------------------------------------------------------------- */

/* A classic map with 64 entries in 16 buckets. */
static struct hms_snap_map *put(struct hms_snapshot *snap, uint64_t addr, const char *owner)
{
	struct hms_snap_map *map = hms_snapshot_add_map(snap);

	map->addr = addr;
	map->type = map->type_path = "map[int]int";
	map->owner = owner;
	map->numbers[HMS_SNAP_COUNT] = 64;
	map->numbers[HMS_SNAP_BYTES] = 2400;
	map->numbers[HMS_SNAP_BUCKETS] = 16;
	map->numbers[HMS_SNAP_OLD_BUCKETS] = 0;
	map->numbers[HMS_SNAP_NEVACUATE] = 0;
	map->numbers[HMS_SNAP_EVACUATED] = 0;
	hms_snap_set_pattern(map, HMS_SNAP_SEED, 0x5eed);
	hms_snap_set_pattern(map, HMS_SNAP_ARRAY, addr + 0x1000);
	hms_snap_set_pattern(map, HMS_SNAP_OLD_ARRAY, 0);
	hms_snap_set_pattern(map, HMS_SNAP_DIGEST, 0xd1);
	return map;
}

static void grow(struct hms_snap_map *map, int64_t moved)
{
	map->numbers[HMS_SNAP_BUCKETS] = 32;
	map->numbers[HMS_SNAP_OLD_BUCKETS] = 16;
	map->numbers[HMS_SNAP_NEVACUATE] = moved;
	map->numbers[HMS_SNAP_EVACUATED] = moved;
	hms_snap_set_pattern(map, HMS_SNAP_ARRAY, 0xa000);
	hms_snap_set_pattern(map, HMS_SNAP_OLD_ARRAY, map->addr + 0x1000);
}

struct pair {
	struct hms_snapshot *old, *new;
	struct hms_diff diff;
};

static void open_pair(struct pair *p)
{
	*p = (struct pair){.old = hms_snapshot_create(), .new = hms_snapshot_create()};
	p->old->command = p->new->command = "core";
}

static void compare(struct pair *p)
{
	const struct hms_diff_filter all = {0};

	p->old->nmaps_said = (int64_t)p->old->nmaps;
	p->new->nmaps_said = (int64_t)p->new->nmaps;
	hms_snapshot_finish(p->old);
	hms_snapshot_finish(p->new);
	hms_diff_make(p->old, p->new, &all, &p->diff);
}

static void close_pair(struct pair *p)
{
	hms_diff_deinit(&p->diff);
	hms_snapshot_destroy(p->old);
	hms_snapshot_destroy(p->new);
}

/* ---- pairs ------------------------------------------------------------------------------ */

/* The one change of a pair of one map each, made by @alter. */
static struct hms_change one(void (*alter)(struct hms_snap_map *old, struct hms_snap_map *new))
{
	struct hms_change ret;
	struct pair p;

	open_pair(&p);
	alter(put(p.old, 0xc000, "main.m"), put(p.new, 0xc000, "main.m"));
	compare(&p);
	assert_int_equal(p.diff.nchanges, 1);
	ret = p.diff.changes[0];
	assert_true(p.diff.same_maps);
	close_pair(&p);
	return ret;
}

static void nothing(struct hms_snap_map *old, struct hms_snap_map *new)
{
	(void)old;
	(void)new;
}

static void contents(struct hms_snap_map *old, struct hms_snap_map *new)
{
	(void)old;
	hms_snap_set_pattern(new, HMS_SNAP_DIGEST, 0xd2);
}

static void no_digest(struct hms_snap_map *old, struct hms_snap_map *new)
{
	(void)old;
	new->known &= (uint8_t) ~(1U << HMS_SNAP_DIGEST);
}

static void same_or_not(void **state)
{
	struct hms_change c = one(nothing);

	(void)state;
	assert_int_equal(c.status, HMS_CHANGE_SAME);
	assert_int_equal(c.growth, HMS_GROWTH_NONE);
	assert_int_equal(c.pairing, HMS_PAIR_SAME);
	assert_int_equal(c.written, 0);
	c = one(contents);
	assert_int_equal(c.status, HMS_CHANGE_CHANGED);
	assert_int_equal(c.written, 1);
	c = one(no_digest);
	assert_int_equal(c.status, HMS_CHANGE_SAME);
	assert_int_equal(c.written, -1);
}

static void reseed(struct hms_snap_map *old, struct hms_snap_map *new)
{
	(void)old;
	hms_snap_set_pattern(new, HMS_SNAP_SEED, 0xbeef);
}

static void reseed_in_place(struct hms_snap_map *old, struct hms_snap_map *new)
{
	old->owner = "main.a";
	new->owner = "main.b";
	reseed(old, new);
}

static void an_emptied_map_is_the_same_map(void **state)
{
	(void)state;
	assert_int_equal(one(reseed).pairing, HMS_PAIR_EMPTIED);
	assert_int_equal(one(reseed).status, HMS_CHANGE_CHANGED);
	assert_int_equal(one(reseed_in_place).pairing, HMS_PAIR_EMPTIED);
}

/* Another seed, another owner, other buckets. */
static void an_address_used_again_is_another_map(void **state)
{
	struct hms_snap_map *map;
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0xc000, "main.a");
	map = put(p.new, 0xc000, "main.b");
	hms_snap_set_pattern(map, HMS_SNAP_SEED, 0xbeef);
	hms_snap_set_pattern(map, HMS_SNAP_ARRAY, 0xf000);
	compare(&p);
	assert_int_equal(p.diff.nchanges, 2);
	assert_int_equal(p.diff.counts[HMS_CHANGE_ADDED], 1);
	assert_int_equal(p.diff.counts[HMS_CHANGE_REMOVED], 1);
	assert_null(p.diff.changes[0].instead);
	close_pair(&p);
}

static void another_type_is_another_map(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0xc000, "main.m");
	put(p.new, 0xc000, "main.m")->type_path = "map[int]string";
	compare(&p);
	assert_int_equal(p.diff.counts[HMS_CHANGE_ADDED], 1);
	assert_int_equal(p.diff.counts[HMS_CHANGE_REMOVED], 1);
	close_pair(&p);
}

/* A header on a stack that was copied: another address, the same seed and owner. */
static void a_map_moves_with_its_stack(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0xc000, "goroutine:7:main.f.m");
	put(p.new, 0xe000, "goroutine:7:main.f.m");
	compare(&p);
	assert_int_equal(p.diff.nchanges, 1);
	assert_int_equal(p.diff.changes[0].pairing, HMS_PAIR_MOVED);
	assert_int_equal(p.diff.changes[0].status, HMS_CHANGE_SAME);
	close_pair(&p);
}

static void a_map_takes_anothers_place(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0xc000, "main.m");
	hms_snap_set_pattern(put(p.new, 0xe000, "main.m"), HMS_SNAP_SEED, 0xbeef);
	compare(&p);
	assert_int_equal(p.diff.nchanges, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct hms_change *c = &p.diff.changes[i];

		assert_int_equal(c->status, c->new ? HMS_CHANGE_ADDED : HMS_CHANGE_REMOVED);
		assert_non_null(c->instead);
		assert_int_equal(c->instead->addr, c->new ? 0xc000 : 0xe000);
	}
	close_pair(&p);
}

/* Paths without their keys lead to several maps: they don't tell which. */
static void ambiguous_owners_pair_nothing(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0xc000, "main.m[…]");
	put(p.new, 0xe000, "main.m[…]");
	put(p.new, 0xf000, "main.m[…]");
	compare(&p);
	assert_int_equal(p.diff.counts[HMS_CHANGE_REMOVED], 1);
	assert_int_equal(p.diff.counts[HMS_CHANGE_ADDED], 2);
	close_pair(&p);
}

/* ---- growth ----------------------------------------------------------------------------- */

static void starts(struct hms_snap_map *old, struct hms_snap_map *new)
{
	(void)old;
	grow(new, 2);
}

static void moves(struct hms_snap_map *old, struct hms_snap_map *new)
{
	grow(old, 2);
	grow(new, 5);
}

static void stalls(struct hms_snap_map *old, struct hms_snap_map *new)
{
	grow(old, 5);
	grow(new, 5);
}

static void ends(struct hms_snap_map *old, struct hms_snap_map *new)
{
	grow(old, 5);
	(void)new;
}

/* Done and begun again: not a bucket of the new growth has moved. */
static void begins_again(struct hms_snap_map *old, struct hms_snap_map *new)
{
	grow(old, 0);
	grow(new, 0);
	new->numbers[HMS_SNAP_BUCKETS] = 64;
	new->numbers[HMS_SNAP_OLD_BUCKETS] = 32;
	hms_snap_set_pattern(new, HMS_SNAP_OLD_ARRAY, 0xa000);
	hms_snap_set_pattern(new, HMS_SNAP_ARRAY, 0xb000);
}

static void grew(struct hms_snap_map *old, struct hms_snap_map *new)
{
	(void)old;
	new->numbers[HMS_SNAP_BUCKETS] = 256;
}

static void first_bucket(struct hms_snap_map *old, struct hms_snap_map *new)
{
	hms_snap_set_pattern(old, HMS_SNAP_ARRAY, 0);
	old->numbers[HMS_SNAP_BUCKETS] = 0;
	new->numbers[HMS_SNAP_BUCKETS] = 1;
}

static void many_buckets_at_once(struct hms_snap_map *old, struct hms_snap_map *new)
{
	first_bucket(old, new);
	new->numbers[HMS_SNAP_BUCKETS] = 64;
}

static void growth(void **state)
{
	(void)state;
	assert_int_equal(one(starts).growth, HMS_GROWTH_STARTED);
	assert_int_equal(one(moves).growth, HMS_GROWTH_PROGRESSING);
	assert_int_equal(one(moves).status, HMS_CHANGE_CHANGED);
	assert_int_equal(one(stalls).growth, HMS_GROWTH_STALLED);
	assert_int_equal(one(stalls).status, HMS_CHANGE_SAME);
	assert_int_equal(one(ends).growth, HMS_GROWTH_FINISHED);
	assert_int_equal(one(begins_again).growth, HMS_GROWTH_STARTED);
	assert_int_equal(one(grew).growth, HMS_GROWTH_FINISHED);
	assert_int_equal(one(first_bucket).growth, HMS_GROWTH_NONE);
	assert_int_equal(one(many_buckets_at_once).growth, HMS_GROWTH_FINISHED);
}

/* ---- one process ------------------------------------------------------------------------ */

static void refuse(struct hms_snapshot *old, struct hms_snapshot *new, const char *why)
{
	struct hms_error *err = hms_diff_same_process(old, new);

	assert_non_null(err);
	assert_int_equal(err->code, HMS_ERR_MISMATCH);
	if (!strstr(err->message, why))
		fail_msg("'%s' does not say '%s'", err->message, why);
	hms_err_free(err);
}

static void one_process(void **state)
{
	struct hms_snapshot *old = hms_snapshot_create(), *new = hms_snapshot_create();

	(void)state;
	assert_ok(hms_diff_same_process(old, new));
	old->pid = 7;
	assert_ok(hms_diff_same_process(old, new));
	new->pid = 8;
	refuse(old, new, "processes 7 and 8");
	new->pid = 7;
	old->process_key = 1;
	new->process_key = 2;
	old->process_key_known = true;
	assert_ok(hms_diff_same_process(old, new));
	new->process_key_known = true;
	refuse(old, new, "hash keys");
	old->build_id = "ab";
	new->build_id = "cd";
	refuse(old, new, "builds ab and cd");
	hms_snapshot_destroy(old);
	hms_snapshot_destroy(new);
}

/* ---- sums ------------------------------------------------------------------------------- */

static void expect_root(const char *owner, const char *wanted)
{
	HMS_AUTO_STR struct hms_str root = HMS_STR_INIT;

	hms_diff_owner_root(owner, &root);
	assert_string_equal(hms_str_text(&root), wanted);
}

static void roots_of_owners(void **state)
{
	(void)state;
	expect_root("main.cache", "main.cache");
	expect_root("main.cache.items[\"x.y/z\"]", "main.cache");
	expect_root("main.nested[\"k3\"].m", "main.nested");
	expect_root("(*main.arr[1])", "main.arr");
	expect_root("(**main.p)", "main.p");
	expect_root("example.org/x/cache.table.items[3]", "example.org/x/cache.table");
	expect_root("(*example.org/x/cache.table).items", "example.org/x/cache.table");
	expect_root("goroutine:18:main.writer.c.items", "goroutine main.writer");
	expect_root("goroutine:18:main.(*Cache).Update.c.m", "goroutine main.(*Cache).Update");
	expect_root("goroutine:1:main.run.func1.m", "goroutine main.run.func1");
	expect_root("goroutine:1:main.run.func1.2.m", "goroutine main.run.func1.2");
	expect_root("goroutine:1:main.run.function", "goroutine main.run");
	expect_root("(*goroutine:1:example.org/a.f.p)", "goroutine example.org/a.f");
	expect_root("", "");
}

static void totals(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0x1000, "main.a[1]");
	put(p.new, 0x1000, "main.a[1]");
	put(p.new, 0x2000, "main.a[2]");
	put(p.old, 0x3000, "main.b");
	put(p.new, 0x4000, NULL)->numbers[HMS_SNAP_BYTES] = HMS_UNKNOWN;
	compare(&p);
	assert_int_equal(p.diff.nowners, 3);
	assert_string_equal(p.diff.owners[0].name, "main.a");
	assert_int_equal(p.diff.owners[0].old_maps, 1);
	assert_int_equal(p.diff.owners[0].new_maps, 2);
	assert_int_equal(p.diff.owners[0].new_bytes, 4800);
	assert_int_equal(p.diff.owners[0].new_count, 128);
	assert_string_equal(p.diff.owners[1].name, "main.b");
	assert_null(p.diff.owners[2].name);
	assert_int_equal(p.diff.ntypes, 1);
	assert_int_equal(p.diff.all.old_bytes, 4800);
	assert_int_equal(p.diff.all.new_maps, 3);
	close_pair(&p);
}

/* ---- goroutines and findings -------------------------------------------------------------- */

static void stand(struct hms_snapshot *snap, const char *function, int64_t line, uint64_t n)
{
	struct hms_snap_frame frames[] = {{"runtime.gopark", "proc.go", 1},
					  {function, "m.go", line}};
	struct hms_snap_group group = {.n = n, .frames = frames, .nframes = 2};

	hms_snapshot_add_goroutines(snap, &group);
	snap->goroutines = (int64_t)snap->ngoroutines;
}

static void goroutine_groups(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	stand(p.old, "main.leak", 3, 10);
	stand(p.old, "main.gone", 4, 1);
	stand(p.old, "main.same", 3, 2);
	stand(p.new, "main.same", 3, 1);
	stand(p.new, "main.leak", 3, 20);
	stand(p.new, "main.leak", 4, 5);
	stand(p.new, "main.same", 3, 1);
	compare(&p);
	assert_true(p.diff.groups_known);
	assert_int_equal(p.diff.ngroups, 2);
	assert_int_equal(p.diff.groups[0].old_n, 10);
	assert_int_equal(p.diff.groups[0].new_n, 25);
	assert_int_equal(p.diff.groups[1].old_n, 1);
	assert_int_equal(p.diff.groups[1].new_n, 0);
	close_pair(&p);
}

static void goroutines_that_are_not_there_are_unknown(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	stand(p.old, "main.leak", 3, 10);
	p.new->goroutines = 25;
	compare(&p);
	assert_false(p.diff.groups_known);
	assert_int_equal(p.diff.ngroups, 0);
	close_pair(&p);
}

static void found(struct hms_snapshot *snap, uint64_t map, const char *rule, const char *message)
{
	struct hms_snap_finding *finding = hms_snapshot_add_finding(snap);

	finding->map = map;
	finding->rule = rule;
	finding->severity = "error";
	finding->message = message;
}

static void findings(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0x1000, "goroutine:7:main.f.m");
	put(p.new, 0x2000, "goroutine:7:main.f.m");
	found(p.old, 0x1000, "map.count", "9 entries, 8 live");
	found(p.new, 0x2000, "map.count", "12 entries, 10 live");
	found(p.old, 0x1000, "map.hash", "gone");
	found(p.new, 0x2000, "map.tophash", "new");
	found(p.new, 0x2000, "map.tophash", "new, too");
	compare(&p);
	assert_true(p.diff.findings_known);
	assert_int_equal(p.diff.finding_counts[HMS_FINDING_BOTH], 1);
	assert_int_equal(p.diff.finding_counts[HMS_FINDING_GONE], 1);
	assert_int_equal(p.diff.finding_counts[HMS_FINDING_NEW], 2);
	assert_string_equal(p.diff.findings[2].finding->message, "gone");
	assert_string_equal(p.diff.findings[3].finding->message, "12 entries, 10 live");
	assert_int_equal(p.diff.findings[3].map->addr, 0x2000);
	close_pair(&p);
}

/* ---- order ------------------------------------------------------------------------------ */

static void order(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	put(p.old, 0x1000, "main.a");
	put(p.new, 0x1000, "main.a")->numbers[HMS_SNAP_BYTES] = 2000;
	put(p.old, 0x2000, "main.b");
	put(p.new, 0x2000, "main.b")->numbers[HMS_SNAP_COUNT] = 65;
	put(p.new, 0x3000, "main.c");
	compare(&p);
	assert_string_equal(hms_change_map(&p.diff.changes[0])->owner, "main.c");
	assert_string_equal(hms_change_map(&p.diff.changes[1])->owner, "main.a");
	hms_diff_sort(&p.diff, HMS_DIFF_BY_DELTA, true);
	assert_string_equal(hms_change_map(&p.diff.changes[0])->owner, "main.b");
	hms_diff_sort(&p.diff, HMS_DIFF_BY_OWNER, false);
	assert_string_equal(hms_change_map(&p.diff.changes[0])->owner, "main.a");
	hms_diff_sort(&p.diff, HMS_DIFF_BY_BYTES, false);
	assert_string_equal(hms_change_map(&p.diff.changes[2])->owner, "main.a");
	close_pair(&p);
}

/* ---- series ----------------------------------------------------------------------------- */

static void series(void **state)
{
	/* By snapshot; -1: the map is not there. */
	static const struct {
		int64_t counts[4];
		enum hms_trend trend;
		bool changed;
	} courses[] = {
		{{1, 2, 3, 9}, HMS_TREND_STEADY, true}, {{5, 5, 6, 6}, HMS_TREND_GROWS, true},
		{{5, 9, 2, 9}, HMS_TREND_VARIES, true}, {{9, 9, 3, 0}, HMS_TREND_SHRINKS, true},
		{{7, 7, 7, 7}, HMS_TREND_FLAT, false},  {{-1, 1, 2, 3}, HMS_TREND_STEADY, true},
		{{4, 4, 4, -1}, HMS_TREND_FLAT, true},
	};
	const struct hms_diff_filter all = {0};
	struct hms_snapshot *snapshots[4];
	struct hms_series made;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snapshots[i] = hms_snapshot_create();
		snapshots[i]->command = "core";
		for (size_t k = 0; k < HMS_ARRAY_LEN(courses); k++)
			if (courses[k].counts[i] >= 0)
				put(snapshots[i], 0x1000 * (k + 1), NULL)->numbers[HMS_SNAP_COUNT] =
					courses[k].counts[i];
		hms_snapshot_finish(snapshots[i]);
	}
	hms_series_make((const struct hms_snapshot *const *)snapshots, 4, &all, &made);
	assert_int_equal(made.nrows, HMS_ARRAY_LEN(courses));
	for (size_t i = 0; i < made.nrows; i++) {
		const struct hms_course *row = &made.rows[i];
		size_t k = hms_course_map(&made, row)->addr / 0x1000 - 1;

		assert_int_equal(row->trend, courses[k].trend);
		assert_int_equal(row->changed, courses[k].changed);
		assert_false(row->stalled);
		assert_int_equal(row->trend == HMS_TREND_STEADY, i < 2);
		for (size_t at = 0; at < 4; at++)
			assert_int_equal(row->maps[at] ? row->maps[at]->numbers[HMS_SNAP_COUNT]
						       : -1,
					 courses[k].counts[at]);
	}
	hms_series_deinit(&made);
	for (size_t i = 0; i < 4; i++)
		hms_snapshot_destroy(snapshots[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_or_not),
		cmocka_unit_test(an_emptied_map_is_the_same_map),
		cmocka_unit_test(an_address_used_again_is_another_map),
		cmocka_unit_test(another_type_is_another_map),
		cmocka_unit_test(a_map_moves_with_its_stack),
		cmocka_unit_test(a_map_takes_anothers_place),
		cmocka_unit_test(ambiguous_owners_pair_nothing),
		cmocka_unit_test(growth),
		cmocka_unit_test(one_process),
		cmocka_unit_test(roots_of_owners),
		cmocka_unit_test(totals),
		cmocka_unit_test(goroutine_groups),
		cmocka_unit_test(goroutines_that_are_not_there_are_unknown),
		cmocka_unit_test(findings),
		cmocka_unit_test(order),
		cmocka_unit_test(series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
