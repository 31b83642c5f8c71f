// The file that a master goes into. Of this room alone.
#ifndef GRM_MASTER_FILE_H
#define GRM_MASTER_FILE_H

#include "master/internal.h"

typedef struct grm_master_form {
    const char *name;  // "FLAC"
    grm_format format;
    unsigned bits;  // 16, 24, 32 (float); 0: lossy
    bool lossy;
    unsigned rate_hz;
} grm_master_form;

// By the name's ending; bits 0: 24.
grm_status grm_master_form_find(const char *path, unsigned bits, grm_master_form *out, grm_error *err);
// The rate of the file: what is wanted, or (0) the input's, or what comes near it where the format does not take that.
grm_status grm_master_form_rate(grm_master_form *form, const char *in, unsigned in_hz, unsigned wanted_hz,
                                grm_error *err);

#endif
