// grammy: the command line of Grammy Engine.
#include <string.h>

#include "cli/cli.h"

static const grm_command *const commands[] = {
    &grm_command_make,   &grm_command_enhance,  &grm_command_compose, &grm_command_render,
    &grm_command_mix,    &grm_command_master,   &grm_command_meter,   &grm_command_styles,
    &grm_command_config, &grm_command_generate, &grm_command_models,  &grm_command_bench,
};

static void print_help(FILE *out) {
    fprintf(out,
            "Grammy Engine %s: a sentence in, a released track out.\n\n  grammy make \"lo-fi hip hop for a rainy "
            "night, 85 BPM\"\n\n",
            grm_version());
    fprintf(out, "Commands:\n");
    for (size_t i = 0; i < GRM_COUNT(commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out, "  %-10s %s\n  %-10s %s\n", "version", "print the version", "help",
            "show this, or the help of a command");
    fprintf(out,
            "\n`grammy COMMAND --help` says more. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad input file,\n"
            "4 missing SoundFont or other resource, 130 interrupted.\n");
}

static const grm_command *find_command(const char *name) {
    for (size_t i = 0; i < GRM_COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static grm_status unknown_command(const char *name, grm_error *err) {
    const char *names[GRM_COUNT(commands) + 2] = {"version", "help"};
    for (size_t i = 0; i < GRM_COUNT(commands); i++) names[i + 2] = commands[i]->name;
    const char *nearest = grm_nearest_word(name, names, GRM_COUNT(names));
    if (nearest) return grm_fail(err, GRM_USAGE, "unknown command \"%.60s\"; did you mean %s?", name, nearest);
    return grm_fail(err, GRM_USAGE, "unknown command \"%.60s\"; `grammy help` lists them", name);
}

static grm_status help(const char *name, grm_error *err) {
    const grm_command *command = name ? find_command(name) : NULL;
    if (name && !command && strcmp(name, "version") != 0 && strcmp(name, "help") != 0)
        return unknown_command(name, err);
    if (command)
        grm_command_help(command, stdout);
    else
        print_help(stdout);
    return grm_print_flush(err);
}

static grm_status run(int argc, char **argv, grm_error *err) {
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc > 2 ? argv[2] : NULL, err);
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        if (argc > 2 && strcmp(argv[2], "--json") == 0)
            printf("{\"version\": \"%s\"}\n", grm_version());
        else
            printf("grammy %s\n", grm_version());
        return grm_print_flush(err);
    }
    const grm_command *command = find_command(name);
    if (!command) return unknown_command(name, err);
    grm_arguments arguments;
    grm_status status = grm_arguments_read(command, argc - 2, argv + 2, &arguments, err);
    if (status != GRM_OK) return status;
    if (grm_argument_given(&arguments, "--help")) {
        grm_command_help(command, stdout);
        return grm_print_flush(err);
    }
    return command->run(&arguments, err);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return GRM_USAGE;
    }
    grm_error err = {0};
    grm_status status = run(argc, argv, &err);
    if (status != GRM_OK) fprintf(stderr, "grammy: %s\n", err.message[0] ? err.message : "failed");
    return (int)status;
}
