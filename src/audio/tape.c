// A tape is a row of chunks. Full chunks go to the scratch file in the order of writing, a slot for each of their
// planes, or one slot for all planes when these are the same; silent chunks take no slot; the last, still filling,
// stays in memory.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/audio.h"

enum { CHUNK = 8192 };  // frames
static const uint32_t silent = UINT32_MAX, same = UINT32_C(1) << 31;

struct grm_tape {
    int file;
    unsigned channels, rate_hz;
    size_t frames;
    size_t chunk_count, chunk_capacity;  // full chunks
    uint32_t *slots;      // [chunk_count], the first slot of each, with `same` when all planes are there,
    uint32_t slots_used;  // or `silent`
    char *folder;
    float *tail;  // [channels][CHUNK]
};

static const size_t slot_size = sizeof(float) * CHUNK;

// A file that no name leads to: it goes away with the program, however that ends.
static int scratch_file(const char *folder) {
    char *name = grm_path_join(folder, "grammy-tape-XXXXXX");
    if (!name) return -1;
    int file = mkstemp(name);
    if (file >= 0) unlink(name);
    int problem = errno;
    free(name);
    errno = problem;
    return file;
}

grm_status grm_tape_new(unsigned channels, unsigned rate_hz, const char *folder, grm_tape **out, grm_error *err) {
    *out = NULL;
    if (channels < 1 || channels > GRM_MAX_CHANNELS)
        return grm_fail(err, GRM_USAGE, "a tape of %u channels; 1 to %d are possible", channels, GRM_MAX_CHANNELS);
    if (!folder) folder = getenv("TMPDIR");
    if (!folder || !*folder) folder = "/tmp";
    grm_tape *tape = calloc(1, sizeof(*tape));
    if (!tape) return grm_fail_memory(err);
    tape->file = -1;
    tape->channels = channels;
    tape->rate_hz = rate_hz;
    tape->folder = strdup(folder);
    tape->tail = grm_floats_new((size_t)channels * CHUNK);
    if (!tape->folder || !tape->tail) {
        grm_tape_free(tape);
        return grm_fail_memory(err);
    }
    tape->file = scratch_file(folder);
    if (tape->file < 0) {
        int problem = errno;
        grm_tape_free(tape);
        return grm_fail(err, GRM_FAILED, "cannot make a scratch file in '%s': %s; set TMPDIR to a folder with room",
                        folder, strerror(problem));
    }
    *out = tape;
    return GRM_OK;
}

void grm_tape_free(grm_tape *tape) {
    if (!tape) return;
    if (tape->file >= 0) close(tape->file);
    free(tape->tail);
    free(tape->slots);
    free(tape->folder);
    free(tape);
}

static bool is_silent(const float *samples, size_t count) {
    bool sound = false;
    for (size_t i = 0; i < count; i++) sound |= samples[i] != 0.0f;
    return !sound;
}

static bool has_one_sound(const grm_tape *tape) {
    for (unsigned c = 1; c < tape->channels; c++)
        if (memcmp(tape->tail, tape->tail + (size_t)c * CHUNK, slot_size) != 0) return false;
    return true;
}

static grm_status write_slots(const grm_tape *tape, uint32_t slot, uint32_t count, grm_error *err) {
    const char *next = (const char *)tape->tail;
    size_t left = slot_size * count;
    off_t place = (off_t)slot * (off_t)slot_size;
    while (left > 0) {
        ssize_t put = pwrite(tape->file, next, left, place);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0)
            return grm_fail(err, GRM_FAILED, "cannot write the scratch file in '%s': %s; make room or set TMPDIR",
                            tape->folder, put < 0 ? strerror(errno) : "no room");
        next += put;
        left -= (size_t)put;
        place += put;
    }
    return GRM_OK;
}

// Moves the full tail to the file.
static grm_status end_chunk(grm_tape *tape, grm_error *err) {
    if (tape->chunk_count == tape->chunk_capacity) {
        size_t capacity = tape->chunk_capacity ? tape->chunk_capacity * 2 : 256;
        uint32_t *slots = realloc(tape->slots, capacity * sizeof(*slots));
        if (!slots) return grm_fail_memory(err);
        tape->slots = slots;
        tape->chunk_capacity = capacity;
    }
    uint32_t slot = silent;
    if (!is_silent(tape->tail, (size_t)tape->channels * CHUNK)) {
        bool one = has_one_sound(tape);
        uint32_t count = one ? 1 : tape->channels;
        if (tape->slots_used >= same - count)
            return grm_fail(err, GRM_FAILED, "a recording is too long for its scratch file in '%s'", tape->folder);
        grm_status status = write_slots(tape, tape->slots_used, count, err);
        if (status != GRM_OK) return status;
        slot = tape->slots_used | (one ? same : 0);
        tape->slots_used += count;
    }
    tape->slots[tape->chunk_count++] = slot;
    return GRM_OK;
}

grm_status grm_tape_append(grm_tape *tape, const float *const *planes, size_t frames, grm_error *err) {
    for (size_t done = 0; done < frames;) {
        size_t filled = tape->frames - tape->chunk_count * CHUNK;
        if (filled == CHUNK) {
            grm_status status = end_chunk(tape, err);
            if (status != GRM_OK) return status;
            filled = 0;
        }
        size_t count = frames - done < CHUNK - filled ? frames - done : CHUNK - filled;
        for (unsigned c = 0; c < tape->channels; c++)
            memcpy(tape->tail + (size_t)c * CHUNK + filled, planes[c] + done, count * sizeof(float));
        tape->frames += count;
        done += count;
    }
    return GRM_OK;
}

static grm_status read_exactly(const grm_tape *tape, void *to, size_t size, off_t place, grm_error *err) {
    char *next = to;
    while (size > 0) {
        ssize_t got = pread(tape->file, next, size, place);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return grm_fail(err, GRM_FAILED, "cannot read the scratch file in '%s': %s", tape->folder,
                            got < 0 ? strerror(errno) : "it is too short");
        next += got;
        size -= (size_t)got;
        place += got;
    }
    return GRM_OK;
}

// `count` frames from `offset` of one chunk, into planes at `done`.
static grm_status read_chunk(const grm_tape *tape, size_t chunk, size_t offset, size_t count, float *const *planes,
                             size_t done, grm_error *err) {
    bool in_memory = chunk == tape->chunk_count;
    uint32_t slot = in_memory ? 0 : tape->slots[chunk];
    for (unsigned c = 0; c < tape->channels; c++) {
        float *to = planes[c] + done;
        if (in_memory) {
            memcpy(to, tape->tail + (size_t)c * CHUNK + offset, count * sizeof(float));
        } else if (slot == silent) {
            memset(to, 0, count * sizeof(float));
        } else if (c > 0 && slot & same) {
            memcpy(to, planes[0] + done, count * sizeof(float));
        } else {
            off_t place = (off_t)((slot & ~same) + c) * (off_t)slot_size + (off_t)(offset * sizeof(float));
            grm_status status = read_exactly(tape, to, count * sizeof(float), place, err);
            if (status != GRM_OK) return status;
        }
    }
    return GRM_OK;
}

grm_status grm_tape_read(const grm_tape *tape, size_t start, size_t frames, float *const *planes, grm_error *err) {
    size_t there = start < tape->frames ? tape->frames - start : 0;
    if (there > frames) there = frames;
    for (size_t done = 0; done < there;) {
        size_t chunk = (start + done) / CHUNK, offset = (start + done) % CHUNK;
        size_t count = there - done < CHUNK - offset ? there - done : CHUNK - offset;
        grm_status status = read_chunk(tape, chunk, offset, count, planes, done, err);
        if (status != GRM_OK) return status;
        done += count;
    }
    for (unsigned c = 0; c < tape->channels; c++) memset(planes[c] + there, 0, (frames - there) * sizeof(float));
    return GRM_OK;
}

size_t grm_tape_frames(const grm_tape *tape) {
    return tape->frames;
}

unsigned grm_tape_channels(const grm_tape *tape) {
    return tape->channels;
}

unsigned grm_tape_rate(const grm_tape *tape) {
    return tape->rate_hz;
}
