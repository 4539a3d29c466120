/* Shared inside src/map only. */
#ifndef HMS_MAP_PRIVATE_H
#define HMS_MAP_PRIVATE_H

#include "map/map.h"

struct hms_map_model {
	const struct hms_rt *rt;
	const struct hms_heap *heap;
	struct hms_arena *arena;
	struct hms_map_type **types; /* by hms_type id */
	bool *asked;                 /* likewise: the layout was looked for */
	size_t ntypes;
	struct hms_arena **arenas; /* one a worker of a survey */
	unsigned int narenas;
};

/* Arenas for @n workers, kept as long as the model. */
struct hms_arena **hms_map_model_arenas(struct hms_map_model *model, unsigned int n);

/* Layout of a classic map type from "hash<K,V>"; false where debug information lacks it. */
bool hms_classic_layout(const struct hms_type *type, struct hms_map_type *ret);

/* tophash values, src/runtime/map.go */
enum {
	HMS_TOPHASH_EMPTY_REST = 0,
	HMS_TOPHASH_EMPTY_ONE = 1,
	HMS_TOPHASH_EVACUATED_X = 2,
	HMS_TOPHASH_EVACUATED_Y = 3,
	HMS_TOPHASH_EVACUATED_EMPTY = 4,
	HMS_TOPHASH_MIN = 5,
};

static inline bool hms_tophash_evacuated(uint8_t tophash)
{
	return tophash >= HMS_TOPHASH_EVACUATED_X && tophash <= HMS_TOPHASH_EVACUATED_EMPTY;
}

/* Number of buckets that a walk of @map's array (@old: of its old one) may touch: what B promises,
 * less what the memory behind the array cannot hold.  *trouble_ret says what is wrong, kind
 * HMS_TROUBLE_NONE for nothing. */
uint64_t hms_classic_extent(const struct hms_map_model *model, const struct hms_map *map, bool old,
			    struct hms_trouble *trouble_ret);

/* Keep @trouble, or count it where there are too many. */
void hms_trouble_add(struct hms_map_stats *stats, const struct hms_trouble *trouble);

/* What the heap set aside for each part of @map, and how many spare buckets the array has. */
void hms_classic_bytes(const struct hms_map_model *model, struct hms_map *map,
		       struct hms_map_stats *stats);

#endif
