/* What an address is, in words: a headline, and a field for each thing that is known. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/address.h"
#include "report/format.h"

#define MAX_FIELDS 16

/* ---- the headline -------------------------------------------------------------------------- */

static void add_map_name(struct hms_str *s, const struct hms_address_map *map)
{
	if (map->owner)
		hms_str_add(s, map->owner);
	else
		hms_str_addf(s, "the map at 0x%" PRIx64, map->addr);
}

/* "slot 3 of bucket 17", "overflow bucket 2 of old bucket 17", "group 2 of table 0". */
static void add_unit(struct hms_str *s, const struct hms_address_map *map)
{
	if (map->slot >= 0)
		hms_str_addf(s, "slot %" PRId64 " of ", map->slot);
	if (map->overflow > 0)
		hms_str_addf(s, "overflow bucket %" PRId64 " of ", map->overflow);
	if (map->bucket >= 0)
		hms_str_addf(s, "%sbucket %" PRId64, map->old ? "old " : "", map->bucket);
	else
		hms_str_addf(s, "group %" PRId64 " of table %" PRId64, map->group, map->table);
	hms_str_add(s, " of ");
}

static void add_map_part(struct hms_str *s, const struct hms_where *where,
			 const struct hms_address_map *map)
{
	const struct hms_map_place *place = &where->map;

	switch (place->part) {
	case HMS_PART_HEADER: hms_str_add(s, "the header of "); break;
	case HMS_PART_EXTRA: hms_str_add(s, "mapextra of "); break;
	case HMS_PART_SPARE: hms_str_add(s, "a spare bucket, in no chain, of "); break;
	case HMS_PART_DIRECTORY:
		hms_str_addf(s, "directory slot %" PRId64 " of ", map->table);
		break;
	case HMS_PART_TABLE: hms_str_addf(s, "table %" PRId64 " of ", map->table); break;
	case HMS_PART_BUCKET:
	case HMS_PART_GROUP:
	case HMS_PART_KEY:
	case HMS_PART_ELEM: add_unit(s, map); break;
	}
}

static void map_headline(struct hms_str *s, const struct hms_where *where,
			 const struct hms_address_map *map)
{
	const struct hms_map_place *place = &where->map;

	if (place->part == HMS_PART_HEADER && !place->off) {
		hms_str_add(s, "map ");
	} else {
		if (map->member && strcmp(map->member, "overflow") == 0 &&
		    place->part == HMS_PART_BUCKET)
			hms_str_add(s, "overflow pointer of ");
		else if (map->member)
			hms_str_addf(s, "%s of ", map->member);
		else if (place->part == HMS_PART_BUCKET || place->part == HMS_PART_GROUP)
			hms_str_add(s, "padding of ");
		add_map_part(s, where, map);
	}
	add_map_name(s, map);
	if (map->type)
		hms_str_addf(s, "  %s", map->type);
}

static void stack_headline(struct hms_str *s, const struct hms_where *where,
			   const struct hms_address_stack *stack)
{
	if (stack->variable) {
		hms_str_addf(s, "%s%s of %s in goroutine %" PRId64, stack->variable,
			     stack->path ? stack->path : "",
			     stack->function ? stack->function : "?", stack->goroutine);
		if (where->local.escaped)
			hms_str_add(s, ", on the heap");
		return;
	}
	if (where->stack != HMS_WHERE_GOROUTINE) {
		hms_str_addf(s, "%s stack of thread %" PRId64,
			     where->stack == HMS_WHERE_G0 ? "scheduler" : "signal", stack->thread);
		return;
	}
	if (where->unused)
		hms_str_add(s, "unused part of the ");
	else if (where->in_frame)
		hms_str_addf(s, "frame of %s on the ", stack->function ? stack->function : "?");
	hms_str_addf(s, "stack of goroutine %" PRId64, stack->goroutine);
}

static void object_headline(struct hms_str *s, const struct hms_where *where,
			    const struct hms_address_object *object)
{
	if (where->addr >= object->base)
		hms_str_addf(s, "byte %" PRIu64 " of ", where->addr - object->base);
	else
		hms_str_add(s, "malloc header of ");
	hms_str_add(s, object->state[0] == 'f' ? "a free slot of " : "a heap object of ");
	hms_format_counted(s, object->size, "byte");
	if (object->type)
		hms_str_addf(s, ", %s", object->type);
}

static void section_headline(struct hms_str *s, const struct hms_where *where)
{
	static const char *const texts[] = {
		[HMS_SECTION_TEXT] = "code",
		[HMS_SECTION_TYPES] = "type descriptors and constants",
		[HMS_SECTION_DATA] = "data",
		[HMS_SECTION_BSS] = "zeroed data",
	};

	hms_str_addf(s, "%s of the program", texts[where->section]);
}

/* What is left where nothing has a name. */
static const char *rest_headline(struct hms_str *s, const struct hms_where *where,
				 const struct hms_address_row *row)
{
	if (where->section) {
		section_headline(s, where);
		return "section";
	}
	switch (where->object.state) {
	case HMS_HEAP_NO_SPAN: hms_str_add(s, "Go heap, in no span in use"); return "heap";
	case HMS_HEAP_TAIL: hms_str_add(s, "end of a heap span, behind its slots"); return "heap";
	case HMS_HEAP_MANUAL: hms_str_add(s, "span of the runtime's own"); return "heap";
	case HMS_HEAP_UNKNOWN:
		hms_str_add(s, "Go heap; what would tell more is not in the core");
		return "heap";
	default: break;
	}
	if (where->memory == HMS_MEM_UNMAPPED) {
		hms_str_add(s, "not mapped");
		return "unmapped";
	}
	if (row->file) {
		hms_str_addf(s, "mapped from %s", row->file->path);
		return "file";
	}
	hms_str_add(s, "memory that is not Go's heap: C's, a thread's, or the runtime's own");
	return "memory";
}

static const char *headline(struct hms_str *s, const struct hms_where *where,
			    const struct hms_address_row *row)
{
	if (row->map) {
		map_headline(s, where, row->map);
		return "map";
	}
	if (row->variable) {
		hms_str_addf(s, "%s%s", row->variable->name,
			     row->variable->path ? row->variable->path : "");
		if (row->variable->type)
			hms_str_addf(s, "  %s", row->variable->type);
		return "variable";
	}
	if (row->stack) {
		stack_headline(s, where, row->stack);
		return "stack";
	}
	if (row->function) {
		hms_str_addf(s, "%s+0x%" PRIx64, row->function->name ? row->function->name : "?",
			     where->addr - row->function->entry);
		return "function";
	}
	if (row->type) {
		hms_str_addf(s, "type descriptor of %s", row->type);
		return "type";
	}
	if (row->object) {
		object_headline(s, where, row->object);
		return "object";
	}
	return rest_headline(s, where, row);
}

/* ---- fields -------------------------------------------------------------------------------- */

struct fields {
	struct hms_addresses *a;
	struct hms_field *list;
	size_t n;
};

static HMS_PRINTF(4, 5) void add(struct fields *f, const char *name, const char *meaning,
				 const char *format, ...)
{
	va_list args;
	char *text;

	if (f->n == MAX_FIELDS)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		hms_out_of_memory();
	va_end(args);
	f->list[f->n++] = (struct hms_field){
		.name = name,
		.value = hms_arena_strdup(f->a->arena, text),
		.meaning = meaning,
	};
	free(text);
}

static void add_map(struct fields *f, const struct hms_where *where,
		    const struct hms_address_map *map)
{
	const struct hms_map_place *place = &where->map;
	const struct hms_map_model *model = f->a->view->session->model;
	const struct hms_map_type *type = place->map->type;

	add(f, "map", map->type, "0x%" PRIx64, map->addr);
	if (place->part != HMS_PART_HEADER)
		add(f, map->part, NULL, "0x%" PRIx64 " + %" PRIu64, place->base, place->off);
	if (map->state)
		add(f, "slot", NULL, "%s", map->state);
	if (!map->key || !type)
		return;
	add(f, "key", NULL, "%s",
	    hms_address_value(f->a, type->key, hms_map_place_key(model, place), false));
	add(f, "elem", NULL, "%s",
	    hms_address_value(f->a, type->elem, hms_map_place_elem(model, place), false));
}

static void add_stack(struct fields *f, const struct hms_where *where,
		      const struct hms_address_stack *stack)
{
	const struct hms_where_local *local = &where->local;
	const char *value;

	if (stack->goroutine >= 0)
		add(f, "goroutine", NULL, "%" PRId64, stack->goroutine);
	if (stack->thread >= 0)
		add(f, "thread", NULL, "%" PRId64, stack->thread);
	if (stack->function && stack->file)
		add(f, "frame", NULL, "%s  %s:%" PRId64, stack->function, stack->file, stack->line);
	if (!local->known)
		return;
	add(f, "variable",
	    strcmp(stack->state, "dead") == 0 ? "dead: its place may serve another" : NULL,
	    "%s%s  %s", stack->variable, stack->path ? stack->path : "",
	    stack->type ? stack->type : "?");
	value = hms_address_value(f->a, local->type, local->addr, false);
	if (value)
		add(f, "value", NULL, "%s", value);
}

static void add_object(struct fields *f, const struct hms_address_object *object)
{
	HMS_AUTO_STR struct hms_str size = HMS_STR_INIT;

	hms_format_counted(&size, object->size, "byte");
	add(f, "heap object", object->noscan ? "without pointers" : NULL,
	    "0x%" PRIx64 ", %s, %s%s%s", object->base, hms_str_text(&size), object->state,
	    object->type ? ", " : "", object->type ? object->type : "");
}

static void add_program(struct fields *f, const struct hms_where *where,
			const struct hms_address_row *row)
{
	const struct hms_address_function *function = row->function;
	const char *value;

	if (row->variable) {
		add(f, "package variable", NULL, "%s  0x%" PRIx64, row->variable->name,
		    row->variable->addr);
		value = hms_address_value(f->a, where->variable->type, row->variable->addr, false);
		if (value)
			add(f, "value", NULL, "%s", value);
	}
	if (function && function->file)
		add(f, "function", NULL, "%s  %s:%" PRId64, function->name ? function->name : "?",
		    function->file, function->line);
	if (row->type)
		add(f, "type descriptor", NULL, "%s", row->type);
	if (row->file)
		add(f, "file", NULL, "%s + 0x%" PRIx64, row->file->path, row->file->off);
}

static void add_memory(struct fields *f, const struct hms_where *where)
{
	const uint8_t *word =
		where->addr % 8 ? NULL : hms_mem_peek(f->a->view->session->mem, where->addr, 8);

	if (where->memory == HMS_MEM_NOT_SAVED)
		add(f, "memory", NULL, "mapped, but the core does not have its bytes");
	else if (word && !f->a->view->input->redact)
		add(f, "word there", NULL, "0x%" PRIx64, hms_le64(word));
}

void hms_address_words(struct hms_addresses *a, const struct hms_where *where,
		       struct hms_address_row *row)
{
	struct fields f = {.a = a, .list = hms_arena_alloc(a->arena, MAX_FIELDS * sizeof(*f.list))};
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	row->kind = headline(&text, where, row);
	row->text = hms_arena_strdup(a->arena, hms_str_text(&text));
	if (row->map)
		add_map(&f, where, row->map);
	if (row->stack)
		add_stack(&f, where, row->stack);
	if (row->object)
		add_object(&f, row->object);
	add_program(&f, where, row);
	add_memory(&f, where);
	row->fields = f.list;
	row->nfields = f.n;
}
