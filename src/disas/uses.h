/*
 * Uses of maps in the program's code: where a map that is handed to one of the runtime's functions
 * (rt/mapfuncs.def) was kept, and which type descriptor is handed over with it.
 *
 * The compiler writes a map's type into every call as a constant.  Where the map itself was loaded
 * from a package variable, or from what one points to, the code so tells the type of a word of
 * memory, which otherwise only debug information does.
 */
#ifndef HMS_DISAS_USES_H
#define HMS_DISAS_USES_H

#include "rt/pclntab.h"
#include "rt/rt.h"

/* Loads from the variable to the map's header: more are not followed. */
#define HMS_USE_LOADS 4

/*
 * Where a map of @type is.  Of package variables: begin with the word at address offs[0], and as
 * often as there are more loads, go on with the word at offs[i] from where the last one points; the
 * last word holds the map.  In frames of the function that begins at @func: the same, but offs[0]
 * is an offset from the stack pointer at its entry, and without loads the header itself is there.
 */
struct hms_use {
	const struct hms_type *type;
	uint64_t func;  /* 0: of package variables */
	uint8_t nloads; /* up to HMS_USE_LOADS; of package variables at least 1 */
	uint64_t offs[HMS_USE_LOADS];
	uint32_t times; /* calls that say so */
};

struct hms_uses {
	struct hms_use *list; /* by func, nloads, offs; those of one place in a row */
	size_t n;
};

/* Find all of them.  @rt is borrowed by the result.  HMS_ERR_FAULT where the text cannot be read.
 */
struct hms_error *hms_uses_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
				unsigned int jobs, struct hms_uses **ret) HMS_MUST_USE;
void hms_uses_free(struct hms_uses *uses); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_uses, hms_uses_free)

#endif
