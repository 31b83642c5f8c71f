#include <png.h>

#include "fixture.h"
#include "release/canvas.h"

// Decodes all of it: what is broken inside is found.
static uint8_t *decode(const grm_picture *picture, unsigned width, unsigned height) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, picture->png, picture->size));
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    image.format = PNG_FORMAT_RGB;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(pixels);
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    return pixels;
}

static void covers_have_their_size_and_are_the_same_each_time(void **state) {
    grm_brief brief = test_brief();
    grm_style style = test_style();
    grm_picture first = {0}, second = {0}, small = {0};
    assert_int_equal(grm_cover_draw(NULL, &brief, &style, true, &first, &small, NULL), GRM_OK);
    assert_int_equal(grm_cover_draw(NULL, &brief, &style, true, &second, NULL, NULL), GRM_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.png, second.png, first.size);
    free(decode(&first, 3000, 3000));
    free(decode(&small, 600, 600));
    free(second.png);
    brief.seed++;
    assert_int_equal(grm_cover_draw(NULL, &brief, &style, true, &second, NULL, NULL), GRM_OK);
    assert_true(first.size != second.size || memcmp(first.png, second.png, first.size) != 0);
    free(second.png);
    free(small.png);
    free(first.png);
}

// Without a style, with an odd title and values at their ends there is still a cover.
static void covers_bear_odd_briefs(void **state) {
    static const char *const titles[] = {"", "\xff\xfe broken \xf0\x9f\x98\x80",
                                         "Antidisestablishmentarianism-and-a-very-long-word-without-any-break-at-all"};
    for (size_t i = 0; i < GRM_COUNT(titles); i++) {
        grm_brief brief = {.title = titles[i], .valence = -1, .energy = i == 0 ? 1 : -1, .seed = UINT64_MAX - i};
        grm_picture picture = {0};
        assert_int_equal(grm_cover_draw(NULL, &brief, NULL, true, &picture, NULL, NULL), GRM_OK);
        free(decode(&picture, 3000, 3000));
        free(picture.png);
    }
}

static void titles_fit_their_box(void **state) {
    static const char *const titles[] = {"A", "Midnight Overdrive", "One two three four five six seven eight nine ten",
                                         "Nocturne for an Empty House"};
    grm_faces *faces = NULL;
    assert_int_equal(grm_faces_open(&faces, NULL), GRM_OK);
    for (size_t i = 0; i < GRM_COUNT(titles); i++) {
        grm_lettering how = {GRM_WEIGHT_BLACK, 1, -0.02, false};
        grm_lines lines;
        size_t letters = 0;
        grm_text_fit(faces, how, titles[i], 850, 250, 0.96, 138, &lines);
        assert_in_range(lines.count, 1, GRM_LINES);
        assert_true(lines.size > 30 && lines.size <= 138);
        how.size = lines.size;
        for (size_t k = 0; k < lines.count; k++) {
            assert_true(grm_text_width(faces, how, lines.line[k].text, lines.line[k].length) <= 850.01);
            letters += lines.line[k].length;
        }
        assert_int_equal(letters + lines.count - 1, strlen(titles[i]));
    }
    grm_faces_close(faces);
}

static void pairs_of_letters_are_kerned(void **state) {
    grm_faces *faces = NULL;
    grm_lettering how = {GRM_WEIGHT_BLACK, 100, 0, false};
    assert_int_equal(grm_faces_open(&faces, NULL), GRM_OK);
    double apart = grm_text_width(faces, how, "A", 1) + grm_text_width(faces, how, "V", 1);
    assert_true(grm_text_width(faces, how, "AV", 2) < apart - 1);
    grm_faces_close(faces);
}

static void colours_keep_their_promises(void **state) {
    grm_rgb a, b;
    assert_true(grm_rgb_parse("#000000", &a));
    assert_true(grm_rgb_parse("#FFffff", &b));
    assert_false(grm_rgb_parse("#12345", &b));
    assert_false(grm_rgb_parse("#12345g", &b));
    b = (grm_rgb){1, 1, 1};
    assert_true(fabs(grm_rgb_contrast(a, b) - 21) < 1e-9);
    assert_true(fabs(grm_rgb_lightness(grm_rgb_mix(a, b, 0.25)) - 0.25) < 0.01);
    grm_rgb same = grm_rgb_turn((grm_rgb){0.2, 0.5, 0.7}, 360);
    assert_true(fabs(same.r - 0.2) < 1e-4 && fabs(same.g - 0.5) < 1e-4 && fabs(same.b - 0.7) < 1e-4);
}

// A tone shows where its frequency is, and silence is dark.
static void spectrogram_shows_a_tone(void **state) {
    grm_audio *audio = NULL;
    grm_picture picture = {0};
    assert_int_equal(grm_audio_new(2, 2 * 48000, 48000, &audio, NULL), GRM_OK);
    for (size_t i = 0; i < audio->frames; i++)
        audio->plane[0][i] = audio->plane[1][i] = (float)(0.5 * sin(2 * 3.14159265358979 * 1000 * (double)i / 48000));
    grm_tape *sound = tape_of(audio);
    assert_int_equal(grm_spectrogram_draw(NULL, sound, &picture, NULL), GRM_OK);
    grm_tape_free(sound);
    const int top = 104, height = 860 - 104 - 84, width = 1800;
    uint8_t *pixels = decode(&picture, 1800, 860);
    int row = top + height - 1 - (int)(height * log2(1000 / 25.0) / log2(20000 / 25.0));
    const uint8_t *tone = pixels + (row * width + 900) * 3, *above = pixels + ((row - 100) * width + 900) * 3;
    assert_true(tone[0] + tone[1] + tone[2] > 500);
    assert_true(above[0] + above[1] + above[2] < 60);
    free(pixels);
    free(picture.png);
    grm_audio_free(audio);
}

static void waveform_shows_where_sound_is(void **state) {
    grm_audio *audio = test_audio();
    grm_score score = test_score();
    grm_style style = test_style();
    grm_picture picture = {0}, bare = {0};
    memset(audio->plane[0] + audio->frames / 2, 0, (audio->frames - audio->frames / 2) * sizeof(float));
    memset(audio->plane[1] + audio->frames / 2, 0, (audio->frames - audio->frames / 2) * sizeof(float));
    grm_tape *sound = tape_of(audio);
    assert_int_equal(grm_waveform_draw(NULL, sound, &score, &style, &picture, NULL), GRM_OK);
    uint8_t *pixels = decode(&picture, 1800, 700);
    const int middle = 104 + (700 - 104 - 84) / 2;
    // A little off the middle: coloured while it sounds, the sheet's own after that.
    const uint8_t *loud = pixels + ((middle - 12) * 1800 + 300) * 3;
    const uint8_t *silent = pixels + ((middle - 12) * 1800 + 1400) * 3;
    assert_true(loud[0] > silent[0] + 80);
    free(pixels);
    // Also without score and style.
    assert_int_equal(grm_waveform_draw(NULL, sound, NULL, NULL, &bare, NULL), GRM_OK);
    grm_tape_free(sound);
    free(bare.png);
    free(picture.png);
    grm_audio_free(audio);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_have_their_size_and_are_the_same_each_time),
        cmocka_unit_test(covers_bear_odd_briefs),
        cmocka_unit_test(titles_fit_their_box),
        cmocka_unit_test(pairs_of_letters_are_kerned),
        cmocka_unit_test(colours_keep_their_promises),
        cmocka_unit_test(spectrogram_shows_a_tone),
        cmocka_unit_test(waveform_shows_where_sound_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
