// Which sections are alike: average linkage of how well the shorter fits into the longer.
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"
#include "meter/form.h"

// How alike sections of one kind are: fitted on 40 tracks whose sections are known, where most units have another at
// 0.87; players who never do the same thing twice, or bars that are not quite right, lower both.
static const float same = 0.19f, of_closest = 0.7f;
enum { APART = 4 };  // units

// How alike the unit is that is most like another, as the median of all. scratch: [count]
static float closest(const grm_form_likeness *l, float *scratch) {
    for (size_t a = 0; a < l->count; a++) {
        scratch[a] = 0;
        for (size_t b = 0; b < l->count; b++)
            if (b + APART <= a || a + APART <= b) scratch[a] = fmaxf(scratch[a], grm_form_alike(l, a, b));
    }
    grm_sort_floats(scratch, l->count);
    return scratch[l->count / 2];
}

// The best place of the shorter along the longer.
static float fit(const grm_form_likeness *l, size_t a, size_t a_length, size_t b, size_t b_length) {
    if (a_length > b_length) return fit(l, b, b_length, a, a_length);
    float most = 0;
    for (size_t off = 0; off + a_length <= b_length; off++) {
        float sum = 0;
        for (size_t t = 0; t < a_length; t++) sum += grm_form_alike(l, a + t, b + off + t);
        most = fmaxf(most, sum / (float)a_length);
    }
    return most;
}

// Sums of likeness between kinds, each under the number of its first section, and how many sections each has.
typedef struct kinds_so_far {
    size_t count;
    float same;     // from which on two are joined
    float *sums;    // [count][count]
    size_t *sizes;  // [count], 0: joined to another
} kinds_so_far;

// Joins the two kinds that are most alike; false: none are enough.
static bool join(kinds_so_far *k, size_t *kinds) {
    size_t n = k->count, a = 0, b = 0;
    float most = k->same;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            if (!k->sizes[i] || !k->sizes[j]) continue;
            float value = k->sums[i * n + j] / (float)(k->sizes[i] * k->sizes[j]);
            if (value >= most) most = value, a = i, b = j;
        }
    if (a == b) return false;
    for (size_t i = 0; i < n; i++) k->sums[b * n + i] += k->sums[a * n + i];
    for (size_t i = 0; i < n; i++) k->sums[i * n + b] += k->sums[i * n + a];
    k->sizes[b] += k->sizes[a];
    k->sizes[a] = 0;
    for (size_t i = 0; i < n; i++)
        if (kinds[i] == a) kinds[i] = b;
    return true;
}

grm_status grm_form_label(const grm_form_likeness *l, const size_t *starts, size_t count, size_t end, size_t *kinds,
                          grm_error *err) {
    kinds_so_far k = {count, 0, grm_floats_new(count * count), calloc(count, sizeof *k.sizes)};
    float *scratch = grm_floats_new(l->count);
    grm_status status = k.sums && k.sizes && scratch ? GRM_OK : grm_fail_memory(err);
    if (status != GRM_OK) goto done;
    k.same = same + of_closest * closest(l, scratch);
    for (size_t i = 0; i < count; i++) {
        size_t length = (i + 1 < count ? starts[i + 1] : end) - starts[i];
        kinds[i] = i;
        k.sizes[i] = 1;
        for (size_t j = 0; j < i; j++)
            k.sums[i * count + j] = k.sums[j * count + i] =
                fit(l, starts[i], length, starts[j], starts[j + 1] - starts[j]);
    }
    while (join(&k, kinds)) continue;
    for (size_t i = 0, next = 0; i < count; i++) kinds[i] = kinds[i] == i ? next++ : kinds[kinds[i]];
done:
    free(scratch);
    free(k.sizes);
    free(k.sums);
    return status;
}
