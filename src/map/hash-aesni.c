/* AES hashes with the AES instructions of amd64, compiled in always and chosen at run time. */
#include "map/hash-impl.h"

#ifdef __x86_64__

#include <immintrin.h>

#define AES_FN   __attribute__((target("aes,sse4.1")))
#define AES_TEXT "computed with AES instructions"

#define aes_block        __m128i
#define aes_load(p)      _mm_loadu_si128((const __m128i *)(const void *)(p))
#define aes_make(lo, hi) _mm_set_epi64x((long long)(hi), (long long)(lo))
#define aes_xor(a, b)    _mm_xor_si128(a, b)
#define aes_lo(x)        ((uint64_t)_mm_cvtsi128_si64(x))
#define aes_enc(x, k)    _mm_aesenc_si128(x, k)
#define aes_last(x)      _mm_aesenclast_si128(x, _mm_setzero_si128())
#include "map/hash-aes.h"

const struct hms_hash_prims *hms_hash_aes_amd64(unsigned int which)
{
	if (!__builtin_cpu_supports("aes") || !__builtin_cpu_supports("sse4.1"))
		return NULL;
	return &prims[which];
}

#else

const struct hms_hash_prims *hms_hash_aes_amd64(unsigned int which)
{
	(void)which;
	return NULL;
}

#endif
