// SHA-256 with the instructions made for it: four rounds take two of them (Intel, "Intel SHA Extensions", 2013). The
// state is kept as A B E F and C D G H, highest lane first.
#include "base/sha256.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>

#define GRM_SHA __attribute__((__target__("sha,sse4.1")))

GRM_SHA static __m128i load_words(const unsigned char *from) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)from), big_endian);
}

// w[t..t+3] from the sixteen words before.
GRM_SHA static __m128i next_words(__m128i w16, __m128i w12, __m128i w8, __m128i w4) {
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w16, w12), _mm_alignr_epi8(w4, w8, 4));
    return _mm_sha256msg2_epu32(sum, w4);
}

GRM_SHA static void four_rounds(__m128i *abef, __m128i *cdgh, __m128i words, const uint32_t *constants) {
    __m128i sum = _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)(const void *)constants));
    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

GRM_SHA static void compress(__m128i *abef, __m128i *cdgh, const unsigned char *block) {
    const __m128i abef_before = *abef, cdgh_before = *cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; i++) {
        w[i] = load_words(block + 16 * i);
        four_rounds(abef, cdgh, w[i], grm_sha256_constants + 4 * i);
    }
    for (int t = 4; t < 16; t++) {
        __m128i words = next_words(w[0], w[1], w[2], w[3]);
        four_rounds(abef, cdgh, words, grm_sha256_constants + 4 * t);
        w[0] = w[1], w[1] = w[2], w[2] = w[3], w[3] = words;
    }
    *abef = _mm_add_epi32(*abef, abef_before);
    *cdgh = _mm_add_epi32(*cdgh, cdgh_before);
}

GRM_SHA void grm_sha256_blocks_x86(uint32_t state[8], const unsigned char *blocks, size_t count) {
    const uint32_t *s = state;
    __m128i abef = _mm_set_epi32((int)s[0], (int)s[1], (int)s[4], (int)s[5]);
    __m128i cdgh = _mm_set_epi32((int)s[2], (int)s[3], (int)s[6], (int)s[7]);
    for (; count > 0; count--, blocks += 64) compress(&abef, &cdgh, blocks);
    uint32_t first[4], second[4];
    _mm_storeu_si128((__m128i *)(void *)first, abef);
    _mm_storeu_si128((__m128i *)(void *)second, cdgh);
    state[0] = first[3], state[1] = first[2], state[4] = first[1], state[5] = first[0];
    state[2] = second[3], state[3] = second[2], state[6] = second[1], state[7] = second[0];
}

#endif
