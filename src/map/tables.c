#include "map/tables.h"

#include "map/private.h"

static void read_table(const struct hms_map_model *model, struct hms_table *table)
{
	const struct hms_layout *layout = &model->rt->layout;
	const uint8_t *p =
		hms_mem_peek(model->rt->mem, table->addr, layout->facts[HMS_F_TABLE].size);

	table->readable = p != NULL;
	if (!p)
		return;
	table->used = (uint16_t)hms_layout_get(layout, HMS_F_TABLE_USED, p);
	table->capacity = (uint16_t)hms_layout_get(layout, HMS_F_TABLE_CAPACITY, p);
	table->growth_left = (uint16_t)hms_layout_get(layout, HMS_F_TABLE_GROWTHLEFT, p);
	table->local_depth = (uint8_t)hms_layout_get(layout, HMS_F_TABLE_LOCALDEPTH, p);
	table->index = (int64_t)hms_layout_get(layout, HMS_F_TABLE_INDEX, p);
	table->groups = hms_layout_get(layout, HMS_F_TABLE_GROUPS_DATA, p);
	table->mask = hms_layout_get(layout, HMS_F_TABLE_GROUPS_MASK, p);
}

void hms_map_tables(const struct hms_map_model *model, const struct hms_map *map,
		    void (*visit)(void *arg, const struct hms_table *table), void *arg)
{
	struct hms_table table = {0};
	struct hms_trouble trouble;
	uint64_t n;

	if (!map->readable || !map->type || map->type->kind != HMS_MAP_SWISS || !map->swiss.dir_len)
		return;
	n = hms_swiss_extent(model, map, &trouble);
	for (uint64_t slot = 0; slot < n; slot++) {
		const uint8_t *word = hms_mem_peek(model->rt->mem, map->swiss.dir + 8 * slot, 8);

		if (!word)
			break;
		if (table.slots && hms_le64(word) == table.addr) {
			table.slots++;
			continue;
		}
		if (table.slots)
			visit(arg, &table);
		table = (struct hms_table){.addr = hms_le64(word), .slot = slot, .slots = 1};
		read_table(model, &table);
	}
	if (table.slots)
		visit(arg, &table);
}
