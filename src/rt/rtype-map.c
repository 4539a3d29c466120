/*
 * Map types from their descriptors: the structs behind the map are made as the linker makes them
 * for debug information (cmd/link/internal/ld/dwarf.go, synthesizemaptypes*), so that no reader
 * of maps need know where a type came from.
 *
 * Classic (src/runtime/type.go maptype, src/internal/abi/map_noswiss.go): a bucket is
 * tophash [8]uint8, keys [8]K, elems [8]V, overflow pointer last.
 * Swiss (src/internal/abi/map_swiss.go, from Go 1.26 map.go): a group is ctrl uint64 and eight
 * slots {key, elem}; in builds with GOEXPERIMENT=mapsplitgroup eight keys, then eight elems.
 */
#include "rt/rtype-impl.h"

#include "util/arena.h"

#define SLOTS 8

/* Larger keys and elements are kept behind a pointer: abi.MapMaxKeyBytes. */
#define INLINE_MAX 128

/* What the structs behind a map take of our own memory, about. */
#define STRUCTS_BYTES 4096

struct map_build {
	struct hms_rtype_build *build;
	struct hms_rtype *map;
	const uint8_t *p;                  /* the descriptor */
	const struct hms_type *key, *elem; /* as a slot holds them */
	const struct hms_type *unit;       /* bucket or group */
};

static uint64_t get(const struct map_build *m, enum hms_fact_id id)
{
	return hms_layout_get(&m->build->rt->layout, id, m->p);
}

static const struct hms_type *basic(const struct map_build *m, const char *name, enum hms_kind kind,
				    uint64_t size)
{
	const struct hms_type *known = hms_graph_find_type(m->build->rt->graph, name);
	struct hms_rtype *made;

	if (known && known->size == size)
		return known;
	made = hms_rtype_new(m->build, kind, size);
	made->type.name = name;
	made->named_by_parts = true;
	return &made->type;
}

static const struct hms_type *pointer_to(const struct map_build *m, const struct hms_type *elem)
{
	struct hms_rtype *made = hms_rtype_new(m->build, HMS_KIND_POINTER, 8);

	made->type.elem = elem;
	return &made->type;
}

static const struct hms_type *array_of(const struct map_build *m, const struct hms_type *elem,
				       uint64_t stride)
{
	struct hms_rtype *made = hms_rtype_new(m->build, HMS_KIND_ARRAY, SLOTS * stride);

	made->type.elem = elem;
	made->type.count = SLOTS;
	return &made->type;
}

static struct hms_member *structure(const struct map_build *m, const char *name, uint64_t size,
				    uint32_t nmembers, const struct hms_type **ret)
{
	struct hms_rtype *made = hms_rtype_new(m->build, HMS_KIND_STRUCT, size);
	struct hms_member *members = hms_arena_alloc(m->build->arena, nmembers * sizeof(*members));

	made->type.name = name;
	made->named_by_parts = true;
	made->type.members = members;
	made->type.nmembers = nmembers;
	*ret = &made->type;
	return members;
}

/* A copy of one of the runtime's structs in which some members point elsewhere. */
static struct hms_member *retyped(const struct map_build *m, enum hms_fact_id structure_id,
				  const char *name, const struct hms_type **ret)
{
	const struct hms_type *from = m->build->rt->layout.facts[structure_id].type;
	struct hms_member *members = structure(m, name, from->size, from->nmembers, ret);

	memcpy(members, from->members, from->nmembers * sizeof(*members));
	return members;
}

static void retype(const struct hms_type *structure_type, struct hms_member *members,
		   const char *name, const struct hms_type *type)
{
	for (uint32_t i = 0; i < structure_type->nmembers; i++) {
		if (strcmp(members[i].name, name) == 0 && members[i].type &&
		    members[i].type->size == type->size)
			members[i].type = type;
	}
}

/* ---- classic -------------------------------------------------------------------------------- */

static bool make_bucket(struct map_build *m)
{
	uint64_t size = get(m, HMS_F_MAPTYPE_BUCKETSIZE);
	uint64_t key_size = get(m, HMS_F_MAPTYPE_KEYSIZE);
	uint64_t elem_size = get(m, HMS_F_MAPTYPE_VALUESIZE);
	struct hms_member *members;

	if (key_size != m->key->size || elem_size != m->elem->size ||
	    size < SLOTS * (1 + key_size + elem_size) + 8)
		return false;
	members = structure(m, "bucket", size, 4, &m->unit);
	members[0] = (struct hms_member){
		.name = "tophash", .type = array_of(m, basic(m, "uint8", HMS_KIND_UINT8, 1), 1)};
	members[1] = (struct hms_member){
		.name = "keys", .type = array_of(m, m->key, key_size), .off = SLOTS};
	members[2] = (struct hms_member){.name = "values",
					 .type = array_of(m, m->elem, elem_size),
					 .off = SLOTS + SLOTS * key_size};
	members[3] = (struct hms_member){
		.name = "overflow", .type = pointer_to(m, m->unit), .off = size - 8};
	return true;
}

static bool make_classic(struct map_build *m)
{
	const struct hms_type *repr, *buckets;
	struct hms_member *members;

	if (!hms_layout_has(&m->build->rt->layout, HMS_F_HMAP) || !make_bucket(m))
		return false;
	members = retyped(m, HMS_F_HMAP, "hash", &repr);
	buckets = pointer_to(m, m->unit);
	retype(repr, members, "buckets", buckets);
	retype(repr, members, "oldbuckets", buckets);
	m->map->type.repr = repr;
	return true;
}

/* ---- swiss ---------------------------------------------------------------------------------- */

/* Where keys and elements are in a group, in bytes. */
struct group_shape {
	uint64_t size;
	uint64_t keys_off, key_stride;
	uint64_t elems_off, elem_stride;
};

/* Go 1.27 says it all; before, slots follow the control word. */
static struct group_shape group_shape(const struct map_build *m)
{
	uint64_t slot = get(m, HMS_F_MAPTYPE_SLOTSIZE);

	if (hms_layout_has(&m->build->rt->layout, HMS_F_MAPTYPE_KEYSTRIDE))
		return (struct group_shape){
			get(m, HMS_F_MAPTYPE_GROUPSIZE), get(m, HMS_F_MAPTYPE_KEYSOFF),
			get(m, HMS_F_MAPTYPE_KEYSTRIDE), get(m, HMS_F_MAPTYPE_ELEMSOFF),
			get(m, HMS_F_MAPTYPE_ELEMSTRIDE)};
	return (struct group_shape){get(m, HMS_F_MAPTYPE_GROUPSIZE), 8, slot,
				    8 + get(m, HMS_F_MAPTYPE_ELEMOFF), slot};
}

/* @n things of @size bytes, @stride apart from @off on, end at or before @end. */
static bool fits(uint64_t off, uint64_t stride, uint64_t n, uint64_t size, uint64_t end)
{
	return stride >= size && stride <= UINT16_MAX && off <= UINT16_MAX &&
	       off + (n - 1) * stride + size <= end;
}

static bool make_split_group(struct map_build *m, const struct group_shape *shape)
{
	struct hms_member *members = structure(m, "group", shape->size, 3, &m->unit);

	members[0] =
		(struct hms_member){.name = "ctrl", .type = basic(m, "uint64", HMS_KIND_UINT64, 8)};
	members[1] = (struct hms_member){.name = "keys",
					 .type = array_of(m, m->key, shape->key_stride),
					 .off = shape->keys_off};
	members[2] = (struct hms_member){.name = "elems",
					 .type = array_of(m, m->elem, shape->elem_stride),
					 .off = shape->elems_off};
	return shape->key_stride == m->key->size && shape->elem_stride == m->elem->size;
}

static bool make_slot_group(struct map_build *m, const struct group_shape *shape)
{
	const struct hms_type *slot;
	struct hms_member *members = structure(m, "slot", shape->key_stride, 2, &slot);

	members[0] = (struct hms_member){.name = "key", .type = m->key};
	members[1] = (struct hms_member){
		.name = "elem", .type = m->elem, .off = shape->elems_off - shape->keys_off};
	members = structure(m, "group", shape->size, 2, &m->unit);
	members[0] =
		(struct hms_member){.name = "ctrl", .type = basic(m, "uint64", HMS_KIND_UINT64, 8)};
	members[1] = (struct hms_member){.name = "slots",
					 .type = array_of(m, slot, shape->key_stride),
					 .off = shape->keys_off};
	return true;
}

static bool make_group(struct map_build *m)
{
	struct group_shape shape = group_shape(m);

	if (shape.size > UINT16_MAX || shape.keys_off < 8 || shape.elems_off < shape.keys_off ||
	    !fits(shape.keys_off, shape.key_stride, SLOTS, m->key->size, shape.size) ||
	    !fits(shape.elems_off, shape.elem_stride, SLOTS, m->elem->size, shape.size))
		return false;
	if (shape.elems_off - shape.keys_off < shape.key_stride &&
	    shape.key_stride == shape.elem_stride)
		return make_slot_group(m, &shape);
	return make_split_group(m, &shape);
}

/* internal/runtime/maps: Map.dirPtr **table, table.groups.data *group. */
static bool make_swiss(struct map_build *m)
{
	const struct hms_fact *facts = m->build->rt->layout.facts;
	const struct hms_type *repr, *table, *groups, *from;
	const struct hms_member *groups_member;
	struct hms_member *members;

	if (!facts[HMS_F_SMAP].present || !facts[HMS_F_TABLE].present || !make_group(m))
		return false;
	groups_member = hms_type_member(facts[HMS_F_TABLE].type, "groups");
	if (!groups_member || !groups_member->type)
		return false;
	from = groups_member->type;
	members = structure(m, "groupReference", from->size, from->nmembers, &groups);
	memcpy(members, from->members, from->nmembers * sizeof(*members));
	retype(groups, members, "data", pointer_to(m, m->unit));
	members = retyped(m, HMS_F_TABLE, "table", &table);
	retype(table, members, "groups", groups);
	members = retyped(m, HMS_F_SMAP, "map", &repr);
	retype(repr, members, "dirPtr", pointer_to(m, pointer_to(m, table)));
	m->map->type.repr = repr;
	return true;
}

/* ---- both ----------------------------------------------------------------------------------- */

static const struct hms_type *in_slot(const struct map_build *m, const struct hms_type *type)
{
	return type->size > INLINE_MAX ? pointer_to(m, type) : type;
}

bool hms_rtype_decode_map(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	struct map_build m = {.build = build,
			      .map = rtype,
			      .p = hms_rtype_bytes(build->rt, rtype, HMS_F_MAPTYPE)};

	if (!m.p || !hms_rtype_charge(build, STRUCTS_BYTES))
		return false;
	rtype->type.key = hms_rtype_part(build, get(&m, HMS_F_MAPTYPE_KEY));
	rtype->type.elem = hms_rtype_part(build, get(&m, HMS_F_MAPTYPE_ELEM));
	if (rtype->type.key == &hms_rtype_unknown || rtype->type.elem == &hms_rtype_unknown)
		return false;
	m.key = in_slot(&m, rtype->type.key);
	m.elem = in_slot(&m, rtype->type.elem);
	return build->rt->map_kind == HMS_MAP_CLASSIC ? make_classic(&m) : make_swiss(&m);
}
