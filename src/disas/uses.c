#include "disas/uses.h"

#include <string.h>

#include "disas/around.h"
#include "disas/flow.h"
#include "rt/mapfuncs.h"
#include "util/arena.h"

/* What the code of one function says. */
struct candidate {
	struct hms_use *uses;
	size_t nuses, cap;
};

struct target {
	uint64_t entry;
	const struct hms_map_func *row;
};

struct finder {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	bool register_abi;
	struct target *targets; /* by entry */
	size_t ntargets, cap_targets;
	struct hms_call_at *calls;
	size_t ncalls;
	struct hms_around *around;
	struct candidate *candidates; /* in the order of these */
	size_t n;
};

/* ---- what is looked for -------------------------------------------------------------------- */

static int by_entry(const void *a, const void *b)
{
	uint64_t x = ((const struct target *)a)->entry, y = ((const struct target *)b)->entry;

	return (x > y) - (x < y);
}

static void find_targets(struct finder *f)
{
	size_t n = hms_pclntab_nfuncs(f->tab);
	struct hms_func func;

	for (size_t i = 0; i < n; i++) {
		const struct hms_map_func *row;

		if (!hms_pclntab_func(f->tab, i, &func))
			continue;
		row = hms_map_func_find(func.name);
		if (!row || row->type_arg < 0 || row->map_arg < 0)
			continue;
		HMS_GROW(f->targets, f->ntargets, f->cap_targets);
		f->targets[f->ntargets++] = (struct target){func.entry, row};
	}
	if (f->ntargets)
		qsort(f->targets, f->ntargets, sizeof(*f->targets), by_entry);
}

static struct hms_error *find_calls(struct finder *f, unsigned int jobs)
{
	HMS_AUTO_FREE uint64_t *entries = hms_xcalloc(f->ntargets + 1, sizeof(*entries));

	for (size_t i = 0; i < f->ntargets; i++)
		entries[i] = f->targets[i].entry;
	return hms_calls_find(f->rt, entries, f->ntargets, jobs, &f->calls, &f->ncalls);
}

/* Functions around the calls; what map functions do among themselves is of no interest. */
static void find_candidates(struct finder *f)
{
	size_t n = hms_around_find(f->tab, f->calls, f->ncalls, &f->around);

	for (size_t i = 0; i < n; i++)
		if (!hms_map_func_find(f->around[i].func.name))
			f->around[f->n++] = f->around[i];
	f->candidates = hms_xcalloc(f->n + 1, sizeof(*f->candidates));
}

/* ---- one use ------------------------------------------------------------------------------- */

/* Integer argument registers by DWARF number: src/cmd/compile/abi-internal.md. */
static struct hms_val argument(const struct finder *f, struct hms_flow *flow,
			       const struct hms_flow_state *state, int word)
{
	static const uint8_t amd64[] = {HMS_REG_RAX, HMS_REG_RBX, HMS_REG_RCX, HMS_REG_RDI};
	bool arm = f->rt->exe->arch == HMS_ARCH_ARM64;

	if (!f->register_abi)
		return hms_flow_stack_word(flow, state, 8 * word + (arm ? 8 : 0));
	if (word >= (int)HMS_ARRAY_LEN(amd64))
		return (struct hms_val){HMS_BASE_UNKNOWN, 0};
	return state->regs[arm ? (uint8_t)word : amd64[word]];
}

enum origin { ORIGIN_OTHER, ORIGIN_ADDRESS, ORIGIN_STACK };

/* Where @val comes from: loads, outermost first, and what the first of them began with. */
static enum origin follow(const struct finder *f, const struct hms_flow *flow, struct hms_val val,
			  struct hms_use *use)
{
	uint8_t sp = f->rt->exe->arch == HMS_ARCH_ARM64 ? HMS_REG_SP : HMS_REG_RSP;
	struct hms_base base;

	use->nloads = 0;
	use->offs[0] = (uint64_t)val.off;
	for (;;) {
		if (val.base == HMS_BASE_CONST)
			return ORIGIN_ADDRESS;
		hms_flow_base(flow, val.base, &base);
		if (base.kind == HMS_IS_ENTRY)
			return base.reg == sp ? ORIGIN_STACK : ORIGIN_OTHER;
		/* What was loaded is the header's address, not one near it. */
		if (base.kind != HMS_IS_LOAD || use->nloads == HMS_USE_LOADS ||
		    (!use->nloads && val.off))
			return ORIGIN_OTHER;
		memmove(use->offs + 1, use->offs, use->nloads * sizeof(*use->offs));
		use->offs[0] = (uint64_t)base.from.off;
		use->nloads++;
		val = base.from;
	}
}

static bool is_variable(const struct hms_rt *rt, uint64_t addr)
{
	for (size_t i = 0; i < rt->nmodules; i++) {
		const struct hms_module *m = &rt->modules[i];

		if ((addr >= m->data && addr < m->edata) || (addr >= m->bss && addr < m->ebss))
			return addr % 8 == 0;
	}
	return false;
}

static const struct hms_map_func *row_of(const struct finder *f, uint64_t entry)
{
	const struct target key = {.entry = entry};
	const struct target *found =
		f->ntargets ? bsearch(&key, f->targets, f->ntargets, sizeof(key), by_entry) : NULL;

	return found ? found->row : NULL;
}

static void add_use(struct candidate *c, const struct hms_use *use)
{
	HMS_GROW(c->uses, c->nuses, c->cap);
	c->uses[c->nuses++] = *use;
}

/* The map is a value that this function made or was given: it is where the code keeps it. */
static void add_slots(struct candidate *c, const struct hms_flow *flow,
		      const struct hms_flow_state *state, struct hms_val map, struct hms_use use)
{
	if (map.base == HMS_BASE_UNKNOWN || map.base == HMS_BASE_CONST)
		return;
	use.func = hms_flow_code(flow)->func.entry;
	use.nloads = 1;
	for (uint32_t i = 0; i < state->nslots; i++) {
		if (!hms_val_equal(state->slots[i].val, map))
			continue;
		use.offs[0] = (uint64_t)state->slots[i].off;
		add_use(c, &use);
	}
}

static void look_at_call(const struct finder *f, struct candidate *c, struct hms_flow *flow,
			 uint32_t insn)
{
	const struct hms_map_func *row = row_of(f, hms_flow_code(flow)->insns[insn].target);
	struct hms_use use = {.times = 1};
	struct hms_flow_state state;
	struct hms_val type, map;

	if (!row)
		return;
	hms_flow_at(flow, insn, &state);
	if (!state.reached)
		return;
	type = argument(f, flow, &state, row->type_arg);
	if (type.base != HMS_BASE_CONST)
		return;
	use.type = hms_rt_type_at(f->rt, (uint64_t)type.off);
	if (!use.type || use.type->kind != HMS_KIND_MAP)
		return;
	map = argument(f, flow, &state, row->map_arg);
	add_slots(c, flow, &state, map, use);
	switch (follow(f, flow, map, &use)) {
	case ORIGIN_ADDRESS:
		if (use.nloads && is_variable(f->rt, use.offs[0]))
			add_use(c, &use);
		break;
	case ORIGIN_STACK:
		use.func = hms_flow_code(flow)->func.entry;
		add_use(c, &use);
		break;
	default: break;
	}
}

static void look_at(void *arg, size_t item, const struct hms_code *code)
{
	struct finder *f = arg;
	const struct hms_around *around = &f->around[item];
	HMS_AUTO(hms_flow) struct hms_flow *flow = NULL;

	if (!code)
		return;
	flow = hms_flow_create(code, f->tab, f->rt->exe->arch, NULL, NULL, NULL);
	for (size_t i = around->first; i < around->first + around->n; i++) {
		uint32_t insn;

		if (hms_code_call_at(code, f->calls[i].pc, f->calls[i].target, &insn))
			look_at_call(f, &f->candidates[item], flow, insn);
	}
}

/* ---- all of them --------------------------------------------------------------------------- */

static int by_place(const void *pa, const void *pb)
{
	const struct hms_use *a = pa, *b = pb;

	if (a->func != b->func)
		return a->func < b->func ? -1 : 1;
	if (a->nloads != b->nloads)
		return a->nloads < b->nloads ? -1 : 1;
	for (uint8_t i = 0; i < HMS_MAX(a->nloads, 1); i++)
		if (a->offs[i] != b->offs[i])
			return a->offs[i] < b->offs[i] ? -1 : 1;
	/* Types of their own have numbers that depend on who met them first. */
	if (a->type->rt_off != b->type->rt_off)
		return a->type->rt_off < b->type->rt_off ? -1 : 1;
	return 0;
}

static struct hms_uses *collect(struct finder *f)
{
	struct hms_uses *uses = hms_xcalloc(1, sizeof(*uses));
	size_t cap = 0, n = 0;

	for (size_t i = 0; i < f->n; i++) {
		for (size_t k = 0; k < f->candidates[i].nuses; k++) {
			HMS_GROW(uses->list, uses->n, cap);
			uses->list[uses->n++] = f->candidates[i].uses[k];
		}
	}
	if (uses->n)
		qsort(uses->list, uses->n, sizeof(*uses->list), by_place);
	for (size_t i = 0; i < uses->n; i++) {
		if (n && by_place(&uses->list[n - 1], &uses->list[i]) == 0)
			uses->list[n - 1].times++;
		else
			uses->list[n++] = uses->list[i];
	}
	uses->n = n;
	return uses;
}

static void finder_deinit(struct finder *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->candidates[i].uses);
	free(f->candidates);
	free(f->around);
	free(f->calls);
	free(f->targets);
}

struct hms_error *hms_uses_find(const struct hms_rt *rt, const struct hms_pclntab *tab,
				unsigned int jobs, struct hms_uses **ret)
{
	struct finder f = {
		.rt = rt,
		.tab = tab,
		.register_abi = hms_go_version_register_abi(&rt->version, rt->exe->arch),
	};
	struct hms_error *err;

	find_targets(&f);
	err = find_calls(&f, jobs);
	if (!err) {
		find_candidates(&f);
		err = hms_around_each(rt, tab, f.around, f.n, jobs, look_at, &f);
	}
	if (!err)
		*ret = collect(&f);
	finder_deinit(&f);
	return err;
}

void hms_uses_free(struct hms_uses *uses)
{
	if (!uses)
		return;
	free(uses->list);
	free(uses);
}
