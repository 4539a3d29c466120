/*
 * What closures captured.  A func value points at a closure: the function's entry, then what it
 * captured, values or pointers to variables (cmd/compile/internal/typecheck, ClosureType).
 *
 * From Go 1.23 on debug information says where each captured variable lies: that makes a struct
 * type, and a closure is followed as any other struct.  Before that only the variables' types are
 * known, not which word is whose: a word is taken for a map of such a type if its buckets and keys
 * agree.  A method value (x.M) is a closure that captured x; its type is in the function's name.
 */
#include <string.h>

#include "dwarf/frame.h"
#include "find/private.h"

#define MAX_CAPTURED 256 /* variables of a closure */
#define MAX_WORDS    64  /* of a closure looked at where nobody knows what is where */
#define NO_TYPE_ID   UINT32_MAX

/* What is known of a function that closures point to. */
struct hms_find_func {
	const struct hms_type *context; /* struct of what it captured; NULL: nothing known */
	const struct hms_dwarf_function *guess; /* else variables that it may have captured */
};

/* ---- the struct of a function's closures --------------------------------------------------- */

static struct hms_type *new_struct(struct hms_finder *f, const char *name, size_t nmembers)
{
	struct hms_type *type = HMS_ARENA_NEW(f->arena, struct hms_type);

	type->name = name ? name : "closure";
	type->kind = HMS_KIND_STRUCT;
	/* Not one of the graph's, nor one made from a descriptor. */
	type->id = NO_TYPE_ID - (uint32_t)f->nfuncs;
	type->members = hms_arena_alloc(f->arena, nmembers * sizeof(*type->members));
	type->size = 8;
	return type;
}

static void add_member(struct hms_type *type, const char *name, const struct hms_type *of,
		       uint64_t off, const struct hms_graph *graph)
{
	struct hms_member *member = (struct hms_member *)&type->members[type->nmembers++];

	*member = (struct hms_member){.name = name ? name : "?", .type = of, .off = off};
	type->size = HMS_MAX(type->size, off + of->size);
	type->reaches_map = type->reaches_map || hms_type_reaches_map(graph, of);
}

static bool is_captured(const struct hms_dwarf_variable *v)
{
	return v->closure_off >= 8 && v->closure_off < (1 << 20) && v->type;
}

static const struct hms_type *told_context(struct hms_finder *f,
					   const struct hms_dwarf_function *function)
{
	struct hms_type *type;
	size_t n = 0;

	for (size_t i = 0; i < function->nvariables; i++)
		n += is_captured(&function->variables[i]);
	if (!n || n > MAX_CAPTURED)
		return NULL;
	type = new_struct(f, function->name, n);
	for (size_t i = 0; i < function->nvariables; i++) {
		const struct hms_dwarf_variable *v = &function->variables[i];

		if (is_captured(v))
			add_member(type, v->name, v->type, (uint64_t)v->closure_off, f->rt->graph);
	}
	return type;
}

/* "main.(*worker).run-fm": a method of *main.worker, "main.worker.run-fm" of main.worker. */
static const struct hms_type *method_context(struct hms_finder *f, const char *name)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	const char *slash = strrchr(name, '/'), *dot, *open;
	const struct hms_type *receiver;
	struct hms_type *type;
	size_t len = strlen(name);

	if (len < 4 || strcmp(name + len - 3, "-fm") != 0)
		return NULL;
	dot = strrchr(slash ? slash : name, '.');
	open = strstr(slash ? slash : name, ".(*");
	if (!dot || dot == name)
		return NULL;
	if (open && open + 3 < dot && dot[-1] == ')') {
		hms_str_addc(&text, '*');
		hms_str_addn(&text, name, (size_t)(open - name) + 1);
		hms_str_addn(&text, open + 3, (size_t)(dot - 1 - (open + 3)));
	} else {
		hms_str_addn(&text, name, (size_t)(dot - name));
	}
	receiver = hms_graph_find_type(f->rt->graph, hms_str_text(&text));
	if (!receiver)
		return NULL;
	type = new_struct(f, name, 1);
	add_member(type, "receiver", receiver, 8, f->rt->graph);
	return type;
}

/* The function whose entry is at run-time address @entry. */
static const struct hms_find_func *func_at(struct hms_finder *f, uint64_t entry)
{
	const struct hms_dwarf_frame *frame;
	struct hms_find_func *func;
	struct hms_error *err;
	uint64_t *at;
	bool added;

	at = hms_set_put(&f->func_by_entry, entry, 0, f->nfuncs, &added);
	if (!added)
		return f->funcs[*at];
	HMS_GROW(f->funcs, f->nfuncs, f->cap_funcs);
	func = HMS_ARENA_NEW(f->arena, struct hms_find_func);
	f->funcs[f->nfuncs++] = func;
	err = hms_dwarf_frame(f->dwarf, entry - f->rt->bias, &frame);
	if (err || frame->low != entry - f->rt->bias || !frame->nfunctions) {
		hms_err_free(err);
		return func;
	}
	func->context = told_context(f, &frame->functions[0]);
	if (!func->context && frame->functions[0].name)
		func->context = method_context(f, frame->functions[0].name);
	if (!func->context)
		func->guess = &frame->functions[0];
	return func;
}

/* ---- closures without offsets -------------------------------------------------------------- */

/* The map type that @v is of, or that of the variable it points to; NULL: neither. */
static const struct hms_type *map_type_of(const struct hms_dwarf_variable *v)
{
	const struct hms_type *type = v->type;

	if (v->parameter || !type)
		return NULL;
	if (v->escaped && type->kind == HMS_KIND_POINTER)
		type = type->elem;
	return type && type->kind == HMS_KIND_MAP ? type : NULL;
}

/* Is the map behind @word one that @v could hold? */
static bool holds_map(struct hms_finder *f, const struct hms_dwarf_variable *v, uint64_t word,
		      uint64_t *map_ret)
{
	const struct hms_type *type = map_type_of(v);
	struct hms_map map = {0};

	*map_ret = word;
	if (!type || !word || word % 8 ||
	    (v->escaped && (!hms_find_load(f, word, map_ret) || !*map_ret)))
		return false;
	map.addr = *map_ret;
	return hms_fit_type(f->fitter, type, &map);
}

/* No other captured variable could be at that word. */
static bool is_only_one(struct hms_finder *f, const struct hms_dwarf_function *function,
			const struct hms_dwarf_variable *than, uint64_t word)
{
	uint64_t map;

	for (size_t i = 0; i < function->nvariables; i++) {
		const struct hms_dwarf_variable *v = &function->variables[i];

		if (v != than && v->escaped == than->escaped && holds_map(f, v, word, &map))
			return false;
	}
	return true;
}

static void try_word(struct hms_finder *f, const struct hms_dwarf_function *function, uint64_t word,
		     uint64_t index, const struct hms_find_step *step)
{
	const struct hms_path *node = NULL;
	struct hms_find_step part = {.up = step,
				     .length = step->length + 1,
				     .kind = HMS_PATH_INDEX,
				     .number = index,
				     .node = &node};
	uint64_t map;

	for (size_t i = 0; i < function->nvariables; i++) {
		const struct hms_dwarf_variable *v = &function->variables[i];

		if (!holds_map(f, v, word, &map))
			continue;
		if (v->name && is_only_one(f, function, v, word)) {
			part.kind = HMS_PATH_FIELD;
			part.name = v->name;
		}
		hms_find_follow(f, map, map_type_of(v), true, &part);
		return;
	}
}

static bool may_hold_map(const struct hms_dwarf_function *function)
{
	for (size_t i = 0; i < function->nvariables; i++)
		if (map_type_of(&function->variables[i]))
			return true;
	return false;
}

static void guess_context(struct hms_finder *f, const struct hms_dwarf_function *function,
			  uint64_t closure, const struct hms_find_step *step)
{
	struct hms_object object;
	uint64_t word, words;
	bool added;

	hms_heap_find(f->heap, closure, &object);
	if (object.state != HMS_HEAP_ALLOCATED || object.base != closure || !may_hold_map(function))
		return;
	/* Once: whoever comes later has no shorter path. */
	hms_set_put(&f->seen, closure, NO_TYPE_ID, 0, &added);
	words = added ? HMS_MIN(object.size / 8, (uint64_t)MAX_WORDS) : 0;
	for (uint64_t i = 1; i < words; i++)
		if (hms_find_load(f, closure + 8 * i, &word))
			try_word(f, function, word, i, step);
}

/* ---- func values --------------------------------------------------------------------------- */

void hms_find_visit_func(struct hms_finder *f, uint64_t addr, const struct hms_find_step *step)
{
	const struct hms_path *node = NULL;
	struct hms_find_step captured = {
		.up = step, .length = step->length + 1, .kind = HMS_PATH_CAPTURED, .node = &node};
	const struct hms_find_func *func;
	uint64_t closure, entry;

	if (!f->dwarf || !hms_find_load(f, addr, &closure) || !closure || closure % 8 ||
	    !hms_find_load(f, closure, &entry) || !entry)
		return;
	func = func_at(f, entry);
	if (func->context && func->context->reaches_map)
		hms_find_follow(f, closure, func->context, false, &captured);
	else if (func->guess)
		guess_context(f, func->guess, closure, &captured);
}
