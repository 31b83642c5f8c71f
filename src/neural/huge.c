#define _DEFAULT_SOURCE  // madvise, mincore
#include "neural/huge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/base.h"

void *grm_huge_take(size_t bytes) {
    enum { LINE = 64, WORTH = 1 << 18 };
    if (bytes > SIZE_MAX - GRM_HUGE_PAGE) return NULL;
    size_t page = bytes < WORTH ? LINE : GRM_HUGE_PAGE;
    bytes = grm_round_up(bytes, page);
    void *memory = aligned_alloc(page, bytes);
    if (!memory || page < GRM_HUGE_PAGE) return memory ? memset(memory, 0, bytes) : NULL;
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE);
#endif
#ifdef __linux__  // where memory of one's own that was given back is zero when it is next used, and not there before
    if (madvise(memory, bytes, MADV_DONTNEED) == 0) return memory;
#endif
    return memset(memory, 0, bytes);
}

#ifdef __linux__
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Pages by what they are (linux/fs.h from 6.7 on, where files' huge pages are older only on XFS).
typedef struct region {
    uint64_t begin, end, categories;
} region;
typedef struct scan {
    uint64_t size, flags, begin, end, walked, regions, count, most, inverted, all, any, wanted;
} scan;
#define SCAN _IOWR('f', 16, scan)
#define IS_HUGE ((uint64_t)1 << 6)

typedef enum piece { ABSENT, SMALL, HUGE } piece;

static bool is_cached(const uint8_t *page) {
    unsigned char there = 0;
    return mincore((void *)(uintptr_t)page, 1, &there) == 0 && (there & 1);
}

static void touch(const uint8_t *page) {
    (void)*(const volatile uint8_t *)page;
}

// What the `count` pieces from `first` are, of those that are cached. False: the system does not say.
static bool look(int pagemap, const uint8_t *first, size_t count, piece *pieces, region *regions) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *page = first + i * GRM_HUGE_PAGE;
        pieces[i] = is_cached(page) ? SMALL : ABSENT;
        if (pieces[i] == SMALL) touch(page);
    }
    scan all = {.size = sizeof all,
                .begin = (uintptr_t)first,
                .end = (uintptr_t)first + count * GRM_HUGE_PAGE,
                .regions = (uintptr_t)regions,
                .count = count,
                .all = IS_HUGE,
                .wanted = IS_HUGE};
    long found = ioctl(pagemap, SCAN, &all);
    for (long r = 0; r < found; r++)
        for (uint64_t at = regions[r].begin; at < regions[r].end; at += GRM_HUGE_PAGE)
            pieces[(at - (uintptr_t)first) / GRM_HUGE_PAGE] = HUGE;
    return found >= 0;
}

static void drop(int file, const uint8_t *bytes, const uint8_t *page) {
    madvise((void *)(uintptr_t)page, GRM_HUGE_PAGE, MADV_DONTNEED);
    posix_fadvise(file, page - bytes, GRM_HUGE_PAGE, POSIX_FADV_DONTNEED);
}

static void renew(int file, int pagemap, const uint8_t *bytes, const uint8_t *first, size_t count, piece *pieces,
                  region *regions) {
    bool tried = false;
    if (!look(pagemap, first, count, pieces, regions)) return;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *page = first + i * GRM_HUGE_PAGE;
        piece now = ABSENT;
        if (pieces[i] != SMALL) continue;
        drop(file, bytes, page);
        if (tried) continue;
        if (is_cached(page)) return;
        touch(page);
        if (!look(pagemap, page, 1, &now, regions) || now != HUGE) return;
        tried = true;
    }
}

void grm_huge_renew(int file, const uint8_t *bytes, size_t begin, size_t end) {
    enum { WORTH = 4 };
    begin = (begin + GRM_HUGE_PAGE - 1) / GRM_HUGE_PAGE * GRM_HUGE_PAGE;
    size_t count = end > begin ? (end - begin) / GRM_HUGE_PAGE : 0;
    if (count < WORTH || (uintptr_t)bytes % GRM_HUGE_PAGE) return;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    piece *pieces = malloc(count * sizeof *pieces);
    region *regions = malloc(count * sizeof *regions);
    if (pagemap >= 0 && pieces && regions) renew(file, pagemap, bytes, bytes + begin, count, pieces, regions);
    if (pagemap >= 0) close(pagemap);
    free(pieces);
    free(regions);
}

double grm_huge_share(const uint8_t *bytes, size_t size) {
    size_t skip = (GRM_HUGE_PAGE - (uintptr_t)bytes % GRM_HUGE_PAGE) % GRM_HUGE_PAGE, huge = 0;
    size_t count = size > skip ? (size - skip) / GRM_HUGE_PAGE : 0;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    piece *pieces = calloc(count + 1, sizeof *pieces);
    region *regions = calloc(count + 1, sizeof *regions);
    bool known = count && pagemap >= 0 && pieces && regions && look(pagemap, bytes + skip, count, pieces, regions);
    for (size_t i = 0; i < count && known; i++) huge += pieces[i] == HUGE;
    if (pagemap >= 0) close(pagemap);
    free(pieces);
    free(regions);
    return known ? (double)huge / (double)count : NAN;
}
#else
void grm_huge_renew(int file, const uint8_t *bytes, size_t begin, size_t end) {
    (void)file, (void)bytes, (void)begin, (void)end;
}

double grm_huge_share(const uint8_t *bytes, size_t size) {
    (void)bytes, (void)size;
    return NAN;
}
#endif
