#include "tiny_font.h"

#include <unistd.h>

static const tiny_generator looped[] = {{GRM_GEN_LOOP_MODE, 1}};

static void opens_a_font_and_resolves_its_zones(void **state) {
    tiny_bytes bytes;
    const tiny_generator generators[] = {{GRM_GEN_KEY_RANGE, 0x4830}, {GRM_GEN_PAN, -250}, {GRM_GEN_ATTENUATION, 100}};
    grm_soundfont *font = tiny_sine_font(generators, 3, &bytes);
    const grm_preset *preset;
    assert_string_equal(grm_soundfont_name(font), "tiny.sf2");
    assert_int_equal(grm_soundfont_preset(font, 0, 0, &preset, NULL), GRM_OK);
    assert_int_equal(preset->region_count, 1);
    const grm_region *region = &preset->regions[0];
    assert_int_equal(region->key_low, 48);
    assert_int_equal(region->key_high, 72);
    assert_int_equal(region->generators[GRM_GEN_PAN], -250);
    assert_int_equal(region->generators[GRM_GEN_ATTENUATION], 40);  // EMU's share of it
    assert_int_equal(region->generators[GRM_GEN_SCALE_TUNING], 100);
    assert_true(region->modulator_count >= 5);
    assert_false(grm_region_plays(region, 47, 100));
    assert_true(grm_region_plays(region, 48, 100));
    grm_soundfont_close(font);
    free(bytes.bytes);
}

static void hashes_the_whole_file(void **state) {
    tiny_bytes bytes;
    char hex[65];
    grm_soundfont *font = tiny_sine_font(looped, 1, &bytes);
    grm_sha256_hex(bytes.bytes, bytes.size, hex);
    assert_string_equal(grm_soundfont_sha256(font), hex);
    grm_soundfont_close(font);
    free(bytes.bytes);
}

static void falls_back_to_a_like_preset(void **state) {
    tiny_zone zone = {0, looped, 1};
    tiny_preset presets[] = {{0, 0, &zone, 1}, {0, 40, &zone, 1}, {8, 4, &zone, 1}, {128, 0, &zone, 1}};
    tiny_bytes bytes = tiny_font(presets, 4, tiny_sine(), 1);
    const struct {
        unsigned bank, program, found_bank, found_program;
    } cases[] = {{0, 40, 0, 40}, {8, 4, 8, 4}, {8, 40, 0, 40}, {3, 99, 0, 0}, {128, 25, 128, 0}};
    grm_soundfont *font;
    assert_int_equal(grm_soundfont_read(bytes.bytes, bytes.size, "tiny.sf2", &font, NULL), GRM_OK);
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        const grm_preset *preset;
        assert_int_equal(grm_soundfont_preset(font, cases[i].bank, cases[i].program, &preset, NULL), GRM_OK);
        assert_int_equal(preset->bank, cases[i].found_bank);
        assert_int_equal(preset->program, cases[i].found_program);
    }
    grm_soundfont_close(font);
    free(bytes.bytes);
}

static void decodes_no_more_than_is_reached(void **state) {
    tiny_bytes bytes;
    grm_soundfont *font = tiny_sine_font(NULL, 0, &bytes);
    uint32_t needs[1] = {1000};
    assert_int_equal(grm_soundfont_load(font, NULL, needs, NULL), GRM_OK);
    grm_pcm *pcm = atomic_load(&font->samples[0].pcm);
    assert_int_equal(pcm->frames, 1000);
    assert_false(pcm->whole);
    needs[0] = 5000;
    assert_int_equal(grm_soundfont_load(font, NULL, needs, NULL), GRM_OK);
    pcm = atomic_load(&font->samples[0].pcm);
    assert_int_equal(pcm->frames, TINY_FRAMES);
    assert_true(pcm->whole);
    assert_memory_equal(pcm->data, tiny_sine()->frames, TINY_FRAMES * sizeof(int16_t));
    grm_soundfont_close(font);
    free(bytes.bytes);
}

// ---- bad files ----

static void refuses_what_is_no_font(void **state) {
    static const uint8_t wave[] = "RIFF\x20\0\0\0WAVEfmt and more that is of no use";
    grm_soundfont *font;
    grm_error err;
    assert_int_equal(grm_soundfont_read(wave, sizeof wave, "x.wav", &font, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "x.wav: not a SoundFont"));
    assert_null(font);
    assert_int_equal(grm_soundfont_read(wave, 0, "empty", &font, &err), GRM_BAD_INPUT);
}

static void refuses_a_file_cut_anywhere(void **state) {
    tiny_bytes bytes;
    grm_soundfont_close(tiny_sine_font(looped, 1, &bytes));
    for (size_t size = 0; size < bytes.size; size = size < 200 || size + 700 > bytes.size ? size + 1 : size + 997) {
        grm_soundfont *font;
        grm_error err = {0};
        uint8_t *cut = malloc(size + 1);  // so that a reader past the end is seen
        assert_non_null(cut);
        memcpy(cut, bytes.bytes, size);
        assert_int_equal(grm_soundfont_read(cut, size, "cut.sf2", &font, &err), GRM_BAD_INPUT);
        assert_non_null(strstr(err.message, "cut.sf2"));
        free(cut);
    }
    free(bytes.bytes);
}

static void play_something(grm_soundfont *font) {
    static float left[4096], right[4096];
    grm_note note = {0};
    grm_part part = {.note_count = 1, .notes = &note};
    grm_event events[2] = {{.kind = GRM_EVENT_NOTE_ON, .number = 69, .value = 100},
                           {.frame = 2000, .kind = GRM_EVENT_NOTE_OFF, .number = 69, .value = 100}};
    grm_player *player;
    if (grm_soundfont_player_new(font, &part, NULL, events, 2, &player, NULL) != GRM_OK) return;
    assert_int_equal(player->render(player, 0, 4096, left, right, NULL), GRM_OK);
    player->free(player);
}

static void survives_any_damage(void **state) {
    tiny_bytes bytes;
    const tiny_generator generators[] = {{GRM_GEN_LOOP_MODE, 1}, {GRM_GEN_START_OFFSET, 10}, {GRM_GEN_COARSE_TUNE, 3}};
    grm_soundfont_close(tiny_sine_font(generators, 3, &bytes));
    size_t tables = bytes.size - 600 > 0 ? bytes.size - 600 : 0;
    grm_rng rng = grm_rng_new(1, "damage");
    for (int round = 0; round < 3000; round++) {
        uint8_t *damaged = malloc(bytes.size);
        assert_non_null(damaged);
        memcpy(damaged, bytes.bytes, bytes.size);
        unsigned hits = 1 + grm_rng_below(&rng, 4);
        for (unsigned i = 0; i < hits; i++) {
            size_t from = i % 2 ? 0 : tables, span = i % 2 ? 60 : 600;
            size_t at = from + grm_rng_below(&rng, (unsigned)span);
            damaged[at] = (uint8_t)grm_rng_below(&rng, 256);
        }
        grm_soundfont *font;
        if (grm_soundfont_read(damaged, bytes.size, "damaged.sf2", &font, NULL) == GRM_OK) {
            play_something(font);
            grm_soundfont_close(font);
        }
        free(damaged);
    }
    free(bytes.bytes);
}

// ---- finding one ----

static void names_the_remedy_when_none_is_there(void **state) {
    static const char *const names[] = {"grammy-test-no-such-font.sf3", NULL};
    grm_profile profile = {.soundfont_names = names};
    grm_soundfont *font;
    grm_error err;
    assert_int_equal(grm_soundfont_open(&profile, &font, &err), GRM_MISSING);
    assert_non_null(strstr(err.message, "apt-get install musescore-general-soundfont"));
    assert_non_null(strstr(err.message, "--soundfont"));
    profile.soundfont = "/nowhere/font.sf2";
    assert_int_equal(grm_soundfont_open(&profile, &font, &err), GRM_MISSING);
    assert_non_null(strstr(err.message, "/nowhere/font.sf2"));
    profile.soundfont = "/";
    assert_int_equal(grm_soundfont_open(&profile, &font, &err), GRM_BAD_INPUT);
}

static void opens_the_file_that_is_asked_for(void **state) {
    char path[] = "/tmp/grammy-font-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    tiny_bytes bytes;
    grm_soundfont_close(tiny_sine_font(looped, 1, &bytes));
    assert_int_equal(write(file, bytes.bytes, bytes.size), (ssize_t)bytes.size);
    close(file);
    grm_profile profile = {.soundfont = path};
    grm_soundfont *font;
    assert_int_equal(grm_soundfont_open(&profile, &font, NULL), GRM_OK);
    assert_string_equal(grm_soundfont_name(font), path + 5);
    play_something(font);
    grm_soundfont_close(font);
    unlink(path);
    free(bytes.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_a_font_and_resolves_its_zones),
        cmocka_unit_test(hashes_the_whole_file),
        cmocka_unit_test(falls_back_to_a_like_preset),
        cmocka_unit_test(decodes_no_more_than_is_reached),
        cmocka_unit_test(refuses_what_is_no_font),
        cmocka_unit_test(refuses_a_file_cut_anywhere),
        cmocka_unit_test(survives_any_damage),
        cmocka_unit_test(names_the_remedy_when_none_is_there),
        cmocka_unit_test(opens_the_file_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
