/* A picture's cells laid out in rows. */
#include "report/grid.h"

#include <string.h>

#include "report/format.h"

void hms_grid_init(struct hms_grid *grid, const struct hms_picture *picture, size_t room,
		   size_t max_rows)
{
	*grid = (struct hms_grid){.picture = picture, .merge = 1, .a_row = 1};
	while (grid->a_row * 2 <= room)
		grid->a_row *= 2;
	while ((picture->ncells - 1) / grid->merge + 1 > grid->a_row * max_rows)
		grid->merge *= 2;
	grid->ncells = (picture->ncells - 1) / grid->merge + 1;
}

uint64_t hms_grid_units(const struct hms_grid *grid)
{
	return grid->picture->units_a_cell * grid->merge;
}

static void add_cell(struct hms_map_cell *into, const struct hms_map_cell *cell)
{
	into->live += cell->live;
	into->slots += cell->slots;
	into->overflow += cell->overflow;
	into->moved += cell->moved;
	into->unread += cell->unread;
}

/* Units that stand behind drawn cell @i; the last may have fewer. */
static uint64_t units_of(const struct hms_grid *grid, size_t i)
{
	uint64_t each = hms_grid_units(grid), before = each * i;

	return before < grid->picture->nunits ? HMS_MIN(each, grid->picture->nunits - before) : 0;
}

static enum hms_look look_of(const struct hms_grid *grid, const struct hms_map_cell *cell, size_t i)
{
	if (cell->unread)
		return HMS_LOOK_UNREAD;
	if (grid->picture->old && cell->moved >= units_of(grid, i))
		return HMS_LOOK_MOVED;
	return cell->live ? HMS_LOOK_FILLED : HMS_LOOK_EMPTY;
}

void hms_grid_cell(const struct hms_grid *grid, size_t i, struct hms_grid_cell *ret)
{
	const struct hms_picture *picture = grid->picture;
	size_t end = HMS_MIN((i + 1) * grid->merge, picture->ncells);

	*ret = (struct hms_grid_cell){.look = HMS_LOOK_EMPTY};
	for (size_t at = i * grid->merge; at < end; at++)
		add_cell(&ret->sum, &picture->cells[at]);
	ret->look = look_of(grid, &ret->sum, i);
	ret->overflow = ret->look == HMS_LOOK_MOVED ? 0 : ret->sum.overflow;
}

double hms_grid_fill(const struct hms_grid_cell *cell)
{
	double fill = cell->sum.slots ? (double)cell->sum.live / (double)cell->sum.slots : 1;

	return HMS_MIN(fill, 1);
}

/* "old buckets" of "bucket"s: the title says what is counted. */
static bool title_names_units(const struct hms_picture *picture)
{
	size_t title = strlen(picture->title), unit = strlen(picture->unit);

	return title > unit && picture->title[title - 1] == 's' &&
	       memcmp(picture->title + title - 1 - unit, picture->unit, unit) == 0;
}

void hms_grid_caption(const struct hms_grid *grid, struct hms_str *ret)
{
	const struct hms_picture *picture = grid->picture;

	if (title_names_units(picture))
		hms_format_count(ret, picture->nunits);
	else
		hms_format_counted(ret, picture->nunits, picture->unit);
	if (hms_grid_units(grid) > 1) {
		hms_str_add(ret, ", ");
		hms_format_count(ret, hms_grid_units(grid));
		hms_str_add(ret, " to a mark");
	}
}
