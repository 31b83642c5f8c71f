#include "drums.h"
#include "meter/harmony.h"

// One chord a second, from the tonic and back to it.
static sound song_in(unsigned rate, int tonic, bool minor, double cents) {
    static const int steps[2][8] = {{0, 9, 5, 7, 0, 2, 7, 0}, {0, 8, 5, 7, 0, 3, 10, 0}};
    static const bool minors[2][8] = {{0, 1, 0, 0, 0, 1, 0, 0}, {1, 0, 1, 0, 1, 0, 0, 1}};
    sound s = sound_new(rate, 8);
    for (int i = 0; i < 8; i++) add_chord(&s, i, 1, (tonic + steps[minor][i]) % 12, minors[minor][i], cents);
    return s;
}

static void all_keys_are_heard(void **state) {
    (void)state;
    for (int minor = 0; minor < 2; minor++)
        for (int tonic = 0; tonic < 12; tonic++) {
            sound s = song_in(22050, tonic, minor, 0);
            hearing h;
            hearing_begin(&h, 1);
            hear_with(&h, &grm_ear_harmony, &s, 8192);
            grm_key_guess meant = {.tonic = tonic, .minor = minor};
            char name[16];
            grm_key_guess_name(&meant, name);
            assert_string_equal(h.analysis.features.key, name);
            assert_true(h.analysis.features.key_confidence > 0.3);
            hearing_end(&h);
            free(s.x);
        }
}

// The same four chords round and round: home is where it ends.
static void a_loop_is_at_home_where_it_ends(void **state) {
    (void)state;
    static const int loops[2][4] = {{0, 7, 9, 5}, {9, 5, 0, 7}};
    static const char *const keys[2] = {"C major", "A minor"};
    for (int k = 0; k < 2; k++) {
        sound s = sound_new(22050, 34);
        for (int i = 0; i < 17; i++) add_chord(&s, 2 * i, 1.95, loops[k][i % 4], loops[k][i % 4] == 9, 0);
        hearing h;
        hearing_begin(&h, 1);
        hear_with(&h, &grm_ear_harmony, &s, 65536);
        assert_string_equal(h.analysis.features.key, keys[k]);
        hearing_end(&h);
        free(s.x);
    }
}

static void instruments_out_of_tune_keep_their_key(void **state) {
    (void)state;
    for (int cents = -30; cents <= 30; cents += 30) {
        sound s = song_in(22050, 4, true, cents);
        hearing h;
        hearing_begin(&h, 1);
        hear_with(&h, &grm_ear_harmony, &s, 8192);
        assert_string_equal(h.analysis.features.key, "E minor");
        assert_true(fabs(h.analysis.notes->tuning - cents / 100.0) < 0.05);
        hearing_end(&h);
        free(s.x);
    }
}

static void noise_and_silence_have_no_key(void **state) {
    (void)state;
    for (int level = 0; level < 2; level++) {
        sound s = sound_new(22050, 12);
        add_noise(&s, 0, 12, 0.3 * level);
        hearing h;
        hearing_begin(&h, 1);
        hear_with(&h, &grm_ear_harmony, &s, 8192);
        assert_true(h.analysis.features.key_confidence < 0.15);
        hearing_end(&h);
        free(s.x);
    }
}

static void one_note_and_one_moment_prove_no_key(void **state) {
    (void)state;
    for (int moment = 0; moment < 2; moment++) {
        sound s = sound_new(22050, moment ? 1 : 20);
        if (moment)
            add_chord(&s, 0, 1, 9, true, 0);
        else
            add_tone(&s, 0, 20, 69, 0, 0.3);
        hearing h;
        hearing_begin(&h, 1);
        hear_with(&h, &grm_ear_harmony, &s, 8192);
        assert_true(h.analysis.features.key_confidence < 0.35);
        hearing_end(&h);
        free(s.x);
    }
}

// The kick's tone and the snare's are the same all the time; with chords over them there is a key again.
static void drums_alone_prove_no_key(void **state) {
    (void)state;
    static const int roots[4] = {9, 5, 0, 7};
    for (int chords = 0; chords < 2; chords++) {
        sound s = sound_new(22050, 32);
        for (int i = 0; 0.1 + 0.25 * i < 31.5; i++) {
            double at = 0.1 + 0.25 * i;
            if (i % 8 == 0 || i % 8 == 3) add_kick(&s, at, 0.6);
            if (i % 4 == 2) add_snare(&s, at, 0.3);
            add_hat(&s, at, 0.1);
            if (chords && i % 8 == 0) add_chord(&s, at, 1.95, roots[i / 8 % 4], roots[i / 8 % 4] == 9, 0);
        }
        hearing h;
        hearing_begin(&h, 1);
        hear_with(&h, &grm_ear_harmony, &s, 8192);
        assert_true(chords ? h.analysis.features.key_confidence > 0.4 : h.analysis.features.key_confidence < 0.15);
        hearing_end(&h);
        free(s.x);
    }
}

static void rates_and_blocks_make_no_difference(void **state) {
    (void)state;
    sound high = song_in(44100, 6, false, 10), low = song_in(22050, 6, false, 10);
    hearing a, b, c;
    hearing_begin(&a, 1);
    hearing_begin(&b, 2);
    hearing_begin(&c, 1);
    hear_with(&a, &grm_ear_harmony, &high, 4096);
    hear_with(&b, &grm_ear_harmony, &high, 777);
    hear_with(&c, &grm_ear_harmony, &low, 1000000);
    assert_memory_equal(&a.analysis.features, &b.analysis.features, sizeof a.analysis.features);
    assert_string_equal(a.analysis.features.key, "F# major");
    assert_string_equal(a.analysis.features.key, c.analysis.features.key);
    assert_true(fabs(a.analysis.features.key_confidence - c.analysis.features.key_confidence) < 0.01);
    assert_true(fabs(a.analysis.features.consonance - c.analysis.features.consonance) < 0.01);
    assert_true(fabs(a.analysis.features.chroma_entropy - c.analysis.features.chroma_entropy) < 0.01);
    hearing_end(&c);
    hearing_end(&b);
    hearing_end(&a);
    free(low.x);
    free(high.x);
}

static void clusters_are_less_consonant_than_triads(void **state) {
    (void)state;
    double heard[2];
    for (int cluster = 0; cluster < 2; cluster++) {
        sound s = sound_new(22050, 6);
        static const int keys[2][3] = {{60, 64, 67}, {60, 61, 66}};
        for (int i = 0; i < 3; i++) add_tone(&s, 0, 6, keys[cluster][i], 0, 0.1);
        hearing h;
        hearing_begin(&h, 1);
        hear_with(&h, &grm_ear_harmony, &s, 8192);
        heard[cluster] = h.analysis.features.consonance;
        assert_true(h.analysis.features.chroma_entropy > 0.2 && h.analysis.features.chroma_entropy < 0.7);
        hearing_end(&h);
        free(s.x);
    }
    assert_true(heard[0] > heard[1] + 0.15);
}

// Share of the time in which the chord heard is the one that was played.
static double chords_right(const grm_analysis *analysis, const char *const *played, size_t count, double each_s) {
    size_t right = 0, asked = 0, at = 0;
    for (double t = 0.005; t < (double)count * each_s; t += 0.01) {
        while (at + 1 < analysis->chord_count && analysis->chords[at].end_s <= t) at++;
        right += !strcmp(analysis->chords[at].name, played[(size_t)(t / each_s)]);
        asked++;
    }
    return (double)right / (double)asked;
}

static void a_pop_progression_is_heard(void **state) {
    (void)state;
    static const char *const played[8] = {"A", "F#m", "D", "E", "A", "F#m", "D", "E"};
    static const int roots[4] = {9, 6, 2, 4};
    for (int beats = 0; beats < 2; beats++) {
        sound s = sound_new(22050, 16);
        double at[32];
        for (int i = 0; i < 32; i++) at[i] = 0.5 * i;
        for (int i = 0; i < 8; i++) add_chord(&s, 2 * i, 2, roots[i % 4], i % 4 == 1, 0);
        for (int i = 0; i < 32; i++) add_noise(&s, 0.5 * i, 0.03, 0.2);
        hearing h;
        hearing_begin(&h, 1);
        h.analysis.beats_s = at;
        h.analysis.beat_count = beats ? 32 : 0;
        hear_with(&h, &grm_ear_harmony, &s, 8192);
        assert_true(chords_right(&h.analysis, played, 8, 2) > 0.9);
        assert_true(fabs(h.analysis.features.chord_change_rate_hz - 7.0 / 16) < 0.07);
        assert_true(fabs(h.analysis.features.harmonic_complexity - log(4) / log(24)) < 0.05);
        assert_string_equal(h.analysis.features.key, "A major");
        hearing_end(&h);
        free(s.x);
    }
}

static void silence_and_clicks_are_no_chords(void **state) {
    (void)state;
    sound s = sound_new(22050, 12);
    add_chord(&s, 0, 4, 2, true, 0);
    for (int i = 0; i < 8; i++) add_noise(&s, 8 + 0.5 * i, 0.05, 0.3);
    hearing h;
    hearing_begin(&h, 1);
    hear_with(&h, &grm_ear_harmony, &s, 8192);
    assert_string_equal(h.analysis.chords[0].name, "Dm");
    for (size_t i = 0; i < h.analysis.chord_count; i++)
        if (h.analysis.chords[i].end_s > 5) assert_string_equal(h.analysis.chords[i].name, "N");
    hearing_end(&h);
    free(s.x);
}

static void stretches_of_chords_tile_the_recording(void **state) {
    (void)state;
    sound s = song_in(22050, 3, true, 0);
    static const double beats[] = {0.05, 0.05, 0.4, 2.9, 3.3, 3.7, 9.5};  // as bad as beats come
    hearing h;
    hearing_begin(&h, 1);
    h.analysis.beats_s = beats;
    h.analysis.beat_count = GRM_COUNT(beats);
    h.analysis.features.duration_s = 8;
    hear_with(&h, &grm_ear_harmony, &s, 8192);
    double at = 0;
    for (size_t i = 0; i < h.analysis.chord_count; i++) {
        assert_true(h.analysis.chords[i].start_s == at);
        assert_true(h.analysis.chords[i].end_s > at);
        at = h.analysis.chords[i].end_s;
        if (i) assert_string_not_equal(h.analysis.chords[i].name, h.analysis.chords[i - 1].name);
    }
    assert_true(at == 8);
    hearing_end(&h);
    free(s.x);
}

static void a_moment_of_sound_is_heard_out(void **state) {
    (void)state;
    for (size_t frames = 1; frames < 30000; frames = 3 * frames + 1) {
        sound s = sound_new(44100, 1);
        add_tone(&s, 0, 1, 60, 0, 0.2);
        s.frames = frames;
        hearing h;
        hearing_begin(&h, 1);
        hear_with(&h, &grm_ear_harmony, &s, 8192);
        assert_true(h.analysis.features.key_confidence >= 0 && h.analysis.features.key_confidence <= 1);
        hearing_end(&h);
        free(s.x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_heard),
        cmocka_unit_test(a_loop_is_at_home_where_it_ends),
        cmocka_unit_test(instruments_out_of_tune_keep_their_key),
        cmocka_unit_test(noise_and_silence_have_no_key),
        cmocka_unit_test(one_note_and_one_moment_prove_no_key),
        cmocka_unit_test(drums_alone_prove_no_key),
        cmocka_unit_test(rates_and_blocks_make_no_difference),
        cmocka_unit_test(clusters_are_less_consonant_than_triads),
        cmocka_unit_test(a_pop_progression_is_heard),
        cmocka_unit_test(silence_and_clicks_are_no_chords),
        cmocka_unit_test(stretches_of_chords_tile_the_recording),
        cmocka_unit_test(a_moment_of_sound_is_heard_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
