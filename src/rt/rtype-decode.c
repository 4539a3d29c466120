/*
 * What a type descriptor says by its kind: elements, members, parameters
 * (src/internal/abi/type.go; to Go 1.20 src/runtime/type.go).
 */
#include "rt/rtype-impl.h"

#include "util/arena.h"

/* A struct with more members, a function with more parameters is not believed. */
#define MEMBERS_MAX 65535
#define PARAMS_MAX  4096

#define NO_LIMIT UINT64_MAX

/* Sizes of values; 0: any. */
static const uint8_t sizes[] = {
	[HMS_KIND_BOOL] = 1,        [HMS_KIND_INT] = 8,     [HMS_KIND_INT8] = 1,
	[HMS_KIND_INT16] = 2,       [HMS_KIND_INT32] = 4,   [HMS_KIND_INT64] = 8,
	[HMS_KIND_UINT] = 8,        [HMS_KIND_UINT8] = 1,   [HMS_KIND_UINT16] = 2,
	[HMS_KIND_UINT32] = 4,      [HMS_KIND_UINT64] = 8,  [HMS_KIND_UINTPTR] = 8,
	[HMS_KIND_FLOAT32] = 4,     [HMS_KIND_FLOAT64] = 8, [HMS_KIND_COMPLEX64] = 8,
	[HMS_KIND_COMPLEX128] = 16, [HMS_KIND_CHAN] = 8,    [HMS_KIND_FUNC] = 8,
	[HMS_KIND_INTERFACE] = 16,  [HMS_KIND_MAP] = 8,     [HMS_KIND_POINTER] = 8,
	[HMS_KIND_SLICE] = 24,      [HMS_KIND_STRING] = 16, [HMS_KIND_UNSAFE_POINTER] = 8,
};

static uint64_t get(const struct hms_rtype_build *build, enum hms_fact_id id, const uint8_t *p)
{
	return hms_layout_get(&build->rt->layout, id, p);
}

/* The type that the descriptor's member @id points to becomes its element. */
static bool decode_elem(struct hms_rtype_build *build, struct hms_rtype *rtype,
			enum hms_fact_id structure, enum hms_fact_id id)
{
	const uint8_t *p = hms_rtype_bytes(build->rt, rtype, structure);

	if (!p)
		return false;
	rtype->type.elem = hms_rtype_part(build, get(build, id, p));
	return true;
}

static bool decode_array(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	const uint8_t *p = hms_rtype_bytes(build->rt, rtype, HMS_F_ARRAYTYPE);
	struct hms_type *type = &rtype->type;
	uint64_t bytes;

	if (!p || !decode_elem(build, rtype, HMS_F_ARRAYTYPE, HMS_F_ARRAYTYPE_ELEM))
		return false;
	type->count = get(build, HMS_F_ARRAYTYPE_LEN, p);
	return type->elem == &hms_rtype_unknown ||
	       (!__builtin_mul_overflow(type->count, type->elem->size, &bytes) &&
		bytes == type->size);
}

static bool decode_chan(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	const uint8_t *p = hms_rtype_bytes(build->rt, rtype, HMS_F_CHANTYPE);

	if (!p || !decode_elem(build, rtype, HMS_F_CHANTYPE, HMS_F_CHANTYPE_ELEM))
		return false;
	rtype->chan_dir = (uint8_t)get(build, HMS_F_CHANTYPE_DIR, p);
	rtype->type.repr = hms_graph_find_type(build->rt->graph, "runtime.hchan");
	return true;
}

/* Arguments and results stand behind the descriptor, and behind the uncommon type if there is
 * one. */
static bool decode_func(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	const struct hms_fact *facts = build->rt->layout.facts;
	const uint8_t *p = hms_rtype_bytes(build->rt, rtype, HMS_F_FUNCTYPE);
	uint64_t off = facts[HMS_F_FUNCTYPE].size, out;
	uint32_t n;

	if (!p)
		return false;
	if (rtype->tflag & HMS_TFLAG_UNCOMMON)
		off += facts[HMS_F_UNCOMMONTYPE].size;
	out = get(build, HMS_F_FUNCTYPE_OUTCOUNT, p);
	rtype->variadic = out >> 15 & 1;
	rtype->nin = (uint32_t)get(build, HMS_F_FUNCTYPE_INCOUNT, p);
	rtype->nout = out & 0x7fff;
	n = rtype->nin + rtype->nout;
	p = n && n <= PARAMS_MAX ? hms_mem_peek(build->rt->mem, rtype->addr + off, n * 8) : NULL;
	if ((n && !p) || !hms_rtype_charge(build, n * sizeof(*rtype->params)))
		return false;
	rtype->params = hms_arena_alloc(build->arena, n * sizeof(*rtype->params));
	for (uint32_t i = 0; i < n; i++)
		rtype->params[i] = hms_rtype_part(build, hms_le64(p + i * 8));
	return true;
}

static bool decode_interface(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	const uint8_t *p = hms_rtype_bytes(build->rt, rtype, HMS_F_INTERFACETYPE);
	const struct hms_fact *methods = &build->rt->layout.facts[HMS_F_INTERFACETYPE_METHODS];
	const struct hms_type *shape;

	if (!p || !methods->present || methods->size < 16)
		return false;
	rtype->type.iface = hms_le64(p + methods->off + 8) != 0;
	shape = hms_graph_find_type(build->rt->graph,
				    rtype->type.iface ? "runtime.iface" : "runtime.eface");
	if (shape) {
		rtype->type.members = shape->members;
		rtype->type.nmembers = shape->nmembers;
	}
	return true;
}

/* ---- structs ------------------------------------------------------------------------------- */

/* Up to Go 1.18 the offset was shifted for the bit that says "embedded"; since then that is one of
 * the name's flags. */
static void place_member(const struct hms_rtype_build *build, const uint8_t *field, uint8_t flags,
			 struct hms_member *ret)
{
	if (hms_layout_has(&build->rt->layout, HMS_F_STRUCTFIELD_OFFSETANON)) {
		uint64_t word = get(build, HMS_F_STRUCTFIELD_OFFSETANON, field);

		ret->off = word >> 1;
		ret->embedded = word & 1;
	} else {
		ret->off = get(build, HMS_F_STRUCTFIELD_OFFSET, field);
		ret->embedded = flags & HMS_NAME_EMBEDDED;
	}
}

static bool decode_member(struct hms_rtype_build *build, struct hms_rtype *rtype, uint32_t i,
			  const uint8_t *field, struct hms_member *ret)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT, tag = HMS_STR_INIT;
	uint64_t size = rtype->type.size;
	uint8_t flags;

	if (!hms_rtype_read_name(build->rt, get(build, HMS_F_STRUCTFIELD_NAME, field), NO_LIMIT,
				 &name, &tag, &flags) ||
	    !hms_rtype_charge(build, name.len + tag.len))
		return false;
	place_member(build, field, flags, ret);
	ret->name = hms_arena_strndup(build->arena, name.s, name.len);
	ret->type = hms_rtype_part(build, get(build, HMS_F_STRUCTFIELD_TYP, field));
	if (tag.len)
		rtype->tags[i] = hms_arena_strndup(build->arena, tag.s, tag.len);
	return ret->off <= size && ret->type->size <= size - ret->off;
}

static bool decode_struct(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	const struct hms_layout *layout = &build->rt->layout;
	const uint8_t *p = hms_rtype_bytes(build->rt, rtype, HMS_F_STRUCTTYPE), *fields = NULL;
	const struct hms_fact *slice = &layout->facts[HMS_F_STRUCTTYPE_FIELDS];
	uint32_t size = layout->facts[HMS_F_STRUCTFIELD].size;
	struct hms_member *members;
	uint64_t n;

	if (!p || !slice->present || slice->size < 16 || !size)
		return false;
	n = hms_le64(p + slice->off + 8);
	if (n && n <= MEMBERS_MAX)
		fields = hms_mem_peek(build->rt->mem, hms_le64(p + slice->off), n * size);
	if ((n && !fields) ||
	    !hms_rtype_charge(build, n * (sizeof(*members) + sizeof(*rtype->tags))))
		return false;
	members = hms_arena_alloc(build->arena, n * sizeof(*members));
	rtype->tags = hms_arena_alloc(build->arena, n * sizeof(*rtype->tags));
	for (uint32_t i = 0; i < n; i++) {
		if (!decode_member(build, rtype, i, fields + i * size, &members[i]))
			return false;
	}
	rtype->type.members = members;
	rtype->type.nmembers = (uint32_t)n;
	return true;
}

/* ---- all kinds ------------------------------------------------------------------------------ */

/* A string's members are those of "string". */
static bool decode_string(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	const struct hms_type *string = hms_graph_find_type(build->rt->graph, "string");

	if (string) {
		rtype->type.members = string->members;
		rtype->type.nmembers = string->nmembers;
	}
	return true;
}

bool hms_rtype_decode(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	enum hms_kind kind = rtype->type.kind;

	if (kind == HMS_KIND_NONE ||
	    (kind < HMS_ARRAY_LEN(sizes) && sizes[kind] && rtype->type.size != sizes[kind]))
		return false;
	switch (kind) {
	case HMS_KIND_ARRAY: return decode_array(build, rtype);
	case HMS_KIND_CHAN: return decode_chan(build, rtype);
	case HMS_KIND_FUNC: return decode_func(build, rtype);
	case HMS_KIND_INTERFACE: return decode_interface(build, rtype);
	case HMS_KIND_MAP: return hms_rtype_decode_map(build, rtype);
	case HMS_KIND_POINTER: return decode_elem(build, rtype, HMS_F_PTRTYPE, HMS_F_PTRTYPE_ELEM);
	case HMS_KIND_SLICE:
		return decode_elem(build, rtype, HMS_F_SLICETYPE, HMS_F_SLICETYPE_ELEM);
	case HMS_KIND_STRING: return decode_string(build, rtype);
	case HMS_KIND_STRUCT: return decode_struct(build, rtype);
	default: return true;
	}
}
