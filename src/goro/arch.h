/* What a stack walk needs to know of a machine: one const struct each. */
#ifndef HMS_GORO_ARCH_H
#define HMS_GORO_ARCH_H

#include "core/corefile.h"
#include "core/mem.h"
#include "goro/unwind.h"

struct hms_unwind_arch {
	/* The call instruction pushes the return address (amd64): 8; or leaves it in a link
	 * register (arm64): 0. */
	unsigned int return_size;
	/* From the caller's sp to the arguments (sys.MinFrameSize). */
	unsigned int args_off;
	/* Bytes that a call which the runtime injects into interrupted code (sigpanic,
	 * asyncPreempt) keeps between its frame and that code's: the link register is stored at
	 * their bottom.  0: the call pushes a return address as any does. */
	unsigned int injected_size;
	/* The link register among @regs; 0 where a machine has none. */
	uint64_t (*link_register)(const struct hms_regs *regs);
	/* Registers of a thread. */
	void (*thread_regs)(const struct hms_thread *thread, struct hms_regs *ret);
	/* Registers that the kernel saved in the signal frame above runtime.sigtramp, whose
	 * caller's sp is @cfa; false where they are not in the core. */
	bool (*signal_regs)(const struct hms_mem *mem, uint64_t cfa, struct hms_regs *ret);
	/* Registers that runtime.asyncPreempt saved in its frame at @sp; the caller's pc and sp
	 * are known otherwise. */
	bool (*preempt_regs)(const struct hms_mem *mem, uint64_t sp, uint64_t cfa,
			     struct hms_regs *ret);
	/* Bytes from the caller's sp down to the end of the locals' region: the return address, and
	 * the saved frame pointer where there is a frame (stkframe.varp). */
	unsigned int (*locals_off)(int32_t sp_delta);
};

extern const struct hms_unwind_arch hms_unwind_amd64;
extern const struct hms_unwind_arch hms_unwind_arm64;

const struct hms_unwind_arch *hms_unwind_arch(enum hms_arch arch);

/* Innards of a stack map query need the machine too. */
const struct hms_unwind_arch *hms_unwinder_arch(const struct hms_unwinder *u);
const struct hms_goros *hms_unwinder_goros(const struct hms_unwinder *u);

#endif
