// Named weights of a model. What a model is made of is written down once, in the load functions of its parts; they run
// twice. Over a folder's tensors each take is planned: the tensors are there and have their shapes. Then, over the
// packed model that grm_weights_pack made of the plan (or a .grm file), each take gives what the kernels read.
#ifndef GRM_NEURAL_WEIGHTS_H
#define GRM_NEURAL_WEIGHTS_H

#include "neural/config.h"
#include "neural/packed.h"
#include "neural/tensors.h"

typedef struct grm_plan grm_plan;
typedef struct grm_weights {
    const grm_packed *packed;  // or, while planning:
    const grm_tensors *tensors;
    grm_plan *plan;
    grm_precision precision;  // of what is planned
    grm_memory *memory;       // of what the parts need beside their weights
    grm_status status;        // of the first that failed; the rest is not looked for
    grm_error *err;
} grm_weights;

// What has more or less to lose, when the model is packed as ...   float32  float16  int8     int4
typedef enum grm_care {
    GRM_CARE_LITTLE,  //                                            float32  float16  int8     int4
    GRM_CARE_SOME,    // self attention, cross attention but its    float32  float16  int8     int8
                      // queries, the heads
    GRM_CARE_MUCH,    // the text encoder, whose unscaled scores    float32  float16  float16  float16
                      // see every error and which runs once; the
                      // codec, which is bound by arithmetic
    GRM_CARE_ALL,     // float32 always
} grm_care;

typedef struct grm_table {
    grm_precision precision;  // float32 or float16
    size_t rows, columns;
    const uint8_t *data;  // [rows][columns]; NULL: no table
} grm_table;

// Names are formats. Shapes are checked; on failure the result is empty and weights->status says why.
// A table of [rows][columns], rows of halves unless the model is float32.
grm_table grm_weights_table(grm_weights *weights, size_t rows, size_t columns, const char *format, ...)
    GRM_PRINTF(4, 5);
// [count] or [rows * columns] floats.
const float *grm_weights_floats(grm_weights *weights, size_t rows, size_t columns, const char *format, ...)
    GRM_PRINTF(4, 5);
// The matrix STEM.weight.
grm_matrix grm_weights_matrix(grm_weights *weights, grm_care care, size_t out, size_t in, const char *format, ...)
    GRM_PRINTF(5, 6);
// One of `count` alike parts of STEM.weight, [out][in], cut by its columns or its rows, which `count` divides.
typedef struct grm_part {
    size_t index, count;
    bool columns;
} grm_part;
grm_matrix grm_weights_part(grm_weights *weights, grm_care care, grm_part part, size_t out, size_t in,
                            const char *format, ...) GRM_PRINTF(6, 7);
// A matrix of the codec's recurrent layers, by its whole name.
grm_matrix grm_weights_lstm(grm_weights *weights, size_t out, size_t in, const char *format, ...) GRM_PRINTF(4, 5);
// Matrices with their rows dealt out `piece` by `piece`: STEM with "*" in place of each of `words` in turn. Of each the
// part, by rows, which is whole pieces.
grm_matrix grm_weights_stack(grm_weights *weights, grm_care care, grm_part part, const char *const *words, size_t count,
                             size_t piece, size_t out_of_each, size_t in, const char *format, ...) GRM_PRINTF(9, 10);
// A convolution's weight under weight norm, in either spelling (STEM.weight_g ...), as a matrix over windows,
// [out][kernel * in]; of a transposed one [kernel * out][in].
grm_matrix grm_weights_convolution(grm_weights *weights, bool transposed, size_t out, size_t in, size_t kernel,
                                   const char *format, ...) GRM_PRINTF(6, 7);
// While a plan for int8 or int4 is made: whether a few columns of STEM.weight, [out][in], each times its weight of the
// norm before it (NULL: none), or a few of its rows are so far larger than the others that bytes would lose what
// matters.
typedef struct grm_standing {
    bool columns, rows;
} grm_standing;
grm_standing grm_weights_stand_out(const grm_weights *weights, const char *norm, size_t out, size_t in,
                                   const char *format, ...) GRM_PRINTF(5, 6);
bool grm_weights_have(const grm_weights *weights, const char *name);
void *grm_weights_room(grm_weights *weights, size_t count, size_t size);  // zeroed, in memory

void grm_table_row(const grm_table *table, size_t row, float *out);  // [columns]
void grm_table_add(const grm_table *table, size_t row, float *out);

// ---- packing ----

grm_plan *grm_plan_new(void);  // NULL: out of memory
void grm_plan_free(grm_plan *plan);
// Packs what was planned: into a new file at `path` (written beside, then renamed), or with path NULL into memory,
// which *out then holds (`name` is for messages).
typedef struct grm_packing {
    const grm_plan *plan;
    grm_precision precision;
    json_t *config, *generation;  // generation may be NULL
    const uint8_t *tokenizer;
    size_t tokenizer_size;
    const char *licence;  // of the weights, or NULL
    const char *path, *name;
    grm_run run;
    bool tell;  // the run's progress how far it is; else the run is only asked whether to stop
} grm_packing;
grm_status grm_weights_pack(const grm_packing *packing, grm_packed **out, grm_error *err);

#endif
