#include "meter/figures.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name, *unit;
} figures[GRM_FIGURES] = {
#define FIGURE(name, unit, ...) {#name, unit},
    GRM_FEATURE_LIST(FIGURE) GRM_DERIVED_LIST(FIGURE)
#undef FIGURE
};

int grm_meter_figure(const char *name) {
    for (int i = 0; i < GRM_FIGURES; i++)
        if (strcmp(figures[i].name, name) == 0) return i;
    return -1;
}

const char *grm_meter_figure_name(int figure) {
    return figures[figure].name;
}

const char *grm_meter_figure_unit(int figure) {
    return figures[figure].unit;
}

static double count_labels(const grm_analysis *a) {
    size_t kinds = 0;
    for (size_t i = 0; i < a->section_count; i++) {
        size_t before = 0;
        while (before < i && strcmp(a->sections[before].label, a->sections[i].label) != 0) before++;
        kinds += before == i;
    }
    return kinds ? (double)kinds : NAN;
}

// Where the loudest section begins, or with `sign` -1 the softest that sounds; one section has neither.
static double extreme_section(const grm_analysis *a, double sign) {
    const double silence_lufs = -60;
    size_t found = a->section_count;
    for (size_t i = 0; i < a->section_count; i++) {
        double level = a->sections[i].loudness_lufs;
        if (level <= silence_lufs) continue;
        if (found == a->section_count || sign * (level - a->sections[found].loudness_lufs) > 0) found = i;
    }
    return a->section_count > 1 && found < a->section_count ? a->sections[found].start_s : NAN;
}

// Chords are few; a table of the names met so far is enough, and what does not fit is of no weight.
static double count_chords(const grm_analysis *a) {
    enum { MOST = 64 };
    const char *names[MOST];
    double seconds[MOST], kinds = 0;
    size_t count = 0;
    for (size_t i = 0; i < a->chord_count; i++) {
        const grm_chord_span *chord = &a->chords[i];
        if (strcmp(chord->name, "N") == 0) continue;
        size_t at = 0;
        while (at < count && strcmp(names[at], chord->name) != 0) at++;
        if (at == MOST) continue;
        if (at == count) names[count] = chord->name, seconds[count++] = 0;
        seconds[at] += chord->end_s - chord->start_s;
    }
    for (size_t i = 0; i < count; i++) kinds += seconds[i] >= 0.02 * a->features.duration_s;
    return a->chord_count ? kinds : NAN;
}

// Bands that were not measured are all 0.
static double width_of(const grm_features *f, size_t from, size_t to) {
    double sum = 0, all = 0;
    for (size_t i = 0; i < GRM_WIDTH_BANDS; i++) all += f->width_by_band[i];
    for (size_t i = from; i < to; i++) sum += f->width_by_band[i] / (double)(to - from);
    return all > 0 || f->stereo_width < 1e-6 ? sum : NAN;
}

static double logistic(double x) {
    return 1 / (1 + exp(-x));
}

// Noises (white, pink, brown, wind) have -5 to 0 dB and a clarity of 0.10 to 0.12; dense metal has -3 dB and 0.36, and
// one in fifty recordings a clarity below 0.17.
static double noise_likeness(const grm_features *f) {
    double pulse = isfinite(f->pulse_clarity) ? f->pulse_clarity : 0;
    return logistic((f->noise_db + 8) / 1.2) * logistic((0.22 - pulse) / 0.03);
}

// Speech in a room or in noise has a clarity of 0.16 to 0.19 and an entropy of 0.97 to 0.98; of recordings, metal has
// the entropy but a clarity of 0.4, slow strings the clarity but an entropy of 0.86. Dark drones have both, but nearly
// all of them are standing tones: a harmonic ratio of 0.96 to 0.99, where speech has 0.1 to 0.8 and a mill in wind
// 0.88.
static double formless(const grm_features *f) {
    double pulse = isfinite(f->pulse_clarity) ? f->pulse_clarity : 0;
    double standing = isfinite(f->harmonic_ratio) ? f->harmonic_ratio : 0;
    return logistic((0.25 - pulse) / 0.02) * logistic((f->chroma_entropy - 0.955) / 0.005) *
           logistic((0.93 - standing) / 0.012);
}

// One loop, one chord, a scale up and down have 0 to 0.2 dB and 0 to 0.4 LU; recordings 0.45 dB and 1 LU or more, half
// a minute of even ones 0.3 dB and 0.5 LU.
static double sameness(const grm_features *f) {
    return logistic((0.3 - f->timbre_change_db) / 0.04) * logistic((0.6 - f->loudness_range_lu) / 0.1);
}

void grm_figures_take(const grm_analysis *a, double values[GRM_FIGURES]) {
    const grm_features *f = &a->features;
#define FEATURE(name, ...) values[GRM_FIGURE_##name] = f->name;
    GRM_FEATURE_LIST(FEATURE)
#undef FEATURE
    double minutes = f->duration_s / 60;
    values[GRM_FIGURE_edge_silence_s] = f->head_silence_s + f->tail_silence_s;
    values[GRM_FIGURE_clipped_per_minute] = minutes > 0 ? f->clipped_samples / minutes : NAN;
    values[GRM_FIGURE_dropouts_per_minute] = minutes > 0 ? f->dropouts / minutes : NAN;
    values[GRM_FIGURE_noise_likeness] = noise_likeness(f);
    values[GRM_FIGURE_formless] = formless(f);
    values[GRM_FIGURE_sameness] = sameness(f);
    values[GRM_FIGURE_dc_offset_abs] = fabs(f->dc_offset);
    values[GRM_FIGURE_balance_abs_db] = fabs(f->stereo_balance_db);
    values[GRM_FIGURE_low_side] = width_of(f, 0, 1);
    values[GRM_FIGURE_mid_width] = width_of(f, 2, 4);
    values[GRM_FIGURE_hook_place] = f->duration_s > 0 ? f->hook_first_s / f->duration_s : NAN;
    values[GRM_FIGURE_section_length_s] = f->section_count > 0 ? f->duration_s / f->section_count : NAN;
    values[GRM_FIGURE_section_kinds] = count_labels(a);
    values[GRM_FIGURE_chord_kinds] = count_chords(a);
    values[GRM_FIGURE_loudest_s] = extreme_section(a, 1);
    values[GRM_FIGURE_softest_s] = extreme_section(a, -1);
    for (int i = 0; i < GRM_FIGURES; i++)
        if (!isfinite(values[i])) values[i] = NAN;
}
