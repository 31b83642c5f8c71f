// Our sampler beside FluidSynth: the same notes through both, levels and octave bands compared, then a dense score
// timed. Not part of the build, since FluidSynth is no dependency of ours. By hand, with libfluidsynth-dev:
//   cc -O2 -std=c17 -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc bench/peers/fluidsynth.c build/libgrammy.a
//      $(pkg-config --cflags --libs fluidsynth sndfile soxr kissfft-float libebur128 jansson libcyaml yaml-0.1
//      libpng cairo freetype2) -lm -lpthread -o build/peer_fluidsynth
//   build/peer_fluidsynth FONT.sf3 [sound|speed]
#include <fluidsynth.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "synth/sampler.h"

enum { SECONDS = 3, FRAMES = SECONDS * GRM_RATE, HELD = GRM_RATE, BANDS = 9 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fluid_synth_t *new_peer(const char *path, fluid_settings_t **settings) {
    *settings = new_fluid_settings();
    fluid_settings_setnum(*settings, "synth.sample-rate", GRM_RATE);
    fluid_settings_setint(*settings, "synth.reverb.active", 0);
    fluid_settings_setint(*settings, "synth.chorus.active", 0);
    fluid_settings_setint(*settings, "synth.dynamic-sample-loading", 1);
    fluid_settings_setint(*settings, "synth.polyphony", 512);
    fluid_settings_setnum(*settings, "synth.gain", 1.0);
    fluid_synth_t *synth = new_fluid_synth(*settings);
    fluid_synth_sfload(synth, path, 1);
    return synth;
}

static void peer_note(fluid_synth_t *synth, int bank, int program, int key, int velocity, float *left, float *right) {
    fluid_synth_system_reset(synth);
    fluid_synth_bank_select(synth, 0, (unsigned)bank);
    fluid_synth_program_change(synth, 0, program);
    fluid_synth_noteon(synth, 0, key, velocity);
    fluid_synth_write_float(synth, HELD, left, 0, 1, right, 0, 1);
    fluid_synth_noteoff(synth, 0, key);
    fluid_synth_write_float(synth, FRAMES - HELD, left, HELD, 1, right, HELD, 1);
}

static void our_note(grm_soundfont *font, int bank, int program, int key, int velocity, float *left, float *right) {
    grm_error err = {0};
    grm_note note = {.pitch = (uint8_t)key, .velocity = (uint8_t)velocity};
    grm_part part = {
        .program = (uint8_t)program, .bank = (uint8_t)bank, .drums = bank == 128, .note_count = 1, .notes = &note};
    grm_event events[2] = {
        {.kind = GRM_EVENT_NOTE_ON, .number = (uint8_t)key, .value = (int16_t)velocity},
        {.frame = HELD, .kind = GRM_EVENT_NOTE_OFF, .number = (uint8_t)key, .value = (int16_t)velocity}};
    grm_player *player = NULL;
    memset(left, 0, FRAMES * sizeof *left);
    memset(right, 0, FRAMES * sizeof *right);
    if (grm_soundfont_player_new(font, &part, NULL, events, 2, &player, &err) ||
        player->render(player, 0, FRAMES, left, right, &err)) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    player->free(player);
}

static double level_db(const float *left, const float *right, size_t from, size_t to) {
    double sum = 1e-12;
    for (size_t i = from; i < to; i++) sum += (double)left[i] * left[i] + (double)right[i] * right[i];
    return 10 * log10(sum / (double)(to - from));
}

// Octave bands from 62.5 Hz by second-order band-passes: enough to see a filter that is off.
static void bands_db(const float *left, const float *right, double *out) {
    for (int band = 0; band < BANDS; band++) {
        double centre = 62.5 * pow(2, band), omega = 2 * M_PI * centre / GRM_RATE;
        double alpha = sin(omega) * sinh(log(2) / 2 * omega / sin(omega)), a0 = 1 + alpha;
        double sum = 1e-12, x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (size_t i = 0; i < FRAMES; i++) {
            double x = (double)left[i] + right[i];
            double y = (alpha * x - alpha * x2 + 2 * cos(omega) * y1 - (1 - alpha) * y2) / a0;
            x2 = x1, x1 = x, y2 = y1, y1 = y;
            sum += y * y;
        }
        out[band] = 10 * log10(sum / FRAMES);
    }
}

static void compare_sound(const char *path, grm_soundfont *font) {
    static const struct {
        int bank, program;
    } presets[] = {{0, 0},  {0, 4},  {0, 11}, {0, 16}, {0, 19}, {0, 24}, {0, 27},  {0, 30},  {0, 33},
                   {0, 38}, {0, 40}, {0, 42}, {0, 46}, {0, 48}, {0, 52}, {0, 56},  {0, 61},  {0, 65},
                   {0, 71}, {0, 73}, {0, 81}, {0, 89}, {0, 95}, {0, 99}, {128, 0}, {128, 25}};
    static const int keys[] = {36, 48, 60, 72}, velocities[] = {40, 80, 110};
    fluid_settings_t *settings;
    fluid_synth_t *synth = new_peer(path, &settings);
    float *a[2], *b[2];
    for (int i = 0; i < 2; i++) {
        a[i] = calloc(FRAMES, sizeof(float));
        b[i] = calloc(FRAMES, sizeof(float));
    }
    printf(
        "ours less FluidSynth's, dB: whole note; first 0.1 s; tail; worst octave band within 40 dB of the loudest\n");
    for (size_t p = 0; p < GRM_COUNT(presets); p++) {
        for (size_t k = 0; k < GRM_COUNT(keys); k++) {
            for (size_t v = 0; v < GRM_COUNT(velocities); v++) {
                peer_note(synth, presets[p].bank, presets[p].program, keys[k], velocities[v], a[0], a[1]);
                our_note(font, presets[p].bank, presets[p].program, keys[k], velocities[v], b[0], b[1]);
                double theirs[BANDS], ours[BANDS], worst = 0, loudest = -200;
                bands_db(a[0], a[1], theirs);
                bands_db(b[0], b[1], ours);
                for (int i = 0; i < BANDS; i++) loudest = fmax(loudest, theirs[i]);
                for (int i = 0; i < BANDS; i++) {
                    double off = ours[i] - theirs[i];
                    if (theirs[i] > loudest - 40 && fabs(off) > fabs(worst)) worst = off;
                }
                double whole = level_db(b[0], b[1], 0, FRAMES) - level_db(a[0], a[1], 0, FRAMES);
                double start = level_db(b[0], b[1], 0, 4800) - level_db(a[0], a[1], 0, 4800);
                double tail = level_db(b[0], b[1], HELD + 2400, 2 * HELD) - level_db(a[0], a[1], HELD + 2400, 2 * HELD);
                double balance = level_db(b[0], b[0], 0, FRAMES) - level_db(b[1], b[1], 0, FRAMES) -
                                 level_db(a[0], a[0], 0, FRAMES) + level_db(a[1], a[1], 0, FRAMES);
                printf(
                    "%3d:%-3d key %2d velocity %3d  %6.1f dBFS  whole %+5.2f  start %+5.2f  tail %+6.2f  band %+5.2f  "
                    "left/right %+5.2f\n",
                    presets[p].bank, presets[p].program, keys[k], velocities[v], level_db(a[0], a[1], 0, FRAMES), whole,
                    start, tail, worst, balance);
            }
        }
    }
    delete_fluid_synth(synth);
    delete_fluid_settings(settings);
}

// Ten parts, each three notes at once, changing every quarter second.
enum { PARTS = 10, CHORDS = 240, VOICES = 4, STEP = GRM_RATE / 4 };
static const int programs[PARTS] = {0, 4, 25, 33, 48, 52, 61, 73, 81, 89};

static void make_events(int part, grm_event *events, grm_note *notes) {
    static const int shape[VOICES] = {0, 4, 7, 12};
    for (int i = 0; i < CHORDS; i++) {
        for (int n = 0; n < VOICES; n++) {
            int id = i * VOICES + n;
            uint8_t key = (uint8_t)(40 + (i * 5 + part * 3) % 24 + shape[n]), velocity = (uint8_t)(60 + (i * 7) % 50);
            notes[id] = (grm_note){.pitch = key, .velocity = velocity};
            events[(i * 2 + 1) * VOICES + n] = (grm_event){
                .frame = (int64_t)i * STEP, .note = id, .kind = GRM_EVENT_NOTE_ON, .number = key, .value = velocity};
            events[(i * 2 + 2) * VOICES + n] = (grm_event){.frame = (int64_t)(i + 1) * STEP,
                                                           .note = id,
                                                           .kind = GRM_EVENT_NOTE_OFF,
                                                           .number = key,
                                                           .value = velocity};
        }
    }
}

static double our_time(grm_soundfont *font, double *loading) {
    static float left[STEP], right[STEP];
    double spent = 0;
    *loading = 0;
    for (int part = 0; part < PARTS; part++) {
        static grm_event events[(CHORDS * 2 + 1) * VOICES];
        static grm_note notes[CHORDS * VOICES];
        grm_part of = {.program = (uint8_t)programs[part], .note_count = CHORDS * VOICES, .notes = notes};
        grm_player *player = NULL;
        grm_error err;
        make_events(part, events, notes);
        double start = now();
        if (grm_soundfont_player_new(font, &of, NULL, events + VOICES, CHORDS * 2 * VOICES, &player, &err)) exit(1);
        *loading += now() - start;
        start = now();
        for (int i = 0; i < CHORDS; i++) {
            memset(left, 0, sizeof left);
            memset(right, 0, sizeof right);
            if (player->render(player, (size_t)i * STEP, STEP, left, right, &err)) exit(1);
        }
        spent += now() - start;
        player->free(player);
    }
    return spent;
}

static double peer_time(const char *path, double *voices) {
    static float left[64], right[64];
    double spent = 0, sum = 0, count = 0;
    for (int part = 0; part < PARTS; part++) {
        static grm_event events[(CHORDS * 2 + 1) * VOICES];
        static grm_note notes[CHORDS * VOICES];
        fluid_settings_t *settings;
        fluid_synth_t *synth = new_peer(path, &settings);
        make_events(part, events, notes);
        fluid_synth_program_change(synth, 0, programs[part]);
        const grm_event *event = events + VOICES, *end = event + CHORDS * 2 * VOICES;
        double start = now();
        for (int64_t at = 0; at < (int64_t)CHORDS * STEP; at += 64) {
            for (; event < end && event->frame <= at; event++) {
                if (event->kind == GRM_EVENT_NOTE_ON) fluid_synth_noteon(synth, 0, event->number, event->value);
                if (event->kind == GRM_EVENT_NOTE_OFF) fluid_synth_noteoff(synth, 0, event->number);
            }
            fluid_synth_write_float(synth, 64, left, 0, 1, right, 0, 1);
            sum += fluid_synth_get_active_voice_count(synth);
            count++;
        }
        spent += now() - start;
        delete_fluid_synth(synth);
        delete_fluid_settings(settings);
    }
    *voices = sum / count * PARTS;
    return spent;
}

int main(int argc, char **argv) {
    grm_error err = {0};
    grm_soundfont *font = NULL;
    const char *path = argc > 1 ? argv[1] : "/usr/share/sounds/sf3/MuseScore_General_Full.sf3";
    grm_profile profile = {.soundfont = path};
    if (grm_soundfont_open(&profile, &font, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if (argc < 3 || strcmp(argv[2], "sound") == 0) compare_sound(path, font);
    if (argc < 3 || strcmp(argv[2], "speed") == 0) {
        double voices, loading, ours = our_time(font, &loading), theirs = peer_time(path, &voices);
        double length = (double)CHORDS * STEP / GRM_RATE;
        printf(
            "%d parts, %.0f s, FluidSynth's voices %.0f on average, one thread: ours %.2f s (%.0fx real time; decoding "
            "%.2f s besides), FluidSynth %.2f s (%.0fx): %.1f times as fast\n",
            PARTS, length, voices, ours, length / ours, loading, theirs, length / theirs, theirs / ours);
    }
    grm_soundfont_close(font);
    return 0;
}
