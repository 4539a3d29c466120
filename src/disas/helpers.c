#include "disas/helpers.h"

#include <string.h>

#include "disas/around.h"
#include "disas/lock-events.h"
#include "disas/locks.h"
#include "util/arena.h"
#include "util/sorted.h"

#define MAX_BYTES 4096 /* of a function: longer ones do their work under the lock themselves */
#define MAX_LEFT  4    /* things that one function does */

/* What a function does to locks. */
struct candidate {
	struct hms_lock_helper found[MAX_LEFT];
	size_t nfound;
};

struct finder {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	bool register_abi;
	const struct hms_lock_helpers *known; /* of the round before */
	struct hms_around *around;            /* by address */
	struct candidate *candidates;         /* in the order of these */
	size_t n;
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

/* Of code that cannot be read nobody knows what it does: as if it did nothing. */
static void look_at(void *arg, size_t item, const struct hms_code *code)
{
	struct finder *f = arg;
	struct candidate *c = &f->candidates[item];
	enum hms_arch arch = f->rt->exe->arch;
	HMS_AUTO(hms_flow) struct hms_flow *flow = NULL;
	HMS_AUTO(hms_locks) struct hms_locks *locks = NULL;
	struct hms_lock_left left[MAX_LEFT];
	size_t n;

	if (!code)
		return;
	flow = hms_flow_create(code, f->tab, arch, NULL, NULL, NULL);
	locks = hms_locks_create(flow, f->tab, arch, f->register_abi, f->known);
	n = hms_locks_left(locks, left, MAX_LEFT);
	for (size_t i = 0; i < n; i++) {
		struct hms_lock_helper helper = {
			.entry = code->func.entry,
			.where = left[i].helper ? left[i].helper : code->func.name,
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

/* ---- which functions ------------------------------------------------------------------------ */

/* Locks of the library's own are its own business. */
static bool is_candidate(const struct hms_func *func)
{
	return func->name && func->end - func->entry <= MAX_BYTES &&
	       strncmp(func->name, "runtime.", 8) != 0 && strncmp(func->name, "sync.", 5) != 0 &&
	       strncmp(func->name, "internal/", 9) != 0;
}

/* The functions around @calls, and those of them that are worth taking apart. */
static void find_candidates(struct finder *f, const struct hms_call_at *calls, size_t ncalls,
			    struct hms_lock_helpers *ret)
{
	size_t n = hms_around_find(f->tab, calls, ncalls, &f->around);

	for (size_t i = 0; i < n; i++) {
		HMS_GROW(ret->lockers, ret->nlockers, ret->cap_lockers);
		ret->lockers[ret->nlockers++] = f->around[i].func.entry;
		if (is_candidate(&f->around[i].func))
			f->around[f->n++] = f->around[i];
	}
	f->candidates = hms_xcalloc(f->n + 1, sizeof(*f->candidates));
}

static void forget_candidates(struct finder *f)
{
	free(f->around);
	free(f->candidates);
	f->around = NULL;
	f->candidates = NULL;
	f->n = 0;
}

static int compare_helpers(const void *a, const void *b)
{
	const struct hms_lock_helper *x = a, *y = b;

	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* What was found of the candidates replaces what is known of them. */
static void replace(const struct finder *f, struct hms_lock_helpers *ret)
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < ret->n; i++) {
		while (k < f->n && f->around[k].func.entry < ret->list[i].entry)
			k++;
		if (k == f->n || f->around[k].func.entry != ret->list[i].entry)
			ret->list[n++] = ret->list[i];
	}
	ret->n = n;
	for (size_t i = 0; i < f->n; i++) {
		for (size_t j = 0; j < f->candidates[i].nfound; j++) {
			HMS_GROW(ret->list, ret->n, ret->cap);
			ret->list[ret->n++] = f->candidates[i].found[j];
		}
	}
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), compare_helpers);
}

/* Those that call one of @targets, which are sorted. */
static struct hms_error *round_of(struct finder *f, const uint64_t *targets, size_t ntargets,
				  unsigned int jobs, struct hms_lock_helpers *ret)
{
	HMS_AUTO_FREE struct hms_call_at *calls = NULL;
	struct hms_error *err;
	size_t ncalls;

	HMS_TRY(hms_calls_find(f->rt, targets, ntargets, jobs, &calls, &ncalls));
	find_candidates(f, calls, ncalls, ret);
	f->known = ret;
	err = hms_around_each(f->rt, f->tab, f->around, f->n, jobs, look_at, f);
	if (!err)
		replace(f, ret);
	forget_candidates(f);
	return err;
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
	};

	HMS_TRY(find(&f, jobs, helpers));
	*ret = hms_take(helpers);
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
	return helpers && helpers->nlockers &&
	       bsearch(&entry, helpers->lockers, helpers->nlockers, sizeof(*helpers->lockers),
		       hms_compare_u64);
}
