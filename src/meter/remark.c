// {name}, {name:format} in texts. Formats: 0..9 decimals; size: without its sign; percent; time: m:ss; bars.
#include "meter/remark.h"

#include <math.h>
#include <string.h>

enum { MAX_WORD = 40 };

typedef struct sheet {
    char *out;
    size_t size, at;
} sheet;

// Appends whole UTF-8 characters only: a text that does not fit ends before the one that is cut.
static void put(sheet *s, const char *text, size_t length) {
    size_t room = s->size - 1 - s->at;
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    memcpy(s->out + s->at, text, length);
    s->at += length;
    s->out[s->at] = 0;
}

// With the minus sign of typography; what rounds to 0 has none.
static void put_number(sheet *s, double x, int decimals) {
    char text[64], minus[] = "\u2212";
    snprintf(text, sizeof text, "%.*f", decimals, fabs(x));
    if (x < 0 && strspn(text, "0.") < strlen(text)) put(s, minus, sizeof minus - 1);
    put(s, text, strlen(text));
}

static void put_clock(sheet *s, double seconds) {
    char text[32];
    long whole = lround(fabs(seconds));
    snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
    put(s, text, strlen(text));
}

// Seconds as bars of the track: whole phrases of four, at least one.
static double bars_of(const double *values, double seconds) {
    double bar = 60 / values[GRM_FIGURE_tempo_bpm] * values[GRM_FIGURE_beats_per_bar];
    double phrases = round(fabs(seconds) / bar / 4);
    return isfinite(phrases) ? 4 * fmax(1, phrases) : NAN;
}

static bool value_of(const grm_remark *p, const char *name, double *out) {
    double own = p->figure >= 0 ? p->values[p->figure] : NAN;
    int figure = grm_meter_figure(name);
    if (strcmp(name, "value") == 0)
        *out = own;
    else if (strcmp(name, "good") == 0)
        *out = p->good;
    else if (strcmp(name, "gap") == 0)
        *out = fabs(p->good - own);
    else
        *out = figure >= 0 ? p->values[figure] : NAN;
    return isfinite(*out);
}

static bool put_value(sheet *s, const grm_remark *p, const char *name, const char *format) {
    double x;
    if (strcmp(name, "genre") == 0) {
        put(s, p->genre, strlen(p->genre));
        return true;
    }
    if (!value_of(p, name, &x)) return false;
    if (strcmp(format, "time") == 0) {
        put_clock(s, x);
    } else if (strcmp(format, "bars") == 0) {
        if (!isfinite(x = bars_of(p->values, x))) return false;
        put_number(s, x, 0);
    } else if (strcmp(format, "percent") == 0) {
        put_number(s, 100 * x, 0);
        put(s, " %", 2);
    } else if (strcmp(format, "size") == 0) {
        put_number(s, fabs(x), 1);
    } else {
        put_number(s, x, format[0] >= '0' && format[0] <= '9' ? format[0] - '0' : 1);
    }
    return true;
}

static bool write_text(const char *text, const grm_remark *p, sheet *s) {
    while (*text) {
        size_t plain = strcspn(text, "{");
        put(s, text, plain);
        text += plain;
        if (!*text) break;
        size_t length = strcspn(++text, "}");
        char word[MAX_WORD];
        if (length >= sizeof word || !text[length]) return false;
        memcpy(word, text, length);
        word[length] = 0;
        text += length + 1;
        char *format = strchr(word, ':');
        if (format) *format++ = 0;
        if (!put_value(s, p, word, format ? format : "")) return false;
    }
    return true;
}

bool grm_remark_write(const grm_texts *texts, const grm_remark *phrase, char *out, size_t size) {
    double way = fabs(phrase->good - (phrase->figure >= 0 ? phrase->values[phrase->figure] : NAN));
    for (size_t i = 0; i < texts->count; i++) {
        sheet s = {out, size, 0};
        if (way > texts->up_to[i]) continue;
        if (write_text(texts->items[i], phrase, &s)) return true;
    }
    out[0] = 0;
    return false;
}
