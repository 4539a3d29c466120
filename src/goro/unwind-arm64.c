/*
 * arm64.  The return address is in LR until the function stores it at the bottom of its frame.
 * Signal frame: siginfo (128 bytes), then ucontext, whose registers begin 184 bytes into it
 * (arch/arm64/include/uapi/asm/sigcontext.h).  A call that the runtime injects has 16 bytes above
 * its frame, with the interrupted code's LR (src/runtime/signal_arm64.go: preparePanic, pushCall);
 * runtime.asyncPreempt stores other registers from the second word of its frame on
 * (src/runtime/preempt_arm64.s, all releases; how large the frame is differs).
 */
#include "goro/arch.h"

#define FP              29
#define LR              30
#define SP              31
#define GENERAL         31 /* x0..x30 */
#define SIGCONTEXT_REGS (128 + 184)
#define INJECTED_SIZE   16

static uint64_t link_register(const struct hms_regs *regs)
{
	return regs->value[LR];
}

static void thread_regs(const struct hms_thread *thread, struct hms_regs *ret)
{
	for (size_t i = 0; i <= SP; i++)
		ret->value[i] = thread->regs[i];
	ret->known = UINT32_MAX;
	ret->sp = thread->regs[HMS_ARM64_SP];
	ret->pc = thread->regs[HMS_ARM64_PC];
}

static bool signal_regs(const struct hms_mem *mem, uint64_t cfa, struct hms_regs *ret)
{
	uint8_t saved[(GENERAL + 2) * 8];
	struct hms_error *err = hms_mem_read(mem, cfa + SIGCONTEXT_REGS, saved, sizeof(saved));

	if (err) {
		hms_err_free(err);
		return false;
	}
	for (size_t i = 0; i <= SP; i++)
		ret->value[i] = hms_le64(saved + 8 * i);
	ret->known = UINT32_MAX;
	ret->sp = ret->value[SP];
	ret->pc = hms_le64(saved + 8 * (SP + 1));
	return true;
}

/* x18, x27 and x28 (the goroutine) are not saved; FP is, below the frame. */
static bool preempt_regs(const struct hms_mem *mem, uint64_t sp, uint64_t cfa, struct hms_regs *ret)
{
	static const uint8_t order[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
					13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26};
	uint8_t saved[(sizeof(order) + 2) * 8];
	struct hms_error *err;

	/* Interrupted again before it made its frame? */
	if (cfa - sp < sizeof(saved))
		return false;
	err = hms_mem_read(mem, sp - 8, saved, sizeof(saved));
	if (!err)
		err = hms_mem_u64(mem, cfa, &ret->value[LR]);
	if (err) {
		hms_err_free(err);
		return false;
	}
	ret->value[FP] = hms_le64(saved);
	ret->value[SP] = cfa + INJECTED_SIZE;
	ret->sp = cfa + INJECTED_SIZE;
	ret->known = 1u << FP | 1u << LR | 1u << SP;
	for (size_t i = 0; i < sizeof(order); i++) {
		ret->value[order[i]] = hms_le64(saved + 16 + 8 * i);
		ret->known |= 1u << order[i];
	}
	return true;
}

static unsigned int locals_off(int32_t sp_delta)
{
	return sp_delta > 0 ? 8 : 0;
}

const struct hms_unwind_arch hms_unwind_arm64 = {
	.return_size = 0,
	.args_off = 8,
	.injected_size = INJECTED_SIZE,
	.link_register = link_register,
	.thread_regs = thread_regs,
	.signal_regs = signal_regs,
	.preempt_regs = preempt_regs,
	.locals_off = locals_off,
};
