// Any bytes are a MIDI file that is read, or told to be none. What was read can be written, and read again.
#include <grammy/score.h>
#include <stdlib.h>

#include "base/base.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    return 0;
}

static void write_and_read_again(const grm_score *score) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    grm_score *again = NULL;
    if (grm_score_write_midi(score, &bytes, &size, NULL) == GRM_OK &&
        grm_score_read_midi(bytes, size, "again", &again, NULL) != GRM_OK && score->part_count > 0)
        abort();
    grm_score_free(again);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    grm_score *score = NULL;
    grm_error err = {0};
    grm_status status = grm_score_read_midi(bytes, size, "fuzz", &score, &err);
    if (status == GRM_OK) {
        for (size_t i = 0; i < score->part_count; i++)
            if (score->parts[i].note_count > 0) grm_score_seconds(score, score->parts[i].notes[0].start);
        write_and_read_again(score);
    } else if (!err.message[0]) {
        abort();  // a failure must say why
    }
    grm_score_free(score);
    return 0;
}
