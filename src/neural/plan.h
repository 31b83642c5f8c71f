// What is to be packed, in the order in which it was asked for.
#ifndef GRM_NEURAL_PLAN_H
#define GRM_NEURAL_PLAN_H

#include "neural/weights.h"

typedef enum grm_recipe {
    GRM_RECIPE_ROWS,         // rows of the tensors, dealt out piece by piece
    GRM_RECIPE_CONVOLUTION,  // direction and length of weight norm, [out][in][kernel] -> [out][kernel * in]
    GRM_RECIPE_TRANSPOSED,   // [in][out][kernel] -> [kernel * out][in]
} grm_recipe;

typedef struct grm_planned {
    grm_entry entry;
    grm_recipe recipe;
    size_t from_count, piece, kernel;
    size_t first_row, first_column;  // of each tensor's part, of rows of `row` columns
    size_t row;
    const grm_tensor *from[GRM_MAX_CODEBOOKS];
} grm_planned;

struct grm_plan {
    grm_memory *memory;
    size_t count, capacity;
    grm_planned *list;
};

#endif
