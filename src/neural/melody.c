#include "neural/melody.h"

#include <stdlib.h>
#include <string.h>

#include "neural/chroma.h"

// Chroma classes of what a window hears.
static grm_status hear(const grm_model *m, const grm_audio *melody, bool only, size_t first, uint8_t **classes,
                       size_t *frames, grm_error *err) {
    enum { WINDOW_S = 30 };
    if (only) return grm_chroma_classes(melody->plane[0], melody->frames, classes, frames, err);
    size_t count = (size_t)WINDOW_S * m->config.codec.rate_hz;
    float *part = malloc(count * sizeof *part);
    if (!part) return grm_fail_memory(err);
    for (size_t i = 0; i < count; i++) part[i] = melody->plane[0][(first + i) % melody->frames];
    grm_status status = grm_chroma_classes(part, count, classes, frames, err);
    free(part);
    return status;
}

grm_status grm_melody_rows(const grm_model *m, const grm_audio *melody, bool only, size_t first,
                           const grm_prompt_states *prompt, size_t with_words, size_t count, float *rows,
                           grm_error *err) {
    size_t width = m->config.decoder.width, length = m->config.chroma_length, bins = m->config.chroma_bins;
    size_t frames = 1, all = grm_melody_length(m, prompt) * width;
    uint8_t silent = 0, *classes = NULL;
    grm_status status = melody ? hear(m, melody, only, first, &classes, &frames, err) : GRM_OK;
    if (status) return status;
    memset(rows, 0, count * all * sizeof *rows);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < length; i++) {
            size_t class = r < with_words && classes ? classes[i % frames] : silent;
            float *row = rows + r * all + i * width;
            for (size_t d = 0; d < width; d++) row[d] = m->chroma_weight[d * bins + class] + m->chroma_bias[d];
        }
    for (size_t r = 0; r < with_words; r++)
        memcpy(rows + r * all + length * width, prompt->projected, prompt->count * width * sizeof *rows);
    free(classes);
    return GRM_OK;
}
