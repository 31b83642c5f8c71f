// What the files of the spectrum ear share. Frames go by in groups of GRM_LANES; a group's work is in rows of one value
// a frame (dsp/lanes.h).
#ifndef GRM_METER_SPECTRUM_H
#define GRM_METER_SPECTRUM_H

#include <stddef.h>

#include "audio/audio.h"
#include "dsp/dsp.h"
#include "meter/meter.h"

enum {
    GRM_SPECTRUM_SIZE = 2048,
    GRM_SPECTRUM_BINS = GRM_SPECTRUM_SIZE / 2 + 1,
    GRM_SPECTRUM_ROWS = (GRM_SPECTRUM_BINS + GRM_LANES - 1) / GRM_LANES * GRM_LANES,  // bins, filled up
    GRM_MELS = 128,
    GRM_CHROMA_NODES = 16,
    GRM_CHROMA_ROWS = 12 * GRM_CHROMA_NODES,
    GRM_LOW_BINS = 8,
    GRM_MOST_PEAKS = 128,    // of a frame
    GRM_LASTING_FRAMES = 2,  // apart in lightweight mode, where their windows don't share a sound then
};

// ---- banks.c: librosa's filters ----

typedef struct grm_banks {
    // filters.mel, Slaney's: band m weighs bins mel_first[m] .. mel_first[m + 1] of mel_weights + mel_offset[m]
    size_t mel_first[GRM_MELS], mel_count[GRM_MELS], mel_offset[GRM_MELS];
    float *mel_weights;
    // filters.chroma at some tunings, between which chroma is interpolated: [bin][node][12], C first. Without the
    // lowest bins, whose bumps are so wide that they are cut off at half an octave, which can't be interpolated.
    float *chroma_weights;
    // bands of spectral_contrast: bins first .. first + count, of which `extreme` make a peak and a valley
    size_t contrast_bands;
    struct {
        size_t first, count, extreme;
    } contrast[GRM_CONTRAST_BANDS];
} grm_banks;
grm_status grm_banks_new(double rate_hz, bool chroma, grm_banks **out, grm_error *err);
void grm_banks_free(grm_banks *banks);
// filters.chroma of the lowest bins: [bin][12].
void grm_chroma_low_bins(double rate_hz, double tuning, float weights[GRM_LOW_BINS * 12]);
// Weights of the nodes at a tuning.
void grm_chroma_interpolation(double tuning, double weights[GRM_CHROMA_NODES]);

// ---- what is kept of a frame until the end, in a tape ----

typedef struct grm_frame_record {
    float mel_db[GRM_MELS];  // of silence -INFINITY
    float peak_db[GRM_CONTRAST_BANDS], valley_db[GRM_CONTRAST_BANDS];
    float centroid, bandwidth, rolloff, flatness, zero_crossing_rate, rms;
    float rise, magnitude;  // flux: sum of what the bins rose by, sum of the bins
    float lasting;          // power that the frame GRM_LASTING_FRAMES before had too
    float below_5k, power;
    // from here on in standard mode alone
    float low[GRM_LOW_BINS];        // power of the lowest bins
    float chroma[GRM_CHROMA_ROWS];  // [node][12]
} grm_frame_record;
enum {
    GRM_RECORD = sizeof(grm_frame_record) / sizeof(float),
    GRM_SHORT_RECORD = offsetof(grm_frame_record, low) / sizeof(float),
};

// ---- a group of frames ----

typedef struct grm_pitch_peak {
    float magnitude, bin;  // of the histogram of deviations
} grm_pitch_peak;

typedef struct grm_group {
    size_t first;  // frame
    size_t count;  // frames that there are, of GRM_LANES
    // [hop][columns]: column c holds hop c of the group's samples, silence outside; in lightweight mode one after the
    // other, `plain` where they lie
    float *samples;
    const float *plain;
    grm_stft *stft;      // in lightweight mode: single precision, frame by frame
    double *wide;        // [GRM_SPECTRUM_SIZE][wide lanes]
    float *work;         // [GRM_SPECTRUM_SIZE][lanes]
    float *bins;         // [GRM_SPECTRUM_BINS][re, im][lanes]
    float *magnitude;    // [GRM_SPECTRUM_ROWS][lanes]
    float *frames;       // the same, [lanes][GRM_SPECTRUM_ROWS]
    float *medians;      // [GRM_SPECTRUM_ROWS][lanes], two of them
    float *harmonic;     // [hop][columns]: harmonic part, overlapped and added, not yet divided by the windows
    float *records;      // [lanes][plan->record], grm_frame_records
    float *record_rows;  // [plan->record][lanes]
    // peaks for tuning, of the power (as chroma_stft) and of the magnitude (as estimate_tuning)
    grm_pitch_peak *peaks[2];
    size_t peak_count[2];
} grm_group;

typedef struct grm_spectrum_plan {
    double rate_hz;
    size_t hop, overlap, columns;  // overlap: hops in a frame; columns: hops in a group, plus padding
    size_t record;                 // floats of a record
    bool full, avx2;
    bool series;  // are wanted: RMS is for them alone
    grm_lane_fft *fft;
    grm_banks *banks;
    double *wide_window;
    float *window;
} grm_spectrum_plan;

grm_status grm_group_open(grm_group *group, const grm_spectrum_plan *plan, grm_error *err);
void grm_group_close(grm_group *group);
// group->samples are there: everything up to the record.
void grm_group_measure(grm_group *group, const grm_spectrum_plan *plan);

// tuning.c: librosa.piptrack on [lanes] spectra; in lightweight mode of the magnitude alone.
void grm_tuning_peaks(grm_group *group, const grm_spectrum_plan *plan);
// Collects the peaks; librosa's estimate from all of them.
typedef struct grm_tuning grm_tuning;
grm_status grm_tuning_new(grm_tuning **out, grm_error *err);
void grm_tuning_free(grm_tuning *tuning);
grm_status grm_tuning_add(grm_tuning *tuning, const grm_pitch_peak *peaks, size_t count, grm_error *err);
grm_status grm_tuning_estimate(const grm_tuning *tuning, double *bins, grm_error *err);

// hpss.c: harmonic part of `group`, with the frames around it; `before` and `after` NULL at the ends of the recording,
// which has `frames` frames (counted when `after` or `group` is the last one).
void grm_hpss_group(grm_group *group, const grm_group *before, const grm_group *after, size_t frames,
                    const grm_spectrum_plan *plan);

// harmonic_estimate.c: harmonic share of the energy without HPSS, from the shares of the power below 5 kHz and of that
// which lasts over GRM_LASTING_FRAMES frames.
double grm_harmonic_estimate(double below_5k, double lasting);

// summary.c: features and series from all records.
typedef struct grm_spectrum_peaks {
    float mel_db, peak_db, valley_db;  // highest of the recording, 80 dB below which everything is cut
} grm_spectrum_peaks;
grm_status grm_spectrum_summary(const grm_spectrum_plan *plan, const grm_tape *records, size_t frames,
                                grm_spectrum_peaks peaks, double chroma_tuning, bool keep, grm_analysis *analysis,
                                grm_error *err);

#endif
