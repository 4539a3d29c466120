/*
 * Locks that are held where a function is called: "setLocked" and its like write under a lock that
 * they do not take themselves.
 *
 * Direct calls alone are known, and one step outwards: a function may also be called through a
 * variable or an interface, by those whose own callers hold a lock.
 */
#ifndef HMS_DISAS_CALLERS_H
#define HMS_DISAS_CALLERS_H

#include "disas/helpers.h"
#include "util/arena.h"

/* A place that calls the function. */
struct hms_lock_caller {
	const char *function; /* NULL: unknown */
	const char *file;     /* NULL: unknown */
	int32_t line;
	const char *evidence; /* how the lock is held there; NULL: none is seen */
};

struct hms_lock_callers {
	uint64_t entry;               /* of the function */
	size_t ncalls, nheld;         /* places that call it, and those where a lock is held */
	struct hms_lock_caller held;  /* the first of these */
	struct hms_lock_caller other; /* the first of the others */
};

/* Fill in @list, of which the entries are given, in their order; @arena holds what it points to. */
struct hms_error *hms_lock_callers_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
					const struct hms_lock_helpers *helpers, unsigned int jobs,
					struct hms_arena *arena, struct hms_lock_callers *list,
					size_t n) HMS_MUST_USE;

#endif
