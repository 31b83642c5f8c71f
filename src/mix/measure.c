// What each stem is: how loud while it plays, how high its peaks, where its power lies.
#include <stdlib.h>
#include <string.h>

#include "mix/internal.h"

enum { SIZE = 4096 };

const float grm_mix_band_hz[GRM_MIX_BANDS] = {31.5f, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000};

typedef struct probe {
    const grm_run *run;
    const grm_stem *stem;
    grm_stem_facts *facts;
    size_t frames, stage, stems;
    grm_status status;
    grm_error err;
    // working memory
    float *planes[2], *low, *power;
    float *low_cells;
    grm_stft *stft;
    grm_loudness *loudness;
    grm_cascade low_pass;
    double bands[GRM_MIX_BANDS];
    double side, all;  // power of left less right, and of both
} probe;

static grm_status probe_open(probe *p, double rate_hz) {
    size_t cells = p->frames / GRM_MIX_CELL + 1;
    for (int side = 0; side < 2; side++) p->planes[side] = grm_floats_new(GRM_MIX_BLOCK);
    p->low = grm_floats_new(GRM_MIX_BLOCK);
    p->power = grm_floats_new(SIZE / 2 + 1);
    p->low_cells = grm_floats_new(cells);
    p->facts->cell_peak = grm_floats_new(cells);
    p->facts->cells = cells;
    p->facts->looks = p->frames / GRM_MIX_LOOK + 1;
    p->facts->look = calloc(p->facts->looks * GRM_MIX_BANDS, sizeof *p->facts->look);
    if (!p->planes[0] || !p->planes[1] || !p->low || !p->power || !p->low_cells || !p->facts->cell_peak ||
        !p->facts->look)
        return grm_fail_memory(&p->err);
    grm_filter cell = grm_filter_design(GRM_FILTER_LOWPASS, rate_hz, 100, 0.7071, 0);
    grm_cascade_init(&p->low_pass, (grm_filter[]){cell, cell}, 2);
    grm_status status = grm_stft_new(GRM_WINDOW_HANN, SIZE, &p->stft, &p->err);
    return status ? status : grm_loudness_new(rate_hz, &p->loudness, &p->err);
}

static void probe_close(probe *p) {
    grm_loudness_free(p->loudness);
    grm_stft_free(p->stft);
    free(p->low_cells);
    free(p->power);
    free(p->low);
    free(p->planes[1]);
    free(p->planes[0]);
}

static void add_bands(probe *p, size_t at, double bin_hz, float *look) {
    float mid[SIZE];
    for (size_t i = 0; i < SIZE; i++) mid[i] = 0.5f * (p->planes[0][at + i] + p->planes[1][at + i]);
    grm_stft_power(p->stft, mid, p->power);
    for (size_t b = 0; b < GRM_MIX_BANDS; b++) {
        size_t low = (size_t)(grm_mix_band_hz[b] / sqrt(2) / bin_hz + 0.5);
        size_t high = (size_t)(grm_mix_band_hz[b] * sqrt(2) / bin_hz + 0.5);
        double sum = 0;
        for (size_t i = low ? low : 1; i < high && i <= SIZE / 2; i++) sum += p->power[i];
        p->bands[b] += sum;
        look[b] = (float)sum;
    }
}

static void look_at_block(probe *p, size_t start, size_t frames, double rate_hz) {
    bool drums = p->stem->role == GRM_ROLE_DRUMS || p->stem->role == GRM_ROLE_KICK;
    if (drums) {
        for (size_t i = 0; i < frames; i++) p->low[i] = 0.5f * (p->planes[0][i] + p->planes[1][i]);
        grm_cascade_run(&p->low_pass, p->low, NULL, frames);
    }
    for (size_t at = 0; at < frames; at += GRM_MIX_CELL) {
        size_t count = frames - at < GRM_MIX_CELL ? frames - at : GRM_MIX_CELL, cell = (start + at) / GRM_MIX_CELL;
        p->facts->cell_peak[cell] = fmaxf(grm_peak(p->planes[0] + at, count), grm_peak(p->planes[1] + at, count));
        if (drums) p->low_cells[cell] = grm_peak(p->low + at, count);
    }
    for (size_t at = 0; at + SIZE <= frames; at += GRM_MIX_LOOK)
        if (p->facts->cell_peak[(start + at) / GRM_MIX_CELL] > 1e-5f)
            add_bands(p, at, rate_hz / SIZE, p->facts->look + (start + at) / GRM_MIX_LOOK * GRM_MIX_BANDS);
}

// What nine tenths of the cells that sound stay below; sorts x.
static float strong_hit(float *x, size_t count) {
    grm_sort_floats(x, count);
    size_t first = 0;
    float floor = count ? x[count - 1] * 0.05f : 0;
    while (first < count && x[first] <= floor) first++;
    return first < count ? x[first + (count - 1 - first) * 9 / 10] : 0;
}

// In the unit of band_db, whose weighted sum is 1, as a mean over the looks that found something.
static void scale_looks(grm_stem_facts *f, double whole) {
    size_t found = 0;
    for (size_t t = 0; t < f->looks; t++) {
        float most = 0;
        for (size_t b = 0; b < GRM_MIX_BANDS; b++) most = fmaxf(most, f->look[t * GRM_MIX_BANDS + b]);
        found += most > 0;
    }
    float scale = whole > 0 ? (float)((double)found / whole) : 0;
    for (size_t i = 0; i < f->looks * GRM_MIX_BANDS; i++) f->look[i] *= scale;
}

static void sum_up(probe *p, double rate_hz) {
    grm_stem_facts *f = p->facts;
    grm_filter weighting[2];
    grm_loudness_weighting(rate_hz, weighting);
    double whole = 0;
    for (size_t b = 0; b < GRM_MIX_BANDS; b++) {
        double db = 0;
        for (int i = 0; i < 2; i++) db += grm_filter_gain_db(&weighting[i], rate_hz, grm_mix_band_hz[b]);
        whole += p->bands[b] * pow(10, db / 10);
    }
    for (size_t b = 0; b < GRM_MIX_BANDS; b++)
        f->band_db[b] = whole > 0 && p->bands[b] > 0 ? (float)(10 * log10(p->bands[b] / whole)) : -120;
    scale_looks(f, whole);
    f->side = p->all > 0 ? (float)(p->side / p->all) : 0;
    f->lufs = grm_loudness_integrated(p->loudness);
    size_t tenths;
    const double *powers = grm_loudness_tenths(p->loudness, &tenths);
    f->noise_db = grm_stem_noise_db(f, powers, tenths);
    f->twin = -1;
    f->peak = grm_peak(f->cell_peak, f->cells);
    f->low_hit = strong_hit(p->low_cells, f->cells);
    memcpy(p->low_cells, f->cell_peak, f->cells * sizeof(float));
    f->hit = strong_hit(p->low_cells, f->cells);
}

static void add_sides(probe *p, size_t frames) {
    float side = 0, all = 0;
    for (size_t i = 0; i < frames; i++) {
        float l = p->planes[0][i], r = p->planes[1][i];
        side += (l - r) * (l - r);
        all += l * l + r * r;
    }
    p->side += 0.5 * (double)side;
    p->all += (double)all;
}

static void read_block(probe *p, size_t start, size_t frames, double rate_hz) {
    p->status = grm_tape_read(p->stem->dry, start, frames, p->planes, &p->err);
    if (p->status) return;
    if (!grm_all_finite(p->planes[0], frames) || !grm_all_finite(p->planes[1], frames)) {
        p->status = grm_fail(&p->err, GRM_BAD_INPUT, "stem \"%s\" holds values that are not numbers",
                             p->stem->name ? p->stem->name : "");
        return;
    }
    if (p->facts->one_sound && memcmp(p->planes[0], p->planes[1], frames * sizeof(float)) != 0)
        p->facts->one_sound = false;
    if (!p->facts->one_sound) add_sides(p, frames);
    look_at_block(p, start, frames, rate_hz);
}

static grm_status first_failure(const probe *p, size_t count, grm_error *err) {
    for (size_t i = 0; i < count; i++)
        if (p[i].status) {
            if (err && err != &p[i].err) *err = p[i].err;
            return p[i].status;
        }
    return GRM_OK;
}

// A rack of stems side by side, for the filters' sake.
static void measure_rack(void *context, size_t rack) {
    probe *p = (probe *)context + rack * GRM_MIX_BESIDE;
    size_t count =
        p->stems - rack * GRM_MIX_BESIDE < GRM_MIX_BESIDE ? p->stems - rack * GRM_MIX_BESIDE : GRM_MIX_BESIDE;
    double rate_hz = grm_tape_rate(p->stem->dry);
    unsigned mode = grm_denormals_flush();
    for (size_t k = 0; k < count; k++) p[k].status = probe_open(&p[k], rate_hz);
    grm_status status = first_failure(p, count, NULL);
    for (size_t start = 0; start < p->frames && !status; start += GRM_MIX_BLOCK) {
        size_t frames = p->frames - start < GRM_MIX_BLOCK ? p->frames - start : GRM_MIX_BLOCK;
        for (size_t k = 0; k < count; k++) read_block(&p[k], start, frames, rate_hz);
        status = first_failure(p, count, NULL);
        for (size_t k = 0; k < count && !status; k++)
            status = p[k].status =
                grm_loudness_add(p[k].loudness, (const float *const *)p[k].planes, frames, &p[k].err);
        if (!status) status = p->status = grm_run_check(p->run, &p->err);
    }
    for (size_t k = 0; k < count; k++) {
        if (!status) sum_up(&p[k], rate_hz);
        probe_close(&p[k]);
    }
    grm_denormals_restore(mode);
    grm_progress_step(p->run->progress, p->stage, 0.2 * (double)(rack + 1) * GRM_MIX_BESIDE / (double)p->stems);
}

grm_status grm_stems_measure(const grm_run *run, const grm_stems *stems, size_t frames, size_t stage,
                             grm_stem_facts *facts, grm_error *err) {
    probe *probes = calloc(stems->count + 1, sizeof *probes);
    if (!probes) return grm_fail_memory(err);
    for (size_t i = 0; i < stems->count; i++) {
        probes[i].run = run;
        probes[i].stem = &stems->items[i];
        probes[i].facts = &facts[i];
        probes[i].frames = frames;
        probes[i].stage = stage;
        probes[i].stems = stems->count;
        facts[i].one_sound = true;
    }
    grm_pool_run(run->pool, (stems->count + GRM_MIX_BESIDE - 1) / GRM_MIX_BESIDE, measure_rack, probes);
    grm_status status = first_failure(probes, stems->count, err);
    free(probes);
    return status;
}

void grm_stem_facts_free(grm_stem_facts *facts, size_t count) {
    for (size_t i = 0; facts && i < count; i++) {
        free(facts[i].look);
        free(facts[i].cell_peak);
    }
    free(facts);
}
