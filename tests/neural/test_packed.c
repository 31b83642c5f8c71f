// Packed models: the same as the folder they came from, and no trust in what a file says of itself.
#include "neural/packed.h"

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "fixture.h"
#include "neural/model.h"
#include "neural/tensors.h"

static char *pack(const char *kind, grm_precision precision) {
    char *folder = link_model(kind), *path = strdup("/tmp/grammy-packed-XXXXXX");
    grm_profile *profile = make_profile("2", "float32");
    grm_error err;
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    if (grm_model_quantize(folder, precision, profile, NULL, path, &err)) fail_msg("%s", err.message);
    grm_folder_remove(folder);
    free(folder);
    grm_profile_free(profile);
    return path;
}

static grm_audio *make_sound(const grm_model *model) {
    grm_profile *profile = make_profile("2", NULL);
    grm_generate_options options;
    grm_generate_defaults(&options);
    options.duration_s = 0.5;
    options.seed = 3;
    grm_audio *audio;
    assert_int_equal(grm_generate(model, profile, "slow rain", &options, NULL, &audio, NULL), GRM_OK);
    grm_profile_free(profile);
    return audio;
}

static void sounds_as_the_folder_in_every_precision(void **state) {
    static const char *const names[] = {"float32", "float16", "int8", "int4"};
    static const char *const kinds[] = {"mono", "stereo", "melody", "mono"};
    grm_profile *profile = make_profile("2", NULL);
    for (int p = GRM_FLOAT32; p <= GRM_INT4; p++) {
        char *path = pack(kinds[p], (grm_precision)p);
        grm_model *folder = open_model(kinds[p], names[p]), *file;
        grm_precision found;
        assert_int_equal(grm_model_open(path, profile, NULL, &file, NULL), GRM_OK);
        assert_int_equal(grm_model_verify(path, profile, &found, NULL), GRM_OK);
        assert_int_equal(found, p);
        grm_audio_free(make_sound(file));  // lets go of memory
        grm_audio *a = make_sound(folder), *b = make_sound(file);
        assert_int_equal(a->frames, b->frames);
        for (unsigned c = 0; c < a->channels; c++)
            assert_memory_equal(a->plane[c], b->plane[c], a->frames * sizeof(float));
        grm_audio_free(a);
        grm_audio_free(b);
        grm_model_free(folder);
        grm_model_free(file);
        unlink(path);
        free(path);
    }
    grm_profile_free(profile);
}

static void stops_opening_when_asked(void **state) {
    char *path = pack("mono", GRM_INT8), *folder = link_model("mono");
    grm_profile *profile = make_profile("2", NULL);
    grm_progress *progress;
    grm_model *model;
    assert_int_equal(grm_progress_new(NULL, NULL, &progress, NULL), GRM_OK);
    grm_progress_cancel(progress);
    assert_int_equal(grm_model_open(path, profile, progress, &model, NULL), GRM_CANCELLED);
    assert_null(model);
    assert_int_equal(grm_model_open(folder, profile, progress, &model, NULL), GRM_CANCELLED);
    assert_null(model);
    grm_folder_remove(folder);
    grm_progress_free(progress);
    grm_profile_free(profile);
    unlink(path);
    free(path);
    free(folder);
}

static void finds_every_damaged_byte(void **state) {
    char *path = pack("mono", GRM_INT8);
    grm_profile *profile = make_profile("1", NULL);
    grm_precision precision;
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    grm_packed *packed;
    assert_int_equal(grm_packed_open(path, &packed, NULL), GRM_OK);
    const grm_entry *some = grm_packed_entry(packed, grm_packed_count(packed) / 2);
    size_t tokenizer_size, tokenizer;
    tokenizer =
        (size_t)(grm_packed_tokenizer(packed, &tokenizer_size) - (grm_packed_bytes(packed, some) - some->offset));
    off_t places[] = {(off_t)(some->offset + some->bytes / 2), (off_t)tokenizer + 1000, info.st_size - 5, 40, 14, 9, 3};
    grm_packed_free(packed);
    for (size_t i = 0; i < GRM_COUNT(places); i++) {
        uint8_t byte, wrong;
        assert_int_equal(pread(file, &byte, 1, places[i]), 1);
        wrong = byte ^ 1;
        assert_int_equal(pwrite(file, &wrong, 1, places[i]), 1);
        assert_int_equal(grm_model_verify(path, profile, &precision, NULL), GRM_BAD_INPUT);
        assert_int_equal(pwrite(file, &byte, 1, places[i]), 1);
    }
    assert_int_equal(grm_model_verify(path, profile, &precision, NULL), GRM_OK);
    for (off_t size = info.st_size - 1; size > 0; size /= 3) {
        assert_int_equal(ftruncate(file, size), 0);
        grm_model *model;
        assert_int_equal(grm_model_open(path, profile, NULL, &model, NULL), GRM_BAD_INPUT);
    }
    close(file);
    unlink(path);
    free(path);
    grm_profile_free(profile);
}

// A packed model whose directory is another, with the right checksum.
static uint8_t *with_directory(const uint8_t *bytes, const json_t *directory, size_t *size) {
    size_t offset = 0;
    for (size_t i = 0; i < 8; i++) offset |= (size_t)bytes[16 + i] << 8 * i;
    char *text = json_dumps(directory, JSON_COMPACT), hex[65];
    size_t length = strlen(text);
    uint8_t *all = aligned_alloc(64, (offset + length + 63) / 64 * 64);
    assert_non_null(all);
    memcpy(all, bytes, offset);
    memcpy(all + offset, text, length);
    for (size_t i = 0; i < 8; i++) all[24 + i] = (uint8_t)(length >> 8 * i);
    grm_sha256_hex(text, length, hex);
    for (size_t i = 0; i < 32; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        all[32 + i] = (uint8_t)byte;
    }
    free(text);
    *size = offset + length;
    return all;
}

static void refuses_directories_that_lie(void **state) {
    char *path = pack("mono", GRM_INT4);
    uint8_t *bytes;
    size_t size;
    assert_int_equal(grm_file_read(path, 16 << 20, &bytes, &size, NULL), GRM_OK);
    size_t offset = 0;
    for (size_t i = 0; i < 8; i++) offset |= (size_t)bytes[16 + i] << 8 * i;
    json_t *sound = json_loadb((const char *)bytes + offset, size - offset, 0, NULL);
    assert_non_null(sound);
    static const struct {
        const char *key;
        const char *value;  // JSON
    } lies[] = {{"offset", "67"},       {"offset", "1099511627776"},
                {"offset", "-64"},      {"offset", "0"},
                {"bytes", "64"},        {"bytes", "-1"},
                {"shape", "[1]"},       {"shape", "[0, 4]"},
                {"kind", "\"tensor\""}, {"precision", "\"int3\""},
                {"unit_power", "9999"}, {"sha256", "\"00\""},
                {"name", "\"\""},       {"shape", "[4611686018427387904, 4]"}};
    for (size_t i = 0; i <= GRM_COUNT(lies); i++) {
        json_t *lie = json_deep_copy(sound);
        json_t *entry = json_array_get(json_object_get(lie, "entries"), 7);
        if (i < GRM_COUNT(lies))
            json_object_set_new(entry, lies[i].key, json_loads(lies[i].value, JSON_DECODE_ANY, NULL));
        size_t lie_size;
        uint8_t *all = with_directory(bytes, lie, &lie_size);
        grm_packed *packed;
        grm_error err;
        grm_status status = grm_packed_read(all, lie_size, false, "lie", &packed, &err);
        if (status != (i < GRM_COUNT(lies) ? GRM_BAD_INPUT : GRM_OK)) fail_msg("lie %zu gives %d", i, status);
        grm_packed_free(packed);
        free(all);
        json_decref(lie);
    }
    // Twice the same name, or a tokenizer elsewhere.
    json_t *list = json_object_get(sound, "entries");
    json_array_append(list, json_array_get(list, 3));
    uint8_t *all = with_directory(bytes, sound, &size);
    grm_packed *packed;
    assert_int_equal(grm_packed_read(all, size, false, "twice", &packed, NULL), GRM_BAD_INPUT);
    free(all);
    json_array_remove(list, json_array_size(list) - 1);
    json_object_set_new(json_object_get(sound, "tokenizer"), "bytes", json_integer(1 << 30));
    all = with_directory(bytes, sound, &size);
    assert_int_equal(grm_packed_read(all, size, false, "tokenizer", &packed, NULL), GRM_BAD_INPUT);
    free(all);
    json_decref(sound);
    free(bytes);
    unlink(path);
    free(path);
}

static void leaves_nothing_behind_when_it_fails(void **state) {
    char *folder = link_model("mono"), *out = make_folder(), *path = grm_path_join(out, "x.grm");
    char *weights = grm_path_join(folder, "model.safetensors");
    grm_profile *profile = make_profile("1", NULL);
    // Weights that are no numbers.
    uint8_t *bytes;
    size_t size;
    assert_int_equal(grm_file_read(weights, 16 << 20, &bytes, &size, NULL), GRM_OK);
    memset(bytes + size - 64, 0xff, 64);
    unlink(weights);
    assert_int_equal(grm_file_write(weights, bytes, size, NULL), GRM_OK);
    assert_int_equal(grm_model_quantize(folder, GRM_INT8, profile, NULL, path, NULL), GRM_BAD_INPUT);
    grm_model *model;
    assert_int_equal(grm_model_open(folder, profile, NULL, &model, NULL), GRM_BAD_INPUT);
    DIR *listing = opendir(out);
    assert_non_null(listing);
    size_t count = 0;
    while (readdir(listing)) count++;
    closedir(listing);
    assert_int_equal(count, 2);  // "." and ".."
    free(bytes);
    free(weights);
    grm_folder_remove(folder);
    grm_folder_remove(out);
    free(folder);
    free(out);
    free(path);
    grm_profile_free(profile);
}

// A pipe nobody writes to must not be waited for.
static void opens_nothing_but_files(void **state) {
    char *folder = make_folder(), *path = grm_path_join(folder, "model.safetensors");
    grm_packed *packed;
    grm_tensors *tensors;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(grm_packed_open(path, &packed, NULL), GRM_BAD_INPUT);
    assert_int_equal(grm_tensors_open(folder, &tensors, NULL), GRM_BAD_INPUT);
    grm_folder_remove(folder);
    free(folder);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sounds_as_the_folder_in_every_precision),
        cmocka_unit_test(stops_opening_when_asked),
        cmocka_unit_test(finds_every_damaged_byte),
        cmocka_unit_test(refuses_directories_that_lie),
        cmocka_unit_test(leaves_nothing_behind_when_it_fails),
        cmocka_unit_test(opens_nothing_but_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
