// grammy meter from outside.
#include "program.h"

static void assert_npy(const char *path, const char *type, const char *shape) {
    char header[128] = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(fread(header, 1, sizeof header - 1, file) > 64);
    fclose(file);
    assert_memory_equal(header, "\x93NUMPY", 6);
    assert_non_null(strstr(header + 10, type));
    assert_non_null(strstr(header + 10, shape));
}

// Frames are 1 + samples / hop, beats whole numbers.

static void the_meter_shows_a_card_within_the_width(void **state) {
    (void)state;
    write_tune("tune.wav");
    assert_int_equal(grammy("meter tune.wav --genre pop"), 0);
    assert_says("Production quality");
    assert_says("What would bring how many points");
    assert_says("869 pop songs");
    assert_null(strchr(output, '\033'));  // no colour where there is no terminal
    setenv("COLUMNS", "50", 1);
    assert_int_equal(grammy("meter tune.wav"), 0);
    unsetenv("COLUMNS");
    size_t columns = 0;
    for (const char *c = output; *c; c++) {
        if (*c == '\n') columns = 0;
        columns += *c != '\n' && ((unsigned char)*c & 0xC0) != 0x80;
        assert_true(columns <= 50);
    }
}

static void the_meter_reports_all_of_its_judgement_as_json(void **state) {
    (void)state;
    static const char *const names[] = {"production_quality", "commercial_appeal", "innovation", "emotional_impact",
                                        "radio_readiness"};
    write_tune("tune.wav");
    json_t *json = grammy_json("meter tune.wav --json --genre ambient");
    assert_string_equal(json_string_value(json_object_get(json, "mode")), "standard");
    assert_string_equal(json_string_value(json_object_get(json, "genre")), "ambient");
    assert_true(json_is_number(json_object_get(json, "overall")));
    assert_true(json_is_string(json_object_get(json, "rating")));
    for (size_t i = 0; i < 5; i++) {
        json_t *category = json_object_get(json_object_get(json, "categories"), names[i]);
        assert_true(json_is_object(json_object_get(category, "sub_scores")));
        assert_true(json_is_number(json_object_get(category, "weight")));
    }
    json_t *advice = json_array_get(json_object_get(json, "recommendations"), 0);
    assert_true(json_is_string(json_object_get(advice, "text")));
    assert_true(json_is_string(json_object_get(advice, "sub_score")));
    assert_true(json_number_value(json_object_get(advice, "gain")) > 0);
    assert_true(json_is_string(json_object_get(advice, "feature")));
    assert_true(json_is_number(json_object_get(advice, "value")));
    double now = json_number_value(json_object_get(advice, "sub_score_now"));
    assert_true(now > 0 && json_number_value(json_object_get(advice, "sub_score_then")) > now);
    json_t *curve = json_object_get(json, "energy_curve_lufs");
    double seconds = json_number_value(json_object_get(json_object_get(json, "features"), "duration_s"));
    assert_float_equal((double)json_array_size(curve), seconds, 1);
    double loudest = -100;
    for (size_t i = 0; i < json_array_size(curve); i++)
        loudest = fmax(loudest, json_number_value(json_array_get(curve, i)));
    double whole = json_number_value(json_object_get(json_object_get(json, "features"), "integrated_lufs"));
    assert_true(loudest > whole - 1 && loudest < whole + 12);
    assert_true(json_is_array(json_object_get(json, "insights")));
    assert_true(json_is_null(json_object_get(json_object_get(json, "trend"), "score")));
    assert_true(json_is_number(json_object_get(json_object_get(json, "features"), "integrated_lufs")));
    json_decref(json);
}

static void the_meter_refuses_genres_and_curves_it_cannot_read(void **state) {
    (void)state;
    write_tune("tune.wav");
    assert_int_equal(grammy("meter tune.wav --genre yodelling"), 2);
    assert_says("yodelling");
    FILE *file = fopen("curves.yaml", "w");
    fputs("ratings: []\n", file);
    fclose(file);
    assert_int_equal(grammy("meter tune.wav --curves curves.yaml"), 3);
    assert_says("curves.yaml:1:");
    assert_int_equal(grammy("meter tune.wav --curves missing.yaml"), 3);
}

static void the_meter_writes_series_and_a_page(void **state) {
    (void)state;
    char shape[64];
    write_tune("tune.wav");
    assert_int_equal(grammy("meter tune.wav --series series --html page.html --json"), 0);
    snprintf(shape, sizeof shape, "(128, %d)", 1 + FRAMES / 512);
    assert_npy("series/melspectrogram.npy", "'<f4'", shape);
    snprintf(shape, sizeof shape, "(%d,)", 1 + FRAMES / 512);
    assert_npy("series/onset_strength.npy", "'<f4'", shape);
    assert_npy("series/beats.npy", "'<i8'", ",)");
    FILE *page = fopen("page.html", "rb");
    assert_non_null(page);
    fclose(page);
    assert_int_equal(grammy("meter tune.wav tune.wav --html page.html"), 2);
    assert_int_equal(grammy("meter tune.wav --html /nowhere/page.html --json"), 1);
    assert_int_equal(grammy("meter - --json --features < tune.wav"), 0);
}

// One that can't be heard does not keep the others from it.

static void the_meter_tells_which_recording_is_none(void **state) {
    (void)state;
    write_tune("tune.wav");
    FILE *file = fopen("text.wav", "wb");
    fputs("no sound", file);
    fclose(file);
    assert_int_equal(grammy("meter text.wav"), 3);
    assert_says("text.wav");
    assert_int_equal(grammy("meter text.wav tune.wav missing.wav"), 3);
    assert_says("Production quality");
    assert_says("'text.wav' is not an audio file");
    assert_says("missing.wav");
    assert_says("2 of 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_meter_shows_a_card_within_the_width),
        cmocka_unit_test(the_meter_reports_all_of_its_judgement_as_json),
        cmocka_unit_test(the_meter_refuses_genres_and_curves_it_cannot_read),
        cmocka_unit_test(the_meter_writes_series_and_a_page),
        cmocka_unit_test(the_meter_tells_which_recording_is_none),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
