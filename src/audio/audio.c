#include <stdint.h>
#include <stdlib.h>

#include "audio/audio.h"

enum { LINE = 64 };  // bytes

grm_status grm_audio_new(unsigned channels, size_t frames, unsigned rate_hz, grm_audio **out, grm_error *err) {
    *out = NULL;
    if (channels < 1 || channels > GRM_MAX_CHANNELS)
        return grm_fail(err, GRM_USAGE, "audio of %u channels; 1 to %d are possible", channels, GRM_MAX_CHANNELS);
    if (rate_hz < 1) return grm_fail(err, GRM_USAGE, "audio at a rate of 0 Hz");
    if (frames > (SIZE_MAX - 4 * LINE) / sizeof(float) / GRM_MAX_CHANNELS) return grm_fail_memory(err);

    // calloc leaves fresh pages to the system, which zeroes them when they are first touched.
    size_t plane_size = (frames * sizeof(float) + LINE - 1) / LINE * LINE;
    unsigned char *block = calloc(1, sizeof(grm_audio) + LINE + channels * plane_size);
    if (!block) return grm_fail_memory(err);
    grm_audio *audio = (grm_audio *)block;
    unsigned char *planes = block + sizeof(grm_audio);
    planes += -(uintptr_t)planes & (LINE - 1);
    *audio = (grm_audio){.rate_hz = rate_hz, .channels = channels, .frames = frames};
    for (unsigned c = 0; c < channels; c++) audio->plane[c] = (float *)(planes + c * plane_size);
    *out = audio;
    return GRM_OK;
}

void grm_audio_free(grm_audio *audio) {
    free(audio);
}
