/* Hashers: which model a process calls for, and its random keys. */
#include "map/hash.h"

#include <string.h>

#include "map/hash-impl.h"
#include "util/arena.h"

/*
 * What each release does.  Rows that are not verified are releases whose programs we had no
 * hashes of; they are given the rules of the nearest release that makes sense.
 *
 *	arm64		16-byte class: 1.15 and 1.19 differ from 1.21; memhash32: 1.27
 *	multiply	1.15 descends from xxhash, 1.19 from wyhash; 1.23 uses random keys only
 *	typehash	1.15 joins fields, 1.19 does not
 *	direct		1.26 looks at the size alone
 *	signatures	1.27
 */
static const struct hms_hash_rules releases[] = {
	{15, 15, true, HMS_HASH_AES_ARM64_V1, &hms_hash_xxhash, false, true, false, false},
	{16, 16, false, HMS_HASH_AES_ARM64_V1, &hms_hash_xxhash, false, true, false, false},
	{17, 18, false, HMS_HASH_AES_ARM64_V1, &hms_hash_wyhash, true, false, false, false},
	{19, 19, true, HMS_HASH_AES_ARM64_V1, &hms_hash_wyhash, true, false, false, false},
	{20, 20, false, HMS_HASH_AES_ARM64_V2, &hms_hash_wyhash, true, false, false, false},
	{21, 22, true, HMS_HASH_AES_ARM64_V2, &hms_hash_wyhash, true, false, false, false},
	{23, 25, true, HMS_HASH_AES_ARM64_V2, &hms_hash_wyhash, false, false, false, false},
	{26, 26, true, HMS_HASH_AES_ARM64_V2, &hms_hash_wyhash, false, false, true, false},
	{27, 27, true, HMS_HASH_AES_ARM64_V3, &hms_hash_wyhash, false, false, true, true},
	{28, UINT_MAX, false, HMS_HASH_AES_ARM64_V3, &hms_hash_wyhash, false, false, true, true},
};

/* m1 to m4 of src/runtime/hash64.go, to Go 1.22; m1 goes with hashkey[0], which is random. */
static const uint64_t wyhash_constants[4] = {
	UINT64_C(0xa0761d6478bd642f),
	UINT64_C(0xe7037ed1a0b428db),
	UINT64_C(0x8ebc6af09c88c6e3),
	UINT64_C(0x589965cc75374cc3),
};

const struct hms_hash_rules *hms_hash_rules_find(unsigned int minor)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(releases); i++) {
		if (minor >= releases[i].from && minor <= releases[i].to)
			return &releases[i];
	}
	return NULL;
}

static void make_secret(const struct hms_hash_rules *rules, const struct hms_hash_state *state,
			struct hms_hash_secret *ret)
{
	memcpy(ret->aes, state->aeskeysched, sizeof(ret->aes));
	memcpy(ret->mul, state->hashkey, sizeof(ret->mul));
	if (rules->constants) {
		memcpy(ret->mul, wyhash_constants, sizeof(ret->mul));
		ret->mul[0] ^= state->hashkey[0];
	}
}

/* The instructions of this machine can do the other architecture's hash as well. */
static void choose_primitives(struct hms_hasher *hasher, const struct hms_hash_state *state)
{
	enum hms_hash_aes which =
		state->arch == HMS_ARCH_AMD64 ? HMS_HASH_AES_AMD64 : hasher->rules->arm64;

	if (!state->aes) {
		hasher->portable = hasher->rules->multiply;
		hasher->prims = hasher->portable;
		return;
	}
	hasher->portable = hms_hash_aes_portable(which);
	hasher->prims = hms_hash_aes_amd64(which);
	if (!hasher->prims)
		hasher->prims = hms_hash_aes_arm64(which);
	if (!hasher->prims)
		hasher->prims = hasher->portable;
}

struct hms_error *hms_hasher_create(const struct hms_hash_state *state,
				    const struct hms_hash_source *source, struct hms_hasher **ret)
{
	const struct hms_hash_rules *rules = hms_hash_rules_find(state->minor);
	struct hms_hasher *hasher;

	if (!rules)
		return hms_err(HMS_ERR_UNSUPPORTED, "how Go 1.%u hashes is not known",
			       state->minor);
	hasher = hms_xcalloc(1, sizeof(*hasher));
	hasher->rules = rules;
	hasher->source = *source;
	hasher->verified = rules->verified;
	make_secret(rules, state, &hasher->secret);
	choose_primitives(hasher, state);
	*ret = hasher;
	return NULL;
}

void hms_hasher_close(struct hms_hasher *hasher)
{
	if (!hasher)
		return;
	for (size_t i = 0; i < HMS_HASH_DYNAMIC_HEADS; i++) {
		struct hms_hash_dynamic *d = atomic_load(&hasher->dynamic[i]);

		while (d) {
			struct hms_hash_dynamic *next = d->next;

			hms_hash_plan_deinit(&d->plan);
			free(d);
			d = next;
		}
	}
	free(hasher);
}

bool hms_hasher_verified(const struct hms_hasher *hasher)
{
	return hasher->verified;
}

const char *hms_hasher_text(const struct hms_hasher *hasher)
{
	return hasher->prims->text;
}

void hms_hasher_use_portable(struct hms_hasher *hasher)
{
	hasher->prims = hasher->portable;
}

const char *hms_hash_status_text(enum hms_hash_status status)
{
	static const char *const texts[] = {
#define X(status, text) [HMS_HASH_##status] = text,
		HMS_HASH_STATUSES(X)
#undef X
	};

	return texts[status];
}
