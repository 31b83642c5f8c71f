#include "release/tags.h"

#include "fixture.h"

static unsigned u32_le(const uint8_t *p) {
    return p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16 | (unsigned)p[3] << 24;
}

static unsigned syncsafe(const uint8_t *p) {
    for (int i = 0; i < 4; i++) assert_true(p[i] < 128);
    return (unsigned)p[0] << 21 | (unsigned)p[1] << 14 | (unsigned)p[2] << 7 | p[3];
}

static const uint8_t cover[] = {0x89, 'P', 'N', 'G', 0xff, 0xfb, 0, 1};

static grm_tags full_tags(void) {
    return (grm_tags){.title = "Caf\u00e9 \u2665",
                      .artist = "Grammy Engine",
                      .album = "Caf\u00e9",
                      .genre = "House",
                      .comment = "odd",
                      .key = "F# minor",
                      .tempo_bpm = 124.4,
                      .cover_png = cover,
                      .cover_size = sizeof cover};
}

// ---- RIFF ----

// The body of the chunk with that name, walking as a reader does.
static const uint8_t *find_chunk(const uint8_t *from, const uint8_t *end, const char *id, unsigned *size) {
    while (end - from >= 8) {
        *size = u32_le(from + 4);
        assert_true(*size <= (size_t)(end - from - 8));
        if (memcmp(from, id, 4) == 0) return from + 8;
        from += 8 + *size + *size % 2;
    }
    return NULL;
}

static void wav_has_its_chunks_and_tags(void **state) {
    char *path = test_path("tags.wav");
    grm_audio *audio = test_audio(), *back = NULL;
    grm_tags tags = full_tags();
    grm_tape *sound = tape_of(audio);
    assert_int_equal(grm_release_write_wav(NULL, 0, path, sound, &tags, NULL), GRM_OK);
    grm_tape_free(sound);
    uint8_t *bytes = NULL;
    size_t size = 0;
    unsigned chunk;
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
    assert_memory_equal(bytes, "RIFF", 4);
    assert_int_equal(u32_le(bytes + 4), size - 8);
    const uint8_t *end = bytes + size, *format = find_chunk(bytes + 12, end, "fmt ", &chunk);
    assert_non_null(format);
    assert_int_equal(format[2], 2);               // channels
    assert_int_equal(u32_le(format + 4), 48000);  // rate
    assert_int_equal(format[14], 24);             // bits
    assert_non_null(find_chunk(bytes + 12, end, "data", &chunk));
    assert_int_equal(chunk, audio->frames * 6);
    const uint8_t *list = find_chunk(bytes + 12, end, "LIST", &chunk);
    assert_non_null(list);
    assert_memory_equal(list, "INFO", 4);
    const uint8_t *list_end = list + chunk, *title = find_chunk(list + 4, list_end, "INAM", &chunk);
    assert_string_equal((const char *)title, tags.title);
    assert_string_equal((const char *)find_chunk(list + 4, list_end, "ICMT", &chunk), "odd");
    assert_null(find_chunk(list + 4, list_end, "ICRD", &chunk));  // no date unless asked for
    // Readers that know nothing of tags still find the sound.
    assert_int_equal(grm_audio_read(path, 0, &back, NULL), GRM_OK);
    assert_int_equal(back->frames, audio->frames);
    for (size_t i = 0; i < audio->frames; i++) assert_true(fabsf(back->plane[0][i] - audio->plane[0][i]) < 2e-7f);
    grm_audio_free(back);
    grm_audio_free(audio);
    free(bytes);
    unlink(path);
    free(path);
}

// ---- ID3 ----

// The body of the nth frame of that name.
static const uint8_t *find_frame(const uint8_t *tag, size_t size, const char *id, unsigned *length) {
    const uint8_t *at = tag + 10, *end = tag + size;
    while (end - at >= 10) {
        *length = syncsafe(at + 4);
        assert_true(*length <= (size_t)(end - at - 10));
        if (memcmp(at, id, 4) == 0) return at + 10;
        at += 10 + *length;
    }
    assert_ptr_equal(at, end);
    return NULL;
}

static void assert_text_frame(const uint8_t *tag, size_t size, const char *id, const char *text) {
    unsigned length;
    const uint8_t *body = find_frame(tag, size, id, &length);
    assert_non_null(body);
    assert_int_equal(length, strlen(text) + 1);
    assert_int_equal(body[0], 3);  // UTF-8
    assert_memory_equal(body + 1, text, strlen(text));
}

static void id3_reads_back(void **state) {
    grm_tags tags = full_tags();
    uint8_t *bytes = NULL;
    size_t size = 0;
    unsigned length;
    assert_int_equal(grm_tags_id3(&tags, 3.0, &bytes, &size, NULL), GRM_OK);
    assert_memory_equal(bytes, "ID3\4\0\0", 6);
    assert_int_equal(syncsafe(bytes + 6), size - 10);
    assert_text_frame(bytes, size, "TIT2", tags.title);
    assert_text_frame(bytes, size, "TPE1", "Grammy Engine");
    assert_text_frame(bytes, size, "TCON", "House");
    assert_text_frame(bytes, size, "TBPM", "124");
    assert_text_frame(bytes, size, "TKEY", "F#m");
    assert_text_frame(bytes, size, "TLEN", "3000");
    assert_null(find_frame(bytes, size, "TDRC", &length));
    assert_null(find_frame(bytes, size, "TSRC", &length));
    const uint8_t *picture = find_frame(bytes, size, "APIC", &length);
    const char head[] = "\3image/png\0\3";
    assert_int_equal(length, sizeof head + sizeof cover);
    assert_memory_equal(picture, head, sizeof head);
    assert_memory_equal(picture + sizeof head, cover, sizeof cover);
    const uint8_t *comment = find_frame(bytes, size, "COMM", &length);
    assert_memory_equal(comment, "\3eng\0odd", 8);
    free(bytes);
}

static void keys_fit_id3(void **state) {
    static const char *const names[][2] = {{"C major", "C"},      {"Bb minor", "Bbm"}, {"D dorian", "Dm"},
                                           {"G mixolydian", "G"}, {"F# minor", "F#m"}, {"Eb lydian", "Eb"}};
    for (size_t i = 0; i < GRM_COUNT(names); i++) {
        char text[4];
        grm_tags_key(names[i][0], text);
        assert_string_equal(text, names[i][1]);
    }
}

// ---- MP3 ----

static void mp3_begins_with_its_tag_and_plays(void **state) {
    char *path = test_path("tags.mp3"), *again = test_path("again.mp3");
    grm_audio *audio = test_audio(), *back = NULL;
    grm_tags tags = full_tags();
    grm_tape *sound = tape_of(audio);
    assert_int_equal(grm_release_write_mp3(NULL, 0, path, sound, &tags, NULL), GRM_OK);
    assert_int_equal(grm_release_write_mp3(NULL, 0, again, sound, &tags, NULL), GRM_OK);
    grm_tape_free(sound);
    uint8_t *bytes = NULL, *same = NULL;
    size_t size = 0, same_size = 0;
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(grm_file_read(again, 1 << 24, &same, &same_size, NULL), GRM_OK);
    assert_int_equal(size, same_size);
    assert_memory_equal(bytes, same, size);
    assert_memory_equal(bytes, "ID3\4", 4);
    const uint8_t *frame = bytes + 10 + syncsafe(bytes + 6);
    assert_int_equal(frame[0], 0xff);
    assert_int_equal(frame[1] & 0xfe, 0xfa);  // MPEG 1, layer III
    assert_int_equal(frame[2] >> 4, 14);      // 320 kb/s
    // Three seconds at 320 kb/s, and a frame or two.
    assert_in_range(size - (size_t)(frame - bytes), 120000, 124000);
    assert_int_equal(grm_audio_read(path, 0, &back, NULL), GRM_OK);
    assert_in_range(back->frames, audio->frames, audio->frames + 4 * 1152);
    grm_audio_free(back);
    grm_audio_free(audio);
    free(same);
    free(bytes);
    unlink(path);
    unlink(again);
    free(again);
    free(path);
}

static void a_folder_that_is_not_there_is_named(void **state) {
    grm_audio *audio = test_audio();
    grm_tags tags = {0};
    grm_error err = {0};
    grm_tape *sound = tape_of(audio);
    assert_int_equal(grm_release_write_wav(NULL, 0, "/nowhere/at/all.wav", sound, &tags, &err), GRM_FAILED);
    grm_tape_free(sound);
    assert_non_null(strstr(err.message, "/nowhere/at/all.wav"));
    grm_audio_free(audio);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wav_has_its_chunks_and_tags),
        cmocka_unit_test(id3_reads_back),
        cmocka_unit_test(keys_fit_id3),
        cmocka_unit_test(mp3_begins_with_its_tag_and_plays),
        cmocka_unit_test(a_folder_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
