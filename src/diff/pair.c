/* Which map of the newer snapshot is which of the older. */
#include <stdlib.h>
#include <string.h>

#include "diff/diff.h"

/* An owner's path leads to several maps: paths without their keys do (--redact). */
#define AMBIGUOUS UINT64_MAX

struct pairing {
	struct hms_diff *diff;
	bool *taken;           /* maps of the newer snapshot */
	struct hms_set owners; /* of its maps that are not taken: index, or AMBIGUOUS */
};

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* A type that is not known may be any. */
static bool types_agree(const struct hms_snap_map *a, const struct hms_snap_map *b)
{
	if (a->swiss != b->swiss)
		return false;
	if (a->type_path && b->type_path)
		return strcmp(a->type_path, b->type_path) == 0;
	return !a->type || !b->type || strcmp(a->type, b->type) == 0;
}

static bool same_pattern(const struct hms_snap_map *a, const struct hms_snap_map *b,
			 enum hms_snap_pattern pattern)
{
	return hms_snap_known(a, pattern) && hms_snap_known(b, pattern) &&
	       a->patterns[pattern] == b->patterns[pattern];
}

/* Two maps at one address. */
static enum hms_change_pairing pairing_at(const struct hms_snap_map *old,
					  const struct hms_snap_map *new)
{
	if (!types_agree(old, new))
		return HMS_PAIR_NONE;
	if (!hms_snap_known(old, HMS_SNAP_SEED) || !hms_snap_known(new, HMS_SNAP_SEED) ||
	    same_pattern(old, new, HMS_SNAP_SEED))
		return HMS_PAIR_SAME;
	if (same_text(old->owner, new->owner))
		return HMS_PAIR_EMPTIED;
	if (same_pattern(old, new, HMS_SNAP_ARRAY) && old->patterns[HMS_SNAP_ARRAY])
		return HMS_PAIR_EMPTIED;
	return HMS_PAIR_NONE;
}

static void put(struct hms_diff *diff, const struct hms_change *change)
{
	diff->changes[diff->nchanges++] = *change;
}

/* ---- by owner --------------------------------------------------------------------------- */

static uint64_t hash_text(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return h;
}

static void index_owners(struct pairing *p)
{
	const struct hms_snapshot *new = p->diff->new;

	for (size_t i = 0; i < new->nmaps; i++) {
		uint64_t *place;
		bool added;

		if (p->taken[i] || !new->maps[i].owner)
			continue;
		place = hms_set_put(&p->owners, hash_text(new->maps[i].owner), 1, i, &added);
		if (!added)
			*place = AMBIGUOUS;
	}
}

/* The one map that @old's owner leads to now and that is no other map's pair. */
static const struct hms_snap_map *successor(struct pairing *p, const struct hms_snap_map *old)
{
	const struct hms_snapshot *new = p->diff->new;
	const uint64_t *place;

	if (!old->owner)
		return NULL;
	place = hms_set_get(&p->owners, hash_text(old->owner), 1);
	if (!place || *place == AMBIGUOUS || p->taken[*place])
		return NULL;
	if (!same_text(old->owner, new->maps[*place].owner) ||
	    !types_agree(old, &new->maps[*place]))
		return NULL;
	return &new->maps[*place];
}

/* What has no pair at its own address. */
static void pair_rest(struct pairing *p, const struct hms_snap_map *old)
{
	const struct hms_snap_map *new = successor(p, old);
	struct hms_change change = {.old = old};

	if (new &&same_pattern(old, new, HMS_SNAP_SEED)) {
		change.new = new;
		change.pairing = HMS_PAIR_MOVED;
		p->taken[new - p->diff->new->maps] = true;
		put(p->diff, &change);
		return;
	}
	change.instead = new;
	put(p->diff, &change);
	if (!new)
		return;
	p->taken[new - p->diff->new->maps] = true;
	put(p->diff, &(struct hms_change){.new = new, .instead = old});
}

/* ---- all -------------------------------------------------------------------------------- */

static bool pair_at_address(struct pairing *p, const struct hms_snap_map *old)
{
	const struct hms_snapshot *snap = p->diff->new;
	const struct hms_snap_map *new = hms_snapshot_map_at(snap, old->addr);
	struct hms_change change = {.old = old, .new = new};

	if (!new || p->taken[new - snap->maps])
		return false;
	change.pairing = pairing_at(old, new);
	if (change.pairing == HMS_PAIR_NONE)
		return false;
	p->taken[new - snap->maps] = true;
	put(p->diff, &change);
	return true;
}

void hms_diff_pair(struct hms_diff *diff)
{
	const struct hms_snapshot *old = diff->old, *new = diff->new;
	HMS_AUTO_FREE bool *paired = hms_xcalloc(old->nmaps, sizeof(*paired));
	struct pairing p = {.diff = diff};

	p.taken = hms_xcalloc(new->nmaps, sizeof(*p.taken));
	diff->changes = hms_xcalloc(old->nmaps + new->nmaps, sizeof(*diff->changes));
	for (size_t i = 0; i < old->nmaps; i++)
		paired[i] = pair_at_address(&p, &old->maps[i]);
	index_owners(&p);
	for (size_t i = 0; i < old->nmaps; i++)
		if (!paired[i])
			pair_rest(&p, &old->maps[i]);
	for (size_t i = 0; i < new->nmaps; i++)
		if (!p.taken[i])
			put(diff, &(struct hms_change){.new = &new->maps[i]});
	hms_set_deinit(&p.owners);
	free(p.taken);
}
