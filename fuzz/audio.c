// Any bytes are a recording that is read, or told to be none: from memory, as standard input is.
#include <math.h>
#include <stdlib.h>

#include "audio/audio.h"
#include "fuzz.h"

enum { BLOCK = 4096, MOST_BLOCKS = 64 };

// libsndfile 1.2 loses what libvorbis allocated when a stream's headers are broken; that is not ours to mend.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libsndfile\nleak:libvorbis\nleak:libogg\n";
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    return 0;
}

static void check_samples(float *const *planes, unsigned channels, size_t frames) {
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++)
            if (!isfinite(planes[c][i])) abort();
}

static void read_on(grm_reader *reader) {
    unsigned channels = grm_reader_channels(reader);
    float *planes[GRM_MAX_CHANNELS] = {0};
    size_t got = BLOCK;
    bool room = true;
    if (channels < 1 || channels > GRM_MAX_CHANNELS || grm_reader_rate(reader) < 1) abort();
    grm_reader_frames_hint(reader);
    for (unsigned c = 0; c < channels; c++) room &= (planes[c] = grm_floats_new(BLOCK)) != NULL;
    for (int i = 0; room && i < MOST_BLOCKS && got == BLOCK; i++) {
        grm_error err = {0};
        grm_status status = grm_reader_read(reader, planes, BLOCK, &got, &err);
        if (status != GRM_OK && (got > BLOCK || !err.message[0])) abort();
        if (status != GRM_OK) break;
        check_samples(planes, channels, got);
    }
    for (unsigned c = 0; c < channels; c++) free(planes[c]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    grm_reader *reader = NULL;
    grm_error err = {0};
    if (grm_reader_open_bytes(bytes, size, "fuzz", &reader, &err) == GRM_OK)
        read_on(reader);
    else if (!err.message[0])
        abort();  // a failure must say why
    grm_reader_close(reader);
    return 0;
}
