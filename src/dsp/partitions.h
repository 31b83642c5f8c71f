// One size of block of a partitioned convolution, for one channel. Of this room alone.
#ifndef GRM_DSP_PARTITIONS_H
#define GRM_DSP_PARTITIONS_H

#include "dsp/dsp.h"

// Kernel and history are spectra of 2 * block samples, [count][re, im][row], of which the first block + 1 bins count.
typedef struct grm_partitions {
    size_t block, row, count;
    bool avx2;
    grm_fft *fft;  // of 2 * block, lent
    float *history, *input;
    size_t at;  // where the newest spectrum lies
    float *sum, *frame;
    grm_complex *bins;
} grm_partitions;

grm_status grm_partitions_open(grm_partitions *p, grm_fft *fft, size_t count, grm_error *err);
void grm_partitions_close(grm_partitions *p);
void grm_partitions_reset(grm_partitions *p);
size_t grm_partitions_floats(const grm_partitions *p);  // of a kernel's spectra
// taps: [count * block], of which `have` are there -> kernel.
void grm_partitions_kernel(grm_partitions *p, const float *taps, size_t have, float *kernel);
// Takes the next block of input.
void grm_partitions_take(grm_partitions *p, const float *x);
// y: [block], what the blocks so far bring to the block after the last.
void grm_partitions_give(grm_partitions *p, const float *kernel, float *y);

// Leaves the vector unit alone (same result).
void grm_convolver_plain(grm_convolver *convolver);

#endif
