/*
 * Map hashes, recomputed: given key bytes and a map's seed, what the program itself computed.
 *
 * A hash depends on four things, each read from the process, none guessed:
 *
 *  1. The seed: hmap.hash0 (32 bits, zero-extended) or Map.seed (64 bits).
 *  2. The primitive that turns memory into a hash: AES instructions where the processor had them
 *     when the program started, else multiplication (src/runtime/asm_amd64.s, asm_arm64.s,
 *     hash64.go; from Go 1.27 src/internal/runtime/maps/memhash_*.s, runtime_hash64.go).
 *  3. Random keys of the process that the primitive uses (aeskeysched, hashkey).
 *  4. The shape of the key type: which pieces of it go through which primitive, in which order.
 *     The compiler makes a hasher function a key type (src/cmd/compile/internal/reflectdata/
 *     alg.go); the map type's descriptor points to it, and its *name* tells which rules made it:
 *
 *     runtime.memhash64, runtime.strhash, ...  a primitive on the whole key
 *     type:.hash.main.K (to 1.20 type..hash.)  to Go 1.26: fields in order; adjacent fields of
 *                                              plain memory are one run
 *     type:.hash.M8S                           from Go 1.27: the name is the recipe
 *     reflect.MapOf.func1                      reflect made the map type: runtime.typehash
 *
 * 2 and 3 are a struct hms_hasher, one a process; 4 is a struct hms_hash_plan, one a map type.
 *
 * What cannot be recomputed has a status that says why, and no hash: a NaN (hashed with fresh
 * random bits each time), bytes that the core lacks, an interface that holds a type nobody knows.
 *
 * Adding a Go release:
 *  - Compare the files named above with those of the release before.  Nothing changed: widen the
 *    last row of the table in rt/hashrules.c, after the vectors pass.  Something changed: a new
 *    row, a new member of struct hms_hash_rules if need be, the release and the upstream commit
 *    beside it; a new primitive is a new table of functions (hash-aes.h, hash-fallback.c).
 *  - Make its vectors (tests/vectors/README.md): AES and not, amd64 and arm64.  A row is
 *    `verified` only when vectors of that very release pass.
 *  - Did the variables move?  hash-open.c lists their names.
 */
#ifndef HMS_MAP_HASH_H
#define HMS_MAP_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/corefile.h"
#include "map/marks.h"
#include "rt/graph.h"
#include "rt/hashrules.h"
#include "util/cleanup.h"
#include "util/error.h"

struct hms_map_type;
struct hms_pclntab;
struct hms_rt;

/* ---- the process ------------------------------------------------------------------------ */

#define HMS_AESKEYSCHED_SIZE 128

/* What runtime.alginit left behind (from Go 1.27 internal/runtime/maps.AlgInit). */
struct hms_hash_state {
	const struct hms_hash_rules *rules; /* of the release: borrowed, and never NULL */
	enum hms_arch arch;
	bool aes; /* useAeshash */
	uint8_t aeskeysched[HMS_AESKEYSCHED_SIZE];
	uint64_t hashkey[4];
};

/* Where strings, interface contents and the types of interfaces come from. */
struct hms_hash_source {
	const void *arg;
	/* The readable bytes at @addr that lie in one piece: their number, 0 for none. */
	size_t (*run)(const void *arg, uint64_t addr, const uint8_t **ret);
	/* The dynamic type of an interface whose first word is @word: a type descriptor's address,
	 * or with @iface (it has methods) an itab's.  NULL where nobody knows it. */
	const struct hms_type *(*dynamic_type)(const void *arg, uint64_t word, bool iface);
};

struct hms_hasher; /* immutable but for a cache of its own; threads may share it */

/* A digest of the keys that the process drew when it started: two cores of one process have the
 * same, and no two processes do.  False where they cannot be read, or are not drawn yet. */
bool hms_hash_process_key(const struct hms_rt *rt, uint64_t *ret);

/* Read the state from the process.  @rt is borrowed.  HMS_ERR_ABSENT where the variables are not
 * to be found, HMS_ERR_FAULT where the core lacks them, HMS_ERR_UNSUPPORTED for a Go release
 * older than the model. */
struct hms_error *hms_hasher_open(const struct hms_rt *rt, struct hms_hasher **ret) HMS_MUST_USE;

/* The same, but what keys refer to comes from @source (copied; its arg is borrowed): for keys that
 * are not in the core. */
struct hms_error *hms_hasher_open_source(const struct hms_rt *rt,
					 const struct hms_hash_source *source,
					 struct hms_hasher **ret) HMS_MUST_USE;

/* The same from a state got elsewhere: tests, or a search through a stripped program's memory.
 * Both arguments are copied; @source->arg is borrowed. */
struct hms_hasher *hms_hasher_create(const struct hms_hash_state *state,
				     const struct hms_hash_source *source) HMS_MUST_USE;
void hms_hasher_close(struct hms_hasher *hasher); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_hasher, hms_hasher_close)

/* Was the model compared with hashes that a program of this very release made?  Where not, a
 * mismatch says more of the model than of the map. */
bool hms_hasher_verified(const struct hms_hasher *hasher);

/* "AES of amd64, computed with AES instructions": for the report's account of itself. */
const char *hms_hasher_text(const struct hms_hasher *hasher);

/* Compute without AES instructions from now on.  For tests and measurements; call it before
 * other threads use @hasher. */
void hms_hasher_use_portable(struct hms_hasher *hasher);

/* ---- the map type ----------------------------------------------------------------------- */

struct hms_hash_plan; /* immutable; threads may share it */

/*
 * Make the plan for keys of type @key.  @function is the full name of the map type's hasher
 * function; NULL or an unknown name is fine where all ways of hashing @key agree.  @indirect:
 * the slot holds a pointer to the key (keys over 128 bytes).  @hasher is borrowed and must
 * outlive the plan, as must @key.
 *
 * HMS_ERR_UNSUPPORTED, with the reason, where no model fits: the keys of such maps cannot be
 * checked.
 */
struct hms_error *hms_hash_plan_create(struct hms_hasher *hasher, const struct hms_type *key,
				       const char *function, bool indirect,
				       struct hms_hash_plan **ret) HMS_MUST_USE;

/* The same for the keys of a map type: its descriptor in @rt's process leads to the hasher's name,
 * which @pclntab tells.  The arguments are borrowed only for the call, but for @hasher and the
 * types. */
struct hms_error *hms_hash_plan_open(struct hms_hasher *hasher, const struct hms_rt *rt,
				     const struct hms_pclntab *pclntab,
				     const struct hms_map_type *type, struct hms_hash_plan **ret)
	HMS_MUST_USE;
void hms_hash_plan_destroy(struct hms_hash_plan *plan); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_hash_plan, hms_hash_plan_destroy)

/* Keys are strings (or a struct of one): hms_hash_text() can hash one that is not in the core. */
bool hms_hash_plan_is_string(const struct hms_hash_plan *plan);

/* The hash of one string given by its bytes; the plan must be one of strings. */
uint64_t hms_hash_text(const struct hms_hash_plan *plan, uint64_t seed, const void *text,
		       size_t len);

/* ---- the keys --------------------------------------------------------------------------- */

/* X(status, what it means) */
#define HMS_HASH_STATUSES(X)                                                      \
	X(OK, "the hash is known")                                                \
	X(NAN, "the key holds a NaN, which is hashed with random bits")           \
	X(ABSENT, "the key refers to bytes that the core does not have")          \
	X(UNKNOWN_TYPE, "the key holds a value of a type that is not described")  \
	X(UNHASHABLE, "the key holds a value of a type that cannot be a map key") \
	X(TOO_DEEP, "the key holds interfaces nested too deep, or in a circle")   \
	X(OVER_BUDGET, "the keys refer to more bytes than are worth hashing")     \
	X(NO_MODEL, "the key holds a value of a type whose hash is not understood")

enum hms_hash_status {
#define X(status, text) HMS_HASH_##status,
	HMS_HASH_STATUSES(X)
#undef X
};

const char *hms_hash_status_text(enum hms_hash_status status);

/*
 * What one thread carries from key to key.  The budget bounds the work that a damaged core can
 * cause: strings may overlap, so each of a million keys might claim the same gigabyte.
 */
struct hms_hash_reader {
	uint64_t budget; /* bytes that keys may still refer to */
	uint64_t start;  /* the piece of memory met last: [start, start + len) is at bytes */
	uint64_t len;
	const uint8_t *bytes;
};

/* No bound on the bytes. */
#define HMS_HASH_READER_INIT         \
	(struct hms_hash_reader)     \
	{                            \
		.budget = UINT64_MAX \
	}

#define HMS_HASH_MAX_KEYS 32 /* of one call */

/*
 * Hash the keys of a bucket or group: key i is at @keys + i * @stride, for each bit i of @live.
 * All bytes up to the last live key must be readable.  Returns the bits of the keys whose hash is
 * known, in @ret[i]; @why[i] says why for the other live ones (entries of other slots are not
 * meaningful).  @why may be NULL.
 */
uint32_t hms_hash_keys(const struct hms_hash_plan *plan, struct hms_hash_reader *reader,
		       uint64_t seed, const uint8_t *keys, size_t stride, uint32_t live,
		       uint64_t ret[HMS_HASH_MAX_KEYS], uint8_t why[HMS_HASH_MAX_KEYS]);

/* Ask for what the @live keys refer to, as far as it is near what was read last: they will be
 * hashed soon.  For keys that refer to nothing this is a no-op. */
void hms_hash_prefetch(const struct hms_hash_plan *plan, const struct hms_hash_reader *reader,
		       const uint8_t *keys, size_t stride, uint32_t live);

/* Hash one key, at @key. */
enum hms_hash_status hms_hash_key(const struct hms_hash_plan *plan, struct hms_hash_reader *reader,
				  uint64_t seed, const uint8_t *key, uint64_t *ret);

/* ---- where a hash leads ----------------------------------------------------------------- */

/* tophash(), src/runtime/map.go: what a live slot of a classic bucket remembers of the hash. */
static inline uint8_t hms_classic_tophash(uint64_t hash)
{
	uint8_t top = (uint8_t)(hash >> 56);

	return top < HMS_TOPHASH_MIN ? (uint8_t)(top + HMS_TOPHASH_MIN) : top;
}

/* Index of the bucket in an array of 2^@B (B < 64). */
static inline uint64_t hms_classic_bucket(uint64_t hash, unsigned int B)
{
	return hash & ((UINT64_C(1) << B) - 1);
}

/* While a classic map of 2^@old_B buckets doubles: does the key move to the upper half (Y)? */
static inline bool hms_classic_moves_up(uint64_t hash, unsigned int old_B)
{
	return hash >> old_B & 1;
}

/* h1() and h2(), src/internal/runtime/maps/map.go: the probe start, and the control byte. */
static inline uint64_t hms_swiss_h1(uint64_t hash)
{
	return hash >> 7;
}

static inline uint8_t hms_swiss_h2(uint64_t hash)
{
	return hash & 0x7f;
}

/* Map.directoryIndex(): @shift is Map.globalShift; a directory of one table needs no hash. */
static inline uint64_t hms_swiss_directory_index(uint64_t hash, uint64_t dir_len,
						 unsigned int shift)
{
	return dir_len == 1 ? 0 : hash >> (shift & 63);
}

/* probeSeq, src/internal/runtime/maps/table.go: the groups a lookup visits.  All of a table's
 * groups are met once in the first mask + 1 steps. */
struct hms_swiss_probe {
	uint64_t mask;  /* groups - 1 */
	uint64_t group; /* to visit now */
	uint64_t index; /* steps made */
};

static inline struct hms_swiss_probe hms_swiss_probe_start(uint64_t hash, uint64_t mask)
{
	return (struct hms_swiss_probe){.mask = mask, .group = hms_swiss_h1(hash) & mask};
}

static inline void hms_swiss_probe_next(struct hms_swiss_probe *probe)
{
	probe->index++;
	probe->group = (probe->group + probe->index) & probe->mask;
}

#endif
