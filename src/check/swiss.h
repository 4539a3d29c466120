/* Shared by the rules of Swiss maps: a table, and what is counted in it. */
#ifndef HMS_CHECK_SWISS_H
#define HMS_CHECK_SWISS_H

#include "check/internal.h"

#define CHECK_MAX_CAPACITY 1024                /* maxTableCapacity */
#define CHECK_MAX_GROUPS   (UINT64_C(1) << 16) /* of a damaged table that are looked at */

struct check_table {
	struct check_worker *w;
	struct check_part *part;
	uint64_t addr;  /* 0: a small map's only group */
	uint64_t slot;  /* the first directory entry that names it */
	uint64_t run;   /* entries that do */
	uint64_t index; /* the words of the table */
	uint64_t used, capacity, growth_left, local_depth, mask, data;
	/* counted */
	uint64_t full, deleted, empty, groups;
	uint64_t tombstone; /* address of the first deleted slot's control byte */
	uint8_t *open;      /* by group: it has a free slot, so that a lookup ends there */
	const uint8_t *all; /* the groups, NULL where they are not in one piece */
	bool holes;
	bool suspect; /* some keys are to be compared with all others */
};

/* "table 3", or "the only group". */
const char *check_table_name(const struct check_table *t);

/* Look at the groups of @t, whose words are known: control bytes, then keys (rules-groups.c). */
void check_groups(struct check_table *t);

#endif
