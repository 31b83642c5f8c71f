// Plays every voice of data/voices.yaml, or those named, writes what they sound like as WAV files and prints what it
// measured. bench_voices FOLDER [VOICE ...]
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "synth/voice.h"
#include "synth/voice_preset.h"

static const char *const all[] = {
    "supersaw",          "supersaw-pad", "saw-lead",  "square-lead",    "sine-lead",     "pluck",       "soft-pluck",
    "house-stab",        "warm-pad",     "glass-pad", "string-machine", "choir-pad",     "brass-synth", "bell-fm",
    "electric-piano-fm", "organ-house",  "808-bass",  "sub-bass",       "acid-bass",     "reese-bass",  "saw-bass",
    "synthwave-bass",    "pluck-bass",   "moog-bass", "fm-bass",        "vinyl-crackle", "tape-hiss",   "rain",
    "room-tone",         "crowd",        "wind",      "ocean",          "riser",         "downlifter",  "impact",
    "reverse-cymbal",    "sweep",        "kit-808",   "kit-909",        "kit-trap",      "kit-lofi",    "kit-dnb",
    "kit-synthwave",     "kit-techno"};

enum { MOST = 256 };
typedef struct phrase {
    grm_event events[MOST];
    size_t count;
    int32_t notes;
    double seconds;
} phrase;

static void add(phrase *p, double start, double length, int key, int velocity) {
    if (p->count + 2 > MOST) return;
    int64_t from = (int64_t)(start * GRM_RATE), to = (int64_t)((start + length) * GRM_RATE);
    p->events[p->count++] = (grm_event){
        .frame = from, .note = p->notes, .value = (int16_t)velocity, .kind = GRM_EVENT_NOTE_ON, .number = (uint8_t)key};
    p->events[p->count++] = (grm_event){.frame = to,
                                        .note = p->notes++,
                                        .value = (int16_t)velocity,
                                        .kind = GRM_EVENT_NOTE_OFF,
                                        .number = (uint8_t)key};
    if (start + length + 2 > p->seconds) p->seconds = start + length + 2;
}

static int by_frame(const void *a, const void *b) {
    const grm_event *x = a, *y = b;
    if (x->frame != y->frame) return x->frame < y->frame ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

static void chords(phrase *p, double bar, double share) {
    static const int roots[4][4] = {{57, 60, 64, 69}, {53, 57, 60, 65}, {48, 55, 64, 67}, {55, 59, 62, 67}};
    for (int c = 0; c < 4; c++)
        for (int v = 0; v < 4; v++) add(p, c * bar, bar * share, roots[c][v], 100);
}

static void write_phrase(const char *voice, phrase *p) {
    bool bass = strstr(voice, "-bass") != NULL, kit = strncmp(voice, "kit-", 4) == 0;
    bool lead = strstr(voice, "-lead") != NULL;
    static const int line[16] = {33, 33, 45, 33, 36, 33, 40, 43, 29, 29, 41, 29, 31, 31, 43, 35};
    static const int tune[8] = {69, 72, 76, 74, 72, 69, 67, 64};
    if (kit) {
        static const int keys[] = {36, 38, 39, 42, 46, 44, 37, 40, 49, 51, 53, 41, 45, 48, 50,
                                   56, 54, 82, 63, 62, 64, 60, 61, 76, 81, 75, 26, 52, 55};
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) add(p, (double)i, 0.1, keys[i], 100);
        for (int i = 0; i < 32; i++) {
            double t = 30 + i * 0.125;
            add(p, t, 0.05, i % 8 == 6 ? 46 : 42, i % 2 ? 60 : 96);
            if (i % 8 == 0 || i % 16 == 10) add(p, t, 0.05, 36, 110);
            if (i % 8 == 4) add(p, t, 0.05, 38, 105);
            if (i % 16 == 12) add(p, t, 0.05, 39, 100);
        }
    } else if (bass) {
        for (int i = 0; i < 16; i++) add(p, i * 0.25, i % 4 == 3 ? 0.3 : 0.22, line[i], i % 4 == 0 ? 112 : 96);
        add(p, 4.2, 2, 33, 100);
    } else if (lead) {
        for (int i = 0; i < 8; i++) add(p, i * 0.5, i % 3 == 2 ? 0.56 : 0.45, tune[i], 100);
    } else if (strstr(voice, "pluck") || strstr(voice, "stab")) {
        chords(p, 1, 0.3);
    } else if (grm_voice_exists(voice) && (strstr("riser downlifter reverse-cymbal sweep impact", voice))) {
        add(p, 0.5, 4, 57, 100);
    } else if (strstr("vinyl-crackle tape-hiss rain room-tone crowd wind ocean", voice)) {
        add(p, 0, 20, 60, 100);
    } else {
        chords(p, 2, 0.98);
    }
    qsort(p->events, p->count, sizeof *p->events, by_frame);
}

static bool play(const char *folder, const char *voice) {
    static phrase p;
    p = (phrase){.count = 0};
    write_phrase(voice, &p);
    grm_part part = {.name = voice, .bend_range = 2};
    grm_player *player = NULL;
    grm_error err = {0};
    if (grm_voice_player_new(voice, &part, NULL, NULL, p.events, p.count, 1, &player, &err)) {
        fprintf(stderr, "%s: %s\n", voice, err.message);
        return false;
    }
    size_t frames = (size_t)(p.seconds * GRM_RATE);
    float *left = grm_floats_new(frames), *right = grm_floats_new(frames), *both = grm_floats_new(2 * frames);
    const double start = bench_cpu_s();
    for (size_t at = 0; at < frames; at += 4096) {
        size_t n = frames - at < 4096 ? frames - at : 4096;
        player->render(player, at, n, left + at, right + at, &err);
    }
    const double took = bench_cpu_s() - start;
    player->free(player);
    double sum = 0, dc = 0;
    float peak = 0;
    for (size_t i = 0; i < frames; i++) {
        both[2 * i] = left[i];
        both[2 * i + 1] = right[i];
        sum += 0.5 * ((double)left[i] * left[i] + (double)right[i] * right[i]);
        dc += 0.5 * ((double)left[i] + right[i]);
        if (fabsf(left[i]) > peak) peak = fabsf(left[i]);
        if (fabsf(right[i]) > peak) peak = fabsf(right[i]);
    }
    printf("%-20s rms %6.1f dB  peak %6.1f dB  dc %8.1e  %6.0fx real time\n", voice,
           10 * log10(sum / (double)frames + 1e-20), 20 * log10((double)peak + 1e-10), dc / (double)frames,
           p.seconds / took);
    char path[512];
    snprintf(path, sizeof path, "%s/%s.wav", folder, voice);
    SF_INFO info = {.samplerate = GRM_RATE, .channels = 2, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    bool fine = file && sf_writef_float(file, both, (sf_count_t)frames) == (sf_count_t)frames;
    if (file) sf_close(file);
    free(both);
    free(right);
    free(left);
    return fine;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: bench_voices FOLDER [VOICE ...]\n");
        return 2;
    }
    bool fine = true;
    if (argc > 2)
        for (int i = 2; i < argc; i++) fine &= play(argv[1], argv[i]);
    else
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) fine &= play(argv[1], all[i]);
    return fine ? 0 : 1;
}
