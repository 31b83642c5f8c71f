// What a run went through, for comparing with the reference from outside: .npy files as DESIGN names them.
#ifndef GRM_NEURAL_TRACE_H
#define GRM_NEURAL_TRACE_H

#include "neural/model.h"

typedef struct grm_trace {
    const char *folder;
    float *logits;  // [steps][codebooks][codes], after guidance
    size_t steps, capacity;
} grm_trace;

grm_status grm_trace_add(grm_trace *trace, const float *logits, size_t count, grm_error *err);
// codes: [codebooks][frames], rows code_stride apart.
grm_status grm_trace_write(const grm_trace *trace, const grm_model *model, const grm_prompt_states *prompt,
                           const uint16_t *codes, size_t code_stride, size_t frames, const grm_audio *audio,
                           grm_error *err);
void grm_trace_clear(grm_trace *trace);

#endif
