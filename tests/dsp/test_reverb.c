#include "signals.h"

enum { RATE = 48000 };

static const grm_reverb_plan room = {.lines = 8,
                                     .rt60_s = 0.5f,
                                     .high_ratio = 0.7f,
                                     .size_ms = 14,
                                     .predelay_ms = 5,
                                     .early = 0.4f,
                                     .modulation_ms = 0.1f,
                                     .low_cut_hz = 120,
                                     .high_cut_hz = 12000};
static const grm_reverb_plan hall = {.lines = 16,
                                     .rt60_s = 2.4f,
                                     .high_ratio = 0.5f,
                                     .size_ms = 45,
                                     .predelay_ms = 20,
                                     .early = 0.15f,
                                     .modulation_ms = 0.4f,
                                     .low_cut_hz = 180,
                                     .high_cut_hz = 9000};

// The decay of band-passed noise that stops, by Schroeder's backward integration, from -5 to -35 dB.
static double rt60_at(const grm_reverb_plan *plan, double rate, double hz) {
    size_t frames = (size_t)(rate * (2 * plan->rt60_s + 0.5));
    float *in[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    float *out[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    in[0][0] = in[1][0] = 1;
    grm_reverb *r;
    assert_int_equal(grm_reverb_new(plan, rate, &r, NULL), GRM_OK);
    grm_reverb_run(r, (const float *const *)in, out, frames);
    grm_filter band[2] = {grm_filter_design(GRM_FILTER_BANDPASS, rate, hz, 2, 0),
                          grm_filter_design(GRM_FILTER_BANDPASS, rate, hz, 2, 0)};
    grm_cascade cascade;
    grm_cascade_init(&cascade, band, 2);
    grm_cascade_run(&cascade, out[0], out[1], frames);
    double total = 0, left = 0, start = 0, end = 0;
    for (size_t i = 0; i < frames; i++) total += (double)out[0][i] * out[0][i];
    left = total;
    for (size_t i = 0; i < frames && end == 0; i++) {
        left -= (double)out[0][i] * out[0][i];
        double db = 10 * log10(left / total);
        if (start == 0 && db < -5) start = (double)i;
        if (db < -35) end = (double)i;
    }
    for (int side = 0; side < 2; side++) {
        free(in[side]);
        free(out[side]);
    }
    grm_reverb_free(r);
    return (end - start) / rate * 2;
}

static void decay_takes_as_long_as_asked(void **state) {
    (void)state;
    assert_true(fabs(rt60_at(&room, RATE, 700) / 0.5 - 1) < 0.1);
    assert_true(fabs(rt60_at(&hall, RATE, 700) / 2.4 - 1) < 0.1);
    assert_true(rt60_at(&hall, RATE, 6000) < 0.7 * 2.4);
    assert_true(rt60_at(&hall, RATE, 6000) > 0.3 * 2.4);
}

// The room and the hall of a mix in lightweight mode.
static void half_the_rate_decays_as_the_whole_one(void **state) {
    (void)state;
    grm_reverb_plan small = hall;
    small.lines = 8;
    static const double places[] = {300, 700, 2000, 6000};
    for (size_t i = 0; i < GRM_COUNT(places); i++) {
        double tolerance = places[i] < 5000 ? 0.1 : 0.2;  // half an octave below the lower rate's end
        double whole = rt60_at(&small, RATE, places[i]), half = rt60_at(&small, RATE / 2, places[i]);
        assert_true(fabs(half / whole - 1) < tolerance);
        whole = rt60_at(&room, RATE, places[i]), half = rt60_at(&room, RATE / 2, places[i]);
        assert_true(fabs(half / whole - 1) < tolerance);
    }
}

// Of the shares of 20 ms windows' samples outside one standard deviation, from 150 to 600 ms: a dense tail is noise,
// which has 0.317 (Abel and Huang, "A simple, robust measure of reverberation echo density", AES 121, 2006).
static double echo_density(const grm_reverb_plan *plan, double rate) {
    size_t frames = (size_t)rate, window = (size_t)(0.02 * rate), windows = 0;
    float *in[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    float *out[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    in[0][0] = in[1][0] = 1;
    grm_reverb *r;
    assert_int_equal(grm_reverb_new(plan, rate, &r, NULL), GRM_OK);
    grm_reverb_run(r, (const float *const *)in, out, frames);
    double density = 0;
    for (size_t at = (size_t)(0.15 * rate); at + window < (size_t)(0.6 * rate); at += window, windows++) {
        double deviation = sqrt(grm_power(out[0] + at, window));
        size_t outside = 0;
        for (size_t i = 0; i < window; i++) outside += fabs((double)out[0][at + i]) > deviation;
        density += (double)outside / (double)window / 0.317;
    }
    for (int side = 0; side < 2; side++) {
        free(in[side]);
        free(out[side]);
    }
    grm_reverb_free(r);
    return density / (double)windows;
}

static void half_the_rate_is_as_dense(void **state) {
    (void)state;
    grm_reverb_plan small = hall;
    small.lines = 8;
    assert_true(echo_density(&small, RATE / 2.0) > 0.8);
    assert_true(echo_density(&room, RATE / 2.0) > 0.8);
}

static void comes_out_about_as_loud_as_it_goes_in(void **state) {
    (void)state;
    enum { FRAMES = 6 * RATE };
    static float in[2][FRAMES], out[2][FRAMES];
    static const grm_reverb_plan *const plans[] = {&room, &hall};
    for (size_t i = 0; i < 2; i++) {
        fill_noise(in[0], FRAMES, "left", 0.3f);
        fill_noise(in[1], FRAMES, "right", 0.3f);
        grm_filter low = grm_filter_design(GRM_FILTER_LOWPASS, RATE, 2000, 0.7, 0);
        grm_cascade cascade;
        grm_cascade_init(&cascade, &low, 1);
        grm_cascade_run(&cascade, in[0], in[1], FRAMES);
        memset(out, 0, sizeof out);
        grm_reverb *r;
        assert_int_equal(grm_reverb_new(plans[i], RATE, &r, NULL), GRM_OK);
        grm_reverb_run(r, (const float *const[]){in[0], in[1]}, (float *const[]){out[0], out[1]}, FRAMES);
        double db = 10 * log10(grm_power(out[0] + 4 * RATE, 2 * RATE) / grm_power(in[0] + 4 * RATE, 2 * RATE));
        assert_true(fabs(db) < 3);
        grm_reverb_free(r);
    }
}

static void sides_are_independent_of_each_other(void **state) {
    (void)state;
    enum { FRAMES = 3 * RATE };
    static float in[2][FRAMES], out[2][FRAMES];
    fill_noise(in[0], FRAMES, "mono", 0.3f);
    memcpy(in[1], in[0], sizeof in[1]);
    grm_reverb *r;
    assert_int_equal(grm_reverb_new(&hall, RATE, &r, NULL), GRM_OK);
    memset(out, 0, sizeof out);
    grm_reverb_run(r, (const float *const[]){in[0], in[1]}, (float *const[]){out[0], out[1]}, FRAMES);
    double product = 0;
    for (size_t i = RATE; i < FRAMES; i++) product += (double)out[0][i] * out[1][i];
    double scale = sqrt(grm_power(out[0] + RATE, 2 * RATE) * grm_power(out[1] + RATE, 2 * RATE)) * 2 * RATE;
    assert_true(fabs(product / scale) < 0.4);
    grm_reverb_free(r);
}

static void any_block_length_and_either_kernel_give_the_same_bits(void **state) {
    (void)state;
    enum { FRAMES = 40000 };
    static float in[2][FRAMES], whole[2][FRAMES], pieces[2][FRAMES], plain[2][FRAMES];
    fill_noise(in[0], FRAMES, "left", 0.3f);
    fill_noise(in[1], FRAMES, "right", 0.3f);
    static const grm_reverb_plan *const plans[] = {&room, &hall};
    for (size_t i = 0; i < 2; i++) {
        memset(whole, 0, sizeof whole);
        memset(pieces, 0, sizeof pieces);
        memset(plain, 0, sizeof plain);
        grm_reverb_plan portable = *plans[i];
        portable.portable = true;
        grm_reverb *a, *b, *c;
        assert_int_equal(grm_reverb_new(plans[i], RATE, &a, NULL), GRM_OK);
        assert_int_equal(grm_reverb_new(plans[i], RATE, &b, NULL), GRM_OK);
        assert_int_equal(grm_reverb_new(&portable, RATE, &c, NULL), GRM_OK);
        grm_reverb_run(a, (const float *const[]){in[0], in[1]}, (float *const[]){whole[0], whole[1]}, FRAMES);
        grm_reverb_run(c, (const float *const[]){in[0], in[1]}, (float *const[]){plain[0], plain[1]}, FRAMES);
        grm_rng rng = grm_rng_new(5, "pieces");
        for (size_t at = 0; at < FRAMES;) {
            size_t s = at, n = next_piece(&at, FRAMES, &rng);
            grm_reverb_run(b, (const float *const[]){in[0] + s, in[1] + s},
                           (float *const[]){pieces[0] + s, pieces[1] + s}, n);
        }
        assert_memory_equal(whole, pieces, sizeof whole);
        assert_memory_equal(whole, plain, sizeof whole);
        grm_reverb_free(c);
        grm_reverb_free(b);
        grm_reverb_free(a);
    }
}

static void nothing_is_left_behind_the_tail(void **state) {
    (void)state;
    grm_reverb *r;
    assert_int_equal(grm_reverb_new(&room, RATE, &r, NULL), GRM_OK);
    size_t tail = grm_reverb_tail(r), frames = tail + RATE;
    float *in[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    float *out[2] = {grm_floats_new(frames), grm_floats_new(frames)};
    in[0][0] = 1;
    grm_reverb_run(r, (const float *const *)in, out, frames);
    assert_true(grm_peak(out[0], frames) > 0.001f);
    assert_true(grm_peak(out[0] + tail, RATE) < 1e-5f);
    grm_reverb_reset(r);
    memset(in[0], 0, frames * sizeof(float));
    memset(out[0], 0, frames * sizeof(float));
    grm_reverb_run(r, (const float *const *)in, out, frames);
    assert_true(grm_peak(out[0], frames) == 0);
    for (int side = 0; side < 2; side++) {
        free(in[side]);
        free(out[side]);
    }
    grm_reverb_free(r);
}

static void absurd_plans_are_refused(void **state) {
    (void)state;
    grm_reverb *r;
    grm_reverb_plan bad = room;
    bad.lines = 7;
    assert_int_equal(grm_reverb_new(&bad, RATE, &r, NULL), GRM_USAGE);
    bad = room, bad.rt60_s = NAN;
    assert_int_equal(grm_reverb_new(&bad, RATE, &r, NULL), GRM_USAGE);
    bad = room, bad.predelay_ms = -1;
    assert_int_equal(grm_reverb_new(&bad, RATE, &r, NULL), GRM_USAGE);
}

// A hall whose decay and first reflections are changed while it sounds is, once they have got there, another hall's.
static void changes_glide_and_arrive(void **state) {
    (void)state;
    enum { FRAMES = 3 * RATE };
    static float in[2][FRAMES], out[2][FRAMES], want[2][FRAMES];
    grm_reverb_plan small = hall;
    small.rt60_s = 0.5f, small.high_ratio = 0.9f, small.early = 0.6f, small.high_cut_hz = 4000;
    memset(in, 0, sizeof in);
    memset(out, 0, sizeof out);
    memset(want, 0, sizeof want);
    fill_sine(in[0], 3 * FRAMES / 4, RATE, 200, 0.3, 0);
    fill_sine(in[1], 3 * FRAMES / 4, RATE, 200, 0.3, 0);
    grm_reverb *a, *b;
    assert_int_equal(grm_reverb_new(&hall, RATE, &a, NULL), GRM_OK);
    assert_int_equal(grm_reverb_new(&small, RATE, &b, NULL), GRM_OK);
    const float *const x[2] = {in[0], in[1]}, *const rest[2] = {in[0] + RATE, in[1] + RATE};
    assert_true(grm_reverb_run(a, x, (float *const[]){out[0], out[1]}, RATE));
    assert_int_equal(grm_reverb_set(a, &small, NULL), GRM_OK);
    assert_true(grm_reverb_run(a, rest, (float *const[]){out[0] + RATE, out[1] + RATE}, FRAMES - RATE));
    assert_true(grm_reverb_run(b, x, (float *const[]){want[0], want[1]}, FRAMES));
    for (int side = 0; side < 2; side++) {
        assert_true(roughest(out[side], 3 * FRAMES / 4) < 1.3 * grm_peak(out[side], FRAMES) * 2 * GRM_PI * 200 / RATE);
        double late = grm_power(out[side] + 3 * FRAMES / 4, 12000),
               theirs = grm_power(want[side] + 3 * FRAMES / 4, 12000);
        assert_true(fabs(10 * log10(late / theirs)) < 0.5);
        assert_true(largest_difference(out[side] + 5 * FRAMES / 6, want[side] + 5 * FRAMES / 6, FRAMES / 6) < 1e-3f);
    }
    small.size_ms = 30;
    assert_int_equal(grm_reverb_set(a, &small, NULL), GRM_USAGE);
    grm_reverb_free(a);
    grm_reverb_free(b);
}

static void nan_is_refused_and_its_tail_has_no_denormals(void **state) {
    (void)state;
    enum { FRAMES = 2 * RATE };
    static float in[2][FRAMES], out[2][FRAMES];
    grm_reverb *r;
    assert_int_equal(grm_reverb_new(&room, RATE, &r, NULL), GRM_OK);
    const float *const x[2] = {in[0], in[1]};
    fill_stereo((float *[]){in[0], in[1]}, 1000, 0.5f);
    assert_true(grm_reverb_run(r, x, (float *const[]){out[0], out[1]}, 1000));
    in[1][500] = NAN;
    memset(out, 0, sizeof out);
    assert_false(grm_reverb_run(r, x, (float *const[]){out[0], out[1]}, 1000));
    assert_true(grm_peak(out[0], 1000) == 0);
    memset(in, 0, sizeof in);
    for (int round = 0; round < 4; round++) {
        memset(out, 0, sizeof out);
        assert_true(grm_reverb_run(r, x, (float *const[]){out[0], out[1]}, FRAMES));
        for (size_t i = 0; i < FRAMES; i++) assert_true(fpclassify(out[0][i]) != FP_SUBNORMAL);
    }
    grm_reverb_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decay_takes_as_long_as_asked),
        cmocka_unit_test(half_the_rate_decays_as_the_whole_one),
        cmocka_unit_test(half_the_rate_is_as_dense),
        cmocka_unit_test(comes_out_about_as_loud_as_it_goes_in),
        cmocka_unit_test(sides_are_independent_of_each_other),
        cmocka_unit_test(any_block_length_and_either_kernel_give_the_same_bits),
        cmocka_unit_test(nothing_is_left_behind_the_tail),
        cmocka_unit_test(absurd_plans_are_refused),
        cmocka_unit_test(changes_glide_and_arrive),
        cmocka_unit_test(nan_is_refused_and_its_tail_has_no_denormals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
