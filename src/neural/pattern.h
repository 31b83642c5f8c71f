// The delay pattern: in column c of the grid that the decoder reads, codebook k has the code of frame c - 1 - delay(k),
// so that the coarse codes of a frame are known when the fine ones are drawn.
#ifndef GRM_NEURAL_PATTERN_H
#define GRM_NEURAL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct grm_pattern {
    size_t codebooks, channels;  // stereo: even codebooks are the left channel's, odd ones the right's
    size_t frames;               // of the result, what it continues counted in
} grm_pattern;

static inline size_t grm_pattern_delay(const grm_pattern *p, size_t codebook) {
    return codebook / p->channels;
}
// Columns of the grid: one of start, then frames and the longest delay.
static inline size_t grm_pattern_columns(const grm_pattern *p) {
    return p->frames + p->codebooks / p->channels;
}
// Whether the cell holds a frame's code (*frame) rather than padding.
static inline bool grm_pattern_cell(const grm_pattern *p, size_t codebook, size_t column, size_t *frame) {
    size_t first = 1 + grm_pattern_delay(p, codebook);
    *frame = column - first;
    return column >= first && column - first < p->frames;
}

#endif
