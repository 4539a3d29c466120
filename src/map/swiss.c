/*
 * Swiss maps: src/internal/runtime/maps/{map,table,group}.go, Go 1.24 and later.
 *
 * A small map (dirLen 0) is one group of 8 slots, which dirPtr leads to.  A larger one has a
 * directory of 2^globalDepth pointers to tables; a table whose localDepth is less is named by
 * several slots in a row and is one table all the same.  A table is an array of groups: 8 control
 * bytes, 8 slots.  Control bytes: 0x80 empty, 0xfe deleted, below 0x80 full (7 bits of the hash).
 *
 * Tables never shrink, and a table grows at once: there is no half-grown state at rest.
 */
#include "map/private.h"

#define MAX_DEPTH 40 /* a directory of 2^40 pointers is 8 TB */

/* ---- layout ------------------------------------------------------------------------------- */

static const struct hms_type *pointee(const struct hms_type *type, const char *member)
{
	const struct hms_member *m = type ? hms_type_member(type, member) : NULL;

	return m && m->type && m->type->kind == HMS_KIND_POINTER ? m->type->elem : NULL;
}

/* map<K,V>.dirPtr -> *table<K,V>, its groups.data -> the group. */
static const struct hms_type *group_of(const struct hms_type *type)
{
	const struct hms_type *pointer = pointee(type->repr, "dirPtr");
	const struct hms_member *groups;

	if (!pointer || pointer->kind != HMS_KIND_POINTER || !pointer->elem)
		return NULL;
	groups = hms_type_member(pointer->elem, "groups");
	return groups && groups->type ? pointee(groups->type, "data") : NULL;
}

/* slots [8]struct { key K; elem V }, or from 1.27 with mapsplitgroup keys [8]K; elems [8]V. */
static bool slot_layout(const struct hms_type *group, struct hms_map_type *ret)
{
	const struct hms_type *slot, *key, *elem;
	const struct hms_member *k, *v;
	uint32_t off;

	if (hms_slots_member(group, "slots", &off, &slot)) {
		k = hms_type_member(slot, "key");
		v = hms_type_member(slot, "elem");
		if (!k || !v || !k->type || !v->type || k->off > slot->size || v->off > slot->size)
			return false;
		ret->keys_off = off + (uint32_t)k->off;
		ret->elems_off = off + (uint32_t)v->off;
		ret->key_stride = ret->elem_stride = (uint32_t)slot->size;
		ret->key_size = (uint32_t)k->type->size;
		ret->elem_size = (uint32_t)v->type->size;
		return true;
	}
	if (!hms_slots_member(group, "keys", &ret->keys_off, &key) ||
	    !hms_slots_member(group, "elems", &ret->elems_off, &elem))
		return false;
	ret->key_stride = ret->key_size = (uint32_t)key->size;
	ret->elem_stride = ret->elem_size = (uint32_t)elem->size;
	return true;
}

static bool slots_fit(uint32_t off, uint32_t stride, uint32_t size, uint32_t unit)
{
	return size <= unit && off >= HMS_SLOTS && off <= unit && stride <= unit &&
	       (uint64_t)off + (HMS_SLOTS - 1) * (uint64_t)stride + size <= unit;
}

bool hms_swiss_layout(const struct hms_type *type, struct hms_map_type *ret)
{
	const struct hms_type *group = group_of(type);

	if (!group || group->size > UINT16_MAX || !slot_layout(group, ret))
		return false;
	ret->unit_size = (uint32_t)group->size;
	/* Over 128 bytes the slot holds a pointer (MapMaxKeyBytes, MapMaxElemBytes). */
	ret->key_indirect = ret->key->size > 128;
	ret->elem_indirect = ret->elem->size > 128;
	return hms_slots_hold_pointers(ret) &&
	       slots_fit(ret->keys_off, ret->key_stride, ret->key_size, ret->unit_size) &&
	       slots_fit(ret->elems_off, ret->elem_stride, ret->elem_size, ret->unit_size);
}

/* ---- directory and tables ----------------------------------------------------------------- */

static bool is_object(const struct hms_object *object, uint64_t addr)
{
	return object->state == HMS_HEAP_UNKNOWN ||
	       (object->state == HMS_HEAP_ALLOCATED && object->base == addr);
}

static uint64_t room(const struct hms_object *object, uint64_t addr, uint64_t each)
{
	switch (object->state) {
	case HMS_HEAP_ALLOCATED:
	case HMS_HEAP_FREE: return (object->slot + object->slot_size - addr) / each;
	case HMS_HEAP_UNKNOWN: return UINT64_MAX;
	case HMS_HEAP_MANUAL: return (object->span_start + object->span_bytes - addr) / each;
	default: return 0;
	}
}

/* A small map's only group may lie in a stack frame. */
static bool small_is_sound(const struct hms_object *object, uint64_t addr)
{
	return is_object(object, addr) || object->state == HMS_HEAP_MANUAL;
}

uint64_t hms_swiss_extent(const struct hms_map_model *model, const struct hms_map *map,
			  struct hms_trouble *trouble_ret)
{
	const struct hms_swiss *h = &map->swiss;
	struct hms_trouble t = {.kind = HMS_TROUBLE_DIRECTORY, .where = map->addr, .seen = h->dir};
	struct hms_object object;
	uint64_t slots;

	*trouble_ret = (struct hms_trouble){0};
	if (!h->dir)
		return 0;
	if (h->dir_len > UINT64_C(1) << MAX_DEPTH) {
		t.kind = HMS_TROUBLE_DEPTH;
		t.seen = h->dir_len;
		*trouble_ret = t;
		return 0;
	}
	hms_heap_find(model->heap, h->dir, &object);
	t.state = object.state;
	if (!h->dir_len) {
		if (!small_is_sound(&object, h->dir))
			*trouble_ret = t;
		return 1;
	}
	slots = room(&object, h->dir, 8);
	if (!is_object(&object, h->dir)) {
		*trouble_ret = t;
	} else if (slots < h->dir_len) {
		t.kind = HMS_TROUBLE_SIZE;
		t.where = h->dir;
		t.seen = h->dir_len;
		t.bucket = slots;
		*trouble_ret = t;
	}
	return HMS_MIN(h->dir_len, slots);
}

static void table_trouble(struct hms_unit_cursor *c, enum hms_trouble_kind kind, uint64_t where,
			  uint64_t seen, const struct hms_object *object)
{
	struct hms_trouble trouble = {
		.kind = kind,
		.absent = hms_units_absent(c, seen, 1) && object->state == HMS_HEAP_UNKNOWN,
		.state = (uint8_t)object->state,
		.where = where,
		.seen = seen,
		.bucket = c->table_at,
	};

	hms_trouble_add(c->stats, &trouble);
}

/* Groups of the table in hand that its array can hold. */
static uint64_t group_count(struct hms_unit_cursor *c, uint64_t data, uint64_t mask,
			    const struct hms_object *object)
{
	const struct hms_layout *layout = &c->model->rt->layout;
	uint64_t n = mask + 1, holds = room(object, data, c->map->type->unit_size);
	struct hms_trouble trouble = {
		.kind = HMS_TROUBLE_SIZE,
		.where = c->table + hms_layout_off(layout, HMS_F_TABLE_GROUPS_MASK),
		.seen = n,
		.bucket = holds,
	};

	if (n && n <= holds)
		return n;
	hms_trouble_add(c->stats, &trouble);
	return n ? holds : 0;
}

/* The bytes of a heap object that a table consists of, added once a table. */
static uint64_t set_aside(const struct hms_object *object)
{
	return object->state == HMS_HEAP_ALLOCATED ? object->slot_size : 0;
}

static void open_groups(struct hms_unit_cursor *c, const uint8_t *table)
{
	const struct hms_layout *layout = &c->model->rt->layout;
	uint64_t data = hms_layout_get(layout, HMS_F_TABLE_GROUPS_DATA, table);
	uint64_t mask = hms_layout_get(layout, HMS_F_TABLE_GROUPS_MASK, table);
	struct hms_object object;

	hms_heap_find(c->model->heap, data, &object);
	if (!is_object(&object, data)) {
		table_trouble(c, HMS_TROUBLE_GROUPS,
			      c->table + hms_layout_off(layout, HMS_F_TABLE_GROUPS_DATA), data,
			      &object);
		return;
	}
	c->array = (struct hms_unit_array){.base = data};
	c->array.end = group_count(c, data, mask, &object);
	c->stats->unit_bytes += set_aside(&object);
	c->stats->tables++;
	c->stats->groups += c->array.end;
	c->stats->capacity += hms_layout_get(layout, HMS_F_TABLE_CAPACITY, table);
	c->stats->growth_left += hms_layout_get(layout, HMS_F_TABLE_GROWTHLEFT, table);
}

static void open_table(struct hms_unit_cursor *c, uint64_t slot, uint64_t where)
{
	uint32_t size = c->model->rt->layout.facts[HMS_F_TABLE].size;
	const uint8_t *bytes = hms_mem_peek(c->model->rt->mem, c->table, size);
	struct hms_object object;

	c->table_at = slot;
	hms_heap_find(c->model->heap, c->table, &object);
	if (!bytes || !is_object(&object, c->table)) {
		table_trouble(c, HMS_TROUBLE_TABLE, where, c->table, &object);
		return;
	}
	c->stats->overflow_bytes += set_aside(&object);
	open_groups(c, bytes);
}

/* ---- the cursor --------------------------------------------------------------------------- */

static void open_small(struct hms_unit_cursor *c)
{
	c->array = (struct hms_unit_array){.base = c->map->swiss.dir, .end = 1};
	c->stats->unit_bytes += hms_object_bytes(c->model, c->map->swiss.dir);
	c->stats->groups++;
	c->stats->capacity += HMS_SLOTS;
	c->stats->growth_left += c->map->count >= 0 && c->map->count <= HMS_SLOTS
					 ? HMS_SLOTS - (uint64_t)c->map->count
					 : 0;
}

void hms_swiss_units_init(struct hms_unit_cursor *c, uint64_t from, uint64_t to)
{
	struct hms_trouble trouble;

	c->slot = from;
	c->end_slot = HMS_MIN(to, hms_swiss_extent(c->model, c->map, &trouble));
	if (trouble.kind != HMS_TROUBLE_NONE && from == 0)
		hms_trouble_add(c->stats, &trouble);
	if (!c->map->swiss.dir_len && c->slot < c->end_slot) {
		open_small(c);
		c->slot = c->end_slot;
	}
}

/* Step to the next table: slots that name the same one as the slot before them are aliases. */
static bool next_table(struct hms_unit_cursor *c)
{
	const struct hms_mem *mem = c->model->rt->mem;

	while (c->slot < c->end_slot) {
		uint64_t slot = c->slot++, where = c->map->swiss.dir + 8 * slot;
		const uint8_t *word = hms_mem_peek(mem, where, 8);
		const uint8_t *before = slot ? hms_mem_peek(mem, where - 8, 8) : NULL;
		struct hms_trouble trouble = {.kind = HMS_TROUBLE_DIRECTORY,
					      .where = where,
					      .seen = where,
					      .bucket = slot};

		if (!word) {
			trouble.absent = hms_units_absent(c, where, 8);
			c->stats->unreadable += trouble.absent ? 8 : 0;
			hms_trouble_add(c->stats, &trouble);
			return false;
		}
		if (before && hms_le64(before) == hms_le64(word))
			continue;
		c->table = hms_le64(word);
		open_table(c, slot, where);
		if (c->array.next < c->array.end)
			return true;
	}
	return false;
}

bool hms_swiss_units_next(struct hms_unit_cursor *c, struct hms_unit *ret)
{
	struct hms_unit unit = {0};

	if (c->array.next >= c->array.end && !next_table(c))
		return false;
	unit.table = c->table_at;
	hms_units_take(c, HMS_TROUBLE_GROUPS, &unit);
	*ret = unit;
	return true;
}

void hms_swiss_bytes(const struct hms_map_model *model, struct hms_map *map,
		     struct hms_map_stats *stats)
{
	(void)stats;
	map->bytes = (struct hms_map_bytes){.header = hms_object_bytes(model, map->addr)};
	if (map->readable && map->swiss.dir_len)
		map->bytes.overflow = hms_object_bytes(model, map->swiss.dir);
}
