// The ear for form: sections, what comes again, and how the energy runs.
#include "meter/form.h"

#include <math.h>
#include <stdlib.h>

enum { FEWEST = 8 };                     // units; less has no form
static const double full_lu = 5;         // a section within this of the whole's loudness is no introduction
static const double least_range_lu = 6;  // softest to loudest section, over which `energy` goes from 0 to 1
static const double quiet_lufs = -60;    // a section that is mostly below is silence, not the softest

static grm_status form_open(const grm_listening *listening, void **self, grm_error *err) {
    (void)listening;
    (void)err;
    *self = NULL;
    return GRM_OK;
}

static grm_status form_hear(void *self, const grm_block *block, grm_error *err) {
    (void)self;
    (void)block;
    (void)err;
    return GRM_OK;
}

static void form_close(void *self) {
    (void)self;
}

// Mean loudness between two times of what sounds there, from the momentary one.
static double loudness_between(const grm_analysis *a, double from_s, double to_s) {
    size_t from = (size_t)fmax(from_s * 10, 0), to = (size_t)fmax(to_s * 10, 0), count = 0;
    double sum = 0;
    if (to > a->energy_count) to = a->energy_count;
    for (size_t i = from; i < to; i++) {
        if (a->energy_lufs[i] <= (float)quiet_lufs) continue;
        sum += pow(10, (double)a->energy_lufs[i] / 10);
        count++;
    }
    return count ? fmax(10 * log10(sum / (double)count), GRM_FORM_SILENT_LUFS) : GRM_FORM_SILENT_LUFS;
}

// A section at the ends that is silent by half is none of its own: it goes to its neighbour. Returns how many are left.
static size_t join_silence(const grm_analysis *a, const grm_form_units *u, size_t *starts, size_t count) {
    double first = a->features.head_silence_s, last = a->features.duration_s - a->features.tail_silence_s;
    if (count > 1 && first > 0.5 * u->at[starts[1]]) {
        count--;
        for (size_t i = 1; i < count; i++) starts[i] = starts[i + 1];
    }
    if (count > 1 && last < 0.5 * (u->at[starts[count - 1]] + u->at[u->count])) count--;
    return count;
}

// What rings on into silence makes it loud in the mean.
static bool mostly_sounds(const grm_analysis *a, const grm_heard_section *s) {
    size_t from = (size_t)fmax(s->start_s * 10, 0), to = (size_t)fmax(s->end_s * 10, 0), loud = 0;
    if (to > a->energy_count) to = a->energy_count;
    for (size_t i = from; i < to; i++) loud += (double)a->energy_lufs[i] > quiet_lufs;
    return from < to && 2 * loud > to - from;
}

// "A" .. "Z", "AA" ..
static void write_label(size_t kind, char label[4]) {
    size_t at = 0;
    if (kind >= 26) label[at++] = (char)('A' + (kind / 26 - 1) % 26);
    label[at++] = (char)('A' + kind % 26);
    label[at] = 0;
}

static grm_status keep_sections(const grm_form_units *u, const size_t *starts, const size_t *kinds, size_t count,
                                grm_analysis *a, grm_error *err) {
    grm_heard_section *sections = grm_memory_take(a->memory, count, sizeof *sections);
    double loudest = GRM_FORM_SILENT_LUFS, softest = 100;
    if (!sections) return grm_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        sections[i].start_s = u->at[starts[i]];
        sections[i].end_s = u->at[i + 1 < count ? starts[i + 1] : u->count];
        sections[i].loudness_lufs = loudness_between(a, sections[i].start_s, sections[i].end_s);
        write_label(kinds[i], sections[i].label);
        loudest = fmax(loudest, sections[i].loudness_lufs);
        if (mostly_sounds(a, &sections[i])) softest = fmin(softest, sections[i].loudness_lufs);
    }
    for (size_t i = 0; i < count; i++)
        sections[i].energy =
            fmax(0, 1 - (loudest - sections[i].loudness_lufs) / fmax(loudest - softest, least_range_lu));
    a->sections = sections;
    a->section_count = count;
    a->features.section_count = (double)count;
    a->features.energy_range_db = fmax(loudest - softest, 0);
    return GRM_OK;
}

static double find_intro(const grm_analysis *a) {
    for (size_t i = 0; i < a->section_count; i++)
        if (a->sections[i].loudness_lufs >= a->features.integrated_lufs - full_lu) return a->sections[i].start_s;
    return NAN;
}

// Spearman's rank correlation of level and time, from the beginning to the end of the loudest section.
static double find_arc(const grm_analysis *a, const grm_form_units *u) {
    size_t loudest = 0, silent = 0, count = 0;
    double sum = 0;
    for (size_t i = 0; i < a->section_count; i++)
        if (a->sections[i].loudness_lufs > a->sections[loudest].loudness_lufs) loudest = i;
    while (silent < u->count && u->at[silent + 1] <= a->features.head_silence_s) silent++;
    while (silent + count < u->count && u->at[silent + count + 1] <= a->sections[loudest].end_s + 1e-6) count++;
    if (count < 3) return 0;
    const float *level_db = u->level_db + silent;
    for (size_t i = 0; i < count; i++) {
        double below = 0;  // rank, ties in the middle
        for (size_t k = 0; k < count; k++)
            below += level_db[k] < level_db[i] ? 1 : k != i && level_db[k] == level_db[i] ? 0.5 : 0;
        double d = below - (double)i;
        sum += d * d;
    }
    double n = (double)count;
    return fmax(-1, 1 - 6 * sum / (n * (n * n - 1)));
}

static void tell_hook(const grm_form_units *u, const grm_form_hook *hook, grm_features *f) {
    f->repetition = hook->repetition;
    f->hook_strength = hook->strength;
    if (hook->found) f->hook_first_s = u->at[hook->first];
}

static grm_status find_form(const grm_form_units *u, const grm_form_likeness *l, grm_analysis *a, grm_error *err) {
    size_t *starts = calloc(u->count, sizeof *starts), *kinds = calloc(u->count, sizeof *kinds), count;
    grm_form_hook hook;
    grm_status status = starts && kinds ? grm_form_cut(u, l, starts, &count, err) : grm_fail_memory(err);
    if (status == GRM_OK) count = join_silence(a, u, starts, count);
    if (status == GRM_OK) status = grm_form_label(l, starts, count, u->count, kinds, err);
    if (status == GRM_OK) status = keep_sections(u, starts, kinds, count, a, err);
    if (status == GRM_OK) status = grm_form_hook_find(u, l, starts, count, &hook, err);
    if (status == GRM_OK) {
        a->features.intro_s = find_intro(a);
        a->features.energy_arc = find_arc(a, u);
        tell_hook(u, &hook, &a->features);
    }
    free(kinds);
    free(starts);
    return status;
}

static grm_status form_finish(void *self, const grm_run *run, grm_analysis *a, grm_error *err) {
    grm_form_units units = {0};
    grm_form_likeness likeness = {0};
    (void)self;
    if (!a->colours || !a->notes || !a->energy_count || !(a->features.integrated_lufs > GRM_FORM_SILENT_LUFS))
        return GRM_OK;
    grm_status status = grm_form_units_make(a, &units, err);
    if (status == GRM_OK && units.count >= FEWEST) {
        status = grm_form_likeness_make(&units, &likeness, err);
        if (status == GRM_OK) status = grm_run_check(run, err);
        if (status == GRM_OK) status = find_form(&units, &likeness, a, err);
    }
    grm_form_likeness_clear(&likeness);
    grm_form_units_clear(&units);
    return status;
}

const grm_ear grm_ear_form = {"form", form_open, form_hear, form_finish, form_close};
