// Checks of a style's texts, each where it stands.
#include <string.h>

#include "style/read.h"

enum { MOST_IN_A_BAR = 4, MOST_CHART_BARS = 64, DEEPEST_RULE = 8, MOST_RULES = 64 };

// The length of the token at `text`, blanks before it skipped: "|", a chord, "%" or "$symbol"; 0 at the end.
static size_t next_token(const char **text) {
    *text += strspn(*text, " ");
    return **text == '|' ? 1 : strcspn(*text, " |");
}

void grm_check_chart(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    (void)metre, (void)context;
    size_t in_bar = 0, bars = 1;
    bool symbol = false;
    for (size_t length; (length = next_token(&text)) > 0; text += length) {
        int shown = (int)(length > 20 ? 20 : length);
        grm_numeral numeral;
        if (*text == '|') {
            if (in_bar == 0) grm_yaml_complain(y, node, "bar %zu has no chord", bars);
            bars++, in_bar = 0, symbol = false;
            continue;
        }
        bool repeat = length == 1 && *text == '%', rule = length > 1 && *text == '$';
        if (symbol || (rule && in_bar))
            grm_yaml_complain(y, node, "\"%.*s\" shares its bar with a $symbol", shown, text);
        if (repeat && in_bar == 0 && bars == 1) grm_yaml_complain(y, node, "\"%%\" has no bar before it to repeat");
        if (!repeat && !rule && !grm_numeral_parse(text, length, &numeral))
            grm_yaml_complain(y, node, "\"%.*s\" is no chord symbol such as i, bVI, V7/ii or I^3", shown, text);
        if (++in_bar > MOST_IN_A_BAR)
            grm_yaml_complain(y, node, "bar %zu has more than %d chords", bars, MOST_IN_A_BAR);
        symbol = rule;
    }
    if (in_bar == 0) grm_yaml_complain(y, node, "bar %zu has no chord", bars);
    if (bars > MOST_CHART_BARS) grm_yaml_complain(y, node, "has %zu bars; at most %d are read", bars, MOST_CHART_BARS);
}

// Complains about the first sign that is not known and the first group that is none; counts the steps.
static size_t count_steps(grm_yaml *y, yaml_node_t *node, const char *text, const char *signs) {
    size_t count = 0;
    for (const char *c = text; *c;) {
        size_t place = (size_t)(c - text) + 1, known = strspn(c, signs);
        count += known;
        c += known;
        if (!*c) break;
        int steps, inside;
        size_t group = grm_step_group(c, &steps, &inside);
        if ((*c == '(' || *c == '[') && !group) {
            grm_yaml_complain(y, node, "the group at place %zu wants 1 to 12 signs and its \"%c\"", place + known,
                              *c == '(' ? ')' : ']');
            return 0;
        }
        size_t good = group ? strspn(c + 1, signs) : 0;
        if (!group || good + 2 < group) {
            grm_yaml_complain(y, node, "\"%c\" at place %zu is none of %s", c[group ? good + 1 : 0],
                              place + known + (group ? good + 1 : 0), signs);
            return 0;
        }
        count += (size_t)steps;
        c += group;
    }
    return count;
}

void grm_check_steps(grm_yaml *y, yaml_node_t *node, const char *text, grm_metre metre, const void *context) {
    const grm_step_signs *want = context;
    size_t steps = count_steps(y, node, text, want->signs);
    if (y->status != GRM_OK) return;
    if (!metre.beats && want->style && want->style->metres.count) {
        const char *first = want->style->metres.items[0].text;
        metre.beats = first[0] - '0', metre.unit = 4;
        if (first[1] >= '0' && first[1] <= '9') metre.beats = 10 * metre.beats + first[1] - '0';
        if (strchr(first, '8') == first + strlen(first) - 1 && strchr(first, '/')) metre.unit = 8;
    }
    if (!metre.beats) metre = (grm_metre){4, 4};
    size_t bar = (size_t)(metre.beats * 16 / metre.unit);
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

// The node of a rule's chart, to complain at.
static yaml_node_t *chart_node(grm_yaml *y, size_t rule, size_t chart) {
    yaml_node_t *list = grm_yaml_field(y, item_of(y, "harmony", rule), "charts");
    return list && chart < grm_yaml_count(list) ? grm_yaml_item(y, list, chart) : item_of(y, "harmony", rule);
}

typedef struct expansion {
    bool open[MOST_RULES], known[MOST_RULES];
    size_t bars[MOST_RULES];  // of the longest expansion
} expansion;

// Every symbol that a chart names has a rule, and no rule comes back to itself or grows without bound.
static void expand_rule(grm_yaml *y, const grm_style *style, size_t rule, int depth, expansion *e) {
    e->open[rule] = true;
    for (size_t c = 0; c < style->rules[rule].charts.count && y->status == GRM_OK; c++) {
        const char *text = style->rules[rule].charts.items[c].text;
        size_t bars = 1;
        for (size_t length; (length = next_token(&text)) > 0; text += length) {
            bars += *text == '|';
            if (*text != '$') continue;
            int shown = (int)(length > 30 ? 30 : length);
            size_t to = 0;
            while (to < style->rule_count && (strlen(style->rules[to].symbol) != length - 1 ||
                                              memcmp(style->rules[to].symbol, text + 1, length - 1) != 0))
                to++;
            if (to == style->rule_count)
                grm_yaml_complain(y, chart_node(y, rule, c), "names \"%.*s\", which has no rule", shown, text);
            else if (e->open[to] || depth == DEEPEST_RULE)
                grm_yaml_complain(y, chart_node(y, rule, c), "\"%.*s\" comes back to itself without end", shown, text);
            else if (!e->known[to])
                expand_rule(y, style, to, depth + 1, e);
            if (y->status != GRM_OK) return;
            bars += e->bars[to] - 1;
            if (bars > MOST_CHART_BARS)
                grm_yaml_complain(y, chart_node(y, rule, c), "grows beyond %d bars", MOST_CHART_BARS);
        }
        if (bars > e->bars[rule]) e->bars[rule] = bars;
    }
    e->open[rule] = false;
    e->known[rule] = true;
}

static void check_grammar(grm_yaml *y, const grm_style *style) {
    expansion e = {0};
    for (size_t r = 0; r < style->rule_count && y->status == GRM_OK; r++) {
        for (size_t other = 0; other < r; other++)
            if (strcmp(style->rules[other].symbol, style->rules[r].symbol) == 0)
                grm_yaml_complain(y, item_of(y, "harmony", r), "a second rule for \"%.30s\"", style->rules[r].symbol);
        if (!e.known[r] && y->status == GRM_OK) expand_rule(y, style, r, 1, &e);
    }
}

static bool wants_figures(grm_play play) {
    return play == GRM_PLAY_COMP || play == GRM_PLAY_STRUM || play == GRM_PLAY_ARP || play == GRM_PLAY_BASS ||
           play == GRM_PLAY_RIFF;
}

static void check_parts(grm_yaml *y, const grm_style *style) {
    for (size_t i = 0; i < style->part_count; i++) {
        const grm_style_part *part = &style->parts[i];
        if (wants_figures(part->play) && part->figures.count == 0)
            grm_yaml_complain(y, item_of(y, "parts", i), "part %.40s wants figures", part->name);
        if (strpbrk(part->name, "@<"))
            grm_yaml_complain(y, item_of(y, "parts", i), "a part's name has neither \"@\" nor \"<\"");
        for (size_t other = 0; other < i; other++)
            if (strcmp(style->parts[other].name, part->name) == 0)
                grm_yaml_complain(y, item_of(y, "parts", i), "a second part named \"%.40s\"", part->name);
    }
}

void grm_check_references(grm_yaml *y, const grm_style *style, const grm_catalogue *catalogue) {
    yaml_node_t *root = grm_yaml_root(y);
    if (!style->part_count || !style->section_count || !style->forms.count || !style->rule_count) {
        grm_yaml_complain(y, root, "a style needs harmony, parts, sections and forms");
        return;
    }
    check_grammar(y, style);
    check_parts(y, style);
    for (size_t i = 0; i < style->section_count && y->status == GRM_OK; i++) {
        const grm_section_plan *s = &style->sections[i];
        yaml_node_t *node = item_of(y, "sections", i);
        if (!has_symbol(style, s->chart, strlen(s->chart)))
            grm_yaml_complain(y, node, "section %s wants the chart \"%.30s\", which has no rule", s->kind, s->chart);
        for (size_t other = 0; other < i; other++)
            if (strcmp(style->sections[other].kind, s->kind) == 0)
                grm_yaml_complain(y, node, "a second section of the kind \"%.30s\"", s->kind);
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
