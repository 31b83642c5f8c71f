#include "neural/tokenizer.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "neural/charsmap.h"

// One piece of the vocabulary, or an added token.
typedef struct piece {
    const char *bytes;
    size_t size;
    uint32_t id;
    double score;
} piece;

struct grm_tokenizer {
    grm_memory *memory;
    grm_charsmap charsmap;
    size_t piece_count, added_count;
    piece *pieces;  // sorted by bytes
    piece *added;   // longest first
    uint32_t unknown_id, end_id;
    double unknown_score;
    size_t size;
};

static const char METASPACE[] = "\xe2\x96\x81";  // U+2581
enum { METASPACE_SIZE = 3, MAX_PIECES = 1 << 20, MAX_TEXT = 1 << 20 };

// ---- reading ----

static int by_bytes(const void *a, const void *b) {
    const piece *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->size < y->size ? x->size : y->size);
    if (order) return order;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_length(const void *a, const void *b) {
    const piece *x = a, *y = b;
    return x->size == y->size ? by_bytes(a, b) : x->size > y->size ? -1 : 1;
}

static bool keep_bytes(grm_tokenizer *t, const json_t *text, piece *out) {
    out->size = json_string_length(text);
    char *copy = grm_memory_take(t->memory, out->size + 1, 1);
    if (copy) memcpy(copy, json_string_value(text), out->size);
    out->bytes = copy;
    return copy != NULL;
}

static grm_status read_pieces(grm_tokenizer *t, const json_t *model, const char *name, grm_error *err) {
    const json_t *type = json_object_get(model, "type"), *list = json_object_get(model, "vocab");
    if (type && (!json_is_string(type) || strcmp(json_string_value(type), "Unigram") != 0))
        return grm_fail(err, GRM_BAD_INPUT, "'%s' is no unigram model", name);
    size_t count = json_array_size(list);
    if (!count || count > MAX_PIECES)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has a vocabulary of %zu pieces; 1 to %d are read", name, count,
                        MAX_PIECES);
    t->pieces = grm_memory_take(t->memory, count, sizeof *t->pieces);
    if (!t->pieces) return grm_fail_memory(err);
    double least = INFINITY;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i), *text = json_array_get(entry, 0),
                     *score = json_array_get(entry, 1);
        piece *p = &t->pieces[i];
        if (!json_is_string(text) || !json_is_number(score))
            return grm_fail(err, GRM_BAD_INPUT, "'%s': piece %zu of the vocabulary has no text or no score", name, i);
        p->id = (uint32_t)i;
        p->score = json_number_value(score);
        if (!keep_bytes(t, text, p)) return grm_fail_memory(err);
        least = fmin(least, p->score);
    }
    t->piece_count = t->size = count;
    t->unknown_score = least - 10;
    qsort(t->pieces, count, sizeof *t->pieces, by_bytes);
    const json_t *unknown = json_object_get(model, "unk_id");
    if (!json_is_integer(unknown) || json_integer_value(unknown) < 0 || (size_t)json_integer_value(unknown) >= count)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' names no unknown token (unk_id)", name);
    t->unknown_id = (uint32_t)json_integer_value(unknown);
    return GRM_OK;
}

static grm_status read_added(grm_tokenizer *t, const json_t *list, const char *name, grm_error *err) {
    size_t count = json_array_size(list);
    if (count > MAX_PIECES) return grm_fail(err, GRM_BAD_INPUT, "'%s' has %zu added tokens", name, count);
    t->added = grm_memory_take(t->memory, count + 1, sizeof *t->added);
    if (!t->added) return grm_fail_memory(err);
    bool end = false;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i), *text = json_object_get(entry, "content");
        const json_t *id = json_object_get(entry, "id");
        if (!json_is_string(text) || !json_string_length(text) || !json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) > MAX_PIECES)
            return grm_fail(err, GRM_BAD_INPUT, "'%s': added token %zu has no text or no id", name, i);
        piece *p = &t->added[t->added_count++];
        p->id = (uint32_t)json_integer_value(id);
        if (p->id >= t->size) t->size = p->id + 1;
        if (!keep_bytes(t, text, p)) return grm_fail_memory(err);
        if (p->size == 4 && memcmp(p->bytes, "</s>", 4) == 0) {
            t->end_id = p->id;
            end = true;
        }
    }
    if (!end) return grm_fail(err, GRM_BAD_INPUT, "'%s' has no end token </s>", name);
    qsort(t->added, t->added_count, sizeof *t->added, by_length);
    return GRM_OK;
}

static bool is_type(const json_t *section, const char *type) {
    const char *have = json_string_value(json_object_get(section, "type"));
    return have && strcmp(have, type) == 0;
}

// The section itself, or the member of its sequence, of that type.
static const json_t *find_type(const json_t *section, const char *members, const char *type) {
    if (is_type(section, type)) return section;
    const json_t *list = json_object_get(section, members);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (is_type(json_array_get(list, i), type)) return json_array_get(list, i);
    return NULL;
}

// Both spellings of the metaspace mean the same: a leading one before every word.
static grm_status check_splitting(const json_t *section, const char *name, grm_error *err) {
    const json_t *metaspace = find_type(section, "pretokenizers", "Metaspace");
    const char *scheme = json_string_value(json_object_get(metaspace, "prepend_scheme"));
    const json_t *old = json_object_get(metaspace, "add_prefix_space");
    const char *mark = json_string_value(json_object_get(metaspace, "replacement"));
    bool always = scheme ? strcmp(scheme, "always") == 0 : json_is_true(old);
    if (!find_type(section, "pretokenizers", "WhitespaceSplit") || !metaspace || !always ||
        (mark && strcmp(mark, METASPACE) != 0))
        return grm_fail(err, GRM_BAD_INPUT,
                        "'%s' does not split at white space with a leading metaspace, as T5's tokenizer does", name);
    return GRM_OK;
}

static grm_status read_tokenizer(grm_tokenizer *t, const json_t *root, const char *name, grm_error *err) {
    const json_t *normalizer = find_type(json_object_get(root, "normalizer"), "normalizers", "Precompiled");
    const char *charsmap = json_string_value(json_object_get(normalizer, "precompiled_charsmap"));
    if (!charsmap)
        return grm_fail(err, GRM_BAD_INPUT, "'%s' has no precompiled normaliser, as T5's tokenizer has", name);
    grm_status status = check_splitting(json_object_get(root, "pre_tokenizer"), name, err);
    if (!status) status = grm_charsmap_read(charsmap, &t->charsmap, err);
    if (!status) status = read_pieces(t, json_object_get(root, "model"), name, err);
    if (!status) status = read_added(t, json_object_get(root, "added_tokens"), name, err);
    return status;
}

grm_status grm_tokenizer_new(const uint8_t *bytes, size_t size, const char *name, grm_tokenizer **out, grm_error *err) {
    *out = NULL;
    json_error_t problem;
    json_t *root = json_loadb((const char *)bytes, size, 0, &problem);
    if (!root) return grm_fail(err, GRM_BAD_INPUT, "'%s' is broken in line %d: %s", name, problem.line, problem.text);
    grm_status status = GRM_OK;
    grm_tokenizer *t = calloc(1, sizeof *t);
    if (!t || !(t->memory = grm_memory_new())) status = grm_fail_memory(err);
    if (!status) status = read_tokenizer(t, root, name, err);
    json_decref(root);
    if (status)
        grm_tokenizer_free(t);
    else
        *out = t;
    return status;
}

void grm_tokenizer_free(grm_tokenizer *tokenizer) {
    if (!tokenizer) return;
    grm_charsmap_clear(&tokenizer->charsmap);
    grm_memory_free(tokenizer->memory);
    free(tokenizer);
}

size_t grm_tokenizer_size(const grm_tokenizer *tokenizer) {
    return tokenizer->size;
}

// ---- encoding ----

typedef struct id_list {
    uint32_t *ids;
    size_t count, capacity;
} id_list;

static bool add_id(id_list *list, uint32_t id) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        uint32_t *larger = realloc(list->ids, capacity * sizeof *larger);
        if (!larger) return false;
        list->ids = larger;
        list->capacity = capacity;
    }
    list->ids[list->count++] = id;
    return true;
}

static size_t character_size(const char *bytes, size_t size) {
    utf8proc_int32_t character;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)size, &character);
    return length < 1 ? 1 : (size_t)length;
}

// Pieces whose byte `at` is `byte`, among [*low, *high), which agree in all bytes before.
static void narrow(const grm_tokenizer *t, size_t at, unsigned char byte, size_t *low, size_t *high) {
    size_t a = *low, b = *high;
    while (a < b) {  // the first that is not below
        size_t middle = a + (b - a) / 2;
        const piece *p = &t->pieces[middle];
        if (p->size <= at || (unsigned char)p->bytes[at] < byte)
            a = middle + 1;
        else
            b = middle;
    }
    size_t first = a;
    b = *high;
    while (a < b) {  // the first that is above
        size_t middle = a + (b - a) / 2;
        if ((unsigned char)t->pieces[middle].bytes[at] <= byte)
            a = middle + 1;
        else
            b = middle;
    }
    *low = first;
    *high = a;
}

// Where the best path to a place of the word comes from.
typedef struct step {
    double score;
    size_t from;
    uint32_t id;
    bool reached, known;
} step;

static void offer(step *to, size_t from, double score, uint32_t id, bool known) {
    if (to->reached && score <= to->score) return;
    *to = (step){score, from, id, true, known};
}

static void offer_pieces(const grm_tokenizer *t, const char *word, size_t size, size_t start, step *steps) {
    size_t low = 0, high = t->piece_count, first = character_size(word + start, size - start);
    bool single = false;
    for (size_t i = start; i < size && low < high; i++) {
        size_t length = i - start + 1;
        narrow(t, length - 1, (unsigned char)word[i], &low, &high);
        // Of pieces that are written alike the last one counts; longer ones stand behind it.
        const piece *found = NULL;
        for (size_t k = low; k < high && t->pieces[k].size == length; k++) found = &t->pieces[k];
        if (!found) continue;
        offer(&steps[start + length], start, steps[start].score + found->score, found->id, true);
        single = single || length == first;
    }
    if (!single) offer(&steps[start + first], start, steps[start].score + t->unknown_score, t->unknown_id, false);
}

// The likeliest way to cut a word into pieces; unknown characters side by side become one token.
static bool encode_word(const grm_tokenizer *t, const char *word, size_t size, id_list *out) {
    step *steps = calloc(size + 1, sizeof *steps);
    if (!steps) return false;
    steps[0].reached = true;
    for (size_t i = 0; i < size; i += character_size(word + i, size - i))
        if (steps[i].reached) offer_pieces(t, word, size, i, steps);
    size_t first = out->count;
    bool fine = true, known = true;
    for (size_t at = size; at > 0 && fine; at = steps[at].from) {
        if (steps[at].known || known) fine = add_id(out, steps[at].id);
        known = steps[at].known;
    }
    if (fine)
        for (size_t a = first, b = out->count; a + 1 < b; a++) {
            uint32_t id = out->ids[a];
            out->ids[a] = out->ids[--b];
            out->ids[b] = id;
        }
    free(steps);
    return fine;
}

// Unicode's White_Space.
static bool is_space(utf8proc_int32_t c) {
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// A word gets its leading metaspace, and is cut before each further one.
static bool encode_marked(const grm_tokenizer *t, const char *word, size_t size, id_list *out) {
    grm_text marked = {0};
    bool has = size >= METASPACE_SIZE && memcmp(word, METASPACE, METASPACE_SIZE) == 0;
    bool fine = (has || grm_text_add(&marked, METASPACE, METASPACE_SIZE)) && grm_text_add(&marked, word, size);
    for (size_t start = 0; fine && start < marked.size;) {
        size_t end = start + METASPACE_SIZE;
        while (end < marked.size &&
               (marked.size - end < METASPACE_SIZE || memcmp(marked.bytes + end, METASPACE, METASPACE_SIZE) != 0))
            end++;
        if (end > marked.size) end = marked.size;
        fine = encode_word(t, marked.bytes + start, end - start, out);
        start = end;
    }
    free(marked.bytes);
    return fine;
}

static bool encode_plain(const grm_tokenizer *t, const char *bytes, size_t size, id_list *out) {
    grm_text normal = {0};
    bool fine = grm_charsmap_apply(&t->charsmap, bytes, size, &normal);
    size_t start = 0, i = 0;
    while (fine && i < normal.size) {
        utf8proc_int32_t character = -1;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)normal.bytes + i,
                                                   (utf8proc_ssize_t)(normal.size - i), &character);
        if (length < 1) length = 1;
        if (is_space(character)) {
            if (i > start) fine = encode_marked(t, normal.bytes + start, i - start, out);
            start = i + (size_t)length;
        }
        i += (size_t)length;
    }
    if (fine && normal.size > start) fine = encode_marked(t, normal.bytes + start, normal.size - start, out);
    free(normal.bytes);
    return fine;
}

static const piece *find_added(const grm_tokenizer *t, const char *bytes, size_t size) {
    for (size_t i = 0; i < t->added_count; i++)
        if (t->added[i].size <= size && memcmp(bytes, t->added[i].bytes, t->added[i].size) == 0) return &t->added[i];
    return NULL;
}

static bool encode_text(const grm_tokenizer *t, const char *bytes, size_t size, id_list *out) {
    size_t start = 0;
    for (size_t i = 0; i < size;) {
        const piece *token = find_added(t, bytes + i, size - i);
        if (!token) {
            i++;
            continue;
        }
        if (i > start && !encode_plain(t, bytes + start, i - start, out)) return false;
        if (!add_id(out, token->id)) return false;
        i += token->size;
        start = i;
    }
    return start == size || encode_plain(t, bytes + start, size - start, out);
}

// The text with everything that is no UTF-8 replaced.
static bool make_valid(const char *text, size_t size, grm_text *out) {
    for (size_t i = 0; i < size;) {
        utf8proc_int32_t character;
        utf8proc_ssize_t length =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(size - i), &character);
        if (!(length > 0 ? grm_text_add(out, text + i, (size_t)length) : grm_text_add(out, "\xef\xbf\xbd", 3)))
            return false;
        i += length > 0 ? (size_t)length : 1;
    }
    return true;
}

grm_status grm_tokenizer_encode(const grm_tokenizer *tokenizer, const char *text, size_t size, uint32_t **ids,
                                size_t *count, grm_error *err) {
    *ids = NULL;
    *count = 0;
    if (size > MAX_TEXT) return grm_fail(err, GRM_USAGE, "the text has %zu bytes; %d are possible", size, MAX_TEXT);
    id_list list = {0};
    grm_text valid = {0};
    bool fine = make_valid(text, size, &valid) && encode_text(tokenizer, valid.bytes, valid.size, &list) &&
                add_id(&list, tokenizer->end_id);
    free(valid.bytes);
    if (!fine) {
        free(list.ids);
        return grm_fail_memory(err);
    }
    *ids = list.ids;
    *count = list.count;
    return GRM_OK;
}
