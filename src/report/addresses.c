/* What addresses are: as a section with fields, and as JSON by the contract. */
#include "report/addresses.h"

#include "report/emit.h"
#include "report/format.h"
#include "report/model.h"

void hms_draw_address(struct hms_renderer *r, const struct hms_address_row *row)
{
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT;

	hms_format_addr(&title, row->addr);
	hms_str_addf(&title, "  %s", row->text);
	r->ops->section(r, hms_str_text(&title));
	for (size_t i = 0; i < row->nfields; i++)
		r->ops->field(r, &row->fields[i]);
}

static void emit_known(struct hms_emit *emit, const char *key, int64_t n)
{
	if (n < 0)
		hms_emit_null(emit, key);
	else
		hms_emit_i64(emit, key, n);
}

static void emit_map(struct hms_emit *emit, const struct hms_address_map *map)
{
	hms_emit_object(emit, "map");
	hms_emit_hex(emit, "addr", map->addr);
	hms_emit_text(emit, "type", map->type);
	hms_emit_text(emit, "owner", map->owner);
	hms_emit_text(emit, "part", map->part);
	hms_emit_hex(emit, "base", map->base);
	hms_emit_text(emit, "member", map->member);
	emit_known(emit, "bucket", map->bucket);
	emit_known(emit, "overflow", map->overflow);
	if (map->classic && map->bucket >= 0)
		hms_emit_bool(emit, "old", map->old);
	else
		hms_emit_null(emit, "old");
	emit_known(emit, "table", map->table);
	emit_known(emit, "group", map->group);
	emit_known(emit, "slot", map->slot);
	hms_emit_text(emit, "state", map->state);
	hms_emit_json(emit, "key", map->key);
	hms_emit_json(emit, "elem", map->elem);
	hms_emit_close(emit);
}

static void emit_object(struct hms_emit *emit, const struct hms_address_object *object)
{
	hms_emit_object(emit, "object");
	hms_emit_text(emit, "state", object->state);
	hms_emit_hex(emit, "base", object->base);
	hms_emit_u64(emit, "size", object->size);
	hms_emit_u64(emit, "slot_size", object->slot_size);
	hms_emit_hex(emit, "span", object->span);
	hms_emit_text(emit, "type", object->type);
	hms_emit_bool(emit, "noscan", object->noscan);
	hms_emit_close(emit);
}

static void emit_stack(struct hms_emit *emit, const struct hms_address_stack *stack)
{
	hms_emit_object(emit, "stack");
	hms_emit_text(emit, "kind", stack->kind);
	emit_known(emit, "goroutine", stack->goroutine);
	emit_known(emit, "thread", stack->thread);
	hms_emit_text(emit, "function", stack->function);
	hms_emit_text(emit, "file", stack->file);
	emit_known(emit, "line", stack->line);
	hms_emit_text(emit, "variable", stack->variable);
	hms_emit_text(emit, "path", stack->path);
	hms_emit_text(emit, "type", stack->type);
	hms_emit_text(emit, "state", stack->state);
	hms_emit_close(emit);
}

static void emit_variable(struct hms_emit *emit, const struct hms_address_variable *variable)
{
	hms_emit_object(emit, "variable");
	hms_emit_text(emit, "name", variable->name);
	hms_emit_hex(emit, "addr", variable->addr);
	hms_emit_text(emit, "path", variable->path);
	hms_emit_text(emit, "type", variable->type);
	hms_emit_close(emit);
}

static void emit_function(struct hms_emit *emit, const struct hms_address_function *function)
{
	hms_emit_object(emit, "function");
	hms_emit_text(emit, "name", function->name);
	hms_emit_text(emit, "file", function->file);
	emit_known(emit, "line", function->line);
	hms_emit_hex(emit, "entry", function->entry);
	hms_emit_close(emit);
}

static void emit_file(struct hms_emit *emit, const struct hms_address_file *file)
{
	hms_emit_object(emit, "file");
	hms_emit_text(emit, "path", file->path);
	hms_emit_u64(emit, "offset", file->off);
	hms_emit_close(emit);
}

#define EMIT_OR_NULL(emit, row, member)                       \
	do {                                                  \
		if ((row)->member)                            \
			emit_##member((emit), (row)->member); \
		else                                          \
			hms_emit_null((emit), #member);       \
	} while (0)

void hms_emit_address(struct hms_emit *emit, const struct hms_address_row *row)
{
	hms_emit_object(emit, NULL);
	hms_emit_hex(emit, "addr", row->addr);
	hms_emit_text(emit, "kind", row->kind);
	hms_emit_text(emit, "text", row->text);
	hms_emit_text(emit, "memory", row->memory);
	EMIT_OR_NULL(emit, row, map);
	EMIT_OR_NULL(emit, row, object);
	EMIT_OR_NULL(emit, row, stack);
	EMIT_OR_NULL(emit, row, variable);
	EMIT_OR_NULL(emit, row, function);
	hms_emit_text(emit, "type", row->type);
	EMIT_OR_NULL(emit, row, file);
	hms_emit_close(emit);
}
