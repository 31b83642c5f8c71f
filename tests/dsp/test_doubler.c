#include "signals.h"

enum { RATE = 48000, FRAMES = 4 * RATE };
static float sound[2][FRAMES], dry[FRAMES];
static float *const planes[2] = {sound[0], sound[1]};
static const grm_double_plan plan = {.voices = 2, .cents = 12, .delay_ms = 22, .spread = 1, .wet_db = 0};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_doubler_run(block, p, frames);
}

static grm_doubler *fresh(const grm_double_plan *p, double rate) {
    grm_doubler *d;
    assert_int_equal(grm_doubler_new(p, rate, &d, NULL), GRM_OK);
    return d;
}

// One voice on a sine: what is left of the dry sound's phase is the delay, its slope the pitch.
static void pitch_wanders_as_far_as_asked_and_no_further(void **state) {
    (void)state;
    for (float cents = 6; cents <= 24; cents *= 2) {
        grm_double_plan p = plan;
        p.voices = 1, p.spread = 0, p.cents = cents;
        grm_doubler *d = fresh(&p, RATE);
        fill_sine(sound[0], FRAMES, RATE, 1000, 0.3, 0);
        memcpy(dry, sound[0], sizeof dry);
        memcpy(sound[1], dry, sizeof dry);
        assert_true(grm_doubler_run(d, planes, FRAMES));
        double before = 0, most = 0, offset = 0;
        for (size_t at = 4800; at + 960 < FRAMES; at += 480) {
            double re = 0, im = 0;
            for (size_t i = at; i < at + 960; i++) {
                double x = sound[0][i] - dry[i], w = 0.5 - 0.5 * cos(2 * GRM_PI * (double)(i - at) / 960);
                re += w * x * sin(2 * GRM_PI * 1000 * (double)i / RATE);
                im += w * x * cos(2 * GRM_PI * 1000 * (double)i / RATE);
            }
            double phase = atan2(im, re) + offset;
            if (at > 4800) {
                while (phase - before > GRM_PI) phase -= 2 * GRM_PI, offset -= 2 * GRM_PI;
                while (phase - before < -GRM_PI) phase += 2 * GRM_PI, offset += 2 * GRM_PI;
                most = fmax(most, fabs(1200 * log2(1 + (phase - before) / (2 * GRM_PI * 1000 * 0.01))));
            }
            before = phase;
        }
        assert_true(most < cents * 1.02 && most > cents * 0.8);
        grm_doubler_free(d);
    }
}

static void voices_come_late_and_apart(void **state) {
    (void)state;
    memset(sound, 0, sizeof sound);
    sound[0][4800] = sound[1][4800] = 1;
    grm_doubler *d = fresh(&plan, RATE);
    assert_true(grm_doubler_run(d, planes, FRAMES));
    assert_true(sound[0][4800] == 1 && sound[1][4800] == 1);
    for (int side = 0; side < 2; side++) {
        size_t at = 4801;
        for (size_t i = 4801; i < 9600; i++)
            if (fabsf(sound[side][i]) > fabsf(sound[side][at])) at = i;
        double ms = (double)(at - 4800) * 1000 / RATE;
        assert_true(ms > 13 && ms < 33);
        // the sinc's halves between two frames: most of its power is there, at the power of half the voices
        assert_true(fabs(10 * log10(grm_power(sound[side] + at - 3, 7) * 7) + 3) < 2);
    }
    grm_doubler_free(d);
}

static void changes_glide_at_any_block_length(void **state) {
    (void)state;
    static const double rates[] = {22050, 48000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_doubler *a = fresh(&plan, rates[r]), *b = fresh(&plan, rates[r]);
        for (int round = 0; round < 2; round++) {
            assert_pieces_give_the_same(run, a, b, 20000);
            grm_doubler_set(a, 2, -6);
            grm_doubler_set(b, 2, -6);
        }
        grm_doubler_reset(a);
        assert_silence_and_nan_are_safe(run, a, 20000);
        grm_doubler_free(a);
        grm_doubler_free(b);
    }
    grm_doubler *d = fresh(&plan, RATE);
    fill_sine(sound[0], FRAMES, RATE, 200, 0.3, 0);
    fill_sine(sound[1], FRAMES, RATE, 200, 0.3, 0);
    for (size_t at = 0; at < FRAMES; at += 9600) {
        grm_doubler_set(d, at / 9600 % 2 ? 12 : 0, at / 9600 % 2 ? 0 : -20);
        assert_true(grm_doubler_run(d, (float *const[]){sound[0] + at, sound[1] + at}, 9600));
    }
    assert_true(roughest(sound[0] + 4800, FRAMES - 4800) < 1.1 * 0.3 * 1.75 * 2 * GRM_PI * 200 / RATE);
    grm_doubler_free(d);
}

static void absurd_plans_are_refused(void **state) {
    (void)state;
    grm_double_plan bad = plan;
    grm_doubler *d;
    grm_error err = {0};
    bad.delay_ms = 6, bad.cents = 50;
    assert_int_equal(grm_doubler_new(&bad, RATE, &d, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, "longer delay"));
    bad = plan, bad.voices = 9;
    assert_int_equal(grm_doubler_new(&bad, RATE, &d, NULL), GRM_USAGE);
    assert_null(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pitch_wanders_as_far_as_asked_and_no_further),
        cmocka_unit_test(voices_come_late_and_apart),
        cmocka_unit_test(changes_glide_at_any_block_length),
        cmocka_unit_test(absurd_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
