/* A lookup as renderers see it: what src/map found out, and the texts that only memory could tell.
 */
#ifndef HMS_REPORT_LOOKUP_H
#define HMS_REPORT_LOOKUP_H

#include "map/lookup.h"

struct hms_emit;

struct hms_lookup_row {
	const struct hms_map *map; /* NULL: the map is nil */
	const struct hms_map_type *type;
	const char *owner; /* as it was given */
	const struct hms_lookup *lookup;
	const char *key;      /* as it was given; NULL: not to be shown */
	const char *key_type; /* as %T prints it */
	const char *elem;   /* what the lookup finds, as JSON; NULL: nothing, or not to be shown */
	uint64_t elem_addr; /* 0: nothing */
};

/* The member "lookup" of a report: hmapscope-report(5). */
void hms_emit_lookup(struct hms_emit *emit, const struct hms_lookup_row *row);

#endif
