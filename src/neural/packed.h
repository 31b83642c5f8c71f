// A packed model: one file (.grm), or the same bytes in memory, in the layout that the kernels read.
//
//   64 bytes    "GRMMODEL", u32 format (3), u32 zero, u64 offset and u64 size of the directory, its SHA-256
//
//   the entries' bytes, each at a multiple of 64: first what runs once a prompt, then, from a huge page's start, what
//   every step reads: norms; what a text may absorb (absorbed.h); the first half of each layer's slices (NAME/0,
//   NAME/1; decoder.h), from the first layer to the last, then the second half; the heads. So two threads read a run
//   of memory each.
//
//   tokenizer.json as it was
//
//   the directory, JSON: "precision", "config" and "generation" (the folder's own files), "licence", "tokenizer",
//   "entries"
//
// An entry is a matrix (kernels/matrix.h; int8 and int4 ones begin with their columns' factors, a byte of each: the
// power of two, signed) or a table (rows of floats or halves), with name, shape, place and SHA-256. Numbers are
// little-endian.
#ifndef GRM_NEURAL_PACKED_H
#define GRM_NEURAL_PACKED_H

#include <jansson.h>

#include "neural/huge.h"
#include "neural/kernels/matrix.h"

enum { GRM_PACKED_FORMAT = 3, GRM_PACKED_HEADER = 64, GRM_PACKED_PAGE = 4096 };

typedef enum grm_entry_kind { GRM_ENTRY_TABLE, GRM_ENTRY_MATRIX } grm_entry_kind;

typedef struct grm_entry {
    const char *name;
    grm_entry_kind kind;
    grm_precision precision;
    size_t out, in;  // rows and columns
    size_t offset, bytes;
    int unit_power;  // of matrices: unit = 2^unit_power
    bool uneven;     // the columns' factors are not all 1
    char digest[65];
} grm_entry;

// Immutable; threads may share it.
typedef struct grm_packed grm_packed;

// Maps a file; its directory is checked, the entries' bytes are not read. All processes that open it share its memory,
// which Linux keeps in huge pages (from 6.16 on ext4, earlier on XFS) if it was written or is first read as such: see
// pack.c. Through pages of 4 kB a step takes a tenth (int8) to a third (int4) longer, since at each the processor has
// to find its stream anew. GRM_MISSING, GRM_BAD_INPUT.
grm_status grm_packed_open(const char *path, grm_packed **out, grm_error *err);
// Bytes in memory, aligned to 64. With `take` they are a mapping that is unmapped in the end (not on failure).
grm_status grm_packed_read(uint8_t *bytes, size_t size, bool take, const char *name, grm_packed **out, grm_error *err);
void grm_packed_free(grm_packed *packed);
grm_precision grm_packed_precision(const grm_packed *packed);
const json_t *grm_packed_config(const grm_packed *packed);
const json_t *grm_packed_generation(const grm_packed *packed);  // NULL: there is none
const char *grm_packed_licence(const grm_packed *packed);       // NULL: not known
const uint8_t *grm_packed_tokenizer(const grm_packed *packed, size_t *size);
const char *grm_packed_name(const grm_packed *packed);
size_t grm_packed_size(const grm_packed *packed);  // bytes
size_t grm_packed_count(const grm_packed *packed);
const grm_entry *grm_packed_entry(const grm_packed *packed, size_t index);     // as the directory lists them
const grm_entry *grm_packed_find(const grm_packed *packed, const char *name);  // NULL: not there
const uint8_t *grm_packed_bytes(const grm_packed *packed, const grm_entry *entry);
// An int8 or int4 matrix's columns' factors: [in].
void grm_packed_columns(const grm_packed *packed, const grm_entry *entry, float *columns);
// Compares every byte with its checksum; GRM_BAD_INPUT names the first entry that is not as it was.
grm_status grm_packed_verify(const grm_packed *packed, grm_pool *pool, grm_error *err);
// Lets the system have the memory of entries in whose names `part` is; they are read again when used.
void grm_packed_release(const grm_packed *packed, const char *part);

// Bytes of an entry; 0 when they would overflow.
size_t grm_entry_bytes(grm_entry_kind kind, grm_precision precision, size_t out, size_t in);
size_t grm_entry_columns(grm_precision precision, size_t in);  // bytes of the columns' powers before a matrix
// What every step of the decoder reads from beginning to end, with the norms between.
bool grm_entry_by_steps(const grm_entry *entry);
const char *grm_precision_name(grm_precision precision);
bool grm_precision_parse(const char *name, grm_precision *out);

#endif
