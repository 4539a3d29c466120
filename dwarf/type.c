/*
 * Reading types: one pass over the DIEs directly below each unit.  Function bodies, constants
 * and whatever else there is are stepped over.
 */
#include "dwarf/types.h"

#include <string.h>

static const char *copy_string(struct reader *reader, Dwarf_Attribute attr)
{
	const char *s = attr_string(reader->dwarf, attr);

	return s ? hms_arena_strdup(reader->arena, s) : "";
}

/* ---- children of types -------------------------------------------------------------------- */

/* DWARF 2 wrote a member's place as an expression that adds to the structure's address. */
static uint64_t member_offset(struct hms_dwarf *dwarf, Dwarf_Attribute attr)
{
	const uint8_t *p;
	uint64_t off = 0;
	size_t len;

	if (attr_unsigned(dwarf, attr, &off))
		return off;
	if (attr_block(dwarf, attr, &p, &len) && len > 1 && *p == DW_OP_plus_uconst) {
		const uint8_t *end = p + len;

		p++;
		read_uleb(&p, end, &off);
	}
	return off;
}

static struct hms_error *read_member(struct reader *reader, const struct children *it)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	struct raw_member member = {.name = "", .ref = NO_REF};
	struct hms_dwarf *dwarf = reader->dwarf;
	Dwarf_Error err = NULL;
	Dwarf_Half name;

	HMS_TRY(attrs_read(dwarf, it->die, &attrs));
	for (Dwarf_Signed i = 0; i < attrs.n; i++) {
		Dwarf_Attribute attr = attrs.list[i];

		if (dwarf_whatattr(attr, &name, &err) != DW_DLV_OK)
			return dwarf_error(dwarf, err, "cannot read a member");
		switch (name) {
		case DW_AT_name: member.name = copy_string(reader, attr); break;
		case DW_AT_type: attr_ref(dwarf, attr, &member.ref); break;
		case DW_AT_data_member_location: member.off = member_offset(dwarf, attr); break;
		case DW_AT_go_embedded_field: member.embedded = attr_flag(dwarf, attr); break;
		default: break;
		}
	}
	HMS_GROW(reader->members, reader->nmembers, reader->members_cap);
	reader->members[reader->nmembers++] = member;
	return NULL;
}

static struct hms_error *read_members(struct reader *reader, Dwarf_Die die, struct raw_type *type)
{
	HMS_CLEANUP(children_deinit) struct children it = CHILDREN_INIT(reader->dwarf);
	struct hms_error *err;

	type->first_member = (uint32_t)reader->nmembers;
	for (err = children_first(&it, die); !err && it.die; err = children_next(&it)) {
		if (it.tag == DW_TAG_member)
			HMS_TRY(read_member(reader, &it));
	}
	if (!err && reader->nmembers > UINT32_MAX)
		return hms_err(HMS_ERR_LIMIT, "too many members");
	type->nmembers = (uint32_t)(reader->nmembers - type->first_member);
	return err;
}

/* Go has one subrange with a count, C one a dimension, with a count or an upper bound. */
static struct hms_error *read_subrange(struct hms_dwarf *dwarf, Dwarf_Die die, uint64_t *count)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	Dwarf_Attribute attr;
	uint64_t n = 0, last;

	HMS_TRY(attrs_read(dwarf, die, &attrs));
	if ((attr = attrs_find(&attrs, DW_AT_count)))
		attr_unsigned(dwarf, attr, &n);
	else if ((attr = attrs_find(&attrs, DW_AT_upper_bound)) &&
		 attr_unsigned(dwarf, attr, &last) && last != UINT64_MAX)
		n = last + 1;
	if (__builtin_mul_overflow(*count, n, count))
		*count = 0;
	return NULL;
}

static struct hms_error *read_count(struct reader *reader, Dwarf_Die die, struct raw_type *type)
{
	HMS_CLEANUP(children_deinit) struct children it = CHILDREN_INIT(reader->dwarf);
	struct hms_error *err;
	bool any = false;

	type->count = 1;
	for (err = children_first(&it, die); !err && it.die; err = children_next(&it)) {
		if (it.tag != DW_TAG_subrange_type)
			continue;
		any = true;
		HMS_TRY(read_subrange(reader->dwarf, it.die, &type->count));
	}
	if (!any)
		type->count = 0;
	return err;
}

/* ---- types -------------------------------------------------------------------------------- */

static uint8_t attr_small(struct hms_dwarf *dwarf, Dwarf_Attribute attr)
{
	uint64_t value = 0;

	attr_unsigned(dwarf, attr, &value);
	return value <= UINT8_MAX ? (uint8_t)value : 0;
}

static int32_t dict_index(struct hms_dwarf *dwarf, Dwarf_Attribute attr)
{
	uint64_t value;

	return attr_unsigned(dwarf, attr, &value) && value <= INT32_MAX ? (int32_t)value : -1;
}

static struct hms_error *read_type_attrs(struct reader *reader, Dwarf_Die die,
					 struct raw_type *type)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	struct hms_dwarf *dwarf = reader->dwarf;
	Dwarf_Error err = NULL;
	Dwarf_Half name;

	HMS_TRY(attrs_read(dwarf, die, &attrs));
	for (Dwarf_Signed i = 0; i < attrs.n; i++) {
		Dwarf_Attribute attr = attrs.list[i];

		if (dwarf_whatattr(attr, &name, &err) != DW_DLV_OK)
			return dwarf_error(dwarf, err, "cannot read a type");
		switch (name) {
		case DW_AT_name: type->name = copy_string(reader, attr); break;
		case DW_AT_type: attr_ref(dwarf, attr, &type->ref); break;
		case DW_AT_byte_size:
			type->has_size = attr_unsigned(dwarf, attr, &type->size);
			break;
		case DW_AT_encoding: type->encoding = attr_small(dwarf, attr); break;
		case DW_AT_go_kind: type->go_kind = attr_small(dwarf, attr); break;
		case DW_AT_go_key: attr_ref(dwarf, attr, &type->key); break;
		case DW_AT_go_elem: attr_ref(dwarf, attr, &type->elem); break;
		case DW_AT_go_runtime_type: attr_unsigned(dwarf, attr, &type->rt_off); break;
		case DW_AT_go_dict_index: type->dict_index = dict_index(dwarf, attr); break;
		default: break;
		}
	}
	return NULL;
}

static struct hms_error *read_type(struct reader *reader, const struct children *it)
{
	struct raw_type type = {
		.off = it->off,
		.tag = it->tag,
		.name = "",
		.ref = NO_REF,
		.key = NO_REF,
		.elem = NO_REF,
		.dict_index = -1,
		.is_go = (reader->unit->flags & HMS_PRODUCER_GO) != 0,
	};

	HMS_TRY(read_type_attrs(reader, it->die, &type));
	if (it->tag == DW_TAG_structure_type || it->tag == DW_TAG_class_type ||
	    it->tag == DW_TAG_union_type)
		HMS_TRY(read_members(reader, it->die, &type));
	else if (it->tag == DW_TAG_array_type)
		HMS_TRY(read_count(reader, it->die, &type));
	/* Units come in file order; look-ups rest on it. */
	if (reader->ntypes && reader->types[reader->ntypes - 1].off >= type.off)
		return hms_err(HMS_ERR_FORMAT, "debug entries are out of order");
	HMS_GROW(reader->types, reader->ntypes, reader->types_cap);
	reader->types[reader->ntypes++] = type;
	return NULL;
}

static struct hms_error *read_die(struct reader *reader, const struct children *it)
{
	switch (it->tag) {
	case DW_TAG_base_type:
	case DW_TAG_array_type:
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
	case DW_TAG_unspecified_type: return read_type(reader, it);
	case DW_TAG_variable: return read_variable(reader, it);
	default: return NULL;
	}
}

struct hms_error *read_unit(struct reader *reader)
{
	HMS_CLEANUP(children_deinit) struct children it = CHILDREN_INIT(reader->dwarf);
	AUTO_DIE Dwarf_Die die = NULL;
	struct hms_error *err;

	HMS_TRY(die_at(reader->dwarf, reader->unit->die_off, &die));
	for (err = children_first(&it, die); !err && it.die; err = children_next(&it))
		HMS_TRY(read_die(reader, &it));
	return err;
}
