// Some of the ears, and production quality alone: what the master listens with.
#include <stdlib.h>
#include <string.h>

#include "meter/curves.h"
#include "meter/meter.h"

enum { MOST_EARS = 8 };

struct grm_hearing {
    const grm_run *run;
    grm_listening listening;
    size_t count, frames;
    const grm_ear *ears[MOST_EARS];
    void *selves[MOST_EARS];
    grm_block block;
    grm_status status[MOST_EARS];
    grm_error errors[MOST_EARS];
};

void grm_hearing_free(grm_hearing *h) {
    if (!h) return;
    for (size_t i = 0; i < h->count; i++)
        if (h->selves[i]) h->ears[i]->close(h->selves[i]);
    free(h);
}

grm_status grm_hearing_open(const grm_run *run, const grm_ear *const *ears, size_t count, unsigned channels,
                            unsigned rate_hz, grm_hearing **out, grm_error *err) {
    *out = NULL;
    grm_hearing *h = calloc(1, sizeof *h);
    if (!h) return grm_fail_memory(err);
    h->run = run;
    h->listening = (grm_listening){.profile = run->profile,
                                   .file_rate_hz = rate_hz,
                                   .channels = channels,
                                   .rate_hz = rate_hz,
                                   .hop = 512,
                                   .spectra = true,
                                   .run = run};
    grm_status status = GRM_OK;
    for (size_t i = 0; status == GRM_OK && i < count && i < MOST_EARS; i++) {
        h->ears[i] = ears[i];
        h->count = i + 1;
        status = ears[i]->open(&h->listening, &h->selves[i], err);
    }
    if (status == GRM_OK)
        *out = h;
    else
        grm_hearing_free(h);
    return status;
}

static void hear(void *context, size_t index) {
    grm_hearing *h = context;
    h->status[index] = h->ears[index]->hear(h->selves[index], &h->block, &h->errors[index]);
}

grm_status grm_hearing_take(grm_hearing *h, const float *const *planes, size_t frames, grm_error *err) {
    h->block = (grm_block){.frames = frames};
    for (unsigned c = 0; c < h->listening.channels; c++) h->block.planes[c] = planes[c];
    h->frames += frames;
    grm_pool_run(h->run->pool, h->count, hear, h);
    for (size_t i = 0; i < h->count; i++)
        if (h->status[i] != GRM_OK) {
            if (err) *err = h->errors[i];
            return h->status[i];
        }
    return GRM_OK;
}

grm_status grm_hearing_end(grm_hearing *h, grm_analysis **out, grm_error *err) {
    *out = NULL;
    grm_analysis *a = grm_analysis_new(&h->listening);
    if (!a) return grm_fail_memory(err);
    a->features.duration_s = (double)h->frames / h->listening.file_rate_hz;
    a->features.sample_rate_hz = h->listening.file_rate_hz;
    a->features.channels = h->listening.channels;
    grm_status status = GRM_OK;
    for (size_t i = 0; status == GRM_OK && i < h->count; i++) status = h->ears[i]->finish(h->selves[i], h->run, a, err);
    if (status == GRM_OK)
        *out = a;
    else
        grm_analysis_free(a);
    return status;
}

// ---- production quality ----

struct grm_appraiser {
    grm_memory *memory;
    const grm_curves *curves;
    size_t group, category;
};

grm_status grm_appraiser_new(const char *genre, grm_appraiser **out, grm_error *err) {
    *out = NULL;
    grm_appraiser *a = calloc(1, sizeof *a);
    if (!a || !(a->memory = grm_memory_new())) {
        free(a);
        return grm_fail_memory(err);
    }
    grm_status status = grm_curves_load(NULL, a->memory, &a->curves, err);
    if (status == GRM_OK) status = grm_curves_group(a->curves, genre, &a->group, err);
    while (status == GRM_OK && strcmp(a->curves->categories[a->category].name, "production_quality") != 0)
        if (++a->category == GRM_CATEGORIES)
            status = grm_fail(err, GRM_FAILED, "data/curves.yaml has no category production_quality");
    if (status == GRM_OK)
        *out = a;
    else
        grm_appraiser_free(a);
    return status;
}

void grm_appraiser_free(grm_appraiser *a) {
    if (!a) return;
    grm_memory_free(a->memory);
    free(a);
}

void grm_appraise(const grm_appraiser *a, const grm_features *features, grm_category *production) {
    const grm_category_curves *from = &a->curves->categories[a->category];
    double values[GRM_FIGURES];
    grm_analysis analysis = {.features = *features};
    grm_judgement judgement;
    grm_figures_take(&analysis, values);
    grm_judge(a->curves, a->group, values, &judgement);
    *production = (grm_category){.name = from->name,
                                 .score = judgement.category[a->category],
                                 .weight = from->weight,
                                 .sub_score_count = from->sub_count};
    for (size_t s = 0; s < from->sub_count; s++)
        production->sub_scores[s] =
            (grm_sub_score){from->subs[s].name, judgement.sub[a->category][s], from->subs[s].weight};
}
