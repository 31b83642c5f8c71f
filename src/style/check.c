// Checks of a style's texts, each where it stands.
#include <string.h>

#include "style/read.h"

void grm_check_chart(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    (void)metre, (void)context;
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " |");
        grm_numeral numeral;
        bool fine = length == 0 || (length == 1 && *at == '%') || (length > 1 && *at == '$') ||
                    grm_numeral_parse(at, length, &numeral);
        if (!fine)
            grm_yaml_complain(y, node, "\"%.*s\" is no chord symbol such as i, bVI, V7/ii or I^3",
                              (int)(length > 20 ? 20 : length), at);
        at += length;
        at += strspn(at, " |");
    }
}

void grm_check_steps(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    const grm_step_signs *want = context;
    size_t length = strlen(text), known = strspn(text, want->signs);
    if (known < length) {
        grm_yaml_complain(y, node, "\"%c\" at place %zu is none of %s", text[known], known + 1, want->signs);
        return;
    }
    if (!metre.beats && want->style && want->style->metres.count) {
        const char *first = want->style->metres.items[0].text;
        metre.beats = first[0] - '0', metre.unit = 4;
        if (first[1] >= '0' && first[1] <= '9') metre.beats = 10 * metre.beats + first[1] - '0';
        if (strchr(first, '8') == first + strlen(first) - 1 && strchr(first, '/')) metre.unit = 8;
    }
    if (!metre.beats) metre = (grm_metre){4, 4};
    size_t bar = (size_t)(metre.beats * 16 / metre.unit);
    size_t steps = 0;
    for (const char *c = text; *c; c++) steps += *c != '\'';
    if (want->style ? steps == 0 || steps % bar != 0 || steps > 16 * bar : steps == 0 || steps > bar)
        grm_yaml_complain(y, node, "has %zu steps; a bar of %d/%d has %zu", steps, metre.beats, metre.unit, bar);
}

void grm_check_phrase(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    (void)metre, (void)context;
    size_t known = strspn(text, "abcdefgh.'^v "), units = 0;
    if (text[known]) grm_yaml_complain(y, node, "\"%c\" is none of a-h ' ^ v and \".\"", text[known]);
    for (const char *c = text; *c; c++) units += (*c >= 'a' && *c <= 'h') || *c == '.';
    if (units != 1 && units != 2 && units != 4 && units != 8)
        grm_yaml_complain(y, node, "has %zu units; eight bars are 2, 4 or 8 of them", units);
}

void grm_check_form(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    (void)metre;
    const grm_style *style = context;
    while (*text) {
        text += strspn(text, " ");
        size_t length = strcspn(text, ": ");
        if (!length) break;
        bool known = false;
        for (size_t i = 0; i < style->section_count; i++)
            known = known ||
                    (strlen(style->sections[i].kind) == length && memcmp(style->sections[i].kind, text, length) == 0);
        if (!known)
            grm_yaml_complain(y, node, "names a section \"%.*s\" that is not there", (int)(length > 30 ? 30 : length),
                              text);
        text += length;
        int bars = 0;
        if (*text == ':')
            for (text++; *text >= '0' && *text <= '9' && bars < 1000; text++) bars = bars * 10 + *text - '0';
        if (bars < 1 || bars > 64 || (*text && *text != ' ')) {
            grm_yaml_complain(y, node, "should read \"kind:bars\", each 1 to 64 bars");
            return;
        }
    }
}

void grm_check_metre(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    (void)metre, (void)context;
    static const char known[] = " 2/4 3/4 4/4 5/4 6/4 7/4 3/8 5/8 6/8 7/8 9/8 12/8 ";
    char word[16];
    if (strlen(text) > 6 || (snprintf(word, sizeof word, " %s ", text), !strstr(known, word)))
        grm_yaml_complain(y, node, "\"%.20s\" is no metre such as 4/4 or 6/8", text);
}

void grm_check_mode(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    (void)metre, (void)context;
    static const char *const modes[] = {"major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian"};
    for (size_t i = 0; i < GRM_COUNT(modes); i++)
        if (strcmp(modes[i], text) == 0) return;
    grm_yaml_complain(y, node, "\"%.20s\" is no mode", text);
}

void grm_check_instrument(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    (void)metre;
    if (!grm_instrument_find(context, text)) grm_yaml_complain(y, node, "there is no instrument \"%.40s\"", text);
}

static bool has_symbol(const grm_style *style, const char *symbol, size_t length) {
    for (size_t i = 0; i < style->rule_count; i++)
        if (strlen(style->rules[i].symbol) == length && memcmp(style->rules[i].symbol, symbol, length) == 0)
            return true;
    return false;
}

// The node of a list's item, to complain at.
static yaml_node_t *item_of(grm_yaml *y, const char *key, size_t i) {
    yaml_node_t *root = grm_yaml_root(y), *list = grm_yaml_field(y, root, key);
    return list && i < grm_yaml_count(list) ? grm_yaml_item(y, list, i) : root;
}

static void check_players(grm_yaml *y, const grm_style *style, const char *text, const yaml_node_t *node) {
    while (*text) {
        text += strspn(text, " ");
        if (!*text) return;
        size_t longest = 0;
        for (size_t i = 0; i < style->part_count; i++) {
            size_t length = strlen(style->parts[i].name);
            bool here =
                strncmp(text, style->parts[i].name, length) == 0 && (text[length] == 0 || strchr(" @<", text[length]));
            if (here && length > longest) longest = length;
        }
        if (!longest) {
            grm_yaml_complain(y, node, "there is no part \"%.*s\"", (int)strcspn(text, " @<"), text);
            return;
        }
        text += longest;
        while (*text == '@' || *text == '<') text += 1 + strspn(text + 1, "0123456789");
        if (*text && *text != ' ') {
            grm_yaml_complain(y, node, "\"%.20s\" should be @bar or <bar", text);
            return;
        }
    }
}

// Every symbol that a chart names has a rule. (Symbols that stand for one another round and round are cut by depth.)
static void check_grammar(grm_yaml *y, const grm_style *style) {
    for (size_t r = 0; r < style->rule_count; r++)
        for (size_t c = 0; c < style->rules[r].charts.count; c++)
            for (const char *at = style->rules[r].charts.items[c].text; *at; at += strspn(at, " |")) {
                size_t length = strcspn(at, " |");
                if (length > 1 && *at == '$' && !has_symbol(style, at + 1, length - 1))
                    grm_yaml_complain(y, item_of(y, "harmony", r), "a chart names \"%.*s\", which has no rule",
                                      (int)(length > 30 ? 30 : length), at);
                at += length;
            }
}

void grm_check_references(grm_yaml *y, const grm_style *style, const grm_catalogue *catalogue) {
    yaml_node_t *root = grm_yaml_root(y);
    if (!style->part_count || !style->section_count || !style->forms.count || !style->rule_count) {
        grm_yaml_complain(y, root, "a style needs harmony, parts, sections and forms");
        return;
    }
    check_grammar(y, style);
    for (size_t i = 0; i < style->section_count; i++) {
        const grm_section_plan *s = &style->sections[i];
        yaml_node_t *node = item_of(y, "sections", i);
        if (!has_symbol(style, s->chart, strlen(s->chart)))
            grm_yaml_complain(y, node, "section %s wants the chart \"%.30s\", which has no rule", s->kind, s->chart);
        for (size_t p = 0; p < s->players.count; p++) check_players(y, style, s->players.items[p], node);
    }
    for (size_t i = 0; i < style->textures.count; i++)
        if (!grm_instrument_find(catalogue, style->textures.items[i]))
            grm_yaml_complain(y, root, "there is no texture \"%.40s\"", style->textures.items[i]);
    for (size_t i = 0; i < style->palette.count; i++) {
        const char *colour = style->palette.items[i];
        if (colour[0] != '#' || strlen(colour) != 7 || strspn(colour + 1, "0123456789abcdefABCDEF") != 6)
            grm_yaml_complain(y, root, "\"%.20s\" is no colour such as #1a2b3c", colour);
    }
}
