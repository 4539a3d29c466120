/*
 * Classic maps: src/runtime/map.go (to Go 1.23), map_noswiss.go (1.24, 1.25 with noswissmap).
 *
 * 2^B main buckets of 8 slots, overflow buckets chained behind them.  From B = 4 on the array has
 * spare overflow buckets behind the main ones.  While a map grows, oldbuckets holds the previous
 * array; each write moves ("evacuates") at most two of its buckets and marks their slots.
 *
 * A slot of an old bucket that is not yet marked is live: evacuate() marks slot by slot, before
 * each copy, and goes down the chain, so even the bucket in motion is counted rightly but for the
 * one entry that is in the processor's registers.
 */
#include <inttypes.h>
#include <string.h>

#include "map/private.h"
#include "map/units.h"

#define MAX_B 48 /* 2^48 buckets of 16 bytes are more than an address space */

uint64_t hms_classic_nbuckets(const struct hms_classic *h)
{
	if (!h->buckets || h->B > MAX_B)
		return 0;
	return UINT64_C(1) << h->B;
}

uint64_t hms_classic_old_nbuckets(const struct hms_classic *h)
{
	if (!h->oldbuckets || h->B > MAX_B)
		return 0;
	if (h->flags & HMS_CLASSIC_SAME_SIZE_GROW)
		return UINT64_C(1) << h->B;
	return h->B ? UINT64_C(1) << (h->B - 1) : 0;
}

bool hms_slots_member(const struct hms_type *bucket, const char *name, uint32_t *off_ret,
		      const struct hms_type **slot_ret)
{
	const struct hms_member *member = hms_type_member(bucket, name);

	if (!member || !member->type || member->type->kind != HMS_KIND_ARRAY ||
	    !member->type->elem || member->type->count != HMS_SLOTS ||
	    member->type->elem->size > UINT16_MAX || member->off > UINT16_MAX)
		return false;
	*off_ret = (uint32_t)member->off;
	*slot_ret = member->type->elem;
	return true;
}

bool hms_classic_layout(const struct hms_type *type, struct hms_map_type *ret)
{
	const struct hms_member *buckets, *overflow;
	const struct hms_type *bucket, *key, *elem;

	buckets = type->repr ? hms_type_member(type->repr, "buckets") : NULL;
	if (!buckets || !buckets->type || !buckets->type->elem)
		return false;
	bucket = buckets->type->elem;
	overflow = hms_type_member(bucket, "overflow");
	if (!overflow || bucket->size > UINT16_MAX || overflow->off + 8 > bucket->size ||
	    overflow->off < HMS_SLOTS || overflow->off % 8)
		return false;
	if (!hms_slots_member(bucket, "keys", &ret->keys_off, &key) ||
	    !(hms_slots_member(bucket, "values", &ret->elems_off, &elem) ||
	      hms_slots_member(bucket, "elems", &ret->elems_off, &elem)))
		return false;
	ret->unit_size = (uint32_t)bucket->size;
	ret->overflow_off = (uint32_t)overflow->off;
	ret->key_size = ret->key_stride = (uint32_t)key->size;
	ret->elem_size = ret->elem_stride = (uint32_t)elem->size;
	/* Over 128 bytes the slot holds a pointer (MAXKEYSIZE, MAXELEMSIZE). */
	ret->key_indirect = ret->key->size > 128;
	ret->elem_indirect = ret->elem->size > 128;
	if (!hms_slots_hold_pointers(ret))
		return false;
	return ret->keys_off + HMS_SLOTS * ret->key_stride <= ret->overflow_off &&
	       ret->elems_off + HMS_SLOTS * ret->elem_stride <= ret->overflow_off;
}

/* May the array lie where it lies?  A single bucket may be in a stack frame, all else is the base
 * of an allocated object. */
static bool place_is_sound(uint64_t array, uint64_t n, const struct hms_object *object)
{
	switch (object->state) {
	case HMS_HEAP_ALLOCATED: return array == object->base;
	case HMS_HEAP_MANUAL: return n == 1;
	case HMS_HEAP_UNKNOWN: return true;
	default: return false;
	}
}

static uint64_t room_behind(uint64_t array, uint32_t unit, const struct hms_object *object)
{
	switch (object->state) {
	case HMS_HEAP_ALLOCATED:
	case HMS_HEAP_FREE: return (object->slot + object->slot_size - array) / unit;
	case HMS_HEAP_UNKNOWN: return UINT64_MAX; /* nobody knows: what is readable decides */
	case HMS_HEAP_MANUAL: return (object->span_start + object->span_bytes - array) / unit;
	default: return 1;
	}
}

uint64_t hms_classic_extent(const struct hms_map_model *model, const struct hms_map *map, bool old,
			    struct hms_trouble *trouble_ret)
{
	const struct hms_classic *h = &map->classic;
	uint64_t array = old ? h->oldbuckets : h->buckets;
	uint64_t n = old ? hms_classic_old_nbuckets(h) : hms_classic_nbuckets(h), room;
	struct hms_trouble t = {.old = old, .where = array, .seen = array};
	struct hms_object object;

	*trouble_ret = (struct hms_trouble){0};
	if (!array)
		return 0;
	if (h->B > MAX_B) {
		*trouble_ret = (struct hms_trouble){
			.kind = HMS_TROUBLE_DEPTH, .where = map->addr, .seen = h->B};
		return 0;
	}
	hms_heap_find(model->heap, array, &object);
	if (!place_is_sound(array, n, &object)) {
		t.kind = HMS_TROUBLE_PLACE;
		t.state = object.state;
		*trouble_ret = t;
		/* One fault, one trouble: there are no buckets to miss. */
		if (hms_mem_state_at(model->rt->mem, array, NULL) == HMS_MEM_UNMAPPED)
			return 0;
	}
	room = room_behind(array, map->type->unit_size, &object);
	if (n > room && t.kind == HMS_TROUBLE_NONE) {
		t.kind = HMS_TROUBLE_SIZE;
		t.seen = n;
		t.bucket = room;
		*trouble_ret = t;
	}
	return HMS_MIN(n, room);
}

/* ---- the cursor --------------------------------------------------------------------------- */

void hms_classic_units_init(struct hms_unit_cursor *c, uint64_t from, uint64_t to)
{
	struct hms_trouble trouble;

	c->array.base = c->old ? c->map->classic.oldbuckets : c->map->classic.buckets;
	c->array.next = from;
	c->array.end = HMS_MIN(to, hms_classic_extent(c->model, c->map, c->old, &trouble));
	if (trouble.kind != HMS_TROUBLE_NONE && from == 0)
		hms_trouble_add(c->stats, &trouble);
}

/* Where the chain goes on behind @unit. */
static void follow(struct hms_unit_cursor *c, const struct hms_unit *unit)
{
	c->link = 0;
	if (!unit->bytes)
		return;
	c->link_where = unit->addr + c->map->type->overflow_off;
	c->link = hms_le64(unit->bytes + c->map->type->overflow_off);
}

static void start_chain(struct hms_unit_cursor *c, struct hms_unit *unit)
{
	c->index = c->array.next;
	c->chain = 0;
	c->mark = 0;
	c->steps_to_mark = 1;
	hms_units_take(c, c->old ? HMS_TROUBLE_OLDBUCKETS : HMS_TROUBLE_BUCKETS, unit);
	c->first[0] = unit->addr;
	c->moved = c->old && unit->bytes && hms_tophash_evacuated(unit->bytes[0]);
}

/* A short cycle ends before any bucket is met twice.  Long ones by Brent's algorithm: the mark
 * moves ahead in doubling strides; meeting it again is a cycle. */
static bool comes_back(struct hms_unit_cursor *c, uint64_t addr)
{
	for (uint32_t i = 0; i <= c->chain && i < HMS_CHAIN_FIRST; i++)
		if (addr == c->first[i])
			return true;
	if (addr == c->mark)
		return true;
	if (--c->steps_to_mark == 0) {
		c->mark = addr;
		c->steps_to_mark = c->chain + 1;
	}
	return false;
}

static void wild_link(struct hms_unit_cursor *c, uint64_t addr)
{
	struct hms_trouble trouble = {
		.kind = HMS_TROUBLE_OVERFLOW,
		.absent = hms_units_absent(c, addr, c->map->type->unit_size),
		.old = c->old,
		.where = c->link_where,
		.seen = addr,
		.bucket = c->index,
	};

	if (trouble.absent)
		c->stats->unreadable += c->map->type->unit_size;
	hms_trouble_add(c->stats, &trouble);
}

static bool next_in_chain(struct hms_unit_cursor *c, struct hms_unit *unit)
{
	uint64_t addr = c->link;

	if (comes_back(c, addr)) {
		struct hms_trouble trouble = {
			.kind = HMS_TROUBLE_CYCLE,
			.old = c->old,
			.where = c->link_where,
			.seen = addr,
			.bucket = c->index,
		};

		hms_trouble_add(c->stats, &trouble);
		return false;
	}
	c->chain++;
	if (c->chain < HMS_CHAIN_FIRST)
		c->first[c->chain] = addr;
	unit->addr = addr;
	unit->count = 1;
	unit->bytes = hms_units_bytes(c, addr);
	if (!unit->bytes)
		wild_link(c, addr);
	return true;
}

bool hms_classic_units_next(struct hms_unit_cursor *c, struct hms_unit *ret)
{
	struct hms_unit unit = {.old = c->old};

	if (!c->link || !next_in_chain(c, &unit)) {
		if (c->array.next >= c->array.end)
			return false;
		start_chain(c, &unit);
	}
	unit.index = c->index;
	unit.chain = c->chain;
	unit.moved = c->moved;
	/* Buckets below nevacuate are done with; above it one may be in motion. */
	unit.settled = c->moved && c->index < c->map->classic.nevacuate;
	follow(c, &unit);
	*ret = unit;
	return true;
}
