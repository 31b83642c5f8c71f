// Voices: what a mouth does to a buzz of partials, beside what instruments, drums and noise do.
#include "drums.h"
#include "hearing.h"
#include "meter/voice.h"

enum { RATE = 22050, FORMANTS = 3 };

// Peterson and Barney 1952, of men: a, i, u, e, o.
static const double vowels[5][FORMANTS] = {
    {730, 1090, 2440}, {270, 2290, 3010}, {300, 870, 2240}, {530, 1840, 2480}, {570, 840, 2410}};
static const double widths[FORMANTS] = {80, 100, 140};

// Amplitude of what passes a resonance of the mouth.
static double resonance(double hz, double centre, double width) {
    double x = hz * hz - centre * centre, y = hz * width;
    return centre * centre / sqrt(x * x + y * y);
}

// Syllables on the notes of a scale: a hiss or a breath, then a vowel on its way to the next one, with glides from note
// to note and a tremble of 5.5 Hz.
static void add_voice(sound *s, double start_s, double length_s, double level) {
    static const int scale[] = {0, 2, 4, 7, 5, 4, 2, -1};
    grm_rng rng = grm_rng_new(21, "voice");
    double syllable_s = 0.32, phase = 0, cents = 0, sway = 0, hiss = 0;
    size_t from = (size_t)(start_s * s->rate), count = (size_t)(length_s * s->rate);
    double gain[64] = {0}, hz = 0;
    for (size_t i = 0; i < count && from + i < s->frames; i++) {
        double t = (double)i / s->rate, place = t / syllable_s, at = place - floor(place);
        size_t n = (size_t)place;
        cents += (100.0 * scale[(n / 2) % 8] - cents) * 60 / s->rate;
        sway += (grm_rng_normal(&rng) * 15 - sway) * 8 / s->rate;
        hz = 180 * exp2((cents + sway + 45 * sin(2 * GRM_PI * 5.5 * t) * fmin(1, t)) / 1200);
        phase += hz / s->rate;
        double open = at < 0.22 ? 0 : fmin(1, (at - 0.22) * 12) * fmin(1, (1 - at) * 10);
        if (i % 64 == 0)
            for (int k = 1; k * hz < 5000 && k < 64; k++) {
                gain[k] = 0.4 / k;
                for (int f = 0; f < FORMANTS; f++) {
                    double a = vowels[n * 3 % 5][f], b = vowels[(n + 1) * 3 % 5][f];
                    gain[k] *= fmin(8, resonance(k * hz, a + (b - a) * at, widths[f]));
                }
            }
        double x = 0, noise = grm_rng_normal(&rng), high = noise - hiss;
        hiss = noise;
        for (int k = 1; k * hz < 5000 && k < 64; k++) x += gain[k] * sin(2 * GRM_PI * k * phase);
        x = x * open + (at < 0.18 && n % 2 ? 0.12 * high : 0.01 * noise * open);
        s->x[from + i] += (float)(level * x);
    }
}

static grm_features heard(const sound *s) {
    hearing h;
    hearing_begin(&h, 1);
    hear_with(&h, &grm_ear_rhythm, s, 10000);
    grm_features f = h.analysis.features;
    hearing_end(&h);
    return f;
}

static void add_song(sound *s, double seconds) {
    static const int roots[] = {0, 9, 5, 7};
    for (double t = 0; t < seconds; t += 2) add_chord(s, t, 2, roots[(int)(t / 2) % 4], (int)(t / 2) % 4 == 1, 0);
    for (double t = 0; t < seconds; t += 0.5) {
        add_kick(s, t, 0.4);
        add_hat(s, t + 0.25, 0.1);
        if ((int)(2 * t) % 2) add_snare(s, t, 0.25);
    }
}

static void a_voice_is_told_from_tones_drums_and_noise(void **state) {
    for (int i = 0; i < 5; i++) {
        sound s = sound_new(RATE, 16);
        if (i == 0) add_voice(&s, 0, 16, 0.2);
        if (i == 1)
            for (double t = 0; t < 16; t += 1) add_tone(&s, t, 1, 60 + (int)(7 * t) % 12, 0, 0.3);
        if (i == 2) add_song(&s, 16);
        if (i == 3) add_noise(&s, 0, 16, 0.2);
        if (i == 4)
            for (size_t k = 0; k < s.frames; k++) s.x[k] = 0.3f * (float)sin(2 * GRM_PI * 440 * (double)k / RATE);
        grm_features f = heard(&s);
        if (i == 0 ? f.voice_likeness < 0.7 || f.voice_share < 0.5 : f.voice_likeness > 0.3 || f.voice_share > 0)
            fail_msg("sound %d: likeness %g, share %g", i, f.voice_likeness, f.voice_share);
        free(s.x);
    }
}

static void a_voice_over_a_band_is_found_where_it_is(void **state) {
    sound s = sound_new(RATE, 30);
    hearing h;
    add_song(&s, 30);
    add_voice(&s, 10, 10, 0.8);
    hearing_begin(&h, 1);
    grm_listening listening = {
        .profile = &h.profile, .file_rate_hz = RATE, .channels = 1, .rate_hz = RATE, .series = true, .run = &h.run};
    void *ear;
    assert_int_equal(grm_ear_rhythm.open(&listening, &ear, NULL), GRM_OK);
    grm_block block = {.planes = {s.x}, .frames = s.frames, .mono = s.x, .mono_frames = s.frames};
    assert_int_equal(grm_ear_rhythm.hear(ear, &block, NULL), GRM_OK);
    assert_int_equal(grm_ear_rhythm.finish(ear, &h.run, &h.analysis, NULL), GRM_OK);
    const grm_series *series = NULL;
    for (size_t i = 0; i < h.analysis.series_count; i++)
        if (strcmp(h.analysis.series[i].name, "voice_likeness") == 0) series = &h.analysis.series[i];
    assert_non_null(series);
    assert_int_equal(series->frames, 30);
    double with = 0, without = 0;
    for (size_t i = 0; i < 30; i++) {
        assert_true(series->values[i] >= 0 && series->values[i] <= 1);
        *(i >= 11 && i < 19 ? &with : i < 9 || i >= 21 ? &without : &(double){0}) += (double)series->values[i];
    }
    if (with / 8 < 0.5 || without / 18 > 0.1) fail_msg("%g with a voice, %g without", with / 8, without / 18);
    grm_ear_rhythm.close(ear);
    hearing_end(&h);
    free(s.x);
}

static void silence_has_no_voice_and_a_sample_is_too_short_for_one(void **state) {
    sound s = sound_new(RATE, 5);
    grm_features f = heard(&s);
    assert_true(f.voice_likeness == 0 && f.voice_share == 0);
    s.frames = 1;
    s.x[0] = 0.5f;
    f = heard(&s);
    assert_true(isnan(f.voice_likeness) && isnan(f.voice_share));
    s.frames = RATE * 6 / 10;
    add_voice(&s, 0, 0.6, 0.2);
    f = heard(&s);
    assert_true(f.voice_likeness > 0 && f.voice_likeness <= 1);
    free(s.x);
}

// The same level hundreds of times fainter: the network hears what stands out of a recording, not how loud it is.
static void the_level_does_not_matter(void **state) {
    sound s = sound_new(RATE, 12);
    add_voice(&s, 0, 12, 0.3);
    double loud = heard(&s).voice_likeness;
    for (size_t i = 0; i < s.frames; i++) s.x[i] *= 0.02f;
    assert_true(fabs(heard(&s).voice_likeness - loud) < 0.02);
    free(s.x);
}

static void vectors_give_the_same_bits(void **state) {
    if (!grm_cpu_detect().avx2_fma) skip();
    grm_rng rng = grm_rng_new(4, "bands");
    grm_voice *voice[2];
    hearing h[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(grm_voice_new(i, &voice[i], NULL), GRM_OK);
        hearing_begin(&h[i], 1);
    }
    for (size_t t = 0; t < 1030; t++) {
        float bands[GRM_VOICE_FIRST + GRM_VOICE_BANDS];
        for (size_t k = 0; k < GRM_COUNT(bands); k++) bands[k] = grm_rng_between(&rng, 0, 5);
        for (int i = 0; i < 2; i++) assert_int_equal(grm_voice_hear(voice[i], bands, NULL), GRM_OK);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(grm_voice_finish(voice[i], true, &h[i].analysis, NULL), GRM_OK);
    assert_int_equal(h[0].analysis.series[0].frames, 10);
    assert_memory_equal(h[0].analysis.series[0].values, h[1].analysis.series[0].values, 10 * sizeof(float));
    for (int i = 0; i < 2; i++) {
        grm_voice_free(voice[i]);
        hearing_end(&h[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_voice_is_told_from_tones_drums_and_noise),
        cmocka_unit_test(a_voice_over_a_band_is_found_where_it_is),
        cmocka_unit_test(silence_has_no_voice_and_a_sample_is_too_short_for_one),
        cmocka_unit_test(the_level_does_not_matter),
        cmocka_unit_test(vectors_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
