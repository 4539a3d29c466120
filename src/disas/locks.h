/*
 * Which locks a function holds at an instruction, as far as its own code tells.
 *
 * sync.Mutex and sync.RWMutex are seen where their methods are called, and where the compiler put
 * the fast path of Lock, Unlock, RLock and RUnlock into the function: an atomic instruction on the
 * lock whose slow path is called behind it, or whose inlined call is one of theirs.  An Unlock that
 * is deferred runs when the function ends, and takes nothing away before.  Functions of the program
 * that lock for their callers are known (disas/helpers.h); what callers hold is another question
 * (disas/callers.h).  All this is a hint.
 */
#ifndef HMS_DISAS_LOCKS_H
#define HMS_DISAS_LOCKS_H

#include "disas/helpers.h"
#include "util/str.h"

enum hms_lock_seen {
	HMS_LOCK_UNKNOWN,  /* the code could not be followed, or takes a lock in a way of its own */
	HMS_LOCK_NOT_SEEN, /* on some path no lock is taken in this function */
	HMS_LOCK_HELD,     /* one is taken on every path, and not released */
};

/* "unknown", "not-seen", "held" */
const char *hms_lock_seen_name(enum hms_lock_seen seen);

struct hms_locks;

/* All are borrowed; @flow holds the function's values; @helpers may be NULL. */
struct hms_locks *hms_locks_create(struct hms_flow *flow, const struct hms_pclntab *tab,
				   enum hms_arch arch, bool register_abi,
				   const struct hms_lock_helpers *helpers);
void hms_locks_destroy(struct hms_locks *locks); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_locks, hms_locks_destroy)

/* What is held before instruction @insn; a sentence about it is appended to @evidence, none where
 * there is nothing to tell. */
enum hms_lock_seen hms_locks_at(const struct hms_locks *locks, uint32_t insn,
				struct hms_str *evidence);

/* The address of a lock that is held before instruction @insn on every path, as a value of the flow
 * that @locks was made with; *reads_ret: held for reading, as others may at the same time.  False:
 * none is, or the code cannot be followed. */
bool hms_locks_held(const struct hms_locks *locks, uint32_t insn, struct hms_val *ret,
		    bool *reads_ret);

/* What is different for its callers when the function has returned. */
struct hms_lock_left {
	enum hms_lock_deed deed; /* TRIES: it may have been taken */
	enum hms_lock_family family;
	struct hms_val lock;
	const char *method; /* of sync, that does it */
	const char *file;   /* where; NULL: unknown */
	int32_t line;
	const char *helper; /* function that it is in; NULL: this one */
};

/* Fills in up to @max, returns how many. */
size_t hms_locks_left(const struct hms_locks *locks, struct hms_lock_left *list, size_t max);

#endif
