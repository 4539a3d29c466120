#include "disas/callers.h"

#include <string.h>

#include "disas/around.h"
#include "disas/locks.h"

struct finder {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	const struct hms_lock_helpers *helpers;
	bool register_abi;
	struct hms_call_at *calls;
	char **evidence; /* of each call: malloc'ed; NULL: no lock is seen held */
	size_t ncalls;
	struct hms_around *callers; /* whose code takes locks */
	size_t ncallers;
};

/* ---- callers that take locks ---------------------------------------------------------------- */

static void find_callers(struct finder *f)
{
	size_t n = hms_around_find(f->tab, f->calls, f->ncalls, &f->callers);

	for (size_t i = 0; i < n; i++)
		if (hms_lock_helpers_locks(f->helpers, f->callers[i].func.entry))
			f->callers[f->ncallers++] = f->callers[i];
}

/* In code that cannot be read no lock is seen. */
static void look_at(void *arg, size_t item, const struct hms_code *code)
{
	const struct finder *f = arg;
	const struct hms_around *c = &f->callers[item];
	enum hms_arch arch = f->rt->exe->arch;
	HMS_AUTO(hms_flow) struct hms_flow *flow = NULL;
	HMS_AUTO(hms_locks) struct hms_locks *locks = NULL;

	if (!code)
		return;
	flow = hms_flow_create(code, f->tab, arch, NULL, NULL, NULL);
	locks = hms_locks_create(flow, f->tab, arch, f->register_abi, f->helpers);
	for (size_t i = c->first; i < c->first + c->n; i++) {
		HMS_AUTO_STR struct hms_str evidence = HMS_STR_INIT;
		uint32_t insn;

		if (hms_code_find(code, f->calls[i].pc, &insn) &&
		    hms_locks_at(locks, insn, &evidence) == HMS_LOCK_HELD)
			f->evidence[i] = hms_str_steal(&evidence);
	}
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
	HMS_TRY(hms_around_each(f->rt, f->tab, f->callers, f->ncallers, jobs, look_at, f));
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
	};
	struct hms_error *err = n ? find(&f, jobs, arena, list, n) : NULL;

	for (size_t i = 0; f.evidence && i < f.ncalls; i++)
		free(f.evidence[i]);
	free(f.evidence);
	free(f.calls);
	free(f.callers);
	return err;
}
