#include "map/picture.h"

#include <string.h>

#include "map/private.h"
#include "map/units.h"

static void add_unit(struct hms_map_cell *cell, const struct hms_unit *unit, uint64_t n)
{
	if (unit->chain)
		cell->overflow++;
	else
		cell->slots += n * HMS_SLOTS;
	if (!unit->bytes)
		cell->unread += n;
	else if (!unit->settled)
		cell->live += hms_tophash_live(unit->bytes);
	if (unit->moved && !unit->chain)
		cell->moved++;
}

size_t hms_map_picture(const struct hms_map_model *model, const struct hms_map *map, bool old,
		       struct hms_map_cell *cells, size_t max, uint64_t *units_a_cell_ret)
{
	struct hms_map_stats *scratch;
	struct hms_trouble trouble;
	struct hms_unit_cursor c;
	struct hms_unit unit;
	uint64_t n, each;

	n = map->readable && map->type ? hms_classic_extent(model, map, old, &trouble) : 0;
	if (!n)
		return 0;
	each = (n - 1) / max + 1;
	memset(cells, 0, max * sizeof(*cells));
	scratch = hms_xcalloc(1, sizeof(*scratch));
	hms_units_init(&c, model, map, old, 0, n, scratch);
	while (hms_units_next(&c, &unit)) {
		/* A hole may span cells. */
		for (uint64_t i = 0; i < unit.count;) {
			uint64_t at = unit.index + i;
			uint64_t here = HMS_MIN(each - at % each, unit.count - i);

			add_unit(&cells[at / each], &unit, here);
			i += here;
		}
	}
	hms_units_deinit(&c);
	free(scratch);
	*units_a_cell_ret = each;
	return (size_t)((n - 1) / each + 1);
}
