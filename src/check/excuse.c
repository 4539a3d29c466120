/*
 * What operations in progress explain: an insert or delete one slot and counts that are one off, a
 * clear whatever it goes through, a race anything, also of the maps that the raced one leads to.
 */
#include "check/internal.h"

struct check_excuse check_excuse_of(const struct check *check, const struct hms_map *map)
{
	const struct hms_check_context *context = check->options->context;
	enum hms_operation_state state = HMS_OPERATION_UNKNOWN;
	struct check_excuse ret = {.goroutine = -1};

	if (context && context->operation)
		state = context->operation(context->arg, map, &ret.goroutine);
	if (state == HMS_OPERATION_UNKNOWN)
		ret.holds = check->rt->map_kind == HMS_MAP_CLASSIC
				    ? map->classic.flags & HMS_CLASSIC_HASH_WRITING
				    : map->swiss.writing == 1;
	else
		ret.holds = state != HMS_OPERATION_NONE && state != HMS_OPERATION_ELEMENT;
	ret.element = state == HMS_OPERATION_ELEMENT;
	ret.race = state == HMS_OPERATION_RACE;
	ret.clear = state == HMS_OPERATION_CLEAR;
	ret.known = state != HMS_OPERATION_UNKNOWN;
	ret.behind_race =
		context && context->behind_race && context->behind_race(context->arg, map);
	return ret;
}

static bool one_slot_rule(enum hms_rule_id rule)
{
	return rule == HMS_RULE_MAP_HASH || rule == HMS_RULE_MAP_POINTER ||
	       rule == HMS_RULE_MAP_INDIRECT || rule == HMS_RULE_MAP_NOWHERE ||
	       rule == HMS_RULE_MAP_EMPTY || rule == HMS_RULE_CLASSIC_PARTIAL ||
	       rule == HMS_RULE_CLASSIC_MOVED;
}

/* An operation stores one entry, moves one bucket: it explains no more than that. */
static bool explains(const struct check_part *part, const struct check_fault *fault)
{
	if (one_slot_rule(fault->rule) && part->counts[fault->rule] > 1)
		return false;
	return fault->excusable;
}

/* What a clear goes through one by one: marks, entries, counts, the lists of overflow buckets, the
 * seed.  It leaves alone where the map's memory is. */
static bool clear_explains(enum hms_rule_id rule)
{
	switch (rule) {
	case HMS_RULE_MAP_WRITING:
	case HMS_RULE_MAP_COUNT:
	case HMS_RULE_MAP_HASH:
	case HMS_RULE_MAP_PLACE:
	case HMS_RULE_MAP_SEED:
	case HMS_RULE_MAP_KEYS:
	case HMS_RULE_MAP_POINTER:
	case HMS_RULE_MAP_INDIRECT:
	case HMS_RULE_MAP_EMPTY:
	case HMS_RULE_CLASSIC_SAME_SIZE:
	case HMS_RULE_CLASSIC_NOVERFLOW:
	case HMS_RULE_CLASSIC_ESTIMATE:
	case HMS_RULE_CLASSIC_SPARE:
	case HMS_RULE_CLASSIC_EXTRA:
	case HMS_RULE_CLASSIC_LIST:
	case HMS_RULE_CLASSIC_REST:
	case HMS_RULE_CLASSIC_LOAD:
	case HMS_RULE_CLASSIC_PARTIAL:
	case HMS_RULE_CLASSIC_NEVACUATE:
	case HMS_RULE_CLASSIC_MOVED:
	case HMS_RULE_CLASSIC_AHEAD:
	case HMS_RULE_SWISS_USED:
	case HMS_RULE_SWISS_GROWTH:
	case HMS_RULE_SWISS_FULL:
	case HMS_RULE_SWISS_TOMBSTONE:
	case HMS_RULE_SWISS_TOMBFLAG: return true;
	default: return false;
	}
}

/* Its words are stored one by one, behind a key that is there. */
static bool element_explains(const struct check_part *part, const struct check_fault *fault)
{
	return (fault->rule == HMS_RULE_MAP_POINTER || fault->rule == HMS_RULE_MAP_NOWHERE) &&
	       explains(part, fault);
}

bool check_is_excused(const struct check_excuse *excuse, const struct check_part *part,
		      const struct check_fault *fault)
{
	return excuse->race || excuse->behind_race ||
	       (excuse->clear && clear_explains(fault->rule)) ||
	       (excuse->holds && explains(part, fault)) ||
	       (excuse->element && element_explains(part, fault));
}

const char *check_writing_text(const struct check_excuse *excuse)
{
	if (excuse->race)
		return "more than one goroutine is at work on the map";
	if (excuse->holds)
		return excuse->known ? "a write is in progress"
				     : "which goroutine is inside a write is not known";
	return "no goroutine is inside a write: racing writers left it so, or a panic inside one "
	       "that was recovered";
}
