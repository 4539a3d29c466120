/*
 * arm64.  The return address is in LR until the function stores it at the bottom of its frame.
 * Signal frame: siginfo (128 bytes), then ucontext, whose registers begin 184 bytes into it
 * (arch/arm64/include/uapi/asm/sigcontext.h).  Written from the kernel's and the runtime's source;
 * no arm64 core was at hand to try it on.
 */
#include "goro/arch.h"

#define SP              31
#define GENERAL         31 /* x0..x30 */
#define SIGCONTEXT_REGS (128 + 184)

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

/* Its frame differs between releases: nothing is taken from it. */
static bool preempt_regs(const struct hms_mem *mem, uint64_t sp, uint64_t cfa, struct hms_regs *ret)
{
	(void)mem;
	(void)sp;
	(void)cfa;
	(void)ret;
	return false;
}

static unsigned int locals_off(int32_t sp_delta)
{
	return sp_delta > 0 ? 8 : 0;
}

const struct hms_unwind_arch hms_unwind_arm64 = {
	.return_size = 0,
	.args_off = 8,
	.thread_regs = thread_regs,
	.signal_regs = signal_regs,
	.preempt_regs = preempt_regs,
	.locals_off = locals_off,
};
