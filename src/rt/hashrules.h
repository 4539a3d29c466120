/*
 * How the map hashes of Go releases differ: data for src/map/hash.c, which has the functions.
 *
 * Sources, to compare when a release is added: src/runtime/{alg,hash64}.go, asm_{amd64,arm64}.s
 * (from 1.27 src/internal/runtime/maps/{runtime_alg,runtime_hash64}.go, memhash_*.s);
 * src/cmd/compile/internal/reflectdata/alg.go, internal/types/{size,type}.go.
 */
#ifndef HMS_RT_HASHRULES_H
#define HMS_RT_HASHRULES_H

#include <stdbool.h>

struct hms_rt;

/* The AES hash of arm64; amd64's never changed. */
enum hms_hash_arm64 {
	HMS_HASH_ARM64_V1, /* to 1.19: the class of 1 to 16 bytes ends without MixColumns */
	HMS_HASH_ARM64_V2, /* from 1.21 */
	HMS_HASH_ARM64_V3, /* 1.27: memhash32 uses all 64 bits of the seed, not the lower half */
};

/* The hash of machines without AES. */
enum hms_hash_multiply {
	HMS_HASH_XXHASH,           /* 1.15 */
	HMS_HASH_WYHASH_CONSTANTS, /* from 1.19: of four keys, one is random */
	HMS_HASH_WYHASH_RANDOM,    /* from 1.23: all of them are */
};

struct hms_hash_rules {
	unsigned int from, to; /* Go 1.from to 1.to */
	/* Hashes that programs of these releases made were computed anew, and were the same. */
	bool verified;
	enum hms_hash_arm64 arm64;
	enum hms_hash_multiply multiply;
	bool typehash_runs;  /* typehash joins adjacent fields of plain memory */
	bool direct_by_size; /* an interface's data word holds any type that is just one pointer */
	bool signatures;     /* compiler-made hashers follow signatures, not fields */
};

/* The row of Go 1.@minor.  Releases newer than all rows get the newest, not verified; NULL for
 * those older than all. */
const struct hms_hash_rules *hms_hash_rules_find(unsigned int minor);

/* The row of a program.  A development version has no number: its variables tell the oldest it
 * can be, and no row is verified for it. */
const struct hms_hash_rules *hms_hash_rules_of(const struct hms_rt *rt);

#endif
