#include "disas/callers.h"

#include <string.h>

#include "disas/calls.h"
#include "disas/locks.h"
#include "util/threads.h"

/* A function that calls some of those in question: calls [first, first + n). */
struct caller {
	struct hms_func func;
	size_t first, n;
};

struct finder {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	const struct hms_lock_helpers *helpers;
	bool register_abi;
	struct hms_disas **disas; /* one a worker, made when it is needed */
	struct hms_call_at *calls;
	char **evidence; /* of each call: malloc'ed; NULL: no lock is seen held */
	size_t ncalls;
	struct caller *callers; /* whose code takes locks */
	size_t ncallers, cap;
};

/* ---- callers that take locks ---------------------------------------------------------------- */

static void find_callers(struct finder *f)
{
	struct caller *last = NULL;
	struct hms_func func = {0};

	for (size_t i = 0; i < f->ncalls; i++) {
		uint64_t pc = f->calls[i].pc;

		if (last && pc >= func.entry && pc < func.end) {
			last->n = i + 1 - last->first;
			continue;
		}
		last = NULL;
		if (!hms_pclntab_find(f->tab, pc, &func) ||
		    !hms_lock_helpers_locks(f->helpers, func.entry))
			continue;
		HMS_GROW(f->callers, f->ncallers, f->cap);
		last = &f->callers[f->ncallers++];
		*last = (struct caller){.func = func, .first = i, .n = 1};
	}
}

static void look_into(const struct finder *f, const struct caller *c, const struct hms_code *code)
{
	enum hms_arch arch = f->rt->exe->arch;
	HMS_AUTO(hms_flow)
	struct hms_flow *flow = hms_flow_create(code, f->tab, arch, NULL, NULL, NULL);
	HMS_AUTO(hms_locks)
	struct hms_locks *locks = hms_locks_create(flow, f->tab, arch, f->register_abi, f->helpers);

	for (size_t i = c->first; i < c->first + c->n; i++) {
		HMS_AUTO_STR struct hms_str evidence = HMS_STR_INIT;
		uint32_t insn;

		if (hms_code_find(code, f->calls[i].pc, &insn) &&
		    hms_locks_at(locks, insn, &evidence) == HMS_LOCK_HELD)
			f->evidence[i] = hms_str_steal(&evidence);
	}
}

static struct hms_error *look_at(void *arg, size_t item, unsigned int worker)
{
	struct finder *f = arg;
	const struct caller *c = &f->callers[item];
	HMS_AUTO(hms_code) struct hms_code *code = NULL;
	struct hms_error *err;

	if (!f->disas[worker])
		HMS_TRY(hms_disas_create(f->rt->exe->arch, &f->disas[worker]));
	err = hms_code_read(f->disas[worker], f->rt->mem, f->tab, &c->func, &code);
	if (!err)
		look_into(f, c, code);
	hms_err_free(err); /* no lock is seen there */
	return NULL;
}

/* ---- what comes of it ----------------------------------------------------------------------- */

static struct hms_lock_callers *callers_of(struct hms_lock_callers *list, size_t n, uint64_t entry)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list[mid].entry < entry)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && list[lo].entry == entry ? &list[lo] : NULL;
}

static void count(const struct finder *f, size_t i, struct hms_arena *arena,
		  struct hms_lock_callers *ret)
{
	struct hms_lock_caller *caller = f->evidence[i] ? &ret->held : &ret->other;
	struct hms_call call;
	struct hms_func func;

	/* Under a lock or not, it has come in from elsewhere. */
	if (!hms_pclntab_find(f->tab, f->calls[i].pc, &func) || func.entry == ret->entry)
		return;
	ret->ncalls++;
	ret->nheld += f->evidence[i] != NULL;
	if (caller->function)
		return;
	if (hms_func_calls(&func, f->calls[i].pc, &call, 1))
		*caller = (struct hms_lock_caller){call.name, call.file, call.line, NULL};
	if (f->evidence[i])
		caller->evidence = hms_arena_strdup(arena, f->evidence[i]);
}

static struct hms_error *find(struct finder *f, unsigned int jobs, struct hms_arena *arena,
			      struct hms_lock_callers *list, size_t n)
{
	HMS_AUTO_FREE uint64_t *targets = hms_xcalloc(n + 1, sizeof(*targets));

	for (size_t i = 0; i < n; i++)
		targets[i] = list[i].entry;
	HMS_TRY(hms_calls_find(f->rt, targets, n, jobs, &f->calls, &f->ncalls));
	f->evidence = hms_xcalloc(f->ncalls + 1, sizeof(*f->evidence));
	find_callers(f);
	HMS_TRY(hms_parallel(f->ncallers, jobs, look_at, f));
	for (size_t i = 0; i < f->ncalls; i++) {
		struct hms_lock_callers *callers = callers_of(list, n, f->calls[i].target);

		if (callers)
			count(f, i, arena, callers);
	}
	return NULL;
}

struct hms_error *hms_lock_callers_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
					const struct hms_lock_helpers *helpers, unsigned int jobs,
					struct hms_arena *arena, struct hms_lock_callers *list,
					size_t n)
{
	struct finder f = {
		.rt = rt,
		.tab = tab,
		.helpers = helpers,
		.register_abi = hms_go_version_register_abi(&rt->version, rt->exe->arch),
		.disas = hms_xcalloc(jobs, sizeof(struct hms_disas *)),
	};
	struct hms_error *err = n ? find(&f, jobs, arena, list, n) : NULL;

	for (unsigned int i = 0; i < jobs; i++)
		hms_disas_destroy(f.disas[i]);
	for (size_t i = 0; f.evidence && i < f.ncalls; i++)
		free(f.evidence[i]);
	free(f.disas);
	free(f.evidence);
	free(f.calls);
	free(f.callers);
	return err;
}
