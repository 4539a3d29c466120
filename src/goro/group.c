#include "goro/group.h"

#include <stdlib.h>
#include <string.h>

#include "goro/arch.h"
#include "util/arena.h"

/* What goroutines of a group share; the pcs follow. */
struct key {
	uint64_t go_pc;
	uint64_t left_out;
	const char *wait_reason; /* from one table: equal texts are equal pointers */
	uint32_t status;
	uint32_t end;
	uint64_t system;
	uint64_t npcs;
};

struct entry {
	uint64_t hash;
	const uint64_t *words; /* key and pcs; NULL: free */
	size_t nwords;
	uint32_t group;
};

struct grouping {
	struct hms_goro_groups *groups;
	struct hms_arena *arena;
	struct entry *entries; /* open addressing; a power of two of them */
	size_t nentries;
	uint64_t *words; /* of the goroutine in hand */
	size_t nwords;
	size_t cap_words;
};

static void words_reserve(struct grouping *gr, size_t n)
{
	if (n <= gr->cap_words)
		return;
	gr->cap_words = 2 * n;
	gr->words = hms_xrealloc(gr->words, gr->cap_words, sizeof(*gr->words));
}

static void words_fill(struct grouping *gr, const struct hms_goroutine *g,
		       const struct hms_stack *stack)
{
	struct key key = {
		.go_pc = g->go_pc,
		.left_out = stack->left_out,
		.wait_reason = g->wait_reason,
		.status = g->status,
		.end = stack->end,
		.system = g->system,
		.npcs = stack->n,
	};
	size_t head = sizeof(key) / sizeof(uint64_t);

	_Static_assert(sizeof(struct key) % sizeof(uint64_t) == 0, "a key is whole words");
	words_reserve(gr, head + stack->n);
	memcpy(gr->words, &key, sizeof(key));
	for (size_t i = 0; i < stack->n; i++)
		gr->words[head + i] = stack->frames[i].place->pc;
	gr->nwords = head + stack->n;
}

static uint64_t hash_words(const uint64_t *words, size_t n)
{
	uint64_t hash = n;

	for (size_t i = 0; i < n; i++) {
		hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

/* The entry of these words, or the free one where it would stand. */
static struct entry *entry_of(const struct grouping *gr, uint64_t hash, const uint64_t *words,
			      size_t n)
{
	size_t i = hash & (gr->nentries - 1);

	for (;; i = (i + 1) & (gr->nentries - 1)) {
		struct entry *e = &gr->entries[i];

		if (!e->words || (e->hash == hash && e->nwords == n &&
				  !memcmp(e->words, words, n * sizeof(*words))))
			return e;
	}
}

static void entries_grow(struct grouping *gr)
{
	struct entry *old = gr->entries;
	size_t nold = gr->nentries;

	gr->nentries = nold ? 2 * nold : 256;
	gr->entries = hms_xcalloc(gr->nentries, sizeof(*gr->entries));
	for (size_t i = 0; i < nold; i++) {
		if (old[i].words)
			*entry_of(gr, old[i].hash, old[i].words, old[i].nwords) = old[i];
	}
	free(old);
}

static struct hms_goro_group *group_of(struct grouping *gr, enum hms_stack_end end)
{
	struct hms_goro_groups *groups = gr->groups;
	uint64_t hash = hash_words(gr->words, gr->nwords);
	struct entry *e;

	if (2 * groups->n >= gr->nentries)
		entries_grow(gr);
	e = entry_of(gr, hash, gr->words, gr->nwords);
	if (!e->words) {
		*e = (struct entry){
			.hash = hash,
			.words = hms_arena_memdup(gr->arena, gr->words,
						  gr->nwords * sizeof(*gr->words)),
			.nwords = gr->nwords,
			.group = (uint32_t)groups->n,
		};
		HMS_GROW(groups->list, groups->n, groups->cap);
		groups->list[groups->n++] = (struct hms_goro_group){.end = end};
	}
	return &groups->list[e->group];
}

static uint64_t lowest_id(const struct hms_goro_group *group)
{
	uint64_t id = group->members[0]->id;

	for (size_t i = 1; i < group->n; i++)
		id = HMS_MIN(id, group->members[i]->id);
	return id;
}

static int compare_groups(const void *a, const void *b)
{
	const struct hms_goro_group *x = a, *y = b;
	uint64_t i, j;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	i = lowest_id(x);
	j = lowest_id(y);
	return (i > j) - (i < j);
}

void hms_goro_groups_make(struct hms_unwinder *u,
			  bool (*wanted)(void *arg, const struct hms_goroutine *g,
					 const struct hms_stack *stack),
			  void *arg, struct hms_goro_groups *ret)
{
	const struct hms_goros *goros = hms_unwinder_goros(u);
	struct grouping gr = {.groups = ret, .arena = hms_arena_create()};
	struct hms_stack stack = {0};

	*ret = (struct hms_goro_groups){0};
	for (size_t i = 0; i < goros->n; i++) {
		const struct hms_goroutine *g = &goros->list[i];
		struct hms_goro_group *group;

		hms_unwind(u, g, &stack);
		if (wanted && !wanted(arg, g, &stack))
			continue;
		words_fill(&gr, g, &stack);
		group = group_of(&gr, stack.end);
		HMS_GROW(group->members, group->n, group->cap);
		group->members[group->n++] = g;
		ret->incomplete += !hms_stack_end_complete(stack.end);
	}
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), compare_groups);
	hms_stack_deinit(&stack);
	hms_arena_destroy(gr.arena);
	free(gr.entries);
	free(gr.words);
}

void hms_goro_groups_deinit(struct hms_goro_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->list[i].members);
	free(groups->list);
	*groups = (struct hms_goro_groups){0};
}
