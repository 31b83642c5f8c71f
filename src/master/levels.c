// Levels of a whole recording.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "master/internal.h"

enum { SLICE_S = 4, TILE_HOPS = 128, TILE = TILE_HOPS * GRM_PEAK_HOP };

void grm_master_peaks(const grm_peak_meter *meter, const float *x, size_t frames, size_t first_hop, size_t hops,
                      float *out) {
    float tile[GRM_PEAK_REACH + TILE + GRM_PEAK_REACH];
    for (size_t done = 0; done < hops; done += TILE_HOPS) {
        size_t count = hops - done < TILE_HOPS ? hops - done : TILE_HOPS;
        size_t start = (first_hop + done) * GRM_PEAK_HOP, want = count * GRM_PEAK_HOP + 2 * GRM_PEAK_REACH;
        size_t lead = start < GRM_PEAK_REACH ? GRM_PEAK_REACH - start : 0;  // silence before the first frame
        size_t from = start + lead - GRM_PEAK_REACH;
        size_t have = from >= frames ? 0 : frames - from < want - lead ? frames - from : want - lead;
        memset(tile, 0, sizeof tile);
        memcpy(tile + lead, x + from, have * sizeof *tile);
        grm_peak_meter_run(meter, tile + GRM_PEAK_REACH, count, out + done);
    }
}

// A slice of the recording as three pieces of work: the peaks of two channels, and the loudness of both.
typedef struct slice {
    const grm_audio *audio;
    grm_peak_meter meter;
    grm_loudness *loudness;
    size_t start, frames;
    double power[2];
    float true_peak[2], peak[2];
    bool finite[2];
    grm_status status;
    grm_error *err;
} slice;

static void measure_channel(slice *s, size_t c) {
    if (c >= s->audio->channels) return;
    const float *x = s->audio->plane[c] + s->start;
    size_t hops = (s->frames + GRM_PEAK_HOP - 1) / GRM_PEAK_HOP, first = s->start / GRM_PEAK_HOP;
    s->finite[c] = s->finite[c] && grm_all_finite(x, s->frames);
    s->power[c] += grm_power(x, s->frames) * (double)s->frames;
    s->peak[c] = fmaxf(s->peak[c], grm_peak(x, s->frames));
    for (size_t h = 0; h < hops; h += TILE_HOPS) {
        float peaks[TILE_HOPS] = {0};
        size_t count = hops - h < TILE_HOPS ? hops - h : TILE_HOPS;
        grm_master_peaks(&s->meter, s->audio->plane[c], s->audio->frames, first + h, count, peaks);
        s->true_peak[c] = fmaxf(s->true_peak[c], grm_peak(peaks, count));
    }
}

static void measure_piece(void *context, size_t index) {
    slice *s = context;
    if (index < 2) {
        measure_channel(s, index);
        return;
    }
    const float *planes[2] = {s->audio->plane[0] + s->start, NULL};
    if (s->audio->channels > 1) planes[1] = s->audio->plane[1] + s->start;
    s->status = grm_loudness_add(s->loudness, planes, s->frames, s->err);
}

static double decibels(double gain) {
    return gain > 1e-10 ? 20 * log10(gain) : -200;
}

grm_status grm_levels_measure(const grm_run *run, const grm_audio *audio, grm_master_levels *out, grm_error *err) {
    *out = (grm_master_levels){0};
    if (audio->channels > 2)
        return grm_fail(err, GRM_BAD_INPUT, "levels of %u channels; one or two can be measured", audio->channels);
    slice s = {.audio = audio, .finite = {true, true}, .err = err};
    grm_peak_meter_init(&s.meter);
    grm_status status = grm_loudness_new(audio->rate_hz, &s.loudness, err);
    if (status) return status;
    size_t step = (size_t)SLICE_S * audio->rate_hz / GRM_PEAK_HOP * GRM_PEAK_HOP;
    for (; s.start < audio->frames; s.start += step) {
        s.frames = audio->frames - s.start < step ? audio->frames - s.start : step;
        grm_pool_run(run->pool, 3, measure_piece, &s);
        status = s.status ? s.status : grm_run_check(run, err);
        if (status) goto done;
    }
    if (!s.finite[0] || !s.finite[1]) {
        status = grm_fail(err, GRM_BAD_INPUT, "the sound holds values that are not numbers (NaN or infinity)");
        goto done;
    }
    double count = (double)audio->frames * audio->channels,
           rms = count > 0 ? sqrt((s.power[0] + s.power[1]) / count) : 0;
    float peak = fmaxf(s.peak[0], s.peak[1]);
    *out = (grm_master_levels){
        .integrated_lufs = grm_loudness_integrated(s.loudness),
        .loudness_range_lu = grm_loudness_range(s.loudness),
        .true_peak_dbtp = decibels(fmaxf(s.true_peak[0], s.true_peak[1])),
        .sample_peak_dbfs = decibels(peak),
        .crest_factor_db = rms > 0 ? decibels(peak / rms) : 0,
    };
done:
    grm_loudness_free(s.loudness);
    return status;
}
