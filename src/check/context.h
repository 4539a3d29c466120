/* What the stacks say of operations on maps, for the rules and among the findings. */
#ifndef HMS_CHECK_CONTEXT_H
#define HMS_CHECK_CONTEXT_H

#include "check/check.h"
#include "ops/race.h"

struct hms_check_stacks {
	const struct hms_operations *operations;
	const struct hms_races *races;
};

/* A context that answers from @stacks, which is borrowed. */
void hms_check_context_init(struct hms_check_context *ret, const struct hms_check_stacks *stacks);

/* Add what the stacks alone show: races, and faults inside map functions.  @rules NULL: all. */
void hms_check_stacks(const struct hms_check_stacks *stacks, const struct hms_found *found,
		      const struct hms_rule_set *rules, struct hms_findings *findings);

#endif
