// The numbers that curves may go by: the features, and a few figures made of them.
#ifndef GRM_METER_FIGURES_H
#define GRM_METER_FIGURES_H

#include "meter/meter.h"

// X(name, unit, what it is)
#define GRM_DERIVED_LIST(X)                                                                      \
    X(edge_silence_s, "s", "silence before the first and behind the last sound")                 \
    X(clipped_per_minute, "1/min", "clipped_samples over the length")                            \
    X(dropouts_per_minute, "1/min", "dropouts over the length")                                  \
    X(noise_likeness, "", "0 to 1: noise_db near 0 and no pulse (pulse_clarity)")                \
    X(formless, "", "0 to 1: no pulse, all notes as often, no tones that stay (harmonic_ratio)") \
    X(sameness, "", "0 to 1: neither timbre_change_db nor loudness_range_lu over the track")     \
    X(dc_offset_abs, "", "dc_offset without its sign")                                           \
    X(balance_abs_db, "dB", "stereo_balance_db without its sign")                                \
    X(low_side, "", "share of the side in the energy below 120 Hz")                              \
    X(mid_width, "", "share of the side in the energy from 500 Hz to 8 kHz")                     \
    X(hook_place, "", "hook_first_s over the length")                                            \
    X(section_length_s, "s", "length over section_count")                                        \
    X(section_kinds, "", "different section labels")                                             \
    X(chord_kinds, "", "different chords that sound for 2 % of the track or more")               \
    X(loudest_s, "s", "where the loudest section begins")                                        \
    X(softest_s, "s", "where the softest section begins that is no silence")

enum {
#define GRM_FIGURE_ID(name, ...) GRM_FIGURE_##name,
    GRM_FEATURE_LIST(GRM_FIGURE_ID) GRM_DERIVED_LIST(GRM_FIGURE_ID)
#undef GRM_FIGURE_ID
        GRM_FIGURES
};

// Index of the figure of that name, -1: there is none.
int grm_meter_figure(const char *name);
const char *grm_meter_figure_name(int figure);
const char *grm_meter_figure_unit(int figure);
// Not measured: NaN.
void grm_figures_take(const grm_analysis *analysis, double values[GRM_FIGURES]);

#endif
