/*
 * Digests of what maps hold: whether anything was written between two snapshots.
 *
 * Not a hash that withstands an attacker: who writes a core can write two that are alike.  It is
 * never compared across architectures; words are read as they lie in memory.
 */
#include <string.h>

#include "map/private.h"

#define LANES 4

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t step(uint64_t state, uint64_t word)
{
	state = (state ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return state ^ (state >> 29);
}

/* Four lanes, for the processor can multiply several numbers at a time. */
static uint64_t digest(const uint8_t *p, size_t len, uint64_t seed)
{
	uint64_t lanes[LANES] = {seed, seed + 1, seed + 2, seed + 3}, words[LANES];

	for (; len >= sizeof(words); p += sizeof(words), len -= sizeof(words)) {
		memcpy(words, p, sizeof(words));
		for (size_t i = 0; i < LANES; i++)
			lanes[i] = step(lanes[i], words[i]);
	}
	memset(words, 0, sizeof(words));
	memcpy(words, p, len);
	for (size_t i = 0; i < LANES; i++)
		lanes[i] = step(lanes[i], words[i]);
	return mix(lanes[0] ^ mix(lanes[1] ^ mix(lanes[2] ^ mix(lanes[3] ^ len))));
}

static bool taken(const struct hms_map_type *type, uint8_t control)
{
	return type->kind == HMS_MAP_SWISS ? hms_control_is_full(control)
					   : control >= HMS_TOPHASH_MIN;
}

/* What the pointer at @slot leads to. */
static uint64_t digest_through(const struct hms_map_model *model, const uint8_t *slot,
			       const struct hms_type *type, uint64_t seed, bool *known_ret)
{
	const uint8_t *bytes = hms_mem_peek(model->rt->mem, hms_le64(slot), type->size);

	if (bytes)
		return digest(bytes, type->size, seed);
	*known_ret = false;
	return 0;
}

static uint64_t digest_indirect(const struct hms_map_model *model, const struct hms_map_type *type,
				const struct hms_unit *unit, uint64_t seed, bool *known_ret)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < HMS_SLOTS; i++) {
		const uint8_t *key = unit->bytes + type->keys_off + i * type->key_stride;
		const uint8_t *elem = unit->bytes + type->elems_off + i * type->elem_stride;

		if (!taken(type, unit->bytes[i]))
			continue;
		if (type->key_indirect)
			sum += digest_through(model, key, type->key, seed + 2 * i, known_ret);
		if (type->elem_indirect)
			sum += digest_through(model, elem, type->elem, seed + 2 * i + 1, known_ret);
	}
	return sum;
}

uint64_t hms_map_digest_unit(const struct hms_map_model *model, const struct hms_map_type *type,
			     const struct hms_unit *unit, bool *known_ret)
{
	uint64_t seed = mix(unit->index ^ mix(unit->table ^ mix(unit->chain ^ mix(unit->old + 1))));
	uint64_t sum = digest(unit->bytes, type->unit_size, seed);

	/* What has moved away leaves pointers behind that lead nowhere. */
	if ((type->key_indirect || type->elem_indirect) && !unit->settled)
		sum += digest_indirect(model, type, unit, seed, known_ret);
	return sum;
}
