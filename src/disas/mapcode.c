#include "disas/mapcode.h"

#include <string.h>

#include "util/arena.h"

struct hms_mapcode {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	const struct hms_map_func *row;
	enum hms_arch arch;
	bool register_abi;
	bool settled;
	struct hms_disas *disas;
	struct hms_code *code;
	struct hms_flow *flow;
	uint32_t *deeds; /* by instruction */
};

const char *hms_deed_text(enum hms_deed deed, enum hms_map_kind kind)
{
	switch (deed) {
	case HMS_DEED_FLAG_SET: return "sets the writing flag";
	case HMS_DEED_FLAG_CLEARED: return "clears the writing flag";
	case HMS_DEED_ARRAY: return "makes the first buckets";
	case HMS_DEED_KEY: return "stores the key";
	case HMS_DEED_KEY_LEN: return "stores the key's length";
	case HMS_DEED_MARK:
		return kind == HMS_MAP_CLASSIC ? "sets the tophash" : "sets the control byte";
	case HMS_DEED_COUNT: return "changes the count";
	case HMS_DEED_TABLE: return "changes the table's counters";
	case HMS_DEED_WIPED: return "zeroes the entry";
	case HMS_DEED_GROWN: return "goes on with a growth";
	case HMS_DEED_BOX: return "stores a pointer to the key or element";
	}
	return NULL;
}

const char *hms_errand_text(enum hms_errand errand)
{
	switch (errand) {
	case HMS_ERRAND_GROW: return "beginning a growth";
	case HMS_ERRAND_MOVE: return "moving an old bucket";
	case HMS_ERRAND_OVERFLOW: return "adding an overflow bucket";
	case HMS_ERRAND_REHASH: return "growing or splitting a table";
	case HMS_ERRAND_TABLE: return "making room in a small map";
	case HMS_ERRAND_PRUNE: return "removing tombstones";
	case HMS_ERRAND_KEY: return "storing the key";
	case HMS_ERRAND_WIPE: return "zeroing";
	case HMS_ERRAND_DIE:
	case HMS_ERRAND_NONE: break;
	}
	return NULL;
}

/* ---- calls --------------------------------------------------------------------------------- */

static const struct helper {
	const char *name; /* begins so */
	enum hms_errand errand;
	uint32_t always; /* deeds done once it returns */
	uint32_t maybe;
} helpers[] = {
	{"runtime.hashGrow", HMS_ERRAND_GROW, HMS_DEED_GROWN, 0},
	{"runtime.growWork", HMS_ERRAND_MOVE, HMS_DEED_GROWN, 0},
	{"runtime.evacuate", HMS_ERRAND_MOVE, HMS_DEED_GROWN, 0},
	{"runtime.(*hmap).newoverflow", HMS_ERRAND_OVERFLOW, 0, 0},
	{"internal/runtime/maps.(*table).rehash", HMS_ERRAND_REHASH, HMS_DEED_GROWN, 0},
	{"internal/runtime/maps.(*table).grow", HMS_ERRAND_REHASH, HMS_DEED_GROWN, 0},
	{"internal/runtime/maps.(*table).split", HMS_ERRAND_REHASH, HMS_DEED_GROWN, 0},
	{"internal/runtime/maps.(*table).pruneTombstones", HMS_ERRAND_PRUNE, 0, 0},
	{"internal/runtime/maps.(*Map).growTo", HMS_ERRAND_TABLE, HMS_DEED_ARRAY, 0},
	/* These say by their result whether there was room, and find the key that is there. */
	{"internal/runtime/maps.(*Map).putSlotSmall", HMS_ERRAND_NONE, 0,
	 HMS_DEED_KEY | HMS_DEED_KEY_LEN | HMS_DEED_MARK | HMS_DEED_COUNT},
	{"internal/runtime/maps.(*table).uncheckedPutSlotForAssign", HMS_ERRAND_NONE,
	 HMS_DEED_KEY | HMS_DEED_KEY_LEN | HMS_DEED_MARK | HMS_DEED_TABLE, 0},
	{"internal/runtime/maps.(*table).Delete", HMS_ERRAND_NONE, 0,
	 HMS_DEED_WIPED | HMS_DEED_MARK | HMS_DEED_COUNT | HMS_DEED_TABLE},
	{"internal/runtime/maps.(*Map).deleteSmall", HMS_ERRAND_NONE, 0,
	 HMS_DEED_WIPED | HMS_DEED_MARK | HMS_DEED_COUNT},
	{"internal/runtime/maps.(*Map).Delete", HMS_ERRAND_NONE, 0,
	 HMS_DEED_FLAG_SET | HMS_DEED_FLAG_CLEARED | HMS_DEED_WIPED | HMS_DEED_MARK |
		 HMS_DEED_COUNT},
	{"internal/runtime/maps.(*Map).Clear", HMS_ERRAND_NONE, 0,
	 HMS_DEED_FLAG_SET | HMS_DEED_FLAG_CLEARED | HMS_DEED_WIPED | HMS_DEED_MARK |
		 HMS_DEED_COUNT},
	{"internal/runtime/maps.(*Map).clearSmall", HMS_ERRAND_WIPE, HMS_DEED_COUNT,
	 HMS_DEED_WIPED | HMS_DEED_MARK},
	{"internal/runtime/maps.(*table).Clear", HMS_ERRAND_WIPE, 0,
	 HMS_DEED_WIPED | HMS_DEED_MARK},
	{"runtime.memclr", HMS_ERRAND_WIPE, HMS_DEED_WIPED, 0},
	{"runtime.typedmemclr", HMS_ERRAND_WIPE, HMS_DEED_WIPED, 0},
	{"internal/runtime/maps.typedmemclr", HMS_ERRAND_WIPE, HMS_DEED_WIPED, 0},
	{"runtime.fatal", HMS_ERRAND_DIE, 0, 0},
	{"runtime.throw", HMS_ERRAND_DIE, 0, 0},
	{"internal/runtime/maps.fatal", HMS_ERRAND_DIE, 0, 0},
};

static bool callee_of(const struct hms_mapcode *mc, const struct hms_insn *insn,
		      struct hms_func *ret)
{
	return insn->has_target && hms_pclntab_find(mc->tab, insn->target, ret) &&
	       ret->entry == insn->target && ret->name;
}

static const struct helper *helper_named(const char *name)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(helpers); i++)
		if (strncmp(name, helpers[i].name, strlen(helpers[i].name)) == 0)
			return &helpers[i];
	return NULL;
}

static bool is_move(const char *name)
{
	return !strcmp(name, "runtime.typedmemmove") ||
	       !strcmp(name, "internal/runtime/maps.typedmemmove");
}

/* ---- arguments ----------------------------------------------------------------------------- */

/* Integer argument registers: src/cmd/compile/abi-internal.md. */
static const uint8_t amd64_args[] = {
	HMS_REG_RAX, HMS_REG_RBX, HMS_REG_RCX, HMS_REG_RDI, HMS_REG_RSI, 8, 9, 10, 11};

static int64_t stack_arg_off(const struct hms_mapcode *mc, unsigned int i)
{
	(void)mc;
	return 8 + 8 * (int64_t)i; /* the return address, or arm64's saved link register */
}

static uint8_t arg_reg(const struct hms_mapcode *mc, unsigned int i)
{
	if (mc->arch == HMS_ARCH_ARM64)
		return (uint8_t)i;
	return i < HMS_ARRAY_LEN(amd64_args) ? amd64_args[i] : HMS_REG_NONE;
}

/* Is @val what the function was given as argument word @i? */
static bool is_argument(const struct hms_mapcode *mc, const struct hms_flow *flow,
			struct hms_val val, int i)
{
	struct hms_base base;

	if (i < 0 || val.base == HMS_BASE_UNKNOWN || val.off)
		return false;
	hms_flow_base(flow, val.base, &base);
	if (mc->register_abi)
		return base.kind == HMS_IS_ENTRY && base.reg == arg_reg(mc, (unsigned int)i);
	return base.kind == HMS_IS_LOAD &&
	       base.from.base ==
		       HMS_BASE_ENTRY(mc->arch == HMS_ARCH_ARM64 ? HMS_REG_SP : HMS_REG_RSP) &&
	       base.from.off == stack_arg_off(mc, (unsigned int)i);
}

/* Argument word @i of the function that is called next. */
static struct hms_val outgoing(const struct hms_mapcode *mc, const struct hms_flow *flow,
			       const struct hms_flow_state *state, unsigned int i)
{
	if (mc->register_abi)
		return state->regs[arg_reg(mc, i)];
	return hms_flow_stack_word(flow, state,
				   8 * (int64_t)i + (mc->arch == HMS_ARCH_ARM64 ? 8 : 0));
}

/* The word that holds the key, or a pointer to it; a string's length follows. */
static int key_arg(const struct hms_mapcode *mc)
{
	static const struct {
		const char *name;
		int arg;
	} methods[] = {
		{"internal/runtime/maps.(*Map).putSlotSmall", 3},
		{"internal/runtime/maps.(*Map).PutSlot", 2},
		{"internal/runtime/maps.(*table).PutSlot", 4},
		{"internal/runtime/maps.(*table).uncheckedPutSlotForAssign", 3},
	};

	for (size_t i = 0; i < HMS_ARRAY_LEN(methods); i++)
		if (!strncmp(mc->code->func.name, methods[i].name, strlen(methods[i].name)))
			return methods[i].arg;
	return 2;
}

static bool has_string_key(const struct hms_mapcode *mc)
{
	const char *name = mc->code->func.name;

	return strstr(name, "faststr") || strstr(name, "FastStr");
}

static bool has_plain_key(const struct hms_mapcode *mc)
{
	const char *name = mc->code->func.name;

	return strstr(name, "_fast") || strstr(name, "Fast");
}

/* ---- stores -------------------------------------------------------------------------------- */

static uint32_t offset_of(const struct hms_mapcode *mc, enum hms_fact_id classic,
			  enum hms_fact_id swiss)
{
	return hms_layout_off(&mc->rt->layout,
			      mc->rt->map_kind == HMS_MAP_CLASSIC ? classic : swiss);
}

/* The instruction that made what operand @from stores. */
static const struct hms_insn *made_by(const struct hms_flow *flow,
				      const struct hms_flow_state *state,
				      const struct hms_insn *insn, const struct hms_operand *from)
{
	struct hms_base base;

	if (insn->noperands != 2 || from->kind != HMS_OPERAND_REG || from->reg >= HMS_FLOW_REGS)
		return insn;
	hms_flow_base(flow, state->regs[from->reg].base, &base);
	return base.kind == HMS_IS_DEF ? &hms_flow_code(flow)->insns[base.at] : insn;
}

#define WRITING_CLASSIC 4 /* hashWriting, src/runtime/map.go */

/* The flag is toggled: for the first time it is set.  Classic maps have other flags in that byte,
 * which are cleared with a mask that keeps this one. */
static uint32_t flag_deed(const struct hms_mapcode *mc, const struct hms_flow *flow,
			  const struct hms_flow_state *state, const struct hms_insn *insn,
			  const struct hms_operand *from)
{
	const struct hms_insn *by = made_by(flow, state, insn, from);
	int64_t mask = -1;

	for (size_t i = 0; i < by->noperands; i++)
		if (by->operands[i].kind == HMS_OPERAND_IMM)
			mask = by->operands[i].imm;
	if (mc->rt->map_kind == HMS_MAP_CLASSIC && by->op == HMS_INSN_AND)
		return mask & WRITING_CLASSIC ? 0 : HMS_DEED_FLAG_CLEARED;
	if (by->op == HMS_INSN_XOR || by->op == HMS_INSN_OR)
		return state->ever & HMS_DEED_FLAG_SET ? HMS_DEED_FLAG_CLEARED : HMS_DEED_FLAG_SET;
	return 0;
}

static uint32_t header_deed(const struct hms_mapcode *mc, const struct hms_flow *flow,
			    const struct hms_flow_state *state, const struct hms_insn *insn,
			    const struct hms_operand *from, int64_t off)
{
	if (off == offset_of(mc, HMS_F_HMAP_FLAGS, HMS_F_SMAP_WRITING))
		return flag_deed(mc, flow, state, insn, from);
	if (off == offset_of(mc, HMS_F_HMAP_COUNT, HMS_F_SMAP_USED))
		return HMS_DEED_COUNT;
	if (off == offset_of(mc, HMS_F_HMAP_BUCKETS, HMS_F_SMAP_DIRPTR) &&
	    mc->row->op == HMS_MAP_WRITE)
		return HMS_DEED_ARRAY;
	return 0;
}

/* What a write barrier's buffer gets is stored for the collector; the store itself follows. */
static bool is_barrier_buffer(const struct hms_mapcode *mc, const struct hms_flow *flow,
			      struct hms_val addr)
{
	struct hms_base base;
	struct hms_func callee;

	hms_flow_base(flow, addr.base, &base);
	return base.kind == HMS_IS_DEF && mc->code->insns[base.at].flow == HMS_FLOW_CALL &&
	       callee_of(mc, &mc->code->insns[base.at], &callee) &&
	       hms_callee_of(callee.name) == HMS_CALLEE_KEEPS;
}

/* What a package variable, the goroutine or its thread lead to is no bucket. */
static bool is_runtimes(const struct hms_mapcode *mc, const struct hms_flow *flow,
			struct hms_val addr)
{
	bool arm = mc->arch == HMS_ARCH_ARM64;
	struct hms_base base;

	for (int depth = 0; depth < 4; depth++) {
		hms_flow_base(flow, addr.base, &base);
		if (base.kind == HMS_IS_CONST)
			return true;
		if (base.kind == HMS_IS_ENTRY)
			return arm ? base.reg == 28 : mc->register_abi && base.reg == 14;
		if (base.kind != HMS_IS_LOAD)
			return false;
		addr = base.from;
	}
	return false;
}

static bool is_stack(const struct hms_mapcode *mc, struct hms_val addr)
{
	return addr.base == HMS_BASE_ENTRY(mc->arch == HMS_ARCH_ARM64 ? HMS_REG_SP : HMS_REG_RSP);
}

/* A word stored somewhere on the heap: by what it is. */
static uint32_t word_deed(const struct hms_mapcode *mc, const struct hms_flow *flow,
			  struct hms_val val)
{
	int key = key_arg(mc);

	if (mc->row->op != HMS_MAP_WRITE)
		return HMS_DEED_WIPED;
	if (!has_plain_key(mc))
		return HMS_DEED_BOX;
	if (is_argument(mc, flow, val, key))
		return HMS_DEED_KEY;
	if (has_string_key(mc) && is_argument(mc, flow, val, key + 1))
		return HMS_DEED_KEY_LEN;
	return 0;
}

static uint32_t store_deed(const struct hms_mapcode *mc, const struct hms_flow *flow,
			   const struct hms_flow_state *state, const struct hms_insn *insn,
			   const struct hms_operand *mem, const struct hms_operand *from)
{
	bool fuzzy;
	struct hms_val addr = hms_flow_address(state, mem, &fuzzy), start = addr;
	struct hms_val val = {0};

	start.off = 0;
	if (is_argument(mc, flow, start, mc->row->map_arg) && !fuzzy)
		return header_deed(mc, flow, state, insn, from, addr.off);
	if (is_stack(mc, addr) || is_runtimes(mc, flow, addr) || is_barrier_buffer(mc, flow, addr))
		return 0;
	if (mem->size == 1)
		return HMS_DEED_MARK;
	if (mem->size == 2)
		return mc->rt->map_kind == HMS_MAP_SWISS ? HMS_DEED_TABLE : 0;
	if (from->kind == HMS_OPERAND_REG && from->reg < HMS_FLOW_REGS)
		val = state->regs[from->reg];
	return word_deed(mc, flow, val);
}

/* ---- the flow of deeds --------------------------------------------------------------------- */

#define ENTRY_DEEDS (HMS_DEED_KEY | HMS_DEED_KEY_LEN | HMS_DEED_MARK | HMS_DEED_COUNT)

static uint32_t call_deeds(const struct hms_mapcode *mc, const struct hms_flow *flow,
			   struct hms_flow_state *state, const struct hms_insn *insn,
			   uint32_t *maybe_ret)
{
	const struct helper *helper;
	struct hms_func callee;

	if (!callee_of(mc, insn, &callee))
		return 0;
	/* To Go 1.20 the barrier does the store: of one register, mostly rax, to [rdi]; of x3. */
	if (!strcmp(callee.name, "runtime.gcWriteBarrier"))
		return mc->row->op == HMS_MAP_WRITE
			       ? word_deed(
					 mc, flow,
					 state->regs[mc->arch == HMS_ARCH_ARM64 ? 3 : HMS_REG_RAX])
			       : HMS_DEED_WIPED;
	if (is_move(callee.name))
		return mc->row->op == HMS_MAP_WRITE &&
				       is_argument(mc, flow, outgoing(mc, flow, state, 2),
						   key_arg(mc))
			       ? HMS_DEED_KEY
			       : 0;
	helper = helper_named(callee.name);
	if (!helper)
		return 0;
	/* Room is made for what is not there: who might have added it has found none. */
	if (helper->errand == HMS_ERRAND_TABLE)
		state->ever = (state->ever & ~(uint64_t)ENTRY_DEEDS) | state->always;
	*maybe_ret = helper->maybe;
	return helper->always;
}

static uint32_t store_deeds(const struct hms_mapcode *mc, const struct hms_flow *flow,
			    const struct hms_flow_state *state, const struct hms_insn *insn,
			    const struct hms_operand *mem)
{
	const struct hms_operand *ops = insn->operands;
	struct hms_operand second;

	if (insn->op != HMS_INSN_PAIR)
		return store_deed(mc, flow, state, insn, mem, &ops[mem == ops]);
	second = hms_insn_second(insn);
	return store_deed(mc, flow, state, insn, mem, &ops[0]) |
	       store_deed(mc, flow, state, insn, &second, &ops[1]);
}

static void note_deeds(void *arg, const struct hms_flow *flow, uint32_t i,
		       struct hms_flow_state *state)
{
	struct hms_mapcode *mc = arg;
	const struct hms_insn *insn = &mc->code->insns[i];
	const struct hms_operand *mem = hms_insn_store(insn);
	uint32_t maybe = 0, deeds = 0;

	if (insn->flow == HMS_FLOW_CALL)
		deeds = call_deeds(mc, flow, state, insn, &maybe);
	else if (mem)
		deeds = store_deeds(mc, flow, state, insn, mem);
	mc->deeds[i] = deeds | maybe;
	state->always |= deeds;
	state->ever |= deeds | maybe;
}

/* ---- opening ------------------------------------------------------------------------------- */

void hms_mapcode_close(struct hms_mapcode *mc)
{
	if (!mc)
		return;
	hms_flow_destroy(mc->flow);
	hms_code_free(mc->code);
	hms_disas_destroy(mc->disas);
	free(mc->deeds);
	free(mc);
}

struct hms_error *hms_mapcode_open(const struct hms_rt *rt, const struct hms_pclntab *tab,
				   const struct hms_func *func, const struct hms_map_func *row,
				   struct hms_mapcode **ret)
{
	HMS_AUTO(hms_mapcode) struct hms_mapcode *mc = hms_xcalloc(1, sizeof(*mc));

	mc->rt = rt;
	mc->tab = tab;
	mc->row = row;
	mc->arch = rt->exe->arch;
	mc->register_abi = hms_go_version_register_abi(&rt->version, mc->arch);
	HMS_TRY(hms_disas_create(mc->arch, &mc->disas));
	HMS_TRY(hms_code_read(mc->disas, rt->mem, tab, func, &mc->code));
	mc->deeds = hms_xcalloc((size_t)mc->code->ninsns + 1, sizeof(*mc->deeds));
	mc->flow = hms_flow_create(mc->code, tab, mc->arch, note_deeds, mc, &mc->settled);
	*ret = hms_take(mc);
	return NULL;
}

const struct hms_code *hms_mapcode_code(const struct hms_mapcode *mc)
{
	return mc->code;
}

uint32_t hms_mapcode_deeds(const struct hms_mapcode *mc, uint32_t insn)
{
	return mc->deeds[insn];
}

/* ---- questions ----------------------------------------------------------------------------- */

static enum hms_errand errand_of(const struct hms_mapcode *mc, uint32_t i)
{
	const struct hms_insn *insn = &mc->code->insns[i];
	const struct helper *helper;
	struct hms_func callee;

	if (insn->flow != HMS_FLOW_CALL || !callee_of(mc, insn, &callee))
		return HMS_ERRAND_NONE;
	if (mc->deeds[i] & HMS_DEED_KEY && is_move(callee.name))
		return HMS_ERRAND_KEY;
	helper = helper_named(callee.name);
	return helper ? helper->errand : HMS_ERRAND_NONE;
}

/* The call that returns to @pc. */
static bool call_before(const struct hms_code *code, uint64_t pc, uint32_t *ret)
{
	uint32_t i = code->ninsns;

	if (pc == code->func.end)
		*ret = i - 1;
	else if (!hms_code_find(code, pc, &i) || !i)
		return false;
	else
		*ret = i - 1;
	return code->insns[*ret].flow == HMS_FLOW_CALL;
}

bool hms_mapcode_at(struct hms_mapcode *mc, uint64_t pc, bool in_call,
		    struct hms_mapcode_point *ret)
{
	struct hms_flow_state state;

	*ret = (struct hms_mapcode_point){0};
	if (!mc->settled || !mc->code->ninsns)
		return false;
	if (in_call ? !call_before(mc->code, pc, &ret->insn)
		    : !hms_code_find(mc->code, pc, &ret->insn))
		return false;
	hms_flow_at(mc->flow, ret->insn, &state);
	if (!state.reached)
		return false;
	ret->always = (uint32_t)state.always;
	ret->ever = (uint32_t)state.ever;
	ret->errand = in_call ? errand_of(mc, ret->insn) : HMS_ERRAND_NONE;
	return true;
}

void hms_mapcode_argument(struct hms_mapcode *mc, const struct hms_mapcode_point *point,
			  unsigned int i, struct hms_holder *ret)
{
	struct hms_flow_state state;

	*ret = (struct hms_holder){.kind = HMS_HELD_NOWHERE};
	hms_flow_at(mc->flow, point->insn, &state);
	for (uint32_t k = 0; k < state.nslots; k++) {
		if (!is_argument(mc, mc->flow, state.slots[k].val, (int)i))
			continue;
		*ret = (struct hms_holder){.kind = HMS_HELD_STACK, .off = state.slots[k].off};
		return;
	}
	for (uint8_t reg = 0; reg < HMS_FLOW_REGS; reg++) {
		if (!is_argument(mc, mc->flow, state.regs[reg], (int)i))
			continue;
		*ret = (struct hms_holder){.kind = HMS_HELD_REG, .reg = reg};
		return;
	}
	if (!mc->register_abi)
		*ret = (struct hms_holder){.kind = HMS_HELD_STACK, .off = stack_arg_off(mc, i)};
}
