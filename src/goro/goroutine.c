/*
 * Reading the goroutines and threads out of the runtime's lists.
 *
 * runtime.allgs holds every goroutine that was ever made (dead ones are used again), runtime.allm
 * every thread, linked by m.alllink.  Wait reasons are numbers whose meaning differs from release
 * to release; the program's own table of texts (runtime.waitReasonStrings) is read instead.
 */
#include "goro/goroutine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

#define SCAN_BIT       0x1000u
#define MAX_GOROUTINES (UINT64_C(1) << 26)
#define MAX_THREADS    (1u << 20)
#define MAX_REASON     128

const char *hms_g_status_text(uint32_t status)
{
	switch (status) {
#define X(name, number, text) \
	case (number): return text;
		HMS_G_STATUSES(X)
#undef X
	default: return "unknown";
	}
}

/* ---- pieces of runtime state ------------------------------------------------------------ */

/* A word of a package variable; false where it cannot be had. */
static bool global_u64(const struct hms_rt *rt, const char *name, uint64_t off, uint64_t *ret)
{
	uint64_t addr;
	struct hms_error *err = hms_rt_symbol(rt, name, &addr);

	if (!err)
		err = hms_mem_u64(rt->mem, addr + off, ret);
	hms_err_free(err);
	return !err;
}

/* A member of a package variable. */
static bool global_member(const struct hms_rt *rt, const char *name, enum hms_fact_id member,
			  uint64_t *ret)
{
	return hms_layout_has(&rt->layout, member) &&
	       global_u64(rt, name, hms_layout_off(&rt->layout, member), ret);
}

static void reasons_read(struct hms_goros *goros)
{
	const struct hms_rt *rt = goros->rt;
	const struct hms_variable *var =
		hms_graph_find_variable(rt->graph, "runtime.waitReasonStrings");

	if (!var || !var->type || var->type->kind != HMS_KIND_ARRAY)
		return;
	goros->nwait_reasons = HMS_MIN(var->type->count, (uint64_t)256);
	goros->wait_reasons = hms_arena_alloc(goros->arena, goros->nwait_reasons * sizeof(char *));
	for (size_t i = 0; i < goros->nwait_reasons; i++) {
		HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
		uint64_t len;
		struct hms_error *err =
			hms_rt_string(rt, var->addr + 16 * i, MAX_REASON, &text, &len);

		if (!err && len)
			goros->wait_reasons[i] =
				hms_arena_strdup(goros->arena, hms_str_text(&text));
		hms_err_free(err);
	}
}

static void latest_is(struct hms_goros *goros, uint64_t time)
{
	if (time <= INT64_MAX && (int64_t)time > goros->latest)
		goros->latest = (int64_t)time;
}

/* sysmon notes per P when it last saw it schedule or enter a system call. */
static void latest_of_processors(struct hms_goros *goros)
{
	const struct hms_rt *rt = goros->rt;
	uint64_t list, n;

	if (!global_u64(rt, "runtime.allp", 0, &list) || !global_u64(rt, "runtime.allp", 8, &n))
		return;
	for (uint64_t i = 0; i < HMS_MIN(n, (uint64_t)65536); i++) {
		static const enum hms_fact_id times[] = {HMS_F_P_SCHEDWHEN, HMS_F_P_SYSCALLWHEN};
		const uint8_t *word = hms_mem_peek(rt->mem, list + 8 * i, 8);

		for (size_t t = 0; word && t < HMS_ARRAY_LEN(times); t++) {
			const uint8_t *p = hms_mem_peek(
				rt->mem, hms_le64(word) + hms_layout_off(&rt->layout, times[t]), 8);

			if (p && hms_layout_has(&rt->layout, times[t]))
				latest_is(goros, hms_le64(p));
		}
	}
}

/* The latest time that the runtime read its clock and kept it: no goroutine has waited less than
 * from its waitsince to then. */
static void latest_read(struct hms_goros *goros)
{
	static const struct {
		const char *variable;
		enum hms_fact_id member;
	} times[] = {
		{"runtime.sched", HMS_F_SCHED_LASTPOLL},
		{"runtime.sched", HMS_F_SCHED_PROCRESIZETIME},
		{"runtime.memstats", HMS_F_MSTATS_LAST_GC},
		{"runtime.gcCPULimiter", HMS_F_GCLIMITER_LASTUPDATE},
	};
	uint64_t time;

	for (size_t i = 0; i < HMS_ARRAY_LEN(times); i++) {
		if (global_member(goros->rt, times[i].variable, times[i].member, &time))
			latest_is(goros, time);
	}
	latest_of_processors(goros);
	for (size_t i = 0; i < goros->n; i++)
		latest_is(goros, (uint64_t)goros->list[i].wait_since);
}

static void ages_fill(struct hms_goros *goros)
{
	for (size_t i = 0; i < goros->n; i++) {
		struct hms_goroutine *g = &goros->list[i];
		bool waits = g->status == HMS_G_WAITING || g->status == HMS_G_SYSCALL ||
			     g->status == HMS_G_LEAKED;

		g->wait_at_least = -1;
		if (!waits)
			g->wait_since = 0;
		if (g->wait_since > 0 && goros->latest >= g->wait_since)
			g->wait_at_least = goros->latest - g->wait_since;
	}
}

/* ---- threads ---------------------------------------------------------------------------- */

static int compare_tid(const void *a, const void *b)
{
	const struct hms_thread *x = *(const struct hms_thread *const *)a;
	const struct hms_thread *y = *(const struct hms_thread *const *)b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

/* Threads of the core by thread ID. */
static const struct hms_thread **threads_by_tid(const struct hms_corefile *core)
{
	const struct hms_thread **list = hms_xcalloc(core->nthreads + 1, sizeof(*list));

	for (size_t i = 0; i < core->nthreads; i++)
		list[i] = &core->threads[i];
	qsort(list, core->nthreads, sizeof(*list), compare_tid);
	return list;
}

static void stack_bounds(const struct hms_rt *rt, uint64_t g, uint64_t *lo_ret, uint64_t *hi_ret)
{
	const struct hms_layout *layout = &rt->layout;
	const uint8_t *p = g ? hms_mem_peek(rt->mem, g, layout->facts[HMS_F_G].size) : NULL;

	*lo_ret = p ? hms_layout_get(layout, HMS_F_G_STACK_LO, p) : 0;
	*hi_ret = p ? hms_layout_get(layout, HMS_F_G_STACK_HI, p) : 0;
}

static void thread_fill(const struct hms_goros *goros, const struct hms_thread **by_tid, uint64_t m,
			const uint8_t *p, struct hms_go_thread *ret)
{
	const struct hms_layout *layout = &goros->rt->layout;
	uint64_t procid = hms_layout_get(layout, HMS_F_M_PROCID, p);
	struct hms_thread key = {.tid = (uint32_t)procid};
	const struct hms_thread *wanted = &key;
	const struct hms_thread **found = NULL;

	if (procid && procid <= UINT32_MAX)
		found = bsearch(&wanted, by_tid, goros->core->nthreads, sizeof(*by_tid),
				compare_tid);
	*ret = (struct hms_go_thread){
		.m = m,
		.id = hms_layout_has(layout, HMS_F_M_ID)
			      ? (int64_t)hms_layout_get(layout, HMS_F_M_ID, p)
			      : -1,
		.lwp = procid <= UINT32_MAX ? (uint32_t)procid : 0,
		.os = found ? *found : NULL,
		.curg = hms_layout_get(layout, HMS_F_M_CURG, p),
		.g0 = hms_layout_get(layout, HMS_F_M_G0, p),
		.gsignal = hms_layout_get(layout, HMS_F_M_GSIGNAL, p),
		.vdso_pc = hms_layout_get(layout, HMS_F_M_VDSOPC, p),
		.vdso_sp = hms_layout_get(layout, HMS_F_M_VDSOSP, p),
		.crashing = hms_layout_get(layout, HMS_F_M_THROWING, p) ||
			    hms_layout_get(layout, HMS_F_M_DYING, p),
	};
	stack_bounds(goros->rt, ret->g0, &ret->g0_lo, &ret->g0_hi);
	stack_bounds(goros->rt, ret->gsignal, &ret->gsignal_lo, &ret->gsignal_hi);
}

/* Follow the list from allm: it ends with what cannot be read or with a cycle, which a tortoise
 * that waits at powers of two (Brent) meets. */
static void threads_read(struct hms_goros *goros, uint64_t m)
{
	const struct hms_layout *layout = &goros->rt->layout;
	const struct hms_thread **by_tid = threads_by_tid(goros->core);
	uint64_t tortoise = 0;
	size_t cap = 0;

	while (m && m != tortoise && goros->nthreads < MAX_THREADS) {
		const uint8_t *p = hms_mem_peek(goros->rt->mem, m, layout->facts[HMS_F_M].size);

		if (!p)
			break;
		if ((goros->nthreads & (goros->nthreads - 1)) == 0)
			tortoise = m;
		HMS_GROW(goros->threads, goros->nthreads, cap);
		thread_fill(goros, by_tid, m, p, &goros->threads[goros->nthreads++]);
		m = hms_layout_get(layout, HMS_F_M_ALLLINK, p);
	}
	free(by_tid);
}

struct thread_index {
	uint64_t m;
	int32_t index;
};

static int compare_m(const void *a, const void *b)
{
	const struct thread_index *x = a, *y = b;

	return (x->m > y->m) - (x->m < y->m);
}

static struct thread_index *threads_by_m(const struct hms_goros *goros)
{
	struct thread_index *list = hms_xcalloc(goros->nthreads + 1, sizeof(*list));

	for (size_t i = 0; i < goros->nthreads; i++)
		list[i] = (struct thread_index){goros->threads[i].m, (int32_t)i};
	qsort(list, goros->nthreads, sizeof(*list), compare_m);
	return list;
}

/* ---- goroutines ------------------------------------------------------------------------- */

/* runtime.isSystemGoroutine: those that the runtime started for itself.  The finalizer's and the
 * cleanups' count as the program's while they run its code. */
static bool is_system(const struct hms_goros *goros, uint64_t start_pc, const uint8_t *g)
{
	const struct hms_rt *rt = goros->rt;
	struct hms_func func;
	uint64_t word;

	if (!hms_pclntab_find(goros->pclntab, start_pc, &func) || !func.name)
		return false;
	switch (hms_func_kind(&func)) {
	case HMS_FUNC_RUNTIME_MAIN:
	case HMS_FUNC_COROSTART:
	case HMS_FUNC_EVENT_HANDLER: return false;
	case HMS_FUNC_FINALIZERS:
		/* A bool up to 1.19; from 1.20 bit 1 of a word. */
		if (global_u64(rt, "runtime.fingRunning", 0, &word))
			return !(word & 0xff);
		if (global_u64(rt, "runtime.fingStatus", 0, &word))
			return !(word & 2);
		return true;
	case HMS_FUNC_CLEANUPS: return !hms_layout_get(&rt->layout, HMS_F_G_RUNNINGCLEANUPS, g);
	default: return strncmp(func.name, "runtime.", 8) == 0;
	}
}

static const char *reason_text(const struct hms_goros *goros, uint32_t status, uint64_t reason)
{
	if (status != HMS_G_WAITING && status != HMS_G_LEAKED)
		return NULL;
	return reason < goros->nwait_reasons ? goros->wait_reasons[reason] : NULL;
}

static void goroutine_fill(const struct hms_goros *goros, const struct thread_index *by_m,
			   uint64_t addr, const uint8_t *p, struct hms_goroutine *ret)
{
	const struct hms_layout *layout = &goros->rt->layout;
	uint32_t status = (uint32_t)hms_layout_get(layout, HMS_F_G_STATUS, p);
	struct thread_index key = {.m = hms_layout_get(layout, HMS_F_G_M, p)};
	const struct thread_index *thread =
		key.m ? bsearch(&key, by_m, goros->nthreads, sizeof(*by_m), compare_m) : NULL;
	uint64_t start_pc = hms_layout_get(layout, HMS_F_G_STARTPC, p);

	*ret = (struct hms_goroutine){
		.addr = addr,
		.id = hms_layout_get(layout, HMS_F_G_GOID, p),
		.status = status & ~SCAN_BIT,
		.scanned = status & SCAN_BIT,
		.system = is_system(goros, start_pc, p),
		.locked = hms_layout_get(layout, HMS_F_G_LOCKEDM, p) != 0,
		.wait_reason = reason_text(goros, status & ~SCAN_BIT,
					   hms_layout_get(layout, HMS_F_G_WAITREASON, p)),
		.wait_since = (int64_t)hms_layout_get(layout, HMS_F_G_WAITSINCE, p),
		.stack_lo = hms_layout_get(layout, HMS_F_G_STACK_LO, p),
		.stack_hi = hms_layout_get(layout, HMS_F_G_STACK_HI, p),
		.sched_pc = hms_layout_get(layout, HMS_F_G_SCHED_PC, p),
		.sched_sp = hms_layout_get(layout, HMS_F_G_SCHED_SP, p),
		.sched_lr = hms_layout_get(layout, HMS_F_G_SCHED_LR, p),
		.sched_bp = hms_layout_get(layout, HMS_F_G_SCHED_BP, p),
		.syscall_pc = hms_layout_get(layout, HMS_F_G_SYSCALLPC, p),
		.syscall_sp = hms_layout_get(layout, HMS_F_G_SYSCALLSP, p),
		.start_pc = start_pc,
		.go_pc = hms_layout_get(layout, HMS_F_G_GOPC, p),
		.parent = hms_layout_get(layout, HMS_F_G_PARENTGOID, p),
		.m = key.m,
		.thread = thread ? thread->index : -1,
	};
}

static bool is_dead(const struct hms_layout *layout, const uint8_t *g)
{
	uint32_t status = (uint32_t)hms_layout_get(layout, HMS_F_G_STATUS, g) & ~SCAN_BIT;

	return status == HMS_G_DEAD || status == HMS_G_DEADEXTRA;
}

static struct hms_error *goroutines_read(struct hms_goros *goros, uint64_t list, uint64_t n)
{
	const struct hms_mem *mem = goros->rt->mem;
	const struct hms_layout *layout = &goros->rt->layout;
	struct thread_index *by_m;
	uint64_t readable = 0;

	/* The array is there before room for as many records is asked for. */
	while (readable < n && hms_mem_peek(mem, list + 8 * readable, 8))
		readable++;
	HMS_TRY(hms_alloc_array(readable + 1, sizeof(*goros->list), MAX_GOROUTINES + 1,
				&goros->list));
	by_m = threads_by_m(goros);
	goros->unreadable = n - readable;
	for (uint64_t i = 0; i < readable; i++) {
		const uint8_t *word = hms_mem_peek(mem, list + 8 * i, 8);
		uint64_t addr = hms_le64(word);
		const uint8_t *g = hms_mem_peek(mem, addr, layout->facts[HMS_F_G].size);

		if (!g)
			goros->unreadable++;
		else if (is_dead(layout, g))
			goros->dead++;
		else
			goroutine_fill(goros, by_m, addr, g, &goros->list[goros->n++]);
	}
	free(by_m);
	return NULL;
}

static int compare_stack(const void *a, const void *b, void *arg)
{
	const struct hms_goroutine *list = arg;
	uint64_t x = list[*(const uint32_t *)a].stack_lo;
	uint64_t y = list[*(const uint32_t *)b].stack_lo;

	return (x > y) - (x < y);
}

static void stacks_index(struct hms_goros *goros)
{
	goros->by_stack = hms_xcalloc(goros->n + 1, sizeof(*goros->by_stack));
	for (size_t i = 0; i < goros->n; i++)
		goros->by_stack[i] = (uint32_t)i;
	qsort_r(goros->by_stack, goros->n, sizeof(*goros->by_stack), compare_stack, goros->list);
}

struct hms_error *hms_goros_open(const struct hms_rt *rt, const struct hms_corefile *core,
				 const struct hms_pclntab *pclntab, struct hms_goros **ret)
{
	HMS_AUTO(hms_goros) struct hms_goros *goros = NULL;
	uint64_t allgs, list, n, allm;

	HMS_TRY(hms_rt_require(rt, HMS_NEED_GORO));
	HMS_TRY(hms_rt_symbol(rt, "runtime.allgs", &allgs));
	HMS_TRY(hms_mem_u64(rt->mem, allgs, &list));
	HMS_TRY(hms_mem_u64(rt->mem, allgs + 8, &n));
	if (n > MAX_GOROUTINES)
		return hms_err(HMS_ERR_LIMIT, "runtime.allgs holds %" PRIu64 " goroutines", n);
	goros = hms_xcalloc(1, sizeof(*goros));
	goros->rt = rt;
	goros->core = core;
	goros->pclntab = pclntab;
	goros->arena = hms_arena_create();
	reasons_read(goros);
	if (global_u64(rt, "runtime.allm", 0, &allm))
		threads_read(goros, allm);
	HMS_TRY(goroutines_read(goros, list, n));
	latest_read(goros);
	ages_fill(goros);
	stacks_index(goros);
	*ret = hms_take(goros);
	return NULL;
}

void hms_goros_close(struct hms_goros *goros)
{
	if (!goros)
		return;
	free(goros->list);
	free(goros->threads);
	free(goros->by_stack);
	hms_arena_destroy(goros->arena);
	free(goros);
}

/* ---- questions -------------------------------------------------------------------------- */

const struct hms_goroutine *hms_goro_find(const struct hms_goros *goros, uint64_t id)
{
	for (size_t i = 0; i < goros->n; i++) {
		if (goros->list[i].id == id)
			return &goros->list[i];
	}
	return NULL;
}

const struct hms_goroutine *hms_goro_at(const struct hms_goros *goros, uint64_t addr)
{
	for (size_t i = 0; i < goros->n; i++) {
		if (goros->list[i].addr == addr)
			return &goros->list[i];
	}
	return NULL;
}

const struct hms_goroutine *hms_goro_of_stack(const struct hms_goros *goros, uint64_t addr)
{
	size_t lo = 0, hi = goros->n;
	const struct hms_goroutine *g;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (goros->list[goros->by_stack[mid]].stack_lo <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	g = &goros->list[goros->by_stack[lo - 1]];
	return addr < g->stack_hi ? g : NULL;
}

uint32_t hms_goro_lwp(const struct hms_goros *goros, const struct hms_goroutine *g)
{
	return g->thread < 0 ? 0 : goros->threads[g->thread].lwp;
}

bool hms_goro_created_by(const struct hms_goros *goros, const struct hms_goroutine *g,
			 struct hms_created_by *ret)
{
	struct hms_func func;
	uint64_t pc = g->go_pc;

	if (g->id == 1 || !hms_pclntab_find(goros->pclntab, pc, &func) || !func.name)
		return false;
	*ret = (struct hms_created_by){.function = func.name, .goroutine = g->parent};
	/* The pc is where the go statement's call returns to. */
	hms_func_line(&func, pc > func.entry ? pc - 1 : pc, &ret->file, &ret->line);
	return true;
}
