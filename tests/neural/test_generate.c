// Against what the reference made of the same models: tools/reference/musicgen.py.
#include "neural/model.h"

#include <math.h>

#include "audio/audio.h"
#include "fixture.h"

static const char PROMPT[] = "warm lo-fi beat with Rhodes and rain, 78 BPM";

static grm_audio *generate(const grm_model *model, const char *threads, const grm_generate_options *options) {
    grm_profile *profile = make_profile(threads, NULL);
    grm_audio *audio;
    grm_error err;
    if (grm_generate(model, profile, PROMPT, options, NULL, &audio, &err)) fail_msg("%s", err.message);
    grm_profile_free(profile);
    return audio;
}

static grm_compute *make_compute(const grm_model *model) {
    grm_compute *compute;
    assert_int_equal(grm_compute_new(2, grm_model_widest(model), &compute, NULL), GRM_OK);
    return compute;
}

static npy npy_in(const char *folder, const char *name) {
    char *path = grm_path_join(folder, name);
    npy a = npy_read(path);
    free(path);
    return a;
}

static npy npy_of(const char *kind, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "%s/golden/%s", kind, name);
    return npy_golden(path);
}

// Hidden states within 1e-4, logits of every step within 1e-3, ids and codes the same.
static void compare(const char *kind, const char *folder) {
    npy ours[4], theirs[4];
    static const char *const names[] = {"input_ids.npy", "codes.npy", "text_hidden.npy", "logits.npy"};
    for (size_t i = 0; i < 4; i++) {
        ours[i] = npy_in(folder, names[i]);
        theirs[i] = npy_of(kind, names[i]);
        assert_int_equal(ours[i].rank, theirs[i].rank);
        for (size_t k = 0; k < ours[i].rank; k++) assert_int_equal(ours[i].shape[k], theirs[i].shape[k]);
        if (i < 2)
            assert_memory_equal(ours[i].ints, theirs[i].ints, ours[i].count * sizeof(int64_t));
        else
            assert_true(npy_distance(ours[i].floats, theirs[i].floats, ours[i].count) < (i == 2 ? 1e-4 : 1e-3));
    }
    for (size_t i = 0; i < 4; i++) {
        free(ours[i].bytes);
        free(theirs[i].bytes);
    }
}

static void follow(const char *kind, const char *melody) {
    npy logits = npy_of(kind, "logits.npy");
    grm_model *model = open_model(kind, "float32");
    char *folder = make_folder();
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.greedy = true;
    options.steps = (unsigned)logits.shape[0];
    options.trace_folder = folder;
    options.melody_path = melody;
    grm_audio_free(generate(model, "2", &options));
    compare(kind, folder);
    grm_folder_remove(folder);
    free(folder);
    free(logits.bytes);
    grm_model_free(model);
}

static void follows_the_reference_for_two_hundred_steps(void **state) {
    follow("mono", NULL);
}

static void follows_the_reference_in_stereo_from_bfloat16_shards(void **state) {
    follow("stereo", NULL);
}

// Scores of T5 are not divided: what its weights lose is lost in all that listens to the words.
static void keeps_what_words_mean_in_bytes(void **state) {
    static const char *const precisions[] = {"int8", "int4"};
    for (size_t i = 0; i < 2; i++) {
        grm_model *model = open_model("mono", precisions[i]);
        grm_compute *compute = make_compute(model);
        grm_prompt_states states;
        npy hidden = npy_of("mono", "text_hidden.npy");
        assert_int_equal(grm_model_read_prompt(model, compute, PROMPT, &states, NULL), GRM_OK);
        double ab = 0, aa = 0, bb = 0;
        for (size_t k = 0; k < hidden.count; k++) {
            ab += (double)states.hidden[k] * (double)hidden.floats[k];
            aa += (double)states.hidden[k] * (double)states.hidden[k];
            bb += (double)hidden.floats[k] * (double)hidden.floats[k];
        }
        if (!(ab / sqrt(aa * bb) > 0.9999)) fail_msg("%s: cosine %.6f", precisions[i], ab / sqrt(aa * bb));
        grm_prompt_states_clear(&states);
        free(hidden.bytes);
        grm_compute_free(compute);
        grm_model_free(model);
    }
}

// Into a temporary file.
static char *write_sound(const float *samples, size_t count, unsigned rate_hz) {
    char *path = strdup("/tmp/grammy-sound-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    grm_writer *writer;
    const float *planes[] = {samples};
    assert_int_equal(grm_writer_open(path, GRM_WAV32F, 1, rate_hz, &writer, NULL), GRM_OK);
    assert_int_equal(grm_writer_write(writer, planes, count, NULL), GRM_OK);
    assert_int_equal(grm_writer_close(writer, NULL), GRM_OK);
    return path;
}

static void follows_the_reference_along_a_melody_from_old_float16_files(void **state) {
    npy sound = npy_of("mono", "sound.npy");
    char *path = write_sound(sound.floats, sound.count, 32000);
    follow("melody", path);
    unlink(path);
    free(path);
    free(sound.bytes);
}

static void decodes_codes_as_the_reference_does(void **state) {
    grm_model *model = open_model("mono", "float32");
    npy codes = npy_of("mono", "codec_codes.npy"), expected = npy_of("mono", "codec_sound.npy");
    grm_compute *compute = make_compute(model);
    uint16_t *narrow = malloc(codes.count * sizeof *narrow);
    float *samples = malloc(expected.count * sizeof *samples);
    assert_true(narrow && samples);
    for (size_t i = 0; i < codes.count; i++) narrow[i] = (uint16_t)codes.ints[i];
    assert_int_equal(grm_codec_decode(&model->codec, compute, narrow, codes.shape[1], codes.shape[1], samples, NULL),
                     GRM_OK);
    double signal = 0, noise = 0;
    for (size_t i = 0; i < expected.count; i++) {
        double d = (double)samples[i] - (double)expected.floats[i];
        signal += (double)expected.floats[i] * (double)expected.floats[i];
        noise += d * d;
    }
    assert_true(10 * log10(signal / noise) > 100);
    narrow[5] = 64;
    assert_int_equal(grm_codec_decode(&model->codec, compute, narrow, codes.shape[1], codes.shape[1], samples, NULL),
                     GRM_BAD_INPUT);
    free(narrow);
    free(samples);
    free(codes.bytes);
    free(expected.bytes);
    grm_compute_free(compute);
    grm_model_free(model);
}

static void decodes_long_pieces_as_short_ones(void **state) {
    enum { FRAMES = 173, CODEBOOKS = 4, HOP = 640, CUT = 120, SEEN = 8 };
    grm_model *model = open_model("mono", "float32");
    grm_compute *compute = make_compute(model);
    grm_rng rng = grm_rng_new(4, "test");
    uint16_t codes[CODEBOOKS * FRAMES];
    float *whole = malloc(sizeof *whole * FRAMES * HOP), *part = malloc(sizeof *part * CUT * HOP);
    assert_true(whole && part);
    for (size_t i = 0; i < GRM_COUNT(codes); i++) codes[i] = (uint16_t)grm_rng_below(&rng, 64);
    assert_int_equal(grm_codec_decode(&model->codec, compute, codes, FRAMES, FRAMES, whole, NULL), GRM_OK);
    assert_int_equal(grm_codec_decode(&model->codec, compute, codes, FRAMES, CUT, part, NULL), GRM_OK);
    // The first 120 frames alone end elsewhere, but up to there nothing knows.
    assert_memory_equal(whole, part, sizeof *whole * (CUT - SEEN) * HOP);
    free(whole);
    free(part);
    grm_compute_free(compute);
    grm_model_free(model);
}

static void encodes_sound_as_the_reference_does(void **state) {
    grm_model *model = open_model("mono", "float32");
    npy sound = npy_of("mono", "sound.npy"), expected = npy_of("mono", "sound_codes.npy");
    grm_compute *compute = make_compute(model);
    size_t frames = grm_codec_frames(&model->codec, sound.count), same = 0;
    assert_int_equal(frames, expected.shape[1]);
    uint16_t *codes = malloc(expected.count * sizeof *codes);
    assert_non_null(codes);
    assert_int_equal(grm_codec_encode(&model->codec, compute, sound.floats, sound.count, codes, frames, NULL), GRM_OK);
    for (size_t i = 0; i < expected.count; i++) same += codes[i] == expected.ints[i];
    assert_int_equal(same, expected.count);
    free(codes);
    free(sound.bytes);
    free(expected.bytes);
    grm_compute_free(compute);
    grm_model_free(model);
}

static void makes_the_same_sound_on_any_number_of_threads_and_another_for_another_seed(void **state) {
    grm_model *model = open_model("stereo", "float32");
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.duration_s = 1.5;
    options.seed = 5;
    grm_audio *one = generate(model, "1", &options), *three = generate(model, "3", &options);
    options.seed = 6;
    grm_audio *other = generate(model, "1", &options);
    assert_int_equal(one->frames, 48000);
    assert_int_equal(one->channels, 2);
    for (unsigned c = 0; c < 2; c++) {
        assert_memory_equal(one->plane[c], three->plane[c], one->frames * sizeof(float));
        assert_memory_not_equal(one->plane[c], other->plane[c], one->frames * sizeof(float));
    }
    grm_audio_free(one);
    grm_audio_free(three);
    grm_audio_free(other);
    grm_model_free(model);
}

static void goes_on_from_a_recording(void **state) {
    grm_model *model = open_model("mono", "float32");
    npy sound = npy_of("mono", "sound.npy");
    char *path = write_sound(sound.floats, sound.count, 32000), *folder = make_folder();
    npy given = npy_of("mono", "sound_codes.npy");
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.duration_s = 1;
    options.continue_path = path;
    options.trace_folder = folder;
    grm_audio *audio = generate(model, "1", &options);
    npy codes = npy_in(folder, "codes.npy");
    assert_int_equal(audio->frames, (given.shape[1] + 50) * 640);
    assert_int_equal(codes.shape[1], given.shape[1] + 50);
    for (size_t k = 0; k < 4; k++)
        assert_memory_equal(codes.ints + k * codes.shape[1], given.ints + k * given.shape[1],
                            given.shape[1] * sizeof(int64_t));
    grm_audio_free(audio);
    grm_folder_remove(folder);
    unlink(path);
    free(folder);
    free(path);
    free(codes.bytes);
    free(given.bytes);
    free(sound.bytes);
    grm_model_free(model);
}

// What start and padding are is the model's word.
static void begins_with_the_code_that_the_model_names(void **state) {
    static const char *const words[] = {"{\"decoder_start_token_id\": 64}", "{}", "{\"decoder_start_token_id\": 7}"};
    char *folder = link_model("mono"), *generation = grm_path_join(folder, "generation_config.json"),
         *trace = make_folder();
    npy logits[3];
    for (size_t i = 0; i < 3; i++) {
        grm_profile *profile = make_profile("2", "float32");
        grm_model *model;
        unlink(generation);
        assert_int_equal(grm_file_write(generation, words[i], strlen(words[i]), NULL), GRM_OK);
        assert_int_equal(grm_model_open(folder, profile, NULL, &model, NULL), GRM_OK);
        grm_generate_options options;
        grm_generate_defaults(&options);
        options.steps = 4;
        options.greedy = true;
        options.trace_folder = trace;
        grm_audio_free(generate(model, "2", &options));
        logits[i] = npy_in(trace, "logits.npy");
        grm_model_free(model);
        grm_profile_free(profile);
    }
    size_t first = 4 * 64 * sizeof(float);  // of the first step, which has read nothing else
    assert_memory_equal(logits[0].floats, logits[1].floats, first);
    assert_memory_not_equal(logits[0].floats, logits[2].floats, first);
    for (size_t i = 0; i < 3; i++) free(logits[i].bytes);
    grm_folder_remove(folder);
    grm_folder_remove(trace);
    free(folder);
    free(generation);
    free(trace);
}

// Codes of 32 s, of which the second window makes the last 2 s.
static void go_on(const char *kind, const char *melody) {
    grm_model *model = open_model(kind, "float32");
    char *folder = make_folder();
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.duration_s = 32;
    options.greedy = true;
    options.melody_path = melody;
    options.trace_folder = folder;
    grm_audio *audio = generate(model, "2", &options);
    npy codes = npy_in(folder, "codes.npy"), late = npy_of(kind, "late_codes.npy");
    assert_int_equal(audio->frames, 1600 * 640);
    assert_int_equal(codes.shape[0], late.shape[0]);
    for (size_t k = 0; k < late.shape[0]; k++)
        assert_memory_equal(codes.ints + k * 1600 + 1500, late.ints + k * 100, 100 * sizeof(int64_t));
    grm_audio_free(audio);
    grm_folder_remove(folder);
    free(folder);
    free(codes.bytes);
    free(late.bytes);
    grm_model_free(model);
}

static void goes_on_in_windows_as_the_reference_does(void **state) {
    go_on("mono", NULL);
    go_on("stereo", NULL);
}

static void follows_the_melody_from_where_a_window_begins(void **state) {
    npy sound = npy_of("mono", "sound.npy");
    char *path = write_sound(sound.floats, sound.count, 32000);
    go_on("melody", path);
    unlink(path);
    free(path);
    free(sound.bytes);
}

// 14 s of a recording and what is new: 16 s fill the window, of 17 s a second one makes the last.
static void reads_a_beginning_whole_when_a_window_holds_it(void **state) {
    enum { GIVEN = 14 * 32000, WINDOW = 1500 };
    grm_model *model = open_model("mono", "float32");
    float *samples = malloc(GIVEN * sizeof *samples);
    assert_non_null(samples);
    grm_rng rng = grm_rng_new(3, "test");
    for (size_t i = 0; i < GIVEN; i++)
        samples[i] = 0.3f * sinf((float)i * (0.02f + 0.001f * (float)(i / 16000))) + 0.02f * grm_rng_normal(&rng);
    char *path = write_sound(samples, GIVEN, 32000), *folder = make_folder();
    npy codes[2];
    for (size_t i = 0; i < 2; i++) {
        grm_generate_options options;
        grm_generate_defaults(&options);
        options.duration_s = 16.0 + (double)i;
        options.greedy = true;
        options.continue_path = path;
        options.trace_folder = folder;
        grm_audio_free(generate(model, "2", &options));
        codes[i] = npy_in(folder, "codes.npy");
        assert_int_equal(codes[i].shape[1], WINDOW + 50 * i);
    }
    for (size_t k = 0; k < 4; k++)
        assert_memory_equal(codes[0].ints + k * WINDOW, codes[1].ints + k * (WINDOW + 50), WINDOW * sizeof(int64_t));
    for (size_t i = 0; i < 2; i++) free(codes[i].bytes);
    grm_folder_remove(folder);
    unlink(path);
    free(samples);
    free(folder);
    free(path);
    grm_model_free(model);
}

static void refuses_wishes_that_cannot_be(void **state) {
    grm_model *model = open_model("mono", "float32");
    grm_profile *profile = make_profile("1", NULL);
    grm_generate_options options[6];
    for (size_t i = 0; i < 6; i++) grm_generate_defaults(&options[i]);
    options[0].duration_s = NAN;
    options[1].duration_s = 301;
    options[2].temperature = 0;
    options[3].top_p = 0;
    options[4].steps = 2;
    options[5].melody_path = "/nowhere.wav";
    for (size_t i = 0; i < 6; i++) {
        grm_audio *audio;
        assert_int_equal(grm_generate(model, profile, PROMPT, &options[i], NULL, &audio, NULL), GRM_USAGE);
        assert_null(audio);
    }
    grm_profile_free(profile);
    grm_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_reference_for_two_hundred_steps),
        cmocka_unit_test(follows_the_reference_in_stereo_from_bfloat16_shards),
        cmocka_unit_test(follows_the_reference_along_a_melody_from_old_float16_files),
        cmocka_unit_test(keeps_what_words_mean_in_bytes),
        cmocka_unit_test(decodes_codes_as_the_reference_does),
        cmocka_unit_test(decodes_long_pieces_as_short_ones),
        cmocka_unit_test(encodes_sound_as_the_reference_does),
        cmocka_unit_test(makes_the_same_sound_on_any_number_of_threads_and_another_for_another_seed),
        cmocka_unit_test(goes_on_from_a_recording),
        cmocka_unit_test(begins_with_the_code_that_the_model_names),
        cmocka_unit_test(goes_on_in_windows_as_the_reference_does),
        cmocka_unit_test(follows_the_melody_from_where_a_window_begins),
        cmocka_unit_test(reads_a_beginning_whole_when_a_window_holds_it),
        cmocka_unit_test(refuses_wishes_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
