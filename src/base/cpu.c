#include "base/base.h"

#if (defined(__x86_64__) || defined(__i386__)) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
#define KNOWN_TO_THE_LIBRARY 1
#endif
#endif

#if KNOWN_TO_THE_LIBRARY
#include <sys/platform/x86.h>

// CPU_FEATURE_ACTIVE, whose header shifts a one into a sign.
static bool active(unsigned index) {
    const unsigned bits = 8 * sizeof(unsigned), leaf = 4 * bits;  // of a register; of the four that a question gives
    return __x86_get_cpuid_feature_leaf(index / leaf)->active_array[index % leaf / bits] >> index % bits & 1;
}

// The C library (glibc 2.33 and newer) has asked the processor when the program started, for itself and for what the
// system saves; each question costs 15 us and more in a virtual machine.
grm_cpu grm_cpu_detect(void) {
    grm_cpu cpu = {.avx2_fma = active(x86_cpu_AVX2) && active(x86_cpu_FMA)};
    cpu.sha = active(x86_cpu_SHA) && active(x86_cpu_SSE4_1);
    cpu.f16c = cpu.avx2_fma && active(x86_cpu_F16C);
    cpu.avx512 = cpu.avx2_fma && active(x86_cpu_AVX512F) && active(x86_cpu_AVX512BW) && active(x86_cpu_AVX512DQ) &&
                 active(x86_cpu_AVX512VL);
    cpu.avx512_vnni = cpu.avx512 && active(x86_cpu_AVX512_VNNI);
    return cpu;
}

#elif defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

// The registers that the system saves at a switch of threads (Intel SDM vol. 1, 13.3): using others would lose data.
static uint64_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

grm_cpu grm_cpu_detect(void) {
    const uint64_t avx_state = 0x6, avx512_state = 0xe6;
    const unsigned avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL, sha = 1u << 29;
    grm_cpu cpu = {0};
    unsigned a, b, c, d, basic, extended;
    if (!__get_cpuid(1, &a, &b, &basic, &d) || !__get_cpuid_count(7, 0, &a, &extended, &c, &d)) return cpu;
    cpu.sha = (extended & sha) && (basic & bit_SSE4_1);
    if (!(basic & bit_OSXSAVE)) return cpu;
    uint64_t saved = saved_registers();
    bool avx_fma = (basic & bit_AVX) && (basic & bit_FMA) && (saved & avx_state) == avx_state;
    cpu.avx2_fma = avx_fma && (extended & bit_AVX2);
    cpu.f16c = cpu.avx2_fma && (basic & bit_F16C);
    cpu.avx512 = cpu.avx2_fma && (extended & avx512) == avx512 && (saved & avx512_state) == avx512_state;
    cpu.avx512_vnni = cpu.avx512 && (c & bit_AVX512VNNI);
    return cpu;
}

#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

grm_cpu grm_cpu_detect(void) {
    const unsigned long hwcap_dotprod = 1ul << 20, hwcap2_i8mm = 1ul << 13;  // of Linux's asm/hwcap.h
    // NEON is part of the base architecture.
    return (grm_cpu){
        .neon = true, .dotprod = getauxval(AT_HWCAP) & hwcap_dotprod, .i8mm = getauxval(AT_HWCAP2) & hwcap2_i8mm};
}

#elif defined(__aarch64__)

grm_cpu grm_cpu_detect(void) {
    return (grm_cpu){.neon = true};
}

#elif defined(__arm__) && defined(__linux__)
#include <sys/auxv.h>

grm_cpu grm_cpu_detect(void) {
    const unsigned long hwcap_neon = 1ul << 12;  // HWCAP_NEON of Linux's asm/hwcap.h
    return (grm_cpu){.neon = getauxval(AT_HWCAP) & hwcap_neon};
}

#else

grm_cpu grm_cpu_detect(void) {
    return (grm_cpu){0};
}

#endif
