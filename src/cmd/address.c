#include "cmd/address.h"

#include <string.h>

static const struct hms_value_limits limits = {
	.text = 256, .slice = 16, .array = 16, .total = 4096, .depth = 4};

void hms_addresses_init(struct hms_addresses *ret, struct hms_view *view)
{
	*ret = (struct hms_addresses){.view = view, .arena = hms_arena_create()};
	ret->go = hms_decoder_create(view->session->rt, HMS_NOTATION_GO, &limits);
	ret->json = hms_decoder_create(view->session->rt, HMS_NOTATION_JSON, &limits);
}

void hms_addresses_deinit(struct hms_addresses *a)
{
	hms_decoder_destroy(a->go);
	hms_decoder_destroy(a->json);
	hms_arena_destroy(a->arena);
}

/* ---- texts --------------------------------------------------------------------------------- */

static const char *type_name(struct hms_addresses *a, const struct hms_type *type)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	if (!type)
		return NULL;
	hms_rt_type_name(a->view->session->rt, type, &name);
	return hms_arena_strdup(a->arena, hms_str_text(&name));
}

const char *hms_address_value(struct hms_addresses *a, const struct hms_type *type, uint64_t addr,
			      bool json)
{
	struct hms_decoder *decoder = json ? a->json : a->go;
	struct hms_sink sink;
	const char *text;

	if (!type || a->view->input->redact)
		return NULL;
	hms_sink_init(&sink, -1);
	if (addr)
		hms_value_write_at(decoder, hms_value_plan_of(decoder, type), addr, &sink);
	else
		hms_sink_add(&sink, json ? "null" : "?");
	text = hms_arena_strndup(a->arena, sink.buf, sink.len);
	hms_sink_deinit(&sink);
	return text;
}

/* Path from a value of @type to what is @off bytes into it. */
static const char *inner_path(struct hms_addresses *a, const struct hms_type *type, uint64_t off,
			      const char **type_ret)
{
	HMS_AUTO_STR struct hms_str path = HMS_STR_INIT;
	struct hms_inner inner;

	*type_ret = NULL;
	if (!type)
		return NULL;
	hms_inner_path(type, off, &path, &inner);
	*type_ret = type_name(a, inner.type);
	return hms_arena_strdup(a->arena, hms_str_text(&path));
}

/* ---- maps ---------------------------------------------------------------------------------- */

static const char *const parts[] = {
	[HMS_PART_HEADER] = "header",       [HMS_PART_EXTRA] = "extra",
	[HMS_PART_BUCKET] = "bucket",       [HMS_PART_SPARE] = "spare-bucket",
	[HMS_PART_DIRECTORY] = "directory", [HMS_PART_TABLE] = "table",
	[HMS_PART_GROUP] = "group",         [HMS_PART_KEY] = "key",
	[HMS_PART_ELEM] = "elem",
};

static const char *const slot_states[] = {
	[HMS_SLOT_LIVE] = "live",       [HMS_SLOT_EMPTY] = "empty",
	[HMS_SLOT_DELETED] = "deleted", [HMS_SLOT_MOVED] = "evacuated",
	[HMS_SLOT_UNREADABLE] = NULL,
};

/* The runtime's struct that a part is, if it is one. */
static const struct hms_type *struct_of(const struct hms_addresses *a,
					const struct hms_map_place *place)
{
	const struct hms_layout *layout = &a->view->session->rt->layout;
	bool classic = a->view->session->rt->map_kind == HMS_MAP_CLASSIC;

	switch (place->part) {
	case HMS_PART_HEADER: return layout->facts[classic ? HMS_F_HMAP : HMS_F_SMAP].type;
	case HMS_PART_EXTRA: return layout->facts[HMS_F_MAPEXTRA].type;
	case HMS_PART_TABLE: return layout->facts[HMS_F_TABLE].type;
	default: return NULL;
	}
}

static const char *value_path(struct hms_addresses *a, const char *what,
			      const struct hms_type *type, uint64_t off, bool apart)
{
	const char *inner = NULL, *unused;

	if (!apart)
		inner = inner_path(a, type, off, &unused);
	return hms_arena_printf(a->arena, "%s%s", what, inner ? inner : "");
}

/* "count", "key.x", "tophash". */
static const char *member_of(struct hms_addresses *a, const struct hms_map_place *place)
{
	const struct hms_map_type *type = place->map->type;
	const char *path, *unused;

	if (struct_of(a, place)) {
		path = inner_path(a, struct_of(a, place), place->off, &unused);
		return path && path[0] == '.' ? path + 1 : NULL;
	}
	if (place->part == HMS_PART_KEY)
		return value_path(a, "key", type->key, place->value_off, false);
	if (place->part == HMS_PART_ELEM)
		return value_path(a, "elem", type->elem, place->value_off, false);
	if (place->part != HMS_PART_BUCKET && place->part != HMS_PART_GROUP)
		return NULL;
	switch (place->unit_part) {
	case HMS_UNIT_CONTROL: return type->kind == HMS_MAP_CLASSIC ? "tophash" : "control";
	case HMS_UNIT_KEY:
		return value_path(a, "key", type->key, place->value_off, type->key_indirect);
	case HMS_UNIT_ELEM:
		return value_path(a, "elem", type->elem, place->value_off, type->elem_indirect);
	case HMS_UNIT_LINK: return "overflow";
	case HMS_UNIT_PADDING: return NULL;
	}
	return NULL;
}

static void fill_unit(const struct hms_map_place *place, struct hms_address_map *ret)
{
	const struct hms_slot *slot = &place->slot;

	if (place->part == HMS_PART_BUCKET || (place->has_slot && ret->classic)) {
		ret->bucket = (int64_t)slot->bucket;
		ret->overflow = slot->chain;
		ret->old = slot->old;
	} else {
		ret->table = (int64_t)place->table;
		ret->group = (int64_t)slot->bucket;
	}
	if (place->has_slot) {
		ret->slot = slot->index;
		ret->state = slot_states[slot->state];
	}
}

/* Empty slots hold nothing to show. */
static bool has_entry(const struct hms_map_place *place)
{
	return place->has_slot &&
	       (place->slot.state == HMS_SLOT_LIVE || place->slot.state == HMS_SLOT_MOVED);
}

static const char *owner_of(struct hms_addresses *a, const struct hms_map *map)
{
	return map->owner ? hms_arena_strdup(a->arena, hms_view_owner(a->view, map)) : NULL;
}

static void fill_map(struct hms_addresses *a, const struct hms_where *where,
		     struct hms_address_row *row)
{
	const struct hms_map_place *place = &where->map;
	const struct hms_map *map = place->map;
	struct hms_address_map *ret = HMS_ARENA_NEW(a->arena, struct hms_address_map);
	const struct hms_map_model *model = a->view->session->model;

	*ret = (struct hms_address_map){
		.addr = map->addr,
		.type = map->type ? map->type->name : NULL,
		.owner = owner_of(a, map),
		.part = parts[place->part],
		.base = place->base,
		.bucket = -1,
		.overflow = -1,
		.table = -1,
		.group = -1,
		.slot = -1,
		.classic = a->view->session->rt->map_kind == HMS_MAP_CLASSIC,
	};
	ret->member = member_of(a, place);
	if (place->part == HMS_PART_BUCKET || place->part == HMS_PART_GROUP || place->has_slot)
		fill_unit(place, ret);
	if (place->part == HMS_PART_TABLE || place->part == HMS_PART_DIRECTORY)
		ret->table = (int64_t)place->table;
	if (has_entry(place)) {
		ret->key =
			hms_address_value(a, map->type->key, hms_map_place_key(model, place), true);
		ret->elem = hms_address_value(a, map->type->elem, hms_map_place_elem(model, place),
					      true);
	}
	row->map = ret;
}

/* ---- heap, stacks, program ----------------------------------------------------------------- */

static void fill_object(struct hms_addresses *a, const struct hms_where *where,
			struct hms_address_row *row)
{
	const struct hms_object *object = &where->object;
	const struct hms_rt *rt = a->view->session->rt;
	struct hms_address_object *ret;
	bool allocated = object->state == HMS_HEAP_ALLOCATED;

	if (!allocated && object->state != HMS_HEAP_FREE)
		return;
	ret = HMS_ARENA_NEW(a->arena, struct hms_address_object);
	*ret = (struct hms_address_object){
		.state = allocated ? "allocated" : "free",
		.base = object->base,
		.size = object->size,
		.slot_size = object->slot_size,
		.span = object->span,
		.noscan = object->noscan,
	};
	if (allocated && object->header)
		ret->type = type_name(a, hms_rt_type_at(rt, object->header));
	row->object = ret;
}

static const char *const local_states[] = {
	[HMS_LOCAL_LIVE] = "live",
	[HMS_LOCAL_DEAD] = "dead",
	[HMS_LOCAL_UNKNOWN] = "unknown",
	[HMS_LOCAL_GONE] = "gone",
};

static void fill_local(struct hms_addresses *a, const struct hms_where *where,
		       struct hms_address_stack *ret)
{
	const struct hms_where_local *local = &where->local;

	if (!local->known)
		return;
	ret->variable = hms_arena_strdup(a->arena, local->name);
	ret->path = inner_path(a, local->type, where->addr - local->addr, &ret->type);
	ret->state = local_states[local->state];
}

static void fill_frame(struct hms_addresses *a, const struct hms_where *where,
		       struct hms_address_stack *ret)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	const struct hms_call *call;

	if (!where->place || where->call >= where->place->ncalls)
		return;
	call = &where->place->calls[where->call];
	if (call->name) {
		hms_func_print_name(call->name, &name);
		ret->function = hms_arena_strdup(a->arena, hms_str_text(&name));
	}
	ret->file = call->file;
	ret->line = call->file ? call->line : -1;
}

static void fill_stack(struct hms_addresses *a, const struct hms_where *where,
		       struct hms_address_row *row)
{
	static const char *const kinds[] = {
		[HMS_WHERE_NO_STACK] = NULL,
		[HMS_WHERE_GOROUTINE] = "goroutine",
		[HMS_WHERE_G0] = "g0",
		[HMS_WHERE_GSIGNAL] = "gsignal",
	};
	const struct hms_goroutine *g = where->local.known ? where->local_of : where->goroutine;
	struct hms_address_stack *ret;

	if (where->stack == HMS_WHERE_NO_STACK && !where->local.known)
		return;
	ret = HMS_ARENA_NEW(a->arena, struct hms_address_stack);
	*ret = (struct hms_address_stack){
		.kind = kinds[where->stack],
		.goroutine = g ? (int64_t)g->id : -1,
		.thread = where->thread && where->thread->lwp ? (int64_t)where->thread->lwp : -1,
		.line = -1,
	};
	fill_frame(a, where, ret);
	fill_local(a, where, ret);
	row->stack = ret;
}

static void fill_variable(struct hms_addresses *a, const struct hms_where *where,
			  struct hms_address_row *row)
{
	const struct hms_variable *variable = where->variable;
	struct hms_address_variable *ret;

	if (!variable)
		return;
	ret = HMS_ARENA_NEW(a->arena, struct hms_address_variable);
	ret->name = variable->name;
	ret->addr = variable->addr;
	ret->path = inner_path(a, variable->type, where->addr - variable->addr, &ret->type);
	row->variable = ret;
}

static void fill_function(struct hms_addresses *a, const struct hms_where *where,
			  struct hms_address_row *row)
{
	struct hms_address_function *ret;
	int32_t line;

	if (!where->in_function)
		return;
	ret = HMS_ARENA_NEW(a->arena, struct hms_address_function);
	ret->name = where->function.name;
	ret->entry = where->function.entry;
	hms_func_line(&where->function, where->addr, &ret->file, &line);
	ret->line = ret->file ? line : -1;
	row->function = ret;
}

static void fill_file(struct hms_addresses *a, const struct hms_where *where,
		      struct hms_address_row *row)
{
	struct hms_address_file *ret;

	if (!where->file)
		return;
	ret = HMS_ARENA_NEW(a->arena, struct hms_address_file);
	ret->path = where->file->path;
	ret->off = where->file->off + (where->addr - where->file->start);
	row->file = ret;
}

static const char *const memory_states[] = {
	[HMS_MEM_PRESENT] = "saved",
	[HMS_MEM_FROM_FILE] = "file",
	[HMS_MEM_NOT_SAVED] = "absent",
	[HMS_MEM_UNMAPPED] = "unmapped",
};

void hms_address_row(struct hms_addresses *a, const struct hms_where *where,
		     struct hms_address_row *ret)
{
	*ret = (struct hms_address_row){
		.addr = where->addr,
		.memory = memory_states[where->memory],
		.type = type_name(a, where->descriptor),
	};
	if (where->in_map)
		fill_map(a, where, ret);
	fill_object(a, where, ret);
	fill_stack(a, where, ret);
	fill_variable(a, where, ret);
	fill_function(a, where, ret);
	fill_file(a, where, ret);
	hms_address_words(a, where, ret);
}
