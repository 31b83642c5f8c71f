#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "audio/pcm.h"
#include "base/base.h"

enum { FRAMES = 1003, MOST = 8 };

// The step that a sample should become, in the plainest way.
static int32_t expected_step(float x, int bits) {
    double full = ldexp(1.0, bits - 1);
    if (isnan(x)) return 0;
    return (int32_t)fmin(fmax(nearbyint((double)x * full), -full), full - 1.0);
}

static void fill(float planes[MOST][FRAMES]) {
    const float corners[] = {0.0f,      -0.0f, 1.0f,   -1.0f,      NAN,        INFINITY,
                             -INFINITY, 1e30f, 1e-30f, 0x1.8p-23f, -0x1.8p-23f};
    grm_rng rng = grm_rng_new(1, "pcm");
    for (unsigned c = 0; c < MOST; c++)
        for (size_t i = 0; i < FRAMES; i++)
            planes[c][i] =
                i % 5 == c % 5 ? corners[grm_rng_below(&rng, GRM_COUNT(corners))] : grm_rng_between(&rng, -1.1f, 1.1f);
}

static int32_t read_little(const uint8_t *at, unsigned bytes) {
    uint32_t value = 0;
    for (unsigned b = 0; b < bytes; b++) value |= (uint32_t)at[b] << (8 * (b + 4 - bytes));
    return (int32_t)value >> (8 * (4 - bytes));
}

static void every_sample_is_the_nearest_step_in_every_layout(void **state) {
    static float planes[MOST][FRAMES];
    static uint8_t packed[FRAMES * MOST * 3 + 4];
    static int32_t high[FRAMES * MOST];
    const float *at[MOST];
    fill(planes);
    for (unsigned c = 0; c < MOST; c++) at[c] = planes[c];
    for (unsigned channels = 1; channels <= MOST; channels++)
        for (size_t frames = FRAMES - 9; frames <= FRAMES; frames++) {
            for (unsigned bytes = 2; bytes <= 3; bytes++) {
                (bytes == 2 ? grm_pcm_to_16 : grm_pcm_to_24)(at, channels, frames, packed);
                for (size_t i = 0; i < frames * channels; i++)
                    assert_int_equal(read_little(packed + bytes * i, bytes),
                                     expected_step(planes[i % channels][i / channels], 8 * (int)bytes));
            }
            grm_pcm_to_24_high(at, channels, frames, high);
            for (size_t i = 0; i < frames * channels; i++)
                assert_int_equal(high[i], expected_step(planes[i % channels][i / channels], 24) * 256);
        }
}

static void interleaving_clips_only_where_asked(void **state) {
    static float planes[MOST][FRAMES], whole[FRAMES * MOST], clipped[FRAMES * MOST];
    const float *at[] = {planes[0], planes[1], planes[2]};
    fill(planes);
    grm_pcm_interleave(at, 3, FRAMES, whole);
    grm_pcm_interleave_clipped(at, 3, FRAMES, clipped);
    for (size_t i = 0; i < FRAMES * 3; i++) {
        float x = planes[i % 3][i / 3];
        assert_memory_equal(&whole[i], &x, sizeof(x));
        assert_true(clipped[i] == (isnan(x) ? 0.0f : fminf(fmaxf(x, -1.0f), 1.0f)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_the_nearest_step_in_every_layout),
        cmocka_unit_test(interleaving_clips_only_where_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
