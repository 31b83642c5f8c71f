#include <grammy/extend.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants those before it
#include <cmocka.h>

#include "base/base.h"

enum { RATE = 32000, BEAT = RATE / 2 };  // 120 a minute

static grm_profile *profile;

static int set_up(void **state) {
    (void)state;
    return grm_profile_new(NULL, 0, &profile, NULL);
}

static int tear_down(void **state) {
    (void)state;
    grm_profile_free(profile);
    return 0;
}

// A knock on each beat, louder on the first of four, over chords that change every bar and come round every fourth.
static grm_audio *make_music(double seconds) {
    static const double roots[] = {220, 174.61, 261.63, 196};
    grm_audio *audio;
    assert_int_equal(grm_audio_new(1, (size_t)(seconds * RATE), RATE, &audio, NULL), GRM_OK);
    for (size_t i = 0; i < audio->frames; i++) {
        size_t beat = i / BEAT;
        double t = (double)i / RATE, since = (double)(i % BEAT) / RATE, root = roots[beat / 4 % 4], x = 0;
        for (int k = 0; k < 3; k++) x += 0.08 * sin(2 * 3.14159265358979 * root * (1 + 0.25 * k) * t);
        x += (beat % 4 ? 0.3 : 0.6) * exp(-60 * since) * sin(2 * 3.14159265358979 * 1100 * since);
        audio->plane[0][i] = (float)x;
    }
    return audio;
}

static grm_audio *extend(const grm_audio *audio, size_t frames) {
    grm_audio *longer;
    grm_error err;
    if (grm_audio_extend(profile, audio, frames, NULL, &longer, &err)) fail_msg("%s", err.message);
    assert_int_equal(longer->frames, frames);
    assert_int_equal(longer->channels, audio->channels);
    return longer;
}

static float largest_step(const grm_audio *audio) {
    float most = 0;
    for (size_t i = 1; i < audio->frames; i++) most = fmaxf(most, fabsf(audio->plane[0][i] - audio->plane[0][i - 1]));
    return most;
}

// Share of beats of the grid on which a knock begins, within 6 ms; the end, which may fade, aside.
static double beats_kept(const grm_audio *audio) {
    size_t kept = 0, count = audio->frames / BEAT - 1;
    for (size_t b = 1; b <= count; b++) {
        double before = 0, after = 0;
        for (size_t i = 0; i < RATE / 50; i++) {
            size_t at = b * BEAT;
            if (at + i + 200 >= audio->frames) break;
            double x = (double)audio->plane[0][at - 200 - i], y = (double)audio->plane[0][at + i];
            before += x * x;
            after += y * y;
        }
        kept += after > 1.5 * before;
    }
    return (double)kept / (double)count;
}

static void music_grows_at_its_beats(void **state) {
    (void)state;
    grm_audio *audio = make_music(24), *longer = extend(audio, 30 * RATE);
    assert_memory_equal(longer->plane[0], audio->plane[0], RATE / 2 * sizeof(float));
    double kept = beats_kept(longer);
    if (kept < 0.97) fail_msg("%.2f of the beats are where they were", kept);
    assert_true(largest_step(longer) <= 1.1f * largest_step(audio));
    grm_audio_free(longer);
    grm_audio_free(audio);
}

static void it_can_grow_many_times_over(void **state) {
    (void)state;
    grm_audio *audio = make_music(12), *longer = extend(audio, 61 * RATE + 7);
    double kept = beats_kept(longer);
    if (kept < 0.97) fail_msg("%.2f of the beats are where they were", kept);
    grm_audio_free(longer);
    grm_audio_free(audio);
}

static void a_sound_without_beats_grows_without_steps(void **state) {
    (void)state;
    grm_audio *audio, *longer;
    assert_int_equal(grm_audio_new(2, 8 * RATE, RATE, &audio, NULL), GRM_OK);
    for (size_t i = 0; i < audio->frames; i++)
        for (unsigned c = 0; c < 2; c++) audio->plane[c][i] = 0.3f * sinf(0.02f * (float)i + (float)c);
    longer = extend(audio, 10 * RATE);
    assert_true(largest_step(longer) <= 1.2f * largest_step(audio));
    grm_audio_free(longer);
    grm_audio_free(audio);
}

static void any_length_comes_out(void **state) {
    (void)state;
    static const size_t from[] = {1, 100, 4000, 9000, 30000}, to[] = {1, 99, 4001, 100000};
    for (size_t i = 0; i < GRM_COUNT(from); i++)
        for (size_t k = 0; k < GRM_COUNT(to); k++) {
            grm_audio *audio;
            assert_int_equal(grm_audio_new(1, from[i], RATE, &audio, NULL), GRM_OK);
            for (size_t n = 0; n < from[i]; n++) audio->plane[0][n] = (float)(n % 50) / 100;
            grm_audio *longer = extend(audio, to[k]);
            for (size_t n = 0; n < longer->frames; n++) assert_true(fabsf(longer->plane[0][n]) <= 0.5f);
            grm_audio_free(longer);
            grm_audio_free(audio);
        }
}

static void what_is_cut_off_fades(void **state) {
    (void)state;
    grm_audio *audio = make_music(4), *shorter = extend(audio, 2 * RATE + 1000);
    assert_true(fabsf(shorter->plane[0][shorter->frames - 1]) < 1e-3f);
    assert_memory_equal(shorter->plane[0], audio->plane[0], RATE * sizeof(float));
    grm_audio_free(shorter);
    grm_audio_free(audio);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(music_grows_at_its_beats),
                                       cmocka_unit_test(it_can_grow_many_times_over),
                                       cmocka_unit_test(a_sound_without_beats_grows_without_steps),
                                       cmocka_unit_test(any_length_comes_out), cmocka_unit_test(what_is_cut_off_fades)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
