/* The cursor's part that is the same for both kinds of map: arrays of units, holes, troubles. */
#include "map/units.h"

#include "map/private.h"

void hms_units_init(struct hms_unit_cursor *c, const struct hms_map_model *model,
		    const struct hms_map *map, bool old, uint64_t from, uint64_t to,
		    struct hms_map_stats *stats)
{
	*c = (struct hms_unit_cursor){.model = model, .map = map, .stats = stats, .old = old};
	if (!map->readable || !map->type)
		return;
	if (map->type->kind == HMS_MAP_CLASSIC)
		hms_classic_units_init(c, from, to);
	else if (!old)
		hms_swiss_units_init(c, from, to);
}

void hms_units_deinit(struct hms_unit_cursor *c)
{
	free(c->scratch);
	c->scratch = NULL;
}

bool hms_units_next(struct hms_unit_cursor *c, struct hms_unit *ret)
{
	if (!c->map->readable || !c->map->type)
		return false;
	return c->map->type->kind == HMS_MAP_CLASSIC ? hms_classic_units_next(c, ret)
						     : hms_swiss_units_next(c, ret);
}

void hms_trouble_add(struct hms_map_stats *stats, const struct hms_trouble *trouble)
{
	if (stats->ntroubles < HMS_MAX_TROUBLES)
		stats->troubles[stats->ntroubles] = *trouble;
	stats->ntroubles++;
}

uint64_t hms_object_bytes(const struct hms_map_model *model, uint64_t addr)
{
	struct hms_object object;

	if (!addr)
		return 0;
	hms_heap_find(model->heap, addr, &object);
	return object.state == HMS_HEAP_ALLOCATED ? object.slot_size : 0;
}

bool hms_units_absent(const struct hms_unit_cursor *c, uint64_t addr, uint64_t len)
{
	const struct hms_mem *mem = c->model->rt->mem;

	return hms_mem_state_at(mem, addr, NULL) != HMS_MEM_UNMAPPED &&
	       hms_mem_state_at(mem, addr + len - 1, NULL) != HMS_MEM_UNMAPPED;
}

const uint8_t *hms_units_bytes(struct hms_unit_cursor *c, uint64_t addr)
{
	uint32_t size = c->map->type->unit_size;
	const uint8_t *bytes = hms_mem_peek(c->model->rt->mem, addr, size);
	struct hms_error *err;

	if (bytes)
		return bytes;
	if (!c->scratch)
		c->scratch = hms_xcalloc(1, size);
	err = hms_mem_read(c->model->rt->mem, addr, c->scratch, size);
	if (!err)
		return c->scratch;
	hms_err_free(err);
	return NULL;
}

/* Bytes from @addr on that are at hand in one piece, 0 where not even one unit is.  Array memory is
 * mostly one run, so that one look-up serves many units. */
static uint64_t run_from(struct hms_unit_cursor *c, uint64_t addr)
{
	struct hms_unit_array *a = &c->array;
	uint32_t size = c->map->type->unit_size;

	if (addr - a->run_addr >= a->run_len || a->run_len - (addr - a->run_addr) < size) {
		a->run_addr = addr;
		a->run_len = hms_mem_run(c->model->rt->mem, addr, &a->run);
	}
	return a->run_len < size ? 0 : a->run_len - (addr - a->run_addr);
}

static const uint8_t *array_bytes(struct hms_unit_cursor *c, uint64_t addr)
{
	if (!run_from(c, addr))
		return hms_units_bytes(c, addr);
	return c->array.run + (addr - c->array.run_addr);
}

const uint8_t *hms_units_ahead(struct hms_unit_cursor *c, uint64_t *n_ret)
{
	const struct hms_unit_array *a = &c->array;
	uint64_t addr, len;

	if (c->old || c->link || a->next >= a->end)
		return NULL;
	addr = a->base + a->next * c->map->type->unit_size;
	len = run_from(c, addr);
	if (!len)
		return NULL;
	*n_ret = HMS_MIN(len / c->map->type->unit_size, a->end - a->next);
	return a->run + (addr - a->run_addr);
}

void hms_units_skip(struct hms_unit_cursor *c, uint64_t n)
{
	c->array.next += n;
}

/* Units from @addr on that lie in one hole of the image: at least one. */
static uint64_t units_in_hole(const struct hms_unit_cursor *c, uint64_t addr, uint64_t left)
{
	uint64_t end, n;

	hms_mem_state_at(c->model->rt->mem, addr, &end);
	n = end > addr ? (end - addr) / c->map->type->unit_size : 1;
	return HMS_MIN(HMS_MAX(n, UINT64_C(1)), left);
}

void hms_units_take(struct hms_unit_cursor *c, enum hms_trouble_kind kind, struct hms_unit *unit)
{
	struct hms_unit_array *a = &c->array;
	uint32_t size = c->map->type->unit_size;
	struct hms_trouble trouble = {.kind = kind, .old = c->old, .bucket = a->next};

	unit->index = a->next;
	unit->count = 1;
	unit->addr = a->base + a->next * size;
	unit->bytes = array_bytes(c, unit->addr);
	if (!unit->bytes) {
		unit->count = units_in_hole(c, unit->addr, a->end - a->next);
		trouble.where = trouble.seen = unit->addr;
		trouble.absent = hms_units_absent(c, unit->addr, size);
		if (trouble.absent)
			c->stats->unreadable += unit->count * size;
		hms_trouble_add(c->stats, &trouble);
	}
	a->next += unit->count;
}
