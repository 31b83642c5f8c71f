#include "mix/stem_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST = 256, BLOCK = 32768 };

// What libsndfile opens by these names; other files of a folder (notes, MIDI, pictures, mix.json) are no stems.
static bool is_audio(const char *name) {
    static const char *const endings[] = {"wav",  "wave", "aif", "aiff", "aifc", "flac", "ogg", "oga",
                                          "opus", "mp3",  "w64", "rf64", "caf",  "au",   "snd"};
    const char *dot = strrchr(name, '.');
    if (name[0] == '.' || !dot) return false;
    for (size_t i = 0; i < GRM_COUNT(endings); i++)
        if (strcasecmp(dot + 1, endings[i]) == 0) return true;
    return false;
}

static bool is_same_file(const char *a, const char *b) {
    struct stat x, y;
    return b && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// ---- the list ----

typedef struct reading {
    const grm_run *run;
    const char *folder;
    size_t stage, count;
    const char *names[MOST];
    grm_tape *tapes[MOST];
    grm_status status[MOST];
    grm_error errors[MOST];
} reading;

static grm_status add_name(reading *r, grm_memory *memory, const char *name, const char *except, grm_error *err) {
    if (!is_audio(name)) return GRM_OK;
    char *path = grm_path_join(r->folder, name);
    if (!path) return grm_fail_memory(err);
    struct stat info;
    bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode), is_output = is_same_file(path, except);
    free(path);
    if (is_folder || is_output) return GRM_OK;
    if (r->count == MOST) return grm_fail(err, GRM_BAD_INPUT, "'%s' holds more than %d stems", r->folder, MOST);
    r->names[r->count] = grm_memory_string(memory, name);
    return r->names[r->count++] ? GRM_OK : grm_fail_memory(err);
}

static grm_status list_names(reading *r, grm_memory *memory, const char *except, grm_error *err) {
    DIR *dir = opendir(r->folder);
    if (!dir) return grm_fail(err, GRM_BAD_INPUT, "cannot read the folder '%s': %s", r->folder, strerror(errno));
    grm_status status = GRM_OK;
    for (struct dirent *entry; !status && (entry = readdir(dir)) != NULL;)
        status = add_name(r, memory, entry->d_name, except, err);
    closedir(dir);
    if (!status && r->count == 0)
        status =
            grm_fail(err, GRM_BAD_INPUT, "'%s' holds no audio files; give a folder with one file a stem", r->folder);
    qsort(r->names, r->count, sizeof *r->names, by_name);
    return status;
}

// ---- a file ----

typedef struct stream {
    grm_reader *reader;
    grm_resampler *resampler;  // NULL: it has the rate already
    size_t room;               // frames of out
    float *in[2], *out[2];
} stream;

static grm_status stream_open(stream *s, const char *path, grm_error *err) {
    *s = (stream){0};
    grm_status status = grm_reader_open(path, &s->reader, err);
    if (status) return status;
    unsigned channels = grm_reader_channels(s->reader), rate = grm_reader_rate(s->reader);
    if (channels > 2)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has %u channels; a stem has one or two", path, channels);
    if (rate != GRM_RATE) {
        if (rate < 4000)
            return grm_fail(err, GRM_BAD_INPUT, "'%s' has a rate of %u Hz; a stem has 4000 or more", path, rate);
        status = grm_resampler_new(2, rate, GRM_RATE, &s->resampler, err);
        if (status) return status;
    }
    for (int side = 0; side < 2; side++) {
        s->in[side] = grm_floats_new(BLOCK);
        if (!s->in[side]) return grm_fail_memory(err);
    }
    return GRM_OK;
}

static void stream_close(stream *s) {
    for (int side = 0; side < 2; side++) {
        free(s->out[side]);
        free(s->in[side]);
    }
    grm_resampler_free(s->resampler);
    grm_reader_close(s->reader);
}

// Room for what one call may make: the resampler holds frames back and gives them later, many at once.
static grm_status make_room(stream *s, size_t frames, grm_error *err) {
    size_t room = grm_resampler_room(s->resampler, frames);
    if (room <= s->room) return GRM_OK;
    for (int side = 0; side < 2; side++) {
        free(s->out[side]);
        s->out[side] = grm_floats_new(room);
        if (!s->out[side]) return grm_fail_memory(err);
    }
    s->room = room;
    return GRM_OK;
}

// planes NULL: the end.
static grm_status resample(stream *s, const float *const *planes, size_t frames, grm_tape *tape, grm_error *err) {
    size_t made = 0;
    grm_status status = make_room(s, frames, err);
    if (!status) status = grm_resampler_run(s->resampler, planes, frames, s->out, &made, err);
    return status ? status : grm_tape_append(tape, (const float *const[]){s->out[0], s->out[1]}, made, err);
}

static grm_status pass_on(stream *s, size_t frames, bool end, grm_tape *tape, grm_error *err) {
    const float *const in[2] = {s->in[0], s->in[1]};
    if (!s->resampler) return grm_tape_append(tape, in, frames, err);
    grm_status status = resample(s, in, frames, tape, err);
    return status || !end ? status : resample(s, NULL, 0, tape, err);
}

static grm_status read_stem(const reading *r, const char *path, grm_tape *tape, grm_error *err) {
    stream s;
    size_t got = BLOCK, all = 0;
    grm_status status = stream_open(&s, path, err);
    while (!status && got == BLOCK) {
        status = grm_reader_read(s.reader, s.in, BLOCK, &got, err);
        if (status) break;
        if (grm_reader_channels(s.reader) == 1) memcpy(s.in[1], s.in[0], got * sizeof(float));
        all += got;
        status = pass_on(&s, got, got < BLOCK, tape, err);
        if (!status) status = grm_run_check(r->run, err);
    }
    if (!status && all == 0) status = grm_fail(err, GRM_BAD_INPUT, "'%s' is empty: it holds no sound", path);
    stream_close(&s);
    return status;
}

static void read_one(void *context, size_t index) {
    reading *r = context;
    char *path = grm_path_join(r->folder, r->names[index]);
    grm_status status = path ? grm_tape_new(2, GRM_RATE, NULL, &r->tapes[index], &r->errors[index])
                             : grm_fail_memory(&r->errors[index]);
    if (!status) status = read_stem(r, path, r->tapes[index], &r->errors[index]);
    r->status[index] = status;
    free(path);
    grm_progress_step(r->run->progress, r->stage, (double)(index + 1) / (double)r->count);
}

// ---- all ----

// Keeps what could be read.
static grm_status keep(reading *r, bool skip_broken, grm_stem_folder *out, grm_error *err) {
    for (size_t i = 0; i < r->count; i++) {
        if (r->status[i] == GRM_BAD_INPUT && skip_broken) {
            out->skipped++;
            continue;
        }
        if (r->status[i]) {
            if (err) *err = r->errors[i];
            return r->status[i];
        }
        out->items[out->count++] = (grm_stem){.name = r->names[i], .role = GRM_ROLE_OTHER, .dry = r->tapes[i]};
        r->tapes[i] = NULL;
    }
    if (out->count == 0) return grm_fail(err, GRM_BAD_INPUT, "'%s' holds no audio file that can be read", r->folder);
    return GRM_OK;
}

grm_status grm_stem_folder_read(const grm_run *run, const char *folder, const char *except, bool skip_broken,
                                size_t stage, grm_stem_folder *out, grm_error *err) {
    *out = (grm_stem_folder){.memory = grm_memory_new()};
    reading *r = calloc(1, sizeof *r);
    grm_status status = out->memory && r ? GRM_OK : grm_fail_memory(err);
    if (status) goto done;
    r->run = run;
    r->folder = folder;
    r->stage = stage;
    status = list_names(r, out->memory, except, err);
    if (status) goto done;
    out->items = grm_memory_take(out->memory, r->count + 1, sizeof *out->items);
    if (!out->items) {
        status = grm_fail_memory(err);
        goto done;
    }
    grm_pool_run(run->pool, r->count, read_one, r);
    status = keep(r, skip_broken, out, err);
done:
    for (size_t i = 0; r && i < r->count; i++) grm_tape_free(r->tapes[i]);
    free(r);
    if (status) grm_stem_folder_free(out);
    return status;
}

void grm_stem_folder_free(grm_stem_folder *folder) {
    for (size_t i = 0; i < folder->count; i++) grm_tape_free(folder->items[i].dry);
    grm_memory_free(folder->memory);
    *folder = (grm_stem_folder){0};
}
