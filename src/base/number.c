// Numbers as people write them.
#include "base/base.h"

enum { MOST_DIGITS = 15 };  // below 2^53, so that mantissa and power of ten are exact and one division rounds

bool grm_number_read(const char *text, double *out) {
    double mantissa = 0.0, scale = 1.0;
    bool negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    int digits = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9'; c++) {
        mantissa = mantissa * 10.0 + (*c - '0');
        if (mantissa > 0.0 && ++digits > MOST_DIGITS) return false;
    }
    if (c == text) return false;
    if (*c == '.') {
        const char *fraction = ++c;
        for (; *c >= '0' && *c <= '9'; c++) {
            if (digits >= MOST_DIGITS || scale >= 1e15) continue;  // finer than a double can tell
            mantissa = mantissa * 10.0 + (*c - '0');
            scale *= 10.0;
            digits += mantissa > 0.0;
        }
        if (c == fraction) return false;
    }
    if (*c) return false;
    *out = (negative ? -mantissa : mantissa) / scale;
    return true;
}
