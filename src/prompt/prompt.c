// A prompt to a brief: readers of one thing each, then what the words leave open.
#include "prompt/prompt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "prompt/draft.h"
#include "prompt/holder.h"

enum { LONGEST_PROMPT = 4096 };
static const double usual_longest_s = 300;  // when the caller has no profile

// Same words, same track: FNV-1a of the bytes, kept below 2^53 so that every JSON reader holds it.
static uint64_t seed_of(const char *prompt) {
    uint64_t hash = 14695981039346656037u;
    for (const unsigned char *c = (const unsigned char *)prompt; *c; c++) hash = (hash ^ *c) * 1099511628211u;
    return (hash ^ hash >> 32) & ((UINT64_C(1) << 53) - 1);
}

static grm_status check_prompt(const char *prompt, grm_error *err) {
    if (!prompt || prompt[strspn(prompt, " \t\r\n\v\f")] == 0)
        return grm_fail(err, GRM_USAGE, "the prompt is empty; say what to make, as in \"lofi piano, 80 BPM, rainy\"");
    size_t length = strlen(prompt);
    if (length > LONGEST_PROMPT)
        return grm_fail(err, GRM_USAGE, "the prompt has %zu bytes; at most %d are read", length, LONGEST_PROMPT);
    return GRM_OK;
}

static grm_status check_options(const grm_reading *r) {
    const grm_brief_options *o = r->options;
    grm_status status = GRM_OK;
    if (o->tempo_bpm != 0 && !isnan(o->tempo_bpm)) status = grm_check_tempo(o->tempo_bpm, r->err);
    if (status == GRM_OK && o->duration_s != 0 && !isnan(o->duration_s))
        status = grm_check_duration(o->duration_s, r->longest_s, r->err);
    if (status == GRM_OK && o->metre && *o->metre) {
        grm_metre metre = {0, 0};
        char rest;
        bool read = sscanf(o->metre, "%3d/%3d%c", &metre.beats, &metre.unit, &rest) == 2;
        if (!read || !grm_lexicon_metre_allowed(r->lexicon, metre))
            status =
                grm_fail(r->err, GRM_USAGE, "metre \"%.20s\": there are %s", o->metre, grm_lexicon_metres(r->lexicon));
    }
    if (status == GRM_OK && o->title && strlen(o->title) > 120)
        status = grm_fail(r->err, GRM_USAGE, "the title has %zu bytes; at most 120 fit", strlen(o->title));
    return status;
}

// called "Blue Hour": the words between the quotes, which then say nothing of the music. Blanks them out of `text`.
static char *take_title(char *text, grm_memory *memory) {
    static const char *const openers[] = {"called", "titled", "entitled", "named", "title", "title:"};
    static const struct {
        const char *open, *close;
    } quotes[] = {{"\"", "\""}, {"\xE2\x80\x9C", "\xE2\x80\x9D"}, {"'", "'"}, {"\xE2\x80\x98", "\xE2\x80\x99"}};
    for (char *p = text; *p; p++) {
        if (p > text && p[-1] != ' ' && p[-1] != ',') continue;
        for (size_t i = 0; i < GRM_COUNT(openers); i++) {
            size_t n = strlen(openers[i]), k = 0;
            while (k < n && (p[k] | (p[k] >= 'A' && p[k] <= 'Z' ? 32 : 0)) == openers[i][k]) k++;
            if (k < n || p[n] != ' ') continue;
            char *from = p + n + 1;
            for (size_t q = 0; q < GRM_COUNT(quotes); q++) {
                size_t open = strlen(quotes[q].open);
                if (strncmp(from, quotes[q].open, open) != 0) continue;
                char *end = strstr(from + open, quotes[q].close);
                size_t length = end ? (size_t)(end - from) - open : 0;
                if (length == 0 || length > 100) continue;
                char *title = grm_memory_take(memory, length + 1, 1);
                if (!title) return NULL;
                memcpy(title, from + open, length);
                memset(p, ' ', (size_t)(end - p) + strlen(quotes[q].close));
                return title;
            }
        }
    }
    return NULL;
}

static grm_status read_words(grm_reading *r, const char *prompt) {
    char *text = grm_memory_string(r->memory, prompt);
    if (!text) return grm_fail_memory(r->err);
    r->title = take_title(text, r->memory);
    if (!grm_tokens_cut(text, r->memory, &r->tokens)) return grm_fail_memory(r->err);
    grm_lexicon_spell(r->lexicon, &r->tokens);
    grm_read_seed(r);
    // Numbers first, those with the plainest units before the others.
    grm_status status = grm_read_tempo(r);
    if (status == GRM_OK) status = grm_read_duration(r);
    if (status != GRM_OK) return status;
    grm_read_decade(r);
    grm_read_metre(r);
    grm_read_key(r);
    status = grm_read_sections(r);
    if (status == GRM_OK) status = grm_read_phrases(r);
    if (status == GRM_OK) grm_read_bare_tempo(r);
    return status;
}

static grm_status write_brief(grm_draft *d, const char *prompt) {
    grm_brief *b = d->brief;
    const grm_reading *r = d->r;
    b->prompt = grm_text_clean(prompt, d->memory);
    if (!b->prompt) return grm_fail_memory(r->err);
    b->seed = r->options->has_seed     ? r->options->seed
              : r->seed.confidence > 0 ? (uint64_t)r->seed.value
                                       : seed_of(prompt);
    bool option = r->options->has_seed, said = r->seed.confidence > 0;
    grm_draft_from(d, GRM_BRIEF_SEED, option ? GRM_FROM_OPTION : said ? GRM_FROM_PROMPT : GRM_FROM_SEED, 1.0f);
    grm_draft_mood(d);  // what it says may choose the style
    grm_status status = grm_draft_style(d);
    if (status != GRM_OK) return status;
    grm_draft_mood(d);
    if ((status = grm_draft_players(d)) != GRM_OK) return status;
    if ((status = grm_draft_form(d)) != GRM_OK) return status;
    grm_draft_time(d);
    if ((status = grm_draft_key(d)) != GRM_OK) return status;
    if ((status = grm_draft_title(d)) != GRM_OK) return status;
    return grm_draft_prose(d);
}

grm_status grm_brief_read_with(const char *prompt, const grm_brief_options *options, const grm_catalogue *catalogue,
                               const grm_lexicon *lexicon, grm_brief **out, grm_error *err) {
    static const grm_brief_options none = {0};
    *out = NULL;
    grm_status status = check_prompt(prompt, err);
    if (status != GRM_OK) return status;
    grm_memory *scratch = grm_memory_new(), *memory = grm_memory_new();
    grm_brief_holder *holder = memory ? grm_memory_take(memory, 1, sizeof(*holder)) : NULL;
    if (!scratch || !holder) {
        status = grm_fail_memory(err);
        goto done;
    }
    holder->memory = memory;
    grm_reading r = {.memory = scratch,
                     .catalogue = catalogue,
                     .lexicon = lexicon,
                     .options = options ? options : &none,
                     .err = err};
    r.longest_s = r.options->max_duration_s > 0 ? r.options->max_duration_s : usual_longest_s;
    grm_draft draft = {.brief = &holder->brief, .memory = memory, .r = &r};
    if ((status = check_options(&r)) != GRM_OK) goto done;
    if ((status = read_words(&r, prompt)) != GRM_OK) goto done;
    if ((status = write_brief(&draft, prompt)) != GRM_OK) goto done;
    *out = &holder->brief;
    memory = NULL;
done:
    grm_memory_free(memory);
    grm_memory_free(scratch);
    return status;
}

grm_status grm_brief_read(const char *prompt, const grm_brief_options *options, const grm_catalogue *catalogue,
                          grm_brief **out, grm_error *err) {
    *out = NULL;
    grm_status status = check_prompt(prompt, err);
    if (status != GRM_OK) return status;
    if (catalogue->style_count == 0) return grm_fail(err, GRM_BAD_INPUT, "there are no styles to make music in");
    grm_lexicon *lexicon = NULL;
    grm_memory *memory = grm_memory_new();
    if (!memory) return grm_fail_memory(err);
    status = grm_lexicon_open(catalogue, memory, &lexicon, err);
    if (status == GRM_OK) status = grm_brief_read_with(prompt, options, catalogue, lexicon, out, err);
    grm_lexicon_close(lexicon);
    grm_memory_free(memory);
    return status;
}
