// A pool of threads with one operation, the parallel loop. Jobs sit on their callers' stacks, linked from the newest to
// the oldest; whoever has nothing to do takes indices of the newest job that has any left. A caller works on its own
// job only, then waits for those who took an index of it. It waits for deeper calls alone, never for one above, so
// nested loops cannot lock each other.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { MAX_THREADS = 1024 };

typedef struct job {
    grm_pool_fn *fn;
    void *context;
    size_t count;
    atomic_size_t next;  // the first index that nobody took
    unsigned helpers;    // workers inside; guarded by the pool's lock
    struct job *older;
} job;

struct grm_pool {
    pthread_mutex_t lock;
    pthread_cond_t work, finished;
    job *newest;
    bool closing;
    unsigned worker_count;
    pthread_t workers[];
};

static void take_indices(job *j) {
    size_t index;
    while ((index = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed)) < j->count) j->fn(j->context, index);
}

static job *find_job(grm_pool *pool) {
    for (job *j = pool->newest; j; j = j->older)
        if (atomic_load_explicit(&j->next, memory_order_relaxed) < j->count) return j;
    return NULL;
}

static void *work(void *argument) {
    grm_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->closing) {
        job *j = find_job(pool);
        if (!j) {
            pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        j->helpers++;
        pthread_mutex_unlock(&pool->lock);
        take_indices(j);
        pthread_mutex_lock(&pool->lock);
        if (--j->helpers == 0) pthread_cond_broadcast(&pool->finished);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void stop_workers(grm_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->worker_count; i++) pthread_join(pool->workers[i], NULL);
}

// Signals stay with the threads of the program.
static int start_workers(grm_pool *pool, unsigned count) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = 0;
    while (pool->worker_count < count && problem == 0) {
        problem = pthread_create(&pool->workers[pool->worker_count], NULL, work, pool);
        if (problem == 0) pool->worker_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem;
}

grm_status grm_pool_new(unsigned threads, grm_pool **out, grm_error *err) {
    *out = NULL;
    if (threads < 1 || threads > MAX_THREADS)
        return grm_fail(err, GRM_USAGE, "%u threads asked for; 1 to %d are possible", threads, MAX_THREADS);
    grm_pool *pool = calloc(1, sizeof(*pool) + (threads - 1) * sizeof(pool->workers[0]));
    if (!pool) return grm_fail_memory(err);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
    int problem = start_workers(pool, threads - 1);
    if (problem != 0) {
        grm_pool_free(pool);
        return grm_fail(err, GRM_FAILED, "cannot start %u threads: %s; ask for fewer (--threads)", threads,
                        strerror(problem));
    }
    *out = pool;
    return GRM_OK;
}

void grm_pool_free(grm_pool *pool) {
    if (!pool) return;
    stop_workers(pool);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

unsigned grm_pool_threads(const grm_pool *pool) {
    return pool ? pool->worker_count + 1 : 1;
}

static void unlink_job(grm_pool *pool, const job *j) {
    job **place = &pool->newest;
    while (*place != j) place = &(*place)->older;
    *place = j->older;
}

void grm_pool_run(grm_pool *pool, size_t count, grm_pool_fn *fn, void *context) {
    if (!pool || pool->worker_count == 0 || count < 2) {
        for (size_t i = 0; i < count; i++) fn(context, i);
        return;
    }
    job j = {.fn = fn, .context = context, .count = count};
    atomic_init(&j.next, 0);

    pthread_mutex_lock(&pool->lock);
    j.older = pool->newest;
    pool->newest = &j;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);

    take_indices(&j);

    pthread_mutex_lock(&pool->lock);
    unlink_job(pool, &j);
    while (j.helpers > 0) pthread_cond_wait(&pool->finished, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
