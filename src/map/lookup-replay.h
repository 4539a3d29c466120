/* Between lookup.c and lookup-replay.c. */
#ifndef HMS_MAP_LOOKUP_REPLAY_H
#define HMS_MAP_LOOKUP_REPLAY_H

#include "map/lookup.h"

/* A key on its way. */
struct hms_lookup_key {
	const struct hms_map_model *model;
	const struct hms_map *map;
	const struct hms_literal *literal;
	enum hms_hash_status status;
	bool has_model; /* else the hash is not known, whatever the status */
	uint64_t hash;
};

/* Do as ret->variant does; the rest of @ret is filled in. */
void hms_lookup_replay(const struct hms_lookup_key *key, struct hms_lookup_path *ret);

/* Is the key of a slot, whose bytes are at @bytes, the key? */
enum hms_equality hms_lookup_compare(const struct hms_lookup_key *key, const uint8_t *bytes);

#endif
