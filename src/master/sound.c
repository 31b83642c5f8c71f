#include <string.h>

#include "master/internal.h"

size_t grm_sound_frames(const grm_sound *s) {
    return s->audio ? s->audio->frames : grm_tape_frames(s->tape);
}

unsigned grm_sound_rate(const grm_sound *s) {
    return s->audio ? s->audio->rate_hz : grm_tape_rate(s->tape);
}

grm_status grm_sound_read(const grm_sound *s, size_t start, size_t frames, float *const planes[2], grm_error *err) {
    if (s->tape) return grm_tape_read(s->tape, start, frames, planes, err);
    size_t there = start < s->audio->frames ? s->audio->frames - start : 0;
    if (there > frames) there = frames;
    for (int side = 0; side < 2; side++) {
        if (there > 0) memcpy(planes[side], s->audio->plane[side] + start, there * sizeof(float));
        memset(planes[side] + there, 0, (frames - there) * sizeof(float));
    }
    return GRM_OK;
}
