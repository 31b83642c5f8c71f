// Ground floor: errors, memory, random numbers, threads, progress, files, data built into the program.
#ifndef GRM_BASE_H
#define GRM_BASE_H

#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/status.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"

// ---- errors ----

// Fills err (which may be NULL) and returns status. A message that does not fit is cut.
grm_status grm_fail(grm_error *err, grm_status status, const char *format, ...) GRM_PRINTF(3, 4);
// GRM_FAILED, "out of memory".
grm_status grm_fail_memory(grm_error *err);

// ---- words ----

// The word nearest to `word` by edit distance, when it is near enough to be meant; else NULL.
const char *grm_nearest_word(const char *word, const char *const *words, size_t count);

// Reads a number as people write it: a sign or none, digits, and a fraction after a point or none, in any locale.
// False, and `out` as it was, for all else: spaces, exponents, hexadecimal, NaN, more than 15 digits before the point.
bool grm_number_read(const char *text, double *out);

// ---- memory ----

// A growing region freed as a whole. Not for use by two threads at once.
typedef struct grm_memory grm_memory;
grm_memory *grm_memory_new(void);  // NULL when memory runs out
void grm_memory_free(grm_memory *memory);
// Zeroed, aligned to 16 bytes; NULL when memory runs out or count * size overflows.
void *grm_memory_take(grm_memory *memory, size_t count, size_t size);
char *grm_memory_string(grm_memory *memory, const char *text);
char *grm_memory_format(grm_memory *memory, const char *format, ...) GRM_PRINTF(2, 3);

// 64-byte aligned float vectors, zeroed; free with free().
float *grm_floats_new(size_t count);

// The next multiple of `to`, which is not 0.
static inline size_t grm_round_up(size_t value, size_t to) {
    return (value + to - 1) / to * to;
}

// ---- order ----

// In place, the smallest first; any order where there is NaN.
void grm_sort_floats(float *x, size_t count);
void grm_sort_doubles(double *x, size_t count);

// ---- random numbers ----

// PCG32 (O'Neill 2014). A stream is named, so that what one part draws never moves another part's draws.
typedef struct grm_rng {
    uint64_t state, increment;
} grm_rng;
grm_rng grm_rng_new(uint64_t seed, const char *stream);
grm_rng grm_rng_branch(const grm_rng *parent, const char *stream, unsigned index);  // does not advance the parent
uint32_t grm_rng_u32(grm_rng *rng);
unsigned grm_rng_below(grm_rng *rng, unsigned limit);        // 0..limit-1, unbiased; limit > 0
float grm_rng_float(grm_rng *rng);                           // [0, 1)
float grm_rng_between(grm_rng *rng, float low, float high);  // [low, high)
float grm_rng_normal(grm_rng *rng);                          // mean 0, deviation 1
bool grm_rng_chance(grm_rng *rng, float probability);
// An index drawn with the given weights; the last positive one when rounding runs out. count > 0.
size_t grm_rng_weighted(grm_rng *rng, const float *weights, size_t count);

// ---- threads ----

typedef struct grm_pool grm_pool;
// `threads` in all, the caller counted in: 1 starts none.
grm_status grm_pool_new(unsigned threads, grm_pool **out, grm_error *err);
void grm_pool_free(grm_pool *pool);
unsigned grm_pool_threads(const grm_pool *pool);
// Calls fn(context, i) once for each i below count, on any thread, and returns when all are done. May be called
// inside fn. Results must not depend on which thread ran what.
typedef void grm_pool_fn(void *context, size_t index);
void grm_pool_run(grm_pool *pool, size_t count, grm_pool_fn *fn, void *context);

// Threads that run one function side by side and meet at barriers of under a microsecond: for pieces of work too short
// for a pool. Between two runs they spin for some 100 us before they sleep. NULL is a team of one, the caller.
typedef struct grm_team grm_team;
grm_status grm_team_new(unsigned size, grm_team **out, grm_error *err);  // the caller counted in
void grm_team_free(grm_team *team);
unsigned grm_team_size(const grm_team *team);
// Calls fn(context, member, size) once on each thread, member 0 on the caller's, and returns when all are done. One
// caller at a time, and not inside fn.
typedef void grm_team_fn(void *context, unsigned member, unsigned size);
void grm_team_run(grm_team *team, grm_team_fn *fn, void *context);
void grm_team_wait(grm_team *team);  // inside fn: until all members are here
// The same in two halves, between which a member may do what needs nothing of the others: arrive's result is for leave.
unsigned grm_team_arrive(grm_team *team);
void grm_team_leave(grm_team *team, unsigned arrival);
// Inside fn: copies what other members will read behind the next barrier, past the caches where the processor can. A
// store into a line that another core has read waits until that one has given it up, which may take as long as memory.
// Fastest where `to` is aligned to 16 bytes.
void grm_team_hand(float *to, const float *from, size_t count);

// ---- a run: what long work is handed ----

typedef struct grm_run {
    const grm_profile *profile;
    grm_pool *pool;
    grm_progress *progress;
} grm_run;
// GRM_CANCELLED when the user asked to stop. Call at least every 100 ms of work.
grm_status grm_run_check(const grm_run *run, grm_error *err);

// The whole work is a list of stages with a share each; call plan once, then step as they get done, in any order.
typedef struct grm_stage_share {
    const char *name;
    double share;  // any positive unit, an expected time
} grm_stage_share;
void grm_progress_plan(grm_progress *progress, const grm_stage_share *stages, size_t count);
// `stage` is its index in the plan, done 0..1. With no plan it does nothing.
void grm_progress_step(grm_progress *progress, size_t stage, double done);

// ---- files ----

// Reads a whole file of at most `limit` bytes; one extra zero byte follows. "-" is standard input. Free with free().
grm_status grm_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *size, grm_error *err);
// The same of a regular file only: GRM_BAD_INPUT for a pipe, which would wait for somebody to write to it.
grm_status grm_file_read_regular(const char *path, size_t limit, uint8_t **bytes, size_t *size, grm_error *err);
// Writes beside and renames, so that the path holds all of it or what it held before.
// "-" is standard output.
grm_status grm_file_write(const char *path, const void *bytes, size_t size, grm_error *err);
// A temporary name beside `path` to write to, then grm_file_commit (rename, GRM_FAILED when it can't) or
// grm_file_discard. Both free the name.
grm_status grm_file_begin(const char *path, char **temporary, grm_error *err);
grm_status grm_file_commit(char *temporary, const char *path, grm_error *err);
void grm_file_discard(char *temporary);
// "a/b" from "a" and "b"; free().
char *grm_path_join(const char *folder, const char *name);
grm_status grm_folder_new(const char *path, grm_error *err);  // and its parents; fine when it is there
void grm_folder_remove(const char *path);                     // with all that is in it
// Lower-case ASCII letters, digits and single dashes, for file names: "Rainy Café" -> "rainy-cafe". free().
char *grm_path_slug(const char *text);

// An array in NumPy's format (version 1.0), C order, written beside and renamed. type: "<f4", "<i8", ...; its width in
// bytes is the digit.
grm_status grm_npy_write(const char *path, const char *type, unsigned rank, const size_t *shape, const void *values,
                         grm_error *err);

// ---- checksums ----
void grm_sha256_hex(const void *bytes, size_t size, char hex[65]);    // SHA-256 (FIPS 180-4)
void grm_git_blob_hex(const void *bytes, size_t size, char hex[41]);  // what git calls a file with these bytes

// ---- data built into the program ----

typedef struct grm_embedded {
    const char *path;  // "styles/house.yaml"
    const unsigned char *bytes;
    size_t size;
} grm_embedded;
extern const grm_embedded grm_embedded_files[];
extern const size_t grm_embedded_count;
const grm_embedded *grm_embedded_find(const char *path);  // NULL when there is none

// ---- the processor ----
typedef struct grm_cpu {
    bool avx2_fma;  // and the system saves the registers
    bool f16c;      // conversions of half floats, with avx2_fma
    bool avx512;
    bool avx512_vnni;  // products of bytes, with avx512
    bool neon;
    bool dotprod;  // ARM's products of bytes
    bool i8mm;     // and of small matrices of bytes
    bool sha;      // x86's instructions for SHA-256
} grm_cpu;
grm_cpu grm_cpu_detect(void);

#endif
