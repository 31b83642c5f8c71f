#include <dirent.h>
#include <grammy/mix.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka wants those before it
#include <cmocka.h>

#include "audio/audio.h"
#include "dsp/dsp.h"

enum { SECONDS = 4 };
static char root[] = "/tmp/grammy-mix-XXXXXX";
static grm_profile *profile;

static char *at(const char *name) {
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

// ---- stems of strangers ----

typedef double sound(double t);

static double drums(double t) {
    double beat = fmod(t, 0.5);
    return 0.9 * sin(300 * beat) * exp(-beat * 14) + 0.2 * sin(9000 * beat * beat + 21000 * t) * exp(-beat * 40);
}

static double bass(double t) {
    return 0.02 * (sin(2 * GRM_PI * 55 * t) + 0.4 * sin(2 * GRM_PI * 110 * t));
}

static double keys(double t) {
    double x = 0;
    for (int k = 1; k < 6; k++) x += sin(2 * GRM_PI * 262 * k * t) / k + sin(2 * GRM_PI * 330 * k * t) / k;
    return 0.1 * x * exp(-fmod(t, 1) * 2);
}

static double voice(double t) {
    double x = 0;
    for (int k = 1; k < 12; k++) x += sin(2 * GRM_PI * 330 * k * t + 2 * sin(2 * GRM_PI * 5.5 * t) * k / 5) / k;
    return 0.2 * x * (fmod(t, 1.5) < 1.1);
}

static double nothing(double t) {
    (void)t;
    return 0;
}

static void write_stem(const char *name, sound *f, grm_format format, unsigned channels, unsigned rate_hz,
                       double seconds) {
    size_t frames = (size_t)(seconds * rate_hz);
    grm_writer *writer;
    float *x = grm_floats_new(frames + 1);
    for (size_t i = 0; i < frames; i++) x[i] = (float)f((double)i / rate_hz);
    assert_int_equal(grm_writer_open(at(name), format, channels, rate_hz, &writer, NULL), GRM_OK);
    assert_int_equal(grm_writer_write(writer, (const float *const[]){x, x}, frames, NULL), GRM_OK);
    assert_int_equal(grm_writer_close(writer, NULL), GRM_OK);
    free(x);
}

static void write_band(void) {
    write_stem("band/Drums.wav", drums, GRM_WAV16, 2, 48000, SECONDS);
    write_stem("band/Bass DI.wav", bass, GRM_WAV24, 1, 44100, SECONDS - 1);
    write_stem("band/keys.flac", keys, GRM_FLAC24, 2, 96000, SECONDS - 0.5);
    write_stem("band/Vox_Lead.wav", voice, GRM_WAV32F, 1, 22050, SECONDS - 0.25);
}

// ---- mixes of them ----

static grm_audio *mix(const grm_mix_options *options, grm_mix_result *result) {
    grm_error err;
    grm_audio *audio;
    if (grm_mix_folder(profile, at("band"), at("mix.wav"), options, NULL, result, &err)) fail_msg("%s", err.message);
    assert_int_equal(grm_audio_read(at("mix.wav"), 0, &audio, NULL), GRM_OK);
    return audio;
}

static const json_t *stem_of(const grm_mix_result *r, const char *file) {
    size_t i;
    json_t *stem;
    json_array_foreach(json_object_get(r->decisions, "stems"), i,
                       stem) if (strcmp(json_string_value(json_object_get(stem, "file")), file) == 0) return stem;
    fail_msg("no stem %s", file);
    return NULL;
}

static const char *text(const json_t *o, const char *key) {
    return json_string_value(json_object_get(o, key));
}

static double level_db(const grm_audio *a, const grm_audio *less) {
    double sum = 0;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < a->frames; i++) sum += pow(a->plane[c][i] - (less ? less->plane[c][i] : 0), 2);
    return 10 * log10(sum / (double)a->frames + 1e-20);
}

static float peak_of(const grm_audio *a) {
    return fmaxf(grm_peak(a->plane[0], a->frames), grm_peak(a->plane[1], a->frames));
}

static void stems_of_any_kind_become_a_mix(void **state) {
    (void)state;
    grm_mix_result r;
    grm_audio *a = mix(NULL, &r);
    assert_int_equal(a->rate_hz, 48000);
    assert_int_equal(a->channels, 2);
    assert_int_equal(a->frames, SECONDS * 48000);  // the longest, to the frame
    assert_true(peak_of(a) <= 0.70796f && peak_of(a) > 0.2f);
    assert_int_equal(r.stems, 4);
    assert_string_equal(text(stem_of(&r, "Drums.wav"), "role"), "drums");
    assert_string_equal(text(stem_of(&r, "Bass DI.wav"), "role"), "bass");
    assert_string_equal(text(stem_of(&r, "keys.flac"), "role"), "chords");
    assert_string_equal(text(stem_of(&r, "Vox_Lead.wav"), "role"), "vocal");
    assert_true(json_number_value(json_object_get(stem_of(&r, "Vox_Lead.wav"), "pan")) == 0);
    json_t *file = json_load_file(at("mix.json"), 0, NULL);
    assert_true(json_equal(file, r.decisions));
    json_decref(file);
    grm_mix_result_free(&r);
    grm_audio_free(a);
}

static void a_silent_stem_moves_nothing(void **state) {
    (void)state;
    grm_mix_result r;
    grm_audio *before = mix(NULL, NULL);
    write_stem("band/Another Vox.wav", nothing, GRM_WAV16, 1, 44100, 2);
    grm_audio *behind = mix(NULL, &r);
    assert_true(json_is_true(json_object_get(stem_of(&r, "Another Vox.wav"), "mute")));
    for (int c = 0; c < 2; c++) assert_memory_equal(before->plane[c], behind->plane[c], before->frames * sizeof(float));
    assert_int_equal(unlink(at("band/Another Vox.wav")), 0);
    grm_mix_result_free(&r);
    grm_audio_free(behind);
    grm_audio_free(before);
}

static void overrides_do_what_they_say(void **state) {
    (void)state;
    grm_mix_override one = {GRM_MIX_MUTE, "bass", 0};
    grm_mix_options o = {.overrides = &one, .override_count = 1};
    grm_audio *all = mix(NULL, NULL), *without = mix(&o, NULL);
    one = (grm_mix_override){GRM_MIX_LEVEL, "Bass DI", -6};
    grm_audio *softer = mix(&o, NULL);
    assert_true(fabs(level_db(softer, without) - level_db(all, without) + 6) < 0.1);
    one = (grm_mix_override){GRM_MIX_SOLO, "BASS", 0};
    grm_audio *alone = mix(&o, NULL);
    // Nobody makes it step back now, so it is a little louder than in the mix.
    assert_true(fabs(level_db(alone, NULL) - level_db(all, without)) < 3);
    assert_true(level_db(alone, NULL) < level_db(all, NULL) - 3);
    one = (grm_mix_override){GRM_MIX_PAN, "keys", -1};
    grm_mix_result r;
    grm_audio *left = mix(&o, &r);
    assert_true(json_number_value(json_object_get(stem_of(&r, "keys.flac"), "pan")) == -1);
    grm_mix_result_free(&r);
    one = (grm_mix_override){GRM_MIX_MUTE, "keys", 0};
    grm_audio *rest = mix(&o, NULL);
    double sides[2];
    for (int c = 0; c < 2; c++) {
        sides[c] = 1e-12;
        for (size_t i = 0; i < left->frames; i++) sides[c] += pow(left->plane[c][i] - rest->plane[c][i], 2);
    }
    assert_true(sides[0] > 20 * sides[1]);  // the room is on both sides
    grm_audio *made[] = {all, without, softer, alone, left, rest};
    for (size_t i = 0; i < GRM_COUNT(made); i++) grm_audio_free(made[i]);
}

static void a_session_is_obeyed_to_the_bit(void **state) {
    (void)state;
    grm_mix_options o = {.session = at("session.json")};
    grm_mix_result first, again;
    grm_audio *a = mix(NULL, &first);
    assert_int_equal(rename(at("mix.json"), at("session.json")), 0);
    grm_audio *b = mix(&o, &again);
    for (int c = 0; c < 2; c++) assert_memory_equal(a->plane[c], b->plane[c], a->frames * sizeof(float));
    assert_true(json_equal(first.decisions, again.decisions));
    grm_mix_result_free(&again);
    grm_mix_result_free(&first);
    grm_audio_free(b);
    grm_audio_free(a);
}

static void a_copy_is_heard_where_it_is_asked_for(void **state) {
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(grm_file_read(at("band/keys.flac"), 64 << 20, &bytes, &size, NULL), GRM_OK);
    assert_int_equal(grm_file_write(at("band/piano.flac"), (const char *)bytes, size, NULL), GRM_OK);
    free(bytes);
    grm_mix_result r;
    grm_audio_free(mix(NULL, &r));
    assert_string_equal(text(stem_of(&r, "piano.flac"), "mute_why"), "the same sound as \"keys.flac\"");
    grm_mix_result_free(&r);
    grm_mix_override one = {GRM_MIX_SOLO, "piano", 0};
    grm_mix_options o = {.overrides = &one, .override_count = 1};
    grm_audio *alone = mix(&o, &r);
    assert_true(peak_of(alone) > 0.01f);
    assert_true(json_is_true(json_object_get(stem_of(&r, "keys.flac"), "mute")));
    assert_int_equal(unlink(at("band/piano.flac")), 0);
    grm_mix_result_free(&r);
    grm_audio_free(alone);
}

static void a_dry_mix_is_the_sum(void **state) {
    (void)state;
    static const char *const files[] = {"band/Drums.wav", "band/Bass DI.wav", "band/keys.flac", "band/Vox_Lead.wav"};
    grm_mix_options o = {.dry = true};
    grm_mix_result r;
    grm_audio *a = mix(&o, &r), *sum;
    assert_int_equal(grm_audio_new(2, a->frames, 48000, &sum, NULL), GRM_OK);
    for (size_t k = 0; k < GRM_COUNT(files); k++) {
        grm_audio *file, *same;
        assert_int_equal(grm_audio_read(at(files[k]), 0, &file, NULL), GRM_OK);
        assert_int_equal(grm_audio_resample(file, 48000, &same, NULL), GRM_OK);
        for (unsigned c = 0; c < 2; c++)
            for (size_t i = 0; i < same->frames && i < sum->frames; i++)
                sum->plane[c][i] += same->plane[c % same->channels][i];
        grm_audio_free(same);
        grm_audio_free(file);
    }
    double gain_db = json_number_value(json_object_get(json_object_get(r.decisions, "buses"), "gain_db"));
    assert_true(peak_of(a) <= 0.70796f && gain_db <= 0);
    for (unsigned c = 0; c < 2; c++) grm_scale(sum->plane[c], sum->frames, (float)pow(10, gain_db / 20));
    assert_true(level_db(a, sum) < level_db(a, NULL) - 90);
    grm_mix_result_free(&r);
    grm_audio_free(sum);
    grm_audio_free(a);
}

static void expect(const char *folder, const grm_mix_options *o, grm_status status, const char *words) {
    grm_error err = {0};
    assert_int_equal(grm_mix_folder(profile, at(folder), at("no.wav"), o, NULL, NULL, &err), status);
    if (!strstr(err.message, words)) fail_msg("\"%s\" is not in: %s", words, err.message);
    assert_int_equal(access(at("no.wav"), F_OK), -1);
}

static void what_is_broken_is_refused_by_name(void **state) {
    (void)state;
    grm_mix_options skip = {.skip_broken = true};
    grm_mix_result r;
    expect("nowhere", NULL, GRM_BAD_INPUT, "nowhere");
    assert_int_equal(grm_folder_new(at("empty"), NULL), GRM_OK);
    expect("empty", NULL, GRM_BAD_INPUT, "no audio files");
    assert_int_equal(grm_file_write(at("band/broken.wav"), "RIFF....", 8, NULL), GRM_OK);
    expect("band", NULL, GRM_BAD_INPUT, "broken.wav");
    grm_audio_free(mix(&skip, &r));
    assert_int_equal(r.skipped, 1);
    assert_int_equal(r.stems, 4);
    grm_mix_result_free(&r);
    assert_int_equal(unlink(at("band/broken.wav")), 0);
    write_stem("band/zero.wav", nothing, GRM_WAV16, 1, 44100, 0);
    expect("band", NULL, GRM_BAD_INPUT, "zero.wav");
    assert_int_equal(unlink(at("band/zero.wav")), 0);
}

static void wrong_words_are_answered(void **state) {
    (void)state;
    grm_mix_override one = {GRM_MIX_LEVEL, "vocla", -6};
    grm_mix_options o = {.overrides = &one, .override_count = 1};
    expect("band", &o, GRM_USAGE, "did you mean vocal?");
    one = (grm_mix_override){GRM_MIX_PAN, "bass", 3};
    expect("band", &o, GRM_USAGE, "-1 (left) to 1");
    one = (grm_mix_override){GRM_MIX_LEVEL, "bass", NAN};
    expect("band", &o, GRM_USAGE, "-144 to 24");
    o = (grm_mix_options){.genre = "huose"};
    expect("band", &o, GRM_USAGE, "did you mean house?");
    o = (grm_mix_options){.dry = true, .session = "x.json"};
    expect("band", &o, GRM_USAGE, "not both");
}

static void a_genre_brings_its_own_places(void **state) {
    (void)state;
    grm_mix_options o = {.genre = "pop"};
    grm_mix_result plain, pop;
    grm_audio_free(mix(NULL, &plain));
    grm_audio_free(mix(&o, &pop));
    assert_string_equal(text(pop.decisions, "genre"), "pop");
    assert_true(json_number_value(json_object_get(stem_of(&pop, "keys.flac"), "level_db")) !=
                json_number_value(json_object_get(stem_of(&plain, "keys.flac"), "level_db")));
    grm_mix_result_free(&pop);
    grm_mix_result_free(&plain);
}

static int enter(void **state) {
    (void)state;
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    if (!mkdtemp(root) || grm_profile_new(NULL, 0, &profile, NULL) || grm_folder_new(at("band"), NULL)) return -1;
    write_band();
    return 0;
}

static int leave(void **state) {
    (void)state;
    grm_profile_free(profile);
    grm_folder_remove(root);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems_of_any_kind_become_a_mix),
        cmocka_unit_test(a_silent_stem_moves_nothing),
        cmocka_unit_test(overrides_do_what_they_say),
        cmocka_unit_test(a_session_is_obeyed_to_the_bit),
        cmocka_unit_test(a_dry_mix_is_the_sum),
        cmocka_unit_test(a_copy_is_heard_where_it_is_asked_for),
        cmocka_unit_test(what_is_broken_is_refused_by_name),
        cmocka_unit_test(wrong_words_are_answered),
        cmocka_unit_test(a_genre_brings_its_own_places),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
