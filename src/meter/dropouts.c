// Gaps: the sound stops at once, there is nothing for a moment, and it goes on as loud. What fades out is no gap.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/faults.h"

static const double piece_s = 0.0007, longest_s = 0.3, memory_s = 0.05;
static const float nothing = 6.2e-5f;  // two steps of 16 bits: a gap may be dithered
static const float quiet = 0.003f;     // around it there must be more than -50 dBFS
static const float abrupt = 0.18f;     // what its edges have of the level before, -15 dB
enum { FEWEST = 2 };                   // pieces of a gap

struct grm_dropouts {
    size_t piece, filled;  // frames
    float highest;         // peak of the recording
    float peak;            // of the piece that runs, over the channels
    float latest, level;   // of the piece before it; level: falls slowly from the peaks
    float fall;
    float before;         // the level when the gap began; 0: there is none, or it faded in
    unsigned gap, after;  // pieces of nothing, and pieces since
    unsigned longest;
    double count;
};

grm_dropouts *grm_dropouts_new(unsigned rate_hz) {
    grm_dropouts *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->piece = (size_t)fmax(8, round(piece_s * rate_hz));
    if (d->piece >= 24) d->piece = (d->piece + 8) / 16 * 16;  // which vectors take
    d->longest = (unsigned)(longest_s * rate_hz / (double)d->piece);
    d->fall = (float)exp(-(double)d->piece / (memory_s * rate_hz));
    return d;
}

void grm_dropouts_free(grm_dropouts *d) {
    free(d);
}

// After a gap, within two pieces: the first one may hold only the end of it.
static void come_back(grm_dropouts *d, float peak) {
    if (peak >= abrupt * d->before) {
        d->count++;
        d->before = 0;
    } else if (++d->after == 2) {
        d->before = 0;
    }
}

static void take_piece(grm_dropouts *d, float peak) {
    if (peak <= nothing) {
        // The piece in which the gap begins still has a part of what was there, if it stopped at once.
        if (d->gap == 0) d->before = d->latest >= abrupt * d->level && d->level >= quiet ? d->level : 0;
        d->gap++;
        d->after = 0;
        if (d->gap > d->longest) d->before = 0;
    } else {
        if (d->before > 0 && d->gap >= FEWEST)
            come_back(d, peak);
        else
            d->before = 0;
        if (d->before == 0) d->gap = 0;
        d->level = fmaxf(peak, d->level);
    }
    d->latest = peak;
    d->level *= d->fall;
}

void grm_dropouts_add(grm_dropouts *d, const float *const *planes, unsigned channels, size_t frames) {
    for (size_t at = 0; at < frames;) {
        size_t count = d->piece - d->filled < frames - at ? d->piece - d->filled : frames - at;
        for (unsigned c = 0; c < channels; c++) {
            float peak = grm_peak(planes[c] + at, count);
            if (peak > d->peak) d->peak = peak;
        }
        if (d->peak > d->highest) d->highest = d->peak;
        d->filled += count;
        at += count;
        if (d->filled < d->piece) break;
        take_piece(d, d->peak);
        d->filled = 0;
        d->peak = 0;
    }
}

float grm_dropouts_peak(const grm_dropouts *d) {
    return d->highest;
}

void grm_dropouts_tell(const grm_dropouts *d, grm_features *out) {
    out->dropouts = d->count;
}
