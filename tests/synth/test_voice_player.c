// Every voice as a part hears it: on time, clean, repeatable, obedient to its controllers.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// after the above
#include <cmocka.h>

#include "dsp/dsp.h"
#include "synth/voice.h"

static const char *const voices[] = {
    "supersaw",       "supersaw-pad", "saw-lead",   "square-lead",   "sine-lead",         "pluck",
    "soft-pluck",     "house-stab",   "warm-pad",   "glass-pad",     "string-machine",    "choir-pad",
    "brass-synth",    "bell-fm",      "fm-bass",    "organ-house",   "electric-piano-fm", "808-bass",
    "sub-bass",       "acid-bass",    "reese-bass", "saw-bass",      "synthwave-bass",    "pluck-bass",
    "moog-bass",      "kit-808",      "kit-909",    "kit-trap",      "kit-lofi",          "kit-dnb",
    "kit-synthwave",  "kit-techno",   "riser",      "vinyl-crackle", "tape-hiss",         "rain",
    "room-tone",      "crowd",        "wind",       "ocean",         "downlifter",        "impact",
    "reverse-cymbal", "sweep"};

typedef struct sound {
    size_t frames;
    float *left, *right;
} sound;

static grm_event on(int64_t frame, int32_t note, int key, int velocity) {
    return (grm_event){
        .frame = frame, .note = note, .value = (int16_t)velocity, .kind = GRM_EVENT_NOTE_ON, .number = (uint8_t)key};
}
static grm_event off(int64_t frame, int32_t note, int key) {
    return (grm_event){.frame = frame, .note = note, .value = 100, .kind = GRM_EVENT_NOTE_OFF, .number = (uint8_t)key};
}
static grm_event control(int64_t frame, int number, int value) {
    return (grm_event){
        .frame = frame, .note = -1, .value = (int16_t)value, .kind = GRM_EVENT_CONTROL, .number = (uint8_t)number};
}
static grm_event bend(int64_t frame, int value) {
    return (grm_event){.frame = frame, .note = -1, .value = (int16_t)value, .kind = GRM_EVENT_BEND};
}

// Plays, cutting time into blocks of the given sizes in turn (a list that ends with 0).
static sound play_in(const grm_key *key, const char *voice, const grm_event *events, size_t count, size_t frames,
                     uint64_t seed, const size_t *blocks) {
    grm_part part = {.name = "Part", .bend_range = 2};
    grm_player *player = NULL;
    grm_error err = {.message = ""};
    grm_status status = grm_voice_player_new(voice, &part, NULL, key, events, count, seed, &player, &err);
    if (status) print_error("%s: %s\n", voice, err.message);
    assert_int_equal(status, GRM_OK);
    sound s = {frames, grm_floats_new(frames), grm_floats_new(frames)};
    size_t which = 0;
    for (size_t at = 0; at < frames;) {
        size_t n = blocks[which] < frames - at ? blocks[which] : frames - at;
        assert_int_equal(player->render(player, at, n, s.left + at, s.right + at, &err), GRM_OK);
        at += n;
        if (!blocks[++which]) which = 0;
    }
    player->free(player);
    return s;
}

static sound play_cut(const char *voice, const grm_event *events, size_t count, size_t frames, uint64_t seed,
                      const size_t *blocks) {
    return play_in(NULL, voice, events, count, frames, seed, blocks);
}

static sound play(const char *voice, const grm_event *events, size_t count, size_t frames) {
    static const size_t blocks[] = {1024, 0};
    return play_cut(voice, events, count, frames, 7, blocks);
}

static void drop(sound *s) {
    free(s->left);
    free(s->right);
}

static float peak(const sound *s, size_t from, size_t to) {
    float most = 0;
    for (size_t i = from; i < to && i < s->frames; i++) {
        if (fabsf(s->left[i]) > most) most = fabsf(s->left[i]);
        if (fabsf(s->right[i]) > most) most = fabsf(s->right[i]);
    }
    return most;
}

static double power(const sound *s, size_t from, size_t to) {
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += 0.5 * ((double)s->left[i] * (double)s->left[i] + (double)s->right[i] * (double)s->right[i]);
    return sum / (double)(to - from) + 1e-20;
}

// The pitch with the strongest autocorrelation of the left side, Hz.
static float pitch(const sound *s, size_t from, size_t frames, float low, float high) {
    double best = -1;
    int lag = 0;
    for (int k = (int)(GRM_RATE / high); k <= (int)(GRM_RATE / low); k++) {
        double sum = 0, a = 1e-12, b = 1e-12;
        for (size_t i = from; i < from + frames; i++) {
            double x = (double)s->left[i], y = (double)s->left[i + (size_t)k];
            sum += x * y;
            a += x * x;
            b += y * y;
        }
        if (sum / sqrt(a * b) > best + 1e-3) {
            best = sum / sqrt(a * b);
            lag = k;
        }
    }
    return (float)GRM_RATE / (float)lag;
}

static int phrase(grm_event *e, const char *voice) {
    int key = strncmp(voice, "kit-", 4) ? strstr(voice, "bass") ? 36 : 60 : 38;
    int step = key == 38 ? 4 : 3;
    e[0] = on(1000, 0, key, 100);
    e[1] = on(7013, 1, key + step, 80);
    e[2] = off(12001, 0, key);
    e[3] = control(15000, 1, 90);
    e[4] = bend(17777, 3000);
    e[5] = off(30000, 1, key + step);
    e[6] = on(30000, 2, key, 120);
    e[7] = off(41003, 2, key);
    return 8;
}

static void every_voice_sounds_cleanly_and_ends(void **state) {
    for (size_t v = 0; v < GRM_COUNT(voices); v++) {
        grm_event events[8];
        int count = phrase(events, voices[v]);
        sound s = play(voices[v], events, (size_t)count, 10 * GRM_RATE);
        assert_true(peak(&s, 0, 1000) == 0);
        assert_true(peak(&s, 1000, 48000) > 0.003f);
        assert_true(peak(&s, 0, s.frames) < 1.6f);
        assert_true(peak(&s, 9 * GRM_RATE, s.frames) < 1e-3f);
        double mean = 0;
        for (size_t i = 0; i < s.frames; i++) {
            assert_true(isfinite(s.left[i]) && isfinite(s.right[i]));
            mean += (double)s.left[i];
        }
        assert_true(fabs(mean / (double)s.frames) < 2e-4);
        drop(&s);
    }
}

// What is spread over both sides is as strong on the left as on the right; where something stands is the mix's choice.
// Drums stand as a drummer's do, and what has no keys may wander.
static void voices_stand_in_the_middle(void **state) {
    for (size_t v = 0; v < GRM_COUNT(voices); v++) {
        if (strcmp(voices[v], "kit-808") == 0) break;
        grm_event events[12];
        int key = strstr(voices[v], "bass") ? 36 : 60;
        for (int i = 0; i < 6; i++) {
            events[2 * i] = on(i * GRM_RATE, i, key + 3 * i, 100);
            events[2 * i + 1] = off(i * GRM_RATE + GRM_RATE * 3 / 4, i, key + 3 * i);
        }
        sound s = play(voices[v], events, 12, 6 * GRM_RATE);
        double sides[2] = {1e-20, 1e-20};
        for (size_t i = 0; i < s.frames; i++) {
            sides[0] += (double)s.left[i] * (double)s.left[i];
            sides[1] += (double)s.right[i] * (double)s.right[i];
        }
        double balance_db = 10 * log10(sides[0] / sides[1]);
        if (fabs(balance_db) > 1) fail_msg("%s leans to one side by %.1f dB", voices[v], balance_db);
        drop(&s);
    }
    (void)state;
}

static void the_cut_of_time_changes_no_bit(void **state) {
    static const size_t whole[] = {50000, 0}, odd[] = {1, 7, 31, 500, 33, 64, 2, 4099, 0};
    for (size_t v = 0; v < GRM_COUNT(voices); v++) {
        grm_event events[8];
        size_t count = (size_t)phrase(events, voices[v]);
        sound a = play_cut(voices[v], events, count, 50000, 3, whole);
        sound b = play_cut(voices[v], events, count, 50000, 3, odd);
        assert_memory_equal(a.left, b.left, a.frames * sizeof(float));
        assert_memory_equal(a.right, b.right, a.frames * sizeof(float));
        drop(&a);
        drop(&b);
    }
}

static void the_seed_decides_what_is_random(void **state) {
    static const char *const random[] = {"supersaw", "kit-909", "rain", "riser", "electric-piano-fm"};
    static const size_t blocks[] = {4096, 0};
    for (size_t v = 0; v < GRM_COUNT(random); v++) {
        grm_event events[8];
        size_t count = (size_t)phrase(events, random[v]);
        sound a = play_cut(random[v], events, count, 40000, 1, blocks);
        sound b = play_cut(random[v], events, count, 40000, 1, blocks);
        sound c = play_cut(random[v], events, count, 40000, 2, blocks);
        assert_memory_equal(a.left, b.left, a.frames * sizeof(float));
        assert_memory_not_equal(a.left, c.left, a.frames * sizeof(float));
        drop(&a);
        drop(&b);
        drop(&c);
    }
}

static void notes_begin_on_their_frame(void **state) {
    static const char *const quick[] = {"kit-909", "kit-808", "pluck", "808-bass", "bell-fm"};
    for (size_t v = 0; v < GRM_COUNT(quick); v++)
        for (int64_t frame = 4801; frame < 4840; frame += 13) {
            grm_event events[] = {on(frame, 0, 36, 110), off(frame + 9000, 0, 36)};
            sound s = play(quick[v], events, 2, 12000);
            assert_true(peak(&s, 0, (size_t)frame) == 0);
            assert_true(peak(&s, (size_t)frame, (size_t)frame + 48) > 1e-4f);
            drop(&s);
        }
}

// No jump between two frames is larger when notes begin, are stolen and end than while they sound.
static void pads_and_basses_do_not_click(void **state) {
    static const char *const soft[] = {"sub-bass", "808-bass", "sine-lead", "warm-pad", "glass-pad"};
    for (size_t v = 0; v < GRM_COUNT(soft); v++) {
        grm_event events[80];
        size_t count = 0;
        for (int n = 0; n < 40; n++) events[count++] = on(2000 + n * 701, n, 36 + n % 11, 100);
        for (int n = 0; n < 40; n++) events[count++] = off(31000 + n * 7, n, 36 + n % 11);
        sound s = play(soft[v], events, count, 3 * GRM_RATE);
        float most = peak(&s, 0, s.frames);
        for (size_t i = 1; i < s.frames; i++) assert_true(fabsf(s.left[i] - s.left[i - 1]) < 0.12f * most);
        drop(&s);
    }
}

static void keys_have_their_pitch_and_bend(void **state) {
    grm_event events[] = {on(0, 0, 57, 100), bend(GRM_RATE, 8191), bend(2 * GRM_RATE, -4096), off(3 * GRM_RATE, 0, 57)};
    static const char *const tuned[] = {"sine-lead", "square-lead", "organ-house", "electric-piano-fm"};
    for (size_t v = 0; v < GRM_COUNT(tuned); v++) {
        sound s = play(tuned[v], events, 4, 3 * GRM_RATE);
        float low = strcmp(tuned[v], "organ-house") ? 150 : 90, high = strcmp(tuned[v], "organ-house") ? 330 : 165;
        float unison = low == 90 ? 110 : 220;
        assert_float_equal(pitch(&s, GRM_RATE / 2, 8000, low, high), unison, 0.012f * unison);
        assert_float_equal(pitch(&s, 3 * GRM_RATE / 2, 8000, low, high), unison * 1.12246f, 0.012f * unison);
        assert_float_equal(pitch(&s, 5 * GRM_RATE / 2, 8000, low, high), unison * 0.94387f, 0.012f * unison);
        drop(&s);
    }
}

static void an_808_glides_between_overlapping_notes(void **state) {
    grm_event tied[] = {on(0, 0, 33, 100), on(GRM_RATE / 2, 1, 45, 100), off(GRM_RATE / 2 + 1000, 0, 33),
                        off(GRM_RATE, 1, 45)};
    sound s = play("808-bass", tied, 4, GRM_RATE + 20000);
    float before = pitch(&s, GRM_RATE / 2 - 6000, 4000, 45, 140);
    float middle = pitch(&s, GRM_RATE / 2 + 400, 1000, 45, 140);
    float after = pitch(&s, GRM_RATE / 2 + 12000, 4000, 45, 140);
    assert_float_equal(before, 55, 1);
    assert_true(middle > 57 && middle < 106);
    assert_float_equal(after, 110, 2);
    drop(&s);
}

static void volume_expression_and_velocity_set_the_level(void **state) {
    grm_event loud[] = {on(0, 0, 60, 100), off(GRM_RATE, 0, 60)};
    grm_event quiet[] = {control(0, 7, 50), on(0, 0, 60, 100), off(GRM_RATE, 0, 60)};
    grm_event half[] = {control(0, 11, 64), on(0, 0, 60, 100), off(GRM_RATE, 0, 60)};
    grm_event soft[] = {on(0, 0, 60, 40), off(GRM_RATE, 0, 60)};
    sound a = play("organ-house", loud, 2, GRM_RATE), b = play("organ-house", quiet, 3, GRM_RATE);
    sound c = play("organ-house", half, 3, GRM_RATE), d = play("organ-house", soft, 2, GRM_RATE);
    double full = power(&a, 0, GRM_RATE);
    assert_float_equal(10 * log10(power(&b, 0, GRM_RATE) / full), 40 * log10(0.5), 0.1);
    assert_float_equal(10 * log10(power(&c, 0, GRM_RATE) / full), 40 * log10(64.0 / 127), 0.1);
    assert_true(power(&d, 0, GRM_RATE) < 0.5 * full);
    drop(&a);
    drop(&b);
    drop(&c);
    drop(&d);
}

// Share of the power above about 2 kHz, by the difference of neighbours.
static double brightness(const sound *s, size_t from, size_t to) {
    double sum = 0;
    for (size_t i = from + 1; i < to; i++) sum += pow((double)(s->left[i] - s->left[i - 1]), 2);
    return sum / (double)(to - from) / power(s, from, to);
}

static void brightness_opens_the_filter(void **state) {
    grm_event dark[] = {control(0, 74, 20), on(0, 0, 60, 100), off(GRM_RATE, 0, 60)};
    grm_event bright[] = {control(0, 74, 110), on(0, 0, 60, 100), off(GRM_RATE, 0, 60)};
    sound a = play("warm-pad", dark, 3, GRM_RATE), b = play("warm-pad", bright, 3, GRM_RATE);
    assert_true(brightness(&b, 20000, GRM_RATE) > 4 * brightness(&a, 20000, GRM_RATE));
    drop(&a);
    drop(&b);
}

static void the_pedal_holds_what_is_let_go(void **state) {
    grm_event held[] = {control(0, 64, 127), on(0, 0, 60, 100), off(9600, 0, 60), control(GRM_RATE, 64, 0)};
    sound s = play("organ-house", held, 4, 2 * GRM_RATE);
    assert_true(peak(&s, 30000, GRM_RATE) > 0.01f);
    assert_true(peak(&s, GRM_RATE + 24000, 2 * GRM_RATE) < 1e-4f);
    drop(&s);
}

static void a_closed_hat_stops_an_open_one(void **state) {
    grm_event open[] = {on(0, 0, 46, 100), off(100, 0, 46)};
    grm_event closed[] = {on(0, 0, 46, 100), off(100, 0, 46), on(7200, 1, 42, 100), off(7300, 1, 42)};
    sound a = play("kit-909", open, 2, GRM_RATE), b = play("kit-909", closed, 4, GRM_RATE);
    assert_true(power(&b, 14400, 19200) < 0.01 * power(&a, 14400, 19200));
    drop(&a);
    drop(&b);
}

static void no_two_strokes_of_a_drum_are_the_same(void **state) {
    grm_event twice[] = {on(0, 0, 38, 100), off(100, 0, 38), on(GRM_RATE, 1, 38, 100), off(GRM_RATE + 100, 1, 38)};
    sound s = play("kit-808", twice, 4, 2 * GRM_RATE);
    assert_memory_not_equal(s.left, s.left + GRM_RATE, 4800 * sizeof(float));
    double a = power(&s, 0, 9600), b = power(&s, GRM_RATE, GRM_RATE + 9600);
    assert_true(fabs(10 * log10(a / b)) < 1.5);
    drop(&s);
}

// The 808 kick falls to its tone near 50 Hz and rings; the 909's is shorter.
static void kicks_fall_and_ring_as_they_should(void **state) {
    grm_event once[] = {on(0, 0, 36, 100), off(100, 0, 36)};
    sound a = play("kit-808", once, 2, 2 * GRM_RATE), b = play("kit-909", once, 2, 2 * GRM_RATE);
    assert_float_equal(pitch(&a, 14400, 4800, 35, 90), 49, 2);
    double late = power(&a, 24000, 28800) / power(&a, 2400, 7200);
    double late_909 = power(&b, 24000, 28800) / power(&b, 2400, 7200);
    assert_true(10 * log10(late) > -30 && 10 * log10(late_909) < 10 * log10(late) - 10);
    drop(&a);
    drop(&b);
}

// The 909's own hum is 51 Hz. D is six semitones off: in minor F stands in for it, never A.
static void kicks_hum_on_the_tonic_or_on_that_of_the_relative_key(void **state) {
    static const struct {
        grm_key key;
        double hz;
    } kicks[] = {{{9, GRM_MINOR, false}, 55},
                 {{2, GRM_MINOR, false}, 43.65},
                 {{1, GRM_DORIAN, false}, 41.2},
                 {{2, GRM_MAJOR, false}, 36.71}};
    static const size_t blocks[] = {1024, 0};
    grm_event once[] = {on(0, 0, 36, 100), off(100, 0, 36)};
    for (size_t i = 0; i < GRM_COUNT(kicks); i++) {
        sound s = play_in(&kicks[i].key, "kit-909", once, 2, GRM_RATE, 7, blocks);
        assert_float_equal(pitch(&s, 14400, 4800, 30, 90), kicks[i].hz, 2);
        drop(&s);
    }
}

static void risers_and_reversed_cymbals_grow_to_the_end_of_their_note(void **state) {
    static const char *const growing[] = {"riser", "reverse-cymbal"};
    for (size_t v = 0; v < GRM_COUNT(growing); v++) {
        grm_event events[] = {on(1000, 0, 60, 100), off(1000 + 3 * GRM_RATE, 0, 60)};
        sound s = play(growing[v], events, 2, 4 * GRM_RATE);
        size_t end = 1000 + 3 * GRM_RATE;
        assert_true(power(&s, end - 9600, end) > 10 * power(&s, 1000, GRM_RATE));
        assert_true(peak(&s, end + 14400, s.frames) < 2e-3f);
        drop(&s);
    }
}

static void hostile_events_do_no_harm(void **state) {
    static grm_event events[600];
    size_t count = 0;
    for (int n = 0; n < 200; n++) events[count++] = on(n / 50, n, n % 128, n % 2 ? 127 : 1);
    events[count++] = control(50, 200, 999);
    events[count++] = control(50, 7, -5);
    events[count++] = bend(60, 32767);
    events[count++] = (grm_event){.frame = 70, .note = -1, .value = 5, .kind = 77, .number = 255};
    for (int n = 0; n < 200; n++) events[count++] = off(4000, n, n % 128);
    for (size_t v = 0; v < GRM_COUNT(voices); v++) {
        sound s = play(voices[v], events, count, 9600);
        for (size_t i = 0; i < s.frames; i++) assert_true(isfinite(s.left[i]) && isfinite(s.right[i]));
        drop(&s);
    }
    sound none = play("supersaw", NULL, 0, 1000);
    assert_true(peak(&none, 0, 1000) == 0);
    drop(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_voice_sounds_cleanly_and_ends),
        cmocka_unit_test(voices_stand_in_the_middle),
        cmocka_unit_test(the_cut_of_time_changes_no_bit),
        cmocka_unit_test(the_seed_decides_what_is_random),
        cmocka_unit_test(notes_begin_on_their_frame),
        cmocka_unit_test(pads_and_basses_do_not_click),
        cmocka_unit_test(keys_have_their_pitch_and_bend),
        cmocka_unit_test(an_808_glides_between_overlapping_notes),
        cmocka_unit_test(volume_expression_and_velocity_set_the_level),
        cmocka_unit_test(brightness_opens_the_filter),
        cmocka_unit_test(the_pedal_holds_what_is_let_go),
        cmocka_unit_test(a_closed_hat_stops_an_open_one),
        cmocka_unit_test(no_two_strokes_of_a_drum_are_the_same),
        cmocka_unit_test(kicks_fall_and_ring_as_they_should),
        cmocka_unit_test(kicks_hum_on_the_tonic_or_on_that_of_the_relative_key),
        cmocka_unit_test(risers_and_reversed_cymbals_grow_to_the_end_of_their_note),
        cmocka_unit_test(hostile_events_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
