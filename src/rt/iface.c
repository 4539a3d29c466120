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

bool hms_rt_is_direct(const struct hms_type *type)
{
	for (int i = 0; type && i < MAX_NESTING; i++) {
		switch (type->kind) {
		case HMS_KIND_POINTER:
		case HMS_KIND_MAP:
		case HMS_KIND_CHAN:
		case HMS_KIND_FUNC:
		case HMS_KIND_UNSAFE_POINTER: return true;
		case HMS_KIND_ARRAY:
			if (type->count != 1)
				return false;
			type = type->elem;
			break;
		case HMS_KIND_STRUCT:
			if (type->nmembers != 1)
				return false;
			type = type->members[0].type;
			break;
		default: return false;
		}
	}
	return false;
}
