// Modulators: what velocity, key and controllers add to a region's generators (8.2 of the SoundFont specification).
#include <math.h>

#include "synth/sampler.h"

// A volume envelope's and a concave curve's range, as FluidSynth and EMU have it.
#define PEAK_CB 960.0f

enum { INDEX_VELOCITY = 2, INDEX_KEY = 3, INDEX_WHEEL = 14, INDEX_WHEEL_RANGE = 16 };
enum { CURVE_LINEAR, CURVE_CONCAVE, CURVE_CONVEX, CURVE_SWITCH };

// 9.5.3: 0..1 to 0..1, slow at first.
static float concave(float x) {
    if (!(x > 0)) return 0;
    if (x >= 1) return 1;
    float y = -(400 / PEAK_CB) * log10f(1 - x);
    return y < 1 ? y : 1;
}

static float curve(unsigned kind, float x) {
    switch (kind) {
        case CURVE_CONCAVE:
            return concave(x);
        case CURVE_CONVEX:
            return 1 - concave(1 - x);
        case CURVE_SWITCH:
            return x >= 0.5f ? 1 : 0;
        default:
            return x;
    }
}

static float source_value(uint16_t source, const grm_sampler_channel *channel, int key, int velocity) {
    unsigned index = source & 0x7f, kind = source >> 10;
    bool controller = source & 0x80, falling = source & 0x100, bipolar = source & 0x200;
    float x, centred;  // 0..1; -1..1 with the middle at 64
    int value = 0;
    if (!controller && index == 0) return 1;
    if (!controller && index == INDEX_WHEEL) {
        x = (float)(channel->bend + 8192) / 16383;
        centred = (float)channel->bend / 8192;
    } else {
        if (controller) {
            value = channel->controllers[index];
        } else if (index == INDEX_VELOCITY) {
            value = velocity;
        } else if (index == INDEX_KEY) {
            value = key;
        } else if (index == INDEX_WHEEL_RANGE) {
            value = (int)channel->bend_range;
        }
        x = (float)value / 127;
        centred = (float)(value - 64) / (value > 64 ? 63 : 64);
    }
    if (!bipolar) return curve(kind, falling ? 1 - x : x);
    if (falling) centred = -centred;
    if (kind == CURVE_SWITCH) return centred >= 0 ? 1 : -1;
    return centred < 0 ? -curve(kind, -centred) : curve(kind, centred);
}

void grm_sampler_totals(const grm_region *region, const grm_sampler_channel *channel, int key, int velocity,
                        float *totals) {
    for (int i = 0; i < GRM_GEN_COUNT; i++) totals[i] = (float)region->generators[i];
    for (size_t i = 0; i < region->modulator_count; i++) {
        const grm_modulator *mod = &region->modulators[i];
        if (mod->amount == 0) continue;
        float value = mod->amount * source_value(mod->source, channel, key, velocity);
        if (mod->amount_source != 0) value *= source_value(mod->amount_source, channel, key, velocity);
        totals[mod->target] += mod->absolute ? fabsf(value) : value;
    }
}
