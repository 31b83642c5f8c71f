// MIDI files out and in: what a score says survives, and what is broken is refused.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/compose.h"

static grm_score *example(void) {
    grm_memory *memory = grm_memory_new();
    grm_score *s = grm_memory_take(memory, 1, sizeof *s);
    s->memory = memory;
    s->title = "Blue Hour";
    s->key = (grm_key){6, GRM_MINOR, false};
    s->has_key = true;
    s->tempos = grm_memory_take(memory, 2, sizeof *s->tempos);
    s->tempos[s->tempo_count++] = (grm_tempo_change){0, 705882};
    s->tempos[s->tempo_count++] = (grm_tempo_change){3840, 500000};
    s->metres = grm_memory_take(memory, 1, sizeof *s->metres);
    s->metres[s->metre_count++] = (grm_metre_change){0, {6, 8}};
    s->sections = grm_memory_take(memory, 2, sizeof *s->sections);
    s->sections[s->section_count++] = (grm_section){.name = "Intro", .kind = "intro", .start = 0, .end = 3840};
    s->sections[s->section_count++] = (grm_section){.name = "Verse 1", .kind = "verse", .start = 3840, .end = 7680};
    s->parts = grm_memory_take(memory, 2, sizeof *s->parts);
    grm_part *keys = &s->parts[s->part_count++];
    *keys =
        (grm_part){.name = "Lead Keys", .instrument = "electric-piano", .program = 4, .channel = 0, .bend_range = 12};
    keys->notes = grm_memory_take(memory, 3, sizeof *keys->notes);
    keys->notes[keys->note_count++] = (grm_note){0, 960, 60, 90};
    keys->notes[keys->note_count++] = (grm_note){960, 479, 60, 1};
    keys->notes[keys->note_count++] = (grm_note){1001, 300, 67, 127};
    keys->controls = grm_memory_take(memory, 2, sizeof *keys->controls);
    keys->controls[keys->control_count++] = (grm_control){10, 64, 127};
    keys->controls[keys->control_count++] = (grm_control){20, GRM_CONTROL_BEND, -8192};
    grm_part *kick = &s->parts[s->part_count++];
    *kick = (grm_part){.name = "Kick", .role = GRM_ROLE_KICK, .drums = true, .channel = 9, .bend_range = 2};
    kick->notes = grm_memory_take(memory, 1, sizeof *kick->notes);
    kick->notes[kick->note_count++] = (grm_note){0, 240, 36, 110};
    return s;
}

static grm_score *read_back(const grm_score *score) {
    uint8_t *bytes;
    size_t size;
    grm_score *back = NULL;
    assert_int_equal(grm_score_write_midi(score, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(grm_score_read_midi(bytes, size, "example.mid", &back, NULL), GRM_OK);
    free(bytes);
    return back;
}

static void a_score_survives_the_round_trip(void **state) {
    (void)state;
    grm_score *score = example(), *back = read_back(score);
    assert_string_equal(back->title, "Blue Hour");
    assert_true(back->has_key);
    assert_int_equal(back->key.tonic, 6);
    assert_int_equal(back->key.mode, GRM_MINOR);
    assert_int_equal(back->tempo_count, 2);
    assert_int_equal(back->tempos[1].tick, 3840);
    assert_int_equal(back->tempos[0].us_per_quarter, 705882);
    assert_int_equal(back->metres[0].metre.beats, 6);
    assert_int_equal(back->metres[0].metre.unit, 8);
    assert_int_equal(back->section_count, 2);
    assert_string_equal(back->sections[1].name, "Verse 1");
    assert_int_equal(back->sections[1].start, 3840);
    assert_int_equal(back->part_count, 2);
    const grm_part *keys = &back->parts[0];
    assert_string_equal(keys->name, "Lead Keys");
    assert_string_equal(keys->instrument, "electric-piano");
    assert_int_equal(keys->program, 4);
    assert_int_equal(keys->note_count, 3);
    for (size_t i = 0; i < 3; i++) assert_memory_equal(&keys->notes[i], &score->parts[0].notes[i], sizeof(grm_note));
    bool bent = false;
    for (size_t i = 0; i < keys->control_count; i++)
        bent = bent || (keys->controls[i].number == GRM_CONTROL_BEND && keys->controls[i].value == -8192);
    assert_true(bent);
    assert_true(back->parts[1].drums);
    assert_int_equal(back->parts[1].role, GRM_ROLE_KICK);
    grm_score_free(score);
    grm_score_free(back);
}

static void every_key_comes_back_as_it_was(void **state) {
    (void)state;
    for (int tonic = 0; tonic < 12; tonic++) {
        for (int mode = GRM_MAJOR; mode <= GRM_MINOR; mode++) {
            grm_score *score = example();
            score->key = (grm_key){tonic, (grm_mode)mode, false};
            grm_score *back = read_back(score);
            assert_int_equal(back->key.tonic, tonic);
            assert_int_equal(back->key.mode, mode);
            grm_score_free(score);
            grm_score_free(back);
        }
    }
}

// Type 0, running status, sysex, an unknown meta event, a note-on of velocity 0 as note-off, 96 ticks a quarter.
static const uint8_t other[] = {
    'M', 'T',  'h',  'd', 0,  0,    0,  6,    0,    0,    0,    1,    0,    96,   'M',
    'T', 'r',  'k',  0,   0,  0,    41, 0,    0xff, 0x51, 3,    0x07, 0xa1, 0x20,  // 120 beats a minute
    0,   0xf0, 3,    1,   2,  0xf7,                                                // sysex
    0,   0xff, 0x7f, 2,   9,  9,                                                   // sequencer's own
    0,   0x91, 60,   100, 96, 60,   0,                                             // running status: off
    0,   64,   80,   48,  64, 0,    0,  0xff, 0x51, 3,    0x03, 0xd0, 0x90, 0,     // 240 beats a minute from there on
};

static void files_of_others_are_read(void **state) {
    (void)state;
    uint8_t bytes[sizeof other + 3];
    memcpy(bytes, other, sizeof other);
    memcpy(bytes + sizeof other, (uint8_t[]){0xff, 0x2f, 0}, 3);
    bytes[21] = (uint8_t)(sizeof bytes - 22);
    grm_score *score = NULL;
    grm_error err;
    assert_int_equal(grm_score_read_midi(bytes, sizeof bytes, "other.mid", &score, &err), GRM_OK);
    assert_int_equal(score->part_count, 1);
    assert_int_equal(score->parts[0].channel, 1);
    assert_int_equal(score->parts[0].note_count, 2);
    assert_int_equal(score->parts[0].notes[0].length, 960);
    assert_int_equal(score->parts[0].notes[1].start, 960);
    assert_int_equal(score->parts[0].notes[1].length, 480);
    assert_true(fabs(grm_score_seconds(score, 1440) - 0.75) < 1e-9);
    assert_true(fabs(grm_score_seconds(score, 1440 + 960) - 1.0) < 1e-9);
    grm_score_free(score);
}

static void no_prefix_of_a_file_crashes_the_reader(void **state) {
    (void)state;
    grm_score *score = example();
    uint8_t *bytes;
    size_t size;
    assert_int_equal(grm_score_write_midi(score, &bytes, &size, NULL), GRM_OK);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, bytes, cut);
        grm_score *back = NULL;
        grm_error err = {0};
        grm_status status = grm_score_read_midi(part, cut, "cut.mid", &back, &err);
        if (status != GRM_OK) {
            assert_null(back);
            assert_int_equal(status, GRM_BAD_INPUT);
            assert_non_null(strstr(err.message, "cut.mid"));
        }
        grm_score_free(back);
        free(part);
    }
    free(bytes);
    grm_score_free(score);
}

static void garbled_bytes_are_refused_or_read_but_never_crash(void **state) {
    (void)state;
    grm_score *score = example();
    uint8_t *bytes;
    size_t size;
    assert_int_equal(grm_score_write_midi(score, &bytes, &size, NULL), GRM_OK);
    grm_rng rng = grm_rng_new(1, "garble");
    for (int i = 0; i < 3000; i++) {
        uint8_t *copy = malloc(size);
        memcpy(copy, bytes, size);
        for (int k = 0; k < 3; k++) {
            size_t at = grm_rng_below(&rng, (unsigned)size);
            copy[at] = (uint8_t)grm_rng_below(&rng, 256);
        }
        grm_score *back = NULL;
        grm_status status = grm_score_read_midi(copy, size, "garbled.mid", &back, NULL);
        assert_true(status == GRM_OK ? back != NULL : back == NULL);
        grm_score_free(back);
        free(copy);
    }
    free(bytes);
    grm_score_free(score);
}

static void text_is_not_midi(void **state) {
    (void)state;
    grm_score *score = NULL;
    grm_error err = {0};
    const char *text = "this is a letter, not a song at all";
    assert_int_equal(grm_score_read_midi((const uint8_t *)text, strlen(text), "letter.txt", &score, &err),
                     GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "letter.txt"));
    assert_null(score);
}

// A wait in a MIDI file has 28 bits; scores count ten times as many ticks as this file.
static void what_is_read_can_be_written_and_read_again(void **state) {
    (void)state;
    uint8_t bytes[] =
        "MThd\0\0\0\6\0\0\0\1\0\x60"
        "MTrk\0\0\0\x16\0\xff\x51\3\0\0\1"
        "\x8c\x9a\x80\0\x90\x3c\x40"  // after 25,591,808 ticks
        "\x60\x80\x3c\x40\0\xff\x2f\0";
    const size_t size = sizeof bytes - 1, wait = 29;
    uint8_t *written = NULL;
    size_t count = 0;
    grm_score *score = NULL, *again = NULL;
    grm_error err = {0};
    if (grm_score_read_midi(bytes, size, "long", &score, &err) != GRM_OK) fail_msg("%s", err.message);
    assert_int_equal(score->parts[0].notes[0].start, 255918080);
    assert_int_equal(grm_score_write_midi(score, &written, &count, NULL), GRM_OK);
    assert_int_equal(grm_score_read_midi(written, count, "again", &again, &err), GRM_OK);
    assert_int_equal(again->parts[0].notes[0].start, 255918080);
    grm_score_free(again);
    grm_score_free(score);
    free(written);
    bytes[wait] = 0x8d;  // 27,688,960 ticks
    assert_int_equal(grm_score_read_midi(bytes, size, "longer", &score, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "longer than a score can hold"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_can_be_written_and_read_again),
        cmocka_unit_test(a_score_survives_the_round_trip),
        cmocka_unit_test(every_key_comes_back_as_it_was),
        cmocka_unit_test(files_of_others_are_read),
        cmocka_unit_test(no_prefix_of_a_file_crashes_the_reader),
        cmocka_unit_test(garbled_bytes_are_refused_or_read_but_never_crash),
        cmocka_unit_test(text_is_not_midi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
