/*
 * A picture's cells laid out in rows: a power of two of them in each, as bucket arrays have, and
 * neighbours merged where there are more than some rows hold.  Shared by what draws pictures.
 */
#ifndef HMS_REPORT_GRID_H
#define HMS_REPORT_GRID_H

#include "report/model.h"
#include "util/str.h"

/* What a cell is drawn as. */
enum hms_look {
	HMS_LOOK_EMPTY,
	HMS_LOOK_FILLED,
	HMS_LOOK_MOVED,  /* old buckets, all of them gone */
	HMS_LOOK_UNREAD, /* some of it cannot be read */
	HMS_NLOOKS
};

struct hms_grid {
	const struct hms_picture *picture; /* borrowed */
	size_t merge;                      /* cells of the picture to one drawn */
	size_t ncells;                     /* drawn */
	size_t a_row;
};

struct hms_grid_cell {
	struct hms_map_cell sum;
	enum hms_look look;
	uint64_t overflow; /* buckets to be marked: those of buckets that are gone don't matter */
};

/* The picture has cells; at most @room of them fit a row. */
void hms_grid_init(struct hms_grid *grid, const struct hms_picture *picture, size_t room,
		   size_t max_rows);

void hms_grid_cell(const struct hms_grid *grid, size_t i, struct hms_grid_cell *ret);

/* Units (buckets, groups) to a drawn cell. */
uint64_t hms_grid_units(const struct hms_grid *grid);

/* Share of the main slots that hold entries, at most 1; overflow buckets may hold more. */
double hms_grid_fill(const struct hms_grid_cell *cell);

/* "1,024, 2 to a mark"; the unit is named where the title does not.  Not escaped. */
void hms_grid_caption(const struct hms_grid *grid, struct hms_str *ret);

#endif
