#include "rt/mapfuncs.h"

#include <string.h>

#include "util/compiler.h"

#define NO (-1)

static const struct hms_map_func rows[] = {
#define MAPFUNC(name, op, type, map, iter, doing)                                            \
	{name, doing, sizeof(name) > 1 && name[sizeof(name) - 2] == '*', HMS_MAP_##op, type, \
	 map,  iter},
#include "rt/mapfuncs.def"
#undef MAPFUNC
};

const struct hms_map_func *hms_map_funcs(size_t *n_ret)
{
	*n_ret = HMS_ARRAY_LEN(rows);
	return rows;
}

static bool fits(const struct hms_map_func *row, const char *name)
{
	if (!row->prefix)
		return strcmp(row->name, name) == 0;
	return strncmp(row->name, name, strlen(row->name) - 1) == 0;
}

/* All of them are in few packages: most names are told apart by these. */
static bool worth_a_look(const char *name)
{
	return !strncmp(name, "runtime.", 8) || !strncmp(name, "internal/runtime/maps.", 22) ||
	       !strncmp(name, "reflect.map", 11) || !strncmp(name, "maps.", 5);
}

const struct hms_map_func *hms_map_func_find(const char *name)
{
	if (!name || !worth_a_look(name))
		return NULL;
	for (size_t i = 0; i < HMS_ARRAY_LEN(rows); i++)
		if (fits(&rows[i], name))
			return &rows[i];
	return NULL;
}

const char *hms_map_op_name(enum hms_map_op op)
{
	switch (op) {
	case HMS_MAP_READ: return "read";
	case HMS_MAP_DELETE: return "delete";
	case HMS_MAP_ITERATE: return "iterate";
	case HMS_MAP_CLEAR: return "clear";
	case HMS_MAP_CLONE: return "clone";
	case HMS_MAP_WRITE:
	case HMS_MAP_GROW: break;
	}
	return "write";
}

bool hms_map_op_writes(enum hms_map_op op)
{
	switch (op) {
	case HMS_MAP_READ:
	case HMS_MAP_ITERATE:
	case HMS_MAP_CLONE: return false;
	case HMS_MAP_WRITE:
	case HMS_MAP_DELETE:
	case HMS_MAP_CLEAR:
	case HMS_MAP_GROW: break;
	}
	return true;
}

const char *hms_map_race_text(enum hms_map_op op)
{
	switch (op) {
	case HMS_MAP_READ: return "concurrent map read and map write";
	case HMS_MAP_ITERATE: return "concurrent map iteration and map write";
	case HMS_MAP_CLONE: return "concurrent map clone and map write"; /* 1.21 to 1.23, 1.25+ */
	case HMS_MAP_WRITE:
	case HMS_MAP_DELETE:
	case HMS_MAP_CLEAR:
	case HMS_MAP_GROW: break;
	}
	return "concurrent map writes";
}
