// The chords of a recording: templates of triads over middle and bass chroma, and the cheapest path through them
// (Viterbi; Sheh and Ellis, "Chord segmentation and recognition using EM-trained hidden Markov models", ISMIR 2003,
// with templates for trained models).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "meter/harmony.h"

// How well the bass fits counts beside the middle; what a change costs; and what no chord at all is worth, in the same
// unit, cosines. A clear triad comes to 1.5, percussion to about 0.9. Fitted on renderings whose chords were known; the
// result hardly moves within half and double of each.
static const double bass_share = 0.8, change_cost = 0.2, nothing = 0.95;
static const double quiet_power = 1e-6;
static const double longest_unit_s = 1;

typedef struct templates {
    double middle[24][12], bass[24][12];
} templates;

static void normalise(double *v) {
    double squares = 0;
    for (int c = 0; c < 12; c++) squares += v[c] * v[c];
    double scale = squares > 0 ? 1 / sqrt(squares) : 0;
    for (int c = 0; c < 12; c++) v[c] *= scale;
}

static void fill_templates(templates *t) {
    memset(t, 0, sizeof *t);
    for (int chord = 0; chord < 24; chord++) {
        int root = chord % 12, third = (root + (chord < 12 ? 4 : 3)) % 12, fifth = (root + 7) % 12;
        t->middle[chord][root] = 1;
        t->middle[chord][third] = 1.1;
        t->middle[chord][fifth] = 0.9;
        t->bass[chord][root] = 1;
        t->bass[chord][third] = 0.2;
        t->bass[chord][fifth] = 0.3;
        normalise(t->middle[chord]);
        normalise(t->bass[chord]);
    }
}

// ---- units of time ----

typedef struct grid {
    double *at;  // [count + 1]
    size_t count, room;
} grid;

static bool grid_add(grid *g, double at) {
    if (g->count + 1 >= g->room) {
        size_t room = g->room ? 2 * g->room : 1024;
        double *more = realloc(g->at, room * sizeof *more);
        if (!more) return false;
        g->at = more;
        g->room = room;
    }
    g->at[g->count++] = at;
    return true;
}

// From the last line of the grid to `to`, in equal units about as long as `unit_s`.
static bool grid_fill(grid *g, double to, double unit_s) {
    double from = g->at[g->count - 1];
    double steps = fmax(1, floor((to - from) / unit_s + 0.5));
    for (double i = 1; i <= steps; i++)
        if (!grid_add(g, i == steps ? to : from + (to - from) * i / steps)) return false;
    return true;
}

// The beats are units; what lies before and behind them, or between two that are far apart, is cut alike.
static grm_status make_grid(const double *beats_s, size_t beat_count, double duration_s, grid *g, grm_error *err) {
    double unit_s = 4 * GRM_PITCH_FRAME_S;
    bool made = grid_add(g, 0);
    if (beat_count > 3) {
        double beat_s = (beats_s[beat_count - 1] - beats_s[0]) / (double)(beat_count - 1);
        if (beat_s > 0.2) unit_s = beat_s > longest_unit_s ? 0.5 * beat_s : beat_s;
    } else {
        beat_count = 0;
    }
    for (size_t i = 0; made && i < beat_count; i++)
        if (beats_s[i] > g->at[g->count - 1] + 0.1 && beats_s[i] < duration_s - 0.1)
            made = grid_fill(g, beats_s[i], unit_s);
    if (made) made = grid_fill(g, duration_s, unit_s);
    if (!made) return grm_fail_memory(err);
    g->count--;
    return GRM_OK;
}

// ---- what each unit sounds like ----

// Fits of all chords to the frames of one unit.
static void rate_unit(const grm_pitch_series *series, const templates *t, double from_s, double to_s,
                      float fits[GRM_CHORD_KINDS]) {
    double bass[12] = {0}, middle[12] = {0}, power = 0;
    size_t from = (size_t)ceil(from_s / GRM_PITCH_FRAME_S), to = (size_t)ceil(to_s / GRM_PITCH_FRAME_S);
    if (to <= from) to = from + 1;
    if (to > series->count) to = series->count;
    for (size_t i = from; i < to; i++) {
        power += (double)series->frames[i].level / (double)(to - from);
        for (int c = 0; c < 12; c++) {
            bass[c] += (double)series->frames[i].bass[c];
            middle[c] += (double)series->frames[i].middle[c];
        }
    }
    normalise(bass);
    normalise(middle);
    for (int chord = 0; chord < 24; chord++) {
        double fit = 0;
        for (int c = 0; c < 12; c++) fit += middle[c] * t->middle[chord][c] + bass_share * bass[c] * t->bass[chord][c];
        fits[chord] = (float)fit;
    }
    fits[GRM_CHORD_NONE] = (float)(power < quiet_power ? 2 + bass_share : nothing);
}

// One step of Viterbi: since all changes cost the same, each chord is reached from itself or from the best of all.
static void step(double *best, const float *fits, unsigned char *from) {
    int leader = 0;
    for (int k = 1; k < GRM_CHORD_KINDS; k++)
        if (best[k] > best[leader]) leader = k;
    double change = best[leader] - change_cost;
    for (int k = 0; k < GRM_CHORD_KINDS; k++) {
        from[k] = (unsigned char)(best[k] >= change ? k : leader);
        best[k] = fmax(best[k], change) + (double)fits[k];
    }
}

// chords: [grid->count]
static grm_status find_path(const grm_pitch_series *series, const grid *g, unsigned char *chords, grm_error *err) {
    unsigned char(*from)[GRM_CHORD_KINDS] = calloc(g->count, sizeof *from);
    if (!from) return grm_fail_memory(err);
    templates t;
    fill_templates(&t);
    double best[GRM_CHORD_KINDS] = {0};
    for (size_t i = 0; i < g->count; i++) {
        float fits[GRM_CHORD_KINDS];
        rate_unit(series, &t, g->at[i], g->at[i + 1], fits);
        step(best, fits, from[i]);
    }
    int now = 0;
    for (int k = 1; k < GRM_CHORD_KINDS; k++)
        if (best[k] > best[now]) now = k;
    for (size_t i = g->count; i-- > 0;) {
        chords[i] = (unsigned char)now;
        now = from[i][now];
    }
    free(from);
    return GRM_OK;
}

grm_status grm_chords_find(const grm_pitch_series *series, const double *beats_s, size_t beat_count, double duration_s,
                           grm_chord_stretch **out, size_t *count, grm_error *err) {
    grid g = {0};
    unsigned char *chords = NULL;
    *out = NULL;
    *count = 0;
    grm_status status = make_grid(beats_s, beat_count, duration_s, &g, err);
    if (status) goto done;
    chords = calloc(g.count, 1);
    *out = calloc(g.count, sizeof **out);
    if (!chords || !*out) {
        status = grm_fail_memory(err);
        goto done;
    }
    status = find_path(series, &g, chords, err);
    if (status) goto done;
    for (size_t i = 0; i < g.count; i++) {
        if (i == 0 || chords[i] != chords[i - 1])
            (*out)[(*count)++] = (grm_chord_stretch){.start_s = g.at[i], .chord = chords[i]};
        (*out)[*count - 1].end_s = g.at[i + 1];
    }
done:
    if (status) {
        free(*out);
        *out = NULL;
    }
    free(chords);
    free(g.at);
    return status;
}

void grm_chord_name(int chord, char name[12]) {
    static const char *const roots[12] = {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};
    if (chord == GRM_CHORD_NONE)
        snprintf(name, 12, "N");
    else
        snprintf(name, 12, "%s%s", roots[chord % 12], chord < 12 ? "" : "m");
}
