/*
 * From a key's type to steps: the compiler's rules to Go 1.26, and runtime.typehash.
 *
 * Sources: src/cmd/compile/internal/types/size.go (how a type is compared and hashed),
 * internal/reflectdata/alg.go (genhash, hashFunc), internal/compare/compare.go (Memrun);
 * Go 1.15: src/cmd/compile/internal/gc/alg.go.  src/runtime/alg.go (typehash).
 *
 * Types come from the core or the executable, so a graph may be circular or explode when it is
 * unfolded: every visit costs of a budget, and depth is bounded.
 */
#include <string.h>

#include "map/hash-impl.h"
#include "util/arena.h"

#define MAX_DEPTH  64
#define MAX_VISITS 100000
#define MAX_STEPS  10000

/* How values of a type are compared, and hashed alike: types.AlgKind. */
enum alg {
	ALG_NONE, /* not comparable */
	ALG_MEMORY,
	ALG_STRING,
	ALG_IFACE,
	ALG_EFACE,
	ALG_FLOAT32,
	ALG_FLOAT64,
	ALG_COMPLEX64,
	ALG_COMPLEX128,
	ALG_SPECIAL, /* piece by piece */
};

struct compile {
	const struct hms_hash_rules *rules;
	struct hms_hash_steps *steps;
	unsigned int visits;
};

/* ---- lists of steps ----------------------------------------------------------------------- */

void hms_hash_steps_deinit(struct hms_hash_steps *steps)
{
	free(steps->v);
	*steps = (struct hms_hash_steps){0};
}

struct hms_hash_step *hms_hash_steps_add(struct hms_hash_steps *steps, enum hms_hash_op op,
					 uint64_t off, uint64_t n)
{
	HMS_GROW(steps->v, steps->n, steps->cap);
	steps->v[steps->n] = (struct hms_hash_step){.op = op, .off = off, .n = n};
	return &steps->v[steps->n++];
}

static bool step_equal(const struct hms_hash_step *a, const struct hms_hash_step *b)
{
	return a->op == b->op && a->body == b->body && a->off == b->off && a->n == b->n &&
	       a->stride == b->stride;
}

bool hms_hash_steps_equal(const struct hms_hash_steps *a, const struct hms_hash_steps *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!step_equal(&a->v[i], &b->v[i]))
			return false;
	}
	return true;
}

static struct hms_error *too_large(const struct hms_type *type)
{
	return hms_err(HMS_ERR_UNSUPPORTED, "type '%.200s' is nested too deep or is too large",
		       type->name ? type->name : "?");
}

/* One more visit of the type graph. */
static struct hms_error *visit(struct compile *c, const struct hms_type *type, unsigned int depth)
{
	if (depth > MAX_DEPTH || ++c->visits > MAX_VISITS || c->steps->n > MAX_STEPS)
		return too_large(type);
	return NULL;
}

/* ---- how a type is compared --------------------------------------------------------------- */

static bool is_blank(const struct hms_member *member)
{
	return member->name && !strcmp(member->name, "_");
}

/* Padding after field @i: before the next field, or at the end. */
static bool is_padded(const struct hms_type *type, uint32_t i)
{
	const struct hms_member *m = &type->members[i];
	uint64_t end = i + 1 < type->nmembers ? type->members[i + 1].off : type->size;

	return m->off + m->type->size != end;
}

static enum alg alg_of(unsigned int *visits, const struct hms_type *type, unsigned int depth);

static enum alg alg_of_array(unsigned int *visits, const struct hms_type *type, unsigned int depth)
{
	enum alg elem = type->elem ? alg_of(visits, type->elem, depth + 1) : ALG_NONE;

	if (elem == ALG_NONE || elem == ALG_MEMORY || type->count == 1)
		return elem;
	return type->count ? ALG_SPECIAL : ALG_MEMORY;
}

static enum alg alg_of_struct(unsigned int *visits, const struct hms_type *type, unsigned int depth)
{
	enum alg ret = ALG_MEMORY;

	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];
		enum alg alg = m->type ? alg_of(visits, m->type, depth + 1) : ALG_NONE;

		if (alg == ALG_NONE)
			return ALG_NONE;
		/* One field alone is hashed as that field would be. */
		if (type->nmembers == 1 && !is_blank(m))
			return alg;
		if (alg != ALG_MEMORY || is_blank(m) || is_padded(type, i))
			ret = ALG_SPECIAL;
	}
	return ret;
}

static enum alg alg_of(unsigned int *visits, const struct hms_type *type, unsigned int depth)
{
	if (depth > MAX_DEPTH || ++*visits > MAX_VISITS)
		return ALG_NONE;
	switch (type->kind) {
	case HMS_KIND_FLOAT32: return ALG_FLOAT32;
	case HMS_KIND_FLOAT64: return ALG_FLOAT64;
	case HMS_KIND_COMPLEX64: return ALG_COMPLEX64;
	case HMS_KIND_COMPLEX128: return ALG_COMPLEX128;
	case HMS_KIND_STRING: return ALG_STRING;
	case HMS_KIND_INTERFACE: return type->iface ? ALG_IFACE : ALG_EFACE;
	case HMS_KIND_ARRAY: return alg_of_array(visits, type, depth);
	case HMS_KIND_STRUCT: return alg_of_struct(visits, type, depth);
	case HMS_KIND_NONE:
	case HMS_KIND_FUNC:
	case HMS_KIND_MAP:
	case HMS_KIND_SLICE: return ALG_NONE;
	default: return ALG_MEMORY; /* integers, pointers, channels */
	}
}

static enum alg alg(struct compile *c, const struct hms_type *type)
{
	return alg_of(&c->visits, type, 0);
}

bool hms_hash_type_hashable(const struct hms_type *type)
{
	unsigned int visits = 0;

	return alg_of(&visits, type, 0) != ALG_NONE;
}

bool hms_hash_type_regular(const struct hms_type *type)
{
	unsigned int visits = 0;

	return alg_of(&visits, type, 0) == ALG_MEMORY;
}

/* ---- steps ---------------------------------------------------------------------------------- */

/* Plain memory by itself: memhash32 and memhash64 where the size allows it. */
static void add_memory(struct compile *c, uint64_t off, uint64_t size)
{
	enum hms_hash_op op = size == 4   ? HMS_HASH_MEM32
			      : size == 8 ? HMS_HASH_MEM64
					  : HMS_HASH_MEM;

	hms_hash_steps_add(c->steps, op, off, size);
}

/* The steps of types that have a primitive of their own; false for all others. */
static bool add_primitive(struct compile *c, enum alg alg, uint64_t off)
{
	switch (alg) {
	case ALG_STRING: hms_hash_steps_add(c->steps, HMS_HASH_STRING, off, 0); return true;
	case ALG_IFACE: hms_hash_steps_add(c->steps, HMS_HASH_IFACE, off, 0); return true;
	case ALG_EFACE: hms_hash_steps_add(c->steps, HMS_HASH_EFACE, off, 0); return true;
	case ALG_FLOAT32: hms_hash_steps_add(c->steps, HMS_HASH_FLOAT32, off, 0); return true;
	case ALG_FLOAT64: hms_hash_steps_add(c->steps, HMS_HASH_FLOAT64, off, 0); return true;
	case ALG_COMPLEX64:
		hms_hash_steps_add(c->steps, HMS_HASH_FLOAT32, off, 0);
		hms_hash_steps_add(c->steps, HMS_HASH_FLOAT32, off + 4, 0);
		return true;
	case ALG_COMPLEX128:
		hms_hash_steps_add(c->steps, HMS_HASH_FLOAT64, off, 0);
		hms_hash_steps_add(c->steps, HMS_HASH_FLOAT64, off + 8, 0);
		return true;
	default: return false;
	}
}

typedef struct hms_error *emit_fn(struct compile *c, const struct hms_type *type, uint64_t off,
				  unsigned int depth);

/* Element after element, in a loop. */
static struct hms_error *emit_array(struct compile *c, const struct hms_type *type, uint64_t off,
				    unsigned int depth, emit_fn *emit)
{
	size_t at = c->steps->n;

	if (type->count == 1)
		return emit(c, type->elem, off, depth + 1);
	hms_hash_steps_add(c->steps, HMS_HASH_LOOP, off, type->count)->stride = type->elem->size;
	HMS_TRY(emit(c, type->elem, 0, depth + 1));
	c->steps->v[at].body = (uint32_t)(c->steps->n - at - 1);
	if (!c->steps->v[at].body || !type->count)
		c->steps->n = at; /* nothing to do, however often */
	return NULL;
}

/* ---- the compiler's hashers, to Go 1.26 -------------------------------------------------------
 */

/* The end of the run of plain fields that starts with field @i: Memrun(). */
static uint32_t run_end(struct compile *c, const struct hms_type *type, uint32_t i)
{
	for (i++; i < type->nmembers; i++) {
		if (is_padded(type, i - 1) || is_blank(&type->members[i]) ||
		    alg(c, type->members[i].type) != ALG_MEMORY)
			break;
	}
	return i;
}

static struct hms_error *emit_special(struct compile *c, const struct hms_type *type, uint64_t off,
				      unsigned int depth);

/* Fields in order.  A run of memory goes through memhash, even one of 4 or 8 bytes. */
static struct hms_error *emit_fields(struct compile *c, const struct hms_type *type, uint64_t off,
				     unsigned int depth)
{
	uint32_t i = 0;

	while (i < type->nmembers) {
		const struct hms_member *m = &type->members[i];

		if (is_blank(m)) {
			i++;
		} else if (alg(c, m->type) != ALG_MEMORY) {
			HMS_TRY(emit_special(c, m->type, off + m->off, depth + 1));
			i++;
		} else {
			uint32_t end = run_end(c, type, i);
			const struct hms_member *last = &type->members[end - 1];

			hms_hash_steps_add(c->steps, HMS_HASH_MEM, off + m->off,
					   last->off + last->type->size - m->off);
			i = end;
		}
	}
	return NULL;
}

/* hashfor(): a type that is not plain memory. */
static struct hms_error *emit_special(struct compile *c, const struct hms_type *type, uint64_t off,
				      unsigned int depth)
{
	enum alg kind = alg(c, type);

	HMS_TRY(visit(c, type, depth));
	if (kind == ALG_NONE)
		return too_large(type);
	if (add_primitive(c, kind, off))
		return NULL;
	if (type->kind == HMS_KIND_ARRAY)
		return emit_array(c, type, off, depth, emit_special);
	return emit_fields(c, type, off, depth);
}

static struct hms_error *check_hashable(const struct hms_type *type)
{
	if (hms_hash_type_hashable(type))
		return NULL;
	return hms_err(HMS_ERR_UNSUPPORTED, "values of type '%.200s' cannot be hashed",
		       type->name ? type->name : "?");
}

struct hms_error *hms_hash_steps_fields(const struct hms_type *type, struct hms_hash_steps *ret)
{
	struct compile c = {.steps = ret};

	HMS_TRY(check_hashable(type));
	if (alg(&c, type) != ALG_MEMORY)
		return emit_special(&c, type, 0, 0);
	if (type->size) /* memhash0 changes nothing */
		add_memory(&c, 0, type->size);
	return NULL;
}

/* ---- runtime.typehash -------------------------------------------------------------------------
 */

static struct hms_error *emit_typehash(struct compile *c, const struct hms_type *type, uint64_t off,
				       unsigned int depth);

static struct hms_error *typehash_fields(struct compile *c, const struct hms_type *type,
					 uint64_t off, unsigned int depth)
{
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];

		if (!is_blank(m))
			HMS_TRY(emit_typehash(c, m->type, off + m->off, depth + 1));
	}
	return NULL;
}

/*
 * To Go 1.16 typehash joined adjacent fields of plain memory, as the compiler did.  Unlike the
 * compiler it looks at each field anew: a run without bytes is no run.
 */
static struct hms_error *typehash_runs(struct compile *c, const struct hms_type *type, uint64_t off,
				       unsigned int depth)
{
	uint64_t start = 0, end = 0; /* of the run that waits */

	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];
		bool regular = alg(c, m->type) == ALG_MEMORY;

		if (end > start && (is_blank(m) || m->off != end || !regular)) {
			hms_hash_steps_add(c->steps, HMS_HASH_MEM, off + start, end - start);
			start = end;
		}
		if (is_blank(m))
			continue;
		if (!regular) {
			HMS_TRY(emit_typehash(c, m->type, off + m->off, depth + 1));
			continue;
		}
		if (start == end)
			start = m->off;
		end = m->off + m->type->size;
	}
	if (end > start)
		hms_hash_steps_add(c->steps, HMS_HASH_MEM, off + start, end - start);
	return NULL;
}

static struct hms_error *emit_typehash(struct compile *c, const struct hms_type *type, uint64_t off,
				       unsigned int depth)
{
	enum alg kind = alg(c, type);

	HMS_TRY(visit(c, type, depth));
	if (kind == ALG_NONE)
		return too_large(type);
	if (kind == ALG_MEMORY) {
		add_memory(c, off, type->size);
		return NULL;
	}
	if (type->kind == HMS_KIND_ARRAY)
		return emit_array(c, type, off, depth, emit_typehash);
	if (type->kind == HMS_KIND_STRUCT)
		return c->rules->typehash_runs ? typehash_runs(c, type, off, depth)
					       : typehash_fields(c, type, off, depth);
	add_primitive(c, kind, off);
	return NULL;
}

struct hms_error *hms_hash_steps_typehash(const struct hms_hash_rules *rules,
					  const struct hms_type *type, struct hms_hash_steps *ret)
{
	struct compile c = {.rules = rules, .steps = ret};

	HMS_TRY(check_hashable(type));
	return emit_typehash(&c, type, 0, 0);
}
