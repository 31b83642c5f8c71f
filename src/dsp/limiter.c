// The gain of a look-ahead limiter, worked out on hops.
//
// What each hop allows goes through a sliding minimum that looks ahead, a release in two speeds (quick after a single
// peak, slow where there are many, so that the gain does not pump), and a smoothing as long as the look-ahead. All
// values that the smoothing averages are at or below what the hop allows, so the average is too.
#include <stdlib.h>

#include "dsp/dsp.h"

// points[h], the most gain at the start of hop h: it touches the hops on both of its sides.
static void allowed(const float *peaks, size_t hops, float drive, float ceiling, float *points) {
    float before = 1;
    for (size_t h = 0; h < hops; h++) {
        float peak = peaks[h] * drive, allow = peak > ceiling ? ceiling / peak : 1;
        points[h] = allow < before ? allow : before;
        before = allow;
    }
    points[hops] = before;
}

// x[i] = min(x[i .. i + width]), in place; ring: [width + 1] indices in ascending order of value.
static void minimum_ahead(float *x, size_t count, size_t width, float *values, size_t *places) {
    size_t head = 0, used = 0, next = 0;
    for (size_t i = 0; i < count; i++) {
        for (; next < count && next <= i + width; next++) {
            while (used && values[(head + used - 1) % (width + 1)] >= x[next]) used--;
            values[(head + used) % (width + 1)] = x[next];
            places[(head + used) % (width + 1)] = next;
            used++;
        }
        if (places[head] < i) {
            head = (head + 1) % (width + 1);
            used--;
        }
        x[i] = values[head];
    }
}

static void release(float *x, size_t count, float quick, float slow) {
    float r = x[0], held = x[0];
    for (size_t i = 0; i < count; i++) {
        r = x[i] < r ? x[i] : r + (x[i] - r) * quick;
        held += (r - held) * slow;
        x[i] = r < held ? r : held;
    }
}

// The mean of the last `width` values (the first stands in for those before it), in place; ring: [width].
static void average_behind(float *x, size_t count, size_t width, float *ring) {
    double sum = (double)x[0] * (double)width;
    for (size_t i = 0; i < width; i++) ring[i] = x[0];
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)x[i] - ring[at];
        ring[at] = x[i];
        at = at + 1 == width ? 0 : at + 1;
        x[i] = (float)(sum / (double)width);
    }
}

grm_status grm_limiter_curve(const grm_limiter_plan *plan, const float *peaks, size_t hops, float drive, float *gain,
                             grm_error *err) {
    double hops_ahead = plan->lookahead_ms * 0.001 * plan->hop_hz;
    size_t width = hops_ahead > 1 ? (size_t)lround(hops_ahead) : 1;
    float *values = grm_floats_new(width + 1);
    size_t *places = calloc(width + 1, sizeof *places);
    if (!values || !places) {
        free(places);
        free(values);
        return grm_fail_memory(err);
    }
    allowed(peaks, hops, drive, plan->ceiling, gain);
    minimum_ahead(gain, hops + 1, width, values, places);
    float quick = (float)(1 - exp(-1 / (plan->release_ms * 0.001 * plan->hop_hz)));
    float slow = (float)(1 - exp(-1 / (plan->release_ms * 0.008 * plan->hop_hz)));
    release(gain, hops + 1, quick, slow);
    average_behind(gain, hops + 1, width / 2 + 1, values);
    average_behind(gain, hops + 1, width - width / 2 + 1, values);
    free(places);
    free(values);
    return GRM_OK;
}
