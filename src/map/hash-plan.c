/*
 * Plans: which rules made a map type's hasher, told by the name of its function, and the steps
 * that follow for its keys.
 */
#include <string.h>

#include "map/hash-impl.h"
#include "rt/rt.h"
#include "util/arena.h"

/* Hashers that the runtime supplies: one primitive on the whole key.  src/runtime/alg.go. */
static const struct {
	const char *name;
	const char *signature;
} primitives[] = {
	{"memhash0", ""},      {"memhash8", "M1"},    {"memhash16", "M2"}, {"memhash32", "M4"},
	{"memhash64", "M8"},   {"memhash128", "M16"}, {"strhash", "S"},    {"f32hash", "F"},
	{"f64hash", "G"},      {"c64hash", "FF"},     {"c128hash", "GG"},  {"interhash", "I"},
	{"nilinterhash", "E"},
};

#define RUNTIME "runtime."

/* What follows @prefix in @name, or NULL. */
static const char *after(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) ? NULL : name + len;
}

static const char *primitive_signature(const char *function)
{
	const char *name = after(function, RUNTIME);

	for (size_t i = 0; name && i < HMS_ARRAY_LEN(primitives); i++) {
		if (!strcmp(name, primitives[i].name))
			return primitives[i].signature;
	}
	return NULL;
}

/* The name after the prefix that all hashers made by the compiler have, or NULL. */
static const char *generated_name(const char *function)
{
	const char *ret = after(function, "type:.hash.");

	return ret ? ret : after(function, "type..hash."); /* to Go 1.20 */
}

/* ---- steps ---------------------------------------------------------------------------------- */

static uint64_t step_size(const struct hms_hash_step *step)
{
	switch (step->op) {
	case HMS_HASH_MEM: return step->n;
	case HMS_HASH_MEM32:
	case HMS_HASH_FLOAT32: return 4;
	case HMS_HASH_MEM64:
	case HMS_HASH_FLOAT64: return 8;
	default: return 16;
	}
}

/* Do steps [from, to) stay inside @size bytes?  Types and names come from the input. */
static bool steps_fit(const struct hms_hash_step *v, size_t from, size_t to, uint64_t size)
{
	for (size_t i = from; i < to; i++) {
		const struct hms_hash_step *step = &v[i];

		if (step->off > size)
			return false;
		if (step->op != HMS_HASH_LOOP) {
			if (step_size(step) > size - step->off)
				return false;
			continue;
		}
		if (step->body > to - i - 1 ||
		    (step->stride && step->n > (size - step->off) / step->stride) ||
		    !steps_fit(v, i + 1, i + 1 + step->body, step->stride))
			return false;
		i += step->body;
	}
	return true;
}

/* Steps made for one key.  Loops over elements of no size could be endless. */
static uint64_t steps_work(const struct hms_hash_step *v, size_t from, size_t to)
{
	uint64_t ret = 0;

	for (size_t i = from; i < to; i++) {
		uint64_t work = 1;

		if (v[i].op == HMS_HASH_LOOP) {
			if (__builtin_mul_overflow(steps_work(v, i + 1, i + 1 + v[i].body), v[i].n,
						   &work))
				return UINT64_MAX;
			i += v[i].body;
		}
		if (__builtin_add_overflow(ret, work, &ret))
			return UINT64_MAX;
	}
	return ret;
}

#define MAX_WORK_BEYOND_SIZE 10000

static struct hms_error *no_fit(const struct hms_type *key, const char *function)
{
	return hms_err(HMS_ERR_UNSUPPORTED,
		       "hasher '%.200s' does not fit keys of type '%.200s' (%llu bytes)", function,
		       key->name ? key->name : "?", (unsigned long long)key->size);
}

/* A signature covers the key up to its last part that is hashed. */
static struct hms_error *from_signature(const char *signature, const struct hms_type *key,
					const char *function, struct hms_hash_steps *ret)
{
	uint64_t size;

	if (!hms_hash_steps_signature(signature, ret, &size) || size > key->size)
		return no_fit(key, function);
	return NULL;
}

/* What this release's compiler makes of the type. */
static struct hms_error *from_compiler(const struct hms_hash_rules *rules,
				       const struct hms_type *key, struct hms_hash_steps *ret)
{
	HMS_AUTO_STR struct hms_str signature = HMS_STR_INIT;

	if (!rules->signatures)
		return hms_hash_steps_fields(key, ret);
	HMS_TRY(hms_hash_signature(key, &signature));
	return from_signature(hms_str_text(&signature), key, "(computed)", ret);
}

/* Compiler and reflect may have made the map type: fine where that makes no difference. */
static struct hms_error *from_type(const struct hms_hash_rules *rules, const struct hms_type *key,
				   const char *function, struct hms_hash_steps *ret)
{
	struct hms_hash_steps other = {0};
	struct hms_error *err;
	bool agree;

	HMS_TRY(from_compiler(rules, key, ret));
	err = hms_hash_steps_typehash(rules, key, &other);
	agree = !err && hms_hash_steps_equal(ret, &other);
	hms_hash_steps_deinit(&other);
	if (!err && !agree)
		err = hms_err(HMS_ERR_UNSUPPORTED,
			      "how keys of type '%.200s' are hashed depends on the map's hasher, "
			      "and '%.200s' is not known",
			      key->name ? key->name : "?", function ? function : "(no name)");
	return err;
}

/*
 * memhash_varlen finds the number of bytes in its closure.  It is the key's size; or, where
 * signatures rule, that of a key less its trailing padding: M9 of struct{int64; uint8}.
 */
static struct hms_error *from_varlen(const struct hms_hash_rules *rules, const struct hms_type *key,
				     const char *function, struct hms_hash_steps *ret)
{
	HMS_TRY(from_compiler(rules, key, ret));
	if (ret->n != 1 || ret->v[0].op != HMS_HASH_MEM || ret->v[0].off)
		return no_fit(key, function);
	return NULL;
}

/* A signature never looks like a type's name: that has a package, or a lower-case letter. */
static struct hms_error *from_generated(const struct hms_hash_rules *rules,
					const struct hms_type *key, const char *function,
					const char *name, struct hms_hash_steps *ret)
{
	struct hms_hash_steps probe = {0};
	uint64_t size;
	bool is_signature = hms_hash_steps_signature(name, &probe, &size);

	hms_hash_steps_deinit(&probe);
	if (is_signature)
		return from_signature(name, key, function, ret);
	if (rules->signatures)
		return from_type(rules, key, function, ret);
	return hms_hash_steps_fields(key, ret);
}

static struct hms_error *steps_of(const struct hms_hash_rules *rules, const struct hms_type *key,
				  const char *function, struct hms_hash_steps *ret)
{
	const char *name;

	if (!function || !*function)
		return from_type(rules, key, NULL, ret);
	name = primitive_signature(function);
	if (name)
		return from_signature(name, key, function, ret);
	if (!strcmp(function, RUNTIME "memhash_varlen"))
		return from_varlen(rules, key, function, ret);
	name = generated_name(function);
	if (name)
		return from_generated(rules, key, function, name, ret);
	if (after(function, "reflect.MapOf."))
		return hms_hash_steps_typehash(rules, key, ret);
	return from_type(rules, key, function, ret);
}

/* ---- plans ---------------------------------------------------------------------------------- */

static enum hms_hash_shape shape_of(const struct hms_hash_steps *steps)
{
	const struct hms_hash_step *step = steps->v;

	if (steps->n != 1 || step->off)
		return HMS_HASH_SHAPE_STEPS;
	switch (step->op) {
	case HMS_HASH_MEM: return HMS_HASH_SHAPE_MEM;
	case HMS_HASH_MEM32: return HMS_HASH_SHAPE_MEM32;
	case HMS_HASH_MEM64: return HMS_HASH_SHAPE_MEM64;
	case HMS_HASH_STRING: return HMS_HASH_SHAPE_STRING;
	default: return HMS_HASH_SHAPE_STEPS;
	}
}

void hms_hash_plan_deinit(struct hms_hash_plan *plan)
{
	hms_hash_steps_deinit(&plan->steps);
}

/* Fill in all but the steps, and look at these once more. */
static struct hms_error *finish(struct hms_hash_plan *plan, struct hms_hasher *hasher,
				const struct hms_type *type, const char *function)
{
	plan->hasher = hasher;
	plan->size = type->size;
	plan->direct_iface = hms_type_is_direct(type, hasher->rules->direct_by_size);
	plan->shape = shape_of(&plan->steps);
	if (!steps_fit(plan->steps.v, 0, plan->steps.n, type->size) ||
	    steps_work(plan->steps.v, 0, plan->steps.n) / 2 > type->size / 2 + MAX_WORK_BEYOND_SIZE)
		return no_fit(type, function ? function : "(computed)");
	return NULL;
}

struct hms_error *hms_hash_plan_typehash(struct hms_hasher *hasher, const struct hms_type *type,
					 struct hms_hash_plan *ret)
{
	struct hms_hash_plan plan = {0};
	struct hms_error *err = hms_hash_steps_typehash(hasher->rules, type, &plan.steps);

	if (!err)
		err = finish(&plan, hasher, type, "runtime.typehash");
	if (err)
		hms_hash_plan_deinit(&plan);
	else
		*ret = plan;
	return err;
}

struct hms_error *hms_hash_plan_create(struct hms_hasher *hasher, const struct hms_type *key,
				       const char *function, bool indirect,
				       struct hms_hash_plan **ret)
{
	struct hms_hash_plan plan = {.indirect = indirect};
	struct hms_error *err = steps_of(hasher->rules, key, function, &plan.steps);

	if (!err)
		err = finish(&plan, hasher, key, function);
	if (err) {
		hms_hash_plan_deinit(&plan);
		return err;
	}
	*ret = hms_xcalloc(1, sizeof(**ret));
	**ret = plan;
	return NULL;
}

void hms_hash_plan_destroy(struct hms_hash_plan *plan)
{
	if (!plan)
		return;
	hms_hash_plan_deinit(plan);
	free(plan);
}

bool hms_hash_plan_is_string(const struct hms_hash_plan *plan)
{
	return plan->shape == HMS_HASH_SHAPE_STRING && !plan->indirect;
}

uint64_t hms_hash_text(const struct hms_hash_plan *plan, uint64_t seed, const void *text,
		       size_t len)
{
	return plan->hasher->prims->mem(&plan->hasher->secret, text, seed, len);
}
