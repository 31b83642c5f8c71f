// grammy styles: what there is, what one is made of, whether a file of your own is right.
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static grm_status list(const grm_catalogue *catalogue, bool json, grm_error *err) {
    if (json) {
        json_t *all = json_array();
        for (size_t i = 0; all && i < catalogue->style_count; i++) {
            const grm_style *s = &catalogue->styles[i];
            json_array_append_new(
                all, json_pack("{s:s, s:s, s:s, s:s, s:[f,f]}", "name", s->name, "title", s->title, "family", s->family,
                               "about", s->about, "tempo_bpm", s->tempo_low, s->tempo_high));
        }
        return grm_print_json(all, err);
    }
    for (size_t i = 0; i < catalogue->style_count; i++) {
        const grm_style *s = &catalogue->styles[i];
        printf("%-22s %3.0f-%3.0f BPM  %s\n", s->name, s->tempo_low, s->tempo_high, s->about);
    }
    return grm_print_flush(err);
}

static void print_words(const char *label, const grm_words *words) {
    if (!words->count) return;
    printf("%s", label);
    for (size_t i = 0; i < words->count; i++) printf("%s%s", i ? ", " : " ", words->items[i]);
    putchar('\n');
}

static const grm_style *find(const grm_catalogue *catalogue, const char *name, grm_error *err) {
    const grm_style *style = grm_style_find(catalogue, name);
    if (style) return style;
    const char *names[256];
    size_t count = 0;
    for (size_t i = 0; i < catalogue->style_count && count < GRM_COUNT(names); i++)
        names[count++] = catalogue->styles[i].name;
    const char *nearest = grm_nearest_word(name, names, count);
    grm_fail(err, GRM_USAGE,
             nearest ? "there is no style \"%.60s\"; did you mean %s?"
                     : "there is no style \"%.60s\"; `grammy styles` lists them%s",
             name, nearest ? nearest : "");
    return NULL;
}

static grm_status show(const grm_style *s, bool json, grm_error *err) {
    if (json) {
        json_t *parts = json_array(), *forms = json_array();
        for (size_t i = 0; parts && i < s->part_count; i++)
            json_array_append_new(
                parts, json_pack("{s:s, s:s}", "name", s->parts[i].name, "role", grm_role_name(s->parts[i].role)));
        for (size_t i = 0; forms && i < s->forms.count; i++)
            json_array_append_new(forms, json_string(s->forms.items[i].text));
        return grm_print_json(
            json_pack("{s:s, s:s, s:s, s:s, s:[f,f,f], s:f, s:o, s:o}", "name", s->name, "title", s->title, "family",
                      s->family, "about", s->about, "tempo_bpm", s->tempo_low, s->tempo_typical, s->tempo_high, "swing",
                      s->feel.swing, "parts", parts, "forms", forms),
            err);
    }
    printf("%s (%s)\n%s\n\n", s->title, s->family, s->about);
    print_words("also called", &s->synonyms);
    printf("tempo %.0f to %.0f, usually %.0f BPM; swing %.2f\n", s->tempo_low, s->tempo_high, s->tempo_typical,
           s->feel.swing);
    printf("modes");
    for (size_t i = 0; i < s->modes.count; i++) printf("%s %s", i ? "," : "", s->modes.items[i].text);
    printf("\nparts\n");
    for (size_t i = 0; i < s->part_count; i++) {
        printf("  %-16s %-10s", s->parts[i].name, grm_role_name(s->parts[i].role));
        for (size_t k = 0; k < s->parts[i].instruments.count; k++)
            printf("%s %s", k ? "," : "", s->parts[i].instruments.items[k].text);
        putchar('\n');
    }
    printf("forms\n");
    for (size_t i = 0; i < s->forms.count; i++) printf("  %s\n", s->forms.items[i].text);
    return grm_print_flush(err);
}

static grm_status check(const char *path, const grm_catalogue *catalogue, grm_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    grm_style style;
    grm_memory *memory = grm_memory_new();
    grm_status status = memory ? grm_file_read(path, 1 << 20, &bytes, &size, err) : grm_fail_memory(err);
    if (status == GRM_OK) status = grm_style_read(path, bytes, size, catalogue, memory, &style, err);
    if (status == GRM_OK) {
        printf("%s: %s is fine: %zu parts, %zu sections, %zu forms\n", path, style.name, style.part_count,
               style.section_count, style.forms.count);
        status = grm_print_flush(err);
    }
    free(bytes);
    grm_memory_free(memory);
    return status;
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    grm_catalogue *catalogue = NULL;
    bool json = grm_argument_given(arguments, "--json"),
         checks = arguments->count && strcmp(arguments->positional[0], "check") == 0;
    if (checks && arguments->count != 2) return grm_fail(err, GRM_USAGE, "which file? grammy styles check FILE");
    if (!checks && arguments->count > 1) return grm_fail(err, GRM_USAGE, "one style at a time: grammy styles NAME");
    grm_status status = grm_catalogue_new(NULL, &catalogue, err);
    if (status != GRM_OK) return status;
    if (checks) {
        status = check(arguments->positional[1], catalogue, err);
    } else if (arguments->count) {
        const grm_style *style = find(catalogue, arguments->positional[0], err);
        status = style ? show(style, json, err) : GRM_USAGE;
    } else {
        status = list(catalogue, json, err);
    }
    grm_catalogue_free(catalogue);
    return status;
}

const grm_command grm_command_styles = {
    .name = "styles",
    .usage = "[NAME | check FILE]",
    .summary = "list the styles, show one, or check a file of your own",
    .details = "Your own styles go into $XDG_CONFIG_HOME/grammy/styles (~/.config/grammy/styles) as NAME.yaml.",
    .least = 0,
    .most = 2,
    .run = run,
};
