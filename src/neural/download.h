// Files fetched over HTTP, with what a broken connection left taken up again.
#ifndef GRM_NEURAL_DOWNLOAD_H
#define GRM_NEURAL_DOWNLOAD_H

#include "base/base.h"

typedef struct grm_download {
    const char *url;     // http or https; redirections are followed, from https only to https
    const char *path;    // PATH.part until it is whole
    uint64_t size;       // that it must have
    const char *sha256;  // that it must have, 64 hex digits, or NULL
    const char *git_id;  // git's name of its bytes, 40 hex digits, or NULL
    double pause_s;      // before the first further try; doubles with each that brings nothing
    grm_progress *progress;
    size_t stage;  // of the plan
} grm_download;

// libcurl, loaded when it is wanted: with the thirty libraries that it brings along it would take half of the time in
// which every command starts. From one thread. GRM_MISSING: it is not installed.
typedef struct grm_http grm_http;
grm_status grm_http_open(grm_http **out, grm_error *err);
void grm_http_close(grm_http *http);

// A file that is there and right is kept. GRM_MISSING: the server has no such file; GRM_FAILED: it can't be reached, or
// sends something else (then nothing of it is kept); GRM_CANCELLED leaves PATH.part to go on with.
grm_status grm_download_file(const grm_http *http, const grm_download *download, grm_error *err);

// A short answer, with a zero byte behind; free(). At most `limit` bytes.
grm_status grm_download_text(const grm_http *http, const char *url, size_t limit, double pause_s,
                             grm_progress *progress, char **text, grm_error *err);

#endif
