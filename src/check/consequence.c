/*
 * One fault is one finding: what follows from a breach that is told is not told as well.
 *
 * Where the memory of a map is not what the header says, all else that is seen in it follows.
 * Among the rest a table says which rule's breach brings others along.
 */
#include "check/internal.h"

/* Where one of these is broken, the map's memory is not understood: the first of them is told,
 * and what has nothing to do with memory. */
static const enum hms_rule_id structural[] = {
	HMS_RULE_MAP_TYPE,     HMS_RULE_MAP_HEADER,      HMS_RULE_CLASSIC_B,
	HMS_RULE_CLASSIC_NIL,  HMS_RULE_CLASSIC_BUCKETS, HMS_RULE_CLASSIC_MAPPED,
	HMS_RULE_CLASSIC_KIND, HMS_RULE_CLASSIC_SIZE,    HMS_RULE_SWISS_DEPTH,
	HMS_RULE_SWISS_NIL,    HMS_RULE_SWISS_GROUP,     HMS_RULE_SWISS_DIRECTORY,
};

static bool stands_alone(enum hms_rule_id rule)
{
	return rule == HMS_RULE_MAP_WRITING || rule == HMS_RULE_MAP_UNMARKED ||
	       rule == HMS_RULE_CLASSIC_FLAGS || rule == HMS_RULE_SWISS_FLAGS;
}

static const struct {
	enum hms_rule_id cause, effect;
} pairs[] = {
#define BRINGS(cause, effect)                       \
	{                                           \
		HMS_RULE_##cause, HMS_RULE_##effect \
	}
	/* the wrong seed: no key is where it belongs */
	BRINGS(MAP_SEED, MAP_HASH),
	BRINGS(MAP_SEED, MAP_PLACE),
	BRINGS(MAP_SEED, MAP_COUNT),
	BRINGS(MAP_SEED, CLASSIC_NOVERFLOW),
	BRINGS(MAP_SEED, CLASSIC_LIST),
	BRINGS(MAP_SEED, CLASSIC_SPARE),
	/* a bucket in two chains */
	BRINGS(CLASSIC_SHARED, MAP_PLACE),
	BRINGS(CLASSIC_SHARED, MAP_KEYS),
	BRINGS(CLASSIC_SHARED, MAP_COUNT),
	BRINGS(CLASSIC_SHARED, CLASSIC_NOVERFLOW),
	BRINGS(CLASSIC_SHARED, CLASSIC_ESTIMATE),
	BRINGS(CLASSIC_SHARED, CLASSIC_LIST),
	BRINGS(CLASSIC_SHARED, CLASSIC_SPARE),
	BRINGS(CLASSIC_SHARED, CLASSIC_REST),
	BRINGS(CLASSIC_SINGLE, CLASSIC_NOVERFLOW),
	BRINGS(CLASSIC_SINGLE, CLASSIC_LIST),
	BRINGS(CLASSIC_SINGLE, MAP_COUNT),
	BRINGS(CLASSIC_OVERFLOW, CLASSIC_SPARE),
	BRINGS(CLASSIC_SHARED, MAP_EMPTY),
	BRINGS(CLASSIC_SINGLE, MAP_EMPTY),
	BRINGS(CLASSIC_CYCLE, CLASSIC_SHARED),
	BRINGS(CLASSIC_CYCLE, CLASSIC_SPARE),
	BRINGS(CLASSIC_CYCLE, CLASSIC_OVERFLOW), /* back into the array itself */
	/* a chain that has lost its end */
	BRINGS(CLASSIC_NOVERFLOW, CLASSIC_LIST),
	BRINGS(CLASSIC_NOVERFLOW, CLASSIC_SPARE),
	BRINGS(CLASSIC_NOVERFLOW, MAP_COUNT),
	BRINGS(CLASSIC_LIST, CLASSIC_SPARE),
	BRINGS(CLASSIC_LIST, MAP_COUNT),
	BRINGS(CLASSIC_SPARE, MAP_COUNT),
	/* entries that are hidden */
	BRINGS(CLASSIC_MARKS, MAP_EMPTY),
	BRINGS(CLASSIC_REST, MAP_EMPTY),
	BRINGS(CLASSIC_PARTIAL, MAP_EMPTY),
	BRINGS(SWISS_CONTROL, MAP_EMPTY),
	BRINGS(SWISS_TOMBSTONE, MAP_EMPTY),
	BRINGS(MAP_SEED, MAP_EMPTY),
	BRINGS(CLASSIC_MARKS, MAP_COUNT),
	BRINGS(CLASSIC_REST, MAP_COUNT),
	BRINGS(CLASSIC_PARTIAL, MAP_COUNT),
	BRINGS(CLASSIC_PARTIAL, CLASSIC_NEVACUATE),
	BRINGS(CLASSIC_PARTIAL, CLASSIC_AHEAD),
	BRINGS(CLASSIC_NEVACUATE, CLASSIC_AHEAD),
	BRINGS(CLASSIC_NEVACUATE, MAP_COUNT),
	BRINGS(CLASSIC_AHEAD, MAP_COUNT),
	BRINGS(MAP_COUNT, CLASSIC_LOAD),
	/* the place is told by the first (check_lost_entry()) */
	BRINGS(MAP_COUNT, MAP_EMPTY),
	BRINGS(SWISS_USED, MAP_EMPTY),
	/* a directory or a table that is not understood */
	BRINGS(SWISS_RUN, SWISS_INDEX),
	BRINGS(SWISS_RUN, MAP_PLACE),
	BRINGS(SWISS_CAPACITY, SWISS_GROUPS),
	BRINGS(SWISS_CAPACITY, SWISS_GROWTH),
	BRINGS(SWISS_CAPACITY, MAP_PLACE),
	BRINGS(SWISS_GROUPS, SWISS_USED),
	BRINGS(SWISS_GROUPS, SWISS_GROWTH),
	BRINGS(SWISS_GROUPS, SWISS_FULL),
	BRINGS(SWISS_GROUPS, SWISS_CONTROL),
	BRINGS(SWISS_GROUPS, SWISS_TOMBSTONE),
	BRINGS(SWISS_GROUPS, SWISS_TOMBFLAG),
	BRINGS(SWISS_GROUPS, MAP_HASH),
	BRINGS(SWISS_GROUPS, MAP_PLACE),
	BRINGS(SWISS_GROUPS, MAP_POINTER),
	BRINGS(SWISS_GROUPS, MAP_COUNT),
	BRINGS(SWISS_GROUPS, MAP_EMPTY),
	/* a control byte that is not what it was */
	BRINGS(SWISS_CONTROL, SWISS_USED),
	BRINGS(SWISS_CONTROL, SWISS_GROWTH),
	BRINGS(SWISS_CONTROL, MAP_COUNT),
	BRINGS(SWISS_CONTROL, MAP_PLACE),
	BRINGS(SWISS_USED, SWISS_TOMBSTONE),
	BRINGS(SWISS_USED, SWISS_TOMBFLAG),
	BRINGS(SWISS_USED, SWISS_GROWTH),
	BRINGS(SWISS_USED, MAP_PLACE),
	BRINGS(SWISS_TOMBSTONE, SWISS_TOMBFLAG),
	BRINGS(SWISS_TOMBSTONE, SWISS_GROWTH),
	BRINGS(SWISS_TOMBFLAG, SWISS_GROWTH),
	BRINGS(SWISS_GROWTH, MAP_PLACE),
	BRINGS(SWISS_FULL, SWISS_GROWTH),
#undef BRINGS
};

static void drop(struct check_part *part, enum hms_rule_id rule)
{
	struct check_fault **at = &part->first;

	part->counts[rule] = 0;
	while (*at) {
		if ((*at)->rule == rule)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
}

static bool drop_all_but_structural(struct check_part *part)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(structural); i++) {
		if (!part->counts[structural[i]])
			continue;
		for (unsigned int rule = 0; rule < HMS_NRULES; rule++)
			if (rule != structural[i] && (structural[i] == HMS_RULE_MAP_HEADER ||
						      !stands_alone((enum hms_rule_id)rule)))
				drop(part, (enum hms_rule_id)rule);
		return true;
	}
	return false;
}

/* A slot that came to life has a key of another hash, or of none: that names it. */
static void drop_counts_of_new_slots(struct check_part *part)
{
	uint32_t strange = part->counts[HMS_RULE_MAP_HASH] + part->counts[HMS_RULE_MAP_POINTER] +
			   part->counts[HMS_RULE_MAP_INDIRECT];

	if (strange && part->live == (uint64_t)part->map->count + strange)
		drop(part, HMS_RULE_MAP_COUNT);
	if (strange && part->live == part->table_used + strange)
		drop(part, HMS_RULE_SWISS_USED);
}

/* A key whose pointer is bad may hash to anything. */
static void drop_hashes_of_bad_keys(struct check_part *part)
{
	uint32_t bad = part->counts[HMS_RULE_MAP_POINTER] + part->counts[HMS_RULE_MAP_INDIRECT] +
		       part->counts[HMS_RULE_MAP_NOWHERE];

	if (bad && part->counts[HMS_RULE_MAP_HASH] + part->counts[HMS_RULE_MAP_PLACE] <= bad) {
		drop(part, HMS_RULE_MAP_HASH);
		drop(part, HMS_RULE_MAP_PLACE);
	}
}

void check_drop_consequences(struct check_part *part)
{
	if (drop_all_but_structural(part))
		return;
	drop_counts_of_new_slots(part);
	drop_hashes_of_bad_keys(part);
	for (size_t i = 0; i < HMS_ARRAY_LEN(pairs); i++)
		if (part->counts[pairs[i].cause] && part->counts[pairs[i].effect])
			drop(part, pairs[i].effect);
}
