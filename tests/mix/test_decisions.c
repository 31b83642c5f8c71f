#include "song.h"

static void decisions_given_back_make_the_same_bytes(void **state) {
    (void)state;
    song s;
    result first, again;
    song_open(&s);
    s.plan.style.lofi = 0.3f;
    s.parts[LEAD].pan = 0.333f;
    mix_well(&s, &first);
    char *text = json_dumps(first.decisions, JSON_REAL_PRECISION(9));
    json_t *back = json_loads(text, 0, NULL);
    // What the style says now counts for nothing.
    s.plan.session = back;
    s.plan.session_name = "mix.json";
    s.plan.style = (grm_style_mix){.duck_db = 12, .hall_s = 5};
    s.parts[PAD].level_db = 3;
    mix_well(&s, &again);
    assert_true(json_equal(first.decisions, again.decisions));
    for (int side = 0; side < 2; side++)
        assert_memory_equal(first.mix->plane[side], again.mix->plane[side], FRAMES * sizeof(float));
    // An edited one is obeyed; lower all over, so that nothing has to be held back at its peaks.
    json_object_set_new(json_object_get(back, "buses"), "gain_db", json_real(-20));
    result_free(&again);
    mix_well(&s, &again);
    double before = db_of(again.wet[LEAD], RATE, 3 * RATE);
    json_t *lead_json = json_array_get(json_object_get(back, "stems"), LEAD);
    double gain = json_number_value(json_object_get(lead_json, "gain_db"));
    json_object_set_new(lead_json, "gain_db", json_real(gain - 4.5));
    result_free(&again);
    mix_well(&s, &again);
    double down = db_of(again.wet[LEAD], RATE, 3 * RATE) - before;
    if (!(fabs(down + 4.5) < 0.02)) fail_msg("the lead moved by %.2f dB", down);
    json_decref(back);
    free(text);
    result_free(&again);
    result_free(&first);
    song_close(&s);
}

static void broken_decisions_are_refused_by_name(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"[]", "\"stems\""},
        {"{\"stems\": [{\"file\": \"Nobody\"}]}", "Nobody"},
        {"{\"stems\": [{\"file\": \"Kick\"}]}", "Bass"},
        {"{\"stems\": [{\"file\": \"Kick\", \"pan\": 2}]}", "stems[0].pan"},
        {"{\"stems\": [{\"file\": \"Kick\", \"pan\": \"left\"}]}", "stems[0].pan"},
        {"{\"stems\": [{\"file\": \"Kick\", \"gian_db\": 2}]}", "gian_db"},
        {"{\"stems\": [{\"file\": \"Kick\", \"eq\": [{\"type\": \"bel\"}]}]}", "stems[0].eq[0].type"},
        {"{\"stems\": [{\"file\": \"Kick\"}, {\"file\": \"Kick\"}]}", "twice"},
        {"{\"stems\": [{\"file\": \"Kick\", \"sends\": 3}]}", "stems[0].sends"},
        {"{\"stems\": [{\"file\": \"Kick\", \"compressor\": {\"ratio\": 0}}]}", "compressor.ratio"},
    };
    song s;
    song_open(&s);
    for (size_t i = 0; i < GRM_COUNT(bad); i++) {
        grm_error err = {0};
        result r = {0};
        json_t *session = json_loads(bad[i][0], 0, NULL);
        assert_non_null(session);
        s.plan.session = session;
        s.plan.session_name = "mix.json";
        assert_int_equal(mix(&s, 1, &r, &err), GRM_BAD_INPUT);
        if (!strstr(err.message, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.message);
        result_free(&r);
        json_decref(session);
    }
    song_close(&s);
}

static void decisions_have_the_contract_s_fields(void **state) {
    (void)state;
    song s;
    result r;
    song_open(&s);
    mix_well(&s, &r);
    static const char *const names[] = {"file", "role",       "gain_db", "pan",       "mute",
                                        "eq",   "compressor", "sends",   "automation"};
    json_t *stems = json_object_get(r.decisions, "stems");
    assert_int_equal(json_array_size(stems), STEMS);
    for (size_t i = 0; i < STEMS; i++)
        for (size_t k = 0; k < GRM_COUNT(names); k++)
            assert_non_null(json_object_get(json_array_get(stems, i), names[k]));
    assert_true(json_is_object(json_object_get(r.decisions, "buses")));
    result_free(&r);
    song_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_given_back_make_the_same_bytes),
        cmocka_unit_test(broken_decisions_are_refused_by_name),
        cmocka_unit_test(decisions_have_the_contract_s_fields),
    };
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
