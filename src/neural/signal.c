#include "neural/signal.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base.h"

void grm_shelf_clear(grm_shelf *shelf) {
    for (size_t i = 0; i < GRM_SHELF_BLOCKS; i++) free(shelf->block[i].room);
    *shelf = (grm_shelf){0};
}

// The smallest free block that is large enough; else the largest that is free, to be made larger.
static size_t find_block(const grm_shelf *shelf, size_t size) {
    size_t best = GRM_SHELF_BLOCKS;
    for (size_t i = 0; i < GRM_SHELF_BLOCKS; i++) {
        if (shelf->block[i].taken) continue;
        size_t here = shelf->block[i].size, found = best < GRM_SHELF_BLOCKS ? shelf->block[best].size : 0;
        if (best == GRM_SHELF_BLOCKS || (found < size ? here > found : here >= size && here < found)) best = i;
    }
    return best;
}

static float *take(grm_shelf *shelf, size_t size) {
    size_t i = find_block(shelf, size);
    assert(i < GRM_SHELF_BLOCKS);
    if (shelf->block[i].size < size) {
        free(shelf->block[i].room);
        shelf->block[i].room = grm_floats_new(size);
        shelf->block[i].size = shelf->block[i].room ? size : 0;
    }
    shelf->block[i].taken = shelf->block[i].room != NULL;
    return shelf->block[i].room;
}

bool grm_signal_new(grm_shelf *shelf, size_t time, size_t channels, grm_signal *signal) {
    *signal = (grm_signal){time, channels, NULL, NULL};
    if (channels && time > SIZE_MAX / 8 / channels) return false;
    size_t size = time * channels + 1;
    signal->x = signal->room = shelf ? take(shelf, size) : malloc(size * sizeof *signal->x);
    return signal->x != NULL;
}

void grm_signal_drop(grm_shelf *shelf, grm_signal *signal) {
    if (!shelf) free(signal->room);
    for (size_t i = 0; shelf && signal->room && i < GRM_SHELF_BLOCKS; i++)
        if (shelf->block[i].room == signal->room) shelf->block[i].taken = false;
    *signal = (grm_signal){0};
}

void grm_signal_replace(grm_shelf *shelf, grm_signal *signal, grm_signal by) {
    grm_signal_drop(shelf, signal);
    *signal = by;
}
