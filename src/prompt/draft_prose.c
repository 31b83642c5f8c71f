// The brief in words: the prompt with what was chosen spelled out, and notes for whoever produces the track.
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/draft.h"

enum { MAX_NOTES = 16, MAX_LISTED = 6 };

// A text that grows. Once memory has run out it stays empty.
typedef struct prose {
    grm_memory *memory;
    char *text;
    bool failed;
} prose;

static void put(prose *p, const char *format, ...) GRM_PRINTF(2, 3);
static void put(prose *p, const char *format, ...) {
    if (p->failed) return;
    va_list arguments;
    char piece[512];
    va_start(arguments, format);
    vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    char *joined = grm_memory_format(p->memory, "%s%s", p->text ? p->text : "", piece);
    if (joined) p->text = joined;
    p->failed = joined == NULL;
}

static prose begin(const grm_draft *d) {
    return (prose){.memory = d->r->memory};
}

// "a, b and c"
static void put_list(prose *p, const char *const *items, size_t count, const char *last) {
    for (size_t i = 0; i < count; i++) put(p, "%s%s", i == 0 ? "" : i + 1 == count ? last : ", ", items[i]);
}

static void put_lower(prose *p, const char *text) {
    char lower[128];
    size_t n = strlen(text) < sizeof(lower) ? strlen(text) : sizeof(lower) - 1;
    for (size_t i = 0; i < n; i++) {
        // Names keep their capitals: "808 Bass" loses them, "FM Bells" and "R&B" only where a small letter follows.
        bool small_follows = text[i + 1] >= 'a' && text[i + 1] <= 'z';
        lower[i] = text[i] >= 'A' && text[i] <= 'Z' && small_follows ? (char)(text[i] + 32) : text[i];
    }
    lower[n] = 0;
    put(p, "%s", lower);
}

static const char *title_of(const grm_draft *d, const char *id) {
    const grm_instrument *n = grm_instrument_find(d->r->catalogue, id);
    prose p = begin(d);
    put_lower(&p, n && n->title ? n->title : id);
    return p.text ? p.text : id;
}

// "two violins"
static const char *title_of_many(const grm_draft *d, const char *id, size_t count) {
    static const char *const numbers[] = {"", "", "two ", "three ", "four ", "five "};
    const char *title = title_of(d, id);
    bool plural = count < 2 || (*title && title[strlen(title) - 1] == 's');
    char *text = grm_memory_format(d->memory, "%s%s%s", numbers[count < 5 ? count : 5], title, plural ? "" : "s");
    return text ? text : title;
}

static size_t titles_of(const grm_draft *d, const grm_words *ids, const char **out) {
    size_t count = 0;
    for (size_t i = 0; i < ids->count && count < MAX_LISTED; i++) {
        size_t before = 0, all = 0;
        for (size_t k = 0; k < ids->count; k++) {
            bool same = strcmp(ids->items[k], ids->items[i]) == 0;
            before += same && k < i;
            all += same;
        }
        if (before == 0) out[count++] = title_of_many(d, ids->items[i], all);
    }
    return count;
}

// "an uplifting", "a euphoric"
static const char *article(const char *next) {
    bool vowel = next[0] && strchr("aeiouAEIOU8", next[0]) != NULL;
    return vowel && strncmp(next, "eu", 2) != 0 && strncmp(next, "uni", 3) != 0 && strncmp(next, "80", 2) != 0 ? "an"
                                                                                                               : "a";
}

static const char *wish_in_words(const char *wish) {
    static const char *const words[][2] = {{"big-drop", "a big drop"},
                                           {"long-intro", "a long intro"},
                                           {"short-intro", "a short intro"},
                                           {"no-intro", "no intro"},
                                           {"long-outro", "a long outro"},
                                           {"no-outro", "a hard stop"},
                                           {"bridge", "a bridge"},
                                           {"build", "a build-up"},
                                           {"break", "a breakdown"},
                                           {"solo", "a solo"},
                                           {"big-chorus", "a big chorus"},
                                           {"key-change", "a key change"},
                                           {"fade-out", "a fade at the end"},
                                           {"loop", "an end that meets its beginning"}};
    for (size_t i = 0; i < GRM_COUNT(words); i++)
        if (strcmp(words[i][0], wish) == 0) return words[i][1];
    return wish;
}

static bool excluded(const grm_brief *b, const grm_instrument *n, grm_role role) {
    const grm_words *out = &b->excluded_instruments;
    bool kit = role == GRM_ROLE_DRUMS || role == GRM_ROLE_KICK || role == GRM_ROLE_SNARE || role == GRM_ROLE_HATS ||
               role == GRM_ROLE_PERCUSSION;
    return grm_words_have(out, n->id) || grm_words_have(out, n->family) || grm_words_have(out, grm_role_name(role)) ||
           (kit && grm_words_have(out, "drums"));
}

// The style's palette without what was asked for or ruled out. Which of it plays is for the composer to draw.
static size_t palette_of(const grm_draft *d, const char **out) {
    const grm_brief *b = d->brief;
    size_t count = 0;
    for (size_t i = 0; i < d->style->part_count && count < MAX_LISTED - 1 && !b->only_instruments; i++) {
        const grm_style_part *part = &d->style->parts[i];
        if (part->when_asked || part->instruments.count == 0 || part->role == GRM_ROLE_TEXTURE ||
            part->role == GRM_ROLE_FX)
            continue;
        const grm_instrument *n = grm_instrument_find(d->r->catalogue, part->instruments.items[0].text);
        if (!n || excluded(b, n, part->role) || grm_words_have(&b->instruments, n->id)) continue;
        const char *title = title_of(d, n->id);
        bool there = false;
        for (size_t k = 0; k < count; k++) there = there || strcmp(out[k], title) == 0;
        if (!there) out[count++] = title;
    }
    return count;
}

static const char *mood_of(const grm_brief *b) {
    double v = b->valence, e = b->energy;
    if (e > 0.45) return v > 0.3 ? "bright, driving" : v < -0.3 ? "dark, driving" : "driving";
    if (e < -0.35) return v > 0.3 ? "calm, warm" : v < -0.3 ? "calm, melancholic" : "calm";
    return v > 0.4 ? "bright" : v < -0.4 ? "dark" : "steady";
}

static void put_mood(prose *p, const grm_brief *b) {
    const char *first = b->mood_words.count ? b->mood_words.items[0] : mood_of(b);
    put(p, "%s ", article(first));
    if (b->mood_words.count == 0) {
        put(p, "%s ", first);
        return;
    }
    put_list(p, b->mood_words.items, b->mood_words.count < 3 ? b->mood_words.count : 3, ", ");
    put(p, " ");
}

static grm_status write_enriched(grm_draft *d) {
    const grm_brief *b = d->brief;
    const char *names[MAX_LISTED];
    char key[16], length[24];
    grm_key_name(b->key, key);
    grm_duration_name(b->duration_s, length);
    size_t end = strlen(b->prompt);
    while (end > 0 && strchr(" .!?,;:\n\t\r", b->prompt[end - 1])) end--;
    prose p = begin(d);
    put_mood(&p, b);
    put_lower(&p, d->style->title);
    put(&p, " track");
    for (size_t i = 0; i < d->blended_count; i++) {
        put(&p, i == 0 ? " coloured by " : i + 1 == d->blended_count ? " and " : ", ");
        put_lower(&p, d->blended[i]->title);
    }
    put(&p, " at %g BPM in %s, %d/%d, %s long", b->tempo_bpm, key, b->metre.beats, b->metre.unit, length);
    size_t count = titles_of(d, &b->instruments, names);
    if (count) {
        put(&p, b->only_instruments ? ", played by nothing but " : ", featuring ");
        put_list(&p, names, count, " and ");
    } else if ((count = palette_of(d, names)) > 0) {
        put(&p, ", on instruments such as ");
        put_list(&p, names, count, " and ");
    }
    if (b->excluded_instruments.count) {
        put(&p, ", without ");
        count = titles_of(d, &b->excluded_instruments, names);
        put_list(&p, names, count, " or ");
    }
    if (b->textures.count) {
        put(&p, ", over ");
        count = titles_of(d, &b->textures, names);
        put_list(&p, names, count, " and ");
    }
    if (b->sections.count) {
        put(&p, ", going ");
        put_list(&p, b->sections.items, b->sections.count, ", ");
    } else if (b->form_wishes.count) {
        put(&p, ", with ");
        for (size_t i = 0; i < b->form_wishes.count; i++)
            put(&p, "%s%s",
                i == 0                          ? ""
                : i + 1 == b->form_wishes.count ? " and "
                                                : ", ",
                wish_in_words(b->form_wishes.items[i]));
    }
    if (b->era) put(&p, ", in the manner of the %s%s", b->era, b->era[0] >= '0' && b->era[0] <= '9' ? "" : " age");
    put(&p, ".");
    if (p.failed) return grm_fail_memory(d->r->err);
    d->brief->enriched_prompt = grm_memory_format(d->memory, "%.*s: %s", (int)end, b->prompt, p.text);
    return d->brief->enriched_prompt ? GRM_OK : grm_fail_memory(d->r->err);
}

static bool note(grm_draft *d, const prose *p) {
    return !p->failed && (!p->text || grm_draft_add(d, &d->brief->notes, p->text, MAX_NOTES));
}

static prose players_note(const grm_draft *d) {
    const char *names[MAX_LISTED];
    prose p = begin(d);
    size_t count = titles_of(d, &d->brief->instruments, names);
    if (count) {
        put(&p, "instruments asked for: ");
        put_list(&p, names, count, ", ");
        if (d->brief->only_instruments) put(&p, ", and nothing else");
    }
    size_t palette = palette_of(d, names);
    if (palette) {
        put(&p, count ? "; from the style's palette, such as " : "instruments: from the style's palette, such as ");
        put_list(&p, names, palette, ", ");
    }
    return p;
}

// What was asked for and is not there.
static prose stand_in_note(const grm_draft *d) {
    prose p = begin(d);
    for (size_t i = 0; i < d->r->match_count; i++) {
        const grm_match *m = &d->r->matches[i];
        const grm_meaning *named = grm_match_means(m, GRM_MEANS_INSTRUMENT);
        if (!named || !named->entry || !named->entry->like || m->negated) continue;
        const grm_instrument *n = grm_lexicon_instrument(d->r->lexicon, named->entry->instruments);
        if (!n || !grm_words_have(&d->brief->instruments, n->id)) continue;
        put(&p, "%s\"%s\": there is none; ", p.text ? "; " : "", m->phrase->say);
        put_lower(&p, n->title);
        put(&p, " comes nearest");
    }
    return p;
}

static prose feel_note(const grm_draft *d) {
    const grm_feel *f = &d->style->feel;
    prose p = begin(d);
    if (f->swing > 0.505f)
        put(&p, "feel: %s swung to %.0f %%", f->swing_unit == 8 ? "eighths" : "sixteenths", (double)f->swing * 100);
    else
        put(&p, "feel: straight");
    if (f->timing_ms > 0.5f) put(&p, ", players drift by about %.0f ms", (double)f->timing_ms);
    if (f->late_ms > 0.5f) put(&p, ", backbeat and bass %.0f ms behind the beat", (double)f->late_ms);
    if (f->late_ms < -0.5f) put(&p, ", backbeat and bass %.0f ms ahead of the beat", (double)-f->late_ms);
    return p;
}

static prose effects_note(const grm_draft *d) {
    const grm_style_mix *m = &d->style->mix;
    const char *names[MAX_LISTED];
    prose p = begin(d);
    put(&p, "effects: room of %.1f s, hall of %.1f s", (double)m->room_s, (double)m->hall_s);
    if (m->delay_beats > 0) put(&p, ", delay of %g beats", (double)m->delay_beats);
    if (m->lofi > 0.05f) put(&p, ", worn tape at %.0f %%", (double)m->lofi * 100);
    size_t count = titles_of(d, &d->brief->textures, names);
    if (count) {
        put(&p, ", ");
        put_list(&p, names, count, " and ");
        put(&p, " underneath");
    }
    return p;
}

static prose mix_note(const grm_draft *d) {
    const grm_style_mix *m = &d->style->mix;
    prose p = begin(d);
    put(&p, "mix: low end mono, lead in front");
    if (m->duck_db > 0.1f) put(&p, "; bass, pads and chords give way to the kick by %.0f dB", (double)m->duck_db);
    if (m->warmth > 0.05f) put(&p, "; %s saturation", m->warmth > 0.5f ? "strong" : "gentle");
    if (m->brightness_db > 0.25f) put(&p, "; bright top");
    if (m->brightness_db < -0.25f) put(&p, "; dark, rounded top");
    if (m->bass_db > 0.5f) put(&p, "; full below 100 Hz");
    if (m->width > 1.05f) put(&p, "; wide sides");
    return p;
}

static prose caution_note(const grm_draft *d) {
    const grm_brief *b = d->brief;
    const grm_source source = b->from[GRM_BRIEF_TEMPO].source;
    const double scale = grm_tempo_scale(b->metre);
    const double low = d->style->tempo_low * scale, high = d->style->tempo_high * scale;
    const bool asked = source == GRM_FROM_PROMPT || source == GRM_FROM_OPTION;
    prose p = begin(d);
    if (asked && (b->tempo_bpm < low || b->tempo_bpm > high))
        put(&p, "tempo: %g BPM is outside of what %s usually has (%.0f to %.0f); kept as asked", b->tempo_bpm,
            d->style->title, low, high);
    return p;
}

static prose misread_note(const grm_draft *d) {
    prose p = begin(d);
    if (d->r->second_tempo) put(&p, "not taken up: a second tempo (%s); a track has one", d->r->second_tempo);
    return p;
}

static prose metre_note(const grm_draft *d) {
    prose p = begin(d);
    if (d->r->metre_refused)
        put(&p, "not taken up: the metre that was asked; there are %s", grm_lexicon_metres(d->r->lexicon));
    return p;
}

static prose voice_note(const grm_draft *d) {
    const char *voice = d->brief->voice;
    prose p = begin(d);
    if (voice && strcmp(voice, "none") != 0 && strcmp(voice, "choir") != 0 && strcmp(voice, "wordless") != 0)
        put(&p, "voice: %s wished for; the lead instrument takes the vocal line", voice);
    return p;
}

grm_status grm_draft_prose(grm_draft *d) {
    static prose (*const writers[])(const grm_draft *) = {players_note, stand_in_note, feel_note,
                                                          effects_note, mix_note,      voice_note,
                                                          caution_note, misread_note,  metre_note};
    grm_status status = write_enriched(d);
    if (status != GRM_OK) return status;
    bool fine = true;
    d->brief->misread = d->misread != NULL;
    if (d->misread) fine = grm_draft_add(d, &d->brief->notes, d->misread, MAX_NOTES);
    if (fine && d->style->about && *d->style->about) {
        prose p = begin(d);
        put(&p, "style: %s: %s", d->style->title, d->style->about);
        fine = note(d, &p);
    }
    for (size_t i = 0; fine && i < GRM_COUNT(writers); i++) {
        prose p = writers[i](d);
        fine = note(d, &p);
    }
    return fine ? GRM_OK : grm_fail_memory(d->r->err);
}
