#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/base.h"

// The first numbers of pcg32-demo with seed 42 and sequence 54 (pcg-random.org, sample/check-pcg32.out).
static void numbers_are_those_of_the_reference(void **state) {
    const uint32_t expected[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e};
    grm_rng rng = {.state = 0, .increment = 54u << 1 | 1};
    grm_rng_u32(&rng);
    rng.state += 42;
    grm_rng_u32(&rng);
    for (size_t i = 0; i < GRM_COUNT(expected); i++) assert_int_equal(grm_rng_u32(&rng), expected[i]);
}

static void same_seed_and_stream_draw_the_same(void **state) {
    grm_rng a = grm_rng_new(7, "drums"), b = grm_rng_new(7, "drums");
    for (int i = 0; i < 100; i++) assert_int_equal(grm_rng_u32(&a), grm_rng_u32(&b));
}

static int equal_draws(grm_rng a, grm_rng b) {
    int equal = 0;
    for (int i = 0; i < 4000; i++) {
        uint32_t from_a = grm_rng_u32(&a), from_b = grm_rng_u32(&b);
        equal += from_a >> 28 == from_b >> 28;  // 250 by chance
    }
    return equal;
}

static void streams_seeds_and_branches_are_unrelated(void **state) {
    grm_rng drums = grm_rng_new(7, "drums");
    assert_in_range(equal_draws(drums, grm_rng_new(7, "bass")), 180, 320);
    assert_in_range(equal_draws(drums, grm_rng_new(8, "drums")), 180, 320);
    assert_in_range(equal_draws(drums, grm_rng_branch(&drums, "drums", 0)), 180, 320);
    assert_in_range(equal_draws(grm_rng_branch(&drums, "bar", 0), grm_rng_branch(&drums, "bar", 1)), 180, 320);
    assert_in_range(equal_draws(grm_rng_branch(&drums, "bar", 0), grm_rng_branch(&drums, "fill", 0)), 180, 320);
}

static void a_branch_does_not_move_its_parent(void **state) {
    grm_rng parent = grm_rng_new(1, "song"), same = parent;
    grm_rng branch = grm_rng_branch(&parent, "verse", 3);
    grm_rng_u32(&branch);
    assert_int_equal(grm_rng_u32(&parent), grm_rng_u32(&same));
}

static void below_is_even_and_in_range(void **state) {
    enum { DRAWS = 60000 };
    grm_rng rng = grm_rng_new(3, "test");
    for (unsigned limit = 1; limit < 12; limit++) {
        int counts[12] = {0};
        for (int i = 0; i < DRAWS; i++) {
            unsigned drawn = grm_rng_below(&rng, limit);
            assert_true(drawn < limit);
            counts[drawn]++;
        }
        double expected = (double)DRAWS / limit, sigma = sqrt(expected * (1.0 - 1.0 / limit)) + 1e-9;
        for (unsigned i = 0; i < limit; i++) assert_true(fabs(counts[i] - expected) < 5.0 * sigma + 1e-9);
    }
    // With a limit just over half of the range, plain remainders would favour the low half by two to one.
    int low = 0;
    for (int i = 0; i < DRAWS; i++) low += grm_rng_below(&rng, 0xc0000000u) < 0x60000000u;
    assert_true(abs(low - DRAWS / 2) < 1000);
    assert_true(grm_rng_below(&rng, UINT32_MAX) < UINT32_MAX);
}

static void floats_stay_in_their_bounds(void **state) {
    grm_rng rng = grm_rng_new(4, "test");
    double sum = 0.0;
    for (int i = 0; i < 100000; i++) {
        float x = grm_rng_float(&rng), y = grm_rng_between(&rng, -3.0f, 5.0f);
        assert_true(x >= 0.0f && x < 1.0f);
        assert_true(y >= -3.0f && y < 5.0f);
        sum += (double)x;
    }
    assert_true(fabs(sum / 100000 - 0.5) < 0.005);
    for (int i = 0; i < 1000; i++) {
        assert_true(grm_rng_between(&rng, 1.0f, nextafterf(1.0f, 2.0f)) == 1.0f);
        assert_true(grm_rng_between(&rng, 2.0f, 2.0f) == 2.0f);
    }
}

static void normal_has_its_moments(void **state) {
    grm_rng rng = grm_rng_new(5, "test");
    double sum = 0.0, squares = 0.0, fourths = 0.0;
    const int count = 200000;
    for (int i = 0; i < count; i++) {
        double x = (double)grm_rng_normal(&rng);
        assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        fourths += x * x * x * x;
    }
    assert_true(fabs(sum / count) < 0.01);
    assert_true(fabs(squares / count - 1.0) < 0.02);
    assert_true(fabs(fourths / count - 3.0) < 0.15);
}

static void chance_and_weights_are_kept(void **state) {
    grm_rng rng = grm_rng_new(6, "test");
    const float weights[] = {0.0f, 1.0f, 3.0f, -2.0f, NAN, 0.0f};
    int counts[6] = {0}, hits = 0;
    for (int i = 0; i < 40000; i++) {
        counts[grm_rng_weighted(&rng, weights, GRM_COUNT(weights))]++;
        hits += grm_rng_chance(&rng, 0.25f);
        assert_false(grm_rng_chance(&rng, 0.0f));
        assert_true(grm_rng_chance(&rng, 1.0f));
    }
    assert_int_equal(counts[0] + counts[3] + counts[4] + counts[5], 0);
    assert_in_range(counts[1], 9600, 10400);
    assert_in_range(hits, 9600, 10400);
    const float nothing[] = {0.0f, 0.0f};
    assert_true(grm_rng_weighted(&rng, nothing, 2) < 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_reference),
        cmocka_unit_test(same_seed_and_stream_draw_the_same),
        cmocka_unit_test(streams_seeds_and_branches_are_unrelated),
        cmocka_unit_test(a_branch_does_not_move_its_parent),
        cmocka_unit_test(below_is_even_and_in_range),
        cmocka_unit_test(floats_stay_in_their_bounds),
        cmocka_unit_test(normal_has_its_moments),
        cmocka_unit_test(chance_and_weights_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
