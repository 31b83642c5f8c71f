// Named weights of a model, checked for their shapes, as float32. What a file holds as float32 stays where it is
// mapped.
#ifndef GRM_NEURAL_WEIGHTS_H
#define GRM_NEURAL_WEIGHTS_H

#include "neural/kernels.h"
#include "neural/tensors.h"

typedef struct grm_weights {
    const grm_tensors *tensors;
    grm_memory *memory;  // of what had to be converted
    grm_status status;   // of the first that failed; the rest is not looked for
    grm_error *err;
} grm_weights;

// The tensor of that name (format) and shape ([rows][columns]; columns 0: a vector). NULL when there is none or it is
// of another shape, which weights->status then says.
const float *grm_weights_take(grm_weights *weights, size_t rows, size_t columns, const char *format, ...)
    GRM_PRINTF(4, 5);
bool grm_weights_have(const grm_weights *weights, const char *format, ...) GRM_PRINTF(2, 3);
// A matrix named NAME.weight, and with `bias` NAME.bias.
grm_linear grm_weights_linear(grm_weights *weights, size_t out, size_t in, bool bias, const char *format, ...)
    GRM_PRINTF(5, 6);
// Zeroed floats that live as long as the weights; NULL sets the status.
float *grm_weights_floats(grm_weights *weights, size_t rows, size_t columns);
const grm_tensor *grm_weights_tensor(grm_weights *weights, const char *name, unsigned rank, const size_t *shape);

#endif
