// Pitch: finding it, moving it, and time apart from it.
#ifndef GRM_DSP_PITCH_H
#define GRM_DSP_PITCH_H

#include "dsp/levels.h"

// ---- finding the pitch of one voice ----

typedef struct grm_voice_pitch {
    float hz;        // 0: none, or none that is sure
    float strength;  // 0..1, how much of the sound repeats at that period
} grm_voice_pitch;

typedef struct grm_pitch_plan {
    float low_hz, high_hz;  // where it is looked for; 30..4000, and at most a quarter of the rate
} grm_pitch_plan;
typedef struct grm_pitch_tracker grm_pitch_tracker;
grm_status grm_pitch_tracker_new(const grm_pitch_plan *plan, double rate_hz, grm_pitch_tracker **out, grm_error *err);
void grm_pitch_tracker_free(grm_pitch_tracker *tracker);
void grm_pitch_tracker_reset(grm_pitch_tracker *tracker);
// One pitch every `hop` frames (about 5 ms), of the sound in the middle of a window of `window` frames.
size_t grm_pitch_tracker_hop(const grm_pitch_tracker *tracker);
size_t grm_pitch_tracker_window(const grm_pitch_tracker *tracker);
// x: mono. out must hold frames / hop + 1; *count is how many there are: the first belongs to the frame window / 2
// since the start, each further one to a hop later. False, and no pitch, where x holds a value that is no number.
bool grm_pitch_tracker_run(grm_pitch_tracker *tracker, const float *x, size_t frames, grm_voice_pitch *out,
                           size_t *count);
// Of one window, apart from what runs.
grm_voice_pitch grm_pitch_tracker_look(grm_pitch_tracker *tracker, const float *window);

// ---- time apart from pitch ----

typedef struct grm_stretch grm_stretch;
// Stereo to `ratio` times its length, 0.25..4, at its pitch. window_ms: 0 stands for 85, which suits music; 40 keeps
// more of what begins suddenly, down to 100 Hz.
grm_status grm_stretch_new(double ratio, double window_ms, double rate_hz, grm_stretch **out, grm_error *err);
void grm_stretch_free(grm_stretch *stretch);
void grm_stretch_set(grm_stretch *stretch, double ratio);  // from the next window on; the sound has no seam there
// Takes up to *in_frames and gives up to *out_frames; both say then how many it was. Frame n of what comes out is frame
// n / ratio of what went in. Nothing more to take: in NULL. False, taking and giving nothing, where `in` holds a value
// that is no number.
bool grm_stretch_run(grm_stretch *stretch, const float *const *in, size_t *in_frames, float *const *out,
                     size_t *out_frames);

// ---- pitch apart from time ----

typedef struct grm_shift_plan {
    float semitones;          // -12..12
    bool keep_formants;       // the resonances of a voice stay where they are,
    float formant_semitones;  // or move by this, -12..12
    double window_ms;         // 0 stands for 85; 40 is better for one voice
} grm_shift_plan;
typedef struct grm_shifter grm_shifter;
grm_status grm_shifter_new(const grm_shift_plan *plan, double rate_hz, grm_shifter **out, grm_error *err);
void grm_shifter_free(grm_shifter *shifter);
void grm_shifter_reset(grm_shifter *shifter);
void grm_shifter_set(grm_shifter *shifter, float semitones, float formant_semitones);  // from the next window on
bool grm_shifter_run(grm_shifter *shifter, float *const *planes, size_t frames);       // in place, late
size_t grm_shifter_latency(const grm_shifter *shifter);

// ---- to the notes of a scale ----

typedef struct grm_note_scale {
    uint16_t notes;   // bit k: k semitones above the root belong to it
    unsigned root;    // 0..11, C is 0
    float tuning_hz;  // of A4; 0 stands for 440
} grm_note_scale;
#define GRM_SCALE_CHROMATIC 0xfff
#define GRM_SCALE_MAJOR 0xab5
#define GRM_SCALE_MINOR 0x5ad
double grm_note_of_hz(double hz, double tuning_hz);  // 69 is A4
double grm_hz_of_note(double note, double tuning_hz);
// The note of the scale that lies nearest, and the one `steps` of the scale above it.
int grm_scale_nearest(const grm_note_scale *scale, double note);
int grm_scale_step(const grm_note_scale *scale, int note, int steps);

typedef struct grm_tune_plan {
    grm_note_scale scale;
    float strength;  // 0..1, share of the way to the note
    float speed_ms;  // in which 63 % of that way is gone; 0: at once, which is heard as an effect
    grm_pitch_plan voice;
} grm_tune_plan;
// Corrects the pitch of one voice; its formants stay.
typedef struct grm_tuner grm_tuner;
grm_status grm_tuner_new(const grm_tune_plan *plan, double rate_hz, grm_tuner **out, grm_error *err);
void grm_tuner_free(grm_tuner *tuner);
void grm_tuner_reset(grm_tuner *tuner);
void grm_tuner_set(grm_tuner *tuner, float strength, float speed_ms);
bool grm_tuner_run(grm_tuner *tuner, float *const *planes, size_t frames);  // in place, late
size_t grm_tuner_latency(const grm_tuner *tuner);

// ---- more voices ----

enum { GRM_HARMONIES = 4 };
typedef struct grm_harmony_plan {
    size_t voices;  // 1..GRM_HARMONIES, beside the one that sings
    struct {
        bool diatonic;        // interval is in steps of the scale, else in semitones
        float interval;       // -12..12
        float level_db, pan;  // pan -1..1
    } voice[GRM_HARMONIES];
    grm_note_scale scale;
    float dry_db;
    grm_pitch_plan range;
} grm_harmony_plan;
// Adds voices at intervals to one voice. Steps of the scale count from the note that it sings.
typedef struct grm_harmoniser grm_harmoniser;
grm_status grm_harmoniser_new(const grm_harmony_plan *plan, double rate_hz, grm_harmoniser **out, grm_error *err);
void grm_harmoniser_free(grm_harmoniser *harmoniser);
void grm_harmoniser_reset(grm_harmoniser *harmoniser);
bool grm_harmoniser_run(grm_harmoniser *harmoniser, float *const *planes, size_t frames);  // in place, late
size_t grm_harmoniser_latency(const grm_harmoniser *harmoniser);

enum { GRM_DOUBLES = 4 };
typedef struct grm_double_plan {
    size_t voices;   // 1..GRM_DOUBLES
    float cents;     // how far they wander off in pitch, 0..50
    float delay_ms;  // how late they are on average, 5..60
    float spread;    // 0..1, how far apart they stand
    float wet_db;
} grm_double_plan;
// Adds voices that sing the same, never quite together.
typedef struct grm_doubler grm_doubler;
grm_status grm_doubler_new(const grm_double_plan *plan, double rate_hz, grm_doubler **out, grm_error *err);
void grm_doubler_free(grm_doubler *doubler);
void grm_doubler_reset(grm_doubler *doubler);
void grm_doubler_set(grm_doubler *doubler, float cents, float wet_db);            // glides there
bool grm_doubler_run(grm_doubler *doubler, float *const *planes, size_t frames);  // in place

#endif
