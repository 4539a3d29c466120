/* Stacks once they are there, and where threads stand. */
#include "goro/unwind.h"

#include <stdlib.h>

#include "goro/arch.h"

const char *hms_stack_end_text(enum hms_stack_end end)
{
	switch (end) {
#define X(name, complete, text) \
	case HMS_STACK_##name: return text;
		HMS_STACK_ENDS(X)
#undef X
	}
	return "";
}

bool hms_stack_end_complete(enum hms_stack_end end)
{
	return end == HMS_STACK_DONE || end == HMS_STACK_NOTHING;
}

void hms_stack_deinit(struct hms_stack *stack)
{
	free(stack->frames);
	free(stack->regs);
	*stack = (struct hms_stack){0};
}

size_t hms_stack_ncalls(const struct hms_stack *stack)
{
	size_t n = 0;

	for (size_t i = 0; i < stack->n; i++)
		n += stack->frames[i].place->ncalls;
	return n;
}

const struct hms_unwind_arch *hms_unwind_arch(enum hms_arch arch)
{
	return arch == HMS_ARCH_ARM64 ? &hms_unwind_arm64 : &hms_unwind_amd64;
}

enum hms_thread_on hms_thread_on(const struct hms_goros *goros, const struct hms_go_thread *thread)
{
	struct hms_regs regs = {0};
	const struct hms_goroutine *g;

	if (!thread->os)
		return HMS_THREAD_UNKNOWN;
	hms_unwind_arch(goros->core->arch)->thread_regs(thread->os, &regs);
	if (regs.sp >= thread->gsignal_lo && regs.sp < thread->gsignal_hi)
		return HMS_THREAD_ON_GSIGNAL;
	g = hms_goro_of_stack(goros, regs.sp);
	if (g && g->addr == thread->curg)
		return HMS_THREAD_ON_USER;
	return regs.sp >= thread->g0_lo && regs.sp < thread->g0_hi ? HMS_THREAD_ON_G0
								   : HMS_THREAD_UNKNOWN;
}
