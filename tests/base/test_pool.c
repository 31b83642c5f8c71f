#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/base.h"

static grm_pool *new_pool(unsigned threads) {
    grm_pool *pool;
    assert_int_equal(grm_pool_new(threads, &pool, NULL), GRM_OK);
    assert_int_equal(grm_pool_threads(pool), threads);
    return pool;
}

typedef struct tally {
    grm_pool *pool;
    atomic_int calls[1000];
    atomic_size_t total;
    int plain[1000];  // written by whoever runs the index, read by the caller afterwards
} tally;

static void count_one(void *context, size_t index) {
    tally *t = context;
    atomic_fetch_add(&t->calls[index], 1);
    t->plain[index] = (int)index + 1;
}

static void every_index_runs_once(void **state) {
    for (unsigned threads = 1; threads <= 8; threads++) {
        grm_pool *pool = new_pool(threads);
        for (size_t count = 0; count <= 1000; count = count * 2 + 1) {
            tally *t = calloc(1, sizeof(*t));
            grm_pool_run(pool, count, count_one, t);
            for (size_t i = 0; i < 1000; i++) {
                assert_int_equal(atomic_load(&t->calls[i]), i < count ? 1 : 0);
                assert_int_equal(t->plain[i], i < count ? (int)i + 1 : 0);
            }
            free(t);
        }
        grm_pool_free(pool);
    }
}

static void count_total(void *context, size_t index) {
    atomic_fetch_add(&((tally *)context)->total, 1);
}

static void inner_loop(void *context, size_t index) {
    tally *t = context;
    grm_pool_run(t->pool, index % 5, count_total, t);
}

static void middle_loop(void *context, size_t index) {
    tally *t = context;
    grm_pool_run(t->pool, 10, inner_loop, t);
}

static void loops_nest_without_locking_up(void **state) {
    for (unsigned threads = 1; threads <= 6; threads++) {
        tally *t = calloc(1, sizeof(*t));
        t->pool = new_pool(threads);
        for (int i = 0; i < 50; i++) grm_pool_run(t->pool, 7, middle_loop, t);
        assert_int_equal(atomic_load(&t->total), 50 * 7 * 20);
        grm_pool_free(t->pool);
        free(t);
    }
}

static void *run_from_outside(void *context) {
    for (int i = 0; i < 100; i++) middle_loop(context, 0);
    return NULL;
}

static void several_threads_may_use_one_pool(void **state) {
    tally *t = calloc(1, sizeof(*t));
    pthread_t callers[4];
    t->pool = new_pool(3);
    for (size_t i = 0; i < GRM_COUNT(callers); i++)
        assert_int_equal(pthread_create(&callers[i], NULL, run_from_outside, t), 0);
    for (size_t i = 0; i < GRM_COUNT(callers); i++) pthread_join(callers[i], NULL);
    assert_int_equal(atomic_load(&t->total), 4 * 100 * 20);
    grm_pool_free(t->pool);
    free(t);
}

// Two indices that wait for each other: only on two threads at once do both return.
typedef struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    int here;
} meeting;

static void meet(void *context, size_t index) {
    meeting *m = context;
    pthread_mutex_lock(&m->lock);
    m->here++;
    pthread_cond_broadcast(&m->arrived);
    while (m->here < 2) pthread_cond_wait(&m->arrived, &m->lock);
    pthread_mutex_unlock(&m->lock);
}

static void work_is_really_side_by_side(void **state) {
    meeting m = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    grm_pool *pool = new_pool(2);
    grm_pool_run(pool, 2, meet, &m);
    assert_int_equal(m.here, 2);
    grm_pool_free(pool);
}

static void no_pool_means_the_caller_alone(void **state) {
    tally *t = calloc(1, sizeof(*t));
    grm_pool_run(NULL, 10, count_total, t);
    assert_int_equal(atomic_load(&t->total), 10);
    assert_int_equal(grm_pool_threads(NULL), 1);
    grm_pool_free(NULL);
    free(t);
}

static void absurd_numbers_of_threads_are_refused(void **state) {
    grm_pool *pool;
    grm_error err;
    assert_int_equal(grm_pool_new(0, &pool, &err), GRM_USAGE);
    assert_int_equal(grm_pool_new(100000, &pool, &err), GRM_USAGE);
    assert_null(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_runs_once),
        cmocka_unit_test(loops_nest_without_locking_up),
        cmocka_unit_test(several_threads_may_use_one_pool),
        cmocka_unit_test(work_is_really_side_by_side),
        cmocka_unit_test(no_pool_means_the_caller_alone),
        cmocka_unit_test(absurd_numbers_of_threads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
