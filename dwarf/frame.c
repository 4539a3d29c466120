/*
 * Variables in scope at a pc: the function's own and those of the calls inlined there.
 */
#include "dwarf/frame.h"

#include <string.h>

#include "dwarf/internal.h"

#define uthash_malloc(size)           hms_xcalloc(1, (size))
#define uthash_free(p, size)          free(p)
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_pc(key))

static unsigned int hash_pc(const void *key)
{
	uint64_t pc;

	memcpy(&pc, key, sizeof(pc));
	return (unsigned int)(pc * 0x9e3779b97f4a7c15 >> 32);
}

#include <uthash.h>

/* Blocks within inlined calls within blocks: more than this is damage. */
#define MAX_NESTING 200

struct frame_entry {
	uint64_t pc;
	struct hms_dwarf_frame frame;
	UT_hash_handle hh;
};

struct building {
	struct frame_context context;
	const struct unit *unit;
	struct hms_dwarf_function *functions;
	size_t nfunctions, functions_cap;
	struct hms_dwarf_variable *variables;
	uint32_t *owners; /* index of each variable's function */
	size_t nvariables, variables_cap, owners_cap;
};

/* ---- attributes, here or where this one comes from ---------------------------------------- */

struct origin {
	struct attrs attrs;
	struct attrs abstract; /* of the abstract instance, if any */
};

static void origin_deinit(struct origin *origin)
{
	attrs_deinit(&origin->attrs);
	attrs_deinit(&origin->abstract);
}

static struct hms_error *origin_read(struct hms_dwarf *dwarf, Dwarf_Die die, struct origin *ret)
{
	AUTO_DIE Dwarf_Die abstract = NULL;
	Dwarf_Attribute attr;
	uint64_t off;

	HMS_TRY(attrs_read(dwarf, die, &ret->attrs));
	attr = attrs_find(&ret->attrs, DW_AT_abstract_origin);
	if (!attr || !attr_ref(dwarf, attr, &off))
		return NULL;
	HMS_TRY(die_at(dwarf, off, &abstract));
	return attrs_read(dwarf, abstract, &ret->abstract);
}

static Dwarf_Attribute origin_find(const struct origin *origin, Dwarf_Half name)
{
	Dwarf_Attribute attr = attrs_find(&origin->attrs, name);

	return attr ? attr : attrs_find(&origin->abstract, name);
}

static uint32_t origin_line(struct hms_dwarf *dwarf, const struct origin *origin, Dwarf_Half name)
{
	Dwarf_Attribute attr = origin_find(origin, name);
	uint64_t line = 0;

	if (attr)
		attr_unsigned(dwarf, attr, &line);
	return line <= UINT32_MAX ? (uint32_t)line : 0;
}

/* ---- variables ---------------------------------------------------------------------------- */

static void set_type(struct hms_dwarf *dwarf, const struct origin *origin,
		     struct hms_dwarf_variable *variable)
{
	Dwarf_Attribute attr = origin_find(origin, DW_AT_type);
	uint64_t off = NO_REF;

	if (attr)
		attr_ref(dwarf, attr, &off);
	variable->type = find_type(dwarf, off, &variable->dict_index);
}

static void set_name(struct hms_dwarf *dwarf, const struct origin *origin,
		     struct hms_dwarf_variable *variable)
{
	Dwarf_Attribute attr = origin_find(origin, DW_AT_name);
	const char *name = attr ? attr_string(dwarf, attr) : NULL;

	variable->escaped = name && *name == '&';
	variable->name = variable->escaped ? name + 1 : name;
}

/* A location that is not from a list is the variable's home, and holds all of it. */
static bool may_be_lone_word(const struct building *b, Dwarf_Attribute location,
			     const struct hms_dwarf_variable *variable)
{
	const uint8_t *block;
	size_t len;

	return b->unit->flags & HMS_PRODUCER_LONE_WORDS && variable->npieces == 1 &&
	       !variable->pieces[0].size && variable->type && variable->type->size > 8 &&
	       !attr_block(b->context.dwarf, location, &block, &len);
}

static struct hms_error *add_variable(struct building *b, const struct children *it, size_t owner,
				      uint32_t scope)
{
	HMS_CLEANUP(origin_deinit) struct origin origin = {ATTRS_INIT, ATTRS_INIT};
	struct hms_dwarf *dwarf = b->context.dwarf;
	struct hms_dwarf_variable variable = {
		.parameter = it->tag == DW_TAG_formal_parameter,
		.scope = scope,
		.closure_off = -1,
		.dict_index = -1,
	};
	Dwarf_Attribute attr;
	uint64_t off;

	HMS_TRY(origin_read(dwarf, it->die, &origin));
	set_name(dwarf, &origin, &variable);
	set_type(dwarf, &origin, &variable);
	variable.line = origin_line(dwarf, &origin, DW_AT_decl_line);
	attr = origin_find(&origin, DW_AT_variable_parameter);
	variable.result = variable.parameter && attr && attr_flag(dwarf, attr);
	attr = origin_find(&origin, DW_AT_go_closure_offset);
	if (attr && attr_unsigned(dwarf, attr, &off) && off <= INT64_MAX)
		variable.closure_off = (int64_t)off;
	attr = attrs_find(&origin.attrs, DW_AT_location);
	if (attr) {
		variable.npieces = location_pieces(&b->context, attr, &variable.pieces);
		variable.lone_word = may_be_lone_word(b, attr, &variable);
	}
	HMS_GROW(b->variables, b->nvariables, b->variables_cap);
	HMS_GROW(b->owners, b->nvariables, b->owners_cap);
	b->variables[b->nvariables] = variable;
	b->owners[b->nvariables++] = (uint32_t)owner;
	return NULL;
}

/* ---- scopes ------------------------------------------------------------------------------- */

struct holds {
	uint64_t pc;
	bool yes;
};

static void note_holds(void *arg, struct pc_range range)
{
	struct holds *holds = arg;

	holds->yes |= holds->pc >= range.low && holds->pc < range.high;
}

/* A scope whose ranges can't be read does not hold the pc. */
static bool scope_holds(struct building *b, Dwarf_Die die)
{
	struct holds holds = {b->context.pc, false};

	hms_err_free(die_ranges(b->context.dwarf, die, b->unit, note_holds, &holds));
	return holds.yes;
}

/* Does an inlined call hold the pc, or a call inlined into it?  Up to Go 1.15 the inner one's range
 * is left out of the outer one's. */
static bool call_holds(struct building *b, Dwarf_Die die, unsigned int nesting)
{
	HMS_CLEANUP(children_deinit) struct children it = CHILDREN_INIT(b->context.dwarf);
	struct hms_error *err = NULL;
	bool holds = scope_holds(b, die);

	if (holds || nesting > MAX_NESTING)
		return holds;
	for (err = children_first(&it, die); !err && it.die && !holds; err = children_next(&it))
		holds = it.tag == DW_TAG_inlined_subroutine && call_holds(b, it.die, nesting + 1);
	hms_err_free(err);
	return holds;
}

static struct hms_error *add_function(struct building *b, Dwarf_Die die)
{
	HMS_CLEANUP(origin_deinit) struct origin origin = {ATTRS_INIT, ATTRS_INIT};
	struct hms_dwarf *dwarf = b->context.dwarf;

	HMS_TRY(origin_read(dwarf, die, &origin));
	HMS_GROW(b->functions, b->nfunctions, b->functions_cap);
	b->functions[b->nfunctions++] = (struct hms_dwarf_function){
		.name = die_name(dwarf, die),
		.call_line = origin_line(dwarf, &origin, DW_AT_call_line),
	};
	return NULL;
}

static struct hms_error *walk(struct building *b, Dwarf_Die scope_die, size_t owner, uint32_t scope,
			      unsigned int nesting);

static struct hms_error *walk_child(struct building *b, const struct children *it, size_t owner,
				    uint32_t scope, unsigned int nesting)
{
	switch (it->tag) {
	case DW_TAG_formal_parameter:
	case DW_TAG_variable: return add_variable(b, it, owner, scope);
	case DW_TAG_lexical_block:
		if (!scope_holds(b, it->die))
			return NULL;
		return walk(b, it->die, owner, scope + 1, nesting + 1);
	case DW_TAG_inlined_subroutine:
		if (!call_holds(b, it->die, nesting))
			return NULL;
		HMS_TRY(add_function(b, it->die));
		return walk(b, it->die, b->nfunctions - 1, 0, nesting + 1);
	default: return NULL;
	}
}

static struct hms_error *walk(struct building *b, Dwarf_Die scope_die, size_t owner, uint32_t scope,
			      unsigned int nesting)
{
	HMS_CLEANUP(children_deinit) struct children it = CHILDREN_INIT(b->context.dwarf);
	struct hms_error *err;

	if (nesting > MAX_NESTING)
		return hms_err(HMS_ERR_LIMIT, "scopes are nested too deeply");
	for (err = children_first(&it, scope_die); !err && it.die; err = children_next(&it))
		HMS_TRY(walk_child(b, &it, owner, scope, nesting));
	return err;
}

/* ---- the frame ---------------------------------------------------------------------------- */

static bool base_is_cfa(struct hms_dwarf *dwarf, Dwarf_Die die)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	struct hms_error *err = attrs_read(dwarf, die, &attrs);
	Dwarf_Attribute attr = err ? NULL : attrs_find(&attrs, DW_AT_frame_base);
	const uint8_t *p;
	size_t len;

	hms_err_free(err);
	return attr && attr_block(dwarf, attr, &p, &len) && len == 1 && *p == DW_OP_call_frame_cfa;
}

/* Variables in the order of their functions, in the arena. */
static void finish(struct building *b, struct hms_dwarf_frame *frame)
{
	struct hms_arena *arena = b->context.dwarf->arena;
	struct hms_dwarf_variable *variables =
		hms_arena_alloc(arena, b->nvariables * sizeof(*variables));
	size_t n = 0;

	for (size_t i = 0; i < b->nfunctions; i++) {
		b->functions[i].variables = &variables[n];
		for (size_t k = 0; k < b->nvariables; k++) {
			if (b->owners[k] == i)
				variables[n++] = b->variables[k];
		}
		b->functions[i].nvariables = (size_t)(&variables[n] - b->functions[i].variables);
	}
	frame->functions =
		hms_arena_memdup(arena, b->functions, b->nfunctions * sizeof(*b->functions));
	frame->nfunctions = b->nfunctions;
}

static struct hms_error *build(struct building *b, const struct function *function,
			       struct hms_dwarf_frame *frame)
{
	struct hms_dwarf *dwarf = b->context.dwarf;
	AUTO_DIE Dwarf_Die unit_die = NULL;
	AUTO_DIE Dwarf_Die die = NULL;

	HMS_TRY(die_at(dwarf, b->unit->die_off, &unit_die));
	HMS_TRY(die_at(dwarf, function->die_off, &die));
	b->context.unit_die = unit_die;
	b->context.base_is_cfa = base_is_cfa(dwarf, die);
	HMS_TRY(add_function(b, die));
	HMS_TRY(walk(b, die, 0, 0, 0));
	finish(b, frame);
	frame->low = function->range.low;
	frame->high = function->range.high;
	return NULL;
}

static struct hms_error *make_frame(struct hms_dwarf *dwarf, uint64_t pc,
				    struct hms_dwarf_frame *ret)
{
	struct building b = {.context = {.dwarf = dwarf, .pc = pc}};
	const struct function *function;
	struct hms_error *err;
	struct unit *unit;

	HMS_TRY(dwarf_need_lists(dwarf));
	HMS_TRY(find_function(dwarf, pc, &unit, &function));
	if (!function)
		return hms_err(HMS_ERR_NOT_FOUND, "no function at 0x%llx", (unsigned long long)pc);
	b.unit = unit;
	err = build(&b, function, ret);
	free(b.functions);
	free(b.variables);
	free(b.owners);
	return err;
}

static struct hms_error *frame_locked(struct hms_dwarf *dwarf, uint64_t pc,
				      const struct hms_dwarf_frame **ret)
{
	struct frame_entry *entry;
	struct hms_dwarf_frame frame;

	HASH_FIND(hh, dwarf->frames, &pc, sizeof(pc), entry);
	if (!entry) {
		HMS_TRY(make_frame(dwarf, pc, &frame));
		entry = HMS_ARENA_NEW(dwarf->arena, struct frame_entry);
		entry->pc = pc;
		entry->frame = frame;
		HASH_ADD(hh, dwarf->frames, pc, sizeof(pc), entry);
	}
	*ret = &entry->frame;
	return NULL;
}

struct hms_error *hms_dwarf_frame(struct hms_dwarf *dwarf, uint64_t pc,
				  const struct hms_dwarf_frame **ret)
{
	struct hms_error *err;

	pthread_mutex_lock(&dwarf->lock);
	err = frame_locked(dwarf, pc, ret);
	pthread_mutex_unlock(&dwarf->lock);
	return err;
}

void frames_clear(struct hms_dwarf *dwarf)
{
	HASH_CLEAR(hh, dwarf->frames);
}
