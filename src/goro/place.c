#include "goro/place.h"

#include <stdlib.h>

void hms_places_init(struct hms_places *places, const struct hms_pclntab *pclntab)
{
	*places = (struct hms_places){.pclntab = pclntab, .arena = hms_arena_create()};
	places->nslots = 1024;
	places->slots = hms_xcalloc(places->nslots, sizeof(struct hms_place *));
}

void hms_places_deinit(struct hms_places *places)
{
	hms_arena_destroy(places->arena);
	free(places->slots);
}

/* Whether the pc is looked up as it is decides lines and inlined calls: part of the key. */
static size_t slot_of(const struct hms_places *places, uint64_t pc, uint64_t lookup_pc)
{
	uint64_t key = (pc << 1 | (pc == lookup_pc)) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (key >> 32) & (places->nslots - 1);

	while (places->slots[i] &&
	       (places->slots[i]->pc != pc || places->slots[i]->lookup_pc != lookup_pc))
		i = (i + 1) & (places->nslots - 1);
	return i;
}

static void slots_grow(struct hms_places *places)
{
	const struct hms_place **old = places->slots;
	size_t nold = places->nslots;

	places->nslots *= 2;
	places->slots = hms_xcalloc(places->nslots, sizeof(struct hms_place *));
	for (size_t i = 0; i < nold; i++) {
		if (old[i])
			places->slots[slot_of(places, old[i]->pc, old[i]->lookup_pc)] = old[i];
	}
	free(old);
}

static const struct hms_place *place_create(struct hms_places *places, const struct hms_func *func,
					    uint64_t pc, uint64_t lookup_pc)
{
	struct hms_place *place = HMS_ARENA_NEW(places->arena, struct hms_place);
	struct hms_call calls[HMS_MAX_INLINE_DEPTH];

	place->func = *func;
	place->kind = hms_func_kind(func);
	place->pc = pc;
	place->lookup_pc = lookup_pc;
	place->has_delta = hms_func_sp_delta(func, pc, &place->sp_delta);
	place->ncalls = (uint32_t)hms_func_calls(func, lookup_pc, calls, HMS_ARRAY_LEN(calls));
	place->calls = hms_arena_memdup(places->arena, calls, place->ncalls * sizeof(calls[0]));
	return place;
}

const struct hms_place *hms_place(struct hms_places *places, uint64_t pc, bool exact)
{
	struct hms_func func;
	uint64_t lookup_pc = exact ? pc : pc - 1;
	size_t slot = slot_of(places, pc, lookup_pc);

	if (places->slots[slot])
		return places->slots[slot];
	if (!hms_pclntab_find(places->pclntab, pc, &func))
		return NULL;
	if (pc == func.entry && !exact)
		return hms_place(places, pc, true);
	if (2 * places->n >= places->nslots) {
		slots_grow(places);
		slot = slot_of(places, pc, lookup_pc);
	}
	places->slots[slot] = place_create(places, &func, pc, lookup_pc);
	places->n++;
	return places->slots[slot];
}
