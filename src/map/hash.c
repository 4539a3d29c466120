/* Hashers: which model a process calls for, and its random keys. */
#include "map/hash.h"

#include <string.h>

#include "map/hash-impl.h"
#include "util/arena.h"

/* m1 to m4 of src/runtime/hash64.go, to Go 1.22; m1 goes with hashkey[0], which is random. */
static const uint64_t wyhash_constants[4] = {
	UINT64_C(0xa0761d6478bd642f),
	UINT64_C(0xe7037ed1a0b428db),
	UINT64_C(0x8ebc6af09c88c6e3),
	UINT64_C(0x589965cc75374cc3),
};

static void make_secret(const struct hms_hash_state *state, struct hms_hash_secret *ret)
{
	memcpy(ret->aes, state->aeskeysched, sizeof(ret->aes));
	memcpy(ret->mul, state->hashkey, sizeof(ret->mul));
	if (state->rules->multiply == HMS_HASH_WYHASH_CONSTANTS) {
		memcpy(ret->mul, wyhash_constants, sizeof(ret->mul));
		ret->mul[0] ^= state->hashkey[0];
	}
}

/* The instructions of this machine can do the other architecture's hash as well. */
static void choose_primitives(struct hms_hasher *hasher, const struct hms_hash_state *state)
{
	unsigned int which = HMS_HASH_AES_AMD64;

	if (!state->aes) {
		hasher->portable = state->rules->multiply == HMS_HASH_XXHASH ? &hms_hash_xxhash
									     : &hms_hash_wyhash;
		hasher->prims = hasher->portable;
		return;
	}
	if (state->arch == HMS_ARCH_ARM64)
		which = HMS_HASH_AES_ARM64 + state->rules->arm64;
	hasher->portable = hms_hash_aes_portable(which);
	hasher->prims = hms_hash_aes_amd64(which);
	if (!hasher->prims)
		hasher->prims = hms_hash_aes_arm64(which);
	if (!hasher->prims)
		hasher->prims = hasher->portable;
}

struct hms_hasher *hms_hasher_create(const struct hms_hash_state *state,
				     const struct hms_hash_source *source)
{
	struct hms_hasher *hasher = hms_xcalloc(1, sizeof(*hasher));

	hasher->rules = state->rules;
	hasher->source = *source;
	make_secret(state, &hasher->secret);
	choose_primitives(hasher, state);
	return hasher;
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
	return hasher->rules->verified;
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
