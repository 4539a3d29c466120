/* Map types as the rules see them: how to hash a key, where pointers are in a slot. */
#include "check/internal.h"

#define MAX_POINTERS 32 /* of a key or element; what an array holds beyond is not followed */
#define MAX_DEPTH    8

/* ---- pointers in a type ------------------------------------------------------------------- */

struct finder {
	struct check_pointer items[MAX_POINTERS];
	size_t n;
};

static void add(struct finder *f, enum check_pointer_kind kind, uint64_t off, uint64_t each)
{
	if (f->n < MAX_POINTERS)
		f->items[f->n++] = (struct check_pointer){kind, (uint32_t)off, each};
}

static void find_pointers(struct finder *f, const struct hms_type *type, uint64_t off,
			  unsigned int depth)
{
	if (!type || depth > MAX_DEPTH || f->n == MAX_POINTERS || off + type->size > UINT16_MAX)
		return;
	switch (type->kind) {
	case HMS_KIND_POINTER:
	case HMS_KIND_MAP:
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
	case HMS_KIND_UNSAFE_POINTER: add(f, CHECK_POINTER_PLAIN, off, 0); break;
	case HMS_KIND_STRING: add(f, CHECK_POINTER_TEXT, off, 1); break;
	case HMS_KIND_SLICE:
		add(f, CHECK_POINTER_TEXT, off, type->elem ? type->elem->size : 0);
		break;
	case HMS_KIND_INTERFACE: add(f, CHECK_POINTER_IFACE, off, 0); break;
	case HMS_KIND_STRUCT:
		for (uint32_t i = 0; i < type->nmembers; i++)
			find_pointers(f, type->members[i].type, off + type->members[i].off,
				      depth + 1);
		break;
	case HMS_KIND_ARRAY:
		for (uint64_t i = 0; type->elem && type->elem->size && i < type->count; i++) {
			if (f->n == MAX_POINTERS || i == MAX_POINTERS)
				break;
			find_pointers(f, type->elem, off + i * type->elem->size, depth + 1);
		}
		break;
	default: break;
	}
}

static struct check_pointers pointers_of(struct check *check, const struct hms_type *type,
					 uint64_t slot_size)
{
	struct check_pointers ret = {0};
	struct finder f = {.n = 0};

	find_pointers(&f, type, 0, 0);
	/* A slot that is smaller than its type is not understood. */
	if (type->size > slot_size)
		return ret;
	ret.n = f.n;
	ret.items = hms_arena_memdup(check->arena, f.items, f.n * sizeof(*f.items));
	return ret;
}

/* Does the garbage collector see pointers in buckets of this type?  The bucket's own descriptor
 * tells; pointers to types marked go:notinheap are none, which debug information does not say. */
static bool scanned(const struct check *check, const struct hms_map_type *type, bool by_slots)
{
	const struct hms_layout *layout = &check->rt->layout;
	uint64_t rtype = check->rt->modules[0].types + type->type->rt_off;
	const uint8_t *p;

	if (!type->type->rt_off || !hms_layout_has(layout, HMS_F_MAPTYPE_UNIT) ||
	    !hms_layout_has(layout, HMS_F_TYPE_PTRBYTES))
		return by_slots;
	p = hms_mem_peek(check->mem, rtype, layout->facts[HMS_F_MAPTYPE].size);
	if (p)
		p = hms_mem_peek(check->mem, hms_layout_get(layout, HMS_F_MAPTYPE_UNIT, p),
				 layout->facts[HMS_F_TYPE].size);
	return p ? hms_layout_get(layout, HMS_F_TYPE_PTRBYTES, p) != 0 : by_slots;
}

/* ---- hashing ------------------------------------------------------------------------------ */

void check_limit(struct check *check, const char *text)
{
	struct hms_check_work *work = check->work;

	HMS_GROW(work->limits, work->nlimits, work->cap_limits);
	work->limits[work->nlimits++] = text;
	work->complete = false;
}

static void open_hasher(struct check *check)
{
	struct hms_error *err = hms_hasher_open(check->rt, &check->hasher);

	if (!err && !hms_hasher_verified(check->hasher)) {
		hms_hasher_close(check->hasher);
		check->hasher = NULL;
		check_limit(check,
			    hms_arena_printf(check->arena,
					     "keys are not hashed anew: how %s hashes was not "
					     "verified",
					     check->rt->version.text[0] ? check->rt->version.text
									: "this Go release"));
	} else if (err) {
		check_limit(check, hms_arena_printf(check->arena, "keys are not hashed anew: %s",
						    err->message));
	}
	hms_err_free(err);
}

static void open_plan(struct check *check, struct check_type *type)
{
	struct hms_error *err;

	if (!check->hasher)
		return;
	if (check->options->pclntab)
		err = hms_hash_plan_open(check->hasher, check->rt, check->options->pclntab,
					 type->map, &type->plan);
	else
		err = hms_hash_plan_create(check->hasher, type->map->key, NULL,
					   type->map->key_indirect, &type->plan);
	if (err)
		check_limit(check,
			    hms_arena_printf(check->arena, "keys of %s are not hashed anew: %s",
					     type->map->name, err->message));
	hms_err_free(err);
}

/* ---- all types ---------------------------------------------------------------------------- */

static void add_type(struct check *check, const struct hms_map *first)
{
	const struct hms_map_type *map = first->type;
	struct check_type *type;

	HMS_GROW(check->types, check->ntypes, check->cap_types);
	type = &check->types[check->ntypes];
	*type = (struct check_type){.map = map, .index = (uint32_t)check->ntypes, .first = first};
	check->type_index[map->type->id] = (uint32_t)++check->ntypes;
	if (!map->key_indirect)
		type->key = pointers_of(check, map->key, map->key_size);
	if (!map->elem_indirect)
		type->elem = pointers_of(check, map->elem, map->elem_size);
	type->scan = scanned(
		check, map, map->key_indirect || map->elem_indirect || type->key.n || type->elem.n);
	check_type_judge(check, type);
	open_plan(check, type);
}

void check_types_open(struct check *check, const struct hms_map *maps, size_t n)
{
	/* Types that debug information lacks have numbers beyond the graph's. */
	check->ntype_index = hms_graph_ntypes(check->rt->graph);
	for (size_t i = 0; i < n; i++)
		if (maps[i].type)
			check->ntype_index =
				HMS_MAX(check->ntype_index, (size_t)maps[i].type->type->id + 1);
	check->type_index = hms_xcalloc(check->ntype_index, sizeof(*check->type_index));
	if (!check->options->quick)
		open_hasher(check);
	for (size_t i = 0; i < n; i++)
		if (maps[i].type && !check->type_index[maps[i].type->type->id])
			add_type(check, &maps[i]);
}

void check_types_close(struct check *check)
{
	for (size_t i = 0; i < check->ntypes; i++)
		hms_hash_plan_destroy(check->types[i].plan);
	free(check->types);
	free(check->type_index);
	hms_hasher_close(check->hasher);
}

const struct check_type *check_type_of(const struct check *check, const struct hms_map *map)
{
	uint32_t id = map->type ? map->type->type->id : UINT32_MAX;

	return id < check->ntype_index && check->type_index[id]
		       ? &check->types[check->type_index[id] - 1]
		       : NULL;
}
