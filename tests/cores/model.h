/*
 * What a map means: its length, its entries, and what a lookup of each key gives.  Written from
 * the runtime's sources alone and apart from the walkers: mapaccess and mapiternext of
 * src/runtime/map.go, Map.Get and Iter.Next of src/internal/runtime/maps.
 *
 * Keys are strings, or plain memory: numbers, pointers, arrays and structs of them.
 */
#ifndef HMS_TESTS_CORES_MODEL_H
#define HMS_TESTS_CORES_MODEL_H

#include "world.h"

/* Maps that the model can read. */
bool model_can(const struct hms_map *map);

/* An entry as it was: where its key's and element's bytes are copied to. */
struct model_entry {
	char *text; /* the key, or of a string its text */
	uint64_t len;
	uint64_t elem_sum;
};

struct model {
	const struct world *world;
	const struct hms_map *map; /* address and type; the rest is read anew */
	const struct hms_hash_plan
		*plan; /* of keys by their own bytes, also where they lie apart */
	struct model_entry *entries;
	size_t n, cap;
	uint64_t length; /* len(m) */
	uint64_t sum;    /* of all entries, in any order */
	uint64_t found;  /* entries that the sum is of */
};

/* Remember what the map means now; false where it cannot be read. */
bool model_open(struct model *model, const struct world *world, const struct hms_map *map,
		const struct hms_hash_plan *plan);
void model_close(struct model *model);

/* Does it mean the same still?  *why_ret, where it does not: what changed. */
bool model_holds(const struct model *model, const char **why_ret);

#endif
