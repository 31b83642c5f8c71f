#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

typedef struct progress_stage {
    char name[48];
    double share;  // of the whole work, 0..1
    double done;   // 0..1
} progress_stage;

struct grm_progress {
    atomic_bool cancelled;  // lock-free, so that a signal handler may set it
    grm_progress_fn *report;
    void *context;
    pthread_mutex_t lock;  // guards the rest
    progress_stage *stages;
    size_t stage_count, current;
    double reported;  // what the callback was last told; below 0: nothing yet
};

static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "cancelling must be safe in a signal handler");

grm_status grm_progress_new(grm_progress_fn *report, void *context, grm_progress **out, grm_error *err) {
    grm_progress *progress = *out = calloc(1, sizeof(*progress));
    if (!progress) return grm_fail_memory(err);
    atomic_init(&progress->cancelled, false);
    progress->report = report;
    progress->context = context;
    progress->reported = -1.0;
    pthread_mutex_init(&progress->lock, NULL);
    return GRM_OK;
}

void grm_progress_free(grm_progress *progress) {
    if (!progress) return;
    pthread_mutex_destroy(&progress->lock);
    free(progress->stages);
    free(progress);
}

void grm_progress_cancel(grm_progress *progress) {
    if (progress) atomic_store(&progress->cancelled, true);
}

bool grm_progress_cancelled(const grm_progress *progress) {
    return progress && atomic_load(&progress->cancelled);
}

grm_status grm_run_check(const grm_run *run, grm_error *err) {
    if (run && grm_progress_cancelled(run->progress)) return grm_fail(err, GRM_CANCELLED, "cancelled");
    return GRM_OK;
}

void grm_progress_plan(grm_progress *progress, const grm_stage_share *stages, size_t count) {
    if (!progress || count == 0) return;
    double total = 0.0;
    for (size_t i = 0; i < count; i++) total += stages[i].share;
    progress_stage *copy = total > 0.0 ? calloc(count, sizeof(*copy)) : NULL;
    if (!copy) return;  // the work goes on, unseen
    for (size_t i = 0; i < count; i++) {
        strncpy(copy[i].name, stages[i].name, sizeof(copy[i].name) - 1);
        copy[i].share = stages[i].share / total;
    }
    pthread_mutex_lock(&progress->lock);
    free(progress->stages);
    progress->stages = copy;
    progress->stage_count = count;
    progress->current = 0;
    pthread_mutex_unlock(&progress->lock);
}

// What the user is told is being done: of stages side by side, the first that is under way.
static size_t current_stage(const grm_progress *progress, size_t stepped) {
    for (size_t i = 0; i < progress->stage_count; i++)
        if (progress->stages[i].done > 0.0 && progress->stages[i].done < 1.0) return i;
    return stepped;
}

static void tell(grm_progress *progress, size_t stepped) {
    const double smallest_step = 0.001;
    double done = 0.0;
    bool complete = true;
    for (size_t i = 0; i < progress->stage_count; i++) {
        done += progress->stages[i].share * progress->stages[i].done;
        complete = complete && progress->stages[i].done >= 1.0;
    }
    if (complete) done = 1.0;
    done = fmin(fmax(done, progress->reported), 1.0);
    size_t current = current_stage(progress, stepped);
    bool news = current != progress->current || done >= progress->reported + smallest_step ||
                (complete && progress->reported < 1.0);
    if (!news || !progress->report) return;
    progress->current = current;
    progress->reported = done;
    progress->report(progress->context, progress->stages[current].name, done);
}

void grm_progress_step(grm_progress *progress, size_t stage, double done) {
    if (!progress) return;
    pthread_mutex_lock(&progress->lock);
    if (stage < progress->stage_count && done > progress->stages[stage].done) {
        progress->stages[stage].done = fmin(done, 1.0);
        tell(progress, stage);
    }
    pthread_mutex_unlock(&progress->lock);
}
