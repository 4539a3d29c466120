/* A map's buckets drawn into a bounded number of cells: what "show" draws. */
#ifndef HMS_MAP_PICTURE_H
#define HMS_MAP_PICTURE_H

#include "map/map.h"

struct hms_map_cell {
	uint64_t live;     /* entries */
	uint64_t slots;    /* that the main buckets could hold */
	uint64_t deleted;  /* Swiss: tombstones */
	uint64_t overflow; /* buckets chained behind */
	uint64_t moved;    /* buckets evacuated */
	uint64_t unread;   /* buckets that are not readable */
};

/* Fill at most @max cells for the map's array (@old: its old one) or its tables' groups; each
 * stands for *units_a_cell_ret buckets or groups.  Returns the number of cells; 0 where there is no
 * such array. */
size_t hms_map_picture(const struct hms_map_model *model, const struct hms_map *map, bool old,
		       struct hms_map_cell *cells, size_t max, uint64_t *units_a_cell_ret);

#endif
