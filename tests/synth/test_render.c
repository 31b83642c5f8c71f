#include "tiny_font.h"

#include <unistd.h>

// Two parts on the sine font: a tune, and a chord that still sounds when the piece ends.
typedef struct piece {
    grm_note tune[4], chord[3];
    grm_control controls[1];
    grm_part parts[2];
    grm_tempo_change tempos[2];
    grm_metre_change metres[1];
    grm_score score;
    tiny_bytes bytes;
    grm_soundfont *font;
} piece;

static void compose(piece *out) {
    static const tiny_generator looped[] = {{GRM_GEN_LOOP_MODE, 1}};
    *out = (piece){.tune = {{0, 480, 69, 100}, {480, 480, 71, 90}, {961, 7, 72, 80}, {1920, 960, 69, 110}},
                   .chord = {{0, 100000, 57, 100}, {0, 100000, 61, 100}, {0, 100000, 64, 100}},
                   .controls = {{100, 11, 90}},
                   .tempos = {{0, 500000}, {960, 250000}},
                   .metres = {{0, {4, 4}}}};
    out->parts[0] = (grm_part){.name = "Tune", .role = GRM_ROLE_LEAD, .note_count = 4, .notes = out->tune};
    out->parts[1] = (grm_part){.name = "Chord",
                               .role = GRM_ROLE_PAD,
                               .note_count = 3,
                               .notes = out->chord,
                               .control_count = 1,
                               .controls = out->controls};
    out->score = (grm_score){.duration_s = 1.2345,
                             .part_count = 2,
                             .tempo_count = 2,
                             .metre_count = 1,
                             .parts = out->parts,
                             .tempos = out->tempos,
                             .metres = out->metres};
    out->font = tiny_sine_font(looped, 1, &out->bytes);
}

static void dispose(piece *of) {
    grm_soundfont_close(of->font);
    free(of->bytes.bytes);
}

static grm_stems *render(const piece *of, unsigned threads) {
    grm_pool *pool = NULL;
    grm_stems *stems = NULL;
    grm_error err = {0};
    assert_int_equal(grm_pool_new(threads, &pool, NULL), GRM_OK);
    grm_run run = {.pool = pool};
    if (grm_synth_render(&run, &of->score, NULL, of->font, 7, NULL, 0, &stems, &err)) fail_msg("%s", err.message);
    grm_pool_free(pool);
    return stems;
}

static void read_stem(const grm_stems *stems, size_t index, size_t frames, float *left, float *right) {
    float *planes[2] = {left, right};
    assert_int_equal(grm_tape_read(stems->items[index].dry, 0, frames, planes, NULL), GRM_OK);
}

enum { FRAMES = 59256 };  // 1.2345 s

static void events_stand_where_the_tempo_map_puts_them(void **state) {
    piece of;
    compose(&of);
    grm_event *events;
    size_t count;
    assert_int_equal(grm_events_new(&of.score, &of.parts[0], &events, &count, NULL), GRM_OK);
    assert_int_equal(count, 8);
    // Half a second a quarter, then a quarter of a second from tick 960 on.
    static const struct {
        int64_t frame;
        int kind, note;
    } wanted[] = {{0, GRM_EVENT_NOTE_ON, 0},      {12000, GRM_EVENT_NOTE_OFF, 0}, {12000, GRM_EVENT_NOTE_ON, 1},
                  {24000, GRM_EVENT_NOTE_OFF, 1}, {24013, GRM_EVENT_NOTE_ON, 2},  {24100, GRM_EVENT_NOTE_OFF, 2},
                  {36000, GRM_EVENT_NOTE_ON, 3},  {48000, GRM_EVENT_NOTE_OFF, 3}};
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i].frame, wanted[i].frame);
        assert_int_equal(events[i].kind, wanted[i].kind);
        assert_int_equal(events[i].note, wanted[i].note);
    }
    free(events);
    dispose(&of);
}

static void stems_are_as_long_as_the_score_and_named_after_its_parts(void **state) {
    piece of;
    compose(&of);
    grm_stems *stems = render(&of, 1);
    assert_int_equal(stems->count, 2);
    assert_string_equal(stems->items[0].name, "Tune");
    assert_int_equal(stems->items[1].role, GRM_ROLE_PAD);
    assert_null(stems->items[1].instrument);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(grm_tape_frames(stems->items[i].dry), FRAMES);
        assert_int_equal(grm_tape_rate(stems->items[i].dry), GRM_RATE);
    }
    grm_stems_free(stems);
    dispose(&of);
}

static void threads_do_not_change_a_bit(void **state) {
    static float one[2][FRAMES], four[2][FRAMES];
    piece of;
    compose(&of);
    grm_stems *a = render(&of, 1), *b = render(&of, 4);
    for (size_t i = 0; i < 2; i++) {
        read_stem(a, i, FRAMES, one[0], one[1]);
        read_stem(b, i, FRAMES, four[0], four[1]);
        assert_memory_equal(one, four, sizeof one);
    }
    grm_stems_free(a);
    grm_stems_free(b);
    dispose(&of);
}

static void what_rings_at_the_end_is_faded(void **state) {
    static float left[FRAMES], right[FRAMES];
    piece of;
    compose(&of);
    grm_stems *stems = render(&of, 1);
    read_stem(stems, 1, FRAMES, left, right);
    double before = 0, after = 0;
    for (size_t i = 0; i < 480; i++) {
        before = fmax(before, fabsf(left[FRAMES - 960 + i]));
        after = fmax(after, fabsf(left[FRAMES - 48 + i % 48]));
    }
    assert_true(before > 0.01);
    assert_true(after < before / 8);
    assert_true(left[FRAMES - 1] == 0);
    grm_stems_free(stems);
    dispose(&of);
}

static void a_program_change_changes_the_sound(void **state) {
    const tiny_generator loud[] = {{GRM_GEN_LOOP_MODE, 1}},
                         soft[] = {{GRM_GEN_LOOP_MODE, 1}, {GRM_GEN_ATTENUATION, 500}};
    tiny_zone zones[2] = {{0, loud, 1}, {0, soft, 2}};
    tiny_preset presets[2] = {{0, 0, &zones[0], 1}, {0, 9, &zones[1], 1}};
    static float left[FRAMES], right[FRAMES];
    piece of;
    compose(&of);
    dispose(&of);
    of.bytes = tiny_font(presets, 2, tiny_sine(), 1);
    assert_int_equal(grm_soundfont_read(of.bytes.bytes, of.bytes.size, "two.sf2", &of.font, NULL), GRM_OK);
    grm_control change = {480, GRM_CONTROL_PROGRAM, 9};
    of.parts[0].controls = &change;
    of.parts[0].control_count = 1;
    of.tune[0].velocity = of.tune[1].velocity = 100;
    grm_stems *stems = render(&of, 1);
    read_stem(stems, 0, FRAMES, left, right);
    double first = 0, second = 0;
    for (size_t i = 6000; i < 11000; i++) {
        first = fmax(first, fabsf(left[i]));
        second = fmax(second, fabsf(left[i + 12000]));
    }
    assert_true(fabs(20 * log10(second / first) + 20) < 0.2);  // 0.4 of 50 dB
    grm_stems_free(stems);
    dispose(&of);
}

static void says_what_it_can_not_render(void **state) {
    piece of;
    grm_stems *stems;
    grm_error err;
    compose(&of);
    assert_true(grm_synth_needs_soundfont(&of.score, NULL));
    assert_int_equal(grm_synth_render(NULL, &of.score, NULL, NULL, 7, NULL, 0, &stems, &err), GRM_MISSING);
    assert_null(stems);
    of.score.duration_s = NAN;
    assert_int_equal(grm_synth_render(NULL, &of.score, NULL, of.font, 7, NULL, 0, &stems, &err), GRM_BAD_INPUT);
    of.score.duration_s = 1e9;
    assert_int_equal(grm_synth_render(NULL, &of.score, NULL, of.font, 7, NULL, 0, &stems, &err), GRM_BAD_INPUT);
    dispose(&of);
}

static void stops_when_cancelled(void **state) {
    piece of;
    grm_stems *stems;
    grm_run run = {0};
    compose(&of);
    assert_int_equal(grm_progress_new(NULL, NULL, &run.progress, NULL), GRM_OK);
    grm_progress_cancel(run.progress);
    assert_int_equal(grm_synth_render(&run, &of.score, NULL, of.font, 7, NULL, 0, &stems, NULL), GRM_CANCELLED);
    assert_null(stems);
    grm_progress_free(run.progress);
    dispose(&of);
}

static void installed_fonts_sound(void **state) {
    static const char *const names[] = {"MuseScore_General_Full.sf3", "MuseScore_General.sf3", "FluidR3Mono_GM.sf3",
                                        "FluidR3_GM.sf2", NULL};
    static float left[FRAMES], right[FRAMES];
    piece of;
    grm_profile profile = {.soundfont_names = names};
    compose(&of);
    grm_soundfont *tiny = of.font;
    if (grm_soundfont_open(&profile, &of.font, NULL) != GRM_OK) {
        of.font = tiny;
        dispose(&of);
        skip();
    }
    grm_stems *stems = render(&of, 2);
    read_stem(stems, 0, FRAMES, left, right);
    double power = 0;
    for (size_t i = 0; i < 24000; i++) power += (double)left[i] * left[i] / 24000;
    assert_true(power > 1e-5);
    grm_stems_free(stems);
    grm_soundfont_close(of.font);
    of.font = tiny;
    dispose(&of);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_stand_where_the_tempo_map_puts_them),
        cmocka_unit_test(stems_are_as_long_as_the_score_and_named_after_its_parts),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(what_rings_at_the_end_is_faded),
        cmocka_unit_test(a_program_change_changes_the_sound),
        cmocka_unit_test(says_what_it_can_not_render),
        cmocka_unit_test(stops_when_cancelled),
        cmocka_unit_test(installed_fonts_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
