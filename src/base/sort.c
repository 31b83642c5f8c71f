#include <stdlib.h>

#include "base/base.h"

static int by_float(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int by_double(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void grm_sort_floats(float *x, size_t count) {
    if (count) qsort(x, count, sizeof *x, by_float);
}

void grm_sort_doubles(double *x, size_t count) {
    if (count) qsort(x, count, sizeof *x, by_double);
}
