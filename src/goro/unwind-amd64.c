/*
 * amd64.  The call instruction pushes the return address; a frame that is not empty has the
 * caller's RBP below it.
 *
 * Signal frame: the kernel puts the address of the restorer (runtime.sigreturn) where a return
 * address would be, and a struct ucontext right above; general registers begin 40 bytes into it
 * (arch/x86/include/uapi/asm/sigcontext.h).  runtime.asyncPreempt stores its registers from the
 * bottom of its frame (src/runtime/preempt_amd64.s, all releases).
 */
#include "goro/arch.h"

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15, NREGS };

#define ALL_REGS ((1u << NREGS) - 1)

static uint64_t link_register(const struct hms_regs *regs)
{
	(void)regs;
	return 0;
}

static void thread_regs(const struct hms_thread *thread, struct hms_regs *ret)
{
	static const uint8_t kernel[NREGS] = {
		[RAX] = HMS_AMD64_RAX, [RDX] = HMS_AMD64_RDX, [RCX] = HMS_AMD64_RCX,
		[RBX] = HMS_AMD64_RBX, [RSI] = HMS_AMD64_RSI, [RDI] = HMS_AMD64_RDI,
		[RBP] = HMS_AMD64_RBP, [RSP] = HMS_AMD64_RSP, [R8] = HMS_AMD64_R8,
		[R9] = HMS_AMD64_R9,   [R10] = HMS_AMD64_R10, [R11] = HMS_AMD64_R11,
		[R12] = HMS_AMD64_R12, [R13] = HMS_AMD64_R13, [R14] = HMS_AMD64_R14,
		[R15] = HMS_AMD64_R15,
	};

	for (size_t i = 0; i < NREGS; i++)
		ret->value[i] = thread->regs[kernel[i]];
	ret->known = ALL_REGS;
	ret->pc = thread->regs[HMS_AMD64_RIP];
	ret->sp = thread->regs[HMS_AMD64_RSP];
}

static bool signal_regs(const struct hms_mem *mem, uint64_t cfa, struct hms_regs *ret)
{
	/* As struct sigcontext orders them; RIP follows. */
	static const uint8_t order[] = {R8,  R9,  R10, R11, R12, R13, R14, R15,
					RDI, RSI, RBP, RBX, RDX, RAX, RCX, RSP};
	uint8_t saved[17 * 8];
	struct hms_error *err = hms_mem_read(mem, cfa + 40, saved, sizeof(saved));

	if (err) {
		hms_err_free(err);
		return false;
	}
	for (size_t i = 0; i < sizeof(order); i++)
		ret->value[order[i]] = hms_le64(saved + 8 * i);
	ret->known = ALL_REGS;
	ret->pc = hms_le64(saved + 8 * 16);
	ret->sp = ret->value[RSP];
	return true;
}

static bool preempt_regs(const struct hms_mem *mem, uint64_t sp, uint64_t cfa, struct hms_regs *ret)
{
	static const uint8_t order[] = {RAX, RCX, RDX, RBX, RSI, RDI, R8,
					R9,  R10, R11, R12, R13, R14, R15};
	uint8_t saved[sizeof(order) * 8];
	struct hms_error *err = hms_mem_read(mem, sp, saved, sizeof(saved));

	/* It pushed RBP first, right below the return address. */
	if (!err)
		err = hms_mem_u64(mem, cfa - 16, &ret->value[RBP]);
	if (err) {
		hms_err_free(err);
		return false;
	}
	for (size_t i = 0; i < sizeof(order); i++)
		ret->value[order[i]] = hms_le64(saved + 8 * i);
	ret->value[RSP] = cfa;
	ret->sp = cfa;
	ret->known = ALL_REGS;
	return true;
}

static unsigned int locals_off(int32_t sp_delta)
{
	return sp_delta > 0 ? 16 : 8;
}

const struct hms_unwind_arch hms_unwind_amd64 = {
	.return_size = 8,
	.args_off = 0,
	.injected_size = 0,
	.link_register = link_register,
	.thread_regs = thread_regs,
	.signal_regs = signal_regs,
	.preempt_regs = preempt_regs,
	.locals_off = locals_off,
};
