// How near a decoder step comes to the memory's speed. A step needs every weight of the decoder and all keys and values
// so far, so the floor is their bytes over the bandwidth that the same threads read with. Where the text has absorbed
// two matrices of each layer (absorbed.h) a step reads less than that, and how fast it reads what it reads is said
// besides. The bandwidth is measured before every step, as it is not the same from second to second, and in two ways:
// through huge pages, as the weights of a packed file lie, and through ordinary pages of 4 kB, as other programs'
// memory does. How fast those are read is mostly a matter of where they lie: nearly as huge ones while they follow one
// another, by half where a system that has run for hours gives out scattered ones; so the share of huge pages is the
// one to compare by. Each kind has a buffer of 16 times what is read at a time, so that none of it is in a cache. Steps
// and measurements in which a thread was put off its processor do not count; on a busy machine nearly none is left
// unless the scheduler prefers the program (chrt -f 1). Two processors may be cores that share a cache, from one minute
// to the next on a virtual machine; a barrier then takes less than 0.1 us, and where that cache has one way to memory
// both together read no faster than one alone.
//   bench_neural MODEL [STEPS [THREADS [VARIATIONS]]]    a packed model, or a folder (MODEL_PRECISION); guidance is on
#define _DEFAULT_SOURCE  // madvise
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "clock.h"
#include "neural/absorbed.h"
#include "neural/huge.h"
#include "neural/model.h"
#include "neural/sample.h"

enum { PROBE = 32 << 20, POOL = 16 * PROBE };  // bytes

static long switches(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nivcsw;
}

// ---- bandwidth ----

typedef enum page { HUGE, SMALL, PAGES } page;

typedef struct probe {
    const float *from;
    float sums[256][64];
} probe;

GRM_INLINE void read_all(const float *from, size_t count, float *sums) {
    float sum[64] = {0};
    for (size_t i = 0; i < count; i += 64)
        for (size_t l = 0; l < 64; l++) sum[l] += from[i + l];
    memcpy(sums, sum, sizeof sum);
}

#if GRM_HAVE_AVX2
GRM_AVX2 static void read_avx2(const float *from, size_t count, float *sums) {
    read_all(from, count, sums);
}
#endif

static void read_share(void *context, unsigned member, unsigned size) {
    probe *p = context;
    size_t count = PROBE / sizeof(float) / size / 64 * 64;
#if GRM_HAVE_AVX2
    if (grm_cpu_detect().avx2_fma) {
        read_avx2(p->from + member * count, count, p->sums[member]);
        return;
    }
#endif
    read_all(p->from + member * count, count, p->sums[member]);
}

static double read_bandwidth(grm_team *team, const uint8_t *pool, size_t turn) {
    static probe p;
    p.from = (const float *)(const void *)(pool + turn % (POOL / PROBE) * PROBE);
    double start = bench_wall_s();
    grm_team_run(team, read_share, &p);
    return PROBE / (bench_wall_s() - start);
}

static uint8_t *make_pool(page kind) {
    uint8_t *pool = aligned_alloc(GRM_HUGE_PAGE, POOL);
#ifdef MADV_HUGEPAGE
    if (pool) madvise(pool, POOL, kind == HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
    return pool ? memset(pool, 0, POOL) : NULL;
}

typedef struct meeting {
    grm_team *team;
    size_t count;
} meeting;

static void meet(void *context, unsigned member, unsigned size) {
    const meeting *m = context;
    for (size_t i = 0; i < m->count; i++) grm_team_wait(m->team);
}

static double barrier_s(grm_team *team) {
    double least = 1;
    for (int run = 0; run < 50; run++) {
        meeting m = {team, 200};
        double start = bench_wall_s();
        grm_team_run(team, meet, &m);
        double each = (bench_wall_s() - start) / 200;
        least = each < least ? each : least;
    }
    return least;
}

// ---- steps ----

typedef struct bench {
    const grm_model *model;
    grm_compute *compute;
    grm_decoder_state *state;
    size_t rows;
    float *x, *logits, *guided;
    grm_draw *draws;
    grm_candidate *candidates;
    grm_rng rng;
} bench;

enum { TOKENS = 16 };  // of the text

static double weight_bytes(const grm_model *m) {
    const grm_decoder *d = &m->decoder;
    double bytes = (double)grm_matrix_bytes(d->heads.precision, d->heads.out, d->heads.in);
    for (size_t i = 0; i < d->config.layers; i++) {
        const grm_decoder_layer *l = &d->layers[i];
        const grm_matrix *all[] = {l->qkv, l->o, l->cross_q, l->cross_o, l->up, l->down};
        for (size_t k = 0; k < GRM_COUNT(all); k++)
            for (size_t s = 0; s < d->slices; s++)
                if (all[k]->panels) bytes += (double)grm_matrix_bytes(all[k][s].precision, all[k][s].out, all[k][s].in);
    }
    return bytes;
}

static double bytes_saved(const bench *b) {
    const grm_decoder *d = &b->model->decoder;
    return grm_absorbs(d, TOKENS) ? (double)grm_absorbing_bytes(d) - (double)grm_absorbed_bytes(d, TOKENS) : 0;
}

// How much of what a step reads of the weights lies in huge pages; NAN: not known.
static double huge_weights(const grm_model *m) {
    const grm_matrix *last = &m->decoder.heads;
    const uint8_t *begin = m->decoder.layers[0].qkv[0].panels;
    const uint8_t *end = last->panels + grm_matrix_bytes(last->precision, last->out, last->in);
    return grm_huge_share(begin, (size_t)(end - begin));
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, by_value);
    return count ? values[count / 2] : NAN;
}

// As a generation does it: embeds the last codes, runs, guides, and draws.
static void step(bench *b, uint16_t *codes) {
    const grm_decoder_config *c = &b->model->config.decoder;
    const grm_sampling sampling = {false, 1, 250, 1};
    size_t count = c->codebooks * c->codes, half = b->rows / 2;
    for (size_t r = 0; r < half; r++) {
        grm_decoder_embed(&b->model->decoder, codes + r * c->codebooks, b->x + r * c->width);
        memcpy(b->x + (half + r) * c->width, b->x + r * c->width, c->width * sizeof *b->x);
    }
    grm_decoder_run(b->state, b->x, 1, b->logits);
    for (size_t r = 0; r < half; r++) {
        const float *with = b->logits + r * count, *without = b->logits + (half + r) * count;
        float *guided = b->guided + r * count;
        for (size_t i = 0; i < count; i++) guided[i] = without[i] + 3 * (with[i] - without[i]);
        for (size_t k = 0; k < c->codebooks; k++)
            b->draws[r * c->codebooks + k] =
                (grm_draw){guided + k * c->codes, grm_rng_float(&b->rng), codes + r * c->codebooks + k};
    }
    grm_sample_all(b->compute->team, &sampling, b->draws, half * c->codebooks, c->codes, b->candidates);
}

// What undisturbed steps took, and beside each what was read per second in either kind of pages just before.
typedef struct figures {
    size_t steps, kept;
    double *time, *rate[PAGES], *share[PAGES], *read[PAGES];  // shares of the floor, and of the rate
    double *room;
} figures;

static bool figures_new(figures *f, size_t steps) {
    *f = (figures){.steps = steps, .room = malloc((1 + 3 * PAGES) * steps * sizeof *f->room)};
    f->time = f->room;
    for (size_t p = 0; p < PAGES && f->room; p++) {
        f->rate[p] = f->room + (1 + 3 * p) * steps;
        f->share[p] = f->room + (2 + 3 * p) * steps;
        f->read[p] = f->room + (3 + 3 * p) * steps;
    }
    return f->room != NULL;
}

// Of all rows' keys and values of one position, with their scales.
static double position_bytes(const grm_decoder_config *c, grm_precision cache) {
    double each = cache == GRM_FLOAT32 ? 4 : cache == GRM_FLOAT16 ? 2 : 1;
    return 2 * (double)(c->layers * c->width) * each + (cache == GRM_INT8 ? 8.0 * (double)(c->layers * c->heads) : 0);
}

static void measure(bench *b, uint8_t *const pool[PAGES], grm_precision cache, figures *f) {
    double weights = weight_bytes(b->model), saved = bytes_saved(b),
           position = position_bytes(&b->model->config.decoder, cache);
    uint16_t codes[8 * GRM_MAX_CODEBOOKS] = {0};
    for (size_t i = 0; i < f->steps; i++) {
        long before = switches();
        for (size_t p = 0; p < PAGES; p++) {  // in turn the first
            page kind = (i + p) % PAGES == 0 ? HUGE : SMALL;
            f->rate[kind][f->kept] = read_bandwidth(b->compute->team, pool[kind], i);
        }
        double start = bench_wall_s();
        step(b, codes);
        double time = f->time[f->kept] = bench_wall_s() - start;
        if (switches() != before) continue;
        double past = position * (double)(b->rows * (i + 1)), bytes = weights + past + position * TOKENS;
        double read = saved > 0 ? weights + past - saved : bytes;  // an absorbed text has no keys and values
        for (size_t p = 0; p < PAGES; p++) {
            f->share[p][f->kept] = bytes / time / f->rate[p][f->kept];
            f->read[p][f->kept] = read / time / f->rate[p][f->kept];
        }
        f->kept++;
    }
}

static void report(const bench *b, grm_precision cache, figures *f) {
    double barrier = 1e6 * barrier_s(b->compute->team), ms = 1e3 * median(f->time, f->kept);
    double huge = 100 * huge_weights(b->model);
    printf("%s + %s cache: %.0f MB of weights, %zu rows; a step %.2f ms",
           grm_precision_name(grm_packed_precision(b->model->packed)), grm_precision_name(cache),
           weight_bytes(b->model) / 1e6, b->rows, ms);
    for (size_t p = 0; p < PAGES; p++) {
        double share = median(f->share[p], f->kept);
        printf(", %.0f %% of the floor of %s (%.1f ms at %.1f GB/s)", 100 * share,
               p == HUGE ? "huge pages" : "pages of 4 kB", ms * share, median(f->rate[p], f->kept) / 1e9);
    }
    if (bytes_saved(b) > 0)
        printf("; %.0f MB of the weights are read, at %.0f and %.0f %% of these rates",
               (weight_bytes(b->model) - bytes_saved(b)) / 1e6, 100 * median(f->read[HUGE], f->kept),
               100 * median(f->read[SMALL], f->kept));
    if (huge < 99) printf("; of the weights only %.0f %% lie in huge pages", huge);
    printf("; %.2f s of work a second of sound; barrier %.2f us%s; %zu of %zu steps undisturbed\n", ms * 0.05, barrier,
           grm_team_size(b->compute->team) == 2 && barrier < 0.1 ? " (cores that share a cache)" : "", f->kept,
           f->steps);
}

// Words of noise, of which keys and values are kept as a prompt's.
static bool read_words(bench *b) {
    size_t count = TOKENS * b->model->config.decoder.width;
    float *text = malloc(count * sizeof *text);
    for (size_t i = 0; i < count && text; i++) text[i] = grm_rng_normal(&b->rng);
    bool fine =
        text && (b->model->config.melody || grm_decoder_read_text(b->state, text, TOKENS, NULL, NULL) == GRM_OK);
    free(text);
    return fine;
}

static int run(bench *b, size_t steps, grm_precision cache) {
    uint16_t codes[8 * GRM_MAX_CODEBOOKS] = {0};
    uint8_t *pool[PAGES] = {make_pool(HUGE), make_pool(SMALL)};
    figures f;
    bool fine = figures_new(&f, steps) && pool[HUGE] && pool[SMALL] && read_words(b);
    if (fine) {
        step(b, codes);  // which finds its pages for the first time
        grm_decoder_state_rewind(b->state);
        measure(b, pool, cache, &f);
        report(b, cache, &f);
    }
    free(f.room);
    free(pool[HUGE]);
    free(pool[SMALL]);
    return fine ? 0 : 1;
}

int main(int argc, char **argv) {
    size_t steps = argc > 2 ? strtoul(argv[2], NULL, 10) : 1500, variations = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
    const char *threads = argc > 3 ? argv[3] : NULL;
    const grm_setting_value flags[] = {{"GRAMMY_THREADS", threads}};
    grm_profile *profile = NULL;
    grm_model *model = NULL;
    grm_error err = {0};
    bench b = {.rows = 2 * variations, .rng = grm_rng_new(1, "bench")};
    if (argc < 2 || variations < 1 || variations > 8 || steps < 1) {
        fprintf(stderr, "bench_neural MODEL [STEPS [THREADS [VARIATIONS]]]\n");
        return 2;
    }
    double start = bench_wall_s();
    grm_status status = grm_profile_new(flags, 1, &profile, &err);
    if (!status) status = grm_model_open(argv[1], profile, NULL, &model, &err);
    double opened = bench_wall_s() - start;
    if (!status) status = grm_compute_new(profile->threads, grm_model_widest(model), &b.compute, &err);
    if (status) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    const grm_decoder_config *c = &model->config.decoder;
    grm_precision cache = grm_decoder_cache(&model->decoder);
    b.model = model;
    b.x = malloc(GRM_ROWS * c->width * sizeof *b.x);
    b.logits = malloc(b.rows * c->codebooks * c->codes * sizeof *b.logits);
    b.guided = malloc(variations * c->codebooks * c->codes * sizeof *b.guided);
    b.draws = malloc(variations * c->codebooks * sizeof *b.draws);
    b.candidates = malloc(profile->threads * 2 * c->codes * sizeof *b.candidates);
    status = grm_decoder_state_new(&model->decoder, b.compute, cache, b.rows, model->config.melody ? 0 : variations,
                                   steps + 1, &b.state, &err);
    if (status || !b.x || !b.logits || !b.guided || !b.draws || !b.candidates) return 1;
    printf("opened in %.1f ms; %s, %u threads: ", 1e3 * opened, b.compute->kernels->name, profile->threads);
    return run(&b, steps, cache);
}
