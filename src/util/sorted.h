/* Arrays of 64-bit numbers, in order. */
#ifndef HMS_UTIL_SORTED_H
#define HMS_UTIL_SORTED_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* For qsort() and bsearch(). */
static inline int hms_compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static inline void hms_sort_u64(uint64_t *list, size_t n)
{
	if (n)
		qsort(list, n, sizeof(*list), hms_compare_u64);
}

/* Index of the first that is not below @value; @n where all are. */
static inline size_t hms_lower_bound_u64(const uint64_t *list, size_t n, uint64_t value)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list[mid] < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

#endif
