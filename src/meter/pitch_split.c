#include "meter/pitch_split.h"

#include <math.h>
#include <string.h>

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum { NOTES = GRM_SPLIT_NOTES, LANES = GRM_SPLIT_LANES, PARTIALS = GRM_SPLIT_PARTIALS, SWEEPS = 8 };

static void lay_overlaps(grm_note_split *split, int n) {
    grm_note_overlaps *o = &split->overlap[n];
    for (int m = 0; m < NOTES; m++) {
        float sum = 0;
        for (int h = 0; h < PARTIALS; h++)
            for (int k = 0; k < PARTIALS; k++)
                if (n + split->offset[h] == m + split->offset[k] && n + split->offset[h] < NOTES)
                    sum += split->strength[h] * split->strength[k];
        if (m == n) split->share[n] = 1 / sum;
        o->note[o->count] = m;
        o->amount[o->count] = sum;
        o->count += sum > 0;
    }
}

void grm_note_split_init(grm_note_split *split) {
    *split = (grm_note_split){.avx2 = grm_cpu_detect().avx2_fma};
    for (int h = 0; h < PARTIALS; h++) {
        split->offset[h] = (int)floor(12 * log2(h + 1) + 0.5);
        split->strength[h] = powf(0.7f, (float)h);
    }
    for (int n = 0; n < NOTES; n++) lay_overlaps(split, n);
}

// Least squares of keys = notes with their partials, notes >= 0, by coordinate descent on the normal equations, for
// LANES frames side by side: each step of a frame waits for the one before. Frames that have settled stay as they are.
// rest: how much of each note what is left of the keys would hold.
static const float enough = 2e-3f, sparse = 0.05f;  // amounts of notes are about 1

static void descend_plain(const grm_note_split *split, float (*rest)[LANES], float (*notes)[LANES]) {
    float going[LANES];
    for (int l = 0; l < LANES; l++) going[l] = 1;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        float most[LANES] = {0}, moving = 0;
        for (int n = 0; n < NOTES; n++) {
            const grm_note_overlaps *o = &split->overlap[n];
            float change[LANES];
            for (int l = 0; l < LANES; l++) {
                float now = notes[n][l] + (rest[n][l] - sparse) * split->share[n];
                now = now > 0 ? now : 0;
                change[l] = going[l] * (now - notes[n][l]);
                notes[n][l] = going[l] > 0 ? now : notes[n][l];
                most[l] = fabsf(change[l]) > most[l] ? fabsf(change[l]) : most[l];
            }
            for (int i = 0; i < o->count; i++)
                for (int l = 0; l < LANES; l++) rest[o->note[i]][l] -= change[l] * o->amount[i];
        }
        for (int l = 0; l < LANES; l++) {
            going[l] = most[l] > enough ? 1 : 0;
            moving += going[l];
        }
        if (moving == 0) break;
    }
}

#if GRM_HAVE_AVX2
// Written out, as compilers take the lanes one by one.
GRM_AVX2 static void descend_avx2(const grm_note_split *split, float (*rest)[LANES], float (*notes)[LANES]) {
    const __m256 nothing = _mm256_setzero_ps(), less = _mm256_set1_ps(sparse);
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 going = _mm256_cmp_ps(nothing, nothing, _CMP_EQ_OQ);
    for (int sweep = 0; sweep < SWEEPS && _mm256_movemask_ps(going); sweep++) {
        __m256 most = nothing;
        for (int n = 0; n < NOTES; n++) {
            const grm_note_overlaps *o = &split->overlap[n];
            __m256 left = _mm256_sub_ps(_mm256_loadu_ps(rest[n]), less), was = _mm256_loadu_ps(notes[n]);
            __m256 now = _mm256_add_ps(was, _mm256_mul_ps(left, _mm256_broadcast_ss(&split->share[n])));
            now = _mm256_max_ps(now, nothing);
            __m256 change = _mm256_and_ps(going, _mm256_sub_ps(now, was));
            if (!_mm256_movemask_ps(_mm256_cmp_ps(change, nothing, _CMP_NEQ_OQ))) continue;
            _mm256_storeu_ps(notes[n], _mm256_blendv_ps(was, now, going));
            most = _mm256_max_ps(most, _mm256_and_ps(change, magnitude));
            for (int i = 0; i < o->count; i++) {
                float *at = rest[o->note[i]];
                __m256 part = _mm256_mul_ps(change, _mm256_broadcast_ss(&o->amount[i]));
                _mm256_storeu_ps(at, _mm256_sub_ps(_mm256_loadu_ps(at), part));
            }
        }
        going = _mm256_and_ps(going, _mm256_cmp_ps(most, _mm256_set1_ps(enough), _CMP_GT_OQ));
    }
}
#else
#define descend_avx2 descend_plain
#endif

void grm_note_split_run(const grm_note_split *split, float (*keys)[LANES], float (*notes)[LANES]) {
    float rest[NOTES][LANES] = {{0}};
    memset(notes, 0, NOTES * sizeof *notes);
    for (int h = 0; h < PARTIALS; h++)
        for (int n = 0; n < NOTES - split->offset[h]; n++)
            for (int l = 0; l < LANES; l++) rest[n][l] += split->strength[h] * keys[n + split->offset[h]][l];
    (split->avx2 ? descend_avx2 : descend_plain)(split, rest, notes);
}
