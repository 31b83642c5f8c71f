// Where mono samples stand, and what they are heard through.
#include "catalogue.h"
#include "synth/voice_engine.h"
#include "synth/voice_preset.h"
#include "tiny_font.h"

enum { LENGTH = TINY_LENGTH };
typedef tiny_part sound;

// Three notes of half a second, one after the other, on zones of the looped sine.
static sound *play(const tiny_zone *zones, size_t zone_count, const grm_instrument *instrument, const uint8_t keys[3],
                   size_t step) {
    tiny_preset preset = {0, 0, zones, zone_count};
    tiny_bytes bytes = tiny_font(&preset, 1, tiny_sine(), 1);
    grm_soundfont *font = NULL;
    assert_int_equal(grm_soundfont_read(bytes.bytes, bytes.size, "tiny.sf2", &font, NULL), GRM_OK);
    grm_event events[6];
    for (int i = 0; i < 3; i++) {
        events[2 * i] = tiny_on(i * GRM_RATE, i, keys[i], 100);
        events[2 * i + 1] = tiny_off(i * GRM_RATE + GRM_RATE / 2, i, keys[i]);
    }
    sound *out = tiny_play(font, instrument, events, 6, step);
    grm_soundfont_close(font);
    free(bytes.bytes);
    return out;
}

// Left over right of the note in second `i`, dB.
static double lean_db(const sound *s, int i) {
    double left = 1e-12, right = 1e-12;
    for (size_t f = (size_t)i * GRM_RATE + 4800; f < (size_t)i * GRM_RATE + 24000; f++) {
        left += (double)s->left[f] * (double)s->left[f];
        right += (double)s->right[f] * (double)s->right[f];
    }
    return 10 * log10(left / right);
}

static const tiny_generator looped[] = {{GRM_GEN_LOOP_MODE, 1}};
static const tiny_generator on_the_left[] = {{GRM_GEN_LOOP_MODE, 1}, {GRM_GEN_PAN, -500}};
static const tiny_generator on_the_right[] = {{GRM_GEN_LOOP_MODE, 1}, {GRM_GEN_PAN, 500}};
static const tiny_zone mono[] = {{0, looped, 1}};
static const tiny_zone stereo[] = {{0, on_the_left, 2}, {0, on_the_right, 2}};
static const tiny_zone half[] = {{0, on_the_left, 2}};

static void low_keys_stand_left_of_high_ones(void **state) {
    static const uint8_t keys[3] = {55, 69, 83};
    const grm_instrument piano = {.high = 127, .spread = 0.6f}, strings = {.high = 127, .spread = -0.6f};
    sound *a = play(mono, 1, &piano, keys, 4096), *b = play(mono, 1, &strings, keys, 4096);
    // The pan law: tan of a quarter turn's share.
    double pan = 0.6 * tanh(14 / 18.0), angle = (0.5 - pan / 2) * 3.14159265358979 / 2;
    assert_true(fabs(lean_db(a, 0) + 20 * log10(tan(angle))) < 0.05);
    assert_true(fabs(lean_db(a, 1)) < 0.05);
    assert_true(fabs(lean_db(a, 2) + lean_db(a, 0)) < 0.05);
    for (int i = 0; i < 3; i++) assert_true(fabs(lean_db(a, i) + lean_db(b, i)) < 0.05);
    free(b);
    free(a);
}

static void pieces_of_a_kit_have_their_places(void **state) {
    static const uint8_t keys[3] = {36, 42, 51};
    static float places[128];
    places[42] = -0.35f;
    places[51] = 0.42f;
    const grm_instrument kit = {.high = 127, .places = places};
    sound *s = play(mono, 1, &kit, keys, 4096);
    assert_true(fabs(lean_db(s, 0)) < 0.05);
    assert_true(lean_db(s, 1) > 3);
    assert_true(lean_db(s, 2) < -3);
    free(s);
}

static void recordings_in_stereo_keep_their_places(void **state) {
    static const uint8_t keys[3] = {55, 69, 83};
    const grm_instrument piano = {.high = 127, .spread = 0.6f};
    sound *s = play(stereo, 2, &piano, keys, 4096);
    for (int i = 0; i < 3; i++) assert_true(fabs(lean_db(s, i)) < 0.05);
    free(s);
}

// A font in mono may have kept one side of a stereo pair.
static void half_of_a_stereo_recording_comes_to_the_middle(void **state) {
    static const uint8_t keys[3] = {60, 60, 60};
    sound *s = play(half, 1, NULL, keys, 4096);
    for (int i = 0; i < 3; i++) assert_true(fabs(lean_db(s, i)) < 0.05);
    free(s);
}

static void rigs_widen_and_are_the_same_in_any_blocks(void **state) {
    static const uint8_t keys[3] = {69, 69, 69};
    static const size_t steps[] = {1, 63, 2048, 5000};
    const grm_instrument organ = {.high = 127, .rig = "rotary"};
    sound *whole = play(mono, 1, &organ, keys, LENGTH);
    double side = 0, mid = 0;
    for (size_t f = 4800; f < 24000; f++) {
        side += pow((double)(whole->left[f] - whole->right[f]), 2);
        mid += pow((double)(whole->left[f] + whole->right[f]), 2);
    }
    assert_true(side > 0.01 * mid && side < mid);
    for (size_t i = 0; i < GRM_COUNT(steps); i++) {
        sound *cut = play(mono, 1, &organ, keys, steps[i]);
        assert_memory_equal(cut, whole, sizeof *cut);
        free(cut);
    }
    free(whole);
}

static void a_rig_that_is_not_there_is_missing(void **state) {
    grm_bus_preset preset;
    grm_error err = {0};
    assert_int_equal(grm_rig_read("cathedral", &preset, &err), GRM_MISSING);
    assert_non_null(strstr(err.message, "cathedral"));
}

static void every_rig_of_the_catalogue_is_there(void **state) {
    size_t rigs = 0;
    for (size_t i = 0; i < catalogue->instrument_count; i++) {
        const grm_instrument *in = &catalogue->instruments[i];
        grm_bus_preset preset;
        grm_error err = {0};
        if (!in->rig) continue;
        rigs++;
        if (grm_rig_read(in->rig, &preset, &err)) fail_msg("%s: %s", in->id, err.message);
    }
    assert_true(rigs > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(low_keys_stand_left_of_high_ones),
        cmocka_unit_test(pieces_of_a_kit_have_their_places),
        cmocka_unit_test(recordings_in_stereo_keep_their_places),
        cmocka_unit_test(half_of_a_stereo_recording_comes_to_the_middle),
        cmocka_unit_test(rigs_widen_and_are_the_same_in_any_blocks),
        cmocka_unit_test(a_rig_that_is_not_there_is_missing),
        cmocka_unit_test(every_rig_of_the_catalogue_is_there),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
