// The noise that a recording has where nobody plays: hiss, hum, a room. It is told from soft music by being always the
// same, and by lying well below everything else.
#include <stdlib.h>

#include "mix/internal.h"

enum {
    LOWEST = -100,  // dB
    LEVELS = 100,   // of 1 dB
    FLOOR = 4,      // levels that the floor's tenths of a second stay within
    MOAT = 5,       // levels above it that hold little
};

static size_t level_of(double power) {
    double level = 10 * log10(power + 1e-20) - LOWEST;
    return level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : (size_t)level;
}

static size_t count_from(const size_t *tenths, size_t level, size_t levels) {
    size_t sum = 0;
    for (size_t i = level; i < level + levels && i < LEVELS; i++) sum += tenths[i];
    return sum;
}

// An octave at the moments at which only the floor sounds: dB, in ascending order.
static size_t take_octave(const grm_stem_facts *f, const double *tenths, size_t count, size_t level, size_t band,
                          float *out) {
    size_t found = 0;
    for (size_t t = 0; t < f->looks; t++) {
        size_t tenth = (size_t)((double)t * GRM_MIX_LOOK * 10 / GRM_RATE);
        if (tenth + 1 >= count || level_of(tenths[tenth]) < level || level_of(tenths[tenth]) >= level + FLOOR ||
            level_of(tenths[tenth + 1]) >= level + FLOOR)
            continue;
        out[found++] = 10 * log10f(f->look[t * GRM_MIX_BANDS + band] + 1e-15f);
    }
    grm_sort_floats(out, found);
    return found;
}

// Whether octaves from 500 Hz to 8 kHz stand still at those moments, the middle half of them within 2.5 dB, and none is
// empty: the noise's mark.
static bool stands_still(const grm_stem_facts *f, const double *tenths, size_t count, size_t level) {
    float *db = calloc(f->looks + 1, sizeof *db), strongest = -200, weakest = 200;
    bool still = db != NULL;
    for (size_t b = 4; b < 9 && still; b++) {
        size_t found = take_octave(f, tenths, count, level, b, db);
        still = found >= 3 && db[found * 3 / 4] - db[found / 4] < 2.5f;
        strongest = fmaxf(strongest, found ? db[found / 2] : -200);
        weakest = fminf(weakest, found ? db[found / 2] : -200);
    }
    free(db);
    return still && weakest > strongest - 25;
}

float grm_stem_noise_db(const grm_stem_facts *facts, const double *tenths, size_t count) {
    const double share = 0.05, below = 12;  // of the time; dB under the stem's loudness
    size_t levels[LEVELS] = {0};
    for (size_t i = 0; i < count; i++) levels[level_of(tenths[i])]++;
    levels[0] = 0;  // silence is none
    for (size_t level = 1; level + FLOOR < LEVELS; level++) {
        size_t here = count_from(levels, level, FLOOR), above = count_from(levels, level + FLOOR, MOAT);
        if (here == 0) continue;
        double top = LOWEST + (double)(level + FLOOR);
        if (top > facts->lufs - below) break;
        if (here < 8 || (double)here < share * (double)count || 2 * above > here) continue;
        // The window may begin below the floor: it holds most where it fits.
        while (level + FLOOR < LEVELS && count_from(levels, level + 1, FLOOR) >= here && levels[level] == 0) level++;
        if (stands_still(facts, tenths, count, level)) return (float)(LOWEST + (double)level) + FLOOR / 2.0f;
    }
    return GRM_NO_NOISE;
}
