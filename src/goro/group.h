/*
 * Goroutines that stand at the same place: a leak of ten thousand is one group.
 *
 * Two belong together where their frames have the same pcs in the same order and end for the same
 * reason, their status and wait reason agree, and the same go statement started them.
 */
#ifndef HMS_GORO_GROUP_H
#define HMS_GORO_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "goro/goroutine.h"
#include "goro/unwind.h"

struct hms_goro_group {
	const struct hms_goroutine **members; /* in the runtime's order */
	size_t n;
	size_t cap;
	enum hms_stack_end end; /* of their stacks */
};

struct hms_goro_groups {
	struct hms_goro_group
		*list; /* the largest first; equal ones by their lowest goroutine id */
	size_t n;
	size_t cap;
	size_t incomplete; /* goroutines whose stack ends early */
};

/* Unwind each goroutine that @wanted (NULL: all) picks, and group them.  @wanted is asked with the
 * stack unwound. */
void hms_goro_groups_make(struct hms_unwinder *u,
			  bool (*wanted)(void *arg, const struct hms_goroutine *g,
					 const struct hms_stack *stack),
			  void *arg, struct hms_goro_groups *ret);
void hms_goro_groups_deinit(struct hms_goro_groups *groups);

#endif
