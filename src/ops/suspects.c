#include "ops/suspects.h"

#include <stdlib.h>
#include <string.h>

#include "disas/calls.h"
#include "disas/code.h"
#include "util/sorted.h"

#define MAX_CALLS     3    /* on the way from a function to a site: one that is far is no suspect */
#define MAX_FUNCTIONS 4096 /* that lead to sites */
#define MAX_FRAMES    64   /* of a goroutine, the innermost */

/* A function that writes such a map, or leads to one that does. */
struct lead {
	uint64_t entry;
	const struct hms_site *site; /* the first that is met */
	unsigned int calls;
};

/* A place on stacks, and what it leads to. */
struct seen {
	const struct hms_place *place;
	const struct lead *lead; /* NULL: nothing */
};

struct finder {
	const struct hms_operations_sources *sources;
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	const struct hms_type *type;
	const struct hms_sites *sites;
	struct hms_disas *disas;
	struct lead *leads; /* by entry once all are known */
	size_t nleads, cap_leads;
	struct hms_call_at *calls; /* to leads, by address */
	size_t ncalls, cap_calls;
	struct seen *seen;
	size_t nseen, cap_seen;
};

/* ---- functions that lead to a site --------------------------------------------------------- */

static int compare_leads(const void *a, const void *b)
{
	const struct lead *x = a, *y = b;

	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static int compare_calls(const void *a, const void *b)
{
	const struct hms_call_at *x = a, *y = b;

	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static const struct lead *lead_at(const struct finder *f, uint64_t entry)
{
	struct lead key = {.entry = entry};

	return f->nleads ? bsearch(&key, f->leads, f->nleads, sizeof(key), compare_leads) : NULL;
}

static void sort_leads(struct finder *f)
{
	if (f->nleads)
		qsort(f->leads, f->nleads, sizeof(*f->leads), compare_leads);
}

/* How likely a lock is held there. */
static int guard(const struct hms_site *site)
{
	switch (site->lock) {
	case HMS_LOCK_HELD: return 2;
	case HMS_LOCK_UNKNOWN: return 1;
	case HMS_LOCK_NOT_SEEN: break;
	}
	return 0;
}

/* Of several sites in one function, one without a lock stands for all. */
static void add_own_sites(struct finder *f)
{
	for (size_t i = 0; i < f->sites->n && f->nleads < MAX_FUNCTIONS; i++) {
		const struct hms_site *site = &f->sites->list[i];
		struct lead *last = f->nleads ? &f->leads[f->nleads - 1] : NULL;

		if (site->type != f->type || site->std)
			continue;
		if (last && last->entry == site->func.entry) {
			if (guard(site) < guard(last->site))
				last->site = site;
			continue;
		}
		HMS_GROW(f->leads, f->nleads, f->cap_leads);
		f->leads[f->nleads++] = (struct lead){site->func.entry, site, 0};
	}
	sort_leads(f);
}

/* The functions around @calls that are not known yet, each once: calls of one function follow each
 * other. */
static void add_callers(struct finder *f, const struct hms_call_at *calls, size_t n,
			unsigned int distance)
{
	size_t known = f->nleads;
	struct hms_func func = {0};

	for (size_t i = 0; i < n && f->nleads < MAX_FUNCTIONS; i++) {
		struct lead key = {.entry = calls[i].target};
		const struct lead *to = bsearch(&key, f->leads, known, sizeof(key), compare_leads);

		if (!to || (calls[i].pc >= func.entry && calls[i].pc < func.end) ||
		    !hms_pclntab_find(f->tab, calls[i].pc, &func))
			continue;
		key.entry = func.entry;
		if (bsearch(&key, f->leads, known, sizeof(key), compare_leads))
			continue;
		key.site = to->site;
		key.calls = distance;
		HMS_GROW(f->leads, f->nleads, f->cap_leads);
		f->leads[f->nleads++] = key;
	}
	sort_leads(f);
}

static void keep_calls(struct finder *f, const struct hms_call_at *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		HMS_GROW(f->calls, f->ncalls, f->cap_calls);
		f->calls[f->ncalls++] = calls[i];
	}
}

/* Calls to the functions that are @distance calls away from a site, and who makes them. */
static bool look_outwards(struct finder *f, unsigned int distance, unsigned int jobs)
{
	HMS_AUTO_FREE uint64_t *targets = hms_xcalloc(f->nleads + 1, sizeof(*targets));
	HMS_AUTO_FREE struct hms_call_at *calls = NULL;
	struct hms_error *err;
	size_t ntargets = 0, n;

	for (size_t i = 0; i < f->nleads; i++)
		if (f->leads[i].calls == distance)
			targets[ntargets++] = f->leads[i].entry;
	if (!ntargets)
		return false;
	hms_sort_u64(targets, ntargets);
	err = hms_calls_find(f->rt, targets, ntargets, jobs, &calls, &n);
	if (err) {
		hms_err_free(err);
		return false;
	}
	keep_calls(f, calls, n);
	add_callers(f, calls, n, distance + 1);
	return true;
}

static void find_leads(struct finder *f, unsigned int jobs)
{
	add_own_sites(f);
	for (unsigned int i = 0; i < MAX_CALLS; i++)
		if (!look_outwards(f, i, jobs))
			break;
	if (f->ncalls)
		qsort(f->calls, f->ncalls, sizeof(*f->calls), compare_calls);
}

/* ---- where a goroutine stands -------------------------------------------------------------- */

/* Can the function have come from instruction @from to the one at @to? */
static bool came_from(const struct hms_code *code, uint32_t from, uint32_t to)
{
	uint32_t a = hms_code_block_of(code, from), b = hms_code_block_of(code, to);

	return (a == b && from < to) || hms_code_reaches(code, a, b);
}

/* Did it come from a write of its own? */
static bool behind_site(const struct finder *f, const struct hms_code *code, uint32_t at)
{
	for (size_t i = 0; i < f->sites->n; i++) {
		const struct hms_site *site = &f->sites->list[i];
		uint32_t insn;

		if (site->func.entry == code->func.entry && site->type == f->type &&
		    hms_code_find(code, site->pc, &insn) && came_from(code, insn, at))
			return true;
	}
	return false;
}

static size_t first_call(const struct finder *f, uint64_t pc)
{
	size_t lo = 0, hi = f->ncalls;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->calls[mid].pc < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Fewer calls are on the way, or as many and a lock is less likely there. */
static bool is_better(const struct lead *lead, const struct lead *than)
{
	if (!than || lead->calls != than->calls)
		return !than || lead->calls < than->calls;
	return guard(lead->site) < guard(than->site);
}

/* Did it come from a call that leads to a site?  The bytes of a call may be another's inside. */
static const struct lead *behind_call(const struct finder *f, const struct hms_code *code,
				      uint32_t at)
{
	const struct lead *best = NULL;

	for (size_t i = first_call(f, code->func.entry);
	     i < f->ncalls && f->calls[i].pc < code->func.end; i++) {
		const struct lead *to = lead_at(f, f->calls[i].target);
		uint32_t insn;

		if (to && is_better(to, best) && hms_code_find(code, f->calls[i].pc, &insn) &&
		    code->insns[insn].flow == HMS_FLOW_CALL && code->insns[insn].has_target &&
		    code->insns[insn].target == f->calls[i].target && came_from(code, insn, at))
			best = to;
	}
	return best;
}

/* What a goroutine that stands at @place may come from: a site of this function, or the function
 * that was called. */
static const struct lead *look_behind(const struct finder *f, const struct hms_place *place)
{
	const struct lead *own = lead_at(f, place->func.entry);
	HMS_AUTO(hms_code) struct hms_code *code = NULL;
	struct hms_error *err;
	uint32_t at;

	if (!own)
		return NULL;
	err = hms_code_read(f->disas, f->rt->mem, f->tab, &place->func, &code);
	if (err) {
		hms_err_free(err);
		return NULL;
	}
	if (!hms_code_find(code, place->pc, &at))
		return NULL;
	if (own->calls == 0 && behind_site(f, code, at))
		return own;
	return behind_call(f, code, at);
}

static const struct lead *lead_of_place(struct finder *f, const struct hms_place *place)
{
	for (size_t i = 0; i < f->nseen; i++)
		if (f->seen[i].place == place)
			return f->seen[i].lead;
	HMS_GROW(f->seen, f->nseen, f->cap_seen);
	f->seen[f->nseen++] = (struct seen){place, look_behind(f, place)};
	return f->seen[f->nseen - 1].lead;
}

/* The frame with the shortest way to a site, the innermost of those. */
static bool judge(struct finder *f, const struct hms_stack *stack, struct hms_suspect *ret)
{
	bool found = false;

	for (size_t i = 0; i < HMS_MIN(stack->n, (size_t)MAX_FRAMES); i++) {
		const struct hms_place *place = stack->frames[i].place;
		const struct lead *lead;
		unsigned int calls;

		if (!lead_at(f, place->func.entry))
			continue;
		lead = lead_of_place(f, place);
		if (!lead)
			continue;
		calls = lead->calls + (lead->entry != place->func.entry);
		if (found && calls >= ret->calls)
			continue;
		ret->site = lead->site;
		ret->function = place->func.name;
		ret->calls = calls;
		found = true;
	}
	return found;
}

/* ---- all of them --------------------------------------------------------------------------- */

static int compare_names(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_suspects(const void *a, const void *b)
{
	const struct hms_suspect *x = a, *y = b;
	int order = (x->calls > y->calls) - (x->calls < y->calls);

	if (!order)
		order = (x->site->pc > y->site->pc) - (x->site->pc < y->site->pc);
	if (!order)
		order = compare_names(x->function, y->function);
	return order ? order
		     : (x->goroutine->id > y->goroutine->id) -
			       (x->goroutine->id < y->goroutine->id);
}

static void look_at_goroutines(struct finder *f, const struct hms_race *race, bool waiting,
			       struct hms_suspects *ret)
{
	const struct hms_goros *goros = f->sources->goros;
	HMS_AUTO(hms_unwinder) struct hms_unwinder *unwinder = hms_unwinder_create(goros);
	struct hms_stack stack = {0};

	f->nseen = 0; /* places are the unwinder's */
	for (size_t i = 0; i < goros->n; i++) {
		const struct hms_goroutine *g = &goros->list[i];
		struct hms_suspect suspect = {.goroutine = g};

		if (g->system || g == race->parties[0]->goroutine ||
		    (g->status == HMS_G_WAITING) != waiting)
			continue;
		hms_unwind(unwinder, g, &stack);
		if (!judge(f, &stack, &suspect))
			continue;
		HMS_GROW(ret->list, ret->n, ret->cap);
		ret->list[ret->n++] = suspect;
	}
	hms_stack_deinit(&stack);
}

/* Those that found the writing flag changed accuse each other; those that have not looked at the
 * map yet have changed nothing. */
bool hms_race_lacks_party(const struct hms_race *race)
{
	for (size_t i = 1; i < race->n; i++)
		if (race->parties[i]->begun || race->parties[i]->end == HMS_OP_RACED)
			return false;
	return race->fatal;
}

void hms_suspects_find(const struct hms_operations_sources *sources, const struct hms_race *race,
		       const struct hms_sites *sites, unsigned int jobs, struct hms_suspects *ret)
{
	struct finder f = {
		.sources = sources,
		.rt = hms_map_model_rt(sources->model),
		.tab = sources->goros->pclntab,
		.type = race->type,
		.sites = sites,
	};

	*ret = (struct hms_suspects){0};
	if (!hms_race_lacks_party(race) || !race->type || !f.tab)
		return;
	hms_err_free(hms_disas_create(f.rt->exe->arch, &f.disas));
	if (f.disas) {
		find_leads(&f, jobs);
		look_at_goroutines(&f, race, false, ret);
		if (!ret->n)
			look_at_goroutines(&f, race, true, ret);
	}
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), compare_suspects);
	hms_disas_destroy(f.disas);
	free(f.leads);
	free(f.calls);
	free(f.seen);
}

void hms_suspects_deinit(struct hms_suspects *suspects)
{
	free(suspects->list);
	*suspects = (struct hms_suspects){0};
}
