// config.json is as hostile as the weights.
#include "neural/config.h"

#include "fixture.h"

static grm_status read_with(const char *kind, const char *section, const char *key, json_t *value, grm_error *err) {
    char *folder = golden_path(kind);
    json_t *config, *generation;
    grm_model_config out;
    assert_int_equal(grm_model_config_load(folder, &config, &generation, NULL), GRM_OK);
    json_t *from = section ? json_object_get(config, section) : config;
    if (key) assert_int_equal(json_object_set_new(from, key, value), 0);
    grm_status status = grm_model_config_read(config, generation, folder, &out, err);
    json_decref(config);
    json_decref(generation);
    free(folder);
    return status;
}

static void reads_the_golden_models(void **state) {
    assert_int_equal(read_with("mono", NULL, NULL, NULL, NULL), GRM_OK);
    assert_int_equal(read_with("stereo", NULL, NULL, NULL, NULL), GRM_OK);
    assert_int_equal(read_with("melody", NULL, NULL, NULL, NULL), GRM_OK);
}

// Classes of chroma are columns of a matrix: fewer would be read beyond.
static void knows_twelve_classes_of_chroma_only(void **state) {
    grm_error err;
    assert_int_equal(read_with("melody", NULL, "num_chroma", json_integer(6), &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "num_chroma must be 12"));
    assert_int_equal(read_with("melody", NULL, "num_chroma", json_integer(12), NULL), GRM_OK);
}

// A code, and the start that stands behind the last of them, has 16 bits.
static void has_room_for_the_start_code(void **state) {
    grm_error err;
    assert_int_equal(read_with("mono", "decoder", "vocab_size", json_integer(65536), &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "65535"));
}

static void refuses_sizes_that_cannot_be(void **state) {
    assert_int_equal(read_with("mono", "decoder", "hidden_size", json_integer(33), NULL), GRM_BAD_INPUT);
    assert_int_equal(read_with("mono", "decoder", "num_attention_heads", json_integer(0), NULL), GRM_BAD_INPUT);
    assert_int_equal(read_with("mono", "decoder", "num_codebooks", json_integer(17), NULL), GRM_BAD_INPUT);
    assert_int_equal(read_with("mono", "decoder", "vocab_size", json_integer(32), NULL), GRM_BAD_INPUT);
    assert_int_equal(read_with("mono", "text_encoder", "num_layers", json_real(2.5), NULL), GRM_BAD_INPUT);
    assert_int_equal(read_with("mono", NULL, "audio_encoder", json_integer(3), NULL), GRM_BAD_INPUT);
    assert_int_equal(read_with("mono", NULL, "model_type", json_string("bark"), NULL), GRM_BAD_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_golden_models),
        cmocka_unit_test(knows_twelve_classes_of_chroma_only),
        cmocka_unit_test(has_room_for_the_start_code),
        cmocka_unit_test(refuses_sizes_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
