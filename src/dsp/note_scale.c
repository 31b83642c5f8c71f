// Notes, frequencies, and the notes of a scale.
#include <stdlib.h>

#include "dsp/dsp.h"

static double tuning(double hz) {
    return hz > 0 ? hz : 440;
}

double grm_note_of_hz(double hz, double tuning_hz) {
    return 69 + 12 * log2(hz / tuning(tuning_hz));
}

double grm_hz_of_note(double note, double tuning_hz) {
    return tuning(tuning_hz) * pow(2, (note - 69) / 12);
}

static bool belongs(const grm_note_scale *scale, int note) {
    int above = (note - (int)scale->root) % 12;
    return (scale->notes & 0xfff) == 0 || scale->notes >> (above < 0 ? above + 12 : above) & 1;
}

int grm_scale_nearest(const grm_note_scale *scale, double note) {
    int first = (int)lround(note), best = first;
    double least = 100;
    for (int n = first - 11; n <= first + 11; n++)
        if (belongs(scale, n) && fabs(n - note) < least) {
            least = fabs(n - note);
            best = n;
        }
    return best;
}

int grm_scale_step(const grm_note_scale *scale, int note, int steps) {
    int way = steps < 0 ? -1 : 1;
    for (int left = abs(steps); left > 0; left--) do
            note += way;
        while (!belongs(scale, note));
    return note;
}
