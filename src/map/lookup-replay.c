/*
 * The runtime's lookups, step by step, on memory that may be anything: what the runtime would
 * read, is read; where it would not come back, the replay ends and says so.
 */
#include "map/lookup-replay.h"

#include <stdlib.h>
#include <string.h>

#include "map/private.h"
#include "rt/equal.h"

#define MAX_WALK (UINT64_C(1) << 22) /* buckets of a chain, groups of a table */

struct replay {
	const struct hms_lookup_key *key;
	const struct hms_map_type *type;
	const struct hms_mem *mem;
	struct hms_lookup_path *path;
	struct hms_lookup_step step; /* the unit in hand */
	const uint8_t *bytes;        /* of it */
	uint8_t *scratch;            /* for one in two pieces */
	bool done;
};

static void end(struct replay *r, enum hms_lookup_end how)
{
	r->path->end = how;
	r->done = true;
}

/* What the lookup reads at @addr is not there. */
static void end_unreadable(struct replay *r, uint64_t addr)
{
	r->path->at = addr;
	end(r, hms_mem_state_at(r->mem, addr, NULL) == HMS_MEM_UNMAPPED
		       ? HMS_LOOKUP_END_CRASH
		       : HMS_LOOKUP_END_ABSENT_BYTES);
}

/* ---- units -------------------------------------------------------------------------------- */

static void keep_step(struct replay *r)
{
	struct hms_lookup_path *path = r->path;

	path->walked++;
	if (path->nsteps == HMS_LOOKUP_MAX_STEPS)
		path->nsteps--; /* the last one always shows */
	HMS_GROW(path->steps, path->nsteps, path->cap_steps);
	path->steps[path->nsteps++] = r->step;
}

/* The unit at @addr, of which r->step says where it is. */
static bool take_unit(struct replay *r, uint64_t addr)
{
	uint32_t size = r->type->unit_size;
	struct hms_error *err;

	r->step.addr = addr;
	r->step.compared = r->step.equal = r->step.unsure = 0;
	r->bytes = hms_mem_peek(r->mem, addr, size);
	if (!r->bytes) {
		err = hms_mem_read(r->mem, addr, r->scratch, size);
		if (err) {
			end_unreadable(r, err->code == HMS_ERR_FAULT ? err->addr : addr);
			hms_err_free(err);
			return false;
		}
		r->bytes = r->scratch;
	}
	memcpy(r->step.control, r->bytes, HMS_SLOTS);
	return true;
}

static const uint8_t *key_in(const struct replay *r, unsigned int slot)
{
	return r->bytes + r->type->keys_off + (uint64_t)slot * r->type->key_stride;
}

enum hms_equality hms_lookup_compare(const struct hms_lookup_key *key, const uint8_t *bytes)
{
	const struct hms_map_type *type = key->map->type;
	const struct hms_rt *rt = key->model->rt;

	if (type->key_indirect) {
		bytes = type->key_size < 8
				? NULL
				: hms_mem_peek(rt->mem, hms_le64(bytes), type->key->size);
		if (!bytes)
			return HMS_CANNOT_TELL;
	} else if (type->key->size > type->key_size) {
		return HMS_CANNOT_TELL;
	}
	return hms_rt_equal_literal(rt, type->key, key->literal, bytes);
}

/* Compare the key in @slot: true where the lookup is over. */
static bool compare(struct replay *r, unsigned int slot)
{
	enum hms_equality e = hms_lookup_compare(r->key, key_in(r, slot));

	r->step.compared |= (uint8_t)(1U << slot);
	if (e == HMS_CANNOT_TELL) {
		r->step.unsure |= (uint8_t)(1U << slot);
		r->path->unsure = true;
	}
	if (e != HMS_EQUAL)
		return false;
	r->step.equal |= (uint8_t)(1U << slot);
	r->path->unit = r->step.addr;
	r->path->slot = (uint8_t)slot;
	end(r, HMS_LOOKUP_END_FOUND);
	return true;
}

/* ---- long strings -------------------------------------------------------------------------- */

static bool is_longer(const struct replay *r, uint64_t len)
{
	return hms_le64(hms_literal_bytes(r->key->literal) + 8) > len;
}

/* As long, and with the same @n bytes at both ends. */
static bool looks_alike(struct replay *r, unsigned int slot, uint64_t n)
{
	const uint8_t *a = hms_literal_bytes(r->key->literal), *b = key_in(r, slot), *pa, *pb;
	uint64_t len = hms_le64(a + 8);

	if (hms_le64(b + 8) != len)
		return false;
	if (hms_literal_run(r->key->literal, hms_le64(a), &pa) < len)
		return false;
	pb = hms_mem_peek(r->mem, hms_le64(b), n);
	if (!pb)
		return true;
	if (memcmp(pa, pb, n) != 0)
		return false;
	pb = hms_mem_peek(r->mem, hms_le64(b) + len - n, n);
	return !pb || memcmp(pa + len - n, pb, n) == 0;
}

/* Of @slots, those that a first look does not tell from the key.  Two, and the hash decides. */
static uint8_t alike(struct replay *r, uint8_t slots, uint64_t n)
{
	uint8_t ret = 0;

	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		if (slots >> i & 1 && looks_alike(r, i, n))
			ret |= (uint8_t)(1U << i);
	return ret;
}

/* ---- hash --------------------------------------------------------------------------------- */

static bool need_hash(struct replay *r)
{
	r->path->hashed = true;
	if (r->key->status == HMS_HASH_NAN)
		end(r, HMS_LOOKUP_END_NAN);
	else if (r->key->status == HMS_HASH_UNHASHABLE)
		end(r, HMS_LOOKUP_END_PANIC);
	else if (!r->key->has_model || r->key->status != HMS_HASH_OK)
		end(r, HMS_LOOKUP_END_NO_HASH);
	return !r->done;
}

/* ---- classic maps ------------------------------------------------------------------------- */

static void compare_slots(struct replay *r, uint8_t slots)
{
	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		if (slots >> i & 1 && compare(r, i))
			return;
}

/* Slots of a bucket that are not empty, up to the first that says that the rest is. */
static uint8_t used_slots(const struct replay *r, bool stop_at_rest)
{
	uint8_t ret = 0;

	for (unsigned int i = 0; i < HMS_SLOTS; i++) {
		if (r->bytes[i] > HMS_TOPHASH_EMPTY_ONE)
			ret |= (uint8_t)(1U << i);
		else if (stop_at_rest && r->bytes[i] == HMS_TOPHASH_EMPTY_REST)
			break;
	}
	return ret;
}

/* mapaccess1_faststr() with one bucket: false where the hash has to decide after all. */
static bool single_bucket_of_strings(struct replay *r)
{
	uint8_t slots;

	r->step = (struct hms_lookup_step){0};
	if (!take_unit(r, r->key->map->classic.buckets))
		return true;
	slots = used_slots(r, true);
	if (is_longer(r, 31)) {
		slots = alike(r, slots, 4);
		if (slots & (slots - 1))
			return false;
	}
	compare_slots(r, slots);
	keep_step(r);
	if (!r->done)
		end(r, HMS_LOOKUP_END_CHAIN_END);
	return true;
}

/* bucketMask(): the shift wraps at 64. */
static uint64_t mask_of(uint8_t B)
{
	return (UINT64_C(1) << (B & 63)) - 1;
}

static uint64_t bucket_at(const struct replay *r, uint64_t array, uint64_t i)
{
	return array + i * r->type->unit_size;
}

/* Where the chain begins: in the old array, if its bucket is not marked as moved. */
static bool start_chain(struct replay *r)
{
	const struct hms_classic *h = &r->key->map->classic;
	uint64_t mask = mask_of(h->B), bucket = r->key->hash & mask;

	if (h->oldbuckets) {
		uint64_t old = h->flags & HMS_CLASSIC_SAME_SIZE_GROW ? mask : mask >> 1;

		r->step = (struct hms_lookup_step){.bucket = r->key->hash & old, .old = true};
		if (!take_unit(r, bucket_at(r, h->oldbuckets, r->step.bucket)))
			return false;
		if (!hms_tophash_evacuated(r->bytes[0]))
			return true;
		keep_step(r);
	}
	r->step = (struct hms_lookup_step){.bucket = bucket};
	return take_unit(r, bucket_at(r, h->buckets, bucket));
}

/* One bucket as its variant goes through it. */
static void search_bucket(struct replay *r, uint8_t tophash)
{
	bool generic = r->path->variant == HMS_LOOKUP_GENERIC;
	bool text = r->path->variant == HMS_LOOKUP_FASTSTR;

	for (unsigned int i = 0; i < HMS_SLOTS && !r->done; i++) {
		if (!generic && !text) {
			if (r->bytes[i] > HMS_TOPHASH_EMPTY_ONE)
				compare(r, i);
		} else if (r->bytes[i] == tophash) {
			compare(r, i);
		} else if (generic && r->bytes[i] == HMS_TOPHASH_EMPTY_REST) {
			end(r, HMS_LOOKUP_END_EMPTY_REST);
		}
	}
}

/* Has the search been at the bucket?  Long chains are not asked: not all their steps are kept. */
static bool was_at(const struct replay *r, uint64_t addr)
{
	const struct hms_lookup_path *path = r->path;

	for (size_t i = 0; i < path->nsteps && path->walked < HMS_LOOKUP_MAX_STEPS; i++)
		if (path->steps[i].addr == addr)
			return true;
	return false;
}

static void search_chain(struct replay *r)
{
	uint8_t tophash = hms_classic_tophash(r->key->hash);
	uint64_t mark = 0, steps_to_mark = 1, next;

	for (;;) {
		next = hms_le64(r->bytes + r->type->overflow_off);
		search_bucket(r, tophash);
		keep_step(r);
		if (r->done)
			return;
		if (!next) {
			end(r, HMS_LOOKUP_END_CHAIN_END);
			return;
		}
		/* Brent's algorithm, as in classic.c. */
		if (next == mark || was_at(r, next) || r->path->walked > MAX_WALK) {
			end(r, HMS_LOOKUP_END_ENDLESS);
			return;
		}
		if (--steps_to_mark == 0) {
			mark = next;
			steps_to_mark = r->path->walked;
		}
		r->step.chain++;
		if (!take_unit(r, next))
			return;
	}
}

static void search_classic(struct replay *r)
{
	const struct hms_classic *h = &r->key->map->classic;
	enum hms_lookup_variant variant = r->path->variant;

	if (variant == HMS_LOOKUP_FASTSTR && h->B == 0) {
		if (single_bucket_of_strings(r))
			return;
	} else if (variant != HMS_LOOKUP_GENERIC && variant != HMS_LOOKUP_FASTSTR && h->B == 0) {
		r->step = (struct hms_lookup_step){0};
		if (take_unit(r, h->buckets))
			search_chain(r);
		return;
	}
	if (need_hash(r) && start_chain(r))
		search_chain(r);
}

/* ---- Swiss maps --------------------------------------------------------------------------- */

static uint8_t full_slots(const struct replay *r)
{
	uint8_t ret = 0;

	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		if (hms_control_is_full(r->bytes[i]))
			ret |= (uint8_t)(1U << i);
	return ret;
}

static uint8_t matching_slots(const struct replay *r)
{
	uint8_t ret = 0;

	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		if (r->bytes[i] == hms_swiss_h2(r->key->hash))
			ret |= (uint8_t)(1U << i);
	return ret;
}

/* The runtime looks at two bits only (ctrlGroupMatchEmpty). */
static bool has_empty(const struct replay *r)
{
	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		if (r->bytes[i] & 0x80 && !(r->bytes[i] & 2))
			return true;
	return false;
}

/* getWithKeySmall(), getWithoutKeySmallFastStr(), and the same of the other fast variants. */
static void search_small(struct replay *r)
{
	enum hms_lookup_variant variant = r->path->variant;
	uint8_t slots = 0;
	bool by_hash = variant == HMS_LOOKUP_GENERIC || variant == HMS_LOOKUP_FASTSTR;

	if (variant == HMS_LOOKUP_GENERIC && !need_hash(r))
		return;
	r->step = (struct hms_lookup_step){0};
	if (!take_unit(r, r->key->map->swiss.dir))
		return;
	if (variant == HMS_LOOKUP_FASTSTR && is_longer(r, 64)) {
		slots = alike(r, full_slots(r), 8);
		by_hash = (slots & (slots - 1)) != 0;
	} else if (!by_hash) {
		slots = full_slots(r);
	}
	if (by_hash) {
		if (!need_hash(r))
			return;
		slots = matching_slots(r);
	}
	compare_slots(r, slots);
	keep_step(r);
	if (!r->done)
		end(r, HMS_LOOKUP_END_ONLY_GROUP);
}

static void probe(struct replay *r, const uint8_t *table)
{
	const struct hms_layout *layout = &r->key->model->rt->layout;
	uint64_t data = hms_layout_get(layout, HMS_F_TABLE_GROUPS_DATA, table);
	uint64_t mask = hms_layout_get(layout, HMS_F_TABLE_GROUPS_MASK, table);
	struct hms_swiss_probe at = hms_swiss_probe_start(r->key->hash, mask);

	for (; !r->done; hms_swiss_probe_next(&at)) {
		/* Every group was met, and none ends it. */
		if (at.index > mask || at.index > MAX_WALK) {
			end(r, HMS_LOOKUP_END_ENDLESS);
			return;
		}
		r->step.bucket = at.group;
		if (!take_unit(r, data + at.group * r->type->unit_size))
			return;
		compare_slots(r, matching_slots(r));
		keep_step(r);
		if (!r->done && has_empty(r))
			end(r, HMS_LOOKUP_END_EMPTY_SLOT);
	}
}

static void search_tables(struct replay *r)
{
	const struct hms_swiss *h = &r->key->map->swiss;
	uint32_t size = r->key->model->rt->layout.facts[HMS_F_TABLE].size;
	uint64_t i, where;
	const uint8_t *p;

	if (!need_hash(r))
		return;
	i = hms_swiss_directory_index(r->key->hash, h->dir_len, h->global_shift);
	r->step = (struct hms_lookup_step){.table = i};
	where = h->dir + 8 * i;
	p = hms_mem_peek(r->mem, where, 8);
	if (p) {
		where = hms_le64(p);
		p = hms_mem_peek(r->mem, where, size);
	}
	if (p)
		probe(r, p);
	else
		end_unreadable(r, where);
}

/* ---- both --------------------------------------------------------------------------------- */

/* An empty map is not looked into; but keys that cannot be hashed panic all the same. */
static void search(struct replay *r)
{
	const struct hms_map *map = r->key->map;

	if (map->count == 0) {
		end(r, r->key->status == HMS_HASH_UNHASHABLE ? HMS_LOOKUP_END_PANIC
							     : HMS_LOOKUP_END_EMPTY_MAP);
		return;
	}
	if (map->type->kind == HMS_MAP_CLASSIC)
		search_classic(r);
	else if (!map->swiss.dir_len)
		search_small(r);
	else
		search_tables(r);
}

void hms_lookup_replay(const struct hms_lookup_key *key, struct hms_lookup_path *ret)
{
	struct replay r = {
		.key = key,
		.type = key->map->type,
		.mem = key->model->rt->mem,
		.path = ret,
		.scratch = hms_xcalloc(1, key->map->type->unit_size),
	};

	search(&r);
	free(r.scratch);
}
