/* What the stacks say of operations on maps, for the rules and among the findings. */
#ifndef HMS_CHECK_CONTEXT_H
#define HMS_CHECK_CONTEXT_H

#include "check/check.h"
#include "ops/race.h"

struct hms_check_stacks {
	const struct hms_operations *operations;
	const struct hms_races *races;
	const struct hms_found *found; /* NULL: which map leads to which is not known */
};

/* A context that answers from @stacks, which is borrowed. */
void hms_check_context_init(struct hms_check_context *ret, const struct hms_check_stacks *stacks);

/* Add what the stacks alone show: races, and faults inside map functions.  @rules NULL: all. */
void hms_check_stacks(const struct hms_check_stacks *stacks, const struct hms_found *found,
		      const struct hms_rule_set *rules, struct hms_findings *findings);

/* Once maps are checked: the finding by which a lookup in @map may never end, or NULL. */
const struct hms_finding *hms_check_endless(const struct hms_findings *findings,
					    const struct hms_map *map);

/* Is the operation, on such a map, going round for ever?  It is at work, and waits for nothing. */
bool hms_check_spins(const struct hms_operation *op);

/* Name the goroutines that spin in those findings. */
void hms_check_name_spinning(const struct hms_check_stacks *stacks, struct hms_findings *findings);

#endif
