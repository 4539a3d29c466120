/* Stacks from literals: ordinary ones, every way from one stack to another, and damaged ones. */
#include "unit/unit.h"

#include <stdlib.h>

#include "goro/goroutine.h"
#include "goro/group.h"
#include "goro/unwind.h"
#include "lib/mkgoro.h"
#include "rt/pclntab.h"
#include "util/arena.h"

enum { RUNNABLE = 1, RUNNING = 2, SYSCALL = 3, WAITING = 4 };

struct fixture {
	struct mkgoro *mk;
	struct hms_pclntab *tab;
	struct hms_goros *goros;
	struct hms_unwinder *u;
	struct hms_stack stack;
	uint64_t end; /* of goroutine 0's stack */
};

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->mk = mkgoro_create();
	f->end = mkgoro_stack_end(0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_stack_deinit(&f->stack);
	hms_unwinder_destroy(f->u);
	hms_goros_close(f->goros);
	hms_pclntab_close(f->tab);
	mkgoro_destroy(f->mk);
	free(f);
	return 0;
}

static void unwind_for(struct fixture *f, enum hms_arch arch)
{
	mkgoro_open(f->mk);
	f->mk->pcln->image.core->arch = arch;
	assert_ok(hms_pclntab_open(&f->mk->pcln->rt, &f->tab));
	assert_ok(hms_goros_open(&f->mk->pcln->rt, f->mk->pcln->image.core, f->tab, &f->goros));
	assert_int_equal(f->goros->n, f->mk->ng);
	f->u = hms_unwinder_create(f->goros);
	hms_unwind(f->u, &f->goros->list[0], &f->stack);
}

static void unwind(struct fixture *f)
{
	unwind_for(f, HMS_ARCH_AMD64);
}

/* A frame as it should be: pc, line, and which stack, where it begins. */
struct expected {
	uint64_t pc;
	int32_t line;
	uint64_t sp;
	enum hms_stack_kind kind;
	bool interrupted;
};

static void assert_stack(const struct fixture *f, const struct expected *expected, size_t n,
			 enum hms_stack_end end)
{
	assert_int_equal(f->stack.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct hms_frame *frame = &f->stack.frames[i];

		assert_int_equal(frame->place->pc, expected[i].pc);
		assert_int_equal(frame->place->ncalls, 1);
		assert_int_equal(frame->place->calls[0].line, expected[i].line);
		assert_int_equal(frame->sp, expected[i].sp);
		assert_int_equal(frame->stack, expected[i].kind);
		assert_int_equal(frame->interrupted, expected[i].interrupted);
	}
	assert_int_equal(f->stack.end, end);
}

#define ASSERT_STACK(f, expected, end) assert_stack(f, expected, HMS_ARRAY_LEN(expected), end)

/* The outer part of most stacks here: main.caller, then goexit, from @sp = end - 0x40 on. */
static void outer(struct fixture *f)
{
	const uint64_t words[] = {0, 0, 0, 0, 0, AT(FN_GOEXIT, 1)};

	mkgoro_words(f->mk, f->end - 0x40, HMS_ARRAY_LEN(words), words);
}

#define OUTER(f)                                                             \
	{AT(FN_CALLER, 0x20), 11, (f)->end - 0x40, HMS_STACK_USER, false},   \
	{                                                                    \
		AT(FN_GOEXIT, 1), 21, (f)->end - 0x10, HMS_STACK_USER, false \
	}

/* gopark called by caller: return pcs 0x20, the line is that of the call before. */
static void parked(struct fixture *f, uint64_t sp)
{
	const uint64_t words[] = {0, 0, 0, 0, AT(FN_CALLER, 0x20)};

	outer(f);
	mkgoro_words(f->mk, sp, HMS_ARRAY_LEN(words), words);
}

static void test_waiting(void **state)
{
	struct fixture *f = *state;
	const struct expected expected[] = {
		{AT(FN_GOPARK, 0x20), 31, f->end - 0x68, HMS_STACK_USER, false},
		OUTER(f),
	};

	parked(f, f->end - 0x68);
	mkgoro_g(f->mk, &(struct mkgoro_g){.status = WAITING,
					   .id = 7,
					   .pc = AT(FN_GOPARK, 0x20),
					   .sp = f->end - 0x68});
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(f->stack.frames[0].cfa, f->end - 0x40);
	assert_int_equal(f->stack.frames[1].cfa, f->end - 0x10);
	assert_true(f->stack.frames[0].first);
	assert_false(f->stack.frames[1].first);
	assert_int_equal(f->stack.nregs, 0);
	assert_int_equal(hms_stack_ncalls(&f->stack), 3);
}

/* Never ran: pc at the entry, looked up as it is. */
static void test_not_started(void **state)
{
	struct fixture *f = *state;
	const uint64_t word = AT(FN_GOEXIT, 1);
	const struct expected expected[] = {
		{AT(FN_LEAF, 0), 1, f->end - 0x10, HMS_STACK_USER, false},
		{AT(FN_GOEXIT, 1), 21, f->end - 8, HMS_STACK_USER, false},
	};

	mkgoro_words(f->mk, f->end - 0x10, 1, &word);
	mkgoro_g(f->mk,
		 &(struct mkgoro_g){
			 .status = RUNNABLE, .id = 7, .pc = AT(FN_LEAF, 0), .sp = f->end - 0x10});
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(f->stack.frames[0].place->lookup_pc, AT(FN_LEAF, 0));
}

/* Whatever the status, what entersyscall saved counts, though the function writes SP. */
static void saved_in_syscall(struct fixture *f, uint32_t status)
{
	const struct expected expected[] = {
		{AT(FN_SYSCALL, 0x20), 131, f->end - 0x50, HMS_STACK_USER, false},
		OUTER(f),
	};
	const uint64_t word = AT(FN_CALLER, 0x20);

	outer(f);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	mkgoro_g(f->mk, &(struct mkgoro_g){.status = status,
					   .id = 7,
					   .pc = 0xbad,
					   .sp = f->end - 8,
					   .syscall_pc = AT(FN_SYSCALL, 0x20),
					   .syscall_sp = f->end - 0x50});
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

static void test_in_syscall(void **state)
{
	saved_in_syscall(*state, SYSCALL);
}

static void test_runnable_after_syscall(void **state)
{
	saved_in_syscall(*state, RUNNABLE);
}

/* ---- running ---------------------------------------------------------------------------- */

/* Goroutine 0 runs on thread 0, whose registers are these; rax is 0x1234. */
static void running(struct fixture *f, uint64_t pc, uint64_t sp, uint64_t sched_pc,
		    uint64_t sched_sp)
{
	uint64_t m = mkgoro_m(f->mk, 100, 0);
	uint64_t g = mkgoro_g(
		f->mk, &(struct mkgoro_g){
			       .status = RUNNING, .id = 7, .pc = sched_pc, .sp = sched_sp, .m = m});

	mkcore_put64(f->mk->pcln->core, m + 192, g);
	mkgoro_regs(f->mk, 100, pc, sp, 0x1234);
}

static const struct hms_regs *regs_of(const struct fixture *f, size_t frame)
{
	int32_t i = f->stack.frames[frame].regs;

	assert_true(i >= 0 && (size_t)i < f->stack.nregs);
	return &f->stack.regs[i];
}

/* From registers: the exact pc decides the line, and registers are known. */
static void test_running(void **state)
{
	struct fixture *f = *state;
	const struct expected expected[] = {
		{AT(FN_LEAF, 0x20), 2, f->end - 0x60, HMS_STACK_USER, true},
		OUTER(f),
	};
	const uint64_t word = AT(FN_CALLER, 0x20);

	outer(f);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	running(f, AT(FN_LEAF, 0x20), f->end - 0x60, 0, 0);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(regs_of(f, 0)->value[0], 0x1234);
	assert_int_equal(regs_of(f, 0)->value[7], f->end - 0x60);
	assert_int_equal(f->stack.frames[1].regs, -1);
	assert_int_equal(hms_thread_on(f->goros, &f->goros->threads[0]), HMS_THREAD_ON_USER);
}

/* At the first instruction: the frame is not there yet. */
static void test_running_at_entry(void **state)
{
	struct fixture *f = *state;
	const struct expected expected[] = {
		{AT(FN_LEAF, 0), 1, f->end - 0x48, HMS_STACK_USER, true},
		OUTER(f),
	};
	const uint64_t word = AT(FN_CALLER, 0x20);

	outer(f);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	running(f, AT(FN_LEAF, 0), f->end - 0x48, 0, 0);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* gsignal: sighandler, sigtramp | g0: sighandler (as any function), systemstack | the user's. */
static void test_signal_on_g0(void **state)
{
	struct fixture *f = *state;
	const uint64_t sig = MKGORO_GSIGNAL + 0x800, g0 = MKGORO_G0 + 0xf00;
	const struct expected expected[] = {
		{AT(FN_HANDLER, 0x10), 71, sig, HMS_STACK_SIGNAL, true},
		{AT(FN_SIGTRAMP, 0x30), 62, sig + 0x18, HMS_STACK_SIGNAL, false},
		{AT(FN_HANDLER, 0x20), 72, g0, HMS_STACK_G0, true},
		{AT(FN_SYSTEMSTACK, 0x20), 41, g0 + 0x18, HMS_STACK_G0, false},
		{AT(FN_SWITCH, 8), 51, f->end - 0x48, HMS_STACK_USER, false},
		OUTER(f),
	};
	const uint64_t word = AT(FN_CALLER, 0x20), tramp = AT(FN_SIGTRAMP, 0x30),
		       systemstack = AT(FN_SYSTEMSTACK, 0x20);

	outer(f);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	running(f, AT(FN_HANDLER, 0x10), sig, AT(FN_SWITCH, 8), f->end - 0x48);
	mkgoro_words(f->mk, sig + 0x10, 1, &tramp);
	mkgoro_signal_frame(f->mk, sig + 0x18 + 64, AT(FN_HANDLER, 0x20), g0, 0x77);
	mkgoro_words(f->mk, g0 + 0x10, 1, &systemstack);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(regs_of(f, 0)->value[0], 0x1234);
	assert_int_equal(regs_of(f, 2)->value[0], 0x77);
	assert_true(f->stack.frames[4].first);
	assert_int_equal(hms_thread_on(f->goros, &f->goros->threads[0]), HMS_THREAD_ON_GSIGNAL);
}

/* A signal straight from the goroutine's code, which stands at the start of a line. */
static void test_signal_on_user_stack(void **state)
{
	struct fixture *f = *state;
	const uint64_t sig = MKGORO_GSIGNAL + 0x800, word = AT(FN_CALLER, 0x20);
	const struct expected expected[] = {
		{AT(FN_SIGTRAMP, 0x30), 62, sig, HMS_STACK_SIGNAL, true},
		{AT(FN_LEAF, 0x20), 2, f->end - 0x60, HMS_STACK_USER, true},
		OUTER(f),
	};

	outer(f);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	running(f, AT(FN_SIGTRAMP, 0x30), sig, 0, 0);
	mkgoro_signal_frame(f->mk, sig + 64, AT(FN_LEAF, 0x20), f->end - 0x60, 0x99);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(regs_of(f, 1)->value[0], 0x99);
}

/* On g0 in the scheduler, about to run the goroutine: it goes on at what was saved. */
static void test_scheduler_bottom(void **state)
{
	struct fixture *f = *state;
	const uint64_t g0 = MKGORO_G0 + 0xf00, word = AT(FN_MSTART, 0x20);
	const struct expected expected[] = {
		{AT(FN_GOPARK, 0x20), 32, g0, HMS_STACK_G0, true},
		{AT(FN_MSTART, 0x20), 121, g0 + 40, HMS_STACK_G0, false},
		OUTER(f),
	};

	outer(f);
	running(f, AT(FN_GOPARK, 0x20), g0, AT(FN_CALLER, 0x20), f->end - 0x40);
	mkgoro_words(f->mk, g0 + 32, 1, &word);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(hms_thread_on(f->goros, &f->goros->threads[0]), HMS_THREAD_ON_G0);
}

/* In the vDSO: no function of Go's has the pc. */
static void test_vdso(void **state)
{
	struct fixture *f = *state;
	const struct expected expected[] = {OUTER(f)};

	outer(f);
	running(f, 0x7fff00001234, MKGORO_G0 + 0x800, 0, 0);
	mkgoro_vdso(f->mk, 0xc000080000, AT(FN_CALLER, 0x20), f->end - 0x40);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* In nanotime1, which has written SP: likewise. */
static void test_vdso_caller(void **state)
{
	struct fixture *f = *state;
	const struct expected expected[] = {OUTER(f)};

	outer(f);
	running(f, AT(FN_NANOTIME, 0x20), MKGORO_G0 + 0x800, 0, 0);
	mkgoro_vdso(f->mk, 0xc000080000, AT(FN_CALLER, 0x20), f->end - 0x40);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* Before it wrote SP it stands on the goroutine's stack, where the table is right. */
static void test_vdso_caller_before(void **state)
{
	struct fixture *f = *state;
	const uint64_t word = AT(FN_CALLER, 0x20);
	const struct expected expected[] = {
		{AT(FN_NANOTIME, 0x10), 111, f->end - 0x58, HMS_STACK_USER, true},
		OUTER(f),
	};

	outer(f);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	running(f, AT(FN_NANOTIME, 0x10), f->end - 0x58, 0, 0);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* C code on the thread's stack, called from Go without leaving the running state. */
static void test_c_code_on_g0(void **state)
{
	struct fixture *f = *state;
	const struct expected expected[] = {OUTER(f)};

	outer(f);
	running(f, 0x7f0000001234, MKGORO_G0 + 0x800, AT(FN_CALLER, 0x20), f->end - 0x40);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* A call through a nil function value: the caller's return address is on top. */
static void test_nil_call(void **state)
{
	struct fixture *f = *state;
	const uint64_t word = AT(FN_CALLER, 0x20);
	const struct expected expected[] = {OUTER(f)};

	outer(f);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	running(f, 0, f->end - 0x48, 0, 0);
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* ---- injected calls --------------------------------------------------------------------- */

/* Preempted: the interrupted pc is exact, its registers lie in asyncPreempt's frame. */
static void test_async_preempt(void **state)
{
	struct fixture *f = *state;
	const uint64_t sp = f->end - 0x100;
	const struct expected expected[] = {
		{AT(FN_PREEMPT2, 0x20), 91, sp, HMS_STACK_USER, false},
		{AT(FN_PREEMPT, 0x20), 81, sp + 24, HMS_STACK_USER, false},
		{AT(FN_LEAF, 0x20), 2, sp + 24 + 136, HMS_STACK_USER, true},
		{AT(FN_CALLER, 0x20), 11, f->end - 0x40, HMS_STACK_USER, false},
		{AT(FN_GOEXIT, 1), 21, f->end - 0x10, HMS_STACK_USER, false},
	};
	const uint64_t preempt = AT(FN_PREEMPT, 0x20), leaf = AT(FN_LEAF, 0x20),
		       word = AT(FN_CALLER, 0x20), rax = 0xa, r15 = 0xf, rbp = 0xb;

	outer(f);
	mkgoro_words(f->mk, sp + 16, 1, &preempt);
	mkgoro_words(f->mk, sp + 24, 1, &rax);
	mkgoro_words(f->mk, sp + 24 + 104, 1, &r15);
	mkgoro_words(f->mk, sp + 24 + 120, 1, &rbp);
	mkgoro_words(f->mk, sp + 24 + 128, 1, &leaf);
	assert_int_equal(sp + 24 + 136 + 32, f->end - 0x40);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	mkgoro_g(f->mk,
		 &(struct mkgoro_g){
			 .status = RUNNABLE, .id = 7, .pc = AT(FN_PREEMPT2, 0x20), .sp = sp});
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(regs_of(f, 2)->value[0], 0xa);
	assert_int_equal(regs_of(f, 2)->value[15], 0xf);
	assert_int_equal(regs_of(f, 2)->value[6], 0xb);
	assert_int_equal(regs_of(f, 2)->sp, sp + 24 + 136);
	assert_int_equal(hms_frame_lookup_pc(&f->stack.frames[2]), AT(FN_LEAF, 0x20));
}

static void test_sigpanic(void **state)
{
	struct fixture *f = *state;
	const uint64_t sp = f->end - 0x80, leaf = AT(FN_LEAF, 0x20), word = AT(FN_CALLER, 0x20);
	const struct expected expected[] = {
		{AT(FN_SIGPANIC, 0x20), 101, sp, HMS_STACK_USER, false},
		{AT(FN_LEAF, 0x20), 2, sp + 32, HMS_STACK_USER, true},
		{AT(FN_CALLER, 0x20), 11, f->end - 0x40, HMS_STACK_USER, false},
		{AT(FN_GOEXIT, 1), 21, f->end - 0x10, HMS_STACK_USER, false},
	};

	outer(f);
	mkgoro_words(f->mk, sp + 24, 1, &leaf);
	mkgoro_words(f->mk, f->end - 0x48, 1, &word);
	mkgoro_g(f->mk, &(struct mkgoro_g){
				.status = WAITING, .id = 7, .pc = AT(FN_SIGPANIC, 0x20), .sp = sp});
	unwind(f);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
	assert_int_equal(f->stack.frames[1].regs, -1);
}

/* ---- arm64 ------------------------------------------------------------------------------ */

/* Return addresses are at the bottom of frames.  A function without a frame has its own in LR,
 * which is kept above sigpanic's frame. */
static void test_arm64_sigpanic(void **state)
{
	struct fixture *f = *state;
	const uint64_t sp = f->end - 0x80, leaf = AT(FN_LEAF, 2), lr = AT(FN_CALLER, 0x20),
		       top = AT(FN_GOEXIT, 1);
	const struct expected expected[] = {
		{AT(FN_SIGPANIC, 0x20), 101, sp, HMS_STACK_USER, false},
		{leaf, 1, sp + 40, HMS_STACK_USER, true},
		{lr, 11, sp + 40, HMS_STACK_USER, false},
		{top, 21, sp + 80, HMS_STACK_USER, false},
	};

	mkgoro_words(f->mk, sp, 1, &leaf);
	mkgoro_words(f->mk, sp + 24, 1, &lr);
	mkgoro_words(f->mk, sp + 40, 1, &top);
	mkgoro_g(f->mk, &(struct mkgoro_g){
				.status = WAITING, .id = 7, .pc = AT(FN_SIGPANIC, 0x20), .sp = sp});
	unwind_for(f, HMS_ARCH_ARM64);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* One with a frame has stored its LR: what is in the register is of no use. */
static void test_arm64_preempt(void **state)
{
	struct fixture *f = *state;
	const uint64_t sp = f->end - 0x100, leaf = AT(FN_LEAF, 0x20), lr = AT(FN_MAIN, 0x20),
		       caller = AT(FN_CALLER, 0x20), top = AT(FN_GOEXIT, 1);
	const struct expected expected[] = {
		{AT(FN_PREEMPT, 0x20), 81, sp, HMS_STACK_USER, false},
		{leaf, 2, sp + 144, HMS_STACK_USER, true},
		{caller, 11, sp + 168, HMS_STACK_USER, false},
		{top, 21, sp + 208, HMS_STACK_USER, false},
	};

	mkgoro_words(f->mk, sp, 1, &leaf);
	mkgoro_words(f->mk, sp + 128, 1, &lr);
	mkgoro_words(f->mk, sp + 144, 1, &caller);
	mkgoro_words(f->mk, sp + 168, 1, &top);
	mkgoro_g(f->mk, &(struct mkgoro_g){
				.status = RUNNABLE, .id = 7, .pc = AT(FN_PREEMPT, 0x20), .sp = sp});
	unwind_for(f, HMS_ARCH_ARM64);
	ASSERT_STACK(f, expected, HMS_STACK_DONE);
}

/* A function without a frame that returns to itself: the walk ends. */
static void test_arm64_no_progress(void **state)
{
	struct fixture *f = *state;
	const uint64_t leaf = AT(FN_LEAF, 2), sp = f->end - 0x40;
	const struct expected expected[] = {
		{leaf, 1, sp, HMS_STACK_USER, false},
		{leaf, 1, sp, HMS_STACK_USER, false},
	};

	mkgoro_words(f->mk, sp, 1, &leaf);
	mkgoro_g(f->mk, &(struct mkgoro_g){.status = RUNNABLE, .id = 7, .pc = leaf, .sp = sp});
	unwind_for(f, HMS_ARCH_ARM64);
	ASSERT_STACK(f, expected, HMS_STACK_NO_PROGRESS);
}

/* ---- damage ----------------------------------------------------------------------------- */

static void waits_at(struct fixture *f, uint64_t pc, uint64_t sp)
{
	mkgoro_g(f->mk, &(struct mkgoro_g){.status = WAITING, .id = 7, .pc = pc, .sp = sp});
	unwind(f);
}

static void test_bad_return_address(void **state)
{
	struct fixture *f = *state;
	const uint64_t word = 0xdeadbeef;

	mkgoro_words(f->mk, f->end - 0x68 + 32, 1, &word);
	waits_at(f, AT(FN_GOPARK, 0x20), f->end - 0x68);
	assert_int_equal(f->stack.n, 1);
	assert_int_equal(f->stack.end, HMS_STACK_UNKNOWN_PC);
	assert_int_equal(f->stack.end_addr, 0xdeadbeef);
}

static void test_runs_off_the_stack(void **state)
{
	struct fixture *f = *state;
	const uint64_t words[] = {0, 0, 0, 0, AT(FN_CALLER, 0x20)};

	/* caller's frame would end beyond the stack. */
	mkgoro_words(f->mk, f->end - 40, HMS_ARRAY_LEN(words), words);
	waits_at(f, AT(FN_GOPARK, 0x20), f->end - 40);
	assert_int_equal(f->stack.n, 1);
	assert_int_equal(f->stack.end, HMS_STACK_OFF_STACK);
}

static void test_sp_elsewhere(void **state)
{
	struct fixture *f = *state;

	waits_at(f, AT(FN_GOPARK, 0x20), 0x1000);
	assert_int_equal(f->stack.n, 0);
	assert_int_equal(f->stack.end, HMS_STACK_OFF_STACK);
	assert_int_equal(f->stack.end_addr, 0x1000);
}

static void test_sp_wraps(void **state)
{
	struct fixture *f = *state;
	uint64_t g = mkgoro_g(f->mk, &(struct mkgoro_g){.status = WAITING,
							.id = 7,
							.pc = AT(FN_GOPARK, 0x20),
							.sp = UINT64_MAX - 7});

	/* The stack is said to reach to the end of memory. */
	mkcore_put64(f->mk->pcln->core, g + 8, UINT64_MAX);
	unwind(f);
	assert_int_equal(f->stack.n, 0);
	assert_int_equal(f->stack.end, HMS_STACK_OFF_STACK);
}

static void test_stack_absent(void **state)
{
	struct fixture *f = *state;

	mkgoro_g(f->mk, &(struct mkgoro_g){.status = WAITING,
					   .id = 7,
					   .pc = AT(FN_GOPARK, 0x20),
					   .sp = f->end - 0x68});
	parked(f, f->end - 0x68);
	mkcore_absent(f->mk->pcln->core, f->end - 0x18, 0x18);
	unwind(f);
	assert_int_equal(f->stack.n, 2);
	assert_int_equal(f->stack.end, HMS_STACK_NOT_SAVED);
	assert_int_equal(f->stack.end_addr, f->end - 0x18);
	assert_false(hms_stack_end_complete(f->stack.end));
}

static void test_no_frame_size(void **state)
{
	struct fixture *f = *state;

	waits_at(f, AT(FN_NOSIZE, 0x20), f->end - 0x40);
	assert_int_equal(f->stack.end, HMS_STACK_NO_FRAME_SIZE);
}

static void test_negative_frame(void **state)
{
	struct fixture *f = *state;

	waits_at(f, AT(FN_NEGATIVE, 0x20), f->end - 0x40);
	assert_int_equal(f->stack.end, HMS_STACK_NO_PROGRESS);
}

/* gogo has a new stack's SP before it has its pc: nobody knows. */
static void test_gogo(void **state)
{
	struct fixture *f = *state;

	outer(f);
	running(f, AT(FN_GOGO, 0x20), f->end - 0x48, 0, 0);
	unwind(f);
	assert_int_equal(f->stack.n, 1);
	assert_int_equal(f->stack.end, HMS_STACK_SWITCHES_STACK);
}

/* A signal frame that says that the handler itself was interrupted, for ever. */
static void test_signal_cycle(void **state)
{
	struct fixture *f = *state;
	const uint64_t sig = MKGORO_GSIGNAL + 0x800;

	running(f, AT(FN_SIGTRAMP, 0x30), sig, 0, 0);
	mkgoro_signal_frame(f->mk, sig + 64, AT(FN_SIGTRAMP, 0x30), sig, 0);
	unwind(f);
	assert_int_equal(f->stack.end, HMS_STACK_TOO_DEEP);
	assert_int_equal(f->stack.n, HMS_MAX_STACK_SWITCHES);
}

static void test_signal_frame_absent(void **state)
{
	struct fixture *f = *state;
	const uint64_t sig = MKGORO_GSIGNAL + 0x800;

	running(f, AT(FN_SIGTRAMP, 0x30), sig, 0, 0);
	mkcore_absent(f->mk->pcln->core, sig + 64, MKGORO_STACK_SIZE - 0x800 - 64);
	unwind(f);
	assert_int_equal(f->stack.n, 1);
	assert_int_equal(f->stack.end, HMS_STACK_SIGNAL_FRAME);
}

/* A running goroutine whose thread the core lacks. */
static void test_no_thread(void **state)
{
	struct fixture *f = *state;

	mkgoro_g(f->mk, &(struct mkgoro_g){.status = RUNNING, .id = 7, .pc = AT(FN_LEAF, 0x20)});
	unwind(f);
	assert_int_equal(f->stack.n, 0);
	assert_int_equal(f->stack.end, HMS_STACK_NO_THREAD);
}

/* More frames than are kept: the outermost are there, in order, and the gap is counted. */
static void test_too_many_frames(void **state)
{
	enum { OVER = 5000 };
	const uint64_t n = HMS_MAX_FRAMES + OVER, size = 8 * (n + 1);
	const uint64_t lo = 0xc100000000;
	struct fixture *f = *state;
	uint64_t g = mkgoro_g(
		f->mk,
		&(struct mkgoro_g){.status = WAITING, .id = 7, .pc = AT(FN_SWITCH, 8), .sp = lo});
	uint64_t *words = hms_xcalloc(n + 1, 8);

	mkcore_map(f->mk->pcln->core, lo, size);
	mkcore_put64(f->mk->pcln->core, g, lo);
	mkcore_put64(f->mk->pcln->core, g + 8, lo + size);
	/* n frames of systemstack_switch, 8 bytes each, at ever other pcs; then goexit. */
	for (uint64_t i = 0; i < n; i++)
		words[i] = i + 1 < n ? AT(FN_SWITCH, 8 + i % 8) : AT(FN_GOEXIT, 1);
	mkcore_put(f->mk->pcln->core, lo, words, 8 * n);
	free(words);
	unwind(f);
	assert_int_equal(f->stack.end, HMS_STACK_DONE);
	assert_int_equal(f->stack.n, HMS_MAX_FRAMES);
	assert_int_equal(f->stack.left_out, OVER + 1);
	assert_int_equal(f->stack.left_out_at, HMS_MAX_FRAMES - HMS_FRAMES_OUTER);
	for (size_t i = 0; i < f->stack.n; i++) {
		uint64_t skipped = i < f->stack.left_out_at ? 0 : f->stack.left_out;

		assert_int_equal(f->stack.frames[i].sp, lo + 8 * (i + skipped));
	}
	assert_int_equal(f->stack.frames[f->stack.n - 1].place->pc, AT(FN_GOEXIT, 1));
}

/* ---- stack maps ------------------------------------------------------------------------- */

/* main.mapped: 48 bytes of frame; four words of locals below the saved frame pointer, arguments
 * two words; map 0 in its first half, map 1 behind. */
static void mapped(struct fixture *f)
{
	static const struct mkpcln_step sp[] = {{4, 0}, {0x40, 48}, {0}};
	static const struct mkpcln_step map[] = {{0x10, -1}, {0x40, 1}, {0}};
	static const uint8_t locals[] = {0x05, 0x0a}, args[] = {0x01, 0x02};

	mkpcln_stack_map(f->mk->pcln, MKPCLN_GOFUNC + 0x10, 2, 4, locals);
	mkpcln_stack_map(f->mk->pcln, MKPCLN_GOFUNC + 0x20, 2, 2, args);
	/* One stack object: 16 bytes from 48 below the end of the locals. */
	mkcore_put64(f->mk->pcln->core, MKPCLN_GOFUNC + 0x40, 1);
	mkcore_put32(f->mk->pcln->core, MKPCLN_GOFUNC + 0x48, (uint32_t)-32);
	mkcore_put32(f->mk->pcln->core, MKPCLN_GOFUNC + 0x4c, 8);
	mkpcln_func(f->mk->pcln, &(struct mkpcln_func){.name = "main.mapped",
						       .start = FN_END,
						       .end = FN_END + 0x40,
						       .sp = sp,
						       .stack_map = map,
						       .locals_map = MKPCLN_GOFUNC + 0x10,
						       .args_map = MKPCLN_GOFUNC + 0x20,
						       .objects = MKPCLN_GOFUNC + 0x40});
}

static enum hms_word_state slot(struct fixture *f, int64_t off)
{
	return hms_frame_word(f->u, &f->stack.frames[0], off);
}

static void test_slots(void **state)
{
	struct fixture *f = *state;
	int64_t off;
	uint64_t size;

	mapped(f);
	waits_at(f, AT(FN_END, 0x20), f->end - 0x80);
	/* Locals are words -48, -40, -32, -24 from the caller's sp; map 1 is 1010 (binary). */
	assert_int_equal(slot(f, -48), HMS_WORD_OBJECT);
	assert_int_equal(slot(f, -40), HMS_WORD_LIVE);
	assert_int_equal(slot(f, -32), HMS_WORD_DEAD);
	assert_int_equal(slot(f, -24), HMS_WORD_LIVE);
	assert_int_equal(slot(f, -56), HMS_WORD_DEAD);
	assert_int_equal(slot(f, -16), HMS_WORD_DEAD); /* the saved frame pointer */
	assert_int_equal(slot(f, 0), HMS_WORD_DEAD);
	assert_int_equal(slot(f, 8), HMS_WORD_LIVE);
	assert_int_equal(slot(f, 16), HMS_WORD_DEAD);
	assert_true(hms_frame_object(f->u, &f->stack.frames[0], -41, &off, &size));
	assert_int_equal(off, -48);
	assert_int_equal(size, 8);
	assert_false(hms_frame_object(f->u, &f->stack.frames[0], -40, &off, &size));
}

/* In the prologue the map number is -1: the first map holds. */
static void test_slots_in_prologue(void **state)
{
	struct fixture *f = *state;

	mapped(f);
	waits_at(f, AT(FN_END, 8), f->end - 0x80);
	assert_int_equal(slot(f, -32), HMS_WORD_LIVE);
	assert_int_equal(slot(f, -40), HMS_WORD_DEAD);
	assert_int_equal(slot(f, 0), HMS_WORD_LIVE);
	assert_int_equal(slot(f, 8), HMS_WORD_DEAD);
}

static void test_slots_of_interrupted(void **state)
{
	struct fixture *f = *state;

	mapped(f);
	running(f, AT(FN_END, 0x20), f->end - 0x80, 0, 0);
	unwind(f);
	assert_int_equal(slot(f, -40), HMS_WORD_UNKNOWN);
	assert_int_equal(slot(f, -48), HMS_WORD_OBJECT);
}

static void test_slots_damaged(void **state)
{
	struct fixture *f = *state;

	mapped(f);
	/* Fewer maps than the function's table counts; more bits than there are bytes. */
	mkcore_put32(f->mk->pcln->core, MKPCLN_GOFUNC + 0x10, 1);
	mkcore_put32(f->mk->pcln->core, MKPCLN_GOFUNC + 0x24, 0x7fffffff);
	mkcore_put64(f->mk->pcln->core, MKPCLN_GOFUNC + 0x40, UINT64_MAX);
	waits_at(f, AT(FN_END, 0x20), f->end - 0x80);
	assert_int_equal(slot(f, -40), HMS_WORD_UNKNOWN);
	assert_int_equal(slot(f, 8), HMS_WORD_UNKNOWN);
	assert_int_equal(slot(f, -48), HMS_WORD_UNKNOWN);
	assert_int_equal(slot(f, INT64_MIN), HMS_WORD_DEAD);
	assert_int_equal(slot(f, INT64_MAX), HMS_WORD_DEAD);
}

static void test_slots_without_map(void **state)
{
	struct fixture *f = *state;

	waits_at(f, AT(FN_LEAF, 0x20), f->end - 0x80);
	assert_int_equal(slot(f, -24), HMS_WORD_UNKNOWN);
	assert_int_equal(slot(f, 8), HMS_WORD_UNKNOWN);
}

/* ---- groups ----------------------------------------------------------------------------- */

/* A goroutine that waits in gopark, called by caller; its stack is number mk->ng. */
static void add_parked(struct fixture *f, struct mkgoro_g g, uint64_t return_pc)
{
	const uint64_t end = mkgoro_stack_end(f->mk->ng);
	const uint64_t words[] = {0, 0, 0, 0, return_pc, 0, 0, 0, 0, 0, AT(FN_GOEXIT, 1)};

	mkgoro_words(f->mk, end - 0x68, HMS_ARRAY_LEN(words), words);
	g.pc = AT(FN_GOPARK, 0x20);
	g.sp = end - 0x68;
	mkgoro_g(f->mk, &g);
}

static bool odd_ids(void *arg, const struct hms_goroutine *g, const struct hms_stack *stack)
{
	(void)arg;
	assert_true(stack->n > 0);
	return g->id % 2;
}

static bool none(void *arg, const struct hms_goroutine *g, const struct hms_stack *stack)
{
	(void)arg;
	(void)g;
	(void)stack;
	return false;
}

static void test_groups(void **state)
{
	const uint64_t here = AT(FN_CALLER, 0x20), there = AT(FN_CALLER, 0x21);
	struct hms_goro_groups groups;
	struct fixture *f = *state;

	add_parked(f, (struct mkgoro_g){.id = 1, .status = WAITING}, here);
	add_parked(f, (struct mkgoro_g){.id = 2, .status = WAITING}, there);
	add_parked(f, (struct mkgoro_g){.id = 3, .status = RUNNABLE}, here);
	add_parked(f, (struct mkgoro_g){.id = 4, .status = WAITING, .wait_reason = 1}, here);
	add_parked(f, (struct mkgoro_g){.id = 5, .status = WAITING, .parent = 9}, here);
	add_parked(f, (struct mkgoro_g){.id = 6, .status = WAITING, .go_pc = 0x99}, here);
	add_parked(f, (struct mkgoro_g){.id = 7, .status = WAITING}, 0xbad);
	unwind(f);
	hms_goro_groups_make(f->u, NULL, NULL, &groups);
	assert_int_equal(groups.n, 6);
	assert_int_equal(groups.incomplete, 1);
	assert_int_equal(groups.list[0].n, 2);
	assert_int_equal(groups.list[0].members[0]->id, 1);
	assert_int_equal(groups.list[0].members[1]->id, 5);
	/* The rest is single, by id. */
	assert_int_equal(groups.list[1].members[0]->id, 2);
	assert_int_equal(groups.list[5].members[0]->id, 7);
	assert_int_equal(groups.list[5].end, HMS_STACK_UNKNOWN_PC);
	hms_goro_groups_deinit(&groups);
	hms_goro_groups_make(f->u, odd_ids, NULL, &groups);
	assert_int_equal(groups.n, 3);
	hms_goro_groups_deinit(&groups);
	hms_goro_groups_make(f->u, none, NULL, &groups);
	assert_int_equal(groups.n, 0);
	hms_goro_groups_deinit(&groups);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_waiting),
		TEST(test_not_started),
		TEST(test_in_syscall),
		TEST(test_runnable_after_syscall),
		TEST(test_running),
		TEST(test_running_at_entry),
		TEST(test_signal_on_g0),
		TEST(test_signal_on_user_stack),
		TEST(test_scheduler_bottom),
		TEST(test_vdso),
		TEST(test_vdso_caller),
		TEST(test_vdso_caller_before),
		TEST(test_c_code_on_g0),
		TEST(test_nil_call),
		TEST(test_async_preempt),
		TEST(test_sigpanic),
		TEST(test_arm64_sigpanic),
		TEST(test_arm64_preempt),
		TEST(test_arm64_no_progress),
		TEST(test_bad_return_address),
		TEST(test_runs_off_the_stack),
		TEST(test_sp_elsewhere),
		TEST(test_sp_wraps),
		TEST(test_stack_absent),
		TEST(test_no_frame_size),
		TEST(test_negative_frame),
		TEST(test_gogo),
		TEST(test_signal_cycle),
		TEST(test_signal_frame_absent),
		TEST(test_no_thread),
		TEST(test_too_many_frames),
		TEST(test_groups),
		TEST(test_slots),
		TEST(test_slots_in_prologue),
		TEST(test_slots_of_interrupted),
		TEST(test_slots_damaged),
		TEST(test_slots_without_map),
	};

	return cmocka_run_group_tests_name("unwind", tests, NULL, NULL);
}
