/* Interface values: src/runtime/runtime2.go (iface, eface, itab). */
#include "rt/rt.h"

#define MAX_NESTING 64

const struct hms_type *hms_rt_dynamic_type(const struct hms_rt *rt, const struct hms_type *iface,
					   uint64_t word)
{
	uint64_t rtype = word;
	const uint8_t *p;

	if (!word)
		return NULL;
	if (iface->iface) {
		if (!hms_layout_has(&rt->layout, HMS_F_ITAB_TYPE))
			return NULL;
		p = hms_mem_peek(rt->mem, word + hms_layout_off(&rt->layout, HMS_F_ITAB_TYPE), 8);
		if (!p)
			return NULL;
		rtype = hms_le64(p);
	}
	return hms_rt_type_at(rt, rtype);
}

/* ---- values stored in an interface itself --------------------------------------------------- */

static bool is_pointer(const struct hms_type *type)
{
	return type->kind == HMS_KIND_POINTER || type->kind == HMS_KIND_CHAN ||
	       type->kind == HMS_KIND_MAP || type->kind == HMS_KIND_FUNC ||
	       type->kind == HMS_KIND_UNSAFE_POINTER;
}

/* The only member or element of @type with a size; NULL: none, or several. */
static const struct hms_type *only_part(const struct hms_type *type)
{
	const struct hms_type *ret = NULL;

	if (type->kind == HMS_KIND_ARRAY)
		return type->count == 1 ? type->elem : NULL;
	for (uint32_t i = 0; type->kind == HMS_KIND_STRUCT && i < type->nmembers; i++) {
		const struct hms_type *part = type->members[i].type;

		if (!part || (part->size && ret))
			return NULL;
		if (part->size)
			ret = part;
	}
	return ret;
}

bool hms_type_is_direct(const struct hms_type *type, bool by_size)
{
	for (int i = 0; type && i < MAX_NESTING; i++) {
		if (is_pointer(type))
			return true;
		if (type->size != 8)
			return false;
		if (type->kind == HMS_KIND_STRUCT && type->nmembers != 1 && !by_size)
			return false;
		type = only_part(type);
	}
	return false;
}

bool hms_rt_is_direct(const struct hms_rt *rt, const struct hms_type *type)
{
	return hms_type_is_direct(type, rt->direct_by_size);
}
