/*
 * Go's hashes for processors without AES instructions, or with GODEBUG=cpu.aes=off.
 * src/runtime/hash64.go; from Go 1.27 src/internal/runtime/maps/runtime_hash64.go.
 *
 * To Go 1.16 the function descends from xxhash, later from wyhash; which of wyhash's constants are
 * fixed and which are random is settled before (secret->mul).
 */
#include "core/mem.h"
#include "map/hash-impl.h"

/* ---- to Go 1.16 --------------------------------------------------------------------------- */

#define XX1 UINT64_C(16877499708836156737)
#define XX2 UINT64_C(2820277070424839065)
#define XX3 UINT64_C(9497967016996688599)
#define XX4 UINT64_C(15839092249703872147)

static inline uint64_t xx_round(uint64_t x, uint64_t a, uint64_t b)
{
	x *= a;
	return (x << 31 | x >> 33) * b;
}

static inline uint64_t xx_add(uint64_t x, uint64_t v)
{
	return xx_round(x ^ v, XX1, XX2);
}

static inline uint64_t xx_finish(uint64_t x)
{
	x ^= x >> 29;
	x *= XX3;
	return x ^ x >> 32;
}

/* Four lanes of 8 bytes while 32 are left. */
static uint64_t xx_stripes(const struct hms_hash_secret *secret, const uint8_t **p, uint64_t x,
			   uint64_t seed, uint64_t *len)
{
	uint64_t v1 = x;
	uint64_t v2 = seed * secret->mul[1];
	uint64_t v3 = seed * secret->mul[2];
	uint64_t v4 = seed * secret->mul[3];

	for (; *len >= 32; *len -= 32, *p += 32) {
		v1 = xx_round(v1 ^ hms_le64(*p), XX1, XX2);
		v2 = xx_round(v2 ^ hms_le64(*p + 8), XX2, XX3);
		v3 = xx_round(v3 ^ hms_le64(*p + 16), XX3, XX4);
		v4 = xx_round(v4 ^ hms_le64(*p + 24), XX4, XX1);
	}
	return v1 ^ v2 ^ v3 ^ v4;
}

static inline uint64_t xx_rest(const uint8_t *p, uint64_t x, uint64_t len)
{
	if (!len)
		return x;
	if (len < 4)
		return xx_add(x, (uint64_t)p[0] ^ (uint64_t)p[len >> 1] << 8 ^
					 (uint64_t)p[len - 1] << 16);
	if (len <= 8)
		return xx_add(x, hms_le32(p) ^ (uint64_t)hms_le32(p + len - 4) << 32);
	x = xx_add(x, hms_le64(p));
	if (len > 16) {
		x = xx_add(x, hms_le64(p + 8));
		x = xx_add(x, hms_le64(p + len - 16));
	}
	return xx_add(x, hms_le64(p + len - 8));
}

static inline uint64_t xx_mem(const struct hms_hash_secret *secret, const uint8_t *p, uint64_t seed,
			      uint64_t len)
{
	uint64_t x = seed + len * secret->mul[0];

	if (len > 32)
		x = xx_stripes(secret, &p, x, seed, &len);
	return xx_finish(xx_rest(p, x, len));
}

static inline uint64_t xx_mem32(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed)
{
	uint64_t key = hms_le32(p);

	return xx_finish(xx_add(seed + 4 * secret->mul[0], key ^ key << 32));
}

static inline uint64_t xx_mem64(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed)
{
	return xx_finish(xx_add(seed + 8 * secret->mul[0], hms_le64(p)));
}

/* ---- from Go 1.17 ------------------------------------------------------------------------- */

#define WY5 UINT64_C(0x1d8e4e27c47d124f)

static inline uint64_t wy_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* Over 16 bytes: three lanes while 48 are left, then one; the last 16 are left to the caller. */
static uint64_t wy_stripes(const uint64_t *k, const uint8_t **p, uint64_t s, uint64_t *len)
{
	if (*len > 48) {
		uint64_t s1 = s, s2 = s;

		for (; *len > 48; *len -= 48, *p += 48) {
			s = wy_mix(hms_le64(*p) ^ k[1], hms_le64(*p + 8) ^ s);
			s1 = wy_mix(hms_le64(*p + 16) ^ k[2], hms_le64(*p + 24) ^ s1);
			s2 = wy_mix(hms_le64(*p + 32) ^ k[3], hms_le64(*p + 40) ^ s2);
		}
		s ^= s1 ^ s2;
	}
	for (; *len > 16; *len -= 16, *p += 16)
		s = wy_mix(hms_le64(*p) ^ k[1], hms_le64(*p + 8) ^ s);
	return s;
}

static inline uint64_t wy_mem(const struct hms_hash_secret *secret, const uint8_t *p, uint64_t seed,
			      uint64_t len)
{
	const uint64_t *k = secret->mul;
	uint64_t s = seed ^ k[0];
	uint64_t left = len;
	uint64_t a, b;

	if (!len)
		return s;
	if (len < 4) {
		a = p[0] | (uint64_t)p[len >> 1] << 8 | (uint64_t)p[len - 1] << 16;
		b = 0;
	} else if (len < 8) {
		/* Of 4 bytes both are the same. */
		a = hms_le32(p);
		b = hms_le32(p + len - 4);
	} else {
		if (len > 16) {
			s = wy_stripes(k, &p, s, &left);
			a = hms_le64(p + left - 16);
		} else {
			a = hms_le64(p);
		}
		b = hms_le64(p + left - 8);
	}
	return wy_mix(WY5 ^ len, wy_mix(a ^ k[1], b ^ s));
}

static inline uint64_t wy_mem32(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed)
{
	uint64_t a = hms_le32(p);

	return wy_mix(WY5 ^ 4, wy_mix(a ^ secret->mul[1], a ^ seed ^ secret->mul[0]));
}

static inline uint64_t wy_mem64(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed)
{
	uint64_t a = hms_le64(p);

	return wy_mix(WY5 ^ 8, wy_mix(a ^ secret->mul[1], a ^ seed ^ secret->mul[0]));
}

/* ---- the tables --------------------------------------------------------------------------- */

#define MANY(name)                                                                           \
	static void name##_mems(const struct hms_hash_secret *secret,                        \
				const struct hms_hash_span *spans, size_t n, uint64_t seed,  \
				uint64_t *ret)                                               \
	{                                                                                    \
		for (size_t i = 0; i < n; i++)                                               \
			ret[i] = name##_mem(secret, spans[i].p, seed, spans[i].len);         \
	}                                                                                    \
	static void name##_mem32s(const struct hms_hash_secret *secret, const uint8_t *keys, \
				  size_t stride, size_t n, uint64_t seed, uint64_t *ret)     \
	{                                                                                    \
		for (size_t i = 0; i < n; i++)                                               \
			ret[i] = name##_mem32(secret, keys + i * stride, seed);              \
	}                                                                                    \
	static void name##_mem64s(const struct hms_hash_secret *secret, const uint8_t *keys, \
				  size_t stride, size_t n, uint64_t seed, uint64_t *ret)     \
	{                                                                                    \
		for (size_t i = 0; i < n; i++)                                               \
			ret[i] = name##_mem64(secret, keys + i * stride, seed);              \
	}

MANY(xx)
MANY(wy)

const struct hms_hash_prims hms_hash_xxhash = {
	"multiplication (to Go 1.16)", xx_mem, xx_mem32, xx_mem64, xx_mems, xx_mem32s, xx_mem64s,
};

const struct hms_hash_prims hms_hash_wyhash = {
	"multiplication", wy_mem, wy_mem32, wy_mem64, wy_mems, wy_mem32s, wy_mem64s,
};
