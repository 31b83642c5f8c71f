// What is on a tape, as a file.
#include <stdlib.h>

#include "audio/audio.h"

enum { BLOCK = 16384 };  // frames between two looks at the clock: 0.1 s of encoding at most

grm_status grm_tape_write(const grm_run *run, size_t stage, const grm_tape *tape, const char *path, grm_format format,
                          grm_error *err) {
    unsigned channels = grm_tape_channels(tape);
    size_t length = grm_tape_frames(tape);
    grm_writer *writer = NULL;
    float *planes[GRM_MAX_CHANNELS] = {0}, *block = grm_floats_new((size_t)channels * BLOCK);
    for (unsigned c = 0; block && c < channels; c++) planes[c] = block + (size_t)c * BLOCK;
    grm_status status =
        block ? grm_writer_open(path, format, channels, grm_tape_rate(tape), &writer, err) : grm_fail_memory(err);
    for (size_t at = 0; status == GRM_OK && at < length; at += BLOCK) {
        size_t frames = length - at < BLOCK ? length - at : BLOCK;
        status = grm_tape_read(tape, at, frames, planes, err);
        if (status == GRM_OK) status = grm_writer_write(writer, (const float *const *)planes, frames, err);
        if (status != GRM_OK || !run) continue;
        grm_progress_step(run->progress, stage, (double)(at + frames) / (double)length);
        status = grm_run_check(run, err);
    }
    if (writer) {
        grm_status closed = grm_writer_close(writer, status == GRM_OK ? err : NULL);
        if (status == GRM_OK) status = closed;
    }
    free(block);
    return status;
}
