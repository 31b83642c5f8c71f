// What is lost by packing: logits of one sequence of codes by the same weights in each precision, and what it costs in
// bytes; and that a step gives the same bits on any number of threads, whose work is worth spreading here.
#include <math.h>

#include "../../tools/random_model.h"
#include "fixture.h"
#include "neural/model.h"

enum { STEPS = 40, TOKENS = 5 };

static char *make_random(float outliers, unsigned outlying, unsigned width, unsigned layers) {
    random_model m = *random_model_size("tiny");
    m.width = width;
    m.heads = width / 32;
    m.ffn = 4 * width;
    m.layers = layers;
    m.outliers = outliers;
    m.outlying = outlying;
    char *folder = make_folder(), *tokenizer = golden_path("mono/tokenizer.json");
    grm_error err;
    if (random_model_write(&m, folder, tokenizer, &err)) fail_msg("%s", err.message);
    free(tokenizer);
    return folder;
}

// Guided logits [STEPS][codebooks * codes] after codes that are the same for all.
static float *run_codes(const char *folder, const char *precision, const char *threads, size_t *count) {
    grm_profile *profile = make_profile(threads, precision);
    grm_model *model;
    grm_error err;
    if (grm_model_open(folder, profile, NULL, &model, &err)) fail_msg("%s", err.message);
    const grm_decoder_config *c = &model->config.decoder;
    grm_precision cache = grm_decoder_cache(&model->decoder);
    size_t each = c->codebooks * c->codes;
    grm_compute *compute;
    grm_decoder_state *state;
    assert_int_equal(grm_compute_new(profile->threads, grm_model_widest(model), &compute, NULL), GRM_OK);
    assert_int_equal(grm_decoder_state_new(&model->decoder, compute, cache, 2, 1, STEPS, &state, NULL), GRM_OK);
    float *text = malloc(TOKENS * c->width * sizeof *text), *x = malloc(2 * c->width * sizeof *x);
    float *logits = malloc(2 * each * sizeof *logits), *all = malloc(STEPS * each * sizeof *all);
    assert_true(text && x && logits && all);
    grm_rng rng = grm_rng_new(1, "test");
    for (size_t i = 0; i < TOKENS * c->width; i++) text[i] = grm_rng_normal(&rng);
    assert_int_equal(grm_decoder_read_text(state, text, TOKENS, NULL), GRM_OK);
    for (size_t s = 0; s < STEPS; s++) {
        uint16_t codes[GRM_MAX_CODEBOOKS];
        for (size_t k = 0; k < c->codebooks; k++) codes[k] = (uint16_t)grm_rng_below(&rng, (unsigned)c->codes);
        grm_decoder_embed(&model->decoder, codes, x);
        memcpy(x + c->width, x, c->width * sizeof *x);
        grm_decoder_run(state, x, 1, logits);
        for (size_t i = 0; i < each; i++) all[s * each + i] = logits[each + i] + 3 * (logits[i] - logits[each + i]);
    }
    *count = STEPS * each;
    free(text);
    free(x);
    free(logits);
    grm_decoder_state_free(state);
    grm_compute_free(compute);
    grm_model_free(model);
    grm_profile_free(profile);
    return all;
}

static double likeness(const float *a, const float *b, size_t count) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < count; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

static void compare(float outliers, unsigned outlying, const char *precision, double least) {
    char *folder = make_random(outliers, outlying, 256, 4);
    size_t count;
    float *exact = run_codes(folder, "float32", "1", &count), *packed = run_codes(folder, precision, "1", &count);
    double cosine = likeness(exact, packed, count);
    if (!(cosine > least)) fail_msg("%s with outliers of %g: cosine %.6f", precision, (double)outliers, cosine);
    print_message("%s, outliers of %g (%u): 1 - cosine = %.2e\n", precision, (double)outliers, outlying, 1 - cosine);
    free(exact);
    free(packed);
    grm_folder_remove(folder);
    free(folder);
}

static void loses_nothing_that_is_heard_in_float16(void **state) {
    compare(1, 0, "float16", 0.999999);
}

static void keeps_the_logits_in_int8(void **state) {
    compare(1, 0, "int8", 0.9993);
}

static void keeps_the_logits_in_int8_when_columns_and_inputs_stand_out(void **state) {
    compare(50, 0, "int8", 0.999);
    compare(50, RANDOM_VALUES | RANDOM_OUTPUTS, "int8", 0.999);
    compare(50, RANDOM_UP | RANDOM_FFN_NORMS, "int8", 0.999);
    compare(50, RANDOM_DOWN | RANDOM_HEADS, "int8", 0.999);
}

// Scores 50 times as large, or 2500 times through the norm, make softmax choose between positions, which turns all that
// the other matrices lose into more: halves have 1 - cosine = 1.8e-4 then, bytes throughout have 5e-2.
static void keeps_most_of_the_logits_in_int8_when_scores_stand_out(void **state) {
    compare(50, RANDOM_QUERIES, "int8", 0.999);
    compare(50, RANDOM_KEYS, "int8", 0.997);
    compare(50, RANDOM_ATTENTION_NORMS, "int8", 0.98);
}

static void keeps_most_of_the_logits_in_int4(void **state) {
    compare(1, 0, "int4", 0.985);
}

static void gives_the_same_logits_on_any_number_of_threads(void **state) {
    static const char *const precisions[] = {"float32", "int8", "int4"};
    char *folder = make_random(1, 0, 256, 2);
    for (size_t i = 0; i < GRM_COUNT(precisions); i++) {
        size_t count;
        float *one = run_codes(folder, precisions[i], "1", &count),
              *three = run_codes(folder, precisions[i], "3", &count);
        assert_memory_equal(one, three, count * sizeof *one);
        free(one);
        free(three);
    }
    grm_folder_remove(folder);
    free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing_that_is_heard_in_float16),
        cmocka_unit_test(keeps_the_logits_in_int8),
        cmocka_unit_test(keeps_the_logits_in_int8_when_columns_and_inputs_stand_out),
        cmocka_unit_test(keeps_most_of_the_logits_in_int8_when_scores_stand_out),
        cmocka_unit_test(keeps_most_of_the_logits_in_int4),
        cmocka_unit_test(gives_the_same_logits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
