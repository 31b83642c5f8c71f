// Chord symbols of the grammar, and names of percussion.
#include <string.h>

#include "style/style.h"

// Quality suffixes with what sounds above the root: bit n, n semitones. `minor` where the numeral is lower case.
static const struct {
    const char *suffix;
    unsigned major, minor;
} suffixes[] = {
#define N(n) (1u << (n))
    {"", N(0) | N(4) | N(7), N(0) | N(3) | N(7)},
    {"5", N(0) | N(7), N(0) | N(7)},
    {"6", N(0) | N(4) | N(7) | N(9), N(0) | N(3) | N(7) | N(9)},
    {"69", N(0) | N(4) | N(7) | N(9) | N(14), N(0) | N(3) | N(7) | N(9) | N(14)},
    {"7", N(0) | N(4) | N(7) | N(10), N(0) | N(3) | N(7) | N(10)},
    {"maj7", N(0) | N(4) | N(7) | N(11), N(0) | N(3) | N(7) | N(11)},
    {"mmaj7", N(0) | N(3) | N(7) | N(11), N(0) | N(3) | N(7) | N(11)},
    {"9", N(0) | N(4) | N(7) | N(10) | N(14), N(0) | N(3) | N(7) | N(10) | N(14)},
    {"maj9", N(0) | N(4) | N(7) | N(11) | N(14), N(0) | N(3) | N(7) | N(11) | N(14)},
    {"11", N(0) | N(7) | N(10) | N(14) | N(17), N(0) | N(3) | N(7) | N(10) | N(14) | N(17)},
    {"13", N(0) | N(4) | N(10) | N(14) | N(21), N(0) | N(3) | N(10) | N(14) | N(21)},
    {"add9", N(0) | N(4) | N(7) | N(14), N(0) | N(3) | N(7) | N(14)},
    {"sus2", N(0) | N(2) | N(7), N(0) | N(2) | N(7)},
    {"sus4", N(0) | N(5) | N(7), N(0) | N(5) | N(7)},
    {"7sus4", N(0) | N(5) | N(7) | N(10), N(0) | N(5) | N(7) | N(10)},
    {"9sus4", N(0) | N(5) | N(7) | N(10) | N(14), N(0) | N(5) | N(7) | N(10) | N(14)},
    {"dim", N(0) | N(3) | N(6), N(0) | N(3) | N(6)},
    {"dim7", N(0) | N(3) | N(6) | N(9), N(0) | N(3) | N(6) | N(9)},
    {"m7b5", N(0) | N(3) | N(6) | N(10), N(0) | N(3) | N(6) | N(10)},
    {"aug", N(0) | N(4) | N(8), N(0) | N(4) | N(8)},
    {"7b9", N(0) | N(4) | N(7) | N(10) | N(13), N(0) | N(4) | N(7) | N(10) | N(13)},
    {"7#9", N(0) | N(4) | N(7) | N(10) | N(15), N(0) | N(4) | N(7) | N(10) | N(15)},
    {"7alt", N(0) | N(4) | N(8) | N(10) | N(13), N(0) | N(4) | N(8) | N(10) | N(13)},
#undef N
};

// Reads accidentals and a Roman numeral: semitones above the tonic; 0 characters when there is none.
static size_t read_degree(const char *s, size_t length, int *semitones, bool *lower) {
    static const char *const romans[] = {"VII", "III", "VI", "IV", "II", "V", "I"};
    static const int degrees[] = {11, 4, 9, 5, 2, 7, 0};
    size_t at = 0;
    int shift = 0;
    while (at < length && at < 2 && (s[at] == 'b' || s[at] == '#')) shift += s[at++] == 'b' ? -1 : 1;
    for (size_t r = 0; r < GRM_COUNT(romans); r++) {
        size_t n = strlen(romans[r]);
        if (n > length - at) continue;
        for (int small = 0; small < 2; small++) {
            size_t i = 0;
            while (i < n && s[at + i] == (small ? romans[r][i] | 32 : romans[r][i])) i++;
            if (i < n) continue;
            *semitones = (degrees[r] + shift + 12) % 12;
            *lower = small;
            return at + n;
        }
    }
    return 0;
}

// A dominant seventh leads somewhere, be it to V (II7), in a tritone's place (bII7) or from behind (bVII7); those on
// I, IV and bVI are colours of blues and of the augmented sixth.
static char function_of(int root, unsigned members, bool secondary) {
    bool leading = (members >> 4 & 1) && (members >> 10 & 1);
    if (secondary || root == 7 || root == 11 || root == 1) return 'D';
    if (leading && root != 0 && root != 5 && root != 8) return 'D';
    if (root == 5 || root == 2 || root == 8 || root == 10 || root == 6) return 'S';
    return 'T';
}

bool grm_numeral_parse(const char *symbol, size_t length, grm_numeral *out) {
    *out = (grm_numeral){0};
    bool lower = false, secondary = false;
    size_t at = read_degree(symbol, length, &out->root, &lower);
    if (at == 0) return false;
    size_t suffix = at;
    while (suffix < length && !strchr("/^>", symbol[suffix])) suffix++;
    bool found = false;
    for (size_t i = 0; i < GRM_COUNT(suffixes) && !found; i++) {
        if (strlen(suffixes[i].suffix) != suffix - at || memcmp(suffixes[i].suffix, symbol + at, suffix - at) != 0)
            continue;
        out->members = lower ? suffixes[i].minor : suffixes[i].major;
        found = true;
    }
    if (!found) return false;
    out->bass = out->root;
    at = suffix;
    if (at < length && symbol[at] == '/') {  // of another degree
        int of;
        bool small;
        size_t n = read_degree(symbol + at + 1, length - at - 1, &of, &small);
        if (n == 0) return false;
        out->root = out->bass = (out->root + of) % 12;
        at += 1 + n;
        secondary = true;
    }
    if (at + 1 < length && symbol[at] == '^') {
        static const unsigned thirds[] = {3, 4, 5, 2}, fifths[] = {7, 6, 8}, sevenths[] = {10, 11, 9};
        const unsigned *wanted = symbol[at + 1] == '3' ? thirds : symbol[at + 1] == '5' ? fifths : sevenths;
        size_t count = symbol[at + 1] == '3' ? 4 : 3, i = 0;
        if (!strchr("357", symbol[at + 1])) return false;
        while (i < count && !(out->members >> wanted[i] & 1)) i++;
        if (i == count) return false;
        out->bass = (out->root + (int)wanted[i]) % 12;
        at += 2;
    } else if (at < length && symbol[at] == '>') {
        static const int scale[] = {0, 2, 4, 5, 7, 9, 11};
        size_t digit = at + 1;
        int shift = 0;
        if (digit < length && (symbol[digit] == 'b' || symbol[digit] == '#')) shift = symbol[digit++] == 'b' ? -1 : 1;
        if (digit >= length || symbol[digit] < '1' || symbol[digit] > '7') return false;
        out->bass = (scale[symbol[digit] - '1'] + shift + 12) % 12;
        at = digit + 1;
    }
    out->function = function_of(out->root, out->members, secondary);
    return at == length;
}

static const struct {
    const char *name;
    int key;
    grm_role role;
} pieces[] = {
    {"kick", 36, GRM_ROLE_KICK},
    {"snare", 38, GRM_ROLE_SNARE},
    {"clap", 39, GRM_ROLE_SNARE},
    {"rim", 37, GRM_ROLE_SNARE},
    {"hat", 42, GRM_ROLE_HATS},
    {"pedal", 44, GRM_ROLE_HATS},
    {"open", 46, GRM_ROLE_HATS},
    {"ride", 51, GRM_ROLE_HATS},
    {"bell", 53, GRM_ROLE_HATS},
    {"crash", 49, GRM_ROLE_HATS},
    {"china", 52, GRM_ROLE_HATS},
    {"splash", 55, GRM_ROLE_HATS},
    {"tom1", 50, GRM_ROLE_DRUMS},
    {"tom2", 48, GRM_ROLE_DRUMS},
    {"tom3", 45, GRM_ROLE_DRUMS},
    {"tom4", 41, GRM_ROLE_DRUMS},
    {"tambourine", 54, GRM_ROLE_PERCUSSION},
    {"shaker", 82, GRM_ROLE_PERCUSSION},
    {"cowbell", 56, GRM_ROLE_PERCUSSION},
    {"conga", 63, GRM_ROLE_PERCUSSION},
    {"conga-low", 64, GRM_ROLE_PERCUSSION},
    {"bongo", 60, GRM_ROLE_PERCUSSION},
    {"bongo-low", 61, GRM_ROLE_PERCUSSION},
    {"block", 76, GRM_ROLE_PERCUSSION},
    {"triangle", 81, GRM_ROLE_PERCUSSION},
    {"clave", 75, GRM_ROLE_PERCUSSION},
    {"snap", 26, GRM_ROLE_SNARE},
};

int grm_piece_key(const char *piece) {
    for (size_t i = 0; i < GRM_COUNT(pieces); i++)
        if (strcmp(pieces[i].name, piece) == 0) return pieces[i].key;
    return -1;
}

grm_role grm_piece_role(const char *piece) {
    for (size_t i = 0; i < GRM_COUNT(pieces); i++)
        if (strcmp(pieces[i].name, piece) == 0) return pieces[i].role;
    return GRM_ROLE_DRUMS;
}
