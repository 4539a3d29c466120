/*
 * Snapshots: what is compared of one state of a process.  Plain structures, filled from a core or
 * from a saved report, so that both compare alike.
 *
 * Everything that a snapshot points to lives in its arena.
 */
#ifndef HMS_DIFF_SNAPSHOT_H
#define HMS_DIFF_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/cleanup.h"
#include "util/set.h"

/* A number that nobody knows.  Counts of damaged maps may be negative. */
#define HMS_UNKNOWN INT64_MIN

/* Numbers of a map: X(id, its path in the report) */
#define HMS_SNAP_NUMBERS(X)                    \
	X(COUNT, "count")                      \
	X(LIVE, "live")                        \
	X(BYTES, "bytes.total")                \
	X(OLD_BYTES, "bytes.old_buckets")      \
	X(BUCKETS, "classic.nbuckets")         \
	X(OLD_BUCKETS, "classic.old_nbuckets") \
	X(NEVACUATE, "classic.nevacuate")      \
	X(EVACUATED, "classic.evacuated")      \
	X(OVERFLOW, "classic.overflow")        \
	X(CHAIN_MAX, "classic.chain_max")      \
	X(CAPACITY, "swiss.capacity")          \
	X(TABLES, "swiss.tables")              \
	X(TOMBSTONES, "swiss.tombstones")

enum hms_snap_number {
#define X(id, path) HMS_SNAP_##id,
	HMS_SNAP_NUMBERS(X)
#undef X
		HMS_SNAP_NNUMBERS
};

/* Patterns of bits of a map: X(id, path, path of the other kind of map) */
#define HMS_SNAP_PATTERNS(X)                               \
	X(SEED, "hash_seed", NULL)                         \
	X(ARRAY, "classic.buckets_addr", "swiss.dir_addr") \
	X(OLD_ARRAY, "classic.oldbuckets_addr", NULL)      \
	X(DIGEST, "digest", NULL)

enum hms_snap_pattern {
#define X(id, path, other) HMS_SNAP_##id,
	HMS_SNAP_PATTERNS(X)
#undef X
		HMS_SNAP_NPATTERNS
};

struct hms_snap_map {
	uint64_t addr;
	const char *type;      /* NULL: unknown */
	const char *type_path; /* likewise */
	const char *owner;     /* NULL: none known */
	int64_t numbers[HMS_SNAP_NNUMBERS];
	uint64_t patterns[HMS_SNAP_NPATTERNS];
	uint8_t known; /* bit N: pattern N is */
	bool swiss;
	bool weak; /* nothing but a stray word or the sweep leads to it: it may be garbage */
};

static inline bool hms_snap_known(const struct hms_snap_map *map, enum hms_snap_pattern pattern)
{
	return map->known & (1U << pattern);
}

static inline void hms_snap_set_pattern(struct hms_snap_map *map, enum hms_snap_pattern pattern,
					uint64_t bits)
{
	map->patterns[pattern] = bits;
	map->known |= (uint8_t)(1U << pattern);
}

struct hms_snap_frame {
	const char *function; /* NULL: unknown */
	const char *file;
	int64_t line; /* -1: unknown */
};

/* Goroutines with the same functions on their stacks, started by the same function. */
struct hms_snap_group {
	uint64_t key[2]; /* of frames and creator: equal in both snapshots */
	uint64_t n;
	const char *wait_reason; /* of the first; NULL: none known */
	const char *created_by;
	const struct hms_snap_frame *frames; /* innermost first; lines are those of the first */
	size_t nframes;
	bool system;
};

struct hms_snap_finding {
	const char *rule;
	const char *severity;
	const char *expected;
	const char *seen;
	const char *message;
	uint64_t map;      /* 0: none */
	uint64_t addr;     /* 0: none */
	int64_t goroutine; /* -1: none */
};

struct hms_snapshot {
	struct hms_arena *arena;
	/* What the report's "core" says; NULL, and -1, where it is unknown. */
	const char *path, *exe, *build_id, *arch, *signal, *go_version, *map_kind;
	int build_id_match; /* 1 yes, 0 no, -1 unknown */
	int64_t pid, threads, goroutines;
	int64_t clock; /* the runtime's, ns */
	uint64_t process_key;
	bool process_key_known;
	uint64_t core_bytes; /* 0: unknown */
	/* What its "summary" says; -1 where it is unknown. */
	int64_t nmaps_said, heap_bytes;
	int64_t slots_walked, keys_hashed, bytes_unreadable, candidates_dismissed;
	bool complete;
	bool saved;          /* from a report, not from a core */
	const char *command; /* that wrote the report */

	struct hms_snap_map *maps; /* by address */
	size_t nmaps, cap_maps;
	struct hms_snap_finding *findings;
	size_t nfindings, cap_findings;
	struct hms_snap_group *groups; /* as they were met */
	size_t ngroups, cap_groups;
	uint64_t ngoroutines; /* in groups */
	const char **limits;  /* what limits the answer, a sentence each */
	size_t nlimits, cap_limits;
	struct hms_set group_index;
	struct hms_set strings; /* interned */
};

struct hms_snapshot *hms_snapshot_create(void);
void hms_snapshot_destroy(struct hms_snapshot *snap); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_snapshot, hms_snapshot_destroy)

/* A copy of @s in the arena, one for equal strings; NULL stays NULL. */
const char *hms_snapshot_string(struct hms_snapshot *snap, const char *s);

/* A new map, all unknown; valid until the next. */
struct hms_snap_map *hms_snapshot_add_map(struct hms_snapshot *snap);
struct hms_snap_finding *hms_snapshot_add_finding(struct hms_snapshot *snap);
/* Count a goroutine, with its calls; strings are copied. */
void hms_snapshot_add_goroutines(struct hms_snapshot *snap, const struct hms_snap_group *group);

void hms_snapshot_limit(struct hms_snapshot *snap, const char *sentence);

/* All is added: put the maps in order. */
void hms_snapshot_finish(struct hms_snapshot *snap);

/* By address, after hms_snapshot_finish(); NULL: none. */
const struct hms_snap_map *hms_snapshot_map_at(const struct hms_snapshot *snap, uint64_t addr);

/* Does it hold every map of the process, every goroutine? */
bool hms_snapshot_has_all_maps(const struct hms_snapshot *snap);
bool hms_snapshot_has_goroutines(const struct hms_snapshot *snap);

#endif
