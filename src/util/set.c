#include "util/set.h"

#include <assert.h>
#include <stdlib.h>

#include "util/arena.h"

void hms_set_deinit(struct hms_set *set)
{
	free(set->entries);
	*set = (struct hms_set){0};
}

/* splitmix64's finaliser over both halves: addresses differ in few bits. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ (b * UINT64_C(0x9e3779b97f4a7c15));

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* The key's place, or the empty one where it would go. */
static struct hms_set_entry *place(const struct hms_set *set, uint64_t a, uint64_t b)
{
	size_t i = (size_t)mix(a, b) & set->mask;

	while ((set->entries[i].a | set->entries[i].b) &&
	       (set->entries[i].a != a || set->entries[i].b != b))
		i = (i + 1) & set->mask;
	return &set->entries[i];
}

static void grow(struct hms_set *set)
{
	struct hms_set old = *set;
	size_t n = old.entries ? 2 * (old.mask + 1) : 64;

	set->entries = hms_xcalloc(n, sizeof(*set->entries));
	set->mask = n - 1;
	for (size_t i = 0; old.entries && i <= old.mask; i++)
		if (old.entries[i].a | old.entries[i].b)
			*place(set, old.entries[i].a, old.entries[i].b) = old.entries[i];
	free(old.entries);
}

uint64_t *hms_set_put(struct hms_set *set, uint64_t a, uint64_t b, uint64_t value, bool *added_ret)
{
	struct hms_set_entry *entry;

	assert(a | b);
	if (!set->entries || 4 * set->n > 3 * set->mask)
		grow(set);
	entry = place(set, a, b);
	if (added_ret)
		*added_ret = !(entry->a | entry->b);
	if (!(entry->a | entry->b)) {
		*entry = (struct hms_set_entry){a, b, value};
		set->n++;
	}
	return &entry->value;
}

uint64_t *hms_set_get(const struct hms_set *set, uint64_t a, uint64_t b)
{
	struct hms_set_entry *entry;

	if (!set->entries || !(a | b))
		return NULL;
	entry = place(set, a, b);
	return entry->a | entry->b ? &entry->value : NULL;
}

void hms_set_prefetch(const struct hms_set *set, uint64_t a, uint64_t b)
{
	if (set->entries)
		__builtin_prefetch(&set->entries[(size_t)mix(a, b) & set->mask]);
}
