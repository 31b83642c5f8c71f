#include "song.h"

static void stems_stand_at_the_levels_asked_for(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.plan.style.duck_db = 0;
    s.plan.section_count = 0;
    for (int i = 0; i < STEMS; i++) s.parts[i].room = s.parts[i].hall = s.parts[i].delay = 0;
    mix_well(&s, &r);
    double reference = lufs_of(r.wet[LEAD]);
    static const int others[] = {KICK, BASS, PAD, RAIN};
    for (size_t i = 0; i < GRM_COUNT(others); i++) {
        json_t *stem = json_array_get(json_object_get(r.decisions, "stems"), (size_t)others[i]);
        double level = json_real_value(json_object_get(stem, "level_db"));  // the style's, and the strip's correction
        assert_true(fabs(level - s.parts[others[i]].level_db) < 3.1);
        assert_true(fabs(lufs_of(r.wet[others[i]]) - reference - level) < 2);
    }
    result_free(&r);
    song_close(&s);
}

static void pan_moves_and_the_bass_stays_in_the_middle(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.parts[LEAD] = (grm_part_mix){.pan = -0.7f, .width = 1};
    mix_well(&s, &r);
    const grm_audio *lead_stem = r.wet[LEAD], *bass_stem = r.wet[BASS];
    assert_true(grm_power(lead_stem->plane[0], FRAMES) > 8 * grm_power(lead_stem->plane[1], FRAMES));
    double mid = 0, side = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        mid += pow(bass_stem->plane[0][i] + bass_stem->plane[1][i], 2);
        side += pow(bass_stem->plane[0][i] - bass_stem->plane[1][i], 2);
    }
    assert_true(10 * log10(side / mid) < -9);
    result_free(&r);
    song_close(&s);
}

static double above_db(const grm_audio *a, double hz) {
    grm_filter cell = grm_filter_design(GRM_FILTER_HIGHPASS, RATE, hz, 0.71, 0);
    grm_cascade cascade;
    grm_cascade_init(&cascade, (grm_filter[]){cell, cell}, 2);
    float *x = grm_floats_new(a->frames);
    memcpy(x, a->plane[0], a->frames * sizeof *x);
    double all = grm_power(x, a->frames);
    grm_cascade_run(&cascade, x, NULL, a->frames);
    double top = grm_power(x, a->frames);
    free(x);
    return 10 * log10(top / all);
}

static void lofi_closes_the_top_but_not_of_textures(void **state) {
    (void)state;
    song s;
    result clean, tape;
    song_open(&s);
    mix_well(&s, &clean);
    s.plan.style.lofi = 1;
    mix_well(&s, &tape);
    assert_true(above_db(tape.wet[PAD], 9000) < above_db(clean.wet[PAD], 9000) - 4);
    assert_true(fabs(above_db(tape.wet[RAIN], 9000) - above_db(clean.wet[RAIN], 9000)) < 0.1);
    result_free(&tape);
    result_free(&clean);
    song_close(&s);
}

// ---- what strangers' stems may need ----

static void replace_lead(song *s, float (*sound)(double, grm_rng *), grm_role role) {
    float *x = grm_floats_new(FRAMES);
    grm_rng rng = grm_rng_new(4, "stranger");
    for (size_t i = 0; i < FRAMES; i++) x[i] = sound((double)i / RATE, &rng);
    grm_tape_free(s->items[LEAD].dry);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &s->items[LEAD].dry, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(s->items[LEAD].dry, (const float *const[]){x, x}, FRAMES, NULL), GRM_OK);
    s->items[LEAD].role = role;
    s->parts[LEAD] = (grm_part_mix){.width = 1};
    s->plan.section_count = 0;
    s->plan.foreign = true;
    free(x);
}

static const json_t *lead_has(const result *r, const char *block) {
    return json_object_get(json_array_get(json_object_get(r->decisions, "stems"), LEAD), block);
}

// As decided, and the same without that block of the lead.
static void mix_with_and_without(song *s, const char *block, result *with, result *without) {
    mix_well(s, with);
    json_t *session = json_deep_copy(with->decisions);
    json_object_set_new(json_array_get(json_object_get(session, "stems"), LEAD), block, json_null());
    s->plan.session = session;
    s->plan.session_name = "mix.json";
    mix_well(s, without);
    s->plan.session = NULL;
    json_decref(session);
}

static float squashed(double t, grm_rng *rng) {
    float sign = grm_rng_normal(rng) < 0 ? -0.3f : 0.3f;
    double beat = fmod(t, 0.5);
    return beat < 0.4 ? sign * (float)exp(-beat) : 0;
}

static float snappy(double t, grm_rng *rng) {
    return squashed(t, rng) * (float)exp(-fmod(t, 0.5) * 25);
}

static void squashed_drums_get_some_attack_back(void **state) {
    (void)state;
    song s;
    result with, without;
    song_open(&s);
    replace_lead(&s, squashed, GRM_ROLE_SNARE);
    mix_with_and_without(&s, "transient", &with, &without);
    double attack = json_number_value(json_object_get(lead_has(&with, "transient"), "attack_db"));
    assert_true(attack >= 1 && attack <= 4);
    size_t hit = 2 * RATE;
    double first = db_of(with.wet[LEAD], hit, RATE / 100) - db_of(without.wet[LEAD], hit, RATE / 100);
    double later =
        db_of(with.wet[LEAD], hit + RATE / 4, RATE / 10) - db_of(without.wet[LEAD], hit + RATE / 4, RATE / 10);
    if (!(first > later + 1.5 && first < attack + 1)) fail_msg("%.1f dB, then %.1f dB", first, later);
    result_free(&without);
    result_free(&with);
    replace_lead(&s, snappy, GRM_ROLE_SNARE);
    mix_well(&s, &with);
    assert_true(json_is_null(lead_has(&with, "transient")));
    result_free(&with);
    song_close(&s);
}

static float partials_up_to(double t, double top_hz) {
    double x = 0, note = fmod(t, 0.5);
    for (int k = 1; 330 * k < top_hz; k++) x += sin(2 * GRM_PI * 330 * k * t + k * k);
    double swell = pow(sin(GRM_PI * note / 0.5), 2);  // nothing clicks
    return (float)(0.05 * x * swell);
}

static float dull(double t, grm_rng *rng) {
    (void)rng;
    return partials_up_to(t, 5000);
}

static float bright(double t, grm_rng *rng) {
    (void)rng;
    return partials_up_to(t, 20000);
}

// Share of the power above a frequency, from spectra.
static double top_db(const grm_audio *a, double hz) {
    enum { SIZE = 4096 };
    float power[SIZE / 2 + 1];
    double top = 0, all = 0;
    grm_stft *stft;
    assert_int_equal(grm_stft_new(GRM_WINDOW_HANN, SIZE, &stft, NULL), GRM_OK);
    for (size_t at = RATE; at + SIZE < 4 * RATE; at += SIZE) {
        grm_stft_power(stft, a->plane[0] + at, power);
        for (size_t i = 0; i <= SIZE / 2; i++) {
            all += (double)power[i];
            top += (double)i * RATE / SIZE > hz ? (double)power[i] : 0;
        }
    }
    grm_stft_free(stft);
    return 10 * log10(top / all);
}

static void a_tune_that_ends_at_a_wall_gets_a_top(void **state) {
    (void)state;
    song s;
    result with, without;
    song_open(&s);
    replace_lead(&s, dull, GRM_ROLE_LEAD);
    mix_with_and_without(&s, "exciter", &with, &without);
    assert_true(json_is_object(lead_has(&with, "exciter")));
    double before = top_db(without.wet[LEAD], 5500), behind = top_db(with.wet[LEAD], 5500);
    if (!(before < -50 && behind > before + 10 && behind < -15)) fail_msg("%.1f dB, then %.1f dB", before, behind);
    assert_true(fabs(db_of(with.wet[LEAD], RATE, 2 * RATE) - db_of(without.wet[LEAD], RATE, 2 * RATE)) < 0.5);
    result_free(&without);
    result_free(&with);
    replace_lead(&s, bright, GRM_ROLE_LEAD);
    mix_well(&s, &with);
    assert_true(json_is_null(lead_has(&with, "exciter")));
    result_free(&with);
    song_close(&s);
}

// A wide stem stays as wide, and one that is nearly all side comes in.
static void what_is_wide_gets_no_wider(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.parts[PAD].width = 1.6f;
    mix_well(&s, &r);
    const json_t *pad_json = json_array_get(json_object_get(r.decisions, "stems"), PAD);
    assert_true(json_number_value(json_object_get(pad_json, "width")) > 1.5);
    result_free(&r);
    s.plan.foreign = true;
    float *x[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)};
    for (size_t i = 0; i < FRAMES; i++) {
        float middle = 0.3f * pad((double)i / RATE, 0), side = pad((double)i / RATE + 0.31, 0);
        x[0][i] = middle + side;
        x[1][i] = middle - side;
    }
    grm_tape_free(s.items[PAD].dry);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &s.items[PAD].dry, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(s.items[PAD].dry, (const float *const *)x, FRAMES, NULL), GRM_OK);
    mix_well(&s, &r);
    pad_json = json_array_get(json_object_get(r.decisions, "stems"), PAD);
    assert_true(fabs(json_number_value(json_object_get(pad_json, "width")) - 0.3) < 0.03);
    result_free(&r);
    free(x[1]);
    free(x[0]);
    song_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems_stand_at_the_levels_asked_for),
        cmocka_unit_test(pan_moves_and_the_bass_stays_in_the_middle),
        cmocka_unit_test(lofi_closes_the_top_but_not_of_textures),
        cmocka_unit_test(squashed_drums_get_some_attack_back),
        cmocka_unit_test(a_tune_that_ends_at_a_wall_gets_a_top),
        cmocka_unit_test(what_is_wide_gets_no_wider),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
