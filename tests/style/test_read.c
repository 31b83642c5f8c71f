// Reading a style from text: what is in it, and where each mistake is said to stand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalogue.h"
#include "style/style.h"

// A style with one of everything; the lines are counted below.
static const char small_style[] =
    "name: test\n"                                                               // 1
    "title: Test\n"                                                              // 2
    "tempo: {low: 80, typical: 90, high: 100}\n"                                 // 3
    "metres: [4/4, {text: 3/4, weight: 0.5}]\n"                                  // 4
    "modes: [minor]\n"                                                           // 5
    "harmony:\n"                                                                 // 6
    "  - symbol: verse\n"                                                        // 7
    "    charts:\n"                                                              // 8
    "      - \"i | bVI bVII\"\n"                                                 // 9
    "      - {text: \"$turn | V7\", weight: 2, mode: minor}\n"                   // 10
    "  - symbol: turn\n"                                                         // 11
    "    charts: [\"i | % | iv\"]\n"                                             // 12
    "melody:\n"                                                                  // 13
    "  rhythms: [x---x---x-------]\n"                                            // 14
    "  phrases: [\"a a' b .\"]\n"                                                // 15
    "parts:\n"                                                                   // 16
    "  - {name: Lead Melody, role: lead, play: melody, instruments: [flute]}\n"  // 17
    "  - name: Lead\n"                                                           // 18
    "    role: bass\n"                                                           // 19
    "    play: bass\n"                                                           // 20
    "    instruments: [{id: finger-bass, weight: 2}]\n"                          // 21
    "    register: [28, 50]\n"                                                   // 22
    "    figures: [R-------5---a---, {text: R-------5---, metre: 3/4}]\n"        // 23
    "  - {name: Kit, role: drums, play: drums, instruments: [standard-kit]}\n"   // 24
    "patterns:\n"                                                                // 25
    "  - name: groove\n"                                                         // 26
    "    energy: [0.2, 1]\n"                                                     // 27
    "    lanes:\n"                                                               // 28
    "      kick: X.......x.x.....\n"                                             // 29
    "      snare: ....X.......X..o....X.......X.r.\n"                            // 30
    "  - {name: fill, fill: large, lanes: {snare: xxxx}}\n"                      // 31
    "sections:\n"                                                                // 32
    "  - kind: verse\n"                                                          // 33
    "    tune: a\n"                                                              // 34
    "    energy: [0.4, 0.5]\n"                                                   // 35
    "    players: [\"Lead Melody@2 Lead Kit\", \"Lead<4\"]\n"                    // 36
    "forms: [\"verse:8 verse:4\"]\n"                                             // 37
    "palette: [\"#102030\"]\n";                                                  // 38

static grm_status read_text(const char *text, size_t size, grm_memory *memory, grm_style *style, grm_error *err) {
    return grm_style_read("t.yaml", (const uint8_t *)text, size, catalogue, memory, style, err);
}

static void a_style_is_read_as_it_stands(void **state) {
    (void)state;
    grm_memory *memory = grm_memory_new();
    grm_style style;
    grm_error err = {0};
    if (read_text(small_style, strlen(small_style), memory, &style, &err) != GRM_OK) fail_msg("%s", err.message);
    assert_string_equal(style.name, "test");
    assert_int_equal(style.metres.count, 2);
    assert_true(style.metres.items[1].weight == 0.5f);
    assert_int_equal(style.rule_count, 2);
    assert_false(style.rules[0].charts.items[1].major);
    assert_true(style.rules[0].charts.items[1].minor && style.rules[0].charts.items[0].major);
    assert_int_equal(style.part_count, 3);
    assert_int_equal(style.parts[1].low, 28);
    assert_int_equal(style.parts[1].figures.items[1].metre.beats, 3);
    assert_string_equal(style.parts[1].instruments.items[0].text, "finger-bass");
    assert_int_equal(style.pattern_count, 2);
    assert_int_equal(style.patterns[0].lane_count, 2);
    assert_false(style.patterns[0].fill);
    assert_true(style.patterns[1].fill && style.patterns[1].large);
    assert_int_equal(style.sections[0].energy_count, 2);
    assert_int_equal(style.sections[0].players.count, 2);
    assert_ptr_equal(grm_style_section(&style, "verse"), &style.sections[0]);
    assert_null(grm_style_section(&style, "chorus"));
    assert_ptr_equal(grm_style_part_find(&style, "Kit"), &style.parts[2]);
    assert_null(grm_style_part_find(&style, "kit"));
    grm_memory_free(memory);
}

typedef struct mistake {
    const char *right, *wrong;  // the first occurrence is replaced
    const char *place, *word;   // the message begins with "t.yaml:place: " and holds the word
} mistake;

static void each_mistake_is_named_with_its_place(void **state) {
    (void)state;
    static const mistake table[] = {
        {"title:", "titel:", "2:1", "titel"},
        {"title: Test", "title: [Test", "3:6", ""},    // the list never ends: libyaml sees it at the next key
        {"title: Test", "title: \"Test", "9:10", ""},  // the quote ends where the next one begins
        {"title: Test", "name: Test", "2:1", "twice"},
        {"low: 80", "low: slow", "3:14", "slow"},
        {"low: 80", "low: 8", "3:14", "20"},
        {"high: 100", "high: 85", "", ""},
        {"metres: [4/4", "metres: [4/5", "4:10", "4/5"},
        {"metre: 3/4}", "metre: 3/0}", "23:61", "3/0"},
        {"modes: [minor]", "modes: [moll]", "5:9", "moll"},
        {"bVI bVII", "bVI H", "9:9", "H"},
        {"i | bVI bVII", "i || bVI", "9:9", "no chord"},
        {"i | bVI bVII", "% | bVI", "9:9", "repeat"},
        {"bVI bVII", "i i i i i", "9:9", "more than"},
        {"\"$turn | V7\"", "\"$turm | V7\"", "10:9", "turm"},
        {"\"$turn | V7\"", "\"$turn V7\"", "10:16", "shares"},
        {"\"i | % | iv\"", "\"i | $verse\"", "12:14", "without end"},
        {"\"i | % | iv\"", "\"i | $turn\"", "12:14", "without end"},
        {"symbol: turn", "symbol: verse", "10:9", "no rule"},
        {"mode: minor}", "mode: sad}", "10:47", "sad"},
        {"weight: 2, mode", "weight: -2, mode", "10:38", "-2"},
        {"x---x---x-------", "x---x---x------", "14:13", "15 steps"},
        {"x---x---x-------", "x---x---y-------", "14:13", "\"y\""},
        {"x---x---x-------", "\"x---(x-y)x-------\"", "14:13", "\"y\" at place 8"},
        {"x---x---x-------", "\"x---(x-xx-------\"", "14:13", "group at place 5"},
        {"x---x---x-------", "\"x---[]--x-------\"", "14:13", "group at place 5"},
        {"x---x---x-------", "\"x---x)--x-------\"", "14:13", "\")\""},
        {"a a' b .", "a a' z .", "15:13", "\"z\""},
        {"a a' b .", "a a' b", "15:13", "3 units"},
        {"role: bass", "role: boss", "19:11", "boss"},
        {"play: bass", "play: sing", "20:11", "sing"},
        {"finger-bass", "finger-bess", "21:24", "finger-bess"},
        {"instruments: [flute]", "instruments: [floot]", "17:65", "floot"},
        {"register: [28, 50]", "register: [28]", "22:15", "register"},
        {"R-------5---a---", "R-------q---a---", "23:15", "\"q\""},
        {"R-------5---, metre", "R-------5---5---, metre", "23:40", "16 steps"},
        {"    figures: [R-------5---a---, {text: R-------5---, metre: 3/4}]\n", "", "18:5", "figures"},
        {"name: Kit", "name: Lead", "24:5", "second part"},
        {"      kick:", "      kik:", "29:7", "kik"},
        {"X.......x.x.....", "X.......x.x....", "29:13", "15 steps"},
        {"....X.......X..o", "....X.......X..z", "30:14", "\"z\""},
        {"fill: large", "fill: huge", "31:24", "huge"},
        {"energy: [0.2, 1]", "energy: [0.2, 3]", "27:19", "3"},
        {"energy: [0.4, 0.5]", "energy: []", "33:5", "energy"},
        {"Lead Kit", "Lead Kat", "", "Kat"},
        {"Lead<4", "Lead<4x", "", "@bar"},
        {"verse:8", "chorus:8", "37:9", "chorus"},
        {"verse:8", "verse", "37:9", "bars"},
        {"verse:8", "verse:800", "37:9", "64"},
        {"#102030", "blue", "", "blue"},
        {"title: Test", "title: &a Test", "2:8", "anchors"},
        {"title: Test", "title: Te\xffst", "2:10", "UTF-8"},
        {"palette: [\"#102030\"]\n", "---\nname: again\n", "38:1", "second document"},
    };
    for (size_t i = 0; i < GRM_COUNT(table); i++) {
        const mistake *m = &table[i];
        const char *at = strstr(small_style, m->right);
        if (!at) fail_msg("\"%s\" is not in the style", m->right);
        char text[sizeof small_style + 256], place[64];
        int length = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - small_style), small_style, m->wrong,
                              at + strlen(m->right));
        grm_memory *memory = grm_memory_new();
        grm_style style;
        grm_error err = {0};
        grm_status status = read_text(text, (size_t)length, memory, &style, &err);
        snprintf(place, sizeof place, *m->place ? "t.yaml:%s: " : "t.yaml:%s", m->place);
        if (status != GRM_BAD_INPUT) fail_msg("\"%s\" was read", m->wrong);
        if (strncmp(err.message, place, strlen(place)) != 0 || !strstr(err.message, m->word))
            fail_msg("\"%s\" for \"%s\": %s (wanted at %s)", m->wrong, m->right, err.message, m->place);
        grm_memory_free(memory);
    }
}

static void hostile_text_is_refused_quickly(void **state) {
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE + 2);
    assert_non_null(text);
    static const char *const motifs[] = {"[", "{a: ", "- ", "? ", "&a x, ", "a: b\n", "x", "\"", "%", "!", "|\n "};
    for (size_t m = 0; m < GRM_COUNT(motifs); m++) {
        size_t used = (size_t)snprintf(text, SIZE, "name: ["), length = strlen(motifs[m]);
        for (; used + length < SIZE; used += length) memcpy(text + used, motifs[m], length);
        grm_memory *memory = grm_memory_new();
        grm_style style;
        grm_error err = {0};
        assert_int_equal(read_text(text, used, memory, &style, &err), GRM_BAD_INPUT);
        assert_int_equal(strncmp(err.message, "t.yaml:", 7), 0);
        grm_memory_free(memory);
    }
    memset(text, ' ', SIZE + 1);
    grm_style style;
    grm_error err = {0};
    grm_memory *memory = grm_memory_new();
    assert_int_equal(read_text(text, SIZE + 1, memory, &style, &err), GRM_BAD_INPUT);  // too long
    assert_int_equal(read_text(text, 0, memory, &style, &err), GRM_BAD_INPUT);         // empty
    grm_memory_free(memory);
    free(text);
}

// Whatever a byte turns into, the reader either reads it or says where it stopped.
static void damaged_styles_are_read_or_refused(void **state) {
    (void)state;
    grm_rng rng = grm_rng_new(1, "damage");
    char text[sizeof small_style];
    for (int round = 0; round < 2000; round++) {
        memcpy(text, small_style, sizeof text);
        unsigned hits = 1 + grm_rng_below(&rng, 3);
        for (unsigned i = 0; i < hits; i++) {
            unsigned at = grm_rng_below(&rng, sizeof text - 1);
            static const char bytes[] = "\0\n :-[]{}\"'|%$#&*09az.@<\xc3\xff";
            text[at] = bytes[grm_rng_below(&rng, sizeof bytes - 1)];
        }
        grm_memory *memory = grm_memory_new();
        grm_style style;
        grm_error err = {0};
        grm_status status = read_text(text, sizeof text - 1, memory, &style, &err);
        assert_true(status == GRM_OK || status == GRM_BAD_INPUT);
        if (status == GRM_BAD_INPUT && strncmp(err.message, "t.yaml:", 7) != 0) fail_msg("%s", err.message);
        grm_memory_free(memory);
    }
}

static void write_file(const char *folder, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void a_users_folder_adds_and_replaces(void **state) {
    (void)state;
    char folder[] = "/tmp/grammy-styles-XXXXXX", text[sizeof small_style + 64];
    assert_non_null(mkdtemp(folder));
    write_file(folder, "test.yaml", small_style);
    snprintf(text, sizeof text, "name: pop%s", strchr(small_style, '\n'));
    write_file(folder, "mine.yaml", text);
    write_file(folder, "notes.txt", "not a style");
    grm_catalogue *own = NULL;
    grm_error err = {0};
    if (grm_catalogue_new(folder, &own, &err) != GRM_OK) fail_msg("%s", err.message);
    assert_int_equal(own->style_count, catalogue->style_count + 1);
    assert_non_null(grm_style_find(own, "test"));
    assert_string_equal(grm_style_find(own, "pop")->title, "Test");
    for (size_t i = 1; i < own->style_count; i++) assert_true(strcmp(own->styles[i - 1].name, own->styles[i].name) < 0);
    grm_catalogue_free(own);

    write_file(folder, "broken.yaml", "name: broken\nspeed: 3\n");
    assert_int_equal(grm_catalogue_new(folder, &own, &err), GRM_BAD_INPUT);
    assert_non_null(strstr(err.message, "broken.yaml:2:1: "));
    assert_null(own);
    grm_folder_remove(folder);
    assert_int_equal(grm_catalogue_new(folder, &own, &err), GRM_BAD_INPUT);  // a folder that was named must be there
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_style_is_read_as_it_stands),     cmocka_unit_test(each_mistake_is_named_with_its_place),
        cmocka_unit_test(hostile_text_is_refused_quickly),  cmocka_unit_test(damaged_styles_are_read_or_refused),
        cmocka_unit_test(a_users_folder_adds_and_replaces),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
