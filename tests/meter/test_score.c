// The judgement, on made-up features: curves, what counts how much, what is said, and what a file of curves may hold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <math.h>

#include "meter/curves.h"
#include "meter/remark.h"

// ---- a well-made track of pop, as figures ----

static const grm_heard_section sections[] = {
    {0, 12, "A", -18, 0.2},    {12, 40, "B", -15, 0.5},   {40, 70, "C", -12, 0.9}, {70, 98, "B", -15, 0.5},
    {98, 130, "C", -12, 0.95}, {130, 150, "D", -17, 0.4}, {150, 182, "C", -11, 1}, {182, 190, "A", -18, 0.2},
};
static const grm_chord_span chords[] = {{0, 40, "C"},     {40, 70, "F"},    {70, 100, "G"}, {100, 130, "Am"},
                                        {130, 150, "Dm"}, {150, 180, "Em"}, {180, 190, "C"}};

static grm_analysis good_track(void) {
    grm_analysis a = {.section_count = 8, .sections = sections, .chord_count = 7, .chords = chords};
    grm_features *f = &a.features;
    double *all = (double *)f;
    for (size_t i = 0; i < GRM_FIGURE_edge_silence_s; i++) all[i] = NAN;
    f->duration_s = 190, f->integrated_lufs = -14, f->true_peak_dbtp = -1, f->rms_dbfs = -17, f->plr_db = 13;
    f->psr_db = 12.5, f->loudness_range_lu = 6, f->dc_offset = 0, f->clipped_samples = 0, f->hum_db = -80;
    f->head_silence_s = 0.1, f->tail_silence_s = 0.5, f->bass_db = 6, f->mud_db = 0, f->presence_db = 0;
    f->air_db = -15, f->noise_db = -65, f->hiss_db = -55, f->flat_tops_ppm = 0, f->dropouts = 0,
    f->bandwidth_hz = 20000, f->pitch_wander_cents = 2, f->pitch_drift_cents = 0.5, f->tone_share = 0.1;
    f->timbre_change_db = 4, f->stereo_width = 0.15, f->mono_loss_db = -1, f->stereo_balance_db = 0.2;
    f->tempo_bpm = 112, f->beats_per_bar = 4, f->beat_confidence = 0.6, f->pulse_clarity = 0.5;
    f->hook_strength = 0.6, f->hook_first_s = 40, f->repetition = 0.6, f->section_count = 8, f->intro_s = 12;
    f->energy_range_db = 7, f->energy_arc = 0.6, f->key_confidence = 0.7, f->consonance = 0.7, f->syncopation = 0.3;
    f->onset_rate_hz = 5, f->harmonic_complexity = 0.5, f->speech_likeness = 0.05;
    for (size_t i = 0; i < GRM_WIDTH_BANDS; i++) f->width_by_band[i] = i ? 0.15 : 0.01;
    return a;
}

static grm_report *report_of(const grm_analysis *a, const char *genre) {
    grm_report *report = NULL;
    grm_error err = {0};
    if (grm_report_make(a, genre, NULL, &report, &err) != GRM_OK) fail_msg("%s", err.message);
    return report;
}

static double overall_of(const grm_analysis *a, const char *genre) {
    grm_report *report = report_of(a, genre);
    double overall = report->overall;
    grm_report_free(report);
    return overall;
}

static double quality_of(const grm_analysis *a) {
    grm_report *report = report_of(a, NULL);
    double score = report->categories[0].score;
    grm_report_free(report);
    return score;
}

// ---- curves ----

static void a_curve_meets_its_anchors_and_never_leaves_their_range(void **state) {
    (void)state;
    grm_curve c = {5, {-3, 0, 1, 4, 9}, {10, 90, 90, 40, 0}, {0}};
    grm_curve_fit(&c);
    for (size_t i = 0; i < c.count; i++) assert_float_equal(grm_curve_at(&c, c.x[i]), c.y[i], 1e-9);
    assert_float_equal(grm_curve_at(&c, -100), 10, 0);
    assert_float_equal(grm_curve_at(&c, 100), 0, 0);
    double before = 10;
    for (double x = -3; x <= 0; x += 0.01) {
        double y = grm_curve_at(&c, x);
        assert_true(y >= before - 1e-9 && y <= 90 + 1e-9);
        before = y;
    }
    assert_float_equal(grm_curve_at(&c, 0.5), 90, 1e-9);  // a plateau stays one
    before = 90;
    for (double x = 1; x <= 9; x += 0.01) {
        double y = grm_curve_at(&c, x);
        assert_true(y <= before + 1e-9 && y >= -1e-9);
        before = y;
    }
}

static void a_curve_has_no_kinks(void **state) {
    (void)state;
    grm_curve c = {4, {0, 2, 3, 7}, {0, 60, 95, 100}, {0}};
    grm_curve_fit(&c);
    const double h = 1e-6;
    for (size_t i = 0; i < c.count; i++) {
        double left = (grm_curve_at(&c, c.x[i]) - grm_curve_at(&c, c.x[i] - h)) / h;
        double right = (grm_curve_at(&c, c.x[i] + h) - grm_curve_at(&c, c.x[i])) / h;
        assert_float_equal(left, right, 1e-3);
    }
}

static void good_is_the_nearest_value_that_scores_well(void **state) {
    (void)state;
    grm_curve c = {5, {-20, -16, -9, -8, -5}, {50, 96, 100, 80, 20}, {0}};
    grm_curve_fit(&c);
    double quiet = grm_curve_good(&c, -30, 95), loud = grm_curve_good(&c, -4, 95);
    assert_true(quiet > -20 && quiet < -16 && loud > -9 && loud < -8);
    assert_float_equal(grm_curve_at(&c, quiet), 95, 1e-9);
    assert_float_equal(grm_curve_at(&c, loud), 95, 1e-9);
    assert_float_equal(grm_curve_good(&c, -12, 95), -12, 0);
    assert_float_equal(grm_curve_good(&c, -30, 100), -9, 1e-9);
    grm_curve low = {2, {0, 1}, {30, 70}, {0}};
    assert_float_equal(grm_curve_good(&low, 0, 95), 1, 0);
}

// ---- scores ----

static void a_good_track_scores_well_and_the_sums_hold(void **state) {
    (void)state;
    grm_analysis a = good_track();
    grm_report *r = report_of(&a, "pop");
    double sum = 0, weights = 0;
    assert_in_range((int)r->overall, 80, 100);
    for (size_t i = 0; i < GRM_CATEGORIES; i++) {
        const grm_category *c = &r->categories[i];
        double inner = 0;
        for (size_t k = 0; k < c->sub_score_count; k++) inner += c->sub_scores[k].weight;
        assert_float_equal(inner, 1, 1e-9);
        assert_true(c->score >= 0 && c->score <= 100);
        sum += c->score * c->weight, weights += c->weight;
    }
    assert_float_equal(weights, 1, 1e-9);
    assert_float_equal(sum, r->overall, 1e-4);
    assert_string_equal(r->genre, "pop");
    assert_string_equal(r->rating, r->overall >= 85 ? "Grammy Worthy" : "Hit Potential");
    grm_report_free(r);
}

static void what_was_not_measured_is_left_out(void **state) {
    (void)state;
    grm_analysis a = good_track();
    double all = overall_of(&a, NULL);
    a.features.key_confidence = a.features.consonance = a.features.harmonic_complexity = NAN;
    a.chord_count = 0;
    assert_float_equal(overall_of(&a, NULL), all, 4);
    for (size_t i = 0; i < GRM_FIGURE_edge_silence_s; i++) ((double *)&a.features)[i] = NAN;
    a.section_count = 0;
    memset(a.features.width_by_band, 0, sizeof a.features.width_by_band);
    grm_report *r = report_of(&a, NULL);
    assert_true(isnan(r->overall));
    assert_string_equal(r->rating, "Needs Work");
    assert_int_equal(r->recommendation_count, 0);
    grm_report_free(r);
}

static void each_fault_costs_more_the_more_there_is_of_it(void **state) {
    (void)state;
    static const struct {
        size_t offset;
        double doses[5], least_cost;  // of the last dose, in points of production quality
    } faults[] = {
        {offsetof(grm_features, flat_tops_ppm), {0, 200, 2000, 20000, 100000}, 20},
        {offsetof(grm_features, hum_db), {-80, -60, -50, -40, -30}, 20},
        {offsetof(grm_features, hiss_db), {-60, -40, -30, -20, -12}, 15},
        {offsetof(grm_features, pitch_wander_cents), {1, 8, 12, 20, 35}, 20},
        {offsetof(grm_features, pitch_drift_cents), {0, 2, 5, 10, 20}, 15},
        {offsetof(grm_features, mud_db), {1, 3, 5, 7, 9}, 12},
        {offsetof(grm_features, psr_db), {14, 12, 10, 8, 6}, 12},
        {offsetof(grm_features, stereo_balance_db), {0, 1, 2, 4, 8}, 8},
        {offsetof(grm_features, dropouts), {0, 2, 6, 20, 60}, 20},
        {offsetof(grm_features, dc_offset), {0, 0.006, 0.01, 0.03, 0.1}, 12},
        {offsetof(grm_features, bandwidth_hz), {20000, 15000, 11000, 7000, 4000}, 12},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        grm_analysis a = good_track();
        double best = 0, before = 101;
        for (size_t k = 0; k < 5; k++) {
            *(double *)((char *)&a.features + faults[i].offset) = faults[i].doses[k];
            double score = quality_of(&a);
            assert_true(score < before + 1e-9);
            if (k == 0) best = score;
            before = score;
        }
        if (best - before < faults[i].least_cost) fail_msg("fault %zu costs %.1f points only", i, best - before);
    }
}

static void one_ruinous_fault_cannot_hide(void **state) {
    (void)state;
    grm_analysis a = good_track();
    double before = quality_of(&a);
    a.features.flat_tops_ppm = 200000;
    assert_true(quality_of(&a) < 0.6 * before);
}

// What a stereo picture may be short of, one loudspeaker is shorter of.
static void mono_is_the_least_stereo_there_is(void **state) {
    (void)state;
    grm_analysis a = good_track();
    for (size_t i = 0; i < GRM_WIDTH_BANDS; i++) a.features.width_by_band[i] = 0;
    a.features.stereo_width = 1e-9, a.features.stereo_balance_db = 0;  // by rounding
    double mono = quality_of(&a);
    static const double low[] = {0, 0.2, 0.45}, middle[] = {0.02, 0.2, 0.5};
    for (size_t i = 0; i < 9; i++) {
        a = good_track();
        for (size_t k = 0; k < GRM_WIDTH_BANDS; k++) a.features.width_by_band[k] = k ? middle[i / 3] : low[i % 3];
        if (quality_of(&a) <= mono) fail_msg("%g below and %g above do not beat mono", low[i % 3], middle[i / 3]);
    }
    a = good_track();
    assert_true(quality_of(&a) > mono + 12);
}

static void genres_are_judged_by_their_own_measure(void **state) {
    (void)state;
    grm_analysis a = good_track();
    a.features.integrated_lufs = -18, a.features.air_db = -24, a.features.bass_db = 11;
    assert_true(overall_of(&a, "lofi-hip-hop") > overall_of(&a, "house") + 0.5);
    a = good_track();
    a.features.pulse_clarity = 0.02, a.features.beat_confidence = 0.05, a.features.onset_rate_hz = 0.6;
    a.features.hook_first_s = 120;
    assert_true(overall_of(&a, "ambient") > overall_of(&a, "techno") + 8);
}

static void every_built_in_style_has_curves(void **state) {
    (void)state;
    grm_analysis a = good_track();
    for (size_t i = 0; i < grm_embedded_count; i++) {
        char name[64];
        if (sscanf(grm_embedded_files[i].path, "styles/%63[^.].yaml", name) != 1) continue;
        grm_report *r = report_of(&a, name);
        assert_true(r->genre[0]);
        grm_report_free(r);
    }
    grm_report *r = NULL;
    grm_error err = {0};
    assert_int_equal(grm_report_make(&a, "yodelling", NULL, &r, &err), GRM_USAGE);
    assert_null(r);
    assert_non_null(strstr(err.message, "yodelling"));
}

static void what_is_no_music_is_told_so(void **state) {
    (void)state;
    static const struct {
        size_t offset;
        double value;
        const char *name;
    } cases[] = {
        {offsetof(grm_features, rms_dbfs), -90, "silence"},
        {offsetof(grm_features, noise_db), -1, "noise"},
        {offsetof(grm_features, tone_share), 0.99, "tone"},
        {offsetof(grm_features, speech_likeness), 0.95, "speech"},
        {offsetof(grm_features, chroma_entropy), 0.98, "formless"},
        {offsetof(grm_features, timbre_change_db), 0.05, "sameness"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_analysis a = good_track();
        *(double *)((char *)&a.features + cases[i].offset) = cases[i].value;
        if (strcmp(cases[i].name, "noise") == 0) {
            assert_true(overall_of(&a, NULL) > 60);  // dense metal is as steady, and has a pulse
            a.features.pulse_clarity = 0.11;
        }
        if (strcmp(cases[i].name, "formless") == 0) {
            assert_true(overall_of(&a, NULL) > 60);  // metal has all notes as often, and a pulse
            a.features.pulse_clarity = 0.17;
            a.features.harmonic_ratio = 0.98;
            assert_true(overall_of(&a, NULL) > 50);  // dark drones have neither, and tones that stand
            a.features.harmonic_ratio = 0.5;
        }
        if (strcmp(cases[i].name, "sameness") == 0) {
            assert_true(overall_of(&a, NULL) > 60);  // a pad may stay as it is, and swell
            a.features.loudness_range_lu = 0.2;
        }
        grm_report *r = report_of(&a, NULL);
        assert_true(r->overall < 40);
        assert_string_equal(r->rating, "Needs Work");
        assert_string_equal(r->insights[0].sub_score, cases[i].name);
        grm_report_free(r);
    }
}

// ---- words ----

static const grm_advice *find_advice(const grm_report *r, const char *part) {
    for (size_t i = 0; i < r->recommendation_count; i++)
        if (strstr(r->recommendations[i].text, part)) return &r->recommendations[i];
    return NULL;
}

static void advice_has_figures_places_and_gains_in_order(void **state) {
    (void)state;
    grm_analysis a = good_track();
    a.features.integrated_lufs = -9.2 + 3, a.features.hook_first_s = 75;
    a.features.width_by_band[0] = 0.18;
    grm_report *r = report_of(&a, "pop");
    const grm_advice *limiter = find_advice(r, "lower the limiter by 3 dB");
    const grm_advice *hook = find_advice(r, "bring the chorus forward by");
    const grm_advice *bass = find_advice(r, "below 120 Hz the sides carry 18 %");
    assert_non_null(limiter);
    assert_non_null(strstr(limiter->text, "\u22126.2 LUFS"));
    assert_string_equal(limiter->sub_score, "loudness");
    assert_non_null(hook);
    assert_non_null(strstr(hook->text, "bars"));
    assert_non_null(strstr(hook->text, "1:15"));
    assert_non_null(bass);
    for (size_t i = 0; i + 1 < r->recommendation_count; i++)
        assert_true(r->recommendations[i].gain >= r->recommendations[i + 1].gain);
    for (size_t i = 0; i < r->recommendation_count; i++) assert_true(r->recommendations[i].gain > 0);
    grm_report_free(r);
}

// Where the built-in curves lead from a figure of pop.
static double goal_of(int figure, double from) {
    grm_memory *memory = grm_memory_new();
    const grm_curves *curves = NULL;
    size_t group;
    double goal = NAN;
    assert_int_equal(grm_curves_load(NULL, memory, &curves, NULL), GRM_OK);
    assert_int_equal(grm_curves_group(curves, "pop", &group, NULL), GRM_OK);
    for (size_t s = 0; s < curves->categories[0].sub_count; s++)
        for (size_t t = 0; t < curves->categories[0].subs[s].term_count; t++) {
            const grm_term *term = &curves->categories[0].subs[s].terms[t];
            if (term->figure == figure) goal = grm_curve_good(term->curve[group], from, 85);
        }
    grm_memory_free(memory);
    return goal;
}

static double score_of(const grm_report *r, const char *sub_score) {
    for (size_t c = 0; c < GRM_CATEGORIES; c++)
        for (size_t s = 0; s < r->categories[c].sub_score_count; s++)
            if (strcmp(r->categories[c].sub_scores[s].name, sub_score) == 0)
                return r->categories[c].sub_scores[s].score;
    return NAN;
}

static size_t count_naming(const grm_report *r, const char *sub_score) {
    size_t count = 0;
    for (size_t i = 0; i < r->recommendation_count; i++)
        count += strcmp(r->recommendations[i].sub_score, sub_score) == 0;
    return count;
}

// One channel upside down shows in three figures, a clipped master in five.
static void one_cause_is_one_advice(void **state) {
    (void)state;
    grm_analysis a = good_track();
    double good = overall_of(&a, NULL);
    a.features.mono_loss_db = -12, a.features.stereo_correlation = -0.7;
    for (size_t i = 0; i < GRM_WIDTH_BANDS; i++) a.features.width_by_band[i] = 0.85;
    grm_report *r = report_of(&a, NULL);
    const grm_advice *polarity = find_advice(r, "polarity of one channel");
    assert_non_null(polarity);
    assert_ptr_equal(polarity, &r->recommendations[0]);
    assert_true(fabs(polarity->gain - (good - r->overall)) < 2.5);
    assert_int_equal(count_naming(r, "stereo_image") + count_naming(r, "mono_compatibility"), 1);
    assert_non_null(strstr(r->insights[0].text, "correlation \u22120.70"));
    grm_report_free(r);

    a = good_track();
    a.features.flat_tops_ppm = 20000, a.features.psr_db = 7, a.features.plr_db = 8;
    a.features.integrated_lufs = -7, a.features.true_peak_dbtp = 0.8;
    r = report_of(&a, NULL);
    assert_non_null(strstr(r->recommendations[0].text, "20000 samples in a million"));
    assert_true(r->recommendations[0].gain > 8);
    assert_string_equal(r->recommendations[0].sub_score, "cleanness");
    assert_int_equal(count_naming(r, "dynamic_range") + count_naming(r, "peaks") + count_naming(r, "loudness"), 0);
    grm_report_free(r);
}

// Less bass lets the low middle stick out: its mud counts.
static void a_gain_counts_what_else_moves(void **state) {
    (void)state;
    grm_analysis a = good_track();
    a.features.bass_db = 18, a.features.mud_db = -8;
    grm_report *clear = report_of(&a, NULL);
    a.features.mud_db = 2;
    grm_report *muddy = report_of(&a, NULL);
    const grm_advice *all = find_advice(clear, "take the bass down"), *less = find_advice(muddy, "take the bass down");
    assert_non_null(all);
    assert_true(!less || less->gain < 0.7 * all->gain);
    grm_report_free(clear);
    grm_report_free(muddy);
}

static void a_way_too_long_for_an_equaliser_is_told_otherwise(void **state) {
    (void)state;
    grm_analysis a = good_track();
    a.features.air_db = -17;
    grm_report *r = report_of(&a, NULL);
    assert_non_null(find_advice(r, "a shelf of"));
    grm_report_free(r);
    a.features.air_db = -28;
    r = report_of(&a, NULL);
    assert_null(find_advice(r, "a shelf of"));
    assert_non_null(find_advice(r, "which an equaliser cannot"));
    grm_report_free(r);
}

static void the_gain_told_is_the_gain_had(void **state) {
    (void)state;
    grm_analysis a = good_track();
    a.features.mud_db = 8;
    grm_report *r = report_of(&a, "pop");
    const grm_advice *advice = find_advice(r, "280 Hz");
    assert_non_null(advice);
    assert_string_equal(advice->feature, "mud_db");
    assert_float_equal(advice->value, 8, 0);
    assert_float_equal(advice->goal, goal_of(GRM_FIGURE_mud_db, 8), 1e-9);
    assert_float_equal(advice->before, score_of(r, advice->sub_score), 0);
    a.features.mud_db = advice->goal;
    grm_report *then = report_of(&a, "pop");
    assert_float_equal(then->overall - r->overall, advice->gain, 1e-4);
    assert_float_equal(score_of(then, "mix_balance"), advice->lifted, 1e-4);
    grm_report_free(then);
    grm_report_free(r);
}

static void energy_is_to_be_moved_at_places(void **state) {
    static const grm_heard_section parts[] = {{.start_s = 0, .end_s = 42, .label = "A", .loudness_lufs = -70},
                                              {.start_s = 42, .end_s = 95, .label = "B", .loudness_lufs = -16},
                                              {.start_s = 95, .end_s = 180, .label = "C", .loudness_lufs = -14.8}};
    (void)state;
    grm_analysis a = good_track();
    a.features.energy_range_db = 1.2, a.features.loudness_range_lu = 2;
    a.sections = parts, a.section_count = GRM_COUNT(parts);
    grm_report *r = report_of(&a, NULL);
    const grm_advice *build = find_advice(r, "build up");
    assert_non_null(build);
    assert_non_null(strstr(build->text, "as at 0:42"));
    assert_non_null(strstr(build->text, "the loudest, at 1:35"));
    grm_report_free(r);
    a.section_count = 1;
    r = report_of(&a, NULL);
    build = find_advice(r, "build up");
    assert_non_null(build);
    assert_null(strstr(build->text, " at "));
    grm_report_free(r);
}

// What has no room over its peaks is limited when it is raised, and a lower ceiling takes peaks.
static void a_gain_counts_what_the_limiter_takes(void **state) {
    (void)state;
    grm_analysis a = good_track();
    a.features.integrated_lufs = -22, a.features.true_peak_dbtp = -1.2;
    a.features.plr_db = 20.8, a.features.psr_db = 13;
    double before = overall_of(&a, NULL);
    grm_report *full = report_of(&a, NULL);
    const grm_advice *raise = find_advice(full, "raise the master");
    assert_non_null(raise);
    assert_non_null(strstr(raise->text, "limiter"));
    a.features.integrated_lufs = raise->goal;
    assert_true(raise->gain < overall_of(&a, NULL) - before - 0.2);
    grm_report_free(full);

    a = good_track();
    a.features.true_peak_dbtp = 1.5;
    before = overall_of(&a, NULL);
    grm_report *hot = report_of(&a, NULL);
    const grm_advice *ceiling = find_advice(hot, "true-peak ceiling");
    assert_non_null(ceiling);
    a.features.true_peak_dbtp = ceiling->goal;
    double alone = overall_of(&a, NULL) - before;  // as if nothing were lost
    assert_true(ceiling->gain < alone - 0.05);
    grm_report_free(hot);
}

static void without_a_tempo_places_are_told_in_seconds(void **state) {
    (void)state;
    grm_analysis a = good_track();
    a.features.hook_first_s = 75;
    a.features.tempo_bpm = NAN;
    grm_report *r = report_of(&a, "pop");
    assert_non_null(find_advice(r, "bring the chorus forward to 0:"));
    grm_report_free(r);
}

static void texts_are_cut_between_letters(void **state) {
    (void)state;
    double values[GRM_FIGURES];
    for (size_t i = 0; i < GRM_FIGURES; i++) values[i] = -0.04;
    grm_texts texts = {2, {"{nothing}", "{rms_dbfs:2} {rms_dbfs:0} \u00e9\u00e9"}, {INFINITY, INFINITY}};
    grm_remark phrase = {values, -1, NAN, ""};
    char out[64];
    assert_true(grm_remark_write(&texts, &phrase, out, sizeof out));
    assert_string_equal(out, "\u22120.04 0 \u00e9\u00e9");
    assert_true(grm_remark_write(&texts, &phrase, out, 13));
    assert_string_equal(out, "\u22120.04 0 \u00e9");
}

// ---- trends ----

static void trends_are_known_only_where_there_are_figures(void **state) {
    (void)state;
    grm_analysis a = good_track();
    grm_report *r = report_of(&a, "pop");
    assert_true(r->trend.known);
    assert_true(r->trend.score > 70 && r->trend.score <= 100);
    assert_non_null(strstr(r->trend.source, "Spotify"));
    double near_the_median = r->trend.score;
    grm_report_free(r);
    a.features.duration_s = 600;
    r = report_of(&a, "pop");
    assert_true(r->trend.score < near_the_median - 20);
    grm_report_free(r);
    a.features.duration_s = 190, a.features.tempo_bpm = 56;  // half of 112
    r = report_of(&a, "pop");
    assert_float_equal(r->trend.score, near_the_median, 1e-4);
    assert_non_null(strstr(r->trend.text, "counted double"));
    grm_report_free(r);
    r = report_of(&a, "jazz-swing");
    assert_false(r->trend.known);
    assert_non_null(strstr(r->trend.text, "no benchmarks"));
    grm_report_free(r);
}

// ---- files of curves ----

static void expect_complaint(const char *text, const char *expected) {
    grm_memory *memory = grm_memory_new();
    const grm_curves *curves = NULL;
    grm_error err = {0};
    grm_status status = grm_curves_read("my.yaml", (const uint8_t *)text, strlen(text), memory, &curves, &err);
    if (status != GRM_BAD_INPUT || !strstr(err.message, expected))
        fail_msg("\"%s\" instead of \"%s\"", err.message, expected);
    assert_null(curves);
    grm_memory_free(memory);
}

static void mistakes_have_their_place(void **state) {
    (void)state;
#define HEAD "ratings: [{from: 0, name: All}]\n"
    expect_complaint("rating: 3\n", "my.yaml:1:1: unknown key \"rating\"");
    expect_complaint(HEAD, "\"categories\" is missing");
    expect_complaint(HEAD "gates:\n  - {name: x, feature: loudnes, curve: [[0, 1], [1, 2]]}\n",
                     "my.yaml:3:24: there is no feature \"loudnes\"");
    expect_complaint(HEAD "gates:\n  - {name: x, feature: hum_db, curve: [[1, 1], [0, 2]]}\n",
                     "my.yaml:3:48: anchors should rise");
    expect_complaint(HEAD "gates:\n  - {name: x, feature: hum_db, curve: [[1, 101], [2, 2]]}\n",
                     "should be a number from 0 to 100");
    expect_complaint(HEAD "gates:\n  - {name: x, feature: hum_db, curve: [[1, 10]]}\n", "a list of at least 2");
    expect_complaint("ratings: [{from: 0, name: A}, {from: 5, name: B}]\n", "ratings should fall");
    expect_complaint(HEAD "causes:\n  - {name: x, when: [{feature: hum_db}]}\n",
                     "a sign is {feature: NAME, below: VALUE}");
    expect_complaint(HEAD "causes:\n  - {name: x, when: [{feature: hum_db, above: 3}], low: [hum]}\n",
                     "my.yaml:3:58: there is no feature \"hum\"");
    expect_complaint(HEAD "categories: [{name: a}, {name: b}, {name: c}, {name: d}, {name: e}]\n",
                     "\"a\" should be production_quality here");
#undef HEAD
}

// Text of the built-in file with one piece exchanged.
static char *exchanged(const char *piece, const char *by) {
    const grm_embedded *file = grm_embedded_find("data/curves.yaml");
    const char *text = (const char *)file->bytes, *at = strstr(text, piece);
    assert_non_null(at);
    char *out = malloc(file->size + strlen(by) + 1);
    sprintf(out, "%.*s%s%s", (int)(at - text), text, by, at + strlen(piece));
    return out;
}

static void weights_must_add_up(void **state) {
    (void)state;
    char *text = exchanged("weight: 0.25", "weight: 0.26");
    expect_complaint(text, "the weights of the categories add up to 1.01");
    free(text);
}

static void a_file_of_your_own_replaces_the_curves(void **state) {
    (void)state;
    char path[] = "/tmp/grammy-curves-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    char *text = exchanged("{from: 85, name: Grammy Worthy}", "{from: 71, name: Splendid}");
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    grm_analysis a = good_track();
    grm_report *r = NULL;
    assert_int_equal(grm_report_make(&a, NULL, path, &r, NULL), GRM_OK);
    assert_string_equal(r->rating, "Splendid");
    grm_report_free(r);
    unlink(path);
    grm_error err = {0};
    assert_int_equal(grm_report_make(&a, NULL, path, &r, &err), GRM_BAD_INPUT);
    free(text);
}

// ---- the guides ----

static char *file_of(const char *name) {
    char path[1024];
    uint8_t *bytes = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s", getenv("GRAMMY_SOURCE"), name);
    assert_int_equal(grm_file_read(path, 1 << 20, &bytes, &size, NULL), GRM_OK);
    char *text = calloc(size + 1, 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    free(bytes);
    return text;
}

static void the_guides_say_what_is_measured_and_judged(void **state) {
    (void)state;
    char *said[2] = {NULL};
    size_t size;
    FILE *out = open_memstream(&said[0], &size);
    grm_meter_explain_features(out);
    fclose(out);
    out = open_memstream(&said[1], &size);
    assert_int_equal(grm_meter_explain_score(out, NULL, NULL), GRM_OK);
    fclose(out);
    char *features = file_of("docs/features.md"), *score = file_of("docs/score.md");
    assert_string_equal(features, said[0]);
    assert_string_equal(score, said[1]);
    free(features);
    free(score);
    free(said[0]);
    free(said[1]);
}

static void sixty_features_have_a_range_and_a_source(void **state) {
    (void)state;
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    assert_true(count >= 60);
    for (size_t i = 0; i < count; i++) {
        assert_true(table[i].low < table[i].high);
        assert_true(strlen(table[i].source) > 5);
        const char *unit = strrchr(table[i].name, '_');
        static const char *const units[][2] = {{"_db", "dB"}, {"_s", "s"}, {"_hz", ""}, {"_lufs", "LUFS"}};
        for (size_t k = 0; unit && k < 4; k++)
            if (strcmp(unit, units[k][0]) == 0) assert_non_null(strstr(table[i].unit, units[k][1]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guides_say_what_is_measured_and_judged),
        cmocka_unit_test(sixty_features_have_a_range_and_a_source),
        cmocka_unit_test(a_curve_meets_its_anchors_and_never_leaves_their_range),
        cmocka_unit_test(a_curve_has_no_kinks),
        cmocka_unit_test(good_is_the_nearest_value_that_scores_well),
        cmocka_unit_test(a_good_track_scores_well_and_the_sums_hold),
        cmocka_unit_test(what_was_not_measured_is_left_out),
        cmocka_unit_test(each_fault_costs_more_the_more_there_is_of_it),
        cmocka_unit_test(one_ruinous_fault_cannot_hide),
        cmocka_unit_test(mono_is_the_least_stereo_there_is),
        cmocka_unit_test(genres_are_judged_by_their_own_measure),
        cmocka_unit_test(every_built_in_style_has_curves),
        cmocka_unit_test(what_is_no_music_is_told_so),
        cmocka_unit_test(advice_has_figures_places_and_gains_in_order),
        cmocka_unit_test(one_cause_is_one_advice),
        cmocka_unit_test(a_gain_counts_what_else_moves),
        cmocka_unit_test(a_way_too_long_for_an_equaliser_is_told_otherwise),
        cmocka_unit_test(the_gain_told_is_the_gain_had),
        cmocka_unit_test(a_gain_counts_what_the_limiter_takes),
        cmocka_unit_test(energy_is_to_be_moved_at_places),
        cmocka_unit_test(without_a_tempo_places_are_told_in_seconds),
        cmocka_unit_test(texts_are_cut_between_letters),
        cmocka_unit_test(trends_are_known_only_where_there_are_figures),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(weights_must_add_up),
        cmocka_unit_test(a_file_of_your_own_replaces_the_curves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
