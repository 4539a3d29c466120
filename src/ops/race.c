#include "ops/race.h"

#include <stdlib.h>

/* Those that died, what writes, the others; of each the lower goroutine first. */
static int rank(const struct hms_operation *op)
{
	if (op->end == HMS_OP_RACED)
		return 0;
	return hms_map_op_writes(op->op) ? 1 : 2;
}

static int compare_parties(const void *a, const void *b)
{
	const struct hms_operation *x = *(const struct hms_operation *const *)a;
	const struct hms_operation *y = *(const struct hms_operation *const *)b;
	uint64_t i = x->goroutine->id, k = y->goroutine->id;

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	return (i > k) - (i < k);
}

static int compare_races(const void *a, const void *b)
{
	const struct hms_race *x = a, *y = b;

	if (x->fatal != y->fatal)
		return x->fatal ? -1 : 1;
	return (x->map > y->map) - (x->map < y->map);
}

/* A panic is over what it interrupted, unless that was a fault: sound maps give no cause for one.
 */
static bool takes_part(const struct hms_operation *op)
{
	return op->end == HMS_OP_GOES_ON || op->end == HMS_OP_RACED || op->end == HMS_OP_FAULTED;
}

/* In the runtime's words: those of the operation that died, else as it would have put it. */
static const char *text_of(const struct hms_race *race)
{
	enum hms_map_op other = HMS_MAP_WRITE;

	if (race->fatal)
		return race->parties[0]->end_text;
	for (size_t i = 0; i < race->n; i++)
		if (!hms_map_op_writes(race->parties[i]->op))
			other = race->parties[i]->op;
	for (size_t i = 1; i < race->n; i++)
		if (hms_map_op_writes(race->parties[i]->op))
			other = HMS_MAP_WRITE;
	return hms_map_race_text(other);
}

/* Keep @race where its parties make one. */
static void keep(struct hms_races *races, struct hms_race *race)
{
	bool writes = false;

	qsort(race->parties, race->n, sizeof(*race->parties), compare_parties);
	race->fatal = race->n && race->parties[0]->end == HMS_OP_RACED;
	for (size_t i = 0; i < race->n; i++) {
		writes |= hms_map_op_writes(race->parties[i]->op);
		if (!race->type)
			race->type = race->parties[i]->type;
	}
	if (!race->fatal && (race->n < 2 || !writes))
		return;
	race->text = text_of(race);
	HMS_GROW(races->list, races->n, races->cap);
	races->list[races->n++] = *race;
}

static void add_party(struct hms_race *race, const struct hms_operation *op)
{
	for (size_t i = 0; i < race->n; i++) {
		if (race->parties[i]->goroutine != op->goroutine)
			continue;
		/* Inside two operations on one map: the one it is dying of counts, else the inner.
		 */
		if (race->parties[i]->end != HMS_OP_RACED)
			race->parties[i] = op;
		return;
	}
	race->parties[race->n++] = op;
}

/* All operations on one map, list[by_map[from]] to list[by_map[to - 1]]. */
static void judge(struct hms_races *races, const struct hms_operations *ops, size_t from, size_t to)
{
	struct hms_race race = {
		.map = ops->list[ops->by_map[from]].map,
		.parties = hms_arena_alloc(races->arena, (to - from) * sizeof(*race.parties)),
	};

	for (size_t i = from; i < to; i++)
		if (takes_part(&ops->list[ops->by_map[i]]))
			add_party(&race, &ops->list[ops->by_map[i]]);
	keep(races, &race);
}

struct hms_races *hms_races_find(const struct hms_operations *ops)
{
	struct hms_races *races = hms_xcalloc(1, sizeof(*races));

	races->arena = hms_arena_create();
	for (size_t from = 0, to; from < ops->nby_map; from = to) {
		for (to = from + 1; to < ops->nby_map; to++)
			if (ops->list[ops->by_map[to]].map != ops->list[ops->by_map[from]].map)
				break;
		judge(races, ops, from, to);
	}
	for (size_t i = 0; i < ops->n; i++) {
		struct hms_race race = {0};

		if (ops->list[i].map || ops->list[i].end != HMS_OP_RACED)
			continue;
		race.parties = hms_arena_alloc(races->arena, sizeof(*race.parties));
		add_party(&race, &ops->list[i]);
		keep(races, &race);
	}
	if (races->n)
		qsort(races->list, races->n, sizeof(*races->list), compare_races);
	return races;
}

void hms_races_free(struct hms_races *races)
{
	if (!races)
		return;
	hms_arena_destroy(races->arena);
	free(races->list);
	free(races);
}

const struct hms_race *hms_race_on(const struct hms_races *races, uint64_t map)
{
	for (size_t i = 0; map && i < races->n; i++)
		if (races->list[i].map == map)
			return &races->list[i];
	return NULL;
}
