#include "signals.h"

enum { RATE = 48000, FRAMES = 2 * RATE };
static const grm_gate_plan plan = {.threshold_db = -40,
                                   .ratio = 3,
                                   .knee_db = 6,
                                   .range_db = 50,
                                   .hysteresis_db = 0,
                                   .attack_ms = 1,
                                   .hold_ms = 20,
                                   .release_ms = 60};
static float sound[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_gate_run(block, p, NULL, frames);
}

static void fill_level(float level_db, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        sound[0][i] = sound[1][i] = (float)(pow(10, level_db / 20) * sin(2 * GRM_PI * 1000 * (double)i / RATE));
}

static void steady_levels_get_the_static_curve(void **state) {
    (void)state;
    for (float db = -70; db <= -20; db += 2.5f) {
        grm_gate g;
        grm_gate_init(&g, &plan, RATE);
        fill_level(db, 0, FRAMES);
        assert_true(grm_gate_run(&g, planes, NULL, FRAMES));
        assert_true(fabs(tone_db(sound[0] + RATE, RATE, RATE, 1000) - db - grm_gate_static_db(&plan, db)) < 0.1);
    }
    assert_true(grm_gate_static_db(&plan, -30) == 0);
    assert_true(fabsf(grm_gate_static_db(&plan, -50) + 20) < 1e-4f);    // 10 dB under, 1:3
    assert_true(fabsf(grm_gate_static_db(&plan, -40) + 1.5f) < 1e-4f);  // the middle of the knee
    assert_true(grm_gate_static_db(&plan, -90) == -50);
}

// Frame at which the gain has gone past `goal` dB.
static double when_ms(const float *x, float level_db, float goal, bool up, size_t from) {
    for (size_t i = from; i + 48 < FRAMES; i++) {
        float now = grm_gain_to_db(grm_peak(x + i, 48)) - level_db;  // a period
        if (up ? now > goal : now < goal) return (double)(i - from) * 1000 / RATE;
    }
    return 1e9;
}

static void it_opens_at_once_and_closes_after_its_hold(void **state) {
    (void)state;
    grm_gate_plan hard = plan;
    hard.ratio = 100;
    hard.knee_db = 0;
    hard.hold_ms = 100;
    grm_gate g;
    grm_gate_init(&g, &hard, RATE);
    fill_level(-60, 0, FRAMES);
    fill_level(-20, RATE / 2, RATE);
    assert_true(grm_gate_run(&g, planes, NULL, FRAMES));
    assert_true(fabs(tone_db(sound[0] + 12000, 9600, RATE, 1000) + 110) < 0.5);
    double opened = when_ms(sound[0], -20, -3, true, RATE / 2);
    assert_true(opened < 5);
    // the peak is held for 10 to 20 ms, then the gain for 100, then it falls by 63 % of 50 dB in 60 ms
    double closed = when_ms(sound[0], -60, -50 * 0.632f, false, RATE);
    assert_true(closed > 165 && closed < 185);
    assert_true(grm_gain_to_db(grm_peak(sound[0] + RATE + 4800, 48)) > -60.1f);
}

static void what_is_open_closes_lower(void **state) {
    (void)state;
    grm_gate_plan p = plan;
    p.ratio = 20, p.knee_db = 0, p.hysteresis_db = 6, p.hold_ms = 0;
    grm_gate g;
    grm_gate_init(&g, &p, RATE);
    fill_level(-43, 0, RATE / 2);  // not enough to open
    fill_level(-30, RATE / 2, RATE);
    fill_level(-43, RATE, FRAMES);  // enough to stay open
    assert_true(grm_gate_run(&g, planes, NULL, FRAMES));
    assert_true(tone_db(sound[0] + 12000, 9600, RATE, 1000) < -85);
    assert_true(fabs(tone_db(sound[0] + FRAMES - 12000, 9600, RATE, 1000) + 43) < 0.05);
}

static void the_key_opens_it(void **state) {
    (void)state;
    static float key[2][FRAMES];
    fill_level(-60, 0, FRAMES);
    fill_sine(key[0], FRAMES, RATE, 50, 0.5, 0);
    grm_gate g;
    grm_gate_init(&g, &plan, RATE);
    assert_true(grm_gate_run(&g, planes, (const float *const[]){key[0], key[1]}, FRAMES));
    assert_true(fabs(tone_db(sound[0] + RATE, RATE, RATE, 1000) + 60) < 0.05);
    key[1][3] = NAN;
    assert_false(grm_gate_run(&g, planes, (const float *const[]){key[0], key[1]}, FRAMES));
    assert_true(grm_peak(sound[0], FRAMES) == 0);
}

static void any_block_length_gives_the_same_bits_and_changes_glide(void **state) {
    (void)state;
    grm_gate a, b;
    static const double rates[] = {22050, 192000};
    for (size_t r = 0; r < 2; r++) {
        grm_gate_init(&a, &plan, rates[r]);
        b = a;
        assert_pieces_give_the_same(run, &a, &b, 20000);
        grm_gate_init(&a, &plan, rates[r]);
        assert_silence_and_nan_are_safe(run, &a, 20000);
    }
    grm_gate_plan p = plan;
    fill_sine(sound[0], FRAMES, RATE, 100, 0.1, 0);
    fill_sine(sound[1], FRAMES, RATE, 100, 0.1, 0);
    grm_gate_init(&a, &plan, RATE);
    assert_true(grm_gate_run(&a, planes, NULL, RATE));
    p.threshold_db = 0;
    p.attack_ms = 5;
    grm_gate_set(&a, &p, RATE);
    assert_true(grm_gate_run(&a, (float *const[]){sound[0] + RATE, sound[1] + RATE}, NULL, RATE));
    assert_true(roughest(sound[0] + 4800, FRAMES - 4800) < 1.2 * 0.1 * 2 * GRM_PI * 100 / RATE);
    assert_true(fabs(tone_db(sound[0] + FRAMES - 9600, 9600, RATE, 100) + 20 - grm_gate_static_db(&p, -20)) < 0.2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_levels_get_the_static_curve),
        cmocka_unit_test(it_opens_at_once_and_closes_after_its_hold),
        cmocka_unit_test(what_is_open_closes_lower),
        cmocka_unit_test(the_key_opens_it),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_changes_glide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
