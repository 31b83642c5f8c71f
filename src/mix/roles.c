#include "mix/roles.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaml/yaml.h"

enum { MOST_SOUNDS = 128 };

typedef struct word_list {
    grm_role role;
    grm_words words;
} word_list;

// One way in which a role sounds.
typedef struct likeness {
    grm_role role;
    float share, middle[GRM_TRAIT_COUNT], spread[GRM_TRAIT_COUNT];
} likeness;

struct grm_roles {
    grm_memory *memory;
    size_t list_count;
    word_list *lists;
    grm_part_mix places[GRM_ROLE_COUNT];
    size_t sound_count;
    likeness *sounds;
    grm_style_mix style;
};

// ---- reading ----

static grm_role read_role(grm_yaml *y, yaml_node_t *map) {
    grm_role role = GRM_ROLE_OTHER;
    const char *name = grm_yaml_text(y, map, "role", "");
    if (name && !grm_role_parse(name, &role)) grm_yaml_complain(y, map, "\"%s\" is no role", name);
    return role;
}

static float number(grm_yaml *y, yaml_node_t *map, const char *key, double low, double high) {
    return (float)grm_yaml_number(y, map, key, 0, low, high);
}

static void read_words(grm_yaml *y, yaml_node_t *root, grm_roles *r) {
    yaml_node_t *list = grm_yaml_list(y, root, "words", 64);
    r->list_count = grm_yaml_count(list);
    r->lists = grm_yaml_take(y, r->list_count + 1, sizeof *r->lists);
    for (size_t i = 0; r->lists && i < r->list_count; i++) {
        yaml_node_t *item = grm_yaml_item(y, list, i);
        if (grm_yaml_keys(y, item, "role words"))
            r->lists[i] = (word_list){read_role(y, item), grm_yaml_words(y, item, "words")};
    }
}

static void read_places(grm_yaml *y, yaml_node_t *root, grm_roles *r) {
    yaml_node_t *list = grm_yaml_list(y, root, "places", GRM_ROLE_COUNT);
    for (size_t i = 0; i < grm_yaml_count(list); i++) {
        yaml_node_t *item = grm_yaml_item(y, list, i);
        if (!grm_yaml_keys(y, item, "role level_db pan width room hall delay")) return;
        r->places[read_role(y, item)] = (grm_part_mix){.level_db = number(y, item, "level_db", -60, 12),
                                                       .pan = number(y, item, "pan", 0, 1),
                                                       .width = number(y, item, "width", 0, 2),
                                                       .room = number(y, item, "room", 0, 1),
                                                       .hall = number(y, item, "hall", 0, 1),
                                                       .delay = number(y, item, "delay", 0, 1)};
    }
}

static void read_style(grm_yaml *y, yaml_node_t *root, grm_roles *r) {
    yaml_node_t *style = grm_yaml_field(y, root, "style");
    if (!style || !grm_yaml_keys(y, style, "duck_db duck_release_ms room_s hall_s delay_beats")) return;
    r->style = (grm_style_mix){.duck_db = number(y, style, "duck_db", 0, 24),
                               .duck_release_ms = number(y, style, "duck_release_ms", 0, 2000),
                               .room_s = number(y, style, "room_s", 0, 3),
                               .hall_s = number(y, style, "hall_s", 0, 10),
                               .delay_beats = number(y, style, "delay_beats", 0, 4),
                               .width = 1};
}

static void read_numbers(grm_yaml *y, yaml_node_t *item, const char *key, float *out) {
    yaml_node_t *list = grm_yaml_list(y, item, key, GRM_TRAIT_COUNT);
    if (grm_yaml_count(list) != GRM_TRAIT_COUNT)
        grm_yaml_complain(y, item, "%s: as many numbers as there are traits", key);
    for (size_t i = 0; i < grm_yaml_count(list) && i < GRM_TRAIT_COUNT; i++)
        out[i] = (float)grm_yaml_scalar_number(y, grm_yaml_item(y, list, i), -200, 200);
}

static void read_sounds(grm_yaml *y, yaml_node_t *root, grm_roles *r) {
    grm_words traits = grm_yaml_words(y, root, "traits");
    for (size_t i = 0; i < GRM_TRAIT_COUNT; i++)
        if (i >= traits.count || strcmp(traits.items[i], grm_trait_names[i]) != 0)
            grm_yaml_complain(y, root, "traits: \"%s\" is missing in place %zu", grm_trait_names[i], i + 1);
    yaml_node_t *list = grm_yaml_list(y, root, "sounds", MOST_SOUNDS);
    r->sounds = grm_yaml_take(y, grm_yaml_count(list) + 1, sizeof *r->sounds);
    for (size_t i = 0; r->sounds && i < grm_yaml_count(list); i++) {
        yaml_node_t *item = grm_yaml_item(y, list, i);
        if (!grm_yaml_keys(y, item, "role share middle spread")) return;
        likeness *s = &r->sounds[r->sound_count++];
        s->role = read_role(y, item);
        s->share = number(y, item, "share", 0.001, 1);
        read_numbers(y, item, "middle", s->middle);
        read_numbers(y, item, "spread", s->spread);
        for (size_t k = 0; k < GRM_TRAIT_COUNT; k++)
            if (!(s->spread[k] > 0)) grm_yaml_complain(y, item, "spread: %s must be above 0", grm_trait_names[k]);
    }
}

grm_status grm_roles_load(grm_roles **out, grm_error *err) {
    *out = NULL;
    const grm_embedded *file = grm_embedded_find("data/roles.yaml");
    if (!file) return grm_fail(err, GRM_MISSING, "data/roles.yaml is not built into this program");
    grm_memory *memory = grm_memory_new();
    grm_roles *r = memory ? grm_memory_take(memory, 1, sizeof *r) : NULL;
    if (!r) {
        grm_memory_free(memory);
        return grm_fail_memory(err);
    }
    r->memory = memory;
    grm_yaml y;
    grm_yaml_open(&y, file->path, file->bytes, file->size, memory, err);
    yaml_node_t *root = grm_yaml_root(&y);
    if (root && grm_yaml_keys(&y, root, "words places style traits sounds")) {
        read_words(&y, root, r);
        read_places(&y, root, r);
        read_style(&y, root, r);
        read_sounds(&y, root, r);
    }
    grm_status status = y.status;
    grm_yaml_close(&y);
    if (status) {
        grm_roles_free(r);
        return status;
    }
    *out = r;
    return GRM_OK;
}

void grm_roles_free(grm_roles *roles) {
    if (roles) grm_memory_free(roles->memory);
}

// ---- by name ----

// Three digits are a word: "808".
static bool is_word_of_digits(const char *name, const char *at, const char *end) {
    if (!isdigit((unsigned char)*at)) return false;
    const char *first = at, *last = at;
    while (first > name && isdigit((unsigned char)first[-1])) first--;
    while (last + 1 < end && isdigit((unsigned char)last[1])) last++;
    return last - first == 2;
}

// "03_LeadVox-DI.wav" -> " lead vox di ": words in small letters between single blanks.
static void take_apart(const char *file, char *out, size_t room) {
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file, *dot = strrchr(name, '.');
    const char *end = dot && dot > name ? dot : name + strlen(name);
    size_t length = 0;
    out[length++] = ' ';
    for (const char *c = name; c < end && length + 3 < room; c++) {
        unsigned char x = (unsigned char)*c;
        bool starts = isupper(x) && c > name &&
                      (islower((unsigned char)c[-1]) ||
                       (c + 1 < end && isupper((unsigned char)c[-1]) && islower((unsigned char)c[1])));
        bool letter = isalpha(x) || x >= 0x80 || is_word_of_digits(name, c, end);
        if ((!letter || starts) && out[length - 1] != ' ') out[length++] = ' ';
        if (letter) out[length++] = (char)tolower(x);
    }
    if (out[length - 1] != ' ') out[length++] = ' ';
    out[length] = 0;
}

bool grm_roles_by_name(const grm_roles *roles, const char *file, grm_role *role) {
    char name[512], word[64];
    take_apart(file, name, sizeof name);
    for (size_t i = 0; i < roles->list_count; i++)
        for (size_t k = 0; k < roles->lists[i].words.count; k++) {
            snprintf(word, sizeof word, " %s ", roles->lists[i].words.items[k]);
            if (!strstr(name, word)) continue;
            *role = roles->lists[i].role;
            return true;
        }
    return false;
}

int grm_roles_side_by_name(const char *file) {
    char name[512];
    take_apart(file, name, sizeof name);
    size_t length = strlen(name);
    static const struct {
        const char *end;
        int side;
    } ends[] = {{" l ", -1}, {" left ", -1}, {" r ", 1}, {" right ", 1}};
    for (size_t i = 0; i < GRM_COUNT(ends); i++) {
        size_t size = strlen(ends[i].end);
        if (length > size && strcmp(name + length - size, ends[i].end) == 0) return ends[i].side;
    }
    return 0;
}

// ---- by sound ----

// Logarithm of how well a sound fits: traits on their own, each after Student's distribution with eight degrees of
// freedom, so that one strange trait does not outweigh all others.
static double fit(const likeness *l, const float *trait) {
    const double freedom = 8;
    double sum = 0.5 * log((double)l->share);
    for (size_t k = 0; k < GRM_TRAIT_COUNT; k++) {
        double z = (double)(trait[k] - l->middle[k]) / (double)l->spread[k];
        sum -= log((double)l->spread[k]) + (freedom + 1) / 2 * log(1 + z * z / freedom);
    }
    return sum;
}

grm_role grm_roles_by_sound(const grm_roles *roles, const grm_sound *sound, float *sure) {
    grm_role best = GRM_ROLE_OTHER;
    double likely[GRM_ROLE_COUNT] = {0}, fits[MOST_SOUNDS], most = -HUGE_VAL, sum = 0;
    *sure = 0;
    if (sound->silent) return best;
    for (size_t i = 0; i < roles->sound_count; i++) {
        fits[i] = fit(&roles->sounds[i], sound->trait);
        most = fits[i] > most ? fits[i] : most;
    }
    for (size_t i = 0; i < roles->sound_count; i++) likely[roles->sounds[i].role] += exp(fits[i] - most);
    for (int role = 0; role < GRM_ROLE_COUNT; role++) {
        sum += likely[role];
        if (likely[role] > likely[best]) best = (grm_role)role;
    }
    *sure = sum > 0 ? (float)(likely[best] / sum) : 0;
    return best;
}

// ---- places ----

grm_part_mix grm_roles_place(const grm_roles *roles, grm_role role) {
    return roles->places[role];
}

grm_style_mix grm_roles_style(const grm_roles *roles) {
    return roles->style;
}
