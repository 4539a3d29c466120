/* Findings that stacks show rather than a map's memory: races, and faults inside map functions. */
#include "check/context.h"

#include <inttypes.h>

struct stacks_check {
	const struct hms_found *found;
	const struct hms_rule_set *rules;
	struct hms_findings *findings;
};

static bool is_wanted(const struct stacks_check *c, enum hms_rule_id rule)
{
	return !c->rules || !c->rules->off[rule];
}

/* "runtime.mapassign_faststr, called by main.(*Cache).Update at race.go:23" */
static void add_place(struct hms_str *text, const struct hms_operation *op)
{
	if (op->returned)
		hms_str_add(text, "the store of an element after ");
	hms_func_print_name(op->outer.function, text);
	if (!op->caller)
		return;
	hms_str_add(text, ", called by ");
	hms_func_print_name(op->caller, text);
	if (op->caller_file)
		hms_str_addf(text, " at %s:%" PRId32, op->caller_file, op->caller_line);
}

static void add(const struct stacks_check *c, enum hms_rule_id rule, uint64_t map,
		const struct hms_operation *op, const char *seen, const struct hms_str *message)
{
	struct hms_arena *arena = c->findings->arena;

	hms_findings_add(c->findings,
			 &(struct hms_finding){
				 .rule = hms_rule(rule)->name,
				 .severity = hms_rule(rule)->severity,
				 .map = map,
				 .of = map ? hms_found_at(c->found, map) : NULL,
				 .addr = map,
				 .expected = hms_rule(rule)->line,
				 .seen = hms_arena_strdup(arena, seen),
				 .message = hms_arena_strdup(arena, hms_str_text(message)),
				 .goroutine = op->goroutine->id <= INT64_MAX
						      ? (int64_t)op->goroutine->id
						      : -1,
			 });
}

static void check_race(const struct stacks_check *c, const struct hms_race *race)
{
	HMS_AUTO_STR struct hms_str message = HMS_STR_INIT, seen = HMS_STR_INIT;
	const struct hms_operation *op = race->parties[0];
	size_t writes = 0;

	for (size_t i = 0; i < race->n; i++)
		writes += hms_map_op_writes(race->parties[i]->op);
	hms_str_addf(&seen, "%zu goroutine%s inside operations, %zu of them writes", race->n,
		     race->n == 1 ? "" : "s", writes);
	if (race->fatal)
		hms_str_addf(&message, "%s: goroutine %" PRIu64 " died of it in ", race->text,
			     op->goroutine->id);
	else
		hms_str_addf(&message, "%s: goroutine %" PRIu64 " is in ", race->text,
			     op->goroutine->id);
	add_place(&message, op);
	if (race->n > 1) {
		hms_str_addf(&message, "; goroutine %" PRIu64 " in ",
			     race->parties[1]->goroutine->id);
		add_place(&message, race->parties[1]);
	}
	if (race->n > 2)
		hms_str_addf(&message, "; and %zu more", race->n - 2);
	add(c, HMS_RULE_MAP_RACE, race->map, op, hms_str_text(&seen), &message);
}

/* The runtime found the map in a state that it cannot be in, or followed a pointer that leads
 * nowhere. */
static void check_fault(const struct stacks_check *c, const struct hms_operation *op)
{
	HMS_AUTO_STR struct hms_str message = HMS_STR_INIT;

	hms_str_addf(&message, "goroutine %" PRIu64 " %s in ", op->goroutine->id,
		     op->end == HMS_OP_FAULTED ? "met a memory fault" : "died");
	add_place(&message, op);
	if (op->end_text)
		hms_str_addf(&message, ": %s", op->end_text);
	add(c, HMS_RULE_MAP_FAULT, op->map, op,
	    op->end == HMS_OP_FAULTED ? "a memory fault" : "a fatal error", &message);
}

void hms_check_stacks(const struct hms_check_stacks *stacks, const struct hms_found *found,
		      const struct hms_rule_set *rules, struct hms_findings *findings)
{
	struct stacks_check c = {found, rules, findings};
	const struct hms_operations *ops = stacks->operations;

	for (size_t i = 0; is_wanted(&c, HMS_RULE_MAP_RACE) && i < stacks->races->n; i++)
		check_race(&c, &stacks->races->list[i]);
	for (size_t i = 0; is_wanted(&c, HMS_RULE_MAP_FAULT) && i < ops->n; i++)
		if (ops->list[i].end == HMS_OP_FAULTED || ops->list[i].end == HMS_OP_THREW)
			check_fault(&c, &ops->list[i]);
}

/* ---- lookups without end ------------------------------------------------------------------ */

static bool is_endless(const struct hms_finding *finding)
{
	return finding->rule == hms_rule(HMS_RULE_CLASSIC_CYCLE)->name ||
	       finding->rule == hms_rule(HMS_RULE_SWISS_FULL)->name;
}

const struct hms_finding *hms_check_endless(const struct hms_findings *findings,
					    const struct hms_map *map)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].of == map && is_endless(&findings->items[i]))
			return &findings->items[i];
	return NULL;
}

bool hms_check_spins(const struct hms_operation *op)
{
	uint32_t status = op->goroutine->status;

	return op->begun && !op->returned && op->end == HMS_OP_GOES_ON &&
	       (status == HMS_G_RUNNING || status == HMS_G_RUNNABLE || status == HMS_G_PREEMPTED);
}

void hms_check_name_spinning(const struct hms_check_stacks *stacks, struct hms_findings *findings)
{
	const struct hms_operations *ops = stacks->operations;

	for (size_t i = 0; i < findings->n; i++) {
		struct hms_finding *finding = &findings->items[i];
		size_t first, n = 0;

		if (finding->goroutine < 0 && is_endless(finding))
			n = hms_operations_of_map(ops, finding->map, &first);
		for (size_t k = 0; k < n && finding->goroutine < 0; k++) {
			const struct hms_operation *op = &ops->list[ops->by_map[first + k]];

			if (!hms_check_spins(op) || op->goroutine->id > INT64_MAX)
				continue;
			finding->goroutine = (int64_t)op->goroutine->id;
			finding->message = hms_arena_printf(
				findings->arena, "%s; goroutine %" PRIu64 " spins in the map",
				finding->message, op->goroutine->id);
		}
	}
}
