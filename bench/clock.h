// Seconds, for programs that measure.
#ifndef GRM_BENCH_CLOCK_H
#define GRM_BENCH_CLOCK_H

#include <time.h>

static inline double bench_now_s(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// By the wall.
static inline double bench_wall_s(void) {
    return bench_now_s(CLOCK_MONOTONIC);
}

// Processor time of all threads so far.
static inline double bench_cpu_s(void) {
    return bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
