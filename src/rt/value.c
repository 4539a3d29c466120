/* The traversal of a value, for both notations. */
#include "rt/value.h"

#include <stdlib.h>

#include "rt/value-impl.h"

#define MAX_EMPTY UINT64_C(65536) /* elements of no size that are written */

static void put(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes);

/* What stands around the parts of a value. */
static const struct {
	const char *nil;
	const char *unknown;
	const char *too_deep;
	const char *array[2];
	const char *between;
	const char *complex[3];
	const char *pointer[2];
} words[] = {
	[HMS_NOTATION_GO] = {"nil", "?", "…", {"{", "}"}, ", ", {"complex(", ",", ")"}, {"", ""}},
	[HMS_NOTATION_JSON] =
		{"null", "null", "null", {"[", "]"}, ",", {"[", ",", "]"}, {"{\"ptr\":\"", "\"}"}},
};

void hms_value_unknown(struct hms_decoder *d)
{
	hms_sink_add(d->sink, words[d->notation].unknown);
	d->unknown++;
}

static bool full(const struct hms_decoder *d)
{
	return hms_sink_total(d->sink) > d->end;
}

static bool readable(const struct hms_mem *mem, uint64_t addr, uint64_t len)
{
	const uint8_t *p;

	while (len) {
		size_t n = hms_mem_run(mem, addr, &p);

		if (!n)
			return false;
		n = (size_t)HMS_MIN((uint64_t)n, len);
		addr += n;
		len -= n;
	}
	return true;
}

const uint8_t *hms_value_bytes(const struct hms_decoder *d, uint64_t addr, uint64_t len,
			       uint8_t **owned_ret)
{
	static const uint8_t nothing[1];
	const struct hms_mem *mem = d->rt->mem;
	const uint8_t *p;
	struct hms_error *err;

	if (!len)
		return nothing;
	p = hms_mem_peek(mem, addr, len);
	if (p || !readable(mem, addr, len))
		return p;
	*owned_ret = malloc(len);
	if (!*owned_ret)
		return NULL;
	err = hms_mem_read(mem, addr, *owned_ret, len);
	if (!err)
		return *owned_ret;
	hms_err_free(err);
	free(*owned_ret);
	*owned_ret = NULL;
	return NULL;
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void put_float(struct hms_decoder *d, const uint8_t *bytes, bool single)
{
	double v;
	float f;
	bool word;

	if (single) {
		memcpy(&f, bytes, sizeof(f));
		v = (double)f;
	} else {
		memcpy(&v, bytes, sizeof(v));
	}
	/* NaN and infinities */
	word = d->notation == HMS_NOTATION_JSON && !(v - v == 0);
	if (word)
		hms_sink_addc(d->sink, '"');
	hms_sink_double(d->sink, v, single);
	if (word)
		hms_sink_addc(d->sink, '"');
}

static void put_complex(struct hms_decoder *d, const uint8_t *bytes, bool single)
{
	const char *const *around = words[d->notation].complex;

	hms_sink_add(d->sink, around[0]);
	put_float(d, bytes, single);
	hms_sink_add(d->sink, around[1]);
	put_float(d, bytes + (single ? 4 : 8), single);
	hms_sink_add(d->sink, around[2]);
}

static void put_pointer(struct hms_decoder *d, uint64_t addr)
{
	const char *const *around = words[d->notation].pointer;

	if (!addr) {
		hms_sink_add(d->sink, words[d->notation].nil);
		return;
	}
	hms_sink_add(d->sink, around[0]);
	hms_sink_addr(d->sink, addr);
	hms_sink_add(d->sink, around[1]);
}

/* ---- arrays, slices, structs -------------------------------------------------------------- */

/* The last element of what is cut: … or {"cut": n}. */
static void put_rest(struct hms_decoder *d, bool first, uint64_t rest)
{
	if (!first)
		hms_sink_add(d->sink, words[d->notation].between);
	if (d->notation == HMS_NOTATION_GO) {
		hms_sink_add(d->sink, "…");
		return;
	}
	hms_sink_add(d->sink, "{\"cut\":");
	hms_sink_u64(d->sink, rest);
	hms_sink_addc(d->sink, '}');
}

/* The first @shown of @n elements. */
static void put_elements(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes,
			 uint64_t shown, uint64_t n)
{
	const struct hms_type *type = plan->type->elem;
	const char *between = words[d->notation].between;
	uint64_t i;

	if (!plan->elem)
		plan->elem = hms_value_plan_of(d, type);
	hms_sink_add(d->sink, words[d->notation].array[0]);
	for (i = 0; i < shown && !full(d); i++) {
		if (i)
			hms_sink_add(d->sink, between);
		put(d, plan->elem, bytes + i * type->size);
	}
	if (i < shown)
		d->unknown++;
	if (i < n)
		put_rest(d, i == 0, n - i);
	hms_sink_add(d->sink, words[d->notation].array[1]);
}

static uint64_t at_most(const struct hms_type *elem, uint64_t n, uint64_t limit)
{
	return HMS_MIN(elem->size ? n : HMS_MIN(n, MAX_EMPTY), limit);
}

static void put_array(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes)
{
	const struct hms_type *type = plan->type;

	put_elements(d, plan, bytes, at_most(type->elem, type->count, d->limits.array),
		     type->count);
}

/* A slice may hold itself. */
static bool visiting(const struct hms_decoder *d, const struct hms_value_plan *plan, uint64_t addr)
{
	for (const struct hms_value_visit *v = d->visits; v; v = v->up)
		if (v->addr == addr && v->plan == plan)
			return true;
	return false;
}

static void put_slice_elements(struct hms_decoder *d, struct hms_value_plan *plan, uint64_t addr,
			       uint64_t n)
{
	const struct hms_type *elem = plan->type->elem;
	struct hms_value_visit visit = {d->visits, plan, addr};
	uint64_t shown = at_most(elem, n, d->limits.slice), len;
	const uint8_t *bytes = NULL;
	uint8_t *owned = NULL;

	if (!__builtin_mul_overflow(shown, elem->size, &len))
		bytes = hms_value_bytes(d, addr, len, &owned);
	if (!bytes) {
		hms_value_unknown(d);
		return;
	}
	d->visits = &visit;
	put_elements(d, plan, bytes, shown, n);
	d->visits = visit.up;
	free(owned);
}

static void put_slice(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes)
{
	uint64_t addr = hms_le64(bytes), n = hms_le64(bytes + 8);

	if (!addr && !n)
		hms_sink_add(d->sink, words[d->notation].nil);
	else if (plan->op == HMS_VALUE_BYTES)
		hms_value_byte_slice(d, addr, n);
	else if (visiting(d, plan, addr))
		put_pointer(d, addr);
	else
		put_slice_elements(d, plan, addr, n);
}

static void put_struct(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes)
{
	uint32_t i;

	hms_sink_addc(d->sink, '{');
	for (i = 0; i < plan->nfields && !full(d); i++) {
		struct hms_value_field *f = &plan->fields[i];

		hms_sink_addn(d->sink, f->lead, f->lead_len);
		if (!f->type) {
			hms_value_unknown(d);
			continue;
		}
		if (!f->plan)
			f->plan = hms_value_plan_of(d, f->type);
		put(d, f->plan, bytes + f->off);
	}
	if (i < plan->nfields) {
		d->unknown++;
		if (d->notation == HMS_NOTATION_GO)
			hms_sink_add(d->sink, ", …");
	}
	hms_sink_addc(d->sink, '}');
}

/* ---- interfaces --------------------------------------------------------------------------- */

/* The plan of the dynamic type, NULL where it is not known. */
static struct hms_value_plan *dynamic_plan(struct hms_decoder *d, const struct hms_type *iface,
					   uint64_t word)
{
	size_t i = (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 58);
	const struct hms_type *type;

	if (d->dynamic[i].word == word && d->dynamic[i].iface == iface->iface)
		return d->dynamic[i].plan;
	type = hms_rt_dynamic_type(d->rt, iface, word);
	d->dynamic[i].word = word;
	d->dynamic[i].iface = iface->iface;
	d->dynamic[i].plan = type ? hms_value_plan_of(d, type) : NULL;
	if (type)
		hms_value_plan_dynamic(d, d->dynamic[i].plan);
	return d->dynamic[i].plan;
}

/* Nothing is known of the type: the data word alone. */
static void put_untyped(struct hms_decoder *d, uint64_t data)
{
	d->unknown++;
	if (d->notation == HMS_NOTATION_GO) {
		hms_sink_add(d->sink, "?(");
		hms_sink_addr(d->sink, data);
		hms_sink_addc(d->sink, ')');
		return;
	}
	hms_sink_add(d->sink, "{\"type\":null,\"value\":");
	put_pointer(d, data);
	hms_sink_addc(d->sink, '}');
}

static void put_held(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *word)
{
	uint8_t *owned = NULL;
	const uint8_t *bytes =
		plan->direct ? word : hms_value_bytes(d, hms_le64(word), plan->type->size, &owned);

	hms_sink_add(d->sink, plan->lead);
	if (bytes) {
		put(d, plan, bytes);
	} else if (d->notation == HMS_NOTATION_GO && !*plan->tail && *plan->lead) {
		hms_sink_addc(d->sink, '{');
		hms_value_unknown(d);
		hms_sink_addc(d->sink, '}');
	} else {
		hms_value_unknown(d);
	}
	hms_sink_add(d->sink, plan->tail);
	free(owned);
}

/* The dynamic type and what it holds.  Pointer-shaped values sit in the data word. */
static void put_interface(struct hms_decoder *d, const struct hms_type *type, const uint8_t *bytes)
{
	uint64_t word = hms_le64(bytes);
	struct hms_value_plan *plan;

	if (!word) {
		hms_sink_add(d->sink, words[d->notation].nil);
		return;
	}
	plan = dynamic_plan(d, type, word);
	if (plan)
		put_held(d, plan, bytes + 8);
	else
		put_untyped(d, hms_le64(bytes + 8));
}

/* ---- all kinds ---------------------------------------------------------------------------- */

static void put_bad(struct hms_decoder *d, const struct hms_type *type)
{
	if (type->kind == HMS_KIND_NONE) {
		hms_value_unknown(d);
		return;
	}
	hms_sink_add(d->sink, words[d->notation].too_deep);
	d->unknown++;
}

/* What has parts. */
static void put_compound(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes)
{
	if (d->depth >= d->limits.depth || full(d)) {
		hms_sink_add(d->sink, words[d->notation].too_deep);
		d->unknown++;
		return;
	}
	d->depth++;
	switch (plan->op) {
	case HMS_VALUE_BYTES:
	case HMS_VALUE_SLICE: put_slice(d, plan, bytes); break;
	case HMS_VALUE_ARRAY: put_array(d, plan, bytes); break;
	case HMS_VALUE_STRUCT: put_struct(d, plan, bytes); break;
	case HMS_VALUE_INTERFACE: put_interface(d, plan->type, bytes); break;
	default: put_bad(d, plan->type); break;
	}
	d->depth--;
}

static void put(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes)
{
	struct hms_sink *sink = d->sink;

	switch (plan->op) {
	case HMS_VALUE_BOOL: hms_sink_add(sink, bytes[0] ? "true" : "false"); break;
	case HMS_VALUE_INT8: hms_sink_i64(sink, (int8_t)bytes[0]); break;
	case HMS_VALUE_INT16: hms_sink_i64(sink, (int16_t)hms_le16(bytes)); break;
	case HMS_VALUE_INT32: hms_sink_i64(sink, (int32_t)hms_le32(bytes)); break;
	case HMS_VALUE_INT64: hms_sink_i64(sink, (int64_t)hms_le64(bytes)); break;
	case HMS_VALUE_UINT8: hms_sink_u64(sink, bytes[0]); break;
	case HMS_VALUE_UINT16: hms_sink_u64(sink, hms_le16(bytes)); break;
	case HMS_VALUE_UINT32: hms_sink_u64(sink, hms_le32(bytes)); break;
	case HMS_VALUE_UINT64: hms_sink_u64(sink, hms_le64(bytes)); break;
	case HMS_VALUE_FLOAT32: put_float(d, bytes, true); break;
	case HMS_VALUE_FLOAT64: put_float(d, bytes, false); break;
	case HMS_VALUE_COMPLEX64: put_complex(d, bytes, true); break;
	case HMS_VALUE_COMPLEX128: put_complex(d, bytes, false); break;
	case HMS_VALUE_STRING: hms_value_string(d, hms_le64(bytes), hms_le64(bytes + 8)); break;
	case HMS_VALUE_POINTER: put_pointer(d, hms_le64(bytes)); break;
	case HMS_VALUE_BAD: put_bad(d, plan->type); break;
	case HMS_VALUE_BYTES:
	case HMS_VALUE_SLICE:
	case HMS_VALUE_ARRAY:
	case HMS_VALUE_STRUCT:
	case HMS_VALUE_INTERFACE: put_compound(d, plan, bytes); break;
	}
}

/* ---- fetching ahead ----------------------------------------------------------------------- */

#define FETCHED_FIELDS 8 /* of a struct */

void hms_value_prefetch_at(const struct hms_decoder *d, uint64_t addr)
{
	const uint8_t *p = addr ? hms_mem_peek(d->rt->mem, addr, 1) : NULL;

	if (p)
		__builtin_prefetch(p);
}

bool hms_value_leads_on(const struct hms_value_plan *plan)
{
	switch (plan->op) {
	case HMS_VALUE_STRING:
	case HMS_VALUE_BYTES:
	case HMS_VALUE_SLICE:
	case HMS_VALUE_INTERFACE:
	case HMS_VALUE_STRUCT: return true;
	default: return false;
	}
}

void hms_value_prefetch(const struct hms_decoder *d, const struct hms_value_plan *plan,
			const uint8_t *bytes)
{
	switch (plan->op) {
	case HMS_VALUE_STRING:
	case HMS_VALUE_BYTES:
	case HMS_VALUE_SLICE: hms_value_prefetch_at(d, hms_le64(bytes)); break;
	case HMS_VALUE_INTERFACE: hms_value_prefetch_at(d, hms_le64(bytes + 8)); break;
	case HMS_VALUE_STRUCT:
		for (uint32_t i = 0; i < HMS_MIN(plan->nfields, FETCHED_FIELDS); i++)
			/* no deeper than this */
			if (plan->fields[i].plan && plan->fields[i].plan->op != HMS_VALUE_STRUCT)
				hms_value_prefetch(d, plan->fields[i].plan,
						   bytes + plan->fields[i].off);
		break;
	default: break;
	}
}

/* ---- decoders ----------------------------------------------------------------------------- */

static void decoder_init(struct hms_decoder *d, const struct hms_rt *rt, enum hms_notation notation,
			 const struct hms_value_limits *limits)
{
	*d = (struct hms_decoder){
		.rt = rt, .notation = notation, .limits = *limits, .slices = true};
}

static void decoder_deinit(struct hms_decoder *d)
{
	hms_arena_destroy(d->arena);
	hms_set_deinit(&d->plans);
}

struct hms_decoder *hms_decoder_create(const struct hms_rt *rt, enum hms_notation notation,
				       const struct hms_value_limits *limits)
{
	struct hms_decoder *d = hms_xcalloc(1, sizeof(*d));

	decoder_init(d, rt, notation, limits);
	return d;
}

void hms_decoder_destroy(struct hms_decoder *d)
{
	if (!d)
		return;
	decoder_deinit(d);
	free(d);
}

uint64_t hms_decoder_unknown(const struct hms_decoder *d)
{
	return d->unknown;
}

void hms_value_write(struct hms_decoder *d, struct hms_value_plan *plan, const uint8_t *bytes,
		     struct hms_sink *sink)
{
	uint64_t total = hms_sink_total(sink);

	d->sink = sink;
	d->depth = 0;
	d->end = total + d->limits.total < total ? UINT64_MAX : total + d->limits.total;
	if (bytes)
		put(d, plan, bytes);
	else
		hms_value_unknown(d);
}

void hms_value_write_at(struct hms_decoder *d, struct hms_value_plan *plan, uint64_t addr,
			struct hms_sink *sink)
{
	uint8_t *owned = NULL;
	const uint8_t *bytes = hms_value_bytes(d, addr, plan->type->size, &owned);

	hms_value_write(d, plan, bytes, sink);
	free(owned);
}

void hms_value_go(const struct hms_rt *rt, const struct hms_type *type, const uint8_t *bytes,
		  size_t max, struct hms_str *ret)
{
	const struct hms_value_limits limits = {
		.text = max, .slice = 16, .array = 16, .total = 4096, .depth = 8};
	struct hms_value_plan plan;
	struct hms_decoder d;
	struct hms_sink sink;

	hms_sink_init(&sink, -1);
	decoder_init(&d, rt, HMS_NOTATION_GO, &limits);
	d.slices = false;
	hms_value_plan_init(&d, type, &plan);
	hms_value_write(&d, &plan, bytes, &sink);
	hms_str_addn(ret, sink.buf, sink.len);
	hms_sink_deinit(&sink);
	decoder_deinit(&d);
}
