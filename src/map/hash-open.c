/*
 * What is read from the process: the variables that alginit set (src/runtime/alg.go; from Go 1.27
 * src/internal/runtime/maps/runtime_alg.go), and the hasher function that a map type names.
 */
#include <string.h>

#include "map/hash-impl.h"
#include "map/map.h"
#include "rt/pclntab.h"
#include "rt/rt.h"

/* One variable by each of the names that releases gave it, the newest first. */
struct variable {
	const char *names[2];
};

static const struct variable use_aes = {{"internal/runtime/maps.UseAeshash", "runtime.useAeshash"}};
static const struct variable aes_keys = {
	{"internal/runtime/maps.aeskeysched", "runtime.aeskeysched"}};
static const struct variable multiply_keys = {{"internal/runtime/maps.hashkey", "runtime.hashkey"}};

static struct hms_error *find(const struct hms_rt *rt, const struct variable *variable,
			      uint64_t *ret)
{
	struct hms_error *err = NULL;

	for (size_t i = 0; i < HMS_ARRAY_LEN(variable->names); i++) {
		hms_err_free(err);
		err = hms_rt_symbol(rt, variable->names[i], ret);
		if (!err)
			return NULL;
	}
	hms_err_free(err);
	return hms_err(HMS_ERR_ABSENT, "variable '%s' was not found", variable->names[1]);
}

static struct hms_error *read_variable(const struct hms_rt *rt, const struct variable *variable,
				       void *buf, size_t len)
{
	uint64_t addr;

	HMS_TRY(find(rt, variable, &addr));
	return hms_err_ctx(hms_mem_read(rt->mem, addr, buf, len), "variable '%s'",
			   variable->names[1]);
}

static struct hms_error *read_state(const struct hms_rt *rt, struct hms_hash_state *ret)
{
	uint8_t aes;

	ret->arch = rt->exe->arch;
	ret->rules = hms_hash_rules_of(rt);
	if (!ret->rules)
		return hms_err(HMS_ERR_UNSUPPORTED, "how %s hashes is not known", rt->version.text);
	HMS_TRY(read_variable(rt, &use_aes, &aes, sizeof(aes)));
	ret->aes = aes;
	if (ret->aes)
		return read_variable(rt, &aes_keys, ret->aeskeysched, sizeof(ret->aeskeysched));
	return read_variable(rt, &multiply_keys, ret->hashkey, sizeof(ret->hashkey));
}

bool hms_hash_process_key(const struct hms_rt *rt, uint64_t *ret)
{
	static const struct variable *const variables[] = {&aes_keys, &multiply_keys};
	uint8_t bytes[HMS_AESKEYSCHED_SIZE] = {0};
	uint64_t sum = 0;
	bool random = false;

	for (size_t i = 0; i < HMS_ARRAY_LEN(variables); i++) {
		size_t len = i == 0 ? HMS_AESKEYSCHED_SIZE : 4 * sizeof(uint64_t);
		struct hms_error *err = read_variable(rt, variables[i], bytes, len);

		hms_err_free(err);
		for (size_t k = 0; !err && k < len; k++) {
			sum = (sum ^ bytes[k]) * UINT64_C(0x100000001b3);
			sum ^= sum >> 32;
			random |= bytes[k] != 0;
		}
	}
	if (random)
		*ret = sum;
	return random;
}

static size_t run(const void *arg, uint64_t addr, const uint8_t **ret)
{
	const struct hms_rt *rt = arg;

	return hms_mem_run(rt->mem, addr, ret);
}

static const struct hms_type *dynamic_type(const void *arg, uint64_t word, bool iface)
{
	const struct hms_type shape = {.kind = HMS_KIND_INTERFACE, .iface = iface};

	return hms_rt_dynamic_type(arg, &shape, word);
}

struct hms_error *hms_hasher_open_source(const struct hms_rt *rt,
					 const struct hms_hash_source *source,
					 struct hms_hasher **ret)
{
	struct hms_hash_state state = {0};

	HMS_TRY(hms_err_ctx(read_state(rt, &state), "cannot recompute map hashes"));
	*ret = hms_hasher_create(&state, source);
	return NULL;
}

struct hms_error *hms_hasher_open(const struct hms_rt *rt, struct hms_hasher **ret)
{
	const struct hms_hash_source source = {.arg = rt, .run = run, .dynamic_type = dynamic_type};

	return hms_hasher_open_source(rt, &source, ret);
}

/* ---- the map type ----------------------------------------------------------------------- */

/*
 * The name of the hasher function of the map type whose descriptor is @rtype: a pointer in the
 * descriptor leads to a closure, whose first word is the function's entry.  NULL where that cannot
 * be followed.
 */
static const char *hasher_name(const struct hms_rt *rt, const struct hms_pclntab *pclntab,
			       uint64_t rtype)
{
	uint64_t at = rtype + hms_layout_off(&rt->layout, HMS_F_MAPTYPE_HASHER);
	const uint8_t *p;
	struct hms_func func;

	if (!hms_layout_has(&rt->layout, HMS_F_MAPTYPE_HASHER))
		return NULL;
	p = hms_mem_peek(rt->mem, at, 8);
	if (p)
		p = hms_mem_peek(rt->mem, hms_le64(p), 8);
	return p && hms_pclntab_find(pclntab, hms_le64(p), &func) ? func.name : NULL;
}

struct hms_error *hms_hash_plan_open(struct hms_hasher *hasher, const struct hms_rt *rt,
				     const struct hms_pclntab *pclntab,
				     const struct hms_map_type *type, struct hms_hash_plan **ret)
{
	const char *name = NULL;

	if (type->type->rt_off)
		name = hasher_name(rt, pclntab, rt->modules[0].types + type->type->rt_off);
	return hms_hash_plan_create(hasher, type->key, name, type->key_indirect, ret);
}
