#include "neural/sample.h"

#include <math.h>

#include "neural/kernels.h"
#include "neural/pattern.h"
#include "npy.h"

enum { CODES = 6 };

static void count_choices(const grm_sampling *sampling, const float *logits, size_t counts[CODES]) {
    grm_rng rng = grm_rng_new(7, "test");
    grm_candidate scratch[2 * CODES];
    memset(counts, 0, CODES * sizeof *counts);
    for (size_t i = 0; i < 10000; i++) counts[grm_sample(sampling, logits, CODES, scratch, grm_rng_float(&rng))]++;
}

static const float LOGITS[CODES] = {0, 1.0986123f, 0, -50, 1.0986123f, 0};  // 1 3 1 0 3 1, ninths

static void draws_as_often_as_the_logits_say(void **state) {
    size_t counts[CODES];
    count_choices(&(grm_sampling){.temperature = 1, .top_p = 1}, LOGITS, counts);
    for (size_t i = 0; i < CODES; i++) {
        double expected = i == 3 ? 0 : i == 1 || i == 4 ? 3333 : 1111;
        assert_true((double)counts[i] > expected - 200 && (double)counts[i] < expected + 200);
    }
}

static void keeps_to_the_largest(void **state) {
    size_t counts[CODES];
    count_choices(&(grm_sampling){.temperature = 1, .top_k = 2, .top_p = 1}, LOGITS, counts);
    assert_int_equal(counts[1] + counts[4], 10000);
    count_choices(&(grm_sampling){.temperature = 1, .top_k = 1, .top_p = 1}, LOGITS, counts);
    assert_int_equal(counts[1] + counts[4], 10000);  // equals stay together
    assert_true(counts[1] > 4500 && counts[4] > 4500);
    count_choices(&(grm_sampling){.temperature = 1, .top_p = 0.5f}, LOGITS, counts);
    assert_int_equal(counts[1] + counts[4], 10000);
    count_choices(&(grm_sampling){.greedy = true}, LOGITS, counts);
    assert_int_equal(counts[1], 10000);
}

static void grows_bolder_with_the_temperature(void **state) {
    size_t cold[CODES], hot[CODES];
    count_choices(&(grm_sampling){.temperature = 0.3f, .top_p = 1}, LOGITS, cold);
    count_choices(&(grm_sampling){.temperature = 10, .top_p = 1}, LOGITS, hot);
    assert_true(cold[0] < 300 && hot[0] > 1700);
}

static int by_logit(const void *a, const void *b) {
    const grm_candidate *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x->code < y->code ? -1 : 1;
}

// As the specification says it, with all logits sorted.
static size_t sample_plainly(const grm_sampling *s, const float *logits, size_t count, float drawn) {
    grm_candidate sorted[300];
    double sum = 0, share = 0;
    size_t keep = s->top_k && s->top_k < count ? s->top_k : count, cut = 0, i = 0;
    for (size_t c = 0; c < count; c++) sorted[c] = (grm_candidate){logits[c], (uint32_t)c};
    qsort(sorted, count, sizeof *sorted, by_logit);
    while (keep < count && sorted[keep].weight == sorted[keep - 1].weight) keep++;
    for (size_t c = 0; c < keep; c++) sum += (double)grm_exp((sorted[c].weight - sorted[0].weight) / s->temperature);
    do share += (double)grm_exp((sorted[cut].weight - sorted[0].weight) / s->temperature);
    while (++cut < keep && (s->top_p >= 1 || share < (double)s->top_p * sum));
    double at = (double)drawn * share;
    for (; i + 1 < cut; i++)
        if ((at -= (double)grm_exp((sorted[i].weight - sorted[0].weight) / s->temperature)) < 0) break;
    return sorted[i].code;
}

// Of any number of logits, of either sign, equal ones and both zeros among them.
static void draws_what_sorting_all_would(void **state) {
    static const grm_sampling all[] = {{false, 1, 250, 1}, {false, 1, 0, 1},      {false, 0.7f, 20, 0.9f},
                                       {false, 3, 1, 1},   {false, 1, 299, 0.5f}, {false, 2, 1000, 1}};
    float logits[300];
    grm_candidate scratch[2 * GRM_COUNT(logits)];
    grm_rng numbers = grm_rng_new(3, "logits"), codes = grm_rng_new(4, "codes");
    for (size_t turn = 0; turn < 3000; turn++) {
        size_t count = 1 + turn % GRM_COUNT(logits);
        for (size_t i = 0; i < count; i++) {
            logits[i] = grm_rng_normal(&numbers) * (turn % 5 ? 3 : 1e-3f);
            if (turn % 3 == 1) logits[i] = roundf(logits[i]);
            if (turn % 7 == 2) logits[i] *= 0;
        }
        const grm_sampling *s = &all[turn % GRM_COUNT(all)];
        float drawn = grm_rng_float(&codes);
        assert_int_equal(grm_sample(s, logits, count, scratch, drawn), sample_plainly(s, logits, count, drawn));
    }
}

static void a_team_draws_what_one_would(void **state) {
    enum { MANY = 7, COUNT = 300, MEMBERS = 3 };
    static float logits[MANY][COUNT];
    static grm_candidate scratch[MEMBERS][2 * COUNT];
    const grm_sampling sampling = {false, 1, 50, 0.9f};
    grm_draw draws[MANY];
    uint16_t codes[MANY];
    grm_rng rng = grm_rng_new(5, "draws");
    grm_team *team = NULL;
    assert_int_equal(grm_team_new(MEMBERS, &team, NULL), GRM_OK);
    for (size_t i = 0; i < MANY; i++) {
        for (size_t c = 0; c < COUNT; c++) logits[i][c] = 2 * grm_rng_normal(&rng);
        draws[i] = (grm_draw){logits[i], grm_rng_float(&rng), &codes[i]};
    }
    grm_sample_all(team, &sampling, draws, MANY, COUNT, scratch[0]);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(codes[i], grm_sample(&sampling, logits[i], COUNT, scratch[0], draws[i].drawn));
    grm_team_free(team);
}

// Every frame of every codebook has one cell, delayed as its channel's pair is.
static void delays_codebooks(void **state) {
    for (size_t channels = 1; channels <= 2; channels++) {
        const grm_pattern p = {4 * channels, channels, 10};
        assert_int_equal(grm_pattern_columns(&p), 14);
        for (size_t k = 0; k < p.codebooks; k++) {
            size_t seen = 0, frame;
            assert_false(grm_pattern_cell(&p, k, 0, &frame));
            for (size_t c = 0; c < grm_pattern_columns(&p); c++)
                if (grm_pattern_cell(&p, k, c, &frame)) {
                    assert_int_equal(frame, seen++);
                    assert_int_equal(c, 1 + frame + k / channels);
                }
            assert_int_equal(seen, 10);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_as_often_as_the_logits_say),  cmocka_unit_test(keeps_to_the_largest),
        cmocka_unit_test(grows_bolder_with_the_temperature), cmocka_unit_test(draws_what_sorting_all_would),
        cmocka_unit_test(a_team_draws_what_one_would),       cmocka_unit_test(delays_codebooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
