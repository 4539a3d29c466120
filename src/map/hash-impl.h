/* Inside the hash module: primitives, rules of a release, plans.  hash.h is the contract. */
#ifndef HMS_MAP_HASH_IMPL_H
#define HMS_MAP_HASH_IMPL_H

#include <stdatomic.h>

#include "map/hash.h"
#include "util/str.h"

/* The process's keys, as the primitives want them. */
struct hms_hash_secret {
	_Alignas(16) uint8_t aes[HMS_AESKEYSCHED_SIZE];
	uint64_t mul[4]; /* hashkey, with the release's constants mixed in */
};

/* Bytes to hash: one string, or one key of an odd size. */
struct hms_hash_span {
	const uint8_t *p;
	uint64_t len;
};

/*
 * One way to turn memory into a hash.  The plural forms do the same for many keys with one seed:
 * their loops let the processor work on several keys at a time.
 */
struct hms_hash_prims {
	const char *text;
	uint64_t (*mem)(const struct hms_hash_secret *secret, const uint8_t *p, uint64_t seed,
			uint64_t len);
	uint64_t (*mem32)(const struct hms_hash_secret *secret, const uint8_t *p, uint64_t seed);
	uint64_t (*mem64)(const struct hms_hash_secret *secret, const uint8_t *p, uint64_t seed);
	void (*mems)(const struct hms_hash_secret *secret, const struct hms_hash_span *spans,
		     size_t n, uint64_t seed, uint64_t *ret);
	void (*mem32s)(const struct hms_hash_secret *secret, const uint8_t *keys, size_t stride,
		       size_t n, uint64_t seed, uint64_t *ret);
	void (*mem64s)(const struct hms_hash_secret *secret, const uint8_t *keys, size_t stride,
		       size_t n, uint64_t seed, uint64_t *ret);
};

/* The functions that use AES. */
enum hms_hash_aes {
	HMS_HASH_AES_AMD64,
	HMS_HASH_AES_ARM64, /* + enum hms_hash_arm64 */
	HMS_HASH_NAES = HMS_HASH_AES_ARM64 + HMS_HASH_ARM64_V3 + 1,
};

/* The portable ones always exist; the others are NULL where this machine cannot run them. */
const struct hms_hash_prims *hms_hash_aes_portable(unsigned int which);
const struct hms_hash_prims *hms_hash_aes_amd64(unsigned int which);
const struct hms_hash_prims *hms_hash_aes_arm64(unsigned int which);

/* The functions that multiply. */
extern const struct hms_hash_prims hms_hash_xxhash;
extern const struct hms_hash_prims hms_hash_wyhash;

/* ---- plans ------------------------------------------------------------------------------ */

enum hms_hash_op {
	HMS_HASH_MEM,   /* n bytes */
	HMS_HASH_MEM32, /* memhash32 and memhash64: not the same as MEM of 4 and 8 bytes */
	HMS_HASH_MEM64,
	HMS_HASH_STRING,
	HMS_HASH_FLOAT32,
	HMS_HASH_FLOAT64,
	HMS_HASH_IFACE,
	HMS_HASH_EFACE,
	HMS_HASH_LOOP, /* the next `body` steps, n times, `stride` bytes apart */
};

struct hms_hash_step {
	enum hms_hash_op op;
	uint32_t body;
	uint64_t off;
	uint64_t n;
	uint64_t stride;
};

struct hms_hash_steps {
	struct hms_hash_step *v;
	size_t n;
	size_t cap;
};

void hms_hash_steps_deinit(struct hms_hash_steps *steps);
struct hms_hash_step *hms_hash_steps_add(struct hms_hash_steps *steps, enum hms_hash_op op,
					 uint64_t off, uint64_t n);
bool hms_hash_steps_equal(const struct hms_hash_steps *a, const struct hms_hash_steps *b);

/* How hms_hash_keys() goes about it: most maps need one primitive a key. */
enum hms_hash_shape {
	HMS_HASH_SHAPE_STEPS, /* anything: the steps one by one */
	HMS_HASH_SHAPE_MEM32,
	HMS_HASH_SHAPE_MEM64,
	HMS_HASH_SHAPE_MEM,
	HMS_HASH_SHAPE_STRING,
};

struct hms_hash_plan {
	struct hms_hasher *hasher;
	struct hms_hash_steps steps;
	enum hms_hash_shape shape;
	uint64_t size; /* bytes of a key */
	bool indirect;
	bool direct_iface; /* interfaces hold such a value in their data word */
};

/* What an interface's first word (type or itab) means: made once, kept in the hasher. */
struct hms_hash_dynamic {
	struct hms_hash_dynamic *next;
	uint64_t word;
	bool iface;
	enum hms_hash_status status; /* OK: plan is valid */
	struct hms_hash_plan plan;
};

#define HMS_HASH_DYNAMIC_HEADS 1024

struct hms_hasher {
	const struct hms_hash_rules *rules;
	const struct hms_hash_prims *prims;
	const struct hms_hash_prims *portable;
	struct hms_hash_source source;
	struct hms_hash_secret secret;
	/* Lists that only grow; readers take no lock. */
	_Atomic(struct hms_hash_dynamic *) dynamic[HMS_HASH_DYNAMIC_HEADS];
};

/* ---- hash-type.c: rules that make steps of a type.  All three refuse with HMS_ERR_UNSUPPORTED
 * what cannot be a key, and type graphs too deep or too large to be real. ------------------- */

/* The compiler's field-run rules, to Go 1.26. */
struct hms_error *hms_hash_steps_fields(const struct hms_type *type, struct hms_hash_steps *ret)
	HMS_MUST_USE;
/* runtime.typehash. */
struct hms_error *hms_hash_steps_typehash(const struct hms_hash_rules *rules,
					  const struct hms_type *type, struct hms_hash_steps *ret)
	HMS_MUST_USE;
/* Can values of @type be compared at all? */
bool hms_hash_type_hashable(const struct hms_type *type);
/* The compiler hashes @type as plain memory (abi.TFlagRegularMemory). */
bool hms_hash_type_regular(const struct hms_type *type);

/* ---- hash-sig.c: signatures, from Go 1.27 ------------------------------------------------- */

/* The signature of @type, appended to @ret. */
struct hms_error *hms_hash_signature(const struct hms_type *type, struct hms_str *ret) HMS_MUST_USE;
/* Steps of a signature, and the bytes it covers.  False: @text is no signature. */
bool hms_hash_steps_signature(const char *text, struct hms_hash_steps *ret, uint64_t *size_ret);

/* ---- hash-plan.c ------------------------------------------------------------------------ */

void hms_hash_plan_deinit(struct hms_hash_plan *plan);
/* The plan for a value of @type in an interface. */
struct hms_error *hms_hash_plan_typehash(struct hms_hasher *hasher, const struct hms_type *type,
					 struct hms_hash_plan *ret) HMS_MUST_USE;

#endif
