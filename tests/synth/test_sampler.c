#include "tiny_font.h"

enum { LENGTH = TINY_LENGTH };
typedef tiny_part sound;

static const double pi = 3.14159265358979;

// Plays events on a font of the sine with these generators, `step` frames at a time.
static sound *play(const tiny_generator *generators, size_t generator_count, const grm_event *events, size_t count,
                   size_t step) {
    tiny_bytes bytes;
    grm_soundfont *font = tiny_sine_font(generators, generator_count, &bytes);
    sound *out = tiny_play(font, NULL, events, count, step);
    grm_soundfont_close(font);
    free(bytes.bytes);
    return out;
}

static grm_event turn(int64_t frame, uint8_t number, int16_t value) {
    return (grm_event){.frame = frame, .note = -1, .value = value, .kind = GRM_EVENT_CONTROL, .number = number};
}

static double rms(const float *x, size_t from, size_t to) {
    double sum = 0;
    for (size_t i = from; i < to; i++) sum += (double)x[i] * x[i];
    return sqrt(sum / (double)(to - from));
}

static double decibels(double ratio) {
    return 20 * log10(ratio);
}

// Hertz, from the first and last upward zero crossings.
static double frequency(const float *x, size_t from, size_t to) {
    double first = -1, last = -1;
    int turns = -1;
    for (size_t i = from; i + 1 < to; i++) {
        if (!(x[i] < 0 && x[i + 1] >= 0)) continue;
        last = (double)i + x[i] / (x[i] - x[i + 1]);
        if (first < 0) first = last;
        turns++;
    }
    return turns > 0 ? turns * GRM_RATE / (last - first) : 0;
}

static const tiny_generator looped[] = {{GRM_GEN_LOOP_MODE, 1}};

static void keys_are_in_tune_within_a_cent(void **state) {
    static const uint8_t keys[] = {33, 57, 69, 76, 93};
    for (size_t i = 0; i < GRM_COUNT(keys); i++) {
        grm_event events[] = {tiny_on(0, 0, keys[i], 100)};
        sound *out = play(looped, 1, events, 1, 4096);
        double wanted = 441 * pow(2, (keys[i] - 69) / 12.0);
        double cents = 1200 * log2(frequency(out->left, 4800, LENGTH) / wanted);
        assert_true(fabs(cents) < 1);
        free(out);
    }
}

static void tuning_generators_and_the_bend_wheel_move_the_pitch(void **state) {
    const tiny_generator tuned[] = {
        {GRM_GEN_LOOP_MODE, 1}, {GRM_GEN_COARSE_TUNE, -5}, {GRM_GEN_FINE_TUNE, 30}, {GRM_GEN_SCALE_TUNING, 50}};
    grm_event events[] = {tiny_on(0, 0, 81, 100),
                          {.frame = GRM_RATE, .note = -1, .value = 8191, .kind = GRM_EVENT_BEND}};
    sound *out = play(tuned, 4, events, 2, 4096);
    double before = 1200 * log2(frequency(out->left, 4800, GRM_RATE) / 441);
    double after = 1200 * log2(frequency(out->left, GRM_RATE + 100, LENGTH) / 441);
    assert_true(fabs(before - (600 - 500 + 30)) < 1);
    assert_true(fabs(after - before - 200) < 1);
    free(out);
}

static void notes_start_on_their_frame(void **state) {
    static const int64_t starts[] = {0, 1, 777, 2047, 2048, 10007};
    grm_event first[] = {tiny_on(0, 0, 69, 100)};
    sound *reference = play(looped, 1, first, 1, 4096);
    for (size_t i = 0; i < GRM_COUNT(starts); i++) {
        grm_event events[] = {tiny_on(starts[i], 0, 69, 100)};
        sound *out = play(looped, 1, events, 1, 4096);
        for (int64_t f = 0; f < starts[i]; f++) assert_true(out->left[f] == 0);
        for (int64_t f = 0; f < 4000; f++) {
            assert_true(fabsf(out->left[starts[i] + f] - reference->left[f]) < 1e-6f);
        }
        assert_true(reference->left[1] != 0);
        free(out);
    }
    free(reference);
}

static void any_block_length_gives_the_same_bytes(void **state) {
    const tiny_generator generators[] = {{GRM_GEN_LOOP_MODE, 1},         {GRM_GEN_VIB_LFO_TO_PITCH, 40},
                                         {GRM_GEN_FILTER_CUTOFF, 8000},  {GRM_GEN_MOD_ENV_TO_FILTER, 3000},
                                         {GRM_GEN_MOD_DELAY + 1, -1200}, {GRM_GEN_VOL_RELEASE, -1200}};
    grm_event events[] = {tiny_on(13, 0, 60, 90), tiny_on(13, 1, 67, 70),     turn(5003, 11, 60),
                          tiny_off(20011, 0, 60), tiny_on(20011, 2, 64, 120), turn(30000, 1, 127),
                          tiny_off(50001, 1, 67)};
    sound *whole = play(generators, 6, events, 7, LENGTH);
    static const size_t steps[] = {1, 63, 1000, 2048, 16384};
    for (size_t i = 0; i < GRM_COUNT(steps); i++) {
        sound *out = play(generators, 6, events, 7, steps[i]);
        assert_memory_equal(out, whole, sizeof *out);
        free(out);
    }
    assert_true(rms(whole->left, 60000, 70000) > 1e-4);
    free(whole);
}

static void envelopes_keep_their_times(void **state) {
    // 0.5 s attack, 0.5 s hold, sustain 20 dB down reached after 20/96 of a 1 s decay, 0.25 s release.
    const tiny_generator generators[] = {{GRM_GEN_LOOP_MODE, 1},         {GRM_GEN_VOL_DELAY + 1, -1200},
                                         {GRM_GEN_VOL_DELAY + 2, -1200}, {GRM_GEN_VOL_DELAY + 3, 0},
                                         {GRM_GEN_VOL_DELAY + 4, 208},   {GRM_GEN_VOL_RELEASE, -2400}};
    enum { SECOND = GRM_RATE };
    grm_event events[] = {tiny_on(0, 0, 69, 127), tiny_off(2 * SECOND, 0, 69)};
    sound *out = play(generators, 6, events, 2, 4096);
    const float *x = out->left;
    double full = rms(x, SECOND * 6 / 10, SECOND * 9 / 10);
    assert_true(fabs(rms(x, SECOND / 4 - 436, SECOND / 4 + 436) / full - 0.5) < 0.01);
    double sustain = rms(x, SECOND * 3 / 2, SECOND * 2 - 100);
    assert_true(fabs(decibels(sustain / full) + 0.208 * 96) < 0.1);
    // The release falls 96 dB in 0.25 s.
    double fallen = rms(x, 2 * SECOND + 2400, 2 * SECOND + 2400 + 436);
    assert_true(fabs(decibels(fallen / sustain) + (2400 + 218) / 12000.0 * 96) < 0.5);
    assert_true(rms(x, 2 * SECOND + 12000, LENGTH) == 0);
    free(out);
}

static void loops_without_a_click(void **state) {
    grm_event events[] = {tiny_on(0, 0, 69, 127)};
    sound *out = play(looped, 1, events, 1, 4096);
    double peak = rms(out->left, 4800, LENGTH) * sqrt(2), omega = 2 * pi * 441 / GRM_RATE;
    // A sine's second difference is -omega^2 times itself; a seam would stand out.
    for (size_t i = 4800; i + 1 < LENGTH; i++) {
        double curve = out->left[i - 1] - 2.0 * out->left[i] + out->left[i + 1];
        assert_true(fabs(curve + omega * omega * out->left[i]) < 0.001 * peak);
    }
    free(out);
}

static void a_loop_until_release_then_plays_on_to_the_end(void **state) {
    const tiny_generator generators[] = {{GRM_GEN_LOOP_MODE, 3}, {GRM_GEN_VOL_RELEASE, 3000}};
    grm_event events[] = {tiny_on(0, 0, 69, 127), tiny_off(GRM_RATE * 3 / 2, 0, 69)};
    sound *out = play(generators, 2, events, 2, 4096);
    // When let go it is within the loop, 2000 to 3000 of 44100 frames: 0.9 s and more to the end.
    assert_true(rms(out->left, GRM_RATE, GRM_RATE * 3 / 2) > 0.01);
    assert_true(rms(out->left, GRM_RATE * 2, GRM_RATE * 2 + 4800) > 0.001);
    assert_true(rms(out->left, GRM_RATE * 5 / 2, LENGTH) == 0);
    free(out);
}

static double level_of(const grm_event *controls, size_t count, int16_t velocity) {
    grm_event events[4];
    if (count > 0) memcpy(events, controls, count * sizeof *events);
    events[count] = tiny_on(0, 0, 69, velocity);
    sound *out = play(looped, 1, events, count + 1, 4096);
    double level = rms(out->left, 4800, LENGTH);
    free(out);
    return level;
}

static void velocity_volume_and_expression_follow_the_square_law(void **state) {
    double full = level_of(NULL, 0, 127);
    assert_true(fabs(decibels(level_of(NULL, 0, 64) / full) - 40 * log10(64 / 127.0)) < 0.05);
    grm_event volume = turn(0, 7, 50), expression = turn(0, 11, 50);
    assert_true(fabs(decibels(level_of(&volume, 1, 127) / full) - 40 * log10(50 / 100.0)) < 0.05);
    assert_true(fabs(decibels(level_of(&expression, 1, 127) / full) - 40 * log10(50 / 127.0)) < 0.05);
}

static void pan_keeps_the_power(void **state) {
    grm_event centre[] = {tiny_on(0, 0, 69, 100)}, right[] = {turn(0, 10, 127), tiny_on(0, 0, 69, 100)};
    sound *a = play(looped, 1, centre, 1, 4096), *b = play(looped, 1, right, 2, 4096);
    assert_true(fabs(rms(a->left, 4800, LENGTH) / rms(a->right, 4800, LENGTH) - 1) < 1e-3);
    assert_true(rms(b->left, 0, LENGTH) < 1e-6);
    assert_true(fabs(decibels(rms(b->right, 4800, LENGTH) / rms(a->right, 4800, LENGTH)) - 3.01) < 0.05);
    free(a);
    free(b);
}

static void the_pedal_holds_what_is_let_go(void **state) {
    grm_event events[] = {turn(0, 64, 127), tiny_on(0, 0, 69, 100), tiny_off(4800, 0, 69), turn(GRM_RATE, 64, 0)};
    sound *out = play(looped, 1, events, 4, 4096);
    assert_true(rms(out->left, GRM_RATE - 4800, GRM_RATE) > 0.01);
    assert_true(rms(out->left, GRM_RATE + 4800, LENGTH) == 0);
    free(out);
}

static void an_exclusive_class_chokes_its_own(void **state) {
    const tiny_generator hats[] = {{GRM_GEN_LOOP_MODE, 1}, {GRM_GEN_EXCLUSIVE_CLASS, 1}};
    grm_event events[] = {tiny_on(0, 0, 69, 127), tiny_on(GRM_RATE, 1, 81, 1)};
    sound *choked = play(hats, 2, events, 2, 4096), *free_ringing = play(looped, 1, events, 2, 4096);
    assert_true(rms(choked->left, GRM_RATE * 2, LENGTH) < 0.001);
    assert_true(rms(free_ringing->left, GRM_RATE * 2, LENGTH) > 0.01);
    free(choked);
    free(free_ringing);
}

static void the_filter_closes_where_its_cutoff_says(void **state) {
    const tiny_generator filtered[] = {{GRM_GEN_LOOP_MODE, 1}, {GRM_GEN_FILTER_CUTOFF, 6900}};  // 440 Hz
    grm_event low[] = {tiny_on(0, 0, 33, 127)}, at[] = {tiny_on(0, 0, 69, 127)}, high[] = {tiny_on(0, 0, 105, 127)};
    sound *out[3] = {play(filtered, 2, low, 1, 4096), play(filtered, 2, at, 1, 4096), play(filtered, 2, high, 1, 4096)};
    double pass = rms(out[0]->left, 9600, LENGTH);
    assert_true(fabs(decibels(rms(out[1]->left, 9600, LENGTH) / pass) + 3.01) < 0.2);
    assert_true(decibels(rms(out[2]->left, 9600, LENGTH) / pass) < -34);  // three octaves at 12 dB
    for (int i = 0; i < 3; i++) free(out[i]);
}

// ---- kernels ----

static void the_block_filter_is_the_recursion(void **state) {
    grm_lowpass filter;
    float x[200];
    static const float cutoffs[] = {40, 300, 5000, 19000};
    grm_rng rng = grm_rng_new(3, "filter");
    for (size_t c = 0; c < GRM_COUNT(cutoffs); c++) {
        double omega = 2 * pi * cutoffs[c] / GRM_RATE, q = pow(10, (12 - 3.01) / 20);
        double alpha = sin(omega) / (2 * q), a0 = 1 + alpha, b1 = (1 - cos(omega)) / a0;
        double x1 = 0, x2 = 0, y1 = 0, y2 = 0, wanted[200], largest = 0;
        grm_lowpass_reset(&filter);
        grm_lowpass_set(&filter, cutoffs[c], 120);
        for (int i = 0; i < 200; i++) {
            x[i] = grm_rng_between(&rng, -1, 1);
            double y = b1 / 2 * x[i] + b1 * x1 + b1 / 2 * x2 + 2 * cos(omega) / a0 * y1 - (1 - alpha) / a0 * y2;
            x2 = x1, x1 = x[i], y2 = y1, y1 = y;
            wanted[i] = y;
            largest = fmax(largest, fabs(y));
        }
        // Odd lengths, so that its past is right wherever a block ends.
        static const size_t lengths[] = {1, 13, 64, 2, 120};
        float *at = x;
        for (size_t i = 0; i < GRM_COUNT(lengths); at += lengths[i], i++) {
            float block[128] = {0};  // what lies behind the frames is finite, as the kernel asks
            memcpy(block, at, lengths[i] * sizeof *block);
            grm_sampler_kernels_plain()->filter(&filter, lengths[i], block);
            memcpy(at, block, lengths[i] * sizeof *block);
        }
        for (int i = 0; i < 200; i++) assert_true(fabs(x[i] - wanted[i]) < 3e-4 * largest);  // -70 dB
    }
}

static void vector_kernels_agree_with_plain_ones(void **state) {
    const grm_sampler_kernels *plain = grm_sampler_kernels_plain(), *fast = grm_sampler_kernels_avx2();
    if (!fast || !grm_cpu_detect().avx2_fma) skip();
    static int16_t sample[4096];
    static float a[72], b[72], out_a[72], out_b[72];
    grm_rng rng = grm_rng_new(5, "kernels");
    for (size_t i = 0; i < GRM_COUNT(sample); i++) sample[i] = (int16_t)grm_rng_u32(&rng);
    for (int round = 0; round < 500; round++) {
        uint64_t step = (uint64_t)grm_rng_u32(&rng) << grm_rng_below(&rng, 5);
        uint32_t fraction = grm_rng_u32(&rng);
        size_t count = 1 + grm_rng_below(&rng, 64), lanes = (count + 7) / 8 * 8;
        plain->interpolate(sample + 1, fraction, step, lanes, a);
        fast->interpolate(sample + 1, fraction, step, lanes, b);
        for (size_t i = 0; i < lanes; i++) assert_true(fabsf(a[i] - b[i]) <= 32768 * 1e-6f);
        for (size_t i = 0; i < lanes; i++) a[i] = b[i] = b[i] / 32768;

        grm_lowpass one, two;
        float cutoff = grm_rng_between(&rng, 200, 20000);
        grm_lowpass_reset(&one);
        grm_lowpass_set(&one, cutoff, 30);
        two = one;
        plain->filter(&one, count, a);
        fast->filter(&two, count, b);
        for (size_t i = 0; i < count; i++) assert_true(fabsf(a[i] - b[i]) < 1e-6f);
        assert_true(fabsf(one.last_x2 - two.last_x2) < 1e-6f && fabsf(one.last_y2 - two.last_y2) < 1e-6f);

        memset(out_a, 0, sizeof out_a);
        memset(out_b, 0, sizeof out_b);
        plain->mix(a, count, 0.3f, 0.01f, out_a);
        fast->mix(a, count, 0.3f, 0.01f, out_b);
        for (size_t i = 0; i < 72; i++) assert_true(fabsf(out_a[i] - out_b[i]) < 1e-6f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_in_tune_within_a_cent),
        cmocka_unit_test(tuning_generators_and_the_bend_wheel_move_the_pitch),
        cmocka_unit_test(notes_start_on_their_frame),
        cmocka_unit_test(any_block_length_gives_the_same_bytes),
        cmocka_unit_test(envelopes_keep_their_times),
        cmocka_unit_test(loops_without_a_click),
        cmocka_unit_test(a_loop_until_release_then_plays_on_to_the_end),
        cmocka_unit_test(velocity_volume_and_expression_follow_the_square_law),
        cmocka_unit_test(pan_keeps_the_power),
        cmocka_unit_test(the_pedal_holds_what_is_let_go),
        cmocka_unit_test(an_exclusive_class_chokes_its_own),
        cmocka_unit_test(the_filter_closes_where_its_cutoff_says),
        cmocka_unit_test(the_block_filter_is_the_recursion),
        cmocka_unit_test(vector_kernels_agree_with_plain_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
