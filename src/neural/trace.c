#include "neural/trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

grm_status grm_trace_add(grm_trace *trace, const float *logits, size_t count, grm_error *err) {
    if (trace->steps == trace->capacity) {
        size_t capacity = trace->capacity ? 2 * trace->capacity : 256;
        float *larger = realloc(trace->logits, capacity * count * sizeof *larger);
        if (!larger) return grm_fail_memory(err);
        trace->logits = larger;
        trace->capacity = capacity;
    }
    memcpy(trace->logits + trace->steps++ * count, logits, count * sizeof *logits);
    return GRM_OK;
}

void grm_trace_clear(grm_trace *trace) {
    free(trace->logits);
    *trace = (grm_trace){0};
}

static grm_status write_array(const grm_trace *trace, const char *name, const char *type, unsigned rank,
                              const size_t *shape, const void *values, grm_error *err) {
    char *path = grm_path_join(trace->folder, name);
    grm_status status = path ? grm_npy_write(path, type, rank, shape, values, err) : grm_fail_memory(err);
    free(path);
    return status;
}

static grm_status write_ids(const grm_trace *trace, const grm_prompt_states *prompt, grm_error *err) {
    int64_t *ids = malloc(prompt->count * sizeof *ids);
    if (!ids) return grm_fail_memory(err);
    for (size_t i = 0; i < prompt->count; i++) ids[i] = prompt->ids[i];
    grm_status status = write_array(trace, "input_ids.npy", "<i8", 1, &prompt->count, ids, err);
    free(ids);
    return status;
}

static grm_status write_codes(const grm_trace *trace, size_t codebooks, const uint16_t *codes, size_t stride,
                              size_t frames, grm_error *err) {
    int64_t *wide = malloc(codebooks * frames * sizeof *wide);
    if (!wide) return grm_fail_memory(err);
    for (size_t k = 0; k < codebooks; k++)
        for (size_t t = 0; t < frames; t++) wide[k * frames + t] = codes[k * stride + t];
    grm_status status = write_array(trace, "codes.npy", "<i8", 2, (const size_t[]){codebooks, frames}, wide, err);
    free(wide);
    return status;
}

static grm_status write_audio(const grm_trace *trace, const grm_audio *audio, grm_error *err) {
    size_t frames = audio->frames;
    float *all = malloc(audio->channels * frames * sizeof *all);
    if (!all) return grm_fail_memory(err);
    for (unsigned c = 0; c < audio->channels; c++) memcpy(all + c * frames, audio->plane[c], frames * sizeof *all);
    grm_status status = write_array(trace, "audio.npy", "<f4", 2, (const size_t[]){audio->channels, frames}, all, err);
    free(all);
    return status;
}

static grm_status write_all(const grm_trace *trace, const grm_model *model, const grm_prompt_states *prompt,
                            const uint16_t *codes, size_t code_stride, size_t frames, const grm_audio *audio,
                            grm_error *err) {
    const grm_decoder_config *c = &model->config.decoder;
    grm_status status = grm_folder_new(trace->folder, err);
    if (!status) status = write_ids(trace, prompt, err);
    if (!status)
        status = write_array(trace, "text_hidden.npy", "<f4", 2,
                             (const size_t[]){prompt->count, model->config.text.width}, prompt->hidden, err);
    if (!status)
        status = write_array(trace, "logits.npy", "<f4", 3, (const size_t[]){trace->steps, c->codebooks, c->codes},
                             trace->logits, err);
    if (!status) status = write_codes(trace, c->codebooks, codes, code_stride, frames, err);
    if (!status) status = write_audio(trace, audio, err);
    return status;
}

grm_status grm_trace_write(const grm_trace *trace, const grm_model *model, const grm_prompt_states *prompt,
                           const uint16_t *codes, size_t code_stride, size_t frames, const grm_audio *audio,
                           grm_error *err) {
    static const char *const names[] = {"input_ids.npy", "text_hidden.npy", "logits.npy", "codes.npy", "audio.npy"};
    grm_status status = write_all(trace, model, prompt, codes, code_stride, frames, audio, err);
    for (size_t i = 0; i < GRM_COUNT(names) && status; i++) {  // all or nothing
        char *path = grm_path_join(trace->folder, names[i]);
        if (path) unlink(path);
        free(path);
    }
    if (status) rmdir(trace->folder);  // if nothing else is in it
    return status;
}
