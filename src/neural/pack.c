// From a plan and a folder's tensors to a packed model.
#define _DEFAULT_SOURCE  // madvise
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "neural/halves.h"
#include "neural/plan.h"

typedef struct pack_job {
    const grm_packing *packing;
    grm_planned *list;  // the plan's, with places
    uint8_t *bytes;     // of the whole, zeroed
    size_t offset, tokenizer_offset;
    atomic_size_t wrong, done;  // the first entry that failed; how many are packed
    atomic_bool out_of_memory, cancelled;
} pack_job;

// ---- one entry ----

static void copy_rows(const grm_planned *p, float *weights) {
    size_t in = p->entry.in, place = 0;
    for (size_t row = p->first_row; place < p->entry.out; row += p->piece)
        for (size_t i = 0; i < p->from_count; i++)
            for (size_t k = 0; k < p->piece; k++, place++)
                grm_tensor_floats(p->from[i], (row + k) * p->row + p->first_column, in, weights + place * in);
}

// Weight norm (Salimans and Kingma 2016): w = g v / |v|, the norm over all axes but the first.
static void norm_rows(const grm_planned *p, size_t first, size_t rest, float *raw) {
    grm_tensor_floats(p->from[0], 0, first * rest, raw);
    for (size_t i = 0; i < first; i++) {
        double squares = 0;
        float length;
        grm_tensor_floats(p->from[1], i, 1, &length);
        for (size_t k = 0; k < rest; k++) squares += (double)raw[i * rest + k] * (double)raw[i * rest + k];
        float factor = squares > 0 ? (float)((double)length / sqrt(squares)) : 0;
        for (size_t k = 0; k < rest; k++) raw[i * rest + k] *= factor;
    }
}

static void turn_convolution(const grm_planned *p, float *raw, float *weights) {
    size_t out = p->entry.out, kernel = p->kernel, in = p->entry.in / kernel;
    norm_rows(p, out, kernel * in, raw);
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++)
            for (size_t k = 0; k < kernel; k++) weights[(o * kernel + k) * in + i] = raw[(o * in + i) * kernel + k];
}

static void turn_transposed(const grm_planned *p, float *raw, float *weights) {
    size_t in = p->entry.in, kernel = p->kernel, out = p->entry.out / kernel;
    norm_rows(p, in, out * kernel, raw);
    for (size_t i = 0; i < in; i++)
        for (size_t o = 0; o < out; o++)
            for (size_t k = 0; k < kernel; k++) weights[(k * out + o) * in + i] = raw[(i * out + o) * kernel + k];
}

static bool all_finite(const float *weights, size_t count) {
    float zero = 0;
    for (size_t i = 0; i < count; i++) zero += weights[i] * 0;
    return zero == 0;
}

static void write_table(const grm_planned *p, const float *weights, uint8_t *to) {
    size_t count = p->entry.out * p->entry.in;
    if (p->entry.precision == GRM_FLOAT32) {
        memcpy(to, weights, count * sizeof *weights);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t half = grm_float_to_half(weights[i]);
        memcpy(to + 2 * i, &half, sizeof half);
    }
}

static int power_of(float x) {
    int power;
    frexpf(x, &power);
    return power - 1;
}

// columns: room for [2 * in] factors.
static void write_matrix(grm_planned *p, const float *weights, float *columns, uint8_t *to) {
    grm_entry *e = &p->entry;
    size_t columns_bytes = grm_entry_columns(e->precision, e->in);
    if (!columns_bytes) columns = NULL;
    grm_matrix_survey look = grm_matrix_look(e->precision, e->out, e->in, weights, columns);
    e->unit_power = power_of(look.unit);
    e->uneven = look.uneven;
    for (size_t i = 0; i < e->in && columns; i++) to[i] = (uint8_t)power_of(columns[i]);
    grm_matrix_pack(e->precision, e->out, e->in, weights, look.unit, columns, 0, grm_matrix_panels(e->out),
                    to + columns_bytes);
}

static void pack_entry(void *context, size_t index) {
    pack_job *job = context;
    grm_planned *p = &job->list[index];
    grm_entry *e = &p->entry;
    if (grm_run_check(&job->packing->run, NULL)) atomic_store(&job->cancelled, true);
    if (atomic_load(&job->cancelled)) return;
    size_t count = e->out * e->in;
    float *weights = malloc(count * sizeof *weights), *columns = malloc(2 * e->in * sizeof *columns);
    float *raw = p->recipe == GRM_RECIPE_ROWS ? NULL : malloc(count * sizeof *raw);
    if (!weights || !columns || (p->recipe != GRM_RECIPE_ROWS && !raw)) {
        atomic_store(&job->out_of_memory, true);
        goto done;
    }
    if (p->recipe == GRM_RECIPE_ROWS)
        copy_rows(p, weights);
    else if (p->recipe == GRM_RECIPE_CONVOLUTION)
        turn_convolution(p, raw, weights);
    else
        turn_transposed(p, raw, weights);
    for (size_t i = 0; i < p->from_count; i++) grm_tensor_release(p->from[i]);
    if (!all_finite(weights, count)) {
        size_t first = atomic_load(&job->wrong);
        while (index < first && !atomic_compare_exchange_weak(&job->wrong, &first, index)) continue;
        goto done;
    }
    if (e->kind == GRM_ENTRY_TABLE)
        write_table(p, weights, job->bytes + e->offset);
    else
        write_matrix(p, weights, columns, job->bytes + e->offset);
    grm_sha256_hex(job->bytes + e->offset, e->bytes, e->digest);
    size_t so_far = atomic_fetch_add(&job->done, 1) + 1;
    if (job->packing->tell)
        grm_progress_step(job->packing->run.progress, 0, (double)so_far / (double)job->packing->plan->count);
done:
    free(weights);
    free(columns);
    free(raw);
}

// ---- the whole ----

static json_t *describe(const grm_entry *e) {
    static const char *const kinds[] = {"table", "matrix"};
    return json_pack("{s:s, s:s, s:s, s:[I,I], s:I, s:I, s:i, s:b, s:s}", "name", e->name, "kind", kinds[e->kind],
                     "precision", grm_precision_name(e->precision), "shape", (json_int_t)e->out, (json_int_t)e->in,
                     "offset", (json_int_t)e->offset, "bytes", (json_int_t)e->bytes, "unit_power", e->unit_power,
                     "uneven", e->uneven, "sha256", e->digest);
}

static char *make_directory(const pack_job *job, bool final) {
    const grm_packing *packing = job->packing;
    char digest[65] = "0000000000000000000000000000000000000000000000000000000000000000";
    if (final) grm_sha256_hex(packing->tokenizer, packing->tokenizer_size, digest);
    json_t *list = json_array();
    for (size_t i = 0; i < packing->plan->count && list; i++)
        json_array_append_new(list, describe(&job->list[i].entry));
    json_t *root =
        json_pack("{s:s, s:s?, s:O, s:O?, s:{s:I, s:I, s:s}, s:o}", "precision", grm_precision_name(packing->precision),
                  "licence", packing->licence, "config", packing->config, "generation", packing->generation,
                  "tokenizer", "offset", (json_int_t)job->tokenizer_offset, "bytes",
                  (json_int_t)packing->tokenizer_size, "sha256", digest, "entries", list);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

// Large entries begin at pages, so that each can be let go of. What steps read lies together in the order in which
// it was planned, so that a thread which goes from one matrix to the next goes on with its stream; its tables stand
// before.
static size_t place_entries(pack_job *job) {
    size_t at = GRM_PACKED_HEADER, count = job->packing->plan->count, by_steps = 0;
    for (size_t i = 0; i < count; i++) {
        grm_entry *e = &job->list[i].entry;
        if (grm_entry_by_steps(e)) {
            by_steps += e->bytes;
            continue;
        }
        at = grm_round_up(at, e->bytes >= 16 * GRM_PACKED_PAGE ? GRM_PACKED_PAGE : GRM_LINE);
        e->offset = at;
        at += e->bytes;
    }
    at = grm_round_up(at, by_steps >= 4 * GRM_HUGE_PAGE ? GRM_HUGE_PAGE : GRM_LINE);
    for (int kind = GRM_ENTRY_TABLE; kind <= GRM_ENTRY_MATRIX; kind++)
        for (size_t i = 0; i < count; i++) {
            grm_entry *e = &job->list[i].entry;
            if (!grm_entry_by_steps(e) || e->kind != (grm_entry_kind)kind) continue;
            at = grm_round_up(at, GRM_LINE);
            e->offset = at;
            at += e->bytes;
        }
    job->tokenizer_offset = grm_round_up(at, GRM_LINE);
    return job->tokenizer_offset + job->packing->tokenizer_size;
}

static void write_u64(uint8_t *to, uint64_t value) {
    for (size_t i = 0; i < 8; i++) to[i] = (uint8_t)(value >> 8 * i);
}

static void write_header(uint8_t *to, size_t offset, size_t size) {
    char hex[65];
    memcpy(to, "GRMMODEL", 8);
    to[8] = GRM_PACKED_FORMAT;
    write_u64(to + 16, offset);
    write_u64(to + 24, size);
    grm_sha256_hex(to + offset, size, hex);
    for (size_t i = 0; i < 32; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        to[32 + i] = (uint8_t)byte;
    }
}

static uint8_t *make_room(int file, size_t size) {
    void *bytes = file < 0 ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                           : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE  // of a file, too: what is written to huge pages stays in them for whoever opens it
    madvise(bytes, size, MADV_HUGEPAGE);
#endif
    return bytes;
}

// Digits of offsets and powers may make the directory longer than it was planned; this is more than they can.
static size_t spare(const pack_job *job) {
    return 64 * job->packing->plan->count + 4096;
}

static grm_status fill(pack_job *job, size_t data, size_t room, size_t *size, grm_error *err) {
    const grm_packing *packing = job->packing;
    memcpy(job->bytes + job->tokenizer_offset, packing->tokenizer, packing->tokenizer_size);
    grm_pool_run(packing->run.pool, packing->plan->count, pack_entry, job);
    if (atomic_load(&job->cancelled)) return grm_run_check(&packing->run, err);
    if (atomic_load(&job->out_of_memory)) return grm_fail_memory(err);
    size_t wrong = atomic_load(&job->wrong);
    if (wrong < packing->plan->count)
        return grm_fail(err, GRM_BAD_INPUT, "%s of '%s' holds weights that are no finite numbers",
                        job->list[wrong].entry.name, packing->name);
    char *directory = make_directory(job, true);
    if (!directory) return grm_fail_memory(err);
    size_t length = strlen(directory);
    bool fits = data + length <= room;
    if (fits) {
        memcpy(job->bytes + data, directory, length);
        write_header(job->bytes, data, length);
        *size = data + length;
    }
    free(directory);
    return fits ? GRM_OK : grm_fail(err, GRM_FAILED, "'%s' needs a directory larger than planned", packing->name);
}

static grm_status pack_file(pack_job *job, size_t data, size_t room, grm_error *err) {
    char *temporary = NULL;
    size_t size = 0;
    grm_status status = grm_file_begin(job->packing->path, &temporary, err);
    if (status) return status;
    int file = open(temporary, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    // The space is taken first, since a full disk would be a signal and not an error later.
    if (file < 0 || posix_fallocate(file, 0, (off_t)room) != 0 || !(job->bytes = make_room(file, room)))
        status = grm_fail(err, GRM_FAILED, "cannot write '%s': it needs %zu MB", job->packing->path, (room >> 20) + 1);
    if (!status) status = fill(job, data, room, &size, err);
    if (job->bytes) munmap(job->bytes, room);
    if (!status && ftruncate(file, (off_t)size) != 0)
        status = grm_fail(err, GRM_FAILED, "cannot write '%s'", job->packing->path);
    if (file >= 0 && close(file) != 0 && !status)
        status = grm_fail(err, GRM_FAILED, "cannot write '%s'", job->packing->path);
    if (!status) return grm_file_commit(temporary, job->packing->path, err);
    grm_file_discard(temporary);
    return status;
}

static grm_status pack_memory(pack_job *job, size_t data, size_t room, grm_packed **out, grm_error *err) {
    size_t size = 0;
    job->bytes = make_room(-1, room);
    if (!job->bytes) return grm_fail_memory(err);
    grm_status status = fill(job, data, room, &size, err);
    // All of the room belongs to the mapping; what lies behind the directory stays zero.
    if (!status) status = grm_packed_read(job->bytes, room, true, job->packing->name, out, err);
    if (status) munmap(job->bytes, room);
    return status;
}

grm_status grm_weights_pack(const grm_packing *packing, grm_packed **out, grm_error *err) {
    if (out) *out = NULL;
    pack_job job = {.packing = packing, .list = packing->plan->list};
    atomic_init(&job.wrong, SIZE_MAX);
    atomic_init(&job.done, 0);
    atomic_init(&job.out_of_memory, false);
    atomic_init(&job.cancelled, false);
    size_t data = place_entries(&job);
    char *draft = make_directory(&job, false);
    if (!draft) return grm_fail_memory(err);
    size_t room = data + strlen(draft) + spare(&job);
    free(draft);
    return packing->path ? pack_file(&job, data, room, err) : pack_memory(&job, data, room, out, err);
}
