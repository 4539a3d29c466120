#include "ops/slot.h"

#include <inttypes.h>
#include <string.h>

#include "map/locate.h"
#include "map/lookup.h"
#include "ops/barrier.h"
#include "rt/literal.h"

#define MAX_ASKED   64 /* addresses of one frame that are looked for in the map */
#define MAX_WALKS   4  /* over all chains of the map, for one frame */
#define ABOVE_FRAME 96 /* bytes above a frame where its function keeps arguments and results */

/* ---- from an address to a bucket or group -------------------------------------------------- */

static struct hms_operation_slot unit_of(const struct hms_map *map, const struct hms_slot *slot)
{
	return (struct hms_operation_slot){
		.unit = slot->unit,
		.bucket = slot->bucket,
		.table = slot->table,
		.chain = slot->chain,
		.old = slot->old,
		.small = map->type->kind == HMS_MAP_SWISS && !map->swiss.dir_len,
	};
}

/* Could an overflow bucket be there?  Spares a walk over all chains. */
static bool may_be_overflow(const struct hms_slot_map *m, uint64_t addr)
{
	struct hms_object object;

	if (m->map.type->kind != HMS_MAP_CLASSIC)
		return false;
	hms_heap_find(hms_map_model_heap(m->model), addr, &object);
	return object.state == HMS_HEAP_ALLOCATED && object.size >= m->map.type->unit_size &&
	       addr - object.base < m->map.type->unit_size + 8;
}

/* Among all chains of the array, or of the old one. */
static bool in_chains(const struct hms_slot_map *m, bool old, uint64_t addr,
		      struct hms_operation_slot *ret)
{
	struct hms_map_stats stats = {0};
	struct hms_unit_cursor cursor;
	struct hms_unit unit;
	struct hms_slot slot;
	bool found = false;

	hms_units_init(&cursor, m->model, &m->map, old, 0, UINT64_MAX, &stats);
	while (!found && hms_units_next(&cursor, &unit))
		found = unit.bytes && addr - unit.addr < m->map.type->unit_size;
	if (found) {
		hms_unit_slot(m->map.type, &unit, 0, &slot);
		*ret = unit_of(&m->map, &slot);
	}
	hms_units_deinit(&cursor);
	return found;
}

static bool find_unit(void *arg, uint64_t addr, struct hms_operation_slot *ret)
{
	struct hms_slot_map *m = arg;
	struct hms_map_place place;

	if (hms_map_locate(m->model, &m->map, 1, addr, &place)) {
		*ret = unit_of(&m->map, &place.slot);
		return place.part == HMS_PART_BUCKET || place.part == HMS_PART_GROUP;
	}
	return may_be_overflow(m, addr) && m->walks++ < MAX_WALKS &&
	       (in_chains(m, false, addr, ret) || in_chains(m, true, addr, ret));
}

bool hms_op_slot_map(struct hms_map_model *model, uint64_t map, const struct hms_type *type,
		     struct hms_slot_map *ret)
{
	const struct hms_layout *layout = &hms_map_model_rt(model)->layout;
	bool classic = hms_map_model_rt(model)->map_kind == HMS_MAP_CLASSIC;

	*ret = (struct hms_slot_map){.model = model, .map = {.addr = map}};
	if (!map || !type)
		return false;
	ret->map.type = hms_map_type_of(model, type);
	if (!ret->map.type || hms_map_read_header(model, &ret->map) != HMS_MEM_PRESENT)
		return false;
	ret->units = (struct hms_slot_units){
		.type = ret->map.type,
		.header = map,
		.header_end = map + layout->facts[classic ? HMS_F_HMAP : HMS_F_SMAP].size,
		.find = find_unit,
		.arg = ret,
	};
	return true;
}

/* ---- to a slot ----------------------------------------------------------------------------- */

static bool falls_in(uint64_t off, uint32_t first, uint32_t stride, uint32_t size, uint64_t *i_ret)
{
	if (!stride || off < first || (off - first) % stride >= size)
		return false;
	*i_ret = (off - first) / stride;
	return *i_ret < HMS_SLOTS;
}

static bool take(const struct hms_map_type *type, const struct hms_operation_slot *unit, uint64_t i,
		 struct hms_operation_slot *ret)
{
	*ret = *unit;
	ret->index = (uint8_t)i;
	ret->key_addr = unit->unit + type->keys_off + i * type->key_stride;
	ret->elem_addr = unit->unit + type->elems_off + i * type->elem_stride;
	return true;
}

/* The slot that a store of @size bytes to @addr changes: its tophash or control byte, its key or
 * its element. */
static bool slot_of_store(const struct hms_slot_units *units, uint64_t addr, uint8_t size,
			  struct hms_operation_slot *ret)
{
	const struct hms_map_type *t = units->type;
	struct hms_operation_slot unit;
	uint64_t off, i;

	if (!units->find(units->arg, addr, &unit))
		return false;
	off = i = addr - unit.unit;
	if (off < HMS_SLOTS
		    ? size != 1
		    : !falls_in(off, t->keys_off, t->key_stride, t->key_size, &i) &&
			      !falls_in(off, t->elems_off, t->elem_stride, t->elem_size, &i))
		return false;
	return take(t, &unit, i, ret);
}

/* Elements without a size may have an address each, or share one. */
bool hms_op_slot_of_elem(const struct hms_slot_units *units, uint64_t addr,
			 struct hms_operation_slot *ret)
{
	const struct hms_map_type *t = units->type;
	struct hms_operation_slot unit;
	uint64_t i;

	return units->find(units->arg, addr, &unit) &&
	       falls_in(addr - unit.unit, t->elems_off, t->elem_stride, 1, &i) &&
	       take(t, &unit, i, ret);
}

/* ---- what the code goes on to do ----------------------------------------------------------- */

struct settling {
	const struct hms_slot_units *units;
	bool returns_elem;
	bool in_register; /* the result */
	uint64_t result;  /* else: where it will be */
	unsigned int asked;
	bool found;
	struct hms_operation_slot slot;
};

static enum hms_ahead_verdict settle(struct settling *s, const struct hms_operation_slot *slot)
{
	if (s->found && (s->slot.unit != slot->unit || s->slot.index != slot->index))
		return HMS_AHEAD_STOP;
	s->found = true;
	s->slot = *slot;
	return HMS_AHEAD_NEXT_PATH;
}

static enum hms_ahead_verdict stored(struct settling *s, const struct hms_ahead_event *event)
{
	struct hms_operation_slot slot;

	if (event->addr.kind != HMS_AHEAD_VALUE ||
	    (event->addr.value >= s->units->header && event->addr.value < s->units->header_end))
		return HMS_AHEAD_GO_ON;
	if (s->asked++ == MAX_ASKED)
		return HMS_AHEAD_STOP;
	return slot_of_store(s->units, event->addr.value, event->size, &slot) ? settle(s, &slot)
									      : HMS_AHEAD_GO_ON;
}

/* The element, or where elements are stored apart what its slot points to: which of them is a
 * branch that is taken both ways. */
static enum hms_ahead_verdict returned(struct settling *s, const struct hms_ahead_event *event)
{
	struct hms_ahead_word word = s->in_register ? hms_ahead_reg(event->state, 0)
						    : hms_ahead_stack(event->state, s->result);
	struct hms_operation_slot slot;

	if (!s->returns_elem || word.kind == HMS_AHEAD_UNKNOWN || s->asked++ == MAX_ASKED ||
	    !hms_op_slot_of_elem(s->units, word.value, &slot))
		return HMS_AHEAD_STOP;
	return settle(s, &slot);
}

static enum hms_ahead_verdict visit(void *arg, const struct hms_ahead_event *event)
{
	switch (event->what) {
	case HMS_AHEAD_STORE: return stored(arg, event);
	case HMS_AHEAD_RETURN: return returned(arg, event);
	case HMS_AHEAD_LOST: break;
	}
	return HMS_AHEAD_STOP;
}

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Functions that find a slot themselves, and return its element. */
static bool assigns(const char *name)
{
	return begins(name, "runtime.mapassign") ||
	       begins(name, "internal/runtime/maps.(*Map).putSlotSmall") ||
	       begins(name, "internal/runtime/maps.(*Map).PutSlot") ||
	       begins(name, "internal/runtime/maps.(*table).PutSlot") ||
	       begins(name, "internal/runtime/maps.(*table).uncheckedPutSlotForAssign");
}

/* Functions that find a slot themselves, and store to it. */
static bool deletes(const char *name)
{
	return begins(name, "runtime.mapdelete") ||
	       begins(name, "internal/runtime/maps.(*Map).Delete") ||
	       begins(name, "internal/runtime/maps.(*Map).deleteSmall") ||
	       begins(name, "internal/runtime/maps.(*table).Delete");
}

bool hms_op_slot_settled(const struct hms_slot_question *question,
			 const struct hms_slot_units *units, struct hms_operation_slot *ret)
{
	const struct hms_func *func = question->func;
	const struct hms_rt *rt = question->rt;
	enum hms_arch arch = rt->exe->arch;
	struct hms_ahead_code code = {hms_mapcode_code(question->code),
				      question->tab,
				      rt->mem,
				      arch,
				      rt->modules[0].types,
				      rt->modules[0].etypes};
	struct settling s = {
		.units = units,
		.returns_elem = assigns(func->name),
		.in_register = hms_go_version_register_abi(&rt->version, arch),
		/* Results follow the arguments, above the return address. */
		.result =
			question->cfa + (arch == HMS_ARCH_ARM64 ? 8 : 0) + (uint64_t)func->args - 8,
	};

	/* Behind the slot's mark, a delete changes those of slots before it too. */
	if (func->args < 0 ||
	    (!s.returns_elem && (!deletes(func->name) || question->point->ever & HMS_DEED_MARK)))
		return false;
	if (!hms_ahead(&code, &question->start, visit, &s) || !s.found)
		return false;
	*ret = s.slot;
	return true;
}

/* ---- a frame ------------------------------------------------------------------------------- */

/* Fatal errors end the process; the compiler does not know that of the runtime's fatal, in the
 * releases that were looked at, and keeps what the code behind it uses.  It knows it of throw. */
static bool seems_to_return(const struct hms_slot_question *q)
{
	const struct hms_insn *insn = &hms_mapcode_code(q->code)->insns[q->point->insn];
	struct hms_func callee;

	return q->rt->release_known && insn->has_target &&
	       hms_pclntab_find(q->tab, insn->target, &callee) && callee.name &&
	       (!strcmp(callee.name, "runtime.fatal") ||
		!strcmp(callee.name, "internal/runtime/maps.fatal"));
}

/* What @frame holds. */
static void read_frame(const struct hms_stack *stack, const struct hms_frame *frame,
		       struct hms_slot_question *q)
{
	uint8_t sp = q->rt->exe->arch == HMS_ARCH_ARM64 ? HMS_REG_SP : HMS_REG_RSP;
	uint64_t len = frame->cfa + ABOVE_FRAME - frame->sp;
	struct hms_ahead_start *ret = &q->start;
	const uint8_t *bytes;

	ret->insn = q->point->insn;
	ret->in_call = frame->place->lookup_pc != frame->place->pc && !frame->interrupted;
	ret->returns = seems_to_return(q);
	if (ret->in_call) {
		ret->known = hms_barrier_registers(q->rt, q->tab, stack,
						   (size_t)(frame - stack->frames), ret->regs);
	} else if (frame->regs >= 0) {
		memcpy(ret->regs, stack->regs[frame->regs].value, sizeof(ret->regs));
		ret->known = stack->regs[frame->regs].known;
	}
	ret->regs[sp] = frame->sp;
	ret->known |= 1u << sp;
	len = frame->cfa < frame->sp ? 0 : HMS_MIN(len, (uint64_t)HMS_AHEAD_FRAME);
	bytes = hms_mem_peek(q->rt->mem, frame->sp, len);
	if (!bytes)
		return;
	memcpy(ret->frame, bytes, len);
	ret->frame_len = len;
}

bool hms_op_slot_find(const struct hms_operations_sources *sources, const struct hms_stack *stack,
		      const struct hms_operation *op, const struct hms_frame *frame,
		      const struct hms_mapcode *code, const struct hms_mapcode_point *point,
		      struct hms_operation_slot *ret)
{
	struct hms_slot_question question = {
		.rt = hms_map_model_rt(sources->model),
		.tab = sources->goros->pclntab,
		.func = &frame->place->func,
		.code = code,
		.point = point,
		.cfa = frame->cfa,
	};
	struct hms_slot_map map;

	if (!hms_op_slot_map(sources->model, op->map, op->type, &map))
		return false;
	read_frame(stack, frame, &question);
	return hms_op_slot_settled(&question, &map.units, ret);
}

/* ---- where its key is ---------------------------------------------------------------------- */

/* The only place, one that a lookup comes to. */
static bool only_place(const struct hms_slot_map *m, const struct hms_lookup *lookup,
		       struct hms_operation_slot *ret)
{
	const struct hms_lookup_place *place = lookup->places;
	struct hms_operation_slot unit;

	if (lookup->verdict != HMS_LOOKUP_FOUND || lookup->live != 1 || !lookup->nplaces ||
	    place->why != HMS_LOOKUP_WHY_REACHED || place->slot.state != HMS_SLOT_LIVE)
		return false;
	unit = unit_of(&m->map, &place->slot);
	return take(m->map.type, &unit, place->slot.index, ret);
}

bool hms_op_slot_of_key(const struct hms_operations_sources *sources,
			const struct hms_operation *op, const char *key,
			struct hms_operation_slot *ret)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = NULL;
	const struct hms_rt *rt = hms_map_model_rt(sources->model);
	struct hms_lookup lookup;
	struct hms_slot_map map;
	bool found;

	if (!hms_op_slot_map(sources->model, op->map, op->type, &map))
		return false;
	hms_err_free(hms_literal_parse(rt, op->type->key, key, &literal));
	if (!literal)
		return false;
	hms_lookup_run(sources->model, sources->goros->pclntab, &map.map, literal, &lookup);
	found = only_place(&map, &lookup, ret);
	hms_lookup_deinit(&lookup);
	return found;
}

/* ---- words --------------------------------------------------------------------------------- */

void hms_op_slot_text(enum hms_map_kind kind, const struct hms_operation_slot *slot,
		      struct hms_str *ret)
{
	if (kind == HMS_MAP_CLASSIC) {
		hms_str_addf(ret, "%sbucket %" PRIu64 " ", slot->old ? "old " : "", slot->bucket);
		if (slot->chain)
			hms_str_addf(ret, "overflow %" PRIu32 " ", slot->chain);
	} else if (!slot->small) {
		hms_str_addf(ret, "table %" PRIu64 " group %" PRIu64 " ", slot->table,
			     slot->bucket);
	}
	hms_str_addf(ret, "slot %u", slot->index);
}
