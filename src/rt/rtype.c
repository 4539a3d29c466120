/*
 * The table of types made from descriptors: looked up without a lock, extended under one.
 */
#include "rt/rtype.h"

#include <pthread.h>

#include "rt/rtype-impl.h"
#include "util/arena.h"

/* More types, and more bytes of members and names, are not made: a core may be full of what looks
 * like descriptors, all of them sharing one long list of members. */
#define RTYPES_MAX (1 << 16)
#define BYTES_MAX  (32 << 20)

/* Rounds of spreading the answer to "does it lead to a map"; what is then still unsettled does. */
#define REACH_ROUNDS 16

struct table {
	size_t mask;
	_Atomic(struct hms_rtype *) places[];
};

struct hms_rtypes {
	pthread_mutex_t lock;          /* for all changes */
	_Atomic(struct table *) table; /* tables grown out of stay until the end */
	struct hms_arena *arena;
	size_t n;
	size_t bytes;     /* of members and names */
	uint32_t next_id; /* less the graph's number of types */
};

const struct hms_type hms_rtype_unknown = {.name = "?", .id = UINT32_MAX};

static struct table *table_create(struct hms_arena *arena, size_t places)
{
	struct table *table =
		hms_arena_alloc(arena, sizeof(*table) + places * sizeof(table->places[0]));

	table->mask = places - 1;
	return table;
}

struct hms_rtypes *hms_rtypes_create(void)
{
	struct hms_rtypes *rtypes = hms_xcalloc(1, sizeof(*rtypes));

	pthread_mutex_init(&rtypes->lock, NULL);
	rtypes->arena = hms_arena_create();
	atomic_init(&rtypes->table, table_create(rtypes->arena, 64));
	return rtypes;
}

void hms_rtypes_destroy(struct hms_rtypes *rtypes)
{
	if (!rtypes)
		return;
	hms_arena_destroy(rtypes->arena);
	pthread_mutex_destroy(&rtypes->lock);
	free(rtypes);
}

/* ---- the table ---------------------------------------------------------------------------- */

static size_t place_of(const struct table *table, uint64_t addr)
{
	return (size_t)((addr >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & table->mask;
}

static struct hms_rtype *look_up(struct table *table, uint64_t addr)
{
	for (size_t i = place_of(table, addr);; i = (i + 1) & table->mask) {
		struct hms_rtype *rtype =
			atomic_load_explicit(&table->places[i], memory_order_acquire);

		if (!rtype || rtype->addr == addr)
			return rtype;
	}
}

static void put(struct table *table, struct hms_rtype *rtype)
{
	size_t i = place_of(table, rtype->addr);

	while (atomic_load_explicit(&table->places[i], memory_order_relaxed))
		i = (i + 1) & table->mask;
	atomic_store_explicit(&table->places[i], rtype, memory_order_release);
}

static void insert(struct hms_rtypes *all, struct hms_rtype *rtype)
{
	struct table *table = atomic_load_explicit(&all->table, memory_order_relaxed);

	if (2 * ++all->n > table->mask) {
		struct table *larger = table_create(all->arena, 2 * (table->mask + 1));

		for (size_t i = 0; i <= table->mask; i++) {
			struct hms_rtype *old =
				atomic_load_explicit(&table->places[i], memory_order_relaxed);
			if (old)
				put(larger, old);
		}
		atomic_store_explicit(&all->table, larger, memory_order_release);
		table = larger;
	}
	put(table, rtype);
}

bool hms_rtype_charge(struct hms_rtype_build *build, size_t bytes)
{
	if (bytes > BYTES_MAX - build->all->bytes)
		return false;
	build->all->bytes += bytes;
	return true;
}

/* ---- making types ------------------------------------------------------------------------- */

struct hms_rtype *hms_rtype_new(struct hms_rtype_build *build, enum hms_kind kind, uint64_t size)
{
	struct hms_rtype *rtype = HMS_ARENA_NEW(build->arena, struct hms_rtype);

	rtype->type.name = "?";
	rtype->type.kind = kind;
	rtype->type.size = size;
	rtype->type.id = (uint32_t)hms_graph_ntypes(build->rt->graph) + build->all->next_id++;
	HMS_GROW(build->made, build->nmade, build->cap);
	build->made[build->nmade++] = rtype;
	return rtype;
}

const uint8_t *hms_rtype_bytes(const struct hms_rt *rt, const struct hms_rtype *rtype,
			       enum hms_fact_id structure)
{
	const struct hms_fact *fact = &rt->layout.facts[structure];

	return fact->present ? hms_mem_peek(rt->mem, rtype->addr, fact->size) : NULL;
}

/* Could a descriptor be at @addr?  Its common part, or NULL.  What reflect makes lies in the heap
 * and has a negative number for a name; anything else has to be in a module's type section. */
static const uint8_t *credible(const struct hms_rt *rt, uint64_t addr)
{
	const struct hms_layout *layout = &rt->layout;
	const struct hms_fact *fact = &layout->facts[HMS_F_TYPE];
	const uint8_t *p;

	if (!addr || addr % 8 || !fact->present)
		return NULL;
	p = hms_mem_peek(rt->mem, addr, fact->size);
	if (!p || hms_layout_get(layout, HMS_F_TYPE_SIZE, p) > INT64_MAX ||
	    hms_layout_get(layout, HMS_F_TYPE_PTRBYTES, p) >
		    hms_layout_get(layout, HMS_F_TYPE_SIZE, p))
		return NULL;
	if (hms_rt_module_of_type(rt, addr))
		return p;
	return (int32_t)hms_layout_get(layout, HMS_F_TYPE_STR, p) < 0 ? p : NULL;
}

/* kind & 31; the bits above it are flags (src/internal/abi/type.go). */
static enum hms_kind kind_of(const struct hms_layout *layout, const uint8_t *p)
{
	uint64_t kind = hms_layout_get(layout, HMS_F_TYPE_KIND, p) & 31;

	return kind <= HMS_KIND_UNSAFE_POINTER ? (enum hms_kind)kind : HMS_KIND_NONE;
}

static const struct hms_type *of_graph(const struct hms_rt *rt, uint64_t addr)
{
	/* The graph describes EXE, whose module comes first. */
	if (hms_rt_module_of_type(rt, addr) != &rt->modules[0])
		return NULL;
	return hms_graph_find_rtype(rt->graph, addr - rt->modules[0].types);
}

static struct hms_rtype *make(struct hms_rtype_build *build, uint64_t addr)
{
	const struct hms_layout *layout = &build->rt->layout;
	const uint8_t *p = credible(build->rt, addr);
	struct hms_rtype *rtype;

	if (!p || build->all->n >= RTYPES_MAX)
		return NULL;
	rtype = hms_rtype_new(build, kind_of(layout, p),
			      hms_layout_get(layout, HMS_F_TYPE_SIZE, p));
	rtype->addr = addr;
	rtype->module = hms_rt_module_of_type(build->rt, addr);
	rtype->tflag = (uint8_t)hms_layout_get(layout, HMS_F_TYPE_TFLAG, p);
	if (rtype->module == &build->rt->modules[0])
		rtype->type.rt_off = addr - rtype->module->types;
	insert(build->all, rtype);
	return rtype;
}

const struct hms_type *hms_rtype_part(struct hms_rtype_build *build, uint64_t addr)
{
	const struct hms_type *known = of_graph(build->rt, addr);
	struct hms_rtype *rtype;

	if (known)
		return known;
	rtype = look_up(atomic_load_explicit(&build->all->table, memory_order_relaxed), addr);
	if (!rtype)
		rtype = make(build, addr);
	return rtype ? &rtype->type : &hms_rtype_unknown;
}

/* ---- which of them lead to maps ------------------------------------------------------------ */

static bool leads_to_map(const struct hms_graph *graph, const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_MAP:
	case HMS_KIND_INTERFACE:
	case HMS_KIND_FUNC:
	case HMS_KIND_UNSAFE_POINTER: return true;
	default: break;
	}
	if (type->elem && hms_type_reaches_map(graph, type->elem))
		return true;
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_type *part = type->members[i].type;

		if (part && hms_type_reaches_map(graph, part))
			return true;
	}
	return false;
}

/* Parts come behind what they are part of, so that going backwards settles most in one round. */
static void spread_reach(struct hms_rtype_build *build)
{
	const struct hms_graph *graph = build->rt->graph;
	bool changed = true;

	for (int round = 0; changed; round++) {
		changed = false;
		for (size_t i = build->nmade; i-- > 0;) {
			struct hms_type *type = &build->made[i]->type;

			if (type->reaches_map)
				continue;
			type->reaches_map = round >= REACH_ROUNDS || leads_to_map(graph, type);
			changed |= type->reaches_map;
		}
	}
}

/* ---- find ---------------------------------------------------------------------------------- */

static void build_all(struct hms_rtype_build *build)
{
	for (size_t i = 0; i < build->nmade; i++) {
		struct hms_rtype *rtype = build->made[i];

		if (!rtype->addr || hms_rtype_decode(build, rtype))
			continue;
		rtype->bad = true;
		rtype->type.kind = HMS_KIND_NONE;
	}
	for (size_t i = 0; i < build->nmade; i++)
		hms_rtype_set_names(build, build->made[i]);
	spread_reach(build);
	for (size_t i = 0; i < build->nmade; i++)
		atomic_store_explicit(&build->made[i]->ready, true, memory_order_release);
	free(build->made);
}

static const struct hms_type *result(const struct hms_rtype *rtype)
{
	return rtype && !rtype->bad ? &rtype->type : NULL;
}

const struct hms_type *hms_rtypes_find(const struct hms_rt *rt, uint64_t addr)
{
	struct hms_rtypes *all = rt->rtypes;
	struct hms_rtype *rtype;

	if (!addr)
		return NULL;
	rtype = look_up(atomic_load_explicit(&all->table, memory_order_acquire), addr);
	if (rtype && atomic_load_explicit(&rtype->ready, memory_order_acquire))
		return result(rtype);
	if (!rtype && !credible(rt, addr))
		return NULL;
	pthread_mutex_lock(&all->lock);
	rtype = look_up(atomic_load_explicit(&all->table, memory_order_relaxed), addr);
	if (!rtype) {
		struct hms_rtype_build build = {.rt = rt, .all = all, .arena = all->arena};

		rtype = make(&build, addr);
		build_all(&build);
	}
	pthread_mutex_unlock(&all->lock);
	return result(rtype);
}

struct hms_rtype *hms_rtype_of(const struct hms_rt *rt, const struct hms_type *type)
{
	if (type->id < hms_graph_ntypes(rt->graph) || type == &hms_rtype_unknown)
		return NULL;
	return (struct hms_rtype *)(uintptr_t)type;
}

const char *hms_rtypes_string(const struct hms_rt *rt, const struct hms_type *type)
{
	const struct hms_rtype *rtype = hms_rtype_of(rt, type);

	return rtype ? rtype->string : NULL;
}
