// What every built-in style and instrument has.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue.h"
#include "style/style.h"

static void a_style_is_called_as_its_file(void **state) {
    (void)state;
    size_t files = 0;
    for (size_t i = 0; i < grm_embedded_count; i++) {
        char name[80];
        if (sscanf(grm_embedded_files[i].path, "styles/%79[a-z0-9-].yaml", name) != 1) continue;
        files++;
        if (!grm_style_find(catalogue, name)) fail_msg("%s holds no style %s", grm_embedded_files[i].path, name);
    }
    assert_int_equal(files, catalogue->style_count);
    assert_null(grm_style_find(catalogue, "no-such-style"));
}

static bool draws(const grm_choices *choices, bool minor, size_t *count) {
    *count = 0;
    for (size_t i = 0; i < choices->count; i++)
        *count += (minor ? choices->items[i].minor : choices->items[i].major) && choices->items[i].weight > 0;
    return *count > 0;
}

// The modes of a style can be overruled by a prompt, so that each symbol has chords for both.
static void every_symbol_has_charts_in_major_and_minor(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        const grm_style *style = &catalogue->styles[s];
        for (size_t r = 0; r < style->rule_count; r++) {
            size_t count;
            for (int minor = 0; minor < 2; minor++)
                if (!draws(&style->rules[r].charts, minor, &count))
                    fail_msg("%s: %s has no chart in %s", style->name, style->rules[r].symbol,
                             minor ? "minor" : "major");
        }
    }
}

static void every_style_has_a_tune_a_low_end_and_forms(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        const grm_style *style = &catalogue->styles[s];
        size_t tunes = 0, low = 0, drums = 0, grooves = 0, fills = 0;
        for (size_t i = 0; i < style->part_count; i++) {
            tunes += style->parts[i].play == GRM_PLAY_MELODY;
            low += style->parts[i].role == GRM_ROLE_BASS;
            drums += style->parts[i].play == GRM_PLAY_DRUMS;
        }
        for (size_t i = 0; i < style->pattern_count; i++) {
            grooves += !style->patterns[i].fill;
            fills += style->patterns[i].fill;
        }
        if (!tunes || !low) fail_msg("%s: %zu tunes, %zu basses", style->name, tunes, low);
        if (drums && (grooves < 3 || fills < 2)) fail_msg("%s: %zu grooves, %zu fills", style->name, grooves, fills);
        if (style->forms.count < 3) fail_msg("%s: %zu forms", style->name, style->forms.count);
        if (style->melody.rhythms.count < 6) fail_msg("%s: %zu rhythms", style->name, style->melody.rhythms.count);
        assert_true(style->tempo_low <= style->tempo_typical && style->tempo_typical <= style->tempo_high);
        assert_true(style->title_words.count >= 8 && style->palette.count >= 3);
    }
}

static bool in_form(const char *form, const char *kind) {
    for (const char *at = form; (at = strstr(at, kind)) != NULL; at++)
        if ((at == form || at[-1] == ' ') && at[strlen(kind)] == ':') return true;
    return false;
}

// A part that no section names, or a section that no form names, is a mistake nobody would hear of. Sections that a
// prompt may ask for by name (bridge, solo, break ...) need no form.
static void nothing_in_a_style_is_left_over(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        const grm_style *style = &catalogue->styles[s];
        for (size_t p = 0; p < style->part_count; p++) {
            bool plays = style->parts[p].when_asked;
            for (size_t i = 0; i < style->section_count; i++)
                for (size_t w = 0; w < style->sections[i].players.count; w++)
                    plays = plays || strstr(style->sections[i].players.items[w], style->parts[p].name);
            if (!plays) fail_msg("%s: no section has %s play", style->name, style->parts[p].name);
        }
        size_t used = 0;
        for (size_t i = 0; i < style->section_count; i++) {
            bool named = false;
            for (size_t f = 0; f < style->forms.count; f++)
                named = named || in_form(style->forms.items[f].text, style->sections[i].kind);
            used += named;
        }
        if (used < 3) fail_msg("%s: %zu kinds of section in its forms", style->name, used);
    }
}

static void parts_can_be_played_on_their_instruments(void **state) {
    (void)state;
    for (size_t s = 0; s < catalogue->style_count; s++) {
        const grm_style *style = &catalogue->styles[s];
        for (size_t p = 0; p < style->part_count; p++) {
            const grm_style_part *part = &style->parts[p];
            if (!part->high) continue;
            for (size_t i = 0; i < part->instruments.count; i++) {
                const grm_instrument *instrument = grm_instrument_find(catalogue, part->instruments.items[i].text);
                int low = part->low > instrument->low ? part->low : instrument->low;
                int high = part->high < instrument->high ? part->high : instrument->high;
                if (high - low < 7)
                    fail_msg("%s: %s on %s has %d..%d", style->name, part->name, instrument->id, low, high);
            }
        }
    }
}

static void instruments_are_sorted_and_whole(void **state) {
    (void)state;
    assert_true(catalogue->instrument_count >= 100);
    for (size_t i = 0; i < catalogue->instrument_count; i++) {
        const grm_instrument *instrument = &catalogue->instruments[i];
        if (i) assert_true(strcmp(catalogue->instruments[i - 1].id, instrument->id) < 0);
        if (instrument->low >= instrument->high)
            fail_msg("%s: %d..%d", instrument->id, instrument->low, instrument->high);
        if (!instrument->title || !instrument->family) fail_msg("%s has no title or family", instrument->id);
        assert_true(instrument->bank == 0 || instrument->bank == 128);
        if (strcmp(instrument->family, "texture") == 0 || strcmp(instrument->family, "fx") == 0)
            assert_non_null(instrument->voice);
        for (size_t w = 0; w < instrument->synonyms.count; w++)
            for (const char *c = instrument->synonyms.items[w]; *c; c++)
                if (*c >= 'A' && *c <= 'Z')
                    fail_msg("%s: \"%s\" is not lower case", instrument->id, instrument->synonyms.items[w]);
    }
    assert_null(grm_instrument_find(catalogue, "no-such-instrument"));
}

// Two styles that answer to the same words would make it chance which one plays.
static void no_two_styles_answer_to_the_same_words(void **state) {
    (void)state;
    for (size_t a = 0; a < catalogue->style_count; a++)
        for (size_t b = a + 1; b < catalogue->style_count; b++)
            for (size_t i = 0; i < catalogue->styles[a].synonyms.count; i++)
                for (size_t j = 0; j < catalogue->styles[b].synonyms.count; j++)
                    if (strcmp(catalogue->styles[a].synonyms.items[i], catalogue->styles[b].synonyms.items[j]) == 0)
                        fail_msg("%s and %s: \"%s\"", catalogue->styles[a].name, catalogue->styles[b].name,
                                 catalogue->styles[a].synonyms.items[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_style_is_called_as_its_file),
        cmocka_unit_test(every_symbol_has_charts_in_major_and_minor),
        cmocka_unit_test(every_style_has_a_tune_a_low_end_and_forms),
        cmocka_unit_test(nothing_in_a_style_is_left_over),
        cmocka_unit_test(parts_can_be_played_on_their_instruments),
        cmocka_unit_test(instruments_are_sorted_and_whole),
        cmocka_unit_test(no_two_styles_answer_to_the_same_words),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
