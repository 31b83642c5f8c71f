// What the mix does, from what the stems are and what the style wants.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

// Every part follows the sections' energy this far; a strip's own ride comes on top.
#define COMMON_RIDE_DB 1.2f
// The bed steps back this far while somebody sings.
#define VOICE_DUCK_DB 2.0f

static float within(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

static void add_cell(grm_stem_plan *p, grm_filter_kind type, float hz, float db, float q, const char *why) {
    if (p->cell_count == GRM_COUNT(p->cells)) return;
    p->cell_why[p->cell_count] = why;
    p->cells[p->cell_count++] = (grm_strip_cell){type, hz, db, q};
}

static const grm_strip *strip_of(const grm_strips *strips, const grm_stem_plan *p) {
    return grm_strips_find(strips, p->strip, NULL);
}

// Level of an octave when the stem stands at its place, in the units of its loudness.
static float placed_db(const grm_stem_plan *p, const grm_stem_facts *f, size_t band) {
    return p->mute ? -200 : f->band_db[band] + p->level_db;
}

// ---- each stem by itself ----

static void decide_pan(grm_stem_plan *p, const grm_part_mix *part, const grm_strip *strip) {
    p->pan = within(part->pan, -1, 1);
    // A stereo source far to one side would lose half of itself: it gets narrower as it goes.
    float width = within(part->width, 0, 2) * (strip->width > 0 ? strip->width : 1);
    p->width = within(width, 0, 2) * (1 - 0.5f * fabsf(p->pan));
}

// Power of all octaves against the weighted power, dB: what a low end hides from loudness.
static double unweighted_db(const grm_stem_facts *f) {
    double sum = 1e-12;
    for (size_t b = 0; b < GRM_MIX_BANDS; b++) sum += pow(10, f->band_db[b] / 10);
    return 10 * log10(sum);
}

static void decide_dynamics(grm_stem_plan *p, const grm_stem_facts *f, const grm_strip *s, double lofi) {
    const grm_strip_compressor *c = &s->compressor;
    // What the compressor will see of a stem at GRM_STEM_LUFS: 2.3 dB less as the mean power of its channels, but more
    // where the weighting of loudness hides a low end.
    const float level = (float)(GRM_STEM_LUFS - 2.3 + (double)within((float)unweighted_db(f), -6, 9));
    if (c->ratio > 1) {
        p->compressor = (grm_compressor_plan){.threshold_db = level + c->threshold_db,
                                              .ratio = c->ratio,
                                              .knee_db = c->knee_db,
                                              .attack_ms = c->attack_ms,
                                              .release_ms = c->release_ms};
        p->compressor.makeup_db = -0.85f * grm_compressor_static_db(&p->compressor, level + 2);
    }
    float tape = (float)lofi * s->lofi;
    p->drive = s->drive > 0 || tape > 0 ? 0.6f + 2 * s->drive + 0.9f * tape : 0;
    p->wobble = tape * 0.8f;
    p->mono_hz = s->mono_below;
    if (tape > 0) {
        add_cell(p, GRM_FILTER_HIGHPASS, 30 + 40 * tape, 0, 0.71f, "tape");
        add_cell(p, GRM_FILTER_LOWPASS, 16000 * powf(0.42f, tape), 0, 0.6f, "tape");
    }
}

// What lies under the music where nobody plays is turned down there. Peaks of noise reach 12 dB over its power; what
// has opened must be able to close above them.
static void decide_expander(grm_stem_plan *p, const grm_stem *stem, const grm_stem_facts *f) {
    if (f->noise_db <= GRM_NO_NOISE || p->mute || stem->role == GRM_ROLE_TEXTURE || stem->role == GRM_ROLE_FX) return;
    p->block_why[GRM_EXPANDER] = "noise under its pauses";
    p->expander = (grm_gate_plan){.threshold_db = f->noise_db + p->trim_db + 17,
                                  .ratio = 3,
                                  .knee_db = 4,
                                  .range_db = 16,
                                  .hysteresis_db = 3,
                                  .attack_ms = 2,
                                  .hold_ms = 120,
                                  .release_ms = 180};
}

// Drums whose strong hits hardly stand out of their power were squashed before: they get some of their attack back.
// Untouched ones have 10 dB (deep kicks 8) to 18 dB.
static void decide_transient(grm_stem_plan *p, const grm_stem *stem, const grm_stem_facts *f) {
    float usual = stem->role == GRM_ROLE_KICK    ? 7
                  : stem->role == GRM_ROLE_SNARE ? 10.5f
                  : stem->role == GRM_ROLE_DRUMS ? 10
                                                 : 0;
    if (!(usual > 0) || p->mute || !(f->hit > 0)) return;
    double power = f->lufs + unweighted_db(f) - 2.3;  // of a channel
    float missing = usual - (float)((double)grm_gain_to_db(f->hit) - power);
    if (!(missing > 0.5f)) return;
    p->transient.attack_db = within(missing, 1, 4);
    p->block_why[GRM_TRANSIENT] = "its hits hardly stand out";
}

// A tune that ends as at a wall, as after a low rate, and is strong right below it, gets harmonics above.
static void decide_exciter(grm_stem_plan *p, const grm_stem *stem, const grm_stem_facts *f) {
    const float strong = -32, wall = 40;  // dB against the loudness; dB from one octave to the next
    if (p->mute || (stem->role != GRM_ROLE_LEAD && stem->role != GRM_ROLE_VOCAL)) return;
    for (size_t b = 7; b < 9; b++) {
        if (!(f->band_db[b] > strong && f->band_db[b + 1] < f->band_db[b] - wall)) continue;
        p->block_why[GRM_EXCITER] = "it ends as at a wall";
        p->exciter = (grm_shine){.hz = grm_mix_band_hz[b] * 0.75f, .drive_db = 24, .amount = 0.5f};
    }
}

// What is wide as it was sent gets no wider, and what is mostly side comes in until both have half.
static void limit_width(grm_stem_plan *p, const grm_stem_facts *f) {
    const float wide = 0.2f, half = 0.5f;
    if (f->side > wide && p->width > 1) p->width = 1;
    if (f->side > half) p->width = fminf(p->width, sqrtf((1 - f->side) / f->side));
}

static void mute_twin(grm_stem_plan *p, const grm_stems *stems, const grm_stem_facts *f, grm_mix_decision *d) {
    if (f->twin < 0) return;
    grm_stem_plan *other = &d->stems[f->twin];
    p->mute = true;
    snprintf(p->mute_why, sizeof p->mute_why, "%s as \"%.80s\"",
             f->crossed ? "the same sound, upside down," : "the same sound",
             stems->items[f->twin].name ? stems->items[f->twin].name : "");
    if (p->pan * other->pan < 0) other->pan = 0;  // the two sides of what is mono
}

static void decide_stem(grm_stem_plan *p, const grm_stem *stem, const grm_part_mix *part, const grm_style_mix *style,
                        const grm_stem_facts *f, const grm_strips *strips) {
    const grm_strip *strip = grm_strips_find(strips, part->strip, grm_role_name(stem->role));
    p->strip = strip->name;
    p->mute = f->lufs <= GRM_SILENT_LUFS;
    p->audible = -1;
    p->one_sound = f->one_sound;
    p->trim_db = p->mute ? 0 : (float)within((float)(GRM_STEM_LUFS - f->lufs), -40, 40);
    p->level_db = within(part->level_db, -60, 12) + strip->loudness_db;
    for (unsigned i = 0; i < strip->eq_count && i < GRM_STRIP_CELLS; i++)
        add_cell(p, strip->eq[i].type, strip->eq[i].hz, strip->eq[i].db, strip->eq[i].q, "strip");
    decide_pan(p, part, strip);
    decide_dynamics(p, f, strip, within(style->lofi, 0, 1));
    p->duck_db = within(style->duck_db, 0, 24) * within(strip->duck, 0, 1);
    p->voice_db = stem->role == GRM_ROLE_VOCAL ? 0 : VOICE_DUCK_DB * within(strip->room_for, 0, 1);
    p->room = within(part->room, 0, 1);
    p->hall = within(part->hall, 0, 1);
    p->delay = within(part->delay, 0, 1);
    p->ride_db = COMMON_RIDE_DB + within(strip->ride, 0, 3);
}

// ---- all of them together ----

// 200 to 400 Hz, where every part has something to say: more than 4.5 dB above the middle is mud.
static void cut_mud(grm_mix_decision *d, const grm_stem_facts *facts, const grm_strips *strips) {
    double low = 1e-12, middle = 1e-12;
    for (size_t i = 0; i < d->count; i++) {
        low += pow(10, placed_db(&d->stems[i], &facts[i], 3) / 10);
        for (size_t b = 4; b < 6; b++) middle += 0.5 * pow(10, placed_db(&d->stems[i], &facts[i], b) / 10);
    }
    float excess = (float)(10 * log10(low / middle)) - 4.5f;
    if (excess < 0.5f) return;
    for (size_t i = 0; i < d->count; i++) {
        grm_stem_plan *p = &d->stems[i];
        float cut = within(0.8f * excess, 0, 4) * strip_of(strips, p)->mud;
        if (!p->mute && cut > 0.3f) add_cell(p, GRM_FILTER_BELL, 280, -cut, 0.9f, "mud");
    }
}

// A part whose octave about 4 kHz comes within 6 dB of its strongest below is harsh.
static void tame(grm_mix_decision *d, const grm_stem_facts *facts, const grm_strips *strips) {
    for (size_t i = 0; i < d->count; i++) {
        grm_stem_plan *p = &d->stems[i];
        const float *band = facts[i].band_db;
        float below = fmaxf(fmaxf(band[4], band[5]), band[6]);
        float cut = within(0.7f * (band[7] - below + 6), 0, 5) * strip_of(strips, p)->tame;
        if (!p->mute && cut > 0.4f) add_cell(p, GRM_FILTER_BELL, 3900, -cut, 0.8f, "harsh");
    }
}

// The fader makes up for what equalising took from the loudness.
static void set_fader(grm_stem_plan *p, const grm_stem_facts *f, double rate_hz) {
    grm_filter weighting[2];
    grm_loudness_weighting(rate_hz, weighting);
    double before = 1e-12, behind = 1e-12;
    for (size_t b = 0; b < GRM_MIX_BANDS; b++) {
        double weighted = f->band_db[b], hz = grm_mix_band_hz[b], gain = 0;
        for (int i = 0; i < 2; i++) weighted += grm_filter_gain_db(&weighting[i], rate_hz, hz);
        for (size_t i = 0; i < p->cell_count; i++) {
            grm_filter cell =
                grm_filter_design(p->cells[i].type, rate_hz, p->cells[i].hz, p->cells[i].q, p->cells[i].db);
            gain += grm_filter_gain_db(&cell, rate_hz, hz);
        }
        before += pow(10, weighted / 10);
        behind += pow(10, (weighted + gain) / 10);
    }
    p->fader_db = p->level_db + within((float)(10 * log10(before / behind)), -6, 6);
}

// Peaks of a moment seldom meet: what is expected lies a third of the way from the root of their squares' sum to their
// sum. 1.2 dB are kept for what equalisers and reverbs add; where that is not enough the common fader steps in.
float grm_mix_headroom_db(const grm_mix_decision *d, const grm_stem_facts *facts) {
    double most = 0;
    for (size_t c = 0; d->count && c < facts[0].cells; c++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < d->count; i++) {
            if (d->stems[i].mute) continue;
            double peak = facts[i].cell_peak[c] * pow(10, (d->stems[i].trim_db + d->stems[i].fader_db) / 20);
            sum += peak;
            squares += peak * peak;
        }
        double expected = (sum + 2 * sqrt(squares)) / 3;
        most = expected > most ? expected : most;
    }
    return most > 0 ? (float)(-4.2 - 20 * log10(most)) : 0;
}

static void decide_kick_duck(grm_mix_decision *d, const grm_stems *stems, const grm_stem_facts *facts,
                             const grm_style_mix *style) {
    grm_duck_plan *duck = &d->duck[GRM_DUCK_KICK];
    *duck = (grm_duck_plan){.source = -1, .attack_ms = 1.5f};
    duck->release_ms = within(style->duck_release_ms > 0 ? style->duck_release_ms : 180, 30, 1000);
    if (!(style->duck_db > 0)) return;
    for (size_t i = 0; i < stems->count && duck->source < 0; i++)
        if (stems->items[i].role == GRM_ROLE_KICK && !d->stems[i].mute) {
            duck->source = (int)i;
            duck->reference_db = grm_gain_to_db(facts[i].hit);
        }
    for (size_t i = 0; i < stems->count && duck->source < 0; i++)
        if (stems->items[i].role == GRM_ROLE_DRUMS && facts[i].low_hit > 0.03f * facts[i].peak) {
            duck->source = (int)i;
            duck->low = true;
            duck->reference_db = grm_gain_to_db(facts[i].low_hit);
        }
}

static void decide_voice_duck(grm_mix_decision *d, const grm_stems *stems, const grm_stem_facts *facts) {
    grm_duck_plan *duck = &d->duck[GRM_DUCK_VOICE];
    *duck = (grm_duck_plan){.source = -1, .attack_ms = 20, .release_ms = 400};
    for (size_t i = 0; i < stems->count; i++) {
        bool louder = duck->source < 0 || d->stems[i].level_db > d->stems[duck->source].level_db;
        if (stems->items[i].role != GRM_ROLE_VOCAL || d->stems[i].mute || !louder) continue;
        duck->source = (int)i;
        duck->reference_db = grm_gain_to_db(facts[i].hit);
    }
}

// A part that nothing makes step back says so.
static void settle_ducks(grm_mix_decision *d) {
    for (size_t i = 0; i < d->count; i++) {
        if (d->duck[GRM_DUCK_KICK].source < 0) d->stems[i].duck_db = 0;
        if (d->duck[GRM_DUCK_VOICE].source < 0) d->stems[i].voice_db = d->stems[i].dip.db = 0;
        if (d->stems[i].dip.db > 0) d->stems[i].voice_db *= 0.5f;  // where it matters the dip does it
    }
}

static void decide_spaces(grm_mix_decision *d, const grm_mix_plan *plan, const grm_profile *profile) {
    const grm_style_mix *s = &plan->style;
    // The sends are equalised in the channel, once for all three.
    d->space_rate_hz = profile ? profile->space_rate_hz : GRM_RATE;
    d->room = (grm_reverb_plan){.lines = 8,
                                .rt60_s = within(s->room_s > 0 ? s->room_s : 0.45f, 0.15f, 1.5f),
                                .high_ratio = 0.7f,
                                .size_ms = 13,
                                .predelay_ms = 4,
                                .early = 0.5f,
                                .variant = 1};
    d->hall = (grm_reverb_plan){.lines = profile ? profile->hall_lines : 16,
                                .rt60_s = within(s->hall_s > 0 ? s->hall_s : 2.0f, 0.6f, 10),
                                .high_ratio = 0.5f,
                                .size_ms = 44,
                                .predelay_ms = 24,
                                .early = 0.12f,
                                .modulation_ms = 0.35f,
                                .variant = 2};
    double tempo = plan->tempo_bpm > 20 ? plan->tempo_bpm : 120, beats = s->delay_beats > 0 ? s->delay_beats : 0.75;
    double time = beats * 60 / tempo;
    d->delay = (grm_echo_plan){.time_s = time < 0.06 ? 0.06
                                         : time > 2  ? 2
                                                     : time,
                               .feedback = 0.38f,
                               .low_cut_hz = 240,
                               .high_cut_hz = 4800};
}

static void copy_sections(grm_mix_decision *d, const grm_mix_plan *plan) {
    d->section_count = plan->section_count < GRM_MIX_SECTIONS ? plan->section_count : GRM_MIX_SECTIONS;
    for (size_t i = 0; i < d->section_count; i++)
        d->sections[i] = (grm_mix_section){plan->section_start_s[i], plan->section_energy[i]};
}

static void balance_whole(const grm_stems *stems, const grm_mix_plan *plan, const grm_stem_facts *facts,
                          const grm_strips *strips, grm_mix_decision *d) {
    float *heard = calloc(d->count + 1, sizeof *heard);
    grm_mix_balance_tone(stems, facts, strips->balance, d);
    if (plan->free_side) grm_mix_spread(plan->free_side, facts, d);
    if (heard) grm_mix_audible(d, facts, NULL, heard);
    for (size_t i = 0; heard && i < d->count; i++) d->stems[i].audible = heard[i];
    free(heard);
}

grm_status grm_mix_decide(const grm_stems *stems, const grm_mix_plan *plan, const grm_stem_facts *facts,
                          const grm_strips *strips, const grm_profile *profile, grm_mix_decision *out, grm_error *err) {
    *out = (grm_mix_decision){.count = stems->count, .fades = true};
    out->stems = calloc(stems->count + 1, sizeof *out->stems);
    if (!out->stems) return grm_fail_memory(err);
    for (size_t i = 0; i < stems->count; i++)
        decide_stem(&out->stems[i], &stems->items[i], &plan->parts[i], &plan->style, &facts[i], strips);
    for (size_t i = 0; i < stems->count && plan->foreign; i++) {
        mute_twin(&out->stems[i], stems, &facts[i], out);
        limit_width(&out->stems[i], &facts[i]);
        decide_expander(&out->stems[i], &stems->items[i], &facts[i]);
        decide_transient(&out->stems[i], &stems->items[i], &facts[i]);
        decide_exciter(&out->stems[i], &stems->items[i], &facts[i]);
    }
    if (plan->foreign) grm_mix_share_places(stems, facts, out);
    if (plan->free_side) grm_mix_choose_sides(plan->free_side, facts, out);
    cut_mud(out, facts, strips);
    tame(out, facts, strips);
    grm_mix_uncover(stems, facts, strips, plan->foreign, out);
    if (plan->balance) balance_whole(stems, plan, facts, strips, out);
    for (size_t i = 0; i < stems->count; i++) set_fader(&out->stems[i], &facts[i], GRM_RATE);
    out->gain_db = grm_mix_headroom_db(out, facts);
    decide_kick_duck(out, stems, facts, &plan->style);
    decide_voice_duck(out, stems, facts);
    settle_ducks(out);
    decide_spaces(out, plan, profile);
    if (plan->find_sections)
        grm_mix_find_sections(facts, out);
    else
        copy_sections(out, plan);
    out->tempo_bpm = plan->tempo_bpm;
    grm_mix_settle(out);
    return GRM_OK;
}
