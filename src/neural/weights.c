#include "neural/weights.h"

#include <stdarg.h>
#include <stdio.h>

enum { NAME_SIZE = 256 };

// Whether the shapes agree once sides of 1 at the end are left out, as old and new files have them or not.
static bool has_shape(const grm_tensor *tensor, unsigned rank, const size_t *shape) {
    for (unsigned i = 0; i < tensor->rank || i < rank; i++) {
        size_t have = i < tensor->rank ? tensor->shape[i] : 1, want = i < rank ? shape[i] : 1;
        if (have != want) return false;
    }
    return true;
}

const grm_tensor *grm_weights_tensor(grm_weights *w, const char *name, unsigned rank, const size_t *shape) {
    if (w->status) return NULL;
    const grm_tensor *tensor = grm_tensors_find(w->tensors, name);
    if (!tensor)
        w->status = grm_fail(w->err, GRM_BAD_INPUT, "the model lacks the tensor %s", name);
    else if (tensor->dtype == GRM_DTYPE_OTHER)
        w->status = grm_fail(w->err, GRM_BAD_INPUT, "tensor %s is neither float32, float16 nor bfloat16", name);
    else if (!has_shape(tensor, rank, shape))
        w->status =
            grm_fail(w->err, GRM_BAD_INPUT, "tensor %s has not the shape that config.json implies (%zu x %zu%s)", name,
                     rank > 0 ? shape[0] : 1, rank > 1 ? shape[1] : 1, rank > 2 ? " x ..." : "");
    return w->status ? NULL : tensor;
}

float *grm_weights_floats(grm_weights *w, size_t rows, size_t columns) {
    if (w->status) return NULL;
    float *floats =
        columns && rows > SIZE_MAX / 16 / columns ? NULL : grm_memory_take(w->memory, rows * columns, sizeof *floats);
    if (!floats) w->status = grm_fail_memory(w->err);
    return floats;
}

static const float *take(grm_weights *w, size_t rows, size_t columns, const char *name) {
    const size_t shape[] = {rows, columns};
    const grm_tensor *tensor = grm_weights_tensor(w, name, columns ? 2 : 1, shape);
    if (!tensor) return NULL;
    if (tensor->dtype == GRM_DTYPE_F32 && (uintptr_t)tensor->bytes % sizeof(float) == 0)
        return (const float *)(const void *)tensor->bytes;
    float *floats = grm_weights_floats(w, tensor->count, 1);
    if (floats) grm_tensor_floats(tensor, 0, tensor->count, floats);
    return floats;
}

const float *grm_weights_take(grm_weights *w, size_t rows, size_t columns, const char *format, ...) {
    char name[NAME_SIZE];
    va_list values;
    va_start(values, format);
    vsnprintf(name, sizeof name, format, values);
    va_end(values);
    return take(w, rows, columns, name);
}

bool grm_weights_have(const grm_weights *w, const char *format, ...) {
    char name[NAME_SIZE];
    va_list values;
    va_start(values, format);
    vsnprintf(name, sizeof name, format, values);
    va_end(values);
    return grm_tensors_find(w->tensors, name) != NULL;
}

grm_linear grm_weights_linear(grm_weights *w, size_t out, size_t in, bool bias, const char *format, ...) {
    char stem[NAME_SIZE - 16], name[NAME_SIZE];
    va_list values;
    va_start(values, format);
    vsnprintf(stem, sizeof stem, format, values);
    va_end(values);
    grm_linear linear = {out, in, NULL, NULL};
    snprintf(name, sizeof name, "%s.weight", stem);
    linear.weight = take(w, out, in, name);
    if (bias) {
        snprintf(name, sizeof name, "%s.bias", stem);
        linear.bias = take(w, out, 0, name);
    }
    return linear;
}
