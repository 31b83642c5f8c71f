// What comes again: the hook is the four or eight bars, or two slow ones, that come again most often and are loud,
// rather than a verse's or an introduction's loop.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/form.h"

enum { SLOW = 2, SHORT = 4, LONG = 8 };  // bars; two where bars are so long that four are a verse
enum { LEVELS = 3 };
// Likeness of bars that come again; others of one track come to 0.5. Three answers are averaged: one alone would turn
// on a hair between no hook and a strong one.
static const float again[LEVELS] = {0.74f, 0.78f, 0.82f};
static const float in_phrase = 1.25f;  // for bars that begin a phrase of their section
static const float about_as_likely = 0.85f;
static const double half_soon_s = 60;  // a hook that comes first so late is half as strong
static const double long_bar_s = 2.4;  // four beats at 100 BPM

// How alike the units from `at` on are to those from each other unit on: [count - length + 1].
static void compare(const grm_form_likeness *l, size_t at, size_t length, float *out) {
    for (size_t other = 0; other + length <= l->count; other++) {
        float sum = 0;
        for (size_t t = 0; t < length; t++) sum += grm_form_alike(l, at + t, other + t);
        out[other] = sum / (float)length;
    }
}

// How often the units from `at` on come, none over another; *first: where first.
static size_t count_times(const float *alike, size_t count, size_t at, size_t length, float level, size_t *first) {
    size_t times = 0;
    for (size_t other = 0; other + length <= count;) {
        // what comes before `at` may not reach into it
        bool over = other != at && other < at + length && at < other + length;
        if (over || alike[other] < level) {
            other++;
            continue;
        }
        if (times++ == 0) *first = other;
        other += length;
    }
    return times;
}

// Share of the units that have less than this one, ties half.
static float rank(const float *sorted, size_t n, float x) {
    size_t below = 0, with = 0;
    while (below < n && sorted[below] < x) below++;
    while (below + with < n && sorted[below + with] == x) with++;
    return ((float)below + 0.5f * (float)with) / (float)n;
}

// 0..1, rank of the level. out: [n]
static grm_status find_salience(const grm_form_units *u, float *out, grm_error *err) {
    float *sorted = grm_floats_new(u->count);
    if (!sorted) return grm_fail_memory(err);
    for (size_t i = 0; i < u->count; i++) sorted[i] = u->level_db[i];
    grm_sort_floats(sorted, u->count);
    for (size_t i = 0; i < u->count; i++) out[i] = rank(sorted, u->count, u->level_db[i]);
    free(sorted);
    return GRM_OK;
}

// Units that come again; as in grm_form_hook. The mark is how likely they are it.
typedef struct candidate {
    float mark;
    double strength;
    size_t first;
} candidate;

typedef struct search {
    const grm_form_likeness *likeness;
    float *salience;                   // [count]
    float *alike;                      // [count]
    unsigned char *phrase;             // [count] 1 where four bars of a section begin
    unsigned char (*repeats)[LEVELS];  // [count] 1 where something comes again
    const double *at_s;                // [count]
    candidate *candidates;             // [3 * count]
    size_t candidate_count;
    float most;
    grm_form_hook *hook;
} search;

// Three times are three quarters as good as ever so many; at once is twice as good as after a minute.
static double strength_of(size_t times, double first_s) {
    double often = 1 - exp2(1 - (double)times), soon = exp2(-first_s / half_soon_s);
    return sqrt(often * soon);
}

// The mean of all that may be the hook, each by how nearly it is: which of two is the likelier one may hang on a hair,
// and then counts little.
static double strength_of_all(const search *s) {
    double sum = 0, weights = 0;
    for (size_t i = 0; i < s->candidate_count; i++) {
        double weight = pow((double)(s->candidates[i].mark / s->most), 4);
        sum += weight * s->candidates[i].strength;
        weights += weight;
    }
    return weights > 0 ? sum / weights : 0;
}

// The first to come of those that are about as likely.
static void choose(search *s) {
    for (size_t i = 0; i < s->candidate_count; i++) {
        const candidate *c = &s->candidates[i];
        if (c->mark < about_as_likely * s->most) continue;
        if (!s->hook->found || c->first < s->hook->first) s->hook->first = c->first;
        s->hook->found = true;
    }
}

static void try_units(search *s, size_t at, size_t length) {
    candidate c = {.first = at};
    float more = 0, sure = 0, sum = 0;
    compare(s->likeness, at, length, s->alike);
    for (size_t level = 0; level < LEVELS; level++) {
        size_t first = at, times = count_times(s->alike, s->likeness->count, at, length, again[level], &first);
        if (times < 2) continue;
        more += (float)(times - 1) / LEVELS;
        sure += 1.0f / LEVELS;
        c.strength += strength_of(times, s->at_s[first]) / LEVELS;
        if (level <= LEVELS / 2) c.first = first;
        for (size_t t = 0; t < length; t++) s->repeats[at + t][level] = 1;
    }
    if (more == 0) return;
    for (size_t t = 0; t < length; t++) sum += s->salience[at + t] / (float)length;
    c.mark = more * sure * sure * sqrtf((float)length) * sum * sum * sum * (s->phrase[at] ? in_phrase : 1);
    s->candidates[s->candidate_count++] = c;
    s->most = fmaxf(s->most, c.mark);
}

static void try_length(search *s, size_t length) {
    for (size_t at = 0; at + length <= s->likeness->count; at++) try_units(s, at, length);
}

static double share_repeated(const search *s) {
    size_t repeated = 0, n = s->likeness->count;
    for (size_t i = 0; i < n; i++)
        for (size_t level = 0; level < LEVELS; level++) repeated += s->repeats[i][level];
    return (double)repeated / (double)(n * LEVELS);
}

static void find_phrases(const size_t *starts, size_t sections, size_t n, size_t length, unsigned char *phrase) {
    for (size_t i = 0; i < sections; i++)
        for (size_t at = starts[i]; at < (i + 1 < sections ? starts[i + 1] : n); at += length) phrase[at] = 1;
}

grm_status grm_form_hook_find(const grm_form_units *u, const grm_form_likeness *l, const size_t *starts, size_t count,
                              grm_form_hook *hook, grm_error *err) {
    size_t n = u->count, length = (SHORT + u->joined - 1) / u->joined;
    bool slow = u->joined == 1 && n && u->at[n] / (double)n > long_bar_s;
    search s = {.likeness = l, .salience = grm_floats_new(n), .alike = grm_floats_new(n), .hook = hook};
    s.phrase = calloc(n, 1);
    s.repeats = calloc(n, sizeof *s.repeats);
    s.candidates = calloc(3 * n, sizeof *s.candidates);
    s.at_s = u->at;
    bool all = s.salience && s.alike && s.phrase && s.repeats && s.candidates;
    grm_status status = all ? find_salience(u, s.salience, err) : grm_fail_memory(err);
    *hook = (grm_form_hook){0};
    if (status == GRM_OK) {
        find_phrases(starts, count, n, length, s.phrase);
        if (slow) try_length(&s, SLOW);
        try_length(&s, length);
        if (LONG / u->joined > length) try_length(&s, LONG / u->joined);
        hook->repetition = share_repeated(&s);
        hook->strength = strength_of_all(&s);
        choose(&s);
    }
    free(s.candidates);
    free(s.repeats);
    free(s.phrase);
    free(s.alike);
    free(s.salience);
    return status;
}
