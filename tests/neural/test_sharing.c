// What opening a packed model does to memory: nothing is copied, steps read one run of it, and its pages are huge where
// the system has such for files.
#define _DEFAULT_SOURCE  // madvise
#include "../../tools/random_model.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>

#include "fixture.h"
#include "neural/model.h"

static const random_model model = {512, 4,   8,  2048, 256,   4,    1, 128, 2,     4, 32,
                                   256, 400, 16, 4,    false, true, 1, 0,   false, 0, 1};
static char path[] = "/tmp/grammy-sharing-XXXXXX";  // made by the first

// Kilobytes that a line of /proc/self/smaps gives for the mapping that `address` is in (NULL: of all of them together).
static size_t mapped_kb(const void *address, const char *line) {
    FILE *file = fopen(address ? "/proc/self/smaps" : "/proc/self/smaps_rollup", "r");
    unsigned long begin, end;
    char text[512];
    bool inside = !address;
    size_t found = SIZE_MAX, length = strlen(line);
    assert_non_null(file);
    while (fgets(text, sizeof text, file)) {
        if (address && sscanf(text, "%lx-%lx ", &begin, &end) == 2)
            inside = begin <= (uintptr_t)address && (uintptr_t)address < end;
        else if (inside && strncmp(text, line, length) == 0)
            found = strtoul(text + length, NULL, 10);
    }
    fclose(file);
    assert_true(found != SIZE_MAX);
    return found;
}

static int make_file(void **state) {
    char *folder = make_folder(), *tokenizer = golden_path("mono/tokenizer.json");
    grm_profile *profile = make_profile("2", "float32");
    grm_error err;
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    if (random_model_write(&model, folder, tokenizer, &err) ||
        grm_model_quantize(folder, GRM_FLOAT16, profile, NULL, path, &err))
        fail_msg("%s", err.message);
    grm_folder_remove(folder);
    grm_profile_free(profile);
    free(folder);
    free(tokenizer);
    return 0;
}

static int remove_file(void **state) {
    return unlink(path);
}

static void read_all(const grm_packed *packed) {
    for (size_t i = 0; i < grm_packed_count(packed); i++) {
        const grm_entry *e = grm_packed_entry(packed, i);
        const volatile uint8_t *bytes = grm_packed_bytes(packed, e);
        for (size_t k = 0; k < e->bytes; k += GRM_LINE) (void)bytes[k];
    }
}

static void opens_without_a_copy(void **state) {
    grm_profile *profile = make_profile("2", NULL);
    grm_model *opened;
    size_t before = mapped_kb(NULL, "Anonymous:");
    assert_int_equal(grm_model_open(path, profile, NULL, &opened, NULL), GRM_OK);
    read_all(opened->packed);
    size_t kb = grm_packed_size(opened->packed) / 1024;
    assert_true(kb > 20000);
    assert_in_range(mapped_kb(NULL, "Anonymous:"), 0, before + kb / 4);  // a sanitizer has its own for it
    const uint8_t *bytes = grm_packed_bytes(opened->packed, grm_packed_entry(opened->packed, 0));
    assert_in_range(mapped_kb(bytes, "Rss:"), kb - 64, kb + 4);
    assert_int_equal(mapped_kb(bytes, "Anonymous:"), 0);
    grm_model_free(opened);
    grm_profile_free(profile);
}

// Another mapping of the same file takes no more memory: each has half of it.
static void shares_its_pages(void **state) {
    grm_packed *one, *other;
    assert_int_equal(grm_packed_open(path, &one, NULL), GRM_OK);
    read_all(one);
    const uint8_t *bytes = grm_packed_bytes(one, grm_packed_entry(one, 0));
    size_t alone = mapped_kb(bytes, "Pss:");
    assert_int_equal(grm_packed_open(path, &other, NULL), GRM_OK);
    read_all(other);
    assert_in_range(mapped_kb(bytes, "Pss:"), alone / 2 - 64, alone / 2 + 64);
    grm_packed_free(one);
    grm_packed_free(other);
}

// What a text may absorb, then the rest: the first half of each layer's slices from the first layer to the last, then
// the second half; and the heads.
static void lays_what_steps_read_in_their_order(void **state) {
    enum { LAYERS = 4, CROSS = LAYERS * 2 * 4, REST = LAYERS * 4 * 4 };
    grm_packed *packed;
    size_t end = 0, matrices = 0;
    unsigned layer, slice;
    assert_int_equal(grm_packed_open(path, &packed, NULL), GRM_OK);
    for (size_t i = 0; i < grm_packed_count(packed); i++) {
        const grm_entry *e = grm_packed_entry(packed, i);
        if (!grm_entry_by_steps(e) || e->kind != GRM_ENTRY_MATRIX) continue;
        if (matrices) assert_in_range(e->offset, end, end + GRM_LINE - 1);
        bool cross = strstr(e->name, ".encoder_attn.") != NULL;
        if (sscanf(e->name, "decoder.model.decoder.layers.%u.%*[^/]/%u", &layer, &slice) == 2) {
            size_t place = cross ? matrices : matrices - CROSS, each = cross ? 4 : 8;  // of a layer's half
            assert_int_equal(cross, matrices < CROSS);
            assert_int_equal(slice / 2, place / (LAYERS * each));
            assert_int_equal(layer, place / each % LAYERS);
        } else {
            assert_int_equal(matrices, CROSS + REST);
        }
        matrices++;
        end = e->offset + e->bytes;
    }
    assert_int_equal(matrices, CROSS + REST + 1);
    for (size_t i = 0; i < grm_packed_count(packed); i++) {
        const grm_entry *e = grm_packed_entry(packed, i);
        if (!grm_entry_by_steps(e)) assert_true(e->offset + e->bytes <= end / GRM_HUGE_PAGE * GRM_HUGE_PAGE);
    }
    grm_packed_free(packed);
}

static void lets_go_of_what_ran_once(void **state) {
    grm_packed *packed;
    assert_int_equal(grm_packed_open(path, &packed, NULL), GRM_OK);
    read_all(packed);
    const uint8_t *bytes = grm_packed_bytes(packed, grm_packed_entry(packed, 0));
    size_t all = mapped_kb(bytes, "Rss:"), kept = 0;
    for (size_t i = 0; i < grm_packed_count(packed); i++)
        if (grm_entry_by_steps(grm_packed_entry(packed, i))) kept += grm_packed_entry(packed, i)->bytes / 1024;
    grm_packed_release(packed, "text_encoder.");
    grm_packed_release(packed, "audio_encoder.");
    grm_packed_release(packed, "embed_tokens.");
    grm_packed_release(packed, ".encoder_attn.k_proj.");
    grm_packed_release(packed, ".encoder_attn.v_proj.");
    // Around what is read in small pages, as tables are, the system may map a little more.
    assert_in_range(mapped_kb(bytes, "Rss:"), kept, kept + (all - kept) / 2);
    grm_packed_free(packed);
}

// Whether a file there that is written by huge pages is mapped by them.
static bool has_huge_files(void) {
    enum { PAGES = 4 };
    char name[] = "/tmp/grammy-huge-XXXXXX";
    uint8_t *page = calloc(1, GRM_HUGE_PAGE);
    int file = mkstemp(name);
    size_t kb = 0;
    assert_true(file >= 0 && page);
    for (int i = 0; i < PAGES; i++) assert_int_equal(write(file, page, GRM_HUGE_PAGE), GRM_HUGE_PAGE);
    volatile uint8_t *bytes = mmap(NULL, PAGES * GRM_HUGE_PAGE, PROT_READ, MAP_SHARED, file, 0);
    assert_true(bytes != MAP_FAILED);
#ifdef MADV_HUGEPAGE
    madvise((void *)bytes, PAGES * GRM_HUGE_PAGE, MADV_HUGEPAGE);
#endif
    for (size_t i = 0; i < PAGES; i++) kb += bytes[i * GRM_HUGE_PAGE];
    kb = mapped_kb((const void *)bytes, "FilePmdMapped:");
    munmap((void *)bytes, PAGES * GRM_HUGE_PAGE);
    close(file);
    unlink(name);
    free(page);
    return kb == PAGES * GRM_HUGE_PAGE / 1024;
}

static void keeps_steps_in_huge_pages(void **state) {
    if (!has_huge_files()) skip();
    grm_packed *packed;
    assert_int_equal(grm_packed_open(path, &packed, NULL), GRM_OK);
    read_all(packed);
    const uint8_t *bytes = grm_packed_bytes(packed, grm_packed_entry(packed, 0));
    assert_in_range(mapped_kb(bytes, "FilePmdMapped:"), grm_packed_size(packed) / 1024 * 7 / 10, SIZE_MAX);
    const grm_entry *first = NULL, *last = NULL;
    for (size_t i = 0; i < grm_packed_count(packed); i++)
        if (grm_entry_by_steps(last = grm_packed_entry(packed, i)) && !first) first = last;
    assert_non_null(first);
    double share = grm_huge_share(grm_packed_bytes(packed, first), last->offset + last->bytes - first->offset);
    assert_true(isnan(share) || share == 1);  // older systems do not say
    grm_packed_free(packed);
}

static void tells_small_pages_from_huge_ones(void **state) {
    enum { PAGES = 4 };
    uint8_t *memory = aligned_alloc(GRM_HUGE_PAGE, (size_t)PAGES * GRM_HUGE_PAGE);
    assert_non_null(memory);
#ifdef MADV_NOHUGEPAGE
    madvise(memory, (size_t)PAGES * GRM_HUGE_PAGE, MADV_NOHUGEPAGE);
#endif
    memset(memory, 1, (size_t)PAGES * GRM_HUGE_PAGE);
    double share = grm_huge_share(memory + 64, (size_t)PAGES * GRM_HUGE_PAGE - 64);
    assert_true(isnan(share) || share == 0);
    assert_true(isnan(grm_huge_share(memory + 64, GRM_HUGE_PAGE)));  // no whole one inside
    free(memory);
}

// Written piece by piece, and so kept by the system in small pages.
static void copy_to(const char *to) {
    enum { BLOCK = 1 << 16 };
    uint8_t *block = malloc(BLOCK);
    int in = open(path, O_RDONLY), out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(block && in >= 0 && out >= 0);
    for (ssize_t got; (got = read(in, block, BLOCK)) > 0;) assert_int_equal(write(out, block, (size_t)got), got);
    assert_int_equal(fsync(out), 0);
    close(in);
    close(out);
    free(block);
}

static void renews_what_a_copy_left_in_small_pages(void **state) {
    grm_packed *packed;
    if (!has_huge_files()) skip();
    char *copy = make_folder(), *copied = grm_path_join(copy, "copied.grm");
    assert_non_null(copied);
    copy_to(copied);
    assert_int_equal(grm_packed_open(copied, &packed, NULL), GRM_OK);
    read_all(packed);
    const uint8_t *bytes = grm_packed_bytes(packed, grm_packed_entry(packed, 0));
    assert_in_range(mapped_kb(bytes, "FilePmdMapped:"), grm_packed_size(packed) / 1024 * 7 / 10, SIZE_MAX);
    grm_packed_free(packed);
    grm_folder_remove(copy);
    free(copy);
    free(copied);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_without_a_copy),
        cmocka_unit_test(shares_its_pages),
        cmocka_unit_test(lays_what_steps_read_in_their_order),
        cmocka_unit_test(lets_go_of_what_ran_once),
        cmocka_unit_test(keeps_steps_in_huge_pages),
        cmocka_unit_test(tells_small_pages_from_huge_ones),
        cmocka_unit_test(renews_what_a_copy_left_in_small_pages),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
