// The kernels for 64-bit ARM with products of bytes of which one side has no sign (Neoverse V1, N2, Apple M2, ...).
#include <math.h>
#include <string.h>

#include "neural/kernels/table.h"

#if defined(__aarch64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("i8mm,dotprod"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+dotprod+i8mm")
#endif
#include <arm_neon.h>

#define NEON_DOT vusdotq_s32
#define NEON_UNSIGNED 1
#define KERNELS grm_kernels_i8mm
#define KERNELS_NAME "NEON i8mm"
#include "neural/kernels/neon.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
