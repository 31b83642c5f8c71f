// Sound in memory to tapes and back, for tests; cmocka fails the test that can't.
#ifndef TEST_TAPES_H
#define TEST_TAPES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audio/audio.h"

static inline grm_tape *tape_of(const grm_audio *audio) {
    grm_tape *tape = NULL;
    assert_int_equal(grm_tape_new(audio->channels, audio->rate_hz, NULL, &tape, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(tape, (const float *const *)audio->plane, audio->frames, NULL), GRM_OK);
    return tape;
}

// Over what is in `audio`, which has the tape's channels and no more frames.
static inline void read_back(const grm_tape *tape, grm_audio *audio) {
    assert_int_equal(grm_tape_frames(tape), audio->frames);
    assert_int_equal(grm_tape_read(tape, 0, audio->frames, audio->plane, NULL), GRM_OK);
}

#endif
