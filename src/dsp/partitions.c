// Uniformly partitioned convolution by overlap-save (Stockham 1966; Kulp 1988).
#include "dsp/partitions.h"

#include <stdlib.h>
#include <string.h>

grm_status grm_partitions_open(grm_partitions *p, grm_fft *fft, size_t count, grm_error *err) {
    memset(p, 0, sizeof *p);
    p->fft = fft;
    p->block = grm_fft_size(fft) / 2;
    p->row = p->block + 16;
    p->count = count;
    p->avx2 = grm_cpu_detect().avx2_fma;
    p->history = grm_floats_new(grm_partitions_floats(p));
    p->input = grm_floats_new(2 * p->block);
    p->frame = grm_floats_new(2 * p->block);
    p->sum = grm_floats_new(2 * p->row);
    p->bins = calloc(p->block + 1, sizeof *p->bins);
    if (p->history && p->input && p->frame && p->sum && p->bins) return GRM_OK;
    grm_partitions_close(p);
    return grm_fail_memory(err);
}

void grm_partitions_close(grm_partitions *p) {
    free(p->bins);
    free(p->sum);
    free(p->frame);
    free(p->input);
    free(p->history);
    memset(p, 0, sizeof *p);
}

void grm_partitions_reset(grm_partitions *p) {
    memset(p->history, 0, grm_partitions_floats(p) * sizeof(float));
    memset(p->input, 0, 2 * p->block * sizeof(float));
    p->at = 0;
}

size_t grm_partitions_floats(const grm_partitions *p) {
    return p->count * 2 * p->row;
}

static void spectrum(grm_partitions *p, const float *x, float *row) {
    grm_fft_forward(p->fft, x, p->bins);
    for (size_t k = 0; k <= p->block; k++) {
        row[k] = p->bins[k].re;
        row[p->row + k] = p->bins[k].im;
    }
}

void grm_partitions_kernel(grm_partitions *p, const float *taps, size_t have, float *kernel) {
    for (size_t i = 0; i < p->count; i++) {
        size_t from = i * p->block, n = from >= have ? 0 : have - from < p->block ? have - from : p->block;
        memset(p->frame, 0, 2 * p->block * sizeof(float));
        if (n) memcpy(p->frame, taps + from, n * sizeof(float));
        spectrum(p, p->frame, kernel + i * 2 * p->row);
    }
}

void grm_partitions_take(grm_partitions *p, const float *x) {
    memcpy(p->input, p->input + p->block, p->block * sizeof(float));
    memcpy(p->input + p->block, x, p->block * sizeof(float));
    p->at = p->at ? p->at - 1 : p->count - 1;
    spectrum(p, p->input, p->history + p->at * 2 * p->row);
}

// sum += a b, rows of [re, im][row].
GRM_INLINE void multiply_add(float *restrict sum, const float *restrict a, const float *restrict b, size_t row) {
    for (size_t k = 0; k < row; k++) {
        sum[k] += a[k] * b[k] - a[row + k] * b[row + k];
        sum[row + k] += a[k] * b[row + k] + a[row + k] * b[k];
    }
}

GRM_INLINE void sum_up(grm_partitions *p, const float *kernel) {
    memset(p->sum, 0, 2 * p->row * sizeof(float));
    for (size_t i = 0; i < p->count; i++) {
        size_t place = p->at + i < p->count ? p->at + i : p->at + i - p->count;
        multiply_add(p->sum, p->history + place * 2 * p->row, kernel + i * 2 * p->row, p->row);
    }
}

static void sum_plain(grm_partitions *p, const float *kernel) {
    sum_up(p, kernel);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void sum_avx2(grm_partitions *p, const float *kernel) {
    sum_up(p, kernel);
}
#endif

void grm_partitions_give(grm_partitions *p, const float *kernel, float *y) {
#if GRM_HAVE_AVX2
    if (p->avx2)
        sum_avx2(p, kernel);
    else
#endif
        sum_plain(p, kernel);
    for (size_t k = 0; k <= p->block; k++) p->bins[k] = (grm_complex){p->sum[k], p->sum[p->row + k]};
    grm_fft_inverse(p->fft, p->bins, p->frame);
    memcpy(y, p->frame + p->block, p->block * sizeof(float));
}
