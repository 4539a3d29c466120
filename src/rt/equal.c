/* src/runtime/alg.go (efaceeq, ifaceeq, strequal), and the compiler's field by field. */
#include "rt/equal.h"

#include <string.h>

#include "util/compiler.h"

#define MAX_DEPTH 16

/* Where values are from. */
struct sides {
	const struct hms_rt *rt;
	const struct hms_literal *literal; /* what a refers to; NULL: it is the process's own */
};

static enum hms_equality same_bytes(const uint8_t *a, const uint8_t *b, uint64_t len)
{
	return memcmp(a, b, len) == 0 ? HMS_EQUAL : HMS_DIFFERS;
}

static size_t run_a(const struct sides *sides, uint64_t addr, const uint8_t **ret)
{
	size_t n = sides->literal ? hms_literal_run(sides->literal, addr, ret) : 0;

	return n ? n : hms_mem_run(sides->rt->mem, addr, ret);
}

/* Both may lie in several pieces. */
static enum hms_equality equal_memory(const struct sides *sides, uint64_t a, uint64_t b,
				      uint64_t len)
{
	enum hms_equality result = HMS_EQUAL;

	if (a == b)
		return HMS_EQUAL;
	while (len && result == HMS_EQUAL) {
		const uint8_t *pa, *pb;
		uint64_t n = run_a(sides, a, &pa);

		n = HMS_MIN(n, (uint64_t)hms_mem_run(sides->rt->mem, b, &pb));
		n = HMS_MIN(n, len);
		if (!n)
			return HMS_CANNOT_TELL;
		result = same_bytes(pa, pb, n);
		a += n;
		b += n;
		len -= n;
	}
	return result;
}

static enum hms_equality equal_floats(uint64_t size, const uint8_t *a, const uint8_t *b)
{
	float f[2];
	double d[2];

	if (size == 4) {
		memcpy(&f[0], a, 4);
		memcpy(&f[1], b, 4);
		return f[0] == f[1] ? HMS_EQUAL : HMS_DIFFERS;
	}
	memcpy(&d[0], a, 8);
	memcpy(&d[1], b, 8);
	return d[0] == d[1] ? HMS_EQUAL : HMS_DIFFERS;
}

static enum hms_equality equal(const struct sides *sides, const struct hms_type *type,
			       const uint8_t *a, const uint8_t *b, unsigned int depth);

/* What an interface holds. */
static const struct hms_type *dynamic_type(const struct sides *sides, const struct hms_type *type,
					   uint64_t word, bool a)
{
	const struct hms_type *ret = NULL;

	if (a && sides->literal)
		ret = hms_literal_dynamic_type(sides->literal, word);
	return ret ? ret : hms_rt_dynamic_type(sides->rt, type, word);
}

/* The process has one descriptor a type, and so one word; a literal has words of its own. */
static enum hms_equality equal_types(const struct sides *sides, const struct hms_type *type,
				     const uint8_t *a, const uint8_t *b,
				     const struct hms_type **ret)
{
	const struct hms_type *of_a;

	if (!sides->literal && hms_le64(a) != hms_le64(b))
		return HMS_DIFFERS;
	*ret = dynamic_type(sides, type, hms_le64(b), false);
	if (!*ret)
		return HMS_CANNOT_TELL;
	of_a = dynamic_type(sides, type, hms_le64(a), true);
	return of_a == *ret || (of_a && of_a->rt_off && of_a->rt_off == (*ret)->rt_off)
		       ? HMS_EQUAL
		       : HMS_DIFFERS;
}

static enum hms_equality equal_held(const struct sides *sides, const struct hms_type *type,
				    uint64_t a, uint64_t b, unsigned int depth)
{
	const uint8_t *pa = NULL, *pb;

	if (!type->size)
		return HMS_EQUAL;
	if (run_a(sides, a, &pa) < type->size)
		return HMS_CANNOT_TELL;
	pb = hms_mem_peek(sides->rt->mem, b, type->size);
	return pb ? equal(sides, type, pa, pb, depth + 1) : HMS_CANNOT_TELL;
}

static enum hms_equality equal_ifaces(const struct sides *sides, const struct hms_type *type,
				      const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	const struct hms_type *dynamic = NULL;
	enum hms_equality result;

	if (!hms_le64(a) || !hms_le64(b))
		return hms_le64(a) == hms_le64(b) ? HMS_EQUAL : HMS_DIFFERS;
	result = equal_types(sides, type, a, b, &dynamic);
	if (result != HMS_EQUAL)
		return result;
	if (hms_rt_is_direct(sides->rt, dynamic))
		return same_bytes(a + 8, b + 8, 8);
	return equal_held(sides, dynamic, hms_le64(a + 8), hms_le64(b + 8), depth);
}

/* Fields named _ are not compared. */
static enum hms_equality equal_structs(const struct sides *sides, const struct hms_type *type,
				       const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	enum hms_equality result = HMS_EQUAL;

	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];
		enum hms_equality e;

		if (!m->type || m->off > type->size || m->type->size > type->size - m->off)
			return HMS_CANNOT_TELL;
		if (m->name && strcmp(m->name, "_") == 0)
			continue;
		e = equal(sides, m->type, a + m->off, b + m->off, depth + 1);
		if (e == HMS_DIFFERS)
			return e;
		if (e == HMS_CANNOT_TELL)
			result = e;
	}
	return result;
}

static enum hms_equality equal_arrays(const struct sides *sides, const struct hms_type *type,
				      const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	enum hms_equality result = HMS_EQUAL;
	uint64_t each = type->elem ? type->elem->size : 0;

	if (!type->elem || (each && type->count > type->size / each))
		return HMS_CANNOT_TELL;
	for (uint64_t i = 0; each && i < type->count; i++) {
		enum hms_equality e =
			equal(sides, type->elem, a + i * each, b + i * each, depth + 1);

		if (e == HMS_DIFFERS)
			return e;
		if (e == HMS_CANNOT_TELL)
			result = e;
	}
	return result;
}

static enum hms_equality equal(const struct sides *sides, const struct hms_type *type,
			       const uint8_t *a, const uint8_t *b, unsigned int depth)
{
	if (depth > MAX_DEPTH)
		return HMS_CANNOT_TELL;
	switch (type->kind) {
	case HMS_KIND_FLOAT32:
	case HMS_KIND_FLOAT64: return equal_floats(type->size, a, b);
	case HMS_KIND_COMPLEX64:
	case HMS_KIND_COMPLEX128:
		if (equal_floats(type->size / 2, a, b) == HMS_DIFFERS)
			return HMS_DIFFERS;
		return equal_floats(type->size / 2, a + type->size / 2, b + type->size / 2);
	case HMS_KIND_STRING:
		if (hms_le64(a + 8) != hms_le64(b + 8))
			return HMS_DIFFERS;
		return equal_memory(sides, hms_le64(a), hms_le64(b), hms_le64(a + 8));
	case HMS_KIND_INTERFACE: return equal_ifaces(sides, type, a, b, depth);
	case HMS_KIND_STRUCT: return equal_structs(sides, type, a, b, depth);
	case HMS_KIND_ARRAY: return equal_arrays(sides, type, a, b, depth);
	case HMS_KIND_NONE: return HMS_CANNOT_TELL;
	default: return same_bytes(a, b, type->size);
	}
}

enum hms_equality hms_rt_equal(const struct hms_rt *rt, const struct hms_type *type,
			       const uint8_t *a, const uint8_t *b)
{
	return equal(&(struct sides){.rt = rt}, type, a, b, 0);
}

enum hms_equality hms_rt_equal_literal(const struct hms_rt *rt, const struct hms_type *type,
				       const struct hms_literal *literal, const uint8_t *b)
{
	const struct sides sides = {.rt = rt, .literal = literal};

	return equal(&sides, type, hms_literal_bytes(literal), b, 0);
}
