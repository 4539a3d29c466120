/* The runtime's functions that work on a map, by name: mapfuncs.def. */
#ifndef HMS_RT_MAPFUNCS_H
#define HMS_RT_MAPFUNCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hms_map_op {
	HMS_MAP_READ,
	HMS_MAP_WRITE,
	HMS_MAP_DELETE,
	HMS_MAP_ITERATE,
	HMS_MAP_CLEAR,
	HMS_MAP_CLONE,
	HMS_MAP_GROW, /* a part of other operations; on its own it stands for a write */
};

/* "read", "write", "delete", "iterate", "clear", "clone"; GROW is "write". */
const char *hms_map_op_name(enum hms_map_op op);

/* Does it change the map?  Reads, iteration and clones do not. */
bool hms_map_op_writes(enum hms_map_op op);

/* What the runtime says and dies of where @op finds another operation's mark on the map:
 * "concurrent map writes".  The same words in all releases. */
const char *hms_map_race_text(enum hms_map_op op);

struct hms_map_func {
	const char *name;  /* or what it begins with: prefix */
	const char *doing; /* where it is the innermost: "moving old buckets" */
	bool prefix;
	enum hms_map_op op;
	/* Places among the words of the arguments; -1: it has none. */
	int8_t type_arg;
	int8_t map_arg;
	int8_t iter_arg;
};

/* The row that fits the function's @name, as the function table spells it; NULL: none. */
const struct hms_map_func *hms_map_func_find(const char *name);

/* All rows, for tests and lists. */
const struct hms_map_func *hms_map_funcs(size_t *n_ret);

#endif
