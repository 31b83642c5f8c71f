#include "signals.h"

enum { RATE = 48000, FRAMES = 1 << 17 };
static float sound[2][FRAMES], before[2][FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_dither_run(block, p, frames);
}

// Mean and power of the error, in steps, where the signal lies at `part` of a step.
static void error_of_level(unsigned bits, float part, double *mean, double *power) {
    double step = pow(2, 1 - (int)bits);
    grm_dither d;
    grm_dither_init(&d, bits, false, RATE, 3);
    for (size_t i = 0; i < FRAMES; i++) sound[0][i] = sound[1][i] = (float)((5 + part) * step);
    assert_true(grm_dither_run(&d, planes, FRAMES));
    *mean = *power = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double error = sound[0][i] / step - (5 + part);
        *mean += error / FRAMES;
        *power += error * error / FRAMES;
    }
}

// What triangular dither is for: the first two moments of the error do not follow the signal.
static void the_error_does_not_follow_the_signal(void **state) {
    (void)state;
    for (float part = 0; part < 1; part += 0.125f) {
        double mean, power;
        error_of_level(16, part, &mean, &power);
        assert_true(fabs(mean) < 0.01);
        assert_true(fabs(power - 0.25) < 0.01);  // 1/6 of the noise, 1/12 of the rounding
    }
}

static void values_lie_on_the_lattice_and_within_its_ends(void **state) {
    (void)state;
    for (unsigned bits = 16; bits <= 24; bits += 8)
        for (int shaped = 0; shaped < 2; shaped++) {
            grm_dither d;
            grm_dither_init(&d, bits, shaped, RATE, 1);
            fill_stereo((float *[]){sound[0], sound[1]}, FRAMES, 1.2f);
            memcpy(before, sound, sizeof sound);
            assert_true(grm_dither_run(&d, planes, FRAMES));
            double scale = pow(2, bits - 1);
            for (size_t i = 0; i < FRAMES; i++) {
                double whole = sound[0][i] * scale;
                assert_true(whole == rint(whole) && whole >= -scale && whole <= scale - 1);
                if (fabsf(before[0][i]) < 0.999f)
                    assert_true(fabs(whole - before[0][i] * scale) < (shaped ? 32 : 1.51));
            }
        }
}

// A silent frame makes its block be worked through frame by frame: what comes before it is the same to the bit.
static void many_frames_at_once_are_the_same_as_one_after_the_other(void **state) {
    (void)state;
    enum { COUNT = 512 };
    for (unsigned bits = 8; bits <= 24; bits += 8) {
        grm_dither one, other;
        grm_dither_init(&one, bits, false, RATE, 1);
        grm_dither_init(&other, bits, false, RATE, 1);
        fill_stereo((float *[]){sound[0], sound[1]}, COUNT, 1.2f);
        memcpy(before, sound, sizeof sound);
        before[0][COUNT - 1] = before[1][COUNT - 1] = 0;
        assert_true(grm_dither_run(&one, planes, COUNT));
        assert_true(grm_dither_run(&other, (float *const[]){before[0], before[1]}, COUNT));
        for (int side = 0; side < 2; side++)
            assert_memory_equal(sound[side], before[side], (COUNT - 1) * sizeof(float));
    }
}

// A tone far below the last bit is still there, and nothing has grown beside it.
static void a_tone_below_the_last_bit_survives_without_harmonics(void **state) {
    (void)state;
    for (int shaped = 0; shaped < 2; shaped++) {
        grm_dither d;
        grm_dither_init(&d, 16, shaped, RATE, 1);
        fill_sine(sound[0], FRAMES, RATE, 1000, pow(10, -102 / 20.0), 0);
        fill_sine(sound[1], FRAMES, RATE, 1000, pow(10, -102 / 20.0), 0);
        assert_true(grm_dither_run(&d, planes, FRAMES));
        assert_true(fabs(tone_db(sound[0], FRAMES, RATE, 1000) + 102) < 1.5);
        for (int k = 2; k < 8; k++) assert_true(tone_db(sound[0], FRAMES, RATE, 1000.0 * k) < -122);
    }
}

// Power of the error in a band against what the taps say.
static void noise_has_the_shape_it_says(void **state) {
    (void)state;
    enum { SIZE = 1024 };
    static const double rates[] = {44100, 48000, 96000};
    grm_stft *stft;
    assert_int_equal(grm_stft_new(GRM_WINDOW_HANN, SIZE, &stft, NULL), GRM_OK);
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_dither d;
        grm_dither_init(&d, 16, true, rates[r], 9);
        fill_stereo((float *[]){sound[0], sound[1]}, FRAMES, 0.5f);
        memcpy(before, sound, sizeof sound);
        assert_true(grm_dither_run(&d, planes, FRAMES));
        double sum[SIZE / 2 + 1] = {0}, want[SIZE / 2 + 1], whole = 0;
        for (size_t i = 0; i < FRAMES; i++) sound[0][i] = (sound[0][i] - before[0][i]) * 32768;
        for (size_t at = 0; at + SIZE <= FRAMES; at += SIZE / 2) {
            float power[SIZE / 2 + 1];
            grm_stft_power(stft, sound[0] + at, power);
            for (size_t k = 0; k <= SIZE / 2; k++) sum[k] += power[k];
        }
        for (size_t k = 0; k <= SIZE / 2; k++) {
            sum[k] /= (double)(FRAMES / (SIZE / 2) - 1) * SIZE * 0.375;
            want[k] = 0.25 * pow(10, grm_dither_noise_db(&d, rates[r], (double)k * rates[r] / SIZE) / 10);
            whole += sum[k] / (SIZE / 2 + 1);
        }
        for (size_t band = 0; band < 16; band++) {
            double is = 0, should = 0;
            for (size_t k = band * 32 + 1; k < band * 32 + 32; k++) is += sum[k], should += want[k];
            assert_true(fabs(10 * log10(is / should)) < 0.5);
        }
        assert_true(grm_dither_noise_db(&d, rates[r], 3500) < -12);  // where the ear is best
        assert_true(10 * log10(whole / 0.25) < 14);                  // at this price
    }
    grm_stft_free(stft);
}

static void long_silence_stays_silence(void **state) {
    (void)state;
    grm_dither d;
    grm_dither_init(&d, 16, true, RATE, 1);
    memset(sound, 0, sizeof sound);
    sound[0][20000] = 0.5f;
    assert_true(grm_dither_run(&d, planes, FRAMES));
    for (size_t i = 0; i < FRAMES; i++)
        if (i < 20000 || i > 20000 + RATE / 10) assert_true(sound[0][i] == 0 && sound[1][i] == 0);
    assert_true(grm_peak(sound[1] + 20000, 4000) > 0);
}

static void any_block_length_gives_the_same_bits_and_nan_is_refused(void **state) {
    (void)state;
    grm_dither a, b;
    grm_dither_init(&a, 16, true, RATE, 5);
    b = a;
    assert_pieces_give_the_same(run, &a, &b, 30000);
    grm_dither_init(&a, 16, true, RATE, 5);
    assert_silence_and_nan_are_safe(run, &a, 5000);
}

static void channels_and_seeds_differ(void **state) {
    (void)state;
    grm_dither a, b;
    grm_dither_init(&a, 16, true, RATE, 5);
    grm_dither_init(&b, 16, true, RATE, 6);
    fill_noise(sound[0], 1000, "noise", 0.1f);
    memcpy(sound[1], sound[0], 1000 * sizeof(float));
    memcpy(before, sound, sizeof sound);
    assert_true(grm_dither_run(&a, planes, 1000));
    assert_true(grm_dither_run(&b, (float *const[]){before[0], before[1]}, 1000));
    assert_memory_not_equal(sound[0], sound[1], 1000 * sizeof(float));
    assert_memory_not_equal(sound[0], before[0], 1000 * sizeof(float));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_frames_at_once_are_the_same_as_one_after_the_other),
        cmocka_unit_test(the_error_does_not_follow_the_signal),
        cmocka_unit_test(values_lie_on_the_lattice_and_within_its_ends),
        cmocka_unit_test(a_tone_below_the_last_bit_survives_without_harmonics),
        cmocka_unit_test(noise_has_the_shape_it_says),
        cmocka_unit_test(long_silence_stays_silence),
        cmocka_unit_test(any_block_length_gives_the_same_bits_and_nan_is_refused),
        cmocka_unit_test(channels_and_seeds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
