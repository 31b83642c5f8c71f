// The kernels for 64-bit ARM with products of bytes (Cortex-A55, A76, Neoverse N1, ...).
#include <math.h>
#include <string.h>

#include "neural/kernels/table.h"

#if defined(__aarch64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif
#include <arm_neon.h>

#define NEON_DOT vdotq_s32
#define NEON_UNSIGNED 0
#define KERNELS grm_kernels_dotprod
#define KERNELS_NAME "NEON dotprod"
#include "neural/kernels/neon.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
