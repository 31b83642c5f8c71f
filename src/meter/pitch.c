// Peaks of long spectra -> notes -> chroma. Peak picking and its weights after Gómez, "Tonal description of music audio
// signals" (2006); whitening and the split of partials into notes by non-negative least squares after Mauch and Dixon,
// "Approximate note transcription for the improved identification of difficult chords" (ISMIR 2010).
#include "meter/pitch.h"

#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "dsp/dsp.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum {
    LOW_NOTE = 28,  // E1, 41 Hz
    NOTES = 72,     // up to D#7
    PAIRED = 50,    // notes up to F5 count for consonance: what lies above is too often a partial
    PARTIALS = 10,
    PEAKS = 96,      // most in a frame
    WAITING = 1024,  // frames that wait for the tuning, 95 s
    SWEEPS = 8,
    BINS = GRM_PITCH_SIZE / 2 + 1,
    LOW_BIN = 13,     // 35 Hz
    HIGH_BIN = 1820,  // 4.9 kHz
};

static const double silent_power = 1e-7;  // -70 dBFS

typedef struct peak {
    float note, weight;  // MIDI key, fraction included
} peak;

typedef struct waiting_frame {
    size_t peaks;
    float level;
    peak peak[PEAKS];
} waiting_frame;

struct grm_pitch {
    bool avx2;
    grm_stft *stft;
    float x[GRM_PITCH_SIZE];
    size_t filled;
    float power[BINS], magnitude[BINS];
    double sums[BINS + 1], squares[BINS + 1];
    // how the partials of each note fall on keys, and the products of that matrix with itself
    int offset[PARTIALS];
    float strength[PARTIALS];
    float overlap[NOTES][NOTES], share[NOTES];  // share: 1 over the overlap with itself
    float bass[NOTES], middle[NOTES], top[NOTES];
    float interval[12];
    waiting_frame *waiting;
    size_t waiting_count;
    bool tuned;
    double tuning_re, tuning_im, tuning;
    grm_tape *tape;  // of the frames: long recordings leave room for the beats
    size_t count;
    grm_pitch_frame *frames;  // all, once they are back
};

// ---- tables ----

// Rises from 0 at `from` to 1 at `full`, falls from `fade` to 0 at `to`.
static float trapezium(int note, int from, int full, int fade, int to) {
    if (note <= from || note >= to) return 0;
    if (note < full) return (float)(note - from) / (float)(full - from);
    if (note > fade) return (float)(to - note) / (float)(to - fade);
    return 1;
}

static void fill_tables(grm_pitch *pitch) {
    // Consonance of interval classes 1 to 6 after Huron, "Interval-class content in equally tempered pitch-class sets"
    // (1994), table 2: -1.428, -0.582, 0.594, 0.386, 1.240, -0.453, brought to 0..1.
    static const float rated[12] = {1.0f, 0.0f, 0.32f, 0.76f, 0.68f, 1.0f, 0.37f, 1.0f, 0.68f, 0.76f, 0.32f, 0.0f};
    memcpy(pitch->interval, rated, sizeof rated);
    for (int h = 0; h < PARTIALS; h++) {
        pitch->offset[h] = (int)floor(12 * log2(h + 1) + 0.5);
        pitch->strength[h] = powf(0.7f, (float)h);
    }
    for (int n = 0; n < NOTES; n++) {
        int key = n + LOW_NOTE;
        for (int m = 0; m < NOTES; m++)
            for (int h = 0; h < PARTIALS; h++)
                for (int k = 0; k < PARTIALS; k++)
                    if (n + pitch->offset[h] == m + pitch->offset[k] && n + pitch->offset[h] < NOTES)
                        pitch->overlap[n][m] += pitch->strength[h] * pitch->strength[k];
        pitch->share[n] = 1 / pitch->overlap[n][n];
        pitch->bass[n] = trapezium(key, 26, 29, 45, 57);
        pitch->middle[n] = trapezium(key, 40, 53, 72, 88);
        pitch->top[n] = trapezium(key, 52, 65, 84, 98);
    }
}

grm_status grm_pitch_new(grm_pitch **out, grm_error *err) {
    *out = NULL;
    grm_pitch *pitch = calloc(1, sizeof *pitch);
    if (!pitch) return grm_fail_memory(err);
    grm_status status = grm_stft_new(GRM_WINDOW_HANN, GRM_PITCH_SIZE, &pitch->stft, err);
    if (status) goto failed;
    status = grm_tape_new(1, GRM_PITCH_RATE, NULL, &pitch->tape, err);
    if (status) goto failed;
    pitch->waiting = calloc(WAITING, sizeof *pitch->waiting);
    if (!pitch->waiting) {
        status = grm_fail_memory(err);
        goto failed;
    }
    fill_tables(pitch);
    pitch->avx2 = grm_cpu_detect().avx2_fma;
    pitch->filled = GRM_PITCH_SIZE / 2;  // the first frame is centred on the first sample
    *out = pitch;
    return GRM_OK;
failed:
    grm_pitch_free(pitch);
    return status;
}

void grm_pitch_free(grm_pitch *pitch) {
    if (!pitch) return;
    free(pitch->frames);
    grm_tape_free(pitch->tape);
    free(pitch->waiting);
    grm_stft_free(pitch->stft);
    free(pitch);
}

// ---- spectrum -> peaks ----

// Sums of magnitudes and their squares, so that any stretch of bins has its mean and deviation at once: to[k] is that
// of x[0 .. k - 1]. Each four are summed by themselves, in pairs, and then on top of what was before.
static void accumulate_plain(const float *x, size_t count, double *to) {
    double before = to[0] = 0;
    for (size_t k = 0; k + 4 <= count; k += 4) {
        double a = (double)x[k], b = (double)x[k + 1], c = (double)x[k + 2], d = (double)x[k + 3], ab = a + b;
        to[k + 1] = before + a;
        to[k + 2] = before + ab;
        to[k + 3] = before + (ab + c);
        before = to[k + 4] = before + (ab + (c + d));
    }
    for (size_t k = count / 4 * 4; k < count; k++) to[k + 1] = to[k] + (double)x[k];
}

static void roots_plain(const float *power, size_t count, float *magnitude) {
    for (size_t k = 0; k < count; k++) magnitude[k] = sqrtf(power[k]);
}

// Bins that are larger than both neighbours and at least `least`; without branches, which nobody could foresee.
static size_t list_tops(const float *p, size_t from, float least, uint16_t *tops) {
    size_t count = 0;
    for (size_t k = from; k < HIGH_BIN; k++) {
        tops[count] = (uint16_t)k;
        count += (size_t)((p[k] > p[k - 1]) & (p[k] >= p[k + 1]) & (p[k] >= least));
    }
    return count;
}

static size_t tops_plain(const float *p, float least, uint16_t *tops) {
    return list_tops(p, LOW_BIN, least, tops);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void accumulate_avx2(const float *x, size_t count, double *to) {
    const __m256d nothing = _mm256_setzero_pd();
    __m256d before = nothing;
    to[0] = 0;
    for (size_t k = 0; k + 4 <= count; k += 4) {
        __m256d now = _mm256_cvtps_pd(_mm_loadu_ps(x + k));                    // a b c d
        __m256d pairs = _mm256_add_pd(now, _mm256_unpacklo_pd(nothing, now));  // a, a + b, c, c + d
        __m256d low = _mm256_permute4x64_pd(pairs, 0x50);                      // a, a, a + b, a + b
        low = _mm256_blend_pd(nothing, low, 0x8 | 0x4);
        __m256d all = _mm256_add_pd(before, _mm256_add_pd(low, pairs));
        _mm256_storeu_pd(to + k + 1, all);
        before = _mm256_permute4x64_pd(all, 0xff);
    }
    for (size_t k = count / 4 * 4; k < count; k++) to[k + 1] = to[k] + (double)x[k];
}

GRM_AVX2 static void roots_avx2(const float *power, size_t count, float *magnitude) {
    roots_plain(power, count, magnitude);
}

GRM_AVX2 static size_t tops_avx2(const float *p, float least, uint16_t *tops) {
    const __m256 lowest = _mm256_set1_ps(least);
    size_t count = 0, k = LOW_BIN;
    for (; k + 8 <= HIGH_BIN; k += 8) {
        __m256 now = _mm256_loadu_ps(p + k), higher = _mm256_cmp_ps(now, _mm256_loadu_ps(p + k - 1), _CMP_GT_OQ);
        __m256 held = _mm256_and_ps(_mm256_cmp_ps(now, _mm256_loadu_ps(p + k + 1), _CMP_GE_OQ),
                                    _mm256_cmp_ps(now, lowest, _CMP_GE_OQ));
        for (int bits = _mm256_movemask_ps(_mm256_and_ps(higher, held)); bits; bits &= bits - 1)
            tops[count++] = (uint16_t)(k + (size_t)__builtin_ctz((unsigned)bits));
    }
    return count + list_tops(p, k, least, tops + count);
}
#else
#define accumulate_avx2 accumulate_plain
#define roots_avx2 roots_plain
#define tops_avx2 tops_plain
#endif

static void sum_up(grm_pitch *pitch) {
    (pitch->avx2 ? roots_avx2 : roots_plain)(pitch->power, BINS, pitch->magnitude);
    (pitch->avx2 ? accumulate_avx2 : accumulate_plain)(pitch->magnitude, BINS, pitch->sums);
    (pitch->avx2 ? accumulate_avx2 : accumulate_plain)(pitch->power, BINS, pitch->squares);
}

// How far bin k stands out of its surroundings, an octave wide (at least 16 bins), in deviations of these; 0 where that
// is less than `least`.
static float prominence(const grm_pitch *pitch, size_t k, double least) {
    size_t half = k / 3 > 8 ? k / 3 : 8;
    size_t from = k > half ? k - half : 0, to = k + half + 1 < BINS ? k + half + 1 : BINS;
    double n = (double)(to - from), sum = pitch->sums[to] - pitch->sums[from];
    double over = n * (double)pitch->magnitude[k] - sum;
    double spread = n * (pitch->squares[to] - pitch->squares[from]) - sum * sum;
    if (!(spread > 0) || over <= 0 || over * over < least * least * spread) return 0;
    return (float)(over / sqrt(spread));
}

// Parabola through the logarithms of three bins: where its vertex is, -0.5..0.5.
static double vertex(const float *power) {
    double a = (double)grm_logarithm(power[-1] + 1e-30f), b = (double)grm_logarithm(power[0] + 1e-30f);
    double c = (double)grm_logarithm(power[1] + 1e-30f);
    double bend = a - 2 * b + c;
    if (bend >= 0) return 0;
    double at = 0.5 * (a - c) / bend;
    return at < -0.5 ? -0.5 : at > 0.5 ? 0.5 : at;
}

static size_t find_peaks(grm_pitch *pitch, peak *peaks) {
    const float *p = pitch->power, loudest = grm_peak(p + LOW_BIN, HIGH_BIN - LOW_BIN);
    uint16_t tops[HIGH_BIN];
    size_t count = 0, top_count;
    top_count = (pitch->avx2 ? tops_avx2 : tops_plain)(p, 1e-6f * loudest, tops);
    sum_up(pitch);
    for (size_t i = 0; i < top_count && count < PEAKS; i++) {
        const size_t k = tops[i];
        float stands_out = prominence(pitch, k, 0.5);
        if (stands_out == 0) continue;
        double hz = ((double)k + vertex(p + k)) * GRM_PITCH_RATE / GRM_PITCH_SIZE;
        peaks[count].note = 69 + (float)(12 / M_LN2) * grm_logarithm((float)(hz / 440));
        peaks[count++].weight = sqrtf(stands_out);
    }
    return count;
}

// ---- peaks -> notes -> chroma ----

// cos(pi x)^2 for x from -0.5 to 0.5, within 1e-6
static float nearness(float x) {
    float y = x * x;
    float c = 1 + y * (-4.9348022f + y * (4.0587121f + y * (-1.3352628f + y * (0.2353306f - 0.0258069f * y))));
    return c * c;
}

static void spread_peaks(const grm_pitch *pitch, const waiting_frame *w, float *keys) {
    memset(keys, 0, NOTES * sizeof *keys);
    for (size_t i = 0; i < w->peaks; i++) {
        double place = w->peak[i].note - pitch->tuning - LOW_NOTE, nearest = floor(place + 0.5);
        if (nearest < 0 || nearest >= NOTES) continue;
        float amount = w->peak[i].weight * nearness((float)(place - nearest));  // 0 between two keys
        if (amount > keys[(size_t)nearest]) keys[(size_t)nearest] = amount;
    }
}

// Least squares of keys = notes with their partials, notes >= 0, by coordinate descent on the normal equations. Most
// notes stay silent, and cost nothing.
GRM_INLINE void descend_body(const grm_pitch *pitch, float *restrict rest, float *restrict notes) {
    const float enough = 2e-3f;  // amounts of notes are about 1
    float most = 1;              // change of a sweep
    for (int sweep = 0; sweep < SWEEPS && most > enough; sweep++) {
        most = 0;
        for (int n = 0; n < NOTES; n++) {
            float now = notes[n] + (rest[n] - 0.05f) * pitch->share[n];
            if (now < 0) now = 0;
            float change = now - notes[n];
            if (change == 0) continue;
            most = fabsf(change) > most ? fabsf(change) : most;
            notes[n] = now;
            const float *overlap = pitch->overlap[n];
            for (int m = 0; m < NOTES; m++) rest[m] -= change * overlap[m];
        }
    }
}

static void descend_plain(const grm_pitch *pitch, float *rest, float *notes) {
    descend_body(pitch, rest, notes);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void descend_avx2(const grm_pitch *pitch, float *rest, float *notes) {
    descend_body(pitch, rest, notes);
}
#else
#define descend_avx2 descend_plain
#endif

static void explain(const grm_pitch *pitch, const float *keys, float *notes) {
    float rest[NOTES];  // how much of each note what is left of the keys would hold
    memset(notes, 0, NOTES * sizeof *notes);
    for (int n = 0; n < NOTES; n++) {
        rest[n] = 0;
        for (int h = 0; h < PARTIALS && n + pitch->offset[h] < NOTES; h++)
            rest[n] += pitch->strength[h] * keys[n + pitch->offset[h]];
    }
    (pitch->avx2 ? descend_avx2 : descend_plain)(pitch, rest, notes);
}

// Mean rated consonance of the notes that sound at once, each pair weighted by the product of its amounts. Octaves say
// nothing: they may be partials.
static void rate_pairs(const grm_pitch *pitch, const float *notes, grm_pitch_frame *out) {
    double sum = 0, weight = 0;
    float least = 0;
    for (int n = 0; n < PAIRED; n++) least = notes[n] > least ? notes[n] : least;
    least *= 0.2f;
    for (int a = 0; a < PAIRED; a++) {
        if (notes[a] <= least) continue;
        for (int b = a + 1; b < PAIRED; b++) {
            if (notes[b] <= least || (b - a) % 12 == 0) continue;
            double both = (double)notes[a] * (double)notes[b];
            sum += both * (double)pitch->interval[(b - a) % 12];
            weight += both;
        }
    }
    out->consonance = weight > 0 ? (float)(sum / weight) : 0;
    out->pairs = (float)weight;
}

static void look_at_frame(const grm_pitch *pitch, const waiting_frame *w, grm_pitch_frame *out) {
    float keys[NOTES], notes[NOTES];
    *out = (grm_pitch_frame){.level = w->level};
    if (!w->peaks) return;
    spread_peaks(pitch, w, keys);
    explain(pitch, keys, notes);
    rate_pairs(pitch, notes, out);
    for (int n = 0; n < NOTES; n++) {
        int c = (n + LOW_NOTE) % 12;
        out->bass[c] += pitch->bass[n] * notes[n];
        out->middle[c] += pitch->middle[n] * notes[n];
        out->top[c] += pitch->top[n] * notes[n];
    }
}

enum { FRAME_FLOATS = sizeof(grm_pitch_frame) / sizeof(float) };

static grm_status add_frame(grm_pitch *pitch, const waiting_frame *w, grm_error *err) {
    grm_pitch_frame frame;
    const float *planes[] = {(const float *)&frame};
    look_at_frame(pitch, w, &frame);
    pitch->count++;
    return grm_tape_append(pitch->tape, planes, FRAME_FLOATS, err);
}

// ---- tuning ----

// Where the peaks lie between the keys, as an angle. Peaks below 100 Hz are too coarse, above 2 kHz partials stretch.
static void hear_tuning(grm_pitch *pitch, const waiting_frame *w) {
    for (size_t i = 0; i < w->peaks; i++) {
        if (w->peak[i].note < 43 || w->peak[i].note > 96) continue;
        double angle = 2 * GRM_PI * w->peak[i].note;
        pitch->tuning_re += w->peak[i].weight * cos(angle);
        pitch->tuning_im += w->peak[i].weight * sin(angle);
    }
}

static grm_status settle_tuning(grm_pitch *pitch, grm_error *err) {
    pitch->tuned = true;
    if (pitch->tuning_re != 0 || pitch->tuning_im != 0)
        pitch->tuning = atan2(pitch->tuning_im, pitch->tuning_re) / (2 * GRM_PI);
    for (size_t i = 0; i < pitch->waiting_count; i++) {
        grm_status status = add_frame(pitch, &pitch->waiting[i], err);
        if (status) return status;
    }
    pitch->waiting_count = 0;
    return GRM_OK;
}

static grm_status hear_frame(grm_pitch *pitch, grm_error *err) {
    waiting_frame *w = &pitch->waiting[pitch->waiting_count];
    w->peaks = 0;
    w->level = (float)grm_power(pitch->x, GRM_PITCH_SIZE);
    if (w->level > silent_power) {
        grm_stft_power(pitch->stft, pitch->x, pitch->power);
        w->peaks = find_peaks(pitch, w->peak);
    }
    if (pitch->tuned) return add_frame(pitch, w, err);
    hear_tuning(pitch, w);
    return ++pitch->waiting_count == WAITING ? settle_tuning(pitch, err) : GRM_OK;
}

grm_status grm_pitch_hear(grm_pitch *pitch, const float *x, size_t frames, grm_error *err) {
    while (frames) {
        size_t take = GRM_PITCH_SIZE - pitch->filled < frames ? GRM_PITCH_SIZE - pitch->filled : frames;
        memcpy(pitch->x + pitch->filled, x, take * sizeof *x);
        pitch->filled += take;
        x += take;
        frames -= take;
        if (pitch->filled < GRM_PITCH_SIZE) break;
        grm_status status = hear_frame(pitch, err);
        if (status) return status;
        memmove(pitch->x, pitch->x + GRM_PITCH_HOP, (GRM_PITCH_SIZE - GRM_PITCH_HOP) * sizeof *pitch->x);
        pitch->filled -= GRM_PITCH_HOP;
    }
    return GRM_OK;
}

static grm_status read_back(grm_pitch *pitch, grm_error *err) {
    pitch->frames = calloc(pitch->count + 1, sizeof *pitch->frames);
    if (!pitch->frames) return grm_fail_memory(err);
    float *planes[] = {(float *)pitch->frames};
    return grm_tape_read(pitch->tape, 0, pitch->count * FRAME_FLOATS, planes, err);
}

grm_status grm_pitch_finish(grm_pitch *pitch, grm_pitch_series *out, grm_error *err) {
    static const float silence[GRM_PITCH_SIZE / 2];
    grm_status status = grm_pitch_hear(pitch, silence, GRM_PITCH_SIZE / 2, err);
    if (status) return status;
    if (!pitch->tuned) status = settle_tuning(pitch, err);
    if (!status) status = read_back(pitch, err);
    out->count = pitch->count;
    out->frames = pitch->frames;
    out->tuning = pitch->tuning;
    return status;
}
