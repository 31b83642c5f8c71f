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
        cmocka_unit_test(lively_sections_are_a_little_louder),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
