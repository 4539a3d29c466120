/*
 * Functions of the program that take a lock for their callers, or give it back: found by the calls
 * of sync's methods in them, and by what is held where they return.
 *
 * A function that takes a lock on some paths only may have taken it.  One that defers calls is told
 * to take none: what runs when it ends is not followed.
 */
#ifndef HMS_DISAS_HELPERS_H
#define HMS_DISAS_HELPERS_H

#include "disas/flow.h"
#include "rt/rt.h"

enum hms_lock_deed { HMS_LOCK_TAKES, HMS_LOCK_RELEASES, HMS_LOCK_TRIES };

/* Locks of which one kind's Unlock never releases another's. */
enum hms_lock_family {
	HMS_LOCKS_MUTEX,
	HMS_LOCKS_RWMUTEX,
	HMS_LOCKS_READER,    /* a sync.RWMutex, for reading */
	HMS_LOCKS_RUNTIME,   /* runtime.mutex */
	HMS_LOCKS_SOMEBODYS, /* a function that is called lock, and is not one of these */
};

#define HMS_LOCK_LOADS 4

/* Where a function's lock is, from what it is called with: loads from memory, an offset added after
 * each and before the first. */
struct hms_lock_path {
	enum { HMS_PATH_UNKNOWN, HMS_PATH_CONST, HMS_PATH_REGISTER, HMS_PATH_STACK } from;
	uint8_t reg;   /* REGISTER */
	int64_t stack; /* STACK: offset of an argument from the caller's stack pointer */
	uint8_t n;     /* offsets */
	int64_t off[HMS_LOCK_LOADS];
};

struct hms_lock_helper {
	uint64_t entry;
	const char *where;       /* function that does it: this one, or one that it calls */
	enum hms_lock_deed deed; /* TRIES: on some paths */
	enum hms_lock_family family;
	struct hms_lock_path path;
	const char *method; /* of sync, that does it */
	const char *file;   /* NULL: unknown */
	int32_t line;
};

struct hms_lock_helpers {
	struct hms_lock_helper *list; /* by entry */
	size_t n, cap;
	uint64_t *lockers; /* sorted: entries of functions whose code has to do with locks */
	size_t nlockers, cap_lockers;
};

/* Find all of them, with @jobs threads.  Names are borrowed from @tab.  HMS_ERR_FAULT where the
 * text cannot be read. */
struct hms_error *hms_lock_helpers_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
					unsigned int jobs, struct hms_lock_helpers **ret)
	HMS_MUST_USE;
void hms_lock_helpers_free(struct hms_lock_helpers *helpers); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_lock_helpers, hms_lock_helpers_free)

/* What the function at @entry does: list[*first_ret] and the following; how many.  @helpers may be
 * NULL. */
size_t hms_lock_helpers_at(const struct hms_lock_helpers *helpers, uint64_t entry,
			   size_t *first_ret);

/* Has the code of the function at @entry to do with locks, its own or its callers'?  */
bool hms_lock_helpers_locks(const struct hms_lock_helpers *helpers, uint64_t entry);

/* The lock's address where the function is called in the code of @flow, before whose call @state
 * is. */
struct hms_val hms_lock_path_at(const struct hms_lock_path *path, struct hms_flow *flow,
				const struct hms_flow_state *state);

#endif
