#include "neural/weights.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "neural/halves.h"
#include "neural/kernels.h"
#include "neural/plan.h"

enum { NAME_SIZE = 256 };

#define FORMAT_NAME(name, format)                     \
    char name[NAME_SIZE];                             \
    do {                                              \
        va_list values;                               \
        va_start(values, format);                     \
        vsnprintf(name, sizeof name, format, values); \
        va_end(values);                               \
    } while (0)

grm_plan *grm_plan_new(void) {
    grm_plan *plan = calloc(1, sizeof *plan);
    if (plan && (plan->memory = grm_memory_new())) return plan;
    free(plan);
    return NULL;
}

void grm_plan_free(grm_plan *plan) {
    if (!plan) return;
    grm_memory_free(plan->memory);
    free(plan->list);
    free(plan);
}

// ---- planning: from a folder's tensors ----

// Whether the shapes agree once sides of 1 at the end are left out, as old and new files have them or not.
static bool has_shape(const grm_tensor *tensor, const size_t shape[3]) {
    for (unsigned i = 0; i < tensor->rank || i < 3; i++) {
        size_t have = i < tensor->rank ? tensor->shape[i] : 1, want = i < 3 ? shape[i] : 1;
        if (have != want) return false;
    }
    return true;
}

static const grm_tensor *find_tensor(grm_weights *w, const char *name, size_t first, size_t second, size_t third) {
    const size_t shape[] = {first, second, third};
    if (w->status) return NULL;
    const grm_tensor *tensor = grm_tensors_find(w->tensors, name);
    if (!tensor)
        w->status = grm_fail(w->err, GRM_BAD_INPUT, "the model lacks the tensor %s", name);
    else if (tensor->dtype == GRM_DTYPE_OTHER)
        w->status = grm_fail(w->err, GRM_BAD_INPUT, "tensor %s is neither float32, float16 nor bfloat16", name);
    else if (!has_shape(tensor, shape))
        w->status =
            grm_fail(w->err, GRM_BAD_INPUT, "tensor %s has not the shape that config.json implies (%zu x %zu%s)", name,
                     first, second, third > 1 ? " x ..." : "");
    return w->status ? NULL : tensor;
}

static grm_planned *plan_entry(grm_weights *w, const char *name, grm_entry_kind kind, grm_precision precision,
                               size_t out, size_t in) {
    grm_plan *plan = w->plan;
    if (w->status) return NULL;
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity ? 2 * plan->capacity : 512;
        grm_planned *larger = realloc(plan->list, capacity * sizeof *larger);
        if (larger) plan->list = larger, plan->capacity = capacity;
    }
    char *copy = grm_memory_string(plan->memory, name);
    size_t bytes = grm_entry_bytes(kind, precision, out, in);
    if (!copy || plan->count == plan->capacity)
        w->status = grm_fail_memory(w->err);
    else if (!bytes)
        w->status =
            grm_fail(w->err, GRM_BAD_INPUT, "%s would have %zu x %zu weights, which is too much", name, out, in);
    if (w->status) return NULL;
    grm_planned *p = &plan->list[plan->count++];
    *p = (grm_planned){
        .entry = {copy, kind, precision, out, in, 0, bytes, 0, false, {0}}, .piece = out, .kernel = 1, .row = in};
    return p;
}

static grm_precision with_care(grm_precision precision, grm_care care) {
    if (care == GRM_CARE_ALL || precision == GRM_FLOAT32) return GRM_FLOAT32;
    if (care == GRM_CARE_MUCH) return GRM_FLOAT16;
    return care == GRM_CARE_SOME && precision == GRM_INT4 ? GRM_INT8 : precision;
}

// ---- taking: from a packed model ----

static const grm_entry *find_entry(grm_weights *w, const char *name, grm_entry_kind kind, size_t out, size_t in) {
    if (w->status) return NULL;
    const grm_entry *entry = grm_packed_find(w->packed, name);
    const char *file = grm_packed_name(w->packed);
    if (!entry)
        w->status = grm_fail(w->err, GRM_BAD_INPUT, "'%s' lacks %s", file, name);
    else if (entry->kind != kind || entry->out != out || entry->in != in)
        w->status = grm_fail(w->err, GRM_BAD_INPUT, "'%s': %s is not the %s of %zu x %zu that the config implies", file,
                             name, kind == GRM_ENTRY_MATRIX ? "matrix" : "table", out, in);
    return w->status ? NULL : entry;
}

static grm_matrix take_matrix(grm_weights *w, const char *name, size_t out, size_t in) {
    const grm_entry *e = find_entry(w, name, GRM_ENTRY_MATRIX, out, in);
    if (!e) return (grm_matrix){0};
    const uint8_t *panels = grm_packed_bytes(w->packed, e) + grm_entry_columns(e->precision, in);
    float *columns = NULL;
    if (e->uneven && grm_matrix_group(e->precision)) {
        columns = grm_weights_room(w, in, sizeof *columns);
        if (!columns) return (grm_matrix){0};
        grm_packed_columns(w->packed, e, columns);
    }
    return (grm_matrix){e->precision, out, in, panels, ldexpf(1, e->unit_power), columns, NULL};
}

// The codec's are never of bytes.
static grm_matrix take_floats(grm_weights *w, const char *name, size_t out, size_t in) {
    grm_matrix m = take_matrix(w, name, out, in);
    if (w->status || m.precision <= GRM_FLOAT16) return m;
    w->status =
        grm_fail(w->err, GRM_BAD_INPUT, "'%s': %s must be float32 or float16", grm_packed_name(w->packed), name);
    return (grm_matrix){0};
}

// ---- both ----

grm_table grm_weights_table(grm_weights *w, size_t rows, size_t columns, const char *format, ...) {
    FORMAT_NAME(name, format);
    if (w->packed) {
        const grm_entry *e = find_entry(w, name, GRM_ENTRY_TABLE, rows, columns);
        return e ? (grm_table){e->precision, rows, columns, grm_packed_bytes(w->packed, e)} : (grm_table){0};
    }
    const grm_tensor *tensor = find_tensor(w, name, rows, columns, 1);
    grm_planned *p =
        plan_entry(w, name, GRM_ENTRY_TABLE, w->precision == GRM_FLOAT32 ? GRM_FLOAT32 : GRM_FLOAT16, rows, columns);
    if (p) p->from[p->from_count++] = tensor;
    return (grm_table){0};
}

const float *grm_weights_floats(grm_weights *w, size_t rows, size_t columns, const char *format, ...) {
    FORMAT_NAME(name, format);
    if (w->packed) {
        const grm_entry *e = find_entry(w, name, GRM_ENTRY_TABLE, rows, columns);
        if (!e) return NULL;
        if (e->precision != GRM_FLOAT32)
            w->status = grm_fail(w->err, GRM_BAD_INPUT, "'%s': %s must be float32", grm_packed_name(w->packed), name);
        return w->status ? NULL : (const float *)(const void *)grm_packed_bytes(w->packed, e);
    }
    const grm_tensor *tensor = find_tensor(w, name, rows, columns, 1);
    grm_planned *p = plan_entry(w, name, GRM_ENTRY_TABLE, GRM_FLOAT32, rows, columns);
    if (p) p->from[p->from_count++] = tensor;
    return NULL;
}

// The name of a part as packed models have it.
static void name_part(char *name, size_t size, const char *stem, grm_part part) {
    if (part.count > 1)
        snprintf(name, size, "%s.weight/%zu", stem, part.index);
    else
        snprintf(name, size, "%s.weight", stem);
}

static grm_matrix take_part(grm_weights *w, grm_care care, grm_part part, size_t out, size_t in, const char *stem) {
    char name[NAME_SIZE + 32], whole[NAME_SIZE + 16];
    name_part(name, sizeof name, stem, part);
    snprintf(whole, sizeof whole, "%s.weight", stem);
    size_t rows = part.columns ? out : out / part.count, columns = part.columns ? in / part.count : in;
    if (w->packed) return take_matrix(w, name, rows, columns);
    const grm_tensor *tensor = find_tensor(w, whole, out, in, 1);
    grm_planned *p = plan_entry(w, name, GRM_ENTRY_MATRIX, with_care(w->precision, care), rows, columns);
    if (!p) return (grm_matrix){0};
    p->from[p->from_count++] = tensor;
    p->row = in;
    if (part.columns)
        p->first_column = part.index * columns;
    else
        p->first_row = part.index * rows;
    return (grm_matrix){0};
}

grm_matrix grm_weights_matrix(grm_weights *w, grm_care care, size_t out, size_t in, const char *format, ...) {
    FORMAT_NAME(stem, format);
    return take_part(w, care, (grm_part){0, 1, false}, out, in, stem);
}

grm_matrix grm_weights_part(grm_weights *w, grm_care care, grm_part part, size_t out, size_t in, const char *format,
                            ...) {
    FORMAT_NAME(stem, format);
    return take_part(w, care, part, out, in, stem);
}

grm_matrix grm_weights_lstm(grm_weights *w, size_t out, size_t in, const char *format, ...) {
    FORMAT_NAME(name, format);
    if (w->packed) return take_floats(w, name, out, in);
    const grm_tensor *tensor = find_tensor(w, name, out, in, 1);
    grm_planned *p = plan_entry(w, name, GRM_ENTRY_MATRIX, with_care(w->precision, GRM_CARE_MUCH), out, in);
    if (p) p->from[p->from_count++] = tensor;
    return (grm_matrix){0};
}

grm_matrix grm_weights_stack(grm_weights *w, grm_care care, grm_part part, const char *const *words, size_t count,
                             size_t piece, size_t out_of_each, size_t in, const char *format, ...) {
    FORMAT_NAME(stem, format);
    char name[NAME_SIZE + 32];
    name_part(name, sizeof name, stem, part);
    size_t rows = out_of_each / part.count;
    if (w->packed) return take_matrix(w, name, count * rows, in);
    grm_planned *p = plan_entry(w, name, GRM_ENTRY_MATRIX, with_care(w->precision, care), count * rows, in);
    if (p) p->first_row = part.index * rows;
    size_t star = strcspn(stem, "*");
    for (size_t i = 0; i < count && p; i++) {
        snprintf(name, sizeof name, "%.*s%s%s.weight", (int)star, stem, words[i], stem[star] ? stem + star + 1 : "");
        p->from[i] = find_tensor(w, name, out_of_each, in, 1);
        if (w->status) return (grm_matrix){0};
        p->from_count++;
        p->piece = piece;
    }
    return (grm_matrix){0};
}

grm_matrix grm_weights_convolution(grm_weights *w, bool transposed, size_t out, size_t in, size_t kernel,
                                   const char *format, ...) {
    FORMAT_NAME(stem, format);
    char name[NAME_SIZE + 16], length[NAME_SIZE + 48], direction[NAME_SIZE + 48];
    size_t rows = transposed ? kernel * out : out, columns = transposed ? in : kernel * in;
    snprintf(name, sizeof name, "%s.weight", stem);
    if (w->packed) return take_floats(w, name, rows, columns);
    snprintf(length, sizeof length, "%s.parametrizations.weight.original0", stem);
    snprintf(direction, sizeof direction, "%s.parametrizations.weight.original1", stem);
    if (!grm_weights_have(w, direction)) {
        snprintf(length, sizeof length, "%s.weight_g", stem);
        snprintf(direction, sizeof direction, "%s.weight_v", stem);
    }
    size_t first = transposed ? in : out, second = transposed ? out : in;
    const grm_tensor *g = find_tensor(w, length, first, 1, 1), *v = find_tensor(w, direction, first, second, kernel);
    grm_planned *p = plan_entry(w, name, GRM_ENTRY_MATRIX, with_care(w->precision, GRM_CARE_MUCH), rows, columns);
    if (!p) return (grm_matrix){0};
    p->recipe = transposed ? GRM_RECIPE_TRANSPOSED : GRM_RECIPE_CONVOLUTION;
    p->kernel = kernel;
    p->from[0] = v;
    p->from[1] = g;
    p->from_count = 2;
    return (grm_matrix){0};
}

// Squares of lengths -> whether the largest is over 16 times as long as the median.
static bool has_far(double *squares, size_t count) {
    const double far = 16;
    double largest = 0;
    for (size_t k = 0; k < count; k++) largest = squares[k] > largest ? squares[k] : largest;
    grm_sort_doubles(squares, count);
    return largest > far * far * squares[count / 2];
}

// rows: [out], columns: [in], zeroed; row: room for one.
static void add_squares(const grm_tensor *matrix, size_t out, size_t in, float *row, double *rows, double *columns) {
    for (size_t o = 0; o < out; o++) {
        grm_tensor_floats(matrix, o * in, in, row);
        for (size_t k = 0; k < in; k++) {
            double square = (double)row[k] * (double)row[k];
            columns[k] += square;
            rows[o] += square;
        }
    }
}

grm_standing grm_weights_stand_out(const grm_weights *w, const char *norm, size_t out, size_t in, const char *format,
                                   ...) {
    FORMAT_NAME(stem, format);
    char name[NAME_SIZE + 16];
    grm_standing far = {false, false};
    snprintf(name, sizeof name, "%s.weight", stem);
    if (w->packed || w->status || !grm_matrix_group(w->precision)) return far;
    const grm_tensor *matrix = grm_tensors_find(w->tensors, name),
                     *before = norm ? grm_tensors_find(w->tensors, norm) : NULL;
    // What is not as it must be is said where it is taken.
    if (!matrix || matrix->dtype == GRM_DTYPE_OTHER || in < 1 || matrix->count / in != out || matrix->count % in)
        return far;
    if (before && (before->dtype == GRM_DTYPE_OTHER || before->count != in)) return far;
    float *row = malloc(in * sizeof *row);
    double *columns = calloc(in, sizeof *columns), *rows = calloc(out, sizeof *rows);
    if (row && columns && rows) {
        add_squares(matrix, out, in, row, rows, columns);
        if (before) grm_tensor_floats(before, 0, in, row);
        for (size_t k = 0; k < in && before; k++) columns[k] *= (double)row[k] * (double)row[k];
        far = (grm_standing){has_far(columns, in), has_far(rows, out)};
    }
    grm_tensor_release(matrix);
    free(row);
    free(rows);
    free(columns);
    return far;
}

bool grm_weights_have(const grm_weights *w, const char *name) {
    return w->packed ? grm_packed_find(w->packed, name) != NULL : grm_tensors_find(w->tensors, name) != NULL;
}

void *grm_weights_room(grm_weights *w, size_t count, size_t size) {
    if (w->status) return NULL;
    void *room = grm_memory_take(w->memory, count, size);
    if (!room) w->status = grm_fail_memory(w->err);
    return room;
}

// ---- tables ----

void grm_table_row(const grm_table *table, size_t row, float *out) {
    size_t width = table->precision == GRM_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
    const uint8_t *from = table->data + row * table->columns * width;
    if (table->precision == GRM_FLOAT32) {
        memcpy(out, from, table->columns * width);
        return;
    }
    for (size_t i = 0; i < table->columns; i++) {
        uint16_t half;
        memcpy(&half, from + 2 * i, sizeof half);
        out[i] = grm_half_to_float(half);
    }
}

void grm_table_add(const grm_table *table, size_t row, float *out) {
    size_t width = table->precision == GRM_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
    const uint8_t *from = table->data + row * table->columns * width;
    for (size_t i = 0; i < table->columns; i++) {
        float value;
        uint16_t half;
        if (table->precision == GRM_FLOAT32) {
            memcpy(&value, from + 4 * i, sizeof value);
        } else {
            memcpy(&half, from + 2 * i, sizeof half);
            value = grm_half_to_float(half);
        }
        out[i] += value;
    }
}
