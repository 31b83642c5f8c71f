#include "base/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

enum { LARGEST_FILE = 1 << 20 };  // bytes

static const char *const names[GRM_SETTING_COUNT] = {
    [GRM_SETTING_LIGHTWEIGHT_MODE] = "LIGHTWEIGHT_MODE",
    [GRM_SETTING_MODEL_SIZE] = "MODEL_SIZE",
    [GRM_SETTING_MODEL_PRECISION] = "MODEL_PRECISION",
    [GRM_SETTING_AUDIO_BUFFER_SIZE] = "AUDIO_BUFFER_SIZE",
    [GRM_SETTING_WORKER_CONCURRENCY] = "WORKER_CONCURRENCY",
    [GRM_SETTING_MAX_AUDIO_DURATION] = "MAX_AUDIO_DURATION",
    [GRM_SETTING_THREADS] = "GRAMMY_THREADS",
    [GRM_SETTING_SOUNDFONT] = "GRAMMY_SOUNDFONT",
};

static const char *const origin_names[] = {
    [GRM_FROM_FLAG] = "flag",       [GRM_FROM_ENVIRONMENT] = "environment",
    [GRM_FROM_DOTENV] = ".env",     [GRM_FROM_CONFIG_FILE] = "config file",
    [GRM_FROM_DEFAULT] = "default",
};

const char *grm_setting_name(grm_setting setting) {
    return (size_t)setting < GRM_SETTING_COUNT ? names[setting] : "?";
}

const char *grm_origin_name(grm_origin origin) {
    return (size_t)origin < GRM_COUNT(origin_names) ? origin_names[origin] : "?";
}

// The setting of that name, GRM_SETTING_COUNT when there is none.
static size_t find_setting(const char *name) {
    size_t i = 0;
    while (i < GRM_SETTING_COUNT && strcmp(names[i], name) != 0) i++;
    return i;
}

static void give(grm_given *given, const char *text, grm_origin origin, const char *place) {
    if (!given->text) *given = (grm_given){text, origin, place};
}

// ---- .env: NAME=VALUE lines, shared with other programs, so that what is not ours is passed over ----

static char *skip_blanks(char *c) {
    while (*c == ' ' || *c == '\t') c++;
    return c;
}

// The value in `text`, in place: bare up to a comment, or between quotes. NULL when a quote is not closed.
static char *dotenv_value(char *text) {
    char *value = skip_blanks(text), *end;
    if (*value == '"' || *value == '\'') {
        end = strchr(value + 1, *value);
        if (!end) return NULL;
        *end = '\0';
        return value + 1;
    }
    end = value;
    while (*end && !(*end == '#' && (end == value || isspace((unsigned char)end[-1])))) end++;
    while (end > value && isspace((unsigned char)end[-1])) end--;
    *end = '\0';
    return value;
}

static grm_status read_dotenv_line(char *line, unsigned number, const char *path, grm_memory *memory, grm_given *given,
                                   grm_error *err) {
    char *name = skip_blanks(line);
    if (strncmp(name, "export ", 7) == 0) name = skip_blanks(name + 7);
    char *equals = strchr(name, '=');
    if (!equals) return GRM_OK;
    char *end = equals;
    while (end > name && isspace((unsigned char)end[-1])) end--;
    *end = '\0';
    size_t setting = find_setting(name);
    if (setting == GRM_SETTING_COUNT) return GRM_OK;
    const char *place = grm_memory_format(memory, "%s, line %u", path, number);
    if (!place) return grm_fail_memory(err);
    char *value = dotenv_value(equals + 1);
    if (!value) return grm_fail(err, GRM_USAGE, "%s: the quote of %s is not closed", place, name);
    char *copy = grm_memory_string(memory, value);
    if (!copy) return grm_fail_memory(err);
    given[setting] = (grm_given){copy, GRM_FROM_DOTENV, place};  // the last line counts, as in a shell
    return GRM_OK;
}

static bool is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

static grm_status read_dotenv(const char *path, grm_memory *memory, grm_given *given, grm_error *err) {
    grm_given found[GRM_SETTING_COUNT] = {0};
    uint8_t *bytes;
    size_t size;
    if (!is_file(path)) return GRM_OK;  // a folder of that name is a Python environment
    grm_status status = grm_file_read(path, LARGEST_FILE, &bytes, &size, err);
    if (status != GRM_OK) return status;
    unsigned number = 0;
    for (char *line = (char *)bytes, *next; line && status == GRM_OK; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        status = read_dotenv_line(line, ++number, path, memory, found, err);
    }
    free(bytes);
    for (size_t i = 0; i < GRM_SETTING_COUNT && status == GRM_OK; i++)
        if (found[i].text && *found[i].text) give(&given[i], found[i].text, found[i].origin, found[i].place);
    return status;
}

// ---- config file: one YAML mapping of settings, in small letters and without the prefix ----

typedef struct config {
    const char *path;
    grm_memory *memory;
    grm_given *given;
    bool seen[GRM_SETTING_COUNT];
    grm_error *err;
} config;

static grm_status config_fail(const config *c, const yaml_mark_t *mark, const char *what, const char *name) {
    return grm_fail(c->err, GRM_USAGE, "%s, line %zu, column %zu: %s%s%s%s", c->path, mark->line + 1, mark->column + 1,
                    what, name ? " '" : "", name ? name : "", name ? "'" : "");
}

static size_t find_key(const char *key) {
    static const char prefix[] = "GRAMMY_";
    char name[64];
    size_t i = 0;
    for (; key[i] && i < sizeof(name) - 1; i++) name[i] = (char)toupper((unsigned char)key[i]);
    name[i] = '\0';
    if (key[i]) return GRM_SETTING_COUNT;
    for (size_t s = 0; s < GRM_SETTING_COUNT; s++) {
        const char *plain =
            strncmp(names[s], prefix, sizeof(prefix) - 1) == 0 ? names[s] + sizeof(prefix) - 1 : names[s];
        if (strcmp(name, names[s]) == 0 || strcmp(name, plain) == 0) return s;
    }
    return GRM_SETTING_COUNT;
}

static const char *scalar(const yaml_node_t *node) {
    const char *text = (const char *)node->data.scalar.value;
    return node->type == YAML_SCALAR_NODE && strlen(text) == node->data.scalar.length ? text : NULL;
}

static grm_status read_pair(config *c, const yaml_node_t *key, const yaml_node_t *value) {
    const char *name = scalar(key), *text = scalar(value);
    size_t setting = name ? find_key(name) : GRM_SETTING_COUNT;
    if (setting == GRM_SETTING_COUNT)
        return config_fail(c, &key->start_mark, "there is no setting", name ? name : "(not a word)");
    if (!text) return config_fail(c, &value->start_mark, "one value is wanted for", name);
    if (c->seen[setting]) return config_fail(c, &key->start_mark, "a second value for", name);
    c->seen[setting] = true;
    const char *place = grm_memory_format(c->memory, "%s, line %zu", c->path, value->start_mark.line + 1);
    char *copy = grm_memory_string(c->memory, text);
    if (!place || !copy) return grm_fail_memory(c->err);
    give(&c->given[setting], copy, GRM_FROM_CONFIG_FILE, place);
    return GRM_OK;
}

static grm_status read_document(config *c, yaml_document_t *document) {
    yaml_node_t *root = yaml_document_get_root_node(document);
    if (!root) return GRM_OK;  // empty, or comments alone
    if (root->type != YAML_MAPPING_NODE)
        return config_fail(c, &root->start_mark, "lines of 'setting: value' are wanted", NULL);
    grm_status status = GRM_OK;
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top && status == GRM_OK; pair++)
        status =
            read_pair(c, yaml_document_get_node(document, pair->key), yaml_document_get_node(document, pair->value));
    return status;
}

static grm_status read_config(const char *path, grm_memory *memory, grm_given *given, grm_error *err) {
    config c = {.path = path, .memory = memory, .given = given, .err = err};
    uint8_t *bytes;
    size_t size;
    if (!is_file(path)) return GRM_OK;
    grm_status status = grm_file_read(path, LARGEST_FILE, &bytes, &size, err);
    if (status != GRM_OK) return status;
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser)) {
        free(bytes);
        return grm_fail_memory(err);
    }
    yaml_parser_set_input_string(&parser, bytes, size);
    if (yaml_parser_load(&parser, &document)) {
        status = read_document(&c, &document);
        yaml_document_delete(&document);
    } else {
        status = config_fail(&c, &parser.problem_mark, parser.problem ? parser.problem : "this is not YAML", NULL);
    }
    yaml_parser_delete(&parser);
    free(bytes);
    return status;
}

// $XDG_CONFIG_HOME/grammy/config.yaml; a relative one is to be ignored (XDG Base Directory Specification 0.8), and
// ~/.config stands in for it. free(); NULL also when there is no home.
static char *config_path(void) {
    const char *home = getenv("XDG_CONFIG_HOME");
    if (home && home[0] == '/') return grm_path_join(home, "grammy/config.yaml");
    home = getenv("HOME");
    return home && home[0] == '/' ? grm_path_join(home, ".config/grammy/config.yaml") : NULL;
}

// ---- all of them ----

static grm_status read_flags(const grm_setting_value *flags, size_t count, grm_given *given, grm_error *err) {
    for (size_t i = count; i-- > 0;) {  // the last flag of a name counts
        size_t setting = find_setting(flags[i].name);
        if (setting == GRM_SETTING_COUNT) return grm_fail(err, GRM_USAGE, "there is no setting '%s'", flags[i].name);
        if (flags[i].value) give(&given[setting], flags[i].value, GRM_FROM_FLAG, NULL);
    }
    return GRM_OK;
}

grm_status grm_settings_gather(const grm_setting_value *flags, size_t flag_count, grm_memory *memory, grm_given *given,
                               grm_error *err) {
    memset(given, 0, GRM_SETTING_COUNT * sizeof(*given));
    grm_status status = read_flags(flags, flag_count, given, err);
    if (status != GRM_OK) return status;
    for (size_t i = 0; i < GRM_SETTING_COUNT; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) give(&given[i], value, GRM_FROM_ENVIRONMENT, NULL);
    }
    status = read_dotenv(".env", memory, given, err);
    if (status != GRM_OK) return status;
    char *path = config_path();
    if (path) status = read_config(path, memory, given, err);
    free(path);
    return status;
}
