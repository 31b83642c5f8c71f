// Where a decoder's bytes come from. Of this room alone.
#ifndef GRM_AUDIO_SOURCE_H
#define GRM_AUDIO_SOURCE_H

#include <stdint.h>

// Like read and lseek; negative: failed. `whence` is SEEK_SET, SEEK_CUR or SEEK_END.
typedef struct grm_byte_source {
    void *user;
    int64_t (*read)(void *user, void *to, int64_t count);
    int64_t (*seek)(void *user, int64_t offset, int whence);
} grm_byte_source;

#endif
