// What the files of the rhythm ear share. Internal to the room.
//
// Everything is worked out at one rate, whatever the recording's and the profile's are, so that standard and
// lightweight hear the same beats. All times of frames are those of the centre of their window.
#ifndef GRM_METER_RHYTHM_H
#define GRM_METER_RHYTHM_H

#include "audio/audio.h"
#include "dsp/dsp.h"
#include "meter/colour.h"
#include "meter/meter.h"

enum {
    GRM_RHYTHM_RATE = 22050,
    GRM_RHYTHM_HOP = 220,     // 10 ms: a hundred frames a second
    GRM_RHYTHM_PITCHES = 24,  // twelve of the bass, twelve of what is above it
    GRM_RHYTHM_CHROMA_HOPS = 10,
};
#define GRM_RHYTHM_FPS ((double)GRM_RHYTHM_RATE / GRM_RHYTHM_HOP)

// What is kept of the recording: a few figures a frame. What is read through in order lies in scratch files, so that
// long recordings take little memory.
typedef struct grm_rhythm_series {
    size_t frames, room;
    grm_tape *flux;  // [frames][GRM_RHYTHM_BANDS] rise of the log spectrum, summed over the band
    float *level;    // [frames] RMS of a hop
    size_t chroma_frames, chroma_room;
    float (*sums)[GRM_RHYTHM_PITCHES];  // [chroma_frames + 1] of the roots of the chroma before the frame, which come
                                        // every GRM_RHYTHM_CHROMA_HOPS frames: the mean of any span is a difference
    grm_tape *colours;                  // [chroma_frames] grm_colour_frames, of the frames from there on
} grm_rhythm_series;

// ---- from samples to series ----
typedef struct grm_rhythm_front grm_rhythm_front;
grm_status grm_rhythm_front_new(const grm_listening *listening, grm_rhythm_front **out, grm_error *err);
void grm_rhythm_front_free(grm_rhythm_front *front);
grm_status grm_rhythm_front_hear(grm_rhythm_front *front, const float *mono, size_t frames, grm_error *err);
// The last windows; the series stay the front's.
grm_status grm_rhythm_front_end(grm_rhythm_front *front, grm_rhythm_series **series, grm_error *err);
// After the end: what its ear for voices heard.
grm_status grm_rhythm_front_voice(grm_rhythm_front *front, grm_analysis *analysis, grm_error *err);
// The colours come back from their file, and the series goes. *out is the front's.
grm_status grm_rhythm_front_colours(grm_rhythm_front *front, const grm_colour_frame **out, size_t *count,
                                    grm_error *err);

// ---- from series to beats ----
// Strength of onsets: what rises over its surroundings, the bands on a par, loud and soft passages on a par.
// all, low: [frames], mean square 1 over the frames that sound, zero where nothing does.
typedef struct grm_novelty {
    bool avx2;  // the processor has it
    size_t frames;
    float *all;   // every band
    float *low;   // kick and bass
    float *mid;   // snare, chords and tune
    float *soft;  // [frames + 1] all, over three frames; a zero behind the end
    bool *sound;  // whether there is anything to hear
    double onsets;
} grm_novelty;
// The level of the series goes: nothing behind needs it.
grm_status grm_novelty_make(grm_rhythm_series *series, grm_novelty *novelty, grm_error *err);
void grm_novelty_clear(grm_novelty *novelty);

// Tempo over time. Strengths are autocorrelations, at most 1.
enum { GRM_TEMPI = 160 };
typedef struct grm_tempogram {
    size_t columns;   // one a second
    float *strength;  // [columns][GRM_TEMPI] mean autocorrelation at the multiples of the period
    double mean[GRM_TEMPI];
    float clarity;  // largest autocorrelation, mean over the columns
} grm_tempogram;
double grm_tempo_period(double index);  // frames
double grm_tempo_index(double period);
grm_status grm_tempogram_make(const grm_novelty *novelty, grm_tempogram *tempogram, grm_error *err);
void grm_tempogram_clear(grm_tempogram *tempogram);
// Indices worth a try, the likeliest first, with their halves and doubles.
size_t grm_tempo_candidates(const grm_tempogram *tempogram, double *index, size_t room);
// The likeliest course of the tempo near `index` (of grm_tempo_period). path: [columns], frames a beat. Returns
// how good it is: mean strength along it.
grm_status grm_tempogram_path(const grm_tempogram *tempogram, double index, float *path, double *quality,
                              grm_error *err);

// Beats in frames (fractions of them), at most `room`. path: [columns] frames a beat, one a second.
grm_status grm_beats_track(const grm_novelty *novelty, const float *path, size_t columns, double *beats, size_t room,
                           size_t *count, grm_error *err);

// Replaces beats by ones at one distance from beginning to end, when these explain the onsets nearly as well.
grm_status grm_beats_steady(const grm_novelty *novelty, double *beats, size_t *count, size_t room, bool *steady,
                            grm_error *err);

// Beats that are chosen from pulses and their middles, each with its place in the bar. `steady`: at one distance.
typedef struct grm_bars {
    size_t count;
    double *beats;      // frames
    uint8_t *position;  // 0: the bar begins
    unsigned beats_per_bar;
    double quality;  // how well the bars fit
} grm_bars;
grm_status grm_bars_find(const grm_rhythm_series *series, const grm_novelty *novelty, const double *pulse, size_t count,
                         bool steady, grm_bars *bars, grm_error *err);
void grm_bars_clear(grm_bars *bars);

// The pulse that people would tap, and the tempi that it was chosen from. The tempogram's strength is gone afterwards:
// the courses of the tempi are all that is needed of it.
enum { GRM_MOST_TEMPI = 12 };
typedef struct grm_pulse {
    grm_bars bars;
    double quality;  // mean autocorrelation at the multiples of the beat
    size_t count, chosen;
    struct {
        double period;  // frames
        double mark, share;
    } tempo[GRM_MOST_TEMPI];
} grm_pulse;
grm_status grm_pulse_choose(const grm_run *run, const grm_rhythm_series *series, const grm_novelty *novelty,
                            grm_tempogram *tempogram, grm_pulse *pulse, grm_error *err);
void grm_pulse_clear(grm_pulse *pulse);

// ---- figures: NaN where there is nothing to measure them on. beats in frames, but those of the tempo in seconds ----
grm_status grm_tempo_measure(const double *beats_s, size_t count, double *bpm, double *drift_percent, grm_error *err);
double grm_beats_explain(const grm_novelty *novelty, const double *beats, size_t count);
// rise: [frames] of the log spectrum, over its mean nearby
double grm_onsets_count(const grm_novelty *novelty, const float *rise);
double grm_swing_measure(const grm_novelty *novelty, const double *beats, size_t count);
double grm_syncopation_measure(const grm_novelty *novelty, const double *beats, size_t count);
grm_status grm_speech_measure(const grm_rhythm_series *series, double *out, grm_error *err);
grm_status grm_danceability_measure(const grm_rhythm_series *series, double *out, grm_error *err);

#endif
