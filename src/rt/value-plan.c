/* Plans: what is known of a type's values before the first is seen. */
#include <string.h>

#include "rt/value-impl.h"
#include "util/escape.h"

static struct hms_arena *arena_of(struct hms_decoder *d)
{
	if (!d->arena)
		d->arena = hms_arena_create();
	return d->arena;
}

static const char *keep(struct hms_decoder *d, const struct hms_str *text)
{
	return hms_arena_strndup(arena_of(d), hms_str_text(text), text->len);
}

/* ---- kinds -------------------------------------------------------------------------------- */

static enum hms_value_op integer(uint64_t size, bool is_signed)
{
	switch (size) {
	case 1: return is_signed ? HMS_VALUE_INT8 : HMS_VALUE_UINT8;
	case 2: return is_signed ? HMS_VALUE_INT16 : HMS_VALUE_UINT16;
	case 4: return is_signed ? HMS_VALUE_INT32 : HMS_VALUE_UINT32;
	case 8: return is_signed ? HMS_VALUE_INT64 : HMS_VALUE_UINT64;
	default: return HMS_VALUE_BAD;
	}
}

static enum hms_value_op if_size(const struct hms_type *type, uint64_t size, enum hms_value_op op)
{
	return type->size == size ? op : HMS_VALUE_BAD;
}

static bool array_fits(const struct hms_type *type)
{
	return type->elem &&
	       (!type->elem->size || !type->count || type->count <= type->size / type->elem->size);
}

static enum hms_value_op slice(const struct hms_decoder *d, const struct hms_type *type)
{
	if (!type->elem || type->size != 24)
		return HMS_VALUE_BAD;
	if (!d->slices)
		return HMS_VALUE_POINTER;
	return type->elem->kind == HMS_KIND_UINT8 && type->elem->size == 1 ? HMS_VALUE_BYTES
									   : HMS_VALUE_SLICE;
}

/* What a damaged or hostile graph says of a size is not followed. */
static enum hms_value_op op_of(const struct hms_decoder *d, const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_BOOL: return if_size(type, 1, HMS_VALUE_BOOL);
	case HMS_KIND_INT:
	case HMS_KIND_INT8:
	case HMS_KIND_INT16:
	case HMS_KIND_INT32:
	case HMS_KIND_INT64: return integer(type->size, true);
	case HMS_KIND_UINT:
	case HMS_KIND_UINT8:
	case HMS_KIND_UINT16:
	case HMS_KIND_UINT32:
	case HMS_KIND_UINT64:
	case HMS_KIND_UINTPTR: return integer(type->size, false);
	case HMS_KIND_FLOAT32: return if_size(type, 4, HMS_VALUE_FLOAT32);
	case HMS_KIND_FLOAT64: return if_size(type, 8, HMS_VALUE_FLOAT64);
	case HMS_KIND_COMPLEX64: return if_size(type, 8, HMS_VALUE_COMPLEX64);
	case HMS_KIND_COMPLEX128: return if_size(type, 16, HMS_VALUE_COMPLEX128);
	case HMS_KIND_STRING: return if_size(type, 16, HMS_VALUE_STRING);
	case HMS_KIND_INTERFACE: return if_size(type, 16, HMS_VALUE_INTERFACE);
	case HMS_KIND_ARRAY: return array_fits(type) ? HMS_VALUE_ARRAY : HMS_VALUE_BAD;
	case HMS_KIND_STRUCT: return HMS_VALUE_STRUCT;
	case HMS_KIND_SLICE: return slice(d, type);
	case HMS_KIND_POINTER:
	case HMS_KIND_MAP:
	case HMS_KIND_CHAN:
	case HMS_KIND_FUNC:
	case HMS_KIND_UNSAFE_POINTER: return if_size(type, 8, HMS_VALUE_POINTER);
	case HMS_KIND_NONE: break;
	}
	return HMS_VALUE_BAD;
}

/* ---- structs ------------------------------------------------------------------------------ */

/* Go lets several fields be named _, JSON readers do not: _, _#2, _#3. */
static unsigned int namesakes_before(const struct hms_type *type, uint32_t i)
{
	unsigned int n = 0;

	if (strcmp(type->members[i].name, "_") != 0)
		return 0;
	for (uint32_t k = 0; k < i; k++)
		n += strcmp(type->members[k].name, "_") == 0;
	return n;
}

static const char *field_lead(struct hms_decoder *d, const struct hms_type *type, uint32_t i)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	const char *name = type->members[i].name;
	unsigned int before;

	if (d->notation == HMS_NOTATION_GO) {
		hms_str_add(&text, i ? ", " : "");
		hms_escape_text(&text, name, strlen(name));
		hms_str_add(&text, ": ");
		return keep(d, &text);
	}
	hms_str_add(&text, i ? ",\"" : "\"");
	hms_escape_json(&text, name, strlen(name));
	before = namesakes_before(type, i);
	if (before)
		hms_str_addf(&text, "#%u", before + 1);
	hms_str_add(&text, "\":");
	return keep(d, &text);
}

static void plan_fields(struct hms_decoder *d, const struct hms_type *type,
			struct hms_value_plan *ret)
{
	ret->nfields = type->nmembers;
	ret->fields = hms_arena_alloc(arena_of(d), type->nmembers * sizeof(*ret->fields));
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];
		struct hms_value_field *f = &ret->fields[i];

		f->off = m->off;
		if (m->type && m->off <= type->size && m->type->size <= type->size - m->off)
			f->type = m->type;
		f->lead = field_lead(d, type, i);
		f->lead_len = strlen(f->lead);
	}
}

void hms_value_plan_init(struct hms_decoder *d, const struct hms_type *type,
			 struct hms_value_plan *ret)
{
	*ret = (struct hms_value_plan){
		.op = op_of(d, type),
		.type = type,
		.direct = hms_rt_is_direct(d->rt, type),
	};
	if (ret->op == HMS_VALUE_STRUCT)
		plan_fields(d, type, ret);
}

struct hms_value_plan *hms_value_plan_of(struct hms_decoder *d, const struct hms_type *type)
{
	uint64_t *known = hms_set_get(&d->plans, (uintptr_t)type, 0);
	struct hms_value_plan *plan;

	if (known)
		return (struct hms_value_plan *)(uintptr_t)*known;
	plan = HMS_ARENA_NEW(arena_of(d), struct hms_value_plan);
	hms_value_plan_init(d, type, plan);
	hms_set_put(&d->plans, (uintptr_t)type, 0, (uintptr_t)plan, NULL);
	return plan;
}

/* ---- what interfaces hold ----------------------------------------------------------------- */

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

/* 7, "text", uint8(7), main.key{...}: the type where the literal alone would not tell it. */
static void go_lead(struct hms_decoder *d, struct hms_value_plan *plan)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	bool braces = plan->op == HMS_VALUE_STRUCT || plan->op == HMS_VALUE_ARRAY ||
		      plan->op == HMS_VALUE_SLICE;

	plan->lead = plan->tail = "";
	if (is_default_type(plan->type))
		return;
	hms_rt_type_name(d->rt, plan->type, &text);
	if (plan->op == HMS_VALUE_BYTES && !strcmp(hms_str_text(&text), "[]uint8"))
		return;
	if (!braces) {
		hms_str_addc(&text, '(');
		plan->tail = ")";
	}
	plan->lead = keep(d, &text);
}

static void json_lead(struct hms_decoder *d, struct hms_value_plan *plan)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	hms_rt_type_name(d->rt, plan->type, &name);
	hms_str_add(&text, "{\"type\":\"");
	hms_escape_json(&text, hms_str_text(&name), name.len);
	hms_str_add(&text, "\",\"value\":");
	plan->lead = keep(d, &text);
	plan->tail = "}";
}

void hms_value_plan_dynamic(struct hms_decoder *d, struct hms_value_plan *plan)
{
	if (plan->lead)
		return;
	if (d->notation == HMS_NOTATION_GO)
		go_lead(d, plan);
	else
		json_lead(d, plan);
}
