#include "neural/kernels/table.h"

size_t grm_kernels_list(const grm_kernels *list[GRM_MAX_KERNELS]) {
    size_t count = 0;
    list[count++] = &grm_kernels_plain;
#if GRM_HAVE_AVX2
    grm_cpu cpu = grm_cpu_detect();
    if (cpu.f16c) list[count++] = &grm_kernels_avx2;
    if (cpu.f16c && cpu.avx512_vnni) list[count++] = &grm_kernels_avx512;
#elif defined(__aarch64__)
    grm_cpu cpu = grm_cpu_detect();
    list[count++] = &grm_kernels_neon;
    if (cpu.dotprod) list[count++] = &grm_kernels_dotprod;
    if (cpu.dotprod && cpu.i8mm) list[count++] = &grm_kernels_i8mm;
#endif
    return count;
}

const grm_kernels *grm_kernels_best(void) {
    const grm_kernels *list[GRM_MAX_KERNELS];
    return list[grm_kernels_list(list) - 1];
}
