// The page of a recording that was only heard.
#include "fixture.h"

enum { MELS = 128, FRAMES = 60 };

typedef struct heard {
    grm_analysis analysis;
    float mel[MELS * FRAMES], chroma[12 * FRAMES];
    grm_series series[2];
} heard;

static const grm_heard_section sections[] = {{0, 1.2, "A", -15, 0.4}, {1.2, 3, "B<", -13, 1}};

static void fill(heard *h, bool chroma) {
    *h = (heard){
        .series = {{"melspectrogram", MELS, FRAMES, false, h->mel}, {"chroma_stft", 12, FRAMES, false, h->chroma}}};
    for (size_t i = 0; i < MELS * FRAMES; i++) h->mel[i] = (float)(i % 7) / (float)(1 + i / FRAMES);
    for (size_t i = 0; i < 12 * FRAMES; i++) h->chroma[i] = (float)(i % FRAMES / 20) / 3;
    h->analysis = (grm_analysis){.analysis_rate_hz = 44100, .series = h->series, .series_count = chroma ? 2 : 1};
    h->analysis.lightweight = !chroma;
    h->analysis.features.duration_s = 3;
    h->analysis.features.channels = 2;
    h->analysis.features.tempo_bpm = NAN;
    h->analysis.features.integrated_lufs = -13.25;
}

static char *page_of(const heard *h, const char *title) {
    grm_report judgement = {
        .overall = 71.6, .rating = "Hit Potential", .trend = {.score = NAN, .text = "", .source = ""}};
    json_t *report = grm_analysis_json(&h->analysis, &judgement);
    grm_heard_page page = {title, report, &h->analysis};
    char *path = test_path("heard.html");
    uint8_t *bytes;
    size_t size;
    assert_int_equal(grm_heard_page_write(NULL, path, &page, NULL), GRM_OK);
    assert_int_equal(grm_file_read(path, 1 << 24, &bytes, &size, NULL), GRM_OK);
    unlink(path);
    free(path);
    json_decref(report);
    return (char *)bytes;
}

static size_t count_of(const char *text, const char *mark) {
    size_t count = 0;
    for (; (text = strstr(text, mark)); text += strlen(mark)) count++;
    return count;
}

static void the_page_holds_all_of_it(void **state) {
    static heard h;
    fill(&h, true);
    h.analysis.sections = sections;
    h.analysis.section_count = 2;
    char *html = page_of(&h, "a <b> & \"c\".wav");
    assert_int_equal(count_of(html, "src=\"data:image/png;base64,iVBOR"), 3);
    assert_int_equal(count_of(html, "src="), 3);
    assert_null(strstr(html, "{{"));
    assert_null(strstr(html, "http"));
    assert_null(strstr(html, "<b> &"));
    assert_non_null(strstr(html, "a &lt;b&gt; &amp; &quot;c&quot;.wav"));
    assert_non_null(strstr(html, "Hit Potential"));
    assert_non_null(strstr(html, ">B&lt;</span>"));
    assert_non_null(strstr(html, "<li>\u221213.2 LUFS</li>"));
    assert_non_null(strstr(html, "<dt>integrated_lufs</dt><dd>\u221213.25 LUFS"));
    assert_non_null(strstr(html, "<dt>tempo_bpm</dt><dd>\u2013</dd>"));
    size_t features;
    grm_feature_table(&features);
    assert_int_equal(count_of(html, "<div title="), features);
    free(html);
}

static void what_was_not_heard_is_left_out(void **state) {
    static heard h;
    fill(&h, false);
    char *html = page_of(&h, "x");
    assert_int_equal(count_of(html, "src=\"data:image/png"), 2);
    assert_null(strstr(html, "Chroma</h2>"));
    assert_null(strstr(html, "Form</h2>"));
    assert_non_null(strstr(html, "lightweight mode"));
    free(html);
    h.analysis.series_count = 0;
    html = page_of(&h, "x");
    assert_null(strstr(html, "src="));
    free(html);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_holds_all_of_it),
        cmocka_unit_test(what_was_not_heard_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
