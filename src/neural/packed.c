#define _DEFAULT_SOURCE  // madvise
#include "neural/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MAGIC[] = "GRMMODEL";
static const char *const precision_names[] = {"float32", "float16", "int8", "int4"};
static const char *const kind_names[] = {"table", "matrix"};

struct grm_packed {
    grm_memory *memory;
    uint8_t *bytes;
    size_t size;
    bool mapped, anonymous;
    const char *name;
    json_t *directory;
    grm_precision precision;
    size_t tokenizer_offset, tokenizer_size;
    char tokenizer_digest[65];
    size_t count;
    grm_entry *entries;         // as the directory lists them
    const grm_entry **by_name;  // sorted
};

const char *grm_precision_name(grm_precision precision) {
    return precision_names[precision];
}

bool grm_precision_parse(const char *name, grm_precision *out) {
    for (size_t i = 0; i < GRM_COUNT(precision_names); i++)
        if (strcmp(name, precision_names[i]) == 0) {
            *out = (grm_precision)i;
            return true;
        }
    return false;
}

size_t grm_entry_columns(grm_precision precision, size_t in) {
    return grm_matrix_group(precision) ? grm_round_up(in, GRM_LINE) : 0;
}

size_t grm_entry_bytes(grm_entry_kind kind, grm_precision precision, size_t out, size_t in) {
    enum { LONGEST = 1 << 24 };  // so that no product overflows 64 bits
    if (out < 1 || in < 1 || out > LONGEST || in > LONGEST) return 0;
    if (out > SIZE_MAX / 256 / (in + GRM_INT8_GROUP)) return 0;
    if (kind == GRM_ENTRY_MATRIX) return grm_entry_columns(precision, in) + grm_matrix_bytes(precision, out, in);
    return out * in * (precision == GRM_FLOAT32 ? sizeof(float) : sizeof(uint16_t));
}

bool grm_entry_by_steps(const grm_entry *e) {
    return strncmp(e->name, "decoder.", 8) == 0 && !strstr(e->name, ".embed_tokens.") && !strstr(e->name, ".k_proj.") &&
           !strstr(e->name, ".v_proj.");
}

// ---- reading the directory ----

static uint64_t read_u64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | bytes[i];
    return value;
}

static bool read_size(const json_t *object, const char *key, size_t *out) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static bool read_digest(const json_t *object, char digest[65]) {
    const char *text = json_string_value(json_object_get(object, "sha256"));
    if (!text || strlen(text) != 64) return false;
    memcpy(digest, text, 65);
    return true;
}

static bool read_word(const json_t *object, const char *key, const char *const *words, size_t count, size_t *out) {
    const char *word = json_string_value(json_object_get(object, key));
    for (*out = 0; word && *out < count; ++*out)
        if (strcmp(word, words[*out]) == 0) return true;
    return false;
}

static grm_status read_entry(grm_packed *p, const json_t *from, size_t end, grm_entry *e, grm_error *err) {
    const char *name = json_string_value(json_object_get(from, "name"));
    const json_t *shape = json_object_get(from, "shape"), *unit = json_object_get(from, "unit_power");
    size_t kind, precision;
    if (!name || !*name) return grm_fail(err, GRM_BAD_INPUT, "'%s': an entry has no name", p->name);
    e->name = name;
    bool fine = read_word(from, "kind", kind_names, GRM_COUNT(kind_names), &kind) &&
                read_word(from, "precision", precision_names, GRM_COUNT(precision_names), &precision) &&
                json_array_size(shape) == 2 && json_is_integer(json_array_get(shape, 0)) &&
                json_is_integer(json_array_get(shape, 1)) && json_integer_value(json_array_get(shape, 0)) > 0 &&
                json_integer_value(json_array_get(shape, 1)) > 0 && read_size(from, "offset", &e->offset) &&
                read_size(from, "bytes", &e->bytes) && read_digest(from, e->digest);
    if (fine) {
        e->kind = (grm_entry_kind)kind;
        e->precision = (grm_precision)precision;
        e->out = (size_t)json_integer_value(json_array_get(shape, 0));
        e->in = (size_t)json_integer_value(json_array_get(shape, 1));
        e->unit_power = (int)json_integer_value(unit);
        e->uneven = json_is_true(json_object_get(from, "uneven"));
        fine = json_integer_value(unit) >= -126 && json_integer_value(unit) <= 127 &&
               (e->kind == GRM_ENTRY_MATRIX || e->precision <= GRM_FLOAT16);
    }
    if (!fine) return grm_fail(err, GRM_BAD_INPUT, "'%s': entry %.200s is not described as it must be", p->name, name);
    if (e->bytes != grm_entry_bytes(e->kind, e->precision, e->out, e->in) || e->bytes == 0)
        return grm_fail(err, GRM_BAD_INPUT, "'%s': entry %.200s has %zu bytes, which its shape does not need", p->name,
                        name, e->bytes);
    if (e->offset % GRM_LINE || e->offset < GRM_PACKED_HEADER || e->offset > end || e->bytes > end - e->offset)
        return grm_fail(err, GRM_BAD_INPUT, "'%s': entry %.200s lies outside the file", p->name, name);
    return GRM_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const grm_entry *const *)a)->name, (*(const grm_entry *const *)b)->name);
}

static grm_status read_entries(grm_packed *p, size_t end, grm_error *err) {
    enum { MOST = 1 << 16 };
    const json_t *list = json_object_get(p->directory, "entries");
    p->count = json_array_size(list);
    if (p->count < 1 || p->count > MOST)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has %zu entries; 1 to %d are read", p->name, p->count, MOST);
    p->entries = grm_memory_take(p->memory, p->count, sizeof *p->entries);
    p->by_name = grm_memory_take(p->memory, p->count, sizeof *p->by_name);
    if (!p->entries || !p->by_name) return grm_fail_memory(err);
    for (size_t i = 0; i < p->count; i++) {
        grm_status status = read_entry(p, json_array_get(list, i), end, &p->entries[i], err);
        if (status) return status;
        p->by_name[i] = &p->entries[i];
    }
    qsort(p->by_name, p->count, sizeof(const grm_entry *), by_name);
    for (size_t i = 1; i < p->count; i++)
        if (by_name(&p->by_name[i - 1], &p->by_name[i]) == 0)
            return grm_fail(err, GRM_BAD_INPUT, "'%s' holds entry %.200s twice", p->name, p->by_name[i]->name);
    return GRM_OK;
}

static grm_status read_directory(grm_packed *p, grm_error *err) {
    enum { MOST = 64 << 20 };
    if (p->size < GRM_PACKED_HEADER || memcmp(p->bytes, MAGIC, 8) != 0)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is no packed model (grammy models quantize makes one)", p->name);
    uint64_t format = read_u64(p->bytes + 8);  // and the zero behind it
    if (format != GRM_PACKED_FORMAT)
        return grm_fail(err, GRM_BAD_INPUT,
                        "'%s' has format %llu; %d is read: pack the model again (grammy models quantize)", p->name,
                        (unsigned long long)format, GRM_PACKED_FORMAT);
    uint64_t offset = read_u64(p->bytes + 16), size = read_u64(p->bytes + 24);
    if (offset < GRM_PACKED_HEADER || offset > p->size || size > p->size - offset || size > MOST)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is cut off: its directory would end at byte %llu of %zu", p->name,
                        (unsigned long long)(offset + size), p->size);
    char hex[65], said[65];
    grm_sha256_hex(p->bytes + offset, (size_t)size, hex);
    for (size_t i = 0; i < 32; i++) snprintf(said + 2 * i, 3, "%02x", p->bytes[32 + i]);
    if (memcmp(hex, said, 64) != 0)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is damaged: its directory is not what was written", p->name);
    json_error_t problem;
    p->directory = json_loadb((const char *)p->bytes + offset, (size_t)size, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(p->directory))
        return grm_fail(err, GRM_BAD_INPUT, "'%s': the directory is broken: %s", p->name, problem.text);
    const json_t *tokenizer = json_object_get(p->directory, "tokenizer");
    size_t precision;
    if (!read_word(p->directory, "precision", precision_names, GRM_COUNT(precision_names), &precision) ||
        !json_is_object(grm_packed_config(p)) || !read_size(tokenizer, "offset", &p->tokenizer_offset) ||
        !read_size(tokenizer, "bytes", &p->tokenizer_size) || !read_digest(tokenizer, p->tokenizer_digest) ||
        p->tokenizer_offset > offset || p->tokenizer_size > offset - p->tokenizer_offset)
        return grm_fail(err, GRM_BAD_INPUT, "'%s': precision, config or tokenizer are not described as they must be",
                        p->name);
    p->precision = (grm_precision)precision;
    return read_entries(p, (size_t)offset, err);
}

// ---- opening ----

grm_status grm_packed_read(uint8_t *bytes, size_t size, bool take, const char *name, grm_packed **out, grm_error *err) {
    *out = NULL;
    grm_packed *p = calloc(1, sizeof *p);
    grm_status status = p && (p->memory = grm_memory_new()) ? GRM_OK : grm_fail_memory(err);
    if (!status) {
        p->bytes = bytes;
        p->size = size;
        p->name = grm_memory_string(p->memory, name);
        status = p->name ? read_directory(p, err) : grm_fail_memory(err);
    }
    if (status) {
        grm_packed_free(p);
        return status;
    }
    p->mapped = p->anonymous = take;
    *out = p;
    return GRM_OK;
}

static void renew_steps(const grm_packed *p, int file) {
    size_t begin = SIZE_MAX, end = 0;
    for (size_t i = 0; i < p->count; i++) {
        const grm_entry *e = &p->entries[i];
        if (!grm_entry_by_steps(e)) continue;
        begin = e->offset < begin ? e->offset : begin;
        end = e->offset + e->bytes > end ? e->offset + e->bytes : end;
    }
    grm_huge_renew(file, p->bytes, begin, end);
}

static grm_status map_file(int file, const char *path, grm_packed **out, grm_error *err) {
    struct stat info;
    if (fstat(file, &info) != 0) return grm_fail(err, GRM_FAILED, "cannot look at '%s': %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode) || info.st_size < GRM_PACKED_HEADER)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is no packed model: it is %s", path,
                        S_ISREG(info.st_mode) ? "too short" : "no file");
    size_t size = (size_t)info.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) return grm_fail(err, GRM_FAILED, "cannot map '%s' (%zu bytes) into memory", path, size);
#ifdef MADV_HUGEPAGE
    madvise(bytes, size, MADV_HUGEPAGE);
#endif
    grm_status status = grm_packed_read(bytes, size, true, path, out, err);
    if (status) {
        munmap(bytes, size);
        return status;
    }
    (*out)->anonymous = false;
    renew_steps(*out, file);
    return GRM_OK;
}

grm_status grm_packed_open(const char *path, grm_packed **out, grm_error *err) {
    *out = NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe would wait for who writes to it
    if (file < 0) return grm_fail(err, GRM_MISSING, "there is no model at '%s'", path);
    grm_status status = map_file(file, path, out, err);
    close(file);
    return status;
}

void grm_packed_free(grm_packed *p) {
    if (!p) return;
    json_decref(p->directory);
    if (p->mapped) munmap(p->bytes, p->size);
    grm_memory_free(p->memory);
    free(p);
}

// ---- what is in it ----

grm_precision grm_packed_precision(const grm_packed *p) {
    return p->precision;
}
const json_t *grm_packed_config(const grm_packed *p) {
    return json_object_get(p->directory, "config");
}
const json_t *grm_packed_generation(const grm_packed *p) {
    const json_t *generation = json_object_get(p->directory, "generation");
    return json_is_object(generation) ? generation : NULL;
}
const char *grm_packed_licence(const grm_packed *p) {
    return json_string_value(json_object_get(p->directory, "licence"));
}
const uint8_t *grm_packed_tokenizer(const grm_packed *p, size_t *size) {
    *size = p->tokenizer_size;
    return p->bytes + p->tokenizer_offset;
}
const char *grm_packed_name(const grm_packed *p) {
    return p->name;
}
size_t grm_packed_size(const grm_packed *p) {
    return p->size;
}
size_t grm_packed_count(const grm_packed *p) {
    return p->count;
}
const grm_entry *grm_packed_entry(const grm_packed *p, size_t index) {
    return &p->entries[index];
}
const uint8_t *grm_packed_bytes(const grm_packed *p, const grm_entry *entry) {
    return p->bytes + entry->offset;
}

void grm_packed_columns(const grm_packed *p, const grm_entry *entry, float *columns) {
    const uint8_t *powers = grm_packed_bytes(p, entry);
    for (size_t i = 0; i < entry->in; i++) columns[i] = ldexpf(1, powers[i] < 128 ? powers[i] : powers[i] - 256);
}

const grm_entry *grm_packed_find(const grm_packed *p, const char *name) {
    const grm_entry key = {.name = name}, *wanted = &key;
    const grm_entry **found = bsearch(&wanted, p->by_name, p->count, sizeof(const grm_entry *), by_name);
    return found ? *found : NULL;
}

typedef struct verification {
    const grm_packed *packed;
    atomic_size_t wrong;  // the first index that is; the tokenizer's is `count`
} verification;

static void verify_entry(void *context, size_t index) {
    verification *v = context;
    const grm_packed *p = v->packed;
    char hex[65];
    bool entry = index < p->count;
    grm_sha256_hex(entry ? grm_packed_bytes(p, &p->entries[index]) : p->bytes + p->tokenizer_offset,
                   entry ? p->entries[index].bytes : p->tokenizer_size, hex);
    if (memcmp(hex, entry ? p->entries[index].digest : p->tokenizer_digest, 64) == 0) return;
    size_t first = atomic_load(&v->wrong);
    while (index < first && !atomic_compare_exchange_weak(&v->wrong, &first, index)) continue;
}

grm_status grm_packed_verify(const grm_packed *p, grm_pool *pool, grm_error *err) {
    verification v = {.packed = p};
    atomic_init(&v.wrong, SIZE_MAX);
    grm_pool_run(pool, p->count + 1, verify_entry, &v);
    size_t wrong = atomic_load(&v.wrong);
    if (wrong == SIZE_MAX) return GRM_OK;
    return grm_fail(err, GRM_BAD_INPUT, "'%s' is damaged: %.200s does not agree with its checksum; pack it again",
                    p->name, wrong < p->count ? p->entries[wrong].name : "the tokenizer");
}

// ---- memory ----

static void let_go(const grm_packed *p, const grm_entry *e) {
    size_t begin = (e->offset + GRM_PACKED_PAGE - 1) / GRM_PACKED_PAGE * GRM_PACKED_PAGE;
    size_t end = (e->offset + e->bytes) / GRM_PACKED_PAGE * GRM_PACKED_PAGE;
    if (begin < end) madvise(p->bytes + begin, end - begin, MADV_DONTNEED);
}

void grm_packed_release(const grm_packed *p, const char *part) {
    if (!p->mapped || p->anonymous) return;
    for (size_t i = 0; i < p->count; i++)
        if (strstr(p->entries[i].name, part)) let_go(p, &p->entries[i]);
}
