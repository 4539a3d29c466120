/*
 * Which map type fits a header that no type led to?  Its bucket memory must be as large as the
 * type's buckets would be, the heap's own note of what it holds (malloc headers, Go 1.22 and later)
 * must agree, and the keys must hash to where they sit.
 */
#ifndef HMS_FIND_FIT_H
#define HMS_FIND_FIT_H

#include "map/map.h"

struct hms_fitter; /* keeps the hash plans of the map types tried so far */

/* @model is borrowed. */
struct hms_fitter *hms_fitter_create(struct hms_map_model *model);
void hms_fitter_destroy(struct hms_fitter *fitter); /* NULL is fine */

enum hms_fit {
	HMS_FIT_NONE,      /* no map */
	HMS_FIT_AMBIGUOUS, /* a map, but several types fit: map->type stays NULL */
	HMS_FIT_TYPE,      /* a map of map->type */
};

/* Is a map's header at map->addr?  Fills in @map's header and type where it is. */
enum hms_fit hms_fit_map(struct hms_fitter *fitter, struct hms_map *map);

/* The same for a map without entries, where something points at it that is no garbage: it has
 * little but its header and its memory to be told by. */
enum hms_fit hms_fit_empty(struct hms_fitter *fitter, struct hms_map *map);

/* The same where something says that it is a map of @type. */
bool hms_fit_type(struct hms_fitter *fitter, const struct hms_type *type, struct hms_map *map);

/* The same, or it could be one without entries. */
bool hms_fit_type_or_empty(struct hms_fitter *fitter, const struct hms_type *type,
			   struct hms_map *map);

#endif
