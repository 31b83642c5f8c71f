#include "drums.h"
#include "meter/rhythm.h"

enum { RATE = 22050 };

// Rock, `beats` to the bar: a kick on the first, snares on every second, hats between; chords change with the bars.
// `swing`: where in the beat the offbeat hat is.
static sound groove(double seconds, double bpm, int beats, double swing) {
    static const int roots[4] = {0, 9, 5, 7};
    sound s = sound_new(RATE, seconds);
    double beat = 60 / bpm;
    for (int i = 0; 0.1 + i * beat < seconds; i++) {
        double at = 0.1 + i * beat;
        if (i % beats == 0) add_kick(&s, at, 0.6);
        if (beats == 4 ? i % 2 == 1 : i % beats > 0) add_snare(&s, at, 0.25);
        if (beats == 4 && i % 4 == 2) add_kick(&s, at, 0.5);
        add_hat(&s, at, 0.1);
        add_hat(&s, at + swing * beat, 0.07);
        int root = roots[i / beats % 4];
        if (i % beats == 0) add_chord(&s, at, beats * beat, root, root == 9, 0);
    }
    return s;
}

static void hear(hearing *h, const sound *s) {
    hearing_begin(h, 1);
    hear_with(h, &grm_ear_rhythm, s, 4096);
}

// Share of the beats at 0.1 + i * beat that are matched within `tolerance`.
static double share_hit(const hearing *h, double beat, double seconds, double tolerance) {
    int hit = 0, all = 0;
    for (double at = 0.1; at < seconds - 0.2; at += beat, all++)
        for (size_t i = 0; i < h->analysis.beat_count; i++)
            if (fabs(h->analysis.beats_s[i] - at) <= tolerance) {
                hit++;
                break;
            }
    return (double)hit / all;
}

// ---- tests ----

static void the_tempo_of_a_groove_is_exact(void **state) {
    (void)state;
    static const double tempi[] = {61.3, 84.6, 97.7, 120.0, 133.3, 174.2};
    for (size_t i = 0; i < sizeof tempi / sizeof *tempi; i++) {
        sound s = groove(30, tempi[i], 4, 0.5);
        hearing h;
        hear(&h, &s);
        double octave = round(log2(h.analysis.features.tempo_bpm / tempi[i]));
        assert_in_range(octave + 1, 0, 2);
        assert_float_equal(h.analysis.features.tempo_bpm / exp2(octave), tempi[i], 0.002 * tempi[i]);
        hearing_end(&h);
        free(s.x);
    }
}

static void beats_are_where_the_drums_are(void **state) {
    (void)state;
    static const double tempi[] = {86.2, 104.9, 127.3};
    for (size_t i = 0; i < sizeof tempi / sizeof *tempi; i++) {
        sound s = groove(30, tempi[i], 4, 0.5);
        hearing h;
        hear(&h, &s);
        assert_true(share_hit(&h, 60 / tempi[i], 30, 0.015) > 0.95);
        assert_true(h.analysis.beat_count < 1.1 * 30 * tempi[i] / 60);
        hearing_end(&h);
        free(s.x);
    }
}

static void bars_begin_where_the_chords_change(void **state) {
    (void)state;
    for (int beats = 3; beats <= 4; beats++) {
        sound s = groove(40, 112, beats, 0.5);
        hearing h;
        hear(&h, &s);
        assert_float_equal(h.analysis.features.beats_per_bar, beats, 0);
        double bar = beats * 60 / 112.0;
        assert_in_range(h.analysis.downbeat_count, 40 / bar - 2, 40 / bar + 2);
        for (size_t i = 1; i + 1 < h.analysis.downbeat_count; i++) {
            double bars = (h.analysis.downbeats_s[i] - 0.1) / bar;
            assert_true(fabs(bars - round(bars)) < 0.05);
        }
        hearing_end(&h);
        free(s.x);
    }
}

// Drums and chords, a letter a beat: k and s are struck, hats go through.
static sound pattern(double seconds, double bpm, const char *drums) {
    static const int roots[4] = {0, 9, 5, 7};
    sound s = sound_new(RATE, seconds);
    const int beats = (int)strlen(drums);
    double beat = 60 / bpm;
    for (int i = 0; 0.1 + i * beat < seconds - 0.2; i++) {
        double at = 0.1 + i * beat;
        if (drums[i % beats] == 'k') add_kick(&s, at, 0.6);
        if (drums[i % beats] == 's') add_snare(&s, at, 0.25);
        add_hat(&s, at, 0.1);
        int root = roots[i / beats % 4];
        if (i % beats == 0) add_chord(&s, at, beats * beat, root, root == 9, 0);
    }
    return s;
}

static void bars_of_five_six_and_seven_are_counted(void **state) {
    (void)state;
    static const struct {
        double bpm;
        const char *drums;
    } bars[] = {{128, "k.ks."}, {141, "k..ks"}, {186, "k..s.."}, {204, "k.ks.k"}, {188, "k.k.s.."}, {212, "k..s.s."}};
    for (size_t b = 0; b < GRM_COUNT(bars); b++) {
        double beats = (double)strlen(bars[b].drums), bar = beats * 60 / bars[b].bpm;
        sound s = pattern(48, bars[b].bpm, bars[b].drums);
        hearing h;
        hear(&h, &s);
        const grm_analysis *a = &h.analysis;
        assert_float_equal(a->features.beats_per_bar, beats, 0);
        assert_float_equal(a->features.tempo_bpm, bars[b].bpm, 0.002 * bars[b].bpm);
        size_t hit = 0;
        for (size_t i = 0; i < a->downbeat_count; i++) {
            double at = (a->downbeats_s[i] - 0.1) / bar;
            hit += fabs(at - round(at)) * bar < 0.03;
        }
        assert_true(a->downbeat_count > 0.85 * 48 / bar && hit > 0.9 * a->downbeat_count);
        hearing_end(&h);
        free(s.x);
    }
}

// Bass and hats are the loudest between the beats, as in trance.
static void a_bass_between_the_beats_leaves_them_where_they_are(void **state) {
    (void)state;
    const double bpm = 138, beat = 60 / bpm;
    static const int roots[4] = {0, 9, 5, 7};
    sound s = sound_new(RATE, 40);
    for (int i = 0; 0.1 + i * beat < 39; i++) {
        double at = 0.1 + i * beat;
        int root = roots[i / 8 % 4];
        add_kick(&s, at, 0.5);
        if (i % 2) add_snare(&s, at, 0.12);
        add_tone(&s, at + 0.5 * beat, 0.45 * beat, 36 + root, 0, 0.25);
        add_hat(&s, at + 0.5 * beat, 0.15);
        if (i % 8 == 0) add_chord(&s, at, 8 * beat, root, root == 9, 0);
    }
    hearing h;
    hear(&h, &s);
    assert_float_equal(h.analysis.features.tempo_bpm, bpm, 0.3);
    assert_true(share_hit(&h, beat, 39, 0.03) > 0.95);
    hearing_end(&h);
    free(s.x);
}

// Drum and bass: a two-step break with a ghosted snare, over a bass at half its speed.
static void a_breakbeat_is_counted_at_its_own_pace(void **state) {
    (void)state;
    const double bpm = 174, beat = 60 / bpm;
    static const int roots[4] = {0, 0, 8, 10};
    sound s = sound_new(RATE, 44);
    for (int i = 0; 0.1 + i * beat < 43; i++) {
        double at = 0.1 + i * beat;
        if (i % 4 == 0) add_kick(&s, at, 0.6);
        if (i % 4 == 2) add_kick(&s, at + 0.5 * beat, 0.6);
        if (i % 2) add_snare(&s, at, 0.3);
        if (i % 4 == 1) add_snare(&s, at + 0.75 * beat, 0.08);
        add_hat(&s, at, 0.1);
        add_hat(&s, at + 0.5 * beat, 0.1);
        if (i % 8 == 0) add_chord(&s, at, 8 * beat, roots[i / 8 % 4], false, 0);
        if (i % 4 == 0) add_tone(&s, at, 1.8 * beat, 36 + roots[i / 8 % 4], 0, 0.2);
    }
    hearing h;
    hear(&h, &s);
    assert_float_equal(h.analysis.features.tempo_bpm, bpm, 0.4);
    assert_float_equal(h.analysis.features.beats_per_bar, 4, 0);
    hearing_end(&h);
    free(s.x);
}

static void beats_keep_to_a_tempo_that_changes(void **state) {
    (void)state;
    sound s = sound_new(RATE, 40);
    double at[128], now = 0.1;
    int count = 0;
    for (; now < 39.5; count++) {  // from 96 to 120 beats a minute
        at[count] = now;
        if (count % 2)
            add_snare(&s, now, 0.3);
        else
            add_kick(&s, now, 0.6);
        add_hat(&s, now, 0.1);
        now += 60 / (96 + 24 * now / 40);
    }
    hearing h;
    hear(&h, &s);
    int hit = 0;
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < h.analysis.beat_count; k++) hit += fabs(h.analysis.beats_s[k] - at[i]) < 0.03;
    assert_true(hit >= 0.9 * count);
    assert_true(h.analysis.beat_count < 1.1 * count);
    hearing_end(&h);
    free(s.x);
}

// In the break the drums rest, and stabs between the beats are all that there is.
static void a_machine_keeps_its_beats_through_a_break(void **state) {
    (void)state;
    const double bpm = 124.4, beat = 60 / bpm;
    sound s = groove(72, bpm, 4, 0.5), calm = sound_new(RATE, 24);
    for (int i = 0; i * beat < 23; i++) {
        add_tone(&calm, (i + 0.5) * beat, 0.3 * beat, 60 + i % 3, 0, 0.2);
        add_hat(&calm, (i + 0.5) * beat, 0.1);
    }
    double bars = floor(24 / (4 * beat));
    size_t from = (size_t)((0.1 + 4 * bars * beat) * RATE);
    for (size_t i = 0; i < (size_t)(4 * bars * beat * RATE) && i < calm.frames; i++) s.x[from + i] = calm.x[i];
    hearing h;
    hear(&h, &s);
    assert_true(share_hit(&h, beat, 72, 0.03) > 0.97);
    assert_true(h.analysis.beat_count < 1.02 * 72 / beat);
    assert_float_equal(h.analysis.features.tempo_bpm, bpm, 0.001 * bpm);
    hearing_end(&h);
    free(calm.x);
    free(s.x);
}

static void swing_comes_back_as_played(void **state) {
    (void)state;
    static const double place[] = {0.5, 0.6, 2 / 3.0};
    for (size_t i = 0; i < 3; i++) {
        sound s = groove(40, 116, 4, place[i]);
        hearing h;
        hear(&h, &s);
        assert_float_equal(h.analysis.features.tempo_bpm, 116, 0.5);
        assert_float_equal(h.analysis.features.swing_ratio, place[i] / (1 - place[i]), 0.12);
        hearing_end(&h);
        free(s.x);
    }
}

// A trio: a ride and a hi-hat that swing, a bass that walks, chords on the first beat and behind the second.
static sound trio(double seconds, double bpm, int beats) {
    static const int roots[4] = {0, 9, 5, 7}, walk[4] = {0, 4, 7, 9};
    sound s = sound_new(RATE, seconds);
    double beat = 60 / bpm, late = 2 / 3.0 * beat;
    for (int i = 0; 0.1 + i * beat < seconds; i++) {
        double at = 0.1 + i * beat;
        int in_bar = i % beats, root = roots[i / beats % 4];
        add_hat(&s, at, 0.08);
        if (in_bar % 2 == 1) add_hat(&s, at + late, 0.08);
        if (in_bar % 2 == 1) add_hat(&s, at, 0.05);
        add_kick(&s, at, in_bar == 0 ? 0.3 : 0.1);
        add_tone(&s, at, 0.8 * beat, 36 + root + walk[in_bar], 0, 0.2);
        if (in_bar == 0) add_chord(&s, at, 0.8 * beat, root, root == 9, 0), add_snare(&s, at, 0.08);
        if (in_bar == 1) add_chord(&s, at + late, beat, root, root == 9, 0), add_snare(&s, at + late, 0.06);
    }
    return s;
}

static void the_bars_of_swing_begin_where_they_are_played(void **state) {
    (void)state;
    static const int beats[] = {4, 3};
    const double bpm = 108;
    for (size_t b = 0; b < 2; b++) {
        sound s = trio(60, bpm, beats[b]);
        hearing h;
        hear(&h, &s);
        size_t hit = 0;
        for (size_t i = 0; i < h.analysis.downbeat_count; i++) {
            double bar = (h.analysis.downbeats_s[i] - 0.1) / (beats[b] * 60 / bpm);
            hit += fabs(bar - round(bar)) < 0.05;
        }
        assert_float_equal(h.analysis.features.beats_per_bar, beats[b], 0.1);
        assert_true(hit * 10 >= h.analysis.downbeat_count * 9);
        hearing_end(&h);
        free(s.x);
    }
}

// Clicks whose distances wander by `spread` of the beat in a slow wave.
static double drift_of(double spread) {
    sound s = sound_new(RATE, 40);
    int i = 0;
    for (double at = 0.1; at < 39.5; i++, at += 0.55 * (1 + spread * sin(0.2 * at))) {
        add_snare(&s, at, 0.3);
        if (i % 2 == 0) add_kick(&s, at, 0.5);
    }
    hearing h;
    hear(&h, &s);
    double drift = h.analysis.features.tempo_drift_percent;
    hearing_end(&h);
    free(s.x);
    return drift;
}

static void a_tempo_that_wanders_drifts(void **state) {
    (void)state;
    double steady = drift_of(0), wandering = drift_of(0.05);
    assert_true(steady < 0.5);
    assert_true(wandering > 5 && wandering < 12);
}

static void noise_and_held_tones_have_no_pulse(void **state) {
    (void)state;
    for (int held = 0; held < 2; held++) {
        sound s = sound_new(RATE, 30), beat = groove(30, 110, 4, 0.5);
        if (held)
            add_tone(&s, 0, 30, 57, 0, 0.3);
        else
            add_noise(&s, 0, 30, 0.3);
        hearing h, g;
        hear(&h, &s);
        hear(&g, &beat);
        const grm_features *none = &h.analysis.features, *some = &g.analysis.features;
        assert_true(!(none->tempo_confidence > 0.15));
        assert_true(!(none->pulse_clarity > 0.25));
        assert_true(!(none->onset_rate_hz > 0.5));
        assert_true(some->tempo_confidence > 0.5);
        assert_true(some->pulse_clarity > 0.6);
        assert_true(some->beat_confidence > 0.3);
        hearing_end(&h);
        hearing_end(&g);
        free(s.x);
        free(beat.x);
    }
}

// Chords that come and go as sin^2, every 2 s, struck nowhere.
static void swells_and_lone_hits_prove_no_tempo(void **state) {
    (void)state;
    static const int keys[4] = {57, 53, 60, 55};
    sound sounds[3] = {sound_new(RATE, 30), sound_new(RATE, 30), groove(1.2, 120, 4, 0.5)};
    for (size_t i = 0; i < sounds[0].frames; i++)
        for (int k = 0; k < 4; k++) {
            double at = (double)i / RATE, swell = sin(GRM_PI * (at / 4 + 0.5 * (k % 2)));
            sounds[0].x[i] += (float)(0.1 * swell * swell * sin(2 * GRM_PI * at * 440 * exp2((keys[k] - 69) / 12.0)));
        }
    for (int i = 0; i < 3; i++) add_kick(&sounds[1], 3 + 9 * i, 0.5);
    for (int i = 0; i < 3; i++) {
        hearing h;
        hear(&h, &sounds[i]);
        const grm_features *f = &h.analysis.features;
        assert_true(!(f->tempo_confidence > (i < 2 ? 0.15 : 0.5)));
        assert_true(!(f->beat_confidence > (i < 2 ? 0.15 : 1)));
        assert_true(!(f->tempo_bpm < 30));
        hearing_end(&h);
        free(sounds[i].x);
    }
}

static void onsets_are_counted(void **state) {
    (void)state;
    static const double rates[] = {1.5, 3, 7};
    for (size_t i = 0; i < 3; i++) {
        sound s = sound_new(RATE, 20);
        for (double at = 0.3; at < 19.8; at += 1 / rates[i])
            add_tone(&s, at, 1.02 / rates[i], 60 + (int)(at * 7) % 12, 0, 0.2);
        hearing h;
        hear(&h, &s);
        assert_float_equal(h.analysis.features.onset_rate_hz, rates[i], 0.1 * rates[i]);
        hearing_end(&h);
        free(s.x);
    }
}

static void offbeats_without_their_beats_are_syncopated(void **state) {
    (void)state;
    double heard[2];
    for (int off = 0; off < 2; off++) {
        sound s = groove(30, 100, 4, 0.5);
        for (double at = 0.1; at < 29; at += 0.6)
            add_kick(&s, at + (off ? 0.3 : 0), off && (int)(at / 0.6) % 2 ? 1.5 : 0.3);
        hearing h;
        hear(&h, &s);
        heard[off] = h.analysis.features.syncopation;
        hearing_end(&h);
        free(s.x);
    }
    assert_true(heard[1] > heard[0] + 0.1);
}

// Syllables of all lengths, a breath after some.
static sound babble(double seconds) {
    sound s = sound_new(RATE, seconds);
    grm_rng rng = grm_rng_new(5, "babble");
    for (double at = 0.2; at < seconds - 2;) {
        int syllables = 4 + (int)grm_rng_between(&rng, 0, 9);
        for (int i = 0; i < syllables; i++) {
            double length = 0.09 + 0.16 * (double)grm_rng_between(&rng, 0, 1);
            double level = 0.05 + 0.2 * (double)grm_rng_between(&rng, 0, 1);
            add_tone(&s, at, 0.8 * length, 45 + 5 * (double)grm_rng_between(&rng, 0, 1), 0, level);
            at += length;
        }
        at += 0.25 + 0.5 * (double)grm_rng_between(&rng, 0, 1);
    }
    return s;
}

static void speech_is_told_from_music(void **state) {
    (void)state;
    sound clicks = sound_new(RATE, 40);
    for (double at = 0.1; at < 39; at += 0.5) add_snare(&clicks, at, 0.4);  // pauses and swing, but in step
    sound sounds[3] = {babble(40), groove(40, 112, 4, 0.5), clicks};
    for (int i = 0; i < 3; i++) {
        hearing h;
        hear(&h, &sounds[i]);
        assert_true(i == 0 ? h.analysis.features.speech_likeness > 0.75 : h.analysis.features.speech_likeness < 0.1);
        hearing_end(&h);
        free(sounds[i].x);
    }
}

// A tune over a bass at several rates of sampling.
static void every_rate_hears_the_same_beats(void **state) {
    (void)state;
    static const unsigned rates[] = {22050, 44100, 48000};
    double first[256];
    size_t count = 0;
    for (size_t r = 0; r < 3; r++) {
        sound s = sound_new(rates[r], 20);
        for (int i = 0; 0.1 + i * 0.52 < 19.5; i++) {
            add_chord(&s, 0.1 + i * 0.52, 0.5, i / 4 % 2 ? 5 : 0, false, 0);
            if (i % 2) add_tone(&s, 0.36 + i * 0.52, 0.2, 72 + i % 5, 0, 0.1);
        }
        hearing h;
        hear(&h, &s);
        if (r == 0) {
            count = h.analysis.beat_count;
            assert_in_range(count, 30, 40);
            memcpy(first, h.analysis.beats_s, count * sizeof *first);
        }
        assert_int_equal(h.analysis.beat_count, count);
        for (size_t i = 0; i < count; i++) assert_float_equal(h.analysis.beats_s[i], first[i], 0.01);
        hearing_end(&h);
        free(s.x);
    }
}

static void silence_has_no_beats(void **state) {
    (void)state;
    static const double seconds[] = {0, 0.01, 1, 20};
    for (size_t i = 0; i < 4; i++) {
        sound s = sound_new(RATE, seconds[i]);
        hearing h;
        hear(&h, &s);
        assert_int_equal(h.analysis.beat_count, 0);
        assert_true(isnan(h.analysis.features.tempo_bpm));
        hearing_end(&h);
        free(s.x);
    }
}

static void blocks_and_threads_change_nothing(void **state) {
    (void)state;
    sound s = groove(20, 101, 4, 0.6);
    hearing a, b;
    hear(&a, &s);
    hearing_begin(&b, 2);
    hear_with(&b, &grm_ear_rhythm, &s, 777);
    assert_int_equal(a.analysis.beat_count, b.analysis.beat_count);
    assert_memory_equal(a.analysis.beats_s, b.analysis.beats_s, a.analysis.beat_count * sizeof(double));
    assert_memory_equal(&a.analysis.features, &b.analysis.features, sizeof a.analysis.features);
    hearing_end(&a);
    hearing_end(&b);
    free(s.x);
}

// Onsets by chance, some of them as strong as others, so that there are ties.
static void vectors_find_the_same_tempi_and_beats(void **state) {
    enum { FRAMES = 6007, COLUMNS = FRAMES / 100 + 1, ROOM = 1000 };
    static float all[FRAMES], soft[FRAMES + 1], path[COLUMNS];
    static bool sounds[FRAMES + 1];
    uint32_t seed = 3;
    grm_novelty novelty = {.frames = FRAMES, .all = all, .low = all, .mid = all, .soft = soft, .sound = sounds};
    for (size_t t = 0; t < FRAMES; t++) {
        seed = seed * 1664525u + 1013904223u;
        all[t] = soft[t] = t % 50 == 0 ? 4 : seed >> 24 < 40 ? (float)(seed >> 22 & 3) : 0;
        sounds[t] = t > 300;
    }
    for (size_t c = 0; c < COLUMNS; c++) path[c] = 50 + (float)c / 7;
    grm_tempogram tempograms[2];
    double beats[2][ROOM];
    size_t count[2];
    bool steady[2];
    for (int fast = 0; fast < 2; fast++) {
        novelty.avx2 = fast && grm_cpu_detect().avx2_fma;
        assert_int_equal(grm_tempogram_make(&novelty, &tempograms[fast], NULL), GRM_OK);
        assert_int_equal(grm_beats_track(&novelty, path, COLUMNS, beats[fast], ROOM, &count[fast], NULL), GRM_OK);
        assert_int_equal(grm_beats_steady(&novelty, beats[fast], &count[fast], ROOM, &steady[fast], NULL), GRM_OK);
    }
    assert_true(count[0] > 80 && count[0] < 140);
    assert_int_equal(count[0], count[1]);
    assert_int_equal(steady[0], steady[1]);
    assert_memory_equal(beats[0], beats[1], count[0] * sizeof *beats[0]);
    assert_memory_equal(tempograms[0].strength, tempograms[1].strength,
                        COLUMNS * GRM_TEMPI * sizeof *tempograms[0].strength);
    for (int fast = 0; fast < 2; fast++) grm_tempogram_clear(&tempograms[fast]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tempo_of_a_groove_is_exact),
        cmocka_unit_test(beats_are_where_the_drums_are),
        cmocka_unit_test(bars_begin_where_the_chords_change),
        cmocka_unit_test(bars_of_five_six_and_seven_are_counted),
        cmocka_unit_test(a_bass_between_the_beats_leaves_them_where_they_are),
        cmocka_unit_test(a_breakbeat_is_counted_at_its_own_pace),
        cmocka_unit_test(beats_keep_to_a_tempo_that_changes),
        cmocka_unit_test(a_machine_keeps_its_beats_through_a_break),
        cmocka_unit_test(swing_comes_back_as_played),
        cmocka_unit_test(the_bars_of_swing_begin_where_they_are_played),
        cmocka_unit_test(a_tempo_that_wanders_drifts),
        cmocka_unit_test(noise_and_held_tones_have_no_pulse),
        cmocka_unit_test(swells_and_lone_hits_prove_no_tempo),
        cmocka_unit_test(onsets_are_counted),
        cmocka_unit_test(offbeats_without_their_beats_are_syncopated),
        cmocka_unit_test(speech_is_told_from_music),
        cmocka_unit_test(every_rate_hears_the_same_beats),
        cmocka_unit_test(silence_has_no_beats),
        cmocka_unit_test(blocks_and_threads_change_nothing),
        cmocka_unit_test(vectors_find_the_same_tempi_and_beats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
