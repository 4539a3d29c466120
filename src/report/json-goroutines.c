/* JSON: goroutines, by the contract of hmapscope-report(5). */
#include "ops/ops.h"
#include "report/emit.h"
#include "report/goroutines.h"

static void emit_known(struct hms_emit *emit, const char *key, int64_t n)
{
	if (n < 0)
		hms_emit_null(emit, key);
	else
		hms_emit_i64(emit, key, n);
}

static void emit_created_by(struct hms_emit *emit, const struct hms_goroutine_group *group,
			    const struct hms_goroutine_row *row)
{
	if (!group->created_by) {
		hms_emit_null(emit, "created_by");
		return;
	}
	hms_emit_object(emit, "created_by");
	hms_emit_text(emit, "function", group->created_by);
	hms_emit_text(emit, "file", group->created_file);
	emit_known(emit, "line", group->created_line);
	emit_known(emit, "goroutine", row->parent);
	hms_emit_close(emit);
}

static void emit_caller(struct hms_emit *emit, const struct hms_operation_row *op)
{
	if (!op->caller) {
		hms_emit_null(emit, "caller");
		return;
	}
	hms_emit_object(emit, "caller");
	hms_emit_text(emit, "function", op->caller);
	hms_emit_text(emit, "file", op->caller_file);
	emit_known(emit, "line", op->caller_line);
	hms_emit_close(emit);
}

/* Keyed as the places of a lookup are. */
static void emit_slot(struct hms_emit *emit, const struct hms_operation_row *op)
{
	const struct hms_operation_slot *slot = op->slot;

	if (!slot) {
		hms_emit_null(emit, "slot");
		return;
	}
	hms_emit_object(emit, "slot");
	if (op->classic) {
		hms_emit_u64(emit, "bucket", slot->bucket);
		hms_emit_u64(emit, "overflow", slot->chain);
		hms_emit_bool(emit, "old", slot->old);
	} else {
		hms_emit_u64(emit, "table", slot->table);
		hms_emit_u64(emit, "group", slot->bucket);
	}
	hms_emit_u64(emit, "slot", slot->index);
	hms_emit_hex(emit, "key_addr", slot->key_addr);
	hms_emit_hex(emit, "elem_addr", slot->elem_addr);
	hms_emit_close(emit);
}

void hms_emit_operation(struct hms_emit *emit, const struct hms_operation_row *op)
{
	hms_emit_object(emit, "map_operation");
	hms_emit_text(emit, "function", op->function);
	hms_emit_bool(emit, "returned", op->returned);
	if (op->map)
		hms_emit_hex(emit, "map", op->map);
	else
		hms_emit_null(emit, "map");
	hms_emit_text(emit, "type", op->type);
	hms_emit_text(emit, "kind", op->kind);
	emit_caller(emit, op);
	hms_emit_text(emit, "step", op->step);
	emit_slot(emit, op);
	hms_emit_close(emit);
}

static void emit_variable(struct hms_emit *emit, const struct hms_variable_row *variable)
{
	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "name", variable->name);
	hms_emit_text(emit, "kind", variable->kind);
	hms_emit_text(emit, "type", variable->type);
	emit_known(emit, "line", variable->line);
	hms_emit_text(emit, "state", variable->state);
	hms_emit_text(emit, "place", variable->place);
	if (variable->addr)
		hms_emit_hex(emit, "addr", variable->addr);
	else
		hms_emit_null(emit, "addr");
	hms_emit_json(emit, "value", variable->value);
	hms_emit_close(emit);
}

static void emit_frame(struct hms_emit *emit, const struct hms_goroutine_group *group,
		       const struct hms_frame_row *frame)
{
	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "function", frame->function);
	hms_emit_text(emit, "file", frame->file);
	emit_known(emit, "line", frame->line);
	hms_emit_hex(emit, "pc", frame->pc);
	hms_emit_bool(emit, "inlined", frame->inlined);
	if (group->variables) {
		hms_emit_array(emit, "vars");
		for (size_t i = 0; i < frame->nvariables; i++)
			emit_variable(emit, &frame->variables[i]);
		hms_emit_close(emit);
	}
	hms_emit_close(emit);
}

void hms_emit_goroutine(struct hms_emit *emit, const struct hms_goroutine_group *group,
			const struct hms_goroutine_row *row)
{
	hms_emit_object(emit, NULL);
	hms_emit_u64(emit, "id", row->id);
	hms_emit_text(emit, "status", group->status);
	hms_emit_text(emit, "wait_reason", group->wait_reason);
	emit_known(emit, "wait_since_ns", row->wait_since_ns);
	emit_known(emit, "wait_at_least_ns", row->wait_at_least_ns);
	emit_known(emit, "thread", row->thread);
	emit_created_by(emit, group, row);
	hms_emit_bool(emit, "system", group->system);
	hms_emit_array(emit, "frames");
	for (size_t i = 0; i < group->nframes; i++)
		emit_frame(emit, group, &group->frames[i]);
	hms_emit_close(emit);
	if (row->operation)
		hms_emit_operation(emit, row->operation);
	else
		hms_emit_null(emit, "map_operation");
	hms_emit_close(emit);
}
