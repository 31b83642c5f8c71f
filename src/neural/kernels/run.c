// Products spread over a team.
#include <stdlib.h>
#include <string.h>

#include "neural/kernels.h"

grm_status grm_compute_new(unsigned threads, size_t widest, grm_compute **out, grm_error *err) {
    *out = NULL;
    grm_compute *c = calloc(1, sizeof *c);
    if (!c) return grm_fail_memory(err);
    c->kernels = grm_kernels_best();
    c->widest = widest;
    grm_status status = grm_team_new(threads, &c->team, err);
    size_t width = grm_round_up(widest, GRM_INT8_GROUP), groups = width / GRM_INT4_GROUP;
    size_t row = 2 * width + grm_round_up(4 * groups * sizeof(float), GRM_LINE);
    if (!status) {
        c->bytes = calloc(threads, sizeof *c->bytes);
        c->room = aligned_alloc(GRM_LINE, threads * GRM_ROWS * row);
        if (!c->bytes || !c->room) status = grm_fail_memory(err);
    }
    if (status) {
        grm_compute_free(c);
        return status;
    }
    for (size_t i = 0; i < threads * GRM_ROWS; i++) {
        uint8_t *at = (uint8_t *)c->room + i * row;
        float *scales = (float *)(void *)(at + 2 * width);
        int32_t *starts = (int32_t *)(void *)(scales + 2 * groups);
        c->bytes[i / GRM_ROWS][i % GRM_ROWS] =
            (grm_bytes){(int8_t *)at, (int8_t *)at + width, scales, scales + groups, starts, starts + groups};
    }
    *out = c;
    return GRM_OK;
}

void grm_compute_free(grm_compute *c) {
    if (!c) return;
    grm_team_free(c->team);
    free(c->bytes);
    free(c->room);
    free(c);
}

void grm_share_out(size_t count, size_t step, unsigned member, unsigned size, size_t *begin, size_t *end) {
    size_t steps = (count + step - 1) / step;
    *begin = steps * member / size * step;
    *end = steps * (member + 1) / size * step;
    if (*begin > count) *begin = count;
    if (*end > count) *end = count;
}

void grm_matrix_split(const grm_compute *c, unsigned member, const grm_matrix *m, const float *x, size_t x_stride,
                      size_t rows) {
    size_t group = grm_matrix_group(m->precision);
    for (size_t r = 0; r < rows && group; r++)
        c->kernels->split(x + r * x_stride, m->columns, m->in, group, &c->bytes[member][r]);
}

void grm_matrix_share(const grm_compute *c, unsigned member, const grm_matrix *m, const float *x, size_t x_stride,
                      size_t rows, float *y, size_t y_stride, grm_finish finish, size_t begin, size_t end) {
    const grm_product product = {m, rows, x, x_stride, c->bytes[member], y, y_stride, finish};
    if (begin < end) c->kernels->multiply(&product, begin, end);
}

typedef struct matrix_job {
    const grm_compute *compute;
    const grm_matrix *matrix;
    const float *x;
    size_t x_stride, rows;
    float *y;
    size_t y_stride;
    grm_finish finish;
} matrix_job;

// Many rows of floats are shared out by rows, a block of which stays in the second cache; few by panels.
static void run_share(void *context, unsigned member, unsigned size) {
    enum { BLOCK = 96, MANY = 64 };
    const matrix_job *j = context;
    bool grouped = grm_matrix_group(j->matrix->precision) > 0, many = !grouped && j->rows >= MANY * (size_t)size;
    size_t panels = grm_matrix_panels(j->matrix->out), begin = 0, end = panels, from = 0, to = j->rows;
    if (many)
        grm_share_out(j->rows, 8, member, size, &from, &to);
    else
        grm_share_out(panels, 1, member, size, &begin, &end);
    size_t block = grouped ? GRM_ROWS : BLOCK;
    if (begin >= end) return;
    for (size_t r = from; r < to; r += block) {
        size_t rows = to - r < block ? to - r : block;
        const float *x = j->x + r * j->x_stride;
        grm_matrix_split(j->compute, member, j->matrix, x, j->x_stride, rows);
        grm_matrix_share(j->compute, member, j->matrix, x, j->x_stride, rows, j->y + r * j->y_stride, j->y_stride,
                         j->finish, begin, end);
    }
}

void grm_matrix_run(const grm_compute *compute, const grm_matrix *matrix, const float *x, size_t x_stride, size_t rows,
                    float *y, size_t y_stride, grm_finish finish) {
    enum { WORTH_SPREADING = 1 << 16 };  // multiplications
    matrix_job job = {compute, matrix, x, x_stride, rows, y, y_stride, finish};
    if (rows * matrix->out * matrix->in < WORTH_SPREADING)
        run_share(&job, 0, 1);
    else
        grm_team_run(compute->team, run_share, &job);
}

void grm_matrix_alone(const grm_compute *compute, const grm_matrix *matrix, const float *x, size_t x_stride,
                      size_t rows, float *y, size_t y_stride, grm_finish finish) {
    matrix_job job = {compute, matrix, x, x_stride, rows, y, y_stride, finish};
    run_share(&job, 0, 1);
}
