// A score to stems: every part by its player onto a tape, the parts side by side.
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "synth/sampler.h"
#include "synth/voice.h"

enum {
    BLOCK = 16384,              // frames, a third of a second
    END_FADE = GRM_RATE / 100,  // frames
    MAX_SECONDS = 12 * 60 * 60,
};

// What one part takes on its way to its tape.
typedef struct job {
    const grm_part *part;
    const grm_instrument *instrument;  // NULL: not in the catalogue
    const char *voice;                 // preset of our own synthesis; NULL: the SoundFont plays
    grm_event *events;
    size_t count;
    double cost;  // rough: frames that sound
    grm_tape *tape;
    grm_status status;
    grm_error error;
} job;

typedef struct rendering {
    const grm_run *run;
    const grm_score *score;
    grm_soundfont *font;
    uint64_t seed;
    const char *scratch;
    size_t stage, frames, count;
    job *jobs;
    size_t *order;  // dearest first
    atomic_size_t steps_done;
    size_t steps;
    atomic_bool stop;  // another part has failed
} rendering;

static const grm_instrument *instrument_of(const grm_part *part, const grm_catalogue *catalogue) {
    return part->instrument && catalogue ? grm_instrument_find(catalogue, part->instrument) : NULL;
}

static const char *voice_of(const grm_instrument *instrument) {
    return instrument && instrument->voice && grm_voice_exists(instrument->voice) ? instrument->voice : NULL;
}

bool grm_synth_needs_soundfont(const grm_score *score, const grm_catalogue *catalogue) {
    for (size_t i = 0; i < score->part_count; i++) {
        const grm_part *part = &score->parts[i];
        if (part->note_count > 0 && !voice_of(instrument_of(part, catalogue))) return true;
    }
    return false;
}

void grm_stems_free(grm_stems *stems) {
    if (!stems) return;
    for (size_t i = 0; i < stems->count; i++) grm_tape_free(stems->items[i].dry);
    grm_memory_free(stems->memory);  // which the stems themselves lie in
}

// ---- one part ----

static void scale(float *x, size_t count, float gain) {
    for (size_t i = 0; i < count; i++) x[i] *= gain;
}

// What still rings at the very end goes out within the last hundredth of a second.
static void fade_end(const rendering *work, size_t start, size_t count, float *x) {
    size_t fade = work->frames < END_FADE ? work->frames : END_FADE;
    size_t from = work->frames - fade;
    for (size_t i = start > from ? 0 : from - start; i < count; i++) {
        x[i] *= (float)(work->frames - start - i - 1) / (float)fade;
    }
}

static grm_status record(rendering *work, job *one, grm_player *player, float *left, float *right) {
    float gain = one->instrument ? powf(10.0f, one->instrument->level_db / 20) : 1;
    for (size_t start = 0; start < work->frames; start += BLOCK) {
        size_t count = work->frames - start < BLOCK ? work->frames - start : BLOCK;
        grm_status status = grm_run_check(work->run, &one->error);
        if (status != GRM_OK) return status;
        if (atomic_load(&work->stop)) return GRM_OK;
        if (player) {
            memset(left, 0, count * sizeof *left);
            memset(right, 0, count * sizeof *right);
            status = player->render(player, start, count, left, right, &one->error);
            if (status != GRM_OK) return status;
            if (gain != 1) {
                scale(left, count, gain);
                scale(right, count, gain);
            }
            if (start + count + END_FADE > work->frames) {
                fade_end(work, start, count, left);
                fade_end(work, start, count, right);
            }
        }
        const float *planes[2] = {left, right};
        status = grm_tape_append(one->tape, planes, count, &one->error);
        if (status != GRM_OK) return status;
        size_t done = atomic_fetch_add(&work->steps_done, 1) + 1;
        if (work->run) grm_progress_step(work->run->progress, work->stage, (double)done / (double)work->steps);
    }
    return GRM_OK;
}

static grm_status new_player(const rendering *work, job *one, grm_player **out) {
    *out = NULL;
    if (one->count == 0) return GRM_OK;
    if (one->voice) {
        return grm_voice_player_new(one->voice, one->part, one->instrument,
                                    work->score->has_key ? &work->score->key : NULL, one->events, one->count,
                                    work->seed, out, &one->error);
    }
    return grm_soundfont_player_new(work->font, one->part, one->instrument, one->events, one->count, out, &one->error);
}

static void play_part(void *context, size_t index) {
    rendering *work = context;
    job *one = &work->jobs[work->order[index]];
    grm_player *player = NULL;
    float *left = grm_floats_new(BLOCK), *right = grm_floats_new(BLOCK);
    if (!left || !right) {
        one->status = grm_fail_memory(&one->error);
        goto done;
    }
    if ((one->status = grm_tape_new(2, GRM_RATE, work->scratch, &one->tape, &one->error)) ||
        (one->status = new_player(work, one, &player))) {
        goto done;
    }
    one->status = record(work, one, player, left, right);

done:
    if (one->status != GRM_OK) atomic_store(&work->stop, true);
    if (player) player->free(player);
    free(right);
    free(left);
}

// ---- before and after ----

static double sounding_frames(const grm_event *events, size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == GRM_EVENT_NOTE_ON) total += GRM_RATE - (double)events[i].frame;
        if (events[i].kind == GRM_EVENT_NOTE_OFF) total += (double)events[i].frame;
    }
    return total;
}

static grm_status prepare_jobs(rendering *work, const grm_catalogue *catalogue, grm_error *err) {
    for (size_t i = 0; i < work->count; i++) {
        job *one = &work->jobs[i];
        one->part = &work->score->parts[i];
        one->instrument = instrument_of(one->part, catalogue);
        one->voice = voice_of(one->instrument);
        grm_status status = grm_events_new(work->score, one->part, &one->events, &one->count, err);
        if (status != GRM_OK) return status;
        one->cost = sounding_frames(one->events, one->count);
        size_t at = i;
        while (at > 0 && work->jobs[work->order[at - 1]].cost < one->cost) {
            work->order[at] = work->order[at - 1];
            at--;
        }
        work->order[at] = i;
    }
    return GRM_OK;
}

// Decodes what all parts will want, with all threads, before they start.
static grm_status load_samples(rendering *work, grm_error *err) {
    if (!work->font) return GRM_OK;
    uint32_t *needs = calloc(work->font->sample_count + 1, sizeof *needs);
    if (!needs) return grm_fail_memory(err);
    grm_status status = GRM_OK;
    for (size_t i = 0; i < work->count && status == GRM_OK; i++) {
        job *one = &work->jobs[i];
        if (one->voice || one->count == 0) continue;
        status = grm_sampler_needs(work->font, one->part, one->instrument, one->events, one->count, needs, err);
    }
    if (status == GRM_OK) status = grm_soundfont_load(work->font, work->run, needs, err);
    free(needs);
    return status;
}

static grm_status check_score(const rendering *work, const grm_catalogue *catalogue, grm_error *err) {
    double length = work->score->duration_s;
    if (!(length >= 0) || length > MAX_SECONDS) {
        return grm_fail(err, GRM_BAD_INPUT, "a score of %g s can't be rendered; at most %d s", length, MAX_SECONDS);
    }
    if (!work->font && grm_synth_needs_soundfont(work->score, catalogue)) {
        return grm_fail(err, GRM_MISSING, "the score needs a SoundFont and none is open");
    }
    return GRM_OK;
}

static grm_status collect(rendering *work, grm_stems **out, grm_error *err) {
    for (size_t i = 0; i < work->count; i++) {  // by the parts' order, so that the same one is named every time
        const job *one = &work->jobs[i];
        if (one->status == GRM_OK) continue;
        if (err) *err = one->error;
        return one->status;
    }
    grm_memory *memory = grm_memory_new();
    grm_stems *stems = memory ? grm_memory_take(memory, 1, sizeof *stems) : NULL;
    grm_stem *items = memory ? grm_memory_take(memory, work->count + 1, sizeof *items) : NULL;
    if (!stems || !items) goto no_memory;
    *stems = (grm_stems){work->count, items, work->score->duration_s, memory};
    for (size_t i = 0; i < work->count; i++) {
        const grm_part *part = work->jobs[i].part;
        items[i].role = part->role;
        items[i].name = grm_memory_string(memory, part->name ? part->name : "");
        items[i].instrument = part->instrument ? grm_memory_string(memory, part->instrument) : NULL;
        if (!items[i].name || (part->instrument && !items[i].instrument)) goto no_memory;
    }
    for (size_t i = 0; i < work->count; i++) {
        items[i].dry = work->jobs[i].tape;
        work->jobs[i].tape = NULL;
    }
    *out = stems;
    return GRM_OK;

no_memory:
    grm_memory_free(memory);
    return grm_fail_memory(err);
}

grm_status grm_synth_render(const grm_run *run, const grm_score *score, const grm_catalogue *catalogue,
                            grm_soundfont *font, uint64_t seed, const char *scratch, size_t stage, grm_stems **out,
                            grm_error *err) {
    *out = NULL;
    rendering work = {.run = run,
                      .score = score,
                      .font = font,
                      .seed = seed,
                      .scratch = scratch,
                      .stage = stage,
                      .count = score->part_count};
    grm_status status = check_score(&work, catalogue, err);
    if (status != GRM_OK) return status;
    work.frames = (size_t)llround(score->duration_s * GRM_RATE);
    work.steps = (work.frames + BLOCK - 1) / BLOCK * work.count + 1;
    work.jobs = calloc(work.count + 1, sizeof *work.jobs);
    work.order = calloc(work.count + 1, sizeof *work.order);
    if (!work.jobs || !work.order) {
        status = grm_fail_memory(err);
        goto done;
    }
    if ((status = prepare_jobs(&work, catalogue, err)) || (status = load_samples(&work, err))) goto done;
    if (run && run->pool) {
        grm_pool_run(run->pool, work.count, play_part, &work);
    } else {
        for (size_t i = 0; i < work.count; i++) play_part(&work, i);
    }
    status = collect(&work, out, err);

done:
    for (size_t i = 0; work.jobs && i < work.count; i++) {
        grm_tape_free(work.jobs[i].tape);
        free(work.jobs[i].events);
    }
    free(work.order);
    free(work.jobs);
    return status;
}
