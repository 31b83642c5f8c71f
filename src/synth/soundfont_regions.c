// From a preset to its regions: zones, their defaults and overrides, generators and modulators (9.4 and 9.5 of the
// specification). Values of an instrument's zones replace, values of a preset's zones add.
#include <string.h>

#include "synth/soundfont.h"

// The last bounds the time that a hostile file can cost.
enum { MAX_MODULATORS = 64, MAX_REGIONS = 16384, MAX_ZONES_READ = 200000 };

// EMU's hardware took 0.4 of an initial attenuation, and fonts are voiced for it; FluidSynth does the same.
#define ATTENUATION_SHARE 0.4

static uint16_t read16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

// 8.4: what every zone has unless it says otherwise. Left out: velocity to filter, which FluidSynth too drops because
// the specification contradicts itself; reverb and chorus sends, since stems are dry; and the pitch wheel, which the
// player applies by itself. Brightness and resonance (CC 74, 71) are General MIDI 2's.
static const grm_modulator default_modulators[] = {
    {0x0502, 0, GRM_GEN_ATTENUATION, false, 960},      // velocity: concave, falling
    {0x0081, 0, GRM_GEN_VIB_LFO_TO_PITCH, false, 50},  // modulation wheel
    {0x0587, 0, GRM_GEN_ATTENUATION, false, 960},      // volume
    {0x028A, 0, GRM_GEN_PAN, false, 500},              // pan
    {0x058B, 0, GRM_GEN_ATTENUATION, false, 960},      // expression
    {0x02CA, 0, GRM_GEN_FILTER_CUTOFF, false, 4800},   // brightness
    {0x02C7, 0, GRM_GEN_FILTER_Q, false, 120},         // resonance
};

typedef struct modulators {
    size_t count;
    grm_modulator items[MAX_MODULATORS];
} modulators;

// What one zone says. A generator that is not set has no bit in `set`.
typedef struct zone {
    uint64_t set;
    int32_t generators[GRM_GEN_COUNT];
    uint8_t key_low, key_high, velocity_low, velocity_high;
    modulators mods;
} zone;

static bool same_modulator(const grm_modulator *a, const grm_modulator *b) {
    return a->source == b->source && a->amount_source == b->amount_source && a->target == b->target &&
           a->absolute == b->absolute;
}

static grm_modulator *find_modulator(modulators *list, const grm_modulator *like) {
    for (size_t i = 0; i < list->count; i++) {
        if (same_modulator(&list->items[i], like)) return &list->items[i];
    }
    return NULL;
}

static void put_modulator(modulators *list, const grm_modulator *item, bool add) {
    grm_modulator *old = find_modulator(list, item);
    if (old) {
        old->amount = add ? old->amount + item->amount : item->amount;
    } else if (list->count < MAX_MODULATORS) {
        list->items[list->count++] = *item;
    }
}

static void read_modulators(grm_font_table table, size_t first, size_t end, modulators *out) {
    for (size_t i = first; i < end && i < table.count; i++) {
        const uint8_t *at = table.bytes + i * 10;
        uint16_t target = read16(at + 2), transform = read16(at + 8);
        if (target >= GRM_GEN_COUNT) continue;  // linked to another modulator: no font in use does it
        grm_modulator item = {read16(at), read16(at + 6), (uint8_t)target, transform == 2, (int16_t)read16(at + 4)};
        put_modulator(out, &item, false);
    }
}

static void read_generators(grm_font_table table, size_t first, size_t end, zone *out) {
    for (size_t i = first; i < end && i < table.count; i++) {
        const uint8_t *at = table.bytes + i * 4;
        uint16_t kind = read16(at);
        if (kind == GRM_GEN_KEY_RANGE) {
            out->key_low = at[2];
            out->key_high = at[3];
        } else if (kind == GRM_GEN_VELOCITY_RANGE) {
            out->velocity_low = at[2];
            out->velocity_high = at[3];
        } else if (kind < GRM_GEN_COUNT) {
            bool index = kind == GRM_GEN_SAMPLE || kind == GRM_GEN_INSTRUMENT;
            out->generators[kind] = index ? read16(at + 2) : (int16_t)read16(at + 2);
            out->set |= (uint64_t)1 << kind;
        }
    }
}

// Lays bag `bag` over what `out` holds.
static bool read_zone(grm_font_table bags, grm_font_table gens, grm_font_table mods, size_t bag, zone *out) {
    const uint8_t *at = bags.bytes + bag * 4;
    uint16_t gen = read16(at), mod = read16(at + 2), gen_end = read16(at + 4), mod_end = read16(at + 6);
    if (gen > gen_end || gen_end > gens.count || mod > mod_end || mod_end > mods.count) return false;
    read_generators(gens, gen, gen_end, out);
    read_modulators(mods, mod, mod_end, &out->mods);
    return true;
}

static void zone_clear(zone *out) {
    memset(out, 0, sizeof *out);
    out->key_high = out->velocity_high = 127;
}

static void region_defaults(int32_t *generators) {
    memset(generators, 0, GRM_GEN_COUNT * sizeof *generators);
    generators[GRM_GEN_FILTER_CUTOFF] = 13500;
    generators[GRM_GEN_MOD_LFO_DELAY] = generators[GRM_GEN_VIB_LFO_DELAY] = -12000;
    for (int i = 0; i < 6; i++) {
        if (i == 4) continue;  // sustain
        generators[GRM_GEN_MOD_DELAY + i] = generators[GRM_GEN_VOL_DELAY + i] = -12000;
    }
    generators[GRM_GEN_SCALE_TUNING] = 100;
    generators[GRM_GEN_KEY] = generators[GRM_GEN_VELOCITY] = generators[GRM_GEN_ROOT_KEY] = -1;
}

// 8.5: these mean nothing in a preset.
static bool instrument_only(int generator) {
    switch (generator) {
        case GRM_GEN_START_OFFSET:
        case GRM_GEN_END_OFFSET:
        case GRM_GEN_LOOP_START_OFFSET:
        case GRM_GEN_LOOP_END_OFFSET:
        case GRM_GEN_START_COARSE:
        case GRM_GEN_END_COARSE:
        case GRM_GEN_LOOP_START_COARSE:
        case GRM_GEN_LOOP_END_COARSE:
        case GRM_GEN_KEY:
        case GRM_GEN_VELOCITY:
        case GRM_GEN_LOOP_MODE:
        case GRM_GEN_EXCLUSIVE_CLASS:
        case GRM_GEN_ROOT_KEY:
        case GRM_GEN_INSTRUMENT:
        case GRM_GEN_SAMPLE:
            return true;
        default:
            return false;
    }
}

static uint8_t larger(uint8_t a, uint8_t b) {
    return a > b ? a : b;
}

static uint8_t smaller(uint8_t a, uint8_t b) {
    return a < b ? a : b;
}

static bool merge(const zone *preset, const zone *instrument, grm_region *region, modulators *mods) {
    region->key_low = larger(preset->key_low, instrument->key_low);
    region->key_high = smaller(preset->key_high, instrument->key_high);
    region->velocity_low = larger(preset->velocity_low, instrument->velocity_low);
    region->velocity_high = smaller(preset->velocity_high, instrument->velocity_high);
    if (region->key_low > region->key_high || region->velocity_low > region->velocity_high) return false;

    region_defaults(region->generators);
    for (int i = 0; i < GRM_GEN_COUNT; i++) {
        if (instrument->set >> i & 1) region->generators[i] = instrument->generators[i];
        if (preset->set >> i & 1 && !instrument_only(i)) region->generators[i] += preset->generators[i];
    }
    double attenuation = region->generators[GRM_GEN_ATTENUATION] * ATTENUATION_SHARE;
    region->generators[GRM_GEN_ATTENUATION] = (int32_t)(attenuation + (attenuation < 0 ? -0.5 : 0.5));

    mods->count = 0;
    for (size_t i = 0; i < GRM_COUNT(default_modulators); i++) put_modulator(mods, &default_modulators[i], false);
    for (size_t i = 0; i < instrument->mods.count; i++) put_modulator(mods, &instrument->mods.items[i], false);
    for (size_t i = 0; i < preset->mods.count; i++) put_modulator(mods, &preset->mods.items[i], true);
    return true;
}

// Regions found so far, in pieces, since their number is not known before.
typedef struct gathering {
    grm_soundfont *font;
    grm_region *regions;  // NULL while counting
    size_t count, zones_read;
    grm_error *err;
} gathering;

static grm_status add_region(gathering *all, const zone *preset, const zone *instrument) {
    modulators mods;
    grm_region region;
    if (!(instrument->set >> GRM_GEN_SAMPLE & 1)) return GRM_OK;
    size_t sample = (size_t)instrument->generators[GRM_GEN_SAMPLE];
    if (sample >= all->font->sample_count || !all->font->samples[sample].usable) return GRM_OK;
    if (!merge(preset, instrument, &region, &mods) || all->count == MAX_REGIONS) return GRM_OK;
    if (all->regions) {
        grm_modulator *kept = grm_memory_take(all->font->memory, mods.count, sizeof *kept);
        if (!kept) return grm_fail_memory(all->err);
        memcpy(kept, mods.items, mods.count * sizeof *kept);
        region.sample = (uint16_t)sample;
        region.modulators = kept;
        region.modulator_count = mods.count;
        all->regions[all->count] = region;
    }
    all->count++;
    return GRM_OK;
}

static grm_status broken(const grm_soundfont *font, const char *what, size_t index, grm_error *err) {
    return grm_fail(err, GRM_BAD_INPUT, "%s: broken SoundFont: %s %zu points outside its tables", font->name, what,
                    index);
}

static grm_status add_instrument(gathering *all, const zone *preset) {
    grm_soundfont *font = all->font;
    size_t index = (size_t)preset->generators[GRM_GEN_INSTRUMENT];
    if (index + 1 >= font->instruments.count) return broken(font, "instrument", index, all->err);
    size_t first = read16(font->instruments.bytes + index * 22 + 20);
    size_t end = read16(font->instruments.bytes + (index + 1) * 22 + 20);
    if (first > end || end >= font->bags.count) return broken(font, "instrument", index, all->err);

    zone global;
    zone_clear(&global);
    for (size_t bag = first; bag < end; bag++) {
        if (++all->zones_read > MAX_ZONES_READ) {
            return grm_fail(all->err, GRM_BAD_INPUT, "%s: broken SoundFont: a preset with more than %d zones",
                            font->name, MAX_ZONES_READ);
        }
        zone local = global;
        if (!read_zone(font->bags, font->gens, font->mods, bag, &local)) {
            return broken(font, "instrument zone", bag, all->err);
        }
        if (bag == first && !(local.set >> GRM_GEN_SAMPLE & 1)) {
            global = local;  // the first zone, when it has no sample, speaks for all
            continue;
        }
        grm_status status = add_region(all, preset, &local);
        if (status != GRM_OK) return status;
    }
    return GRM_OK;
}

static grm_status walk(gathering *all, const grm_preset *preset) {
    grm_soundfont *font = all->font;
    zone global;
    zone_clear(&global);
    all->count = 0;
    for (size_t bag = preset->first_bag; bag < preset->bag_end; bag++) {
        zone local = global;
        if (!read_zone(font->preset_bags, font->preset_gens, font->preset_mods, bag, &local)) {
            return broken(font, "preset zone", bag, all->err);
        }
        bool plays = local.set >> GRM_GEN_INSTRUMENT & 1;
        if (!plays) {
            if (bag == preset->first_bag) global = local;
            continue;
        }
        grm_status status = add_instrument(all, &local);
        if (status != GRM_OK) return status;
    }
    return GRM_OK;
}

grm_status grm_soundfont_resolve(grm_soundfont *font, grm_preset *preset, grm_error *err) {
    gathering all = {.font = font, .err = err};
    grm_status status = walk(&all, preset);
    if (status != GRM_OK) return status;
    all.regions = grm_memory_take(font->memory, all.count + 1, sizeof *all.regions);
    if (!all.regions) return grm_fail_memory(err);
    status = walk(&all, preset);
    if (status != GRM_OK) return status;
    preset->region_count = all.count;
    preset->regions = all.regions;
    preset->resolved = true;
    return GRM_OK;
}
