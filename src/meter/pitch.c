// Peaks of long spectra -> notes -> chroma. Peak picking and its weights after Gómez, "Tonal description of music audio
// signals" (2006); whitening and the split of partials into notes by non-negative least squares after Mauch and Dixon,
// "Approximate note transcription for the improved identification of difficult chords" (ISMIR 2010).
#include "meter/pitch.h"

#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "dsp/dsp.h"
#include "meter/pitch_peaks.h"
#include "meter/pitch_split.h"

enum {
    LOW_NOTE = 28,            // E1, 41 Hz
    NOTES = GRM_SPLIT_NOTES,  // up to D#7
    LANES = GRM_SPLIT_LANES,
    PAIRED = 50,             // notes up to F5 count for consonance: what lies above is too often a partial
    WAITING = 1024,          // frames that wait for the tuning, 95 s
    ROWS = 7,                // octaves from C that the notes lie in
    BEFORE = LOW_NOTE % 12,  // places of the first before the lowest note
    PLACES = 12 * ROWS,
};

static const double silent_power = 1e-7;  // -70 dBFS

typedef struct waiting_frame {
    size_t peaks;
    float level;
    grm_note_peak peak[GRM_PITCH_PEAKS];
} waiting_frame;

struct grm_pitch {
    grm_stft *stft;
    float x[GRM_PITCH_SIZE];
    size_t filled;
    float power[GRM_PITCH_BINS];
    grm_peak_finder finder;
    grm_note_split split;
    float bass[PLACES], middle[PLACES], top[PLACES];  // 0 where no note is
    float interval[PAIRED];
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
    for (int d = 0; d < PAIRED; d++) pitch->interval[d] = rated[d % 12];
    for (int n = 0; n < NOTES; n++) {
        int key = n + LOW_NOTE;
        pitch->bass[BEFORE + n] = trapezium(key, 26, 29, 45, 57);
        pitch->middle[BEFORE + n] = trapezium(key, 40, 53, 72, 88);
        pitch->top[BEFORE + n] = trapezium(key, 52, 65, 84, 98);
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
    grm_peak_finder_init(&pitch->finder);
    grm_note_split_init(&pitch->split);
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

// ---- peaks -> notes -> chroma ----

// cos(pi x)^2 for x from -0.5 to 0.5, within 1e-6
static float nearness(float x) {
    float y = x * x;
    float c = 1 + y * (-4.9348022f + y * (4.0587121f + y * (-1.3352628f + y * (0.2353306f - 0.0258069f * y))));
    return c * c;
}

// keys: [NOTES][LANES], zero; those of frame `lane`
static void spread_peaks(const grm_pitch *pitch, const waiting_frame *w, size_t lane, float (*keys)[LANES]) {
    for (size_t i = 0; i < w->peaks; i++) {
        double place = w->peak[i].note - pitch->tuning - LOW_NOTE, nearest = floor(place + 0.5);
        if (nearest < 0 || nearest >= NOTES) continue;
        float amount = w->peak[i].weight * nearness((float)(place - nearest));  // 0 between two keys
        float *key = &keys[(size_t)nearest][lane];
        if (amount > *key) *key = amount;
    }
}

// Mean rated consonance of the notes that sound at once, each pair weighted by the product of its amounts. Octaves say
// nothing: they may be partials.
static void rate_pairs(const grm_pitch *pitch, const float *notes, grm_pitch_frame *out) {
    double sum = 0, weight = 0;
    float least = 0;
    int sounds[PAIRED], count = 0;
    for (int n = 0; n < PAIRED; n++) least = notes[n] > least ? notes[n] : least;
    least *= 0.2f;
    for (int n = 0; n < PAIRED; n++) {
        sounds[count] = n;
        count += notes[n] > least;
    }
    for (int i = 0; i < count; i++)
        for (int k = i + 1; k < count; k++) {
            int apart = sounds[k] - sounds[i];
            if (apart % 12 == 0) continue;
            double both = (double)notes[sounds[i]] * (double)notes[sounds[k]];
            sum += both * (double)pitch->interval[apart];
            weight += both;
        }
    out->consonance = weight > 0 ? (float)(sum / weight) : 0;
    out->pairs = (float)weight;
}

static void fold(const float *weights, const float *places, float *chroma) {
    for (int row = 0; row < ROWS; row++)
        for (int c = 0; c < 12; c++) chroma[c] += weights[12 * row + c] * places[12 * row + c];
}

// notes: those of frame `lane`
static void look_at_frame(const grm_pitch *pitch, float (*notes)[LANES], size_t lane, grm_pitch_frame *out) {
    float places[PLACES] = {0};
    for (int n = 0; n < NOTES; n++) places[BEFORE + n] = notes[n][lane];
    rate_pairs(pitch, places + BEFORE, out);
    fold(pitch->bass, places, out->bass);
    fold(pitch->middle, places, out->middle);
    fold(pitch->top, places, out->top);
}

enum { FRAME_FLOATS = sizeof(grm_pitch_frame) / sizeof(float) };

// At most LANES frames.
static grm_status add_frames(grm_pitch *pitch, const waiting_frame *w, size_t count, grm_error *err) {
    float keys[NOTES][LANES] = {{0}}, notes[NOTES][LANES];
    grm_pitch_frame frames[LANES];
    const float *planes[] = {(const float *)frames};
    for (size_t l = 0; l < count; l++) spread_peaks(pitch, &w[l], l, keys);
    grm_note_split_run(&pitch->split, keys, notes);
    for (size_t l = 0; l < count; l++) {
        frames[l] = (grm_pitch_frame){.level = w[l].level};
        if (w[l].peaks) look_at_frame(pitch, notes, l, &frames[l]);
    }
    pitch->count += count;
    return grm_tape_append(pitch->tape, planes, count * FRAME_FLOATS, err);
}

static grm_status add_waiting(grm_pitch *pitch, grm_error *err) {
    grm_status status = GRM_OK;
    for (size_t i = 0; i < pitch->waiting_count && status == GRM_OK; i += LANES) {
        size_t left = pitch->waiting_count - i;
        status = add_frames(pitch, &pitch->waiting[i], left < LANES ? left : LANES, err);
    }
    pitch->waiting_count = 0;
    return status;
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

static void settle_tuning(grm_pitch *pitch) {
    pitch->tuned = true;
    if (pitch->tuning_re != 0 || pitch->tuning_im != 0)
        pitch->tuning = atan2(pitch->tuning_im, pitch->tuning_re) / (2 * GRM_PI);
}

static grm_status hear_frame(grm_pitch *pitch, grm_error *err) {
    waiting_frame *w = &pitch->waiting[pitch->waiting_count];
    w->peaks = 0;
    w->level = (float)grm_power(pitch->x, GRM_PITCH_SIZE);
    if (w->level > silent_power) {
        grm_stft_power(pitch->stft, pitch->x, pitch->power);
        w->peaks = grm_peak_finder_run(&pitch->finder, pitch->power, w->peak);
    }
    if (!pitch->tuned) hear_tuning(pitch, w);
    if (++pitch->waiting_count < (pitch->tuned ? LANES : WAITING)) return GRM_OK;
    if (!pitch->tuned) settle_tuning(pitch);
    return add_waiting(pitch, err);
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
    if (!pitch->tuned) settle_tuning(pitch);
    status = add_waiting(pitch, err);
    if (!status) status = read_back(pitch, err);
    out->count = pitch->count;
    out->frames = pitch->frames;
    out->tuning = pitch->tuning;
    return status;
}
