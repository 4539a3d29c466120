#include "map/picture.h"

#include <string.h>

#include "map/private.h"
#include "map/units.h"

static void add_unit(struct hms_map_cell *cell, const struct hms_unit *unit, uint64_t n,
		     bool classic)
{
	if (unit->chain)
		cell->overflow++;
	else
		cell->slots += n * HMS_SLOTS;
	if (!unit->bytes)
		cell->unread += n;
	else if (!classic)
		cell->live += hms_control_full(unit->bytes);
	else if (!unit->settled)
		cell->live += hms_tophash_live(unit->bytes);
	if (!unit->bytes)
		return;
	cell->deleted += classic ? 0 : hms_control_deleted(unit->bytes);
	cell->moved += unit->moved && !unit->chain;
}

/* Units in the whole picture. */
static uint64_t extent(const struct hms_map_model *model, const struct hms_map *map, bool old)
{
	struct hms_trouble trouble;
	struct hms_map_stats stats;

	if (!map->readable || !map->type)
		return 0;
	if (map->type->kind == HMS_MAP_CLASSIC)
		return hms_classic_extent(model, map, old, &trouble);
	hms_map_stats_of(map, &stats);
	return old ? 0 : stats.groups;
}

size_t hms_map_picture(const struct hms_map_model *model, const struct hms_map *map, bool old,
		       struct hms_map_cell *cells, size_t max, uint64_t *units_a_cell_ret)
{
	uint64_t n = extent(model, map, old), each, next = 0, first = 0;
	struct hms_map_stats *scratch;
	struct hms_unit_cursor c;
	struct hms_unit unit;
	bool classic;

	if (!n)
		return 0;
	classic = map->type->kind == HMS_MAP_CLASSIC;
	each = (n - 1) / max + 1;
	memset(cells, 0, max * sizeof(*cells));
	scratch = hms_xcalloc(1, sizeof(*scratch));
	hms_units_init(&c, model, map, old, 0, UINT64_MAX, scratch);
	while (hms_units_next(&c, &unit)) {
		/* Overflow buckets are drawn with their main bucket; a hole may span cells. */
		if (!unit.chain) {
			first = next;
			next += unit.count;
		}
		for (uint64_t at = first; at < first + unit.count && at < n;) {
			uint64_t here = HMS_MIN(each - at % each, first + unit.count - at);

			add_unit(&cells[at / each], &unit, here, classic);
			at += here;
		}
	}
	hms_units_deinit(&c);
	free(scratch);
	*units_a_cell_ret = each;
	return (size_t)((n - 1) / each + 1);
}
