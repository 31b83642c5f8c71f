// What comes again: the hook is the four or eight bars that come again most often and are loud, rather than a verse's
// or an introduction's loop.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/form.h"

enum { SHORT = 4, LONG = 8 };          // bars
static const float again = 0.78f;      // likeness of bars that come again; others of one track come to 0.5
static const float in_phrase = 1.25f;  // for bars that begin a phrase of their section
static const float about_as_likely = 0.85f;
static const double half_soon_s = 60;  // a hook that comes first so late is half as strong

static bool comes_again(const grm_form_likeness *l, size_t a, size_t b, size_t length) {
    float sum = 0;
    for (size_t t = 0; t < length; t++) sum += grm_form_alike(l, a + t, b + t);
    return sum >= again * (float)length;
}

// How often the units from `at` on come, none over another; *first: where first.
static size_t count_times(const grm_form_likeness *l, size_t at, size_t length, size_t *first) {
    size_t times = 0;
    for (size_t other = 0; other + length <= l->count;) {
        // what comes before `at` may not reach into it
        bool over = other != at && other < at + length && at < other + length;
        if (over || !comes_again(l, at, other, length)) {
            other++;
            continue;
        }
        if (times++ == 0) *first = other;
        other += length;
    }
    return times;
}

static int rising(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
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
    qsort(sorted, u->count, sizeof *sorted, rising);
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
    float *salience;         // [count]
    unsigned char *phrase;   // [count] 1 where four bars of a section begin
    unsigned char *repeats;  // [count] 1 where something comes again
    const double *at_s;      // [count]
    candidate *candidates;   // [2 * count]
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

static void try_length(search *s, size_t length) {
    for (size_t at = 0; at + length <= s->likeness->count; at++) {
        size_t first = at, times = count_times(s->likeness, at, length, &first);
        if (times < 2) continue;
        float sum = 0;
        for (size_t t = 0; t < length; t++) s->repeats[at + t] = 1, sum += s->salience[at + t] / (float)length;
        float mark = (float)(times - 1) * sqrtf((float)length) * sum * sum * sum * (s->phrase[at] ? in_phrase : 1);
        s->candidates[s->candidate_count++] = (candidate){mark, strength_of(times, s->at_s[first]), first};
        s->most = fmaxf(s->most, mark);
    }
}

static void find_phrases(const size_t *starts, size_t sections, size_t n, size_t length, unsigned char *phrase) {
    for (size_t i = 0; i < sections; i++)
        for (size_t at = starts[i]; at < (i + 1 < sections ? starts[i + 1] : n); at += length) phrase[at] = 1;
}

grm_status grm_form_hook_find(const grm_form_units *u, const grm_form_likeness *l, const size_t *starts, size_t count,
                              grm_form_hook *hook, grm_error *err) {
    size_t n = u->count, length = (SHORT + u->joined - 1) / u->joined, longer = LONG / u->joined, repeated = 0;
    search s = {.likeness = l, .salience = grm_floats_new(n), .hook = hook};
    s.phrase = calloc(n, 1);
    s.repeats = calloc(n, 1);
    s.candidates = calloc(2 * n, sizeof *s.candidates);
    s.at_s = u->at;
    bool all = s.salience && s.phrase && s.repeats && s.candidates;
    grm_status status = all ? find_salience(u, s.salience, err) : grm_fail_memory(err);
    *hook = (grm_form_hook){0};
    if (status == GRM_OK) {
        find_phrases(starts, count, n, length, s.phrase);
        try_length(&s, length);
        if (longer > length) try_length(&s, longer);
        for (size_t i = 0; i < n; i++) repeated += s.repeats[i];
        hook->repetition = (double)repeated / (double)n;
        hook->strength = strength_of_all(&s);
        choose(&s);
    }
    free(s.candidates);
    free(s.repeats);
    free(s.phrase);
    free(s.salience);
    return status;
}
