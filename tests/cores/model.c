#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "map/hash.h"
#include "util/arena.h"

#define MAX_STEPS 20000 /* of a chain or probe: a reader would spin */

enum outcome { FOUND, MISSING, CRASHED };

/* Is equality that of the bytes?  No padding, no fields named _. */
static bool is_plain(const struct hms_type *type, unsigned int depth)
{
	uint64_t end = 0;

	if (!type || depth > 4)
		return false;
	if (type->kind == HMS_KIND_ARRAY)
		return is_plain(type->elem, depth + 1);
	if (type->kind == HMS_KIND_STRUCT) {
		for (uint32_t i = 0; i < type->nmembers; i++) {
			const struct hms_member *m = &type->members[i];

			if (m->off != end || !m->name || strcmp(m->name, "_") == 0 ||
			    !is_plain(m->type, depth + 1))
				return false;
			end += m->type->size;
		}
		return end && end == type->size;
	}
	return type->kind == HMS_KIND_BOOL || type->kind == HMS_KIND_POINTER ||
	       type->kind == HMS_KIND_UNSAFE_POINTER || type->kind == HMS_KIND_CHAN ||
	       (type->kind >= HMS_KIND_INT && type->kind <= HMS_KIND_UINTPTR);
}

bool model_can(const struct hms_map *map)
{
	return map->type &&
	       (map->type->key->kind == HMS_KIND_STRING || is_plain(map->type->key, 0));
}

static bool is_string(const struct model *m)
{
	return m->map->type->key->kind == HMS_KIND_STRING;
}

static uint64_t get(const struct model *m, uint64_t addr, size_t len)
{
	return world_get(m->world, addr, len);
}

static uint64_t field(const struct model *m, uint64_t base, enum hms_fact_id fact)
{
	const struct hms_fact *f = &m->world->session->rt->layout.facts[fact];

	return f->present ? get(m, base + f->off, f->size) : 0;
}

static bool readable(const struct model *m, uint64_t addr, uint64_t len)
{
	return world_bytes(m->world, addr, len) != NULL;
}

/* ---- entries ------------------------------------------------------------------------------ */

/* FNV-1a. */
static uint64_t digest(uint64_t h, const uint8_t *p, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Where a key or element of a slot is: those over 128 bytes lie apart. */
static uint64_t value_at(const struct model *m, uint64_t slot, bool apart)
{
	return apart ? get(m, slot, 8) : slot;
}

static uint64_t elem_sum(const struct model *m, uint64_t slot)
{
	uint64_t size = m->map->type->elem->size;
	const uint8_t *p =
		world_bytes(m->world, value_at(m, slot, m->map->type->elem_indirect), size);

	return p ? digest(UINT64_C(0xcbf29ce484222325), p, size) : 0;
}

/* The bytes that make up the key in the slot at @addr: of a string its text. */
static const uint8_t *key_content(const struct model *m, uint64_t addr, uint64_t *len_ret)
{
	if (!is_string(m)) {
		*len_ret = m->map->type->key->size;
		return world_bytes(m->world, value_at(m, addr, m->map->type->key_indirect),
				   *len_ret);
	}
	*len_ret = get(m, addr + 8, 8);
	if (!*len_ret)
		return (const uint8_t *)"";
	return world_bytes(m->world, get(m, addr, 8), *len_ret);
}

/* Add the entry to the sum; false: a read of it faults. */
static bool meet(struct model *m, uint64_t key, uint64_t elem, bool keep)
{
	uint64_t len, sum;
	const uint8_t *content =
		readable(m, key, m->map->type->key_size) ? key_content(m, key, &len) : NULL;
	struct model_entry *e;

	if (!content)
		return false;
	sum = digest(UINT64_C(0x9e3779b97f4a7c15) ^ elem_sum(m, elem), content, len);
	m->sum += sum * sum;
	m->found++;
	if (!keep)
		return true;
	HMS_GROW(m->entries, m->n, m->cap);
	e = &m->entries[m->n++];
	*e = (struct model_entry){.len = len, .elem_sum = elem_sum(m, elem)};
	e->text = hms_xcalloc(len + 1, 1);
	memcpy(e->text, content, len);
	return true;
}

static bool same_key(const struct model *m, uint64_t addr, const struct model_entry *e)
{
	uint64_t len;
	const uint8_t *content = key_content(m, addr, &len);

	return content && len == e->len && memcmp(content, e->text, len) == 0;
}

static uint64_t hash_of(const struct model *m, const struct model_entry *e, uint64_t seed)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t hash = 0;

	if (is_string(m))
		return hms_hash_text(m->plan, seed, e->text, e->len);
	hms_hash_key(m->plan, &reader, seed, (const uint8_t *)e->text, &hash);
	return hash;
}

/* ---- classic ------------------------------------------------------------------------------ */

struct classic {
	uint64_t count, flags, B, hash0, buckets, oldbuckets;
};

static struct classic read_classic(const struct model *m)
{
	uint64_t at = m->map->addr;

	return (struct classic){
		field(m, at, HMS_F_HMAP_COUNT),   field(m, at, HMS_F_HMAP_FLAGS),
		field(m, at, HMS_F_HMAP_B) & 63,  field(m, at, HMS_F_HMAP_HASH0),
		field(m, at, HMS_F_HMAP_BUCKETS), field(m, at, HMS_F_HMAP_OLDBUCKETS),
	};
}

static uint64_t old_mask(const struct classic *h)
{
	uint64_t n = UINT64_C(1) << h->B;

	return (h->flags & 8 ? n : n >> 1) - 1;
}

static bool evacuated(const struct model *m, uint64_t bucket)
{
	uint64_t mark = get(m, bucket, 1);

	return mark > 1 && mark < 5;
}

static enum outcome in_bucket(const struct model *m, uint64_t bucket, uint8_t top,
			      const struct model_entry *e, uint64_t *elem_ret)
{
	const struct hms_map_type *t = m->map->type;

	for (unsigned int i = 0; i < 8; i++) {
		uint64_t mark = get(m, bucket + i, 1);

		if (mark == top && same_key(m, bucket + t->keys_off + i * t->key_stride, e)) {
			*elem_ret = bucket + t->elems_off + i * t->elem_stride;
			return FOUND;
		}
		if (mark == 0)
			return MISSING;
	}
	return CRASHED; /* not here: go on */
}

static enum outcome classic_lookup(const struct model *m, const struct model_entry *e,
				   uint64_t *elem_ret)
{
	const struct hms_map_type *t = m->map->type;
	struct classic h = read_classic(m);
	uint64_t hash = hash_of(m, e, h.hash0), bucket;
	uint8_t top = (uint8_t)(hash >> 56);

	if (!h.count)
		return MISSING;
	top = top < 5 ? (uint8_t)(top + 5) : top;
	bucket = h.buckets + (hash & ((UINT64_C(1) << h.B) - 1)) * t->unit_size;
	if (h.oldbuckets) {
		uint64_t old = h.oldbuckets + (hash & old_mask(&h)) * t->unit_size;

		if (!readable(m, old, 8))
			return CRASHED;
		if (!evacuated(m, old))
			bucket = old;
	}
	for (unsigned int steps = 0; bucket && steps < MAX_STEPS; steps++) {
		enum outcome outcome;

		if (!readable(m, bucket, t->unit_size))
			return CRASHED;
		outcome = in_bucket(m, bucket, top, e, elem_ret);
		if (outcome != CRASHED)
			return outcome;
		bucket = get(m, bucket + t->overflow_off, 8);
		if (steps + 1 == MAX_STEPS)
			return CRASHED;
	}
	return MISSING;
}

static bool chain(struct model *m, uint64_t bucket, bool keep)
{
	const struct hms_map_type *t = m->map->type;

	for (unsigned int steps = 0; bucket; steps++) {
		if (steps == MAX_STEPS || !readable(m, bucket, t->unit_size))
			return false;
		for (unsigned int i = 0; i < 8; i++)
			if (get(m, bucket + i, 1) >= 5 &&
			    !meet(m, bucket + t->keys_off + i * t->key_stride,
				  bucket + t->elems_off + i * t->elem_stride, keep))
				return false;
		bucket = get(m, bucket + t->overflow_off, 8);
	}
	return true;
}

static bool classic_entries(struct model *m, bool keep)
{
	const struct hms_map_type *t = m->map->type;
	struct classic h = read_classic(m);
	uint64_t n = h.buckets ? UINT64_C(1) << h.B : 0;

	m->length = h.count;
	if (n > 1 << 20)
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (!chain(m, h.buckets + i * t->unit_size, keep))
			return false;
	for (uint64_t i = 0; h.oldbuckets && i <= old_mask(&h); i++) {
		uint64_t old = h.oldbuckets + i * t->unit_size;

		if (!readable(m, old, 8) || (!evacuated(m, old) && !chain(m, old, keep)))
			return false;
	}
	return true;
}

/* ---- Swiss -------------------------------------------------------------------------------- */

struct swiss {
	uint64_t used, seed, dir, dir_len, depth, shift;
};

static struct swiss read_swiss(const struct model *m)
{
	uint64_t at = m->map->addr;

	return (struct swiss){
		field(m, at, HMS_F_SMAP_USED),        field(m, at, HMS_F_SMAP_SEED),
		field(m, at, HMS_F_SMAP_DIRPTR),      field(m, at, HMS_F_SMAP_DIRLEN),
		field(m, at, HMS_F_SMAP_GLOBALDEPTH), field(m, at, HMS_F_SMAP_GLOBALSHIFT),
	};
}

/* Have lookups of these keys a way of their own in small maps, which compares all full slots?
 * runtime_fast32.go, runtime_fast64.go, runtime_faststr.go: for elements that lie in the slot. */
static bool is_fast(const struct model *m)
{
	const struct hms_type *key = m->map->type->key;

	return !m->map->type->elem_indirect && (is_string(m) || key->size == 4 || key->size == 8);
}

/* The runtime compares what matches H2; -1: all full slots. */
static bool in_group(const struct model *m, uint64_t group, int h2, const struct model_entry *e,
		     uint64_t *elem_ret)
{
	const struct hms_map_type *t = m->map->type;

	for (unsigned int i = 0; i < 8; i++) {
		uint64_t control = get(m, group + i, 1);

		if (control >= 0x80 || (h2 >= 0 && control != (uint64_t)h2) ||
		    !same_key(m, group + t->keys_off + i * t->key_stride, e))
			continue;
		*elem_ret = group + t->elems_off + i * t->elem_stride;
		return true;
	}
	return false;
}

static bool has_empty(const struct model *m, uint64_t group)
{
	for (unsigned int i = 0; i < 8; i++)
		if (get(m, group + i, 1) == 0x80)
			return true;
	return false;
}

static enum outcome probe(const struct model *m, uint64_t table, uint64_t hash,
			  const struct model_entry *e, uint64_t *elem_ret)
{
	uint64_t data = field(m, table, HMS_F_TABLE_GROUPS_DATA);
	uint64_t mask = field(m, table, HMS_F_TABLE_GROUPS_MASK), group = hash >> 7 & mask;

	for (uint64_t step = 1; step < MAX_STEPS; step++) {
		uint64_t at = data + group * m->map->type->unit_size;

		if (!readable(m, at, m->map->type->unit_size))
			return CRASHED;
		if (in_group(m, at, hash & 0x7f, e, elem_ret))
			return FOUND;
		if (has_empty(m, at))
			return MISSING;
		group = (group + step) & mask;
	}
	return CRASHED;
}

static enum outcome swiss_lookup(const struct model *m, const struct model_entry *e,
				 uint64_t *elem_ret)
{
	struct swiss h = read_swiss(m);
	uint64_t hash = hash_of(m, e, h.seed), slot, table;

	if (!h.used)
		return MISSING;
	if (!h.dir_len) {
		if (!readable(m, h.dir, m->map->type->unit_size))
			return CRASHED;
		return in_group(m, h.dir, is_fast(m) ? -1 : (int)(hash & 0x7f), e, elem_ret)
			       ? FOUND
			       : MISSING;
	}
	slot = h.dir + 8 * (h.dir_len == 1 ? 0 : hash >> (h.shift & 63));
	table = readable(m, slot, 8) ? get(m, slot, 8) : 0;
	if (!readable(m, table, m->world->session->rt->layout.facts[HMS_F_TABLE].size))
		return CRASHED;
	return probe(m, table, hash, e, elem_ret);
}

static bool group_entries(struct model *m, uint64_t group, bool keep)
{
	const struct hms_map_type *t = m->map->type;

	if (!readable(m, group, t->unit_size))
		return false;
	for (unsigned int i = 0; i < 8; i++)
		if (get(m, group + i, 1) < 0x80 &&
		    !meet(m, group + t->keys_off + i * t->key_stride,
			  group + t->elems_off + i * t->elem_stride, keep))
			return false;
	return true;
}

static bool table_entries(struct model *m, uint64_t table, bool keep)
{
	uint64_t data = field(m, table, HMS_F_TABLE_GROUPS_DATA);
	uint64_t mask = field(m, table, HMS_F_TABLE_GROUPS_MASK);

	for (uint64_t g = 0; g <= mask; g++)
		if (g == MAX_STEPS || !group_entries(m, data + g * m->map->type->unit_size, keep))
			return false;
	return true;
}

static bool swiss_entries(struct model *m, bool keep)
{
	struct swiss h = read_swiss(m);

	m->length = h.used;
	if (!h.dir_len)
		return !h.dir || group_entries(m, h.dir, keep);
	for (uint64_t i = 0; i < h.dir_len;) {
		uint64_t slot = h.dir + 8 * i, table = readable(m, slot, 8) ? get(m, slot, 8) : 0;
		uint64_t depth =
			readable(m, table, 32) ? field(m, table, HMS_F_TABLE_LOCALDEPTH) : 255;

		if (depth > h.depth || h.depth > 40 || !table_entries(m, table, keep))
			return false;
		i += UINT64_C(1) << (h.depth - depth);
	}
	return true;
}

/* ---- both --------------------------------------------------------------------------------- */

static bool read_entries(struct model *m, bool keep)
{
	return (m->map->type->kind == HMS_MAP_SWISS ? swiss_entries : classic_entries)(m, keep);
}

bool model_open(struct model *model, const struct world *world, const struct hms_map *map,
		const struct hms_hash_plan *plan)
{
	const char *why;

	*model = (struct model){.world = world, .map = map, .plan = plan};
	if (read_entries(model, true) && model_holds(model, &why))
		return true;
	model_close(model);
	return false;
}

void model_close(struct model *model)
{
	for (size_t i = 0; i < model->n; i++)
		free(model->entries[i].text);
	free(model->entries);
	*model = (struct model){0};
}

bool model_holds(const struct model *model, const char **why_ret)
{
	struct model now = {.world = model->world, .map = model->map, .plan = model->plan};
	uint64_t elem = 0;

	*why_ret = "the length";
	if (!read_entries(&now, false)) {
		*why_ret = "a range loop faults or does not end";
		return false;
	}
	if (now.length != model->length)
		return false;
	*why_ret = "the entries";
	if (now.found != model->found || now.sum != model->sum)
		return false;
	*why_ret = "what a lookup gives";
	for (size_t i = 0; i < model->n; i++) {
		const struct model_entry *e = &model->entries[i];

		if ((model->map->type->kind == HMS_MAP_SWISS ? swiss_lookup : classic_lookup)(
			    model, e, &elem) != FOUND ||
		    elem_sum(model, elem) != e->elem_sum)
			return false;
	}
	return true;
}
