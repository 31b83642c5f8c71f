#include "signals.h"
// behind the headers that cmocka wants
#include "dsp/shifter.h"

enum { RATE = 44100, FRAMES = RATE };
static float sound[2][FRAMES], dry[FRAMES];
static float *const planes[2] = {sound[0], sound[1]};

static bool run(void *block, float *const *p, size_t frames) {
    return grm_shifter_run(block, p, frames);
}

static grm_shifter *fresh(float semitones, bool keep, float formants, double rate) {
    const grm_shift_plan plan = {
        .semitones = semitones, .keep_formants = keep, .formant_semitones = formants, .window_ms = 40};
    grm_shifter *s;
    assert_int_equal(grm_shifter_new(&plan, rate, &s, NULL), GRM_OK);
    return s;
}

// A voice whose harmonics all have the same source, heard through resonances at 800 and 2000 Hz.
static double resonance(double hz) {
    return 1 / (1 + pow((hz - 800) / 200, 2)) + 0.5 / (1 + pow((hz - 2000) / 300, 2)) + 0.01;
}

static void fill_voice(double hz) {
    for (size_t i = 0; i < FRAMES; i++) {
        double sum = 0;
        for (int k = 1; k * hz < 5000; k++)
            sum += resonance(k * hz) * sin(k * 2 * GRM_PI * hz * (double)i / RATE + k * k);
        dry[i] = sound[0][i] = sound[1][i] = (float)(0.2 * sum);
    }
}

static void tones_move_by_what_was_asked(void **state) {
    (void)state;
    for (float semitones = -12; semitones <= 12; semitones += 4.8f)
        for (double hz = 200; hz < 5000; hz *= 3.7) {
            grm_shifter *s = fresh(semitones, false, 0, RATE);
            fill_sine(sound[0], FRAMES, RATE, hz, 0.4, 0);
            fill_sine(sound[1], FRAMES, RATE, hz, 0.2, 1);
            assert_true(grm_shifter_run(s, planes, FRAMES));
            double want = hz * pow(2, semitones / 12.0), is = loudest_hz(sound[0] + FRAMES / 2, 16384, RATE, want);
            assert_true(fabs(1200 * log2(is / want)) < 2);
            assert_true(fabs(tone_db(sound[0] + FRAMES / 2, 16384, RATE, is) + 7.96) < 0.5);
            assert_true(fabs(tone_db(sound[1] + FRAMES / 2, 16384, RATE, is) + 13.98) < 0.5);
            grm_shifter_free(s);
        }
}

static void what_would_go_over_half_the_rate_is_left_out(void **state) {
    (void)state;
    grm_shifter *s = fresh(12, false, 0, RATE);
    fill_sine(sound[0], FRAMES, RATE, 15000, 0.4, 0);
    fill_sine(sound[1], FRAMES, RATE, 15000, 0.4, 0);
    assert_true(grm_shifter_run(s, planes, FRAMES));
    assert_true(grm_gain_to_db(grm_peak(sound[0] + FRAMES / 2, FRAMES / 2)) < -60);
    grm_shifter_free(s);
}

static void at_no_shift_it_is_what_it_was_and_late(void **state) {
    (void)state;
    static const double rates[] = {22050, 48000, 96000, 192000};
    for (size_t r = 0; r < GRM_COUNT(rates); r++) {
        grm_shifter *s = fresh(0, true, 0, rates[r]);
        size_t late = grm_shifter_latency(s);
        fill_noise(sound[0], FRAMES, "noise", 0.3f);
        memcpy(sound[1], sound[0], sizeof dry);
        memcpy(dry, sound[0], sizeof dry);
        assert_true(grm_shifter_run(s, planes, FRAMES));
        assert_true((double)late < 0.11 * rates[r]);
        assert_true(largest_difference(sound[0] + late, dry, FRAMES - late) < 2e-6f);
        grm_shifter_free(s);
    }
}

static void a_click_stays_where_it_is(void **state) {
    (void)state;
    for (float semitones = -12; semitones <= 12; semitones += 8) {
        grm_shifter *s = fresh(semitones, false, 0, RATE);
        memset(sound, 0, sizeof sound);
        for (size_t i = 0; i < 2205; i++)
            sound[0][20000 + i] = sound[1][20000 + i] = (float)(sin(GRM_PI * (double)i / 2205) * sin(0.1 * (double)i));
        assert_true(grm_shifter_run(s, planes, FRAMES));
        double middle = 0, sum = 0;
        for (size_t i = 0; i < FRAMES; i++) {
            middle += (double)sound[0][i] * sound[0][i] * (double)i;
            sum += (double)sound[0][i] * sound[0][i];
        }
        assert_true(fabs(middle / sum - 21102 - (double)grm_shifter_latency(s)) < 0.006 * RATE);
        grm_shifter_free(s);
    }
}

// How far the levels of the harmonics are from those that the resonances give them, but for their mean.
static double distance_db(double hz, double formant_ratio) {
    double mean = 0, sum = 0;
    int count = 0;
    double off[64];
    for (int k = 1; k * hz < 3000 && count < 64; k++) {
        off[count] =
            tone_db(sound[0] + FRAMES / 2, 16384, RATE, k * hz) - 20 * log10(0.2 * resonance(k * hz / formant_ratio));
        mean += off[count++];
    }
    mean /= count;
    for (int k = 0; k < count; k++) sum += (off[k] - mean) * (off[k] - mean);
    return sqrt(sum / count);
}

static void formants_stay_where_they_were(void **state) {
    (void)state;
    for (float semitones = -7; semitones <= 7; semitones += 3.5f) {
        double hz = 150 * pow(2, semitones / 12.0), kept, carried;
        for (int keep = 0; keep < 2; keep++) {
            grm_shifter *s = fresh(semitones, keep, 0, RATE);
            fill_voice(150);
            assert_true(grm_shifter_run(s, planes, FRAMES));
            *(keep ? &kept : &carried) = distance_db(hz, 1);
            grm_shifter_free(s);
        }
        if (semitones == 0) continue;
        assert_true(kept < 3 && carried > 2.5 * kept);
    }
}

static void formants_may_move_alone(void **state) {
    (void)state;
    grm_shifter *s = fresh(0, true, 4, RATE);
    fill_voice(150);
    assert_true(grm_shifter_run(s, planes, FRAMES));
    assert_true(distance_db(150, pow(2, 4 / 12.0)) < 3 && distance_db(150, 1) > 4);
    grm_shifter_free(s);
}

static void changes_do_not_click(void **state) {
    (void)state;
    grm_shifter *s = fresh(0, false, 0, RATE);
    fill_sine(sound[0], FRAMES, RATE, 200, 0.4, 0);
    fill_sine(sound[1], FRAMES, RATE, 200, 0.4, 0);
    for (size_t at = 0; at < FRAMES; at += 4410) {
        grm_shifter_set(s, (float)(at / 4410 % 3) * 4 - 4, 0);
        assert_true(grm_shifter_run(s, (float *const[]){sound[0] + at, sound[1] + at}, 4410));
    }
    size_t late = grm_shifter_latency(s) + 2000;
    assert_true(roughest(sound[0] + late, FRAMES - late) < 1.4 * 1.26 * 0.4 * 2 * GRM_PI * 200 / RATE);
    grm_shifter_free(s);
}

static void any_block_length_and_either_kernel_give_the_same_bits(void **state) {
    (void)state;
    grm_shifter *a = fresh(5, true, 0, RATE), *b = fresh(5, true, 0, RATE);
    grm_shifter_plain(b);
    for (int round = 0; round < 2; round++) {
        assert_pieces_give_the_same(run, a, b, 20000);
        grm_shifter_set(a, -8, 1);
        grm_shifter_set(b, -8, 1);
    }
    grm_shifter_reset(a);
    assert_silence_and_nan_are_safe(run, a, 20000);
    grm_shifter_free(a);
    grm_shifter_free(b);
    const grm_shift_plan bad = {.semitones = 13};
    assert_int_equal(grm_shifter_new(&bad, RATE, &a, NULL), GRM_USAGE);
    assert_null(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_move_by_what_was_asked),
        cmocka_unit_test(what_would_go_over_half_the_rate_is_left_out),
        cmocka_unit_test(at_no_shift_it_is_what_it_was_and_late),
        cmocka_unit_test(a_click_stays_where_it_is),
        cmocka_unit_test(formants_stay_where_they_were),
        cmocka_unit_test(formants_may_move_alone),
        cmocka_unit_test(changes_do_not_click),
        cmocka_unit_test(any_block_length_and_either_kernel_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
