// Sound while it is made, and several pieces side by side.
#include <math.h>

#include "fixture.h"
#include "neural/model.h"

static const char PROMPT[] = "rain on a tin roof";

// What a sink was given.
typedef struct heard {
    size_t calls, stop_after, frames[GRM_MAX_VARIATIONS];
    float *sound;  // of variation 0, as it was when it came
} heard;

static grm_status listen(void *context, unsigned variation, const grm_audio *audio, size_t from, size_t to,
                         grm_error *err) {
    heard *h = context;
    assert_int_equal(from, h->frames[variation]);
    assert_true(to > from && to <= audio->frames);
    h->frames[variation] = to;
    if (!h->sound) h->sound = calloc(audio->frames * audio->channels, sizeof *h->sound);
    assert_non_null(h->sound);
    for (unsigned c = 0; c < audio->channels && variation == 0; c++)
        memcpy(h->sound + c * audio->frames + from, audio->plane[c] + from, (to - from) * sizeof *h->sound);
    return ++h->calls == h->stop_after ? grm_fail(err, GRM_FAILED, "enough") : GRM_OK;
}

static void generate(const grm_model *model, const grm_generate_options *options, grm_audio **out) {
    grm_profile *profile = make_profile("2", NULL);
    grm_error err;
    if (grm_generate_variations(model, profile, PROMPT, options, NULL, out, &err)) fail_msg("%s", err.message);
    grm_profile_free(profile);
}

static void assert_same_sound(const grm_audio *a, const grm_audio *b) {
    assert_int_equal(a->frames, b->frames);
    assert_int_equal(a->channels, b->channels);
    for (unsigned c = 0; c < a->channels; c++) assert_memory_equal(a->plane[c], b->plane[c], a->frames * sizeof(float));
}

// Longer than a window, so that it goes over a seam.
static void hands_out_second_by_second_what_comes_at_the_end(const char *kind, double seconds) {
    grm_model *model = open_model(kind, "float32");
    grm_audio *whole, *streamed;
    heard h = {0};
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.duration_s = seconds;
    options.seed = 3;
    generate(model, &options, &whole);
    options.sink = listen;
    options.sink_context = &h;
    generate(model, &options, &streamed);
    assert_same_sound(whole, streamed);
    assert_int_equal(h.frames[0], whole->frames);
    assert_int_equal(h.calls, (size_t)ceil(seconds));
    for (unsigned c = 0; c < whole->channels; c++)
        assert_memory_equal(h.sound + c * whole->frames, whole->plane[c], whole->frames * sizeof(float));
    free(h.sound);
    grm_audio_free(whole);
    grm_audio_free(streamed);
    grm_model_free(model);
}

static void hands_out_mono_over_the_seam_of_windows(void **state) {
    hands_out_second_by_second_what_comes_at_the_end("mono", 33.3);
}

static void hands_out_stereo(void **state) {
    hands_out_second_by_second_what_comes_at_the_end("stereo", 3.5);
}

static void hands_out_what_is_shorter_than_a_filter(void **state) {
    hands_out_second_by_second_what_comes_at_the_end("mono", 0.04);
}

// Ended there, it has decoded one second of twenty.
static void hands_out_the_first_second_soon(void **state) {
    grm_model *model = open_model("mono", "float32");
    grm_profile *profile = make_profile("1", NULL);
    heard h = {.stop_after = 1};
    grm_audio *audio;
    grm_error err;
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.duration_s = 20;
    options.sink = listen;
    options.sink_context = &h;
    assert_int_equal(grm_generate(model, profile, PROMPT, &options, NULL, &audio, &err), GRM_FAILED);
    assert_string_equal(err.message, "enough");
    assert_null(audio);
    assert_int_equal(h.frames[0], 32000);
    free(h.sound);
    grm_profile_free(profile);
    grm_model_free(model);
}

typedef struct watch {
    grm_progress *progress;
    double last;  // of what is told
} watch;

static void cancel_in_sound(void *context, const char *stage, double done) {
    watch *w = context;
    w->last = done;
    if (strcmp(stage, "sound") == 0) grm_progress_cancel(w->progress);
}

// All of the codes are there then; what is left may take seconds.
static void stops_between_stretches_of_sound(void **state) {
    grm_model *model = open_model("mono", "float32");
    grm_profile *profile = make_profile("2", NULL);
    grm_audio *audio[2];
    grm_generate_options options;
    watch w = {0};
    assert_int_equal(grm_progress_new(cancel_in_sound, &w, &w.progress, NULL), GRM_OK);
    grm_generate_defaults(&options);
    options.duration_s = 20;
    options.variations = 2;
    assert_int_equal(grm_generate_variations(model, profile, PROMPT, &options, w.progress, audio, NULL), GRM_CANCELLED);
    assert_true(w.last > 0.86 && w.last < 0.9);
    assert_null(audio[0]);
    grm_progress_free(w.progress);
    grm_profile_free(profile);
    grm_model_free(model);
}

static void makes_of_each_variation_what_its_seed_makes_alone(const char *kind, const char *precision) {
    grm_model *model = open_model(kind, precision);
    grm_audio *together[GRM_MAX_VARIATIONS], *alone;
    heard h = {0};
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.duration_s = 1.3;
    options.seed = 40;
    options.variations = GRM_MAX_VARIATIONS;
    options.sink = listen;
    options.sink_context = &h;
    generate(model, &options, together);
    options.variations = 1;
    options.sink = NULL;
    for (unsigned i = 0; i < GRM_MAX_VARIATIONS; i++) {
        assert_int_equal(h.frames[i], together[i]->frames);
        options.seed = 40 + i;
        generate(model, &options, &alone);
        assert_same_sound(alone, together[i]);
        if (i > 0) assert_memory_not_equal(together[i]->plane[0], together[0]->plane[0], 32000 * sizeof(float));
        grm_audio_free(alone);
    }
    for (unsigned i = 0; i < GRM_MAX_VARIATIONS; i++) grm_audio_free(together[i]);
    free(h.sound);
    grm_model_free(model);
}

static void makes_variations_in_every_precision(void **state) {
    static const char *const precisions[] = {"float32", "float16", "int8", "int4"};
    for (size_t i = 0; i < 4; i++) makes_of_each_variation_what_its_seed_makes_alone("mono", precisions[i]);
}

static void makes_variations_in_stereo_and_after_a_melody(void **state) {
    makes_of_each_variation_what_its_seed_makes_alone("stereo", "int8");
    makes_of_each_variation_what_its_seed_makes_alone("melody", "float32");
}

static void refuses_other_numbers_of_variations(void **state) {
    grm_model *model = open_model("mono", "float32");
    grm_profile *profile = make_profile("1", NULL);
    grm_audio *audio[GRM_MAX_VARIATIONS];
    grm_generate_options options;
    grm_generate_defaults(&options);
    for (unsigned i = 0; i < 3; i++) {
        options.variations = (const unsigned[]){0, GRM_MAX_VARIATIONS + 1, 2}[i];
        options.trace_folder = i == 2 ? "/tmp" : NULL;
        assert_int_equal(grm_generate_variations(model, profile, PROMPT, &options, NULL, audio, NULL), GRM_USAGE);
    }
    options.trace_folder = NULL;
    assert_int_equal(grm_generate(model, profile, PROMPT, &options, NULL, audio, NULL), GRM_USAGE);
    grm_profile_free(profile);
    grm_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_mono_over_the_seam_of_windows),
        cmocka_unit_test(hands_out_stereo),
        cmocka_unit_test(hands_out_what_is_shorter_than_a_filter),
        cmocka_unit_test(hands_out_the_first_second_soon),
        cmocka_unit_test(stops_between_stretches_of_sound),
        cmocka_unit_test(makes_variations_in_every_precision),
        cmocka_unit_test(makes_variations_in_stereo_and_after_a_melody),
        cmocka_unit_test(refuses_other_numbers_of_variations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
