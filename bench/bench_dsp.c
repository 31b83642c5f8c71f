// Time of each block of signal processing: median nanoseconds of CPU a stereo frame over several runs, and how many
// times real time that is at 48 kHz, in blocks of 512 frames. bench_dsp [BLOCK [RUNS]]: only blocks whose name holds
// BLOCK ("" for all).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dsp/dsp.h"

enum { RATE = 48000, FRAMES = 4 * RATE, STEP = 512, MOST_RUNS = 99 };

typedef struct subject {
    const char *name;
    void *(*make)(void);
    void (*run)(void *block, float *const *planes, size_t frames);
    void (*end)(void *block);  // free where NULL
} subject;

static float sound[2][FRAMES], source[2][FRAMES], other[2][FRAMES];

static void *must(const void *block) {
    if (!block) {
        fprintf(stderr, "bench_dsp: out of memory\n");
        exit(1);
    }
    return (void *)(uintptr_t)block;
}

// ---- the blocks ----

#define PLAIN(type) must(calloc(1, sizeof(type)))

static void *make_limiter(void) {
    const grm_peak_limiter_plan plan = {.drive_db = 6, .ceiling_db = -1, .lookahead_ms = 3, .release_ms = 60};
    grm_peak_limiter *l = NULL;
    grm_peak_limiter_new(&plan, RATE, &l, NULL);
    return must(l);
}
static void run_limiter(void *b, float *const *x, size_t n) {
    grm_peak_limiter_run(b, x, n);
}
static void end_limiter(void *b) {
    grm_peak_limiter_free(b);
}

static void *make_dither(void) {
    grm_dither *d = PLAIN(grm_dither);
    grm_dither_init(d, 16, true, RATE, 1);
    return d;
}
static void run_dither(void *b, float *const *x, size_t n) {
    grm_dither_run(b, x, n);
}

static const grm_compressor_plan squash = {
    .threshold_db = -20, .ratio = 4, .knee_db = 6, .attack_ms = 10, .release_ms = 100};
static void *make_compressor(void) {
    grm_compressor *c = PLAIN(grm_compressor);
    grm_compressor_init(c, &squash, RATE);
    return c;
}
static void *make_peak_compressor(void) {
    grm_compressor_plan plan = squash;
    plan.detector = GRM_DETECT_PEAK;
    grm_compressor *c = PLAIN(grm_compressor);
    grm_compressor_init(c, &plan, RATE);
    return c;
}
static void run_compressor(void *b, float *const *x, size_t n) {
    grm_compressor_run(b, x, NULL, n);
}

static void *make_multiband(void) {
    const grm_multiband_plan plan = {.bands = 4, .hz = {120, 1000, 6000}, .band = {squash, squash, squash, squash}};
    grm_multiband *m = NULL;
    grm_multiband_new(&plan, RATE, &m, NULL);
    return must(m);
}
static void run_multiband(void *b, float *const *x, size_t n) {
    grm_multiband_run(b, x, n);
}
static void end_multiband(void *b) {
    grm_multiband_free(b);
}

static const grm_eq_band bands[] = {{GRM_FILTER_HIGHPASS, 30, 0.7f, 0},     {GRM_FILTER_LOW_SHELF, 100, 0.7f, 2},
                                    {GRM_FILTER_BELL, 300, 1, -3},          {GRM_FILTER_BELL, 1000, 1, 1},
                                    {GRM_FILTER_BELL, 3000, 1, 2},          {GRM_FILTER_BELL, 6000, 1, -1},
                                    {GRM_FILTER_HIGH_SHELF, 9000, 0.7f, 2}, {GRM_FILTER_BELL, 15000, 1, 2}};
static void *make_equaliser(void) {
    grm_equaliser *e = PLAIN(grm_equaliser);
    grm_equaliser_init(e, RATE, bands, GRM_COUNT(bands));
    return e;
}
static void run_equaliser(void *b, float *const *x, size_t n) {
    grm_equaliser_run(b, x[0], x[1], n);
}

static void *make_linear(void) {
    grm_linear_equaliser *e = NULL;
    grm_linear_equaliser_new(RATE, bands, GRM_COUNT(bands), &e, NULL);
    return must(e);
}
static void run_linear(void *b, float *const *x, size_t n) {
    grm_linear_equaliser_run(b, x, n);
}
static void end_linear(void *b) {
    grm_linear_equaliser_free(b);
}

static void *make_convolver_of(size_t taps) {
    grm_convolver *c = NULL;
    grm_convolver_new((const float *const[]){source[0], source[1]}, taps, &c, NULL);
    return must(c);
}
static void *make_short_convolver(void) {
    return make_convolver_of(2048);
}
static void *make_long_convolver(void) {
    return make_convolver_of(3 * RATE);
}
static void run_convolver(void *b, float *const *x, size_t n) {
    grm_convolver_run(b, x, n);
}
static void end_convolver(void *b) {
    grm_convolver_free(b);
}

static void *make_gate(void) {
    const grm_gate_plan plan = {
        .threshold_db = -30, .ratio = 4, .knee_db = 6, .range_db = 40, .attack_ms = 1, .hold_ms = 20, .release_ms = 80};
    grm_gate *g = PLAIN(grm_gate);
    grm_gate_init(g, &plan, RATE);
    return g;
}
static void run_gate(void *b, float *const *x, size_t n) {
    grm_gate_run(b, x, NULL, n);
}

static void *make_deesser(void) {
    const grm_deesser_plan plan = {
        .hz = 6000, .share_db = -12, .ratio = 4, .range_db = 12, .attack_ms = 2, .release_ms = 50};
    grm_deesser *d = PLAIN(grm_deesser);
    grm_deesser_init(d, &plan, RATE);
    return d;
}
static void run_deesser(void *b, float *const *x, size_t n) {
    grm_deesser_run(b, x, n);
}

static void *make_transient(void) {
    grm_transient *t = PLAIN(grm_transient);
    grm_transient_init(t, 6, -3, RATE);
    return t;
}
static void run_transient(void *b, float *const *x, size_t n) {
    grm_transient_run(b, x, n);
}

static void *make_colour(void) {
    grm_colour *c = PLAIN(grm_colour);
    grm_colour_init(c, GRM_COLOUR_TAPE, RATE, 6, 1);
    return c;
}
static void run_colour(void *b, float *const *x, size_t n) {
    grm_colour_run(b, x[0], x[1], n);
}

static void *make_exciter(void) {
    grm_exciter *e = PLAIN(grm_exciter);
    grm_exciter_init(e, RATE, 4000, 12, 0.3f);
    return e;
}
static void run_exciter(void *b, float *const *x, size_t n) {
    grm_exciter_run(b, x[0], x[1], n);
}

static void *make_width(void) {
    static const float hz[] = {120, 1000, 6000}, width[] = {0, 1, 1.2f, 1.4f};
    grm_band_width *w = PLAIN(grm_band_width);
    grm_band_width_init(w, RATE, hz, width, 4);
    return w;
}
static void run_width(void *b, float *const *x, size_t n) {
    grm_band_width_run(b, x[0], x[1], n);
}

static void add_other(float *const *x, size_t n) {
    for (int side = 0; side < 2; side++) memset(other[side], 0, n * sizeof(float));
    (void)x;
}

static void *make_delay(void) {
    const grm_delay_plan plan = {.time_s = {0.375, 0.5}, .feedback = 0.4f, .low_cut_hz = 150, .high_cut_hz = 6000};
    grm_delay *d = NULL;
    grm_delay_new(&plan, 1, RATE, &d, NULL);
    return must(d);
}
static void run_delay(void *b, float *const *x, size_t n) {
    add_other(x, n);
    grm_delay_run(b, (const float *const *)x, (float *const[]){other[0], other[1]}, n);
}
static void end_delay(void *b) {
    grm_delay_free(b);
}

static void *make_reverb(void) {
    const grm_reverb_plan plan = {.lines = 16,
                                  .rt60_s = 2,
                                  .high_ratio = 0.5f,
                                  .size_ms = 45,
                                  .predelay_ms = 20,
                                  .early = 0.2f,
                                  .modulation_ms = 0.4f,
                                  .low_cut_hz = 150,
                                  .high_cut_hz = 9000};
    grm_reverb *r = NULL;
    grm_reverb_new(&plan, RATE, &r, NULL);
    return must(r);
}
static void run_reverb(void *b, float *const *x, size_t n) {
    add_other(x, n);
    grm_reverb_run(b, (const float *const *)x, (float *const[]){other[0], other[1]}, n);
}
static void end_reverb(void *b) {
    grm_reverb_free(b);
}

static void *make_space(void) {
    const grm_space_plan plan = {.predelay_ms = 10};
    grm_space *s = NULL;
    grm_space_new(&plan, RATE, (const float *const[]){source[0], source[1]}, 2 * RATE, &s, NULL);
    return must(s);
}
static void run_space(void *b, float *const *x, size_t n) {
    add_other(x, n);
    grm_space_run(b, (const float *const *)x, (float *const[]){other[0], other[1]}, n);
}
static void end_space(void *b) {
    grm_space_free(b);
}

static void *make_tracker(void) {
    const grm_pitch_plan plan = {70, 1100};
    grm_pitch_tracker *t = NULL;
    grm_pitch_tracker_new(&plan, RATE, &t, NULL);
    return must(t);
}
static void run_tracker(void *b, float *const *x, size_t n) {
    grm_voice_pitch out[STEP];
    size_t count;
    grm_pitch_tracker_run(b, x[0], n, out, &count);
}
static void end_tracker(void *b) {
    grm_pitch_tracker_free(b);
}

static void *make_stretch(void) {
    grm_stretch *s = NULL;
    grm_stretch_new(1.25, 0, RATE, &s, NULL);
    return must(s);
}
static void run_stretch(void *b, float *const *x, size_t n) {
    for (size_t done = 0; done < n;) {
        size_t some = n - done, room = FRAMES;
        grm_stretch_run(b, (const float *const[]){x[0] + done, x[1] + done}, &some,
                        (float *const[]){other[0], other[1]}, &room);
        done += some;
    }
}
static void end_stretch(void *b) {
    grm_stretch_free(b);
}

static void *make_shifter_of(bool keep, double window_ms) {
    const grm_shift_plan plan = {.semitones = 3, .keep_formants = keep, .window_ms = window_ms};
    grm_shifter *s = NULL;
    grm_shifter_new(&plan, RATE, &s, NULL);
    return must(s);
}
static void *make_shifter(void) {
    return make_shifter_of(false, 85);
}
static void *make_formant_shifter(void) {
    return make_shifter_of(true, 40);
}
static void run_shifter(void *b, float *const *x, size_t n) {
    grm_shifter_run(b, x, n);
}
static void end_shifter(void *b) {
    grm_shifter_free(b);
}

static void *make_tuner(void) {
    const grm_tune_plan plan = {.scale = {.notes = GRM_SCALE_MAJOR}, .strength = 1, .speed_ms = 50};
    grm_tuner *t = NULL;
    grm_tuner_new(&plan, RATE, &t, NULL);
    return must(t);
}
static void run_tuner(void *b, float *const *x, size_t n) {
    grm_tuner_run(b, x, n);
}
static void end_tuner(void *b) {
    grm_tuner_free(b);
}

static void *make_harmoniser(void) {
    const grm_harmony_plan plan = {
        .voices = 2, .voice = {{true, 2, -3, -0.5f}, {true, 4, -6, 0.5f}}, .scale = {.notes = GRM_SCALE_MAJOR}};
    grm_harmoniser *h = NULL;
    grm_harmoniser_new(&plan, RATE, &h, NULL);
    return must(h);
}
static void run_harmoniser(void *b, float *const *x, size_t n) {
    grm_harmoniser_run(b, x, n);
}
static void end_harmoniser(void *b) {
    grm_harmoniser_free(b);
}

static void *make_doubler(void) {
    const grm_double_plan plan = {.voices = 2, .cents = 12, .delay_ms = 22, .spread = 1};
    grm_doubler *d = NULL;
    grm_doubler_new(&plan, RATE, &d, NULL);
    return must(d);
}
static void run_doubler(void *b, float *const *x, size_t n) {
    grm_doubler_run(b, x, n);
}
static void end_doubler(void *b) {
    grm_doubler_free(b);
}

static const subject subjects[] = {
    {"limiter, true peak", make_limiter, run_limiter, end_limiter},
    {"dither, shaped, to 16 bit", make_dither, run_dither, NULL},
    {"compressor, power", make_compressor, run_compressor, NULL},
    {"compressor, peaks", make_peak_compressor, run_compressor, NULL},
    {"compressor, 4 bands", make_multiband, run_multiband, end_multiband},
    {"equaliser, 8 matched bands", make_equaliser, run_equaliser, NULL},
    {"equaliser, linear phase", make_linear, run_linear, end_linear},
    {"convolver, 2048 taps", make_short_convolver, run_convolver, end_convolver},
    {"convolver, 3 s", make_long_convolver, run_convolver, end_convolver},
    {"gate", make_gate, run_gate, NULL},
    {"de-esser", make_deesser, run_deesser, NULL},
    {"transient shaper", make_transient, run_transient, NULL},
    {"tape, 4 times the rate", make_colour, run_colour, NULL},
    {"exciter, 4 times the rate", make_exciter, run_exciter, NULL},
    {"width, 4 bands", make_width, run_width, NULL},
    {"delay", make_delay, run_delay, end_delay},
    {"reverb, 16 lines", make_reverb, run_reverb, end_reverb},
    {"measured room, 2 s", make_space, run_space, end_space},
    {"pitch tracker, mono", make_tracker, run_tracker, end_tracker},
    {"stretch to 1.25", make_stretch, run_stretch, end_stretch},
    {"pitch shift", make_shifter, run_shifter, end_shifter},
    {"pitch shift, formants kept", make_formant_shifter, run_shifter, end_shifter},
    {"pitch correction", make_tuner, run_tuner, end_tuner},
    {"harmoniser, 2 voices", make_harmoniser, run_harmoniser, end_harmoniser},
    {"doubler, 2 voices", make_doubler, run_doubler, end_doubler},
};

// ---- measuring ----

// A voice of harmonics with vibrato over noise.
static void fill(void) {
    grm_rng rng = grm_rng_new(1, "bench");
    double phase = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double sum = 0;
        phase += 2 * GRM_PI * 220 * (1 + 0.01 * sin(0.0007 * (double)i)) / RATE;
        for (int k = 1; k < 12; k++) sum += sin(k * phase) / k;
        for (int side = 0; side < 2; side++)
            source[side][i] = (float)(0.2 * sum) + 0.02f * grm_rng_between(&rng, -1, 1);
    }
}

static int by_value(const void *a, const void *b) {
    return *(const double *)a < *(const double *)b ? -1 : 1;
}

static void measure(const subject *s, int runs) {
    double ns[MOST_RUNS];
    void *block = s->make();
    for (int r = 0; r < runs; r++) {
        memcpy(sound, source, sizeof sound);
        double start = bench_cpu_s();
        for (size_t at = 0; at < FRAMES; at += STEP)
            s->run(block, (float *const[]){sound[0] + at, sound[1] + at}, FRAMES - at < STEP ? FRAMES - at : STEP);
        ns[r] = (bench_cpu_s() - start) * 1e9 / FRAMES;
    }
    qsort(ns, (size_t)runs, sizeof *ns, by_value);
    printf("%-28s %9.1f ns %9.0f times real time\n", s->name, ns[runs / 2], 1e9 / (ns[runs / 2] * RATE));
    (s->end ? s->end : free)(block);
}

int main(int argc, char **argv) {
    int runs = argc > 2 ? atoi(argv[2]) : 7;
    if (runs < 1 || runs > MOST_RUNS) runs = 7;
    fill();
    for (size_t i = 0; i < GRM_COUNT(subjects); i++)
        if (argc < 2 || strstr(subjects[i].name, argv[1])) measure(&subjects[i], runs);
    return 0;
}
