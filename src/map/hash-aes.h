/*
 * Go's AES hashes, written once over an abstract 16-byte block.  hash-aes.c (portable),
 * hash-aesni.c (AES-NI) and hash-aesarm.c (ARMv8 cryptography) define the block and include this
 * file, which then defines prims[HMS_HASH_NAES].
 *
 * Sources: src/runtime/asm_amd64.s, asm_arm64.s (aeshashbody, memhash32, memhash64); Go 1.27:
 * src/internal/runtime/maps/memhash_amd64.s, memhash_arm64.s.
 *
 * The includer defines
 *	AES_FN		attributes of a function that may use the instructions
 *	AES_TEXT	who computes, for messages
 *	aes_block	the block; passed by value
 *	aes_load(p), aes_make(lo, hi), aes_xor(a, b), aes_lo(a)
 *	aes_enc(a, k)	MixColumns(ShiftRows(SubBytes(a))) ^ k
 *	aes_last(a)	ShiftRows(SubBytes(a))
 */
#include <string.h>

#include "core/mem.h"

#define AES_INLINE static inline __attribute__((always_inline)) AES_FN

/* Loops over blocks have constant bounds: unrolled, the blocks live in registers. */
#ifdef __clang__
#define AES_UNROLL _Pragma("clang loop unroll(full)")
#else
#define AES_UNROLL _Pragma("GCC unroll 8")
#endif

AES_INLINE aes_block aes_key(const struct hms_hash_secret *secret, int i)
{
	return aes_load(secret->aes + 16 * i);
}

/* 1 to 15 bytes as a little-endian number of 128 bits, without reading past them. */
AES_INLINE aes_block aes_load_short(const uint8_t *p, uint64_t len)
{
	uint64_t lo, hi;

	if (len >= 8) {
		/* Both loads hold the same bytes where they overlap. */
		lo = hms_le64(p);
		hi = len == 8 ? 0 : hms_le64(p + len - 8) >> 8 * (16 - len);
		return aes_make(lo, hi);
	}
	if (len >= 4)
		return aes_make(hms_le32(p) | (uint64_t)hms_le32(p + len - 4) << 8 * (len - 4), 0);
	lo = p[0] | (uint64_t)p[len >> 1] << 8 * (len >> 1) | (uint64_t)p[len - 1] << 8 * (len - 1);
	return aes_make(lo, 0);
}

/* The first half of n blocks from the start, the other half up to the end; they may overlap. */
AES_INLINE aes_block aes_load_ends(const uint8_t *p, uint64_t len, int i, int n)
{
	return i < n / 2 ? aes_load(p + 16 * i) : aes_load(p + len - 16 * (n - i));
}

/* ---- amd64: a round scrambles a block with itself as the key ------------------------------ */

AES_INLINE aes_block amd64_scramble(aes_block x)
{
	return aes_enc(x, x);
}

AES_INLINE aes_block amd64_scramble3(aes_block x)
{
	return amd64_scramble(amd64_scramble(amd64_scramble(x)));
}

AES_INLINE aes_block amd64_base(uint64_t seed, uint64_t len)
{
	/* Four copies of the length's low 16 bits. */
	return aes_make(seed, (len & 0xffff) * UINT64_C(0x0001000100010001));
}

AES_INLINE aes_block amd64_seed(const struct hms_hash_secret *secret, aes_block base, int i)
{
	return amd64_scramble(aes_xor(base, aes_key(secret, i)));
}

/* 17 to 128 bytes as 2, 4 or 8 blocks. */
AES_INLINE uint64_t amd64_blocks(const struct hms_hash_secret *secret, const uint8_t *p,
				 aes_block base, uint64_t len, int n)
{
	aes_block x[8], sum;

	AES_UNROLL
	for (int i = 0; i < n; i++)
		x[i] = aes_xor(aes_load_ends(p, len, i, n), amd64_seed(secret, base, i));
	/* Round by round: the blocks don't wait for one another. */
	AES_UNROLL
	for (int i = 0; i < n; i++)
		x[i] = amd64_scramble(x[i]);
	AES_UNROLL
	for (int i = 0; i < n; i++)
		x[i] = amd64_scramble(x[i]);
	sum = amd64_scramble(x[0]);
	AES_UNROLL
	for (int i = 1; i < n; i++)
		sum = aes_xor(sum, amd64_scramble(x[i]));
	return aes_lo(sum);
}

static AES_FN uint64_t amd64_long(const struct hms_hash_secret *secret, const uint8_t *p,
				  aes_block base, uint64_t len)
{
	aes_block x[8], sum;

	AES_UNROLL
	for (int i = 0; i < 8; i++)
		x[i] = aes_xor(aes_load(p + len - 128 + 16 * i), amd64_seed(secret, base, i));
	for (uint64_t turns = (len - 1) >> 7; turns; turns--, p += 128) {
		AES_UNROLL
		for (int i = 0; i < 8; i++)
			x[i] = aes_enc(amd64_scramble(x[i]), aes_load(p + 16 * i));
	}
	sum = amd64_scramble3(x[0]);
	AES_UNROLL
	for (int i = 1; i < 8; i++)
		sum = aes_xor(sum, amd64_scramble3(x[i]));
	return aes_lo(sum);
}

AES_INLINE uint64_t amd64_mem(const struct hms_hash_secret *secret, const uint8_t *p, uint64_t seed,
			      uint64_t len)
{
	aes_block base = amd64_base(seed, len);
	aes_block s0;

	if (len > 128)
		return amd64_long(secret, p, base, len);
	if (len > 64)
		return amd64_blocks(secret, p, base, len, 8);
	if (len > 32)
		return amd64_blocks(secret, p, base, len, 4);
	if (len > 16)
		return amd64_blocks(secret, p, base, len, 2);
	s0 = amd64_seed(secret, base, 0);
	if (!len)
		return aes_lo(amd64_scramble(s0));
	return aes_lo(
		amd64_scramble3(aes_xor(len == 16 ? aes_load(p) : aes_load_short(p, len), s0)));
}

/* memhash32 and memhash64: the key beside the seed, three rounds with three of the keys. */
AES_INLINE uint64_t amd64_word(const struct hms_hash_secret *secret, uint64_t key, uint64_t seed)
{
	aes_block x = aes_make(seed, key);

	x = aes_enc(x, aes_key(secret, 0));
	x = aes_enc(x, aes_key(secret, 1));
	return aes_lo(aes_enc(x, aes_key(secret, 2)));
}

AES_INLINE uint64_t amd64_mem32(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed)
{
	return amd64_word(secret, hms_le32(p), seed);
}

AES_INLINE uint64_t amd64_mem64(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed)
{
	return amd64_word(secret, hms_le64(p), seed);
}

/* ---- arm64: AESE adds the key before it substitutes, AESMC mixes --------------------------- */

AES_INLINE aes_block arm64_mix(aes_block x, aes_block key)
{
	return aes_enc(aes_xor(x, key), aes_make(0, 0));
}

AES_INLINE aes_block arm64_last(aes_block x, aes_block key)
{
	return aes_last(aes_xor(x, key));
}

AES_INLINE aes_block arm64_rounds(aes_block x, aes_block key)
{
	return arm64_last(arm64_mix(arm64_mix(x, key), key), key);
}

AES_INLINE aes_block arm64_seed(const struct hms_hash_secret *secret, aes_block base, int i)
{
	return arm64_mix(aes_key(secret, i), base);
}

/* 1 to 15 bytes: pieces of 8, 4, 2 and 1 byte, each at a place of its own. */
AES_INLINE aes_block arm64_load_short(const uint8_t *p, uint64_t len)
{
	uint64_t lo = 0, hi = 0;

	if (len & 8) {
		lo = hms_le64(p);
		p += 8;
	}
	if (len & 4) {
		hi = hms_le32(p);
		p += 4;
	}
	if (len & 2) {
		hi |= (uint64_t)hms_le16(p) << 32;
		p += 2;
	}
	if (len & 1)
		hi |= (uint64_t)*p << 48;
	return aes_make(lo, hi);
}

AES_INLINE uint64_t arm64_blocks(const struct hms_hash_secret *secret, const uint8_t *p,
				 aes_block base, uint64_t len, int n)
{
	aes_block sum = aes_make(0, 0);

	AES_UNROLL
	for (int i = 0; i < n; i++)
		sum = aes_xor(sum, arm64_rounds(aes_load_ends(p, len, i, n),
						arm64_seed(secret, base, i)));
	return aes_lo(sum);
}

static AES_FN uint64_t arm64_long(const struct hms_hash_secret *secret, const uint8_t *p,
				  aes_block base, uint64_t len)
{
	aes_block sum = aes_make(0, 0);
	aes_block v[8], d[8];

	AES_UNROLL
	for (int i = 0; i < 8; i++) {
		v[i] = arm64_seed(secret, base, i);
		d[i] = aes_load(p + len - 128 + 16 * i);
	}
	for (uint64_t turns = (len - 1) >> 7; turns; turns--, p += 128) {
		AES_UNROLL
		for (int i = 0; i < 8; i++) {
			v[i] = arm64_mix(v[i], d[i]);
			d[i] = aes_load(p + 16 * i);
			v[i] = arm64_mix(v[i], d[i]);
		}
	}
	AES_UNROLL
	for (int i = 0; i < 8; i++)
		sum = aes_xor(sum, arm64_rounds(v[i], d[i]));
	return aes_lo(sum);
}

/* @mixes: the third round of the 16-byte class mixes columns too. */
AES_INLINE uint64_t arm64_mem(const struct hms_hash_secret *secret, const uint8_t *p, uint64_t seed,
			      uint64_t len, bool mixes)
{
	aes_block base = aes_make(seed, len);
	aes_block v0, x;

	if (len > 128)
		return arm64_long(secret, p, base, len);
	if (len > 64)
		return arm64_blocks(secret, p, base, len, 8);
	if (len > 32)
		return arm64_blocks(secret, p, base, len, 4);
	if (len > 16)
		return arm64_blocks(secret, p, base, len, 2);
	v0 = arm64_seed(secret, base, 0);
	if (!len)
		return aes_lo(v0);
	x = len == 16 ? aes_load(p) : arm64_load_short(p, len);
	x = arm64_mix(arm64_mix(x, v0), v0);
	return aes_lo(mixes ? arm64_mix(x, v0) : arm64_last(x, v0));
}

AES_INLINE uint64_t arm64_mem64(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed)
{
	return aes_lo(arm64_rounds(aes_make(seed, hms_le64(p)), aes_key(secret, 0)));
}

/* @wide: all of the seed is used, not its lower half. */
AES_INLINE uint64_t arm64_mem32(const struct hms_hash_secret *secret, const uint8_t *p,
				uint64_t seed, bool wide)
{
	uint64_t key = hms_le32(p);
	aes_block x = wide ? aes_make(seed, key) : aes_make((uint32_t)seed | key << 32, 0);

	return aes_lo(arm64_rounds(x, aes_key(secret, 0)));
}

#define arm64v1_mem(secret, p, seed, len) arm64_mem(secret, p, seed, len, false)
#define arm64v2_mem(secret, p, seed, len) arm64_mem(secret, p, seed, len, true)
#define arm64v3_mem                       arm64v2_mem
#define arm64v1_mem32(secret, p, seed)    arm64_mem32(secret, p, seed, false)
#define arm64v2_mem32                     arm64v1_mem32
#define arm64v3_mem32(secret, p, seed)    arm64_mem32(secret, p, seed, true)
#define arm64v1_mem64                     arm64_mem64
#define arm64v2_mem64                     arm64_mem64
#define arm64v3_mem64                     arm64_mem64

/* ---- the tables --------------------------------------------------------------------------- */

#define AES_ONE(name)                                                                        \
	static AES_FN uint64_t name##_mem_one(const struct hms_hash_secret *secret,          \
					      const uint8_t *p, uint64_t seed, uint64_t len) \
	{                                                                                    \
		return name##_mem(secret, p, seed, len);                                     \
	}                                                                                    \
	static AES_FN uint64_t name##_mem32_one(const struct hms_hash_secret *secret,        \
						const uint8_t *p, uint64_t seed)             \
	{                                                                                    \
		return name##_mem32(secret, p, seed);                                        \
	}                                                                                    \
	static AES_FN uint64_t name##_mem64_one(const struct hms_hash_secret *secret,        \
						const uint8_t *p, uint64_t seed)             \
	{                                                                                    \
		return name##_mem64(secret, p, seed);                                        \
	}

#define AES_MANY(name)                                                                             \
	static AES_FN void name##_mems(const struct hms_hash_secret *secret,                       \
				       const struct hms_hash_span *spans, size_t n, uint64_t seed, \
				       uint64_t *ret)                                              \
	{                                                                                          \
		for (size_t i = 0; i < n; i++)                                                     \
			ret[i] = name##_mem(secret, spans[i].p, seed, spans[i].len);               \
	}                                                                                          \
	static AES_FN void name##_mem32s(const struct hms_hash_secret *secret,                     \
					 const uint8_t *keys, size_t stride, size_t n,             \
					 uint64_t seed, uint64_t *ret)                             \
	{                                                                                          \
		for (size_t i = 0; i < n; i++)                                                     \
			ret[i] = name##_mem32(secret, keys + i * stride, seed);                    \
	}                                                                                          \
	static AES_FN void name##_mem64s(const struct hms_hash_secret *secret,                     \
					 const uint8_t *keys, size_t stride, size_t n,             \
					 uint64_t seed, uint64_t *ret)                             \
	{                                                                                          \
		for (size_t i = 0; i < n; i++)                                                     \
			ret[i] = name##_mem64(secret, keys + i * stride, seed);                    \
	}

#define AES_ROW(name, arch)                                                                       \
	{                                                                                         \
		"AES of " arch ", " AES_TEXT, name##_mem_one, name##_mem32_one, name##_mem64_one, \
			name##_mems, name##_mem32s, name##_mem64s,                                \
	}

AES_ONE(amd64)
AES_MANY(amd64)
AES_ONE(arm64v1)
AES_MANY(arm64v1)
AES_ONE(arm64v2)
AES_MANY(arm64v2)
AES_ONE(arm64v3)
AES_MANY(arm64v3)

/* In the order of enum hms_hash_aes, and of enum hms_hash_arm64 behind it. */
static const struct hms_hash_prims prims[HMS_HASH_NAES] = {
	AES_ROW(amd64, "amd64"),
	AES_ROW(arm64v1, "arm64"),
	AES_ROW(arm64v2, "arm64"),
	AES_ROW(arm64v3, "arm64"),
};
