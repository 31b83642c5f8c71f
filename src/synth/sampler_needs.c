// Which samples a part's notes reach, and how far into them: what is worth decoding.
#include <math.h>
#include <stdlib.h>

#include "synth/sampler.h"

enum { PEDAL = 64, DRUM_BANK = 128 };

void grm_sampler_program(const grm_part *part, const grm_instrument *instrument, unsigned *bank, unsigned *program) {
    bool known = instrument && !instrument->voice;
    *bank = part->drums ? DRUM_BANK : known ? instrument->bank : part->bank;
    *program = known ? instrument->program : part->program;
}

bool grm_region_plays(const grm_region *region, int key, int velocity) {
    return key >= region->key_low && key <= region->key_high && velocity >= region->velocity_low &&
           velocity <= region->velocity_high;
}

// Where each note is let go, the pedal taken into account; INT64_MAX when never. ends: [note_count].
static grm_status find_ends(const grm_event *events, size_t count, size_t note_count, int64_t *ends, grm_error *err) {
    size_t held_count = 0;
    bool pedal = false;
    int32_t *held = calloc(note_count + 1, sizeof *held);
    if (!held) return grm_fail_memory(err);
    for (size_t i = 0; i < note_count; i++) ends[i] = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        const grm_event *event = &events[i];
        if (event->kind == GRM_EVENT_NOTE_OFF) {
            if (pedal) {
                held[held_count++] = event->note;
            } else {
                ends[event->note] = event->frame;
            }
        } else if (event->kind == GRM_EVENT_CONTROL && event->number == PEDAL) {
            pedal = event->value >= 64;
            while (!pedal && held_count > 0) ends[held[--held_count]] = event->frame;
        }
    }
    free(held);
    return GRM_OK;
}

// Whether controllers can stretch what a note reaches beyond what is seen at its start.
static bool is_predictable(const grm_region *region) {
    const int32_t *of = region->generators;
    if (of[GRM_GEN_END_OFFSET] != 0 || of[GRM_GEN_END_COARSE] != 0) return false;
    for (size_t i = 0; i < region->modulator_count; i++) {
        const grm_modulator *mod = &region->modulators[i];
        bool moves = (mod->source & 0x80) || (mod->amount_source & 0x80) || (mod->source & 0x7f) == 14;
        if (mod->target == GRM_GEN_END_OFFSET || mod->target == GRM_GEN_END_COARSE) return false;
        bool matters = mod->target <= GRM_GEN_START_COARSE || mod->target == GRM_GEN_LOOP_START_COARSE ||
                       mod->target == GRM_GEN_LOOP_END_COARSE || mod->target == GRM_GEN_COARSE_TUNE ||
                       mod->target == GRM_GEN_FINE_TUNE || mod->target == GRM_GEN_MOD_LFO_TO_PITCH ||
                       mod->target == GRM_GEN_MOD_ENV_TO_PITCH || mod->target == GRM_GEN_VOL_RELEASE;
        if (moves && matters && mod->amount != 0) return false;
    }
    return true;
}

// Frames of the region's sample that a note held so long can reach.
static uint32_t reach(const grm_soundfont *font, const grm_region *region, const grm_sampler_channel *channel, int key,
                      int velocity, int64_t length) {
    if (length == INT64_MAX || !is_predictable(region)) return UINT32_MAX;
    float totals[GRM_GEN_COUNT];
    grm_sampler_totals(region, channel, key, velocity, totals);
    const grm_font_sample *sample = &font->samples[region->sample];
    int root = region->generators[GRM_GEN_ROOT_KEY] >= 0 ? region->generators[GRM_GEN_ROOT_KEY] : sample->root_key;
    double cents = (key - root + 1) * (double)region->generators[GRM_GEN_SCALE_TUNING];
    cents = fabs(cents) + sample->correction + 100 * totals[GRM_GEN_COARSE_TUNE] + totals[GRM_GEN_FINE_TUNE];
    if (key < root && region->generators[GRM_GEN_SCALE_TUNING] >= 0) {
        cents -= 2.0 * (root - key - 1) * region->generators[GRM_GEN_SCALE_TUNING];
    }
    cents += channel->bend_range * 100.0 + fabsf(totals[GRM_GEN_VIB_LFO_TO_PITCH]) + 100;
    cents += fabsf(totals[GRM_GEN_MOD_LFO_TO_PITCH]) + fabsf(totals[GRM_GEN_MOD_ENV_TO_PITCH]);
    double release = totals[GRM_GEN_VOL_RELEASE];
    release = exp2((release < -7200 ? -7200 : release > 8000 ? 8000 : release) / 1200) * GRM_RATE;
    double frames =
        ((double)length + release + 2 * GRM_SAMPLER_BLOCK) * exp2(cents / 1200) * sample->rate_hz / GRM_RATE;
    frames += fmax(totals[GRM_GEN_START_OFFSET], 0) + 32768 * fmax(totals[GRM_GEN_START_COARSE], 0) + 64;

    if ((region->generators[GRM_GEN_LOOP_MODE] & 3) == 1) {
        double loop =
            sample->loop_end + (double)totals[GRM_GEN_LOOP_END_OFFSET] + 32768.0 * totals[GRM_GEN_LOOP_END_COARSE] + 8;
        if (frames > loop && loop > 0) frames = loop;
    }
    return frames < (double)UINT32_MAX ? (uint32_t)frames : UINT32_MAX;
}

grm_status grm_sampler_needs(grm_soundfont *font, const grm_part *part, const grm_instrument *instrument,
                             const grm_event *events, size_t count, uint32_t *needs, grm_error *err) {
    unsigned bank, program;
    const grm_preset *preset = NULL;
    grm_sampler_channel channel = {.bend_range = part->bend_range > 0 ? part->bend_range : 2};
    int64_t *ends = calloc(part->note_count + 1, sizeof *ends);
    if (!ends) return grm_fail_memory(err);
    channel.controllers[1] = 127;  // as far as the wheel may go
    grm_sampler_program(part, instrument, &bank, &program);
    grm_status status = find_ends(events, count, part->note_count, ends, err);
    if (status == GRM_OK) status = grm_soundfont_preset(font, bank, program, &preset, err);
    for (size_t i = 0; i < count && status == GRM_OK; i++) {
        const grm_event *event = &events[i];
        if (event->kind == GRM_EVENT_PROGRAM) {
            status = grm_soundfont_preset(font, bank, (unsigned)event->value, &preset, err);
        }
        if (event->kind != GRM_EVENT_NOTE_ON) continue;
        int64_t end = ends[event->note];
        int64_t length = end == INT64_MAX ? INT64_MAX : end - event->frame;
        for (size_t r = 0; r < preset->region_count; r++) {
            const grm_region *region = &preset->regions[r];
            if (!grm_region_plays(region, event->number, event->value)) continue;
            uint32_t frames = reach(font, region, &channel, event->number, event->value, length);
            if (frames > needs[region->sample]) needs[region->sample] = frames;
        }
    }
    free(ends);
    return status;
}
