// Planes of float to the samples of files, interleaved. Full scale is ±1, rounded to the nearest step, clipped at both
// ends; what is no number is written as silence.
#ifndef GRM_AUDIO_PCM_H
#define GRM_AUDIO_PCM_H

#include <stddef.h>
#include <stdint.h>

// At most 8 channels; little-endian, 2 and 3 bytes a sample. Both write up to two bytes past the end.
void grm_pcm_to_16(const float *const *planes, unsigned channels, size_t frames, uint8_t *out);
void grm_pcm_to_24(const float *const *planes, unsigned channels, size_t frames, uint8_t *out);
void grm_pcm_to_24_high(const float *const *planes, unsigned channels, size_t frames, int32_t *out);  // the top 24 bits
void grm_pcm_interleave(const float *const *planes, unsigned channels, size_t frames, float *out);
void grm_pcm_interleave_clipped(const float *const *planes, unsigned channels, size_t frames, float *out);

#endif
