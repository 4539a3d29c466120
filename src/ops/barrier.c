#include "ops/barrier.h"

#include <string.h>

#include "disas/flow.h"

/* From Go 1.21 on the barriers are entries to one function, which has no package. */
static bool is_barrier(const char *name)
{
	return name && (!strcmp(name, "gcWriteBarrier") || hms_callee_of(name) == HMS_CALLEE_KEEPS);
}

/* The instruction that the barrier stands before, or the call that it is in. */
static bool stands_at(const struct hms_code *code, const struct hms_frame *frame, bool in_call,
		      uint32_t *ret)
{
	if (!hms_code_find(code, frame->place->pc, ret))
		return false;
	if (!in_call)
		return true;
	return (*ret)-- > 0 && code->insns[*ret].flow == HMS_FLOW_CALL;
}

/* Words at the bottom of a frame that its callee may use as it likes. */
static int64_t callee_words(const struct hms_pclntab *tab, const struct hms_insn *call)
{
	struct hms_func callee;

	if (!call->has_target || !hms_pclntab_find(tab, call->target, &callee) || callee.args < 0)
		return INT64_MAX;
	return callee.args;
}

/* The barrier's code, and what it holds at each instruction. */
struct barrier {
	const struct hms_rt *rt;
	const struct hms_regs *regs; /* its own; NULL: not known */
	uint64_t entry_sp;
	uint64_t saved_from; /* what it saved below that address is not to be trusted */
	struct hms_flow_state state;
};

/* What register @reg was when it was called. */
static bool at_entry(const struct barrier *b, uint8_t reg, uint64_t *ret)
{
	const struct hms_val wanted = {.base = HMS_BASE_ENTRY(reg)};

	if (b->regs && b->regs->known >> reg & 1 && hms_val_equal(b->state.regs[reg], wanted)) {
		*ret = b->regs->value[reg];
		return true;
	}
	for (uint32_t i = 0; i < b->state.nslots; i++) {
		uint64_t addr = b->entry_sp + (uint64_t)b->state.slots[i].off;
		const uint8_t *p = hms_mem_peek(b->rt->mem, addr, 8);

		if (!p || addr < b->saved_from || !hms_val_equal(b->state.slots[i].val, wanted))
			continue;
		*ret = hms_le64(p);
		return true;
	}
	return false;
}

static uint32_t all_at_entry(const struct barrier *b, uint8_t sp, uint64_t *regs_ret)
{
	uint32_t known = 0;

	for (uint8_t reg = 0; reg < HMS_DWARF_NREGS; reg++)
		if (reg != sp && at_entry(b, reg, &regs_ret[reg]))
			known |= 1u << reg;
	return known;
}

uint32_t hms_barrier_registers(const struct hms_rt *rt, const struct hms_pclntab *tab,
			       const struct hms_stack *stack, size_t i,
			       uint64_t regs_ret[HMS_DWARF_NREGS])
{
	HMS_AUTO(hms_disas) struct hms_disas *disas = NULL;
	HMS_AUTO(hms_code) struct hms_code *code = NULL;
	HMS_AUTO(hms_flow) struct hms_flow *flow = NULL;
	const struct hms_frame *frame = i > 0 ? &stack->frames[i - 1] : NULL;
	bool arm = rt->exe->arch == HMS_ARCH_ARM64, in_call, settled = false;
	struct barrier b = {.rt = rt};
	uint32_t insn;

	if (!frame || !is_barrier(frame->place->func.name))
		return 0;
	in_call = frame->place->lookup_pc != frame->place->pc && !frame->interrupted;
	hms_err_free(hms_disas_create(rt->exe->arch, &disas));
	if (disas)
		hms_err_free(hms_code_read(disas, rt->mem, tab, &frame->place->func, &code));
	if (!code || !stands_at(code, frame, in_call, &insn))
		return 0;
	flow = hms_flow_create(code, tab, rt->exe->arch, NULL, NULL, &settled);
	hms_flow_at(flow, insn, &b.state);
	if (!settled || !b.state.reached)
		return 0;
	b.entry_sp = frame->cfa - (arm ? 0 : 8);
	if (in_call)
		b.saved_from = frame->sp + (uint64_t)callee_words(tab, &code->insns[insn]);
	else if (frame->regs >= 0)
		b.regs = &stack->regs[frame->regs];
	return all_at_entry(&b, arm ? HMS_REG_SP : HMS_REG_RSP, regs_ret);
}
