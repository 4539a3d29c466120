/* A lookup's account: the hash, the ways a lookup goes, the places where the key is, the verdict.
 */
#include "map/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "map/hash-impl.h"
#include "map/lookup-replay.h"
#include "map/private.h"
#include "rt/equal.h"

#define MAX_ELEM 128 /* bytes of an element: for larger ones there is no fast variant */

/* ---- the hash ----------------------------------------------------------------------------- */

/* The process's memory, and what the literal refers to. */
struct source {
	const struct hms_rt *rt;
	const struct hms_literal *literal;
};

static size_t run(const void *arg, uint64_t addr, const uint8_t **ret)
{
	const struct source *source = arg;
	size_t n = hms_literal_run(source->literal, addr, ret);

	return n ? n : hms_mem_run(source->rt->mem, addr, ret);
}

static const struct hms_type *dynamic_type(const void *arg, uint64_t word, bool iface)
{
	const struct hms_type shape = {.kind = HMS_KIND_INTERFACE, .iface = iface};
	const struct source *source = arg;
	const struct hms_type *type = hms_literal_dynamic_type(source->literal, word);

	return type ? type : hms_rt_dynamic_type(source->rt, &shape, word);
}

struct hashing {
	struct source source;
	struct hms_hasher *hasher;
	struct hms_hash_plan *plan;
};

static struct hms_error *open_hashing(struct hashing *hashing, const struct hms_pclntab *pclntab,
				      const struct hms_map_type *type)
{
	const struct hms_hash_source source = {
		.arg = &hashing->source, .run = run, .dynamic_type = dynamic_type};
	const struct hms_rt *rt = hashing->source.rt;

	HMS_TRY(hms_hasher_open_source(rt, &source, &hashing->hasher));
	if (pclntab)
		return hms_hash_plan_open(hashing->hasher, rt, pclntab, type, &hashing->plan);
	return hms_hash_plan_create(hashing->hasher, type->key, NULL, type->key_indirect,
				    &hashing->plan);
}

static void close_hashing(struct hashing *hashing)
{
	hms_hash_plan_destroy(hashing->plan);
	hms_hasher_close(hashing->hasher);
}

static uint64_t seed_of(const struct hms_map *map)
{
	return map->type->kind == HMS_MAP_CLASSIC ? map->classic.hash0 : map->swiss.seed;
}

/* Large keys are hashed through the pointer that a slot would hold. */
static enum hms_hash_status hash(const struct hashing *hashing, const struct hms_map *map,
				 uint64_t *ret)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	const uint8_t *bytes = hms_literal_bytes(hashing->source.literal);
	uint64_t addr = hms_literal_addr(hashing->source.literal);

	if (map->type->key_indirect)
		bytes = (const uint8_t *)&addr;
	return hms_hash_key(hashing->plan, &reader, seed_of(map), bytes, ret);
}

static const struct hms_type *unhashable(const struct hms_literal *literal)
{
	size_t n;
	const struct hms_type *const *types = hms_literal_types(literal, &n);

	for (size_t i = 0; i < n; i++)
		if (!hms_hash_type_hashable(types[i]))
			return types[i];
	return NULL;
}

/* The function that the compiler calls for such a map. */
static enum hms_lookup_variant variant_of(const struct hashing *hashing,
					  const struct hms_map_type *type)
{
	if (!hashing->plan || type->elem->size > MAX_ELEM)
		return HMS_LOOKUP_GENERIC;
	/* What is hashed may be less than the key: its blank fields are not. */
	if (hashing->plan->shape == HMS_HASH_SHAPE_MEM32 && type->key->size == 4)
		return HMS_LOOKUP_FAST32;
	if (hashing->plan->shape == HMS_HASH_SHAPE_MEM64 && type->key->size == 8)
		return HMS_LOOKUP_FAST64;
	if (hashing->plan->shape == HMS_HASH_SHAPE_STRING && type->key->size == 16)
		return HMS_LOOKUP_FASTSTR;
	return HMS_LOOKUP_GENERIC;
}

/* ---- where the key is --------------------------------------------------------------------- */

static bool any_set(const uint8_t *bytes, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (bytes[i])
			return true;
	return false;
}

/* Live ones first; the walk's order among them. */
static void add_place(struct hms_lookup *l, const struct hms_slot *slot)
{
	bool live = slot->state == HMS_SLOT_LIVE;
	size_t at = l->nplaces;

	*(live ? &l->live : &l->stale) += 1;
	if (live)
		at = (size_t)HMS_MIN(l->live - 1, l->nplaces);
	if (at >= HMS_LOOKUP_MAX_PLACES)
		return;
	if (l->nplaces < HMS_LOOKUP_MAX_PLACES)
		l->nplaces++;
	memmove(&l->places[at + 1], &l->places[at], (l->nplaces - at - 1) * sizeof(l->places[0]));
	l->places[at] = (struct hms_lookup_place){.slot = *slot};
	l->places[at].slot.key = l->places[at].slot.elem = NULL;
}

/* Zeroes in a free slot are no key. */
static bool worth_comparing(const struct hms_map_type *type, const struct hms_slot *slot)
{
	return slot->state == HMS_SLOT_LIVE || any_set(slot->key, type->key_size);
}

static void scan(struct hms_lookup *l, const struct hms_lookup_key *key)
{
	struct hms_map_iter it;
	struct hms_slot slot;

	hms_map_iter_init(&it, key->model, key->map);
	while (hms_map_iter_next(&it, &slot)) {
		enum hms_equality e;

		if (slot.state == HMS_SLOT_UNREADABLE) {
			/* Where the process had no memory, nothing is missing. */
			l->holes |= hms_mem_state_at(key->model->rt->mem, slot.unit, NULL) !=
				    HMS_MEM_UNMAPPED;
			continue;
		}
		if (!worth_comparing(key->map->type, &slot))
			continue;
		l->slots++;
		e = hms_lookup_compare(key, slot.key);
		if (e == HMS_EQUAL)
			add_place(l, &slot);
		else if (e == HMS_CANNOT_TELL && slot.state == HMS_SLOT_LIVE)
			l->holes = true;
	}
	for (size_t i = 0; i < HMS_MIN(it.stats.ntroubles, (uint64_t)HMS_MAX_TROUBLES); i++)
		l->holes |= it.stats.troubles[i].absent;
	hms_map_iter_deinit(&it);
}

/* ---- why a lookup does not come there ----------------------------------------------------- */

static bool came_by(const struct hms_lookup_path *path, const struct hms_slot *slot)
{
	for (size_t i = 0; i < path->nsteps; i++)
		if (path->steps[i].addr == slot->unit)
			return true;
	return false;
}

static enum hms_lookup_why why_classic(const struct hms_lookup_key *key,
				       const struct hms_lookup_path *path,
				       const struct hms_slot *slot)
{
	const struct hms_classic *h = &key->map->classic;
	uint64_t n = slot->old ? hms_classic_old_nbuckets(h) : hms_classic_nbuckets(h);

	if (n && slot->bucket != (key->hash & (n - 1)))
		return HMS_LOOKUP_WHY_BUCKET;
	if (slot->control != hms_classic_tophash(key->hash))
		return HMS_LOOKUP_WHY_TOPHASH;
	if (slot->old && path->nsteps && !path->steps[path->nsteps - 1].old)
		return HMS_LOOKUP_WHY_MARKED;
	if (!slot->old && path->nsteps && path->steps[path->nsteps - 1].old)
		return HMS_LOOKUP_WHY_NOT_MOVED;
	if (path->end == HMS_LOOKUP_END_EMPTY_REST)
		return HMS_LOOKUP_WHY_BEHIND;
	return HMS_LOOKUP_WHY_UNREACHED;
}

static enum hms_lookup_why why_swiss(const struct hms_lookup_key *key,
				     const struct hms_lookup_path *path,
				     const struct hms_slot *slot)
{
	const struct hms_swiss *h = &key->map->swiss;
	const struct hms_mem *mem = key->model->rt->mem;
	const uint8_t *wanted, *has;

	if (h->dir_len) {
		wanted = hms_mem_peek(mem,
				      h->dir + 8 * hms_swiss_directory_index(key->hash, h->dir_len,
									     h->global_shift),
				      8);
		has = hms_mem_peek(mem, h->dir + 8 * slot->table, 8);
		if (wanted && has && hms_le64(wanted) != hms_le64(has))
			return HMS_LOOKUP_WHY_TABLE;
	}
	if (slot->control != hms_swiss_h2(key->hash))
		return HMS_LOOKUP_WHY_CONTROL;
	return came_by(path, slot) ? HMS_LOOKUP_WHY_UNREACHED : HMS_LOOKUP_WHY_OFF_PATH;
}

static enum hms_lookup_why why(const struct hms_lookup *l, const struct hms_lookup_key *key,
			       const struct hms_slot *slot)
{
	const struct hms_lookup_path *path = &l->paths[0];

	if (slot->state == HMS_SLOT_MOVED)
		return HMS_LOOKUP_WHY_MOVED;
	if (slot->state != HMS_SLOT_LIVE)
		return HMS_LOOKUP_WHY_STALE;
	for (size_t i = 0; i < l->npaths; i++)
		if (l->paths[i].end != HMS_LOOKUP_END_FOUND)
			path = &l->paths[i];
	if (path->end == HMS_LOOKUP_END_FOUND)
		return path->unit == slot->unit && path->slot == slot->index
			       ? HMS_LOOKUP_WHY_REACHED
			       : HMS_LOOKUP_WHY_SECOND;
	if (path->end == HMS_LOOKUP_END_EMPTY_MAP)
		return HMS_LOOKUP_WHY_COUNT;
	if (!l->trusted || !path->hashed)
		return HMS_LOOKUP_WHY_UNREACHED;
	return key->map->type->kind == HMS_MAP_CLASSIC ? why_classic(key, path, slot)
						       : why_swiss(key, path, slot);
}

/* ---- is the model of hashes right? -------------------------------------------------------- */

#define SAMPLE 64 /* keys that are hashed to see */
#define FEW    4

/* A model that verifies next to none of a map's keys is not this program's. */
static bool model_holds(const struct hms_lookup_key *key, const struct hashing *hashing)
{
	const struct hms_map_type *type = key->map->type;
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	unsigned int n = 0, good = 0;
	struct hms_map_iter it;
	struct hms_slot slot;

	hms_map_iter_init(&it, key->model, key->map);
	while (n < SAMPLE && hms_map_iter_next(&it, &slot)) {
		uint64_t h;

		if (slot.state != HMS_SLOT_LIVE ||
		    (type->key_indirect ? 8 : type->key->size) > type->key_size ||
		    hms_hash_key(hashing->plan, &reader, seed_of(key->map), slot.key, &h) !=
			    HMS_HASH_OK)
			continue;
		n++;
		good += slot.control ==
			(type->kind == HMS_MAP_CLASSIC ? hms_classic_tophash(h) : hms_swiss_h2(h));
	}
	hms_map_iter_deinit(&it);
	return n < FEW || good > n / 4;
}

/* ---- the verdict -------------------------------------------------------------------------- */

static bool is_unknown(const struct hms_lookup *l, const struct hms_lookup_path *path)
{
	switch (path->end) {
	case HMS_LOOKUP_END_FOUND:
	case HMS_LOOKUP_END_EMPTY_MAP: return false;
	case HMS_LOOKUP_END_ABSENT_BYTES:
	case HMS_LOOKUP_END_NO_HASH: return true;
	default: return path->unsure || (path->hashed && !l->trusted);
	}
}

static enum hms_lookup_verdict verdict(const struct hms_lookup *l)
{
	bool unknown = false, found = true, gone = false;

	for (size_t i = 0; i < l->npaths; i++) {
		const struct hms_lookup_path *path = &l->paths[i];

		if (path->end == HMS_LOOKUP_END_NAN)
			return HMS_LOOKUP_NEVER;
		if (path->end == HMS_LOOKUP_END_PANIC)
			return HMS_LOOKUP_PANICS;
		unknown |= is_unknown(l, path);
		found &= path->end == HMS_LOOKUP_END_FOUND;
		gone |= path->end == HMS_LOOKUP_END_CRASH || path->end == HMS_LOOKUP_END_ENDLESS;
	}
	if (found)
		return l->live > 1 ? HMS_LOOKUP_MISSED : HMS_LOOKUP_FOUND;
	if (unknown)
		return HMS_LOOKUP_UNKNOWN;
	if (l->live || gone)
		return HMS_LOOKUP_MISSED;
	return l->holes ? HMS_LOOKUP_UNKNOWN : HMS_LOOKUP_ABSENT;
}

static void hash_the_key(struct hms_lookup *l, struct hms_lookup_key *key, struct hashing *hashing,
			 const struct hms_pclntab *pclntab)
{
	struct hms_error *err = open_hashing(hashing, pclntab, key->map->type);

	key->has_model = !err;
	key->status = HMS_HASH_NO_MODEL;
	if (err) {
		l->no_model = hms_xstrdup(err->message);
		hms_err_free(err);
	} else {
		key->status = hash(hashing, key->map, &key->hash);
		l->trusted = hms_hasher_verified(hashing->hasher);
	}
	l->unhashable = unhashable(key->literal);
	if (l->unhashable)
		key->status = HMS_HASH_UNHASHABLE;
	l->hash_status = key->status;
	l->hash = key->hash;
}

static bool is_writing(const struct hms_map *map)
{
	return map->type->kind == HMS_MAP_CLASSIC ? map->classic.flags & HMS_CLASSIC_HASH_WRITING
						  : map->swiss.writing != 0;
}

void hms_lookup_run(const struct hms_map_model *model, const struct hms_pclntab *pclntab,
		    const struct hms_map *map, const struct hms_literal *literal,
		    struct hms_lookup *ret)
{
	struct hashing hashing = {.source = {.rt = model->rt, .literal = literal}};
	struct hms_lookup_key key = {.model = model, .map = map, .literal = literal};

	*ret = (struct hms_lookup){.writing = is_writing(map)};
	hash_the_key(ret, &key, &hashing, pclntab);
	ret->paths[0].variant = variant_of(&hashing, map->type);
	ret->npaths = ret->paths[0].variant == HMS_LOOKUP_GENERIC ? 1 : 2;
	for (size_t i = 0; i < ret->npaths; i++)
		hms_lookup_replay(&key, &ret->paths[i]);
	scan(ret, &key);
	if (ret->live && ret->trusted && ret->hash_status == HMS_HASH_OK &&
	    ret->paths[ret->npaths - 1].end != HMS_LOOKUP_END_FOUND)
		ret->trusted = model_holds(&key, &hashing);
	for (size_t i = 0; i < ret->nplaces; i++)
		ret->places[i].why = why(ret, &key, &ret->places[i].slot);
	ret->verdict = verdict(ret);
	close_hashing(&hashing);
}

void hms_lookup_nil(const struct hms_literal *literal, struct hms_lookup *ret)
{
	*ret = (struct hms_lookup){
		.verdict = HMS_LOOKUP_ABSENT,
		.hash_status = HMS_HASH_NO_MODEL,
		.unhashable = unhashable(literal),
	};
	if (ret->unhashable) {
		ret->hash_status = HMS_HASH_UNHASHABLE;
		ret->verdict = HMS_LOOKUP_PANICS;
	}
}

void hms_lookup_deinit(struct hms_lookup *lookup)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(lookup->paths); i++)
		free(lookup->paths[i].steps);
	free(lookup->no_model);
	*lookup = (struct hms_lookup){0};
}

/* ---- words -------------------------------------------------------------------------------- */

const char *hms_lookup_variant_text(enum hms_lookup_variant variant)
{
	static const char *const texts[] = {
#define X(name, text) [HMS_LOOKUP_##name] = text,
		HMS_LOOKUP_VARIANTS(X)
#undef X
	};

	return texts[variant];
}

const char *hms_lookup_end_word(enum hms_lookup_end end)
{
	static const char *const words[] = {
#define X(name, word, text) [HMS_LOOKUP_END_##name] = word,
		HMS_LOOKUP_ENDS(X)
#undef X
	};

	return words[end];
}

const char *hms_lookup_end_text(enum hms_lookup_end end)
{
	static const char *const texts[] = {
#define X(name, word, text) [HMS_LOOKUP_END_##name] = text,
		HMS_LOOKUP_ENDS(X)
#undef X
	};

	return texts[end];
}

const char *hms_lookup_why_word(enum hms_lookup_why why)
{
	static const char *const words[] = {
#define X(name, word, text) [HMS_LOOKUP_WHY_##name] = word,
		HMS_LOOKUP_WHYS(X)
#undef X
	};

	return words[why];
}

const char *hms_lookup_why_text(enum hms_lookup_why why)
{
	static const char *const texts[] = {
#define X(name, word, text) [HMS_LOOKUP_WHY_##name] = text,
		HMS_LOOKUP_WHYS(X)
#undef X
	};

	return texts[why];
}

const char *hms_lookup_verdict_word(enum hms_lookup_verdict verdict)
{
	static const char *const words[] = {
#define X(name, word) [HMS_LOOKUP_##name] = word,
		HMS_LOOKUP_VERDICTS(X)
#undef X
	};

	return words[verdict];
}
