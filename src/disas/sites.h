/*
 * Write sites: every place in the program's code that writes a map.
 *
 * The compiler turns m[k] = v, delete(m, k) and clear(m) into calls of the runtime's functions
 * (rt/mapfuncs.def).  They are found from the text itself: bytes that look like such a call are
 * searched for, and the functions around them taken apart to see which are.  Calls between those
 * functions are the runtime's own business and no sites.
 */
#ifndef HMS_DISAS_SITES_H
#define HMS_DISAS_SITES_H

#include "disas/locks.h"
#include "rt/mapfuncs.h"
#include "rt/rt.h"

struct hms_site {
	uint64_t pc; /* of the call */
	uint64_t return_pc;
	struct hms_func func;     /* that holds it */
	const char *callee;       /* as in the function tables, as all names here */
	const char *function;     /* that has the write in its source; NULL: unknown */
	const char *inlined_into; /* what func is, where function was inlined; else NULL */
	const char *file;         /* NULL: unknown */
	int32_t line;
	enum hms_map_op op;
	uint64_t rtype; /* address of the map's type descriptor; 0: the code does not tell */
	const struct hms_type *type; /* NULL: unknown */
	enum hms_lock_seen lock;
	char *evidence; /* malloc'ed; NULL: none */
	bool std;       /* of the standard library */
};

struct hms_sites {
	struct hms_site *list; /* by address */
	size_t n;
	size_t unreadable; /* functions that look as if they had some, and could not be read */
};

/* Find all of them.  @helpers: functions that lock for others (disas/helpers.h; NULL: none are
 * known).  @rt and @tab are borrowed by the result.  HMS_ERR_FAULT where the text cannot
 * be read. */
struct hms_error *hms_sites_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
				 const struct hms_lock_helpers *helpers, unsigned int jobs,
				 struct hms_sites **ret) HMS_MUST_USE;
void hms_sites_free(struct hms_sites *sites); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_sites, hms_sites_free)

/* The site whose call returns to @pc; NULL: none. */
const struct hms_site *hms_sites_returning_to(const struct hms_sites *sites, uint64_t pc);

#endif
