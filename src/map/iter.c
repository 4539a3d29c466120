#include "map/iter.h"

#include "map/private.h"

void hms_map_iter_init(struct hms_map_iter *it, const struct hms_map_model *model,
		       const struct hms_map *map)
{
	*it = (struct hms_map_iter){.next = HMS_SLOTS};
	hms_units_init(&it->cursor, model, map, false, 0,
		       map->readable && map->type ? UINT64_MAX : 0, &it->stats);
}

void hms_map_iter_deinit(struct hms_map_iter *it)
{
	hms_units_deinit(&it->cursor);
}

static bool next_unit(struct hms_map_iter *it)
{
	const struct hms_map *map = it->cursor.map;

	it->next = 0;
	if (hms_units_next(&it->cursor, &it->unit))
		return true;
	if (it->old || !map->readable || !map->type || map->type->kind != HMS_MAP_CLASSIC)
		return false;
	it->old = true;
	hms_units_deinit(&it->cursor);
	hms_units_init(&it->cursor, it->cursor.model, map, true, 0, UINT64_MAX, &it->stats);
	return hms_units_next(&it->cursor, &it->unit);
}

static enum hms_slot_state classic_state(const struct hms_unit *unit, uint8_t tophash)
{
	if (unit->settled || hms_tophash_evacuated(tophash))
		return HMS_SLOT_MOVED;
	return tophash >= HMS_TOPHASH_MIN ? HMS_SLOT_LIVE : HMS_SLOT_EMPTY;
}

/* Whatever has the high bit and is no tombstone can hold nothing. */
static enum hms_slot_state swiss_state(uint8_t control)
{
	if (hms_control_is_full(control))
		return HMS_SLOT_LIVE;
	return control == HMS_CONTROL_DELETED ? HMS_SLOT_DELETED : HMS_SLOT_EMPTY;
}

void hms_unit_slot(const struct hms_map_type *type, const struct hms_unit *unit, unsigned int i,
		   struct hms_slot *ret)
{
	*ret = (struct hms_slot){
		.index = (uint8_t)i,
		.old = unit->old,
		.chain = unit->chain,
		.bucket = unit->index,
		.table = unit->table,
		.unit = unit->addr,
		.key_addr = unit->addr + type->keys_off + i * type->key_stride,
		.elem_addr = unit->addr + type->elems_off + i * type->elem_stride,
	};
	if (!unit->bytes) {
		ret->state = HMS_SLOT_UNREADABLE;
		return;
	}
	ret->control = unit->bytes[i];
	ret->state = type->kind == HMS_MAP_CLASSIC ? classic_state(unit, ret->control)
						   : swiss_state(ret->control);
	ret->key = unit->bytes + type->keys_off + i * type->key_stride;
	ret->elem = unit->bytes + type->elems_off + i * type->elem_stride;
}

bool hms_map_iter_next(struct hms_map_iter *it, struct hms_slot *ret)
{
	if (it->next == HMS_SLOTS && !next_unit(it))
		return false;
	hms_unit_slot(it->cursor.map->type, &it->unit, it->next++, ret);
	if (ret->state == HMS_SLOT_UNREADABLE)
		it->next = HMS_SLOTS;
	return true;
}

static const uint8_t *through(const struct hms_map_iter *it, bool indirect, const uint8_t *bytes,
			      uint64_t addr, uint64_t size, uint64_t *addr_ret)
{
	*addr_ret = addr;
	if (!indirect || !bytes)
		return bytes;
	*addr_ret = hms_le64(bytes);
	return hms_mem_peek(it->cursor.model->rt->mem, *addr_ret, size);
}

const uint8_t *hms_slot_key(const struct hms_map_iter *it, const struct hms_slot *slot,
			    uint64_t *addr_ret)
{
	const struct hms_map_type *type = it->cursor.map->type;

	return through(it, type->key_indirect, slot->key, slot->key_addr, type->key->size,
		       addr_ret);
}

const uint8_t *hms_slot_elem(const struct hms_map_iter *it, const struct hms_slot *slot,
			     uint64_t *addr_ret)
{
	const struct hms_map_type *type = it->cursor.map->type;

	return through(it, type->elem_indirect, slot->elem, slot->elem_addr, type->elem->size,
		       addr_ret);
}
