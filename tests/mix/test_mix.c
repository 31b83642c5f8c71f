#include "mix/mix.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants those before it
#include <cmocka.h>

#include "dsp/dsp.h"
#include "mix/strips.h"

enum { RATE = GRM_RATE, SECONDS = 6, FRAMES = SECONDS * RATE, STEMS = 5, KICK = 0, BASS, PAD, LEAD, RAIN };

static grm_pool *pools[2];

// ---- a small song ----

static float kick(double t) {
    double beat = fmod(t, 0.5);
    return (float)(0.8 * sin(40 * (1 - exp(-beat * 30)) + 300 * beat) * exp(-beat * 12));
}

static float bass(double t) {
    return (float)(0.2 * sin(2 * GRM_PI * 55 * t) + 0.05 * sin(2 * GRM_PI * 165 * t));
}

static float pad(double t, int side) {
    double x = 0;
    for (int k = 1; k < 12; k++) x += sin(2 * GRM_PI * 220 * k * (1 + 0.001 * side) * t + k) / k;
    return (float)(0.1 * x);
}

static float lead(double t) {
    double note = fmod(t, 0.75), hz = 440 * (1 + (int)(t / 0.75) % 3 * 0.25), x = 0;
    for (int k = 1; k < 9; k++) x += sin(2 * GRM_PI * hz * k * t) / k;
    return (float)(0.05 * x * exp(-note * 2) * (note < 0.6));
}

typedef struct song {
    grm_stem items[STEMS];
    grm_stems stems;
    grm_part_mix parts[STEMS];
    double starts[2];
    float energies[2];
    grm_mix_plan plan;
    const grm_profile *profile;
} song;

static void write_stem(song *s, int index, const char *name, grm_role role) {
    grm_tape *tape;
    assert_int_equal(grm_tape_new(2, RATE, NULL, &tape, NULL), GRM_OK);
    grm_rng rng = grm_rng_new(3, name);
    float *x[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)};
    for (size_t i = 0; i < FRAMES; i++) {
        double t = (double)i / RATE;
        for (int side = 0; side < 2; side++)
            x[side][i] = index == KICK   ? kick(t)
                         : index == BASS ? bass(t + 0.002 * side)
                         : index == PAD  ? pad(t, side)
                         : index == LEAD ? lead(t)
                                         : 0.01f * grm_rng_normal(&rng);
    }
    assert_int_equal(grm_tape_append(tape, (const float *const *)x, FRAMES, NULL), GRM_OK);
    free(x[1]);
    free(x[0]);
    s->items[index] = (grm_stem){.name = name, .instrument = name, .role = role, .dry = tape};
}

static void song_open(song *s) {
    *s = (song){
        .parts = {[KICK] = {.level_db = -1, .width = 1, .room = 0.1f},
                  [BASS] = {.level_db = -2, .width = 1},
                  [PAD] = {.level_db = -9, .width = 1, .hall = 0.3f},
                  [LEAD] = {.width = 1, .room = 0.1f, .hall = 0.2f, .delay = 0.2f},
                  [RAIN] = {.level_db = -20, .width = 1}},
        .starts = {0, 3},
        .energies = {0.3f, 0.9f},
    };
    write_stem(s, KICK, "Kick", GRM_ROLE_KICK);
    write_stem(s, BASS, "Bass", GRM_ROLE_BASS);
    write_stem(s, PAD, "Pad", GRM_ROLE_PAD);
    write_stem(s, LEAD, "Lead", GRM_ROLE_LEAD);
    write_stem(s, RAIN, "Rain", GRM_ROLE_TEXTURE);
    s->stems = (grm_stems){.count = STEMS, .items = s->items, .duration_s = SECONDS};
    s->plan = (grm_mix_plan){.parts = s->parts,
                             .style = {.duck_db = 6, .duck_release_ms = 150, .room_s = 0.4f, .hall_s = 1.5f},
                             .tempo_bpm = 120,
                             .section_count = 2,
                             .section_start_s = s->starts,
                             .section_energy = s->energies};
}

static void song_close(song *s) {
    for (int i = 0; i < STEMS; i++) grm_tape_free(s->items[i].dry);
}

// ---- what comes out ----

typedef struct result {
    grm_audio *mix, *wet[STEMS];
    size_t place[STEMS];
    json_t *decisions;
    bool refuse;
} result;

static grm_status take(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err) {
    result *r = context;
    if (r->refuse && r->place[stem] > RATE) return grm_fail(err, GRM_FAILED, "disk full");
    if (r->place[stem] + frames > FRAMES) return grm_fail(err, GRM_FAILED, "too much");
    for (int side = 0; side < 2; side++)
        memcpy(r->wet[stem]->plane[side] + r->place[stem], planes[side], frames * sizeof(float));
    r->place[stem] += frames;
    return GRM_OK;
}

static grm_status mix(song *s, unsigned threads, result *r, grm_error *err) {
    grm_run run = {.pool = pools[threads - 1], .profile = s->profile};
    for (int i = 0; i < STEMS; i++) {
        r->place[i] = 0;
        if (!r->wet[i]) assert_int_equal(grm_audio_new(2, FRAMES, RATE, &r->wet[i], NULL), GRM_OK);
    }
    return grm_mix_run(&run, &s->stems, &s->plan, take, r, 0, &r->mix, &r->decisions, err);
}

static void result_free(result *r) {
    for (int i = 0; i < STEMS; i++) grm_audio_free(r->wet[i]);
    grm_audio_free(r->mix);
    json_decref(r->decisions);
}

static void mix_well(song *s, result *r) {
    grm_error err;
    *r = (result){0};
    if (mix(s, 2, r, &err)) fail_msg("%s", err.message);
}

static double db_of(const grm_audio *a, size_t from, size_t frames) {
    return 10 * log10((grm_power(a->plane[0] + from, frames) + grm_power(a->plane[1] + from, frames)) / 2 + 1e-20);
}

static double lufs_of(const grm_audio *a) {
    grm_loudness *l;
    assert_int_equal(grm_loudness_new(RATE, &l, NULL), GRM_OK);
    assert_int_equal(grm_loudness_add(l, (const float *const *)a->plane, a->frames, NULL), GRM_OK);
    double lufs = grm_loudness_integrated(l);
    grm_loudness_free(l);
    return lufs;
}

static float largest(const grm_audio *a) {
    return fmaxf(grm_peak(a->plane[0], a->frames), grm_peak(a->plane[1], a->frames));
}

// ---- the tests ----

static void wet_stems_add_up_to_the_mix(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    mix_well(&s, &r);
    assert_int_equal(r.mix->frames, FRAMES);
    double difference = 0, whole = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < FRAMES; i++) {
            double sum = 0;
            for (int stem = 0; stem < STEMS; stem++) sum += r.wet[stem]->plane[side][i];
            difference += pow(sum - r.mix->plane[side][i], 2);
            whole += pow(r.mix->plane[side][i], 2);
        }
    assert_true(whole > 0);
    assert_true(10 * log10(difference / whole) < -110);
    for (int stem = 0; stem < STEMS; stem++) assert_int_equal(r.place[stem], FRAMES);
    result_free(&r);
    song_close(&s);
}

static void threads_do_not_change_a_bit_with_profile(const grm_profile *profile) {
    song s;
    result one = {0}, two = {0};
    song_open(&s);
    s.profile = profile;
    s.plan.style.lofi = 0.7f;
    assert_int_equal(mix(&s, 1, &one, NULL), GRM_OK);
    assert_int_equal(mix(&s, 2, &two, NULL), GRM_OK);
    for (int side = 0; side < 2; side++) {
        assert_memory_equal(one.mix->plane[side], two.mix->plane[side], FRAMES * sizeof(float));
        for (int stem = 0; stem < STEMS; stem++)
            assert_memory_equal(one.wet[stem]->plane[side], two.wet[stem]->plane[side], FRAMES * sizeof(float));
    }
    assert_true(json_equal(one.decisions, two.decisions));
    result_free(&two);
    result_free(&one);
    song_close(&s);
}

// What a small machine's profile says about the mix.
static const grm_profile small = {.hall_lines = 8, .space_rate_hz = RATE / 2};

static void threads_do_not_change_a_bit(void **state) {
    (void)state;
    threads_do_not_change_a_bit_with_profile(NULL);
    threads_do_not_change_a_bit_with_profile(&small);
}

static void spaces_at_half_the_rate_sound_as_loud_and_add_up_too(void **state) {
    (void)state;
    song s;
    result whole, half;
    song_open(&s);
    mix_well(&s, &whole);
    s.profile = &small;
    mix_well(&s, &half);
    for (int stem = 0; stem < STEMS; stem++)
        assert_true(fabs(lufs_of(half.wet[stem]) - lufs_of(whole.wet[stem])) < 0.5);
    double difference = 0, power = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double sum = 0;
        for (int stem = 0; stem < STEMS; stem++) sum += half.wet[stem]->plane[0][i];
        difference += pow(sum - half.mix->plane[0][i], 2);
        power += pow(half.mix->plane[0][i], 2);
    }
    assert_true(10 * log10(difference / power) < -110);
    // A stem without sends has nothing to do with it, but for the fader that holds the peaks of all.
    difference = power = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        difference += pow((double)half.wet[BASS]->plane[0][i] - (double)whole.wet[BASS]->plane[0][i], 2);
        power += pow((double)whole.wet[BASS]->plane[0][i], 2);
    }
    assert_true(10 * log10(difference / power) < -30);
    result_free(&half);
    result_free(&whole);
    song_close(&s);
}

static void an_odd_number_of_frames_is_mixed_to_its_end(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.profile = &small;
    s.stems.duration_s = (FRAMES - 1.0) / RATE;
    mix_well(&s, &r);
    assert_int_equal(r.mix->frames, FRAMES - 1);
    assert_true(grm_all_finite(r.mix->plane[0], FRAMES - 1));
    result_free(&r);
    song_close(&s);
}

static void the_peak_has_three_decibels_above_it(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    // Everything at once through much reverb: the worst that a style can ask for.
    for (int i = 0; i < STEMS; i++)
        s.parts[i] = (grm_part_mix){.level_db = 12, .width = 2, .room = 1, .hall = 1, .delay = 1};
    mix_well(&s, &r);
    assert_true(largest(r.mix) <= 0.70795f);
    assert_true(largest(r.mix) > 0.2f);
    result_free(&r);
    song_close(&s);
}

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

static void the_bass_gives_way_to_the_kick(void **state) {
    (void)state;
    song s;
    result with, without;
    song_open(&s);
    s.parts[BASS].level_db = 0;
    mix_well(&s, &with);
    s.plan.style.duck_db = 0;
    mix_well(&s, &without);
    // 20 to 60 ms behind a kick against just before the next one
    for (size_t beat = 2; beat < 5; beat++) {
        size_t hit = beat * RATE / 2;
        double down =
            db_of(with.wet[BASS], hit + RATE / 50, RATE / 25) - db_of(without.wet[BASS], hit + RATE / 50, RATE / 25);
        double back = db_of(with.wet[BASS], hit + RATE * 2 / 5, RATE / 25) -
                      db_of(without.wet[BASS], hit + RATE * 2 / 5, RATE / 25);
        assert_true(down < back - 3);
        assert_true(back > down + 3);
    }
    json_t *ducking = json_array_get(json_object_get(with.decisions, "ducking"), 0);
    assert_string_equal(json_string_value(json_object_get(ducking, "source")), "Kick");
    assert_int_equal(json_array_size(json_object_get(without.decisions, "ducking")), 0);
    result_free(&without);
    result_free(&with);
    song_close(&s);
}

static void the_bed_gives_way_to_the_voice(void **state) {
    (void)state;
    song s;
    result with, without;
    song_open(&s);
    s.plan.style.duck_db = 0;
    s.parts[PAD].hall = 0;
    mix_well(&s, &without);
    s.items[LEAD].role = GRM_ROLE_VOCAL;  // the same sound
    s.items[LEAD].name = "Voice";
    mix_well(&s, &with);
    json_t *ducking = json_array_get(json_object_get(with.decisions, "ducking"), 0);
    assert_string_equal(json_string_value(json_object_get(ducking, "source")), "Voice");
    json_t *pad_with = json_array_get(json_object_get(with.decisions, "stems"), PAD);
    assert_true(json_number_value(json_object_get(pad_with, "voice_duck_db")) > 1);
    // Notes begin every 0.75 s: behind the attack the pad is down against where the last one has died away.
    double least = 0;
    for (size_t note = 2; note < 7; note++) {
        size_t start = note * RATE * 3 / 4;
        double early =
            db_of(with.wet[PAD], start + RATE / 10, RATE / 20) - db_of(without.wet[PAD], start + RATE / 10, RATE / 20);
        double late =
            db_of(with.wet[PAD], start - RATE / 50, RATE / 50) - db_of(without.wet[PAD], start - RATE / 50, RATE / 50);
        least += (late - early) / 5;
    }
    if (!(least > 0.4)) fail_msg("the pad moves by %.2f dB only", least);
    result_free(&without);
    result_free(&with);
    song_close(&s);
}

// Power of each octave, measured with filters of the test's own choice.
static void octaves_of(const grm_audio *a, const grm_audio *less, double out[8]) {
    static float x[2][FRAMES];
    for (int b = 0; b < 8; b++) {
        double hz = 62.5 * pow(2, b);
        grm_filter cell = grm_filter_design(GRM_FILTER_BANDPASS, RATE, hz, 1.41, 0);
        grm_cascade cascade;
        grm_cascade_init(&cascade, (grm_filter[]){cell, cell}, 2);
        for (int side = 0; side < 2; side++)
            for (size_t i = 0; i < FRAMES; i++) x[side][i] = a->plane[side][i] - (less ? less->plane[side][i] : 0);
        grm_cascade_run(&cascade, x[0], x[1], FRAMES);
        out[b] = 10 * log10(grm_power(x[0], FRAMES) + grm_power(x[1], FRAMES) + 1e-20);
    }
}

static void rescale(song *s, int index, float gain) {
    float *x[2] = {grm_floats_new(FRAMES), grm_floats_new(FRAMES)};
    grm_tape *tape;
    assert_int_equal(grm_tape_read(s->items[index].dry, 0, FRAMES, x, NULL), GRM_OK);
    for (int side = 0; side < 2; side++) grm_scale(x[side], FRAMES, gain);
    grm_tape_free(s->items[index].dry);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &tape, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(tape, (const float *const *)x, FRAMES, NULL), GRM_OK);
    s->items[index].dry = tape;
    free(x[1]);
    free(x[0]);
}

// Whatever the levels of the files, and though the style asks for far too little of the pad.
static void every_part_is_heard_in_its_band(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    rescale(&s, KICK, 20);
    rescale(&s, BASS, 0.003f);
    rescale(&s, LEAD, 0.01f);
    s.parts[PAD].level_db = -18;
    mix_well(&s, &r);
    assert_true(largest(r.mix) <= 0.7080f);
    for (int stem = 0; stem < RAIN; stem++) {
        double own[8], others[8], best = -200;
        octaves_of(r.wet[stem], NULL, own);
        octaves_of(r.mix, r.wet[stem], others);
        for (int b = 0; b < 8; b++) best = fmax(best, own[b] - others[b]);
        if (!(best > -12))
            fail_msg("\"%s\" lies %.1f dB under the others in its best octave", s.items[stem].name, -best);
    }
    result_free(&r);
    song_close(&s);
}

static void what_would_vanish_comes_up(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    s.parts[PAD].level_db = -36;
    mix_well(&s, &r);
    json_t *stems = json_object_get(r.decisions, "stems");
    double level = json_number_value(json_object_get(json_array_get(stems, PAD), "level_db"));
    if (!(level > -35.9 && level <= -30)) fail_msg("the pad stands at %.2f dB", level);  // no further than it may
    // What is heard well stays where it was put: at the style's level and its strip's correction.
    assert_true(json_number_value(json_object_get(json_array_get(stems, LEAD), "level_db")) == 0);
    assert_true(json_number_value(json_object_get(json_array_get(stems, PAD), "audible")) <
                json_number_value(json_object_get(json_array_get(stems, LEAD), "audible")));
    result_free(&r);
    song_close(&s);
}

static void decisions_given_back_make_the_same_bytes(void **state) {
    (void)state;
    song s;
    result first, again;
    song_open(&s);
    s.plan.style.lofi = 0.3f;
    s.parts[LEAD].pan = 0.333f;
    mix_well(&s, &first);
    char *text = json_dumps(first.decisions, JSON_REAL_PRECISION(9));
    json_t *back = json_loads(text, 0, NULL);
    // What the style says now counts for nothing.
    s.plan.session = back;
    s.plan.session_name = "mix.json";
    s.plan.style = (grm_style_mix){.duck_db = 12, .hall_s = 5};
    s.parts[PAD].level_db = 3;
    mix_well(&s, &again);
    assert_true(json_equal(first.decisions, again.decisions));
    for (int side = 0; side < 2; side++)
        assert_memory_equal(first.mix->plane[side], again.mix->plane[side], FRAMES * sizeof(float));
    // An edited one is obeyed; lower all over, so that nothing has to be held back at its peaks.
    json_object_set_new(json_object_get(back, "buses"), "gain_db", json_real(-20));
    result_free(&again);
    mix_well(&s, &again);
    double before = db_of(again.wet[LEAD], RATE, 3 * RATE);
    json_t *lead_json = json_array_get(json_object_get(back, "stems"), LEAD);
    double gain = json_number_value(json_object_get(lead_json, "gain_db"));
    json_object_set_new(lead_json, "gain_db", json_real(gain - 4.5));
    result_free(&again);
    mix_well(&s, &again);
    double down = db_of(again.wet[LEAD], RATE, 3 * RATE) - before;
    if (!(fabs(down + 4.5) < 0.02)) fail_msg("the lead moved by %.2f dB", down);
    json_decref(back);
    free(text);
    result_free(&again);
    result_free(&first);
    song_close(&s);
}

static void broken_decisions_are_refused_by_name(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"[]", "\"stems\""},
        {"{\"stems\": [{\"file\": \"Nobody\"}]}", "Nobody"},
        {"{\"stems\": [{\"file\": \"Kick\"}]}", "Bass"},
        {"{\"stems\": [{\"file\": \"Kick\", \"pan\": 2}]}", "stems[0].pan"},
        {"{\"stems\": [{\"file\": \"Kick\", \"pan\": \"left\"}]}", "stems[0].pan"},
        {"{\"stems\": [{\"file\": \"Kick\", \"gian_db\": 2}]}", "gian_db"},
        {"{\"stems\": [{\"file\": \"Kick\", \"eq\": [{\"type\": \"bel\"}]}]}", "stems[0].eq[0].type"},
        {"{\"stems\": [{\"file\": \"Kick\"}, {\"file\": \"Kick\"}]}", "twice"},
        {"{\"stems\": [{\"file\": \"Kick\", \"sends\": 3}]}", "stems[0].sends"},
        {"{\"stems\": [{\"file\": \"Kick\", \"compressor\": {\"ratio\": 0}}]}", "compressor.ratio"},
    };
    song s;
    song_open(&s);
    for (size_t i = 0; i < GRM_COUNT(bad); i++) {
        grm_error err = {0};
        result r = {0};
        json_t *session = json_loads(bad[i][0], 0, NULL);
        assert_non_null(session);
        s.plan.session = session;
        s.plan.session_name = "mix.json";
        assert_int_equal(mix(&s, 1, &r, &err), GRM_BAD_INPUT);
        if (!strstr(err.message, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.message);
        result_free(&r);
        json_decref(session);
    }
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

static void lively_sections_are_a_little_louder(void **state) {
    (void)state;
    song s;
    result r, flat;
    song_open(&s);
    s.parts[PAD].hall = 0;
    mix_well(&s, &r);
    s.plan.section_count = 0;
    mix_well(&s, &flat);
    double rise = db_of(r.wet[PAD], 4 * RATE, RATE) - db_of(r.wet[PAD], RATE, RATE);
    double rise_flat = db_of(flat.wet[PAD], 4 * RATE, RATE) - db_of(flat.wet[PAD], RATE, RATE);
    assert_true(rise - rise_flat > 0.8 && rise - rise_flat < 3.2);
    result_free(&flat);
    result_free(&r);
    song_close(&s);
}

static void a_silent_stem_is_muted_and_a_broken_one_refused(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    grm_tape_free(s.items[LEAD].dry);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &s.items[LEAD].dry, NULL), GRM_OK);  // nothing on it
    mix_well(&s, &r);
    assert_true(largest(r.wet[LEAD]) == 0);
    json_t *stem = json_array_get(json_object_get(r.decisions, "stems"), LEAD);
    assert_true(json_is_true(json_object_get(stem, "mute")));
    result_free(&r);

    static float broken[2][1000];
    broken[1][500] = INFINITY;
    assert_int_equal(grm_tape_append(s.items[LEAD].dry, (const float *const[]){broken[0], broken[1]}, 1000, NULL),
                     GRM_OK);
    grm_error err;
    r = (result){0};
    assert_int_equal(mix(&s, 2, &r, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "Lead"));
    assert_null(r.mix);
    result_free(&r);
    song_close(&s);
}

static void a_sink_that_fails_ends_the_mix(void **state) {
    (void)state;
    song s;
    result r = {.refuse = true};
    song_open(&s);
    grm_error err;
    assert_int_equal(mix(&s, 2, &r, &err), GRM_FAILED);
    assert_string_equal(err.message, "disk full");
    result_free(&r);
    song_close(&s);
}

static void no_stems_and_only_silence_make_silence(void **state) {
    (void)state;
    song s;
    song_open(&s);
    grm_run run = {.pool = pools[0]};
    grm_audio *out;
    grm_stems none = {.duration_s = 1};
    assert_int_equal(grm_mix_run(&run, &none, &s.plan, NULL, NULL, 0, &out, NULL, NULL), GRM_OK);
    assert_int_equal(out->frames, RATE);
    assert_true(largest(out) == 0);
    grm_audio_free(out);
    song_close(&s);
}

static void the_end_does_not_click(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    mix_well(&s, &r);
    assert_true(fabsf(r.mix->plane[0][FRAMES - 1]) < 1e-4f);
    assert_true(db_of(r.mix, FRAMES - RATE / 100, RATE / 100) < db_of(r.mix, FRAMES - RATE, RATE / 2) - 30);
    result_free(&r);
    song_close(&s);
}

static void decisions_have_the_contract_s_fields(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    mix_well(&s, &r);
    static const char *const names[] = {"file", "role",       "gain_db", "pan",       "mute",
                                        "eq",   "compressor", "sends",   "automation"};
    json_t *stems = json_object_get(r.decisions, "stems");
    assert_int_equal(json_array_size(stems), STEMS);
    for (size_t i = 0; i < STEMS; i++)
        for (size_t k = 0; k < GRM_COUNT(names); k++)
            assert_non_null(json_object_get(json_array_get(stems, i), names[k]));
    assert_true(json_is_object(json_object_get(r.decisions, "buses")));
    result_free(&r);
    song_close(&s);
}

static void every_role_has_a_strip(void **state) {
    (void)state;
    grm_strips *strips;
    assert_int_equal(grm_strips_load(&strips, NULL), GRM_OK);
    for (int role = 0; role < GRM_ROLE_COUNT; role++) {
        const grm_strip *strip = grm_strips_find(strips, NULL, grm_role_name((grm_role)role));
        assert_string_equal(strip->name, grm_role_name((grm_role)role));
        assert_true(strip->eq_count > 0);
        assert_true(strip->compressor.ratio == 0 || strip->compressor.ratio >= 1);
    }
    assert_string_equal(grm_strips_find(strips, "no such", "nor such")->name, "other");
    assert_string_equal(grm_strips_find(strips, "vocal", "lead")->name, "vocal");
    grm_strips_free(strips);
}

static int open_pools(void **state) {
    (void)state;
    return grm_pool_new(1, &pools[0], NULL) || grm_pool_new(2, &pools[1], NULL);
}

static int close_pools(void **state) {
    (void)state;
    grm_pool_free(pools[0]);
    grm_pool_free(pools[1]);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wet_stems_add_up_to_the_mix),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(spaces_at_half_the_rate_sound_as_loud_and_add_up_too),
        cmocka_unit_test(an_odd_number_of_frames_is_mixed_to_its_end),
        cmocka_unit_test(the_peak_has_three_decibels_above_it),
        cmocka_unit_test(stems_stand_at_the_levels_asked_for),
        cmocka_unit_test(the_bass_gives_way_to_the_kick),
        cmocka_unit_test(the_bed_gives_way_to_the_voice),
        cmocka_unit_test(every_part_is_heard_in_its_band),
        cmocka_unit_test(what_would_vanish_comes_up),
        cmocka_unit_test(decisions_given_back_make_the_same_bytes),
        cmocka_unit_test(broken_decisions_are_refused_by_name),
        cmocka_unit_test(pan_moves_and_the_bass_stays_in_the_middle),
        cmocka_unit_test(lofi_closes_the_top_but_not_of_textures),
        cmocka_unit_test(lively_sections_are_a_little_louder),
        cmocka_unit_test(a_silent_stem_is_muted_and_a_broken_one_refused),
        cmocka_unit_test(a_sink_that_fails_ends_the_mix),
        cmocka_unit_test(no_stems_and_only_silence_make_silence),
        cmocka_unit_test(the_end_does_not_click),
        cmocka_unit_test(decisions_have_the_contract_s_fields),
        cmocka_unit_test(every_role_has_a_strip),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
