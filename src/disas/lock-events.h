/*
 * What a function's code does to locks, call by call: between locks.c, which says what is held, and
 * helpers.c.
 *
 * sync.Mutex and sync.RWMutex: src/sync/{mutex,rwmutex}.go, src/internal/sync/mutex.go.
 */
#ifndef HMS_DISAS_LOCK_EVENTS_H
#define HMS_DISAS_LOCK_EVENTS_H

#include "disas/flow.h"
#include "disas/helpers.h"

/* One thing done to a lock. */
struct hms_lock_event {
	uint32_t insn;
	enum hms_lock_deed deed;
	enum hms_lock_family family;
	const char *name;    /* of the method */
	struct hms_val lock; /* its address */
	uint8_t object;      /* for the user: bit of what was taken */
	const char *file;
	int32_t line;
	const char *helper; /* the function that does it; NULL: this one */
	bool slow;          /* the call that ends what an atomic instruction began */
};

struct hms_lock_events {
	struct hms_lock_event *list; /* by instruction */
	size_t n, cap;
	bool cut;    /* there are more */
	bool defers; /* some calls may come at the end, in an order that the code does not tell */
};

/* All that the code of @flow does; @helpers may be NULL. */
void hms_lock_events_find(struct hms_flow *flow, const struct hms_pclntab *tab, enum hms_arch arch,
			  bool register_abi, const struct hms_lock_helpers *helpers,
			  struct hms_lock_events *ret);
void hms_lock_events_deinit(struct hms_lock_events *events);

/* Has the function's name to do with sync's locks, whichever way? */
bool hms_lock_method(const char *name);

static inline bool hms_same_lock(struct hms_val a, struct hms_val b)
{
	return a.base != HMS_BASE_UNKNOWN && hms_val_equal(a, b);
}

#endif
