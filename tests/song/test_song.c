#include <dirent.h>
#include <grammy/song.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants those before it
#include <cmocka.h>
#include <jansson.h>

#include "audio/audio.h"
#include "master/master.h"
#include "synth/synth.h"

static const char prompt[] = "a short lofi hip hop loop with electric piano, upright bass and vinyl crackle at 84 bpm";

typedef struct place {
    char root[128];
    bool font;  // a SoundFont is installed
} place;

static grm_profile *profile_of(const char *threads, const char *font) {
    const grm_setting_value flags[] = {
        {"GRAMMY_THREADS", threads}, {"LIGHTWEIGHT_MODE", "true"}, {"GRAMMY_SOUNDFONT", font}};
    grm_profile *profile = NULL;
    grm_error err = {0};
    if (grm_profile_new(flags, font ? 3 : 2, &profile, &err) != GRM_OK) fail_msg("%s", err.message);
    return profile;
}

static int set_up(void **state) {
    place *p = calloc(1, sizeof *p);
    if (!p) return -1;
    const char *folder = getenv("TMPDIR");
    snprintf(p->root, sizeof p->root, "%.90s/grammy-song-XXXXXX", folder ? folder : "/tmp");
    if (!mkdtemp(p->root)) return -1;
    grm_profile *profile = profile_of("1", NULL);
    grm_soundfont *font = NULL;
    p->font = grm_soundfont_open(profile, &font, NULL) == GRM_OK;
    grm_soundfont_close(font);
    grm_profile_free(profile);
    *state = p;
    return 0;
}

static int tear_down(void **state) {
    grm_folder_remove(((place *)*state)->root);
    free(*state);
    return 0;
}

static size_t count_entries(const char *folder) {
    size_t count = 0;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) count++;
    closedir(entries);
    return count;
}

static void make(const place *p, const char *name, const char *threads, grm_song_options options,
                 grm_song_result *result) {
    char *folder = grm_path_join(p->root, name);
    grm_profile *profile = profile_of(threads, NULL);
    grm_error err = {0};
    options.folder = folder;
    if (grm_song_make(profile, prompt, &options, NULL, result, &err) != GRM_OK) fail_msg("%s", err.message);
    grm_profile_free(profile);
    free(folder);
}

// ---- the same bytes ----

static void assert_same_file(const char *a, const char *b) {
    uint8_t *first = NULL, *second = NULL;
    size_t first_size = 0, second_size = 0;
    assert_int_equal(grm_file_read(a, 1 << 28, &first, &first_size, NULL), GRM_OK);
    assert_int_equal(grm_file_read(b, 1 << 28, &second, &second_size, NULL), GRM_OK);
    if (first_size != second_size || memcmp(first, second, first_size) != 0) fail_msg("%s and %s differ", a, b);
    free(second);
    free(first);
}

static size_t assert_same_folder(const char *a, const char *b) {
    size_t files = 0;
    DIR *entries = opendir(a);
    assert_non_null(entries);
    assert_int_equal(count_entries(a), count_entries(b));
    for (struct dirent *entry; (entry = readdir(entries));) {
        struct stat info;
        if (entry->d_name[0] == '.') continue;
        char *from = grm_path_join(a, entry->d_name), *to = grm_path_join(b, entry->d_name);
        assert_int_equal(stat(from, &info), 0);
        if (S_ISDIR(info.st_mode)) {
            files += assert_same_folder(from, to);
        } else {
            assert_same_file(from, to);
            files++;
        }
        free(to);
        free(from);
    }
    closedir(entries);
    return files;
}

static json_t *read_json(const char *folder, const char *name) {
    char *path = grm_path_join(folder, name);
    json_t *json = json_load_file(path, 0, NULL);
    if (!json) fail_msg("%s is not JSON", path);
    free(path);
    return json;
}

// The stems are the mix that the master was made of, so their number and length are the score's.
static void check_stems(const char *folder, const grm_song_result *result) {
    json_t *release = read_json(folder, "release.json"), *stem;
    size_t i;
    json_array_foreach(json_object_get(release, "stems"), i, stem) {
        char *path = grm_path_join(folder, json_string_value(json_object_get(stem, "file")));
        grm_audio *audio = NULL;
        assert_int_equal(grm_audio_read(path, 0, &audio, NULL), GRM_OK);
        assert_int_equal(audio->frames, (size_t)lrint(result->duration_s * GRM_RATE));
        grm_audio_free(audio);
        free(path);
    }
    assert_int_equal(i, result->stems);
    json_decref(release);
}

static void a_track_is_what_was_asked_for_and_the_same_on_any_threads(void **state) {
    static const char *const files[] = {"master.wav",  "master.mp3",   "song.mid",    "brief.json",
                                        "report.json", "release.json", "report.html", "spectrogram.png",
                                        "cover.png",   "waveform.png", "master.json"};
    const place *p = *state;
    if (!p->font) skip();
    grm_song_options options = {.duration_s = 12, .has_seed = true, .seed = 5, .dry_stems = true};
    grm_song_result one = {0}, two = {0};
    make(p, "one", "1", options, &one);
    make(p, "two", "2", options, &two);
    assert_int_equal(count_entries(p->root), 2);

    char *folder = grm_path_join(p->root, "one"), *other = grm_path_join(p->root, "two");
    assert_string_equal(one.folder, folder);
    for (size_t i = 0; i < GRM_COUNT(files); i++) {
        char *path = grm_path_join(folder, files[i]);
        assert_int_equal(access(path, R_OK), 0);
        free(path);
    }
    assert_int_equal(assert_same_folder(folder, other), GRM_COUNT(files) + 2 * one.stems);

    char *master = grm_path_join(folder, "master.wav");
    grm_audio *audio = NULL;
    static const grm_ear *const ears[] = {&grm_ear_level};
    grm_run run = {0};
    grm_hearing *hearing = NULL;
    grm_analysis *analysis = NULL;
    assert_int_equal(grm_audio_read(master, 0, &audio, NULL), GRM_OK);
    assert_int_equal(audio->rate_hz, 48000);
    assert_true(fabs((double)audio->frames / 48000 - 12) < 0.05);
    assert_int_equal(grm_hearing_open(&run, ears, 1, 2, 48000, &hearing, NULL), GRM_OK);
    assert_int_equal(grm_hearing_take(hearing, (const float *const *)audio->plane, audio->frames, NULL), GRM_OK);
    assert_int_equal(grm_hearing_end(hearing, &analysis, NULL), GRM_OK);
    assert_true(fabs(analysis->features.integrated_lufs + 14) < 0.3);
    assert_true(analysis->features.true_peak_dbtp <= -1);
    assert_true(fabs(analysis->features.integrated_lufs - one.integrated_lufs) < 1e-7);  // blocks are rounded apart
    grm_analysis_free(analysis);
    grm_hearing_free(hearing);
    check_stems(folder, &one);
    json_t *release = read_json(folder, "release.json");
    assert_int_equal(json_integer_value(json_object_get(release, "seed")), 5);
    assert_true(fabs(json_number_value(json_object_get(release, "tempo_bpm")) - 84) < 1e-9);
    json_decref(release);
    grm_audio_free(audio);
    free(master);
    free(other);
    free(folder);
}

// ---- nothing is left ----

typedef struct canceller {
    grm_progress *progress;
    const char *stage;
} canceller;

static void cancel_at(void *context, const char *stage, double done) {
    canceller *c = context;
    (void)done;
    if (strcmp(stage, c->stage) == 0) grm_progress_cancel(c->progress);
}

static void cancelling_leaves_nothing(void **state) {
    static const char *const stages[] = {"render", "mix", "master", "meter"};
    const place *p = *state;
    if (!p->font) skip();
    char *folder = grm_path_join(p->root, "track");
    for (size_t i = 0; i < GRM_COUNT(stages); i++) {
        canceller c = {NULL, stages[i]};
        grm_profile *profile = profile_of("2", NULL);
        grm_song_options options = {.folder = folder, .duration_s = 10};
        assert_int_equal(grm_progress_new(cancel_at, &c, &c.progress, NULL), GRM_OK);
        assert_int_equal(grm_song_make(profile, prompt, &options, c.progress, NULL, NULL), GRM_CANCELLED);
        assert_int_equal(count_entries(p->root), 0);
        grm_progress_free(c.progress);
        grm_profile_free(profile);
    }
    free(folder);
}

static void a_folder_that_is_there_is_refused(void **state) {
    const place *p = *state;
    grm_profile *profile = profile_of("1", NULL);
    grm_song_options options = {.folder = p->root, .duration_s = 10};
    grm_error err = {0};
    assert_int_equal(grm_song_make(profile, prompt, &options, NULL, NULL, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, p->root));
    assert_int_equal(count_entries(p->root), 0);
    grm_profile_free(profile);
}

static void bad_input_leaves_nothing(void **state) {
    const place *p = *state;
    char *folder = grm_path_join(p->root, "deep/track");
    grm_profile *profile = profile_of("1", "/nowhere/font.sf2");
    grm_song_options options = {.folder = folder, .duration_s = 10};
    grm_error err = {0};
    grm_status status = grm_song_make(profile, prompt, &options, NULL, NULL, &err);
    assert_true(status == GRM_MISSING || status == GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "/nowhere/font.sf2"));
    assert_int_equal(grm_song_make(profile, "", &options, NULL, NULL, &err), GRM_USAGE);
    options.duration_s = -5;
    assert_int_equal(grm_song_make(profile, prompt, &options, NULL, NULL, &err), GRM_USAGE);
    assert_int_equal(count_entries(p->root), 0);
    grm_profile_free(profile);
    free(folder);
}

// A parent that is a file can hold no folder, whoever asks.
static void a_place_that_cannot_be_is_named(void **state) {
    const place *p = *state;
    char *file = grm_path_join(p->root, "file"), *folder = grm_path_join(p->root, "file/track");
    assert_int_equal(grm_file_write(file, "x", 1, NULL), GRM_OK);
    grm_profile *profile = profile_of("1", NULL);
    grm_song_options options = {.folder = folder, .duration_s = 10};
    grm_error err = {0};
    assert_int_equal(grm_song_make(profile, prompt, &options, NULL, NULL, &err), GRM_FAILED);
    assert_non_null(strstr(err.message, file));
    assert_int_equal(count_entries(p->root), 1);
    grm_profile_free(profile);
    free(folder);
    free(file);
}

// The tiny model of tests/golden makes noise; what counts is that all of the folder is there and says what it is.
static void musicgen_makes_a_release_too(void **state) {
    const place *p = *state;
    const char *source = getenv("GRAMMY_SOURCE");
    char model[512], folder[160], path[200];
    snprintf(model, sizeof model, "%s/tests/golden/musicgen/mono", source ? source : ".");
    snprintf(folder, sizeof folder, "%s/generated", p->root);
    grm_profile *profile = profile_of("2", NULL);
    const grm_song_options options = {.folder = folder,
                                      .engine = GRM_ENGINE_MUSICGEN,
                                      .model = model,
                                      .duration_s = 6.5,
                                      .has_seed = true,
                                      .seed = 5};
    grm_song_result result;
    grm_error err = {0};
    if (grm_song_make(profile, prompt, &options, NULL, &result, &err) != GRM_OK) fail_msg("%s", err.message);
    assert_int_equal(result.stems, 1);
    assert_true(fabs(result.duration_s - 6.5) < 0.001);  // also where only a share of it was generated
    assert_true(fabs(result.integrated_lufs + 14) < 0.3);
    snprintf(path, sizeof path, "%s/release.json", folder);
    json_t *release = json_load_file(path, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(release, "engine")), "musicgen");
    assert_string_equal(json_string_value(json_object_get(release, "model")), "mono");  // not where it lies
    const char *rights = json_string_value(json_object_get(json_object_get(release, "rights"), "statement"));
    assert_non_null(strstr(rights, "not be sold"));
    json_decref(release);
    snprintf(path, sizeof path, "%s/song.mid", folder);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/stems/01-musicgen.wav", folder);
    assert_int_equal(access(path, F_OK), 0);
    grm_profile_free(profile);
}

static void a_model_that_is_not_there_leaves_nothing(void **state) {
    const place *p = *state;
    char folder[160];
    snprintf(folder, sizeof folder, "%s/no-model", p->root);
    grm_profile *profile = profile_of("1", NULL);
    const grm_song_options options = {.folder = folder, .engine = GRM_ENGINE_MUSICGEN, .model = "/nonexistent/model"};
    grm_error err = {0};
    assert_int_equal(grm_song_make(profile, prompt, &options, NULL, NULL, &err), GRM_MISSING);
    assert_non_null(strstr(err.message, "/nonexistent/model"));
    assert_int_equal(access(folder, F_OK), -1);
    grm_profile_free(profile);
}

int main(void) {
#define with_place(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_place(a_track_is_what_was_asked_for_and_the_same_on_any_threads),
        with_place(cancelling_leaves_nothing),
        with_place(a_folder_that_is_there_is_refused),
        with_place(bad_input_leaves_nothing),
        with_place(a_place_that_cannot_be_is_named),
        with_place(musicgen_makes_a_release_too),
        with_place(a_model_that_is_not_there_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
