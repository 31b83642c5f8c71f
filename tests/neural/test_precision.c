// What is lost by packing: logits of one sequence of codes by the same weights in each precision, and what it costs in
// bytes; and that a step gives the same bits on any number of threads, whose work is worth spreading here.
#include <math.h>

#include "../../tools/random_model.h"
#include "fixture.h"
#include "neural/absorbed.h"
#include "neural/model.h"

enum { STEPS = 40 };

// How many tokens the text has, and how often it says them: an echo changes nothing but how cross attention is worked
// out, as twice the tokens are too many to absorb it.
typedef struct reading {
    size_t tokens, times;
} reading;
static const reading briefly = {5, 1}, echoed = {16, 2}, absorbed = {16, 1};

// What stands out, 50 times or not at all.
typedef struct outliers {
    const char *where;
    unsigned kinds;  // RANDOM_QUERIES ...
    bool rows;
    unsigned layer;  // 0: all
} outliers;

static char *write_random(const random_model *m) {
    char *folder = make_folder(), *tokenizer = golden_path("mono/tokenizer.json");
    grm_error err;
    if (random_model_write(m, folder, tokenizer, &err)) fail_msg("%s", err.message);
    free(tokenizer);
    return folder;
}

static char *make_random(const outliers *far, unsigned width, unsigned layers) {
    random_model m = *random_model_size("tiny");
    m.width = width;
    m.heads = width / 32;
    m.ffn = 4 * width;
    m.layers = layers;
    m.outliers = far ? 50 : 1;
    m.outlying = far ? far->kinds : 0;
    m.outlying_rows = far && far->rows;
    m.outlying_layer = far ? far->layer : 0;
    return write_random(&m);
}

// A model's decoder with two rows, of which the first attends to the text if there is one.
typedef struct running {
    grm_profile *profile;
    grm_model *model;
    const grm_decoder *decoder;
    grm_compute *compute;
    grm_decoder_state *state;
} running;

static running start(const char *folder, const char *precision, const char *threads) {
    running r = {.profile = make_profile(threads, precision)};
    grm_error err;
    if (grm_model_open(folder, r.profile, NULL, &r.model, &err)) fail_msg("%s", err.message);
    r.decoder = &r.model->decoder;
    grm_precision cache = grm_decoder_cache(r.decoder);
    assert_int_equal(grm_compute_new(r.profile->threads, grm_model_widest(r.model), &r.compute, NULL), GRM_OK);
    assert_int_equal(grm_decoder_state_new(r.decoder, r.compute, cache, 2, r.decoder->cross, STEPS, &r.state, NULL),
                     GRM_OK);
    return r;
}

static void end(running *r) {
    grm_decoder_state_free(r->state);
    grm_compute_free(r->compute);
    grm_model_free(r->model);
    grm_profile_free(r->profile);
}

// Guided logits [STEPS][codebooks * codes] after codes that are the same for all.
static float *run_codes(const char *folder, const char *precision, const char *threads, reading text_of,
                        size_t *count) {
    running run = start(folder, precision, threads);
    const grm_decoder_config *c = &run.decoder->config;
    size_t each = c->codebooks * c->codes, said = text_of.tokens * c->width;
    float *text = malloc(text_of.times * said * sizeof *text), *x = malloc(2 * c->width * sizeof *x);
    float *logits = malloc(2 * each * sizeof *logits), *all = malloc(STEPS * each * sizeof *all);
    assert_true(text && x && logits && all);
    grm_rng rng = grm_rng_new(1, "test");
    for (size_t i = 0; i < said; i++) text[i] = grm_rng_normal(&rng);
    for (size_t i = said; i < text_of.times * said; i++) text[i] = text[i - said];
    assert_int_equal(grm_decoder_read_text(run.state, text, text_of.tokens * text_of.times, NULL, NULL), GRM_OK);
    for (size_t s = 0; s < STEPS; s++) {
        uint16_t codes[GRM_MAX_CODEBOOKS];
        for (size_t k = 0; k < c->codebooks; k++) codes[k] = (uint16_t)grm_rng_below(&rng, (unsigned)c->codes);
        grm_decoder_embed(run.decoder, codes, x);
        memcpy(x + c->width, x, c->width * sizeof *x);
        grm_decoder_run(run.state, x, 1, logits);
        for (size_t i = 0; i < each; i++) all[s * each + i] = logits[each + i] + 3 * (logits[i] - logits[each + i]);
    }
    *count = STEPS * each;
    free(text);
    free(x);
    free(logits);
    end(&run);
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

static void compare(const outliers *far, const char *precision, double least) {
    char *folder = make_random(far, 256, 4), said[128] = "no outliers";
    size_t count;
    float *exact = run_codes(folder, "float32", "1", briefly, &count);
    float *packed = run_codes(folder, precision, "1", briefly, &count);
    double cosine = likeness(exact, packed, count);
    if (far)
        snprintf(said, sizeof said, "%s of %s 50 times as large in %s", far->rows ? "rows" : "columns", far->where,
                 far->layer ? "one layer" : "all layers");
    if (!(cosine > least)) fail_msg("%s with %s: cosine %.6f", precision, said, cosine);
    print_message("%s, %s: 1 - cosine = %.2e\n", precision, said, 1 - cosine);
    free(exact);
    free(packed);
    grm_folder_remove(folder);
    free(folder);
}

static void loses_nothing_that_is_heard_in_float16(void **state) {
    compare(NULL, "float16", 0.999999);
}

static void keeps_the_logits_in_int8(void **state) {
    compare(NULL, "int8", 0.9993);
}

static const outliers everywhere[] = {
    {"queries", RANDOM_QUERIES, false, 0},
    {"keys", RANDOM_KEYS, false, 0},
    {"values", RANDOM_VALUES, false, 0},
    {"outputs", RANDOM_OUTPUTS, false, 0},
    {"fc1", RANDOM_UP, false, 0},
    {"fc2", RANDOM_DOWN, false, 0},
    {"heads", RANDOM_HEADS, false, 0},
    {"attention's norms", RANDOM_ATTENTION_NORMS, false, 0},
    {"fc1's norms", RANDOM_FFN_NORMS, false, 0},
    {"embeddings", RANDOM_EMBEDDINGS, false, 0},
    {"queries", RANDOM_QUERIES, true, 0},
    {"keys", RANDOM_KEYS, true, 0},
    {"values", RANDOM_VALUES, true, 0},
    {"outputs", RANDOM_OUTPUTS, true, 0},
    {"fc1", RANDOM_UP, true, 0},
    {"fc2", RANDOM_DOWN, true, 0},
    {"heads", RANDOM_HEADS, true, 0},
    {"embeddings", RANDOM_EMBEDDINGS, true, 0},
    {"values and fc1", RANDOM_VALUES | RANDOM_UP, false, 0},
    {"keys", RANDOM_KEYS, false, 4},
    {"attention's norms", RANDOM_ATTENTION_NORMS, false, 3},
};

static void keeps_the_logits_in_int8_wherever_outliers_are(void **state) {
    for (size_t i = 0; i < GRM_COUNT(everywhere); i++) compare(&everywhere[i], "int8", 0.999);
}

static void keeps_most_of_the_logits_in_int4(void **state) {
    compare(NULL, "int4", 0.99);
}

// What stands out the most is kept wider, and not the rest.
static void keeps_most_of_the_logits_in_int4_when_columns_stand_out(void **state) {
    static const size_t chosen[] = {0, 3, 4, 5, 7, 9, 11};
    for (size_t i = 0; i < GRM_COUNT(chosen); i++) compare(&everywhere[chosen[i]], "int4", 0.98);
}

// Where one layer's keys stand out, its attention and fc2 are halves, and nothing else is.
static void keeps_wide_what_needs_it_alone(void **state) {
    const outliers far = {"keys", RANDOM_KEYS, false, 2};
    char *folder = make_random(&far, 64, 3);
    grm_profile *profile = make_profile("1", "int8");
    grm_model *model;
    grm_error err;
    if (grm_model_open(folder, profile, NULL, &model, &err)) fail_msg("%s", err.message);
    for (size_t i = 0; i < 3; i++) {
        const grm_decoder_layer *l = &model->decoder.layers[i];
        const grm_matrix *wide[] = {l->qkv, l->o, l->cross_q, &l->cross_k, &l->cross_v, l->cross_o, l->down};
        for (size_t k = 0; k < GRM_COUNT(wide); k++)
            assert_int_equal(wide[k]->precision, i == 1 ? GRM_FLOAT16 : GRM_INT8);
        assert_int_equal(l->up[0].precision, GRM_INT8);
    }
    assert_int_equal(grm_decoder_cache(&model->decoder), GRM_INT8);
    grm_model_free(model);
    grm_profile_free(profile);
    grm_folder_remove(folder);
    free(folder);
}

// What is lost against float32 is hardly more when the text absorbs cross attention, wherever outliers are.
static void loses_no_more_when_the_text_absorbs(void **state) {
    static const char *const precisions[] = {"float32", "float16", "int8"};
    static const outliers *const chosen[] = {NULL, &everywhere[0], &everywhere[2], &everywhere[3], &everywhere[13]};
    for (size_t f = 0; f < GRM_COUNT(chosen); f++) {
        char *folder = make_random(chosen[f], 256, 4);
        size_t count;
        float *exact = run_codes(folder, "float32", "1", echoed, &count);
        for (size_t i = 0; i < GRM_COUNT(precisions); i++) {
            float *plain = run_codes(folder, precisions[i], "1", echoed, &count);
            float *other = run_codes(folder, precisions[i], "1", absorbed, &count);
            double before = 1 - likeness(exact, plain, count), now = 1 - likeness(exact, other, count);
            print_message("%s, %s: 1 - cosine = %.2e, absorbed %.2e\n", precisions[i],
                          chosen[f] ? chosen[f]->where : "no outliers", before, now);
            assert_true(memcmp(plain, other, count * sizeof *plain) != 0);
            if (!(now < 1.5 * before + 1e-6)) fail_msg("%s: %g and absorbed %g", precisions[i], before, now);
            free(plain);
            free(other);
        }
        free(exact);
        grm_folder_remove(folder);
        free(folder);
    }
}

static void absorbs_where_it_makes_less_to_read(void **state) {
    char *folder = make_random(NULL, 256, 2);
    grm_profile *profile = make_profile("1", "int8");
    grm_model *model;
    assert_int_equal(grm_model_open(folder, profile, NULL, &model, NULL), GRM_OK);
    assert_true(grm_absorbs(&model->decoder, 16));
    assert_false(grm_absorbs(&model->decoder, 32));  // as many tokens as a head is wide
    assert_false(grm_absorbs(&model->decoder, 31));  // two groups of 64 inputs a slice
    grm_model_free(model);
    grm_profile_free(profile);
    grm_folder_remove(folder);
    free(folder);
}

// Two and four threads have whole slices, three and seven have not.
static void gives_the_same_logits_on_any_number_of_threads(void **state) {
    static const struct {
        const char *precision;
        const reading *text;
    } cases[] = {
        {"float32", &echoed}, {"float32", &absorbed}, {"int8", &echoed}, {"int8", &absorbed}, {"int4", &echoed}};
    static const char *const threads[] = {"2", "3", "4", "7"};
    char *folder = make_random(NULL, 256, 2);
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        size_t count;
        float *one = run_codes(folder, cases[i].precision, "1", *cases[i].text, &count);
        for (size_t k = 0; k < GRM_COUNT(threads); k++) {
            float *many = run_codes(folder, cases[i].precision, threads[k], *cases[i].text, &count);
            assert_memory_equal(one, many, count * sizeof *one);
            free(many);
        }
        free(one);
    }
    grm_folder_remove(folder);
    free(folder);
}

// Logits after chunks of as many positions as a run may have.
static float *run_chunks(const char *folder, const char *precision, const char *threads, size_t *count) {
    enum { CHUNKS = 3, TOKENS = 9 };
    running run = start(folder, precision, threads);
    const grm_decoder *d = run.decoder;
    size_t width = d->config.width, chunk = grm_decoder_chunk(run.state), each = d->config.codebooks * d->config.codes;
    float *x = malloc(GRM_ROWS * width * sizeof *x), *logits = malloc(CHUNKS * 2 * each * sizeof *logits);
    assert_true(x && logits && chunk == GRM_ROWS / 2);
    grm_rng rng = grm_rng_new(2, "test");
    for (size_t i = 0; i < TOKENS * width; i++) x[i] = grm_rng_normal(&rng);
    if (d->cross) assert_int_equal(grm_decoder_read_text(run.state, x, TOKENS, NULL, NULL), GRM_OK);
    for (size_t c = 0; c < CHUNKS; c++) {
        for (size_t i = 0; i < GRM_ROWS * width; i++) x[i] = grm_rng_normal(&rng);
        grm_decoder_run(run.state, x, chunk, logits + c * 2 * each);
    }
    *count = CHUNKS * 2 * each;
    free(x);
    end(&run);
    return logits;
}

// Heads and ffn that are no slices, slices that fill no panel, and a model without cross attention.
static void runs_chunks_of_odd_models_alike_on_any_number_of_threads(void **state) {
    static const struct {
        unsigned width, heads, ffn;
        bool melody;
    } odd[] = {{258, 6, 250, false}, {256, 4, 100, false}, {264, 12, 500, false}, {256, 8, 300, true}};
    static const char *const precisions[] = {"float32", "int8"}, *const threads[] = {"2", "3", "4", "7"};
    for (size_t i = 0; i < GRM_COUNT(odd) * GRM_COUNT(precisions); i++) {
        random_model m = *random_model_size("tiny");
        size_t count, o = i / GRM_COUNT(precisions);
        m.width = odd[o].width, m.heads = odd[o].heads, m.ffn = odd[o].ffn, m.melody = odd[o].melody;
        char *folder = write_random(&m);
        const char *precision = precisions[i % GRM_COUNT(precisions)];
        float *one = run_chunks(folder, precision, "1", &count);
        for (size_t k = 0; k < GRM_COUNT(threads); k++) {
            float *many = run_chunks(folder, precision, threads[k], &count);
            assert_memory_equal(one, many, count * sizeof *one);
            free(many);
        }
        free(one);
        grm_folder_remove(folder);
        free(folder);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing_that_is_heard_in_float16),
        cmocka_unit_test(keeps_the_logits_in_int8),
        cmocka_unit_test(keeps_the_logits_in_int8_wherever_outliers_are),
        cmocka_unit_test(keeps_most_of_the_logits_in_int4),
        cmocka_unit_test(keeps_most_of_the_logits_in_int4_when_columns_stand_out),
        cmocka_unit_test(keeps_wide_what_needs_it_alone),
        cmocka_unit_test(loses_no_more_when_the_text_absorbs),
        cmocka_unit_test(absorbs_where_it_makes_less_to_read),
        cmocka_unit_test(gives_the_same_logits_on_any_number_of_threads),
        cmocka_unit_test(runs_chunks_of_odd_models_alike_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
