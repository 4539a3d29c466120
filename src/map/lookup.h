/*
 * What a lookup of a key would do: the runtime's own lookup replayed on the core, step by step,
 * and beside it where the key really is, found by comparing it with every slot.
 *
 * Replayed are mapaccess1() and, where the compiler calls one for maps of the type, its fast
 * variant, which looks at less and so may find in a damaged map what the other misses, or the
 * other way round.
 *
 * Classic maps: src/runtime/map.go, map_fast{32,64,str}.go.  Swiss maps:
 * src/internal/runtime/maps/{map,table,runtime*}.go.  Which variant: mapfast() in
 * src/cmd/compile/internal/walk/walk.go.
 */
#ifndef HMS_MAP_LOOKUP_H
#define HMS_MAP_LOOKUP_H

#include "map/hash.h"
#include "map/iter.h"
#include "map/map.h"
#include "rt/literal.h"

/* X(variant, the runtime's function) */
#define HMS_LOOKUP_VARIANTS(X)                 \
	X(GENERIC, "runtime.mapaccess1")       \
	X(FAST32, "runtime.mapaccess1_fast32") \
	X(FAST64, "runtime.mapaccess1_fast64") \
	X(FASTSTR, "runtime.mapaccess1_faststr")

enum hms_lookup_variant {
#define X(name, text) HMS_LOOKUP_##name,
	HMS_LOOKUP_VARIANTS(X)
#undef X
};

/* How it ends.  X(end, word in JSON, sentence) */
#define HMS_LOOKUP_ENDS(X)                                                                     \
	X(FOUND, "found", "the key is here")                                                   \
	X(EMPTY_MAP, "empty-map", "the header counts no entries: no slot is looked at")        \
	X(EMPTY_REST, "empty-rest", "a slot says that it and all behind it are empty")         \
	X(CHAIN_END, "end-of-chain", "the chain ends here")                                    \
	X(EMPTY_SLOT, "empty-slot", "a group with an empty slot ends the probing")             \
	X(ONLY_GROUP, "only-group", "a small map has no other group")                          \
	X(ENDLESS, "endless", "the lookup never ends")                                         \
	X(CRASH, "crash", "the lookup reads where the process had no memory")                  \
	X(ABSENT_BYTES, "unreadable", "the core lacks the bytes that decide")                  \
	X(NAN, "nan", "the key holds a NaN, which equals nothing, so that no lookup finds it") \
	X(PANIC, "panic", "the key holds a value that cannot be hashed: a lookup panics")      \
	X(NO_HASH, "no-hash", "the key's hash is not known")

enum hms_lookup_end {
#define X(name, word, text) HMS_LOOKUP_END_##name,
	HMS_LOOKUP_ENDS(X)
#undef X
};

/* A bucket or group that was looked at. */
struct hms_lookup_step {
	uint64_t addr;
	uint64_t table;  /* Swiss: the directory slot */
	uint64_t bucket; /* of the main bucket in its array, of the group in its table */
	uint32_t chain;  /* classic: 0 for the main bucket */
	bool old;
	uint8_t control[HMS_SLOTS]; /* tophash or control bytes */
	uint8_t compared;           /* bits of slots whose keys were compared */
	uint8_t equal;              /* of these, equal */
	uint8_t unsure;             /* of these, not in the core */
};

#define HMS_LOOKUP_MAX_STEPS 256 /* kept; more are counted */

struct hms_lookup_path {
	enum hms_lookup_variant variant;
	enum hms_lookup_end end;
	bool hashed; /* the hash was needed */
	bool unsure; /* a key on the way could not be compared */
	struct hms_lookup_step *steps;
	size_t nsteps, cap_steps;
	uint64_t walked; /* steps, also those not kept */
	uint64_t at;     /* CRASH, ABSENT_BYTES: the address */
	uint64_t unit;   /* FOUND: the bucket or group, and the slot */
	uint8_t slot;
};

/* Why a lookup does not come by a place where the key is.  X(why, word, sentence) */
#define HMS_LOOKUP_WHYS(X)                                                                       \
	X(REACHED, NULL, NULL)                                                                   \
	X(SECOND, "second", "a lookup finds the key elsewhere first")                            \
	X(COUNT, "count", "the header counts no entries")                                        \
	X(BUCKET, "wrong-bucket", "the key's hash leads to another bucket")                      \
	X(TOPHASH, "wrong-tophash", "its tophash is not that of the key's hash")                 \
	X(BEHIND, "behind-empty", "a slot before it says that all behind it are empty")          \
	X(MARKED, "old-bucket",                                                                  \
	  "its old bucket is marked as moved, so that lookups go to the new "                    \
	  "one")                                                                                 \
	X(NOT_MOVED, "new-bucket", "lookups go to the old bucket, which is not marked as moved") \
	X(TABLE, "wrong-table", "the key's hash leads to another table")                         \
	X(CONTROL, "wrong-control", "its control byte is not that of the key's hash")            \
	X(OFF_PATH, "off-path", "the probing ends before it comes to this group")                \
	X(UNREACHED, "unreached", "the lookup does not come here")                               \
	X(STALE, "stale", "the slot is not in use")                                              \
	X(MOVED, "moved", "the entry has been moved to the new buckets")

enum hms_lookup_why {
#define X(name, word, text) HMS_LOOKUP_WHY_##name,
	HMS_LOOKUP_WHYS(X)
#undef X
};

/* A slot that holds the key. */
struct hms_lookup_place {
	struct hms_slot slot; /* without its bytes */
	enum hms_lookup_why why;
};

#define HMS_LOOKUP_MAX_PLACES 16 /* kept; more are counted */

/* X(verdict, word) */
#define HMS_LOOKUP_VERDICTS(X)                                        \
	X(FOUND, "found")   /* a lookup finds it */                   \
	X(ABSENT, "absent") /* it is nowhere, and a lookup says so */ \
	X(MISSED, "missed") /* it is there, but a lookup misses it */ \
	X(NEVER, "never")   /* no lookup can find such a key */       \
	X(PANICS, "panics")                                           \
	X(UNKNOWN, "unknown")

enum hms_lookup_verdict {
#define X(name, word) HMS_LOOKUP_##name,
	HMS_LOOKUP_VERDICTS(X)
#undef X
};

struct hms_lookup {
	enum hms_lookup_verdict verdict;
	enum hms_hash_status hash_status; /* OK: hash is valid */
	uint64_t hash;
	char *no_model; /* why hashes are not known at all; NULL */
	bool trusted;   /* the model of hashes is right for this release, and for this map's keys */
	bool writing;   /* the map says that it is written: a lookup throws */
	const struct hms_type *unhashable; /* what the key holds that cannot be hashed; NULL */
	struct hms_lookup_path paths[2];   /* as compiled code does; where that differs, the
					    * generic way */
	size_t npaths;
	struct hms_lookup_place places[HMS_LOOKUP_MAX_PLACES]; /* live ones first */
	size_t nplaces;
	uint64_t live, stale; /* all of them */
	uint64_t slots;       /* compared with the key */
	bool holes;           /* of the map some bytes are missing, or keys in it */
};

/*
 * Replay a lookup of @literal, a value of the map's key type, in @map, whose header is readable
 * and whose type is known; compare it with all slots.  @pclntab (may be NULL) names hashers.
 * What is unknown is said in @ret; free with hms_lookup_deinit().
 */
void hms_lookup_run(const struct hms_map_model *model, const struct hms_pclntab *pclntab,
		    const struct hms_map *map, const struct hms_literal *literal,
		    struct hms_lookup *ret);
/* The same in a map that is nil: there is nothing, but keys that cannot be hashed panic. */
void hms_lookup_nil(const struct hms_literal *literal, struct hms_lookup *ret);
void hms_lookup_deinit(struct hms_lookup *lookup);

const char *hms_lookup_variant_text(enum hms_lookup_variant variant);
const char *hms_lookup_end_word(enum hms_lookup_end end);
const char *hms_lookup_end_text(enum hms_lookup_end end);
const char *hms_lookup_why_word(enum hms_lookup_why why); /* NULL: reached */
const char *hms_lookup_why_text(enum hms_lookup_why why);
const char *hms_lookup_verdict_word(enum hms_lookup_verdict verdict);

#endif
