#include "diff/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *hms_change_status_text(enum hms_change_status status)
{
	static const char *const texts[HMS_NCHANGES] = {"added", "removed", "changed", "same"};

	return texts[status];
}

const char *hms_change_growth_text(enum hms_change_growth growth)
{
	static const char *const texts[] = {"none", "started", "progressing", "stalled",
					    "finished"};

	return texts[growth];
}

/* ---- one process? ----------------------------------------------------------------------- */

struct hms_error *hms_diff_same_process(const struct hms_snapshot *old,
					const struct hms_snapshot *new)
{
	const char *why = "the two are not snapshots of one process (--force compares them all "
			  "the same)";

	if (old->build_id && new->build_id && strcmp(old->build_id, new->build_id) != 0)
		return hms_err(HMS_ERR_MISMATCH, "cannot compare builds %s and %s: %s",
			       old->build_id, new->build_id, why);
	if (old->pid >= 0 && new->pid >= 0 && old->pid != new->pid)
		return hms_err(HMS_ERR_MISMATCH,
			       "cannot compare processes %" PRId64 " and %" PRId64 ": %s", old->pid,
			       new->pid, why);
	if (old->process_key_known && new->process_key_known &&
	    old->process_key != new->process_key)
		return hms_err(HMS_ERR_MISMATCH,
			       "cannot compare '%s' and '%s': the hash keys that a process draws "
			       "when it starts differ; %s",
			       old->path ? old->path : "the old snapshot",
			       new->path ? new->path : "the new one", why);
	return NULL;
}

/* ---- what became of a map --------------------------------------------------------------- */

int64_t hms_change_number(const struct hms_change *change, enum hms_snap_number number, bool new)
{
	const struct hms_snap_map *map = new ? change->new : change->old;
	const struct hms_snap_map *other = new ? change->old : change->new;

	if (map)
		return map->numbers[number];
	return other->numbers[number] == HMS_UNKNOWN ? HMS_UNKNOWN : 0;
}

int64_t hms_change_delta(const struct hms_change *change, enum hms_snap_number number)
{
	int64_t old = hms_change_number(change, number, false), delta;
	int64_t new = hms_change_number(change, number, true);

	if (old == HMS_UNKNOWN || new == HMS_UNKNOWN || __builtin_sub_overflow(new, old, &delta))
		return HMS_UNKNOWN;
	return delta;
}

static bool growing(const struct hms_snap_map *map)
{
	return map && !map->swiss && hms_snap_known(map, HMS_SNAP_OLD_ARRAY) &&
	       map->patterns[HMS_SNAP_OLD_ARRAY];
}

static bool pattern_differs(const struct hms_change *c, enum hms_snap_pattern pattern)
{
	return hms_snap_known(c->old, pattern) && hms_snap_known(c->new, pattern) &&
	       c->old->patterns[pattern] != c->new->patterns[pattern];
}

static bool number_differs(const struct hms_change *c, enum hms_snap_number number)
{
	int64_t old = c->old->numbers[number], new = c->new->numbers[number];

	return old != HMS_UNKNOWN && new != HMS_UNKNOWN &&old != new;
}

static bool larger(const struct hms_change *c)
{
	enum hms_snap_number number = c->new->swiss ? HMS_SNAP_CAPACITY : HMS_SNAP_BUCKETS;
	int64_t old = c->old->numbers[number], new = c->new->numbers[number];

	return old != HMS_UNKNOWN && new != HMS_UNKNOWN &&new > old;
}

/* A classic map's first bucket, and a Swiss one's first group, are no growth: nothing moves. */
static bool is_first_array(const struct hms_change *c)
{
	return hms_snap_known(c->old, HMS_SNAP_ARRAY) && !c->old->patterns[HMS_SNAP_ARRAY] &&
	       (c->new->swiss ? c->new->numbers[HMS_SNAP_CAPACITY] <= 8
			      : c->new->numbers[HMS_SNAP_BUCKETS] <= 1);
}

static enum hms_change_growth growth_of_pair(const struct hms_change *c)
{
	bool was = growing(c->old), is = growing(c->new);

	if (was && is) {
		if (pattern_differs(c, HMS_SNAP_ARRAY) || pattern_differs(c, HMS_SNAP_OLD_ARRAY))
			return HMS_GROWTH_STARTED; /* another one: that of before is done */
		return number_differs(c, HMS_SNAP_EVACUATED) ||
				       number_differs(c, HMS_SNAP_NEVACUATE)
			       ? HMS_GROWTH_PROGRESSING
			       : HMS_GROWTH_STALLED;
	}
	if (is)
		return HMS_GROWTH_STARTED;
	if (was || (larger(c) && !is_first_array(c)))
		return HMS_GROWTH_FINISHED;
	return HMS_GROWTH_NONE;
}

static enum hms_change_growth growth_of(const struct hms_change *c)
{
	if (c->old && c->new)
		return growth_of_pair(c);
	if (growing(c->new))
		return HMS_GROWTH_STARTED;
	return growing(c->old) ? HMS_GROWTH_FINISHED : HMS_GROWTH_NONE;
}

/* A header on a goroutine's stack moves with it, and so does the first bucket: that is no change.
 */
static bool differs(const struct hms_change *c)
{
	for (int i = 0; i < HMS_SNAP_NPATTERNS; i++)
		if (!(c->pairing == HMS_PAIR_MOVED && i == HMS_SNAP_ARRAY) &&
		    pattern_differs(c, (enum hms_snap_pattern)i))
			return true;
	for (int i = 0; i < HMS_SNAP_NNUMBERS; i++)
		if (number_differs(c, (enum hms_snap_number)i))
			return true;
	return false;
}

static enum hms_change_status status_of(const struct hms_change *c)
{
	if (!c->old)
		return HMS_CHANGE_ADDED;
	if (!c->new)
		return HMS_CHANGE_REMOVED;
	return differs(c) ? HMS_CHANGE_CHANGED : HMS_CHANGE_SAME;
}

/* Numbers that differ prove a write; that nothing was written only digests can tell. */
static int8_t written(const struct hms_change *c)
{
	if (c->status != HMS_CHANGE_SAME)
		return 1;
	return hms_snap_known(c->old, HMS_SNAP_DIGEST) && hms_snap_known(c->new, HMS_SNAP_DIGEST)
		       ? 0
		       : -1;
}

/* ---- all of them ------------------------------------------------------------------------ */

static bool holds(const char *text, const char *part)
{
	return text && strstr(text, part);
}

/* Memory that did not go, though it should have: old buckets of a growth that stands still. */
static bool holds_back(const struct hms_change *c, uint64_t bytes)
{
	int64_t old = hms_change_number(c, HMS_SNAP_OLD_BYTES, true);

	return c->old &&
	       c->new &&growth_of(c) == HMS_GROWTH_STALLED &&old != HMS_UNKNOWN &&old > 0 &&
	       (uint64_t)old >= bytes;
}

static bool wanted(const struct hms_change *c, const struct hms_diff_filter *filter)
{
	const struct hms_snap_map *map = hms_change_map(c);
	int64_t delta = hms_change_delta(c, HMS_SNAP_BYTES);

	if (filter->type && !holds(map->type, filter->type) && !holds(map->type_path, filter->type))
		return false;
	if (filter->owner && !holds(map->owner, filter->owner) &&
	    !(c->old && holds(c->old->owner, filter->owner)))
		return false;
	return !filter->min_delta ||
	       (delta != HMS_UNKNOWN && (uint64_t)llabs(delta) >= filter->min_delta) ||
	       holds_back(c, filter->min_delta);
}

static void judge(struct hms_diff *diff, const struct hms_diff_filter *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < diff->nchanges; i++) {
		struct hms_change c = diff->changes[i];

		if (!wanted(&c, filter))
			continue;
		c.status = status_of(&c);
		c.growth = growth_of(&c);
		c.written = written(&c);
		diff->counts[c.status]++;
		diff->stalled += c.growth == HMS_GROWTH_STALLED;
		if (c.old && c.new &&c.written < 0)
			diff->contents_known = false;
		diff->changes[kept++] = c;
	}
	diff->filtered = diff->nchanges - kept;
	diff->nchanges = kept;
}

void hms_diff_make(const struct hms_snapshot *old, const struct hms_snapshot *new,
		   const struct hms_diff_filter *filter, struct hms_diff *ret)
{
	*ret = (struct hms_diff){
		.old = old,
		.new = new,
		.same_maps = hms_snapshot_has_all_maps(old) && hms_snapshot_has_all_maps(new),
		.contents_known = true,
		.arena = hms_arena_create(),
	};
	hms_diff_pair(ret);
	judge(ret, filter);
	hms_diff_totals(ret);
	hms_diff_groups(ret);
	hms_diff_findings(ret);
	hms_diff_sort(ret, HMS_DIFF_BY_DELTA, false);
}

void hms_diff_deinit(struct hms_diff *diff)
{
	hms_arena_destroy(diff->arena);
	free(diff->changes);
	free(diff->owners);
	free(diff->types);
	free(diff->groups);
	free(diff->findings);
}
