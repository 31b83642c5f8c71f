// Which part covers which, in which octave, over time, and what is done about it.
//
// Loudness of a part beside others, after Moore, Glasberg and Baer, "A model for the prediction of thresholds,
// loudness, and partial loudness", JAES 45, 1997, much simplified: octaves for auditory filters, their leak into the
// neighbours a constant slope, loudness the fourth root of excitation; what is left of a part is the loudness of all
// less that of the others.
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

enum { BANDS = GRM_MIX_BANDS };

// Of a part at 0 dB, the lead's place: a quiet room's threshold of hearing when the lead plays at 70 dB SPL.
static const float threshold_db[BANDS] = {-12, -35, -48, -58, -64, -66, -68, -72, -58, -40};

typedef struct scene {
    size_t stems, looks;
    float *power;  // [stems][looks][BANDS], where it stands, equalised, with its leak
} scene;

static float *look_at(const scene *s, size_t stem, size_t look) {
    return s->power + (stem * s->looks + look) * BANDS;
}

static float band_gain(const grm_stem_plan *p, size_t band) {
    double db = 0;
    for (size_t i = 0; i < p->cell_count; i++) {
        const grm_strip_cell *c = &p->cells[i];
        grm_filter cell = grm_filter_design(c->type, GRM_RATE, c->hz, c->q, c->db);
        db += grm_filter_gain_db(&cell, GRM_RATE, grm_mix_band_hz[band]);
    }
    return (float)pow(10, db / 10);
}

static bool scene_open(scene *s, const grm_mix_decision *d, const grm_stem_facts *facts, const float *gains) {
    const float up = 0.06f, down = 0.005f;  // leak of an octave into its neighbours
    *s = (scene){.stems = d->count, .looks = d->count ? facts[0].looks : 0};
    s->power = calloc(s->stems * s->looks * BANDS + 1, sizeof *s->power);
    if (!s->power) return false;
    for (size_t i = 0; i < s->stems; i++) {
        const grm_stem_plan *p = &d->stems[i];
        if (p->mute) continue;
        float gain[BANDS], level = powf(10, (p->level_db + (gains ? gains[i] : 0)) / 10);
        for (size_t b = 0; b < BANDS; b++) gain[b] = level * band_gain(p, b);
        for (size_t t = 0; t < s->looks; t++) {
            float x[BANDS], *y = look_at(s, i, t);
            for (size_t b = 0; b < BANDS; b++) x[b] = gain[b] * facts[i].look[t * BANDS + b];
            for (size_t b = 0; b < BANDS; b++)
                y[b] = x[b] + (b ? up * x[b - 1] : 0) + (b + 1 < BANDS ? down * x[b + 1] : 0);
        }
    }
    return true;
}

static void scene_close(scene *s) {
    free(s->power);
}

static float loudness(float power, size_t band) {
    float quiet = powf(10, threshold_db[band] / 10);
    return sqrtf(sqrtf(power + quiet)) - sqrtf(sqrtf(quiet));
}

// Whether it sounds at that moment: within 30 dB of its own mean.
static bool sounds(const grm_stem_facts *f, size_t look) {
    float sum = 0;
    for (size_t b = 0; b < BANDS; b++) sum += f->look[look * BANDS + b];
    return sum > 0.001f;
}

static float audible_share(const scene *s, const grm_stem_facts *facts, size_t stem) {
    double alone = 0, left = 0;
    for (size_t t = 0; t < s->looks; t++) {
        if (!sounds(&facts[stem], t)) continue;
        for (size_t b = 0; b < BANDS; b++) {
            float own = look_at(s, stem, t)[b], others = 0;
            for (size_t k = 0; k < s->stems; k++)
                if (k != stem) others += look_at(s, k, t)[b];
            alone += loudness(own, b);
            left += loudness(own + others, b) - loudness(others, b);
        }
    }
    return alone > 0 ? (float)(left / alone) : 0;
}

void grm_mix_audible(const grm_mix_decision *d, const grm_stem_facts *facts, const float *gains, float *out) {
    scene s;
    for (size_t i = 0; i < d->count; i++) out[i] = -1;
    if (!scene_open(&s, d, facts, gains)) return;
    for (size_t i = 0; i < d->count; i++)
        if (!d->stems[i].mute) out[i] = audible_share(&s, facts, i);
    scene_close(&s);
}

// ---- room by equalisers ----

// Who steps back for whom, where. The one who has the right of way must matter there (`matter` below its strongest
// octave at most); who lies less than `room` below it gives way by `share` of what is missing.
typedef struct right_of_way {
    bool first[GRM_ROLE_COUNT], second[GRM_ROLE_COUNT];
    size_t low, high;  // octaves
    float matter_db, room_db, share, most_db, q;
    bool by_strip;  // times the strip's room_for
    const char *why;
} right_of_way;

static const right_of_way rules[] = {
    {.first = {[GRM_ROLE_LEAD] = true, [GRM_ROLE_VOCAL] = true},
     .second = {[GRM_ROLE_COUNTER] = true,
                [GRM_ROLE_CHORDS] = true,
                [GRM_ROLE_PAD] = true,
                [GRM_ROLE_ARP] = true,
                [GRM_ROLE_FX] = true,
                [GRM_ROLE_OTHER] = true},
     .low = 5,
     .high = 8,
     .matter_db = 30,
     .room_db = 9,
     .share = 0.35f,
     .most_db = 3,
     .q = 1,
     .by_strip = true,
     .why = "room for the lead"},
    {.first = {[GRM_ROLE_KICK] = true},
     .second = {[GRM_ROLE_BASS] = true},
     .low = 1,
     .high = 3,
     .matter_db = 3,
     .room_db = 0,
     .share = 0.25f,
     .most_db = 2.5f,
     .q = 1.2f,
     .why = "room for the kick"},
    {.first = {[GRM_ROLE_BASS] = true},
     .second = {[GRM_ROLE_CHORDS] = true, [GRM_ROLE_PAD] = true, [GRM_ROLE_COUNTER] = true, [GRM_ROLE_OTHER] = true},
     .low = 2,
     .high = 4,
     .matter_db = 10,
     .room_db = 6,
     .share = 0.3f,
     .most_db = 3,
     .q = 0.9f,
     .why = "room for the bass"},
};

// The same for a voice where nobody knows the music: once, twice as deep, and only while the voice is heard.
static const right_of_way sung = {.first = {[GRM_ROLE_VOCAL] = true}, .most_db = 2.5f, .share = 0.35f, .room_db = 9};

// Mean power of those with the right of way, and of one other while they sound.
static void meet(const scene *s, const grm_stems *stems, const grm_stem_facts *facts, const right_of_way *rule,
                 size_t other, double first[BANDS], double second[BANDS]) {
    size_t count = 0;
    memset(first, 0, BANDS * sizeof *first);
    memset(second, 0, BANDS * sizeof *second);
    for (size_t t = 0; t < s->looks; t++) {
        bool meets = false;
        for (size_t i = 0; i < s->stems; i++) {
            if (i == other || !rule->first[stems->items[i].role] || !sounds(&facts[i], t)) continue;
            meets = true;
            for (size_t b = 0; b < BANDS; b++) first[b] += look_at(s, i, t)[b];
        }
        for (size_t b = 0; b < BANDS && meets; b++) second[b] += look_at(s, other, t)[b];
        count += meets;
    }
    for (size_t b = 0; b < BANDS; b++) {
        first[b] = 10 * log10(first[b] / (double)(count + !count) + 1e-12);
        second[b] = 10 * log10(second[b] / (double)(count + !count) + 1e-12);
    }
}

static void give_way(const scene *s, const grm_stems *stems, const grm_stem_facts *facts, const grm_strips *strips,
                     const right_of_way *rule, size_t other, grm_stem_plan *p) {
    double first[BANDS], second[BANDS], strongest = -200;
    meet(s, stems, facts, rule, other, first, second);
    for (size_t b = 0; b < BANDS; b++) strongest = first[b] > strongest ? first[b] : strongest;
    if (strongest < -60) return;
    float by = rule->by_strip ? grm_strips_find(strips, p->strip, NULL)->room_for : 1;
    for (size_t b = rule->low; b < rule->high && p->cell_count < GRM_MIX_EQ; b++) {
        if (first[b] < strongest - (double)rule->matter_db) continue;
        float cut = rule->share * (float)(second[b] - first[b] + (double)rule->room_db);
        cut = (cut > rule->most_db ? rule->most_db : cut) * by;
        if (!(cut > 0.4f)) continue;
        p->cell_why[p->cell_count] = rule->why;
        p->cells[p->cell_count++] = (grm_strip_cell){GRM_FILTER_BELL, grm_mix_band_hz[b], -cut, rule->q};
    }
}

// A bell that moves, in the octave in which most is missing.
static void dip(const scene *s, const grm_stems *stems, const grm_stem_facts *facts, const grm_strips *strips,
                size_t other, grm_stem_plan *p) {
    double first[BANDS], second[BANDS], strongest = -200;
    meet(s, stems, facts, &sung, other, first, second);
    for (size_t b = 0; b < BANDS; b++) strongest = first[b] > strongest ? first[b] : strongest;
    if (strongest < -60) return;
    float by = grm_strips_find(strips, p->strip, NULL)->room_for;
    for (size_t b = rules[0].low; b < rules[0].high; b++) {
        if (first[b] < strongest - (double)rules[0].matter_db) continue;
        float cut = sung.share * (float)(second[b] - first[b] + (double)sung.room_db);
        cut = 2 * by * (cut > sung.most_db ? sung.most_db : cut);
        if (!(cut > 0.8f && cut > p->dip.db)) continue;
        p->block_why[GRM_VOICE_DIP] = "it covers the voice";
        p->dip = (grm_dip){.hz = grm_mix_band_hz[b], .db = cut, .q = 0.8f};
    }
}

static void make_room(const grm_stems *stems, const grm_stem_facts *facts, const grm_strips *strips, bool dips,
                      grm_mix_decision *d) {
    scene s;
    right_of_way still = rules[0];  // where voices are left to dips
    still.first[GRM_ROLE_VOCAL] = false;
    if (!scene_open(&s, d, facts, NULL)) return;
    for (size_t k = 0; k < GRM_COUNT(rules); k++)
        for (size_t i = 0; i < d->count; i++) {
            if (d->stems[i].mute || !rules[k].second[stems->items[i].role]) continue;
            give_way(&s, stems, facts, strips, k == 0 && dips ? &still : &rules[k], i, &d->stems[i]);
            if (k == 0 && dips) dip(&s, stems, facts, strips, i, &d->stems[i]);
        }
    scene_close(&s);
}

// ---- room by levels ----

// A part of which less is heard than its strip asks for comes up half a decibel at a time, as far as 6 dB.
void grm_mix_uncover(const grm_stems *stems, const grm_stem_facts *facts, const grm_strips *strips, bool dips,
                     grm_mix_decision *d) {
    enum { STEPS = 12 };
    float *gains = calloc(d->count + 1, sizeof *gains), *heard = calloc(d->count + 1, sizeof *heard);
    make_room(stems, facts, strips, dips, d);
    for (int step = 0; gains && heard && step <= STEPS; step++) {
        bool moves = false;
        grm_mix_audible(d, facts, gains, heard);
        for (size_t i = 0; i < d->count && step < STEPS; i++)
            if (!d->stems[i].mute && heard[i] < grm_strips_find(strips, d->stems[i].strip, NULL)->heard) {
                gains[i] += 0.5f;
                moves = true;
            }
        if (!moves) break;
    }
    for (size_t i = 0; gains && heard && i < d->count; i++) {
        d->stems[i].level_db += gains[i];
        d->stems[i].audible = heard[i];
    }
    free(heard);
    free(gains);
}
