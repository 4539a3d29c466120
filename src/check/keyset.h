/*
 * Keys of one chain or table, by their hashes: the second of two with the same hash finds the
 * first.  Bounded by the chain or table, used again for the next one at no cost.
 */
#ifndef HMS_CHECK_KEYSET_H
#define HMS_CHECK_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_keyset_entry {
	uint64_t hash;
	uint64_t addr; /* of the key's slot */
	uint64_t turn;
};

struct check_keyset {
	struct check_keyset_entry *entries;
	size_t mask; /* places less 1; 0 while there are none */
	size_t n;
	uint64_t turn; /* entries of other turns are free */
};

void check_keyset_deinit(struct check_keyset *set);

/* Forget all keys. */
void check_keyset_clear(struct check_keyset *set);

/* Add a key; the address of an earlier one with this hash, 0 for none.  Beyond a few million keys
 * nothing more is added. */
uint64_t check_keyset_add(struct check_keyset *set, uint64_t hash, uint64_t addr);

#endif
