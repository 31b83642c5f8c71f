// What differs between compilers.
#ifndef GRM_BASE_COMPILER_H
#define GRM_BASE_COMPILER_H

// Arguments of printf kind: the place of the format, and of the first value.
#if defined(__GNUC__)
#define GRM_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define GRM_PRINTF(text, first)
#endif

// A kernel's body, written once and compiled anew inside each caller: in a plain one, and in one marked GRM_AVX2, which
// runs only where grm_cpu_detect finds avx2_fma. Contraction is off, so both give the same bits. GRM_APART: a function
// that no caller takes in.
#if defined(__GNUC__)
#define GRM_INLINE static inline __attribute__((__always_inline__))
#define GRM_APART __attribute__((__noinline__))
#else
#define GRM_INLINE static inline
#define GRM_APART
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define GRM_HAVE_AVX2 1
#define GRM_AVX2 __attribute__((__target__("avx2,fma")))
#else
#define GRM_HAVE_AVX2 0
#endif

// Asks for a line of memory, which need not be there, into the outer caches; while memory is busy this may be ignored.
#if defined(__GNUC__)
#define GRM_FORGET(pointer) __asm__("" : "+r"(pointer))  // what it points to is read again
#define GRM_PREFETCH(address) __builtin_prefetch(address, 0, 1)
#define GRM_PREFETCH_NEAR(address) __builtin_prefetch(address, 0, 3)  // into the first cache
#else
#define GRM_FORGET(pointer) ((void)(pointer))
#define GRM_PREFETCH(address) ((void)(address))
#define GRM_PREFETCH_NEAR(address) ((void)(address))
#endif

// 64-bit ARM always has it.
#if defined(__GNUC__) && defined(__aarch64__)
#define GRM_HAVE_NEON 1
#else
#define GRM_HAVE_NEON 0
#endif

#define GRM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
