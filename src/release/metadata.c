// release.json and report.json. What does not change the sound (how many threads there were) is not in them: the same
// track has the same bytes.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "release/release.h"

// A figure with as many decimals as it is good for, so that files show 173.264 and not its binary neighbour.
static json_t *rounded(double x, int decimals) {
    double unit = pow(10, decimals);
    return isfinite(x) ? json_real(round(x * unit) / unit) : json_null();
}

// Text that may not be UTF-8, as a file name from elsewhere may be, with its odd bytes as question marks.
static json_t *text_of(const char *text) {
    if (!text) return json_null();
    json_t *string = json_string(text);
    if (string) return string;
    char plain[512];
    snprintf(plain, sizeof plain, "%s", text);
    for (char *c = plain; *c; c++)
        if (*c & 0x80) *c = '?';
    return json_string(plain);
}

static json_t *key_of(const grm_release_facts *facts) {
    char name[16];
    if (!facts->score->has_key) return json_null();
    grm_key_name(facts->score->key, name);
    return json_string(name);
}

static json_t *metre_of(const grm_score *score) {
    const grm_metre metre = score->metre_count ? score->metres[0].metre : (grm_metre){4, 4};
    return json_sprintf("%d/%d", metre.beats, metre.unit);
}

static json_t *sections_of(const grm_score *score) {
    json_t *list = json_array();
    for (size_t i = 0; i < score->section_count; i++) {
        const grm_section *s = &score->sections[i];
        double start = fmax(0, grm_score_seconds(score, s->start)), end = grm_score_seconds(score, s->end);
        // The last section has the ring-out too.
        if (i + 1 == score->section_count || end > score->duration_s) end = score->duration_s;
        json_t *item = json_object();
        json_object_set_new(item, "name", text_of(s->name));
        json_object_set_new(item, "kind", text_of(s->kind));
        json_object_set_new(item, "start_s", rounded(start, 3));
        json_object_set_new(item, "end_s", rounded(end, 3));
        json_object_set_new(item, "bars", json_integer(s->bars));
        json_object_set_new(item, "energy", rounded((double)s->energy, 3));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *settings_of(const grm_profile *profile) {
    static const char *const sizes[] = {"small", "medium", "large"};
    static const char *const precisions[] = {"float32", "float16", "int8", "int4"};
    json_t *settings = json_object();
    json_object_set_new(settings, "LIGHTWEIGHT_MODE", json_boolean(profile->lightweight));
    json_object_set_new(settings, "MODEL_SIZE", json_string(sizes[profile->model_size]));
    json_object_set_new(settings, "MODEL_PRECISION", json_string(precisions[profile->model_precision]));
    json_object_set_new(settings, "AUDIO_BUFFER_SIZE", json_integer((json_int_t)profile->audio_buffer_bytes));
    json_object_set_new(settings, "MAX_AUDIO_DURATION", rounded(profile->max_audio_duration_s, 3));
    return settings;
}

static json_t *stems_of(const grm_release_facts *facts) {
    json_t *list = json_array();
    for (size_t i = 0; i < facts->stem_count; i++) {
        json_t *item = json_object();
        json_object_set_new(item, "file", text_of(facts->stem_files[i]));
        if (i < facts->score->part_count) {
            const grm_part *part = &facts->score->parts[i];
            json_object_set_new(item, "name", text_of(part->name));
            json_object_set_new(item, "role", json_string(grm_role_name(part->role)));
            json_object_set_new(item, "instrument", text_of(part->instrument));
        }
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *soundfont_of(const grm_release_facts *facts) {
    if (!facts->soundfont_name) return json_null();
    json_t *font = json_object();
    json_object_set_new(font, "name", text_of(facts->soundfont_name));
    json_object_set_new(font, "sha256", text_of(facts->soundfont_sha256));
    return font;
}

static void set_levels(json_t *to, const grm_master_levels *levels) {
    json_object_set_new(to, "integrated_lufs", rounded(levels->integrated_lufs, 2));
    json_object_set_new(to, "loudness_range_lu", rounded(levels->loudness_range_lu, 2));
    json_object_set_new(to, "true_peak_dbtp", rounded(levels->true_peak_dbtp, 2));
    json_object_set_new(to, "sample_peak_dbfs", rounded(levels->sample_peak_dbfs, 2));
    json_object_set_new(to, "crest_factor_db", rounded(levels->crest_factor_db, 2));
}

// Where a model lies on the user's machine is nobody else's business: its last part.
static json_t *model_name(const char *model) {
    size_t end = strlen(model), begin;
    while (end > 1 && model[end - 1] == '/') end--;
    for (begin = end; begin > 0 && model[begin - 1] != '/'; begin--) continue;
    return json_stringn(model + begin, end - begin);
}

static json_t *generated_rights_of(const grm_release_facts *facts) {
    const char *licence = facts->model_licence;
    json_t *rights = json_object(), *name = model_name(facts->model);
    json_object_set_new(rights, "composition", json_string("generated"));
    json_object_set_new(rights, "recording", json_string("generated"));
    json_object_set_new(rights, "model_licence", text_of(licence));
    json_object_set_new(
        rights, "statement",
        json_sprintf(
            "Generated by the MusicGen model %s from the user's words. %s%s%s", name ? json_string_value(name) : "",
            licence ? "Its weights are licensed "
                    : "The licence of its weights is not known here; Meta's are CC-BY-NC-4.0",
            licence ? licence : "",
            !licence || strstr(licence, "-NC-") ? ": the recording may be shared with credit, and not be sold." : "."));
    json_decref(name);
    return rights;
}

static json_t *rights_of(const grm_release_facts *facts) {
    if (facts->model) return generated_rights_of(facts);
    json_t *rights = json_object();
    json_object_set_new(rights, "composition", json_string("the user's own"));
    json_object_set_new(rights, "recording", json_string("the user's own"));
    json_object_set_new(
        rights, "statement",
        json_sprintf(
            "Composed, played and mixed by Grammy Engine from the user's words; no recording "
            "of others was used.%s",
            facts->soundfont_name ? " Sampled instruments come from the SoundFont, under its own licence." : ""));
    return rights;
}

json_t *grm_release_json(const grm_release_facts *facts) {
    const grm_score *score = facts->score;
    const grm_brief *brief = facts->brief;
    json_t *release = json_object();
    json_object_set_new(release, "title", text_of(brief->title));
    json_object_set_new(release, "artist", json_null());
    json_object_set_new(release, "writers", json_array());
    json_object_set_new(release, "isrc", json_null());
    json_object_set_new(release, "genre", text_of(brief->genre));
    json_object_set_new(release, "style", text_of(brief->style));
    json_object_set_new(release, "prompt", text_of(brief->prompt));
    json_object_set_new(release, "engine", json_string(facts->model ? "musicgen" : "composer"));
    if (facts->model) json_object_set_new(release, "model", model_name(facts->model));
    json_object_set_new(release, "version", json_string(GRM_VERSION));
    json_object_set_new(release, "seed", json_integer((json_int_t)brief->seed));
    if (facts->date) json_object_set_new(release, "date", text_of(facts->date));
    json_object_set_new(release, "settings", settings_of(facts->profile));
    json_object_set_new(release, "soundfont", soundfont_of(facts));
    // Sound that was generated has the tempo and the key that are heard in it.
    const grm_features *heard = facts->model ? &facts->analysis->features : NULL;
    json_object_set_new(release, "tempo_bpm", rounded(heard ? heard->tempo_bpm : brief->tempo_bpm, 3));
    json_object_set_new(release, "key", heard && heard->key[0] ? json_string(heard->key) : key_of(facts));
    json_object_set_new(release, "metre", metre_of(score));
    json_object_set_new(release, "duration_s", rounded(facts->duration_s, 3));
    json_object_set_new(release, "target", text_of(facts->target->name));
    set_levels(release, facts->levels);
    json_object_set_new(release, "sections", sections_of(score));
    json_object_set_new(release, "stems", stems_of(facts));
    json_object_set_new(release, "rights", rights_of(facts));
    return release;
}

json_t *grm_report_json(const grm_release_facts *facts) {
    json_t *report = grm_analysis_json(facts->analysis, facts->judgement);
    if (facts->model) return report;
    json_t *composed = json_object();
    json_object_set_new(composed, "tempo_bpm", rounded(facts->brief->tempo_bpm, 3));
    json_object_set_new(composed, "key", key_of(facts));
    json_object_set_new(composed, "metre", metre_of(facts->score));
    json_object_set_new(composed, "sections", sections_of(facts->score));
    json_object_set_new(report, "composed", composed);
    return report;
}
