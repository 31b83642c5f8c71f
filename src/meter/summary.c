// What the records of all frames come to: librosa's series, and their means.
#include <stdlib.h>
#include <string.h>

#include "meter/spectrum.h"

enum { BLOCK = 64, HALF_MELS = GRM_MELS / 2 };
static const float range_db = 80, smallest_db = -100;  // power_to_db's top_db and amin

typedef struct series {
    float *mel, *mfcc, *chroma, *tonnetz, *contrast, *centroid, *bandwidth, *rolloff, *flatness, *crossings, *rms,
        *onset;
} series;

typedef struct summary {
    const grm_spectrum_plan *plan;
    size_t frames, onset_shift;
    grm_spectrum_peaks peaks;
    double nodes[GRM_CHROMA_NODES];
    float low_chroma[GRM_LOW_BINS * 12];
    float cosines[GRM_MFCCS][HALF_MELS], tonnetz[6][12];
    series to;
    float before[GRM_MELS];  // the last frame's mel
    struct {
        double mfcc[GRM_MFCCS], mfcc_squared[GRM_MFCCS], chroma[12], tonnetz[6], contrast[GRM_CONTRAST_BANDS];
        double centroid, bandwidth, rolloff, flatness, crossings, onset;
    } sum;
} summary;

static bool add_series(summary *s, grm_analysis *a) {
    size_t n = s->frames;
    const struct {
        const char *name;
        size_t rows;
        float **to;
    } list[] = {
        {"melspectrogram", GRM_MELS, &s->to.mel},
        {"spectral_centroid", 1, &s->to.centroid},
        {"spectral_bandwidth", 1, &s->to.bandwidth},
        {"spectral_rolloff", 1, &s->to.rolloff},
        {"spectral_contrast", GRM_CONTRAST_BANDS, &s->to.contrast},
        {"spectral_flatness", 1, &s->to.flatness},
        {"zero_crossing_rate", 1, &s->to.crossings},
        {"rms", 1, &s->to.rms},
        {"onset_strength", 0, &s->to.onset},
        {"mfcc", GRM_MFCCS, &s->to.mfcc},
        {"chroma_stft", 12, &s->to.chroma},
        {"tonnetz", 6, &s->to.tonnetz},
    };
    size_t count = s->plan->full ? GRM_COUNT(list) : GRM_COUNT(list) - 3;
    for (size_t i = 0; i < count; i++)
        if (!(*list[i].to = grm_analysis_add_series(a, list[i].name, list[i].rows, n))) return false;
    return true;
}

// The orthonormal cosine transform, and feature.tonnetz's projections (fifths, minor and major thirds).
static void fill_tables(summary *s) {
    static const double scale[6] = {7.0 / 6, 7.0 / 6, 3.0 / 2, 3.0 / 2, 2.0 / 3, 2.0 / 3},
                        radius[6] = {1, 1, 1, 1, .5, .5};
    for (size_t i = 0; i < GRM_MFCCS; i++)
        for (size_t k = 0; k < HALF_MELS; k++)
            s->cosines[i][k] = (float)(sqrt((i ? 2.0 : 1.0) / GRM_MELS) *
                                       cos(GRM_PI * (double)i * (2 * (double)k + 1) / (2.0 * GRM_MELS)));
    for (size_t p = 0; p < 6; p++)
        for (size_t c = 0; c < 12; c++)
            s->tonnetz[p][c] = (float)(radius[p] * cos(GRM_PI * (scale[p] * (double)c - (p % 2 ? 0 : 0.5))));
}

static void put(float *row, size_t frame, double *sum, float value) {
    if (row) row[frame] = value;
    *sum += (double)value;
}

// A cosine's second half is the first turned round, with the other sign in the odd ones.
static void put_mfcc(summary *s, size_t t, const float mel[GRM_MELS]) {
    float folded[2][HALF_MELS];
    for (size_t k = 0; k < HALF_MELS; k++) {
        folded[0][k] = mel[k] + mel[GRM_MELS - 1 - k];
        folded[1][k] = mel[k] - mel[GRM_MELS - 1 - k];
    }
    for (size_t i = 0; i < GRM_MFCCS; i++) {
        const float *x = folded[i % 2];
        float lane[8] = {0}, value = 0;
        for (size_t k = 0; k < HALF_MELS; k += 8)
            for (size_t l = 0; l < 8; l++) lane[l] += s->cosines[i][k + l] * x[k + l];
        for (size_t l = 0; l < 8; l++) value += lane[l];
        put(s->to.mfcc ? s->to.mfcc + i * s->frames : NULL, t, &s->sum.mfcc[i], value);
        s->sum.mfcc_squared[i] += (double)value * value;
    }
}

static void put_mel(summary *s, size_t t, const float *mel_db) {
    float mel[GRM_MELS], rise = 0, floor = fmaxf(smallest_db, s->peaks.mel_db - range_db);
    for (size_t i = 0; i < GRM_MELS; i++) mel[i] = mel_db[i] > floor ? mel_db[i] : floor;
    for (size_t i = 0; t > 0 && i < GRM_MELS; i++) rise += mel[i] > s->before[i] ? mel[i] - s->before[i] : 0;
    memcpy(s->before, mel, sizeof mel);
    if (t > 0 && t - 1 + s->onset_shift < s->frames)
        put(s->to.onset, t - 1 + s->onset_shift, &s->sum.onset, rise / GRM_MELS);
    for (size_t i = 0; s->to.mel && i < GRM_MELS; i++) s->to.mel[i * s->frames + t] = powf(10, mel_db[i] / 10);
    if (s->plan->full) put_mfcc(s, t, mel);
}

static void put_chroma(summary *s, size_t t, const float *nodes, const float *low) {
    double chroma[12] = {0}, most = 0, sum = 0;
    for (size_t n = 0; n < GRM_CHROMA_NODES; n++)
        for (size_t c = 0; c < 12; c++) chroma[c] += s->nodes[n] * (double)nodes[n * 12 + c];
    for (size_t k = 0; k < GRM_LOW_BINS; k++)
        for (size_t c = 0; c < 12; c++) chroma[c] += (double)low[k] * (double)s->low_chroma[k * 12 + c];
    for (size_t c = 0; c < 12; c++) most = fmax(most, fabs(chroma[c]));
    for (size_t c = 0; c < 12; c++) {
        if (most > 1.17549435e-38) chroma[c] /= most;
        sum += fabs(chroma[c]);
        put(s->to.chroma ? s->to.chroma + c * s->frames : NULL, t, &s->sum.chroma[c], (float)chroma[c]);
    }
    for (size_t p = 0; p < 6; p++) {
        double value = 0;
        for (size_t c = 0; c < 12; c++) value += (double)s->tonnetz[p][c] * (sum > 0 ? chroma[c] / sum : 0);
        put(s->to.tonnetz ? s->to.tonnetz + p * s->frames : NULL, t, &s->sum.tonnetz[p], (float)value);
    }
}

static void put_frame(summary *s, size_t t, const grm_frame_record *r) {
    put_mel(s, t, r->mel_db);
    if (s->plan->full) put_chroma(s, t, r->chroma, r->low);
    for (size_t b = 0; b < GRM_CONTRAST_BANDS; b++) {
        float peak = fmaxf(r->peak_db[b], s->peaks.peak_db - range_db);
        float valley = fmaxf(r->valley_db[b], s->peaks.valley_db - range_db);
        put(s->to.contrast ? s->to.contrast + b * s->frames : NULL, t, &s->sum.contrast[b], peak - valley);
    }
    put(s->to.centroid, t, &s->sum.centroid, r->centroid);
    put(s->to.bandwidth, t, &s->sum.bandwidth, r->bandwidth);
    put(s->to.rolloff, t, &s->sum.rolloff, r->rolloff);
    put(s->to.flatness, t, &s->sum.flatness, r->flatness);
    put(s->to.crossings, t, &s->sum.crossings, r->zero_crossing_rate);
    if (s->to.rms) s->to.rms[t] = r->rms;
}

static void conclude_chroma(const summary *s, grm_features *f) {
    double most = 0;
    for (size_t c = 0; c < 12; c++) most = fmax(most, s->sum.chroma[c]);
    for (size_t p = 0; p < 6; p++) f->tonnetz[p] = s->sum.tonnetz[p] / (double)s->frames;
    if (!(most > 0)) return;
    for (size_t c = 0; c < 12; c++) f->chroma[c] = s->sum.chroma[c] / most;
}

static void conclude(const summary *s, grm_features *f) {
    double n = (double)s->frames;
    f->spectral_centroid_hz = s->sum.centroid / n;
    f->spectral_bandwidth_hz = s->sum.bandwidth / n;
    f->spectral_rolloff_hz = s->sum.rolloff / n;
    f->spectral_flatness = s->sum.flatness / n;
    f->zero_crossing_rate = s->sum.crossings / n;
    f->onset_strength_mean = s->sum.onset / n;
    for (size_t b = 0; b < s->plan->banks->contrast_bands; b++) f->spectral_contrast_db[b] = s->sum.contrast[b] / n;
    for (size_t i = 0; s->plan->full && i < GRM_MFCCS; i++) {
        f->mfcc_mean[i] = s->sum.mfcc[i] / n;
        f->mfcc_deviation[i] = sqrt(fmax(0, s->sum.mfcc_squared[i] / n - f->mfcc_mean[i] * f->mfcc_mean[i]));
    }
    if (s->plan->full) conclude_chroma(s, f);
}

// block: [BLOCK][plan->record]
static grm_status go_through(summary *s, const grm_tape *records, float *block, grm_error *err) {
    const size_t record = s->plan->record;
    for (size_t t = 0; t < s->frames; t += BLOCK) {
        size_t count = s->frames - t < BLOCK ? s->frames - t : BLOCK;
        float *planes[] = {block};
        grm_status status = grm_tape_read(records, t * record, count * record, planes, err);
        if (status != GRM_OK) return status;
        for (size_t i = 0; i < count; i++) put_frame(s, t + i, (const grm_frame_record *)(block + i * record));
    }
    return GRM_OK;
}

grm_status grm_spectrum_summary(const grm_spectrum_plan *plan, const grm_tape *records, size_t frames,
                                grm_spectrum_peaks peaks, double chroma_tuning, bool keep, grm_analysis *analysis,
                                grm_error *err) {
    summary *s = calloc(1, sizeof *s);
    float *block = grm_floats_new(BLOCK * plan->record);
    grm_status status = s && block ? GRM_OK : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    s->plan = plan;
    s->frames = frames;
    s->peaks = peaks;
    s->onset_shift = 1 + GRM_SPECTRUM_SIZE / (2 * plan->hop);  // the lag, and half a frame
    grm_chroma_interpolation(chroma_tuning, s->nodes);
    grm_chroma_low_bins(plan->rate_hz, chroma_tuning, s->low_chroma);
    fill_tables(s);
    if (keep && !add_series(s, analysis)) status = grm_fail_memory(err);
    if (status == GRM_OK) status = go_through(s, records, block, err);
    if (status == GRM_OK) conclude(s, &analysis->features);
done:
    free(block);
    free(s);
    return status;
}
