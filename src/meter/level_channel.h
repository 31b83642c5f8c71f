// Peaks of one channel, and what is wrong with its samples.
#ifndef GRM_METER_LEVEL_CHANNEL_H
#define GRM_METER_LEVEL_CHANNEL_H

#include "dsp/dsp.h"

enum { GRM_LEVEL_TILE = 1024, GRM_LEVEL_CONTEXT = 2 * GRM_PEAK_MARGIN };

typedef struct grm_level_channel {
    size_t second;  // frames
    size_t frames;  // heard
    size_t filled;  // of the tile
    size_t peaked;  // frames that went through the peak meter
    float tile[GRM_LEVEL_CONTEXT + GRM_LEVEL_TILE];
    float *true_peaks;  // [seconds] of [room]
    size_t seconds, room;
    float peak;
    double sum, power;
    float extreme;  // that the last `run` samples share
    size_t run, clipped;
    uint32_t bits;       // of the samples as 24-bit integers, or'ed
    bool beyond_24;      // a sample that these don't hold
    size_t first, last;  // frames over the silence level, counted from 1; 0: none
} grm_level_channel;

void grm_level_channel_init(grm_level_channel *channel, size_t second);
void grm_level_channel_free(grm_level_channel *channel);
// False when memory runs out, here and below.
bool grm_level_channel_hear(grm_level_channel *channel, const grm_peak_meter *meter, const float *x, size_t frames);
bool grm_level_channel_end(grm_level_channel *channel, const grm_peak_meter *meter);
// Bits of the smallest word that holds all samples.
unsigned grm_level_channel_bits(const grm_level_channel *channel);

#endif
