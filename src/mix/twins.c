// Stems that are one sound: exports that were made twice, both sides of what is mono, copies with their wires crossed.
// Together they stand twice as loud as anybody wanted, or cancel each other.
#include <stdlib.h>

#include "mix/internal.h"

// The moments' octaves have no level of their own, so a copy has the same ones whatever its gain.
static bool look_alike(const grm_stem_facts *a, const grm_stem_facts *b) {
    double apart = 0, both = 0;
    for (size_t i = 0; i < a->looks * GRM_MIX_BANDS; i++) {
        double x = a->look[i], y = b->look[i];
        apart += fabs(x - y);
        both += x + y;
    }
    return both > 0 && apart < 0.02 * both;
}

// Correlation of the two from end to end, -1..1.
static grm_status correlate(const grm_tape *a, const grm_tape *b, size_t frames, float *const *x, float *const *y,
                            double *out, grm_error *err) {
    double of_a = 0, of_b = 0, product = 0;
    for (size_t at = 0; at < frames; at += GRM_MIX_BLOCK) {
        size_t count = frames - at < GRM_MIX_BLOCK ? frames - at : GRM_MIX_BLOCK;
        grm_status status = grm_tape_read(a, at, count, x, err);
        if (!status) status = grm_tape_read(b, at, count, y, err);
        if (status) return status;
        for (int side = 0; side < 2; side++)
            for (size_t i = 0; i < count; i++) {
                of_a += (double)x[side][i] * (double)x[side][i];
                of_b += (double)y[side][i] * (double)y[side][i];
                product += (double)x[side][i] * (double)y[side][i];
            }
    }
    *out = product / sqrt(of_a * of_b + 1e-30);
    return GRM_OK;
}

grm_status grm_stems_find_twins(const grm_run *run, const grm_stems *stems, size_t frames, grm_stem_facts *facts,
                                grm_error *err) {
    const double same = 0.999;  // what differs lies 27 dB below
    float *planes[4];
    grm_status status = GRM_OK;
    for (int i = 0; i < 4; i++) planes[i] = grm_floats_new(GRM_MIX_BLOCK);
    if (!planes[0] || !planes[1] || !planes[2] || !planes[3]) status = grm_fail_memory(err);
    for (size_t i = 0; i < stems->count; i++) facts[i].twin = -1;
    for (size_t i = 1; i < stems->count && !status; i++)
        for (size_t k = 0; k < i && !status && facts[i].twin < 0; k++) {
            if (facts[k].twin >= 0 || facts[i].lufs <= GRM_SILENT_LUFS || !look_alike(&facts[i], &facts[k])) continue;
            double r = 0;
            status = correlate(stems->items[i].dry, stems->items[k].dry, frames, planes, planes + 2, &r, err);
            if (!status) status = grm_run_check(run, err);
            if (status || fabs(r) < same) continue;
            facts[i].twin = (int)k;
            facts[i].crossed = r < 0;
        }
    for (int i = 0; i < 4; i++) free(planes[i]);
    return status;
}
