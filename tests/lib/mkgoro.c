#include "lib/mkgoro.h"

#include <stdlib.h>

#include "core/corefile.h"
#include "util/arena.h"

#define ALLGS      (MKPCLN_DATA + 0x000)
#define ALLM       (MKPCLN_DATA + 0x020)
#define ALLP       (MKPCLN_DATA + 0x030)
#define SCHED      (MKPCLN_DATA + 0x050)
#define FING       (MKPCLN_DATA + 0x080)
#define REASONS    (MKPCLN_DATA + 0x100)
#define REASON_TXT (MKPCLN_DATA + 0x180)
#define LIST       (MKPCLN_DATA + 0x400)
#define GS         0xc000000000 /* 512 bytes a g */
#define MS         0xc000080000 /* 1 KB an m, then its g0 and gsignal */

#define EVERY 0x10000

static const struct hms_type *plain(struct mkgoro *mk, uint64_t size)
{
	return mkgraph_uint(mk->pcln->graph, size);
}

static void add_g_type(struct mkgoro *mk)
{
	struct hms_graph *graph = mk->pcln->graph;
	const struct hms_type *u64 = plain(mk, 8), *u32 = plain(mk, 4), *u8 = plain(mk, 1);
	const struct mkgraph_member stack[] = {{"lo", 0, u64}, {"hi", 8, u64}, {0}};
	const struct mkgraph_member gobuf[] = {
		{"sp", 0, u64}, {"pc", 8, u64}, {"lr", 40, u64}, {"bp", 48, u64}, {0}};
	const struct mkgraph_member g[] = {
		{"stack", 0, mkgraph_struct(graph, "runtime.stack", 16, stack)},
		{"m", 48, u64},
		{"sched", 56, mkgraph_struct(graph, "runtime.gobuf", 56, gobuf)},
		{"syscallsp", 112, u64},
		{"syscallpc", 120, u64},
		{"atomicstatus", 144, u32},
		{"goid", 152, u64},
		{"waitsince", 168, u64},
		{"waitreason", 176, u8},
		{"lockedm", 208, u64},
		{"parentGoid", 272, u64},
		{"gopc", 280, u64},
		{"startpc", 296, u64},
		{0},
	};

	mkgraph_struct(graph, "runtime.g", 408, g);
}

static void add_types(struct mkgoro *mk)
{
	static const struct mkpcln_member m[] = {
		{"g0", 0, 8},
		{"procid", 72, 8},
		{"gsignal", 80, 8},
		{"curg", 192, 8},
		{"id", 232, 8},
		{"throwing", 244, 4},
		{"dying", 268, 4},
		{"alllink", 336, 8},
		{"vdsoSP", 808, 8},
		{"vdsoPC", 816, 8},
		{0},
	};
	static const struct mkpcln_member sched[] = {{"lastpoll", 16, 8}, {0}};
	static const struct mkpcln_member string[] = {{"str", 0, 8}, {"len", 8, 8}, {0}};
	struct hms_graph *graph = mk->pcln->graph;

	add_g_type(mk);
	mkpcln_struct(mk->pcln, "runtime.m", 824, m);
	hms_graph_add_variable(graph, "runtime.sched", SCHED,
			       mkpcln_struct(mk->pcln, "runtime.schedt", 32, sched));
	hms_graph_add_variable(graph, "runtime.allgs", ALLGS, mkgraph_slice(graph, plain(mk, 8)));
	hms_graph_add_variable(graph, "runtime.allm", ALLM, plain(mk, 8));
	hms_graph_add_variable(graph, "runtime.allp", ALLP, mkgraph_slice(graph, plain(mk, 8)));
	hms_graph_add_variable(graph, "runtime.fingStatus", FING, plain(mk, 4));
	hms_graph_add_variable(
		graph, "runtime.waitReasonStrings", REASONS,
		mkgraph_array(graph, mkpcln_struct(mk->pcln, "string", 16, string), 3));
}

static void add_reasons(struct mkgoro *mk)
{
	static const char *const texts[] = {"", "chan receive", "sleep"};

	for (uint64_t i = 0; i < 3; i++) {
		mkcore_put64(mk->pcln->core, REASONS + 16 * i, REASON_TXT + 32 * i);
		mkcore_put64(mk->pcln->core, REASONS + 16 * i + 8, strlen(texts[i]));
		mkcore_put(mk->pcln->core, REASON_TXT + 32 * i, texts[i], strlen(texts[i]));
	}
}

static void add_function(struct mkgoro *mk, uint32_t start, const char *name, int32_t size,
			 uint8_t flags)
{
	static const struct mkpcln_step file[] = {{0x40, 0}, {0}};
	const int32_t number = (int32_t)start / 0x40 * 10;
	const struct mkpcln_step sp[] = {{4, 0}, {0x40, size}, {0}};
	const struct mkpcln_step line[] = {{0x20, number + 1}, {0x40, number + 2}, {0}};

	mkpcln_func(mk->pcln, &(struct mkpcln_func){.name = name,
						    .start = start,
						    .end = start + 0x40,
						    .flags = flags,
						    .sp = start == FN_NOSIZE ? NULL : sp,
						    .file = file,
						    .line = line});
}

static void add_functions(struct mkgoro *mk)
{
	static const struct {
		uint32_t start;
		const char *name;
		int32_t size;
		uint8_t flags; /* 1 ends the stack, 2 writes SP */
	} functions[] = {
		{FN_LEAF, "main.leaf", 24, 0},
		{FN_CALLER, "main.caller", 40, 0},
		{FN_GOEXIT, "runtime.goexit", 0, 1},
		{FN_GOPARK, "runtime.gopark", 32, 0},
		{FN_SYSTEMSTACK, "runtime.systemstack", 0, 2},
		{FN_SWITCH, "runtime.systemstack_switch", 0, 0},
		{FN_SIGTRAMP, "runtime.sigtramp", 56, 1},
		{FN_HANDLER, "runtime.sighandler", 16, 0},
		{FN_PREEMPT, "runtime.asyncPreempt", 128, 0},
		{FN_PREEMPT2, "runtime.asyncPreempt2", 16, 0},
		{FN_SIGPANIC, "runtime.sigpanic", 24, 0},
		{FN_NANOTIME, "runtime.nanotime1", 16, 2},
		{FN_MSTART, "runtime.mstart", 0, 1},
		{FN_SYSCALL, "runtime/internal/syscall.Syscall6", 8, 2},
		{FN_GOGO, "runtime.gogo", 0, 2},
		{FN_NOSIZE, "main.nosize", 0, 0},
		{FN_NEGATIVE, "main.negative", -8, 0},
		{FN_MAIN, "runtime.main", 16, 0},
		{FN_BGSWEEP, "runtime.bgsweep", 16, 0},
		{FN_FINALIZERS, "runtime.runfinq", 16, 0},
		{FN_ASMCGOCALL, "runtime.asmcgocall", 0, 2},
	};

	mkpcln_file(mk->pcln, "/src/x.go");
	for (size_t i = 0; i < HMS_ARRAY_LEN(functions); i++)
		add_function(mk, functions[i].start, functions[i].name, functions[i].size,
			     functions[i].flags);
}

struct mkgoro *mkgoro_create(void)
{
	struct mkgoro *mk = hms_xcalloc(1, sizeof(*mk));

	mk->pcln = mkpcln_create(MKPCLN_1_21);
	mk->list = LIST;
	mk->fing_status = FING;
	mkcore_map(mk->pcln->core, GS, 0x10000);
	mkcore_map(mk->pcln->core, MS, 0x10000);
	for (uint32_t i = 0; i < MKGORO_STACKS; i++)
		mkcore_map(mk->pcln->core, mkgoro_stack_end(i) - MKGORO_STACK_SIZE,
			   MKGORO_STACK_SIZE);
	for (uint64_t i = 0; i < MKGORO_THREADS; i++) {
		mkcore_map(mk->pcln->core, MKGORO_G0 + i * EVERY, MKGORO_STACK_SIZE);
		mkcore_map(mk->pcln->core, MKGORO_GSIGNAL + i * EVERY, MKGORO_STACK_SIZE);
	}
	add_types(mk);
	add_reasons(mk);
	add_functions(mk);
	mkcore_put64(mk->pcln->core, ALLGS, LIST);
	return mk;
}

void mkgoro_destroy(struct mkgoro *mk)
{
	if (!mk)
		return;
	mkpcln_destroy(mk->pcln);
	free(mk);
}

uint64_t mkgoro_stack_end(uint32_t i)
{
	return MKGORO_STACK + (uint64_t)i * EVERY + MKGORO_STACK_SIZE;
}

static void put(struct mkgoro *mk, uint64_t addr, uint64_t value)
{
	mkcore_put64(mk->pcln->core, addr, value);
}

uint64_t mkgoro_g(struct mkgoro *mk, const struct mkgoro_g *g)
{
	uint64_t addr = GS + (uint64_t)mk->ng * 512;
	uint64_t end = mkgoro_stack_end(mk->ng);

	if (mk->ng == MKGORO_STACKS)
		abort();
	put(mk, addr + 0, end - MKGORO_STACK_SIZE);
	put(mk, addr + 8, end);
	put(mk, addr + 48, g->m);
	put(mk, addr + 56, g->sp);
	put(mk, addr + 64, g->pc);
	put(mk, addr + 112, g->syscall_sp);
	put(mk, addr + 120, g->syscall_pc);
	mkcore_put32(mk->pcln->core, addr + 144, g->status);
	put(mk, addr + 152, g->id);
	put(mk, addr + 168, (uint64_t)g->wait_since);
	mkcore_put8(mk->pcln->core, addr + 176, g->wait_reason);
	put(mk, addr + 208, g->locked_m);
	put(mk, addr + 272, g->parent);
	put(mk, addr + 280, g->go_pc);
	put(mk, addr + 296, g->start_pc);
	put(mk, LIST + 8 * (uint64_t)mk->ng, addr);
	mk->ng++;
	put(mk, ALLGS + 8, mk->ng);
	return addr;
}

/* A g of a thread's: nothing but a stack. */
static uint64_t thread_stack(struct mkgoro *mk, uint64_t g, uint64_t lo)
{
	put(mk, g, lo);
	put(mk, g + 8, lo + MKGORO_STACK_SIZE);
	return g;
}

uint64_t mkgoro_m(struct mkgoro *mk, uint32_t lwp, uint64_t curg)
{
	uint64_t at = MS + (uint64_t)mk->nm * 0x1000;
	uint64_t every = (uint64_t)mk->nm * EVERY;

	if (mk->nm == MKGORO_THREADS)
		abort();
	put(mk, at, thread_stack(mk, at + 0x400, MKGORO_G0 + every));
	put(mk, at + 80, thread_stack(mk, at + 0x800, MKGORO_GSIGNAL + every));
	put(mk, at + 72, lwp);
	put(mk, at + 192, curg);
	put(mk, at + 232, mk->nm);
	if (mk->nm)
		mkgoro_link(mk, at - 0x1000, at);
	else
		put(mk, ALLM, at);
	mk->nm++;
	return at;
}

void mkgoro_vdso(struct mkgoro *mk, uint64_t m, uint64_t pc, uint64_t sp)
{
	put(mk, m + 808, sp);
	put(mk, m + 816, pc);
}

void mkgoro_link(struct mkgoro *mk, uint64_t m, uint64_t to)
{
	put(mk, m + 336, to);
}

void mkgoro_regs(struct mkgoro *mk, uint32_t lwp, uint64_t pc, uint64_t sp, uint64_t rax)
{
	uint64_t regs[HMS_AMD64_NREGS] = {0};

	regs[HMS_AMD64_RIP] = pc;
	regs[HMS_AMD64_RSP] = sp;
	regs[HMS_AMD64_RAX] = rax;
	mkcore_thread(mk->pcln->core, lwp, 6, regs, HMS_AMD64_NREGS);
}

void mkgoro_signal_frame(struct mkgoro *mk, uint64_t addr, uint64_t pc, uint64_t sp, uint64_t rax)
{
	put(mk, addr + 144, rax);
	put(mk, addr + 160, sp);
	put(mk, addr + 168, pc);
}

void mkgoro_lastpoll(struct mkgoro *mk, uint64_t time)
{
	put(mk, SCHED + 16, time);
}

void mkgoro_count(struct mkgoro *mk, uint64_t n)
{
	put(mk, ALLGS + 8, n);
}

void mkgoro_words(struct mkgoro *mk, uint64_t addr, size_t n, const uint64_t *words)
{
	for (size_t i = 0; i < n; i++)
		put(mk, addr + 8 * i, words[i]);
}

void mkgoro_open(struct mkgoro *mk)
{
	mkpcln_write(mk->pcln);
	mkpcln_open(mk->pcln);
}
