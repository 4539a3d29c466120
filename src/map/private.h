/* Shared inside src/map only. */
#ifndef HMS_MAP_PRIVATE_H
#define HMS_MAP_PRIVATE_H

#include "map/map.h"
#include "map/marks.h"
#include "map/units.h"

struct hms_map_model {
	const struct hms_rt *rt;
	const struct hms_heap *heap;
	struct hms_arena *arena;
	struct hms_map_type **types; /* by hms_type id */
	bool *asked;                 /* likewise: the layout was looked for */
	size_t ntypes;
	struct hms_arena **arenas; /* one a worker of a survey */
	unsigned int narenas;
	bool digests; /* surveys make them */
};

/*
 * Digest of a unit's bytes, and of what indirect keys and elements point to, with the place of
 * the unit in its map.  A map's digest is the sum of its units': whoever walks what, it is the
 * same, and a header or array that lies elsewhere changes nothing.  *known_ret is set to false
 * where bytes are absent.
 */
uint64_t hms_map_digest_unit(const struct hms_map_model *model, const struct hms_map_type *type,
			     const struct hms_unit *unit, bool *known_ret);

/* Arenas for @n workers, kept as long as the model. */
struct hms_arena **hms_map_model_arenas(struct hms_map_model *model, unsigned int n);

/* Layout of a map type from "hash<K,V>" or "map<K,V>"; false where debug information lacks it. */
bool hms_classic_layout(const struct hms_type *type, struct hms_map_type *ret);
bool hms_swiss_layout(const struct hms_type *type, struct hms_map_type *ret);
/* An array member of 8 slots: its offset and the slot's type. */
bool hms_slots_member(const struct hms_type *unit, const char *name, uint32_t *off_ret,
		      const struct hms_type **slot_ret);

/* Where keys or elements are stored apart, a slot has room for their address: all that follows it
 * trusts that. */
static inline bool hms_slots_hold_pointers(const struct hms_map_type *type)
{
	return (!type->key_indirect || type->key_size == 8) &&
	       (!type->elem_indirect || type->elem_size == 8);
}

/* The two kinds' parts of hms_units_init() and hms_units_next(). */
void hms_classic_units_init(struct hms_unit_cursor *cursor, uint64_t from, uint64_t to);
bool hms_classic_units_next(struct hms_unit_cursor *cursor, struct hms_unit *ret);
void hms_swiss_units_init(struct hms_unit_cursor *cursor, uint64_t from, uint64_t to);
bool hms_swiss_units_next(struct hms_unit_cursor *cursor, struct hms_unit *ret);
/* The array's next unit; bytes and count are set, and a trouble of @kind where it cannot be read.
 */
void hms_units_take(struct hms_unit_cursor *cursor, enum hms_trouble_kind kind,
		    struct hms_unit *ret);
/* Bytes of the unit at @addr wherever it is, or NULL. */
const uint8_t *hms_units_bytes(struct hms_unit_cursor *cursor, uint64_t addr);
/* Is what lies at [addr, addr + len) missing from the core, rather than never mapped? */
bool hms_units_absent(const struct hms_unit_cursor *cursor, uint64_t addr, uint64_t len);

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
/* The same for a Swiss map's header and directory; tables and groups are added by the walk. */
void hms_swiss_bytes(const struct hms_map_model *model, struct hms_map *map,
		     struct hms_map_stats *stats);
/* Size of the heap object at @addr, 0 where it is none. */
uint64_t hms_object_bytes(const struct hms_map_model *model, uint64_t addr);
/* Directory slots that a walk of a Swiss map may touch (1 for a small map), with the trouble that
 * limits them. */
uint64_t hms_swiss_extent(const struct hms_map_model *model, const struct hms_map *map,
			  struct hms_trouble *trouble_ret);

#endif
