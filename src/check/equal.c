/* src/runtime/alg.go (efaceeq, ifaceeq, strequal), and the compiler's field by field. */
#include "check/equal.h"

#include <string.h>

#include "util/compiler.h"

#define MAX_DEPTH 16

static enum check_equality same_bytes(const uint8_t *a, const uint8_t *b, uint64_t len)
{
	return memcmp(a, b, len) == 0 ? CHECK_EQUAL : CHECK_DIFFERS;
}

static enum check_equality equal_memory(const struct hms_rt *rt, uint64_t a, uint64_t b,
					uint64_t len)
{
	const uint8_t *pa, *pb;

	if (a == b || !len)
		return CHECK_EQUAL;
	pa = hms_mem_peek(rt->mem, a, len);
	pb = hms_mem_peek(rt->mem, b, len);
	return pa && pb ? same_bytes(pa, pb, len) : CHECK_CANNOT_TELL;
}

static enum check_equality equal_floats(uint64_t size, const uint8_t *a, const uint8_t *b)
{
	float f[2];
	double d[2];

	if (size == 4) {
		memcpy(&f[0], a, 4);
		memcpy(&f[1], b, 4);
		return f[0] == f[1] ? CHECK_EQUAL : CHECK_DIFFERS;
	}
	memcpy(&d[0], a, 8);
	memcpy(&d[1], b, 8);
	return d[0] == d[1] ? CHECK_EQUAL : CHECK_DIFFERS;
}

static enum check_equality equal(const struct hms_rt *rt, const struct hms_type *type,
				 const uint8_t *a, const uint8_t *b, unsigned int depth);

static enum check_equality equal_ifaces(const struct hms_rt *rt, const struct hms_type *type,
					const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	const struct hms_type *dynamic;
	const uint8_t *pa, *pb;

	if (hms_le64(a) != hms_le64(b))
		return CHECK_DIFFERS;
	if (!hms_le64(a))
		return CHECK_EQUAL;
	dynamic = hms_rt_dynamic_type(rt, type, hms_le64(a));
	if (!dynamic)
		return CHECK_CANNOT_TELL;
	if (hms_rt_is_direct(rt, dynamic))
		return same_bytes(a + 8, b + 8, 8);
	pa = hms_mem_peek(rt->mem, hms_le64(a + 8), dynamic->size);
	pb = hms_mem_peek(rt->mem, hms_le64(b + 8), dynamic->size);
	return pa && pb ? equal(rt, dynamic, pa, pb, depth + 1) : CHECK_CANNOT_TELL;
}

/* Fields named _ are not compared. */
static enum check_equality equal_structs(const struct hms_rt *rt, const struct hms_type *type,
					 const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	enum check_equality result = CHECK_EQUAL;

	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];
		enum check_equality e;

		if (!m->type || m->off > type->size || m->type->size > type->size - m->off)
			return CHECK_CANNOT_TELL;
		if (m->name && strcmp(m->name, "_") == 0)
			continue;
		e = equal(rt, m->type, a + m->off, b + m->off, depth + 1);
		if (e == CHECK_DIFFERS)
			return e;
		if (e == CHECK_CANNOT_TELL)
			result = e;
	}
	return result;
}

static enum check_equality equal_arrays(const struct hms_rt *rt, const struct hms_type *type,
					const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	enum check_equality result = CHECK_EQUAL;
	uint64_t each = type->elem ? type->elem->size : 0;

	if (!type->elem || (each && type->count > type->size / each))
		return CHECK_CANNOT_TELL;
	for (uint64_t i = 0; each && i < type->count; i++) {
		enum check_equality e =
			equal(rt, type->elem, a + i * each, b + i * each, depth + 1);

		if (e == CHECK_DIFFERS)
			return e;
		if (e == CHECK_CANNOT_TELL)
			result = e;
	}
	return result;
}

static enum check_equality equal(const struct hms_rt *rt, const struct hms_type *type,
				 const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	if (depth > MAX_DEPTH)
		return CHECK_CANNOT_TELL;
	switch (type->kind) {
	case HMS_KIND_FLOAT32:
	case HMS_KIND_FLOAT64: return equal_floats(type->size, a, b);
	case HMS_KIND_COMPLEX64:
	case HMS_KIND_COMPLEX128:
		if (equal_floats(type->size / 2, a, b) == CHECK_DIFFERS)
			return CHECK_DIFFERS;
		return equal_floats(type->size / 2, a + type->size / 2, b + type->size / 2);
	case HMS_KIND_STRING:
		if (hms_le64(a + 8) != hms_le64(b + 8))
			return CHECK_DIFFERS;
		return equal_memory(rt, hms_le64(a), hms_le64(b), hms_le64(a + 8));
	case HMS_KIND_INTERFACE: return equal_ifaces(rt, type, a, b, depth);
	case HMS_KIND_STRUCT: return equal_structs(rt, type, a, b, depth);
	case HMS_KIND_ARRAY: return equal_arrays(rt, type, a, b, depth);
	case HMS_KIND_NONE: return CHECK_CANNOT_TELL;
	default: return same_bytes(a, b, type->size);
	}
}

enum check_equality check_equal(const struct hms_rt *rt, const struct hms_type *type,
				const uint8_t *a, const uint8_t *b)
{
	return equal(rt, type, a, b, 0);
}
