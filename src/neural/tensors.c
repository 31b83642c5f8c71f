// The safetensors format: a 64-bit little-endian length, a JSON object of that length (name -> dtype, shape, the range
// of bytes behind the header), then the bytes. https://huggingface.co/docs/safetensors
#define _DEFAULT_SOURCE  // madvise
#include "neural/tensors.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neural/halves.h"

enum { MAX_HEADER = 100 << 20, MAX_SHARDS = 256, MAX_INDEX = 64 << 20 };

typedef struct mapping {
    void *start;
    size_t size;
} mapping;

struct grm_tensors {
    grm_memory *memory;
    size_t count, capacity;
    grm_tensor *list;  // sorted by name once all files are open
    size_t file_count;
    mapping files[MAX_SHARDS];
};

static grm_status map_file(const char *path, mapping *out, grm_error *err) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe would wait for who writes to it
    if (file < 0) return grm_fail(err, GRM_MISSING, "no weights at '%s'", path);
    struct stat info;
    grm_status status = GRM_OK;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 10)
        status = grm_fail(err, GRM_BAD_INPUT, "'%s' is no safetensors file, or too short for one", path);
    else {
        out->size = (size_t)info.st_size;
        out->start = mmap(NULL, out->size, PROT_READ, MAP_SHARED, file, 0);
        if (out->start == MAP_FAILED) {
            out->start = NULL;
            status = grm_fail(err, GRM_FAILED, "cannot map '%s' (%zu bytes) into memory", path, out->size);
        }
    }
    close(file);
    return status;
}

static size_t width_of(const char *dtype, grm_dtype *out) {
    static const struct {
        const char *name;
        size_t width;
        grm_dtype dtype;
    } known[] = {
        {"F32", 4, GRM_DTYPE_F32},    {"F16", 2, GRM_DTYPE_F16},   {"BF16", 2, GRM_DTYPE_BF16},
        {"F64", 8, GRM_DTYPE_OTHER},  {"I64", 8, GRM_DTYPE_OTHER}, {"I32", 4, GRM_DTYPE_OTHER},
        {"I16", 2, GRM_DTYPE_OTHER},  {"I8", 1, GRM_DTYPE_OTHER},  {"U8", 1, GRM_DTYPE_OTHER},
        {"BOOL", 1, GRM_DTYPE_OTHER},
    };
    for (size_t i = 0; i < GRM_COUNT(known); i++)
        if (strcmp(dtype, known[i].name) == 0) {
            *out = known[i].dtype;
            return known[i].width;
        }
    return 0;
}

// The shape's product into *count; false when it is no shape or overflows.
static bool read_shape(const json_t *shape, grm_tensor *t) {
    size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > GRM_TENSOR_RANK) return false;
    t->rank = (unsigned)rank;
    t->count = 1;
    for (size_t i = 0; i < rank; i++) {
        const json_t *side = json_array_get(shape, i);
        if (!json_is_integer(side) || json_integer_value(side) < 0) return false;
        t->shape[i] = (size_t)json_integer_value(side);
        if (t->shape[i] && t->count > (SIZE_MAX / 16) / t->shape[i]) return false;
        t->count *= t->shape[i];
    }
    return true;
}

static grm_status read_tensor(grm_tensors *tensors, const char *path, const char *name, const json_t *entry,
                              const uint8_t *data, size_t size, grm_error *err) {
    grm_tensor t = {0};
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const json_t *range = json_object_get(entry, "data_offsets");
    size_t width = dtype ? width_of(dtype, &t.dtype) : 0;
    if (!width)
        return grm_fail(err, GRM_BAD_INPUT, "'%s': tensor %.200s has the unknown type %.20s", path, name,
                        dtype ? dtype : "(none)");
    if (!read_shape(json_object_get(entry, "shape"), &t))
        return grm_fail(err, GRM_BAD_INPUT, "'%s': the shape of tensor %.200s is none that a model has", path, name);
    json_int_t from = json_integer_value(json_array_get(range, 0)), to = json_integer_value(json_array_get(range, 1));
    if (json_array_size(range) != 2 || from < 0 || to < from || (uint64_t)to > size)
        return grm_fail(err, GRM_BAD_INPUT, "'%s': tensor %.200s lies outside the file", path, name);
    if ((size_t)(to - from) != t.count * width)
        return grm_fail(err, GRM_BAD_INPUT, "'%s': tensor %.200s has %zu bytes and not the %zu of its shape", path,
                        name, (size_t)(to - from), t.count * width);
    t.bytes = data + from;
    t.mapped = tensors->file_count > 0;
    t.name = grm_memory_string(tensors->memory, name);
    if (!t.name) return grm_fail_memory(err);
    if (tensors->count == tensors->capacity) {
        size_t capacity = tensors->capacity ? 2 * tensors->capacity : 512;
        grm_tensor *larger = realloc(tensors->list, capacity * sizeof *larger);
        if (!larger) return grm_fail_memory(err);
        tensors->list = larger;
        tensors->capacity = capacity;
    }
    tensors->list[tensors->count++] = t;
    return GRM_OK;
}

static grm_status read_file(grm_tensors *tensors, const char *path, const uint8_t *bytes, size_t size, grm_error *err) {
    uint64_t length = 0;
    for (int i = 7; i >= 0 && size >= 8; i--) length = length << 8 | bytes[i];
    if (length < 2 || length > MAX_HEADER || length > size - 8)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is no safetensors file: its header would have %llu bytes", path,
                        (unsigned long long)length);
    json_error_t problem;
    json_t *header = json_loadb((const char *)bytes + 8, (size_t)length, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(header)) {
        json_decref(header);
        return grm_fail(err, GRM_BAD_INPUT, "'%s': the header is broken at byte %d: %s", path, problem.position,
                        problem.text);
    }
    grm_status status = GRM_OK;
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) continue;
        status = read_tensor(tensors, path, name, entry, bytes + 8 + length, size - 8 - (size_t)length, err);
        if (status) break;
    }
    json_decref(header);
    return status;
}

static grm_status open_file(grm_tensors *tensors, const char *path, grm_error *err) {
    if (tensors->file_count == MAX_SHARDS)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is one shard too many: %d are read at most", path, MAX_SHARDS);
    mapping *file = &tensors->files[tensors->file_count];
    grm_status status = map_file(path, file, err);
    if (status) return status;
    tensors->file_count++;
    return read_file(tensors, path, file->start, file->size, err);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const grm_tensor *)a)->name, ((const grm_tensor *)b)->name);
}

// A shard's name comes from the index: it must stay in the folder.
static bool is_plain_name(const char *name) {
    return name && *name && !strchr(name, '/') && strcmp(name, "..") != 0 && strlen(name) < 200;
}

static grm_status open_shards(grm_tensors *tensors, const char *folder, const char *index, grm_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    json_t *root = NULL;
    const char *seen[MAX_SHARDS];
    size_t seen_count = 0;
    grm_status status = grm_file_read_regular(index, MAX_INDEX, &bytes, &size, err);
    if (status) goto done;
    json_error_t problem;
    root = json_loadb((const char *)bytes, size, 0, &problem);
    const json_t *map = json_object_get(root, "weight_map");
    if (!json_is_object(map)) {
        status = grm_fail(err, GRM_BAD_INPUT, "'%s' has no weight_map", index);
        goto done;
    }
    const char *tensor;
    json_t *value;
    json_object_foreach((json_t *)map, tensor, value) {
        const char *shard = json_string_value(value);
        size_t i = 0;
        if (!is_plain_name(shard)) {
            status = grm_fail(err, GRM_BAD_INPUT, "'%s' names no file for %.200s", index, tensor);
            goto done;
        }
        while (i < seen_count && strcmp(seen[i], shard) != 0) i++;
        if (i < seen_count) continue;
        if (seen_count == MAX_SHARDS) {
            status = grm_fail(err, GRM_BAD_INPUT, "'%s' names more than %d shards", index, MAX_SHARDS);
            goto done;
        }
        seen[seen_count++] = shard;
        char *path = grm_path_join(folder, shard);
        status = path ? open_file(tensors, path, err) : grm_fail_memory(err);
        free(path);
        if (status) goto done;
    }
done:
    json_decref(root);
    free(bytes);
    return status;
}

static grm_status open_folder(grm_tensors *tensors, const char *path, grm_error *err) {
    struct stat info;
    if (stat(path, &info) != 0) return grm_fail(err, GRM_MISSING, "there is no model at '%s'", path);
    if (!S_ISDIR(info.st_mode)) return open_file(tensors, path, err);
    char *whole = grm_path_join(path, "model.safetensors");
    char *index = grm_path_join(path, "model.safetensors.index.json");
    grm_status status;
    if (!whole || !index)
        status = grm_fail_memory(err);
    else if (access(whole, F_OK) == 0)
        status = open_file(tensors, whole, err);
    else if (access(index, F_OK) == 0)
        status = open_shards(tensors, path, index, err);
    else
        status = grm_fail(err, GRM_MISSING,
                          "'%s' holds no model.safetensors (nor its index): give a MusicGen folder as the hub serves "
                          "it, and pull it again if that was broken off",
                          path);
    free(whole);
    free(index);
    return status;
}

static grm_status sort_tensors(grm_tensors *tensors, const char *path, grm_error *err) {
    if (tensors->count) qsort(tensors->list, tensors->count, sizeof *tensors->list, by_name);
    for (size_t i = 1; i < tensors->count; i++)
        if (by_name(&tensors->list[i - 1], &tensors->list[i]) == 0)
            return grm_fail(err, GRM_BAD_INPUT, "'%s' holds tensor %.200s twice", path, tensors->list[i].name);
    return GRM_OK;
}

static grm_tensors *make_tensors(void) {
    grm_tensors *tensors = calloc(1, sizeof *tensors);
    if (tensors && (tensors->memory = grm_memory_new())) return tensors;
    free(tensors);
    return NULL;
}

static grm_status deliver(grm_status status, grm_tensors *tensors, const char *name, grm_tensors **out,
                          grm_error *err) {
    if (!status) status = sort_tensors(tensors, name, err);
    if (status)
        grm_tensors_free(tensors);
    else
        *out = tensors;
    return status;
}

grm_status grm_tensors_open(const char *path, grm_tensors **out, grm_error *err) {
    *out = NULL;
    grm_tensors *tensors = make_tensors();
    return tensors ? deliver(open_folder(tensors, path, err), tensors, path, out, err) : grm_fail_memory(err);
}

grm_status grm_tensors_read(const uint8_t *bytes, size_t size, const char *name, grm_tensors **out, grm_error *err) {
    *out = NULL;
    grm_tensors *tensors = make_tensors();
    return tensors ? deliver(read_file(tensors, name, bytes, size, err), tensors, name, out, err)
                   : grm_fail_memory(err);
}

void grm_tensors_free(grm_tensors *tensors) {
    if (!tensors) return;
    for (size_t i = 0; i < tensors->file_count; i++) munmap(tensors->files[i].start, tensors->files[i].size);
    grm_memory_free(tensors->memory);
    free(tensors->list);
    free(tensors);
}

const grm_tensor *grm_tensors_find(const grm_tensors *tensors, const char *name) {
    const grm_tensor key = {.name = name};
    return tensors->count ? bsearch(&key, tensors->list, tensors->count, sizeof key, by_name) : NULL;
}

size_t grm_tensors_count(const grm_tensors *tensors) {
    return tensors->count;
}

void grm_tensor_release(const grm_tensor *tensor) {
    enum { PAGE = 4096 };
    if (!tensor->mapped) return;
    uintptr_t begin = (uintptr_t)tensor->bytes, end = begin + tensor->count * (tensor->dtype == GRM_DTYPE_F32 ? 4 : 2);
    begin = (begin + PAGE - 1) / PAGE * PAGE;
    end = end / PAGE * PAGE;
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void grm_tensor_floats(const grm_tensor *tensor, size_t first, size_t count, float *out) {
    if (tensor->dtype == GRM_DTYPE_F32) {
        memcpy(out, tensor->bytes + 4 * first, 4 * count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, tensor->bytes + 2 * (first + i), sizeof half);
        out[i] = tensor->dtype == GRM_DTYPE_F16 ? grm_half_to_float(half) : grm_bfloat_to_float(half);
    }
}
