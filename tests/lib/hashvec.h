/*
 * Hash vectors (tests/vectors/README.md): types, memory and keys as a Go program described them,
 * and the hashes that it computed.
 */
#ifndef HMS_TESTS_LIB_HASHVEC_H
#define HMS_TESTS_LIB_HASHVEC_H

#include "lib/bytes.h"
#include "map/hash.h"
#include "util/arena.h"

struct hashvec_piece {
	uint64_t addr;
	struct bytes bytes;
};

struct hashvec_map {
	const struct hms_type *key;
	const char *name;
	const char *hasher; /* function name */
};

struct hashvec_case {
	size_t map;
	uint64_t seed;
	struct bytes key;
	bool nan;
	uint64_t hash;
};

/* How hashvec_source() hands out memory. */
enum hashvec_memory {
	HASHVEC_PIECES,  /* as the lines say */
	HASHVEC_CHOPPED, /* a few bytes at a time */
	HASHVEC_IMAGE,   /* data as one large piece */
	HASHVEC_NOTHING, /* none at all */
};

struct hashvec {
	struct hms_arena *arena;
	struct hms_type **types;
	size_t ntypes, captypes;
	struct hashvec_map *maps;
	size_t nmaps, capmaps;
	struct hashvec_case *cases;
	size_t ncases, capcases;
	struct hashvec_piece *pieces; /* sorted by address */
	size_t npieces, cappieces;
	size_t nhashes;
	unsigned int minor; /* Go 1.minor */
	struct hms_hash_state state;
	struct bytes image;
	uint64_t image_addr;
	enum hashvec_memory memory;
	bool no_types; /* no dynamic type is known */
};

/* Read both files; aborts with a message where they are not as the README says. */
void hashvec_load(struct hashvec *ret, const char *cases_path, const char *hashes_path);
void hashvec_free(struct hashvec *v);
/* The memory and types, as a hasher wants them. */
struct hms_hash_source hashvec_source(const struct hashvec *v);

#endif
