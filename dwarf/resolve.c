/*
 * From raw records to Go types (src/cmd/link/internal/ld/dwarf.go, newtype and dotypedef):
 *
 * - Each named type but a map, channel or base type is a DIE of its shape plus a typedef of the
 *   same name, and references go to the typedef: both are one hms_type.
 * - Maps, channels and interfaces are typedefs with a go_kind, of what they are made of.
 * - Pointers have no size; those without a kind were made by the linker, and one without a
 *   target is an unsafe.Pointer.
 * - The structs behind maps and channels have kind 0 up to Go 1.23.
 *
 * What leaves here can be relied on: members lie within their type, an array's elements within
 * the array, values of a fixed-size kind have that size, maps have key and element.  A type that
 * breaks this has kind NONE.
 */
#include "dwarf/types.h"

#include <assert.h>
#include <string.h>

/* Typedefs of typedefs, qualifiers included; C nests a few, Go two. */
#define MAX_TYPEDEFS 64

/* ---- finding records ---------------------------------------------------------------------- */

/* Records are sorted by DIE offset: buckets[o >> BUCKET_SHIFT] is the first one at or after. */
#define BUCKET_SHIFT 7

static void index_records(struct reader *reader)
{
	size_t record = 0;

	if (!reader->ntypes)
		return;
	reader->nbuckets = (reader->types[reader->ntypes - 1].off >> BUCKET_SHIFT) + 1;
	reader->buckets = hms_xcalloc(reader->nbuckets, sizeof(*reader->buckets));
	for (size_t i = 0; i < reader->nbuckets; i++) {
		while (reader->types[record].off >> BUCKET_SHIFT < i)
			record++;
		reader->buckets[i] = (uint32_t)record;
	}
}

static struct raw_type *find_record(const struct reader *reader, uint64_t off)
{
	if (off >> BUCKET_SHIFT >= reader->nbuckets)
		return NULL;
	for (size_t i = reader->buckets[off >> BUCKET_SHIFT];
	     i < reader->ntypes && reader->types[i].off <= off; i++) {
		if (reader->types[i].off == off)
			return &reader->types[i];
	}
	return NULL;
}

static bool is_qualifier(const struct raw_type *raw)
{
	return raw->tag == DW_TAG_const_type || raw->tag == DW_TAG_volatile_type ||
	       raw->tag == DW_TAG_restrict_type || raw->tag == DW_TAG_atomic_type;
}

static bool is_plain_typedef(const struct raw_type *raw)
{
	return raw->tag == DW_TAG_typedef && raw->go_kind == HMS_KIND_NONE;
}

/* A DIE that is no type of its own: Go's second name for a named type, C's const, and a generic
 * function's parameter, whose real type only its dictionary knows. */
static bool is_alias(const struct reader *reader, const struct raw_type *raw)
{
	const struct raw_type *target;

	if (is_qualifier(raw))
		return true;
	if (!is_plain_typedef(raw))
		return false;
	if (raw->dict_index >= 0)
		return true;
	target = find_record(reader, raw->ref);
	return target && strcmp(raw->name, target->name) == 0;
}

static struct hms_type *type_of(const struct reader *reader, uint64_t ref)
{
	const struct raw_type *raw = find_record(reader, ref);

	return raw ? raw->type : reader->unknown;
}

/* The record that says what a typedef is; NULL where the chain leads nowhere or in circles. */
static const struct raw_type *strip_typedefs(const struct reader *reader,
					     const struct raw_type *raw)
{
	for (int i = 0; raw && i < MAX_TYPEDEFS; i++) {
		if (!is_plain_typedef(raw) && !is_qualifier(raw))
			return raw;
		raw = find_record(reader, raw->ref);
	}
	return NULL;
}

/* ---- kinds -------------------------------------------------------------------------------- */

static enum hms_kind integer_kind(uint64_t size, bool is_signed)
{
	switch (size) {
	case 1: return is_signed ? HMS_KIND_INT8 : HMS_KIND_UINT8;
	case 2: return is_signed ? HMS_KIND_INT16 : HMS_KIND_UINT16;
	case 4: return is_signed ? HMS_KIND_INT32 : HMS_KIND_UINT32;
	case 8: return is_signed ? HMS_KIND_INT64 : HMS_KIND_UINT64;
	default: return HMS_KIND_NONE;
	}
}

static enum hms_kind encoded_kind(const struct raw_type *raw)
{
	switch (raw->encoding) {
	case DW_ATE_boolean: return HMS_KIND_BOOL;
	case DW_ATE_float:
		return raw->size == 4   ? HMS_KIND_FLOAT32
		       : raw->size == 8 ? HMS_KIND_FLOAT64
					: HMS_KIND_NONE;
	case DW_ATE_complex_float:
		return raw->size == 8    ? HMS_KIND_COMPLEX64
		       : raw->size == 16 ? HMS_KIND_COMPLEX128
					 : HMS_KIND_NONE;
	case DW_ATE_signed:
	case DW_ATE_signed_char: return integer_kind(raw->size, true);
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char: return integer_kind(raw->size, false);
	default: return HMS_KIND_NONE;
	}
}

/* The kinds that a DIE of this tag can have. */
static bool kind_fits_tag(enum hms_kind kind, Dwarf_Half tag)
{
	switch (tag) {
	case DW_TAG_base_type: return kind >= HMS_KIND_BOOL && kind <= HMS_KIND_COMPLEX128;
	case DW_TAG_array_type: return kind == HMS_KIND_ARRAY;
	case DW_TAG_pointer_type:
		return kind == HMS_KIND_POINTER || kind == HMS_KIND_UNSAFE_POINTER;
	case DW_TAG_structure_type:
		return kind == HMS_KIND_STRUCT || kind == HMS_KIND_STRING || kind == HMS_KIND_SLICE;
	case DW_TAG_subroutine_type: return kind == HMS_KIND_FUNC;
	case DW_TAG_typedef:
		return kind == HMS_KIND_MAP || kind == HMS_KIND_CHAN || kind == HMS_KIND_INTERFACE;
	default: return false;
	}
}

static enum hms_kind tag_kind(const struct raw_type *raw)
{
	switch (raw->tag) {
	case DW_TAG_base_type: return encoded_kind(raw);
	case DW_TAG_enumeration_type: return integer_kind(raw->size, true);
	case DW_TAG_array_type: return HMS_KIND_ARRAY;
	case DW_TAG_pointer_type:
		if (raw->is_go && raw->ref == NO_REF)
			return HMS_KIND_UNSAFE_POINTER;
		return HMS_KIND_POINTER;
	case DW_TAG_reference_type: return HMS_KIND_POINTER;
	case DW_TAG_structure_type: return HMS_KIND_STRUCT;
	default: return HMS_KIND_NONE;
	}
}

static enum hms_kind record_kind(const struct raw_type *raw)
{
	enum hms_kind kind = (enum hms_kind)raw->go_kind;

	if (kind == HMS_KIND_NONE)
		return tag_kind(raw);
	return kind_fits_tag(kind, raw->tag) ? kind : HMS_KIND_NONE;
}

/* On the 64-bit machines that Go calls amd64 and arm64; 0: any. */
static uint64_t kind_size(enum hms_kind kind)
{
	switch (kind) {
	case HMS_KIND_BOOL:
	case HMS_KIND_INT8:
	case HMS_KIND_UINT8: return 1;
	case HMS_KIND_INT16:
	case HMS_KIND_UINT16: return 2;
	case HMS_KIND_INT32:
	case HMS_KIND_UINT32:
	case HMS_KIND_FLOAT32: return 4;
	case HMS_KIND_INT:
	case HMS_KIND_INT64:
	case HMS_KIND_UINT:
	case HMS_KIND_UINT64:
	case HMS_KIND_UINTPTR:
	case HMS_KIND_FLOAT64:
	case HMS_KIND_COMPLEX64:
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
	case HMS_KIND_MAP:
	case HMS_KIND_POINTER:
	case HMS_KIND_UNSAFE_POINTER: return 8;
	case HMS_KIND_COMPLEX128:
	case HMS_KIND_INTERFACE:
	case HMS_KIND_STRING: return 16;
	case HMS_KIND_SLICE: return 24;
	default: return 0;
	}
}

/* ---- filling ------------------------------------------------------------------------------ */

static void fill_members(const struct reader *reader, const struct raw_type *raw)
{
	struct hms_member *members;

	if (!raw->nmembers)
		return;
	members = hms_arena_alloc(reader->arena, raw->nmembers * sizeof(*members));
	for (uint32_t i = 0; i < raw->nmembers; i++) {
		const struct raw_member *from = &reader->members[raw->first_member + i];

		members[i].name = from->name;
		members[i].type = type_of(reader, from->ref);
		members[i].off = from->off;
		members[i].embedded = from->embedded;
	}
	raw->type->members = members;
	raw->type->nmembers = raw->nmembers;
}

/* "typedef map[K]V -> pointer -> hash<K,V>", and channels alike. */
static const struct hms_type *repr_of(const struct reader *reader, const struct raw_type *raw)
{
	const struct raw_type *pointer = strip_typedefs(reader, find_record(reader, raw->ref));
	const struct raw_type *target;

	if (!pointer || pointer->tag != DW_TAG_pointer_type)
		return NULL;
	target = find_record(reader, pointer->ref);
	return target ? target->type : NULL;
}

static void fill_references(const struct reader *reader, const struct raw_type *raw)
{
	struct hms_type *type = raw->type;

	switch (type->kind) {
	case HMS_KIND_ARRAY:
		type->elem = type_of(reader, raw->ref);
		type->count = raw->count;
		break;
	case HMS_KIND_POINTER:
		type->elem = raw->ref == NO_REF ? NULL : type_of(reader, raw->ref);
		break;
	case HMS_KIND_SLICE: type->elem = type_of(reader, raw->elem); break;
	case HMS_KIND_CHAN:
		type->elem = type_of(reader, raw->elem);
		type->repr = repr_of(reader, raw);
		break;
	case HMS_KIND_MAP:
		type->key = type_of(reader, raw->key);
		type->elem = type_of(reader, raw->elem);
		type->repr = repr_of(reader, raw);
		break;
	default: break;
	}
}

static void fill_type(const struct reader *reader, const struct raw_type *raw)
{
	struct hms_type *type = raw->type;

	type->name = raw->name;
	type->kind = record_kind(raw);
	type->rt_off = raw->rt_off;
	type->size = raw->has_size ? raw->size : kind_size(type->kind);
	if (kind_size(type->kind) && type->size != kind_size(type->kind))
		type->kind = HMS_KIND_NONE;
	if (type->kind == HMS_KIND_MAP &&
	    (!find_record(reader, raw->key) || !find_record(reader, raw->elem)))
		type->kind = HMS_KIND_NONE;
	fill_references(reader, raw);
	fill_members(reader, raw);
}

/* A typedef that is a type of its own takes over what the type under it is.  The latter is
 * filled already, and no such typedef itself. */
static void fill_typedef(const struct reader *reader, const struct raw_type *raw)
{
	const struct raw_type *under = strip_typedefs(reader, find_record(reader, raw->ref));
	struct hms_type *type = raw->type;
	const struct hms_type *from;

	if (type->kind == HMS_KIND_INTERFACE) {
		if (!under)
			return;
		type->members = under->type->members;
		type->nmembers = under->type->nmembers;
		type->iface = strcmp(under->name, "runtime.iface") == 0;
		return;
	}
	if (!is_plain_typedef(raw) || !under)
		return;
	from = under->type;
	type->kind = from->kind;
	type->iface = from->iface;
	type->size = from->size;
	type->count = from->count;
	type->elem = from->elem;
	type->key = from->key;
	type->repr = from->repr;
	type->members = from->members;
	type->nmembers = from->nmembers;
}

/* ---- making it hold ----------------------------------------------------------------------- */

/* C arrays don't say their size.  Arrays of arrays get theirs in later rounds. */
#define ARRAY_ROUNDS 4

static void size_array(struct hms_type *type)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(type->count, type->elem->size, &bytes) ||
	    (type->size && bytes > type->size))
		type->kind = HMS_KIND_NONE;
	else if (!type->size)
		type->size = bytes;
}

static void size_arrays(const struct reader *reader)
{
	for (int round = 0; round < ARRAY_ROUNDS; round++) {
		for (size_t i = 0; i < reader->ntypes; i++) {
			if (reader->types[i].type->kind == HMS_KIND_ARRAY)
				size_array(reader->types[i].type);
		}
	}
}

static bool members_fit(const struct hms_type *type)
{
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *member = &type->members[i];

		if (member->off > type->size || member->type->size > type->size - member->off)
			return false;
	}
	return true;
}

static void check_type(struct hms_type *type)
{
	if (!members_fit(type)) {
		type->kind = HMS_KIND_NONE;
		type->members = NULL;
		type->nmembers = 0;
	}
	if (type->kind == HMS_KIND_NONE) {
		type->elem = NULL;
		type->key = NULL;
		type->repr = NULL;
		type->count = 0;
	}
}

/* Up to Go 1.22, uintptr alone carries the address of its type descriptor, not the offset: it
 * then lies far beyond all offsets, by the size of the code at least. */
static void drop_absolute_uintptr(const struct reader *reader)
{
	uint64_t max = 0;

	for (size_t i = 0; i < reader->ntypes; i++) {
		const struct hms_type *type = reader->types[i].type;

		if (type->kind != HMS_KIND_UINTPTR && type->rt_off > max)
			max = type->rt_off;
	}
	for (size_t i = 0; i < reader->ntypes; i++) {
		struct hms_type *type = reader->types[i].type;

		if (type->kind == HMS_KIND_UINTPTR && type->rt_off > max &&
		    type->rt_off - max > 0x10000)
			type->rt_off = 0;
	}
}

/* ---- all of it ---------------------------------------------------------------------------- */

/* Each record gets its type; aliases that of their target. */
static void assign_types(struct reader *reader)
{
	struct raw_type *raw, *target;

	for (size_t i = 0; i < reader->ntypes; i++) {
		raw = &reader->types[i];
		raw->alias = is_alias(reader, raw);
		if (!raw->alias)
			raw->type = hms_graph_add_type(reader->graph);
	}
	for (size_t i = 0; i < reader->ntypes; i++) {
		raw = target = &reader->types[i];
		for (int k = 0; target && !target->type && k < MAX_TYPEDEFS; k++)
			target = find_record(reader, target->ref);
		raw->type = target && target->type ? target->type : reader->unknown;
	}
}

static void add_variables(const struct reader *reader)
{
	for (size_t i = 0; i < reader->nvariables; i++) {
		const struct raw_variable *raw = &reader->variables[i];

		hms_graph_add_variable(reader->graph, raw->name, raw->addr,
				       type_of(reader, raw->ref));
	}
}

/* Variables of functions are read later, and refer to types by offset. */
static void keep_offsets(const struct reader *reader)
{
	struct hms_dwarf *dwarf = reader->dwarf;

	free(dwarf->types);
	dwarf->types = hms_xcalloc(reader->ntypes, sizeof(*dwarf->types));
	dwarf->ntypes = reader->ntypes;
	dwarf->unknown = reader->unknown;
	for (size_t i = 0; i < reader->ntypes; i++) {
		const struct raw_type *raw = &reader->types[i];

		dwarf->types[i] = (struct type_ref){raw->off, raw->type, raw->dict_index};
	}
}

const struct hms_type *find_type(const struct hms_dwarf *dwarf, uint64_t off,
				 int32_t *dict_index_ret)
{
	size_t low = 0, high = dwarf->ntypes;

	*dict_index_ret = -1;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (dwarf->types[mid].off < off)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == dwarf->ntypes || dwarf->types[low].off != off)
		return dwarf->unknown;
	*dict_index_ret = dwarf->types[low].dict_index;
	return dwarf->types[low].type;
}

void resolve_types(struct reader *reader)
{
	assert(reader->ntypes < UINT32_MAX);
	reader->unknown = hms_graph_add_type(reader->graph);
	index_records(reader);
	assign_types(reader);
	for (size_t i = 0; i < reader->ntypes; i++) {
		if (!reader->types[i].alias)
			fill_type(reader, &reader->types[i]);
	}
	for (size_t i = 0; i < reader->ntypes; i++) {
		if (!reader->types[i].alias && reader->types[i].tag == DW_TAG_typedef)
			fill_typedef(reader, &reader->types[i]);
	}
	size_arrays(reader);
	for (size_t i = 0; i < reader->ntypes; i++)
		check_type(reader->types[i].type);
	drop_absolute_uintptr(reader);
	add_variables(reader);
	keep_offsets(reader);
	free(reader->buckets);
}
