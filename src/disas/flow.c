#include "disas/flow_impl.h"

#include <string.h>

#include "util/arena.h"

/* Numbers of bases, by their two highest bits: 0 unknown, constants and registers at the entry;
 * then what instructions defined, what joins made, loads. */
#define KIND_SHIFT 30
#define KIND_DEF   1u
#define KIND_JOIN  2u
#define KIND_LOAD  3u
#define MAX_PLACE  (1u << (KIND_SHIFT - 5)) /* instructions, blocks: the register takes 5 bits */
#define MAX_LOADS  (1u << 16)

static const struct hms_val unknown = {HMS_BASE_UNKNOWN, 0};

static struct hms_val make(uint32_t kind, uint32_t place, uint8_t reg)
{
	if (place >= MAX_PLACE)
		return unknown;
	return (struct hms_val){kind << KIND_SHIFT | place << 5 | reg, 0};
}

struct hms_val hms_flow_joined(uint32_t block, uint8_t reg)
{
	return make(KIND_JOIN, block, reg);
}

struct hms_val hms_flow_result(const struct hms_flow *flow, uint32_t call, bool in_register)
{
	/* No call defines the stack pointer, so that its number stands for what is on the stack. */
	return make(KIND_DEF, call, in_register ? 0 : flow->sp);
}

/* ---- loads --------------------------------------------------------------------------------- */

static uint32_t *load_slot(const struct hms_flow *flow, struct hms_val from)
{
	uint64_t hash = (from.base * UINT64_C(0x9e3779b97f4a7c15)) ^
			((uint64_t)from.off * UINT64_C(0xff51afd7ed558ccd));
	uint32_t i = (uint32_t)(hash >> 32) & (flow->nload_slots - 1);

	while (flow->load_slots[i] && !hms_val_equal(flow->loads[flow->load_slots[i] - 1], from))
		i = (i + 1) & (flow->nload_slots - 1);
	return &flow->load_slots[i];
}

static void grow_loads(struct hms_flow *flow)
{
	flow->nload_slots = flow->nload_slots ? 2 * flow->nload_slots : 256;
	free(flow->load_slots);
	flow->load_slots = hms_xcalloc(flow->nload_slots, sizeof(*flow->load_slots));
	for (uint32_t i = 0; i < flow->nloads; i++)
		*load_slot(flow, flow->loads[i]) = i + 1;
}

/* The word at @from; the same number each time it is asked for. */
static struct hms_val load_of(struct hms_flow *flow, struct hms_val from)
{
	uint32_t *slot;

	if (from.base == HMS_BASE_UNKNOWN)
		return unknown;
	if (2 * flow->nloads >= flow->nload_slots)
		grow_loads(flow);
	slot = load_slot(flow, from);
	if (!*slot) {
		if (flow->nloads == MAX_LOADS)
			return unknown;
		HMS_GROW(flow->loads, flow->nloads, flow->cap_loads);
		flow->loads[flow->nloads++] = from;
		*slot = flow->nloads;
	}
	return (struct hms_val){KIND_LOAD << KIND_SHIFT | (*slot - 1), 0};
}

void hms_flow_base(const struct hms_flow *flow, uint32_t base, struct hms_base *ret)
{
	static const enum hms_base_kind kinds[] = {
		[KIND_DEF] = HMS_IS_DEF, [KIND_JOIN] = HMS_IS_JOIN, [KIND_LOAD] = HMS_IS_LOAD};
	uint32_t kind = base >> KIND_SHIFT, rest = base & ((1u << KIND_SHIFT) - 1);

	*ret = (struct hms_base){.kind = HMS_IS_UNKNOWN, .reg = HMS_REG_NONE};
	if (base == HMS_BASE_UNKNOWN)
		return;
	if (base == HMS_BASE_CONST) {
		ret->kind = HMS_IS_CONST;
	} else if (!kind) {
		ret->kind = HMS_IS_ENTRY;
		ret->reg = (uint8_t)(base - HMS_BASE_ENTRY(0));
	} else {
		ret->kind = kinds[kind];
		ret->at = rest >> 5;
		ret->reg = rest & 31;
		if (kind == KIND_LOAD)
			ret->from = flow->loads[rest];
	}
}

/* ---- the stack ----------------------------------------------------------------------------- */

static bool is_stack(const struct hms_flow *flow, struct hms_val val)
{
	return val.base == HMS_BASE_ENTRY(flow->sp);
}

static const struct hms_flow_slot *find_slot(const struct hms_flow_state *state, int64_t off)
{
	for (uint32_t i = 0; i < state->nslots; i++)
		if (state->slots[i].off == off)
			return &state->slots[i];
	return NULL;
}

/* Forget what slots that touch [from, to) hold. */
static void forget(struct hms_flow_state *state, int64_t from, int64_t to)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < state->nslots; i++)
		if (state->slots[i].off >= to || state->slots[i].off + 8 <= from)
			state->slots[n++] = state->slots[i];
	state->nslots = n;
}

static void remember(struct hms_flow_state *state, int64_t off, struct hms_val val)
{
	forget(state, off, off + 8);
	if (val.base == HMS_BASE_UNKNOWN)
		return;
	/* Arguments of the next call are what matters most: the oldest gives way. */
	if (state->nslots == HMS_FLOW_SLOTS) {
		state->nslots--;
		memmove(&state->slots[0], &state->slots[1],
			state->nslots * sizeof(state->slots[0]));
	}
	state->slots[state->nslots++] = (struct hms_flow_slot){off, val};
}

struct hms_val hms_flow_stack_word(const struct hms_flow *flow, const struct hms_flow_state *state,
				   int64_t off)
{
	struct hms_val sp = state->regs[flow->sp];

	if (!is_stack(flow, sp))
		return unknown;
	for (uint32_t i = 0; i < state->nslots; i++)
		if (state->slots[i].off == sp.off + off)
			return state->slots[i].val;
	return unknown;
}

/* ---- what instructions do ------------------------------------------------------------------ */

static struct hms_val add(struct hms_val a, int64_t n)
{
	if (a.base == HMS_BASE_UNKNOWN)
		return unknown;
	a.off = (int64_t)((uint64_t)a.off + (uint64_t)n);
	return a;
}

static struct hms_val constant(int64_t n)
{
	return (struct hms_val){HMS_BASE_CONST, n};
}

static struct hms_val reg_val(const struct hms_flow_state *state, uint8_t reg)
{
	return reg < HMS_FLOW_REGS ? state->regs[reg] : unknown;
}

struct hms_val hms_flow_address(const struct hms_flow_state *state,
				const struct hms_operand *operand, bool *fuzzy_ret)
{
	struct hms_val base =
		operand->base == HMS_REG_NONE ? constant(0) : reg_val(state, operand->base);
	struct hms_val index = reg_val(state, operand->index);

	if (fuzzy_ret)
		*fuzzy_ret = false;
	base = add(base, operand->disp);
	if (operand->index == HMS_REG_NONE)
		return base;
	if (index.base == HMS_BASE_CONST && operand->scale)
		return add(base, (int64_t)((uint64_t)index.off * operand->scale));
	if (fuzzy_ret)
		*fuzzy_ret = true;
	return fuzzy_ret ? base : unknown;
}

struct hms_val hms_flow_load(struct hms_flow *flow, const struct hms_flow_state *state,
			     struct hms_val addr)
{
	const struct hms_flow_slot *slot;

	if (!is_stack(flow, addr))
		return load_of(flow, addr);
	slot = find_slot(state, addr.off);
	if (slot)
		return slot->val;
	/* Arguments are there from the start; what lies below the entry is not. */
	return addr.off > 0 ? load_of(flow, addr) : unknown;
}

static struct hms_val operand_val(struct hms_flow *flow, struct hms_flow_state *state,
				  const struct hms_operand *operand)
{
	switch (operand->kind) {
	case HMS_OPERAND_IMM: return constant(operand->imm);
	case HMS_OPERAND_REG: return operand->size >= 4 ? reg_val(state, operand->reg) : unknown;
	case HMS_OPERAND_MEM: break;
	}
	if (operand->size != 8 && operand->size != 4)
		return unknown;
	return hms_flow_load(flow, state, hms_flow_address(state, operand, NULL));
}

/* Operand 1 and, on machines with three operands, operand 2. */
static struct hms_val sum(struct hms_flow *flow, struct hms_flow_state *state,
			  const struct hms_insn *insn)
{
	size_t n = insn->noperands;
	struct hms_val a, b;

	if (n < 2)
		return unknown;
	a = operand_val(flow, state, &insn->operands[n - 2]);
	b = operand_val(flow, state, &insn->operands[n - 1]);
	if (b.base == HMS_BASE_CONST)
		return add(a, insn->op == HMS_INSN_SUB ? (int64_t)(0 - (uint64_t)b.off) : b.off);
	if (a.base == HMS_BASE_CONST && insn->op == HMS_INSN_ADD)
		return add(b, a.off);
	return unknown;
}

/* What the instruction puts into operand 0; unknown where it is not worth knowing. */
static struct hms_val result(struct hms_flow *flow, struct hms_flow_state *state,
			     const struct hms_insn *insn)
{
	const struct hms_operand *ops = insn->operands;

	switch (insn->op) {
	case HMS_INSN_MOVE:
		return insn->noperands == 2 ? operand_val(flow, state, &ops[1]) : unknown;
	case HMS_INSN_LEA:
		if (insn->noperands == 2 && ops[1].kind == HMS_OPERAND_IMM)
			return constant(ops[1].imm);
		return insn->noperands == 2 ? hms_flow_address(state, &ops[1], NULL) : unknown;
	case HMS_INSN_ADD:
	case HMS_INSN_SUB: return sum(flow, state, insn);
	case HMS_INSN_OR:
		/* arm64: "orr x0, xzr, #1" */
		if (insn->noperands == 3 && ops[1].kind == HMS_OPERAND_IMM)
			return operand_val(flow, state, &ops[2]);
		return unknown;
	case HMS_INSN_AND:
		/* Frames that are aligned by hand lose their stack pointer: assembly only. */
		return unknown;
	case HMS_INSN_XOR:
		if (insn->noperands == 2 && ops[0].kind == HMS_OPERAND_REG &&
		    ops[1].kind == HMS_OPERAND_REG && ops[0].reg == ops[1].reg)
			return constant(0);
		return unknown;
	default: return unknown;
	}
}

static bool moves(const struct hms_insn *insn)
{
	return insn->op == HMS_INSN_MOVE || insn->op == HMS_INSN_PAIR;
}

/* A 32-bit result is zero-extended.  What is moved keeps its name, though it may lose its upper
 * half: a key of 32 bits is followed from register to register like that. */
static struct hms_val narrowed(struct hms_val val, const struct hms_insn *insn,
			       const struct hms_operand *dest)
{
	if (dest->size == 8 || (dest->size == 4 && moves(insn) && !val.off))
		return val;
	if (dest->size == 4 && val.base == HMS_BASE_CONST && val.off >= 0 && val.off <= INT32_MAX)
		return val;
	return unknown;
}

static void set_reg(struct hms_flow_state *state, uint32_t insn, uint8_t reg, struct hms_val val)
{
	if (reg >= HMS_FLOW_REGS)
		return;
	state->regs[reg] = val.base == HMS_BASE_UNKNOWN ? make(KIND_DEF, insn, reg) : val;
}

/* Registers that the instruction writes: what is known of them comes after. */
static void clobber(struct hms_flow_state *state, uint32_t insn, uint64_t writes)
{
	for (uint8_t reg = 0; reg < HMS_FLOW_REGS; reg++)
		if (writes >> reg & 1)
			state->regs[reg] = make(KIND_DEF, insn, reg);
}

static void store(struct hms_flow *flow, struct hms_flow_state *state, const struct hms_insn *insn,
		  const struct hms_operand *dest, struct hms_val val)
{
	struct hms_val addr = hms_flow_address(state, dest, NULL);

	if (insn->repeated && (is_stack(flow, addr) || addr.base == HMS_BASE_UNKNOWN)) {
		state->nslots = 0;
		return;
	}
	if (!is_stack(flow, addr))
		return;
	if ((dest->size == 8 || dest->size == 4) && moves(insn))
		remember(state, addr.off, val);
	else
		forget(state, addr.off, addr.off + (dest->size ? dest->size : 64));
}

/* ---- calls --------------------------------------------------------------------------------- */

/* Registers that a write barrier does not keep: its result, and the linker's. */
#define BARRIER_AMD64 (UINT64_C(1) << 11)
#define BARRIER_ARM64                                                                    \
	(UINT64_C(1) << 16 | UINT64_C(1) << 17 | UINT64_C(1) << 25 | UINT64_C(1) << 27 | \
	 UINT64_C(1) << HMS_REG_LR)

#define SPILL_BYTES 72 /* nine integer registers: the argument area of an unknown callee */

/* Registers that stay as they are over a call of @kind: always the stack pointer, the frame pointer
 * and the goroutine.  src/cmd/compile/internal/ssa/_gen/AMD64Ops.go, ARM64Ops.go. */
static uint64_t kept_over(const struct hms_flow *flow, enum hms_callee kind)
{
	bool arm = flow->arch == HMS_ARCH_ARM64;

	switch (kind) {
	case HMS_CALLEE_KEEPS: return arm ? ~BARRIER_ARM64 : ~BARRIER_AMD64;
	case HMS_CALLEE_DUFF:
		return arm ? ~(UINT64_C(0xc330000) | UINT64_C(1) << HMS_REG_LR)
			   : ~(UINT64_C(1) << HMS_REG_RDI | UINT64_C(1) << HMS_REG_RSI);
	default: break;
	}
	return UINT64_C(1) << flow->sp |
	       (arm ? UINT64_C(3) << 28 : UINT64_C(1) << 14 | UINT64_C(1) << HMS_REG_RBP);
}

static void call(struct hms_flow *flow, struct hms_flow_state *state, uint32_t i)
{
	const struct hms_insn *insn = &flow->code->insns[i];
	enum hms_callee kind = HMS_CALLEE_ORDINARY;
	struct hms_val sp = state->regs[flow->sp];
	int64_t args = SPILL_BYTES;
	struct hms_func callee = {.args = -1};

	if (insn->has_target && hms_pclntab_find(flow->tab, insn->target, &callee)) {
		kind = hms_callee_of(callee.name);
		if (kind != HMS_CALLEE_ORDINARY)
			args = -8;
		else if (callee.args >= 0)
			args = callee.args;
	}
	clobber(state, i, ~kept_over(flow, kind));
	/* arm64 keeps a word below the arguments. */
	args += flow->arch == HMS_ARCH_ARM64 ? 8 : 0;
	/* Nothing that is called writes beyond the frame, where this function's own arguments are.
	 */
	if (!is_stack(flow, sp) || sp.off >= 0)
		return;
	forget(state, sp.off, HMS_MIN(sp.off + args, INT64_C(0)));
	if (kind == HMS_CALLEE_ORDINARY && callee.args >= 8 && callee.args % 8 == 0 &&
	    sp.off + args <= 0)
		remember(state, sp.off + args - 8, hms_flow_result(flow, i, false));
}

/* ---- one instruction ----------------------------------------------------------------------- */

/* arm64: "str x30, [sp, #-16]!", "ldr x30, [sp], #16". */
static bool write_back(const struct hms_insn *insn, uint8_t *reg_ret, int64_t *by_ret)
{
	for (size_t i = 0; i < insn->noperands; i++) {
		const struct hms_operand *op = &insn->operands[i];

		if (op->kind != HMS_OPERAND_MEM || op->base == HMS_REG_NONE ||
		    !(insn->writes >> op->base & 1))
			continue;
		*reg_ret = op->base;
		*by_ret = i + 1 < insn->noperands ? insn->operands[i + 1].imm : op->disp;
		return true;
	}
	return false;
}

static void step_stack(struct hms_flow *flow, struct hms_flow_state *state,
		       const struct hms_insn *insn, struct hms_val old_sp)
{
	uint8_t reg;
	int64_t by;

	if (insn->op == HMS_INSN_PUSH)
		state->regs[flow->sp] = add(old_sp, -8);
	else if (insn->op == HMS_INSN_POP)
		state->regs[flow->sp] = add(old_sp, 8);
	else if (flow->arch == HMS_ARCH_ARM64 && write_back(insn, &reg, &by) && reg == flow->sp)
		state->regs[flow->sp] = add(old_sp, by);
}

/* arm64: "stp x0, x1, [sp, #8]", "ldp x0, x1, [sp, #8]". */
static void step_pair(struct hms_flow *flow, struct hms_flow_state *state, uint32_t i)
{
	const struct hms_insn *insn = &flow->code->insns[i];
	const struct hms_operand *ops = insn->operands;
	const struct hms_operand second = hms_insn_second(insn);
	struct hms_val sp = state->regs[flow->sp], vals[2];
	bool stores = hms_insn_store(insn);

	vals[0] = operand_val(flow, state, stores ? &ops[0] : &ops[2]);
	vals[1] = operand_val(flow, state, stores ? &ops[1] : &second);
	if (stores) {
		store(flow, state, insn, &ops[2], vals[0]);
		store(flow, state, insn, &second, vals[1]);
	}
	clobber(state, i, insn->writes);
	for (size_t k = 0; k < 2 && !stores; k++)
		if (ops[k].kind == HMS_OPERAND_REG)
			set_reg(state, i, ops[k].reg, narrowed(vals[k], insn, &ops[k]));
	step_stack(flow, state, insn, sp);
}

void hms_flow_step(struct hms_flow *flow, struct hms_flow_state *state, uint32_t i)
{
	const struct hms_insn *insn = &flow->code->insns[i];
	const struct hms_operand *dest = insn->noperands ? &insn->operands[0] : NULL;
	struct hms_val old_sp = state->regs[flow->sp], val;
	const struct hms_operand *mem = hms_insn_store(insn);

	if (flow->event)
		flow->event(flow->arg, flow, i, state);
	if (insn->flow == HMS_FLOW_CALL) {
		call(flow, state, i);
		return;
	}
	if (insn->op == HMS_INSN_PAIR) {
		step_pair(flow, state, i);
		return;
	}
	val = dest ? result(flow, state, insn) : unknown;
	/* arm64 writes "str x0, [x1]": what is stored comes first. */
	if (mem)
		store(flow, state, insn, mem,
		      mem == dest ? val : operand_val(flow, state, &insn->operands[0]));
	clobber(state, i, insn->writes);
	if (dest && dest->kind == HMS_OPERAND_REG && dest->written && !mem)
		set_reg(state, i, dest->reg, narrowed(val, insn, dest));
	step_stack(flow, state, insn, old_sp);
}

/* ---- questions ----------------------------------------------------------------------------- */

struct hms_flow *hms_flow_create(const struct hms_code *code, const struct hms_pclntab *tab,
				 enum hms_arch arch, hms_flow_event *event, void *arg,
				 bool *settled_ret)
{
	struct hms_flow *flow = hms_xcalloc(1, sizeof(*flow));
	bool settled;

	flow->code = code;
	flow->tab = tab;
	flow->arch = arch;
	flow->sp = arch == HMS_ARCH_ARM64 ? HMS_REG_SP : HMS_REG_RSP;
	flow->event = event;
	flow->arg = arg;
	flow->starts = hms_xcalloc((size_t)code->nblocks + 1, sizeof(*flow->starts));
	settled = hms_flow_settle(flow);
	if (settled_ret)
		*settled_ret = settled;
	return flow;
}

void hms_flow_destroy(struct hms_flow *flow)
{
	if (!flow)
		return;
	free(flow->starts);
	free(flow->loads);
	free(flow->load_slots);
	free(flow);
}

const struct hms_code *hms_flow_code(const struct hms_flow *flow)
{
	return flow->code;
}

void hms_flow_after(struct hms_flow *flow, uint32_t insn, struct hms_flow_state *ret)
{
	hms_flow_at(flow, insn, ret);
	if (ret->reached)
		hms_flow_step(flow, ret, insn);
}

void hms_flow_at(struct hms_flow *flow, uint32_t insn, struct hms_flow_state *ret)
{
	uint32_t block = hms_code_block_of(flow->code, insn);
	uint32_t i = flow->code->blocks[block].first;

	if (flow->cursor.reached && flow->cursor_block == block && flow->cursor_at <= insn)
		i = flow->cursor_at;
	else
		flow->cursor = flow->starts[block];
	if (flow->cursor.reached)
		for (; i < insn; i++)
			hms_flow_step(flow, &flow->cursor, i);
	flow->cursor_at = insn;
	flow->cursor_block = block;
	*ret = flow->cursor;
}
