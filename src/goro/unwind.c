/*
 * The stack walk.  Mirrors src/runtime/traceback.go (unwinder, resolveInternal, next) where a
 * stack is ordinary, and continues where the runtime's own traceback, which looks at itself from
 * inside, need not: over signal frames and from a thread's stack back to its goroutine's.
 */
#include "goro/unwind.h"

#include <stdlib.h>
#include <string.h>

#include "goro/arch.h"
#include "goro/place.h"
#include "util/arena.h"

/* All frames of a stack, those left out included: a stack of Go's maximum size (1 GB) has no more
 * of the usual size; it ends the walk of a hostile one in about a second. */
#define MAX_STEPS (UINT64_C(1) << 25)

struct hms_unwinder {
	const struct hms_goros *goros;
	const struct hms_unwind_arch *arch;
	struct hms_places places;
	/* Go 1.21 looks the caller of any injected call up with its exact pc; before, only
	 * sigpanic's ("runtime: new API for filling PC traceback buffers"). */
	bool exact_after_preempt;
};

/* A walk: the frame it is at, and the stack that this lies on. */
struct walk {
	struct hms_unwinder *u;
	const struct hms_goroutine *g;
	const struct hms_go_thread *thread; /* NULL: not running, or on no known thread */
	struct hms_stack *out;
	uint64_t pc, sp;
	uint64_t lr;      /* machines with a link register: the return address, 0: on the stack */
	bool interrupted; /* pc is where it was interrupted, not where a call returns to */
	bool exact;       /* lines are looked up with pc itself */
	bool first;       /* innermost of its stack */
	bool in_syscall;  /* first: what entersyscall saved */
	int32_t regs;
	enum hms_stack_kind kind;
	uint64_t lo, hi; /* of the stack: sp lies in [lo, hi) */
	bool user_seen;  /* the goroutine's own stack has been reached */
	bool vdso_used;
	unsigned int switches;
	uint64_t steps;
	/* Bytes of the stack at hand. */
	const uint8_t *window;
	uint64_t window_addr;
	size_t window_len;
};

const struct hms_unwind_arch *hms_unwinder_arch(const struct hms_unwinder *u)
{
	return u->arch;
}

const struct hms_goros *hms_unwinder_goros(const struct hms_unwinder *u)
{
	return u->goros;
}

struct hms_unwinder *hms_unwinder_create(const struct hms_goros *goros)
{
	struct hms_unwinder *u = hms_xcalloc(1, sizeof(*u));

	u->goros = goros;
	u->arch = hms_unwind_arch(goros->core->arch);
	u->exact_after_preempt = hms_layout_has(&goros->rt->layout, HMS_F_UNWINDER);
	hms_places_init(&u->places, goros->pclntab);
	return u;
}

const struct hms_mem *hms_unwinder_mem(const struct hms_unwinder *u)
{
	return u->goros->rt->mem;
}

void hms_unwinder_destroy(struct hms_unwinder *u)
{
	if (!u)
		return;
	hms_places_deinit(&u->places);
	free(u);
}

/* ---- what a walk leaves behind ---------------------------------------------------------- */

static bool end_walk(struct walk *w, enum hms_stack_end end, uint64_t addr)
{
	w->out->end = end;
	w->out->end_addr = addr;
	return false;
}

static struct hms_regs *regs_add(struct walk *w)
{
	struct hms_stack *out = w->out;

	HMS_GROW(out->regs, out->nregs, out->regs_cap);
	out->regs[out->nregs] = (struct hms_regs){0};
	return &out->regs[out->nregs++];
}

/* The outermost frames of a stack that is too deep go round in the last places. */
static void frame_add(struct walk *w, const struct hms_place *place, uint64_t cfa)
{
	struct hms_stack *out = w->out;
	struct hms_frame frame = {
		.place = place,
		.sp = w->sp,
		.cfa = cfa,
		.stack = (uint8_t)w->kind,
		.first = w->first,
		.interrupted = w->interrupted,
		.regs = w->regs,
	};

	if (out->n < HMS_MAX_FRAMES) {
		HMS_GROW(out->frames, out->n, out->cap);
		out->frames[out->n++] = frame;
		return;
	}
	out->frames[HMS_MAX_FRAMES - HMS_FRAMES_OUTER + out->left_out % HMS_FRAMES_OUTER] = frame;
	out->left_out++;
}

/* Put the outermost frames in order. */
static void frames_finish(struct hms_stack *out)
{
	size_t from = out->left_out % HMS_FRAMES_OUTER;
	struct hms_frame *outer, *copy;

	if (!out->left_out)
		return;
	out->left_out_at = HMS_MAX_FRAMES - HMS_FRAMES_OUTER;
	outer = &out->frames[out->left_out_at];
	copy = hms_xcalloc(HMS_FRAMES_OUTER, sizeof(*copy));
	memcpy(copy, outer, HMS_FRAMES_OUTER * sizeof(*copy));
	for (size_t i = 0; i < HMS_FRAMES_OUTER; i++)
		outer[i] = copy[(from + i) % HMS_FRAMES_OUTER];
	free(copy);
}

/* ---- entering a stack ------------------------------------------------------------------- */

static bool word_at(struct walk *w, uint64_t addr, uint64_t *ret)
{
	if (addr < w->window_addr || addr - w->window_addr > w->window_len ||
	    w->window_len - (addr - w->window_addr) < 8) {
		w->window_len = hms_mem_run(w->u->goros->rt->mem, addr, &w->window);
		w->window_addr = addr;
	}
	if (w->window_len - (addr - w->window_addr) < 8) {
		struct hms_error *err = hms_mem_u64(w->u->goros->rt->mem, addr, ret);

		hms_err_free(err);
		return !err;
	}
	*ret = hms_le64(w->window + (addr - w->window_addr));
	return true;
}

/* Which stack holds @sp?  The bounds of the first thread's g0 are estimates, those of a thread
 * that C made too: what lies on no other stack is g0's, with no bounds, where there is a thread. */
static bool stack_of(struct walk *w, uint64_t sp)
{
	const struct hms_go_thread *t = w->thread;

	if (sp >= w->g->stack_lo && sp < w->g->stack_hi) {
		w->kind = HMS_STACK_USER;
		w->lo = w->g->stack_lo;
		w->hi = w->g->stack_hi;
		w->user_seen = true;
		return true;
	}
	if (!t)
		return false;
	if (sp >= t->gsignal_lo && sp < t->gsignal_hi) {
		w->kind = HMS_STACK_SIGNAL;
		w->lo = t->gsignal_lo;
		w->hi = t->gsignal_hi;
		return true;
	}
	w->kind = HMS_STACK_G0;
	w->lo = 0;
	w->hi = UINT64_MAX;
	return true;
}

/* Go on at @pc with stack pointer @sp, which no call connects with what came before. */
static bool enter(struct walk *w, uint64_t pc, uint64_t sp, bool interrupted)
{
	if (w->switches++ >= HMS_MAX_STACK_SWITCHES)
		return end_walk(w, HMS_STACK_TOO_DEEP, sp);
	if (!stack_of(w, sp))
		return end_walk(w, HMS_STACK_OFF_STACK, sp);
	w->pc = pc;
	w->sp = sp;
	w->lr = 0;
	w->interrupted = interrupted;
	w->exact = interrupted;
	w->first = true;
	w->in_syscall = false;
	w->regs = -1;
	return true;
}

static bool enter_regs(struct walk *w, const struct hms_regs *regs)
{
	if (!enter(w, regs->pc, regs->sp, true))
		return false;
	w->lr = w->u->arch->link_register(regs);
	w->regs = (int32_t)(regs - w->out->regs);
	return true;
}

/* What the runtime saved when the goroutine left its stack.  While it runs this is stale, except
 * where the thread has gone over to its own stack. */
static bool enter_sched(struct walk *w)
{
	if (!w->g->sched_sp || !w->g->sched_pc)
		return end_walk(w, HMS_STACK_SWITCHES_STACK, w->pc);
	if (!enter(w, w->g->sched_pc, w->g->sched_sp, false))
		return false;
	w->lr = w->g->sched_lr;
	return true;
}

/* In a system call, a call of C code, or on the way out of one, whatever the status. */
static bool enter_saved(struct walk *w)
{
	if (!w->g->syscall_sp)
		return enter_sched(w);
	if (!enter(w, w->g->syscall_pc, w->g->syscall_sp, false))
		return false;
	w->in_syscall = true;
	return true;
}

static bool enter_vdso(struct walk *w)
{
	w->vdso_used = true;
	return enter(w, w->thread->vdso_pc, w->thread->vdso_sp, false);
}

static bool may_use_vdso(const struct walk *w)
{
	return w->first && w->thread && w->thread->vdso_sp && !w->vdso_used;
}

/* On its thread's stack, with the goroutine's own not yet seen? */
static bool may_leave_thread(const struct walk *w)
{
	return w->thread && w->kind != HMS_STACK_USER && !w->user_seen &&
	       w->thread->curg == w->g->addr;
}

static bool enter_signal(struct walk *w, uint64_t at)
{
	struct hms_regs *regs = regs_add(w);

	if (!w->u->arch->signal_regs(w->u->goros->rt->mem, at, regs))
		return end_walk(w, HMS_STACK_SIGNAL_FRAME, at);
	return enter_regs(w, regs);
}

/* ---- one frame -------------------------------------------------------------------------- */

/* A call of a nil function value: go on in the caller. */
static bool called_nil(struct walk *w)
{
	unsigned int return_size = w->u->arch->return_size;
	uint64_t caller = w->lr;

	if ((return_size && !word_at(w, w->sp, &caller)) || !caller)
		return false;
	w->sp += return_size;
	w->pc = caller;
	w->lr = 0;
	w->interrupted = w->exact = false;
	w->regs = -1;
	return true;
}

/* The pc is in no Go function: C code, the vDSO, a call through a nil function value, damage. */
static bool outside_go(struct walk *w)
{
	if (w->pc == 0 && w->first && called_nil(w))
		return true;
	if (may_use_vdso(w))
		return enter_vdso(w);
	if (may_leave_thread(w))
		return enter_saved(w);
	return end_walk(w,
			w->first && w->kind != HMS_STACK_USER ? HMS_STACK_OUTSIDE_GO
							      : HMS_STACK_UNKNOWN_PC,
			w->pc);
}

static bool frame_address(struct walk *w, const struct hms_place *place, uint64_t *ret)
{
	unsigned int return_size = w->u->arch->return_size;
	uint64_t cfa;

	if (!place->func.pcsp || !place->has_delta)
		return end_walk(w, HMS_STACK_NO_FRAME_SIZE, w->pc);
	if (place->sp_delta < 0)
		return end_walk(w, HMS_STACK_NO_PROGRESS, w->sp);
	if (__builtin_add_overflow(w->sp, (uint64_t)place->sp_delta + return_size, &cfa) ||
	    w->sp < w->lo || cfa > w->hi)
		return end_walk(w, HMS_STACK_OFF_STACK, w->sp);
	*ret = cfa;
	return true;
}

static bool return_address(struct walk *w, uint64_t cfa, uint64_t *ret)
{
	uint64_t at;

	/* Without a return address on the stack only a first frame can be empty, and what was
	 * interrupted before it stored one. */
	if (cfa == w->sp && !w->first && !w->lr)
		return end_walk(w, HMS_STACK_NO_PROGRESS, w->sp);

	if (w->u->arch->return_size) {
		at = cfa - w->u->arch->return_size;
	} else {
		if (w->lr && !(w->first && w->sp < cfa)) {
			*ret = w->lr;
			return true;
		}
		at = w->sp;
	}
	if (word_at(w, at, ret))
		return true;
	return end_walk(w, HMS_STACK_NOT_SAVED, at);
}

static bool leaves_stack(enum hms_func_kind kind)
{
	return kind == HMS_FUNC_SYSTEMSTACK || kind == HMS_FUNC_MCALL || kind == HMS_FUNC_MORESTACK;
}

/* A function that writes SP to leave the goroutine's stack, interrupted while still, or again, on
 * it: SP is what the function's table says. */
static bool has_not_left(const struct walk *w, enum hms_func_kind kind)
{
	return w->first && w->interrupted && w->kind == HMS_STACK_USER &&
	       (leaves_stack(kind) || kind == HMS_FUNC_VDSO || kind == HMS_FUNC_ASMCGOCALL);
}

/* cgocallback writes SP, but keeps both stacks fit for a walk; what entersyscall saved is from
 * before the system call's function wrote it. */
static bool loses_sp(const struct walk *w, const struct hms_place *place)
{
	return place->func.flags & HMS_FUNC_WRITES_SP && place->kind != HMS_FUNC_CGOCALLBACK &&
	       !w->in_syscall && !has_not_left(w, place->kind);
}

static bool is_injected(enum hms_func_kind kind)
{
	return kind == HMS_FUNC_SIGPANIC || kind == HMS_FUNC_ASYNC_PREEMPT ||
	       kind == HMS_FUNC_DEBUG_CALL;
}

/* Machines with a link register: below what it interrupts, an injected call finds the register as
 * it was, which a function without a frame has its return address in. */
static void take_saved_lr(struct walk *w)
{
	unsigned int saved = w->u->arch->injected_size;
	const struct hms_place *place;
	uint64_t lr;

	if (!saved || !word_at(w, w->sp, &lr))
		return;
	w->sp += saved;
	place = hms_place(&w->u->places, w->pc, w->exact);
	if (!place)
		w->pc = lr;
	else if (place->has_delta && !place->sp_delta)
		w->lr = lr;
}

static bool go_to_caller(struct walk *w, const struct hms_place *place, uint64_t cfa)
{
	bool injected = is_injected(place->kind);
	uint64_t caller;

	if (!return_address(w, cfa, &caller))
		return false;
	w->regs = -1;
	if (place->kind == HMS_FUNC_ASYNC_PREEMPT) {
		struct hms_regs *regs = regs_add(w);

		if (w->u->arch->preempt_regs(w->u->goros->rt->mem, w->sp, cfa, regs)) {
			regs->pc = caller;
			w->regs = (int32_t)(regs - w->out->regs);
		} else {
			w->out->nregs--;
		}
	}
	w->pc = caller;
	w->sp = cfa;
	w->lr = 0;
	w->first = false;
	w->in_syscall = false;
	w->interrupted = injected;
	w->exact = place->kind == HMS_FUNC_SIGPANIC || (injected && w->u->exact_after_preempt);
	if (injected)
		take_saved_lr(w);
	return true;
}

/* A frame, and on to the next: false at the end. */
static bool step(struct walk *w)
{
	const struct hms_place *place = hms_place(&w->u->places, w->pc, w->exact);
	uint64_t cfa;

	if (w->steps++ >= MAX_STEPS)
		return end_walk(w, HMS_STACK_TOO_DEEP, w->sp);
	if (!place)
		return outside_go(w);
	if (place->kind == HMS_FUNC_VDSO && w->interrupted && may_use_vdso(w))
		return enter_vdso(w);
	if (!frame_address(w, place, &cfa))
		return false;
	frame_add(w, place, cfa);
	if (place->kind == HMS_FUNC_SIGTRAMP)
		return enter_signal(w, cfa);
	if (place->kind == HMS_FUNC_SIGRETURN)
		return enter_signal(w, w->sp);
	if (may_leave_thread(w)) {
		if (leaves_stack(place->kind))
			return enter_sched(w);
		if (place->kind == HMS_FUNC_ASMCGOCALL ||
		    hms_func_is_top(&place->func, place->kind))
			return enter_saved(w);
	}
	if (hms_func_is_top(&place->func, place->kind))
		return end_walk(w, HMS_STACK_DONE, 0);
	if (loses_sp(w, place))
		return end_walk(w, HMS_STACK_SWITCHES_STACK, w->pc);
	return go_to_caller(w, place, cfa);
}

/* ---- where to begin --------------------------------------------------------------------- */

static bool begin_thread(struct walk *w)
{
	struct hms_regs *regs = regs_add(w);

	w->u->arch->thread_regs(w->thread->os, regs);
	return enter_regs(w, regs);
}

static bool begin(struct walk *w)
{
	const struct hms_goros *goros = w->u->goros;
	const struct hms_goroutine *g = w->g;
	const struct hms_go_thread *thread = g->thread >= 0 ? &goros->threads[g->thread] : NULL;

	if (g->status == HMS_G_DEAD || g->status == HMS_G_IDLE || g->status == HMS_G_DEADEXTRA)
		return end_walk(w, HMS_STACK_NOTHING, 0);
	if (g->status != HMS_G_RUNNING)
		return enter_saved(w);
	if (thread && thread->os && thread->curg == g->addr) {
		w->thread = thread;
		return begin_thread(w);
	}
	if (g->syscall_sp)
		return enter_saved(w);
	return end_walk(w, HMS_STACK_NO_THREAD, 0);
}

void hms_unwind(struct hms_unwinder *u, const struct hms_goroutine *g, struct hms_stack *ret)
{
	struct walk w = {.u = u, .g = g, .out = ret, .regs = -1};

	ret->n = 0;
	ret->nregs = 0;
	ret->left_out = 0;
	ret->left_out_at = 0;
	ret->end = HMS_STACK_DONE;
	ret->end_addr = 0;
	if (!begin(&w))
		return;
	while (step(&w))
		;
	frames_finish(ret);
}
