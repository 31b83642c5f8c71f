// What differs between compilers.
#ifndef GRM_BASE_COMPILER_H
#define GRM_BASE_COMPILER_H

// Arguments of printf kind: the place of the format, and of the first value.
#if defined(__GNUC__)
#define GRM_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define GRM_PRINTF(text, first)
#endif

#define GRM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
