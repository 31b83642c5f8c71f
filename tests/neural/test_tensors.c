#include "neural/tensors.h"

#include "npy.h"

static uint8_t *make_file(const char *header, size_t data, size_t *size) {
    size_t length = strlen(header);
    uint8_t *bytes = calloc(1, 8 + length + data + 1);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, length);
    *size = 8 + length + data;
    return bytes;
}

static grm_status read_header(const char *header, size_t data, grm_error *err) {
    size_t size;
    uint8_t *bytes = make_file(header, data, &size);
    grm_tensors *tensors;
    grm_status status = grm_tensors_read(bytes, size, "x.safetensors", &tensors, err);
    grm_tensors_free(tensors);
    free(bytes);
    return status;
}

static void finds_tensors_and_turns_them_into_floats(void **state) {
    static const char header[] =
        "{\"b\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[8,12]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
        "\"c\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[12,14]},"
        "\"n\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[14,14]},\"__metadata__\":{\"format\":\"pt\"}}";
    size_t size;
    uint8_t *bytes = make_file(header, 14, &size), *data = bytes + size - 14;
    const float values[] = {1.5f, -2};
    memcpy(data, values, 8);
    memcpy(data + 8, (const uint16_t[]){0x3c00, 0xc000}, 4);
    memcpy(data + 12, (const uint16_t[]){0x4040}, 2);
    grm_tensors *tensors;
    assert_int_equal(grm_tensors_read(bytes, size, "x", &tensors, NULL), GRM_OK);
    assert_int_equal(grm_tensors_count(tensors), 4);
    float out[2];
    const grm_tensor *a = grm_tensors_find(tensors, "a"), *b = grm_tensors_find(tensors, "b"),
                     *c = grm_tensors_find(tensors, "c");
    assert_int_equal(a->rank, 2);
    assert_int_equal(a->shape[1], 2);
    grm_tensor_floats(a, 0, 2, out);
    assert_memory_equal(out, values, sizeof out);
    grm_tensor_floats(b, 0, 2, out);
    assert_true(out[0] == 1 && out[1] == -2);
    grm_tensor_floats(b, 1, 1, out);
    assert_true(out[0] == -2);
    grm_tensor_floats(c, 0, 1, out);
    assert_true(c->count == 1 && out[0] == 3);
    assert_int_equal(grm_tensors_find(tensors, "n")->dtype, GRM_DTYPE_OTHER);
    assert_null(grm_tensors_find(tensors, "d"));
    grm_tensors_free(tensors);
    free(bytes);
}

static void refuses_files_that_lie(void **state) {
    static const char *const lies[] = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,16]}}",  // beyond the file
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",   // fewer bytes than the shape
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",   // backwards
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,8]}}",  // overflows
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"Q4\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
        "{\"a\":5}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},\"a\":{}}",  // twice
        "[1]",
        "{\"a\":",
    };
    for (size_t i = 0; i < GRM_COUNT(lies); i++) {
        grm_error err = {0};
        assert_int_equal(read_header(lies[i], 8, &err), GRM_BAD_INPUT);
        assert_non_null(strstr(err.message, "x.safetensors"));
    }
    const uint8_t huge[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, '{', '}'};
    grm_tensors *tensors;
    for (size_t size = 0; size <= sizeof huge; size++)
        assert_int_equal(grm_tensors_read(huge, size, "x", &tensors, NULL), GRM_BAD_INPUT);
}

static void says_when_there_is_no_model(void **state) {
    grm_tensors *tensors;
    grm_error err;
    assert_int_equal(grm_tensors_open("/nowhere/at/all", &tensors, &err), GRM_MISSING);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    assert_int_equal(grm_tensors_open("/tmp", &tensors, &err), GRM_MISSING);
}

static void refuses_shards_outside_the_folder(void **state) {
    char folder[] = "/tmp/grammy-shards-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *index = grm_path_join(folder, "model.safetensors.index.json");
    static const char *const maps[] = {"{\"weight_map\":{\"a\":\"../x\"}}", "{\"weight_map\":{\"a\":5}}", "{}", "["};
    for (size_t i = 0; i < GRM_COUNT(maps); i++) {
        grm_tensors *tensors;
        assert_int_equal(grm_file_write(index, maps[i], strlen(maps[i]), NULL), GRM_OK);
        assert_int_equal(grm_tensors_open(folder, &tensors, NULL), GRM_BAD_INPUT);
    }
    free(index);
    grm_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_tensors_and_turns_them_into_floats),
        cmocka_unit_test(refuses_files_that_lie),
        cmocka_unit_test(says_when_there_is_no_model),
        cmocka_unit_test(refuses_shards_outside_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
