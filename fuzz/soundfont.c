// Any bytes are a SoundFont that can be played, or told to be none.
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "synth/sampler.h"

enum { FRAMES = 6000 };

// libsndfile 1.2 loses what libvorbis allocated when a stream's headers are broken; that is not ours to mend.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libsndfile\nleak:libvorbis\nleak:libogg\n";
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    return 0;
}

static void play(grm_soundfont *font, const grm_preset *preset) {
    float left[FRAMES] = {0}, right[FRAMES] = {0};
    grm_note notes[3] = {{0}};
    grm_part part = {.note_count = 3, .notes = notes, .drums = preset->bank == 128, .bend_range = 12};
    part.bank = (uint8_t)preset->bank;
    part.program = (uint8_t)preset->program;
    const grm_event events[] = {
        {.frame = 0, .note = 0, .kind = GRM_EVENT_NOTE_ON, .number = 60, .value = 100},
        {.frame = 7, .note = 1, .kind = GRM_EVENT_NOTE_ON, .number = 127, .value = 127},
        {.frame = 500, .note = -1, .kind = GRM_EVENT_BEND, .value = 8191},
        {.frame = 1000, .note = -1, .kind = GRM_EVENT_CONTROL, .number = 11, .value = 3},
        {.frame = 1500, .note = 0, .kind = GRM_EVENT_NOTE_OFF, .number = 60},
        {.frame = 1500, .note = 2, .kind = GRM_EVENT_NOTE_ON, .number = 0, .value = 1},
        {.frame = 5000, .note = 1, .kind = GRM_EVENT_NOTE_OFF, .number = 127},
        {.frame = 5500, .note = 2, .kind = GRM_EVENT_NOTE_OFF, .number = 0},
    };
    grm_player *player = NULL;
    grm_error err = {0};
    if (grm_soundfont_player_new(font, &part, NULL, events, GRM_COUNT(events), &player, &err) != GRM_OK) {
        if (!err.message[0]) abort();  // a failure must say why
        return;
    }
    if (player->render(player, 0, FRAMES, left, right, NULL) != GRM_OK) abort();
    for (size_t i = 0; i < FRAMES; i++) {
        if (left[i] != left[i] || right[i] != right[i]) abort();  // NaN
    }
    player->free(player);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    grm_soundfont *font = NULL;
    grm_error err = {0};
    if (grm_soundfont_read(bytes, size, "fuzz", &font, &err) == GRM_OK) {
        for (size_t i = 0; i < font->preset_count && i < 3; i++) play(font, &font->presets[i]);
    } else if (!err.message[0]) {
        abort();
    }
    grm_soundfont_close(font);
    return 0;
}
