// Mains hum below music, and what is none: notes near the mains, machines in step with them, a tone that is held.
#include "hearing.h"

enum { RATE = 8000, SECONDS = 40 };

static grm_features heard_in(const sound *s, size_t block) {
    hearing h;
    hearing_begin(&h, 1);
    h.analysis.features.hum_db = h.analysis.features.hum_hz = NAN;
    hear_with(&h, &grm_ear_faults, s, block);
    grm_features heard = h.analysis.features;
    hearing_end(&h);
    return heard;
}

static double hum_of(const sound *s, size_t block) {
    return heard_in(s, block).hum_db;
}

static double rms_of(const sound *s) {
    double sum = 0;
    for (size_t i = 0; i < s->frames; i++) sum += (double)s->x[i] * (double)s->x[i];
    return sqrt(sum / (double)s->frames);
}

// Chords over a bass, with rests.
static sound chords(void) {
    static const int roots[] = {0, 9, 5, 7, 2, 4};
    sound s = sound_new(RATE, SECONDS);
    for (int i = 0; i < SECONDS / 2; i++) {
        int root = roots[i % 6];
        add_chord(&s, 2 * i, 1.8, root, root != 0 && root != 5 && root != 7, 0);
    }
    return s;
}

// The bass in eighths and chords that overlap: it never rests.
static sound dense(void) {
    static const int roots[] = {0, 5, 7, 9};
    sound s = sound_new(RATE, SECONDS);
    grm_rng rng = grm_rng_new(3, "dense");
    for (int i = 0; i < SECONDS; i++) add_chord(&s, i, 2.5, roots[i / 2 % 4], false, 0);
    for (double t = 0; t < SECONDS; t += 0.237)
        add_tone(&s, t, 0.3, 29 + roots[(int)t / 2 % 4] + (grm_rng_between(&rng, 0, 1) < 0.3f ? 12 : 0), 0, 0.15);
    return s;
}

// A kick that falls from 140 to 48 Hz, and noise on the offbeat: 112.7 beats a minute.
static void add_kicks(sound *s, double bpm, double from_hz, double to_hz) {
    for (double t = 0; t + 1 < SECONDS; t += 60 / bpm) {
        double turn = 0;
        for (size_t i = 0; i < RATE / 3; i++) {
            double at = (double)i / RATE;
            turn += 2 * GRM_PI * (to_hz + (from_hz - to_hz) * exp(-at / 0.03)) / RATE;
            s->x[(size_t)lround(t * RATE) + i] += (float)(0.5 * sin(turn) * exp(-at / 0.12) * fmin(1, at / 0.002));
        }
        add_noise(s, t + 30 / bpm, 0.05, 0.05);
    }
}

static sound drums(void) {
    sound s = dense();
    add_kicks(&s, 112.7, 140, 48);
    return s;
}

static void add_hum(sound *s, double hz, double db, double wander_hz) {
    sound hum = sound_new(RATE, SECONDS);
    double turn = 0;
    for (size_t i = 0; i < hum.frames; i++) {
        turn += 2 * GRM_PI * (hz + wander_hz * sin(2 * GRM_PI * (double)i / RATE / 23)) / RATE;
        hum.x[i] = (float)(sin(turn) + 0.5 * sin(2 * turn + 1) + 0.4 * sin(3 * turn + 2) + 0.2 * sin(5 * turn));
    }
    double gain = rms_of(s) / rms_of(&hum) * pow(10, db / 20);
    for (size_t i = 0; i < hum.frames; i++) s->x[i] += (float)gain * hum.x[i];
    free(hum.x);
}

// How far down a hum is heard under each.
static const struct {
    sound (*play)(void);
    int least_db;
} musics[] = {{chords, -40}, {dense, -30}, {drums, -20}};

static void hum_is_heard_at_its_level_under_music_that_never_rests(void **state) {
    (void)state;
    for (size_t m = 0; m < GRM_COUNT(musics); m++)
        for (int mains = 50; mains <= 60; mains += 10)
            for (int db = musics[m].least_db; db <= -20; db += 10) {
                sound s = musics[m].play();
                add_hum(&s, mains + 0.04, db, 0);
                grm_features heard = heard_in(&s, 65536);
                if (fabs(heard.hum_db - db) > 2 || heard.hum_hz != mains)
                    fail_msg("music %zu, %d Hz at %d dB: %g, %g Hz", m, mains, db, heard.hum_db, heard.hum_hz);
                free(s.x);
            }
}

static void mains_may_wander(void **state) {
    (void)state;
    for (size_t m = 0; m < GRM_COUNT(musics); m++) {
        sound s = musics[m].play();
        add_hum(&s, 49.98, musics[m].least_db + 5, 0.01);
        double heard = hum_of(&s, 65536);
        if (fabs(heard - musics[m].least_db - 5) > 3) fail_msg("music %zu: %g", m, heard);
        free(s.x);
    }
}

static void music_without_hum_has_none(void **state) {
    (void)state;
    for (size_t m = 0; m < GRM_COUNT(musics); m++) {
        sound s = musics[m].play();
        grm_features heard = heard_in(&s, 65536);
        if (heard.hum_db > -90 || !isnan(heard.hum_hz)) fail_msg("music %zu: %g", m, heard.hum_db);
        free(s.x);
    }
}

static void notes_near_the_mains_are_none(void **state) {
    (void)state;
    // G1 is 49.0 Hz, B1 61.7, G2 98, D#3 155.6
    static const int keys[] = {31, 35, 43, 51};
    for (size_t k = 0; k < GRM_COUNT(keys); k++)
        for (int cents = -20; cents <= 20; cents += 40) {
            sound s = chords();
            for (double t = 0; t < SECONDS; t += 0.5) add_tone(&s, t, 0.5, keys[k], cents, 0.3);
            assert_true(hum_of(&s, 65536) < -90);
            free(s.x);
        }
}

static void what_is_played_in_step_with_the_mains_is_none(void **state) {
    (void)state;
    // At 100, 150 and 200 beats a minute every stroke of a kick at 60 or 50 Hz finds the mains in the same phase.
    for (int bpm = 100; bpm <= 200; bpm += 50)
        for (int mains = 50; mains <= 60; mains += 10) {
            sound s = chords();
            add_kicks(&s, bpm, 2.5 * mains, mains);
            for (double t = 0; t + 1 < SECONDS; t += 120.0 / bpm)
                add_tone(&s, t, 60.0 / bpm, 69 + 12 * log2(2 * mains / 440.0), 0, 0.2);
            double heard = hum_of(&s, 65536);
            if (heard > -90) fail_msg("%d bpm, %d Hz: %g", bpm, mains, heard);
            free(s.x);
        }
}

static void a_hum_that_is_there_for_a_moment_only_is_none(void **state) {
    (void)state;
    sound s = chords(), with = chords();
    add_hum(&with, 50.03, -20, 0);
    memcpy(s.x + (size_t)10 * RATE, with.x + (size_t)10 * RATE, (size_t)5 * RATE * sizeof *s.x);
    assert_true(hum_of(&s, 65536) < -60);
    free(s.x);
    free(with.x);
}

static void blocks_of_any_size_hear_the_same(void **state) {
    (void)state;
    sound s = chords();
    add_hum(&s, 60.02, -35, 0);
    double heard = hum_of(&s, 65536);
    assert_float_equal(heard, -35, 2);
    assert_float_equal(hum_of(&s, 777), heard, 0);
    free(s.x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hum_is_heard_at_its_level_under_music_that_never_rests),
        cmocka_unit_test(mains_may_wander),
        cmocka_unit_test(music_without_hum_has_none),
        cmocka_unit_test(notes_near_the_mains_are_none),
        cmocka_unit_test(what_is_played_in_step_with_the_mains_is_none),
        cmocka_unit_test(a_hum_that_is_there_for_a_moment_only_is_none),
        cmocka_unit_test(blocks_of_any_size_hear_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
