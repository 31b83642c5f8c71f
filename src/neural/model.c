#include "neural/model.h"

#include <grammy/models.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Every part takes its weights; while planning, this only writes down what there will be.
static void load_parts(grm_model *m, grm_weights *w) {
    size_t width = m->config.decoder.width, bins = m->config.chroma_bins;
    grm_text_encoder_load(&m->text, &m->config.text, w);
    if (m->config.text.width != width) {
        m->text_projection = grm_weights_matrix(w, GRM_CARE_MUCH, width, m->config.text.width, "enc_to_dec_proj");
        m->text_projection.bias = grm_weights_floats(w, width, 1, "enc_to_dec_proj.bias");
    }
    if (m->config.melody) {
        m->chroma_weight = grm_weights_floats(w, width, bins, "audio_enc_to_dec_proj.weight");
        m->chroma_bias = grm_weights_floats(w, width, 1, "audio_enc_to_dec_proj.bias");
    }
    grm_codec_load(&m->codec, &m->config.codec, w);
    grm_decoder_load(&m->decoder, &m->config.decoder, !m->config.melody, w);
}

static grm_model *make_model(void) {
    grm_model *m = calloc(1, sizeof *m);
    if (m && (m->memory = grm_memory_new())) return m;
    free(m);
    return NULL;
}

void grm_model_free(grm_model *model) {
    if (!model) return;
    grm_tokenizer_free(model->tokenizer);
    grm_packed_free(model->packed);
    grm_memory_free(model->memory);
    free(model);
}

static grm_status make_tokenizer(const uint8_t *bytes, size_t size, const char *name, const grm_model_config *config,
                                 grm_tokenizer **out, grm_error *err) {
    grm_status status = grm_tokenizer_new(bytes, size, name, out, err);
    if (!status && grm_tokenizer_size(*out) > config->text.vocabulary) {
        status = grm_fail(err, GRM_BAD_INPUT, "'%s' has ids up to %zu, but the text encoder knows %zu only", name,
                          grm_tokenizer_size(*out) - 1, config->text.vocabulary);
        grm_tokenizer_free(*out);
        *out = NULL;
    }
    return status;
}

// ---- from a folder ----

typedef struct folder {
    json_t *config, *generation;
    grm_tensors *tensors;
    uint8_t *tokenizer;
    size_t tokenizer_size;
    char *tokenizer_path;
} folder;

static void clear_folder(folder *f) {
    json_decref(f->config);
    json_decref(f->generation);
    grm_tensors_free(f->tensors);
    free(f->tokenizer);
    free(f->tokenizer_path);
}

static grm_status open_folder(const char *path, folder *f, grm_model_config *config, grm_error *err) {
    enum { MOST = 64 << 20 };
    grm_tokenizer *tokenizer = NULL;
    *f = (folder){0};
    grm_status status = grm_tensors_open(path, &f->tensors, err);
    if (!status) status = grm_model_config_load(path, &f->config, &f->generation, err);
    if (!status) status = grm_model_config_read(f->config, f->generation, path, config, err);
    if (!status && !(f->tokenizer_path = grm_path_join(path, "tokenizer.json"))) status = grm_fail_memory(err);
    if (!status && access(f->tokenizer_path, F_OK) != 0)
        status = grm_fail(err, GRM_MISSING, "'%s' holds no tokenizer.json: give a MusicGen folder as the hub serves it",
                          path);
    if (!status) status = grm_file_read_regular(f->tokenizer_path, MOST, &f->tokenizer, &f->tokenizer_size, err);
    // What is packed is known to open.
    if (!status) status = make_tokenizer(f->tokenizer, f->tokenizer_size, f->tokenizer_path, config, &tokenizer, err);
    grm_tokenizer_free(tokenizer);
    return status;
}

// `tell`: the packing is the whole plan of the run's progress.
static grm_status pack_folder(const char *path, grm_precision precision, const grm_run *run, bool tell, const char *to,
                              grm_packed **out, grm_error *err) {
    folder f = {0};
    grm_plan *plan = NULL;
    char *licence = NULL;
    grm_model *m = make_model();
    if (!m) return grm_fail_memory(err);
    grm_status status = open_folder(path, &f, &m->config, err);
    if (!status && !(plan = grm_plan_new())) status = grm_fail_memory(err);
    if (!status) {
        grm_weights weights = {
            .tensors = f.tensors, .plan = plan, .precision = precision, .memory = m->memory, .err = err};
        load_parts(m, &weights);
        status = weights.status;
    }
    if (!status) status = grm_model_licence(path, &licence, err);
    if (!status) {
        const grm_packing packing = {.plan = plan,
                                     .precision = precision,
                                     .config = f.config,
                                     .generation = f.generation,
                                     .tokenizer = f.tokenizer,
                                     .tokenizer_size = f.tokenizer_size,
                                     .licence = licence,
                                     .path = to,
                                     .name = path,
                                     .run = *run,
                                     .tell = tell};
        status = grm_weights_pack(&packing, out, err);
    }
    free(licence);
    grm_plan_free(plan);
    clear_folder(&f);
    grm_model_free(m);
    return status;
}

grm_status grm_model_quantize(const char *folder_path, grm_precision precision, const grm_profile *profile,
                              grm_progress *progress, const char *path, grm_error *err) {
    static const grm_stage_share stages[] = {{"packing", 1}};
    grm_pool *pool = NULL;
    grm_status status = grm_pool_new(profile->threads, &pool, err);
    if (status) return status;
    grm_run run = {profile, pool, progress};
    grm_progress_plan(progress, stages, 1);
    status = pack_folder(folder_path, precision, &run, true, path, NULL, err);
    grm_pool_free(pool);
    return status;
}

// ---- opening ----

static grm_status open_packed(grm_packed *packed, grm_model **out, grm_error *err) {
    grm_model *m = make_model();
    if (!m) {
        grm_packed_free(packed);
        return grm_fail_memory(err);
    }
    m->packed = packed;
    size_t size;
    const uint8_t *tokenizer = grm_packed_tokenizer(packed, &size);
    grm_status status = grm_model_config_read(grm_packed_config(packed), grm_packed_generation(packed),
                                              grm_packed_name(packed), &m->config, err);
    if (!status) {
        grm_weights weights = {.packed = packed, .memory = m->memory, .err = err};
        load_parts(m, &weights);
        status = weights.status;
    }
    if (!status) status = make_tokenizer(tokenizer, size, grm_packed_name(packed), &m->config, &m->tokenizer, err);
    if (status)
        grm_model_free(m);
    else
        *out = m;
    return status;
}

static grm_status open_model(const char *path, const grm_run *run, grm_model **out, grm_error *err) {
    struct stat info;
    grm_packed *packed = NULL;
    *out = NULL;
    if (stat(path, &info) != 0) return grm_fail(err, GRM_MISSING, "there is no model at '%s'", path);
    grm_status asked = grm_run_check(run, err);
    if (asked) return asked;
    if (S_ISDIR(info.st_mode)) {
        grm_status status = pack_folder(path, run->profile->model_precision, run, false, NULL, &packed, err);
        return status ? status : open_packed(packed, out, err);
    }
    grm_status status = grm_packed_open(path, &packed, err);
    return status ? status : open_packed(packed, out, err);
}

grm_status grm_model_open(const char *path, const grm_profile *profile, grm_progress *progress, grm_model **out,
                          grm_error *err) {
    *out = NULL;
    grm_pool *pool = NULL;
    grm_status status = grm_pool_new(profile->threads, &pool, err);
    const grm_run run = {profile, pool, progress};
    if (!status) status = open_model(path, &run, out, err);
    grm_pool_free(pool);
    return status;
}

grm_status grm_model_verify(const char *path, const grm_profile *profile, grm_precision *precision, grm_error *err) {
    grm_model *m = NULL;
    grm_pool *pool = NULL;
    grm_status status = grm_pool_new(profile->threads, &pool, err);
    const grm_run run = {profile, pool, NULL};
    if (!status) status = open_model(path, &run, &m, err);
    if (!status) status = grm_packed_verify(m->packed, pool, err);
    if (!status) *precision = grm_packed_precision(m->packed);
    grm_pool_free(pool);
    grm_model_free(m);
    return status;
}

size_t grm_model_widest(const grm_model *m) {
    const grm_model_config *c = &m->config;
    size_t inner = c->text.heads * c->text.head_width;
    size_t all[] = {c->text.width, c->text.ffn, inner, c->decoder.width, c->decoder.ffn}, most = 0;
    for (size_t i = 0; i < GRM_COUNT(all); i++) most = all[i] > most ? all[i] : most;
    return most;
}

grm_status grm_model_read_prompt(const grm_model *m, const grm_compute *compute, const char *prompt,
                                 grm_prompt_states *out, grm_error *err) {
    *out = (grm_prompt_states){0};
    size_t width = m->config.text.width, target = m->config.decoder.width;
    grm_status status = grm_tokenizer_encode(m->tokenizer, prompt, strlen(prompt), &out->ids, &out->count, err);
    if (status) return status;
    out->hidden = malloc(out->count * width * sizeof *out->hidden);
    out->projected = malloc(out->count * target * sizeof *out->projected);
    if (!out->hidden || !out->projected)
        status = grm_fail_memory(err);
    else
        status = grm_text_encoder_run(&m->text, compute, out->ids, out->count, out->hidden, err);
    if (!status) {
        if (m->text_projection.panels)
            grm_matrix_run(compute, &m->text_projection, out->hidden, width, out->count, out->projected, target,
                           GRM_STORE);
        else
            memcpy(out->projected, out->hidden, out->count * width * sizeof *out->hidden);
    }
    if (status) grm_prompt_states_clear(out);
    return status;
}

void grm_prompt_states_clear(grm_prompt_states *states) {
    free(states->ids);
    free(states->hidden);
    free(states->projected);
    *states = (grm_prompt_states){0};
}
