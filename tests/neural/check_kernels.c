// Every kernel of this processor against plain C, bit by bit, and plain C against sums in double. It needs nothing but
// the kernels, so that script/test-arm can run it for other processors.
//   check_kernels [--time]    with times of each, on matrices that do not fit into caches
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "neural/halves.h"
#include "neural/kernels/table.h"

enum { MOST_ROWS = 16, MOST_IN = 2048, MOST_OUT = 640, GROUPS = MOST_IN / 32 };

static const char *const precision_names[] = {"float32", "float16", "int8", "int4"};
static int failures;

static void expect(bool fine, const char *kernels, const char *what) {
    if (fine) return;
    failures++;
    printf("FAILED: %s: %s\n", kernels, what);
}

static void fill(grm_rng *rng, float *x, size_t count, float size) {
    for (size_t i = 0; i < count; i++) x[i] = size * grm_rng_normal(rng);
}

static void *take(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!memory) exit(1);
    memset(memory, 0, (bytes + 63) / 64 * 64);
    return memory;
}

// ---- matrices ----

typedef struct sample {
    grm_matrix matrix;
    uint8_t *panels;
    float *weights, *bias, *columns, *x;
    size_t rows;
    grm_bytes bytes[MOST_ROWS];
} sample;

static void make_sample(sample *s, grm_rng *rng, grm_precision precision, size_t out, size_t in, size_t rows) {
    s->weights = take(out * in * sizeof(float));
    s->bias = take(out * sizeof(float));
    s->columns = take(2 * in * sizeof(float));
    s->x = take(rows * in * sizeof(float));
    s->rows = rows;
    fill(rng, s->weights, out * in, 0.05f);
    fill(rng, s->bias, out, 0.1f);
    fill(rng, s->x, rows * in, 1);
    for (size_t o = 0; o < out; o++) s->weights[o * in + in / 3] *= 50;  // a column and an input that stand out
    for (size_t r = 0; r < rows; r++) s->x[r * in + in / 2] *= 50;
    bool grouped = grm_matrix_group(precision) > 0;
    grm_matrix_survey look = grm_matrix_look(precision, out, in, s->weights, grouped ? s->columns : NULL);
    s->panels = take(grm_matrix_bytes(precision, out, in));
    grm_matrix_pack(precision, out, in, s->weights, look.unit, grouped ? s->columns : NULL, 0, grm_matrix_panels(out),
                    s->panels);
    s->matrix = (grm_matrix){precision, out, in, s->panels, look.unit, look.uneven ? s->columns : NULL, s->bias};
    for (size_t r = 0; r < rows; r++)
        s->bytes[r] = (grm_bytes){take(MOST_IN),    take(MOST_IN),    take(4 * GROUPS),
                                  take(4 * GROUPS), take(4 * GROUPS), take(4 * GROUPS)};
}

static void free_sample(sample *s) {
    for (size_t r = 0; r < s->rows; r++) {
        const grm_bytes *b = &s->bytes[r];
        void *parts[] = {b->high, b->low, b->scale, b->low_scale, b->start, b->low_start};
        for (size_t i = 0; i < 6; i++) free(parts[i]);
    }
    free(s->panels);
    free(s->weights);
    free(s->bias);
    free(s->columns);
    free(s->x);
}

static void run_sample(const grm_kernels *k, const sample *s, grm_finish finish, float *y) {
    size_t group = grm_matrix_group(s->matrix.precision), in = s->matrix.in, panels = grm_matrix_panels(s->matrix.out);
    for (size_t i = 0; i < s->rows * MOST_OUT; i++) y[i] = 0.25f;
    for (size_t r = 0; r < s->rows && group; r++) k->split(s->x + r * in, s->matrix.columns, in, group, &s->bytes[r]);
    const grm_product p = {&s->matrix, s->rows, s->x, in, s->bytes, y, MOST_OUT, finish};
    k->multiply(&p, 0, panels / 2);  // two shares, as two threads have it
    k->multiply(&p, panels / 2, panels);
}

// The noise of the product, of what it is in double with the same weights; and of that with the weights as they were.
static void compare_to_double(const sample *s, const float *y, const char *name) {
    static float w[MOST_IN];
    double noise = 0, energy = 0, error = 0;
    for (size_t o = 0; o < s->matrix.out; o++) {
        grm_matrix_unpack(&s->matrix, o, w);
        for (size_t r = 0; r < s->rows; r++) {
            double exact = (double)s->bias[o], raw = exact;
            for (size_t i = 0; i < s->matrix.in; i++) {
                exact += (double)w[i] * (double)s->x[r * s->matrix.in + i];
                raw += (double)s->weights[o * s->matrix.in + i] * (double)s->x[r * s->matrix.in + i];
            }
            double d = (double)y[r * MOST_OUT + o] - exact;
            noise += d * d;
            energy += exact * exact;
            error += (exact - raw) * (exact - raw);
        }
    }
    static const double most_noise[] = {1e-12, 1e-12, 2e-4, 2e-4}, most_error[] = {1e-14, 1e-7, 1e-4, 9e-3};
    if (!(noise < energy * most_noise[s->matrix.precision]) || !(error < energy * most_error[s->matrix.precision]))
        printf("%s %zu x %zu: noise %.3g, error %.3g\n", precision_names[s->matrix.precision], s->matrix.out,
               s->matrix.in, noise / energy, error / energy);
    expect(noise < energy * most_noise[s->matrix.precision], name, "product far from the one in double");
    expect(error < energy * most_error[s->matrix.precision], name, "packed weights far from what they were");
}

static void compare_to_plain(const grm_kernels *const *list, size_t count, const sample *s, grm_finish finish,
                             const char *name) {
    static float plain[MOST_ROWS * MOST_OUT], fast[MOST_ROWS * MOST_OUT];
    run_sample(list[0], s, finish, plain);
    for (size_t k = 1; k < count; k++) {
        run_sample(list[k], s, finish, fast);
        expect(memcmp(plain, fast, sizeof(float) * s->rows * MOST_OUT) == 0, list[k]->name, name);
    }
}

static void check_products(const grm_kernels *const *list, size_t count) {
    static const struct {
        size_t out, in, rows;
    } shapes[] = {
        {32, 64, 1},   {70, 100, 2},  {8, 16, 3},     {129, 257, 5},  {64, 1024, 2}, {160, 36, 16},
        {33, 2048, 4}, {96, 130, 11}, {620, 1100, 2}, {280, 1300, 13}};  // the last two of many blocks and strips
    static float plain[MOST_ROWS * MOST_OUT];
    grm_rng rng = grm_rng_new(1, "check");
    for (int precision = GRM_FLOAT32; precision <= GRM_INT4; precision++)
        for (size_t i = 0; i < GRM_COUNT(shapes); i++) {
            sample s;
            make_sample(&s, &rng, (grm_precision)precision, shapes[i].out, shapes[i].in, shapes[i].rows);
            run_sample(list[0], &s, GRM_STORE, plain);
            compare_to_double(&s, plain, precision_names[precision]);
            for (int finish = GRM_STORE; finish <= GRM_STORE_RELU; finish++)
                compare_to_plain(list, count, &s, (grm_finish)finish, precision_names[precision]);
            while (--s.rows > 0)  // each number is cut into tiles of its own
                compare_to_plain(list, count, &s, GRM_STORE, precision_names[precision]);
            s.rows = shapes[i].rows;
            free_sample(&s);
        }
}

// A row whose inputs are of one size but for some that stand out: none of the others may lose its precision.
static void check_split(const grm_kernels *k, size_t group) {
    enum { MANY = 4, ROOM = MANY * GRM_INT8_GROUP, APART = 1 };  // groups; the one where an input stands out
    static int8_t high[ROOM], low[ROOM];
    float scale[MANY], low_scale[MANY], x[ROOM];
    int32_t start[MANY], low_start[MANY], sums[MANY] = {0};
    const grm_bytes bytes = {high, low, scale, low_scale, start, low_start};
    size_t count = MANY * group - group / 8;
    grm_rng rng = grm_rng_new(2, "check");
    fill(&rng, x, count, 1);
    x[APART * group + 6] = 50;
    x[2 * group + 22] = 0;
    for (size_t i = count; i < ROOM; i++) x[i] = 99;  // of no concern
    memset(high, 1, sizeof high);
    k->split(x, NULL, count, group, &bytes);
    for (size_t i = 0; i < count; i++) {
        size_t g = i / group;
        float back = scale[g] * high[i] + (low_scale[g] > 0 ? low_scale[g] * low[i] : 0);
        expect(fabsf(back - x[i]) < 0.02f, k->name, "input far from its bytes");
        sums[g] += high[i];
    }
    int32_t bias = start[0] ? 128 : 0;  // that the kernel's weights have; products differ if it is the other one
    for (size_t g = 0; g < MANY; g++) {
        expect((low_scale[g] > 0) == (g == APART), k->name, "second plane where it is not needed, or not where it is");
        expect(start[g] == -bias * sums[g], k->name, "start of sums");
    }
    for (size_t i = count; i < MANY * group; i++) expect(high[i] == 0, k->name, "bytes behind the last input");
}

// ---- attention ----

enum { POSITIONS = 192, MOST_HEAD = 80, HEADS = 3 };  // whose keys and values lie between each other's

typedef struct memory {
    grm_cache caches[HEADS];
    uint8_t *keys, *values;
} memory;

static void make_memory(memory *m, grm_precision precision, size_t head) {
    size_t keys = grm_keys_bytes(precision, head), values = grm_values_bytes(precision, head, POSITIONS);
    m->keys = take(POSITIONS / 16 * HEADS * keys);
    m->values = take(POSITIONS / 64 * HEADS * values);
    for (size_t i = 0; i < HEADS; i++)
        m->caches[i] =
            (grm_cache){precision, head, m->keys + i * keys, m->values + i * values, HEADS * keys, HEADS * values};
}

static void free_memory(memory *m) {
    free(m->keys);
    free(m->values);
}

static double attend_in_double(const float *keys, const float *values, const float *query, size_t head, size_t count,
                               double scale, const float *out) {
    static double weight[POSITIONS], sums[MOST_HEAD];
    double total = 0, noise = 0, energy = 0;
    memset(sums, 0, sizeof sums);
    for (size_t t = 0; t < count; t++) {
        double s = 0;
        for (size_t d = 0; d < head; d++) s += (double)query[d] * (double)keys[t * head + d];
        total += weight[t] = exp(s * scale);
    }
    for (size_t t = 0; t < count; t++)
        for (size_t d = 0; d < head; d++) sums[d] += weight[t] / total * (double)values[t * head + d];
    for (size_t d = 0; d < head; d++) {
        noise += (sums[d] - (double)out[d]) * (sums[d] - (double)out[d]);
        energy += sums[d] * sums[d];
    }
    return noise / energy;
}

// Of HEADS at once, out: [HEADS][head].
static void attend_all(const grm_kernels *k, const memory *m, const float *queries, size_t head, size_t count,
                       float *room, float *out) {
    grm_attention all[HEADS];
    for (size_t i = 0; i < HEADS; i++) all[i] = (grm_attention){m->caches[i], queries + i * head, out + i * head};
    k->attend(all, HEADS, 1 / sqrtf((float)head), count, room);
}

static void check_head(const grm_kernels *const *list, size_t count, grm_precision precision, size_t head,
                       grm_rng *rng) {
    static const size_t counts[] = {1, 15, 16, 63, 64, 65, 190};
    static const double most_noise[] = {1e-11, 1e-5, 1e-3};
    static float keys[HEADS][POSITIONS * MOST_HEAD], values[HEADS][POSITIONS * MOST_HEAD], queries[HEADS * MOST_HEAD];
    static float plain[HEADS * MOST_HEAD], fast[HEADS * MOST_HEAD];
    memory memories[GRM_MAX_KERNELS];
    float *room = take(HEADS * grm_attention_room(head, POSITIONS) * sizeof *room);
    for (size_t i = 0; i < HEADS; i++) {
        fill(rng, keys[i], POSITIONS * head, 1);
        fill(rng, values[i], POSITIONS * head, 1);
    }
    fill(rng, queries, HEADS * head, 1);
    for (size_t k = 0; k < count; k++) {
        make_memory(&memories[k], precision, head);
        for (size_t t = 0; t < POSITIONS; t++)
            for (size_t i = 0; i < HEADS; i++)
                list[k]->remember(&memories[k].caches[i], t, keys[i] + t * head, values[i] + t * head);
    }
    for (size_t n = 0; n < GRM_COUNT(counts); n++) {
        attend_all(list[0], &memories[0], queries, head, counts[n], room, plain);
        for (size_t i = 0; i < HEADS; i++)
            expect(attend_in_double(keys[i], values[i], queries + i * head, head, counts[n], 1 / sqrt((double)head),
                                    plain + i * head) < most_noise[precision],
                   precision_names[precision], "attention far from the one in double");
        for (size_t k = 1; k < count; k++) {
            attend_all(list[k], &memories[k], queries, head, counts[n], room, fast);
            expect(memcmp(plain, fast, HEADS * head * sizeof(float)) == 0, list[k]->name, "attention");
        }
    }
    for (size_t k = 0; k < count; k++) free_memory(&memories[k]);
    free(room);
}

static void check_attention(const grm_kernels *const *list, size_t count) {
    static const size_t heads[] = {8, 24, 64, 80};
    grm_rng rng = grm_rng_new(3, "check");
    for (int precision = GRM_FLOAT32; precision <= GRM_INT8; precision++)
        for (size_t h = 0; h < GRM_COUNT(heads); h++) check_head(list, count, (grm_precision)precision, heads[h], &rng);
}

// ---- functions ----

static void check_functions(const grm_kernels *const *list, size_t count) {
    enum { COUNT = 1003, WIDTH = 75 };
    static float x[COUNT], plain[COUNT], fast[COUNT], weight[COUNT], bias[COUNT];
    for (size_t i = 0; i < COUNT; i++) x[i] = (float)((double)i * 0.04 - 20);
    grm_rng rng = grm_rng_new(4, "check");
    fill(&rng, weight, COUNT, 1);
    fill(&rng, bias, COUNT, 1);
    memcpy(plain, x, sizeof x);
    list[0]->gelu(plain, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        double v = (double)x[i], exact = 0.5 * v * (1 + erf(v * sqrt(0.5)));
        expect(fabs(exact - (double)plain[i]) < 1.5e-7 * (1 + fabs(v)), "gelu", "far from the one in double");
        expect(fabs(v) < 5.4 || (double)plain[i] == (v < 0 ? 0 : v), "gelu", "not what is left of its ends");
    }
    memcpy(plain, x, sizeof x);
    list[0]->elu(plain, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        double v = (double)x[i];
        expect(fabs((v < 0 ? expm1(v) : v) - (double)plain[i]) < 2e-7 * (1 + fabs(v)), "elu", "far from double");
    }
    static float cell[2][WIDTH], state[2][WIDTH];
    fill(&rng, cell[0], WIDTH, 1);
    memcpy(cell[1], cell[0], sizeof cell[0]);
    list[0]->cell(weight, WIDTH, cell[0], state[0]);
    for (size_t i = 0; i < WIDTH; i++) {
        double g[4];
        for (size_t j = 0; j < 4; j++) g[j] = (double)weight[j * WIDTH + i];
        double c = (double)cell[1][i] / (1 + exp(-g[1])) + tanh(g[2]) / (1 + exp(-g[0]));
        expect(fabs(c - (double)cell[0][i]) < 1e-6 && fabs(tanh(c) / (1 + exp(-g[3])) - (double)state[0][i]) < 1e-6,
               "cell", "far from the one in double");
    }
    float first_cell[WIDTH], first_state[WIDTH];
    memcpy(first_cell, cell[0], sizeof first_cell);
    memcpy(first_state, state[0], sizeof first_state);
    for (size_t k = 1; k < count; k++) {
        void (*const functions[])(float *, size_t) = {list[k]->gelu, list[k]->elu};
        void (*const plains[])(float *, size_t) = {list[0]->gelu, list[0]->elu};
        for (size_t i = 0; i < 2; i++) {
            memcpy(plain, x, sizeof x);
            memcpy(fast, x, sizeof x);
            plains[i](plain, COUNT);
            functions[i](fast, COUNT);
            expect(memcmp(plain, fast, sizeof plain) == 0, list[k]->name, i ? "elu" : "gelu");
        }
        memcpy(cell[0], cell[1], sizeof cell[0]);
        list[k]->cell(weight, WIDTH, cell[0], state[0]);
        expect(memcmp(first_cell, cell[0], sizeof first_cell) == 0 &&
                   memcmp(first_state, state[0], sizeof first_state) == 0,
               list[k]->name, "cell");
    }
}

// Shares of scores far from each other and from zero.
static void check_softmax(const grm_kernels *const *list, size_t count) {
    static const size_t lengths[] = {1, 7, 16, 41};
    enum { MANY = 3, MOST = 41 };
    static float x[MANY * MOST], plain[MANY * MOST], fast[MANY * MOST];
    grm_rng rng = grm_rng_new(11, "check");
    for (size_t l = 0; l < GRM_COUNT(lengths); l++) {
        size_t length = lengths[l];
        fill(&rng, x, MANY * length, 3);
        for (size_t i = 0; i < length; i++) x[i] -= 1000, x[length + i] *= 1000;
        memcpy(plain, x, sizeof x);
        list[0]->softmax(plain, length, MANY);
        for (size_t m = 0; m < MANY; m++) {
            const float *scores = x + m * length;
            double top = (double)scores[0], sum = 0;
            for (size_t i = 0; i < length; i++) top = fmax(top, (double)scores[i]);
            for (size_t i = 0; i < length; i++) sum += exp((double)scores[i] - top);
            for (size_t i = 0; i < length; i++) {
                double exact = exp((double)scores[i] - top) / sum;
                expect(fabs(exact - (double)plain[m * length + i]) < 1e-6 * exact + 1e-37, "softmax",
                       "far from the one in double");
            }
        }
        for (size_t k = 1; k < count; k++) {
            memcpy(fast, x, sizeof x);
            list[k]->softmax(fast, length, MANY);
            expect(memcmp(plain, fast, sizeof plain) == 0, list[k]->name, "softmax");
        }
    }
}

// x + its addends, and their norm, whose length fills no vector. Rows are as many as are normed side by side, and more.
static void check_norm(const grm_kernels *const *list, size_t count) {
    enum { WIDTH = 83, ROWS = 7, ALL = ROWS * WIDTH };
    static const size_t many[] = {0, 1, 2, 4};
    static float x[ALL], sums[4][ALL], weight[WIDTH], bias[WIDTH];
    const float *const addends[] = {sums[0], sums[1], sums[2], sums[3]};
    grm_rng rng = grm_rng_new(9, "check");
    fill(&rng, x, ALL, 1);
    fill(&rng, sums[0], 4 * ALL, 1);
    fill(&rng, weight, WIDTH, 1);
    fill(&rng, bias, WIDTH, 1);
    for (size_t m = 0; m < GRM_COUNT(many); m++) {
        static float plain[2][ALL], fast[2][ALL], added[ALL];
        memcpy(plain[0], x, sizeof x);
        list[0]->layer_norm(plain[0], addends, many[m], ROWS, WIDTH, weight, bias, WIDTH, 1e-5f, plain[1]);
        for (size_t r = 0; r < ROWS; r++) {
            double whole[WIDTH], mean = 0, square = 0;
            for (size_t i = 0; i < WIDTH; i++) {
                whole[i] = (double)x[r * WIDTH + i];
                for (size_t s = 0; s < many[m]; s++) whole[i] += (double)sums[s][r * WIDTH + i];
                mean += whole[i] / WIDTH;
            }
            for (size_t i = 0; i < WIDTH; i++) square += (whole[i] - mean) * (whole[i] - mean) / WIDTH;
            for (size_t i = 0; i < WIDTH; i++) {
                double exact = (whole[i] - mean) / sqrt(square + 1e-5) * (double)weight[i] + (double)bias[i];
                expect(fabs(whole[i] - (double)plain[0][r * WIDTH + i]) < 2e-6, "layer norm", "its sums are wrong");
                expect(fabs(exact - (double)plain[1][r * WIDTH + i]) < 2e-5, "layer norm",
                       "far from the one in double");
            }
        }
        for (size_t k = 0; k < count; k++) {
            memcpy(fast[0], x, sizeof x);
            memcpy(added, x, sizeof x);
            list[k]->layer_norm(fast[0], addends, many[m], ROWS, WIDTH, weight, bias, WIDTH, 1e-5f, fast[1]);
            list[k]->layer_norm(added, addends, many[m], ROWS, WIDTH, NULL, NULL, WIDTH, 1e-5f, NULL);
            expect(memcmp(plain, fast, sizeof plain) == 0, list[k]->name, "layer norm");
            expect(memcmp(plain[0], added, sizeof added) == 0, list[k]->name, "layer norm, sums alone");
        }
    }
}

// Sums of overlapping rows, whose length fills no vector.
static void check_dots(const grm_kernels *const *list, size_t count) {
    enum { LENGTH = 83, STEP = 12, ROWS = 11 };
    float weights[LENGTH], x[LENGTH + STEP * (ROWS - 1)], plain[ROWS], fast[ROWS];
    grm_rng rng = grm_rng_new(8, "check");
    fill(&rng, weights, LENGTH, 1);
    fill(&rng, x, GRM_COUNT(x), 1);
    list[0]->dots(weights, LENGTH, x, STEP, ROWS, plain);
    for (size_t r = 0; r < ROWS; r++) {
        double sum = 0;
        for (size_t i = 0; i < LENGTH; i++) sum += (double)weights[i] * (double)x[r * STEP + i];
        expect(fabs(sum - (double)plain[r]) < 2e-5, "dots", "far from the one in double");
    }
    for (size_t k = 1; k < count; k++) {
        list[k]->dots(weights, LENGTH, x, STEP, ROWS, fast);
        expect(memcmp(plain, fast, sizeof plain) == 0, list[k]->name, "dots");
    }
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// One thread, 2 rows, 64 MB of weights that are read once: least processor time of some runs.
static void time_products(const grm_kernels *k) {
    enum { IN = 1024, ROWS = 2, RUNS = 7 };
    static float y[ROWS * 65536];
    for (int precision = GRM_FLOAT32; precision <= GRM_INT4; precision++) {
        size_t panel = grm_panel_bytes((grm_precision)precision, IN), panels = ((size_t)64 << 20) / panel,
               out = panels * 32;
        if (out > 65536) out = 65536, panels = out / 32;
        grm_rng rng = grm_rng_new(5, "check");
        sample s;
        make_sample(&s, &rng, (grm_precision)precision, 64, IN, ROWS);
        for (size_t i = 0; i < ROWS * IN; i++) s.x[i] = grm_rng_normal(&rng);
        uint8_t *large = take(panels * panel);
        for (size_t p = 0; p < panels; p++) memcpy(large + p * panel, s.panels + p % 2 * panel, panel);
        grm_matrix m = s.matrix;
        m.panels = large;
        m.out = out;
        m.bias = NULL;
        m.columns = NULL;
        for (size_t r = 0; r < ROWS && grm_matrix_group(m.precision); r++)
            k->split(s.x + r * IN, NULL, IN, grm_matrix_group(m.precision), &s.bytes[r]);
        const grm_product product = {&m, ROWS, s.x, IN, s.bytes, y, 65536, GRM_STORE};
        double least = 1e9;
        for (int run = 0; run < RUNS; run++) {
            double start = now_s();
            k->multiply(&product, 0, panels);
            least = fmin(least, now_s() - start);
        }
        printf("  %-14s %-8s %6.1f GB/s  %6.1f G products/s\n", k->name, precision_names[precision],
               (double)(panels * panel) / least / 1e9, (double)(out * IN * ROWS) / least / 1e9);
        free(large);
        free_sample(&s);
    }
}

int main(int argc, char **argv) {
    const grm_kernels *list[GRM_MAX_KERNELS];
    size_t count = grm_kernels_list(list);
    check_products(list, count);
    for (size_t k = 0; k < count; k++) {
        check_split(list[k], GRM_INT8_GROUP);
        check_split(list[k], GRM_INT4_GROUP);
    }
    check_attention(list, count);
    check_functions(list, count);
    check_softmax(list, count);
    check_norm(list, count);
    check_dots(list, count);
    for (size_t k = 0; k < count; k++) printf("%s%s", k ? ", " : "kernels: ", list[k]->name);
    printf(": %s\n", failures ? "FAILED" : "the same bits");
    if (argc > 1 && strcmp(argv[1], "--time") == 0)
        for (size_t k = 0; k < count; k++) time_products(list[k]);
    return failures ? 1 : 0;
}
