#include "song.h"

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

// Change of an octave's power in the pad by what `session` says otherwise, over a stretch of it.
static double octave_change(const result *with, const result *without, double hz, size_t from, size_t frames) {
    double db[2];
    for (int k = 0; k < 2; k++) {
        grm_filter cell = grm_filter_design(GRM_FILTER_BANDPASS, RATE, hz, 3, 0);
        grm_cascade cascade;
        grm_cascade_init(&cascade, (grm_filter[]){cell, cell}, 2);
        float *x = grm_floats_new(FRAMES);
        memcpy(x, (k ? without : with)->wet[PAD]->plane[0], FRAMES * sizeof *x);
        grm_cascade_run(&cascade, x, NULL, FRAMES);
        db[k] = 10 * log10(grm_power(x + from, frames) + 1e-20);
        free(x);
    }
    return db[0] - db[1];
}

static void a_dip_is_there_while_the_voice_is_and_nowhere_else(void **state) {
    (void)state;
    song s;
    result with, without;
    song_open(&s);
    s.plan.style.duck_db = 0;
    s.plan.section_count = 0;
    s.plan.foreign = true;
    s.parts[PAD] = (grm_part_mix){.level_db = 3, .width = 1};
    s.items[LEAD].role = GRM_ROLE_VOCAL;
    mix_well(&s, &with);
    json_t *session = json_deep_copy(with.decisions),
           *pad_json = json_array_get(json_object_get(session, "stems"), PAD);
    json_t *dip = json_object_get(pad_json, "voice_dip");
    assert_true(json_is_object(dip));
    double hz = json_number_value(json_object_get(dip, "hz")), db = json_number_value(json_object_get(dip, "db"));
    assert_true(db > 0.8 && db <= 5 && hz >= 900 && hz <= 4100);
    // One that is deep, from a voice that hardly lets go between its notes.
    result_free(&with);
    json_object_set_new(dip, "db", json_real(6));
    json_object_set_new(dip, "hz", json_real(1760));
    json_object_set_new(pad_json, "voice_duck_db", json_real(0));
    json_object_set_new(json_object_get(session, "buses"), "gain_db", json_real(-30));
    json_t *duck = json_array_get(json_object_get(session, "ducking"), 0);
    json_object_set_new(duck, "reference_db", json_real(-80));
    json_object_set_new(duck, "release_ms", json_real(5000));
    s.plan.session = session;
    s.plan.session_name = "mix.json";
    mix_well(&s, &with);
    json_object_set_new(pad_json, "voice_dip", json_null());
    mix_well(&s, &without);
    double inside = octave_change(&with, &without, 1760, 2 * RATE, 2 * RATE);
    double below = octave_change(&with, &without, 220, 2 * RATE, 2 * RATE);
    if (!(inside < -5 && inside > -6.05)) fail_msg("%.2f dB in its middle", inside);
    if (!(fabs(below) < 0.2)) fail_msg("%.2f dB three octaves below", below);
    // Nobody sings: nothing dips.
    json_decref(session);
    session = json_deep_copy(without.decisions);
    pad_json = json_array_get(json_object_get(session, "stems"), PAD);
    json_object_set_new(pad_json, "voice_dip", json_pack("{sf sf sf}", "hz", 1760.0, "db", 6.0, "q", 0.8));
    json_object_set_new(session, "ducking", json_array());
    s.plan.session = session;
    result_free(&with);
    mix_well(&s, &with);
    assert_memory_equal(with.wet[PAD]->plane[0], without.wet[PAD]->plane[0], FRAMES * sizeof(float));
    json_decref(session);
    result_free(&without);
    result_free(&with);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bass_gives_way_to_the_kick),
        cmocka_unit_test(the_bed_gives_way_to_the_voice),
        cmocka_unit_test(a_dip_is_there_while_the_voice_is_and_nowhere_else),
        cmocka_unit_test(lively_sections_are_a_little_louder),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
