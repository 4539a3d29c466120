/* The order of changes. */
#include <stdlib.h>
#include <string.h>

#include "diff/diff.h"

const char *hms_diff_order_name(enum hms_diff_order order)
{
	static const char *const names[HMS_NDIFF_ORDERS] = {
		"delta", "entries", "overflow", "bytes", "owner", "type", "addr",
	};

	return names[order];
}

/* How far from 0, unknown before all. */
static uint64_t size_of(int64_t n)
{
	if (n == HMS_UNKNOWN)
		return 0;
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_deltas(const struct hms_change *a, const struct hms_change *b,
			  enum hms_snap_number number)
{
	return compare_u64(size_of(hms_change_delta(a, number)),
			   size_of(hms_change_delta(b, number)));
}

static int compare_texts(const char *a, const char *b)
{
	return !a || !b ? (a == NULL) - (b == NULL) : strcmp(a, b);
}

/* A map that appears or goes tells more than one that changes without a byte more or less. */
static int compare_status(const struct hms_change *a, const struct hms_change *b)
{
	return (int)a->status - (int)b->status;
}

static int compare_by(enum hms_diff_order order, const struct hms_change *a,
		      const struct hms_change *b)
{
	const struct hms_snap_map *x = hms_change_map(a), *y = hms_change_map(b);

	switch (order) {
	case HMS_DIFF_BY_DELTA: return compare_deltas(a, b, HMS_SNAP_BYTES);
	case HMS_DIFF_BY_COUNT: return compare_deltas(a, b, HMS_SNAP_COUNT);
	case HMS_DIFF_BY_OVERFLOW: return compare_deltas(a, b, HMS_SNAP_OVERFLOW);
	case HMS_DIFF_BY_BYTES:
		return compare_u64(size_of(hms_change_number(a, HMS_SNAP_BYTES, true)),
				   size_of(hms_change_number(b, HMS_SNAP_BYTES, true)));
	case HMS_DIFF_BY_OWNER: return compare_texts(x->owner, y->owner);
	case HMS_DIFF_BY_TYPE: return compare_texts(x->type, y->type);
	case HMS_DIFF_BY_ADDR:
	case HMS_NDIFF_ORDERS: break;
	}
	return -compare_u64(x->addr, y->addr);
}

struct order {
	enum hms_diff_order order;
	bool reverse;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	const struct hms_change *x = a, *y = b;
	int c = compare_by(order->order, x, y);

	if (c)
		return order->reverse ? -c : c;
	c = compare_deltas(x, y, HMS_SNAP_COUNT);
	if (!c)
		c = compare_status(x, y);
	if (!c)
		c = -compare_u64(hms_change_map(x)->addr, hms_change_map(y)->addr);
	return c;
}

void hms_diff_sort(struct hms_diff *diff, enum hms_diff_order order, bool reverse)
{
	struct order how = {order, reverse};

	if (diff->nchanges)
		qsort_r(diff->changes, diff->nchanges, sizeof(*diff->changes), compare, &how);
}
