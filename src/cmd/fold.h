/*
 * Maps whose owners differ in keys and indexes alone, as one: a million sessions' attributes are
 * one cause of memory, and no row of theirs would say so.
 */
#ifndef HMS_CMD_FOLD_H
#define HMS_CMD_FOLD_H

#include "cmd/cmd.h"

/* The rank of what nothing is special about. */
#define HMS_FOLD_REST 100

struct hms_fold_row {
	const struct hms_map *map; /* of a group: the largest */
	unsigned int rank;
	bool grouped;
	struct hms_map_group group;
};

/* Rows for @n maps: those of lower rank first, then the largest.  A map is a row of its own where
 * its rank is not HMS_FOLD_REST, where few are like it, or where it holds a good part of what its
 * like hold.  @rank NULL: all are of that rank.  *ret is malloc'ed; returns how many. */
size_t hms_fold(const struct hms_view *view, const struct hms_map *const *maps, size_t n,
		unsigned int (*rank)(const struct hms_view *view, const struct hms_map *map),
		struct hms_fold_row **ret);

/* Heap bytes of the row's maps. */
uint64_t hms_fold_bytes(const struct hms_fold_row *row);

/* Emit the rows; twice: in the table of maps, and @last, behind all else, where JSON has its
 * groups. */
void hms_fold_emit(struct hms_view *view, const struct hms_fold_row *rows, size_t n, bool last);

#endif
