// A team of threads that run one function side by side and meet at barriers, for work whose pieces take microseconds.
// Who waits spins first, then gives its turn away (the one it waits for may have been put off this processor), and
// between two runs falls asleep after a while.
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define RELAX() _mm_pause()
#elif defined(__aarch64__)
#define RELAX() __asm__ volatile("yield")
#else
#define RELAX() ((void)0)
#endif

enum { MAX_MEMBERS = 256, SPINS = 1500, TURNS = 400, LINE = 64 };

typedef struct member {
    struct grm_team *team;
    pthread_t thread;
    unsigned index;
} member;

struct grm_team {
    _Alignas(LINE) atomic_uint arrived;   // at the barrier
    _Alignas(LINE) atomic_uint barriers;  // that were passed
    _Alignas(LINE) atomic_uint runs;      // that were started
    _Alignas(LINE) atomic_uint left;      // members still inside the run
    atomic_bool closing;
    grm_team_fn *fn;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    unsigned sleeping;  // guarded by the lock
    unsigned size, started;
    member members[];
};

// Until *word differs from `old`, or (unless `patient`) a while has gone by.
static bool await(atomic_uint *word, unsigned old, bool patient) {
    for (unsigned i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != old) return true;
        RELAX();
    }
    for (unsigned i = 0; patient || i < TURNS; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != old) return true;
        sched_yield();
    }
    return false;
}

unsigned grm_team_arrive(grm_team *team) {
    if (!team || team->size == 1) return 0;
    unsigned passed = atomic_load_explicit(&team->barriers, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 == team->size) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&team->barriers, passed + 1, memory_order_release);
    }
    return passed;
}

void grm_team_leave(grm_team *team, unsigned arrival) {
    if (team && team->size > 1) await(&team->barriers, arrival, true);
}

void grm_team_wait(grm_team *team) {
    grm_team_leave(team, grm_team_arrive(team));
}

void grm_team_hand(float *to, const float *from, size_t count) {
    size_t i = 0;
#ifdef __SSE2__
    if ((uintptr_t)to % 16 == 0)
        for (; i + 4 <= count; i += 4) _mm_stream_ps(to + i, _mm_loadu_ps(from + i));
    _mm_sfence();  // barriers do not wait for such stores
#endif
    memcpy(to + i, from + i, (count - i) * sizeof *to);
}

static void sleep_until_run(grm_team *team, unsigned seen) {
    pthread_mutex_lock(&team->lock);
    team->sleeping++;
    while (atomic_load_explicit(&team->runs, memory_order_acquire) == seen) pthread_cond_wait(&team->wake, &team->lock);
    team->sleeping--;
    pthread_mutex_unlock(&team->lock);
}

static void *serve(void *argument) {
    const member *m = argument;
    grm_team *team = m->team;
    for (unsigned seen = 0;; seen++) {
        if (!await(&team->runs, seen, false)) sleep_until_run(team, seen);
        if (atomic_load_explicit(&team->closing, memory_order_relaxed)) return NULL;
        team->fn(team->context, m->index, team->size);
        atomic_fetch_sub_explicit(&team->left, 1, memory_order_acq_rel);
    }
}

static void start_run(grm_team *team) {
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add_explicit(&team->runs, 1, memory_order_release);
    if (team->sleeping) pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
}

void grm_team_run(grm_team *team, grm_team_fn *fn, void *context) {
    if (!team || team->size == 1) {
        fn(context, 0, 1);
        return;
    }
    team->fn = fn;
    team->context = context;
    atomic_store_explicit(&team->left, team->size - 1, memory_order_relaxed);
    start_run(team);
    fn(context, 0, team->size);
    for (unsigned left; (left = atomic_load_explicit(&team->left, memory_order_acquire));)
        await(&team->left, left, true);
}

grm_status grm_team_new(unsigned size, grm_team **out, grm_error *err) {
    *out = NULL;
    if (size < 1 || size > MAX_MEMBERS)
        return grm_fail(err, GRM_USAGE, "a team of %u threads asked for; 1 to %d are possible", size, MAX_MEMBERS);
    size_t bytes = (sizeof(grm_team) + size * sizeof(member) + LINE - 1) / LINE * LINE;
    grm_team *team = aligned_alloc(LINE, bytes);
    if (!team) return grm_fail_memory(err);
    memset(team, 0, bytes);
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    team->size = size;
    sigset_t all, before;  // signals stay with the threads of the program
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = 0;
    for (unsigned i = 1; i < size && problem == 0; i++) {
        team->members[i] = (member){team, 0, i};
        problem = pthread_create(&team->members[i].thread, NULL, serve, &team->members[i]);
        if (problem == 0) team->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem != 0) {
        grm_team_free(team);
        return grm_fail(err, GRM_FAILED, "cannot start %u threads: %s; ask for fewer (--threads)", size,
                        strerror(problem));
    }
    *out = team;
    return GRM_OK;
}

void grm_team_free(grm_team *team) {
    if (!team) return;
    atomic_store_explicit(&team->closing, true, memory_order_relaxed);
    start_run(team);
    for (unsigned i = 1; i <= team->started; i++) pthread_join(team->members[i].thread, NULL);
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

unsigned grm_team_size(const grm_team *team) {
    return team ? team->size : 1;
}
