#include "cli/card.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 48, USUAL = 80, WIDEST = 110, MOST_LINES = 6 };

// ---- how ----

static bool says_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (!value || !value[0]) continue;
        for (const char *c = value; *c; c++)
            if (strncasecmp(c, "utf-8", 5) == 0 || strncasecmp(c, "utf8", 4) == 0) return true;
        return false;
    }
    return false;
}

grm_card_look grm_card_look_find(void) {
    bool terminal = isatty(STDOUT_FILENO) == 1;
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM"), *columns = getenv("COLUMNS");
    struct winsize size = {0};
    long width = columns ? strtol(columns, NULL, 10) : 0;
    if (width <= 0 && terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width = size.ws_col;
    if (width <= 0) width = USUAL;
    if (width < NARROWEST) width = NARROWEST;
    if (width > WIDEST) width = WIDEST;
    return (grm_card_look){.out = stdout,
                           .width = (unsigned)width,
                           .colour = terminal && !(no_colour && no_colour[0]) && !(kind && strcmp(kind, "dumb") == 0),
                           .utf8 = !terminal || says_utf8()};
}

// ---- pieces ----

typedef enum ink { PLAIN, BOLD, FAINT, GOOD, FAIR, POOR } ink;

static void dip(const grm_card_look *l, ink colour) {
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[31m"};
    if (l->colour) fputs(codes[colour], l->out);
}

static ink ink_of(double score) {
    return score >= 70 ? GOOD : score >= 45 ? FAIR : POOR;
}

// Text for a terminal that may not know UTF-8; what it can't show becomes its nearest letter.
static void put(const grm_card_look *l, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (l->utf8 || c < 0x80) {
            fputc(c < 0x20 || c == 0x7f ? '?' : c, l->out);  // file names may hold anything
        } else if (strncmp(text + i, "\u2212", 3) == 0) {
            fputc('-', l->out);
            i += 2;
        } else if ((c & 0xC0) == 0xC0) {
            fputc('?', l->out);
        }
    }
}

static size_t columns_of(const char *text, size_t length) {
    size_t columns = 0;
    for (size_t i = 0; i < length; i++) columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    return columns;
}

// Breaks between words; following lines are indented by `indent` columns, where the first begins already, or has gone
// on by `taken` columns.
static void put_wrapped(const grm_card_look *l, const char *text, unsigned indent, unsigned taken) {
    unsigned at = indent + taken;
    for (bool first = true; *text; first = false) {
        size_t length = strcspn(text, " "), columns = columns_of(text, length);
        if (!first && at + 1 + columns > l->width) {
            fprintf(l->out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', l->out);
            at++;
        }
        put(l, text, length);
        at += (unsigned)columns;
        text += length;
        while (*text == ' ') text++;
    }
    fputc('\n', l->out);
}

static void put_bar(const grm_card_look *l, double score, unsigned width) {
    unsigned full = isnan(score) ? 0 : (unsigned)(score / 100 * width + 0.5);
    dip(l, ink_of(score));
    for (unsigned i = 0; i < full; i++) fputs(l->utf8 ? "\u2588" : "#", l->out);
    dip(l, PLAIN);
    dip(l, FAINT);
    for (unsigned i = full; i < width; i++) fputs(l->utf8 ? "\u2591" : ".", l->out);
    dip(l, PLAIN);
}

// "mix_balance" as words, the first letter large when `title`.
static void put_name(const grm_card_look *l, const char *name, bool title) {
    for (size_t at = 0; name[at]; at++) {
        char c = name[at] == '_' ? ' ' : name[at];
        fputc(title && at == 0 && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c, l->out);
    }
}

static void put_score(const grm_card_look *l, double score) {
    if (isnan(score)) {
        fputs("  -", l->out);
        return;
    }
    dip(l, ink_of(score));
    fprintf(l->out, "%3.0f", score);
    dip(l, PLAIN);
}

// ---- the card ----

static void put_head(const grm_card_look *l, const char *name, const grm_analysis *a, const grm_report *r) {
    const grm_features *f = &a->features;
    // where the path is too long, its last part
    const char *slash = columns_of(name, strlen(name)) + 4 > l->width ? strrchr(name, '/') : NULL;
    long seconds = lround(f->duration_s);
    const char *dot = l->utf8 ? " \u00b7 " : ", ";
    fputc('\n', l->out);
    dip(l, BOLD);
    fputs("  ", l->out);
    put(l, slash ? slash + 1 : name, strlen(slash ? slash + 1 : name));
    dip(l, PLAIN);
    fprintf(l->out, "\n  ");
    char facts[280], tempo[32] = "", key[32] = "", voice[40] = "";
    if (isfinite(f->tempo_bpm)) snprintf(tempo, sizeof tempo, "%s%.1f BPM", dot, f->tempo_bpm);
    if (f->key[0]) snprintf(key, sizeof key, "%s%s", dot, f->key);
    if (f->voice_likeness > 0.5) snprintf(voice, sizeof voice, "%svoice in %.0f %%", dot, 100 * f->voice_share);
    snprintf(facts, sizeof facts, "%ld:%02ld%s%.4g kHz%s%s%s%s%s%s%s%s", seconds / 60, seconds % 60, dot,
             f->sample_rate_hz / 1000, dot,
             f->channels == 1   ? "mono"
             : f->channels == 2 ? "stereo"
                                : "surround",
             tempo, key, voice, dot, r->genre[0] ? r->genre : "any genre (--genre tells)",
             a->lightweight ? ", lightweight" : "");
    dip(l, FAINT);
    put_wrapped(l, facts, 2, 0);
    dip(l, PLAIN);
    fputc('\n', l->out);
}

static void put_gauge(const grm_card_look *l, const grm_report *r) {
    fputs("  ", l->out);
    dip(l, BOLD);
    put_score(l, floor(r->overall));  // as ratings go: 69.7 is not yet 70
    fputs("  ", l->out);
    put_bar(l, r->overall, l->width > 70 ? 40 : l->width - 30);
    dip(l, BOLD);
    fprintf(l->out, "  %s\n\n", r->rating);
    dip(l, PLAIN);
}

static void put_category(const grm_card_look *l, const grm_category *c) {
    unsigned bar = l->width >= 76 ? 20 : 14;
    fputs("  ", l->out);
    put_score(l, c->score);
    fputs("  ", l->out);
    put_bar(l, c->score, bar);
    fputs("  ", l->out);
    put_name(l, c->name, true);
    fputc('\n', l->out);
    unsigned at = 0;
    for (size_t i = 0; i < c->sub_score_count; i++) {
        const grm_sub_score *s = &c->sub_scores[i];
        unsigned columns = (unsigned)strlen(s->name) + 4;
        if (at == 0 || at + 2 + columns > l->width) {
            fprintf(l->out, "%s%*s", at ? "\n" : "", 7, "");
            at = 7;
        } else {
            fputs("  ", l->out);
            at += 2;
        }
        dip(l, FAINT);
        put_name(l, s->name, false);
        dip(l, PLAIN);
        fputc(' ', l->out);
        put_score(l, s->score);
        at += columns;
    }
    fputs("\n", l->out);
}

// From how many points to how many the sub-score goes; returns the columns.
static unsigned put_step(const grm_card_look *l, const grm_advice *a) {
    char text[32];
    snprintf(text, sizeof text, " %.0f %s %.0f: ", a->before, l->utf8 ? "\u2192" : "->", a->lifted);
    fputs(text, l->out);
    return (unsigned)columns_of(text, strlen(text));
}

static void put_advice(const grm_card_look *l, const char *title, const grm_advice *advice, size_t count, bool gains) {
    if (count == 0) return;
    fputs("\n  ", l->out);
    dip(l, BOLD);
    fputs(title, l->out);
    dip(l, PLAIN);
    fputc('\n', l->out);
    for (size_t i = 0; i < count && i < MOST_LINES; i++) {
        unsigned taken = 0;
        if (gains) {
            fputs("  ", l->out);
            dip(l, GOOD);
            fprintf(l->out, "%+5.1f", advice[i].gain);
            dip(l, PLAIN);
            fputs("  ", l->out);
            put_name(l, advice[i].sub_score, true);
            taken = (unsigned)strlen(advice[i].sub_score) + put_step(l, &advice[i]);
        } else {
            bool praise = advice[i].gain <= 0;
            fputs("    ", l->out);
            dip(l, praise ? GOOD : FAIR);
            fputs(praise ? "+" : l->utf8 ? "\u2212" : "-", l->out);
            dip(l, PLAIN);
            fputs("    ", l->out);
        }
        put_wrapped(l, advice[i].text, 9, taken);
    }
}

// The gravest faults, and after them what is praised: each has its half when both are there.
static void put_insights(const grm_card_look *l, const grm_report *r) {
    grm_advice shown[MOST_LINES];
    size_t faults = 0, count = 0;
    while (faults < r->insight_count && r->insights[faults].gain > 0) faults++;
    size_t praise = r->insight_count - faults, half = MOST_LINES / 2;
    size_t most =
        faults > MOST_LINES - (praise < half ? praise : half) ? MOST_LINES - (praise < half ? praise : half) : faults;
    for (size_t i = 0; i < most; i++) shown[count++] = r->insights[i];
    for (size_t i = faults; i < r->insight_count && count < MOST_LINES; i++) shown[count++] = r->insights[i];
    put_advice(l, "What stands out", shown, count, false);
}

void grm_card_print(const grm_card_look *l, const char *name, const grm_analysis *analysis, const grm_report *r) {
    put_head(l, name, analysis, r);
    put_gauge(l, r);
    for (size_t i = 0; i < GRM_CATEGORIES; i++) put_category(l, &r->categories[i]);
    put_insights(l, r);
    put_advice(l, "What would bring how many points", r->recommendations, r->recommendation_count, true);
    fputs("\n  ", l->out);
    dip(l, BOLD);
    fputs("Trend", l->out);
    dip(l, PLAIN);
    if (r->trend.known) {
        fputs("  ", l->out);
        put_score(l, r->trend.score);
    }
    fputs("\n         ", l->out);
    put_wrapped(l, r->trend.text, 9, 0);
    fputc('\n', l->out);
}
