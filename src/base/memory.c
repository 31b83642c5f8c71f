// An arena: blocks that double in size, given out from the front, freed together.
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

typedef struct block {
    struct block *next;
    size_t size, used;
    alignas(ALIGNMENT) unsigned char bytes[];
} block;

struct grm_memory {
    block *newest;
    size_t next_size;
};

grm_memory *grm_memory_new(void) {
    grm_memory *memory = calloc(1, sizeof(*memory));
    if (memory) memory->next_size = FIRST_BLOCK;
    return memory;
}

void grm_memory_free(grm_memory *memory) {
    if (!memory) return;
    for (block *b = memory->newest; b;) {
        block *next = b->next;
        free(b);
        b = next;
    }
    free(memory);
}

// A block of at least `needed` bytes. One that is larger than usual goes behind the newest, whose rest stays in use.
static block *add_block(grm_memory *memory, size_t needed) {
    size_t size = needed > memory->next_size ? needed : memory->next_size;
    if (size > SIZE_MAX - sizeof(block)) return NULL;
    block *b = calloc(1, sizeof(*b) + size);
    if (!b) return NULL;
    b->size = size;
    if (needed > memory->next_size && memory->newest) {
        b->next = memory->newest->next;
        memory->newest->next = b;
    } else {
        b->next = memory->newest;
        memory->newest = b;
        if (memory->next_size < LARGEST_BLOCK) memory->next_size *= 2;
    }
    return b;
}

void *grm_memory_take(grm_memory *memory, size_t count, size_t size) {
    if (size > 0 && count > (SIZE_MAX - ALIGNMENT) / size) return NULL;
    size_t needed = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (needed == 0) needed = ALIGNMENT;  // so that every piece has its own address
    block *b = memory->newest;
    if (!b || b->size - b->used < needed) b = add_block(memory, needed);
    if (!b) return NULL;
    void *piece = b->bytes + b->used;
    b->used += needed;
    return piece;
}

char *grm_memory_string(grm_memory *memory, const char *text) {
    size_t length = strlen(text);
    char *copy = grm_memory_take(memory, length + 1, 1);
    if (copy) memcpy(copy, text, length + 1);
    return copy;
}

char *grm_memory_format(grm_memory *memory, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    char *text = NULL;
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0) text = grm_memory_take(memory, (size_t)length + 1, 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

float *grm_floats_new(size_t count) {
    enum { LINE = 64 };  // bytes; a cache line, and the widest vector register
    if (count > (SIZE_MAX - LINE) / sizeof(float)) return NULL;
    size_t size = (count * sizeof(float) + LINE - 1) / LINE * LINE;
    if (size == 0) size = LINE;
    float *floats = aligned_alloc(LINE, size);
    if (floats) memset(floats, 0, size);
    return floats;
}
