#include "signals.h"

enum { RATE = 44100, FRAMES = RATE };
static float sound[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};
static const grm_tune_plan plan = {.scale = {.notes = GRM_SCALE_MAJOR}, .strength = 1};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_tuner_run(block, p, frames);
}

static grm_tuner *fresh(const grm_tune_plan *p, double rate) {
    grm_tuner *t;
    assert_int_equal(grm_tuner_new(p, rate, &t, NULL), GRM_OK);
    return t;
}

// Notes of half a second, `off` cents beside what they should be, with vibrato.
static void sing(const double *notes, size_t count, double off, double vibrato) {
    double phase = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double note = notes[i * count / FRAMES] + (off + vibrato * sin(2 * GRM_PI * 5 * (double)i / RATE)) / 100,
               sum = 0;
        phase += 2 * GRM_PI * grm_hz_of_note(note, 0) / RATE;
        for (int k = 1; k < 9; k++) sum += sin(k * phase) / k;
        sound[0][i] = sound[1][i] = (float)(0.2 * sum);
    }
}

// Cents from `note` in the middle of the k-th of `count` notes: mean, and most of a fifth of a second.
static void hear(const grm_tuner *t, size_t k, size_t count, double note, double *mean, double *most) {
    static grm_voice_pitch out[400];
    const grm_pitch_plan range = {70, 1100};
    grm_pitch_tracker *ear;
    size_t found, length = RATE / 5, start = FRAMES * (2 * k + 1) / (2 * count) + grm_tuner_latency(t) - length / 2;
    assert_int_equal(grm_pitch_tracker_new(&range, RATE, &ear, NULL), GRM_OK);
    assert_true(start + length <= FRAMES);
    assert_true(grm_pitch_tracker_run(ear, sound[0] + start, length, out, &found));
    *mean = *most = 0;
    for (size_t i = 0; i < found; i++) {
        double cents = 100 * (grm_note_of_hz(out[i].hz, 0) - note);
        *mean += cents / (double)found;
        *most = fmax(*most, fabs(cents));
    }
    grm_pitch_tracker_free(ear);
}

static const double tune[] = {60, 64, 62};

static void at_full_strength_every_note_is_in_tune(void **state) {
    (void)state;
    for (double off = -35; off <= 35; off += 35) {
        grm_tuner *t = fresh(&plan, RATE);
        sing(tune, 3, off, 0);
        assert_true(grm_tuner_run(t, planes, FRAMES));
        for (size_t k = 0; k < 2; k++) {
            double mean, most;
            hear(t, k, 3, tune[k], &mean, &most);
            assert_true(fabs(mean) < 3 && most < 10);
        }
        grm_tuner_free(t);
    }
}

static void strength_is_the_share_of_the_way(void **state) {
    (void)state;
    for (float strength = 0; strength <= 1; strength += 0.5f) {
        grm_tune_plan p = plan;
        p.strength = strength;
        grm_tuner *t = fresh(&p, RATE);
        sing(tune, 1, 40, 0);
        assert_true(grm_tuner_run(t, planes, FRAMES));
        double mean, most;
        hear(t, 0, 1, 60, &mean, &most);
        assert_true(fabs(mean - 40 * (1 - (double)strength)) < 3);
        grm_tuner_free(t);
    }
}

// At once, vibrato is ironed out; at a speed far below its own it stays, about the right note.
static void speed_decides_about_vibrato(void **state) {
    (void)state;
    double mean, hard, soft;
    grm_tune_plan slow = plan;
    slow.speed_ms = 400;
    grm_tuner *t = fresh(&plan, RATE);
    sing(tune, 1, 20, 25);
    assert_true(grm_tuner_run(t, planes, FRAMES));
    hear(t, 0, 1, 60, &mean, &hard);
    assert_true(fabs(mean) < 5);
    grm_tuner_free(t);
    t = fresh(&slow, RATE);
    sing(tune, 1, 20, 25);
    assert_true(grm_tuner_run(t, planes, FRAMES));
    hear(t, 0, 1, 60, &mean, &soft);
    assert_true(fabs(mean) < 9);
    assert_true(hard < 12 && soft > 18 && soft < 40);
    grm_tuner_free(t);
}

// 63 % of the way from one intonation to the right one in the time that was asked for.
static void what_sags_is_brought_back_at_its_speed(void **state) {
    (void)state;
    grm_tune_plan p = plan;
    p.speed_ms = 150;
    static const double sags[] = {60, 60.4};
    grm_tuner *t = fresh(&p, RATE);
    sing(sags, 2, 0, 0);
    assert_true(grm_tuner_run(t, planes, FRAMES));
    const grm_pitch_plan range = {70, 1100};
    static grm_voice_pitch out[400];
    grm_pitch_tracker *ear;
    size_t found, start = FRAMES / 2 + grm_tuner_latency(t) - 600;
    assert_int_equal(grm_pitch_tracker_new(&range, RATE, &ear, NULL), GRM_OK);
    assert_true(grm_pitch_tracker_run(ear, sound[0] + start, FRAMES - start, out, &found));
    double when = 0;
    for (size_t i = 8; i < found && when == 0; i++)  // behind the jump itself
        if (100 * (grm_note_of_hz(out[i].hz, 0) - 60) < 40 * exp(-1)) when = (double)i * 5;
    assert_true(when > 110 && when < 190);
    grm_pitch_tracker_free(ear);
    grm_tuner_free(t);
}

static void what_is_in_tune_or_no_voice_passes_late(void **state) {
    (void)state;
    static float dry[FRAMES];
    grm_tuner *t = fresh(&plan, RATE);
    size_t late = grm_tuner_latency(t);
    fill_noise(sound[0], FRAMES, "noise", 0.3f);
    memcpy(dry, sound[0], sizeof dry);
    memcpy(sound[1], dry, sizeof dry);
    assert_true(grm_tuner_run(t, planes, FRAMES));
    double difference = 0;
    for (size_t i = 4000; i < FRAMES - late; i++) difference += pow(sound[0][i + late] - dry[i], 2);
    assert_true(10 * log10(difference / (FRAMES - late - 4000.0) / grm_power(dry, FRAMES)) < -20);
    grm_tuner_free(t);
}

static void any_block_length_gives_the_same_bits_and_nan_is_refused(void **state) {
    (void)state;
    static const double rates[] = {22050, 48000};
    for (size_t r = 0; r < 2; r++) {
        grm_tuner *a = fresh(&plan, rates[r]), *b = fresh(&plan, rates[r]);
        assert_pieces_give_the_same(run, a, b, 20000);
        grm_tuner_reset(a);
        assert_silence_and_nan_are_safe(run, a, 12000);
        grm_tuner_free(a);
        grm_tuner_free(b);
    }
    grm_tune_plan bad = plan;
    grm_tuner *t;
    bad.strength = 2;
    assert_int_equal(grm_tuner_new(&bad, RATE, &t, NULL), GRM_USAGE);
    assert_null(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_full_strength_every_note_is_in_tune),
        cmocka_unit_test(strength_is_the_share_of_the_way),
        cmocka_unit_test(speed_decides_about_vibrato),
        cmocka_unit_test(what_sags_is_brought_back_at_its_speed),
        cmocka_unit_test(what_is_in_tune_or_no_voice_passes_late),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_nan_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
