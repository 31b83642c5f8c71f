// A brief's life, and the names of keys.
#include <grammy/brief.h>
#include <string.h>

#include "prompt/holder.h"

void grm_brief_free(grm_brief *brief) {
    // The brief is its holder's first member; it and all its strings lie in the holder's memory.
    if (brief) grm_memory_free(((grm_brief_holder *)(void *)brief)->memory);
}

void grm_key_name(grm_key key, char text[16]) {
    static const char *const sharps[] = {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
    static const char *const flats[] = {"C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"};
    static const char *const modes[GRM_MODE_COUNT] = {"major",  "minor",      "dorian", "phrygian",
                                                      "lydian", "mixolydian", "locrian"};
    int tonic = (key.tonic % 12 + 12) % 12;
    const char *mode = key.mode >= 0 && key.mode < GRM_MODE_COUNT ? modes[key.mode] : modes[0];
    snprintf(text, 16, "%s %s", key.flat ? flats[tonic] : sharps[tonic], mode);
}

static const char *skip_blanks(const char *p) {
    while (*p == ' ' || *p == '-' || *p == '_' || *p == '\t') p++;
    return p;
}

// "#", "b", "sharp", "flat" and their typographic signs; 0 when there is none.
static int accidental(const char **at) {
    static const struct {
        const char *text;
        int steps;
    } signs[] = {{"sharp", 1}, {"flat", -1}, {"#", 1}, {"\xE2\x99\xAF", 1}, {"\xE2\x99\xAD", -1}, {"b", -1}};
    const char *p = skip_blanks(*at);
    for (size_t i = 0; i < GRM_COUNT(signs); i++) {
        size_t n = strlen(signs[i].text), k = 0;
        while (k < n && ((p[k] | (p[k] >= 'A' && p[k] <= 'Z' ? 32 : 0)) == signs[i].text[k])) k++;
        if (k < n) continue;
        if (n == 1 && p != *at) continue;  // "A b" is no A flat
        *at = p + n;
        return signs[i].steps;
    }
    return 0;
}

bool grm_key_parse(const char *text, grm_key *key) {
    static const struct {
        const char *name;
        grm_mode mode;
    } names[] = {
        {"", GRM_MAJOR},         {"major", GRM_MAJOR},       {"maj", GRM_MAJOR},     {"ionian", GRM_MAJOR},
        {"minor", GRM_MINOR},    {"min", GRM_MINOR},         {"m", GRM_MINOR},       {"aeolian", GRM_MINOR},
        {"dorian", GRM_DORIAN},  {"phrygian", GRM_PHRYGIAN}, {"lydian", GRM_LYDIAN}, {"mixolydian", GRM_MIXOLYDIAN},
        {"locrian", GRM_LOCRIAN}};
    static const int classes[] = {9, 11, 0, 2, 4, 5, 7};
    if (!text) return false;
    const char *p = skip_blanks(text);
    char letter = (char)(*p | 32);
    if (letter < 'a' || letter > 'g') return false;
    p++;
    int steps = accidental(&p);
    p = skip_blanks(p);
    char word[16];
    size_t n = 0;
    bool big_m = p[0] == 'M' && p[1] == 0;  // "FM" is F major as chord symbols go
    while (n + 1 < sizeof(word) && p[n] && p[n] != ' ') {
        word[n] = p[n] >= 'A' && p[n] <= 'Z' ? (char)(p[n] + 32) : p[n];
        n++;
    }
    word[n] = 0;
    if (*skip_blanks(p + n)) return false;
    for (size_t i = 0; i < GRM_COUNT(names); i++) {
        if (strcmp(word, names[i].name) != 0) continue;
        *key = (grm_key){(classes[letter - 'a'] + steps + 12) % 12, big_m ? GRM_MAJOR : names[i].mode, steps < 0};
        return true;
    }
    return false;
}
