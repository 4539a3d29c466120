#include "map/locate.h"

#include "map/private.h"
#include "map/tables.h"

struct search {
	const struct hms_map_model *model;
	const struct hms_map *map;
	uint64_t addr;
	struct hms_map_place *ret;
	bool found;
};

static bool inside(uint64_t addr, uint64_t base, uint64_t len)
{
	return base && addr - base < len;
}

static uint64_t bytes_of(uint64_t n, uint64_t each)
{
	uint64_t bytes;

	return __builtin_mul_overflow(n, each, &bytes) ? UINT64_MAX : bytes;
}

static bool take(struct search *s, enum hms_map_part part, uint64_t base)
{
	*s->ret = (struct hms_map_place){
		.map = s->map, .part = part, .base = base, .off = s->addr - base};
	s->found = true;
	return true;
}

/* ---- buckets and groups -------------------------------------------------------------------- */

static bool in_array(uint64_t off, uint32_t first, uint32_t stride, uint32_t size,
		     unsigned int *i_ret, uint64_t *rest_ret)
{
	if (!stride || off < first || (off - first) / stride >= HMS_SLOTS)
		return false;
	*i_ret = (unsigned int)((off - first) / stride);
	*rest_ret = (off - first) % stride;
	return *rest_ret < size;
}

/* What is @off bytes into a unit. */
static void split_unit(const struct hms_map_type *type, struct hms_map_place *place,
		       unsigned int *i_ret)
{
	uint64_t off = place->off;

	place->has_slot = true;
	*i_ret = (unsigned int)off;
	if (off < HMS_SLOTS) {
		place->unit_part = HMS_UNIT_CONTROL;
	} else if (in_array(off, type->keys_off, type->key_stride, type->key_size, i_ret,
			    &place->value_off)) {
		place->unit_part = HMS_UNIT_KEY;
	} else if (in_array(off, type->elems_off, type->elem_stride, type->elem_size, i_ret,
			    &place->value_off)) {
		place->unit_part = HMS_UNIT_ELEM;
	} else {
		place->has_slot = false;
		place->unit_part = type->kind == HMS_MAP_CLASSIC && off >= type->overflow_off &&
						   off < type->overflow_off + 8
					   ? HMS_UNIT_LINK
					   : HMS_UNIT_PADDING;
	}
}

static bool take_unit(struct search *s, const struct hms_unit *unit)
{
	struct hms_map_place *place = s->ret;
	unsigned int i = 0;

	take(s, s->map->type->kind == HMS_MAP_CLASSIC ? HMS_PART_BUCKET : HMS_PART_GROUP,
	     unit->addr);
	split_unit(s->map->type, place, &i);
	hms_unit_slot(s->map->type, unit, place->has_slot ? i : 0, &place->slot);
	place->slot.key = place->slot.elem = NULL;
	place->table = unit->table;
	return true;
}

/* Among units @from to @to - 1 and what hangs on them. */
static bool in_units(struct search *s, bool old, uint64_t from, uint64_t to)
{
	uint32_t size = s->map->type->unit_size;
	struct hms_map_stats stats = {0};
	struct hms_unit_cursor cursor;
	struct hms_unit unit;

	hms_units_init(&cursor, s->model, s->map, old, from, to, &stats);
	while (!s->found && hms_units_next(&cursor, &unit)) {
		/* units in a hole of memory come together */
		if (!inside(s->addr, unit.addr, bytes_of(unit.count, size)))
			continue;
		unit.index += (s->addr - unit.addr) / size;
		unit.addr += (s->addr - unit.addr) / size * size;
		take_unit(s, &unit);
	}
	hms_units_deinit(&cursor);
	return s->found;
}

/* ---- classic ------------------------------------------------------------------------------- */

static bool in_bucket_array(struct search *s, bool old)
{
	const struct hms_classic *h = &s->map->classic;
	uint64_t base = old ? h->oldbuckets : h->buckets, unit = s->map->type->unit_size, i;
	struct hms_trouble trouble;

	if (!inside(s->addr, base,
		    bytes_of(hms_classic_extent(s->model, s->map, old, &trouble), unit)))
		return false;
	i = (s->addr - base) / unit;
	return in_units(s, old, i, i + 1);
}

/* Behind the main buckets, in the same heap object; a chain may have it. */
static bool in_spare(struct search *s, bool old)
{
	uint64_t base = old ? s->map->classic.oldbuckets : s->map->classic.buckets;
	uint64_t unit = s->map->type->unit_size;
	struct hms_object object;

	if (!base || s->addr < base)
		return false;
	hms_heap_find(s->model->heap, base, &object);
	if (object.state != HMS_HEAP_ALLOCATED ||
	    s->addr - object.base >= object.size / unit * unit)
		return false;
	return in_units(s, old, 0, UINT64_MAX) ||
	       take(s, HMS_PART_SPARE, base + (s->addr - base) / unit * unit);
}

static bool in_classic(struct search *s)
{
	uint32_t extra = s->model->rt->layout.facts[HMS_F_MAPEXTRA].size;

	return in_bucket_array(s, false) || in_bucket_array(s, true) || in_spare(s, false) ||
	       in_spare(s, true) ||
	       (inside(s->addr, s->map->classic.extra, extra) &&
		take(s, HMS_PART_EXTRA, s->map->classic.extra));
}

static bool in_overflow(struct search *s)
{
	struct hms_map_stats stats;

	if (s->map->type->kind != HMS_MAP_CLASSIC)
		return false;
	hms_map_stats_of(s->map, &stats);
	return (stats.overflow && in_units(s, false, 0, UINT64_MAX)) ||
	       (stats.overflow_old && in_units(s, true, 0, UINT64_MAX));
}

/* ---- Swiss --------------------------------------------------------------------------------- */

static void visit_table(void *arg, const struct hms_table *table)
{
	struct search *s = arg;
	uint64_t unit = s->map->type->unit_size;

	if (s->found || !table->readable)
		return;
	if (inside(s->addr, table->addr, s->model->rt->layout.facts[HMS_F_TABLE].size)) {
		take(s, HMS_PART_TABLE, table->addr);
		s->ret->table = table->slot;
	} else if (inside(s->addr, table->groups, bytes_of(table->mask + 1, unit))) {
		in_units(s, false, table->slot, table->slot + 1);
	}
}

static bool in_swiss(struct search *s)
{
	const struct hms_swiss *h = &s->map->swiss;
	struct hms_trouble trouble;

	if (!h->dir_len)
		return inside(s->addr, h->dir, s->map->type->unit_size) && in_units(s, false, 0, 1);
	if (inside(s->addr, h->dir, 8 * hms_swiss_extent(s->model, s->map, &trouble))) {
		take(s, HMS_PART_DIRECTORY, h->dir);
		s->ret->table = s->ret->off / 8;
		return true;
	}
	hms_map_tables(s->model, s->map, visit_table, s);
	return s->found;
}

/* ---- keys and elements stored apart -------------------------------------------------------- */

static bool take_value(struct search *s, const struct hms_slot *slot, enum hms_map_part part,
		       uint64_t base)
{
	take(s, part, base);
	s->ret->slot = *slot;
	s->ret->slot.key = s->ret->slot.elem = NULL;
	s->ret->has_slot = true;
	s->ret->table = slot->table;
	s->ret->value_off = s->ret->off;
	return true;
}

static bool in_indirect(struct search *s)
{
	const struct hms_map_type *type = s->map->type;
	struct hms_map_iter it;
	struct hms_slot slot;
	uint64_t at;

	if (!type->key_indirect && !type->elem_indirect)
		return false;
	hms_map_iter_init(&it, s->model, s->map);
	while (!s->found && hms_map_iter_next(&it, &slot)) {
		if (slot.state != HMS_SLOT_LIVE)
			continue;
		at = type->key_indirect ? hms_le64(slot.key) : 0;
		if (inside(s->addr, at, type->key->size))
			take_value(s, &slot, HMS_PART_KEY, at);
		at = type->elem_indirect ? hms_le64(slot.elem) : 0;
		if (!s->found && inside(s->addr, at, type->elem->size))
			take_value(s, &slot, HMS_PART_ELEM, at);
	}
	hms_map_iter_deinit(&it);
	return s->found;
}

/* ---- all maps ------------------------------------------------------------------------------ */

static bool at_once(struct search *s)
{
	const struct hms_layout *layout = &s->model->rt->layout;
	bool classic = s->model->rt->map_kind == HMS_MAP_CLASSIC;

	if (inside(s->addr, s->map->addr, layout->facts[classic ? HMS_F_HMAP : HMS_F_SMAP].size))
		return take(s, HMS_PART_HEADER, s->map->addr);
	if (!s->map->readable || !s->map->type)
		return false;
	return s->map->type->kind == HMS_MAP_CLASSIC ? in_classic(s) : in_swiss(s);
}

static bool by_walk(struct search *s)
{
	return s->map->readable && s->map->type && (in_overflow(s) || in_indirect(s));
}

bool hms_map_locate(const struct hms_map_model *model, const struct hms_map *maps, size_t n,
		    uint64_t addr, struct hms_map_place *ret)
{
	bool (*const ways[])(struct search * s) = {at_once, by_walk};

	for (size_t way = 0; way < HMS_ARRAY_LEN(ways); way++) {
		for (size_t i = 0; i < n; i++) {
			struct search s = {
				.model = model, .map = &maps[i], .addr = addr, .ret = ret};

			if (ways[way](&s))
				return true;
		}
	}
	return false;
}

static uint64_t through(const struct hms_map_model *model, bool indirect, uint64_t addr)
{
	const uint8_t *p = indirect ? hms_mem_peek(model->rt->mem, addr, 8) : NULL;

	if (!indirect)
		return addr;
	return p ? hms_le64(p) : 0;
}

uint64_t hms_map_place_key(const struct hms_map_model *model, const struct hms_map_place *place)
{
	return through(model, place->map->type->key_indirect, place->slot.key_addr);
}

uint64_t hms_map_place_elem(const struct hms_map_model *model, const struct hms_map_place *place)
{
	return through(model, place->map->type->elem_indirect, place->slot.elem_addr);
}
