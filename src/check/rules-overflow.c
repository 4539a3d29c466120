/*
 * Rules of classic maps that go by the whole map: entries, overflow buckets, spare ones, and the
 * bookkeeping of them in runtime.mapextra (src/runtime/map.go).
 */
#include <stdlib.h>

#include "check/internal.h"

static uint32_t header_off(const struct check_worker *w, enum hms_fact_id fact)
{
	return hms_layout_off(&w->check->rt->layout, fact);
}

uint64_t check_spare_behind(const struct check *check, const struct hms_map *map, uint64_t array,
			    uint64_t n)
{
	struct hms_object object;
	uint64_t room;

	if (n < 16)
		return 0;
	hms_heap_find(check->heap, array, &object);
	if (object.state != HMS_HEAP_ALLOCATED || object.base != array)
		return 0;
	room = object.size / map->type->unit_size;
	return room > n ? room - n : 0;
}

/* ---- the whole map ------------------------------------------------------------------------ */

static int compare_links(const void *a, const void *b)
{
	const struct check_link *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->where < y->where ? -1 : x->where > y->where;
}

/* Two words that lead to one bucket.  What hangs behind it is met twice as well, by one word. */
static void check_shared(struct check_worker *w, struct check_part *part)
{
	const struct check_link *links = part->links;

	if (part->nlinks < 2)
		return;
	qsort(part->links, part->nlinks, sizeof(*part->links), compare_links);
	for (size_t i = 1; i < part->nlinks; i++)
		if (links[i].addr == links[i - 1].addr && links[i].where != links[i - 1].where)
			CHECK_BREACH(part, HMS_RULE_CLASSIC_SHARED, links[i].where, false, NULL,
				     check_hex(w, links[i].addr),
				     CHECK_TEXT("the overflow pointers at 0x%" PRIx64
						" and 0x%" PRIx64
						" both lead to the bucket at 0x%" PRIx64,
						links[i - 1].where, links[i].where, links[i].addr));
}

static void check_noverflow(struct check_worker *w, struct check_part *part)
{
	const struct hms_classic *h = &part->map->classic;
	bool exact = h->B < 16;
	enum hms_rule_id rule = exact ? HMS_RULE_CLASSIC_NOVERFLOW : HMS_RULE_CLASSIC_ESTIMATE;

	if (exact ? h->noverflow == (uint16_t)part->overflow : h->noverflow <= part->overflow)
		return;
	CHECK_BREACH(part, rule, part->map->addr + header_off(w, HMS_F_HMAP_NOVERFLOW),
		     h->noverflow == part->overflow + 1,
		     CHECK_TEXT("%s%" PRIu64, exact ? "" : "at most ", part->overflow),
		     check_number(w, h->noverflow),
		     CHECK_TEXT("noverflow is %u, %" PRIu64 " overflow bucket%s linked",
				h->noverflow, part->overflow,
				part->overflow == 1 ? " is" : "s are"));
}

/* An insert grows the map before it would pass 13/2 entries a bucket (12/2 in Go 1.21).  A copy
 * made by maps.Clone, and a map after a growth of the same size, may be fuller. */
static void check_load(struct check_worker *w, struct check_part *part)
{
	const struct hms_classic *h = &part->map->classic;
	uint64_t n = hms_classic_nbuckets(h);

	if (!n || h->oldbuckets || n < 2 || h->nevacuate != n / 2 || part->map->count <= 8 ||
	    (uint64_t)part->map->count <= 13 * (n / 2))
		return;
	CHECK_BREACH(part, HMS_RULE_CLASSIC_LOAD, part->map->addr, false,
		     CHECK_TEXT("at most %" PRIu64, 13 * (n / 2)),
		     CHECK_TEXT("%" PRId64, part->map->count),
		     CHECK_TEXT("%" PRId64 " entries are in %" PRIu64
				" buckets, and the map does not grow",
				part->map->count, n));
}

/* ---- extra -------------------------------------------------------------------------------- */

static void bad_spare(struct check_worker *w, struct check_part *part, uint64_t seen,
		      bool excusable, const char *message)
{
	CHECK_BREACH(part, HMS_RULE_CLASSIC_SPARE,
		     part->map->classic.extra + header_off(w, HMS_F_MAPEXTRA_NEXTOVERFLOW),
		     excusable, NULL, check_hex(w, seen), message);
}

/* The last spare bucket's overflow pointer is the array itself, as a mark that it is the last,
 * for as long as any is left. */
static void check_last(struct check_worker *w, struct check_part *part, uint64_t next,
		       uint64_t spare)
{
	const struct hms_map_type *type = part->map->type;
	const struct hms_classic *h = &part->map->classic;
	uint64_t last = h->buckets + (hms_classic_nbuckets(h) + spare - 1) * type->unit_size;
	const uint8_t *word = hms_mem_peek(w->check->mem, last + type->overflow_off, 8);

	if (next && word && hms_le64(word) != h->buckets)
		CHECK_BREACH(part, HMS_RULE_CLASSIC_SPARE, last + type->overflow_off, true,
			     check_hex(w, h->buckets), check_hex(w, hms_le64(word)),
			     CHECK_TEXT("the last spare bucket at 0x%" PRIx64
					" does not point back to the array",
					last));
}

static void check_spare(struct check_worker *w, struct check_part *part, uint64_t next)
{
	const struct hms_classic *h = &part->map->classic;
	uint64_t n = hms_classic_nbuckets(h), size = part->map->type->unit_size;
	uint64_t spare = check_spare_behind(w->check, part->map, h->buckets, n);
	uint64_t off = next - h->buckets, index = off / size;

	if (next && (off % size || index < n || index >= n + spare)) {
		bad_spare(w, part, next, false,
			  CHECK_TEXT("nextOverflow is 0x%" PRIx64 ", which is none of the %" PRIu64
				     " spare buckets",
				     next, spare));
		return;
	}
	if (next && part->spare_end > index - n)
		bad_spare(w, part, next, true,
			  CHECK_TEXT("nextOverflow is 0x%" PRIx64
				     ", a spare bucket that is in a chain already, or lies before "
				     "one",
				     next));
	else if (!part->holes && part->spare_used + 1 < (next ? index - n : spare) + 1)
		bad_spare(w, part, next, true,
			  CHECK_TEXT("%" PRIu64 " spare buckets were handed out, %" PRIu64
				     " are in chains",
				     next ? index - n : spare, part->spare_used));
	if (spare)
		check_last(w, part, next, spare);
}

/* The overflow buckets that the slice at @list names: number and sum; false: cannot be read. */
static bool read_list(const struct check *check, uint64_t list, uint64_t *n_ret, uint64_t *sum_ret)
{
	const uint8_t *slice = hms_mem_peek(check->mem, list, 16), *p;
	uint64_t addr, n, len;

	*n_ret = *sum_ret = 0;
	if (!slice)
		return false;
	addr = hms_le64(slice);
	n = *n_ret = hms_le64(slice + 8);
	while (n) {
		len = hms_mem_run(check->mem, addr, &p) / 8;
		if (!len)
			return false;
		len = HMS_MIN(len, n);
		for (uint64_t i = 0; i < len; i++)
			*sum_ret += check_mix(hms_le64(p + 8 * i));
		addr += 8 * len;
		n -= len;
	}
	return true;
}

static void bad_list(struct check_worker *w, struct check_part *part, enum hms_fact_id fact,
		     bool excusable, const char *seen, const char *message)
{
	CHECK_BREACH(part, HMS_RULE_CLASSIC_LIST, part->map->classic.extra + header_off(w, fact),
		     excusable, NULL, seen, message);
}

/* Maps without pointers: the list and the chains have the same buckets. */
static void check_list(struct check_worker *w, struct check_part *part, uint64_t list)
{
	uint64_t n = 0, sum = 0;

	if (list && !read_list(w->check, list, &n, &sum)) {
		if (hms_mem_state_at(w->check->mem, list, NULL) == HMS_MEM_UNMAPPED)
			bad_list(w, part, HMS_F_MAPEXTRA_OVERFLOW, false, check_hex(w, list),
				 "the list of overflow buckets lies where there is no memory");
		return;
	}
	if (part->holes || (n == part->overflow && sum == part->overflow_sum))
		return;
	bad_list(w, part, HMS_F_MAPEXTRA_OVERFLOW, n == part->overflow + 1, check_number(w, n),
		 n == part->overflow
			 ? "the list of overflow buckets has others than the chains"
			 : CHECK_TEXT("%" PRIu64 " overflow buckets are listed, %" PRIu64
				      " are linked",
				      n, part->overflow));
}

static void check_lists(struct check_worker *w, struct check_part *part, uint64_t list,
			uint64_t old_list)
{
	if (part->type->scan && (list || old_list))
		bad_list(w, part, HMS_F_MAPEXTRA_OVERFLOW, false,
			 check_hex(w, list ? list : old_list),
			 "extra lists overflow buckets, which have pointers and need no list");
	else if (old_list && !part->map->classic.oldbuckets)
		bad_list(w, part, HMS_F_MAPEXTRA_OLDOVERFLOW, true, check_hex(w, old_list),
			 "extra lists old overflow buckets, and there are no old buckets");
	else if (!part->type->scan)
		check_list(w, part, list);
}

/* An extra that is none tells nothing about lists and spare buckets. */
static bool extra_is_sound(struct check_worker *w, struct check_part *part, uint64_t extra)
{
	struct hms_object object;

	hms_heap_find(w->check->heap, extra, &object);
	if (object.state == HMS_HEAP_UNKNOWN ||
	    (object.state == HMS_HEAP_ALLOCATED && object.base == extra &&
	     object.size >= w->check->rt->layout.facts[HMS_F_MAPEXTRA].size))
		return true;
	CHECK_BREACH(part, HMS_RULE_CLASSIC_EXTRA,
		     part->map->addr + header_off(w, HMS_F_HMAP_EXTRA), false, NULL,
		     check_hex(w, extra),
		     CHECK_TEXT("extra leads to 0x%" PRIx64 ", which is %s", extra,
				check_place(object.state)));
	return false;
}

static void check_extra(struct check_worker *w, struct check_part *part)
{
	const struct hms_layout *layout = &w->check->rt->layout;
	const struct hms_classic *h = &part->map->classic;
	const uint8_t *p;

	if (!h->extra) {
		if (check_spare_behind(w->check, part->map, h->buckets, hms_classic_nbuckets(h)))
			CHECK_BREACH(part, HMS_RULE_CLASSIC_EXTRA,
				     part->map->addr + header_off(w, HMS_F_HMAP_EXTRA), true, NULL,
				     "nil",
				     "extra is nil, yet there are spare buckets behind the array");
		else if (!part->type->scan)
			check_list(w, part, 0);
		return;
	}
	if (!extra_is_sound(w, part, h->extra))
		return;
	p = hms_mem_peek(w->check->mem, h->extra, layout->facts[HMS_F_MAPEXTRA].size);
	if (!p)
		return;
	check_spare(w, part, hms_layout_get(layout, HMS_F_MAPEXTRA_NEXTOVERFLOW, p));
	check_lists(w, part, hms_layout_get(layout, HMS_F_MAPEXTRA_OVERFLOW, p),
		    hms_layout_get(layout, HMS_F_MAPEXTRA_OLDOVERFLOW, p));
}

void check_classic_end(struct check_worker *w, struct check_part *part)
{
	const struct hms_classic *h = &part->map->classic;

	if (!part->type || !hms_classic_nbuckets(h))
		return;
	check_shared(w, part);
	check_count(w, part);
	check_load(w, part);
	if (!part->holes)
		check_noverflow(w, part);
	check_extra(w, part);
}
