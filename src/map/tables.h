/* The tables of a Swiss map, one after the other: what "show" draws and rules look at. */
#ifndef HMS_MAP_TABLES_H
#define HMS_MAP_TABLES_H

#include "map/map.h"

/* A table as its header says; each comes once, however many directory slots name it. */
struct hms_table {
	uint64_t addr;
	uint64_t slot;  /* the first directory slot that names it */
	uint64_t slots; /* that name it, in a row from there */
	bool readable;  /* what follows could be read */
	uint16_t used;
	uint16_t capacity;
	uint16_t growth_left;
	uint8_t local_depth;
	int64_t index;
	uint64_t groups; /* address of the first */
	uint64_t mask;   /* number of groups less 1 */
};

/* Call @visit for each table of @map in directory order; nothing for a small map, or where the
 * directory is not readable. */
void hms_map_tables(const struct hms_map_model *model, const struct hms_map *map,
		    void (*visit)(void *arg, const struct hms_table *table), void *arg);

#endif
