// Tensors of a model folder as the hub serves it: model.safetensors, or shards with model.safetensors.index.json. The
// files are mapped, not read; everything that they say of themselves is checked first.
#ifndef GRM_NEURAL_TENSORS_H
#define GRM_NEURAL_TENSORS_H

#include "base/base.h"

enum { GRM_TENSOR_RANK = 4 };

typedef enum grm_dtype {
    GRM_DTYPE_F32,
    GRM_DTYPE_F16,
    GRM_DTYPE_BF16,
    GRM_DTYPE_OTHER,  // there, but of a kind that no model here is made of
} grm_dtype;

typedef struct grm_tensor {
    const char *name;
    grm_dtype dtype;
    unsigned rank;
    size_t shape[GRM_TENSOR_RANK];
    size_t count;          // elements: the product of the shape
    const uint8_t *bytes;  // [count * width], of any alignment
    bool mapped;           // from a file
} grm_tensor;

// Immutable; threads may share it.
typedef struct grm_tensors grm_tensors;

// `path` is a model folder or one .safetensors file. GRM_MISSING when there is none, GRM_BAD_INPUT when it is broken.
grm_status grm_tensors_open(const char *path, grm_tensors **out, grm_error *err);
// One file that is in memory, which must outlive the tensors.
grm_status grm_tensors_read(const uint8_t *bytes, size_t size, const char *name, grm_tensors **out, grm_error *err);
void grm_tensors_free(grm_tensors *tensors);
const grm_tensor *grm_tensors_find(const grm_tensors *tensors, const char *name);  // NULL: not there
size_t grm_tensors_count(const grm_tensors *tensors);

// Its elements as float32 at `out`, [count]. The dtype must not be GRM_DTYPE_OTHER.
void grm_tensor_floats(const grm_tensor *tensor, size_t first, size_t count, float *out);

// Lets the system have the memory that its bytes are mapped to; they are read again when used.
void grm_tensor_release(const grm_tensor *tensor);

#endif
