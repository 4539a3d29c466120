#include "cmd/operations.h"

#include "rt/pclntab.h"

static const char *printed(const char *name, struct hms_arena *arena)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (!name)
		return NULL;
	hms_func_print_name(name, &text);
	return hms_arena_strdup(arena, hms_str_text(&text));
}

static const char *type_name(const struct hms_rt *rt, const struct hms_type *type,
			     struct hms_arena *arena)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (!type)
		return NULL;
	hms_rt_type_name(rt, type, &text);
	return hms_arena_strdup(arena, hms_str_text(&text));
}

static const char *end_text(const struct hms_operation *op)
{
	switch (op->end) {
	case HMS_OP_GOES_ON: break;
	case HMS_OP_RACED:
	case HMS_OP_THREW: return "died here";
	case HMS_OP_FAULTED: return "faulted here";
	case HMS_OP_PANICS: return "panicked here";
	}
	return NULL;
}

struct hms_operation_row hms_operation_row(const struct hms_rt *rt, const struct hms_operation *op,
					   struct hms_arena *arena)
{
	return (struct hms_operation_row){
		.function = printed(op->outer.function, arena),
		.returned = op->returned,
		.map = op->map,
		.type = type_name(rt, op->type, arena),
		.kind = hms_map_op_name(op->op),
		.caller = printed(op->caller, arena),
		.caller_file = op->caller_file,
		.caller_line = op->caller_file ? op->caller_line : -1,
		.step = op->step,
		.slot = op->slot,
		.classic = rt->map_kind == HMS_MAP_CLASSIC,
		.doing = op->begun ? op->doing : "called, has not begun",
		.end = end_text(op),
	};
}
