#include "ops/element.h"

#include <string.h>

#include "find/find.h"
#include "map/locate.h"
#include "ops/callsite.h"
#include "ops/words.h"
#include "util/set.h"

#define MAX_SEARCHES 8 /* through all maps of a type */

struct hms_op_elements {
	struct hms_element **functions; /* NULL: nothing to find there */
	size_t nfunctions, cap_functions;
	struct hms_set by_entry; /* entry of a function: its index */
	struct hms_set by_pc;    /* pc, in a call or not: does it stand in such a write? */
	unsigned int searches;
};

struct hms_op_elements *hms_op_elements_create(void)
{
	return hms_xcalloc(1, sizeof(struct hms_op_elements));
}

void hms_op_elements_destroy(struct hms_op_elements *elements)
{
	if (!elements)
		return;
	for (size_t i = 0; i < elements->nfunctions; i++)
		hms_element_close(elements->functions[i]);
	free(elements->functions);
	hms_set_deinit(&elements->by_entry);
	hms_set_deinit(&elements->by_pc);
	free(elements);
}

/* ---- the place in the code ----------------------------------------------------------------- */

static struct hms_element *function_of(struct hms_op_elements *elements,
				       const struct hms_op_args *args, const struct hms_func *func)
{
	const struct hms_goros *goros = args->sources->goros;
	struct hms_element *e = NULL;
	uint64_t *at;
	bool added;

	at = hms_set_put(&elements->by_entry, func->entry, 1, elements->nfunctions, &added);
	if (!added)
		return elements->functions[*at];
	hms_err_free(hms_element_open(goros->rt, goros->pclntab, func, &e));
	HMS_GROW(elements->functions, elements->nfunctions, elements->cap_functions);
	elements->functions[elements->nfunctions++] = e;
	return e;
}

/* Does it stand at a return address? */
static bool in_call(const struct hms_frame *frame)
{
	return frame->place->lookup_pc != frame->place->pc && !frame->interrupted;
}

static size_t find_points(struct hms_op_elements *elements, const struct hms_op_args *args,
			  const struct hms_frame *frame,
			  struct hms_element_point ret[HMS_ELEMENTS_DUE])
{
	const struct hms_place *place = frame->place;
	uint64_t *known = hms_set_put(&elements->by_pc, place->pc, in_call(frame), true, NULL);
	struct hms_element *e;
	size_t n = 0;

	if (!*known)
		return 0;
	e = function_of(elements, args, &place->func);
	if (e)
		n = hms_element_at(e, place->pc, in_call(frame), ret);
	*known = n > 0;
	return n;
}

/* ---- the map ------------------------------------------------------------------------------- */

static bool leads_to_element(const struct hms_map_model *model, const struct hms_map *map,
			     uint64_t addr, struct hms_map_place *ret)
{
	if (!hms_map_locate(model, map, 1, addr, ret) || ret->value_off || !ret->has_slot)
		return false;
	return ret->part == HMS_PART_ELEM ||
	       ((ret->part == HMS_PART_BUCKET || ret->part == HMS_PART_GROUP) &&
		ret->unit_part == HMS_UNIT_ELEM && !map->type->elem_indirect);
}

static bool takes_type(const struct hms_map *map, const struct hms_type *type)
{
	return map->type && map->readable && (!type || map->type->type == type);
}

/* @op's element is the one at @place. */
static void take(struct hms_operation *op, const struct hms_map_model *model,
		 const struct hms_map_place *place)
{
	const struct hms_slot *slot = &place->slot;

	op->map = place->map->addr;
	op->type = place->map->type->type;
	op->element.key = hms_map_place_key(model, place);
	op->element.slot = (struct hms_operation_slot){
		.unit = slot->unit,
		.bucket = slot->bucket,
		.table = slot->table,
		.chain = slot->chain,
		.old = slot->old,
		.small = place->map->type->kind == HMS_MAP_SWISS && !place->map->swiss.dir_len,
		.index = slot->index,
		.key_addr = slot->key_addr,
		.elem_addr = slot->elem_addr,
	};
}

/* Is it an element of @map? */
static bool try_map(const struct hms_op_args *args, const struct hms_map *map,
		    struct hms_operation *op)
{
	struct hms_map_place place;

	if (!map || !takes_type(map, op->type) ||
	    !leads_to_element(args->sources->model, map, op->element.addr, &place))
		return false;
	take(op, args->sources->model, &place);
	return true;
}

/* The map that the call was made with; one that nobody has looked for yet is surveyed. */
static bool try_argument(const struct hms_op_args *args, uint64_t addr, struct hms_operation *op)
{
	const struct hms_operations_sources *sources = args->sources;
	struct hms_map own = {.addr = addr};

	if (sources->found)
		return try_map(args, hms_found_at(sources->found, addr), op);
	own.type = op->type ? hms_map_type_of(sources->model, op->type) : NULL;
	if (!own.type || hms_map_read_header(sources->model, &own) != HMS_MEM_PRESENT)
		return false;
	hms_err_free(hms_map_survey(sources->model, &own, 1, 1));
	return try_map(args, &own, op);
}

/* Any map of the type: the caller's code does not always tell which. */
static void try_all(struct hms_op_elements *elements, const struct hms_op_args *args,
		    struct hms_operation *op)
{
	const struct hms_found *found = args->sources->found;
	bool done = false;

	if (!found || !op->type || elements->searches == MAX_SEARCHES)
		return;
	elements->searches++;
	for (size_t i = 0; !done && i < found->nmaps; i++)
		done = try_map(args, &found->maps[i], op);
}

static void find_map(struct hms_op_elements *elements, const struct hms_op_args *args, size_t frame,
		     const struct hms_element_point *point, const struct hms_map_func *row,
		     uint64_t call_return, struct hms_operation *op)
{
	struct hms_callsite site = {.goros = args->sources->goros,
				    .unwinder = args->unwinder,
				    .stack = args->stack,
				    .disas = args->disas};
	const struct hms_rt *rt = hms_map_model_rt(args->sources->model);
	uint64_t word;

	if (row->type_arg >= 0 &&
	    hms_callsite_earlier(&site, frame, call_return, (unsigned int)row->type_arg, &word))
		op->type = word ? hms_rt_type_at(rt, word) : NULL;
	if (op->type && op->type->kind != HMS_KIND_MAP)
		op->type = NULL;
	if (!hms_op_word(rt, args->stack, &args->stack->frames[frame], &point->pointer, &word) ||
	    !word)
		return;
	op->element.addr = word - (uint64_t)point->pointer_off;
	if (row->map_arg >= 0 &&
	    hms_callsite_earlier(&site, frame, call_return, (unsigned int)row->map_arg, &word) &&
	    try_argument(args, word, op))
		return;
	try_all(elements, args, op);
	if (!op->map)
		op->element.addr = 0;
}

/* False: the function that was called is none that is known. */
static bool fill_in(struct hms_op_elements *elements, const struct hms_op_args *args, size_t frame,
		    const struct hms_code *code, const struct hms_element_point *point,
		    struct hms_operation *op)
{
	const struct hms_map_func *row = hms_map_func_find(point->callee.name);
	const struct hms_insn *call = &code->insns[point->call];

	if (!row)
		return false;
	op->returned = true;
	op->begun = true;
	op->op = row->op;
	op->doing = "storing the element";
	op->outer.function = op->inner.function = point->callee.name;
	op->element =
		(struct hms_operation_element){.always = point->always,
					       .ever = point->ever,
					       .due = point->due,
					       .storing = point->storing,
					       .call_return = call->addr + call->size,
					       .in_call = in_call(&args->stack->frames[frame])};
	find_map(elements, args, frame, point, row, op->element.call_return, op);
	return true;
}

size_t hms_op_element_find(struct hms_op_elements *elements, const struct hms_op_args *args,
			   size_t frame, struct hms_operation ops[HMS_ELEMENTS_DUE])
{
	struct hms_element_point points[HMS_ELEMENTS_DUE];
	const struct hms_frame *at = &args->stack->frames[frame];
	const struct hms_code *code;
	size_t npoints, n = 0;

	if (!args->disas)
		return 0;
	npoints = find_points(elements, args, at, points);
	if (!npoints)
		return 0;
	code = hms_element_code(function_of(elements, args, &at->place->func));
	for (size_t i = 0; i < npoints; i++)
		n += fill_in(elements, args, frame, code, &points[i], &ops[n]);
	return n;
}

/* ---- words --------------------------------------------------------------------------------- */

/* Names of the words of an element, NULL: it has none of their own. */
static const char *const *word_names(const struct hms_type *type, size_t *n_ret)
{
	static const char *const string[] = {"pointer", "length"};
	static const char *const slice[] = {"pointer", "length", "capacity"};
	static const char *const iface[] = {"type", "data"};

	*n_ret = 2;
	switch (type->kind) {
	case HMS_KIND_STRING: return string;
	case HMS_KIND_INTERFACE: return iface;
	case HMS_KIND_SLICE: *n_ret = 3; return slice;
	default: return NULL;
	}
}

/* Words all of whose bytes are in @bytes; how many. */
static size_t list_words(uint64_t bytes, const char *const *names, size_t n, struct hms_str *ret)
{
	const char *whole[3];
	size_t told = 0;

	for (size_t i = 0; i < n; i++)
		if ((bytes >> 8 * i & 0xff) == 0xff)
			whole[told++] = names[i];
	for (size_t i = 0; i < told; i++)
		hms_str_addf(ret, "%s%s", i == 0 ? "" : i + 1 < told ? ", " : " and ", whole[i]);
	return told;
}

static void add_parts(const struct hms_operation_element *element, const struct hms_type *type,
		      struct hms_str *ret)
{
	const char *const *names;
	unsigned int done;
	size_t n;

	hms_str_add(ret, "element partly stored");
	/* What lies behind the bytes that have bits is not told apart. */
	if (!element->due || !type || type->size >= HMS_ELEMENT_BYTES)
		return;
	names = word_names(type, &n);
	if (names) {
		hms_str_add(ret, ": ");
		if (list_words(element->always, names, n, ret))
			hms_str_add(ret, " stored, ");
		list_words(element->due, names, n, ret);
		hms_str_add(ret, " not yet");
		return;
	}
	done = (unsigned int)__builtin_popcountll(element->always);
	if (done && done < type->size)
		hms_str_addf(ret, ": %u of %u bytes", done, (unsigned int)type->size);
}

void hms_op_element_text(const struct hms_operation_element *element, const struct hms_type *type,
			 struct hms_str *ret)
{
	if (element->storing)
		hms_str_add(ret, "element being stored");
	else if (!element->ever)
		hms_str_add(ret, "element not stored yet");
	else
		add_parts(element, type, ret);
}
