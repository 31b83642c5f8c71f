// Samples, decoded once when a part needs them: 16-bit sound as it stands in SF2, Ogg Vorbis in SF3.
#include <limits.h>
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

#include "synth/soundfont.h"

enum {
    MAX_SAMPLE_FRAMES = 1 << 25,  // nearly 13 minutes at 44.1 kHz
    DECODE_BLOCK = 4096,
};
static const size_t max_decoded_bytes = (size_t)2 << 30;  // what a hostile file can take at most

static grm_pcm *pcm_new(uint32_t frames) {
    size_t count = (size_t)frames + 2 * GRM_PCM_GUARD;
    grm_pcm *pcm = calloc(1, sizeof *pcm + count * sizeof(int16_t));
    if (!pcm) return NULL;
    pcm->frames = frames;
    pcm->data = (int16_t *)(pcm + 1) + GRM_PCM_GUARD;
    return pcm;
}

// ---- the file inside the file ----

typedef struct window {
    const uint8_t *bytes;
    sf_count_t size, at;
} window;

static sf_count_t window_size(void *data) {
    return ((window *)data)->size;
}

static sf_count_t window_seek(sf_count_t offset, int whence, void *data) {
    window *in = data;
    sf_count_t base = whence == SEEK_CUR ? in->at : whence == SEEK_END ? in->size : 0;
    if (offset > in->size - base) offset = in->size - base;
    if (offset < -base) offset = -base;
    in->at = base + offset;
    return in->at;
}

static sf_count_t window_read(void *out, sf_count_t count, void *data) {
    window *in = data;
    if (count > in->size - in->at) count = in->size - in->at;
    if (count <= 0) return 0;
    memcpy(out, in->bytes + in->at, (size_t)count);
    in->at += count;
    return count;
}

static sf_count_t window_write(const void *bytes, sf_count_t count, void *data) {
    return 0;
}

static sf_count_t window_tell(void *data) {
    return ((window *)data)->at;
}

static int16_t to_16_bit(float value) {
    float scaled = value * 32768.0f;
    if (!(scaled > -32768.0f)) return -32768;
    if (scaled > 32767.0f) return 32767;
    return (int16_t)lrintf(scaled);
}

static grm_status decode_vorbis(const grm_soundfont *font, size_t index, uint32_t need, grm_pcm **out, grm_error *err) {
    const grm_font_sample *sample = &font->samples[index];
    window in = {font->sound + sample->start, (sf_count_t)(sample->end - sample->start), 0};
    SF_VIRTUAL_IO io = {window_size, window_seek, window_read, window_write, window_tell};
    SF_INFO info = {0};
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, &info, &in);
    grm_pcm *pcm = NULL;
    grm_status status = GRM_OK;
    if (!file || info.channels != 1 || info.frames <= 0 || info.frames > MAX_SAMPLE_FRAMES) {
        status = grm_fail(err, GRM_BAD_INPUT, "%s: broken SoundFont: sample %zu does not decode", font->name, index);
        goto done;
    }
    uint32_t frames = (uint32_t)info.frames;
    bool whole = need >= frames;
    if (!whole) frames = need;
    pcm = pcm_new(frames);
    if (!pcm) {
        status = grm_fail_memory(err);
        goto done;
    }
    float block[DECODE_BLOCK];
    uint32_t done = 0;
    while (done < frames) {
        uint32_t want = frames - done < DECODE_BLOCK ? frames - done : DECODE_BLOCK;
        sf_count_t got = sf_readf_float(file, block, want);
        if (got <= 0) break;
        for (sf_count_t i = 0; i < got; i++) pcm->data[done + i] = to_16_bit(block[i]);
        done += (uint32_t)got;
    }
    pcm->frames = done;
    pcm->whole = whole || done < frames;
    *out = pcm;
    pcm = NULL;

done:
    free(pcm);
    if (file) sf_close(file);
    return status;
}

static grm_status copy_plain(const grm_soundfont *font, size_t index, uint32_t need, grm_pcm **out, grm_error *err) {
    const grm_font_sample *sample = &font->samples[index];
    uint32_t frames = sample->end - sample->start;
    bool whole = need >= frames;
    if (!whole) frames = need;
    grm_pcm *pcm = frames <= MAX_SAMPLE_FRAMES ? pcm_new(frames) : NULL;
    if (!pcm) return grm_fail_memory(err);
    const uint8_t *from = font->sound + (size_t)sample->start * 2;
    for (uint32_t i = 0; i < frames; i++) {
        pcm->data[i] = (int16_t)(uint16_t)(from[2 * (size_t)i] | from[2 * (size_t)i + 1] << 8);
    }
    pcm->whole = whole;
    *out = pcm;
    return GRM_OK;
}

// ---- many at once ----

typedef struct task {
    size_t sample;
    uint32_t need;
    grm_pcm *pcm;
    grm_status status;
    grm_error error;
} task;

typedef struct batch {
    const grm_soundfont *font;
    const grm_run *run;
    task *tasks;
} batch;

static void run_task(void *context, size_t index) {
    batch *work = context;
    task *one = &work->tasks[index];
    if ((one->status = grm_run_check(work->run, &one->error)) != GRM_OK) return;
    bool compressed = work->font->samples[one->sample].compressed;
    one->status = compressed ? decode_vorbis(work->font, one->sample, one->need, &one->pcm, &one->error)
                             : copy_plain(work->font, one->sample, one->need, &one->pcm, &one->error);
}

static bool is_missing(const grm_font_sample *sample, uint32_t need) {
    const grm_pcm *pcm = atomic_load_explicit(&sample->pcm, memory_order_acquire);
    return need > 0 && sample->usable && (!pcm || (!pcm->whole && pcm->frames < need));
}

// Longest first, so that the threads end together.
static int compare_tasks(const void *a, const void *b) {
    const task *x = a, *y = b;
    if (x->need != y->need) return x->need > y->need ? -1 : 1;
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static grm_status load_locked(grm_soundfont *font, const grm_run *run, const uint32_t *needs, grm_error *err) {
    size_t count = 0, at = 0;
    for (size_t i = 0; i < font->sample_count; i++) count += is_missing(&font->samples[i], needs[i]);
    if (count == 0) return GRM_OK;
    task *tasks = calloc(count, sizeof *tasks);
    if (!tasks) return grm_fail_memory(err);
    for (size_t i = 0; i < font->sample_count; i++) {
        if (!is_missing(&font->samples[i], needs[i])) continue;
        // What was too short once is taken whole the second time.
        bool again = atomic_load(&font->samples[i].pcm) != NULL;
        tasks[at++] = (task){.sample = i, .need = again ? UINT32_MAX : needs[i]};
    }
    qsort(tasks, count, sizeof *tasks, compare_tasks);
    batch work = {font, run, tasks};
    if (run && run->pool) {
        grm_pool_run(run->pool, count, run_task, &work);
    } else {
        for (size_t i = 0; i < count; i++) run_task(&work, i);
    }

    grm_status status = GRM_OK;
    for (size_t i = 0; i < count; i++) {
        task *one = &tasks[i];
        if (one->status != GRM_OK && status == GRM_OK) {
            status = one->status;
            if (err) *err = one->error;
        }
        if (!one->pcm) continue;
        grm_font_sample *sample = &font->samples[one->sample];
        one->pcm->older = atomic_load(&sample->pcm);
        font->decoded_bytes += (size_t)one->pcm->frames * sizeof(int16_t);
        atomic_store_explicit(&sample->pcm, one->pcm, memory_order_release);
    }
    free(tasks);
    if (status == GRM_OK && font->decoded_bytes > max_decoded_bytes) {
        status = grm_fail(err, GRM_BAD_INPUT, "%s: its samples take more than 2 GiB", font->name);
    }
    return status;
}

grm_status grm_soundfont_load(grm_soundfont *font, const grm_run *run, const uint32_t *needs, grm_error *err) {
    pthread_mutex_lock(&font->mutex);
    grm_status status = load_locked(font, run, needs, err);
    pthread_mutex_unlock(&font->mutex);
    return status;
}
