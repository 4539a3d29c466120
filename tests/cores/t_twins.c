/*
 * Twins: for each rule a map of a bundled core with named bytes changed, which yields that finding
 * on that map and no other anywhere; the core as it is yields none.
 *
 * A rule without a twin fails: a new row of rules.def needs a row of twins[] here.
 *
 *	t_twins [RELEASE...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map/iter.h"
#include "world.h"

static struct world *w; /* the core in hand */

/* ---- words of maps ------------------------------------------------------------------------ */

static uint64_t at(const struct hms_map *map, enum hms_fact_id fact)
{
	return map->addr + hms_layout_off(&w->session->rt->layout, fact);
}

static bool put(uint64_t addr, size_t len, uint64_t value)
{
	return world_put(w, addr, len, value);
}

static bool add(uint64_t addr, size_t len, uint64_t n)
{
	return put(addr, len, world_get(w, addr, len) + n);
}

static bool is_swiss(const struct hms_map *map)
{
	return map->type->kind == HMS_MAP_SWISS;
}

static uint64_t bucket_at(const struct hms_map *map, uint64_t i)
{
	return map->classic.buckets + i * map->type->unit_size;
}

static uint64_t old_bucket_at(const struct hms_map *map, uint64_t i)
{
	return map->classic.oldbuckets + i * map->type->unit_size;
}

static uint64_t link_of(const struct hms_map *map, uint64_t bucket)
{
	return world_get(w, bucket + map->type->overflow_off, 8);
}

static bool growing(const struct hms_map *map)
{
	return hms_classic_growing(&map->classic);
}

static bool at_rest(const struct hms_map *map)
{
	return map->classic.buckets && !growing(map);
}

static bool moved(const struct hms_map *map, uint64_t i)
{
	uint64_t mark = world_get(w, old_bucket_at(map, i), 1);

	return mark >= 2 && mark <= 4;
}

static struct hms_object object_at(uint64_t addr)
{
	struct hms_object object;

	hms_heap_find(w->session->heap, addr, &object);
	return object;
}

static uint64_t key_at(const struct hms_map *map, uint64_t unit, unsigned int slot)
{
	return unit + map->type->keys_off + slot * map->type->key_stride;
}

static uint64_t elem_at(const struct hms_map *map, uint64_t unit, unsigned int slot)
{
	return unit + map->type->elems_off + slot * map->type->elem_stride;
}

static void copy(uint64_t to, uint64_t from, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		put(to + i, 1, world_get(w, from + i, 1));
}

static void copy_slot(const struct hms_map *map, uint64_t to, unsigned int i, uint64_t from,
		      unsigned int j)
{
	put(to + i, 1, world_get(w, from + j, 1));
	copy(key_at(map, to, i), key_at(map, from, j), map->type->key_size);
	copy(elem_at(map, to, i), elem_at(map, from, j), map->type->elem_size);
}

/* As a delete leaves it, but for the counts. */
static void clear_slot(const struct hms_map *map, uint64_t unit, unsigned int i, uint64_t mark)
{
	put(unit + i, 1, mark);
	for (uint64_t k = 0; k < map->type->key_size; k++)
		put(key_at(map, unit, i) + k, 1, 0);
	for (uint64_t k = 0; k < map->type->elem_size; k++)
		put(elem_at(map, unit, i) + k, 1, 0);
}

/* The first free slot of a classic bucket, 8: none. */
static unsigned int free_slot(uint64_t bucket)
{
	unsigned int i = 0;

	while (i < 8 && world_get(w, bucket + i, 1) > 1)
		i++;
	return i;
}

/* The first slot of @map that @wanted likes; its unit, 0: none. */
static uint64_t find_slot(const struct hms_map *map, unsigned int *slot_ret,
			  bool (*wanted)(const struct hms_map *map, const struct hms_slot *slot))
{
	struct hms_map_iter it;
	struct hms_slot slot;
	uint64_t unit = 0;

	hms_map_iter_init(&it, w->session->model, map);
	while (!unit && hms_map_iter_next(&it, &slot)) {
		if (!wanted(map, &slot))
			continue;
		unit = slot.unit;
		*slot_ret = slot.index;
	}
	hms_map_iter_deinit(&it);
	return unit;
}

static bool live(const struct hms_map *map, const struct hms_slot *slot)
{
	(void)map;
	return slot->state == HMS_SLOT_LIVE && !slot->old;
}

/* Slot 1, where slot 0 is live too. */
static bool second_live(const struct hms_map *map, const struct hms_slot *slot)
{
	uint64_t first = world_get(w, slot->unit, 1);

	return live(map, slot) && slot->index == 1 && !slot->chain &&
	       (is_swiss(map) ? first < 0x80 : first >= 5);
}

static bool in_first(const struct hms_map *map, const struct hms_slot *slot)
{
	return live(map, slot) && slot->bucket == 0 && !slot->chain;
}

static bool in_old(const struct hms_map *map, const struct hms_slot *slot)
{
	(void)map;
	return slot->state == HMS_SLOT_LIVE && slot->old && !slot->chain;
}

static bool has_text(const struct hms_map *map, const struct hms_slot *slot)
{
	return live(map, slot) && world_get(w, slot->elem_addr + 8, 8);
}

static bool plain_key(const struct hms_map *map)
{
	return map->type->key->kind >= HMS_KIND_INT && map->type->key->kind <= HMS_KIND_UINT64;
}

/* ---- any map ------------------------------------------------------------------------------ */

/* A map variable that leads beside its map. */
static bool wild_header(struct hms_map *map)
{
	if (object_at(map->addr).state != HMS_HEAP_ALLOCATED)
		return false;
	map->addr += 8;
	return true;
}

static uint64_t descriptor(const struct hms_map *map)
{
	return w->session->rt->modules[0].types + map->type->type->rt_off;
}

/* What the runtime knows of the type is not what the debug information says. */
static bool another_type(struct hms_map *map)
{
	enum hms_fact_id fact = is_swiss(map) ? HMS_F_MAPTYPE_GROUPSIZE : HMS_F_MAPTYPE_BUCKETSIZE;
	const struct hms_fact *f = &w->session->rt->layout.facts[fact];

	return map->type->type->rt_off && add(descriptor(map) + f->off, f->size, 8);
}

/* An element in a free slot beside a live one. */
static bool forgotten_element(struct hms_map *map)
{
	unsigned int i = 0, k = 0;
	uint64_t unit = map->type->elem_size ? find_slot(map, &i, live) : 0;

	while (unit && k < 8 && world_get(w, unit + k, 1) != (is_swiss(map) ? 0x80 : 0))
		k++;
	return unit && k < 8 && put(elem_at(map, unit, k), 1, 1);
}

static bool writing_flag(struct hms_map *map)
{
	if (is_swiss(map))
		return put(at(map, HMS_F_SMAP_WRITING), 1, 1);
	return put(at(map, HMS_F_HMAP_FLAGS), 1, map->classic.flags | 4);
}

/* A goroutine is said to be deep in a write, and the flag is clear. */
static bool unmarked_write(struct hms_map *map)
{
	w->deep = map->addr;
	return true;
}

static bool wrong_count(struct hms_map *map)
{
	return map->count > 3 &&
	       add(at(map, is_swiss(map) ? HMS_F_SMAP_USED : HMS_F_HMAP_COUNT), 8, 3);
}

static bool count_one_low(struct hms_map *map)
{
	return map->count > 3 &&
	       add(at(map, is_swiss(map) ? HMS_F_SMAP_USED : HMS_F_HMAP_COUNT), 8, UINT64_MAX);
}

static bool wrong_seed(struct hms_map *map)
{
	return map->live >= 8 && plain_key(map) &&
	       add(at(map, is_swiss(map) ? HMS_F_SMAP_SEED : HMS_F_HMAP_HASH0), 4, 1);
}

static bool wrong_byte(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit = plain_key(map) ? find_slot(map, &i, live) : 0, byte;

	if (!unit)
		return false;
	byte = world_get(w, unit + i, 1);
	return put(unit + i, 1, is_swiss(map) ? byte ^ 1 : byte == 0x77 ? 0x78 : 0x77);
}

/* Slot 1 gets the key of slot 0. */
static bool equal_keys(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit = plain_key(map) ? find_slot(map, &i, second_live) : 0;

	if (!unit)
		return false;
	put(unit + 1, 1, world_get(w, unit, 1));
	copy(key_at(map, unit, 1), key_at(map, unit, 0), map->type->key_size);
	return true;
}

/* Slot @i of @to gets the key of slot @j of @from. */
static void copy_key(const struct hms_map *map, uint64_t to, unsigned int i, uint64_t from,
		     unsigned int j)
{
	put(to + i, 1, world_get(w, from + j, 1));
	copy(key_at(map, to, i), key_at(map, from, j), map->type->key_size);
}

/* A key of an overflow bucket is in the main bucket as well. */
static bool equal_keys_in_chain(struct hms_map *map)
{
	uint64_t n = at_rest(map) && plain_key(map) ? UINT64_C(1) << map->classic.B : 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t bucket = bucket_at(map, i), link = link_of(map, bucket);

		if (!link || world_get(w, bucket, 1) < 5 || world_get(w, link, 1) < 5)
			continue;
		copy_key(map, bucket, 0, link, 0);
		return true;
	}
	return false;
}

static struct hms_error *take_free(void *arg, const struct hms_span *span)
{
	uint64_t *ret = arg;

	for (uint32_t i = 0; i < span->nslots && !*ret; i++)
		if (hms_span_slot_state(span, i) == HMS_HEAP_FREE)
			*ret = span->start + i * span->slot_size;
	return NULL;
}

static uint64_t free_object(void)
{
	uint64_t ret = 0;

	hms_err_free(hms_heap_each_span(w->session->heap, 0, take_free, &ret));
	return ret;
}

static bool dangling_text(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit = map->type->elem->kind == HMS_KIND_STRING ? find_slot(map, &i, has_text) : 0;

	return unit && free_object() && put(elem_at(map, unit, i), 8, free_object());
}

static bool pointer_nowhere(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit = map->type->elem->kind == HMS_KIND_POINTER ? find_slot(map, &i, live) : 0;

	return unit && put(elem_at(map, unit, i), 8, 0x10);
}

static bool shifted_object(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit = map->type->elem_indirect ? find_slot(map, &i, live) : 0;

	return unit && add(elem_at(map, unit, i), 8, 8);
}

/* ---- classic maps: header and arrays ------------------------------------------------------ */

static bool unknown_flag(struct hms_map *map)
{
	return put(at(map, HMS_F_HMAP_FLAGS), 1, map->classic.flags | 0x20);
}

static bool same_size_flag(struct hms_map *map)
{
	return at_rest(map) && put(at(map, HMS_F_HMAP_FLAGS), 1, map->classic.flags | 8);
}

static bool absurd_B(struct hms_map *map)
{
	return at_rest(map) && put(at(map, HMS_F_HMAP_B), 1, 60);
}

static bool higher_B(struct hms_map *map)
{
	return at_rest(map) && map->classic.B && map->classic.B < 12 && map->count &&
	       add(at(map, HMS_F_HMAP_B), 1, 1);
}

static bool nil_buckets(struct hms_map *map)
{
	return at_rest(map) && map->count && put(at(map, HMS_F_HMAP_BUCKETS), 8, 0);
}

static bool shifted_buckets(struct hms_map *map)
{
	return at_rest(map) && map->classic.B > 1 && add(at(map, HMS_F_HMAP_BUCKETS), 8, 64);
}

static bool wrong_kind(struct hms_map *map)
{
	struct hms_object object = object_at(map->classic.buckets);

	return at_rest(map) && object.state == HMS_HEAP_ALLOCATED && object.large &&
	       put(object.span + hms_layout_off(&w->session->rt->layout, HMS_F_MSPAN_SPANCLASS), 1,
		   !object.noscan);
}

/* A span and a B that promise 128 GB, where the heap has not half as much. */
static bool beyond_memory(struct hms_map *map)
{
	const struct hms_layout *layout = &w->session->rt->layout;
	struct hms_object object = object_at(map->classic.buckets);

	return at_rest(map) && object.state == HMS_HEAP_ALLOCATED && object.large &&
	       put(object.span + hms_layout_off(layout, HMS_F_MSPAN_ELEMSIZE), 8,
		   UINT64_C(1) << 37) &&
	       put(object.span + hms_layout_off(layout, HMS_F_MSPAN_NPAGES), 8,
		   UINT64_C(1) << 24) &&
	       put(object.span + hms_layout_off(layout, HMS_F_MSPAN_LIMIT), 8,
		   object.span_start + (UINT64_C(1) << 37)) &&
	       put(at(map, HMS_F_HMAP_B), 1, 29);
}

/* ---- classic maps: chains ----------------------------------------------------------------- */

/* The main bucket of the first chain of at least @n overflow buckets. */
static uint64_t chained(const struct hms_map *map, unsigned int n)
{
	for (uint64_t i = 0; at_rest(map) && i < hms_classic_nbuckets(&map->classic); i++) {
		uint64_t bucket = bucket_at(map, i), link = bucket;
		unsigned int length = 0;

		while (length < n && (link = link_of(map, link)))
			length++;
		if (length == n)
			return bucket;
	}
	return 0;
}

static bool wild_overflow(struct hms_map *map)
{
	uint64_t bucket = chained(map, 1);

	return bucket && add(bucket + map->type->overflow_off, 8, 8);
}

static bool round_overflow(struct hms_map *map)
{
	uint64_t bucket = chained(map, 2);

	return bucket &&
	       put(link_of(map, bucket) + map->type->overflow_off, 8, link_of(map, bucket));
}

/* A chain without overflow goes on with the overflow bucket of another. */
static bool shared_overflow(struct hms_map *map)
{
	uint64_t bucket = chained(map, 1), other = bucket_at(map, 0);

	if (!bucket || map->classic.B < 1)
		return false;
	other = bucket == other ? bucket_at(map, 1) : other;
	return !link_of(map, other) &&
	       put(other + map->type->overflow_off, 8, link_of(map, bucket));
}

/* The only bucket of another map of the same type. */
static uint64_t another_bucket(const struct hms_map *map)
{
	for (size_t i = 0; i < w->found->nmaps; i++) {
		const struct hms_map *other = &w->found->maps[i];

		if (other != map && other->type == map->type && other->classic.buckets &&
		    !other->classic.B && other->classic.buckets != map->classic.buckets)
			return other->classic.buckets;
	}
	return 0;
}

static bool overflow_of_one(struct hms_map *map)
{
	uint64_t other;

	if (!at_rest(map) || map->classic.B)
		return false;
	other = another_bucket(map);
	return other && object_at(other).state == HMS_HEAP_ALLOCATED &&
	       put(map->classic.buckets + map->type->overflow_off, 8, other);
}

static bool wrong_noverflow(struct hms_map *map)
{
	return at_rest(map) && map->classic.B < 16 && add(at(map, HMS_F_HMAP_NOVERFLOW), 2, 2);
}

static bool wrong_estimate(struct hms_map *map)
{
	return at_rest(map) && map->classic.B >= 16 && put(at(map, HMS_F_HMAP_NOVERFLOW), 2, 65000);
}

static uint64_t extra_at(const struct hms_map *map, enum hms_fact_id fact)
{
	return map->classic.extra + hms_layout_off(&w->session->rt->layout, fact);
}

static bool wrong_spare(struct hms_map *map)
{
	return at_rest(map) && map->classic.extra &&
	       world_get(w, extra_at(map, HMS_F_MAPEXTRA_NEXTOVERFLOW), 8) &&
	       add(extra_at(map, HMS_F_MAPEXTRA_NEXTOVERFLOW), 8, 8);
}

static bool wrong_extra(struct hms_map *map)
{
	return at_rest(map) && map->classic.extra && add(at(map, HMS_F_HMAP_EXTRA), 8, 8);
}

static bool shorter_list(struct hms_map *map)
{
	uint64_t list = at_rest(map) && map->classic.extra
				? world_get(w, extra_at(map, HMS_F_MAPEXTRA_OVERFLOW), 8)
				: 0;

	return list && world_get(w, list + 8, 8) > 1 && add(list + 8, 8, UINT64_MAX);
}

/* ---- classic maps: slots ------------------------------------------------------------------ */

static bool mark_in_present(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit = at_rest(map) ? find_slot(map, &i, live) : 0;

	return unit && put(unit + i, 1, 2);
}

static bool rest_before_entry(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit = at_rest(map) ? find_slot(map, &i, second_live) : 0;

	return unit && put(unit, 1, 0);
}

static bool wrong_bucket(struct hms_map *map)
{
	unsigned int i = 0, to;
	uint64_t unit;

	if (!at_rest(map) || map->classic.B < 1 || !plain_key(map))
		return false;
	unit = find_slot(map, &i, in_first);
	to = free_slot(bucket_at(map, 1));
	if (!unit || to == 8)
		return false;
	copy_slot(map, bucket_at(map, 1), to, unit, i);
	clear_slot(map, unit, i, 1);
	return true;
}

/* Put keys into free slots of main buckets until @n are there, each where it hashes to. */
static bool fill(struct hms_map *map, struct hms_hash_plan *plan, uint64_t n)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t hash, bucket, count = map->live;

	for (uint64_t key = 1000000; count < n && key < 1100000; key++) {
		unsigned int i;

		if (hms_hash_key(plan, &reader, map->classic.hash0, (const uint8_t *)&key, &hash) !=
		    HMS_HASH_OK)
			return false;
		bucket = bucket_at(map, hash & (hms_classic_nbuckets(&map->classic) - 1));
		i = free_slot(bucket);
		if (i == 8)
			continue;
		put(bucket + i, 1, hms_classic_tophash(hash));
		put(key_at(map, bucket, i), 8, key);
		count++;
	}
	return count == n && put(at(map, HMS_F_HMAP_COUNT), 8, n);
}

/* More entries than an insert would have let in. */
static bool no_growth(struct hms_map *map)
{
	HMS_AUTO(hms_hasher) struct hms_hasher *hasher = NULL;
	HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
	uint64_t n = hms_classic_nbuckets(&map->classic);
	struct hms_error *err;

	if (!at_rest(map) || !plain_key(map) || map->type->key_size != 8 || n < 2 || n > 8 ||
	    map->classic.noverflow || map->classic.nevacuate != n / 2)
		return false;
	err = hms_hasher_open(w->session->rt, &hasher);
	if (!err)
		err = hms_hash_plan_open(hasher, w->session->rt, w->session->pclntab, map->type,
					 &plan);
	hms_err_free(err);
	return plan && fill(map, plan, 13 * (n / 2) + 1);
}

/* ---- classic maps: growth ----------------------------------------------------------------- */

static bool half_moved(struct hms_map *map)
{
	return growing(map) && moved(map, 0) && put(old_bucket_at(map, 0) + 3, 1, 0x50);
}

static bool written_after_move(struct hms_map *map)
{
	return growing(map) && moved(map, 0) && !(map->classic.flags & HMS_CLASSIC_OLD_ITERATOR) &&
	       map->type->key->kind == HMS_KIND_STRING &&
	       put(key_at(map, old_bucket_at(map, 0), 2), 8, 1);
}

static bool far_nevacuate(struct hms_map *map)
{
	return growing(map) &&
	       map->classic.nevacuate + 1 < hms_classic_old_nbuckets(&map->classic) &&
	       !moved(map, map->classic.nevacuate) && add(at(map, HMS_F_HMAP_NEVACUATE), 8, 1);
}

/* An entry of an old bucket is in a new one already.  With a growth of the same size the place is
 * plain. */
static bool early_entry(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t unit, to;

	if (!growing(map) || !(map->classic.flags & HMS_CLASSIC_SAME_SIZE_GROW))
		return false;
	unit = find_slot(map, &i, in_old);
	if (!unit)
		return false;
	to = bucket_at(map, (unit - map->classic.oldbuckets) / map->type->unit_size);
	copy_slot(map, to, 0, unit, i);
	clear_slot(map, unit, i, 1);
	return true;
}

/* ---- Swiss maps --------------------------------------------------------------------------- */

static uint64_t table(const struct hms_map *map, uint64_t i)
{
	return map->swiss.dir_len > i ? world_get(w, map->swiss.dir + 8 * i, 8) : 0;
}

static uint64_t table_at(const struct hms_map *map, enum hms_fact_id fact)
{
	return table(map, 0) + hms_layout_off(&w->session->rt->layout, fact);
}

static uint64_t word(const struct hms_map *map, enum hms_fact_id fact)
{
	return world_get(w, table_at(map, fact), w->session->rt->layout.facts[fact].size);
}

static bool add_word(const struct hms_map *map, enum hms_fact_id fact, uint64_t n)
{
	return table(map, 0) &&
	       add(table_at(map, fact), w->session->rt->layout.facts[fact].size, n);
}

/* Go 1.25 and later; before, deleted slots leave no mark in the header. */
static bool has_tombstone_flag(void)
{
	return hms_layout_has(&w->session->rt->layout, HMS_F_SMAP_TOMBSTONEPOSSIBLE);
}

static bool set_tombstone_flag(const struct hms_map *map, uint64_t value)
{
	return !has_tombstone_flag() || put(at(map, HMS_F_SMAP_TOMBSTONEPOSSIBLE), 1, value);
}

static bool strange_flag(struct hms_map *map)
{
	return put(at(map, HMS_F_SMAP_WRITING), 1, 7);
}

static bool deeper(struct hms_map *map)
{
	return map->swiss.dir_len && add(at(map, HMS_F_SMAP_GLOBALDEPTH), 1, 1);
}

static bool nil_group(struct hms_map *map)
{
	return !map->swiss.dir_len && map->count && put(at(map, HMS_F_SMAP_DIRPTR), 8, 0);
}

static bool shifted_group(struct hms_map *map)
{
	return !map->swiss.dir_len && map->count &&
	       object_at(map->swiss.dir).state == HMS_HEAP_ALLOCATED &&
	       add(at(map, HMS_F_SMAP_DIRPTR), 8, 8);
}

static bool wild_table(struct hms_map *map)
{
	return map->swiss.dir_len && add(map->swiss.dir, 8, 8);
}

/* A directory entry that leads to some group of a map without pointers. */
static bool no_table(struct hms_map *map)
{
	for (size_t i = 0; map->swiss.dir_len && i < w->found->nmaps; i++) {
		uint64_t dir = w->found->maps[i].swiss.dir;

		if (!w->found->maps[i].swiss.dir_len && dir && object_at(dir).base == dir &&
		    object_at(dir).state == HMS_HEAP_ALLOCATED && object_at(dir).noscan)
			return put(map->swiss.dir, 8, dir);
	}
	return false;
}

static bool table_twice(struct hms_map *map)
{
	return map->swiss.dir_len >= 2 && table(map, 0) != table(map, 1) &&
	       (map->swiss.dir_len == 2 || table(map, 1) != table(map, 2)) &&
	       put(map->swiss.dir + 8, 8, table(map, 0));
}

static bool stale_table(struct hms_map *map)
{
	return table(map, 0) && put(table_at(map, HMS_F_TABLE_INDEX), 8, UINT64_MAX);
}

static bool half_capacity(struct hms_map *map)
{
	return table(map, 0) &&
	       put(table_at(map, HMS_F_TABLE_CAPACITY), 2, word(map, HMS_F_TABLE_CAPACITY) / 2);
}

static bool shifted_groups(struct hms_map *map)
{
	return add_word(map, HMS_F_TABLE_GROUPS_DATA, 8);
}

/* The first group of table 0 with @min slots or more in @state, and the last of these. */
static uint64_t group_with(const struct hms_map *map, uint8_t state, unsigned int min,
			   unsigned int *slot_ret)
{
	uint64_t data = word(map, HMS_F_TABLE_GROUPS_DATA);
	uint64_t n = table(map, 0) ? word(map, HMS_F_TABLE_GROUPS_MASK) + 1 : 0;

	for (uint64_t g = 0; g < n; g++) {
		uint64_t group = data + g * map->type->unit_size;
		unsigned int found = 0;

		for (unsigned int i = 0; i < 8; i++) {
			if (world_get(w, group + i, 1) != state)
				continue;
			found++;
			*slot_ret = i;
		}
		if (found >= min)
			return group;
	}
	return 0;
}

static bool strange_control(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t group = group_with(map, 0x80, 2, &i);

	return group && put(group + i, 1, 0x85);
}

static bool wrong_used(struct hms_map *map)
{
	return add_word(map, HMS_F_TABLE_USED, 2);
}

static bool wrong_growth_left(struct hms_map *map)
{
	return add_word(map, HMS_F_TABLE_GROWTHLEFT, 2);
}

static bool full_table(struct hms_map *map)
{
	uint64_t group;
	unsigned int i = 0;

	if (!table(map, 0) || !set_tombstone_flag(map, 1))
		return false;
	while ((group = group_with(map, 0x80, 1, &i)))
		put(group + i, 1, 0xfe);
	return true;
}

static bool needless_tombstone(struct hms_map *map)
{
	unsigned int i = 0;
	uint64_t group = group_with(map, 0x80, 2, &i);

	return group && set_tombstone_flag(map, 1) && put(group + i, 1, 0xfe) &&
	       add_word(map, HMS_F_TABLE_GROWTHLEFT, UINT64_MAX);
}

static bool unflagged_tombstone(struct hms_map *map)
{
	return map->swiss.tombstone_possible && set_tombstone_flag(map, 0);
}

/* An entry moves from the first group, where a lookup then stops, to the last. */
static bool wrong_group(struct hms_map *map)
{
	uint64_t from, to;
	unsigned int i = 0, j = 0;

	if (!table(map, 0) || word(map, HMS_F_TABLE_GROUPS_MASK) < 1 || !plain_key(map))
		return false;
	from = word(map, HMS_F_TABLE_GROUPS_DATA);
	to = from + word(map, HMS_F_TABLE_GROUPS_MASK) * map->type->unit_size;
	while (i < 8 && world_get(w, from + i, 1) >= 0x80)
		i++;
	while (j < 8 && world_get(w, to + j, 1) != 0x80)
		j++;
	if (i == 8 || j == 8 || world_get(w, from + 7, 1) != 0x80)
		return false;
	copy_slot(map, to, j, from, i);
	clear_slot(map, from, i, 0x80);
	return true;
}

static bool is_misplaced(void)
{
	world_check(w, 0, w->found->nmaps);
	for (size_t i = 0; i < w->findings.n; i++)
		if (strcmp(w->findings.items[i].rule, hms_rule(HMS_RULE_MAP_PLACE)->name) == 0)
			return true;
	return false;
}

/* A key that sits in group @to + 1, because @to was full, is in that one as well. */
static bool equal_keys_apart_in(const struct hms_map *map, uint64_t to, uint64_t from)
{
	for (unsigned int i = 0; i < 8; i++)
		if (world_get(w, to + i, 1) >= 0x80)
			return false;
	for (unsigned int i = 0; i < 8; i++) {
		if (world_get(w, from + i, 1) >= 0x80)
			continue;
		copy_key(map, to, 0, from, i);
		if (!is_misplaced())
			return true;
		world_restore(w);
	}
	return false;
}

static bool equal_keys_apart(struct hms_map *map)
{
	uint64_t size = map->type->unit_size, data, mask;

	if (!plain_key(map) || !table(map, 0))
		return false;
	data = word(map, HMS_F_TABLE_GROUPS_DATA);
	mask = word(map, HMS_F_TABLE_GROUPS_MASK);
	for (uint64_t g = 0; mask && g <= mask; g++)
		if (equal_keys_apart_in(map, data + g * size, data + ((g + 1) & mask) * size))
			return true;
	return false;
}

/* ---- the table ---------------------------------------------------------------------------- */

struct twin {
	enum hms_rule_id rule;
	enum hms_map_kind kind;
	const char *name; /* of the case: growing, types, ... */
	bool (*damage)(struct hms_map *map);
};

static const struct twin twins[] = {
#define CLASSIC(rule, name, damage)                            \
	{                                                      \
		HMS_RULE_##rule, HMS_MAP_CLASSIC, name, damage \
	}
#define SWISS(rule, name, damage)                            \
	{                                                    \
		HMS_RULE_##rule, HMS_MAP_SWISS, name, damage \
	}
	CLASSIC(MAP_HEADER, "types", wild_header),
	CLASSIC(MAP_TYPE, "types", another_type),
	CLASSIC(MAP_EMPTY, "types", forgotten_element),
	CLASSIC(MAP_WRITING, "types", writing_flag),
	CLASSIC(MAP_UNMARKED, "types", unmarked_write),
	CLASSIC(MAP_COUNT, "types", wrong_count),
	CLASSIC(MAP_COUNT, "types", count_one_low),
	CLASSIC(MAP_HASH, "types", wrong_byte),
	CLASSIC(MAP_PLACE, "types", wrong_bucket),
	CLASSIC(MAP_SEED, "types", wrong_seed),
	CLASSIC(MAP_KEYS, "types", equal_keys),
	CLASSIC(MAP_KEYS, "overflow", equal_keys_in_chain),
	CLASSIC(MAP_POINTER, "types", dangling_text),
	CLASSIC(MAP_NOWHERE, "types", pointer_nowhere),
	CLASSIC(MAP_INDIRECT, "types", shifted_object),
	CLASSIC(CLASSIC_FLAGS, "types", unknown_flag),
	CLASSIC(CLASSIC_SAME_SIZE, "types", same_size_flag),
	CLASSIC(CLASSIC_B, "types", absurd_B),
	CLASSIC(CLASSIC_NIL, "types", nil_buckets),
	CLASSIC(CLASSIC_BUCKETS, "types", shifted_buckets),
	CLASSIC(CLASSIC_SIZE, "sparse", higher_B),
	CLASSIC(CLASSIC_KIND, "overflow", wrong_kind),
	CLASSIC(CLASSIC_MAPPED, "overflow", beyond_memory),
	CLASSIC(CLASSIC_OVERFLOW, "overflow", wild_overflow),
	CLASSIC(CLASSIC_CYCLE, "overflow", round_overflow),
	CLASSIC(CLASSIC_SHARED, "overflow", shared_overflow),
	CLASSIC(CLASSIC_SINGLE, "types", overflow_of_one),
	CLASSIC(CLASSIC_NOVERFLOW, "overflow", wrong_noverflow),
	CLASSIC(CLASSIC_ESTIMATE, "overflow", wrong_estimate),
	CLASSIC(CLASSIC_SPARE, "growing", wrong_spare),
	CLASSIC(CLASSIC_EXTRA, "growing", wrong_extra),
	CLASSIC(CLASSIC_LIST, "overflow", shorter_list),
	CLASSIC(CLASSIC_MARKS, "types", mark_in_present),
	CLASSIC(CLASSIC_REST, "types", rest_before_entry),
	CLASSIC(CLASSIC_LOAD, "types", no_growth),
	CLASSIC(CLASSIC_PARTIAL, "growing", half_moved),
	CLASSIC(CLASSIC_MOVED, "growing", written_after_move),
	CLASSIC(CLASSIC_NEVACUATE, "growing", far_nevacuate),
	CLASSIC(CLASSIC_AHEAD, "growing", early_entry),
	SWISS(MAP_HEADER, "types", wild_header),
	SWISS(MAP_TYPE, "types", another_type),
	SWISS(MAP_EMPTY, "types", forgotten_element),
	SWISS(MAP_WRITING, "types", writing_flag),
	SWISS(MAP_UNMARKED, "types", unmarked_write),
	SWISS(MAP_COUNT, "types", wrong_count),
	SWISS(MAP_COUNT, "types", count_one_low),
	SWISS(MAP_HASH, "types", wrong_byte),
	SWISS(MAP_PLACE, "growing", wrong_group),
	SWISS(MAP_SEED, "types", wrong_seed),
	SWISS(MAP_KEYS, "types", equal_keys),
	SWISS(MAP_KEYS, "growing", equal_keys_apart),
	SWISS(MAP_POINTER, "types", dangling_text),
	SWISS(MAP_NOWHERE, "types", pointer_nowhere),
	SWISS(MAP_INDIRECT, "types", shifted_object),
	SWISS(SWISS_FLAGS, "types", strange_flag),
	SWISS(SWISS_DEPTH, "growing", deeper),
	SWISS(SWISS_NIL, "types", nil_group),
	SWISS(SWISS_GROUP, "types", shifted_group),
	SWISS(SWISS_DIRECTORY, "growing", wild_table),
	SWISS(SWISS_DIRECTORY, "growing", no_table),
	SWISS(SWISS_RUN, "growing", table_twice),
	SWISS(SWISS_INDEX, "growing", stale_table),
	SWISS(SWISS_CAPACITY, "growing", half_capacity),
	SWISS(SWISS_GROUPS, "growing", shifted_groups),
	SWISS(SWISS_CONTROL, "growing", strange_control),
	SWISS(SWISS_USED, "growing", wrong_used),
	SWISS(SWISS_GROWTH, "growing", wrong_growth_left),
	SWISS(SWISS_FULL, "growing", full_table),
	SWISS(SWISS_TOMBSTONE, "growing", needless_tombstone),
	SWISS(SWISS_TOMBFLAG, "growing", unflagged_tombstone),
};

/* ---- running ------------------------------------------------------------------------------ */

static int number;
static int bad;

static void result(bool good, const char *release, const struct twin *twin, const char *why)
{
	bad += !good;
	printf("%sok %d - %s %s: %s%s\n", good ? "" : "not ", ++number, release, twin->name,
	       hms_rule(twin->rule)->name, why);
}

static bool is_single(const struct twin *twin, uint64_t map, enum hms_severity severity)
{
	const struct hms_findings *findings = &w->findings;
	bool good = findings->n == 1 && findings->items[0].map == map &&
		    strcmp(findings->items[0].rule, hms_rule(twin->rule)->name) == 0 &&
		    findings->items[0].severity == severity;

	for (size_t i = 0; !good && i < HMS_MIN(findings->n, (size_t)12); i++)
		printf("# %s on 0x%llx (0x%llx was damaged): %s\n", findings->items[i].rule,
		       (unsigned long long)findings->items[i].map, (unsigned long long)map,
		       findings->items[i].message);
	for (size_t i = 0; !good && i < w->work.nlimits; i++)
		printf("# limit: %s\n", w->work.limits[i]);
	return good;
}

static bool is_information(const struct twin *twin, uint64_t map)
{
	bool good;

	w->writer = true;
	world_check(w, 0, w->found->nmaps);
	good = is_single(twin, map, HMS_INFO) && w->findings.items[0].goroutine == 7;
	w->writer = false;
	return good;
}

/* With a goroutine inside a write of it, a flag that is set and a count that is one off are no
 * damage; with one that clears it, any count is none. */
static bool is_excused(const struct twin *twin, uint64_t map)
{
	bool good = true;

	if (twin->damage == writing_flag || twin->damage == count_one_low)
		good = is_information(twin, map);
	w->clear = true;
	if (good && (twin->damage == wrong_count || twin->damage == wrong_used))
		good = is_information(twin, map);
	w->clear = false;
	return good;
}

/* Damage the first map that it fits; look at all of them. */
static void run_twin(const char *release, const struct twin *twin)
{
	if (twin->rule == HMS_RULE_SWISS_TOMBFLAG && !has_tombstone_flag()) {
		result(true, release, twin, " # SKIP this release has no such flag");
		return;
	}
	for (size_t i = 0; i < w->found->nmaps; i++) {
		struct hms_map *map = &w->found->maps[i];
		uint64_t addr = map->addr;
		bool good;

		if (!map->type || map->found_by > HMS_FOUND_STACK || !twin->damage(map)) {
			world_restore(w);
			map->addr = addr;
			continue;
		}
		world_check(w, 0, w->found->nmaps);
		good = is_single(twin, map->addr, hms_rule(twin->rule)->severity) &&
		       is_excused(twin, map->addr);
		world_restore(w);
		map->addr = addr;
		world_check(w, 0, w->found->nmaps);
		result(good && !w->findings.n, release, twin, "");
		return;
	}
	result(false, release, twin, ": no map fits");
}

static void run_twins(const char *release, const char *name)
{
	world_check(w, 0, w->found->nmaps);
	bad += w->findings.n > 0;
	printf("%sok %d - %s %s: nothing is found in the core as it is\n",
	       w->findings.n ? "not " : "", ++number, release, name);
	for (size_t i = 0; i < HMS_ARRAY_LEN(twins); i++)
		if (twins[i].kind == w->session->rt->map_kind && strcmp(twins[i].name, name) == 0)
			run_twin(release, &twins[i]);
}

static void run_case(const char *release, const char *name)
{
	struct world world;
	char *exe, *core;

	if (!world_bundled(release, name, &exe, &core)) {
		printf("ok %d # SKIP no core %s of Go %s\n", ++number, name, release);
		return;
	}
	if (world_open(&world, exe, core)) {
		w = &world;
		run_twins(release, name);
		world_close(&world);
	} else {
		bad++;
		printf("not ok %d - %s %s can be opened\n", ++number, release, name);
	}
	free(exe);
	free(core);
}

static void run_release(const char *release)
{
	static const char *const cases[] = {"types", "growing", "overflow", "sparse"};

	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++)
		run_case(release, cases[i]);
}

static void every_rule_has_a_twin(void)
{
	bool has[HMS_NRULES] = {false}, all = true;

	for (size_t i = 0; i < HMS_ARRAY_LEN(twins); i++)
		has[twins[i].rule] = true;
	for (int i = 0; i < HMS_NRULES; i++) {
		/* What stacks alone show: t_operations */
		if (has[i] || i == HMS_RULE_MAP_RACE || i == HMS_RULE_MAP_FAULT)
			continue;
		all = false;
		printf("# %s has no twin\n", hms_rule((enum hms_rule_id)i)->name);
	}
	bad += !all;
	printf("%sok %d - each rule has a twin\n", all ? "" : "not ", ++number);
}

int main(int argc, char **argv)
{
	static const char *const releases[] = {
		"1.15", "1.21", "1.23", "1.25-noswissmap",    "1.24",
		"1.25", "1.26", "1.27", "1.27-mapsplitgroup",
	};

	every_rule_has_a_twin();
	for (int i = 1; i < argc; i++)
		run_release(argv[i]);
	for (size_t i = 0; argc == 1 && i < HMS_ARRAY_LEN(releases); i++)
		run_release(releases[i]);
	printf("1..%d\n", number);
	return bad != 0;
}
