// What a brief is as a whole: options, limits, refusals, seeds, JSON.
#include "prompt/expect.h"

static void what_can_not_be_is_refused_with_what_is_allowed(void **state) {
    const struct {
        const char *prompt, *names;
    } cases[] = {
        {"pop at 0 bpm", "20"},
        {"pop at 5000 bpm", "400"},
        {"tempo -5", "20"},
        {"nan bpm", "nan"},
        {"19 bpm", "20"},
        {"401 bpm", "400"},
        {"0 minutes of pop", "5 s"},
        {"-5 seconds", "5 s"},
        {"10 hours of pop", "300"},
        {"an hour of ambient", "300"},
        {"5:01 pop", "300"},
        {"1 second pop, 1 sec", "5 s"},
        {"", "empty"},
        {" \t\n", "empty"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_brief *b = (grm_brief *)1;
        grm_error err = {0};
        assert_int_equal(grm_brief_read(cases[i].prompt, NULL, catalogue, &b, &err), GRM_USAGE);
        assert_null(b);
        if (!strstr(err.message, cases[i].names)) fail_msg("\"%s\": %s", cases[i].prompt, err.message);
    }
    assert_int_equal(grm_brief_read(NULL, NULL, catalogue, &(grm_brief *){NULL}, NULL), GRM_USAGE);
}

static void options_outweigh_words(void **state) {
    grm_brief_options options = {.genre = "dnb",
                                 .tempo_bpm = 171.5,
                                 .key = "Ebm",
                                 .duration_s = 61.25,
                                 .metre = "7/8",
                                 .instruments = "rhodes, no drums, violin",
                                 .title = "Mine",
                                 .has_seed = true,
                                 .seed = UINT64_MAX};
    const char *prompt = "lofi with piano at 80 bpm in C major, 3/4, 2 minutes, called \"Yours\", seed 3";
    grm_brief *b = read_brief(prompt, &options);
    check(b, prompt,
          "style=drum-and-bass; bpm=171.5; key=Eb minor; s=61.25; metre=7/8; +electric-piano; +violin; -drums; "
          "title=Mine; seed=18446744073709551615; from:genre=o; from:bpm=o; from:key=o; from:s=o; from:metre=o; "
          "from:instruments=o; from:title=o; from:seed=o");
    assert_false(has(&b->instruments, "grand-piano"));
    grm_brief_free(b);
}

static void options_that_can_not_be_are_refused(void **state) {
    const struct {
        grm_brief_options options;
        const char *names;
    } cases[] = {
        {{.genre = "hosue"}, "house"},
        {{.genre = "polkacore"}, "polkacore"},
        {{.tempo_bpm = -5}, "20"},
        {{.tempo_bpm = 5000}, "400"},
        {{.tempo_bpm = INFINITY}, "400"},
        {{.duration_s = -5}, "5 s"},
        {{.duration_s = 36000}, "300"},
        {{.duration_s = 61, .max_duration_s = 60}, "60"},
        {{.key = "H minor"}, "F# minor"},
        {{.metre = "4/3"}, "7/8"},
        {{.metre = "waltz"}, "3/4"},
        {{.instruments = "violni"}, "violin"},
        {{.instruments = "kazoophone"}, "kazoophone"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_brief *b = NULL;
        grm_error err = {0};
        assert_int_equal(grm_brief_read("pop", &cases[i].options, catalogue, &b, &err), GRM_USAGE);
        if (!strstr(err.message, cases[i].names)) fail_msg("case %zu: %s", i, err.message);
    }
}

static void the_longest_length_is_the_profile_s(void **state) {
    grm_brief_options options = {.max_duration_s = 60};
    grm_brief *b = read_brief("pop", &options);
    assert_true(b->duration_s <= 60);
    grm_brief_free(b);
    assert_int_equal(grm_brief_read("pop, 61 seconds", &options, catalogue, &b, NULL), GRM_USAGE);
    options.max_duration_s = 600;
    b = read_brief("pop, 9 minutes", &options);
    assert_true(b->duration_s == 540);
    grm_brief_free(b);
}

static void nonsense_makes_a_default_track_and_says_so(void **state) {
    const char *prompts[] = {"asdf qwer zxcv", "!!!", "\xF0\x9F\x98\x80", "\xFF\xFE\x80", "12", "the of and"};
    for (size_t i = 0; i < GRM_COUNT(prompts); i++) {
        grm_brief *b = read_brief(prompts[i], NULL);
        assert_string_equal(b->style, "lofi-hip-hop");
        assert_true(b->misread && b->notes.count > 0);
        assert_non_null(strstr(b->notes.items[0], "nothing in the prompt was recognised"));
        assert_non_null(strstr(b->notes.items[0], "made a default"));
        grm_brief_free(b);
    }
}

static bool says_tempo_is_unusual(const char *prompt, uint64_t seed) {
    grm_brief_options options = {.seed = seed, .has_seed = true};
    grm_brief *b = read_brief(prompt, &options);
    bool said = false;
    for (size_t i = 0; i < b->notes.count; i++) said |= strstr(b->notes.items[i], "kept as asked") != NULL;
    grm_brief_free(b);
    return said;
}

static void only_a_tempo_that_was_asked_is_called_unusual(void **state) {
    (void)state;
    assert_true(says_tempo_is_unusual("hard rock, 60 BPM", 1));
    assert_false(says_tempo_is_unusual("hard rock, 120 BPM", 1));
    assert_false(says_tempo_is_unusual("hard rock in 6/8, 71 BPM", 1));  // as slow as 115 quarters
    for (uint64_t seed = 900; seed < 940; seed++) assert_false(says_tempo_is_unusual("hard rock", seed));
}

static char *dump(const grm_brief *b) {
    json_t *json = grm_brief_to_json(b);
    assert_non_null(json);
    char *text = json_dumps(json, JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

static void the_same_prompt_makes_the_same_brief(void **state) {
    const char *prompts[] = {"lofi rain", "an epic trailer with a big drop", "x"};
    for (size_t i = 0; i < GRM_COUNT(prompts); i++) {
        grm_brief *a = read_brief(prompts[i], NULL), *b = read_brief(prompts[i], NULL);
        char *x = dump(a), *y = dump(b);
        assert_string_equal(x, y);
        assert_true(a->seed < UINT64_C(1) << 53);
        free(x);
        free(y);
        grm_brief_free(a);
        grm_brief_free(b);
    }
}

static void seeds_choose_what_is_not_said(void **state) {
    unsigned titles = 0, tempos = 0, keys = 0;
    char last_title[128] = "";
    double last_tempo = 0;
    int last_key = -1;
    for (uint64_t seed = 0; seed < 40; seed++) {
        grm_brief_options options = {.has_seed = true, .seed = seed};
        grm_brief *b = read_brief("house", &options);
        const grm_style *style = grm_style_find(catalogue, b->style);
        assert_string_equal(b->style, "house");
        assert_true(b->tempo_bpm >= style->tempo_low && b->tempo_bpm <= style->tempo_high);
        assert_true(b->tempo_bpm == floor(b->tempo_bpm));
        titles += strcmp(b->title, last_title) != 0;
        tempos += b->tempo_bpm != last_tempo;
        keys += b->key.tonic != last_key;
        snprintf(last_title, sizeof(last_title), "%s", b->title);
        last_tempo = b->tempo_bpm;
        last_key = b->key.tonic;
        grm_brief_free(b);
    }
    assert_true(titles > 30);
    assert_true(tempos > 5);
    assert_true(keys > 20);
}

static void every_brief_can_be_made(void **state) {
    // Whatever was read, the fields are within their bounds.
    const char *words[] = {
        "lofi", "no",    "only", "120",          "bpm",   "in",     "a",    "minor", "3",     "/",
        "4",    "drums", ",",    "without",      "piano", "2:30",   "not",  "sad",   "verse", "chorus",
        "-",    "solo",  "80s",  "and",          "or",    "house",  "with", "slow",  "seed",  "F#",
        "'",    "\"",    "\xC3", "\xE2\x99\xAD", "half",  "minute", "key",  "of",    "9999",  "."};
    grm_rng rng = grm_rng_new(1, "prompts");
    for (int round = 0; round < 150; round++) {
        char prompt[600] = "";
        unsigned count = 1 + grm_rng_below(&rng, 40);
        for (unsigned i = 0; i < count; i++) {
            strcat(prompt, words[grm_rng_below(&rng, GRM_COUNT(words))]);
            if (grm_rng_chance(&rng, 0.7f)) strcat(prompt, " ");
        }
        grm_brief *b = NULL;
        grm_error err = {0};
        grm_status status = grm_brief_read(prompt, NULL, catalogue, &b, &err);
        if (status == GRM_USAGE) {
            assert_true(err.message[0] != 0);
            continue;
        }
        assert_int_equal(status, GRM_OK);
        assert_true(b->tempo_bpm >= 20 && b->tempo_bpm <= 400);
        assert_true(b->duration_s >= 5 && b->duration_s <= 300);
        assert_true(b->key.tonic >= 0 && b->key.tonic < 12);
        assert_true(b->valence >= -1 && b->valence <= 1 && b->energy >= -1 && b->energy <= 1);
        assert_true(b->title[0] != 0 && b->enriched_prompt[0] != 0 && b->notes.count > 0);
        assert_non_null(grm_style_find(catalogue, b->style));
        for (size_t i = 0; i < b->instruments.count; i++)
            assert_non_null(grm_instrument_find(catalogue, b->instruments.items[i]));
        for (int f = 0; f < GRM_BRIEF_FIELD_COUNT; f++)
            assert_true(b->from[f].confidence >= 0 && b->from[f].confidence <= 1);
        char *json = dump(b);
        assert_non_null(json);
        free(json);
        grm_brief_free(b);
    }
}

static void long_prompts_are_bounded(void **state) {
    static char prompt[5000];
    memset(prompt, 'a', sizeof(prompt) - 1);
    grm_error err = {0};
    grm_brief *b = NULL;
    assert_int_equal(grm_brief_read(prompt, NULL, catalogue, &b, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, "4096"));
    prompt[4096] = 0;
    grm_brief_free(read_brief(prompt, NULL));
    for (int i = 0; i < 4096; i++) prompt[i] = "no, "[i % 4];
    grm_brief_free(read_brief(prompt, NULL));
    for (int i = 0; i < 4096; i++) prompt[i] = (char)(128 + i % 128);
    b = read_brief(prompt, NULL);
    char *json = dump(b);
    assert_non_null(json);
    free(json);
    grm_brief_free(b);
}

static void the_enriched_prompt_reads_like_english(void **state) {
    grm_brief *b = read_brief("uplifting trance with a big drop, fade out, rain, no piano", NULL);
    assert_non_null(strstr(b->enriched_prompt, ": an uplifting trance track at "));
    assert_non_null(strstr(b->enriched_prompt, "with a big drop and a fade at the end"));
    assert_non_null(strstr(b->enriched_prompt, ", over rain"));
    assert_non_null(strstr(b->enriched_prompt, ", without "));
    grm_brief_free(b);
}

static void json_has_the_agreed_names(void **state) {
    static const char *const names[] = {"prompt",      "enriched_prompt",
                                        "title",       "genre",
                                        "style",       "mood",
                                        "tempo_bpm",   "key",
                                        "metre",       "duration_s",
                                        "instruments", "excluded_instruments",
                                        "textures",    "form",
                                        "era",         "voice",
                                        "seed",        "notes",
                                        "from"};
    grm_brief *b = read_brief("house at 124 bpm in F# minor, 2:30", NULL);
    json_t *json = grm_brief_to_json(b);
    for (size_t i = 0; i < GRM_COUNT(names); i++)
        if (!json_object_get(json, names[i])) fail_msg("no \"%s\"", names[i]);
    assert_string_equal(json_string_value(json_object_get(json, "key")), "F# minor");
    assert_string_equal(json_string_value(json_object_get(json, "metre")), "4/4");
    assert_true(json_number_value(json_object_get(json, "tempo_bpm")) == 124);
    assert_true(json_number_value(json_object_get(json, "duration_s")) == 150);
    assert_true(json_is_integer(json_object_get(json, "seed")));
    json_t *from = json_object_get(json, "from");
    for (size_t i = 0; i < GRM_COUNT(names) - 1; i++) {
        if (strstr("prompt enriched_prompt notes", names[i])) continue;
        json_t *field = json_object_get(from, names[i]);
        if (!field) fail_msg("from has no \"%s\"", names[i]);
        assert_true(json_is_string(json_object_get(field, "source")));
        assert_true(json_is_number(json_object_get(field, "confidence")));
    }
    json_decref(json);
    grm_brief_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_not_be_is_refused_with_what_is_allowed),
        cmocka_unit_test(options_outweigh_words),
        cmocka_unit_test(options_that_can_not_be_are_refused),
        cmocka_unit_test(the_longest_length_is_the_profile_s),
        cmocka_unit_test(nonsense_makes_a_default_track_and_says_so),
        cmocka_unit_test(the_same_prompt_makes_the_same_brief),
        cmocka_unit_test(seeds_choose_what_is_not_said),
        cmocka_unit_test(every_brief_can_be_made),
        cmocka_unit_test(only_a_tempo_that_was_asked_is_called_unusual),
        cmocka_unit_test(long_prompts_are_bounded),
        cmocka_unit_test(the_enriched_prompt_reads_like_english),
        cmocka_unit_test(json_has_the_agreed_names),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
