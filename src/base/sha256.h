// The two ways to take 64-byte blocks into the state of a hash.
#ifndef GRM_BASE_SHA256_H
#define GRM_BASE_SHA256_H

#include "base/base.h"

extern const uint32_t grm_sha256_constants[64];

typedef void grm_sha256_blocks(uint32_t state[8], const unsigned char *blocks, size_t count);
grm_sha256_blocks grm_sha256_blocks_plain;
#if GRM_HAVE_AVX2
grm_sha256_blocks grm_sha256_blocks_x86;  // where grm_cpu_detect finds sha
#endif

#endif
