// grammy compose: a sentence to a MIDI file.
#include "compose/compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const grm_option options[] = {
    {"-o", "FILE", "MIDI file to write, - for standard output (default: named after the title)"},
    {NULL, NULL, NULL},
};

static grm_status write_midi(const grm_score *score, const char *path, grm_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    grm_status status = grm_score_write_midi(score, &bytes, &size, err);
    if (status == GRM_OK && strcmp(path, "-") == 0) {
        if (fwrite(bytes, 1, size, stdout) != size)
            status = grm_fail(err, GRM_FAILED, "standard output: %s", strerror(errno));
        if (status == GRM_OK) status = grm_print_flush(err);
    } else if (status == GRM_OK) {
        status = grm_file_write(path, bytes, size, err);
    }
    free(bytes);
    return status;
}

static void print_score(const grm_score *score, const char *path) {
    int seconds = (int)(score->duration_s + 0.5);
    char key[16];
    grm_key_name(score->key, key);
    printf("%s: %s, %g BPM, %d:%02d, %zu parts\n", path, key, grm_score_bpm(score, 0), seconds / 60, seconds % 60,
           score->part_count);
    for (size_t i = 0; i < score->section_count; i++)
        printf("  %6.1f s  %-14s %d bars\n", grm_score_seconds(score, score->sections[i].start),
               score->sections[i].name, score->sections[i].bars);
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    grm_session *session = NULL;
    grm_catalogue *catalogue = NULL;
    grm_brief *brief = NULL;
    grm_score *score = NULL;
    char *named = NULL;
    grm_brief_options wishes;
    grm_status status = grm_session_open(arguments, &session, err);
    if (status == GRM_OK) status = grm_arguments_brief(arguments, grm_session_profile(session), &wishes, err);
    if (status == GRM_OK) status = grm_catalogue_new(NULL, &catalogue, err);
    if (status == GRM_OK) status = grm_brief_read(arguments->positional[0], &wishes, catalogue, &brief, err);
    if (status == GRM_OK) status = grm_compose(brief, catalogue, &score, err);
    if (status != GRM_OK) goto done;
    const char *path = grm_argument(arguments, "-o");
    if (!path) {
        char *slug = grm_path_slug(brief->title);
        size_t size = slug ? strlen(slug) + 5 : 0;
        named = slug ? malloc(size) : NULL;
        if (named) snprintf(named, size, "%s.mid", slug);
        free(slug);
        path = named;
        if (!path) status = grm_fail_memory(err);
    }
    if (status == GRM_OK) status = write_midi(score, path, err);
    if (status != GRM_OK || strcmp(path, "-") == 0) goto done;
    if (grm_argument_given(arguments, "--json")) {
        status = grm_print_json(grm_brief_to_json(brief), err);
    } else {
        print_score(score, path);
        status = grm_print_flush(err);
    }
done:
    free(named);
    grm_score_free(score);
    grm_brief_free(brief);
    grm_catalogue_free(catalogue);
    grm_session_close(session);
    return status;
}

const grm_command grm_command_compose = {
    .name = "compose",
    .usage = "\"PROMPT\" [-o song.mid]",
    .summary = "compose a song and write it as a MIDI file",
    .least = 1,
    .most = 1,
    .options = options,
    .shared = grm_brief_option_list,
    .run = run,
};
