// How near words are to each other, and which are plain English.
#include <string.h>

#include "prompt/lexicon.h"

unsigned grm_spelling_distance(const char *a, const char *b, unsigned limit) {
    size_t m = strlen(a), n = strlen(b);
    if (m > GRM_MAX_LETTERS || n > GRM_MAX_LETTERS || (m > n ? m - n : n - m) > limit) return limit + 1;
    unsigned rows[3][GRM_MAX_LETTERS + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t k = 0; k <= n; k++) last[k] = (unsigned)k;
    for (size_t i = 1; i <= m; i++) {
        now[0] = (unsigned)i;
        for (size_t k = 1; k <= n; k++) {
            unsigned best = last[k - 1] + (a[i - 1] != b[k - 1]);
            if (last[k] + 1 < best) best = last[k] + 1;
            if (now[k - 1] + 1 < best) best = now[k - 1] + 1;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && before[k - 2] + 1 < best)
                best = before[k - 2] + 1;
            now[k] = best;
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[n] <= limit ? last[n] : limit + 1;
}

// The plain words lie sorted, one a line.
bool grm_spelling_is_plain(const char *word) {
    const grm_embedded *file = grm_embedded_find("data/plain_words.txt");
    if (!file) return false;
    const char *bytes = (const char *)file->bytes;
    size_t low = 0, high = file->size, length = strlen(word);
    while (low < high) {
        size_t middle = low + (high - low) / 2, start = middle;
        while (start > low && bytes[start - 1] != '\n') start--;
        size_t end = start;
        while (end < high && bytes[end] != '\n') end++;
        int order = strncmp(word, bytes + start, end - start < length ? end - start : length);
        if (order == 0) order = length < end - start ? -1 : length > end - start;
        if (order == 0) return true;
        if (order < 0) {
            high = start;
        } else {
            low = end < high ? end + 1 : high;
        }
    }
    return false;
}
