#include "disas/helpers.h"

#include <string.h>

#include "disas/calls.h"
#include "disas/lock-events.h"
#include "disas/locks.h"
#include "util/arena.h"
#include "util/sorted.h"
#include "util/threads.h"

#define MAX_BYTES 4096 /* of a function: longer ones do their work under the lock themselves */
#define MAX_LEFT  4    /* things that one function does */

struct candidate {
	struct hms_func func;
	struct hms_lock_helper found[MAX_LEFT];
	size_t nfound;
};

struct finder {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	bool register_abi;
	const struct hms_lock_helpers *known; /* of the round before */
	struct hms_disas **disas;             /* one a worker, made when it is needed */
	struct candidate *candidates;         /* by address */
	size_t ncandidates, cap;
};

/* ---- where the lock is ---------------------------------------------------------------------- */

static bool starts(const struct finder *f, struct hms_lock_path *path, const struct hms_base *base)
{
	bool arm = f->rt->exe->arch == HMS_ARCH_ARM64;

	if (base->kind == HMS_IS_CONST)
		path->from = HMS_PATH_CONST;
	else if (base->kind == HMS_IS_ENTRY && base->reg != (arm ? HMS_REG_SP : HMS_REG_RSP))
		path->from = HMS_PATH_REGISTER;
	path->reg = base->reg;
	return path->from != HMS_PATH_UNKNOWN;
}

/* The argument at @from, an address on the stack as it was at the entry: amd64 has the return
 * address there. */
static bool starts_on_stack(const struct finder *f, struct hms_lock_path *path,
			    const struct hms_flow *flow, struct hms_val from)
{
	bool arm = f->rt->exe->arch == HMS_ARCH_ARM64;
	struct hms_base base;

	hms_flow_base(flow, from.base, &base);
	if (base.kind != HMS_IS_ENTRY || base.reg != (arm ? HMS_REG_SP : HMS_REG_RSP))
		return false;
	path->from = HMS_PATH_STACK;
	path->stack = from.off - (arm ? 0 : 8);
	return true;
}

/* From the lock's address back to what the function was called with. */
static struct hms_lock_path path_of(const struct finder *f, const struct hms_flow *flow,
				    struct hms_val lock)
{
	struct hms_lock_path path = {0}, unknown = {0};
	struct hms_base base;

	while (path.n < HMS_LOCK_LOADS) {
		path.off[path.n++] = lock.off;
		hms_flow_base(flow, lock.base, &base);
		if (base.kind != HMS_IS_LOAD)
			return starts(f, &path, &base) ? path : unknown;
		if (starts_on_stack(f, &path, flow, base.from))
			return path;
		lock = base.from;
	}
	return unknown;
}

struct hms_val hms_lock_path_at(const struct hms_lock_path *path, struct hms_flow *flow,
				const struct hms_flow_state *state)
{
	struct hms_val val = {HMS_BASE_UNKNOWN, 0};

	switch (path->from) {
	case HMS_PATH_UNKNOWN: return val;
	case HMS_PATH_CONST: val.base = HMS_BASE_CONST; break;
	case HMS_PATH_REGISTER: val = state->regs[path->reg]; break;
	case HMS_PATH_STACK: val = hms_flow_stack_word(flow, state, path->stack); break;
	}
	for (uint8_t i = path->n; i-- > 0 && val.base != HMS_BASE_UNKNOWN;) {
		val.off = (int64_t)((uint64_t)val.off + (uint64_t)path->off[i]);
		if (i)
			val = hms_flow_load(flow, state, val);
	}
	return val;
}

/* ---- one function --------------------------------------------------------------------------- */

static void look_into(const struct finder *f, struct candidate *c, const struct hms_code *code)
{
	enum hms_arch arch = f->rt->exe->arch;
	HMS_AUTO(hms_flow)
	struct hms_flow *flow = hms_flow_create(code, f->tab, arch, NULL, NULL, NULL);
	HMS_AUTO(hms_locks)
	struct hms_locks *locks = hms_locks_create(flow, f->tab, arch, f->register_abi, f->known);
	struct hms_lock_left left[MAX_LEFT];

	size_t n = hms_locks_left(locks, left, MAX_LEFT);

	for (size_t i = 0; i < n; i++) {
		struct hms_lock_helper helper = {
			.entry = c->func.entry,
			.where = left[i].helper ? left[i].helper : c->func.name,
			.deed = left[i].deed,
			.family = left[i].family,
			.path = path_of(f, flow, left[i].lock),
			.method = left[i].method,
			.file = left[i].file,
			.line = left[i].line,
		};

		/* Whose lock it gives back nobody knows: most likely one that it took. */
		if (helper.deed != HMS_LOCK_RELEASES || helper.path.from != HMS_PATH_UNKNOWN)
			c->found[c->nfound++] = helper;
	}
}

static struct hms_error *look_at(void *arg, size_t item, unsigned int worker)
{
	struct finder *f = arg;
	struct candidate *c = &f->candidates[item];
	HMS_AUTO(hms_code) struct hms_code *code = NULL;
	struct hms_error *err;

	if (!f->disas[worker])
		HMS_TRY(hms_disas_create(f->rt->exe->arch, &f->disas[worker]));
	err = hms_code_read(f->disas[worker], f->rt->mem, f->tab, &c->func, &code);
	if (!err)
		look_into(f, c, code);
	hms_err_free(err); /* nobody knows what it does: as if it did nothing */
	return NULL;
}

/* ---- which functions ------------------------------------------------------------------------ */

/* Locks of the library's own are its own business. */
static bool is_candidate(const struct hms_func *func)
{
	return func->name && func->end - func->entry <= MAX_BYTES &&
	       strncmp(func->name, "runtime.", 8) != 0 && strncmp(func->name, "sync.", 5) != 0 &&
	       strncmp(func->name, "internal/", 9) != 0;
}

static void add_callers(struct finder *f, const struct hms_call_at *calls, size_t ncalls,
			struct hms_lock_helpers *ret)
{
	struct hms_func func = {0};

	f->ncandidates = 0;
	for (size_t i = 0; i < ncalls; i++) {
		if (calls[i].pc < func.end || !hms_pclntab_find(f->tab, calls[i].pc, &func))
			continue;
		HMS_GROW(ret->lockers, ret->nlockers, ret->cap_lockers);
		ret->lockers[ret->nlockers++] = func.entry;
		if (!is_candidate(&func))
			continue;
		HMS_GROW(f->candidates, f->ncandidates, f->cap);
		f->candidates[f->ncandidates++] = (struct candidate){.func = func};
	}
}

static int compare_helpers(const void *a, const void *b)
{
	const struct hms_lock_helper *x = a, *y = b;

	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Those that call one of @targets, which are sorted: replace what is known of them. */
static struct hms_error *round_of(struct finder *f, const uint64_t *targets, size_t ntargets,
				  unsigned int jobs, struct hms_lock_helpers *ret)
{
	HMS_AUTO_FREE struct hms_call_at *calls = NULL;
	size_t ncalls, n = 0, k = 0;

	HMS_TRY(hms_calls_find(f->rt, targets, ntargets, jobs, &calls, &ncalls));
	add_callers(f, calls, ncalls, ret);
	f->known = ret;
	HMS_TRY(hms_parallel(f->ncandidates, jobs, look_at, f));
	for (size_t i = 0; i < ret->n; i++) {
		while (k < f->ncandidates && f->candidates[k].func.entry < ret->list[i].entry)
			k++;
		if (k == f->ncandidates || f->candidates[k].func.entry != ret->list[i].entry)
			ret->list[n++] = ret->list[i];
	}
	ret->n = n;
	for (size_t i = 0; i < f->ncandidates; i++) {
		for (size_t j = 0; j < f->candidates[i].nfound; j++) {
			HMS_GROW(ret->list, ret->n, ret->cap);
			ret->list[ret->n++] = f->candidates[i].found[j];
		}
	}
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), compare_helpers);
	return NULL;
}

static struct hms_error *find(struct finder *f, unsigned int jobs, struct hms_lock_helpers *ret)
{
	HMS_AUTO_FREE uint64_t *targets = NULL;
	size_t ntargets = 0, cap = 0, nfuncs = hms_pclntab_nfuncs(f->tab);
	struct hms_func func;

	for (size_t i = 0; i < nfuncs; i++) {
		if (!hms_pclntab_func(f->tab, i, &func) || !hms_lock_method(func.name))
			continue;
		HMS_GROW(targets, ntargets, cap);
		targets[ntargets++] = func.entry;
	}
	if (!ntargets)
		return NULL;
	hms_sort_u64(targets, ntargets);
	HMS_TRY(round_of(f, targets, ntargets, jobs, ret));
	/* Those that call these in turn. */
	ntargets = 0;
	for (size_t i = 0; i < ret->n; i++) {
		HMS_GROW(targets, ntargets, cap);
		targets[ntargets++] = ret->list[i].entry;
	}
	if (ntargets)
		HMS_TRY(round_of(f, targets, ntargets, jobs, ret));
	hms_sort_u64(ret->lockers, ret->nlockers);
	return NULL;
}

struct hms_error *hms_lock_helpers_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
					unsigned int jobs, struct hms_lock_helpers **ret)
{
	HMS_AUTO(hms_lock_helpers)
	struct hms_lock_helpers *helpers = hms_xcalloc(1, sizeof(*helpers));
	struct finder f = {
		.rt = rt,
		.tab = tab,
		.register_abi = hms_go_version_register_abi(&rt->version, rt->exe->arch),
		.disas = hms_xcalloc(jobs, sizeof(struct hms_disas *)),
	};
	struct hms_error *err = find(&f, jobs, helpers);

	for (unsigned int i = 0; i < jobs; i++)
		hms_disas_destroy(f.disas[i]);
	free(f.disas);
	free(f.candidates);
	if (err)
		return err;
	*ret = helpers;
	helpers = NULL;
	return NULL;
}

void hms_lock_helpers_free(struct hms_lock_helpers *helpers)
{
	if (!helpers)
		return;
	free(helpers->list);
	free(helpers->lockers);
	free(helpers);
}

size_t hms_lock_helpers_at(const struct hms_lock_helpers *helpers, uint64_t entry,
			   size_t *first_ret)
{
	size_t lo = 0, hi = helpers ? helpers->n : 0, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (helpers->list[mid].entry < entry)
			lo = mid + 1;
		else
			hi = mid;
	}
	*first_ret = lo;
	while (helpers && lo + n < helpers->n && helpers->list[lo + n].entry == entry)
		n++;
	return n;
}

bool hms_lock_helpers_locks(const struct hms_lock_helpers *helpers, uint64_t entry)
{
	return helpers->nlockers && bsearch(&entry, helpers->lockers, helpers->nlockers,
					    sizeof(*helpers->lockers), hms_compare_u64);
}
