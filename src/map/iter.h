/*
 * Slots of a map, one after the other, the same view for both kinds of map.
 *
 *	hms_map_iter_init(&it, model, map);
 *	while (hms_map_iter_next(&it, &slot))
 *		...
 *	hms_map_iter_deinit(&it);
 *
 * A half-grown map's entries come once each: those still in old buckets after the others.
 */
#ifndef HMS_MAP_ITER_H
#define HMS_MAP_ITER_H

#include "map/units.h"

enum hms_slot_state {
	HMS_SLOT_LIVE,
	HMS_SLOT_EMPTY,      /* free */
	HMS_SLOT_DELETED,    /* Swiss: a tombstone */
	HMS_SLOT_MOVED,      /* old bucket: the entry has gone to the new array */
	HMS_SLOT_UNREADABLE, /* the whole bucket is; one such slot stands for all of its slots */
};

struct hms_slot {
	enum hms_slot_state state;
	uint8_t control; /* tophash, or the control byte */
	uint8_t index;   /* 0..7 in its bucket or group */
	bool old;
	uint32_t chain;  /* 0: main bucket; n: the n-th overflow bucket */
	uint64_t bucket; /* index of the main bucket; of the group in its table */
	uint64_t table;  /* Swiss: the first directory slot that names the table */
	uint64_t unit;   /* address of the bucket (group) */
	uint64_t key_addr;
	uint64_t elem_addr;
	const uint8_t *key; /* bytes in the slot (a pointer where indirect) until the next call */
	const uint8_t *elem;
};

struct hms_map_iter {
	struct hms_unit_cursor cursor;
	struct hms_unit unit;
	unsigned int next; /* slot of the unit; HMS_SLOTS: a new unit is due */
	bool old;
	struct hms_map_stats stats; /* troubles met on the way */
};

/* Slot @i of @unit, of a map of @type; what it borrows lives as long as unit->bytes.  Unreadable
 * where those are NULL. */
void hms_unit_slot(const struct hms_map_type *type, const struct hms_unit *unit, unsigned int i,
		   struct hms_slot *ret);

void hms_map_iter_init(struct hms_map_iter *it, const struct hms_map_model *model,
		       const struct hms_map *map);
void hms_map_iter_deinit(struct hms_map_iter *it);
bool hms_map_iter_next(struct hms_map_iter *it, struct hms_slot *ret);

/* Bytes of the slot's key or element itself, through the pointer where it is stored indirectly:
 * NULL where they are absent or in two pieces.  *addr_ret is where they are. */
const uint8_t *hms_slot_key(const struct hms_map_iter *it, const struct hms_slot *slot,
			    uint64_t *addr_ret);
const uint8_t *hms_slot_elem(const struct hms_map_iter *it, const struct hms_slot *slot,
			     uint64_t *addr_ret);

#endif
