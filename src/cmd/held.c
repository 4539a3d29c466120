#include "cmd/held.h"

#include <inttypes.h>

#include "report/format.h"

#define MAX_IDS 8

const char *hms_lock_words(enum hms_lock_seen seen)
{
	switch (seen) {
	case HMS_LOCK_HELD: return "under a lock";
	case HMS_LOCK_UNKNOWN: return "perhaps under a lock";
	case HMS_LOCK_NOT_SEEN: break;
	}
	return "no lock seen";
}

size_t hms_held_find(const struct hms_operations_sources *sources,
		     const struct hms_lock_helpers *helpers, const struct hms_operation *const *ops,
		     size_t n, struct hms_held *ret)
{
	size_t nheld = 0, k;
	uint64_t lock;
	bool reads;

	for (size_t i = 0; i < HMS_MIN(n, (size_t)HMS_MAX_HELD); i++) {
		if (!hms_operation_lock(sources, helpers, ops[i], &lock, &reads))
			continue;
		for (k = 0; k < nheld && (ret[k].lock != lock || ret[k].reads != reads);)
			k++;
		if (k == nheld)
			ret[nheld++] = (struct hms_held){.lock = lock, .reads = reads};
		ret[k].by[ret[k].nby++] = ops[i];
	}
	return nheld;
}

/* "goroutines 7, 9 and 12" */
static void add_holders(const struct hms_held *held, struct hms_str *ret)
{
	size_t n = HMS_MIN(held->nby, (size_t)MAX_IDS);

	hms_str_add(ret, held->nby == 1 ? "goroutine " : "goroutines ");
	for (size_t i = 0; i < n; i++)
		hms_str_addf(ret, "%s%" PRIu64,
			     i == 0               ? ""
			     : i + 1 == held->nby ? " and "
						  : ", ",
			     held->by[i]->goroutine->id);
	if (held->nby > n)
		hms_str_addf(ret, " and %zu more", held->nby - n);
}

/* Who writes under a lock that he holds for reading: that is the mistake. */
static const struct hms_operation *writing_reader(const struct hms_held *held, size_t nheld)
{
	for (size_t i = 0; i < nheld; i++)
		for (size_t k = 0; held[i].reads && k < held[i].nby; k++)
			if (hms_map_op_writes(held[i].by[k]->op))
				return held[i].by[k];
	return NULL;
}

static bool all_same_lock(const struct hms_held *held, size_t nheld)
{
	for (size_t i = 1; i < nheld; i++)
		if (held[i].lock != held[0].lock)
			return false;
	return true;
}

void hms_held_text(const struct hms_held *held, size_t nheld, size_t nops, struct hms_str *ret)
{
	const struct hms_operation *writer = writing_reader(held, nheld);
	size_t holders = 0;

	for (size_t i = 0; i < nheld; i++) {
		hms_str_add(ret, i ? ", " : "");
		add_holders(&held[i], ret);
		hms_str_addf(ret, " hold%s the lock at 0x%" PRIx64 "%s",
			     held[i].nby == 1 ? "s" : "", held[i].lock,
			     held[i].reads ? " for reading" : "");
		holders += held[i].nby;
	}
	if (writer && holders == 1)
		hms_str_add(ret, ", and writes: readers do not keep each other out");
	else if (writer)
		hms_str_addf(ret,
			     ": goroutine %" PRIu64 " writes, and readers do not keep each "
			     "other out",
			     writer->goroutine->id);
	else if (!all_same_lock(held, nheld))
		hms_str_add(ret, ": different locks keep nobody out (is one a copy?)");
	if (holders < nops)
		hms_str_add(ret, holders     ? "; of the others no lock is seen"
				 : nops == 1 ? "no lock is seen held around it"
				 : nops == 2 ? "no lock is seen held around either of them"
					     : "no lock is seen held around any of them");
}

void hms_held_waiters_text(const struct hms_held *held, const struct hms_lock_waiters *waiters,
			   struct hms_str *ret)
{
	size_t first, n = hms_lock_waiters_of(waiters, held->lock, &first);

	if (!n)
		return;
	hms_str_add(ret, waiters->cut ? "at least " : "");
	hms_format_counted(ret, n, "goroutine");
	hms_str_addf(ret, " wait%s for the lock at 0x%" PRIx64 " that ", n == 1 ? "s" : "",
		     held->lock);
	add_holders(held, ret);
	hms_str_add(ret, held->nby == 1 ? " holds" : " hold");
	for (size_t i = 0; i < HMS_MIN(n, (size_t)MAX_IDS); i++)
		hms_str_addf(ret, "%s%" PRIu64, i ? ", " : ": ",
			     waiters->list[first + i].goroutine->id);
	if (n > MAX_IDS)
		hms_str_add(ret, ", ...");
}
