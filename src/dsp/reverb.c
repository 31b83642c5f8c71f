// A room or a hall: pre-delay, first reflections, diffusion, and a feedback delay network.
//
//   Jot and Chaigne, "Digital delay networks for designing artificial reverberators", AES 90, 1991 (decay of a line);
//   Schroeder, "Natural sounding artificial reverberation", JAES 1962 (allpass diffusers).
//
// All lines are longer than a grid cell, so a cell of 64 frames goes through the network line by line: reads, damping,
// matrix and writes are each a loop over time that vectorises. The cells lie on a fixed grid of the reverb's own time;
// a call that ends within a cell does the rest of it in the next call, with the same result.
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"

enum { CELL = 64, MOST_LINES = 16, DIFFUSERS = 2, REFLECTIONS = 8, MARGIN = 4 };

typedef struct line {
    float *buffer;  // [size + 2 * CELL + 2 * MARGIN]; the end repeats the start, so that a read never wraps
    size_t size;    // a multiple of CELL
    size_t at;      // where the next frame goes
    size_t length;  // frames of delay
    float gain;     // of one pass, at low frequencies
    float damping;  // share of the smoothing kernel
    float goal_gain, goal_damping;
    uint32_t phase, step;  // of its wandering, a turn is 2^32
    float from, to;        // how much longer it is at the cell's ends, frames
} line;

struct grm_reverb {
    grm_reverb_plan plan;
    double rate_hz;
    bool avx2;
    size_t lines, now;  // now: frames since the start
    float out_gain, depth;
    line line[MOST_LINES], diffuser[2][DIFFUSERS], before[2];
    size_t predelay, reflection_at[2][REFLECTIONS];
    float reflection_gain[2][REFLECTIONS];
    bool moves;  // towards these, a share of the way each cell
    float share, goal_out_gain, goal_reflection_gain[2][REFLECTIONS];
    grm_cascade tone;
    float *memory;
    size_t memory_floats;
};

// ---- building ----

static size_t prime_from(size_t n) {
    for (n |= 1;; n += 2) {
        bool prime = n > 2;
        for (size_t d = 3; prime && d * d <= n; d += 2) prime = n % d != 0;
        if (prime) return n;
    }
}

static void shape(line *l, size_t length, size_t room) {
    l->length = length;
    l->size = (length + room + 2 * CELL) / CELL * CELL;
}

static size_t floats_of(const line *l) {
    return l->size + 2 * CELL + 2 * MARGIN;
}

static void place(line *l, float **next) {
    l->buffer = *next + MARGIN;
    *next += floats_of(l);
}

static double pass_gain(double frames, double rt60_s, double rate_hz) {
    return pow(10, -3 * frames / (rt60_s * rate_hz));
}

// The lines are spread evenly in pitch over two octaves about the mean length; prime, so that no two agree.
static void shape_lines(grm_reverb *r) {
    const grm_reverb_plan *p = &r->plan;
    double energy = 0, wander = p->modulation_ms * 0.001 * r->rate_hz;
    for (size_t i = 0; i < r->lines; i++) {
        line *l = &r->line[i];
        double spread = pow(2, 2.0 * ((double)i + 0.5) / (double)r->lines - 1) * 0.93;
        double frames = p->size_ms * 0.001 * r->rate_hz * spread * (1 + 0.011 * (p->variant % 7));
        if (frames < 3 * CELL + wander) frames = 3 * CELL + wander;
        if (i && frames <= (double)l[-1].length) frames = (double)l[-1].length + 1;
        shape(l, prime_from((size_t)frames), (size_t)wander + MARGIN);
        l->gain = (float)pass_gain((double)l->length, p->rt60_s, r->rate_hz);
        double high = pass_gain((double)l->length, p->rt60_s * p->high_ratio, r->rate_hz) / l->gain;
        l->phase = (uint32_t)(0x9E3779B9u * (i + 1 + 31 * p->variant));
        l->step = i % 2 && wander > 0 ? (uint32_t)(4294967296.0 * CELL * (0.31 + 0.07 * (double)i) / r->rate_hz) : 0;
        // The kernel's response is cos(w/2)^4; what it takes away at 6 kHz sets its share. Reading between two frames
        // takes some of that away: a share of (1 - cos w)/3 of the power, on average over all places between them.
        double w = 2 * GRM_PI * 6000 / r->rate_hz, at_6k = pow(cos(w / 2), 4);
        if (l->step) high /= sqrt(1 - (1 - cos(w)) / 3);
        double share = (1 - high) / (1 - at_6k);
        l->damping = (float)(share < 0 ? 0 : share > 1 ? 1 : share);
        l->goal_gain = l->gain;
        l->goal_damping = l->damping;
        energy += (double)l->gain * l->gain / (double)r->lines;
    }
    // Power q comes back of each pass: what is heard of a unit put in is q / (1 - q),
    // and a row has the mean power of the lines, which share what comes from two sides.
    r->out_gain = (float)sqrt(0.5 * (double)r->lines * (1 - energy) / energy * (1 - p->early));
    r->depth = (float)wander * 0.5f;
}

static void shape_reflections(grm_reverb *r) {
    // In parts of the mean line: early, dense and uneven, another pattern on each side.
    static const float when[2][REFLECTIONS] = {{0.13f, 0.21f, 0.34f, 0.43f, 0.56f, 0.68f, 0.85f, 1.03f},
                                               {0.11f, 0.24f, 0.31f, 0.47f, 0.59f, 0.73f, 0.81f, 1.09f}};
    double most = 0;
    for (int side = 0; side < 2; side++) {
        double energy = 0;
        for (int i = 0; i < REFLECTIONS; i++) {
            double ms = when[side][i] * r->plan.size_ms, gain = 1 / (1 + 2.5 * when[side][i]);
            r->reflection_at[side][i] = r->predelay + (size_t)(ms * 0.001 * r->rate_hz) + 1;
            r->reflection_gain[side][i] = (float)((i * 5 + side) % 3 == 0 ? -gain : gain);
            energy += gain * gain;
            most = ms > most ? ms : most;
        }
        float scale = (float)sqrt(r->plan.early / energy);
        for (int i = 0; i < REFLECTIONS; i++) r->reflection_gain[side][i] *= scale;
        shape(&r->before[side], r->predelay, (size_t)(1.1 * r->plan.size_ms * 0.001 * r->rate_hz) + 2 * CELL);
    }
}

static void shape_all(grm_reverb *r) {
    static const float diffuse_ms[2][DIFFUSERS] = {{4.77f, 3.59f}, {4.31f, 3.93f}};
    r->predelay = (size_t)(r->plan.predelay_ms * 0.001 * r->rate_hz);
    shape_lines(r);
    shape_reflections(r);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < DIFFUSERS; i++) {
            size_t frames = (size_t)(diffuse_ms[side][i] * 0.001 * r->rate_hz);
            shape(&r->diffuser[side][i], prime_from(frames < CELL ? CELL : frames), 0);
        }
    for (size_t i = 0; i < r->lines; i++) r->memory_floats += floats_of(&r->line[i]);
    for (int side = 0; side < 2; side++) {
        r->memory_floats += floats_of(&r->before[side]);
        for (int i = 0; i < DIFFUSERS; i++) r->memory_floats += floats_of(&r->diffuser[side][i]);
    }
}

static grm_status check(const grm_reverb_plan *plan, double rate_hz, grm_error *err) {
    if ((plan->lines != 8 && plan->lines != 16) || !(plan->rt60_s > 0 && plan->rt60_s <= 60) ||
        !(plan->size_ms > 0 && plan->size_ms <= 500) || !(plan->predelay_ms >= 0 && plan->predelay_ms <= 500) ||
        !(plan->high_ratio > 0 && plan->high_ratio <= 1) || !(plan->early >= 0 && plan->early <= 1) ||
        !(plan->modulation_ms >= 0 && plan->modulation_ms <= 2) || !(rate_hz >= 8000 && rate_hz <= 400000))
        return grm_fail(err, GRM_USAGE,
                        "reverb of %u lines, %g s, size %g ms: take 8 or 16 lines, up to 60 s and 500 ms", plan->lines,
                        (double)plan->rt60_s, (double)plan->size_ms);
    return GRM_OK;
}

grm_status grm_reverb_new(const grm_reverb_plan *plan, double rate_hz, grm_reverb **out, grm_error *err) {
    *out = NULL;
    grm_status status = check(plan, rate_hz, err);
    if (status) return status;
    grm_reverb *r = calloc(1, sizeof *r);
    if (!r) return grm_fail_memory(err);
    r->plan = *plan;
    r->rate_hz = rate_hz;
    r->lines = plan->lines;
    r->avx2 = !plan->portable && grm_cpu_detect().avx2_fma;
    r->share = (float)(1 - exp(-CELL / (0.03 * rate_hz)));
    shape_all(r);
    r->memory = grm_floats_new(r->memory_floats);
    if (!r->memory) {
        grm_reverb_free(r);
        return grm_fail_memory(err);
    }
    float *next = r->memory;
    for (size_t i = 0; i < r->lines; i++) place(&r->line[i], &next);
    for (int side = 0; side < 2; side++) {
        place(&r->before[side], &next);
        for (int i = 0; i < DIFFUSERS; i++) place(&r->diffuser[side][i], &next);
    }
    grm_reverb_reset(r);
    *out = r;
    return GRM_OK;
}

void grm_reverb_free(grm_reverb *reverb) {
    if (!reverb) return;
    free(reverb->memory);
    free(reverb);
}

// The filters of what goes in; their state stays.
static void tune(grm_reverb *r) {
    grm_filter tone[2];
    size_t cells = 0;
    if (r->plan.low_cut_hz > 0)
        tone[cells++] = grm_filter_design(GRM_FILTER_HIGHPASS, r->rate_hz, r->plan.low_cut_hz, 0.7071, 0);
    if (r->plan.high_cut_hz > 0)
        tone[cells++] = grm_filter_design(GRM_FILTER_LOWPASS, r->rate_hz, r->plan.high_cut_hz, 0.7071, 0);
    for (size_t i = 0; i < cells; i++) grm_cascade_set(&r->tone, i, &tone[i]);
}

void grm_reverb_reset(grm_reverb *r) {
    memset(r->memory, 0, r->memory_floats * sizeof *r->memory);
    r->now = 0;
    for (size_t i = 0; i < r->lines; i++) r->line[i].at = 0;
    for (int side = 0; side < 2; side++) {
        r->before[side].at = 0;
        for (int i = 0; i < DIFFUSERS; i++) r->diffuser[side][i].at = 0;
    }
    const grm_filter through[2] = {{0}};
    grm_cascade_init(&r->tone, through, (r->plan.low_cut_hz > 0) + (r->plan.high_cut_hz > 0));
    tune(r);
}

// What the plan may change while sound runs.
grm_status grm_reverb_set(grm_reverb *r, const grm_reverb_plan *plan, grm_error *err) {
    const grm_reverb_plan *old = &r->plan;
    grm_status status = check(plan, r->rate_hz, err);
    if (status) return status;
    if (plan->lines != old->lines || plan->size_ms != old->size_ms || plan->predelay_ms != old->predelay_ms ||
        plan->modulation_ms != old->modulation_ms || plan->variant != old->variant ||
        (plan->low_cut_hz > 0) != (old->low_cut_hz > 0) || (plan->high_cut_hz > 0) != (old->high_cut_hz > 0))
        return grm_fail(err, GRM_USAGE,
                        "a reverb of another size, pre-delay, modulation or number of lines: make a new one");
    grm_reverb goal = {.plan = *plan, .rate_hz = r->rate_hz, .lines = r->lines, .predelay = r->predelay};
    shape_lines(&goal);
    shape_reflections(&goal);
    for (size_t i = 0; i < r->lines; i++) {
        r->line[i].goal_gain = goal.line[i].gain;
        r->line[i].goal_damping = goal.line[i].damping;
    }
    memcpy(r->goal_reflection_gain, goal.reflection_gain, sizeof r->goal_reflection_gain);
    r->goal_out_gain = goal.out_gain;
    r->plan = *plan;
    r->moves = true;
    tune(r);
    return GRM_OK;
}

size_t grm_reverb_tail(const grm_reverb *r) {
    return r->predelay + (size_t)((1.7 * r->plan.rt60_s + 0.003 * r->plan.size_ms) * r->rate_hz);
}

// ---- running ----

// Behind n samples that were written at l->at: the first cells are repeated behind the end, and what a read just before
// the start wants stands there.
GRM_INLINE void put_margins(line *l, size_t n) {
    if (l->at < 2 * CELL) memcpy(l->buffer + l->at + l->size, l->buffer + l->at, n * sizeof(float));
    l->at += n;
    if (l->at == l->size) {
        l->at = 0;
        memcpy(l->buffer - MARGIN, l->buffer + l->size - MARGIN, MARGIN * sizeof(float));
    }
}

// The next n samples, within one cell.
GRM_INLINE void put(line *l, const float *restrict x, size_t n) {
    float *restrict to = l->buffer + l->at;
    for (size_t i = 0; i < n; i++) to[i] = x[i];
    put_margins(l, n);
}

// The same of a + gain * b.
GRM_INLINE void put_sum(line *l, const float *restrict a, const float *restrict b, float gain, size_t n) {
    float *restrict to = l->buffer + l->at;
    for (size_t i = 0; i < n; i++) to[i] = a[i] + gain * b[i];
    put_margins(l, n);
}

// What lies `delay` frames before the next one.
GRM_INLINE const float *get(const line *l, size_t delay) {
    return l->buffer + (l->at >= delay ? l->at - delay : l->at + l->size - delay);
}

// A sine, nearly: two parabolas. A turn is 2^32.
static float wave(uint32_t phase) {
    float t = (float)(int32_t)phase * (1 / 2147483648.0f);  // -1..1
    return 4 * t * (1 - fabsf(t));
}

// A line's output with its wander and damping; out: [n].
GRM_INLINE void read_line(const line *l, float *restrict out, size_t n) {
    float t[CELL + 4];
    const float *restrict x = get(l, l->length) - 2;
    if (l->step) {
        // Longer by `more` frames: between the neighbours, three of which cover all of a cell (it moves less than one).
        float low = floorf(l->from < l->to ? l->from : l->to), start = (float)(int)(l->at % CELL) - 2;
        float slope = (l->to - l->from) / CELL, more = l->from - low;
        x = get(l, l->length + (size_t)low) - 2;
        for (size_t i = 0; i < n + 4; i++) {
            float back = more + slope * (start + (float)(int)i), w0 = 1 - back, w2 = back - 1;
            w0 = w0 > 0 ? w0 : 0;
            w2 = w2 > 0 ? w2 : 0;
            t[i] = w0 * x[i] + (1 - w0 - w2) * x[(ptrdiff_t)i - 1] + w2 * x[(ptrdiff_t)i - 2];
        }
        x = t;
    }
    float a = l->damping * l->gain * (1 / 16.0f), keep = l->gain * (1 - l->damping) + 6 * a;
    for (size_t i = 0; i < n; i++) out[i] = keep * x[i + 2] + a * (4 * (x[i + 1] + x[i + 3]) + (x[i] + x[i + 4]));
}

GRM_INLINE void diffuse(line *l, float *restrict x, size_t n) {
    const float g = 0.6f;
    float v[CELL];
    const float *restrict old = get(l, l->length);
    for (size_t i = 0; i < n; i++) {
        v[i] = x[i] + g * old[i];
        x[i] = old[i] - g * v[i];
    }
    put(l, v, n);
}

// Four rows through a Hadamard matrix of order 4.
GRM_INLINE void mix_four(float *restrict a, float *restrict b, float *restrict c, float *restrict d, size_t n,
                         float scale) {
    for (size_t i = 0; i < n; i++) {
        float ab = a[i] + b[i], cd = c[i] + d[i], a_b = a[i] - b[i], c_d = c[i] - d[i];
        a[i] = (ab + cd) * scale;
        b[i] = (a_b + c_d) * scale;
        c[i] = (ab - cd) * scale;
        d[i] = (a_b - c_d) * scale;
    }
}

GRM_INLINE void mix_two(float *restrict a, float *restrict b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float sum = a[i] + b[i];
        b[i] = a[i] - b[i];
        a[i] = sum;
    }
}

GRM_INLINE void hadamard(float rows[MOST_LINES][CELL], size_t lines, size_t n) {
    if (lines == 16) {
        for (size_t i = 0; i < 16; i += 4) mix_four(rows[i], rows[i + 1], rows[i + 2], rows[i + 3], n, 1);
        for (size_t i = 0; i < 4; i++) mix_four(rows[i], rows[i + 4], rows[i + 8], rows[i + 12], n, 0.25f);
    } else {
        for (size_t i = 0; i < 8; i += 4) mix_four(rows[i], rows[i + 1], rows[i + 2], rows[i + 3], n, 0.35355339f);
        for (size_t i = 0; i < 4; i++) mix_two(rows[i], rows[i + 4], n);
    }
}

GRM_INLINE void add_scaled(float *restrict y, const float *restrict x, float gain, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += gain * x[i];
}

// The first reflections of the n frames that were just put; every third comes from the other side.
GRM_INLINE void reflect(const grm_reverb *r, int side, float *out, size_t n) {
    for (int k = 0; k < REFLECTIONS; k++)
        add_scaled(out, get(&r->before[k % 3 == 2 ? 1 - side : side], r->reflection_at[side][k] + n),
                   r->reflection_gain[side][k], n);
}

static bool towards(float *x, float goal, float share) {
    *x = fabsf(goal - *x) < 1e-5f ? goal : *x + (goal - *x) * share;
    return *x != goal;
}

static void move_on(grm_reverb *r) {
    r->moves = towards(&r->out_gain, r->goal_out_gain, r->share);
    for (size_t i = 0; i < r->lines; i++) {
        r->moves |= towards(&r->line[i].gain, r->line[i].goal_gain, r->share);
        r->moves |= towards(&r->line[i].damping, r->line[i].goal_damping, r->share);
    }
    for (int side = 0; side < 2; side++)
        for (int k = 0; k < REFLECTIONS; k++)
            r->moves |= towards(&r->reflection_gain[side][k], r->goal_reflection_gain[side][k], r->share);
}

static void wander(grm_reverb *r) {
    for (size_t i = 0; i < r->lines; i++) {
        line *l = &r->line[i];
        if (!l->step) continue;
        if (r->now == 0) l->to = r->depth * (1 + wave(l->phase));
        l->from = l->to;
        l->phase += l->step;
        l->to = r->depth * (1 + wave(l->phase));
    }
}

// n frames within a cell. The left feeds the even lines, the right the odd ones.
GRM_INLINE void run_cell(grm_reverb *r, float in[2][CELL], float *const out[2], size_t n) {
    float rows[MOST_LINES][CELL];
    for (int side = 0; side < 2; side++) put(&r->before[side], in[side], n);
    for (int side = 0; side < 2; side++) {
        if (r->plan.early > 0 || r->moves) reflect(r, side, out[side], n);
        memcpy(in[side], get(&r->before[side], r->predelay + n), n * sizeof(float));
        for (int i = 0; i < DIFFUSERS; i++) diffuse(&r->diffuser[side][i], in[side], n);
    }
    for (size_t i = 0; i < r->lines; i++) read_line(&r->line[i], rows[i], n);
    hadamard(rows, r->lines, n);
    // Each row is all lines with other signs: two of them are two independent ways to hear the room.
    for (size_t side = 0; side < 2; side++) add_scaled(out[side], rows[r->lines / 2 - 3 + side], r->out_gain, n);
    for (size_t i = 0; i < r->lines; i++)
        put_sum(&r->line[i], rows[i], in[i % 2], r->lines == 16 ? 0.35355339f : 0.5f, n);
}

GRM_INLINE void run(grm_reverb *r, const float *const *in, float *const *out, size_t frames) {
    for (size_t at = 0; at < frames;) {
        size_t n = CELL - r->now % CELL;
        if (n > frames - at) n = frames - at;
        float dry[2][CELL];
        float *const wet[2] = {out[0] + at, out[1] + at};
        memcpy(dry[0], in[0] + at, n * sizeof(float));
        memcpy(dry[1], in[1] + at, n * sizeof(float));
        grm_cascade_run(&r->tone, dry[0], dry[1], n);
        if (r->now % CELL == 0) {
            if (r->moves) move_on(r);
            wander(r);
        }
        if (n == CELL)
            run_cell(r, dry, wet, CELL);  // the lengths of all loops are known
        else
            run_cell(r, dry, wet, n);
        at += n;
        r->now += n;
    }
}

static void run_plain(grm_reverb *r, const float *const *in, float *const *out, size_t frames) {
    run(r, in, out, frames);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void run_avx2(grm_reverb *r, const float *const *in, float *const *out, size_t frames) {
    run(r, in, out, frames);
}
#endif

bool grm_reverb_run(grm_reverb *reverb, const float *const *in, float *const *out, size_t frames) {
    if (!grm_all_sane(in[0], frames) || !grm_all_sane(in[1], frames)) return false;
    unsigned mode = grm_denormals_flush();
#if GRM_HAVE_AVX2
    if (reverb->avx2)
        run_avx2(reverb, in, out, frames);
    else
#endif
        run_plain(reverb, in, out, frames);
    grm_denormals_restore(mode);
    return true;
}
