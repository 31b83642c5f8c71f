// The kernels for 64-bit ARM's base architecture (Cortex-A53, A72, ...).
#include <math.h>
#include <string.h>

#include "neural/kernels/table.h"

#if defined(__aarch64__)
#include <arm_neon.h>

// Two products of bytes fit into 16 bits: 2 * 128 * 127 < 2^15.
GRM_INLINE int32x4_t dot_of(int32x4_t sums, int8x16_t w, int8x16_t x) {
    int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(x)), high = vmull_high_s8(w, x);
    return vpadalq_s16(sums, vpaddq_s16(low, high));
}

#define NEON_DOT dot_of
#define NEON_UNSIGNED 0
#define KERNELS grm_kernels_neon
#define KERNELS_NAME "NEON"
#include "neural/kernels/neon.h"
#endif
