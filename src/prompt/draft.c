#include "prompt/draft.h"

#include <math.h>
#include <string.h>

void grm_draft_from(grm_draft *d, grm_brief_field field, grm_source source, float confidence) {
    d->brief->from[field] = (grm_provenance){source, fminf(1.0f, fmaxf(0.0f, confidence))};
}

bool grm_words_have(const grm_words *words, const char *text) {
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], text) == 0) return true;
    return false;
}

bool grm_draft_add(grm_draft *d, grm_words *words, const char *text, size_t room) {
    return grm_words_have(words, text) || grm_draft_append(d, words, text, room);
}

bool grm_draft_append(grm_draft *d, grm_words *words, const char *text, size_t room) {
    if (words->count >= room) return true;
    const char **items = (const char **)words->items;
    if (!items) items = grm_memory_take(d->memory, room, sizeof(*items));
    const char *copy = grm_memory_string(d->memory, text);
    if (!items || !copy) return false;
    items[words->count++] = copy;
    words->items = items;
    return true;
}

const grm_meaning *grm_match_means(const grm_match *match, grm_meaning_kind kind) {
    return grm_phrase_means(match->phrase, kind);
}

// ---- mood ----

typedef struct axis {
    double sum, weight;
} axis;

static void pull(axis *a, const float *towards, double strength, double weight) {
    if (!towards) return;
    a->sum += (double)*towards * strength * weight;
    a->weight += weight;
}

static double clamp(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

// The words' mean, with a little of what the style is anyway.
static double settle(const axis *a, double own) {
    const double own_weight = 0.2;
    return clamp((a->sum + own * own_weight) / (a->weight + own_weight), -1, 1);
}

static bool add_mood_word(grm_draft *d, const grm_match *m) {
    char word[96];
    snprintf(word, sizeof(word), "%s%s", m->negated ? "not " : "", m->phrase->say);
    return grm_draft_add(d, &d->brief->mood_words, word, 16);
}

// "ambient" and "cinematic" name the music before they colour it.
static bool is_genre_first(const grm_match *m) {
    return grm_genre_weight(m) >= 0.5f;
}

// Called twice: without a style, so that the mood may choose one, and with it.
void grm_draft_mood(grm_draft *d) {
    const grm_reading *r = d->r;
    axis valence = {0}, energy = {0};
    float said = 0;
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_match *m = &r->matches[i];
        const grm_meaning *mood = grm_match_means(m, GRM_MEANS_MOOD);
        // "not very happy" denies less than "not happy".
        double turn = m->negated ? -0.55 / fmax(1.0, (double)(m->strength * m->strength)) : 1.0;
        if (mood && m->strength > 0 && !is_genre_first(m)) {
            pull(&valence, mood->entry->valence, turn * (double)m->strength, 1);
            pull(&energy, mood->entry->energy, turn * (double)m->strength, 1);
            add_mood_word(d, m);
            if (m->confidence > said) said = m->confidence;
        }
        const grm_meaning *tempo = grm_match_means(m, GRM_MEANS_TEMPO), *form = grm_match_means(m, GRM_MEANS_FORM);
        if (tempo && !mood) pull(&energy, tempo->entry->energy, turn, 0.3);
        if (form && !m->negated) pull(&energy, form->entry->energy, 1, 0.2);
    }
    for (size_t i = 0; i < r->inner_count; i++) {
        const grm_meaning *mood = grm_phrase_means(r->inner[i], GRM_MEANS_MOOD);
        if (!mood || grm_phrase_means(r->inner[i], GRM_MEANS_GENRE)) continue;
        const grm_word_entry *inner = mood->entry;
        grm_draft_add(d, &d->brief->mood_words, r->inner[i]->say, 16);
        pull(&valence, inner->valence, 1, 0.35);
        if (inner->energy && fabsf(*inner->energy) >= 0.4f) pull(&energy, inner->energy, 1, 0.35);
        if (said < 0.6f) said = 0.6f;
    }
    double own_valence = d->style ? d->style->valence : 0, own_energy = d->style ? d->style->energy : 0;
    d->brief->valence = settle(&valence, own_valence);
    d->brief->energy = settle(&energy, own_energy);
    grm_draft_from(d, GRM_BRIEF_MOOD, said > 0 ? GRM_FROM_PROMPT : GRM_FROM_STYLE, said > 0 ? said * 0.85f : 0.5f);
}

// ---- metre, tempo, length ----

double grm_beats_in_bar(grm_metre metre) {
    if (metre.unit == 8 && metre.beats % 3 == 0) return metre.beats / 3;
    return metre.beats * 4.0 / metre.unit;
}

static bool metre_parse(const char *text, grm_metre *metre) {
    char rest;
    return sscanf(text, "%d/%d%c", &metre->beats, &metre->unit, &rest) == 2;
}

static void choose_metre(grm_draft *d) {
    const grm_reading *r = d->r;
    grm_brief *b = d->brief;
    b->metre = (grm_metre){4, 4};
    grm_draft_from(d, GRM_BRIEF_METRE, GRM_FROM_STYLE, 0.5f);
    if (r->options->metre && *r->options->metre) {
        metre_parse(r->options->metre, &b->metre);  // checked before
        grm_draft_from(d, GRM_BRIEF_METRE, GRM_FROM_OPTION, 1.0f);
        return;
    }
    if (r->metre_confidence > 0) {
        b->metre = r->metre;
        grm_draft_from(d, GRM_BRIEF_METRE, GRM_FROM_PROMPT, r->metre_confidence);
        return;
    }
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_meaning *m = grm_match_means(&r->matches[i], GRM_MEANS_METRE);
        if (!m || r->matches[i].negated || !metre_parse(m->entry->means, &b->metre)) continue;
        grm_draft_from(d, GRM_BRIEF_METRE, GRM_FROM_PROMPT, 0.85f * r->matches[i].confidence);
        return;
    }
    // With a tempo that was asked for, bars that listeners count in that tempo without doubt.
    bool asked = r->options->tempo_bpm > 0 || r->tempo.confidence > 0;
    float weights[32];
    size_t count = d->style->metres.count < GRM_COUNT(weights) ? d->style->metres.count : GRM_COUNT(weights), fine = 0;
    for (size_t i = 0; i < count; i++) {
        grm_metre metre = {0, 0};
        bool read = metre_parse(d->style->metres.items[i].text, &metre) && grm_lexicon_metre_allowed(r->lexicon, metre);
        bool plain = metre.unit == 4 && (metre.beats == 4 || metre.beats == 3);
        weights[i] = read && (plain || !asked) ? d->style->metres.items[i].weight : 0;
        fine += weights[i] > 0;
    }
    if (fine == 0) return;
    grm_rng rng = grm_rng_new(b->seed, "brief.metre");
    metre_parse(d->style->metres.items[grm_rng_weighted(&rng, weights, count)].text, &b->metre);
}

// What words say of the tempo: a range, or a lean within the style's.
typedef struct pace {
    double low, high, bias;
    bool said, range;
    float confidence;
} pace;

static pace read_pace(const grm_reading *r) {
    pace p = {0};
    double biases = 0;
    unsigned count = 0;
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_match *m = &r->matches[i];
        const grm_meaning *t = grm_match_means(m, GRM_MEANS_TEMPO);
        if (!t) continue;
        if (t->entry->low && t->entry->high && !m->negated && !p.range) {
            p.low = (double)*t->entry->low;
            p.high = (double)*t->entry->high;
            p.range = p.said = true;
            p.confidence = 0.75f * m->confidence;
        } else if (t->entry->bias) {
            double bias = (double)*t->entry->bias;
            biases += bias * (m->negated ? -0.4 : fmin(1.3, (double)m->strength));
            count++;
            if (fabs(bias) >= 0.5) {
                p.said = true;
                if (!p.range) p.confidence = 0.6f * m->confidence;
            }
        }
    }
    if (count) p.bias = biases / count;
    return p;
}

// How badly a track of this length divides into whole phrases at a tempo. The last chord wants most of a bar to ring.
static double misfit(const grm_brief *b, double bpm) {
    double bars = b->duration_s * bpm / 60 / grm_beats_in_bar(b->metre);
    double ring = fmax(0.75, 1.5 * bpm / 60 / grm_beats_in_bar(b->metre));
    double whole = floor(bars - ring);
    if (whole < 1) return 0;
    double phrase = fmod(whole, 4) == 0 ? 0 : fmod(whole, 2) == 0 ? 0.2 : 0.4;
    return phrase + 0.2 * (bars - ring - whole);
}

double grm_tempo_scale(grm_metre metre) {
    return metre.unit == 8 && metre.beats == 6 ? 0.62 : 1;
}

static double draw_tempo(const grm_draft *d, const pace *p) {
    const grm_style *s = d->style;
    const grm_brief *b = d->brief;
    double scale = grm_tempo_scale(b->metre);
    double low = s->tempo_low * scale, high = s->tempo_high * scale, centre = s->tempo_typical * scale;
    double lean = p->bias;
    if (lean == 0 && b->mood_words.count) lean = clamp(b->energy - s->energy, -1, 1) * 0.6;
    if (p->range) {
        bool meets = p->low <= high && p->high >= low;
        low = meets ? fmax(low, p->low) : p->low;
        high = meets ? fmin(high, p->high) : p->high;
        centre = meets ? clamp(centre, low, high) : (low + high) / 2;
    } else if (lean > 0) {
        centre += lean * (high - centre);
        high = fmax(high, centre);
    } else {
        centre += lean * (centre - low);
        low = fmin(low, centre);
    }
    grm_rng rng = grm_rng_new(b->seed, "brief.tempo");
    double drawn = clamp(centre + (double)grm_rng_normal(&rng) * (high - low) / 5, low, high);
    double best = round(drawn), best_cost = INFINITY;
    for (double bpm = ceil(drawn * 0.975); bpm <= drawn * 1.025; bpm++) {
        if (bpm < low - 0.5 || bpm > high + 0.5) continue;
        double cost = misfit(b, bpm) + 25 * fabs(bpm / drawn - 1);
        if (cost < best_cost) {
            best_cost = cost;
            best = bpm;
        }
    }
    return clamp(best, GRM_TEMPO_LOWEST, GRM_TEMPO_HIGHEST);
}

static void choose_duration(grm_draft *d) {
    const grm_reading *r = d->r;
    grm_brief *b = d->brief;
    b->duration_s = clamp(d->style->duration_s, GRM_SHORTEST_S, r->longest_s);
    grm_draft_from(d, GRM_BRIEF_DURATION, GRM_FROM_STYLE, 0.5f);
    if (r->options->duration_s > 0) {
        b->duration_s = r->options->duration_s;
        grm_draft_from(d, GRM_BRIEF_DURATION, GRM_FROM_OPTION, 1.0f);
        return;
    }
    if (r->duration_s.confidence > 0) {
        b->duration_s = r->duration_s.value;
        grm_draft_from(d, GRM_BRIEF_DURATION, GRM_FROM_PROMPT, r->duration_s.confidence);
        return;
    }
    for (size_t i = 0; i < r->match_count; i++) {
        const grm_meaning *m = grm_match_means(&r->matches[i], GRM_MEANS_LENGTH);
        if (!m || r->matches[i].negated || !m->entry->low) continue;
        b->duration_s = clamp((double)*m->entry->low, GRM_SHORTEST_S, r->longest_s);
        grm_draft_from(d, GRM_BRIEF_DURATION, GRM_FROM_PROMPT, 0.5f * r->matches[i].confidence);
        return;
    }
}

// "16 bars", or a loop of which no length is said, once the tempo is known.
static void choose_bars(grm_draft *d) {
    const grm_reading *r = d->r;
    grm_brief *b = d->brief;
    bool loop = grm_words_have(&b->form_wishes, "loop");
    bool open = b->from[GRM_BRIEF_DURATION].source == GRM_FROM_STYLE;
    if (!open || (r->duration_bars.confidence == 0 && !loop)) return;
    double bar_s = grm_beats_in_bar(b->metre) * 60 / b->tempo_bpm;
    double bars = r->duration_bars.confidence > 0 ? r->duration_bars.value : 16 * bar_s > 40 ? 8 : 16;
    if (bars * bar_s < GRM_SHORTEST_S || bars * bar_s > r->longest_s) return;
    b->duration_s = bars * bar_s;
    grm_draft_from(d, GRM_BRIEF_DURATION, r->duration_bars.confidence > 0 ? GRM_FROM_PROMPT : GRM_FROM_STYLE,
                   r->duration_bars.confidence > 0 ? 0.9f : 0.4f);
}

void grm_draft_time(grm_draft *d) {
    const grm_reading *r = d->r;
    grm_brief *b = d->brief;
    choose_metre(d);
    choose_duration(d);
    if (r->options->tempo_bpm > 0) {
        b->tempo_bpm = r->options->tempo_bpm;
        grm_draft_from(d, GRM_BRIEF_TEMPO, GRM_FROM_OPTION, 1.0f);
    } else if (r->tempo.confidence > 0) {
        b->tempo_bpm = r->tempo.value;
        grm_draft_from(d, GRM_BRIEF_TEMPO, GRM_FROM_PROMPT, r->tempo.confidence);
    } else {
        pace p = read_pace(r);
        b->tempo_bpm = draw_tempo(d, &p);
        grm_draft_from(d, GRM_BRIEF_TEMPO, p.said ? GRM_FROM_PROMPT : GRM_FROM_SEED, p.said ? p.confidence : 0.4f);
    }
    choose_bars(d);
}

// ---- key ----

static const struct {
    const char *name;
    double brightness;   // lydian and major above, minor and phrygian below
    int relative_major;  // semitones from the tonic up to the major key with the same notes
} modes[GRM_MODE_COUNT] = {
    [GRM_MAJOR] = {"major", 1.0, 0},      [GRM_MINOR] = {"minor", -1.0, 3},
    [GRM_DORIAN] = {"dorian", -0.4, 10},  [GRM_PHRYGIAN] = {"phrygian", -1.3, 8},
    [GRM_LYDIAN] = {"lydian", 1.2, 7},    [GRM_MIXOLYDIAN] = {"mixolydian", 0.6, 5},
    [GRM_LOCRIAN] = {"locrian", -1.6, 1},
};

const char *grm_mode_name(grm_mode mode) {
    return modes[mode].name;
}

static bool mode_parse(const char *text, grm_mode *mode) {
    for (int i = 0; i < GRM_MODE_COUNT; i++)
        if (strcmp(modes[i].name, text) == 0) {
            *mode = (grm_mode)i;
            return true;
        }
    return false;
}

// Keys are spelled as in their signature: flats on the flat side of the circle of fifths.
static bool usual_flat(int tonic, grm_mode mode) {
    int major = (tonic + modes[mode].relative_major) % 12;
    return major == 5 || major == 10 || major == 3 || major == 8 || major == 1 || (major == 6 && tonic != 6);
}

// The style's modes, leaning with the mood.
static grm_mode draw_mode(const grm_draft *d) {
    const grm_choices *choices = &d->style->modes;
    grm_rng rng = grm_rng_new(d->brief->seed, "brief.mode");
    double lean = d->brief->valence - d->style->valence;
    float weights[16];
    grm_mode drawn[16];
    size_t count = 0;
    for (size_t i = 0; i < choices->count && count < 16; i++) {
        if (!mode_parse(choices->items[i].text, &drawn[count])) continue;
        weights[count] = choices->items[i].weight * expf((float)(2.2 * lean * modes[drawn[count]].brightness));
        count++;
    }
    if (count == 0) return d->brief->valence >= 0 ? GRM_MAJOR : GRM_MINOR;
    return drawn[grm_rng_weighted(&rng, weights, count)];
}

grm_status grm_draft_key(grm_draft *d) {
    const grm_reading *r = d->r;
    grm_brief *b = d->brief;
    if (r->options->key && *r->options->key) {
        if (!grm_key_parse(r->options->key, &b->key))
            return grm_fail(r->err, GRM_USAGE,
                            "key \"%.40s\": write a tonic and a mode, as in \"F# minor\", \"Bb major\" or \"D dorian\"",
                            r->options->key);
        grm_draft_from(d, GRM_BRIEF_KEY, GRM_FROM_OPTION, 1.0f);
        return GRM_OK;
    }
    if (r->key_confidence > 0) {
        b->key = r->key;
        // A tonic alone is major, as musicians say it, unless the prompt is plainly sad.
        if (r->mode_confidence == 0) b->key.mode = b->mood_words.count && b->valence < -0.35 ? GRM_MINOR : GRM_MAJOR;
        grm_draft_from(d, GRM_BRIEF_KEY, GRM_FROM_PROMPT, r->key_confidence);
        return GRM_OK;
    }
    b->key.mode = r->mode_confidence > 0 ? r->key.mode : draw_mode(d);
    grm_rng rng = grm_rng_new(b->seed, "brief.tonic");
    float weights[12];
    bool minor = modes[b->key.mode].brightness < 0;
    grm_lexicon_tonics(r->lexicon, minor, weights);
    b->key.tonic = (int)grm_rng_weighted(&rng, weights, 12);
    b->key.flat = usual_flat(b->key.tonic, b->key.mode);
    grm_draft_from(d, GRM_BRIEF_KEY, r->mode_confidence > 0 ? GRM_FROM_PROMPT : GRM_FROM_SEED,
                   r->mode_confidence > 0 ? r->mode_confidence * 0.6f : 0.3f);
    return GRM_OK;
}
