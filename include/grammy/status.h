// What a call came to, and why it failed. Every function that can fail returns a grm_status and takes a last
// grm_error *err, which may be NULL.
#ifndef GRAMMY_STATUS_H
#define GRAMMY_STATUS_H

#if defined(__GNUC__) && !defined(GRM_STATIC)
#define GRM_API __attribute__((visibility("default")))
#else
#define GRM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// The values are the program's exit codes.
typedef enum grm_status {
    GRM_OK = 0,
    GRM_FAILED = 1,       // out of memory, disk full, a library that gave up
    GRM_USAGE = 2,        // a wrong option, word or value
    GRM_BAD_INPUT = 3,    // a file that is missing or broken
    GRM_MISSING = 4,      // a SoundFont, model or other resource that is not installed
    GRM_CANCELLED = 130,  // the caller asked to stop
} grm_status;

// Says what failed, on what, and what the user can do about it. Plain data; no ownership.
typedef struct grm_error {
    grm_status status;
    char message[480];
} grm_error;

#ifdef __cplusplus
}
#endif
#endif
