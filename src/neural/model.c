#include "neural/model.h"

#include <stdlib.h>
#include <string.h>

static grm_status load_tokenizer(grm_model *m, const char *folder, grm_error *err) {
    enum { MOST = 64 << 20 };
    char *path = grm_path_join(folder, "tokenizer.json");
    uint8_t *bytes = NULL;
    size_t size = 0;
    grm_status status = path ? grm_file_read(path, MOST, &bytes, &size, err) : grm_fail_memory(err);
    if (!status) status = grm_tokenizer_new(bytes, size, path, &m->tokenizer, err);
    if (!status && grm_tokenizer_size(m->tokenizer) > m->config.text.vocabulary)
        status = grm_fail(err, GRM_BAD_INPUT, "'%s' has ids up to %zu, but the text encoder knows %zu only", path,
                          grm_tokenizer_size(m->tokenizer) - 1, m->config.text.vocabulary);
    free(bytes);
    free(path);
    return status;
}

static void load_projections(grm_model *m, grm_weights *w) {
    size_t width = m->config.decoder.width;
    if (m->config.text.width != width)
        m->text_projection = grm_weights_linear(w, width, m->config.text.width, true, "enc_to_dec_proj");
    if (m->config.melody)
        m->chroma_projection = grm_weights_linear(w, width, m->config.chroma_bins, true, "audio_enc_to_dec_proj");
}

grm_status grm_model_open(const char *folder, grm_model **out, grm_error *err) {
    *out = NULL;
    grm_model *m = calloc(1, sizeof *m);
    if (!m || !(m->memory = grm_memory_new())) {
        free(m);
        return grm_fail_memory(err);
    }
    grm_status status = grm_tensors_open(folder, &m->tensors, err);
    if (!status) status = grm_model_config_read(folder, &m->config, err);
    if (!status) status = load_tokenizer(m, folder, err);
    if (!status) {
        grm_weights weights = {m->tensors, m->memory, GRM_OK, err};
        grm_text_encoder_load(&m->text, &m->config.text, &weights);
        grm_decoder_load(&m->decoder, &m->config.decoder, !m->config.melody, &weights);
        grm_codec_load(&m->codec, &m->config.codec, &weights);
        load_projections(m, &weights);
        status = weights.status;
    }
    if (status)
        grm_model_free(m);
    else
        *out = m;
    return status;
}

void grm_model_free(grm_model *model) {
    if (!model) return;
    grm_tokenizer_free(model->tokenizer);
    grm_tensors_free(model->tensors);
    grm_memory_free(model->memory);
    free(model);
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
        if (m->text_projection.weight)
            grm_linear_run(compute, &m->text_projection, out->hidden, width, out->count, out->projected, target);
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
