/*
 * A table from a pair of 64-bit numbers to a 64-bit number: open addressing, 24 bytes an entry,
 * no deletion.  For the millions of (address, type) pairs a search meets, where a general hash
 * table would cost more memory than what it indexes.
 */
#ifndef HMS_UTIL_SET_H
#define HMS_UTIL_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hms_set_entry {
	uint64_t a, b; /* both 0: an empty place; (0, 0) cannot be a key */
	uint64_t value;
};

struct hms_set {
	struct hms_set_entry *entries;
	size_t mask; /* number of places less 1; 0 while empty */
	size_t n;
};

void hms_set_deinit(struct hms_set *set);

/* The value of (@a, @b), made with @value where it was not there; *added_ret (may be NULL) says
 * which.  Valid until the next call. */
uint64_t *hms_set_put(struct hms_set *set, uint64_t a, uint64_t b, uint64_t value, bool *added_ret);
/* Ask for the cache line where (@a, @b) would be: it will be wanted soon. */
void hms_set_prefetch(const struct hms_set *set, uint64_t a, uint64_t b);
/* NULL where it is not there. */
uint64_t *hms_set_get(const struct hms_set *set, uint64_t a, uint64_t b);

#endif
