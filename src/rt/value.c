#include "rt/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/escape.h"

#define MAX_DEPTH    8
#define MAX_ELEMENTS 16
#define MAX_TEXT     4096 /* of one value, however it nests */

struct context {
	const struct hms_rt *rt;
	size_t max;
	struct hms_str *out;
	size_t start; /* of the value in out */
};

static void put(struct context *ctx, const struct hms_type *type, const uint8_t *bytes, int depth);

static void put_int(struct context *ctx, const uint8_t *bytes, uint64_t size, bool is_signed)
{
	uint64_t v = 0;

	memcpy(&v, bytes, size);
	if (is_signed && size < 8)
		v = (uint64_t)((int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size));
	if (is_signed)
		hms_str_addf(ctx->out, "%" PRId64, (int64_t)v);
	else
		hms_str_addf(ctx->out, "%" PRIu64, v);
}

/* The fewest digits that read back as the same number, as Go prints floats. */
static void put_shortest(struct context *ctx, double d, bool single)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (single ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d)
			break;
	}
	hms_str_add(ctx->out, text);
}

static void put_float(struct context *ctx, const uint8_t *bytes, uint64_t size)
{
	double d;
	float f;

	if (size == 4) {
		memcpy(&f, bytes, sizeof(f));
		d = (double)f;
	} else {
		memcpy(&d, bytes, sizeof(d));
	}
	if (isnan(d))
		hms_str_add(ctx->out, "NaN");
	else if (isinf(d))
		hms_str_add(ctx->out, d < 0 ? "-Inf" : "+Inf");
	else
		put_shortest(ctx, d, size == 4);
}

static void put_string(struct context *ctx, const uint8_t *bytes)
{
	uint64_t addr = hms_le64(bytes), len = hms_le64(bytes + 8);
	size_t shown = (size_t)HMS_MIN(len, (uint64_t)ctx->max);
	const uint8_t *text = shown ? hms_mem_peek(ctx->rt->mem, addr, shown) : bytes;

	if (!text) {
		hms_str_add(ctx->out, "?");
		return;
	}
	hms_escape_go(ctx->out, (const char *)text, shown);
	if (shown < len)
		hms_str_add(ctx->out, "…");
}

static bool full(const struct context *ctx)
{
	return ctx->out->len - ctx->start > MAX_TEXT;
}

static void put_array(struct context *ctx, const struct hms_type *type, const uint8_t *bytes,
		      int depth)
{
	uint64_t n = HMS_MIN(type->count, (uint64_t)MAX_ELEMENTS);

	hms_str_addc(ctx->out, '{');
	for (uint64_t i = 0; i < n && !full(ctx); i++) {
		if (i)
			hms_str_add(ctx->out, ", ");
		put(ctx, type->elem, bytes + i * type->elem->size, depth + 1);
	}
	hms_str_add(ctx->out, n < type->count ? ", …}" : "}");
}

static void put_struct(struct context *ctx, const struct hms_type *type, const uint8_t *bytes,
		       int depth)
{
	hms_str_addc(ctx->out, '{');
	for (uint32_t i = 0; i < type->nmembers && !full(ctx); i++) {
		const struct hms_member *m = &type->members[i];

		if (i)
			hms_str_add(ctx->out, ", ");
		hms_escape_text(ctx->out, m->name, strlen(m->name));
		hms_str_add(ctx->out, ": ");
		if (m->type && m->off <= type->size && m->type->size <= type->size - m->off)
			put(ctx, m->type, bytes + m->off, depth + 1);
		else
			hms_str_addc(ctx->out, '?');
	}
	hms_str_addc(ctx->out, '}');
}

/* Would Go's default type for such a literal be just this type? */
static bool is_default_type(const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_BOOL: return !strcmp(type->name, "bool");
	case HMS_KIND_INT: return !strcmp(type->name, "int");
	case HMS_KIND_STRING: return !strcmp(type->name, "string");
	default: return false;
	}
}

/* 7, "text", uint8(7), main.key{...}: the value of an interface with its type, where the literal
 * alone would not tell it. */
static void put_dynamic(struct context *ctx, const struct hms_type *type, const uint8_t *value,
			int depth)
{
	bool braces = type->kind == HMS_KIND_STRUCT || type->kind == HMS_KIND_ARRAY;
	bool bare = is_default_type(type);

	if (!bare)
		hms_rt_type_name(ctx->rt, type, ctx->out);
	if (!bare && !braces)
		hms_str_addc(ctx->out, '(');
	if (value)
		put(ctx, type, value, depth);
	else
		hms_str_add(ctx->out, braces ? "{?}" : "?");
	if (!bare && !braces)
		hms_str_addc(ctx->out, ')');
}

/* The dynamic type and what it holds.  Pointer-shaped values sit in the data word. */
static void put_interface(struct context *ctx, const struct hms_type *type, const uint8_t *bytes,
			  int depth)
{
	const struct hms_type *dynamic;
	const uint8_t *value;
	uint64_t rtype = hms_le64(bytes);

	if (!rtype) {
		hms_str_add(ctx->out, "nil");
		return;
	}
	dynamic = hms_rt_dynamic_type(ctx->rt, type, rtype);
	if (!dynamic) {
		hms_str_addf(ctx->out, "?(0x%" PRIx64 ")", hms_le64(bytes + 8));
		return;
	}
	value = hms_rt_is_direct(dynamic)
			? bytes + 8
			: hms_mem_peek(ctx->rt->mem, hms_le64(bytes + 8), dynamic->size);
	put_dynamic(ctx, dynamic, value, depth + 1);
}

static void put_pointer(struct context *ctx, const uint8_t *bytes)
{
	uint64_t addr = hms_le64(bytes);

	if (addr)
		hms_str_addf(ctx->out, "0x%" PRIx64, addr);
	else
		hms_str_add(ctx->out, "nil");
}

static void put_complex(struct context *ctx, const uint8_t *bytes, uint64_t size)
{
	hms_str_add(ctx->out, "complex(");
	put_float(ctx, bytes, size / 2);
	hms_str_addc(ctx->out, ',');
	put_float(ctx, bytes + size / 2, size / 2);
	hms_str_add(ctx->out, ")");
}

/* Sizes that the kinds below rely on: what a damaged graph says is not followed. */
static uint64_t needed_size(const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_STRING:
	case HMS_KIND_INTERFACE:
	case HMS_KIND_COMPLEX128: return 16;
	case HMS_KIND_SLICE: return 24;
	case HMS_KIND_FLOAT32: return 4;
	case HMS_KIND_FLOAT64:
	case HMS_KIND_COMPLEX64:
	case HMS_KIND_POINTER:
	case HMS_KIND_MAP:
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
	case HMS_KIND_UNSAFE_POINTER: return 8;
	default: return 0;
	}
}

static bool sound(const struct hms_type *type)
{
	if (type->kind >= HMS_KIND_BOOL && type->kind <= HMS_KIND_UINTPTR)
		return type->size >= 1 && type->size <= 8;
	if (type->kind == HMS_KIND_ARRAY)
		return type->elem && (!type->elem->size || !type->count ||
				      type->count <= type->size / type->elem->size);
	return type->size >= needed_size(type);
}

static void put(struct context *ctx, const struct hms_type *type, const uint8_t *bytes, int depth)
{
	if (!sound(type) || depth > MAX_DEPTH || full(ctx)) {
		hms_str_add(ctx->out, "…");
		return;
	}
	switch (type->kind) {
	case HMS_KIND_BOOL: hms_str_add(ctx->out, bytes[0] ? "true" : "false"); break;
	case HMS_KIND_INT:
	case HMS_KIND_INT8:
	case HMS_KIND_INT16:
	case HMS_KIND_INT32:
	case HMS_KIND_INT64: put_int(ctx, bytes, type->size, true); break;
	case HMS_KIND_UINT:
	case HMS_KIND_UINT8:
	case HMS_KIND_UINT16:
	case HMS_KIND_UINT32:
	case HMS_KIND_UINT64:
	case HMS_KIND_UINTPTR: put_int(ctx, bytes, type->size, false); break;
	case HMS_KIND_FLOAT32:
	case HMS_KIND_FLOAT64: put_float(ctx, bytes, type->size); break;
	case HMS_KIND_COMPLEX64:
	case HMS_KIND_COMPLEX128: put_complex(ctx, bytes, type->size); break;
	case HMS_KIND_STRING: put_string(ctx, bytes); break;
	case HMS_KIND_ARRAY: put_array(ctx, type, bytes, depth); break;
	case HMS_KIND_STRUCT: put_struct(ctx, type, bytes, depth); break;
	case HMS_KIND_INTERFACE: put_interface(ctx, type, bytes, depth); break;
	case HMS_KIND_POINTER:
	case HMS_KIND_MAP:
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
	case HMS_KIND_UNSAFE_POINTER:
	case HMS_KIND_SLICE: put_pointer(ctx, bytes); break;
	case HMS_KIND_NONE: hms_str_addc(ctx->out, '?'); break;
	}
}

void hms_value_go(const struct hms_rt *rt, const struct hms_type *type, const uint8_t *bytes,
		  size_t max, struct hms_str *ret)
{
	struct context ctx = {.rt = rt, .max = max, .out = ret, .start = ret->len};

	put(&ctx, type, bytes, 0);
}
