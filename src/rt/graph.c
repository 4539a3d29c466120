#include "rt/graph.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a: as fast as uthash's own on names of this length, and no cases that fall through. */
static unsigned int hash_name(const void *name, size_t len)
{
	const unsigned char *p = name;
	unsigned int hash = 2166136261u;

	while (len--)
		hash = (hash ^ *p++) * 16777619u;
	return hash;
}

#define HASH_FUNCTION(key, len, hash) ((hash) = hash_name((key), (len)))
#define uthash_malloc(size)           hms_xcalloc(1, (size))
#define uthash_free(p, size)          free(p)
#include <uthash.h>

struct name_entry {
	const struct hms_type *type;
	UT_hash_handle hh;
};

struct hms_graph {
	struct hms_arena *arena;
	struct hms_arena **more_arenas;
	size_t nmore_arenas, more_arenas_cap;
	pthread_mutex_t lock;    /* of the above */
	struct hms_type **types; /* by id */
	size_t ntypes, types_cap;
	struct hms_variable *variables; /* sorted by name once sealed */
	size_t nvariables, variables_cap;
	bool sealed;
	/* Made when sealed: */
	struct name_entry *by_name;
	const struct hms_type **by_rtype; /* sorted by rt_off, one entry an offset */
	size_t nby_rtype;
	const struct hms_variable **by_addr; /* sorted by address, those with a size */
	size_t nby_addr;
	uint8_t *reaches_map; /* by id */
};

struct hms_graph *hms_graph_create(void)
{
	struct hms_graph *graph = hms_xcalloc(1, sizeof(*graph));

	pthread_mutex_init(&graph->lock, NULL);
	graph->arena = hms_arena_create();
	return graph;
}

void hms_graph_destroy(struct hms_graph *graph)
{
	if (!graph)
		return;
	HASH_CLEAR(hh, graph->by_name); /* entries are in the arena */
	hms_arena_destroy(graph->arena);
	for (size_t i = 0; i < graph->nmore_arenas; i++)
		hms_arena_destroy(graph->more_arenas[i]);
	free(graph->more_arenas);
	pthread_mutex_destroy(&graph->lock);
	free(graph->types);
	free(graph->variables);
	free(graph->by_rtype);
	free(graph->by_addr);
	free(graph->reaches_map);
	free(graph);
}

struct hms_arena *hms_graph_arena(struct hms_graph *graph)
{
	return graph->arena;
}

struct hms_arena *hms_graph_arena_for_thread(struct hms_graph *graph)
{
	struct hms_arena *arena = hms_arena_create();

	pthread_mutex_lock(&graph->lock);
	HMS_GROW(graph->more_arenas, graph->nmore_arenas, graph->more_arenas_cap);
	graph->more_arenas[graph->nmore_arenas++] = arena;
	pthread_mutex_unlock(&graph->lock);
	return arena;
}

struct hms_type *hms_graph_add_type(struct hms_graph *graph)
{
	struct hms_type *type = HMS_ARENA_NEW(graph->arena, struct hms_type);

	assert(!graph->sealed);
	assert(graph->ntypes < UINT32_MAX);
	HMS_GROW(graph->types, graph->ntypes, graph->types_cap);
	type->name = "";
	type->id = (uint32_t)graph->ntypes;
	graph->types[graph->ntypes++] = type;
	return type;
}

void hms_graph_add_variable(struct hms_graph *graph, const char *name, uint64_t addr,
			    const struct hms_type *type)
{
	assert(!graph->sealed);
	HMS_GROW(graph->variables, graph->nvariables, graph->variables_cap);
	graph->variables[graph->nvariables++] = (struct hms_variable){name, addr, type};
}

/* ---- sealing: names ----------------------------------------------------------------------- */

/* How much a type tells about its values: what wins where several have one name. */
static int detail(const struct hms_type *type)
{
	return (type->size != 0) + (type->size != 0 && type->nmembers != 0);
}

static void index_name(struct hms_graph *graph, const struct hms_type *type)
{
	size_t len = strlen(type->name);
	struct name_entry *entry;
	unsigned int hash;

	if (!len)
		return;
	HASH_VALUE(type->name, len, hash);
	HASH_FIND_BYHASHVALUE(hh, graph->by_name, type->name, len, hash, entry);
	if (entry) {
		if (detail(type) > detail(entry->type))
			entry->type = type;
		return;
	}
	entry = HMS_ARENA_NEW(graph->arena, struct name_entry);
	entry->type = type;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, graph->by_name, type->name, len, hash, entry);
}

/* ---- sealing: type descriptors ------------------------------------------------------------ */

/* A map or channel is also described by the pointer and the struct that it is made of, a named
 * struct twice under one name.  The Go type itself comes first. */
static int rtype_rank(const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_MAP:
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
	case HMS_KIND_INTERFACE: return 0;
	case HMS_KIND_NONE: return 2;
	default: return 1;
	}
}

static int compare_rtype(const void *pa, const void *pb)
{
	const struct hms_type *a = *(const struct hms_type *const *)pa;
	const struct hms_type *b = *(const struct hms_type *const *)pb;

	if (a->rt_off != b->rt_off)
		return a->rt_off < b->rt_off ? -1 : 1;
	if (rtype_rank(a) != rtype_rank(b))
		return rtype_rank(a) - rtype_rank(b);
	if (detail(a) != detail(b))
		return detail(b) - detail(a);
	return a->id < b->id ? -1 : a->id > b->id;
}

static void index_rtypes(struct hms_graph *graph)
{
	const struct hms_type **sorted = hms_xcalloc(graph->ntypes, sizeof(*sorted));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < graph->ntypes; i++) {
		if (graph->types[i]->rt_off)
			sorted[n++] = graph->types[i];
	}
	qsort(sorted, n, sizeof(*sorted), compare_rtype);
	for (size_t i = 0; i < n; i++) {
		if (!kept || sorted[kept - 1]->rt_off != sorted[i]->rt_off)
			sorted[kept++] = sorted[i];
	}
	graph->by_rtype = sorted;
	graph->nby_rtype = kept;
}

/* ---- sealing: variables ------------------------------------------------------------------- */

static int compare_variable_name(const void *pa, const void *pb)
{
	const struct hms_variable *a = pa, *b = pb;
	int order = strcmp(a->name, b->name);

	if (order)
		return order;
	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

/* By address; of several at one address the largest comes last, where the search ends. */
static int compare_variable_addr(const void *pa, const void *pb)
{
	const struct hms_variable *a = *(const struct hms_variable *const *)pa;
	const struct hms_variable *b = *(const struct hms_variable *const *)pb;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (a->type->size != b->type->size)
		return a->type->size < b->type->size ? -1 : 1;
	return a < b ? 1 : a > b ? -1 : 0;
}

static void index_variables(struct hms_graph *graph)
{
	if (graph->nvariables)
		qsort(graph->variables, graph->nvariables, sizeof(*graph->variables),
		      compare_variable_name);
	graph->by_addr = hms_xcalloc(graph->nvariables, sizeof(*graph->by_addr));
	for (size_t i = 0; i < graph->nvariables; i++) {
		const struct hms_variable *variable = &graph->variables[i];

		if (variable->type && variable->type->size)
			graph->by_addr[graph->nby_addr++] = variable;
	}
	qsort(graph->by_addr, graph->nby_addr, sizeof(*graph->by_addr), compare_variable_addr);
}

/* ---- sealing: which types lead to maps ---------------------------------------------------- */

/*
 * A type leads to a map if it is one, or if a type that it holds or points to does.  The answer
 * spreads backwards over the edges from the types that are maps, so each edge is followed once
 * and cycles need no care.
 */
struct edges {
	uint32_t *from; /* the users of type T: from[start[T]] .. from[start[T + 1] - 1] */
	size_t *start;
};

/* Things whose contents static types don't tell. */
static bool leads_anywhere(const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_MAP:
	case HMS_KIND_INTERFACE:
	case HMS_KIND_FUNC: /* what a closure captured */
	case HMS_KIND_UNSAFE_POINTER: return true;
	case HMS_KIND_POINTER: return !type->elem;
	default: return false;
	}
}

/* Types used by @type.  A channel's repr is left out: wait queues lead to goroutines, and these to
 * everything. */
static size_t nused(const struct hms_type *type)
{
	return 1 + (type->kind == HMS_KIND_CHAN ? 0 : type->nmembers);
}

static const struct hms_type *used_type(const struct hms_type *type, size_t i) /* or NULL */
{
	return i == 0 ? type->elem : type->members[i - 1].type;
}

static struct edges edges_create(const struct hms_graph *graph)
{
	struct edges edges = {0};
	const struct hms_type *type, *used;

	/* start[] first counts, then holds ends, and filling from the back makes them starts. */
	edges.start = hms_xcalloc(graph->ntypes + 1, sizeof(*edges.start));
	for (size_t i = 0; i < graph->ntypes; i++) {
		type = graph->types[i];
		for (size_t k = 0; k < nused(type); k++) {
			if ((used = used_type(type, k)))
				edges.start[used->id]++;
		}
	}
	for (size_t i = 1; i <= graph->ntypes; i++)
		edges.start[i] += edges.start[i - 1];
	edges.from = hms_xcalloc(edges.start[graph->ntypes], sizeof(*edges.from));
	for (size_t i = 0; i < graph->ntypes; i++) {
		type = graph->types[i];
		for (size_t k = 0; k < nused(type); k++) {
			if ((used = used_type(type, k)))
				edges.from[--edges.start[used->id]] = (uint32_t)i;
		}
	}
	return edges;
}

static void compute_reaches_map(struct hms_graph *graph)
{
	struct edges edges = edges_create(graph);
	uint32_t *todo = hms_xcalloc(graph->ntypes, sizeof(*todo));
	size_t ntodo = 0;

	graph->reaches_map = hms_xcalloc(graph->ntypes, 1);
	for (size_t i = 0; i < graph->ntypes; i++) {
		if (leads_anywhere(graph->types[i])) {
			graph->reaches_map[i] = 1;
			todo[ntodo++] = (uint32_t)i;
		}
	}
	while (ntodo) {
		uint32_t id = todo[--ntodo];

		for (size_t i = edges.start[id]; i < edges.start[id + 1]; i++) {
			uint32_t user = edges.from[i];

			if (graph->reaches_map[user])
				continue;
			graph->reaches_map[user] = 1;
			todo[ntodo++] = user;
		}
	}
	free(todo);
	free(edges.from);
	free(edges.start);
}

void hms_graph_seal(struct hms_graph *graph)
{
	assert(!graph->sealed);
	for (size_t i = 0; i < graph->ntypes; i++)
		index_name(graph, graph->types[i]);
	index_rtypes(graph);
	index_variables(graph);
	compute_reaches_map(graph);
	graph->sealed = true;
}

/* ---- look-ups ----------------------------------------------------------------------------- */

size_t hms_graph_ntypes(const struct hms_graph *graph)
{
	return graph->ntypes;
}

const struct hms_type *hms_graph_type(const struct hms_graph *graph, size_t id)
{
	assert(id < graph->ntypes);
	return graph->types[id];
}

const struct hms_type *hms_graph_find_type(const struct hms_graph *graph, const char *name)
{
	struct name_entry *entry;

	assert(graph->sealed);
	HASH_FIND(hh, graph->by_name, name, strlen(name), entry);
	return entry ? entry->type : NULL;
}

const struct hms_type *hms_graph_find_rtype(const struct hms_graph *graph, uint64_t rt_off)
{
	size_t low = 0, high = graph->nby_rtype;

	assert(graph->sealed);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (graph->by_rtype[mid]->rt_off < rt_off)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == graph->nby_rtype || graph->by_rtype[low]->rt_off != rt_off)
		return NULL;
	return graph->by_rtype[low];
}

const struct hms_variable *hms_graph_variables(const struct hms_graph *graph, size_t *n_ret)
{
	assert(graph->sealed);
	*n_ret = graph->nvariables;
	return graph->variables;
}

const struct hms_variable *hms_graph_find_variable(const struct hms_graph *graph, const char *name)
{
	size_t low = 0, high = graph->nvariables;

	assert(graph->sealed);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(graph->variables[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == graph->nvariables || strcmp(graph->variables[low].name, name) != 0)
		return NULL;
	return &graph->variables[low];
}

const struct hms_variable *hms_graph_variable_at(const struct hms_graph *graph, uint64_t addr)
{
	const struct hms_variable *variable;
	size_t low = 0, high = graph->nby_addr;

	assert(graph->sealed);
	/* The last one that does not begin after addr. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (graph->by_addr[mid]->addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	variable = graph->by_addr[low - 1];
	return addr - variable->addr < variable->type->size ? variable : NULL;
}

const struct hms_member *hms_type_member(const struct hms_type *type, const char *name)
{
	for (uint32_t i = 0; i < type->nmembers; i++) {
		if (strcmp(type->members[i].name, name) == 0)
			return &type->members[i];
	}
	return NULL;
}

bool hms_type_reaches_map(const struct hms_graph *graph, const struct hms_type *type)
{
	assert(graph->sealed);
	if (type->id >= graph->ntypes)
		return type->reaches_map;
	assert(graph->types[type->id] == type);
	return graph->reaches_map[type->id];
}

#define MAX_PARTS \
	65536 /* of a type looked at: what damaged debug information nests may be endless */

/* Counts down @budget; true where it is used up. */
static bool has_pointers(const struct hms_type *type, unsigned int nesting, unsigned int *budget)
{
	if (!type || !nesting || !*budget)
		return true;
	--*budget;
	switch (type->kind) {
	case HMS_KIND_ARRAY:
		return type->size && type->count && has_pointers(type->elem, nesting - 1, budget);
	case HMS_KIND_STRUCT:
		for (uint32_t i = 0; i < type->nmembers; i++)
			if (has_pointers(type->members[i].type, nesting - 1, budget))
				return true;
		return false;
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
	case HMS_KIND_INTERFACE:
	case HMS_KIND_MAP:
	case HMS_KIND_POINTER:
	case HMS_KIND_SLICE:
	case HMS_KIND_STRING:
	case HMS_KIND_UNSAFE_POINTER: return true;
	case HMS_KIND_NONE: return type->size > 0;
	default: return false;
	}
}

bool hms_type_has_pointers(const struct hms_type *type)
{
	unsigned int budget = MAX_PARTS;

	return has_pointers(type, 64, &budget);
}
