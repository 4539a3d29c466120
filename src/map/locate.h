/*
 * From an address back to a map: which one's memory it is in, and where in it: header, bucket and
 * slot, group and slot, directory, table, a key or element that is stored apart.
 */
#ifndef HMS_MAP_LOCATE_H
#define HMS_MAP_LOCATE_H

#include "map/iter.h"

enum hms_map_part {
	HMS_PART_HEADER,
	HMS_PART_EXTRA,     /* classic: runtime.mapextra */
	HMS_PART_BUCKET,    /* classic: main or overflow, of the present or the old array */
	HMS_PART_SPARE,     /* classic: a bucket set aside behind the array, in no chain */
	HMS_PART_DIRECTORY, /* Swiss */
	HMS_PART_TABLE,
	HMS_PART_GROUP,
	HMS_PART_KEY, /* a key or element over 128 bytes, to which its slot points */
	HMS_PART_ELEM,
};

/* What of a bucket or group. */
enum hms_unit_part {
	HMS_UNIT_CONTROL, /* tophash or control byte of a slot */
	HMS_UNIT_KEY,     /* of a slot: the key, or the pointer to it */
	HMS_UNIT_ELEM,
	HMS_UNIT_LINK,    /* classic: the pointer to the next overflow bucket */
	HMS_UNIT_PADDING, /* between these */
};

struct hms_map_place {
	const struct hms_map *map;
	enum hms_map_part part;
	uint64_t base; /* where the part begins: bucket, table, key ... */
	uint64_t off;  /* of the address in it */
	/* TABLE, GROUP: of the table, DIRECTORY: the first directory slot */
	uint64_t table;
	/* BUCKET, GROUP, KEY, ELEM: the slot (but for LINK, and some PADDING: has_slot), whose key
	 * and elem are not set. */
	bool has_slot;
	struct hms_slot slot;
	enum hms_unit_part unit_part; /* BUCKET, GROUP */
	uint64_t value_off;           /* in the key or element */
};

/* Where @addr is in one of @maps, which were surveyed (map.h); false: in none of them.  Costs a
 * look at each map; where that says nothing, a walk of those that have overflow buckets or keep
 * keys or elements apart. */
bool hms_map_locate(const struct hms_map_model *model, const struct hms_map *maps, size_t n,
		    uint64_t addr, struct hms_map_place *ret);

/* Address of a slot's key or element, through the pointer where it is stored apart; 0: not
 * readable. */
uint64_t hms_map_place_key(const struct hms_map_model *model, const struct hms_map_place *place);
uint64_t hms_map_place_elem(const struct hms_map_model *model, const struct hms_map_place *place);

#endif
