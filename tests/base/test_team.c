#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <time.h>

#include "base/base.h"

enum { MEMBERS = 5, ROUNDS = 60 };

typedef struct tally {
    grm_team *team;
    atomic_int calls[MEMBERS];
    int written[2][MEMBERS];  // by each member in turn, read by all others behind the barrier
    int meanwhile[MEMBERS];
    atomic_int wrong;
} tally;

static void meet(void *context, unsigned member, unsigned size) {
    tally *t = context;
    atomic_fetch_add(&t->calls[member], 1);
    for (int round = 0; round < ROUNDS; round++) {
        t->written[round % 2][member] = round;
        if (round % 3) {
            grm_team_wait(t->team);
        } else {
            unsigned arrival = grm_team_arrive(t->team);
            t->meanwhile[member]++;  // needs nothing of the others
            grm_team_leave(t->team, arrival);
        }
        for (unsigned m = 0; m < size; m++)
            if (t->written[round % 2][m] != round) atomic_fetch_add(&t->wrong, 1);
    }
}

static void all_meet_at_every_barrier(void **state) {
    for (unsigned size = 1; size <= MEMBERS; size++) {
        static tally t;
        t = (tally){0};
        assert_int_equal(grm_team_new(size, &t.team, NULL), GRM_OK);
        assert_int_equal(grm_team_size(t.team), size);
        for (int run = 0; run < 5; run++) grm_team_run(t.team, meet, &t);
        for (unsigned m = 0; m < MEMBERS; m++) {
            assert_int_equal(atomic_load(&t.calls[m]), m < size ? 5 : 0);
            assert_int_equal(t.meanwhile[m], m < size ? 5 * ROUNDS / 3 : 0);
        }
        assert_int_equal(atomic_load(&t.wrong), 0);
        grm_team_free(t.team);
    }
}

// Pieces of any length at any place, in turn with two sets, of which the others read all behind the barrier.
enum { PIECE = 37, APART = 41 };

typedef struct exchange {
    grm_team *team;
    float pieces[2][MEMBERS * APART];
    atomic_int wrong;
} exchange;

static void hand(void *context, unsigned member, unsigned size) {
    exchange *e = context;
    for (int round = 1; round <= ROUNDS; round++) {
        float own[PIECE];
        float *all = e->pieces[round % 2];
        for (int i = 0; i < PIECE; i++) own[i] = (float)(1000 * round + 100 * (int)member + i);
        grm_team_hand(all + member * APART, own, PIECE);
        grm_team_wait(e->team);
        for (unsigned m = 0; m < size; m++)
            for (int i = 0; i < APART; i++) {
                float expected = i < PIECE ? (float)(1000 * round + 100 * (int)m + i) : 0;
                if (all[m * APART + (unsigned)i] != expected) atomic_fetch_add(&e->wrong, 1);
            }
    }
}

static void hands_over_what_others_read(void **state) {
    for (unsigned size = 1; size <= MEMBERS; size++) {
        static exchange e;
        e = (exchange){0};
        assert_int_equal(grm_team_new(size, &e.team, NULL), GRM_OK);
        grm_team_run(e.team, hand, &e);
        assert_int_equal(atomic_load(&e.wrong), 0);
        grm_team_free(e.team);
    }
}

static void wakes_members_that_fell_asleep(void **state) {
    static tally t;
    t = (tally){0};
    assert_int_equal(grm_team_new(3, &t.team, NULL), GRM_OK);
    for (int run = 0; run < 3; run++) {
        nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
        grm_team_run(t.team, meet, &t);
    }
    assert_int_equal(atomic_load(&t.calls[2]), 3);
    assert_int_equal(atomic_load(&t.wrong), 0);
    grm_team_free(t.team);
}

static void runs_on_the_caller_alone_without_a_team(void **state) {
    static tally t;
    t = (tally){0};
    grm_team_run(NULL, meet, &t);
    assert_int_equal(atomic_load(&t.calls[0]), 1);
    assert_int_equal(grm_team_size(NULL), 1);
}

static void refuses_sizes_that_make_no_sense(void **state) {
    grm_team *team;
    assert_int_equal(grm_team_new(0, &team, NULL), GRM_USAGE);
    assert_int_equal(grm_team_new(100000, &team, NULL), GRM_USAGE);
    assert_null(team);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_meet_at_every_barrier),        cmocka_unit_test(hands_over_what_others_read),
        cmocka_unit_test(wakes_members_that_fell_asleep),   cmocka_unit_test(runs_on_the_caller_alone_without_a_team),
        cmocka_unit_test(refuses_sizes_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
