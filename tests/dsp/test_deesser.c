#include "signals.h"

enum { RATE = 48000, FRAMES = RATE };
static const grm_deesser_plan plan = {
    .hz = 5000, .share_db = -12, .ratio = 4, .range_db = 12, .attack_ms = 2, .release_ms = 40};
static float sound[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_deesser_run(block, p, frames);
}

static void fill_word(double level, double hiss_db) {
    for (size_t i = 0; i < FRAMES; i++) {
        double t = 2 * GRM_PI * (double)i / RATE;
        sound[0][i] = sound[1][i] = (float)(level * (sin(400 * t) + pow(10, hiss_db / 20) * sin(17000 * t)));
    }
}

static void the_gain_hangs_on_the_share_and_not_on_the_level(void **state) {
    (void)state;
    for (double level = 0.001; level < 0.6; level *= 20)
        for (double hiss_db = -30; hiss_db <= 12; hiss_db += 6) {
            grm_deesser d;
            grm_deesser_init(&d, &plan, RATE);
            fill_word(level, hiss_db);
            double share = pow(10, hiss_db / 10), share_db = 10 * log10(share / (1 + share));
            double want = grm_deesser_static_db(&plan, (float)share_db);
            assert_true(grm_deesser_run(&d, planes, FRAMES));
            double base = 20 * log10(level);
            assert_true(fabs(tone_db(sound[0] + FRAMES / 2, FRAMES / 2, RATE, 400) - base) < 0.05);
            assert_true(fabs(tone_db(sound[0] + FRAMES / 2, FRAMES / 2, RATE, 17000) - base - hiss_db - want) < 0.4);
        }
    assert_true(grm_deesser_static_db(&plan, -12) == 0);
    assert_true(fabsf(grm_deesser_static_db(&plan, -4) + 6) < 1e-4f);
    assert_true(grm_deesser_static_db(&plan, 20) == -12);
}

static void a_hiss_is_caught_in_its_attack_and_let_go_after_it(void **state) {
    (void)state;
    fill_word(0.2, -100);
    for (size_t i = 20000; i < 24800; i++)
        for (int side = 0; side < 2; side++) sound[side][i] = (float)(0.2 * sin(2 * GRM_PI * 9000 * (double)i / RATE));
    grm_deesser d;
    grm_deesser_init(&d, &plan, RATE);
    assert_true(grm_deesser_run(&d, planes, 20000 + 48 * 15));
    assert_true(fabsf(d.reduction_db + 9) < 1);  // of 12 dB over, three quarters
    assert_true(grm_deesser_run(&d, (float *const[]){sound[0] + 20720, sound[1] + 20720}, FRAMES - 20720));
    assert_true(d.reduction_db > -0.2f);
}

static void at_rest_it_is_flat(void **state) {
    (void)state;
    static const double rates[] = {22050, 48000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_deesser_plan idle = plan;
        idle.share_db = 1;
        grm_deesser d;
        grm_deesser_init(&d, &idle, rates[r]);
        memset(sound, 0, sizeof sound);
        sound[0][0] = sound[1][0] = 1;
        assert_true(grm_deesser_run(&d, planes, FRAMES));
        for (double hz = 50; hz < 0.49 * rates[r]; hz *= 1.6) {
            double re = 0, im = 0;
            for (size_t i = 0; i < 9600; i++) {
                re += sound[0][i] * cos(2 * GRM_PI * hz * (double)i / rates[r]);
                im += sound[0][i] * sin(2 * GRM_PI * hz * (double)i / rates[r]);
            }
            assert_true(fabs(20 * log10(hypot(re, im))) < 0.02);
        }
    }
}

static void any_block_length_gives_the_same_bits_and_changes_glide(void **state) {
    (void)state;
    grm_deesser a, b;
    grm_deesser_init(&a, &plan, 44100);
    b = a;
    assert_pieces_give_the_same(run, &a, &b, 20000);
    grm_deesser_init(&a, &plan, 44100);
    assert_silence_and_nan_are_safe(run, &a, 20000);
    grm_deesser_plan moved = plan;
    fill_sine(sound[0], FRAMES, RATE, 3000, 0.3, 0);
    fill_sine(sound[1], FRAMES, RATE, 3000, 0.3, 0);
    grm_deesser_init(&a, &plan, RATE);
    moved.hz = 2000, moved.share_db = -30;
    assert_true(grm_deesser_run(&a, planes, 10000));
    grm_deesser_set(&a, &moved, RATE);
    assert_true(grm_deesser_run(&a, (float *const[]){sound[0] + 10000, sound[1] + 10000}, FRAMES - 10000));
    assert_true(roughest(sound[0], FRAMES) < 1.1 * 0.3 * 2 * sin(GRM_PI * 3000 / RATE));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gain_hangs_on_the_share_and_not_on_the_level),
        cmocka_unit_test(a_hiss_is_caught_in_its_attack_and_let_go_after_it),
        cmocka_unit_test(at_rest_it_is_flat),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_changes_glide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
