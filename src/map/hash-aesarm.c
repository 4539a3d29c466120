/* AES hashes with the cryptography instructions of ARMv8, where the compiler knows them. */
#include "map/hash-impl.h"

/* clang hid the intrinsics of what -march leaves out, before it was 16. */
#if defined(__aarch64__) && \
	(defined(__ARM_FEATURE_AES) || !defined(__clang__) || __clang_major__ >= 16)

#include <arm_neon.h>
#include <sys/auxv.h>

#ifndef HWCAP_AES
#define HWCAP_AES (1 << 3)
#endif

#ifdef __clang__
#define AES_FN __attribute__((target("aes")))
#else
#define AES_FN __attribute__((target("+crypto")))
#endif
#define AES_TEXT "computed with AES instructions"

#define aes_block        uint8x16_t
#define aes_load(p)      vld1q_u8(p)
#define aes_make(lo, hi) vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(lo), vcreate_u64(hi)))
#define aes_xor(a, b)    veorq_u8(a, b)
#define aes_lo(x)        vgetq_lane_u64(vreinterpretq_u64_u8(x), 0)
/* AESE adds its key first; with zero for a key it adds nothing. */
#define aes_enc(x, k) veorq_u8(vaesmcq_u8(vaeseq_u8(x, vdupq_n_u8(0))), k)
#define aes_last(x)   vaeseq_u8(x, vdupq_n_u8(0))
#include "map/hash-aes.h"

const struct hms_hash_prims *hms_hash_aes_arm64(unsigned int which)
{
	return getauxval(AT_HWCAP) & HWCAP_AES ? &prims[which] : NULL;
}

#else

const struct hms_hash_prims *hms_hash_aes_arm64(unsigned int which)
{
	(void)which;
	return NULL;
}

#endif
