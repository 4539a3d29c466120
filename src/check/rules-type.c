/*
 * Map types: what the runtime goes by against what the walkers go by.  The descriptor is read as it
 * is in the process: src/runtime/type.go (maptype), src/internal/abi/map*.go.
 */
#include "check/internal.h"

#define KIND_MASK 31 /* src/internal/abi/type.go; to Go 1.25 with flags above it */
#define KIND_MAP  21

/* In MapType.Flags: keys, elements lie apart.  Classic and Swiss maps count differently. */
struct apart {
	uint64_t key, elem;
};

static struct apart apart_bits(const struct hms_map_type *map)
{
	return map->kind == HMS_MAP_CLASSIC ? (struct apart){1, 2} : (struct apart){4, 8};
}

struct reader {
	const struct hms_layout *layout;
	const uint8_t *bytes; /* of the descriptor */
};

/* A word that the release may not have says what is wanted. */
static uint64_t word(const struct reader *r, enum hms_fact_id fact, uint64_t wanted)
{
	return hms_layout_has(r->layout, fact) ? hms_layout_get(r->layout, fact, r->bytes) : wanted;
}

/* Go 1.27 has strides of keys and elements; before, slots of both. */
static bool slots_agree(const struct reader *r, const struct hms_map_type *map)
{
	if (hms_layout_has(r->layout, HMS_F_MAPTYPE_KEYSTRIDE))
		return word(r, HMS_F_MAPTYPE_KEYSOFF, map->keys_off) == map->keys_off &&
		       word(r, HMS_F_MAPTYPE_KEYSTRIDE, 0) == map->key_stride &&
		       word(r, HMS_F_MAPTYPE_ELEMSOFF, map->elems_off) == map->elems_off &&
		       word(r, HMS_F_MAPTYPE_ELEMSTRIDE, map->elem_stride) == map->elem_stride;
	return word(r, HMS_F_MAPTYPE_SLOTSIZE, map->key_stride) == map->key_stride &&
	       map->keys_off + word(r, HMS_F_MAPTYPE_ELEMOFF, map->elems_off - map->keys_off) ==
		       map->elems_off;
}

static bool buckets_agree(const struct reader *r, const struct hms_map_type *map)
{
	return word(r, HMS_F_MAPTYPE_KEYSIZE, map->key_size) == map->key_size &&
	       word(r, HMS_F_MAPTYPE_VALUESIZE, map->elem_size) == map->elem_size &&
	       map->overflow_off + 8 == map->unit_size;
}

/* What does not agree; NULL: nothing. */
static const char *difference(const struct reader *r, const struct hms_map_type *map)
{
	bool classic = map->kind == HMS_MAP_CLASSIC;
	enum hms_fact_id unit = classic ? HMS_F_MAPTYPE_BUCKETSIZE : HMS_F_MAPTYPE_GROUPSIZE;
	struct apart bits = apart_bits(map);
	uint64_t flags =
		word(r, HMS_F_MAPTYPE_FLAGS,
		     (map->key_indirect ? bits.key : 0) | (map->elem_indirect ? bits.elem : 0));

	if ((word(r, HMS_F_TYPE_KIND, KIND_MAP) & KIND_MASK) != KIND_MAP)
		return "is of no map";
	if (word(r, unit, map->unit_size) != map->unit_size)
		return classic ? "has buckets of another size" : "has groups of another size";
	if (!(classic ? buckets_agree : slots_agree)(r, map))
		return "has keys or elements of another size";
	if (!(flags & bits.key) != !map->key_indirect ||
	    !(flags & bits.elem) != !map->elem_indirect)
		return "says otherwise of where keys or elements are stored";
	return NULL;
}

void check_type_judge(const struct check *check, struct check_type *type)
{
	struct reader r = {.layout = &check->rt->layout};
	uint64_t off = type->map->type->rt_off;

	if (!off || !check->rt->nmodules || !hms_layout_has(r.layout, HMS_F_MAPTYPE))
		return;
	type->descriptor = check->rt->modules[0].types + off;
	r.bytes = hms_mem_peek(check->mem, type->descriptor, r.layout->facts[HMS_F_MAPTYPE].size);
	if (r.bytes)
		type->difference = difference(&r, type->map);
}

/* The first map of a type stands for all of them. */
void check_type_tell(struct check_worker *w, struct check_part *part)
{
	if (part->map == part->type->first)
		CHECK_BREACH(part, HMS_RULE_MAP_TYPE, part->type->descriptor, false, NULL,
			     part->type->difference,
			     CHECK_TEXT("the type descriptor of %s at 0x%" PRIx64
					" does not agree with debug information: it %s",
					part->type->map->name, part->type->descriptor,
					part->type->difference));
}
