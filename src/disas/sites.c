#include "disas/sites.h"

#include <inttypes.h>
#include <string.h>

#include "disas/around.h"
#include "disas/callers.h"
#include "rt/stdlib.h"
#include "util/arena.h"
#include "util/sorted.h"

/* A function that looks as if it had sites. */
struct candidate {
	struct hms_site *sites;
	size_t nsites, cap;
	bool unreadable;
};

struct finder {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	bool register_abi;
	const struct hms_lock_helpers *helpers; /* NULL: none are known */
	uint64_t *targets;                      /* sorted */
	size_t ntargets, cap_targets;
	struct hms_call_at *calls;
	size_t ncalls;
	struct hms_around *around;
	struct candidate *candidates; /* in the order of these */
	size_t n;
};

/* ---- what is looked for -------------------------------------------------------------------- */

static void find_targets(struct finder *f)
{
	size_t n = hms_pclntab_nfuncs(f->tab);
	struct hms_func func;

	for (size_t i = 0; i < n; i++) {
		const struct hms_map_func *row;

		if (!hms_pclntab_func(f->tab, i, &func))
			continue;
		row = hms_map_func_find(func.name);
		if (!row || !hms_map_op_writes(row->op))
			continue;
		HMS_GROW(f->targets, f->ntargets, f->cap_targets);
		f->targets[f->ntargets++] = func.entry;
	}
	hms_sort_u64(f->targets, f->ntargets);
}

/* Functions around the calls; those that are map functions themselves are left out. */
static void find_candidates(struct finder *f)
{
	size_t n = hms_around_find(f->tab, f->calls, f->ncalls, &f->around);

	for (size_t i = 0; i < n; i++)
		if (!hms_map_func_find(f->around[i].func.name))
			f->around[f->n++] = f->around[i];
	f->candidates = hms_xcalloc(f->n + 1, sizeof(*f->candidates));
}

/* ---- one site ------------------------------------------------------------------------------ */

/* Who wrote the source line: map functions that were inlined are passed over. */
static void name_site(struct hms_site *site)
{
	struct hms_call calls[HMS_MAX_INLINE_DEPTH];
	size_t n = hms_func_calls(&site->func, site->pc, calls, HMS_ARRAY_LEN(calls)), k = 0;

	while (k + 1 < n && hms_map_func_find(calls[k].name))
		k++;
	if (!n)
		return;
	site->function = calls[k].name;
	site->file = calls[k].file;
	site->line = calls[k].line;
	if (calls[k].inlined)
		site->inlined_into = site->func.name;
	site->std = hms_func_is_std(site->func.name);
}

/* The type descriptor is the first argument: an address in the code, or not known from it. */
static void type_site(const struct finder *f, struct hms_flow *flow, uint32_t insn, int type_arg,
		      struct hms_site *site)
{
	bool arm = f->rt->exe->arch == HMS_ARCH_ARM64;
	struct hms_flow_state state;
	struct hms_val val;

	if (type_arg != 0)
		return;
	hms_flow_at(flow, insn, &state);
	if (!state.reached)
		return;
	val = f->register_abi ? state.regs[0] : hms_flow_stack_word(flow, &state, arm ? 8 : 0);
	if (val.base != HMS_BASE_CONST)
		return;
	site->rtype = (uint64_t)val.off;
	site->type = hms_rt_type_at(f->rt, site->rtype);
	if (site->type && site->type->kind != HMS_KIND_MAP)
		site->type = NULL;
}

static void add_site(const struct finder *f, struct candidate *c, struct hms_flow *flow,
		     struct hms_locks *locks, uint32_t i)
{
	const struct hms_insn *insn = &hms_flow_code(flow)->insns[i];
	struct hms_str evidence = HMS_STR_INIT;
	const struct hms_map_func *row;
	struct hms_func callee;
	struct hms_site *site;

	if (!hms_pclntab_find(f->tab, insn->target, &callee))
		return;
	row = hms_map_func_find(callee.name);
	if (!row)
		return;
	HMS_GROW(c->sites, c->nsites, c->cap);
	site = &c->sites[c->nsites++];
	*site = (struct hms_site){
		.pc = insn->addr,
		.return_pc = insn->addr + insn->size,
		.func = hms_flow_code(flow)->func,
		.callee = callee.name,
		.op = row->op,
	};
	name_site(site);
	type_site(f, flow, i, row->type_arg, site);
	site->lock = hms_locks_at(locks, i, &evidence);
	site->evidence = evidence.len ? hms_str_steal(&evidence) : NULL;
	hms_str_deinit(&evidence);
}

/* ---- one function -------------------------------------------------------------------------- */

static void look_at(void *arg, size_t item, const struct hms_code *code)
{
	struct finder *f = arg;
	struct candidate *c = &f->candidates[item];
	const struct hms_around *around = &f->around[item];
	HMS_AUTO(hms_flow) struct hms_flow *flow = NULL;
	HMS_AUTO(hms_locks) struct hms_locks *locks = NULL;
	enum hms_arch arch = f->rt->exe->arch;

	c->unreadable = !code;
	if (!code)
		return;
	flow = hms_flow_create(code, f->tab, arch, NULL, NULL, NULL);
	locks = hms_locks_create(flow, f->tab, arch, f->register_abi, f->helpers);
	for (size_t i = around->first; i < around->first + around->n; i++) {
		uint32_t insn;

		if (hms_code_call_at(code, f->calls[i].pc, f->calls[i].target, &insn))
			add_site(f, c, flow, locks, insn);
	}
}

/* ---- all of them --------------------------------------------------------------------------- */

static struct hms_sites *collect(struct finder *f)
{
	struct hms_sites *sites = hms_xcalloc(1, sizeof(*sites));
	size_t cap = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct candidate *c = &f->candidates[i];

		sites->unreadable += c->unreadable;
		for (size_t k = 0; k < c->nsites; k++) {
			HMS_GROW(sites->list, sites->n, cap);
			sites->list[sites->n++] = c->sites[k];
		}
		c->nsites = 0;
	}
	return sites;
}

/* ---- what callers hold --------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool needs_callers(const struct hms_site *site)
{
	return site->lock == HMS_LOCK_NOT_SEEN && !site->evidence && !site->std;
}

/* "held by its caller: sync.(*Mutex).Lock at cache.go:19 in main.(*Cache).Put"; callers that hold
 * none may be held themselves: what not all of them hold stays unseen. */
static void tell_callers(struct hms_site *site, const struct hms_lock_callers *callers)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	bool all = callers->nheld == callers->ncalls;
	const struct hms_lock_caller *held = &callers->held, *other = &callers->other;

	if (!callers->nheld)
		return;
	if (callers->ncalls == 1)
		hms_str_add(&text, "its only caller holds ");
	else if (all)
		hms_str_addf(&text, "all %zu places that call it hold a lock: ", callers->ncalls);
	else
		hms_str_addf(&text,
			     "%zu of %zu places that call it hold%s a lock: ", callers->nheld,
			     callers->ncalls, callers->nheld == 1 ? "s" : "");
	hms_str_add(&text, held->evidence);
	hms_str_add(&text, strstr(held->evidence, " in ") ? ", called by " : " in ");
	hms_func_print_name(held->function ? held->function : "?", &text);
	if (!all) {
		hms_str_add(&text, "; ");
		hms_func_print_name(other->function ? other->function : "?", &text);
		if (other->file)
			hms_str_addf(&text, " at %s:%" PRId32, base_name(other->file), other->line);
		hms_str_add(&text, " holds none");
	}
	site->lock = all ? HMS_LOCK_UNKNOWN : HMS_LOCK_NOT_SEEN;
	site->evidence = hms_str_steal(&text);
}

static struct hms_error *ask_callers(const struct finder *f, struct hms_sites *sites,
				     unsigned int jobs)
{
	HMS_AUTO_FREE struct hms_lock_callers *list = hms_xcalloc(sites->n + 1, sizeof(*list));
	struct hms_arena *arena = hms_arena_create();
	struct hms_error *err;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < sites->n; i++)
		if (needs_callers(&sites->list[i]) &&
		    (!n || list[n - 1].entry != sites->list[i].func.entry))
			list[n++].entry = sites->list[i].func.entry;
	err = hms_lock_callers_find(f->rt, f->tab, f->helpers, jobs, arena, list, n);
	for (size_t i = 0; !err && i < sites->n; i++) {
		struct hms_site *site = &sites->list[i];

		while (k < n && list[k].entry < site->func.entry)
			k++;
		if (needs_callers(site))
			tell_callers(site, &list[k]);
	}
	hms_arena_destroy(arena);
	return err;
}

static void finder_deinit(struct finder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		for (size_t k = 0; k < f->candidates[i].nsites; k++)
			free(f->candidates[i].sites[k].evidence);
		free(f->candidates[i].sites);
	}
	free(f->candidates);
	free(f->around);
	free(f->calls);
	free(f->targets);
}

struct hms_error *hms_sites_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
				 const struct hms_lock_helpers *helpers, unsigned int jobs,
				 struct hms_sites **ret)
{
	struct finder f = {
		.rt = rt,
		.tab = tab,
		.register_abi = hms_go_version_register_abi(&rt->version, rt->exe->arch),
		.helpers = helpers,
	};
	struct hms_error *err;

	*ret = NULL;
	find_targets(&f);
	err = hms_calls_find(rt, f.targets, f.ntargets, jobs, &f.calls, &f.ncalls);
	if (!err) {
		find_candidates(&f);
		err = hms_around_each(rt, tab, f.around, f.n, jobs, look_at, &f);
	}
	if (!err) {
		*ret = collect(&f);
		err = ask_callers(&f, *ret, jobs);
	}
	if (err) {
		hms_sites_free(*ret);
		*ret = NULL;
	}
	finder_deinit(&f);
	return err;
}

void hms_sites_free(struct hms_sites *sites)
{
	if (!sites)
		return;
	for (size_t i = 0; i < sites->n; i++)
		free(sites->list[i].evidence);
	free(sites->list);
	free(sites);
}

/* Return addresses are in the order of the calls. */
const struct hms_site *hms_sites_returning_to(const struct hms_sites *sites, uint64_t pc)
{
	size_t lo = 0, hi = sites->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (sites->list[mid].return_pc < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < sites->n && sites->list[lo].return_pc == pc ? &sites->list[lo] : NULL;
}
