/*
 * Goroutines that wait for a lock which another holds while it is inside an operation on a map.
 *
 * That it holds the lock is seen in its code: a function on its stack takes it and has not released
 * it where it stands.  What the others wait for are the arguments of sync's own functions.
 */
#ifndef HMS_OPS_LOCKS_H
#define HMS_OPS_LOCKS_H

#include "disas/helpers.h"
#include "ops/ops.h"

/* A goroutine that waits for a lock. */
struct hms_lock_waiter {
	uint64_t lock; /* address of the sync.Mutex or sync.RWMutex */
	const struct hms_goroutine *goroutine;
};

struct hms_lock_waiters {
	struct hms_lock_waiter *list; /* by lock, then in the runtime's order */
	size_t n, cap;
	bool cut; /* there may be more */
};

/* All that wait for one. */
void hms_lock_waiters_find(const struct hms_operations_sources *sources,
			   struct hms_lock_waiters *ret);
void hms_lock_waiters_deinit(struct hms_lock_waiters *waiters);

/* Those that wait for the lock at @lock: list[*first_ret] and the following; how many. */
size_t hms_lock_waiters_of(const struct hms_lock_waiters *waiters, uint64_t lock,
			   size_t *first_ret);

/* A lock that the goroutine of @op holds around the operation, *reads_ret: for reading; false: none
 * that is seen.  @helpers (NULL: none are known) are functions that lock for others. */
bool hms_operation_lock(const struct hms_operations_sources *sources,
			const struct hms_lock_helpers *helpers, const struct hms_operation *op,
			uint64_t *ret, bool *reads_ret);

#endif
