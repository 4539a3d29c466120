/*
 * Rules of classic maps: src/runtime/map.go (to Go 1.23), map_noswiss.go.
 *
 * Chains: where overflow pointers lead, marks, emptyRest, tophash and place of each key, equal
 * keys; old buckets against what the new ones hold.  What the header says is in
 * rules-classic-header.c, what goes by the whole map in rules-overflow.c.
 */
#include "check/internal.h"

#define MAX_LINKS (UINT64_C(1) << 21)

/* ---- chains ------------------------------------------------------------------------------- */

/* What is known of the chain in hand. */
struct chain {
	bool lost;        /* it left the map: the rest is not looked at */
	bool rest;        /* emptyRest was seen */
	uint64_t rest_at; /* where */
	uint64_t before;  /* address of the bucket before */
	/* keys of the main bucket, until the chain turns out to be longer */
	uint32_t known;
	uint64_t hashes[HMS_SLOTS];
	struct hms_unit main;
};

struct range {
	struct check_worker *w;
	struct check_part *part;
	bool old;
	uint64_t n;     /* main buckets of the array */
	uint64_t array; /* address */
	uint64_t spare; /* buckets behind them */
	uint64_t size;  /* of a bucket */
	struct chain chain;
};

static const char *bucket_name(const struct range *r, uint64_t index)
{
	struct check_worker *w = r->w;

	return CHECK_TEXT("%sbucket %" PRIu64, r->old ? "old " : "", index);
}

/* May an overflow bucket be here? */
static bool is_overflow_bucket(const struct range *r, uint64_t addr, struct hms_object *object)
{
	uint64_t off = addr - r->array;

	*object = (struct hms_object){.state = HMS_HEAP_ALLOCATED};
	if (off < (r->n + r->spare) * r->size)
		return off >= r->n * r->size && off % r->size == 0;
	hms_heap_find(r->w->check->heap, addr, object);
	if (object->state == HMS_HEAP_UNKNOWN)
		return hms_mem_state_at(r->w->check->mem, addr, NULL) != HMS_MEM_UNMAPPED;
	return (object->state == HMS_HEAP_ALLOCATED && object->base == addr &&
		object->size >= r->size && object->size / 2 < r->size &&
		object->noscan != r->part->type->scan);
}

/* Count an overflow bucket of the present array. */
static void note_link(struct range *r, uint64_t addr, uint64_t where)
{
	struct check_part *part = r->part;
	uint64_t off = addr - r->array;

	part->overflow++;
	part->overflow_sum += check_mix(addr);
	if (off < (r->n + r->spare) * r->size) {
		part->spare_used++;
		part->spare_end = HMS_MAX(part->spare_end, off / r->size - r->n + 1);
	}
	if (part->nlinks >= MAX_LINKS)
		return;
	HMS_GROW(part->links, part->nlinks, part->cap_links);
	part->links[part->nlinks++] = (struct check_link){addr, where};
}

/* The chain leaves the map: the rest of it is not looked at. */
static void lose(struct range *r)
{
	r->chain.lost = true;
	r->part->holes = true;
}

/* Follow the chain to @unit. */
static void step(struct range *r, const struct hms_unit *unit)
{
	uint64_t where = r->chain.before + r->part->map->type->overflow_off;
	struct check_worker *w = r->w;
	struct hms_object object;

	if (!is_overflow_bucket(r, unit->addr, &object)) {
		CHECK_BREACH(r->part, HMS_RULE_CLASSIC_OVERFLOW, where, false, NULL,
			     check_hex(w, unit->addr),
			     CHECK_TEXT("an overflow pointer in the chain of %s leads to "
					"0x%" PRIx64 ", which is %s",
					bucket_name(r, unit->index), unit->addr,
					check_place(object.state)));
		lose(r);
	} else if (r->n == 1 && !r->old) {
		CHECK_BREACH(r->part, HMS_RULE_CLASSIC_SINGLE, where, false, NULL,
			     check_hex(w, unit->addr),
			     CHECK_TEXT("the only bucket has an overflow bucket at 0x%" PRIx64,
					unit->addr));
		lose(r);
	} else if (!r->old) {
		note_link(r, unit->addr, where);
	}
}

/* ---- slots -------------------------------------------------------------------------------- */

static void check_marks(struct range *r, const struct hms_unit *unit, unsigned int slot)
{
	struct check_worker *w = r->w;

	CHECK_BREACH(r->part, HMS_RULE_CLASSIC_MARKS, unit->addr + slot, false,
		     "0, 1 or at least 5", CHECK_TEXT("%u", unit->bytes[slot]),
		     CHECK_TEXT("slot %u of %s is marked as moved (%u) in the present array", slot,
				bucket_name(r, unit->index), unit->bytes[slot]));
}

static void check_rest(struct range *r, const struct hms_unit *unit, unsigned int slot)
{
	struct check_worker *w = r->w;

	/* Once a chain. */
	r->chain.rest = false;
	CHECK_BREACH(r->part, HMS_RULE_CLASSIC_REST, r->chain.rest_at, false,
		     "only empty slots behind it", CHECK_TEXT("0x%02x", unit->bytes[slot]),
		     CHECK_TEXT("the tophash at 0x%" PRIx64
				" says that the rest of the chain of %s is "
				"empty, but the slot at 0x%" PRIx64 " is not",
				r->chain.rest_at, bucket_name(r, unit->index), unit->addr + slot));
}

/* The usual bucket: entries and free slots, of which those at the end, if any, are marked so. */
static bool states_are_plain(struct range *r, const struct hms_unit *unit, uint64_t marks)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t entries = hms_tophash_entries(marks), zero;
	unsigned int first;

	if (r->chain.rest)
		return !marks;
	if (marks & ~hms_marks_bytes(entries) & ~ones)
		return false;
	/* Of bytes that are 0, the lowest is told for certain. */
	zero = (marks - ones) & ~marks & HMS_MARKS_ALL;
	if (!zero)
		return true;
	first = (unsigned int)__builtin_ctzll(zero) / 8;
	if (marks >> 8 * first)
		return false;
	r->chain.rest = true;
	r->chain.rest_at = unit->addr + first;
	return true;
}

static void check_states(struct range *r, const struct hms_unit *unit)
{
	if (states_are_plain(r, unit, hms_le64(unit->bytes)))
		return;
	for (unsigned int i = 0; i < HMS_SLOTS; i++) {
		uint8_t tophash = unit->bytes[i];

		if (hms_tophash_evacuated(tophash) && !r->old)
			check_marks(r, unit, i);
		if (tophash == HMS_TOPHASH_EMPTY_REST && !r->chain.rest) {
			r->chain.rest = true;
			r->chain.rest_at = unit->addr + i;
		} else if (tophash != HMS_TOPHASH_EMPTY_REST && r->chain.rest) {
			check_rest(r, unit, i);
		}
	}
}

static void check_bucket(struct range *r, const struct hms_unit *unit, unsigned int slot,
			 uint64_t hash)
{
	struct check_worker *w = r->w;
	uint64_t wanted = hash & (r->n - 1);

	r->part->wrong++;
	CHECK_BREACH(r->part, HMS_RULE_MAP_PLACE, check_key_addr(r->part, unit, slot), false,
		     CHECK_TEXT("%sbucket %" PRIu64, r->old ? "old " : "", wanted),
		     CHECK_TEXT("%sbucket %" PRIu64, r->old ? "old " : "", unit->index),
		     CHECK_TEXT("the key at 0x%" PRIx64 " hashes to 0x%" PRIx64
				", which is %s, and sits in %s",
				check_key_addr(r->part, unit, slot), hash, bucket_name(r, wanted),
				bucket_name(r, unit->index)));
}

/* Equal keys are in one chain: those of a bucket are compared among each other, those of longer
 * chains through a table. */
static void check_unique(struct range *r, const struct hms_unit *unit, uint32_t known,
			 const uint64_t *hashes)
{
	uint64_t marks = hms_le64(unit->bytes);

	/* They have the same tophash: it was compared with what they hash to. */
	if (!hms_marks_twins(marks, hms_tophash_entries(marks)))
		return;
	for (uint32_t a = known; a; a &= a - 1)
		for (uint32_t b = a & (a - 1); b; b &= b - 1)
			if (hashes[__builtin_ctz(a)] == hashes[__builtin_ctz(b)])
				check_same_key(r->w, r->part,
					       check_key_addr(r->part, unit,
							      (unsigned int)__builtin_ctz(a)),
					       check_key_addr(r->part, unit,
							      (unsigned int)__builtin_ctz(b)));
}

static void add_keys(struct range *r, const struct hms_unit *unit, uint32_t known,
		     const uint64_t *hashes, bool tell)
{
	for (; known; known &= known - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(known);
		uint64_t addr = check_key_addr(r->part, unit, i);
		uint64_t other = check_keyset_add(&r->w->keyset, hashes[i], addr);

		if (other && tell)
			check_same_key(r->w, r->part, other, addr);
	}
}

static void check_unique_chain(struct range *r, const struct hms_unit *unit, uint32_t known,
			       const uint64_t *hashes)
{
	struct chain *chain = &r->chain;

	if (!unit->chain) {
		check_unique(r, unit, known, hashes);
		if (!hms_le64(unit->bytes + r->part->map->type->overflow_off))
			return;
		chain->known = known;
		chain->main = *unit;
		memcpy(chain->hashes, hashes, sizeof(chain->hashes));
		return;
	}
	if (unit->chain == 1) {
		check_keyset_clear(&r->w->keyset);
		add_keys(r, &chain->main, chain->known, chain->hashes, false);
	}
	add_keys(r, unit, known, hashes, true);
}

/* Those of the @known keys that are not where their hashes say. */
static uint32_t misplaced(const struct range *r, const struct hms_unit *unit, uint32_t known,
			  const uint64_t *hashes)
{
	uint64_t mask = r->n - 1;
	uint32_t ret = 0;

	for (uint32_t left = known; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);
		bool wrong = (hms_classic_tophash(hashes[i]) != unit->bytes[i]) |
			     ((hashes[i] & mask) != unit->index);

		ret |= (uint32_t)wrong << i;
	}
	return ret;
}

static void check_live(struct range *r, const struct hms_unit *unit, uint32_t live)
{
	uint64_t hashes[HMS_HASH_MAX_KEYS];
	uint32_t known;

	known = check_hashes(r->w, r->part, unit, live, r->part->map->classic.hash0, hashes);
	for (uint32_t left = misplaced(r, unit, known, hashes); left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);
		uint8_t tophash = hms_classic_tophash(hashes[i]);

		if (tophash != unit->bytes[i]) {
			r->part->wrong++;
			check_wrong_byte(r->w, r->part, unit, i, hashes[i], tophash);
			known &= ~(UINT32_C(1) << i);
		} else {
			check_bucket(r, unit, i, hashes[i]);
		}
	}
	check_unique_chain(r, unit, known, hashes);
	check_pointers(r->w, r->part, unit, live);
}

static inline uint32_t live_slots(const uint8_t *bucket)
{
	return hms_marks_slots(hms_tophash_entries(hms_le64(bucket)));
}

/* ---- old buckets -------------------------------------------------------------------------- */

static unsigned int count_marks(const uint8_t *tophash)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		n += hms_tophash_evacuated(tophash[i]);
	return n;
}

/* Marks of one old bucket: all or none. */
static bool check_whole(struct range *r, const struct hms_unit *unit)
{
	unsigned int marks = count_marks(unit->bytes);
	struct check_worker *w = r->w;

	if (marks == (unit->moved ? HMS_SLOTS : 0u))
		return true;
	CHECK_BREACH(r->part, HMS_RULE_CLASSIC_PARTIAL, unit->addr, true,
		     unit->moved ? "8 slots marked as moved" : "none", CHECK_TEXT("%u", marks),
		     CHECK_TEXT("%u of 8 slots of %s%s are marked as moved", marks,
				unit->chain ? "an overflow bucket of " : "",
				bucket_name(r, unit->index)));
	return false;
}

static void check_target(struct range *r, uint64_t from, uint64_t index)
{
	const struct hms_map *map = r->part->map;
	uint64_t addr = map->classic.buckets + index * r->size;
	const uint8_t *bytes = hms_mem_peek(r->w->check->mem, addr, r->size);
	struct check_worker *w = r->w;

	if (!bytes || (!hms_le64(bytes) && !hms_le64(bytes + map->type->overflow_off)))
		return;
	CHECK_BREACH(r->part, HMS_RULE_CLASSIC_AHEAD, addr, false, "an empty bucket",
		     CHECK_TEXT("tophash 0x%016" PRIx64, __builtin_bswap64(hms_le64(bytes))),
		     CHECK_TEXT("old bucket %" PRIu64 " has not moved, yet bucket %" PRIu64
				" is in use",
				from, index));
}

/* The main bucket of an old chain: nevacuate, and the buckets it will move to. */
static void check_unmoved(struct range *r, const struct hms_unit *unit)
{
	const struct hms_classic *h = &r->part->map->classic;
	uint64_t n = hms_classic_nbuckets(h);
	struct check_worker *w = r->w;

	if (unit->index < h->nevacuate && h->nevacuate < r->n)
		check_bad_nevacuate(w, r->part, false, "no unmoved old bucket below it",
				    CHECK_TEXT("old bucket %" PRIu64
					       " has not moved, although nevacuate is %" PRIu64,
					       unit->index, h->nevacuate));
	check_target(r, unit->index, unit->index);
	if (n > r->n)
		check_target(r, unit->index, unit->index + r->n);
}

/* What has moved is cleared where the garbage collector would see it, but for old iterators. */
static void check_cleared(struct range *r, const struct hms_unit *unit)
{
	struct check_worker *w = r->w;
	uint64_t at = HMS_SLOTS;

	if (!r->part->type->scan || r->part->map->classic.flags & HMS_CLASSIC_OLD_ITERATOR)
		return;
	while (at < r->size && !hms_le64(unit->bytes + at))
		at += 8;
	if (at >= r->size)
		return;
	CHECK_BREACH(r->part, HMS_RULE_CLASSIC_MOVED, unit->addr + at, true, "0",
		     check_hex(w, hms_le64(unit->bytes + at)),
		     CHECK_TEXT("%s has moved and been cleared, yet 0x%" PRIx64 " holds 0x%" PRIx64,
				bucket_name(r, unit->index), unit->addr + at,
				hms_le64(unit->bytes + at)));
}

/* ---- the walk ----------------------------------------------------------------------------- */

static void check_unit(struct range *r, const struct hms_unit *unit)
{
	uint32_t live;

	r->part->slots += HMS_SLOTS;
	if (r->old && !unit->chain && !unit->moved)
		check_unmoved(r, unit);
	if (r->old && (!check_whole(r, unit) || unit->moved)) {
		if (unit->moved && !unit->chain)
			check_cleared(r, unit);
		/* A bucket in motion: what is not marked is still there. */
		if (!unit->settled)
			r->part->live += hms_tophash_live(unit->bytes);
		return;
	}
	check_states(r, unit);
	live = live_slots(unit->bytes);
	r->part->live += hms_slots_count(live);
	check_live(r, unit, live);
	check_empty_slots(r->w, r->part, unit, live);
}

static void begin_chain(struct range *r)
{
	r->chain.lost = r->chain.rest = false;
	r->chain.known = 0;
}

/* Main buckets without a chain, which nearly all are.  What comes next is another kind of thing. */
static void check_plain(struct range *r, struct hms_unit_cursor *cursor)
{
	const struct hms_map_type *type = r->part->map->type;
	struct hms_unit unit = {.count = 1};
	uint64_t n, i;

	unit.bytes = hms_units_ahead(cursor, &n);
	if (!unit.bytes)
		return;
	unit.index = cursor->array.next;
	unit.addr = cursor->array.base + unit.index * type->unit_size;
	for (i = 0; i < n && !hms_le64(unit.bytes + type->overflow_off); i++) {
		if (i + 1 < n)
			check_fetch_keys(r->w, r->part, unit.bytes + type->unit_size,
					 live_slots(unit.bytes + type->unit_size));
		begin_chain(r);
		check_unit(r, &unit);
		unit.index++;
		unit.addr += type->unit_size;
		unit.bytes += type->unit_size;
	}
	hms_units_skip(cursor, i);
}

void check_classic_range(struct check_worker *w, struct check_part *part, bool old, uint64_t from,
			 uint64_t to)
{
	const struct hms_classic *h = &part->map->classic;
	struct hms_map_stats ignored = {0};
	struct hms_unit_cursor cursor;
	struct hms_unit unit;
	struct range r = {
		.w = w,
		.part = part,
		.old = old,
		.n = old ? hms_classic_old_nbuckets(h) : hms_classic_nbuckets(h),
		.array = old ? h->oldbuckets : h->buckets,
		.size = part->map->type->unit_size,
	};

	if (!r.n)
		return;
	r.spare = check_spare_behind(w->check, part->map, r.array, r.n);
	hms_units_init(&cursor, w->check->model, part->map, old, from, to, &ignored);
	for (;;) {
		check_plain(&r, &cursor);
		if (!hms_units_next(&cursor, &unit))
			break;
		/* What hangs behind an old bucket that has moved is out of use. */
		if (unit.settled && unit.chain)
			continue;
		if (!unit.chain)
			begin_chain(&r);
		else if (!r.chain.lost)
			step(&r, &unit);
		if (!unit.bytes)
			part->holes = r.chain.lost = true;
		if (!r.chain.lost)
			check_unit(&r, &unit);
		r.chain.before = unit.addr;
	}
	hms_units_deinit(&cursor);
}
