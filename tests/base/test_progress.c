#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/base.h"

typedef struct log {
    double last;
    int calls;
    char stage[64];
} log_entry;

static void note(void *context, const char *stage, double done) {
    log_entry *l = context;
    assert_true(done >= l->last && done <= 1.0);
    l->last = done;
    l->calls++;
    strncpy(l->stage, stage, sizeof(l->stage) - 1);
}

static const grm_stage_share plan[] = {{"compose", 1.0}, {"render", 6.0}, {"mix", 3.0}};

static void done_is_weighed_by_share(void **state) {
    log_entry l = {0};
    grm_progress *progress;
    assert_int_equal(grm_progress_new(note, &l, &progress, NULL), GRM_OK);
    grm_progress_plan(progress, plan, GRM_COUNT(plan));
    grm_progress_step(progress, 0, 1.0);
    assert_true(fabs(l.last - 0.1) < 1e-9);
    grm_progress_step(progress, 1, 0.5);
    assert_true(fabs(l.last - 0.4) < 1e-9);
    assert_string_equal(l.stage, "render");
    grm_progress_step(progress, 2, 1.0);  // stages may overtake
    assert_true(fabs(l.last - 0.7) < 1e-9);
    assert_string_equal(l.stage, "render");
    grm_progress_step(progress, 1, 1.0);
    assert_true(l.last == 1.0);
    grm_progress_free(progress);
}

static void it_never_goes_back_and_forgives(void **state) {
    log_entry l = {0};
    grm_progress *progress;
    assert_int_equal(grm_progress_new(note, &l, &progress, NULL), GRM_OK);
    grm_progress_step(progress, 0, 0.5);  // no plan yet
    assert_int_equal(l.calls, 0);
    grm_progress_plan(progress, plan, GRM_COUNT(plan));
    grm_progress_step(progress, 1, 0.5);
    double before = l.last;
    grm_progress_step(progress, 1, 0.2);
    grm_progress_step(progress, 1, NAN);
    grm_progress_step(progress, 1, -1.0);
    grm_progress_step(progress, 99, 1.0);
    assert_true(l.last == before);
    grm_progress_step(progress, 1, 17.0);
    assert_true(l.last <= 0.6 + 1e-9);
    grm_progress_step(NULL, 0, 0.5);
    grm_progress_plan(NULL, plan, 1);
    grm_progress_free(progress);
    grm_progress_free(NULL);
}

static void small_steps_do_not_flood_the_caller(void **state) {
    log_entry l = {0};
    grm_progress *progress;
    assert_int_equal(grm_progress_new(note, &l, &progress, NULL), GRM_OK);
    grm_progress_plan(progress, plan, GRM_COUNT(plan));
    for (int i = 1; i <= 100000; i++) grm_progress_step(progress, 1, i / 100000.0);
    assert_in_range(l.calls, 300, 1001);
    grm_progress_free(progress);
}

static void step_many(void *context, size_t index) {
    for (int i = 1; i <= 1000; i++) grm_progress_step(context, index, i / 1000.0);
}

static void threads_report_together(void **state) {
    log_entry l = {0};
    grm_progress *progress;
    grm_pool *pool;
    assert_int_equal(grm_progress_new(note, &l, &progress, NULL), GRM_OK);
    assert_int_equal(grm_pool_new(3, &pool, NULL), GRM_OK);
    grm_progress_plan(progress, plan, GRM_COUNT(plan));
    grm_pool_run(pool, 3, step_many, progress);
    assert_true(l.last == 1.0);
    grm_pool_free(pool);
    grm_progress_free(progress);
}

static void cancelling_stops_a_run(void **state) {
    grm_progress *progress;
    grm_error err;
    assert_int_equal(grm_progress_new(NULL, NULL, &progress, NULL), GRM_OK);
    const grm_run run = {.progress = progress}, bare = {0};
    assert_int_equal(grm_run_check(&run, &err), GRM_OK);
    grm_progress_cancel(progress);
    assert_true(grm_progress_cancelled(progress));
    assert_int_equal(grm_run_check(&run, &err), GRM_CANCELLED);
    assert_int_equal(err.status, GRM_CANCELLED);
    assert_int_equal(grm_run_check(&bare, &err), GRM_OK);
    grm_progress_free(progress);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(done_is_weighed_by_share),
        cmocka_unit_test(it_never_goes_back_and_forgives),
        cmocka_unit_test(small_steps_do_not_flood_the_caller),
        cmocka_unit_test(threads_report_together),
        cmocka_unit_test(cancelling_stops_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
