// Brief to score: form, harmony, casting, tune, then each part by its way of playing, made human at last.
#include "compose/compose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/work.h"

static void play_part(grm_work *work, grm_writer_part *part) {
    switch (part->plan->play) {
        case GRM_PLAY_MELODY:
            grm_melody_play(work, part);
            break;
        case GRM_PLAY_COUNTER:
            grm_counter_play(work, part);
            break;
        case GRM_PLAY_SECOND:
            grm_second_play(work, part);
            break;
        case GRM_PLAY_RIFF:
            grm_riff_play(work, part);
            break;
        case GRM_PLAY_COMP:
        case GRM_PLAY_STRUM:
        case GRM_PLAY_PAD:
        case GRM_PLAY_ARP:
            grm_chords_play(work, part);
            break;
        case GRM_PLAY_BASS:
        case GRM_PLAY_WALK:
        case GRM_PLAY_DRONE:
            grm_bass_play(work, part);
            break;
        case GRM_PLAY_DRUMS:
            grm_drums_play(work, part);
            break;
        case GRM_PLAY_TEXTURE:
        case GRM_PLAY_FX:
            grm_texture_play(work, part);
            break;
    }
    grm_feel_apply(work, part);
    grm_dynamics_apply(work, part);
    grm_express(work, part);
}

static void set_metre(grm_work *work) {
    grm_metre metre = work->brief->metre;
    bool compound = metre.unit == 8 && metre.beats % 3 == 0;
    work->steps_per_bar = grm_steps_in_bar(metre);
    work->bar_ticks = work->steps_per_bar * STEP_TICKS;
    work->steps_per_beat = compound ? 6 : 4;
    work->beat_ticks = work->steps_per_beat * STEP_TICKS;
    work->beats_per_bar = work->steps_per_bar / work->steps_per_beat;
    if (work->steps_per_bar % work->steps_per_beat) {  // 7/8 and its like count eighths
        work->steps_per_beat = 2;
        work->beat_ticks = 2 * STEP_TICKS;
        work->beats_per_bar = work->steps_per_bar / 2;
    }
}

static uint32_t us_per_quarter(const grm_brief *brief) {
    bool compound = brief->metre.unit == 8 && brief->metre.beats % 3 == 0;
    return (uint32_t)lround(60e6 / (brief->tempo_bpm * (compound ? 1.5 : 1.0)));
}

static const char *copy(grm_score *score, const char *text) {
    return text ? grm_memory_string(score->memory, text) : NULL;
}

// Kits play on the channel of percussion, whatever a style has them do.
static bool is_percussion(const grm_writer_part *part) {
    return part->plan->play == GRM_PLAY_DRUMS || part->instrument->bank == 128;
}

static grm_status copy_part(grm_score *score, const grm_writer_part *from, uint8_t channel, grm_error *err) {
    grm_part *to = &score->parts[score->part_count];
    if (from->note_count == 0) return GRM_OK;  // nobody needs an empty track
    *to = (grm_part){.name = copy(score, from->name),
                     .instrument = copy(score, from->instrument->id),
                     .role = from->plan->role,
                     .drums = is_percussion(from),
                     .program = from->instrument->program,
                     .bank = from->instrument->bank,
                     .channel = channel,
                     .bend_range = 2,
                     .note_count = from->note_count,
                     .control_count = from->control_count};
    to->notes = grm_memory_take(score->memory, from->note_count, sizeof *to->notes);
    to->controls = grm_memory_take(score->memory, from->control_count + 1, sizeof *to->controls);
    if (!to->name || !to->instrument || !to->notes || !to->controls) return grm_fail_memory(err);
    memcpy(to->notes, from->notes, from->note_count * sizeof *to->notes);
    if (from->control_count) memcpy(to->controls, from->controls, from->control_count * sizeof *to->controls);
    score->part_count++;
    return GRM_OK;
}

static grm_status copy_parts(const grm_work *work, grm_score *score, grm_error *err) {
    score->parts = grm_memory_take(score->memory, work->part_count + 1, sizeof *score->parts);
    if (!score->parts) return grm_fail_memory(err);
    uint8_t next = 0;
    for (size_t i = 0; i < work->part_count; i++) {
        uint8_t channel = 9;
        if (!is_percussion(&work->parts[i]) && work->parts[i].note_count) {
            channel = next++ % 16;
            if (channel == 9) channel = next++ % 16;
        }
        grm_status status = copy_part(score, &work->parts[i], channel, err);
        if (status != GRM_OK) return status;
    }
    return GRM_OK;
}

static grm_status make_score(const grm_work *work, grm_score **out, grm_error *err) {
    grm_memory *memory = grm_memory_new();
    grm_score *score = memory ? grm_memory_take(memory, 1, sizeof *score) : NULL;
    if (!score) {
        grm_memory_free(memory);
        return grm_fail_memory(err);
    }
    score->memory = memory;
    score->title = copy(score, work->brief->title);
    score->style = copy(score, work->style->name);
    score->key = work->brief->key;
    score->has_key = true;
    score->duration_s = work->brief->duration_s;
    score->tempos = grm_memory_take(memory, GRM_MAX_TEMPOS, sizeof *score->tempos);
    score->metres = grm_memory_take(memory, 1, sizeof *score->metres);
    score->sections = grm_memory_take(memory, work->passage_count + 1, sizeof *score->sections);
    grm_status status = GRM_OK;
    if (!score->tempos || !score->metres || !score->sections) {
        status = grm_fail_memory(err);
        goto done;
    }
    score->tempo_count = grm_ritard_plan(work, us_per_quarter(work->brief), score->tempos);
    score->metres[score->metre_count++] = (grm_metre_change){0, work->brief->metre};
    for (size_t i = 0; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i];
        bool last = i + 1 == work->passage_count;
        score->sections[score->section_count++] = (grm_section){.name = copy(score, p->name),
                                                                .kind = copy(score, p->plan->kind),
                                                                .start = p->start,
                                                                .end = last ? work->end : p->end,
                                                                .bars = p->bars,
                                                                .energy = p->energy};
    }
    status = copy_parts(work, score, err);
done:
    if (status == GRM_OK)
        *out = score;
    else
        grm_score_free(score);
    return status;
}

grm_status grm_compose(const grm_brief *brief, const grm_catalogue *catalogue, grm_score **out, grm_error *err) {
    *out = NULL;
    grm_figure *figures = NULL;
    grm_work work = {.brief = brief, .catalogue = catalogue, .seed = brief->seed, .memory = grm_memory_new()};
    grm_status status = GRM_OK;
    if (!work.memory) return grm_fail_memory(err);
    work.figures = &figures;
    work.style = grm_style_find(catalogue, brief->style);
    if (!work.style) {
        status = grm_fail(err, GRM_USAGE, "there is no style \"%s\"; `grammy styles` lists them", brief->style);
        goto done;
    }
    if (brief->blended_styles.count) work.blend = grm_style_find(catalogue, brief->blended_styles.items[0]);
    set_metre(&work);
    work.tick_s = us_per_quarter(brief) * 1e-6 / GRM_PPQ;
    status = grm_form_plan(&work, err);
    if (status == GRM_OK) status = grm_harmony_plan(&work, err);
    if (status == GRM_OK) status = grm_cast_parts(&work, err);
    if (status == GRM_OK) status = grm_groove_plan(&work, err);
    if (status == GRM_OK) status = grm_melody_plan(&work, err);
    for (size_t i = 0; status == GRM_OK && i < work.part_count; i++) {
        play_part(&work, &work.parts[i]);
        if (work.parts[i].failed) status = grm_fail_memory(err);
    }
    if (status == GRM_OK) status = make_score(&work, out, err);
done:
    for (size_t i = 0; i < work.part_count; i++) {
        free(work.parts[i].notes);
        free(work.parts[i].controls);
    }
    free(work.melody.notes);
    grm_memory_free(work.memory);
    return status;
}
