#include "find/fit.h"

#include "map/hash.h"
#include "map/iter.h"
#include "rt/pclntab.h"

#define MAX_KEYS 64 /* looked at for each type that is tried */
#define MIN_BITS 14 /* of hashes that must agree before a type is believed */
/* Size classes leave at most one part in so many unused: 4097 bytes take 4864 (src/runtime/
 * sizeclasses.go). */
#define MAX_WASTE   6
#define MAX_B       40
#define MAX_PARTS   16 /* of an element that are looked at */
#define MAX_NESTING 4
#define MAX_TRIALS  256 /* types whose keys are hashed for one header */

struct candidate {
	const struct hms_map_type *type;
	uint64_t unit_rtype; /* descriptor of its buckets or groups; 0: unknown */
	struct hms_hash_plan *plan;
	bool planned;
};

struct hms_fitter {
	struct hms_map_model *model;
	const struct hms_rt *rt;
	const struct hms_heap *heap;
	struct hms_pclntab *pclntab;
	struct hms_hasher *hasher;
	struct candidate *candidates; /* every map type of the program */
	size_t n;
};

/* ---- the map types ------------------------------------------------------------------------ */

/* The descriptor of a map type's buckets (groups), which malloc headers name. */
static uint64_t unit_rtype(const struct hms_rt *rt, const struct hms_type *type)
{
	const uint8_t *p;

	if (!type->rt_off || !rt->nmodules || !hms_layout_has(&rt->layout, HMS_F_MAPTYPE_UNIT))
		return 0;
	p = hms_mem_peek(rt->mem,
			 rt->modules[0].types + type->rt_off +
				 hms_layout_off(&rt->layout, HMS_F_MAPTYPE_UNIT),
			 8);
	return p ? hms_le64(p) : 0;
}

static void add_candidate(struct hms_fitter *fitter, const struct hms_type *type, size_t *cap)
{
	const struct hms_map_type *map_type = hms_map_type_of(fitter->model, type);

	if (!map_type)
		return;
	HMS_GROW(fitter->candidates, fitter->n, *cap);
	fitter->candidates[fitter->n++] =
		(struct candidate){.type = map_type, .unit_rtype = unit_rtype(fitter->rt, type)};
}

struct hms_fitter *hms_fitter_create(struct hms_map_model *model)
{
	struct hms_fitter *fitter = hms_xcalloc(1, sizeof(*fitter));
	const struct hms_graph *graph;
	size_t cap = 0;

	fitter->model = model;
	fitter->rt = hms_map_model_rt(model);
	fitter->heap = hms_map_model_heap(model);
	graph = fitter->rt->graph;
	hms_err_free(hms_pclntab_open(fitter->rt, &fitter->pclntab));
	hms_err_free(hms_hasher_open(fitter->rt, &fitter->hasher));
	for (size_t i = 0; i < hms_graph_ntypes(graph); i++)
		if (hms_graph_type(graph, i)->kind == HMS_KIND_MAP)
			add_candidate(fitter, hms_graph_type(graph, i), &cap);
	for (size_t i = 0; i < fitter->rt->nmap_types; i++)
		add_candidate(fitter, fitter->rt->map_types[i], &cap);
	return fitter;
}

void hms_fitter_destroy(struct hms_fitter *fitter)
{
	if (!fitter)
		return;
	for (size_t i = 0; i < fitter->n; i++)
		hms_hash_plan_destroy(fitter->candidates[i].plan);
	free(fitter->candidates);
	hms_hasher_close(fitter->hasher);
	hms_pclntab_close(fitter->pclntab);
	free(fitter);
}

static const struct hms_hash_plan *plan_of(struct hms_fitter *fitter, struct candidate *c)
{
	if (!c->planned) {
		c->planned = true;
		if (fitter->hasher)
			hms_err_free(hms_hash_plan_open(fitter->hasher, fitter->rt, fitter->pclntab,
							c->type, &c->plan));
	}
	return c->plan;
}

/* ---- headers ------------------------------------------------------------------------------ */

/* Empty ones may have no buckets yet. */
static bool classic_plausible(const struct hms_map *map)
{
	const struct hms_classic *h = &map->classic;
	uint64_t n;

	if (h->flags > 15 || h->B > MAX_B || h->buckets % 8 || h->oldbuckets % 8 || h->extra % 8 ||
	    map->count < 0)
		return false;
	if (!h->buckets)
		return !map->count && h->hash0 && !h->B && !h->oldbuckets && !h->extra;
	n = UINT64_C(1) << h->B;
	/* Never more than 6.5 entries a bucket at rest, twice that while growing. */
	return h->nevacuate <= n && (uint64_t)map->count <= 16 * n;
}

static bool swiss_plausible(const struct hms_map *map)
{
	const struct hms_swiss *h = &map->swiss;

	if (h->dir % 8 || h->writing > 1 || h->tombstone_possible > 1 || map->count < 0)
		return false;
	if (!h->dir)
		return !map->count && h->seed && !h->dir_len && !h->global_depth;
	if (!h->dir_len)
		return !h->global_depth && !h->global_shift && map->count <= HMS_SLOTS;
	return h->global_depth <= MAX_B && h->dir_len == UINT64_C(1) << h->global_depth &&
	       h->global_shift == 64 - h->global_depth;
}

static bool plausible(const struct hms_fitter *fitter, const struct hms_map *map)
{
	return fitter->rt->map_kind == HMS_MAP_CLASSIC ? classic_plausible(map)
						       : swiss_plausible(map);
}

/* Its memory is one bucket or group, which may be anywhere. */
static bool has_one_unit(const struct hms_fitter *fitter, const struct hms_map *map)
{
	return fitter->rt->map_kind == HMS_MAP_CLASSIC ? !map->classic.B && !map->classic.oldbuckets
						       : !map->swiss.dir_len;
}

static uint64_t units_at(const struct hms_fitter *fitter, const struct hms_map *map)
{
	return fitter->rt->map_kind == HMS_MAP_CLASSIC ? map->classic.buckets : map->swiss.dir;
}

/* The object whose size tells how large a bucket or group is, and how many of them it holds. */
static bool unit_memory(const struct hms_fitter *fitter, const struct hms_map *map,
			struct hms_object *object, uint64_t *n_ret)
{
	const struct hms_layout *layout = &fitter->rt->layout;
	const uint8_t *p;
	uint64_t table;

	*object = (struct hms_object){0};
	if (fitter->rt->map_kind == HMS_MAP_CLASSIC) {
		hms_heap_find(fitter->heap, map->classic.buckets, object);
		*n_ret = UINT64_C(1) << map->classic.B;
		if (map->classic.B >= 4)
			*n_ret += *n_ret / 16; /* makeBucketArray: room for overflow buckets */
		return object->state == HMS_HEAP_ALLOCATED && object->base == map->classic.buckets;
	}
	*n_ret = 1;
	table = map->swiss.dir;
	if (map->swiss.dir_len) {
		p = hms_mem_peek(fitter->rt->mem, map->swiss.dir, 8);
		p = p ? hms_mem_peek(fitter->rt->mem, hms_le64(p), layout->facts[HMS_F_TABLE].size)
		      : NULL;
		if (!p)
			return false;
		table = hms_layout_get(layout, HMS_F_TABLE_GROUPS_DATA, p);
		*n_ret = hms_layout_get(layout, HMS_F_TABLE_GROUPS_MASK, p) + 1;
	}
	hms_heap_find(fitter->heap, table, object);
	return object->state == HMS_HEAP_ALLOCATED && object->base == table && *n_ret &&
	       *n_ret <= UINT64_C(1) << MAX_B;
}

static bool size_fits(uint64_t unit, uint64_t n, uint64_t size)
{
	uint64_t bytes;

	return !__builtin_mul_overflow(unit, n, &bytes) && bytes <= size &&
	       size - bytes <= size / MAX_WASTE + 16;
}

/* ---- keys --------------------------------------------------------------------------------- */

/* Bits of the key's hash that its place confirms; -1 where the place contradicts it. */
static int bits_of(const struct hms_map *map, const struct hms_slot *slot, uint64_t hash)
{
	if (map->type->kind == HMS_MAP_SWISS)
		return slot->control == hms_swiss_h2(hash) ? 7 : -1;
	if (slot->control != hms_classic_tophash(hash))
		return -1;
	if (slot->old)
		return 7;
	return slot->bucket == hms_classic_bucket(hash, map->classic.B) ? 7 + map->classic.B : -1;
}

/* ---- elements ------------------------------------------------------------------------------ */

/* Does the word look like a pointer that Go could hold?  1: to an allocated object; 0: it says
 * nothing; -1: it cannot be one.  @elem is what it leads to, NULL where nobody knows: that must lie
 * in the object, and be of a kind with it as to pointers. */
static int pointer_evidence(const struct hms_fitter *fitter, const struct hms_type *elem,
			    uint64_t word)
{
	struct hms_object object;

	if (!word)
		return 0;
	hms_heap_find(fitter->heap, word, &object);
	switch (object.state) {
	case HMS_HEAP_ALLOCATED:
		if (!elem || !elem->size)
			return 1;
		return elem->size <= object.slot + object.slot_size - word &&
				       (!object.noscan || !hms_type_has_pointers(elem))
			       ? 1
			       : -1;
	case HMS_HEAP_UNKNOWN: return 0;
	case HMS_HEAP_OUTSIDE:
		return hms_mem_state_at(fitter->rt->mem, word, NULL) == HMS_MEM_UNMAPPED ? -1 : 0;
	default: return -1;
	}
}

/* A map: its header is an object of its own, but for maps on a stack. */
static int map_evidence(const struct hms_fitter *fitter, uint64_t word)
{
	struct hms_map map = {.addr = word};
	struct hms_object object;

	hms_heap_find(fitter->heap, word, &object);
	if (!word || object.state != HMS_HEAP_ALLOCATED)
		return pointer_evidence(fitter, NULL, word);
	if (object.base != word || object.noscan)
		return -1;
	/* More than any pointer that leads to some object. */
	return hms_map_read_header(fitter->model, &map) == HMS_MEM_PRESENT && map.count &&
			       plausible(fitter, &map)
		       ? 2
		       : 1;
}

/* A string or slice: its bytes lie in the object that the pointer leads to. */
static int text_evidence(const struct hms_fitter *fitter, const struct hms_type *type,
			 const uint8_t *bytes)
{
	uint64_t addr = hms_le64(bytes), len = hms_le64(bytes + 8);
	uint64_t each = type->kind == HMS_KIND_STRING ? 1 : type->elem ? type->elem->size : 0;
	struct hms_object object;

	if (type->kind == HMS_KIND_SLICE && (type->size < 24 || len > hms_le64(bytes + 16)))
		return -1;
	if (!addr || len > INT64_MAX || __builtin_mul_overflow(len, each, &len))
		return len ? -1 : 0;
	if (!len)
		return pointer_evidence(fitter, NULL, addr);
	hms_heap_find(fitter->heap, addr, &object);
	if (object.state == HMS_HEAP_ALLOCATED && len > object.slot + object.slot_size - addr)
		return -1;
	if (object.state == HMS_HEAP_OUTSIDE &&
	    hms_mem_state_at(fitter->rt->mem, addr + len - 1, NULL) == HMS_MEM_UNMAPPED)
		return -1;
	return pointer_evidence(fitter, NULL, addr);
}

/* The same for a value of @type. */
static int value_evidence(const struct hms_fitter *fitter, const struct hms_type *type,
			  const uint8_t *bytes, unsigned int nesting);

/* The parts of a struct or array: -1 where one contradicts. */
static int parts_evidence(const struct hms_fitter *fitter, const struct hms_type *type,
			  const uint8_t *bytes, unsigned int nesting)
{
	bool array = type->kind == HMS_KIND_ARRAY;
	uint64_t n = array ? type->count : type->nmembers;
	int evidence = 0;

	for (uint64_t i = 0; i < HMS_MIN(n, (uint64_t)MAX_PARTS); i++) {
		const struct hms_type *part = array ? type->elem : type->members[i].type;
		uint64_t off = array ? i * (part ? part->size : 0) : type->members[i].off;
		int one;

		if (!part || off > type->size || part->size > type->size - off)
			continue;
		one = value_evidence(fitter, part, bytes + off, nesting + 1);
		if (one < 0)
			return -1;
		evidence += one;
	}
	return evidence;
}

static int value_evidence(const struct hms_fitter *fitter, const struct hms_type *type,
			  const uint8_t *bytes, unsigned int nesting)
{
	switch (type->kind) {
	case HMS_KIND_BOOL: return type->size != 1 || *bytes <= 1 ? 0 : -1;
	case HMS_KIND_POINTER:
		return type->size >= 8 ? pointer_evidence(fitter, type->elem, hms_le64(bytes)) : 0;
	case HMS_KIND_MAP: return type->size >= 8 ? map_evidence(fitter, hms_le64(bytes)) : 0;
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
		return type->size >= 8 ? pointer_evidence(fitter, NULL, hms_le64(bytes)) : 0;
	case HMS_KIND_SLICE:
	case HMS_KIND_STRING: return type->size >= 16 ? text_evidence(fitter, type, bytes) : 0;
	case HMS_KIND_INTERFACE:
		if (type->size < 16 || !hms_le64(bytes))
			return 0;
		return hms_rt_dynamic_type(fitter->rt, type, hms_le64(bytes)) ? 1 : -1;
	case HMS_KIND_STRUCT:
	case HMS_KIND_ARRAY:
		return nesting < MAX_NESTING ? parts_evidence(fitter, type, bytes, nesting) : 0;
	default: return 0;
	}
}

/* How many keys and elements look like values of their types; -1 where one cannot be. */
static int content_evidence(struct hms_fitter *fitter, const struct hms_map *map)
{
	const struct hms_map_type *type = map->type;
	int evidence = 0, keys = 0, one = 0, other = 0;
	struct hms_map_iter it;
	struct hms_slot slot;
	uint64_t addr;

	hms_map_iter_init(&it, fitter->model, map);
	while (one >= 0 && other >= 0 && keys < MAX_KEYS && hms_map_iter_next(&it, &slot)) {
		const uint8_t *key, *elem;

		if (slot.state != HMS_SLOT_LIVE)
			continue;
		keys++;
		key = hms_slot_key(&it, &slot, &addr);
		elem = hms_slot_elem(&it, &slot, &addr);
		one = key ? value_evidence(fitter, type->key, key, 0) : -type->key_indirect;
		other = elem ? value_evidence(fitter, type->elem, elem, 0) : -type->elem_indirect;
		evidence += one + other;
	}
	hms_map_iter_deinit(&it);
	return one < 0 || other < 0 ? -1 : evidence;
}

enum agreement {
	KEYS_DISAGREE,
	KEYS_SAY_NOTHING, /* too few of them could be hashed */
	KEYS_AGREE,
};

static enum agreement keys_agree(struct hms_fitter *fitter, struct candidate *c,
				 struct hms_map *map)
{
	const struct hms_hash_plan *plan = plan_of(fitter, c);
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t seed = map->type->kind == HMS_MAP_SWISS ? map->swiss.seed : map->classic.hash0;
	int bits = 0, keys = 0, one = 0;
	struct hms_map_iter it;
	struct hms_slot slot;
	uint64_t hash;

	if (!plan)
		return KEYS_SAY_NOTHING;
	reader.budget = 1 << 20;
	hms_map_iter_init(&it, fitter->model, map);
	while (one >= 0 && keys < MAX_KEYS && hms_map_iter_next(&it, &slot)) {
		if (slot.state != HMS_SLOT_LIVE ||
		    hms_hash_key(plan, &reader, seed, slot.key, &hash) != HMS_HASH_OK)
			continue;
		one = bits_of(map, &slot, hash);
		bits += one;
		keys++;
	}
	hms_map_iter_deinit(&it);
	if (one < 0)
		return KEYS_DISAGREE;
	/* A single key of a small map has no more than 7 or 8 bits to show. */
	return bits >= MIN_BITS || (keys && keys == map->count) ? KEYS_AGREE : KEYS_SAY_NOTHING;
}

/* -1: the type does not fit; else how much its contents speak for it.  @told: something says that
 * it is of this type; then keys that cannot be read (their bytes are not in the core) are made up
 * for by what else is there. */
static int type_fits(struct hms_fitter *fitter, struct candidate *c, struct hms_map *map,
		     const struct hms_object *memory, bool told)
{
	enum agreement keys;
	int evidence;

	if (memory->header && c->unit_rtype && memory->header != c->unit_rtype)
		return -1;
	map->type = c->type;
	keys = keys_agree(fitter, c, map);
	if (keys == KEYS_DISAGREE || (keys == KEYS_SAY_NOTHING && !told))
		return -1;
	evidence = content_evidence(fitter, map);
	return keys == KEYS_AGREE || evidence > 0 ? evidence : -1;
}

/* ---- headers that nothing tells the type of ------------------------------------------------- */

enum hms_fit hms_fit_map(struct hms_fitter *fitter, struct hms_map *map)
{
	const struct hms_map_type *fits = NULL;
	struct hms_object memory;
	size_t trials = 0, n_fits = 0, i;
	int evidence, best = -1;
	uint64_t n;

	map->type = NULL;
	if (hms_map_read_header(fitter->model, map) != HMS_MEM_PRESENT || !map->count ||
	    !plausible(fitter, map) || !unit_memory(fitter, map, &memory, &n))
		return HMS_FIT_NONE;
	for (i = 0; i < fitter->n && trials < MAX_TRIALS; i++) {
		struct candidate *c = &fitter->candidates[i];

		if (!size_fits(c->type->unit_size, n, memory.size))
			continue;
		trials++;
		evidence = type_fits(fitter, c, map, &memory, false);
		if (evidence < 0 || evidence < best)
			continue;
		/* Elements that are pointers speak against types of numbers. */
		n_fits = evidence > best ? 1 : n_fits + 1;
		best = evidence;
		fits = c->type;
	}
	/* Types that were not tried might fit as well. */
	if (n_fits && i < fitter->n)
		n_fits++;
	map->type = n_fits == 1 ? fits : NULL;
	return n_fits == 0 ? HMS_FIT_NONE : n_fits == 1 ? HMS_FIT_TYPE : HMS_FIT_AMBIGUOUS;
}

enum hms_fit hms_fit_empty(struct hms_fitter *fitter, struct hms_map *map)
{
	const struct hms_map_type *fits = NULL;
	struct hms_object memory;
	size_t n_fits = 0;
	uint64_t n;

	map->type = NULL;
	if (hms_map_read_header(fitter->model, map) != HMS_MEM_PRESENT || map->count ||
	    !plausible(fitter, map) || !unit_memory(fitter, map, &memory, &n))
		return HMS_FIT_NONE;
	for (size_t i = 0; i < fitter->n && n_fits < 2; i++) {
		const struct candidate *c = &fitter->candidates[i];

		if (!size_fits(c->type->unit_size, n, memory.size) ||
		    (memory.header && c->unit_rtype && memory.header != c->unit_rtype))
			continue;
		fits = c->type;
		n_fits++;
	}
	/* That no other is as large is too little to call it by: only what the heap notes is. */
	map->type = n_fits == 1 && memory.header ? fits : NULL;
	return n_fits == 0 ? HMS_FIT_NONE : map->type ? HMS_FIT_TYPE : HMS_FIT_AMBIGUOUS;
}

/* ---- headers of which something tells the type ---------------------------------------------- */

static bool candidate_fits(struct hms_fitter *fitter, struct candidate *c, struct hms_map *map)
{
	struct hms_object memory;
	uint64_t n;

	if (!units_at(fitter, map)) {
		map->type = c->type;
		return !map->count;
	}
	if (!unit_memory(fitter, map, &memory, &n)) {
		/* On a stack, beside its header: nothing says how large it is. */
		if (memory.state != HMS_HEAP_MANUAL || !has_one_unit(fitter, map))
			return false;
	} else if (!size_fits(c->type->unit_size, n, memory.size)) {
		return false;
	}
	if (map->count)
		return type_fits(fitter, c, map, &memory, true) >= 0;
	map->type = c->type;
	return !memory.header || !c->unit_rtype || memory.header == c->unit_rtype;
}

static bool type_or_empty(struct hms_fitter *fitter, const struct hms_type *type,
			  struct hms_map *map)
{
	if (!plausible(fitter, map))
		return false;
	for (size_t i = 0; i < fitter->n; i++)
		if (fitter->candidates[i].type->type == type)
			return candidate_fits(fitter, &fitter->candidates[i], map);
	return false;
}

bool hms_fit_type(struct hms_fitter *fitter, const struct hms_type *type, struct hms_map *map)
{
	return hms_map_read_header(fitter->model, map) == HMS_MEM_PRESENT && map->count &&
	       type_or_empty(fitter, type, map);
}

bool hms_fit_type_or_empty(struct hms_fitter *fitter, const struct hms_type *type,
			   struct hms_map *map)
{
	return hms_map_read_header(fitter->model, map) == HMS_MEM_PRESENT &&
	       type_or_empty(fitter, type, map);
}
