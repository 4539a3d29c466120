/*
 * Rules of classic maps that go by the header: flags; nil buckets; the arrays' memory; nevacuate
 * (src/runtime/map.go to Go 1.23, map_noswiss.go).
 */
#include "check/internal.h"

#define SKIP_LIMIT 1024 /* advanceEvacuationMark() looks so far ahead */

static uint32_t header_off(const struct check_worker *w, enum hms_fact_id fact)
{
	return hms_layout_off(&w->check->rt->layout, fact);
}

static void check_flags(struct check_worker *w, struct check_part *part)
{
	const struct hms_classic *h = &part->map->classic;
	uint64_t at = part->map->addr + header_off(w, HMS_F_HMAP_FLAGS);

	if (h->flags & ~0xfu)
		CHECK_BREACH(part, HMS_RULE_CLASSIC_FLAGS, at, false, "bits 0x10 to 0x80 clear",
			     CHECK_TEXT("0x%x", h->flags),
			     CHECK_TEXT("the flags are 0x%x, of which the runtime never sets 0x%x",
					h->flags, h->flags & ~0xfu));
	if (h->flags & HMS_CLASSIC_SAME_SIZE_GROW && !h->oldbuckets)
		CHECK_BREACH(part, HMS_RULE_CLASSIC_SAME_SIZE, at, true, "sameSizeGrow clear",
			     CHECK_TEXT("0x%x", h->flags),
			     "sameSizeGrow is set, and there are no old buckets");
}

static void check_nil(struct check_worker *w, struct check_part *part)
{
	const struct hms_classic *h = &part->map->classic;

	if (h->buckets || (!part->map->count && !h->B && !h->oldbuckets && !h->noverflow))
		return;
	CHECK_BREACH(part, HMS_RULE_CLASSIC_NIL,
		     part->map->addr + header_off(w, HMS_F_HMAP_BUCKETS), false,
		     "count, B, noverflow and oldbuckets zero",
		     CHECK_TEXT("count %" PRId64 ", B %u", part->map->count, h->B),
		     CHECK_TEXT("buckets is nil, yet count is %" PRId64 ", B is %u, noverflow is "
				"%u, oldbuckets is 0x%" PRIx64,
				part->map->count, h->B, h->noverflow, h->oldbuckets));
}

/* Room for twice the buckets: no array is made so large.  Room for too few is the survey's. */
static void check_room(struct check_worker *w, struct check_part *part, uint64_t array, uint64_t n,
		       const struct hms_object *object, bool old)
{
	uint64_t room = object->size / part->map->type->unit_size;

	if (!n || room / 2 < n)
		return;
	CHECK_BREACH(part, HMS_RULE_CLASSIC_SIZE, array, true, CHECK_TEXT("%" PRIu64, n),
		     check_number(w, room),
		     CHECK_TEXT("B promises %" PRIu64 " %sbuckets, the memory at 0x%" PRIx64
				" is for %" PRIu64,
				n, old ? "old " : "", array, room));
}

/* Memory that the heap's books know and the process did not have. */
static void check_mapped(struct check_worker *w, struct check_part *part, uint64_t array,
			 uint64_t n, const struct hms_object *object, bool old)
{
	uint64_t last = array + n * part->map->type->unit_size - 1;

	if (!n || object->state != HMS_HEAP_ALLOCATED || part->counts[HMS_RULE_CLASSIC_SIZE] ||
	    part->counts[HMS_RULE_CLASSIC_MAPPED] ||
	    hms_mem_state_at(w->check->mem, last, NULL) != HMS_MEM_UNMAPPED)
		return;
	CHECK_BREACH(part, HMS_RULE_CLASSIC_MAPPED, array, false, NULL, check_hex(w, last),
		     CHECK_TEXT("%" PRIu64 " %sbuckets at 0x%" PRIx64
				" end where the process had no memory",
				n, old ? "old " : "", array));
}

static void check_array(struct check_worker *w, struct check_part *part, bool old)
{
	const struct hms_classic *h = &part->map->classic;
	uint64_t array = old ? h->oldbuckets : h->buckets;
	uint64_t n = old ? hms_classic_old_nbuckets(h) : hms_classic_nbuckets(h);
	struct hms_object object;

	if (!array)
		return;
	hms_heap_find(w->check->heap, array, &object);
	check_mapped(w, part, array, n, &object, old);
	if (object.state != HMS_HEAP_ALLOCATED || object.base != array)
		return; /* the survey's to say */
	check_room(w, part, array, n, &object, old);
	if (object.noscan == part->type->scan)
		CHECK_BREACH(part, HMS_RULE_CLASSIC_KIND, array, false, NULL,
			     object.noscan ? "no pointers" : "pointers",
			     CHECK_TEXT("%s at 0x%" PRIx64 " lies in memory %s pointers, its "
					"buckets have %s",
					old ? "oldbuckets" : "buckets", array,
					object.noscan ? "without" : "with",
					object.noscan ? "some" : "none"));
}

static bool evacuated(const uint8_t *tophash)
{
	return hms_tophash_evacuated(tophash[0]);
}

void check_bad_nevacuate(struct check_worker *w, struct check_part *part, bool excusable,
			 const char *expected, const char *message)
{
	CHECK_BREACH(part, HMS_RULE_CLASSIC_NEVACUATE,
		     part->map->addr + header_off(w, HMS_F_HMAP_NEVACUATE), excusable, expected,
		     check_number(w, part->map->classic.nevacuate), message);
}

/* The bucket that nevacuate names has not moved, unless a look at 1024 moved ones ended there. */
static void check_next(struct check_worker *w, struct check_part *part)
{
	const struct hms_classic *h = &part->map->classic;
	const uint8_t *tophash = hms_mem_peek(
		w->check->mem, h->oldbuckets + h->nevacuate * part->map->type->unit_size, 8);

	if (h->nevacuate <= SKIP_LIMIT && tophash && evacuated(tophash))
		check_bad_nevacuate(w, part, true, "the first old bucket that has not moved",
				    CHECK_TEXT("nevacuate is %" PRIu64
					       ", and that old bucket has moved already",
					       h->nevacuate));
}

static void check_nevacuate(struct check_worker *w, struct check_part *part)
{
	const struct hms_classic *h = &part->map->classic;
	uint64_t n = hms_classic_nbuckets(h), old = hms_classic_old_nbuckets(h);

	if (!n)
		return;
	if (!h->oldbuckets && h->nevacuate && h->nevacuate != n && h->nevacuate != n / 2)
		check_bad_nevacuate(w, part, true,
				    CHECK_TEXT("0, %" PRIu64 " or %" PRIu64, n / 2, n),
				    CHECK_TEXT("nevacuate is %" PRIu64
					       ", which no finished growth leaves behind",
					       h->nevacuate));
	else if (h->oldbuckets && h->nevacuate >= old)
		check_bad_nevacuate(w, part, true, CHECK_TEXT("less than %" PRIu64, old),
				    CHECK_TEXT("nevacuate is %" PRIu64 ", there are %" PRIu64
					       " old buckets",
					       h->nevacuate, old));
	else if (h->oldbuckets)
		check_next(w, part);
}

void check_classic_header(struct check_worker *w, struct check_part *part)
{
	check_flags(w, part);
	check_nil(w, part);
	if (!part->type)
		return;
	check_array(w, part, false);
	check_array(w, part, true);
	check_nevacuate(w, part);
}
