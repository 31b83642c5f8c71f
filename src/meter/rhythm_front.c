// Spectral flux in five bands after SuperFlux (Boeck and Widmer 2013): the rise of each narrow band's log magnitude
// over the largest of its neighbourhood one frame before, so that vibrato is no onset.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "meter/pitch.h"
#include "meter/rhythm.h"
#include "meter/voice.h"

enum {
    SIZE = 1024,         // 46 ms
    CHROMA_SIZE = 4096,  // 186 ms
    MOST_NARROW = 160,   // a multiple of LANES
    LANES = 8,
    LINE = 4096 + 16384,  // samples at our rate that wait for their windows
};

static const float band_edge_hz[GRM_RHYTHM_BANDS + 1] = {25, 150, 500, 1600, 4500, 10000};

struct grm_rhythm_front {
    grm_thinner *thinner;
    grm_stft *stft, *chroma_stft;
    float *line;  // [LINE]; the first sample is number `first`
    size_t filled;
    int64_t first;                      // may lie before the start
    float *power;                       // [CHROMA_SIZE / 2 + 1]
    size_t narrow_count, single_count;  // single: the first ones, of one bin each
    struct {
        uint16_t from, to;  // bins
    } narrow[MOST_NARROW];
    int8_t pitch_of[CHROMA_SIZE / 2 + 1];  // of a bin
    size_t pitched, pitch_end;             // the bins that have one
    float before[MOST_NARROW + 2];         // log magnitudes one frame ago, of narrow band i at i + 1
    size_t colour_end[GRM_COLOURS], band_end[GRM_RHYTHM_BANDS];  // narrow bands
    bool avx2;
    double reference;  // slowly moving magnitude that the logarithm starts from
    double heard_power, chroma_sum[GRM_RHYTHM_PITCHES];
    grm_voice *voice;
    bool keep_voice;  // as a series
    grm_rhythm_series series;
    grm_colour_frame colour;    // of the frames that are heard now
    grm_colour_frame *colours;  // all, once they are back
};

// Band of equal width in mel (O'Shaughnessy 1987).
static uint8_t colour_at(double hz) {
    const double lowest = 2595 * log10(1 + 40.0 / 700), highest = 2595 * log10(1 + 10000.0 / 700);
    double at = GRM_COLOURS * (2595 * log10(1 + hz / 700) - lowest) / (highest - lowest);
    return (uint8_t)fmin(fmax(at, 0), GRM_COLOURS - 1);
}

// Single bins up to where a 24th of an octave is wider than one.
static void lay_bands(grm_rhythm_front *front) {
    const double bin_hz = (double)GRM_RHYTHM_RATE / SIZE;
    double edge = band_edge_hz[0];
    size_t from = (size_t)ceil(edge / bin_hz);
    while (front->narrow_count < MOST_NARROW) {
        edge = fmax(from * bin_hz * exp2(1.0 / 24), (from + 1) * bin_hz);
        size_t to = (size_t)floor(edge / bin_hz + 0.5);
        if (to <= from) to = from + 1;
        if (to * bin_hz > band_edge_hz[GRM_RHYTHM_BANDS]) break;
        unsigned band = 0;
        while (from * bin_hz >= band_edge_hz[band + 1]) band++;
        front->narrow[front->narrow_count].from = (uint16_t)from;
        front->narrow[front->narrow_count].to = (uint16_t)to;
        if (front->single_count == front->narrow_count && to == from + 1) front->single_count++;
        front->narrow_count++;
        front->band_end[band] = front->narrow_count;
        front->colour_end[colour_at(0.5 * (from + to - 1) * bin_hz)] = front->narrow_count;
        from = to;
    }
    const double fine_hz = (double)GRM_RHYTHM_RATE / CHROMA_SIZE;
    for (size_t bin = 0; bin <= CHROMA_SIZE / 2; bin++) {
        double hz = bin * fine_hz;
        if (hz < 50 || hz > 2500) continue;
        if (front->pitch_end == 0) front->pitched = bin;
        front->pitch_end = bin + 1;
        int pitch = (int)floor(69.5 + 12 * log2(hz / 440));
        front->pitch_of[bin] = (int8_t)(pitch % 12 + (hz < 200 ? 0 : 12));
    }
}

grm_status grm_rhythm_front_new(const grm_listening *listening, grm_rhythm_front **out, grm_error *err) {
    grm_status status = GRM_OK;
    *out = NULL;
    grm_rhythm_front *front = calloc(1, sizeof *front);
    if (!front) return grm_fail_memory(err);
    front->keep_voice = listening->series;
    front->line = grm_floats_new(LINE);
    front->power = grm_floats_new(CHROMA_SIZE / 2 + 1);
    if (!front->line || !front->power) status = grm_fail_memory(err);
    if (status == GRM_OK) status = grm_stft_new(GRM_WINDOW_HANN, SIZE, &front->stft, err);
    if (status == GRM_OK) status = grm_stft_new(GRM_WINDOW_HANN, CHROMA_SIZE, &front->chroma_stft, err);
    if (status == GRM_OK) status = grm_voice_new(grm_cpu_detect().avx2_fma, &front->voice, err);
    if (status == GRM_OK) status = grm_thinner_new(listening->rate_hz, GRM_RHYTHM_RATE, 0, &front->thinner, err);
    if (status == GRM_OK) status = grm_tape_new(1, GRM_RHYTHM_RATE, NULL, &front->series.flux, err);
    if (status == GRM_OK) status = grm_tape_new(1, GRM_RHYTHM_RATE, NULL, &front->series.colours, err);
    if (status == GRM_OK) {
        lay_bands(front);
        front->avx2 = grm_cpu_detect().avx2_fma;
        front->first = -CHROMA_SIZE / 2;
        front->filled = CHROMA_SIZE / 2;  // silence
        *out = front;
    } else {
        grm_rhythm_front_free(front);
    }
    return status;
}

static void forget(grm_rhythm_series *series) {
    grm_tape_free(series->flux);
    grm_tape_free(series->colours);
    free(series->level);
    free(series->sums);
    *series = (grm_rhythm_series){0};
}

void grm_rhythm_front_free(grm_rhythm_front *front) {
    if (!front) return;
    grm_thinner_free(front->thinner);
    grm_stft_free(front->stft);
    grm_stft_free(front->chroma_stft);
    grm_voice_free(front->voice);
    free(front->line);
    free(front->power);
    forget(&front->series);
    free(front->colours);
    free(front);
}

static grm_status make_room(grm_rhythm_series *series, grm_error *err) {
    if (series->frames == series->room) {
        size_t room = series->room ? series->room * 2 : 4096;
        void *level = realloc(series->level, room * sizeof *series->level);
        if (!level) return grm_fail_memory(err);
        series->level = level;
        series->room = room;
    }
    if (series->chroma_frames == series->chroma_room) {
        size_t room = series->chroma_room ? series->chroma_room * 2 : 1024;
        void *sums = realloc(series->sums, (room + 1) * sizeof *series->sums);
        if (!sums) return grm_fail_memory(err);
        series->sums = sums;
        series->chroma_room = room;
    }
    return GRM_OK;
}

// The reference follows the mean magnitude of the narrow bands: up within a third of a second, down within ten.
static void follow(grm_rhythm_front *front, double magnitude) {
    if (front->reference == 0)
        front->reference = magnitude;
    else
        front->reference += (magnitude - front->reference) * (magnitude > front->reference ? 0.03 : 0.001);
}

// [MOST_NARROW] powers to magnitudes; their sum.
GRM_INLINE double magnitudes_body(const float *restrict power, float *restrict magnitude) {
    double lane[LANES] = {0}, sum = 0;
    for (size_t n = 0; n < MOST_NARROW; n += LANES)
        for (size_t l = 0; l < LANES; l++) {
            magnitude[n + l] = sqrtf(power[n + l]);
            lane[l] += (double)magnitude[n + l];
        }
    for (size_t l = 0; l < LANES; l++) sum += lane[l];
    return sum;
}

// What each narrow band rises over the largest of its neighbourhood one frame before. x: [MOST_NARROW] magnitudes that
// become logarithms; before: one from the band below.
GRM_INLINE void rise_body(float gain, float *restrict x, const float *restrict before, float *restrict rise) {
    for (size_t n = 0; n < MOST_NARROW; n++) x[n] = grm_logarithm(1 + gain * x[n]);
    for (size_t n = 0; n < MOST_NARROW; n++) {
        float largest = before[n] > before[n + 1] ? before[n] : before[n + 1];
        largest = before[n + 2] > largest ? before[n + 2] : largest;
        rise[n] = x[n] > largest ? x[n] - largest : 0;
    }
}

static double magnitudes_plain(const float *power, float *magnitude) {
    return magnitudes_body(power, magnitude);
}

static void rise_plain(float gain, float *x, const float *before, float *rise) {
    rise_body(gain, x, before, rise);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static double magnitudes_avx2(const float *power, float *magnitude) {
    return magnitudes_body(power, magnitude);
}

GRM_AVX2 static void rise_avx2(float gain, float *x, const float *before, float *rise) {
    rise_body(gain, x, before, rise);
}
#else
#define magnitudes_avx2 magnitudes_plain
#define rise_avx2 rise_plain
#endif

static float sum_of(const float *x, size_t from, size_t to) {
    float lane[4] = {0};
    for (; from + 4 <= to; from += 4)
        for (size_t l = 0; l < 4; l++) lane[l] += x[from + l];
    for (; from < to; from++) lane[0] += x[from];
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

// x: [SIZE] around the frame
static void take_flux(grm_rhythm_front *front, const float *x, float flux[GRM_RHYTHM_BANDS], grm_colour_frame *colour) {
    // the squares of a Hann window add up to 3/8 of its length
    const float scale = (float)(4 / (0.375 * SIZE * SIZE * GRM_RHYTHM_CHROMA_HOPS));
    float power[MOST_NARROW] = {0}, now[MOST_NARROW], rise[MOST_NARROW];
    size_t count = front->narrow_count;
    grm_stft_power(front->stft, x, front->power);
    for (size_t n = 0; n < front->single_count; n++) power[n] = front->power[front->narrow[n].from];
    for (size_t n = front->single_count; n < count; n++) {
        float sum = 0;
        for (size_t bin = front->narrow[n].from; bin < front->narrow[n].to; bin++) sum += front->power[bin];
        power[n] = sum;
    }
    for (size_t k = 0, from = 0; k < GRM_COLOURS; k++) {
        if (front->colour_end[k] <= from) continue;
        colour->power[k] += scale * sum_of(power, from, front->colour_end[k]);
        from = front->colour_end[k];
    }
    double sum = (front->avx2 ? magnitudes_avx2 : magnitudes_plain)(power, now);
    follow(front, sum / (double)count);
    // 1e-4 of a full-scale sine's magnitude: below -80 dB there is nothing to hear
    const float gain = (float)(1 / (0.1 * fmax(front->reference, 1e-4 * SIZE / 4)));
    (front->avx2 ? rise_avx2 : rise_plain)(gain, now, front->before, rise);
    for (size_t b = 0; b < GRM_RHYTHM_BANDS; b++) {
        flux[b] = sum_of(rise, b > 0 ? front->band_end[b - 1] : 0, front->band_end[b]);
        colour->flux[b] += flux[b] / GRM_RHYTHM_CHROMA_HOPS;
    }
    memcpy(front->before + 1, now, count * sizeof *now);
}

// Puts the sums before the frame in their place and adds the frame to them.
static void take_chroma(grm_rhythm_front *front, const float *x) {
    float chroma[GRM_RHYTHM_PITCHES] = {0}, *before = front->series.sums[front->series.chroma_frames];
    grm_stft_power(front->chroma_stft, x, front->power);
    for (size_t bin = front->pitched; bin < front->pitch_end; bin++) front->power[bin] = sqrtf(front->power[bin]);
    for (size_t bin = front->pitched; bin < front->pitch_end; bin++) chroma[front->pitch_of[bin]] += front->power[bin];
    for (size_t p = 0; p < GRM_RHYTHM_PITCHES; p++) {
        before[p] = (float)front->chroma_sum[p];
        front->chroma_sum[p] += sqrt(chroma[p]);
        before[p + GRM_RHYTHM_PITCHES] = (float)front->chroma_sum[p];
    }
}

enum { COLOUR_FLOATS = sizeof(grm_colour_frame) / sizeof(float) };

static grm_status end_colour(grm_rhythm_front *front, grm_error *err) {
    const float *planes[] = {front->colour.power};
    _Static_assert(offsetof(grm_colour_frame, power) == 0, "a colour is written as a row of floats");
    if (front->series.chroma_frames == 0) return GRM_OK;
    grm_status status = grm_tape_append(front->series.colours, planes, COLOUR_FLOATS, err);
    front->colour = (grm_colour_frame){0};
    return status;
}

// All frames whose windows are whole.
static grm_status take_frames(grm_rhythm_front *front, grm_error *err) {
    grm_rhythm_series *series = &front->series;
    float flux[GRM_RHYTHM_BANDS];
    const float *planes[] = {flux};
    for (;;) {
        int64_t centre = (int64_t)series->frames * GRM_RHYTHM_HOP - front->first;
        if (centre + CHROMA_SIZE / 2 > (int64_t)front->filled) break;
        grm_status status = make_room(series, err);
        if (status != GRM_OK) return status;
        const float *x = front->line + centre;
        if (series->frames % GRM_RHYTHM_CHROMA_HOPS == 0) {
            status = end_colour(front, err);
            if (status != GRM_OK) return status;
            take_chroma(front, x - CHROMA_SIZE / 2);
            series->chroma_frames++;
        }
        take_flux(front, x - SIZE / 2, flux, &front->colour);
        status = grm_voice_hear(front->voice, front->before + 1, err);
        if (status != GRM_OK) return status;
        status = grm_tape_append(series->flux, planes, GRM_RHYTHM_BANDS, err);
        if (status != GRM_OK) return status;
        series->level[series->frames] = (float)sqrt(grm_power(x, GRM_RHYTHM_HOP));
        series->frames++;
    }
    int64_t next = (int64_t)series->frames * GRM_RHYTHM_HOP - CHROMA_SIZE / 2;
    size_t done = (size_t)(next - front->first);
    memmove(front->line, front->line + done, (front->filled - done) * sizeof *front->line);
    front->filled -= done;
    front->first = next;
    return GRM_OK;
}

// x: [frames] at our rate; NULL: silence
static grm_status push(grm_rhythm_front *front, const float *x, size_t frames, grm_error *err) {
    grm_status status = GRM_OK;
    while (status == GRM_OK && frames > 0) {
        size_t some = LINE - front->filled;
        if (some > frames) some = frames;
        if (x)
            memcpy(front->line + front->filled, x, some * sizeof *x);
        else
            memset(front->line + front->filled, 0, some * sizeof *front->line);
        front->filled += some;
        frames -= some;
        if (x) x += some;
        status = take_frames(front, err);
    }
    return status;
}

grm_status grm_rhythm_front_hear(grm_rhythm_front *front, const float *mono, size_t frames, grm_error *err) {
    const float *made;
    size_t count;
    grm_status status = grm_thinner_run(front->thinner, mono, frames, &made, &count, err);
    return status == GRM_OK ? push(front, made, count, err) : status;
}

grm_status grm_rhythm_front_end(grm_rhythm_front *front, grm_rhythm_series **series, grm_error *err) {
    grm_status status = grm_rhythm_front_hear(front, NULL, 0, err);
    int64_t end = front->first + (int64_t)front->filled;  // frames beyond hold nothing
    if (status == GRM_OK) status = push(front, NULL, CHROMA_SIZE / 2, err);
    if (status == GRM_OK) status = end_colour(front, err);
    if (status != GRM_OK) return status;
    size_t real = end > 0 ? (size_t)(end / GRM_RHYTHM_HOP) + 1 : 0;
    if (front->series.frames > real) front->series.frames = real;
    *series = &front->series;
    return status;
}

grm_status grm_rhythm_front_voice(grm_rhythm_front *front, grm_analysis *analysis, grm_error *err) {
    return grm_voice_finish(front->voice, front->keep_voice, analysis, err);
}

// The last frame, which is short, is left out.
grm_status grm_rhythm_front_colours(grm_rhythm_front *front, const grm_colour_frame **out, size_t *count,
                                    grm_error *err) {
    grm_tape *colours = front->series.colours;
    *count = front->series.frames / GRM_RHYTHM_CHROMA_HOPS;
    front->series.colours = NULL;
    forget(&front->series);
    *out = front->colours = calloc(*count + 1, sizeof *front->colours);
    float *planes[] = {(float *)front->colours};
    grm_status status = *out ? grm_tape_read(colours, 0, *count * COLOUR_FLOATS, planes, err) : grm_fail_memory(err);
    grm_tape_free(colours);
    return status;
}
