#include "signals.h"

enum { RATE = 44100, FRAMES = RATE };
static float sound[2][FRAMES], dry[FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_harmoniser_run(block, p, frames);
}

static grm_harmoniser *fresh(const grm_harmony_plan *p) {
    grm_harmoniser *h;
    assert_int_equal(grm_harmoniser_new(p, RATE, &h, NULL), GRM_OK);
    return h;
}

static void sing(double note) {
    double phase = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        phase += 2 * GRM_PI * grm_hz_of_note(note, 0) / RATE;
        double sum = 0;
        for (int k = 1; k < 20; k++) sum += sin(k * phase) / k;
        dry[i] = sound[0][i] = sound[1][i] = (float)(0.2 * sum);
    }
}

static double level_db(int side, double note) {
    return tone_db(sound[side] + FRAMES / 2, 16384, RATE, grm_hz_of_note(note, 0));
}

static void fixed_voices_lie_at_their_intervals_and_places(void **state) {
    (void)state;
    const grm_harmony_plan p = {.voices = 2, .voice = {{false, 7, -3, -1}, {false, -5, -6, 1}}, .dry_db = -200};
    grm_harmoniser *h = fresh(&p);
    sing(62);
    assert_true(grm_harmoniser_run(h, planes, FRAMES));
    // a fundamental of -14 dB, hard to one side; a fifth up, the resonances of this voice are 3.5 dB weaker
    assert_true(fabs(level_db(0, 69) + 13.98 + 3 + 3.5) < 2.5);
    assert_true(fabs(level_db(1, 57) + 13.98 + 6) < 2.5);
    assert_true(level_db(0, 57) < -60);
    grm_harmoniser_free(h);
}

// A third above C is four semitones, above D three: what the scale gives.
static void diatonic_voices_follow_the_scale(void **state) {
    (void)state;
    const grm_harmony_plan p = {
        .voices = 1, .voice = {{true, 2, 0, 0}}, .scale = {.notes = GRM_SCALE_MAJOR}, .dry_db = -200};
    static const struct { double sung, heard; } pairs[] = {{60, 64}, {62, 65}, {64, 67}, {65, 69}, {71, 74}};
    for (size_t i = 0; i < GRM_COUNT(pairs); i++) {
        grm_harmoniser *h = fresh(&p);
        sing(pairs[i].sung);
        assert_true(grm_harmoniser_run(h, planes, FRAMES));
        assert_true(level_db(0, pairs[i].heard) > -24);
        assert_true(level_db(0, pairs[i].heard + 1) < -40 && level_db(0, pairs[i].heard - 1) < -40);
        grm_harmoniser_free(h);
    }
}

static void the_dry_voice_comes_as_late(void **state) {
    (void)state;
    const grm_harmony_plan p = {.voices = 1, .voice = {{false, 4, -200, 0}}, .dry_db = -6};
    grm_harmoniser *h = fresh(&p);
    size_t late = grm_harmoniser_latency(h);
    sing(60);
    assert_true(grm_harmoniser_run(h, planes, FRAMES));
    for (size_t i = 0; i < FRAMES - late; i++)
        assert_true(fabsf(sound[0][i + late] - dry[i] * grm_db_to_gain(-6)) < 1e-6f);
    grm_harmoniser_free(h);
}

static void any_block_length_gives_the_same_bits_and_nan_is_refused(void **state) {
    (void)state;
    const grm_harmony_plan p = {.voices = 2,
                                .voice = {{true, 2, -3, -0.5f}, {false, -12, -6, 0.5f}},
                                .scale = {.notes = GRM_SCALE_MINOR, .root = 9}};
    grm_harmoniser *a = fresh(&p), *b = fresh(&p);
    assert_pieces_give_the_same(run, a, b, 20000);
    grm_harmoniser_reset(a);
    assert_silence_and_nan_are_safe(run, a, 12000);
    grm_harmoniser_free(a);
    grm_harmoniser_free(b);
    const grm_harmony_plan bad = {.voices = 1, .voice = {{false, 40, 0, 0}}};
    assert_int_equal(grm_harmoniser_new(&bad, RATE, &a, NULL), GRM_USAGE);
    assert_null(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_voices_lie_at_their_intervals_and_places),
        cmocka_unit_test(diatonic_voices_follow_the_scale),
        cmocka_unit_test(the_dry_voice_comes_as_late),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
