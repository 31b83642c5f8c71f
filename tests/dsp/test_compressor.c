#include "signals.h"

enum { RATE = 48000 };
static const grm_compressor_plan plan = {
    .threshold_db = -20, .ratio = 4, .knee_db = 6, .attack_ms = 20, .release_ms = 200};

static double steady_gain_db(float level_db) {
    enum { FRAMES = 2 * RATE };
    static float left[FRAMES], right[FRAMES];
    fill_sine(left, FRAMES, RATE, 1000, pow(10, level_db / 20) * sqrt(2), 0);
    memcpy(right, left, sizeof right);
    double before = grm_power(left + RATE, RATE);
    grm_compressor c;
    grm_compressor_init(&c, &plan, RATE);
    grm_compressor_run(&c, (float *[]){left, right}, NULL, FRAMES);
    return 10 * log10(grm_power(left + RATE, RATE) / before);
}

static void steady_levels_get_the_static_curve(void **state) {
    (void)state;
    for (float level = -40; level <= -4; level += 3)
        assert_true(fabs(steady_gain_db(level) - grm_compressor_static_db(&plan, level)) < 0.1);
    assert_true(grm_compressor_static_db(&plan, -30) == 0);
    assert_true(fabsf(grm_compressor_static_db(&plan, -8) + 9) < 1e-4f);         // 12 dB over, 4:1
    assert_true(fabsf(grm_compressor_static_db(&plan, -20) + 0.5625f) < 1e-4f);  // the middle of the knee
}

// Frames until the gain has gone 63 % of the way from one level's to the other's.
static double time_ms(float from_db, float to_db) {
    enum { FRAMES = 3 * RATE };
    static float left[FRAMES], right[FRAMES];
    float a = grm_db_to_gain(from_db), b = grm_db_to_gain(to_db);
    for (size_t i = 0; i < FRAMES; i++) left[i] = right[i] = i < 3 * RATE / 2 ? a : b;
    grm_compressor c;
    grm_compressor_init(&c, &plan, RATE);
    grm_compressor_run(&c, (float *[]){left, right}, NULL, FRAMES);
    float gain_from = grm_compressor_static_db(&plan, from_db), gain_to = grm_compressor_static_db(&plan, to_db);
    float goal = gain_from + 0.632f * (gain_to - gain_from);
    for (size_t i = 3 * RATE / 2; i < FRAMES; i++) {
        float now = grm_gain_to_db(left[i] / b);
        if (gain_to < gain_from ? now <= goal : now >= goal) return (double)(i - 3 * RATE / 2) * 1000 / RATE;
    }
    return 1e9;
}

static void attack_and_release_take_their_time(void **state) {
    (void)state;
    double attack = time_ms(-40, -8), release = time_ms(-8, -40);
    assert_true(attack > 20 * 0.9 && attack < 20 * 1.3);  // the detector listens a few milliseconds too
    assert_true(release > 200 * 0.9 && release < 200 * 1.2);
}

static void any_block_length_gives_the_same_bits(void **state) {
    (void)state;
    enum { FRAMES = 20000 };
    static float whole[2][FRAMES], pieces[2][FRAMES];
    fill_noise(whole[0], FRAMES, "left", 0.9f);
    fill_noise(whole[1], FRAMES, "right", 0.5f);
    memcpy(pieces, whole, sizeof whole);
    grm_compressor a, b;
    grm_compressor_init(&a, &plan, RATE);
    grm_compressor_init(&b, &plan, RATE);
    grm_compressor_run(&a, (float *[]){whole[0], whole[1]}, NULL, FRAMES);
    grm_rng rng = grm_rng_new(1, "pieces");
    for (size_t at = 0; at < FRAMES;) {
        size_t start = at, n = next_piece(&at, FRAMES, &rng);
        grm_compressor_run(&b, (float *[]){pieces[0] + start, pieces[1] + start}, NULL, n);
    }
    assert_memory_equal(whole, pieces, sizeof whole);
    assert_true(a.deepest_db < -3);
}

static void silence_stays_silence(void **state) {
    (void)state;
    static float x[2][4800];
    grm_compressor c;
    grm_compressor_init(&c, &plan, RATE);
    grm_compressor_run(&c, (float *[]){x[0], x[1]}, NULL, 4800);
    assert_true(grm_peak(x[0], 4800) == 0 && c.deepest_db == 0);
}

static void the_key_decides(void **state) {
    (void)state;
    enum { FRAMES = RATE };
    static float x[2][FRAMES], key[2][FRAMES];
    for (size_t i = 0; i < FRAMES; i++) x[0][i] = x[1][i] = 1;
    grm_compressor c;
    grm_compressor_init(&c, &plan, RATE);
    grm_compressor_run(&c, (float *[]){x[0], x[1]}, (const float *const[]){key[0], key[1]}, FRAMES);
    assert_true(x[0][FRAMES - 1] == 1);
}

static double steady_db(const grm_compressor_plan *p, double hz, double amplitude) {
    enum { FRAMES = 2 * RATE };
    static float x[2][FRAMES];
    fill_sine(x[0], FRAMES, RATE, hz, amplitude, 0);
    fill_sine(x[1], FRAMES, RATE, hz, amplitude / 4, 0);
    double before = grm_power(x[0] + RATE, RATE);
    grm_compressor c;
    grm_compressor_init(&c, p, RATE);
    assert_true(grm_compressor_run(&c, (float *[]){x[0], x[1]}, NULL, FRAMES));
    return 10 * log10(grm_power(x[0] + RATE, RATE) / before);
}

static void peaks_get_the_static_curve_at_any_pitch(void **state) {
    (void)state;
    grm_compressor_plan p = plan;
    p.detector = GRM_DETECT_PEAK;
    static const double pitches[] = {30, 100, 1000, 11025};
    for (size_t i = 0; i < GRM_COUNT(pitches); i++)
        for (float db = -30; db <= 0; db += 5)
            assert_true(fabs(steady_db(&p, pitches[i], pow(10, db / 20)) - grm_compressor_static_db(&p, db)) < 0.1);
}

static void makeup_gives_back_half_of_the_most(void **state) {
    (void)state;
    grm_compressor_plan p = plan;
    p.auto_makeup = true;
    p.makeup_db = 1;
    assert_true(fabsf(grm_compressor_makeup_db(&p) - (1 + 7.5f)) < 1e-4f);  // 20 dB over, 4:1
    p.detector = GRM_DETECT_PEAK;
    assert_true(fabs(steady_db(&p, 1000, 1) - (-15 + 8.5)) < 0.1);
    assert_true(fabs(steady_db(&p, 1000, 0.01) - 8.5) < 0.01);
}

static void a_dry_share_goes_past_it(void **state) {
    (void)state;
    grm_compressor_plan p = plan;
    p.detector = GRM_DETECT_PEAK;
    p.dry = 0.4f;
    double wet = pow(10, grm_compressor_static_db(&p, -6.0206f) / 20);
    assert_true(fabs(steady_db(&p, 1000, 0.5) - 20 * log10(0.4 + 0.6 * wet)) < 0.1);
}

static void the_range_ends_reduction(void **state) {
    (void)state;
    grm_compressor_plan p = plan;
    p.range_db = 5;
    p.detector = GRM_DETECT_PEAK;
    assert_true(fabs(steady_db(&p, 1000, 1) + 5) < 0.02);
}

static void changes_do_not_click(void **state) {
    (void)state;
    enum { FRAMES = RATE };
    static float x[2][FRAMES];
    fill_sine(x[0], FRAMES, RATE, 100, 0.25, 0);
    fill_sine(x[1], FRAMES, RATE, 100, 0.25, 0);
    grm_compressor c;
    grm_compressor_plan p = plan;
    grm_compressor_init(&c, &p, RATE);
    assert_true(grm_compressor_run(&c, (float *[]){x[0], x[1]}, NULL, FRAMES / 2));
    p.threshold_db = -50, p.makeup_db = 6, p.dry = 0.5f, p.attack_ms = 5;
    grm_compressor_set(&c, &p, RATE);
    assert_true(grm_compressor_run(&c, (float *[]){x[0] + FRAMES / 2, x[1] + FRAMES / 2}, NULL, FRAMES / 2));
    assert_true(roughest(x[0], FRAMES) < 2 * grm_peak(x[0], FRAMES) * 2 * GRM_PI * 100 / RATE);
    assert_true(fabsf(c.makeup_db - 6) < 1e-3f && fabsf(c.dry - 0.5f) < 1e-3f);
}

static bool run(void *block, float *const *planes, size_t frames) {
    return grm_compressor_run(block, planes, NULL, frames);
}

static void nan_is_refused_also_in_the_key(void **state) {
    (void)state;
    grm_compressor c;
    for (int peak = 0; peak < 2; peak++) {
        grm_compressor_plan p = plan;
        p.detector = peak ? GRM_DETECT_PEAK : GRM_DETECT_RMS;
        grm_compressor a, b;
        grm_compressor_init(&a, &p, RATE);
        b = a;
        assert_pieces_give_the_same(run, &a, &b, 20000);
        grm_compressor_init(&c, &p, RATE);
        assert_silence_and_nan_are_safe(run, &c, 9600);
    }
    float x[2][4] = {{1, 1, 1, 1}, {1, 1, 1, 1}}, key[2][4] = {{0}, {0, 0, NAN, 0}};
    assert_false(grm_compressor_run(&c, (float *[]){x[0], x[1]}, (const float *const[]){key[0], key[1]}, 4));
    assert_true(grm_peak(x[0], 4) == 0 && grm_peak(x[1], 4) == 0);
}

static void times_hold_at_any_rate(void **state) {
    (void)state;
    static const double rates[] = {22050, 44100, 96000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        enum { FRAMES = 192000 };
        static float x[2][FRAMES];
        for (size_t i = 0; i < FRAMES; i++) x[0][i] = x[1][i] = 0.398107f;  // -8 dB from the start
        grm_compressor c;
        grm_compressor_init(&c, &plan, rates[r]);
        assert_true(grm_compressor_run(&c, (float *[]){x[0], x[1]}, NULL, FRAMES));
        float goal = 0.632f * -9;
        size_t i = 0;
        while (i < FRAMES && grm_gain_to_db(x[0][i] / 0.398107f) > goal) i++;
        double ms = (double)i * 1000 / rates[r];
        assert_true(ms > 18 && ms < 26);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_levels_get_the_static_curve),
        cmocka_unit_test(attack_and_release_take_their_time),
        cmocka_unit_test(any_block_length_gives_the_same_bits),
        cmocka_unit_test(silence_stays_silence),
        cmocka_unit_test(the_key_decides),
        cmocka_unit_test(peaks_get_the_static_curve_at_any_pitch),
        cmocka_unit_test(makeup_gives_back_half_of_the_most),
        cmocka_unit_test(a_dry_share_goes_past_it),
        cmocka_unit_test(the_range_ends_reduction),
        cmocka_unit_test(changes_do_not_click),
        cmocka_unit_test(nan_is_refused_also_in_the_key),
        cmocka_unit_test(times_hold_at_any_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
