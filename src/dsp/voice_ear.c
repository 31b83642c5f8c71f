// A pitch tracker that looks at the middle of a shifter's window.
#include "dsp/voice_ear.h"

#include <assert.h>
#include <stdlib.h>

#define LEAST_MS 40

grm_status grm_voice_ear_open(grm_voice_ear *ear, const grm_pitch_plan *range, double rate_hz, grm_error *err) {
    const grm_pitch_plan usual = {70, 1100};
    *ear = (grm_voice_ear){0};
    grm_status status = grm_pitch_tracker_new(range->high_hz > 0 ? range : &usual, rate_hz, &ear->tracker, err);
    if (status) return status;
    ear->mono = grm_floats_new(grm_pitch_tracker_window(ear->tracker));
    if (ear->mono) return GRM_OK;
    grm_voice_ear_close(ear);
    return grm_fail_memory(err);
}

void grm_voice_ear_close(grm_voice_ear *ear) {
    free(ear->mono);
    grm_pitch_tracker_free(ear->tracker);
    *ear = (grm_voice_ear){0};
}

double grm_voice_ear_window_ms(const grm_voice_ear *ear, double rate_hz) {
    double ms = 1.4 * 1000 * (double)grm_pitch_tracker_window(ear->tracker) / rate_hz;
    return ms > LEAST_MS ? ms : LEAST_MS;
}

double grm_voice_ear_hear(grm_voice_ear *ear, const float *const *window, size_t size) {
    size_t want = grm_pitch_tracker_window(ear->tracker), from = (size - want) / 2;
    assert(want <= size);
    for (size_t i = 0; i < want; i++) ear->mono[i] = 0.5f * (window[0][from + i] + window[1][from + i]);
    return grm_pitch_tracker_look(ear->tracker, ear->mono).hz;
}
