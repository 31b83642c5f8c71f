// Progress and cancelling of long work. One grm_progress serves one piece of work; any thread may report or cancel.
#ifndef GRAMMY_PROGRESS_H
#define GRAMMY_PROGRESS_H

#include <grammy/status.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grm_progress grm_progress;

// `stage` names what is being done ("render", "mix"), `done` runs 0..1 over the whole work and never goes back.
// Called from any thread, never from two at once; must not block.
typedef void grm_progress_fn(void *context, const char *stage, double done);

// `report` may be NULL. Free with grm_progress_free, after the work has returned.
GRM_API grm_status grm_progress_new(grm_progress_fn *report, void *context, grm_progress **out, grm_error *err);
GRM_API void grm_progress_free(grm_progress *progress);

// Asks the work to stop soon; safe in a signal handler.
GRM_API void grm_progress_cancel(grm_progress *progress);
GRM_API bool grm_progress_cancelled(const grm_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
