// Sound in memory: planar float32, full scale ±1.
#ifndef GRAMMY_AUDIO_H
#define GRAMMY_AUDIO_H

#include <grammy/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GRM_MAX_CHANNELS = 8 };

// One allocation holds all planes, each 64-byte aligned. The owner frees it with grm_audio_free.
typedef struct grm_audio {
    unsigned rate_hz;
    unsigned channels;  // 1..GRM_MAX_CHANNELS
    size_t frames;
    float *plane[GRM_MAX_CHANNELS];  // [channels][frames]; the rest NULL
} grm_audio;

// Silence of that size. Fails on zero or too many channels, and when memory runs out.
GRM_API grm_status grm_audio_new(unsigned channels, size_t frames, unsigned rate_hz, grm_audio **out, grm_error *err);
GRM_API void grm_audio_free(grm_audio *audio);

#ifdef __cplusplus
}
#endif
#endif
