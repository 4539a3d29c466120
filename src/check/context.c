#include "check/context.h"

#include "find/find.h"
#include "find/path.h"

#define MAX_STEPS 4096 /* of an owner that are looked through: lists are longer */

/* An open write of the map, rather one that is still at work.  @returned: one whose element alone
 * is due, which leaves the map itself as it is to be. */
static const struct hms_operation *writer_of(const struct hms_operations *ops, uint64_t map,
					     bool returned)
{
	const struct hms_operation *found = NULL;
	size_t first, n = hms_operations_of_map(ops, map, &first);

	for (size_t i = 0; i < n; i++) {
		const struct hms_operation *op = &ops->list[ops->by_map[first + i]];

		if (hms_map_op_writes(op->op) && op->begun && op->returned == returned &&
		    (!found || found->end != HMS_OP_GOES_ON))
			found = op;
	}
	return found;
}

/* Could this one, whose map is not known, be at work on @map? */
static bool may_write(const struct hms_operation *op, const struct hms_map *map)
{
	return !op->map && op->begun && !op->returned && hms_map_op_writes(op->op) &&
	       op->end != HMS_OP_PANICS && (!op->type || !map->type || op->type == map->type->type);
}

/* What is to be said of a map that nobody is known to write. */
static enum hms_operation_state by_the_unknown(const struct hms_operations *ops,
					       const struct hms_map *map)
{
	bool marked = map->type && map->type->kind == HMS_MAP_SWISS
			      ? map->swiss.writing == 1
			      : map->classic.flags & HMS_CLASSIC_HASH_WRITING;
	enum hms_operation_state state = ops->blind ? HMS_OPERATION_UNKNOWN : HMS_OPERATION_NONE;

	for (size_t i = 0; i < ops->n; i++) {
		if (!may_write(&ops->list[i], map))
			continue;
		state = HMS_OPERATION_UNKNOWN;
		/* A map that is marked as being written, and somebody clears one. */
		if (marked && ops->list[i].op == HMS_MAP_CLEAR)
			return HMS_OPERATION_CLEAR;
	}
	return state;
}

static enum hms_operation_state operation(const void *arg, const struct hms_map *map,
					  int64_t *goroutine_ret)
{
	const struct hms_check_stacks *stacks = arg;
	const struct hms_operation *writer = writer_of(stacks->operations, map->addr, false);
	const struct hms_race *race = hms_race_on(stacks->races, map->addr);

	if (!writer && race)
		writer = race->parties[0];
	if (!writer)
		writer = writer_of(stacks->operations, map->addr, true);
	*goroutine_ret =
		writer && writer->goroutine->id <= INT64_MAX ? (int64_t)writer->goroutine->id : -1;
	if (race)
		return HMS_OPERATION_RACE;
	if (writer && writer->returned)
		return HMS_OPERATION_ELEMENT;
	if (writer)
		return writer->op == HMS_MAP_CLEAR ? HMS_OPERATION_CLEAR : HMS_OPERATION_WRITE;
	return by_the_unknown(stacks->operations, map);
}

/* Growth is what a write does once it has set the flag. */
static bool is_deep(const struct hms_operation *op)
{
	const struct hms_map_func *func = hms_map_func_find(op->inner.function);

	return hms_map_op_writes(op->op) && op->begun && op->end == HMS_OP_GOES_ON && func &&
	       func->op == HMS_MAP_GROW;
}

static int64_t deep_writer(const void *arg, const struct hms_map *map)
{
	const struct hms_check_stacks *stacks = arg;
	size_t first, n = hms_operations_of_map(stacks->operations, map->addr, &first);

	for (size_t i = 0; i < n; i++) {
		const struct hms_operation *op =
			&stacks->operations->list[stacks->operations->by_map[first + i]];

		if (is_deep(op) && op->goroutine->id <= INT64_MAX)
			return (int64_t)op->goroutine->id;
	}
	return -1;
}

static bool leads_through(const struct hms_path *owner, const struct hms_path *through)
{
	for (size_t i = 0; owner && i < MAX_STEPS; i++, owner = owner->parent)
		if (owner == through)
			return true;
	return false;
}

static bool behind_race(const void *arg, const struct hms_map *map)
{
	const struct hms_check_stacks *stacks = arg;

	for (size_t i = 0; stacks->found && map->owner && i < stacks->races->n; i++) {
		uint64_t addr = stacks->races->list[i].map;
		const struct hms_map *raced = addr ? hms_found_at(stacks->found, addr) : NULL;

		if (raced && raced != map && raced->owner &&
		    leads_through(map->owner->parent, raced->owner))
			return true;
	}
	return false;
}

void hms_check_context_init(struct hms_check_context *ret, const struct hms_check_stacks *stacks)
{
	*ret = (struct hms_check_context){.arg = stacks,
					  .operation = operation,
					  .deep_writer = deep_writer,
					  .behind_race = behind_race};
}
