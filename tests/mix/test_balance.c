#include "mix/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
// cmocka wants those before it
#include <cmocka.h>

enum { MOST = 4, LOOKS = 8, BANDS = GRM_MIX_BANDS };

// Stems that play all the time, with the same power in every octave.
typedef struct band {
    grm_stem items[MOST];
    grm_stem_plan plans[MOST];
    grm_stem_facts facts[MOST];
    float looks[MOST][LOOKS * BANDS];
    grm_stems stems;
    grm_mix_decision decision;
} band;

static void open_band(band *b, size_t count, const grm_role *roles) {
    *b = (band){.stems = {.count = count, .items = b->items}, .decision = {.count = count, .stems = b->plans}};
    for (size_t i = 0; i < count; i++) {
        b->items[i].role = roles[i];
        b->plans[i] = (grm_stem_plan){.strip = "other", .width = 1};
        b->facts[i] = (grm_stem_facts){.lufs = -20, .looks = LOOKS, .look = b->looks[i], .twin = -1};
        for (size_t k = 0; k < LOOKS * BANDS; k++) b->looks[i][k] = 0.1f;
    }
}

static void parts_of_one_kind_share_its_place(void **state) {
    (void)state;
    band b;
    open_band(&b, 4, (grm_role[]){GRM_ROLE_LEAD, GRM_ROLE_CHORDS, GRM_ROLE_CHORDS, GRM_ROLE_CHORDS});
    grm_mix_share_places(&b.stems, b.facts, &b.decision);
    assert_true(b.plans[0].level_db == 0);
    for (int i = 1; i < 4; i++) assert_true(fabs((double)b.plans[i].level_db + 7 * log10(3)) < 0.01);
}

static void those_that_take_turns_keep_their_own(void **state) {
    (void)state;
    band b;
    open_band(&b, 2, (grm_role[]){GRM_ROLE_CHORDS, GRM_ROLE_CHORDS});
    for (size_t k = 0; k < LOOKS * BANDS; k++) b.looks[k < LOOKS / 2 * BANDS][k] = 0;
    grm_mix_share_places(&b.stems, b.facts, &b.decision);
    assert_true(b.plans[0].level_db == 0 && b.plans[1].level_db == 0);
}

static void overheads_step_behind_close_microphones(void **state) {
    (void)state;
    band b;
    open_band(&b, 3, (grm_role[]){GRM_ROLE_KICK, GRM_ROLE_SNARE, GRM_ROLE_DRUMS});
    grm_mix_share_places(&b.stems, b.facts, &b.decision);
    assert_true(b.plans[2].level_db == -6);
    open_band(&b, 2, (grm_role[]){GRM_ROLE_KICK, GRM_ROLE_DRUMS});
    grm_mix_share_places(&b.stems, b.facts, &b.decision);
    assert_true(b.plans[1].level_db == 0);
}

static void a_whole_recording_stands_as_it_was_sent(void **state) {
    (void)state;
    band b;
    open_band(&b, 3, (grm_role[]){GRM_ROLE_LEAD, GRM_ROLE_ARP, GRM_ROLE_OTHER});
    b.plans[2].strip = "whole";
    b.facts[2].lufs = -14;
    grm_mix_share_places(&b.stems, b.facts, &b.decision);
    assert_true(fabs((double)b.plans[2].level_db - 6) < 0.01);  // the others together have -17 and stand at 3 dB
}

static const grm_span anywhere = {-60, 60};

static void faders_bring_octaves_into_their_span(void **state) {
    (void)state;
    band b;
    grm_span span[BANDS];
    for (int k = 0; k < BANDS; k++) span[k] = anywhere;
    open_band(&b, 2, (grm_role[]){GRM_ROLE_LEAD, GRM_ROLE_BASS});
    for (int k = 0; k < BANDS; k++) b.facts[0].band_db[k] = b.facts[1].band_db[k] = -60;
    for (int k = 4; k < 7; k++) b.facts[0].band_db[k] = 0;
    b.facts[1].band_db[1] = 0;
    grm_mix_balance_tone(&b.stems, b.facts, span, &b.decision);
    assert_true(b.plans[1].level_db == 0);  // nothing is wrong
    span[1] = (grm_span){1.5f, 60};
    grm_mix_balance_tone(&b.stems, b.facts, span, &b.decision);
    assert_true(b.plans[0].level_db == 0 && b.plans[1].level_db >= 0.75f && b.plans[1].level_db <= 1.5f);
    span[1] = (grm_span){40, 60};
    b.plans[1].level_db = 0;
    grm_mix_balance_tone(&b.stems, b.facts, span, &b.decision);
    assert_true(b.plans[1].level_db == 4.5f);  // no further
}

// Side's share of two mono parts at +-p: sin(p pi / 4)^2, as the panner's law has it.
static void mono_parts_go_out_until_there_is_a_side(void **state) {
    (void)state;
    band b;
    bool free_side[] = {true, true};
    open_band(&b, 2, (grm_role[]){GRM_ROLE_CHORDS, GRM_ROLE_CHORDS});
    b.plans[0].pan = -0.2f;
    b.plans[1].pan = 0.2f;
    grm_mix_spread(free_side, b.facts, &b.decision);
    double share = pow(sin((double)b.plans[1].pan * GRM_PI / 4), 2);
    assert_true(b.plans[0].pan == -b.plans[1].pan);
    assert_true(share >= 0.08 && share < 0.1);
    // What is wide enough stays.
    float before = b.plans[1].pan;
    grm_mix_spread(free_side, b.facts, &b.decision);
    assert_true(b.plans[1].pan == before);
}

static void a_lonely_part_is_not_pushed_aside(void **state) {
    (void)state;
    band b;
    bool free_side[] = {false, true};
    open_band(&b, 2, (grm_role[]){GRM_ROLE_LEAD, GRM_ROLE_CHORDS});
    b.plans[1].pan = 0.1f;
    grm_mix_spread(free_side, b.facts, &b.decision);
    assert_true(b.plans[1].pan < 0.13f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_one_kind_share_its_place),
        cmocka_unit_test(those_that_take_turns_keep_their_own),
        cmocka_unit_test(overheads_step_behind_close_microphones),
        cmocka_unit_test(a_whole_recording_stands_as_it_was_sent),
        cmocka_unit_test(faders_bring_octaves_into_their_span),
        cmocka_unit_test(mono_parts_go_out_until_there_is_a_side),
        cmocka_unit_test(a_lonely_part_is_not_pushed_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
