#include "ops/words.h"

bool hms_op_word(const struct hms_rt *rt, const struct hms_stack *stack,
		 const struct hms_frame *frame, const struct hms_holder *holder, uint64_t *ret)
{
	/* amd64: the return address lies between the entry's stack pointer and the caller's. */
	uint64_t entry_sp = frame->cfa - (rt->exe->arch == HMS_ARCH_ARM64 ? 0 : 8);
	const struct hms_regs *regs;
	const uint8_t *p;

	switch (holder->kind) {
	case HMS_HELD_STACK:
		p = hms_mem_peek(rt->mem, entry_sp + (uint64_t)holder->off, 8);
		if (p)
			*ret = hms_le64(p);
		return p;
	case HMS_HELD_REG:
		if (frame->regs < 0)
			return false;
		regs = &stack->regs[frame->regs];
		*ret = regs->value[holder->reg];
		return regs->known >> holder->reg & 1;
	case HMS_HELD_NOWHERE: break;
	}
	return false;
}

bool hms_op_point(struct hms_mapcode *code, const struct hms_frame *frame,
		  struct hms_mapcode_point *ret)
{
	/* Lines are looked up before the pc where that is a return address. */
	bool in_call = frame->place->lookup_pc != frame->place->pc;

	return hms_mapcode_at(code, frame->place->pc, in_call && !frame->interrupted, ret);
}
