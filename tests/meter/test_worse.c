// The meter as a judge: a track that is damaged, or played worse, never gets a better production quality for it, also
// where it was clipped before.
#include "drums.h"
#include "hearing.h"

enum { RATE = 44100, SECONDS = 24 };

typedef struct stereo {
    sound side[2];
} stereo;

static void stereo_free(stereo *s) {
    for (int c = 0; c < 2; c++) free(s->side[c].x);
}

static stereo copy_of(const stereo *s) {
    stereo out;
    for (int c = 0; c < 2; c++) {
        out.side[c] = sound_new(RATE, SECONDS);
        memcpy(out.side[c].x, s->side[c].x, s->side[c].frames * sizeof(float));
    }
    return out;
}

static float peak_of(const stereo *s) {
    return fmaxf(grm_peak(s->side[0].x, s->side[0].frames), grm_peak(s->side[1].x, s->side[1].frames));
}

static double rms_of(const stereo *s) {
    double power = 0;
    for (int c = 0; c < 2; c++) power += grm_power(s->side[c].x, s->side[c].frames) / 2;
    return sqrt(power);
}

static void scale(stereo *s, float gain) {
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < s->side[c].frames; i++) s->side[c].x[i] *= gain;
}

// Chords on both sides, a tune, a bass and drums in the middle; the second half is fuller.
static stereo song(double lead_db, double bass_db) {
    static const int roots[] = {0, 9, 5, 7}, tune[] = {76, 79, 81, 79, 77, 76, 74, 72, 74, 76, 79, 84};
    const double lead = pow(10, lead_db / 20), bass = pow(10, bass_db / 20);
    stereo s;
    for (int c = 0; c < 2; c++) {
        sound *x = &s.side[c];
        *x = sound_new(RATE, SECONDS);
        for (int bar = 0; bar < 12; bar++) {
            int root = roots[bar % 4];
            add_chord(x, 2 * bar + 0.006 * c, 1.8, root, root == 9, c ? 4 : -4);
            for (int i = 0; i < 4; i++) add_tone(x, 2 * bar + 0.5 * i, 0.4, 36 + root, 0, 0.25 * bass);
            for (int i = 0; i < (bar < 6 ? 3 : 6); i++)
                add_tone(x, 2 * bar + (bar < 6 ? 0.66 : 0.33) * i, 0.3, tune[(bar * 5 + i) % 12], 0, 0.16 * lead);
            for (int i = 0; i < 4; i++) (i % 2 ? add_snare : add_kick)(x, 2 * bar + 0.5 * i, bar < 6 ? 0.4 : 0.5);
            for (int i = 0; i < 8; i++) add_hat(x, 2 * bar + 0.25 * i, 0.12);
        }
    }
    scale(&s, 0.85f / peak_of(&s));
    return s;
}

// ---- damage, by so many dB or percent ----

static void clip(stereo *s, double db) {
    float top = peak_of(s) * (float)pow(10, -db / 20);
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < s->side[c].frames; i++) s->side[c].x[i] = fmaxf(-top, fminf(top, s->side[c].x[i]));
}

// Into a limiter that recovers within 60 ms.
static void limit(stereo *s, double db) {
    const float top = peak_of(s), back = expf(-1 / (0.06f * RATE));
    float gain = 1;
    scale(s, (float)pow(10, db / 20));
    for (size_t i = 0; i < s->side[0].frames; i++) {
        float now = fminf(1, top / fmaxf(1e-9f, fmaxf(fabsf(s->side[0].x[i]), fabsf(s->side[1].x[i]))));
        gain = now < gain ? now : now + (gain - now) * back;
        for (int c = 0; c < 2; c++) s->side[c].x[i] *= gain;
    }
}

static void hum(stereo *s, double db) {
    const double level = rms_of(s) * pow(10, db / 20) * M_SQRT2 / 1.2;
    for (size_t i = 0; i < s->side[0].frames; i++) {
        double turn = 2 * GRM_PI * 50.03 * (double)i / RATE,
               wave = sin(turn) + 0.5 * sin(2 * turn) + 0.4 * sin(3 * turn);
        for (int c = 0; c < 2; c++) s->side[c].x[i] += (float)(level * wave);
    }
}

static void hiss(stereo *s, double db) {
    grm_rng rng = grm_rng_new(7, "hiss");
    const float level = (float)(rms_of(s) * pow(10, db / 20));
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < s->side[c].frames; i++) s->side[c].x[i] += level * grm_rng_normal(&rng);
}

// A bell of the audio EQ cookbook at 250 Hz.
static void mud(stereo *s, double db) {
    double a = pow(10, db / 40), w = 2 * GRM_PI * 250 / RATE, alpha = sin(w) / 1.4;
    double b0 = 1 + alpha * a, b1 = -2 * cos(w), b2 = 1 - alpha * a, a0 = 1 + alpha / a, a2 = 1 - alpha / a;
    for (int c = 0; c < 2; c++) {
        double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (size_t i = 0; i < s->side[c].frames; i++) {
            double x = (double)s->side[c].x[i], y = (b0 * x + b1 * x1 + b2 * x2 - b1 * y1 - a2 * y2) / a0;
            x2 = x1, x1 = x, y2 = y1, y1 = y;
            s->side[c].x[i] = (float)y;
        }
    }
}

// The speed rises by so many percent, by cubic interpolation (Catmull and Rom).
static void drift(stereo *s, double percent) {
    for (int c = 0; c < 2; c++) {
        sound *x = &s->side[c];
        float *y = calloc(x->frames + 1, sizeof *y);
        assert_non_null(y);
        size_t count = 0;
        for (double at = 1; at + 2 < (double)x->frames; at += 1 + percent / 100 * at / (double)x->frames) {
            size_t k = (size_t)at;
            float t = (float)(at - (double)k), p = x->x[k - 1], q = x->x[k], u = x->x[k + 1], v = x->x[k + 2];
            y[count++] = q + 0.5f * t * (u - p + t * (2 * p - 5 * q + 4 * u - v + t * (3 * (q - u) + v - p)));
        }
        free(x->x);
        x->x = y;
        x->frames = count;
    }
}

static void narrow(stereo *s, double width) {
    for (size_t i = 0; i < s->side[0].frames; i++) {
        float l = s->side[0].x[i], r = s->side[1].x[i], mid = 0.5f * (l + r), side = 0.5f * (float)width * (l - r);
        s->side[0].x[i] = mid + side, s->side[1].x[i] = mid - side;
    }
}

// The song as it should be, made once.
static stereo well;

static int make_well(void **state) {
    (void)state;
    well = song(0, 0);
    return 0;
}

static int free_well(void **state) {
    (void)state;
    stereo_free(&well);
    return 0;
}

// ---- judged ----

static double quality_of(const stereo *s, const char *lightweight) {
    const grm_setting_value flags[] = {{"GRAMMY_THREADS", "1"}, {"LIGHTWEIGHT_MODE", lightweight}};
    grm_profile *profile;
    grm_audio *audio;
    grm_analysis *analysis;
    grm_report *report;
    grm_error err = {0};
    assert_int_equal(grm_profile_new(flags, GRM_COUNT(flags), &profile, NULL), GRM_OK);
    assert_int_equal(grm_audio_new(2, s->side[0].frames, RATE, &audio, NULL), GRM_OK);
    for (int c = 0; c < 2; c++) memcpy(audio->plane[c], s->side[c].x, audio->frames * sizeof(float));
    if (grm_analyse_audio(profile, audio, NULL, NULL, &analysis, &err) != GRM_OK) fail_msg("%s", err.message);
    assert_int_equal(grm_report_make(analysis, NULL, NULL, &report, NULL), GRM_OK);
    double score = report->categories[0].score;
    grm_report_free(report);
    grm_analysis_free(analysis);
    grm_audio_free(audio);
    grm_profile_free(profile);
    return score;
}

static const struct damage {
    const char *name;
    void (*add)(stereo *, double amount);
    double amount, least_cost;
} damages[] = {
    {"clipping by 3 dB", clip, 3, 1.5},
    {"clipping by 8 dB", clip, 8, 12},
    {"6 dB into a limiter", limit, 6, 3},
    {"hum at -45 dB", hum, -45, -0.1},
    {"hum at -25 dB", hum, -25, 15},
    {"noise at -45 dB", hiss, -45, -0.1},
    {"noise at -20 dB", hiss, -20, 8},
    {"3 dB of mud", mud, 3, 0.5},
    {"9 dB of mud", mud, 9, 3},
    {"a speed that rises by 0.3 %", drift, 0.3, -0.1},
    {"a speed that rises by 3 %", drift, 3, 10},
    {"one loudspeaker", narrow, 0, 8},
};

static void damage_costs(stereo track, const char *lightweight) {
    double whole = quality_of(&track, lightweight);
    for (size_t i = 0; i < GRM_COUNT(damages); i++) {
        stereo s = copy_of(&track);
        damages[i].add(&s, damages[i].amount);
        double cost = whole - quality_of(&s, lightweight);
        if (!(cost >= damages[i].least_cost)) fail_msg("%s costs %.2f of %.1f points", damages[i].name, cost, whole);
        stereo_free(&s);
    }
    stereo_free(&track);
}

static void damage_costs_a_clean_track(void **state) {
    (void)state;
    damage_costs(copy_of(&well), "true");
}

static void damage_costs_a_clipped_track(void **state) {
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        stereo s = copy_of(&well);
        clip(&s, 4);
        damage_costs(s, mode ? "true" : "false");
    }
}

static void damage_costs_a_squeezed_and_clipped_track(void **state) {
    (void)state;
    stereo s = copy_of(&well);
    limit(&s, 9);
    clip(&s, 1);
    damage_costs(s, "true");
}

static void the_more_is_clipped_the_more_it_costs(void **state) {
    (void)state;
    double before = INFINITY;
    for (int db = 0; db <= 12; db += 3) {
        stereo s = copy_of(&well);
        clip(&s, db);
        double score = quality_of(&s, "true");
        assert_true(score < before - 1);
        before = score;
        stereo_free(&s);
    }
}

static void the_same_notes_in_a_wrong_balance_score_lower(void **state) {
    (void)state;
    stereo worse = song(-9, 8);
    assert_true(quality_of(&well, "false") > quality_of(&worse, "false") + 2);
    stereo_free(&worse);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_costs_a_clean_track),
        cmocka_unit_test(damage_costs_a_clipped_track),
        cmocka_unit_test(damage_costs_a_squeezed_and_clipped_track),
        cmocka_unit_test(the_more_is_clipped_the_more_it_costs),
        cmocka_unit_test(the_same_notes_in_a_wrong_balance_score_lower),
    };
    return cmocka_run_group_tests(tests, make_well, free_well);
}
