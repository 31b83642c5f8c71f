#include "song.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_heard_in_its_band),
        cmocka_unit_test(what_would_vanish_comes_up),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
