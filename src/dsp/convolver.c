// Convolution in blocks of growing size without latency (Gardner, "Efficient convolution without input-output delay",
// JAES 1995): the first 128 taps directly, those up to 1024 in blocks of 128, up to 8192 in blocks of 1024, the rest in
// blocks of 8192. What a block of input brings from the taps behind its own length is needed when the block is full, so
// no level waits. All blocks lie on a grid of the convolver's own time.
#include <stdlib.h>
#include <string.h>

#include "dsp/partitions.h"

#if GRM_HAVE_AVX2
#include <immintrin.h>
#endif

enum { LEVELS = 3, HEAD = 128, GROWTH = 8, MOST_TAPS = 1 << 24 };

typedef struct level {
    size_t block, filled;
    grm_fft *fft;
    grm_partitions side[2];
    float *input[2];      // [block]
    float *output[2][2];  // [side][now, next kernel][block]
} level;

// The kernel of both sides, in the form of each level.
typedef struct kernel {
    float *head[2];             // [HEAD]
    float *spectra[2][LEVELS];  // of side 1 NULL where it is that of side 0
} kernel;

struct grm_convolver {
    size_t taps, levels, longest;  // longest: of the blocks in use
    bool avx2, mono;
    level level[LEVELS];
    kernel kernel[2];  // that sounds, that comes
    float *raw[2];     // [taps] of the one that waits to come; NULL until the first change
    bool waits, fades;
    size_t now;  // frames since the start
    float past[2][2 * HEAD];
};

// ---- building ----

static size_t level_taps(const grm_convolver *c, size_t l) {
    size_t end = l + 1 < LEVELS && c->level[l].block * GROWTH < c->taps ? c->level[l].block * GROWTH : c->taps;
    return end - c->level[l].block;
}

static grm_status level_open(grm_convolver *c, size_t l, grm_error *err) {
    level *v = &c->level[l];
    v->block = l ? c->level[l - 1].block * GROWTH : HEAD;
    grm_status status = grm_fft_new(2 * v->block, &v->fft, err);
    size_t count = (level_taps(c, l) + v->block - 1) / v->block;
    for (int side = 0; side < 2 && !status; side++) {
        status = grm_partitions_open(&v->side[side], v->fft, count, err);
        v->input[side] = grm_floats_new(v->block);
        for (int k = 0; k < 2; k++)
            if (!(v->output[side][k] = grm_floats_new(v->block))) status = grm_fail_memory(err);
        if (!v->input[side]) status = grm_fail_memory(err);
    }
    return status;
}

static grm_status kernel_open(const grm_convolver *c, kernel *k, grm_error *err) {
    for (int side = 0; side < (c->mono ? 1 : 2); side++) {
        if (!(k->head[side] = grm_floats_new(HEAD))) return grm_fail_memory(err);
        for (size_t l = 0; l < c->levels; l++)
            if (!(k->spectra[side][l] = grm_floats_new(grm_partitions_floats(&c->level[l].side[side]))))
                return grm_fail_memory(err);
    }
    return GRM_OK;
}

static void kernel_close(kernel *k) {
    for (int side = 0; side < 2; side++) {
        for (size_t l = 0; l < LEVELS; l++) free(k->spectra[side][l]);
        free(k->head[side]);
    }
}

static void kernel_fill(grm_convolver *c, kernel *k, const float *const *taps) {
    for (int side = 0; side < (c->mono ? 1 : 2); side++) {
        size_t head = c->taps < HEAD ? c->taps : HEAD;
        memset(k->head[side], 0, HEAD * sizeof(float));
        memcpy(k->head[side], taps[side], head * sizeof(float));
        for (size_t l = 0; l < c->levels; l++)
            grm_partitions_kernel(&c->level[l].side[side], taps[side] + c->level[l].block, level_taps(c, l),
                                  k->spectra[side][l]);
    }
}

grm_status grm_convolver_new(const float *const *taps, size_t count, grm_convolver **out, grm_error *err) {
    *out = NULL;
    if (!(count >= 1 && count <= MOST_TAPS))
        return grm_fail(err, GRM_USAGE, "impulse response of %zu frames: take 1 to %d", count, MOST_TAPS);
    if (!grm_all_sane(taps[0], count) || (taps[1] && !grm_all_sane(taps[1], count)))
        return grm_fail(err, GRM_BAD_INPUT, "the impulse response holds values that are not numbers (NaN or infinity)");
    grm_convolver *c = calloc(1, sizeof *c);
    if (!c) return grm_fail_memory(err);
    c->taps = count;
    c->mono = !taps[1];
    c->avx2 = grm_cpu_detect().avx2_fma;
    c->longest = 1;
    grm_status status = GRM_OK;
    for (size_t block = HEAD; c->levels < LEVELS && count > block && !status; block *= GROWTH) {
        c->longest = block;
        status = level_open(c, c->levels++, err);
    }
    if (!status) status = kernel_open(c, &c->kernel[0], err);
    if (status) {
        grm_convolver_free(c);
        return status;
    }
    kernel_fill(c, &c->kernel[0], taps);
    *out = c;
    return GRM_OK;
}

void grm_convolver_free(grm_convolver *c) {
    if (!c) return;
    for (int side = 0; side < 2; side++) free(c->raw[side]);
    for (int k = 0; k < 2; k++) kernel_close(&c->kernel[k]);
    for (size_t l = 0; l < LEVELS; l++) {
        level *v = &c->level[l];
        for (int side = 0; side < 2; side++) {
            for (int k = 0; k < 2; k++) free(v->output[side][k]);
            free(v->input[side]);
            grm_partitions_close(&v->side[side]);
        }
        grm_fft_free(v->fft);
    }
    free(c);
}

void grm_convolver_plain(grm_convolver *c) {
    c->avx2 = false;
    for (size_t l = 0; l < c->levels; l++)
        for (int side = 0; side < 2; side++) c->level[l].side[side].avx2 = false;
}

void grm_convolver_reset(grm_convolver *c) {
    for (size_t l = 0; l < c->levels; l++) {
        level *v = &c->level[l];
        v->filled = 0;
        for (int side = 0; side < 2; side++) {
            grm_partitions_reset(&v->side[side]);
            for (int k = 0; k < 2; k++) memset(v->output[side][k], 0, v->block * sizeof(float));
        }
    }
    memset(c->past, 0, sizeof c->past);
    c->now = 0;
    if (c->fades || c->waits) {  // what comes has come
        kernel_fill(c, &c->kernel[0], (const float *const[]){c->raw[0], c->raw[1]});
        c->fades = c->waits = false;
    }
}

grm_status grm_convolver_set(grm_convolver *c, const float *const *taps, grm_error *err) {
    for (int side = 0; side < (c->mono ? 1 : 2); side++)
        if (!grm_all_sane(taps[side], c->taps))
            return grm_fail(err, GRM_BAD_INPUT, "the impulse response holds values that are not numbers");
    for (int side = 0; side < (c->mono ? 1 : 2); side++) {
        if (!c->raw[side]) c->raw[side] = grm_floats_new(c->taps);
        if (!c->raw[side]) return grm_fail_memory(err);
    }
    if (!c->kernel[1].head[0]) {
        grm_status status = kernel_open(c, &c->kernel[1], err);
        if (status) {
            kernel_close(&c->kernel[1]);
            c->kernel[1] = (kernel){0};
            return status;
        }
    }
    for (int side = 0; side < (c->mono ? 1 : 2); side++) memcpy(c->raw[side], taps[side], c->taps * sizeof(float));
    c->waits = true;
    return GRM_OK;
}

// ---- running ----

// y[i] = sum of head[k] x[i - k]; x is readable HEAD - 1 frames before. count <= HEAD
static void direct_plain(const float *restrict head, const float *restrict x, float *restrict y, size_t count) {
    float sum[HEAD] = {0};
    for (size_t k = 0; k < HEAD; k++)
        for (size_t i = 0; i < count; i++) sum[i] += head[k] * x[(ptrdiff_t)i - (ptrdiff_t)k];
    memcpy(y, sum, count * sizeof *y);
}

#if GRM_HAVE_AVX2
// The same, with the sums of 32 frames in registers, which compilers do not leave there.
GRM_AVX2 static void direct_avx2(const float *head, const float *x, float *y, size_t count) {
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256 sum[4];
        for (int k = 0; k < 4; k++) sum[k] = _mm256_setzero_ps();
        for (size_t k = 0; k < HEAD; k++) {
            const float *from = x + i - k;
            __m256 tap = _mm256_broadcast_ss(head + k);
            for (size_t l = 0; l < 4; l++)
                sum[l] = _mm256_add_ps(sum[l], _mm256_mul_ps(tap, _mm256_loadu_ps(from + 8 * l)));
        }
        for (size_t l = 0; l < 4; l++) _mm256_storeu_ps(y + i + 8 * l, sum[l]);
    }
    if (i < count) direct_plain(head, x + i, y + i, count - i);
}
#endif

// A kernel's sound for `count` frames within a block of all levels; x: the input, behind HEAD frames of what was.
static void sound(const grm_convolver *c, int side, int which, const float *x, float *y, size_t count) {
    const float *head = c->kernel[which].head[c->mono ? 0 : side];
#if GRM_HAVE_AVX2
    if (c->avx2)
        direct_avx2(head, x, y, count);
    else
#endif
        direct_plain(head, x, y, count);
    for (size_t l = 0; l < c->levels; l++) {
        const float *more = c->level[l].output[side][which] + c->level[l].filled;
        for (size_t i = 0; i < count; i++) y[i] += more[i];
    }
}

static void level_turn(grm_convolver *c, size_t l) {
    level *v = &c->level[l];
    v->filled = 0;
    for (int side = 0; side < 2; side++) {
        grm_partitions_take(&v->side[side], v->input[side]);
        for (int k = 0; k < (c->fades ? 2 : 1); k++)
            grm_partitions_give(&v->side[side], c->kernel[k].spectra[c->mono ? 0 : side][l], v->output[side][k]);
    }
}

// At the start of the longest block: a kernel that waits begins to fade in, one that has faded in stays.
static void change(grm_convolver *c) {
    if (c->fades) {
        kernel old = c->kernel[0];
        c->kernel[0] = c->kernel[1];
        c->kernel[1] = old;
        c->fades = false;
    }
    if (!c->waits) return;
    kernel_fill(c, &c->kernel[1], (const float *const[]){c->raw[0], c->raw[1]});
    c->waits = false;
    c->fades = true;
}

static void run_piece(grm_convolver *c, float *const *planes, size_t count) {
    for (int side = 0; side < 2; side++) {
        float x[2 * HEAD], y[2][HEAD];
        memcpy(x, c->past[side], HEAD * sizeof *x);
        memcpy(x + HEAD, planes[side], count * sizeof *x);
        memcpy(c->past[side], x + count, HEAD * sizeof *x);
        for (size_t l = 0; l < c->levels; l++)
            memcpy(c->level[l].input[side] + c->level[l].filled, x + HEAD, count * sizeof *x);
        sound(c, side, 0, x + HEAD, y[0], count);
        if (c->fades) {
            size_t length = c->longest > HEAD ? c->longest : HEAD, start = c->now % length;
            sound(c, side, 1, x + HEAD, y[1], count);
            for (size_t i = 0; i < count; i++)
                y[0][i] += (y[1][i] - y[0][i]) * ((float)(int)(start + i + 1) / (float)(int)length);
        }
        memcpy(planes[side], y[0], count * sizeof *x);
    }
}

bool grm_convolver_run(grm_convolver *c, float *const *planes, size_t frames) {
    if (!grm_planes_check(planes, 2, frames)) return false;
    unsigned mode = grm_denormals_flush();
    size_t longest = c->longest > HEAD ? c->longest : HEAD;
    for (size_t at = 0, count; at < frames; at += count) {
        if (c->now % longest == 0) change(c);
        // The outputs of levels are known from here to the end of the shortest block.
        for (size_t l = 0; l < c->levels; l++)
            if (c->level[l].filled == c->level[l].block) level_turn(c, l);
        count = HEAD - c->now % HEAD;
        if (count > frames - at) count = frames - at;
        run_piece(c, (float *const[]){planes[0] + at, planes[1] + at}, count);
        for (size_t l = 0; l < c->levels; l++) c->level[l].filled += count;
        c->now += count;
    }
    grm_denormals_restore(mode);
    return true;
}
