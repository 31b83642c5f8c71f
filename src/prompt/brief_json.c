// The brief as other programs read it; the names are a contract.
#include <jansson.h>
#include <math.h>

#include "prompt/prompt.h"

static json_t *words(const grm_words *w) {
    json_t *list = json_array();
    for (size_t i = 0; list && i < w->count; i++) json_array_append_new(list, json_string(w->items[i]));
    return list;
}

static json_t *text(const char *value) {
    return value ? json_string(value) : json_null();
}

// At most `places` decimals, so that 0.1 stays 0.1.
static json_t *number(double value, double places) {
    double scale = pow(10, places), rounded = round(value * scale) / scale;
    if (rounded == floor(rounded) && fabs(rounded) < 1e15) return json_integer((json_int_t)rounded);
    return json_real(rounded);
}

static json_t *provenance(const grm_brief *b) {
    static const char *const sources[] = {"prompt", "style", "seed", "option"};
    static const struct {
        const char *name;
        grm_brief_field field;
    } fields[] = {{"genre", GRM_BRIEF_GENRE},
                  {"style", GRM_BRIEF_GENRE},
                  {"mood", GRM_BRIEF_MOOD},
                  {"tempo_bpm", GRM_BRIEF_TEMPO},
                  {"key", GRM_BRIEF_KEY},
                  {"metre", GRM_BRIEF_METRE},
                  {"duration_s", GRM_BRIEF_DURATION},
                  {"instruments", GRM_BRIEF_INSTRUMENTS},
                  {"excluded_instruments", GRM_BRIEF_EXCLUDED_INSTRUMENTS},
                  {"textures", GRM_BRIEF_TEXTURES},
                  {"form", GRM_BRIEF_FORM},
                  {"era", GRM_BRIEF_ERA},
                  {"voice", GRM_BRIEF_VOICE},
                  {"title", GRM_BRIEF_TITLE},
                  {"seed", GRM_BRIEF_SEED}};
    json_t *from = json_object();
    for (size_t i = 0; from && i < GRM_COUNT(fields); i++) {
        const grm_provenance *p = &b->from[fields[i].field];
        json_object_set_new(
            from, fields[i].name,
            json_pack("{s:s, s:o}", "source", sources[p->source], "confidence", number((double)p->confidence, 2)));
    }
    return from;
}

json_t *grm_brief_to_json(const grm_brief *b) {
    char key[16], metre[32];
    grm_key_name(b->key, key);
    snprintf(metre, sizeof(metre), "%d/%d", b->metre.beats, b->metre.unit);
    // A seed beyond what JSON numbers of most readers hold exactly stands as text.
    char digits[24];
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)b->seed);
    json_t *seed = b->seed <= 9007199254740992u ? json_integer((json_int_t)b->seed) : json_string(digits);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:{s:o, s:o, s:o}, s:o, s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:{s:o, s:o}, s:o, "
        "s:o, s:o, s:o, s:o}",
        "prompt", b->prompt, "enriched_prompt", b->enriched_prompt, "title", b->title, "genre", b->genre, "style",
        b->style, "blended_styles", words(&b->blended_styles), "mood", "valence", number(b->valence, 3), "energy",
        number(b->energy, 3), "words", words(&b->mood_words), "tempo_bpm", number(b->tempo_bpm, 6), "key", key, "metre",
        metre, "duration_s", number(b->duration_s, 6), "instruments", words(&b->instruments), "only_instruments",
        (int)b->only_instruments, "excluded_instruments", words(&b->excluded_instruments), "textures",
        words(&b->textures), "form", "wishes", words(&b->form_wishes), "sections", words(&b->sections), "era",
        text(b->era), "voice", text(b->voice), "seed", seed, "notes", words(&b->notes), "from", provenance(b));
}
