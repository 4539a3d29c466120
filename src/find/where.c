#include "find/where.h"

#include <string.h>

struct hms_whereabouts {
	struct hms_where_sources sources;
	const struct hms_rt *rt;
	const struct hms_heap *heap;
	struct hms_unwinder *unwinder; /* NULL without goroutines */
	struct hms_stack stack;
};

struct hms_whereabouts *hms_whereabouts_create(const struct hms_where_sources *sources)
{
	struct hms_whereabouts *w = hms_xcalloc(1, sizeof(*w));

	w->sources = *sources;
	w->rt = hms_map_model_rt(sources->model);
	w->heap = hms_map_model_heap(sources->model);
	if (sources->goros)
		w->unwinder = hms_unwinder_create(sources->goros);
	return w;
}

void hms_whereabouts_destroy(struct hms_whereabouts *w)
{
	if (!w)
		return;
	hms_stack_deinit(&w->stack);
	hms_unwinder_destroy(w->unwinder);
	free(w);
}

void hms_where_deinit(struct hms_where *where)
{
	free(where->local.name);
	where->local.name = NULL;
}

/* ---- variables of frames ------------------------------------------------------------------- */

struct locals {
	struct hms_where *where;
	const struct hms_frame *frame;
	const struct hms_goroutine *goroutine;
	bool escaped; /* only those on the heap are wanted, else only those that are not */
};

/* Of several that share a slot the one that lives; then the innermost. */
static bool is_better(const struct hms_local *local, const struct hms_where_local *than)
{
	static const int rank[] = {
		[HMS_LOCAL_LIVE] = 0,
		[HMS_LOCAL_UNKNOWN] = 1,
		[HMS_LOCAL_DEAD] = 2,
		[HMS_LOCAL_GONE] = 3,
	};

	return !than->known || rank[local->state] < rank[than->state];
}

/* Which call of the frame's place is @local's? */
static size_t call_of(const struct hms_place *place, const struct hms_local *local)
{
	const char *name = local->function ? local->function : "";

	for (uint32_t i = 0; i < place->ncalls; i++)
		if (place->calls[i].name && strcmp(place->calls[i].name, name) == 0)
			return i;
	return place->ncalls ? place->ncalls - 1 : 0;
}

static struct hms_error *visit_local(void *arg, const struct hms_local *local)
{
	struct locals *l = arg;
	struct hms_where *where = l->where;
	uint64_t size = local->type && local->type->size ? local->type->size : 1;

	if (!local->addr || local->escaped != l->escaped || where->addr - local->addr >= size ||
	    !is_better(local, &where->local))
		return NULL;
	free(where->local.name);
	where->local = (struct hms_where_local){
		.known = true,
		.type = local->type,
		.name = hms_xstrdup(local->name ? local->name : "?"),
		.addr = local->addr,
		.escaped = local->escaped,
		.state = local->state,
	};
	where->place = l->frame->place;
	where->call = call_of(l->frame->place, local);
	where->local_of = l->goroutine;
	return NULL;
}

static struct hms_error *look_at_frames(struct hms_whereabouts *w, const struct hms_goroutine *g,
					bool escaped, struct hms_where *where)
{
	struct locals l = {.where = where, .goroutine = g, .escaped = escaped};

	for (size_t i = 0; w->sources.dwarf && i < w->stack.n; i++) {
		l.frame = &w->stack.frames[i];
		HMS_TRY(hms_locals(w->unwinder, w->sources.dwarf, w->rt->bias, &w->stack, l.frame,
				   visit_local, &l));
	}
	return NULL;
}

/* ---- stacks -------------------------------------------------------------------------------- */

/* The frame that @addr lies in.  A callee's arguments are in its caller's frame. */
static void find_frame(const struct hms_stack *stack, struct hms_where *where)
{
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < stack->n; i++) {
		const struct hms_frame *frame = &stack->frames[i];

		if (frame->stack == HMS_STACK_USER)
			lowest = HMS_MIN(lowest, frame->sp);
		if (where->in_frame || where->addr - frame->sp >= frame->cfa - frame->sp)
			continue;
		where->in_frame = true;
		where->place = frame->place;
		where->call = frame->place->ncalls ? frame->place->ncalls - 1 : 0;
	}
	where->unused = where->stack == HMS_WHERE_GOROUTINE && !where->in_frame && stack->n &&
			where->addr < lowest;
}

static bool between(uint64_t addr, uint64_t lo, uint64_t hi)
{
	return lo && addr >= lo && addr < hi;
}

static void find_thread(const struct hms_goros *goros, struct hms_where *where)
{
	for (size_t i = 0; i < goros->nthreads; i++) {
		const struct hms_go_thread *t = &goros->threads[i];

		if (between(where->addr, t->gsignal_lo, t->gsignal_hi))
			where->stack = HMS_WHERE_GSIGNAL;
		else if (between(where->addr, t->g0_lo, t->g0_hi))
			where->stack = HMS_WHERE_G0;
		else
			continue;
		where->thread = t;
		where->goroutine = t->curg ? hms_goro_at(goros, t->curg) : NULL;
		return;
	}
}

static struct hms_error *find_stack(struct hms_whereabouts *w, struct hms_where *where)
{
	const struct hms_goros *goros = w->sources.goros;

	if (!goros)
		return NULL;
	where->goroutine = hms_goro_of_stack(goros, where->addr);
	if (where->goroutine)
		where->stack = HMS_WHERE_GOROUTINE;
	else
		find_thread(goros, where);
	if (!where->goroutine)
		return NULL;
	hms_unwind(w->unwinder, where->goroutine, &w->stack);
	find_frame(&w->stack, where);
	return look_at_frames(w, where->goroutine, false, where);
}

/* A heap object that nothing else explains may be a variable that escaped. */
static struct hms_error *find_escaped(struct hms_whereabouts *w, struct hms_where *where)
{
	const struct hms_goros *goros = w->sources.goros;

	if (!goros || where->in_map || where->object.state != HMS_HEAP_ALLOCATED)
		return NULL;
	for (size_t i = 0; i < goros->n && !where->local.known; i++) {
		hms_unwind(w->unwinder, &goros->list[i], &w->stack);
		HMS_TRY(look_at_frames(w, &goros->list[i], true, where));
	}
	return NULL;
}

/* ---- the program --------------------------------------------------------------------------- */

static enum hms_where_section section_of(const struct hms_module *m, uint64_t addr)
{
	if (between(addr, m->text, m->etext))
		return HMS_SECTION_TEXT;
	if (between(addr, m->types, m->etypes))
		return HMS_SECTION_TYPES;
	if (between(addr, m->data, m->edata) || between(addr, m->noptrdata, m->enoptrdata))
		return HMS_SECTION_DATA;
	if (between(addr, m->bss, m->ebss) || between(addr, m->noptrbss, m->enoptrbss))
		return HMS_SECTION_BSS;
	return HMS_SECTION_NONE;
}

static void find_program(const struct hms_whereabouts *w, struct hms_where *where)
{
	const struct hms_corefile *core = w->sources.core;

	where->variable = hms_graph_variable_at(w->rt->graph, where->addr);
	for (size_t i = 0; i < w->rt->nmodules && !where->section; i++)
		where->section = section_of(&w->rt->modules[i], where->addr);
	if (w->sources.pclntab)
		where->in_function =
			hms_pclntab_find(w->sources.pclntab, where->addr, &where->function);
	if (where->section == HMS_SECTION_TYPES)
		where->descriptor = hms_rt_type_at(w->rt, where->addr);
	for (size_t i = 0; i < core->nmappings && !where->file; i++)
		if (between(where->addr, core->mappings[i].start, core->mappings[i].end))
			where->file = &core->mappings[i];
}

struct hms_error *hms_where_find(struct hms_whereabouts *w, uint64_t addr, struct hms_where *ret)
{
	struct hms_error *err;

	*ret = (struct hms_where){.addr = addr};
	ret->memory = hms_mem_state_at(w->rt->mem, addr, NULL);
	ret->in_map = hms_map_locate(w->sources.model, w->sources.found->maps,
				     w->sources.found->nmaps, addr, &ret->map);
	hms_heap_find(w->heap, addr, &ret->object);
	find_program(w, ret);
	err = find_stack(w, ret);
	if (!err)
		err = find_escaped(w, ret);
	if (err)
		hms_where_deinit(ret);
	return err;
}
