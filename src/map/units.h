/*
 * Units of a map in walking order: buckets and their overflow chains (classic), groups (Swiss).
 * Everything that looks into a map goes through this cursor: surveys, pictures, the slot
 * iterator, the search.  It is bounded on any input: a chain that comes back to itself ends, an
 * array never reaches beyond the heap object that holds it.
 */
#ifndef HMS_MAP_UNITS_H
#define HMS_MAP_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "map/map.h"
#include "map/marks.h"

struct hms_unit {
	uint64_t addr;
	/* type->unit_size bytes, valid until the next call; NULL: not readable */
	const uint8_t *bytes;
	uint64_t count; /* 1; more for units in one hole of memory (bytes == NULL) */
	uint64_t index; /* of the main bucket in its array, of the group in its table */
	uint64_t table; /* Swiss: the first directory slot that names the table */
	uint32_t chain; /* 0: the main bucket; n: the n-th overflow bucket behind it */
	bool old;       /* in the old bucket array */
	bool moved;     /* old: the main bucket is marked as evacuated */
	bool settled;   /* old: moved, and not the one in motion: it holds nothing live */
};

/* What the units lie in: an array of buckets, or one table's array of groups. */
struct hms_unit_array {
	uint64_t base;
	uint64_t next; /* index of the next unit */
	uint64_t end;
	/* the piece of readable memory that the array was last seen in */
	uint64_t run_addr;
	uint64_t run_len;
	const uint8_t *run;
};

#define HMS_CHAIN_FIRST 8 /* buckets of a chain that are remembered: few chains are longer */

struct hms_unit_cursor {
	const struct hms_map_model *model;
	const struct hms_map *map;
	struct hms_map_stats *stats; /* troubles and unreadable bytes go here */
	struct hms_unit_array array;
	uint8_t *scratch; /* for a unit that lies in two pieces of memory */

	/* classic: which array, and the chain: its first buckets, then Brent's cycle detection */
	bool old;
	bool moved;
	uint32_t chain;
	uint32_t steps_to_mark;
	uint64_t index;
	uint64_t first[HMS_CHAIN_FIRST];
	uint64_t mark;
	uint64_t link;       /* address of the next overflow bucket, 0: none */
	uint64_t link_where; /* address of the word that says so */

	/* Swiss: directory slots still to look at, and the table in hand */
	uint64_t slot, end_slot;
	uint64_t table;    /* address */
	uint64_t table_at; /* its directory slot */
};

/*
 * Classic: walk main buckets @from to @to - 1 of the map's array (@old: of its old one) and the
 * chains behind them.  Swiss: walk the groups of the tables that directory slots @from to @to - 1
 * name first (a small map: of its only group; it is slot 0).  @to is clamped to what memory holds;
 * what that leaves out is a trouble in @stats, told once by the range that starts at 0.
 */
void hms_units_init(struct hms_unit_cursor *cursor, const struct hms_map_model *model,
		    const struct hms_map *map, bool old, uint64_t from, uint64_t to,
		    struct hms_map_stats *stats);
void hms_units_deinit(struct hms_unit_cursor *cursor);

/* False at the end. */
bool hms_units_next(struct hms_unit_cursor *cursor, struct hms_unit *ret);

/*
 * For loops that only count: the main buckets of a current array, or the groups of a table, that
 * come next and lie side by side in readable memory.  How many goes to *n_ret; NULL where the next
 * unit is not one of them, which hms_units_next() then gives.  hms_units_skip() steps over the
 * first @n of them; a bucket that has a chain must not be skipped.
 */
const uint8_t *hms_units_ahead(struct hms_unit_cursor *cursor, uint64_t *n_ret);
void hms_units_skip(struct hms_unit_cursor *cursor, uint64_t n);

#endif
