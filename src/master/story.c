// What is asked for, looked up.
#include <string.h>

#include "master/internal.h"

void grm_master_note(grm_master_story *s, const char *format, ...) {
    va_list arguments;
    char text[sizeof s->notes[0]];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < s->note_count; i++)
        if (strcmp(s->notes[i], text) == 0) return;
    if (s->note_count < GRM_MASTER_NOTES) memcpy(s->notes[s->note_count++], text, sizeof text);
}

float grm_master_most_db(const grm_master_story *s) {
    bool its_own = s->options->reference && !s->options->target && !s->options->has_lufs;
    return s->options->force_loudness ? 60 : its_own ? s->preset->likeness.most_db : s->preset->limiter.most_db;
}

// The names of a list of structs that begin with one.
static grm_status unknown(const char *what, const char *name, const void *items, size_t size, size_t count,
                          grm_error *err) {
    char all[200] = "";
    const char *names[32], *nearest;
    for (size_t i = 0; i < count && i < GRM_COUNT(names); i++) {
        memcpy(&names[i], (const char *)items + i * size, sizeof names[i]);
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", names[i]);
    }
    nearest = grm_nearest_word(name, names, count < GRM_COUNT(names) ? count : GRM_COUNT(names));
    if (nearest) return grm_fail(err, GRM_USAGE, "there is no %s \"%.60s\"; did you mean %s?", what, name, nearest);
    return grm_fail(err, GRM_USAGE, "there is no %s \"%.60s\"; there are %s", what, name, all);
}

static const grm_master_place *find_place(const grm_master_preset *preset, const char *name) {
    for (unsigned i = 0; i < preset->targets_count; i++)
        if (strcmp(preset->targets[i].name, name) == 0) return &preset->targets[i];
    return NULL;
}

static void set_target(grm_master_target *target, const grm_master_place *place) {
    *target = (grm_master_target){.lufs = place->lufs, .ceiling_dbtp = round(place->ceiling_dbtp * 1e4) * 1e-4};
    snprintf(target->name, sizeof target->name, "%s", place->name);
}

static grm_status find_target(grm_master_story *s, grm_error *err) {
    const grm_master_options *o = s->options;
    const grm_master_preset *preset = s->preset;
    const char *name = o->target ? o->target : "spotify";
    const grm_master_place *place = find_place(preset, name);
    if (!place) return unknown("target", name, preset->targets, sizeof *preset->targets, preset->targets_count, err);
    set_target(&s->target, place);
    bool figures = o->has_lufs || o->has_ceiling;
    if (!figures || o->target) s->place = place;
    if (figures && !o->target) s->target.name[0] = 0;
    if (o->has_lufs) s->target.lufs = o->lufs;
    if (o->has_ceiling) s->target.ceiling_dbtp = o->ceiling_dbtp;
    if (!(s->target.lufs >= -30 && s->target.lufs <= -6))
        return grm_fail(err, GRM_USAGE, "a loudness of %g LUFS: give one from -30 to -6", s->target.lufs);
    if (!(s->target.ceiling_dbtp >= -20 && s->target.ceiling_dbtp <= 0))
        return grm_fail(err, GRM_USAGE, "a ceiling of %g dBTP: give one from -20 to 0", s->target.ceiling_dbtp);
    return GRM_OK;
}

static grm_status find_tone(grm_master_story *s, grm_error *err) {
    const char *name = s->options->tone;
    const grm_master_preset *p = s->preset;
    for (unsigned i = 0; name && i < p->tones_count; i++)
        if (strcmp(p->tones[i].name, name) == 0) s->tone = &p->tones[i];
    return name && !s->tone ? unknown("tone", name, p->tones, sizeof *p->tones, p->tones_count, err) : GRM_OK;
}

static grm_status find_compression(grm_master_story *s, grm_error *err) {
    const char *name = s->options->compression;
    const grm_master_preset *p = s->preset;
    for (unsigned i = 0; name && i < p->compressions_count; i++)
        if (strcmp(p->compressions[i].name, name) == 0) s->compression = &p->compressions[i];
    return name && !s->compression
               ? unknown("compression", name, p->compressions, sizeof *p->compressions, p->compressions_count, err)
               : GRM_OK;
}

grm_status grm_master_story_open(grm_master_story *s, const grm_master_options *options, const grm_style_mix *style,
                                 grm_error *err) {
    static const grm_master_options plain = {0};
    *s = (grm_master_story){.options = options ? options : &plain, .style = style};
    grm_status status = grm_master_preset_load(&s->preset, err);
    if (status == GRM_OK) status = find_target(s, err);
    if (status == GRM_OK) status = find_tone(s, err);
    if (status == GRM_OK) status = find_compression(s, err);
    if (status == GRM_OK && s->options->has_width && !(s->options->width >= 0 && s->options->width <= 2))
        status = grm_fail(err, GRM_USAGE, "a width of %g: give one from 0 (mono) to 2", s->options->width);
    s->by_ear = !s->options->reference;
    if (status == GRM_OK) status = grm_appraiser_new(s->options->genre, &s->appraiser, err);
    return status;
}

void grm_master_story_close(grm_master_story *s) {
    grm_master_plan_free(&s->plan);
    grm_look_free(&s->reference);
    grm_look_free(&s->outcome);
    grm_look_free(&s->source);
    grm_appraiser_free(s->appraiser);
    grm_master_preset_free(s->preset);
    *s = (grm_master_story){0};
}

grm_status grm_master_target_find(const char *name, grm_master_target *out, grm_error *err) {
    const grm_master_options options = {.target = name};
    grm_master_story story;
    grm_status status = grm_master_story_open(&story, &options, NULL, err);
    if (status == GRM_OK) *out = story.target;
    grm_master_story_close(&story);
    return status;
}
