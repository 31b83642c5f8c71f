// Sections, what comes again and how the energy runs, on songs made of parts.
#include "drums.h"
#include "meter/form.h"

enum { RATE = 22050, BARS = 64 };
static const double bar_s = 2;  // 120 beats a minute

// A part of a song, four bars long.
typedef struct part {
    int roots[4];
    unsigned minors;  // bit i: chord i is minor
    double level;
    bool drums, tune;
} part;

static const part intro = {{0, 0, 5, 5}, 0, 0.25, false, false};
static const part verse = {{0, 9, 5, 7}, 2, 0.8, true, false};
static const part chorus = {{5, 7, 4, 9}, 12, 1.1, true, true};
static const part bridge = {{2, 10, 3, 8}, 1, 0.4, false, true};

static void add_part(sound *s, double at_s, const part *p) {
    static const int steps[8] = {0, 4, 7, 4, 12, 7, 4, 2};
    for (int bar = 0; bar < 4; bar++) {
        double at = at_s + bar * bar_s;
        sound quiet = sound_new(s->rate, bar_s);
        add_chord(&quiet, 0, bar_s, p->roots[bar], p->minors >> bar & 1, 0);
        for (int i = 0; p->tune && i < 8; i++)
            add_tone(&quiet, 0.25 * i, 0.24, 72 + p->roots[bar] % 12 + steps[(i + bar) % 8], 0, 0.1);
        for (int beat = 0; p->drums && beat < 4; beat++) {
            if (beat % 2)
                add_snare(&quiet, 0.5 * beat, 0.2);
            else
                add_kick(&quiet, 0.5 * beat, 0.4);
            add_hat(&quiet, 0.5 * beat + 0.25, 0.08);
        }
        size_t from = (size_t)(at * s->rate);
        for (size_t i = 0; i < quiet.frames && from + i < s->frames; i++)
            s->x[from + i] += (float)p->level * quiet.x[i];
        free(quiet.x);
    }
}

static void hear_song(hearing *h, const part *const *parts, size_t count, unsigned threads, size_t block) {
    sound s = sound_new(RATE, (double)count * 4 * bar_s);
    for (size_t i = 0; i < count; i++) add_part(&s, (double)i * 4 * bar_s, parts[i]);
    hearing_begin(h, threads);
    h->analysis.features.duration_s = (double)s.frames / s.rate;
    const grm_ear *const order[] = {&grm_ear_level, &grm_ear_rhythm, &grm_ear_harmony, &grm_ear_form};
    for (size_t i = 0; i < GRM_COUNT(order); i++) hear_with(h, order[i], &s, block);
    free(s.x);
}

#define SONG(h, ...)                                                 \
    do {                                                             \
        const part *const parts[] = {__VA_ARGS__};                   \
        hear_song(h, parts, sizeof parts / sizeof *parts, 1, 65536); \
    } while (0)

static const grm_heard_section *section_at(const grm_analysis *a, double at_s) {
    for (size_t i = 0; i < a->section_count; i++)
        if (a->sections[i].start_s <= at_s && at_s < a->sections[i].end_s) return &a->sections[i];
    fail_msg("no section at %.1f s", at_s);
    return NULL;
}

static void sections_come_back_as_composed(void **state) {
    (void)state;
    hearing h;
    SONG(&h, &intro, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus, &bridge);
    static const double truth[] = {8, 24, 40, 56, 72};
    const grm_analysis *a = &h.analysis;
    size_t found = 0;
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 1; k < a->section_count; k++) found += fabs(a->sections[k].start_s - truth[i]) < 0.5;
    assert_int_equal(found, 5);
    assert_in_range(a->section_count, 6, 7);
    assert_string_equal(section_at(a, 16)->label, section_at(a, 48)->label);
    assert_string_equal(section_at(a, 32)->label, section_at(a, 64)->label);
    assert_string_not_equal(section_at(a, 16)->label, section_at(a, 32)->label);
    assert_string_not_equal(section_at(a, 4)->label, section_at(a, 16)->label);
    assert_string_not_equal(section_at(a, 76)->label, section_at(a, 32)->label);
    assert_float_equal(a->sections[0].start_s, 0, 1e-9);
    assert_float_equal(a->sections[a->section_count - 1].end_s, 80, 1e-9);
    for (size_t i = 0; i + 1 < a->section_count; i++)
        assert_float_equal(a->sections[i].end_s, a->sections[i + 1].start_s, 1e-9);
    hearing_end(&h);
}

// Whoever counts twice as fast hears bars of half the size.
static void bars_of_half_the_size_make_the_same_sections(void **state) {
    (void)state;
    static const double truth[] = {8, 24, 40, 56, 72};
    enum { MOST = 256 };
    hearing h;
    double bars[MOST];
    size_t count = 0, starts[MOST], sections, found = 0;
    SONG(&h, &intro, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus, &bridge);
    grm_analysis twice = h.analysis;
    for (size_t i = 0; i + 1 < h.analysis.downbeat_count && count + 2 < MOST; i++) {
        bars[count++] = h.analysis.downbeats_s[i];
        bars[count++] = 0.5 * (h.analysis.downbeats_s[i] + h.analysis.downbeats_s[i + 1]);
    }
    twice.downbeats_s = bars;
    twice.downbeat_count = count;
    grm_form_units units;
    grm_form_likeness likeness;
    assert_int_equal(grm_form_units_make(&twice, &units, NULL), GRM_OK);
    assert_in_range(units.count, 75, MOST);
    assert_int_equal(grm_form_likeness_make(&units, &likeness, NULL), GRM_OK);
    assert_int_equal(grm_form_cut(&units, &likeness, starts, &sections, NULL), GRM_OK);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 1; k < sections; k++) found += fabs(units.at[starts[k]] - truth[i]) < 0.5;
    assert_int_equal(found, 5);
    assert_in_range(sections, 6, 7);
    grm_form_likeness_clear(&likeness);
    grm_form_units_clear(&units);
    hearing_end(&h);
}

// Five sections of eight units, alternating between two kinds: those of one are as alike as `same`, others as `other`.
static void kinds_where(float same, float other, size_t kinds[5]) {
    enum { EACH = 8, UNITS = 5 * EACH };
    static const size_t starts[5] = {0, EACH, 2 * EACH, 3 * EACH, 4 * EACH};
    static float notes[UNITS * UNITS], colour[UNITS * UNITS];
    for (size_t a = 0; a < UNITS; a++)
        for (size_t b = 0; b < UNITS; b++) {
            bool again = a % EACH == b % EACH && (a / EACH) % 2 == (b / EACH) % 2;
            notes[a * UNITS + b] = colour[a * UNITS + b] = a == b ? 1 : again ? same : other;
        }
    const grm_form_likeness likeness = {UNITS, notes, colour};
    assert_int_equal(grm_form_label(&likeness, starts, 5, UNITS, kinds, NULL), GRM_OK);
}

// A solo over the chorus's chords is no chorus where choruses come again exactly; players who never do the same twice
// play a verse again all the same.
static void what_is_one_kind_depends_on_how_exactly_things_come_again(void **state) {
    (void)state;
    static const size_t truth[5] = {0, 1, 0, 1, 0};
    static const float same[2] = {0.98f, 0.72f}, other[2] = {0.80f, 0.45f};
    for (size_t i = 0; i < 2; i++) {
        size_t kinds[5];
        kinds_where(same[i], other[i], kinds);
        for (size_t k = 0; k < 5; k++) assert_int_equal(kinds[k], truth[k]);
    }
}

static void energy_is_measured_by_section(void **state) {
    (void)state;
    hearing h;
    SONG(&h, &intro, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus, &bridge);
    const grm_features *f = &h.analysis.features;
    assert_true(section_at(&h.analysis, 4)->energy < section_at(&h.analysis, 16)->energy);
    assert_true(section_at(&h.analysis, 16)->energy < section_at(&h.analysis, 32)->energy);
    assert_float_equal(f->intro_s, 8, 0.5);
    assert_true(f->energy_range_db > 8 && f->energy_range_db < 25);
    // silence behind the end is not the softest section
    static const part rest = {{0, 0, 0, 0}, 0, 0, false, false};
    double range = f->energy_range_db;
    hearing_end(&h);
    SONG(&h, &intro, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus, &bridge, &rest);
    assert_float_equal(f->energy_range_db, range, 1);
    hearing_end(&h);
}

// Nor does silence in front of the beginning make a soft one, a new kind, or a rise.
static void silence_at_the_head_is_no_section(void **state) {
    (void)state;
    static const part rest = {{0, 0, 0, 0}, 0, 0, false, false};
    hearing now, late;
    SONG(&now, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus);
    SONG(&late, &rest, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus);
    const grm_features *f = &now.analysis.features, *g = &late.analysis.features;
    assert_true(g->head_silence_s > 7);
    assert_float_equal(g->energy_range_db, f->energy_range_db, 0.5);
    assert_float_equal(g->energy_arc, f->energy_arc, 0.15);
    assert_int_equal(late.analysis.section_count, now.analysis.section_count);
    hearing_end(&now);
    hearing_end(&late);
}

// Two bars of a held chord behind the last one.
static void what_rings_out_is_no_section(void **state) {
    (void)state;
    static const part *const parts[] = {&intro, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus};
    sound s = sound_new(RATE, 76);
    for (size_t i = 0; i < 9; i++) add_part(&s, (double)i * 4 * bar_s, parts[i]);
    sound held = sound_new(RATE, 4);
    add_chord(&held, 0, 4, 0, false, 0);
    for (size_t i = 0; i < held.frames; i++) s.x[(size_t)(72 * RATE) + i] = 0.5f * held.x[i];
    hearing h;
    hearing_begin(&h, 1);
    h.analysis.features.duration_s = 76;
    const grm_ear *const order[] = {&grm_ear_level, &grm_ear_rhythm, &grm_ear_harmony, &grm_ear_form};
    for (size_t i = 0; i < GRM_COUNT(order); i++) hear_with(&h, order[i], &s, 65536);
    assert_in_range(h.analysis.section_count, 4, 6);
    assert_float_equal(h.analysis.sections[h.analysis.section_count - 1].start_s, 56, 0.5);
    hearing_end(&h);
    free(held.x);
    free(s.x);
}

static void the_hook_is_the_chorus(void **state) {
    (void)state;
    hearing h, late;
    SONG(&h, &intro, &verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus, &bridge);
    SONG(&late, &intro, &intro, &intro, &intro, &verse, &verse, &chorus, &chorus);
    assert_float_equal(h.analysis.features.hook_first_s, 24, 0.5);
    assert_float_equal(late.analysis.features.hook_first_s, 48, 0.5);
    assert_true(h.analysis.features.hook_strength > late.analysis.features.hook_strength + 0.15);
    assert_true(late.analysis.features.hook_strength > 0.2);
    hearing_end(&h);
    hearing_end(&late);
}

// Units in groups of four, alike within as `likeness` says, for each unit of the group.
static double hook_of_groups(double unit_s, const float likeness[4]) {
    enum { UNITS = 24 };
    static float level_db[UNITS], both[UNITS * UNITS];
    static double at[UNITS + 1];
    static const size_t starts[] = {0};
    for (size_t a = 0; a < UNITS; a++) {
        for (size_t b = 0; b < UNITS; b++) both[a * UNITS + b] = a == b ? 1 : a % 4 == b % 4 ? likeness[a % 4] : 0.4f;
        at[a + 1] = unit_s * (double)(a + 1);
    }
    grm_form_units units = {.count = UNITS, .joined = 1, .at = at, .level_db = level_db};
    grm_form_likeness l = {.count = UNITS, .notes = both, .colour = both};
    grm_form_hook hook;
    assert_int_equal(grm_form_hook_find(&units, &l, starts, 1, &hook, NULL), GRM_OK);
    return hook.strength;
}

// At 80 BPM two bars last as long as four at 160.
static void two_slow_bars_are_a_hook(void **state) {
    (void)state;
    static const float two_of_four[4] = {1, 1, 0.4f, 0.4f};
    assert_true(hook_of_groups(3, two_of_four) > 0.8);
    assert_float_equal(hook_of_groups(1.5, two_of_four), 0, 1e-9);
}

static void a_hook_grows_with_its_likeness(void **state) {
    (void)state;
    double before = 0;
    for (float likeness = 0.7f; likeness < 0.9f; likeness += 0.02f) {
        double now = hook_of_groups(2, (float[4]){likeness, likeness, likeness, likeness});
        assert_true(now >= before && now < before + 0.4);
        before = now;
    }
    assert_true(before > 0.9);
}

// Chords that never come twice in the same order.
static void what_never_comes_again_has_no_hook(void **state) {
    (void)state;
    static const part once[6] = {
        {{0, 2, 4, 5}, 6, 1, true, true},   {{3, 8, 1, 6}, 1, 0.5, false, true}, {{10, 6, 11, 3}, 4, 1, true, false},
        {{7, 1, 9, 8}, 9, 0.7, true, true}, {{4, 11, 6, 1}, 2, 1, false, false}, {{8, 5, 10, 2}, 0, 1, true, true},
    };
    hearing h, g;
    SONG(&h, &once[0], &once[1], &once[2], &once[3], &once[4], &once[5]);
    SONG(&g, &verse, &verse, &verse, &verse, &verse, &verse);
    assert_true(h.analysis.features.repetition < 0.2);
    assert_true(h.analysis.features.hook_strength < 0.2);
    assert_float_equal(g.analysis.features.repetition, 1, 0.01);
    assert_in_range(g.analysis.section_count, 1, 3);
    hearing_end(&h);
    hearing_end(&g);
}

static void energy_that_rises_has_an_arc(void **state) {
    (void)state;
    part step[6];
    hearing up, down;
    for (int i = 0; i < 6; i++) {
        step[i] = i % 2 ? chorus : verse;
        step[i].level = 0.1 * exp2(0.6 * i);
    }
    SONG(&up, &step[0], &step[1], &step[2], &step[3], &step[4], &step[5]);
    SONG(&down, &verse, &bridge, &intro, &intro, &bridge, &chorus);
    assert_true(up.analysis.features.energy_arc > 0.85);
    assert_true(down.analysis.features.energy_arc < 0.6);
    hearing_end(&up);
    hearing_end(&down);
}

static void silence_and_moments_have_no_form(void **state) {
    (void)state;
    hearing h;
    sound s = sound_new(RATE, 20);
    hearing_begin(&h, 1);
    h.analysis.features.duration_s = 20;
    h.analysis.features.hook_strength = NAN;
    const grm_ear *const order[] = {&grm_ear_level, &grm_ear_rhythm, &grm_ear_harmony, &grm_ear_form};
    for (size_t i = 0; i < GRM_COUNT(order); i++) hear_with(&h, order[i], &s, 4096);
    assert_int_equal(h.analysis.section_count, 0);
    assert_true(isnan(h.analysis.features.hook_strength));
    hearing_end(&h);
    free(s.x);
    SONG(&h, &verse);
    assert_int_equal(h.analysis.section_count, 0);
    hearing_end(&h);
}

static void threads_change_nothing(void **state) {
    (void)state;
    const part *const parts[] = {&intro, &verse, &chorus, &verse, &chorus};
    hearing a, b;
    hear_song(&a, parts, 5, 1, 65536);
    hear_song(&b, parts, 5, 2, 65536);
    assert_int_equal(a.analysis.section_count, b.analysis.section_count);
    assert_memory_equal(a.analysis.sections, b.analysis.sections,
                        a.analysis.section_count * sizeof *a.analysis.sections);
    assert_memory_equal(&a.analysis.features, &b.analysis.features, sizeof a.analysis.features);
    hearing_end(&a);
    hearing_end(&b);
}

// What is kept of a recording of four hours.
static void bars_without_number_are_joined(void **state) {
    (void)state;
    enum { COUNT = 7200 };
    double *bars = calloc(COUNT, sizeof *bars);
    grm_pitch_frame *notes = calloc(COUNT * 8, sizeof *notes);
    grm_colour_frame *colours = calloc(COUNT * 8, sizeof *colours);
    assert_true(bars && notes && colours);
    for (int i = 0; i < COUNT; i++) bars[i] = 2 * i;
    for (int i = 0; i < COUNT * 8; i++) notes[i].middle[i / 300 % 12] = notes[i].level = 0.1f;
    grm_pitch_series pitches = {COUNT * 8, notes, 0};
    grm_colour_series series = {COUNT * 8, 0.1, colours};
    grm_analysis a = {.downbeats_s = bars, .downbeat_count = COUNT, .notes = &pitches, .colours = &series};
    grm_form_units units;
    a.features.duration_s = 2 * COUNT;
    assert_int_equal(grm_form_units_make(&a, &units, NULL), GRM_OK);
    assert_int_equal(units.joined, 8);
    assert_int_equal(units.count, COUNT / 8);
    for (size_t i = 0; i < units.count; i++) assert_float_equal(units.at[i + 1] - units.at[i], 16, 1e-6);
    grm_form_units_clear(&units);
    free(colours);
    free(notes);
    free(bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_come_back_as_composed),
        cmocka_unit_test(energy_is_measured_by_section),
        cmocka_unit_test(silence_at_the_head_is_no_section),
        cmocka_unit_test(what_rings_out_is_no_section),
        cmocka_unit_test(the_hook_is_the_chorus),
        cmocka_unit_test(two_slow_bars_are_a_hook),
        cmocka_unit_test(a_hook_grows_with_its_likeness),
        cmocka_unit_test(what_never_comes_again_has_no_hook),
        cmocka_unit_test(energy_that_rises_has_an_arc),
        cmocka_unit_test(silence_and_moments_have_no_form),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(bars_without_number_are_joined),
        cmocka_unit_test(bars_of_half_the_size_make_the_same_sections),
        cmocka_unit_test(what_is_one_kind_depends_on_how_exactly_things_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
