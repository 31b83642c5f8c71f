// Noise, clipping, wandering pitch and the balance of the bands: what grows with what.
#include "hearing.h"

enum { RATE = 44100, SECONDS = 12 };

// Chords over a bass, with silence between them.
static sound music(void) {
    static const int roots[] = {0, 9, 5, 7, 2, 4};
    sound s = sound_new(RATE, SECONDS);
    for (int i = 0; i < 6; i++) add_chord(&s, 2 * i, 1.8, roots[i], roots[i] != 0 && roots[i] != 5 && roots[i] != 7, 0);
    return s;
}

static grm_features features_of(const sound *s, size_t block) {
    hearing h;
    hearing_begin(&h, 1);
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    for (size_t i = 0; i < count; i++) *(double *)((char *)&h.analysis.features + table[i].offset) = NAN;
    hear_with(&h, &grm_ear_faults, s, block);
    grm_features f = h.analysis.features;
    hearing_end(&h);
    return f;
}

static double rms_of(const sound *s) {
    double sum = 0;
    for (size_t i = 0; i < s->frames; i++) sum += (double)s->x[i] * (double)s->x[i];
    return sqrt(sum / (double)s->frames);
}

static void noise_is_heard_at_its_level(void **state) {
    (void)state;
    double before = -120;
    for (int db = -40; db <= -20; db += 10) {
        sound s = music();
        // uniform noise from -1 to 1 has an RMS of 0.577
        add_noise(&s, 0, SECONDS, rms_of(&s) * pow(10, db / 20.0) / 0.577);
        grm_features f = features_of(&s, 65536);
        // 95 % of the noise lies above 100 Hz; the music there is not all of the music
        assert_true(f.noise_db > db - 2 && f.noise_db < db + 4);
        assert_true(f.hiss_db > before + 3);
        before = f.hiss_db;
        free(s.x);
    }
    sound s = sound_new(RATE, SECONDS);
    add_noise(&s, 0, SECONDS, 0.3);
    grm_features f = features_of(&s, 65536);
    assert_true(f.noise_db > -1.5);
    assert_true(f.tone_share < 0.05);
    free(s.x);
}

static void noise_that_comes_in_strokes_is_no_hiss(void **state) {
    (void)state;
    sound s = sound_new(RATE, SECONDS);
    add_noise(&s, 0, SECONDS, 0.3);
    for (size_t i = 0; i < s.frames; i++)
        s.x[i] *= (float)(0.05 + 0.95 * exp(-8 * fmod((double)i / RATE, 0.125) / 0.125));
    assert_true(features_of(&s, 65536).hiss_db < -9);
    free(s.x);
}

// Chords, clipped `db` below their peak, which comes to 0.6.
static sound clipped(double db) {
    sound s = music();
    float top = grm_peak(s.x, s.frames) * (float)pow(10, -db / 20);
    for (size_t i = 0; i < s.frames; i++) s.x[i] = 0.6f * fmaxf(-top, fminf(top, s.x[i])) / top;
    return s;
}

static void add_dither(sound *s) {
    grm_rng rng = grm_rng_new(1, "dither");
    for (size_t i = 0; i < s->frames; i++) s->x[i] += grm_rng_between(&rng, -0.5f, 0.5f) / 32768;
}

static void add_some_noise(sound *s) {
    add_noise(s, 0, SECONDS, rms_of(s) * 0.01 / 0.577);  // -40 dB
}

static void add_hum(sound *s) {
    double level = rms_of(s) * 0.03 * M_SQRT2;  // -30 dB
    for (size_t i = 0; i < s->frames; i++) s->x[i] += (float)(level * sin(2 * GRM_PI * 50 * (double)i / s->rate));
}

// Played 0.37 % faster, by cubic interpolation (Catmull and Rom).
static void play_faster(sound *s) {
    float *y = calloc(s->frames + 1, sizeof *y);
    assert_non_null(y);
    for (size_t i = 1;; i++) {
        double at = (double)i * 1.0037;
        size_t k = (size_t)at;
        if (k + 2 >= s->frames) break;
        float t = (float)(at - (double)k), a = s->x[k - 1], b = s->x[k], c = s->x[k + 1], d = s->x[k + 2];
        y[i] = b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    }
    free(s->x);
    s->x = y;
}

// 4.4 dB less at 20 kHz.
static void soften(sound *s) {
    float before = 0;
    for (size_t i = 0; i + 1 < s->frames; i++) {
        float now = s->x[i];
        s->x[i] = 0.8f * now + 0.1f * (before + s->x[i + 1]);
        before = now;
    }
}

static void flat_tops_are_counted_whatever_came_after(void **state) {
    (void)state;
    static void (*const afterwards[])(sound *) = {add_dither, add_some_noise, add_hum, play_faster, soften};
    double before = 0;
    for (int db = 3; db <= 9; db += 3) {
        sound s = clipped(db);
        double flat = features_of(&s, 65536).flat_tops_ppm;
        assert_true(flat > 4 * before + 100);
        before = flat;
        free(s.x);
        for (size_t i = 0; i < GRM_COUNT(afterwards); i++) {
            s = clipped(db);
            afterwards[i](&s);
            double found = features_of(&s, 65536).flat_tops_ppm;
            if (fabs(found / flat - 1) > 0.15) fail_msg("%g in a million became %g by way %zu", flat, found, i);
            free(s.x);
        }
    }
}

static void round_tops_are_not_flat(void **state) {
    (void)state;
    for (double hz = 20; hz < 3000; hz *= 1.7) {
        sound s = sound_new(RATE, 3);
        // in steps of 16 bits, where the top of a slow sine stays on one step for long
        for (size_t i = 0; i < s.frames; i++)
            s.x[i] = (float)(round(0.7 * sin(2 * GRM_PI * hz * (double)i / RATE) * 32768) / 32768);
        grm_features f = features_of(&s, 65536);
        assert_float_equal(f.flat_tops_ppm, 0, 0);
        free(s.x);
    }
}

// The same played from a tape whose speed swings by `percent`, 0.7 times a second.
static sound wow(const sound *s, double percent) {
    sound out = sound_new(s->rate, (double)s->frames / s->rate);
    for (size_t i = 0; i < out.frames; i++) {
        double t = (double)i / s->rate, turn = 2 * GRM_PI * 0.7;
        double at = (t + percent / 100 * sin(turn * t) / turn) * s->rate;
        size_t k = (size_t)fmax(0, at);
        if (k + 1 < s->frames) out.x[i] = (float)(s->x[k] + (at - (double)k) * (double)(s->x[k + 1] - s->x[k]));
    }
    return out;
}

static void wandering_pitch_is_measured_in_cents(void **state) {
    (void)state;
    sound s = music();
    double steady = features_of(&s, 65536).pitch_wander_cents;
    assert_true(steady < 4);
    for (int i = 1; i <= 3; i++) {
        sound w = wow(&s, 0.5 * i);
        double cents = features_of(&w, 65536).pitch_wander_cents;
        double expected = 1200 * log2(1 + 0.005 * i) * M_SQRT1_2;  // deviation of a sine
        assert_true(fabs(cents - expected) < 0.3 * expected + 1);
        free(w.x);
    }
    free(s.x);
}

// The speed as a function of the time: played from there.
static sound at_speed(const sound *s, double (*speed)(double t)) {
    sound out = sound_new(s->rate, (double)s->frames / s->rate);
    double at = 0;
    for (size_t i = 0; i < out.frames; i++) {
        size_t k = (size_t)at;
        if (k + 1 < s->frames) out.x[i] = (float)(s->x[k] + (at - (double)k) * (double)(s->x[k + 1] - s->x[k]));
        at += speed((double)i / s->rate);
    }
    return out;
}

static double faster(double t) {
    return 1 + 0.01 * t / 36;
}

static double much_faster(double t) {
    return 1 + 0.03 * t / 36;
}

static double in_steps(double t) {
    return fmod(t, 16) < 8 ? 1 : 1.01;
}

static void slow_drift_is_measured_in_cents(void **state) {
    (void)state;
    static const struct {
        double (*speed)(double t);
        double cents;
    } cases[] = {{faster, 5.0}, {much_faster, 14.8}, {in_steps, 8.6}};  // deviation of a ramp: 1 / sqrt 12 of it
    for (int offset = 0; offset < 60; offset += 31) {                   // of the tuning, past the edge of a semitone
        sound s = sound_new(RATE / 2, 36);
        for (int i = 0; i < 36; i++) add_chord(&s, i, 0.9, (i * 5) % 12, i % 3 == 1, offset);
        assert_true(features_of(&s, 65536).pitch_drift_cents < 1);
        for (size_t i = 0; i < GRM_COUNT(cases); i++) {
            sound d = at_speed(&s, cases[i].speed);
            double cents = features_of(&d, 65536).pitch_drift_cents;
            if (fabs(cents - cases[i].cents) > 0.35 * cases[i].cents)
                fail_msg("%g cents, not %g", cents, cases[i].cents);
            free(d.x);
        }
        free(s.x);
    }
}

static void strokes_count_wherever_frames_begin(void **state) {
    (void)state;
    double least = INFINITY, most = -INFINITY;
    for (int shift = 0; shift < 8; shift++) {
        sound s = music();
        for (int i = 0; i < 40; i++) add_noise(&s, 0.3 * i + 0.023 * shift, 0.01, 0.3);
        double air = features_of(&s, 65536).air_db;
        least = fmin(least, air);
        most = fmax(most, air);
        free(s.x);
    }
    assert_true(most - least < 1);
}

// A bell of the audio EQ cookbook at 283 Hz, wide.
static void boost(sound *s, double db) {
    double a = pow(10, db / 40), w = 2 * GRM_PI * 283 / s->rate, alpha = sin(w) / 2;
    double b0 = 1 + alpha * a, b1 = -2 * cos(w), b2 = 1 - alpha * a, a0 = 1 + alpha / a, a2 = 1 - alpha / a;
    double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (size_t i = 0; i < s->frames; i++) {
        double x = (double)s->x[i], y = (b0 * x + b1 * x1 + b2 * x2 - b1 * y1 - a2 * y2) / a0;
        x2 = x1, x1 = x, y2 = y1, y1 = y;
        s->x[i] = (float)y;
    }
}

static void mud_rises_with_a_boost_of_the_low_middle_alone(void **state) {
    (void)state;
    sound s = music(), muddy = music();
    boost(&muddy, 8);
    grm_features a = features_of(&s, 65536), b = features_of(&muddy, 65536);
    assert_true(b.mud_db > a.mud_db + 4);
    assert_float_equal(a.bass_db, b.bass_db, 1.5);
    assert_float_equal(a.air_db, b.air_db, 1.5);
    free(s.x);
    free(muddy.x);
}

static void gaps_are_counted_and_rests_are_not(void **state) {
    (void)state;
    sound s = music();
    assert_float_equal(features_of(&s, 65536).dropouts, 0, 0);  // there are rests between the chords
    for (int i = 0; i < 5; i++) {
        size_t from = (size_t)((2 * i + 0.7) * RATE), count = (size_t)(RATE * 0.002 * pow(3, i));  // 2 ms to 162 ms
        memset(s.x + from, 0, count * sizeof *s.x);
    }
    assert_float_equal(features_of(&s, 65536).dropouts, 5, 0);
    assert_float_equal(features_of(&s, 777).dropouts, 5, 0);
    memset(s.x + (size_t)(10.6 * RATE), 0, (size_t)(0.5 * RATE) * sizeof *s.x);  // a general pause
    assert_float_equal(features_of(&s, 65536).dropouts, 5, 0);
    free(s.x);
}

static void what_fades_out_or_comes_back_softly_is_no_gap(void **state) {
    (void)state;
    for (int side = 0; side < 2; side++) {
        sound s = music();
        size_t from = (size_t)(4.8 * RATE), count = RATE / 10, fade = RATE / 20;
        memset(s.x + from, 0, count * sizeof *s.x);
        for (size_t i = 0; i < fade; i++)
            s.x[side ? from + count + i : from - 1 - i] *= (float)i / (float)fade * (float)i / (float)fade;
        assert_float_equal(features_of(&s, 65536).dropouts, 0, 0);
        free(s.x);
    }
}

// Nothing is left above `hz`: a windowed sinc of 801 taps.
static void cut_off(sound *s, double hz) {
    enum { TAPS = 801 };
    float *y = calloc(s->frames, sizeof *y), taps[TAPS];
    assert_non_null(y);
    for (int k = 0; k < TAPS; k++) {
        double t = k - TAPS / 2, turn = 2 * GRM_PI * hz / s->rate;
        double sinc = k == TAPS / 2 ? turn / GRM_PI : sin(turn * t) / (GRM_PI * t);
        taps[k] =
            (float)(sinc * (0.42 - 0.5 * cos(2 * GRM_PI * k / (TAPS - 1)) + 0.08 * cos(4 * GRM_PI * k / (TAPS - 1))));
    }
    for (size_t i = 0; i + TAPS < s->frames; i++)
        for (int k = 0; k < TAPS; k++) y[i] += taps[k] * s->x[i + (size_t)k];
    free(s->x);
    s->x = y;
}

static void a_wall_in_the_spectrum_is_found_where_it_stands(void **state) {
    (void)state;
    static const double walls[] = {4000, 11000, 16000};
    for (size_t i = 0; i < 3; i++) {
        sound s = music();
        s.frames = 3 * RATE;
        add_noise(&s, 0, 3, 0.003);
        assert_float_equal(features_of(&s, 65536).bandwidth_hz, RATE / 2.0, 0);
        cut_off(&s, walls[i]);
        double found = features_of(&s, 65536).bandwidth_hz;
        if (fabs(found / walls[i] - 1) > 0.06) fail_msg("%g instead of %g", found, walls[i]);
        free(s.x);
    }
    sound s = music();  // partials up to where they end, and nothing beyond
    assert_float_equal(features_of(&s, 65536).bandwidth_hz, RATE / 2.0, 0);
    free(s.x);
}

static void a_tone_that_drifts_past_the_edge_of_a_band_does_not_jump(void **state) {
    (void)state;
    double before = NAN;
    for (double hz = 370; hz <= 430; hz += 4) {
        sound s = sound_new(RATE, 3);
        for (size_t i = 0; i < s.frames; i++)
            for (int k = 0; k < 4; k++) {
                static const double others[] = {110, 280, 1000};
                s.x[i] += 0.2f * (float)sin(2 * GRM_PI * (k == 3 ? hz : others[k]) * (double)i / RATE);
            }
        double mud = features_of(&s, 65536).mud_db;
        assert_false(fabs(mud - before) > 3);
        before = mud;
        free(s.x);
    }
}

static void a_sine_is_a_tone_and_music_is_not(void **state) {
    (void)state;
    sound s = sound_new(RATE, 5), m = music();
    for (size_t i = 0; i < s.frames; i++) s.x[i] = 0.5f * (float)sin(2 * GRM_PI * 997 * (double)i / RATE);
    assert_true(features_of(&s, 65536).tone_share > 0.99);
    assert_true(features_of(&m, 65536).tone_share < 0.6);
    free(s.x);
    free(m.x);
}

static void blocks_of_any_size_give_the_same(void **state) {
    (void)state;
    sound s = music();
    add_noise(&s, 0, SECONDS, 0.01);
    grm_features a = features_of(&s, 65536), b = features_of(&s, 777);
    assert_memory_equal(&a, &b, sizeof a);
    free(s.x);
}

static void silence_and_less_than_a_frame_are_harmless(void **state) {
    (void)state;
    sound s = sound_new(RATE, 3), click = sound_new(RATE, 0.01);
    click.x[5] = 1;
    grm_features a = features_of(&s, 65536), b = features_of(&click, 65536);
    assert_true(a.flat_tops_ppm == 0 && b.flat_tops_ppm == 0);
    assert_true(isnan(a.tone_share) && isnan(a.noise_db) && isnan(a.bass_db));
    free(s.x);
    free(click.x);
}

static void octaves_are_set_beside_pink_noise(void **state) {
    (void)state;
    sound s = sound_new(RATE, SECONDS);
    add_noise(&s, 0, SECONDS, 0.3);
    grm_features white = features_of(&s, 65536);
    assert_float_equal(white.spectral_tilt_db, 3.01, 0.15);  // twice the power in each octave
    // 7.5 dB on average from the middle of the ten; the last one ends at 22.05 kHz
    assert_float_equal(white.tonal_balance_error_db, 7.5, 0.3);
    assert_float_equal(white.tonal_balance_db[4] - white.tonal_balance_db[5], -3.01, 0.3);
    // to pink by Paul Kellet's filter, within 0.05 dB of -3 dB an octave above 9 Hz at 44.1 kHz
    double b[6] = {0};
    for (size_t i = 0; i < s.frames; i++) {
        double x = (double)s.x[i];
        b[0] = 0.99886 * b[0] + x * 0.0555179, b[1] = 0.99332 * b[1] + x * 0.0750759;
        b[2] = 0.96900 * b[2] + x * 0.1538520, b[3] = 0.86650 * b[3] + x * 0.3104856;
        b[4] = 0.55000 * b[4] + x * 0.5329522, b[5] = -0.7616 * b[5] - x * 0.0168980;
        s.x[i] = (float)(0.1 * (b[0] + b[1] + b[2] + b[3] + b[4] + b[5] + x * 0.5362));
    }
    grm_features pink = features_of(&s, 65536);
    assert_float_equal(pink.spectral_tilt_db, 0, 0.3);
    assert_true(pink.tonal_balance_error_db < 0.8);
    free(s.x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_heard_at_its_level),
        cmocka_unit_test(noise_that_comes_in_strokes_is_no_hiss),
        cmocka_unit_test(flat_tops_are_counted_whatever_came_after),
        cmocka_unit_test(round_tops_are_not_flat),
        cmocka_unit_test(wandering_pitch_is_measured_in_cents),
        cmocka_unit_test(slow_drift_is_measured_in_cents),
        cmocka_unit_test(strokes_count_wherever_frames_begin),
        cmocka_unit_test(mud_rises_with_a_boost_of_the_low_middle_alone),
        cmocka_unit_test(gaps_are_counted_and_rests_are_not),
        cmocka_unit_test(what_fades_out_or_comes_back_softly_is_no_gap),
        cmocka_unit_test(a_wall_in_the_spectrum_is_found_where_it_stands),
        cmocka_unit_test(a_tone_that_drifts_past_the_edge_of_a_band_does_not_jump),
        cmocka_unit_test(a_sine_is_a_tone_and_music_is_not),
        cmocka_unit_test(octaves_are_set_beside_pink_noise),
        cmocka_unit_test(blocks_of_any_size_give_the_same),
        cmocka_unit_test(silence_and_less_than_a_frame_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
