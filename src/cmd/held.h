/* In words, the locks that goroutines hold around operations on a map, and who waits for them. */
#ifndef HMS_CMD_HELD_H
#define HMS_CMD_HELD_H

#include "disas/locks.h"
#include "ops/locks.h"
#include "util/str.h"

#define HMS_MAX_HELD 16

/* "under a lock", "perhaps under a lock", "no lock seen" */
const char *hms_lock_words(enum hms_lock_seen seen);

/* A lock that some of a map's operations hold. */
struct hms_held {
	uint64_t lock;
	bool reads; /* for reading: several may hold it at the same time */
	const struct hms_operation *by[HMS_MAX_HELD];
	size_t nby;
};

/* The locks that the first HMS_MAX_HELD of @n operations hold, each once; how many.  @ret has room
 * for HMS_MAX_HELD. */
size_t hms_held_find(const struct hms_operations_sources *sources,
		     const struct hms_lock_helpers *helpers, const struct hms_operation *const *ops,
		     size_t n, struct hms_held *ret);

/* What the @nops parties of a race hold: "goroutine 18 holds the lock at 0xc000024050, ...", and
 * why that does not keep them apart. */
void hms_held_text(const struct hms_held *held, size_t nheld, size_t nops, struct hms_str *ret);

/* "12 goroutines wait for the lock at 0xc000012028 that goroutine 18 holds: 7, 9, ..."; nothing
 * where none does. */
void hms_held_waiters_text(const struct hms_held *held, const struct hms_lock_waiters *waiters,
			   struct hms_str *ret);

#endif
