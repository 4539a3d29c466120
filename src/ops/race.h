/*
 * Races: operations on one map at the same time of which one writes, on different goroutines; and
 * operations that the runtime itself found racing and died of.
 *
 * A lock around the calls would keep a second goroutine out, so that it stands inside a map
 * function is proof, whether it has touched the map yet or not; and so it is that one stands behind
 * it, before its store of the element: the same statement, which no unlock precedes in the order of
 * the code.  What a panic left behind on a stack is none: deferred functions may have unlocked and
 * let others in.
 */
#ifndef HMS_OPS_RACE_H
#define HMS_OPS_RACE_H

#include "ops/ops.h"

struct hms_race {
	uint64_t map;                /* header address; 0: unknown */
	const struct hms_type *type; /* NULL: unknown */
	const char *text;            /* "concurrent map writes", in the runtime's words */
	bool fatal;                  /* the process died of it */
	/* All that are at work on the map, a goroutine once: those that died first, then what
	 * writes, then the others. */
	const struct hms_operation **parties;
	size_t n;
};

struct hms_races {
	struct hms_race *list; /* fatal ones first, then by address */
	size_t n, cap;
	struct hms_arena *arena;
};

/* @operations is borrowed and must outlive the result. */
struct hms_races *hms_races_find(const struct hms_operations *operations);
void hms_races_free(struct hms_races *races); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_races, hms_races_free)

/* The race on the map whose header is at @map, or NULL. */
const struct hms_race *hms_race_on(const struct hms_races *races, uint64_t map);

#endif
