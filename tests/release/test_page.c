#include "fixture.h"

static const uint8_t pixel[] = "not really a picture";

typedef struct made {
    json_t *report, *release, *brief;
    char *html;
} made;

static const char *const category_names[] = {"production_quality", "commercial_appeal", "innovation",
                                             "emotional_impact", "radio_readiness"};

static void make_page(const char *title, made *out) {
    static const char *const files[] = {"stems/01-lead.wav", "stems/02-kick co.wav"};
    static const char *const names[] = {"Lead", "Kick & <Co>"};
    grm_brief brief = test_brief();
    grm_style style = test_style();
    grm_score score = test_score();
    grm_profile profile = {.audio_buffer_bytes = 8192, .max_audio_duration_s = 300, .threads = 2};
    grm_master_target target = {"spotify", -14, -1};
    grm_master_levels levels = {-14.04, 5.5, -1.02, -1.2, 11};
    brief.title = title;
    static const grm_heard_section heard[] = {{0, 1.2, "A", -15, 0.4}, {1.2, 3, "B", -13, 1}};
    grm_analysis analysis = {.section_count = 2, .sections = heard};
    grm_report judgement = {
        .overall = 71.6,
        .rating = "Hit Potential",
        .insight_count = 1,
        .insights = {{.text = "<i>thin</i>: the bass is low", .sub_score = "frequency_distribution", .gain = 1.5}},
        .trend = {.score = NAN, .text = "no benchmarks", .source = ""}};
    analysis.features.integrated_lufs = -14.04;
    analysis.features.tempo_bpm = 119.8;
    for (size_t i = 0; i < GRM_CATEGORIES; i++)
        judgement.categories[i] = (grm_category){category_names[i], 70, 0.2, 1, {{"mix_balance", 70, 1}}};
    grm_release_facts facts = {.brief = &brief,
                               .score = &score,
                               .profile = &profile,
                               .target = &target,
                               .levels = &levels,
                               .analysis = &analysis,
                               .judgement = &judgement,
                               .sample_rate_hz = 48000,
                               .duration_s = 3,
                               .stem_count = 2,
                               .stem_files = files};
    out->report = grm_report_json(&facts);
    out->release = grm_release_json(&facts);
    out->brief = json_pack("{s:s, s:[s], s:{s:[], s:[]}, s:[s, s]}", "prompt", brief.prompt, "notes", "<b>note</b>",
                           "form", "wishes", "sections", "textures", "rain", "hiss");
    grm_picture picture = {(uint8_t *)pixel, sizeof pixel};
    grm_page page = {out->brief, out->report, out->release, picture, picture, picture, &style, 2, files, names};
    char *path = test_path("page.html");
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(grm_page_write(path, &page, NULL), GRM_OK);
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
    out->html = (char *)bytes;
    unlink(path);
    free(path);
}

static void drop(made *m) {
    json_decref(m->brief);
    json_decref(m->release);
    json_decref(m->report);
    free(m->html);
}

// Everything that a browser would fetch is inside the page or beside it.
static void nothing_comes_from_elsewhere(void **state) {
    static const char *const marks[] = {"src=\"", "href=\"", "url("};
    made m;
    size_t seen = 0;
    make_page("Midnight Overdrive", &m);
    for (size_t i = 0; i < GRM_COUNT(marks); i++)
        for (const char *at = m.html; (at = strstr(at, marks[i])); seen++) {
            at += strlen(marks[i]);
            const char *end = strchr(at, '"');
            assert_non_null(end);
            if (strncmp(at, "data:image/png;base64,", 22) == 0) continue;
            assert_null(memchr(at, ':', (size_t)(end - at)));
            assert_true(at[0] != '/' && at[0] != '.');
        }
    assert_true(seen >= 3 + 3 + 2 + 9);
    assert_null(strstr(m.html, "//www"));
    assert_null(strstr(m.html, "http"));
    assert_null(strstr(m.html, "@import"));
    assert_null(strstr(m.html, "{{"));
    drop(&m);
}

static void words_of_others_are_harmless(void **state) {
    made m;
    make_page("</title><script>alert('x')</script>", &m);
    assert_null(strstr(m.html, "<script>alert"));
    assert_non_null(strstr(m.html, "&lt;script&gt;alert(&#39;x&#39;)"));
    assert_non_null(strstr(m.html, "a &lt;loud&gt; &quot;test&quot; &amp; more"));
    assert_non_null(strstr(m.html, "Kick &amp; &lt;Co&gt;"));
    assert_non_null(strstr(m.html, "stems/02-kick%20co.wav"));
    assert_null(strstr(m.html, "<b>note"));
    assert_non_null(strstr(m.html, "rain, hiss"));
    assert_null(strstr(m.html, "<th>Form</th>"));  // a row that would say nothing
    drop(&m);
}

static void metadata_has_the_names_that_programs_rely_on(void **state) {
    static const char *const fields[] = {"title",     "engine",    "version", "seed",  "settings",
                                         "soundfont", "tempo_bpm", "key",     "metre", "duration_s",
                                         "sections",  "stems",     "rights",  "isrc",  "writers"};
    made m;
    make_page("Title", &m);
    for (size_t i = 0; i < GRM_COUNT(fields); i++) assert_non_null(json_object_get(m.release, fields[i]));
    assert_string_equal(json_string_value(json_object_get(m.release, "key")), "F# minor");
    assert_null(json_object_get(m.release, "date"));
    const json_t *features = json_object_get(m.report, "features"), *sections = json_object_get(m.report, "sections");
    assert_true(fabs(json_real_value(json_object_get(features, "integrated_lufs")) + 14.04) < 1e-9);
    assert_true(fabs(json_real_value(json_object_get(features, "tempo_bpm")) - 119.8) < 1e-9);
    assert_int_equal(json_array_size(sections), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(sections, 1), "label")), "B");
    const json_t *composed = json_object_get(m.report, "composed"), *written = json_object_get(composed, "sections");
    assert_true(json_real_value(json_object_get(composed, "tempo_bpm")) == 120);
    assert_string_equal(json_string_value(json_object_get(composed, "key")), "F# minor");
    // Sections follow each other and end with the track.
    const json_t *first = json_array_get(written, 0), *last = json_array_get(written, 1);
    assert_true(json_real_value(json_object_get(first, "end_s")) == json_real_value(json_object_get(last, "start_s")));
    assert_true(json_real_value(json_object_get(last, "end_s")) == 3);
    for (size_t i = 0; i < 5; i++)
        assert_non_null(json_object_get(json_object_get(m.report, "categories"), category_names[i]));
    drop(&m);
}

static void the_judgement_is_on_the_page(void **state) {
    made m;
    make_page("Title", &m);
    assert_non_null(strstr(m.html, "Hit Potential"));
    assert_non_null(strstr(m.html, ">71<"));
    assert_non_null(strstr(m.html, "Production quality"));
    assert_non_null(strstr(m.html, "&lt;i&gt;thin&lt;/i&gt;: the bass is low"));
    assert_non_null(strstr(m.html, "no benchmarks"));
    drop(&m);
}

// The number of threads must not show: the same track has the same bytes.
static void metadata_is_silent_about_threads(void **state) {
    made m;
    make_page("Title", &m);
    char *text = json_dumps(m.release, 0);
    assert_null(strstr(text, "THREADS"));
    assert_null(strstr(text, "threads"));
    free(text);
    drop(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_comes_from_elsewhere),
        cmocka_unit_test(words_of_others_are_harmless),
        cmocka_unit_test(metadata_has_the_names_that_programs_rely_on),
        cmocka_unit_test(the_judgement_is_on_the_page),
        cmocka_unit_test(metadata_is_silent_about_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
