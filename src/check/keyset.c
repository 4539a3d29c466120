#include "check/keyset.h"

#include <stdlib.h>

#include "util/arena.h"

#define MAX_PLACES (UINT64_C(1) << 21) /* 48 MB */

void check_keyset_deinit(struct check_keyset *set)
{
	free(set->entries);
	*set = (struct check_keyset){0};
}

void check_keyset_clear(struct check_keyset *set)
{
	set->turn++;
	set->n = 0;
}

/* Keys of one bucket or table share bits of their hashes: spread them. */
static struct check_keyset_entry *place(const struct check_keyset *set, uint64_t hash)
{
	size_t i = (size_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) & set->mask;

	while (set->entries[i].turn == set->turn && set->entries[i].hash != hash)
		i = (i + 1) & set->mask;
	return &set->entries[i];
}

static void grow(struct check_keyset *set)
{
	struct check_keyset old = *set;
	size_t places = set->entries ? 2 * (set->mask + 1) : 256;

	set->entries = hms_xcalloc(places, sizeof(*set->entries));
	set->mask = places - 1;
	if (!set->turn)
		set->turn = 1;
	for (size_t i = 0; old.entries && i <= old.mask; i++)
		if (old.entries[i].turn == set->turn)
			*place(set, old.entries[i].hash) = old.entries[i];
	free(old.entries);
}

uint64_t check_keyset_add(struct check_keyset *set, uint64_t hash, uint64_t addr)
{
	struct check_keyset_entry *entry;

	if (!set->entries || 2 * set->n > set->mask) {
		if (set->entries && set->mask + 1 >= MAX_PLACES)
			return 0;
		grow(set);
	}
	entry = place(set, hash);
	if (entry->turn == set->turn)
		return entry->addr;
	*entry = (struct check_keyset_entry){hash, addr, set->turn};
	set->n++;
	return 0;
}
