// Figures: texts of steps as strokes in time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compose/work.h"

typedef struct song {
    grm_work work;
    grm_style style;
    grm_brief brief;
    grm_figure *figures;
} song;

static int open_song(void **state) {
    static song s;
    s = (song){.brief.metre = {4, 4}};
    s.work = (grm_work){.brief = &s.brief,
                        .style = &s.style,
                        .memory = grm_memory_new(),
                        .figures = &s.figures,
                        .steps_per_bar = 16,
                        .steps_per_beat = 4,
                        .beats_per_bar = 4,
                        .bar_ticks = 4 * GRM_PPQ,
                        .beat_ticks = GRM_PPQ};
    *state = &s;
    return s.work.memory ? 0 : -1;
}

static int close_song(void **state) {
    song *s = *state;
    grm_memory_free(s->work.memory);
    return 0;
}

static void expect(const grm_figure *figure, int i, int32_t at, int32_t length, char sign) {
    assert_true(i < figure->count);
    assert_int_equal(figure->strokes[i].at, at);
    assert_int_equal(figure->strokes[i].length, length);
    assert_int_equal(figure->strokes[i].sign, sign);
}

static void steps_are_sixteenths_that_hold_and_rest(void **state) {
    song *s = *state;
    const grm_figure *f = grm_figure_fit(&s->work, "X--.x.o-........", (grm_metre){4, 4});
    assert_int_equal(f->bars, 1);
    assert_int_equal(f->count, 3);
    expect(f, 0, 0, 720, 'X');
    expect(f, 1, 960, 240, 'x');
    expect(f, 2, 1440, 480, 'o');
}

static void groups_share_a_quarter_or_an_eighth_evenly(void **state) {
    song *s = *state;
    const grm_figure *f = grm_figure_fit(&s->work, "(x-x)[xxx]x-(xo.)----", (grm_metre){4, 4});
    assert_int_equal(f->ticks, 4 * GRM_PPQ);
    assert_int_equal(f->count, 8);
    expect(f, 0, 0, 640, 'x');
    expect(f, 1, 640, 320, 'x');
    expect(f, 2, 960, 160, 'x');
    expect(f, 3, 1120, 160, 'x');
    expect(f, 4, 1280, 160, 'x');
    expect(f, 5, 1440, 480, 'x');
    expect(f, 6, 1920, 320, 'x');
    expect(f, 7, 2240, 320, 'o');
}

static void a_fill_is_as_long_as_its_text(void **state) {
    song *s = *state;
    const grm_figure *f = grm_figure_read(&s->work, "(xxx)xx");
    assert_int_equal(f->ticks, 6 * STEP_TICKS);
    assert_int_equal(f->count, 5);
}

static void a_figure_repeats_from_its_origin(void **state) {
    song *s = *state;
    const grm_figure *f = grm_figure_fit(&s->work, "x.......(xxx)....", (grm_metre){4, 4});
    grm_walk walk = {f, 10 * f->ticks, 11 * f->ticks + 100, 13 * f->ticks, 0};
    grm_stroke stroke;
    int32_t first = 0, last = 0;
    int count = 0;
    while (grm_figure_next(&walk, &stroke)) {
        if (!count++) first = stroke.at;
        last = stroke.at;
    }
    assert_int_equal(count, 7);
    assert_int_equal(first, 11 * f->ticks + 1920);
    assert_int_equal(last, 12 * f->ticks + 1920 + 640);
}

static void a_text_of_four_beats_fits_into_three(void **state) {
    song *s = *state;
    s->work.steps_per_bar = 12, s->work.beats_per_bar = 3, s->work.bar_ticks = 3 * GRM_PPQ;
    s->brief.metre.beats = 3;
    const grm_figure *f = grm_figure_fit(&s->work, "x---(xxx)x---x---", (grm_metre){4, 4});
    assert_int_equal(f->ticks, 3 * GRM_PPQ);
    assert_int_equal(f->count, 5);
    expect(f, 3, 1600, 320, 'x');
    expect(f, 4, 1920, 960, 'x');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_are_sixteenths_that_hold_and_rest, open_song, close_song),
        cmocka_unit_test_setup_teardown(groups_share_a_quarter_or_an_eighth_evenly, open_song, close_song),
        cmocka_unit_test_setup_teardown(a_fill_is_as_long_as_its_text, open_song, close_song),
        cmocka_unit_test_setup_teardown(a_figure_repeats_from_its_origin, open_song, close_song),
        cmocka_unit_test_setup_teardown(a_text_of_four_beats_fits_into_three, open_song, close_song),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
