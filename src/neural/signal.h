// Signals of many channels, and the memory that they pass on to each other.
#ifndef GRM_NEURAL_SIGNAL_H
#define GRM_NEURAL_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>

// [time][channels], at x in the memory `room`.
typedef struct grm_signal {
    size_t time, channels;
    float *x, *room;
} grm_signal;

// Blocks of memory that are taken again when they have been dropped: signals of megabytes that come from the system and
// go back to it would take a tenth of a codec's time. One thread at a time.
enum { GRM_SHELF_BLOCKS = 8 };
typedef struct grm_shelf {
    struct {
        float *room;
        size_t size;  // floats
        bool taken;
    } block[GRM_SHELF_BLOCKS];
} grm_shelf;
void grm_shelf_clear(grm_shelf *shelf);  // nothing may be taken

// shelf: NULL takes memory from the system. At most GRM_SHELF_BLOCKS signals at a time are of one shelf. What is in the
// signal is undefined. False: out of memory, and *signal is empty.
bool grm_signal_new(grm_shelf *shelf, size_t time, size_t channels, grm_signal *signal);
void grm_signal_drop(grm_shelf *shelf, grm_signal *signal);  // which may be empty
void grm_signal_replace(grm_shelf *shelf, grm_signal *signal, grm_signal by);

#endif
