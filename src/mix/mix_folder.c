// grammy mix: a folder of anyone's stems, from files to a file.
#include <errno.h>
#include <grammy/mix.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "dsp/dsp.h"
#include "mix/mix.h"
#include "mix/roles.h"
#include "mix/stem_folder.h"

enum { READ_STAGE, HEAR_STAGE, MIX_STAGE, MAX_SESSION_BYTES = 16 << 20 };

typedef struct job {
    grm_run run;
    const grm_mix_options *options;
    grm_stem_folder folder;
    grm_stems stems;
    grm_roles *roles;
    grm_catalogue *catalogue;
    const grm_style *style;  // NULL: none was named
    json_t *session;
    // [count] each
    grm_sound *sounds;
    grm_status *heard;
    grm_error *errors;
    const char **from;  // how the role was found
    float *sure;
    grm_part_mix *parts;
    bool *free_side;
    grm_mix_change *changes;
    // the file
    grm_writer *writer;
    float peak;
    size_t frames;
} job;

static grm_status take_arrays(job *j, grm_error *err) {
    size_t count = j->folder.count + 1;
    grm_memory *m = j->folder.memory;
    j->sounds = grm_memory_take(m, count, sizeof *j->sounds);
    j->heard = grm_memory_take(m, count, sizeof *j->heard);
    j->errors = grm_memory_take(m, count, sizeof *j->errors);
    j->from = grm_memory_take(m, count, sizeof *j->from);
    j->sure = grm_memory_take(m, count, sizeof *j->sure);
    j->parts = grm_memory_take(m, count, sizeof *j->parts);
    j->free_side = grm_memory_take(m, count, sizeof *j->free_side);
    j->changes = grm_memory_take(m, count, sizeof *j->changes);
    bool all = j->sounds && j->heard && j->errors && j->from && j->sure && j->parts && j->free_side && j->changes;
    return all ? GRM_OK : grm_fail_memory(err);
}

// ---- what the stems are ----

static void hear_one(void *context, size_t index) {
    job *j = context;
    j->heard[index] = grm_sound_hear(&j->run, j->folder.items[index].dry, &j->sounds[index], &j->errors[index]);
    grm_progress_step(j->run.progress, HEAR_STAGE, (double)(index + 1) / (double)j->folder.count);
}

// How much of a lead a part is: how loud, how much of the time.
static float presence(const grm_sound *s) {
    return s->trait[GRM_TRAIT_PLAYS] + 0.5f * s->trait[GRM_TRAIT_PITCH];
}

// One tune at a time: of those that only their sound makes a lead, one stays it.
static void keep_one_lead(job *j) {
    size_t best = j->folder.count;
    for (size_t i = 0; i < j->folder.count; i++) {
        bool leads = j->folder.items[i].role == GRM_ROLE_LEAD || j->folder.items[i].role == GRM_ROLE_VOCAL;
        if (leads && strcmp(j->from[i], "name") == 0) best = i;
    }
    bool named = best < j->folder.count;
    for (size_t i = 0; i < j->folder.count && !named; i++)
        if (j->folder.items[i].role == GRM_ROLE_LEAD &&
            (best == j->folder.count || presence(&j->sounds[i]) > presence(&j->sounds[best])))
            best = i;
    for (size_t i = 0; i < j->folder.count; i++)
        if (i != best && j->folder.items[i].role == GRM_ROLE_LEAD && strcmp(j->from[i], "sound") == 0)
            j->folder.items[i].role = GRM_ROLE_COUNTER;
}

static grm_status find_roles(job *j, grm_error *err) {
    grm_pool_run(j->run.pool, j->folder.count, hear_one, j);
    for (size_t i = 0; i < j->folder.count; i++) {
        grm_stem *stem = &j->folder.items[i];
        if (j->heard[i]) {
            if (err) *err = j->errors[i];
            return j->heard[i];
        }
        j->from[i] = "name";
        j->sure[i] = 1;
        if (grm_roles_by_name(j->roles, stem->name, &stem->role)) continue;
        j->from[i] = "sound";
        stem->role = grm_roles_by_sound(j->roles, &j->sounds[i], &j->sure[i]);
    }
    keep_one_lead(j);
    return GRM_OK;
}

// ---- what somebody wants ----

static grm_status read_session(job *j, grm_error *err) {
    const char *name = j->options->session;
    uint8_t *bytes = NULL;
    size_t size = 0;
    json_error_t where;
    if (!name) return GRM_OK;
    grm_status status = grm_file_read(name, MAX_SESSION_BYTES, &bytes, &size, err);
    if (status) return status;
    j->session = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &where);
    free(bytes);
    if (!j->session) return grm_fail(err, GRM_BAD_INPUT, "'%s', line %d: %s", name, where.line, where.text);
    return GRM_OK;
}

// The roles as the session has them; all else of it is read by the mix.
static grm_status roles_of_session(job *j, grm_error *err) {
    size_t index;
    json_t *stem;
    json_array_foreach(json_object_get(j->session, "stems"), index, stem) {
        const char *file = json_string_value(json_object_get(stem, "file"));
        const char *role = json_string_value(json_object_get(stem, "role"));
        for (size_t i = 0; file && i < j->folder.count; i++) {
            if (strcmp(j->folder.items[i].name, file) != 0) continue;
            if (!role || !grm_role_parse(role, &j->folder.items[i].role))
                return grm_fail(err, GRM_BAD_INPUT, "'%s': stems[%zu].role: \"%.60s\" is no role", j->options->session,
                                index, role ? role : "");
            const char *from = json_string_value(json_object_get(stem, "role_from"));
            j->from[i] = from ? from : "session";
            j->sure[i] = (float)json_number_value(json_object_get(stem, "role_sure"));
        }
    }
    return GRM_OK;
}

static char *without_extension(grm_memory *memory, const char *file) {
    char *name = grm_memory_string(memory, file), *dot = name ? strrchr(name, '.') : NULL;
    if (dot && dot > name) *dot = 0;
    return name;
}

// "03-keys" may be called "keys".
static const char *without_number(const char *name) {
    const char *at = name + strspn(name, "0123456789");
    if (at == name || !*at) return name;
    const char *rest = at + strspn(at, " -_.");
    return rest > at && *rest ? rest : name;
}

static bool is_called(const grm_stem *stem, const char *bare, const char *name) {
    return strcasecmp(name, bare) == 0 || strcasecmp(name, without_number(bare)) == 0 ||
           strcasecmp(name, stem->name) == 0 || strcasecmp(name, grm_role_name(stem->role)) == 0;
}

static grm_status unknown_name(const job *j, const char *name, grm_error *err) {
    const char *words[3 * 256];
    size_t count = 0;
    for (size_t i = 0; i < j->folder.count && count + 3 <= GRM_COUNT(words); i++) {
        words[count++] = grm_role_name(j->folder.items[i].role);
        words[count++] = without_extension(j->folder.memory, j->folder.items[i].name);
        if (!words[count - 1]) return grm_fail_memory(err);
        words[count] = without_number(words[count - 1]);
        count++;
    }
    const char *nearest = grm_nearest_word(name, words, count);
    if (nearest)
        return grm_fail(err, GRM_USAGE, "no stem is called \"%.60s\", and none has that role; did you mean %s?", name,
                        nearest);
    return grm_fail(err, GRM_USAGE,
                    "no stem is called \"%.60s\", and none has that role; give a file's name without its extension, or "
                    "a role such as %s",
                    name, words[0]);
}

static grm_status apply_override(job *j, const grm_mix_override *o, bool *solo, grm_error *err) {
    bool found = false;
    for (size_t i = 0; i < j->folder.count; i++) {
        const grm_stem *stem = &j->folder.items[i];
        const char *bare = without_extension(j->folder.memory, stem->name);
        if (!bare) return grm_fail_memory(err);
        if (!is_called(stem, bare, o->name)) continue;
        found = true;
        grm_mix_change *change = &j->changes[i];
        if (o->kind == GRM_MIX_LEVEL) change->level_db += (float)o->value;
        if (o->kind == GRM_MIX_PAN) change->pan = (float)o->value, change->has_pan = true;
        if (o->kind == GRM_MIX_MUTE) change->mute = true;
        if (o->kind == GRM_MIX_SOLO) solo[i] = true;
    }
    return found ? GRM_OK : unknown_name(j, o->name, err);
}

static grm_status apply_overrides(job *j, grm_error *err) {
    bool *solo = grm_memory_take(j->folder.memory, j->folder.count + 1, sizeof *solo), any = false;
    grm_status status = solo ? GRM_OK : grm_fail_memory(err);
    for (size_t i = 0; i < j->options->override_count && !status; i++)
        status = apply_override(j, &j->options->overrides[i], solo, err);
    for (size_t i = 0; i < j->folder.count && !status; i++) any |= solo[i];
    for (size_t i = 0; i < j->folder.count && any; i++) {
        j->changes[i].solo = solo[i];
        j->changes[i].mute |= !solo[i];
    }
    return status;
}

// ---- where they stand ----

static grm_status find_style(job *j, grm_error *err) {
    const char *genre = j->options->genre, *names[256];
    if (!genre) return GRM_OK;
    grm_status status = grm_catalogue_new(j->options->styles_folder, &j->catalogue, err);
    if (status) return status;
    j->style = grm_style_find(j->catalogue, genre);
    if (j->style) return GRM_OK;
    size_t count = 0;
    for (; count < j->catalogue->style_count && count < GRM_COUNT(names); count++)
        names[count] = j->catalogue->styles[count].name;
    const char *nearest = grm_nearest_word(genre, names, count);
    return grm_fail(err, GRM_USAGE, "there is no style \"%.60s\"%s%s%s; `grammy styles` lists them", genre,
                    nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

// The style's own place for the nth part of that role; the last one serves all further ones. NULL: it has none.
static const grm_part_mix *place_in_style(const grm_style *style, grm_role role, size_t nth) {
    const grm_part_mix *found = NULL;
    for (size_t i = 0; style && i < style->part_count; i++) {
        if (style->parts[i].role != role) continue;
        found = &style->parts[i].mix;
        if (nth-- == 0) break;
    }
    return found;
}

static void find_places(job *j) {
    size_t seen[GRM_ROLE_COUNT] = {0};
    for (size_t i = 0; i < j->folder.count; i++) {
        const grm_stem *stem = &j->folder.items[i];
        if (j->sounds[i].silent) continue;  // it stands nowhere, and moves nobody
        const grm_part_mix *own = place_in_style(j->style, stem->role, seen[stem->role]);
        j->parts[i] = own ? *own : grm_roles_place(j->roles, stem->role);
        j->free_side[i] = !own || seen[stem->role] > 0;
        if (stem->role == GRM_ROLE_OTHER && !own) j->parts[i].strip = "whole";
        int side = grm_roles_side_by_name(stem->name);
        if (side) {
            j->parts[i].pan = 0.75f * (float)side;
            j->free_side[i] = false;
        }
        seen[stem->role]++;
    }
}

// ---- the file ----

static grm_status write_mix(void *context, size_t stem, const float *const *planes, size_t frames, grm_error *err) {
    job *j = context;
    if (stem != j->folder.count) return GRM_OK;
    j->peak = fmaxf(j->peak, fmaxf(grm_peak(planes[0], frames), grm_peak(planes[1], frames)));
    j->frames += frames;
    return grm_writer_write(j->writer, planes, frames, err);
}

// Known before an hour of stems is read.
static grm_status check_output(const char *path, grm_error *err) {
    const char *slash = strrchr(path, '/');
    size_t length = slash == path ? 1 : slash ? (size_t)(slash - path) : 1;
    char *folder = strndup(slash ? path : ".", length);
    if (!folder) return grm_fail_memory(err);
    grm_status status = GRM_OK;
    if (access(folder, W_OK | X_OK) != 0)
        status = grm_fail(err, GRM_FAILED, "cannot write '%s': the folder '%s': %s", path, folder, strerror(errno));
    free(folder);
    return status;
}

static grm_status choose_format(const char *path, grm_format *format, grm_error *err) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    *format = GRM_WAV24;
    if (dot && strcasecmp(dot, ".flac") == 0)
        *format = GRM_FLAC24;
    else if (!dot || strcasecmp(dot, ".wav") != 0)
        return grm_fail(err, GRM_USAGE, "'%s': a mix is written as .wav or .flac; `grammy master` makes other formats",
                        path);
    return GRM_OK;
}

// How each role was found is for people to read; it goes beside the role.
static void tell_roles(const job *j, json_t *decisions) {
    size_t i;
    json_t *stem;
    json_array_foreach(json_object_get(decisions, "stems"), i, stem) {
        json_object_set_new(stem, "role_from", json_string(j->from[i]));
        json_object_set_new(stem, "role_sure", json_real(floor((double)j->sure[i] * 100 + 0.5) / 100));
    }
    if (j->options->genre) json_object_set_new(decisions, "genre", json_string(j->options->genre));
    if (j->options->dry) json_object_set_new(decisions, "dry", json_true());
}

static grm_status write_decisions(const char *path, const json_t *decisions, grm_error *err) {
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash + 1 - path) : 0;
    char *name = malloc(folder + sizeof "mix.json"),
         *text = json_dumps(decisions, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    grm_status status = name && text ? GRM_OK : grm_fail_memory(err);
    if (!status) {
        memcpy(name, path, folder);
        memcpy(name + folder, "mix.json", sizeof "mix.json");
        size_t length = strlen(text);
        text[length] = '\n';  // in place of the end
        status = grm_file_write(name, text, length + 1, err);
    }
    free(text);
    free(name);
    return status;
}

static grm_status mix_to_file(job *j, const char *path, grm_format format, json_t **decisions, grm_error *err) {
    char *temporary = NULL;
    grm_mix_plan plan = {.parts = j->parts,
                         .style = j->style ? j->style->mix : grm_roles_style(j->roles),
                         .tempo_bpm = grm_sounds_tempo(j->sounds, j->folder.count, GRM_RATE),
                         .find_sections = true,
                         .free_side = j->free_side,
                         .foreign = true,
                         .balance = !j->style,
                         .changes = j->options->override_count ? j->changes : NULL,
                         .session = j->session,
                         .session_name = j->options->session,
                         .dry = j->options->dry};
    grm_status status = grm_file_begin(path, &temporary, err);
    if (!status) status = grm_writer_open(temporary, format, 2, GRM_RATE, &j->writer, err);
    if (!status) status = grm_mix_run(&j->run, &j->stems, &plan, write_mix, j, MIX_STAGE, decisions, err);
    if (j->writer) {
        grm_status closed = grm_writer_close(j->writer, status ? NULL : err);
        if (!status) status = closed;
    }
    if (!status) {
        tell_roles(j, *decisions);
        status = grm_file_commit(temporary, path, err);
        temporary = NULL;
    }
    if (temporary) grm_file_discard(temporary);
    return status ? status : write_decisions(path, *decisions, err);
}

// ---- all of it ----

static grm_status check_options(const grm_mix_options *o, grm_error *err) {
    if (o->dry && o->session)
        return grm_fail(err, GRM_USAGE, "a dry sum has no decisions: give --dry or --session, not both");
    for (size_t i = 0; i < o->override_count; i++) {
        double x = o->overrides[i].value;
        bool level = o->overrides[i].kind == GRM_MIX_LEVEL, pan = o->overrides[i].kind == GRM_MIX_PAN;
        if (level && !(x >= -144 && x <= 24))
            return grm_fail(err, GRM_USAGE, "level %s=%g: give -144 to 24 dB", o->overrides[i].name, x);
        if (pan && !(x >= -1 && x <= 1))
            return grm_fail(err, GRM_USAGE, "pan %s=%g: give -1 (left) to 1 (right)", o->overrides[i].name, x);
    }
    return GRM_OK;
}

static void close_job(job *j) {
    for (size_t i = 0; j->sounds && i < j->folder.count; i++) grm_sound_free(&j->sounds[i]);
    json_decref(j->session);
    grm_catalogue_free(j->catalogue);
    grm_roles_free(j->roles);
    grm_stem_folder_free(&j->folder);
    grm_pool_free(j->run.pool);
}

grm_status grm_mix_folder(const grm_profile *profile, const char *folder, const char *path,
                          const grm_mix_options *options, grm_progress *progress, grm_mix_result *result,
                          grm_error *err) {
    static const grm_stage_share stages[] = {{"read", 1}, {"listen", 1.5}, {"mix", 3}};
    static const grm_mix_options none = {0};
    json_t *decisions = NULL;
    job j = {.run = {profile, NULL, progress}, .options = options ? options : &none};
    if (result) *result = (grm_mix_result){0};
    grm_progress_plan(progress, stages, GRM_COUNT(stages));
    grm_format format;
    grm_status status = check_options(j.options, err);
    if (!status) status = choose_format(path, &format, err);
    if (!status) status = check_output(path, err);
    if (!status) status = find_style(&j, err);
    if (!status) status = read_session(&j, err);
    if (!status) status = grm_roles_load(&j.roles, err);
    if (!status) status = grm_pool_new(profile->threads, &j.run.pool, err);
    if (!status)
        status = grm_stem_folder_read(&j.run, folder, path, j.options->skip_broken, READ_STAGE, &j.folder, err);
    if (!status) status = take_arrays(&j, err);
    if (!status) status = j.session ? roles_of_session(&j, err) : find_roles(&j, err);
    if (!status) status = apply_overrides(&j, err);
    if (!status) {
        find_places(&j);
        j.stems = (grm_stems){.count = j.folder.count, .items = j.folder.items};
        status = mix_to_file(&j, path, format, &decisions, err);
    }
    if (!status && result) {
        *result = (grm_mix_result){.stems = (unsigned)j.folder.count,
                                   .skipped = (unsigned)j.folder.skipped,
                                   .duration_s = (double)j.frames / GRM_RATE,
                                   .peak_dbfs = (double)grm_gain_to_db(j.peak),
                                   .decisions = json_incref(decisions)};
    }
    json_decref(decisions);
    close_job(&j);
    return status;
}

void grm_mix_result_free(grm_mix_result *result) {
    json_decref(result->decisions);
    result->decisions = NULL;
}
