// How the word lists are written, as libcyaml wants to be told.
#include "prompt/words.h"

#include <cyaml/cyaml.h>

#define TEXT(structure, name) CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER, structure, name, 0, CYAML_UNLIMITED)
#define MAYBE_TEXT(structure, name) \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, name, 0, CYAML_UNLIMITED)
#define MAYBE_NUMBER(structure, name) \
    CYAML_FIELD_FLOAT_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, name)
#define LIST(structure, name, schema) \
    CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_POINTER, structure, name, &schema, 1, CYAML_UNLIMITED)
#define FLOATS(structure, name) \
    CYAML_FIELD_SEQUENCE_FIXED(#name, CYAML_FLAG_DEFAULT, structure, name, &number_schema, 12)

static const cyaml_schema_field_t entry_fields[] = {
    TEXT(grm_word_entry, say),
    MAYBE_TEXT(grm_word_entry, means),
    MAYBE_TEXT(grm_word_entry, instruments),
    MAYBE_TEXT(grm_word_entry, all_only),
    MAYBE_NUMBER(grm_word_entry, valence),
    MAYBE_NUMBER(grm_word_entry, energy),
    MAYBE_NUMBER(grm_word_entry, weight),
    MAYBE_NUMBER(grm_word_entry, low),
    MAYBE_NUMBER(grm_word_entry, high),
    MAYBE_NUMBER(grm_word_entry, bias),
    CYAML_FIELD_BOOL("only", CYAML_FLAG_OPTIONAL, grm_word_entry, only),
    CYAML_FIELD_BOOL("like", CYAML_FLAG_OPTIONAL, grm_word_entry, like),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t entry_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_word_entry, entry_fields)};
static const cyaml_schema_value_t number_schema = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, float)};

static const cyaml_schema_field_t words_fields[] = {
    TEXT(grm_words_file, default_style),
    TEXT(grm_words_file, everyday),
    TEXT(grm_words_file, everyday_things),
    TEXT(grm_words_file, music_nouns),
    TEXT(grm_words_file, negators),
    TEXT(grm_words_file, turns),
    TEXT(grm_words_file, onlys),
    TEXT(grm_words_file, metres_allowed),
    LIST(grm_words_file, genres, entry_schema),
    LIST(grm_words_file, moods, entry_schema),
    LIST(grm_words_file, intensifiers, entry_schema),
    LIST(grm_words_file, tempos, entry_schema),
    LIST(grm_words_file, lengths, entry_schema),
    LIST(grm_words_file, eras, entry_schema),
    LIST(grm_words_file, decades, entry_schema),
    LIST(grm_words_file, textures, entry_schema),
    LIST(grm_words_file, voices, entry_schema),
    LIST(grm_words_file, forms, entry_schema),
    LIST(grm_words_file, sections, entry_schema),
    LIST(grm_words_file, orders, entry_schema),
    LIST(grm_words_file, metres, entry_schema),
    LIST(grm_words_file, families, entry_schema),
    LIST(grm_words_file, instruments, entry_schema),
    LIST(grm_words_file, numbers, entry_schema),
    FLOATS(grm_words_file, tonics_major),
    FLOATS(grm_words_file, tonics_minor),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t words_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, grm_words_file, words_fields)};

static const cyaml_schema_field_t title_fields[] = {
    TEXT(grm_title_entry, form),
    MAYBE_TEXT(grm_title_entry, styles),
    MAYBE_NUMBER(grm_title_entry, weight),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t title_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, grm_title_entry, title_fields)};

#define TITLE_TEXT(name) \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER, grm_titles_file, words.name, 0, CYAML_UNLIMITED)
static const cyaml_schema_field_t titles_fields[] = {
    LIST(grm_titles_file, forms, title_schema),
    LIST(grm_titles_file, images, entry_schema),
    TITLE_TEXT(bright_adjectives),
    TITLE_TEXT(dark_adjectives),
    TITLE_TEXT(calm_adjectives),
    TITLE_TEXT(wild_adjectives),
    TITLE_TEXT(plain_adjectives),
    TITLE_TEXT(bright_nouns),
    TITLE_TEXT(dark_nouns),
    TITLE_TEXT(calm_nouns),
    TITLE_TEXT(wild_nouns),
    TITLE_TEXT(plain_nouns),
    TITLE_TEXT(places),
    TITLE_TEXT(times),
    TITLE_TEXT(pieces),
    TITLE_TEXT(before_nouns),
    TITLE_TEXT(also_before_nouns),
    TITLE_TEXT(no_titles),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t titles_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, grm_titles_file, titles_fields)};

static const cyaml_config_t config = {.log_fn = NULL, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

static grm_status load(const char *path, const cyaml_schema_value_t *schema, void **out, grm_error *err) {
    const grm_embedded *file = grm_embedded_find(path);
    if (!file) return grm_fail(err, GRM_FAILED, "%s is not built into this program; build it again", path);
    cyaml_err_t error = cyaml_load_data(file->bytes, file->size, &config, schema, out, NULL);
    if (error == CYAML_ERR_OOM) return grm_fail_memory(err);
    if (error != CYAML_OK)
        return grm_fail(err, GRM_FAILED, "%s, which is built into this program: %s", path, cyaml_strerror(error));
    return GRM_OK;
}

grm_status grm_words_load(grm_words_file **words, grm_titles_file **titles, grm_error *err) {
    void *loaded = NULL;
    *words = NULL;
    *titles = NULL;
    grm_status status = load("data/words.yaml", &words_schema, &loaded, err);
    if (status != GRM_OK) return status;
    *words = loaded;
    loaded = NULL;
    status = load("data/titles.yaml", &titles_schema, &loaded, err);
    if (status == GRM_OK) {
        *titles = loaded;
        return GRM_OK;
    }
    grm_words_unload(*words, NULL);
    *words = NULL;
    return status;
}

void grm_words_unload(grm_words_file *words, grm_titles_file *titles) {
    cyaml_free(&config, &words_schema, words, 0);
    cyaml_free(&config, &titles_schema, titles, 0);
}
