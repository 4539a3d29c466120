/*
 * What changed between two snapshots of one process.
 *
 * Maps are paired by address, type and seed.  Where only the seed differs, the map was emptied
 * (the runtime then draws a new seed) if the same owner or the same bucket array is still there;
 * else the address was used again by another map.  A map whose header moved with its goroutine's
 * stack keeps its seed and its owner.
 */
#ifndef HMS_DIFF_DIFF_H
#define HMS_DIFF_DIFF_H

#include "diff/snapshot.h"
#include "util/error.h"
#include "util/str.h"

enum hms_change_status {
	HMS_CHANGE_ADDED,
	HMS_CHANGE_REMOVED,
	HMS_CHANGE_CHANGED,
	HMS_CHANGE_SAME,
	HMS_NCHANGES
};

enum hms_change_growth {
	HMS_GROWTH_NONE,
	HMS_GROWTH_STARTED,
	HMS_GROWTH_PROGRESSING, /* old buckets were moved */
	HMS_GROWTH_STALLED,     /* growing in both, the same arrays, no bucket moved */
	HMS_GROWTH_FINISHED, /* or begun and finished in between; Swiss maps: larger than before */
};

/* How the two maps of a change are known to be one. */
enum hms_change_pairing {
	HMS_PAIR_NONE,    /* one of them is not there */
	HMS_PAIR_SAME,    /* address, type and seed */
	HMS_PAIR_EMPTIED, /* a new seed: emptied in between */
	HMS_PAIR_MOVED,   /* another address */
};

struct hms_change {
	const struct hms_snap_map *old, *new; /* one of them may be NULL */
	enum hms_change_status status;
	enum hms_change_growth growth;
	enum hms_change_pairing pairing;
	int8_t written; /* was anything in it written meanwhile: 1, 0; -1: unknown */
	/* Of one that was removed: what its owner leads to now; of one that was added: what it led
	 * to before.  NULL: nothing else. */
	const struct hms_snap_map *instead;
};

const char *hms_change_status_text(enum hms_change_status status);
const char *hms_change_growth_text(enum hms_change_growth growth);

/* The newer map of a change, or what is there of it. */
static inline const struct hms_snap_map *hms_change_map(const struct hms_change *change)
{
	return change->new ? change->new : change->old;
}

/* The number in both snapshots; a map that is not there has 0, where the other's is known.
 * HMS_UNKNOWN where either is. */
int64_t hms_change_number(const struct hms_change *change, enum hms_snap_number number, bool new);
int64_t hms_change_delta(const struct hms_change *change, enum hms_snap_number number);

/* Sums over the maps of one owner's root, or of one type. */
struct hms_total {
	const char *name; /* NULL: maps without an owner, of unknown type */
	uint64_t old_maps, new_maps;
	int64_t old_bytes, new_bytes;
	int64_t old_count, new_count;
};

struct hms_group_change {
	const struct hms_snap_group *group; /* of the newer snapshot, or else of the older */
	uint64_t old_n, new_n;
};

enum hms_finding_status { HMS_FINDING_NEW, HMS_FINDING_GONE, HMS_FINDING_BOTH };

struct hms_finding_change {
	const struct hms_snap_finding *finding;
	const struct hms_snap_map *map; /* NULL: none */
	enum hms_finding_status status;
};

struct hms_diff {
	const struct hms_snapshot *old, *new; /* borrowed */
	struct hms_change *changes;
	size_t nchanges;
	uint64_t counts[HMS_NCHANGES]; /* by status */
	uint64_t stalled;
	bool same_maps;       /* both snapshots hold every map: what is not there was not there */
	bool contents_known;  /* both have digests */
	size_t filtered;      /* changes of maps that were not wanted */
	struct hms_total all; /* maps that were not wanted, too; name: NULL */
	struct hms_total *owners, *types;
	size_t nowners, ntypes;
	bool groups_known;
	struct hms_group_change *groups; /* those whose number changed: what grew most first */
	size_t ngroups;
	bool findings_known;
	struct hms_finding_change *findings;
	size_t nfindings;
	uint64_t finding_counts[3]; /* by status */
	struct hms_arena *arena;
};

/* Which maps are compared; NULL and 0: all. */
struct hms_diff_filter {
	const char *type;   /* substring of the type's name or path */
	const char *owner;  /* substring */
	uint64_t min_delta; /* bytes */
};

/* HMS_ERR_MISMATCH, saying why, where the two are not of one process. */
struct hms_error *hms_diff_same_process(const struct hms_snapshot *old,
					const struct hms_snapshot *new) HMS_MUST_USE;

void hms_diff_make(const struct hms_snapshot *old, const struct hms_snapshot *new,
		   const struct hms_diff_filter *filter, struct hms_diff *ret);
void hms_diff_deinit(struct hms_diff *diff);

enum hms_diff_order {
	HMS_DIFF_BY_DELTA, /* bytes that came or went, the most first */
	HMS_DIFF_BY_COUNT, /* entries, likewise */
	HMS_DIFF_BY_OVERFLOW,
	HMS_DIFF_BY_BYTES, /* of the newer snapshot */
	HMS_DIFF_BY_OWNER,
	HMS_DIFF_BY_TYPE,
	HMS_DIFF_BY_ADDR,
	HMS_NDIFF_ORDERS
};

/* "delta", "entries", ... */
const char *hms_diff_order_name(enum hms_diff_order order);

void hms_diff_sort(struct hms_diff *diff, enum hms_diff_order order, bool reverse);

/* The variable or function that an owner's path begins at: "main.cache" of
 * "main.cache.items["x"]", "goroutine main.writer" of "goroutine:18:main.writer.c".  Appended. */
void hms_diff_owner_root(const char *owner, struct hms_str *ret);

/* ---- the parts of hms_diff_make() ------------------------------------------------------ */

/* pair.c: fills changes: maps, pairing, instead. */
void hms_diff_pair(struct hms_diff *diff);
/* totals.c: groups and findings, owners and types. */
void hms_diff_totals(struct hms_diff *diff);
void hms_diff_groups(struct hms_diff *diff);
void hms_diff_findings(struct hms_diff *diff);

#endif
