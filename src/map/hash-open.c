/*
 * The hasher of a process: the variables that alginit set, read from the core.
 * src/runtime/alg.go; from Go 1.27 src/internal/runtime/maps/runtime_alg.go.
 */
#include <string.h>

#include "map/hash-impl.h"
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

static size_t run(const void *arg, uint64_t addr, const uint8_t **ret)
{
	const struct hms_rt *rt = arg;

	return hms_mem_run(rt->mem, addr, ret);
}

static const struct hms_type *type_at(const void *arg, uint64_t rtype)
{
	return hms_rt_type_at(arg, rtype);
}

struct hms_error *hms_hasher_open(const struct hms_rt *rt, struct hms_hasher **ret)
{
	const struct hms_hash_source source = {.arg = rt, .run = run, .type_at = type_at};
	struct hms_hash_state state = {0};

	HMS_TRY(hms_err_ctx(read_state(rt, &state), "cannot recompute map hashes"));
	*ret = hms_hasher_create(&state, &source);
	return NULL;
}
