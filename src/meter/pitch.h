// What notes sound: the front end of the harmony ear, whose frames the form ear reads too.
#ifndef GRM_PITCH_H
#define GRM_PITCH_H

#include "meter/meter.h"

// Everything works at one rate of its own, so that standard and lightweight analysis hear the same notes.
enum { GRM_PITCH_RATE = 11025, GRM_PITCH_SIZE = 4096, GRM_PITCH_HOP = 1024 };
#define GRM_PITCH_FRAME_S ((double)GRM_PITCH_HOP / GRM_PITCH_RATE)

// One frame, centred at its number times GRM_PITCH_FRAME_S. Chroma begin at C and hold amounts of notes: in a frame at
// the track's own loudness the strongest are about 1.
typedef struct grm_pitch_frame {
    float bass[12], middle[12], top[12];  // E1 to G#3, F2 to B5, A3 to B6, overlapping
    float level;                          // power, mean square
    float consonance;                     // of the notes that sound together, weighted by `pairs`
    float pairs;
} grm_pitch_frame;

// The frames of a recording; the harmony ear leaves them for later ears.
typedef struct grm_pitch_series {
    size_t count;
    grm_pitch_frame *frames;
    double tuning;  // semitones from 440 Hz
} grm_pitch_series;

typedef struct grm_pitch grm_pitch;
grm_status grm_pitch_new(grm_pitch **out, grm_error *err);
void grm_pitch_free(grm_pitch *pitch);
// x: [frames] at GRM_PITCH_RATE.
grm_status grm_pitch_hear(grm_pitch *pitch, const float *x, size_t frames, grm_error *err);
// What was heard; owned by `pitch`.
grm_status grm_pitch_finish(grm_pitch *pitch, grm_pitch_series *out, grm_error *err);

// A stream brought to another rate, the same samples however it is cut.
typedef struct grm_thinner grm_thinner;
// top_hz: what lies above does not matter, which makes cheaper filters do; 0: nearly all of the new band does.
grm_status grm_thinner_new(unsigned from_hz, unsigned to_hz, double top_hz, grm_thinner **out, grm_error *err);
void grm_thinner_free(grm_thinner *thinner);
// x NULL: the end; what is still inside comes out. *made frames are at *y and outlast two more calls:
// one block may be heard while the next is fetched and the end comes out behind it.
grm_status grm_thinner_run(grm_thinner *thinner, const float *x, size_t frames, const float **y, size_t *made,
                           grm_error *err);

#endif
