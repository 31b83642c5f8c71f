// The word that was meant.
#include <string.h>

#include "base/base.h"

// Damerau's distance with adjacent swaps (optimal string alignment), words of up to 31 letters.
static int distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);
    int d[33][33];
    if (n > 31 || m > 31) return 99;
    for (size_t i = 0; i <= n; i++) d[i][0] = (int)i;
    for (size_t j = 0; j <= m; j++) d[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[n][m];
}

const char *grm_nearest_word(const char *word, const char *const *words, size_t count) {
    const char *nearest = NULL;
    int least = strlen(word) > 5 ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        int far = distance(word, words[i]);
        if (far < least || (far == least && !nearest)) least = far, nearest = words[i];
    }
    return nearest;
}
