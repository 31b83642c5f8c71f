// Whole files, read with a limit and written so that a reader never sees half of one.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

static bool is_standard(const char *path) {
    return strcmp(path, "-") == 0;
}

// ---- reading ----

static grm_status read_all(int file, const char *name, size_t limit, uint8_t **bytes, size_t *size, grm_error *err) {
    struct stat info;
    size_t capacity = 65536;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 && (uintmax_t)info.st_size < SIZE_MAX / 2)
        capacity = (size_t)info.st_size;
    if (capacity > limit) capacity = limit;

    size_t length = 0;
    uint8_t *buffer = malloc(capacity + 2);
    if (!buffer) return grm_fail_memory(err);
    for (;;) {
        // One byte more than fits, so that the end of the file is seen, or the limit.
        ssize_t got = read(file, buffer + length, capacity + 1 - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            int problem = errno;
            free(buffer);
            return grm_fail(err, GRM_BAD_INPUT, "cannot read '%s': %s", name, strerror(problem));
        }
        length += (size_t)got;
        if (got == 0) break;
        if (length <= capacity) continue;
        if (capacity == limit) {
            free(buffer);
            return grm_fail(err, GRM_BAD_INPUT, "'%s' is longer than %zu bytes, the most that is read", name, limit);
        }
        capacity = capacity < limit / 2 ? capacity * 2 : limit;
        uint8_t *larger = realloc(buffer, capacity + 2);
        if (!larger) {
            free(buffer);
            return grm_fail_memory(err);
        }
        buffer = larger;
    }
    buffer[length] = 0;
    *bytes = buffer;
    *size = length;
    return GRM_OK;
}

grm_status grm_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *size, grm_error *err) {
    *bytes = NULL;
    *size = 0;
    if (limit > SIZE_MAX / 2) limit = SIZE_MAX / 2;
    if (is_standard(path)) return read_all(STDIN_FILENO, "standard input", limit, bytes, size, err);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return grm_fail(err, GRM_BAD_INPUT, "cannot open '%s': %s", path, strerror(errno));
    grm_status status = read_all(file, path, limit, bytes, size, err);
    close(file);
    return status;
}

grm_status grm_file_read_regular(const char *path, size_t limit, uint8_t **bytes, size_t *size, grm_error *err) {
    struct stat info;
    *bytes = NULL;
    *size = 0;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is no regular file", path);
    return grm_file_read(path, limit, bytes, size, err);
}

// ---- writing ----

// Where a link leads; a name that is none, or leads nowhere, as it is. free().
static char *follow_links(const char *path) {
    char *target = realpath(path, NULL);
    return target ? target : strdup(path);
}

// A pipe, a device: written as it is, since renaming over it would replace it.
static bool is_special(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

// "folder/.name.1f2e3d4c.part", new and empty. Names are tried until one is free.
static int create_beside(const char *path, char **name) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    int folder = (int)(base - path), file = -1;
    size_t size = strlen(path) + 32;
    *name = malloc(size);
    if (!*name) return -1;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mark = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 20;
    for (int attempt = 0; attempt < 100 && file < 0; attempt++) {
        mark = mark * 6364136223846793005u + 1442695040888963407u;
        // A long name is cut: the temporary one must fit a directory entry too.
        snprintf(*name, size, "%.*s.%.200s.%08" PRIx32 ".part", folder, path, base, (uint32_t)(mark >> 32));
        file = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file < 0 && errno != EEXIST) break;
    }
    return file;
}

static grm_status begin(const char *path, char **temporary, int *file, grm_error *err) {
    *temporary = NULL;
    *file = -1;
    size_t length = strlen(path);
    struct stat info;
    if (length == 0 || path[length - 1] == '/' || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return grm_fail(err, GRM_FAILED, "cannot write '%s': it names a folder, not a file", path);

    char *target = follow_links(path);
    if (!target) return grm_fail_memory(err);
    if (is_special(target)) {
        *temporary = strdup(target);
        if (*temporary) *file = open(target, O_WRONLY | O_CLOEXEC);
    } else {
        *file = create_beside(target, temporary);
    }
    int problem = errno;
    free(target);
    if (!*temporary) return grm_fail_memory(err);
    if (*file >= 0) return GRM_OK;
    free(*temporary);
    *temporary = NULL;
    return grm_fail(err, GRM_FAILED, "cannot write '%s': %s", path, strerror(problem));
}

grm_status grm_file_begin(const char *path, char **temporary, grm_error *err) {
    int file;
    grm_status status = begin(path, temporary, &file, err);
    if (file >= 0) close(file);
    return status;
}

grm_status grm_file_commit(char *temporary, const char *path, grm_error *err) {
    if (is_special(temporary)) {
        free(temporary);
        return GRM_OK;
    }
    char *target = follow_links(path);
    if (!target) {
        grm_file_discard(temporary);
        return grm_fail_memory(err);
    }
    int failed = rename(temporary, target), problem = errno;
    free(target);
    if (failed) {
        grm_file_discard(temporary);
        return grm_fail(err, GRM_FAILED, "cannot write '%s': %s", path, strerror(problem));
    }
    free(temporary);
    return GRM_OK;
}

void grm_file_discard(char *temporary) {
    if (!temporary) return;
    if (!is_special(temporary)) unlink(temporary);
    free(temporary);
}

static grm_status write_all(int file, const char *name, const void *bytes, size_t size, grm_error *err) {
    const uint8_t *next = bytes;
    while (size > 0) {
        ssize_t put = write(file, next, size < SSIZE_MAX ? size : SSIZE_MAX);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return grm_fail(err, GRM_FAILED, "cannot write '%s': %s", name, strerror(errno));
        next += put;
        size -= (size_t)put;
    }
    return GRM_OK;
}

grm_status grm_file_write(const char *path, const void *bytes, size_t size, grm_error *err) {
    if (is_standard(path)) return write_all(STDOUT_FILENO, "standard output", bytes, size, err);
    char *temporary;
    int file;
    grm_status status = begin(path, &temporary, &file, err);
    if (status != GRM_OK) return status;
    status = write_all(file, path, bytes, size, err);
    if (close(file) != 0 && status == GRM_OK)
        status = grm_fail(err, GRM_FAILED, "cannot write '%s': %s", path, strerror(errno));
    if (status == GRM_OK) return grm_file_commit(temporary, path, err);
    grm_file_discard(temporary);
    return status;
}
