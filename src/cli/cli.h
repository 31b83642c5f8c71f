// What the commands share: arguments, interruption, the progress bar.
#ifndef GRM_CLI_H
#define GRM_CLI_H

#include <grammy/grammy.h>

#include "base/base.h"
#include "prompt/prompt.h"

typedef struct grm_option {
    const char *name;   // "--tempo"
    const char *value;  // what stands behind it in help, "BPM"; NULL: a flag
    const char *help;
} grm_option;

enum { GRM_MAX_ARGUMENTS = 64 };
typedef struct grm_arguments {
    size_t count;
    const char *positional[GRM_MAX_ARGUMENTS];
    size_t option_count;
    struct {
        const char *name, *value;
    } options[GRM_MAX_ARGUMENTS];
} grm_arguments;

typedef struct grm_command {
    const char *name;
    const char *usage;          // arguments, as shown: "\"PROMPT\" [-o DIR]"
    const char *summary;        // one line
    const char *details;        // more lines, or NULL
    size_t least, most;         // positional arguments
    const grm_option *options;  // its own, ended by a NULL name; NULL: none
    const grm_option *shared;   // a list that several commands have in common; NULL: none
    grm_status (*run)(const grm_arguments *arguments, grm_error *err);
} grm_command;

extern const grm_command grm_command_make, grm_command_enhance, grm_command_compose, grm_command_render,
    grm_command_mix, grm_command_master, grm_command_meter, grm_command_styles, grm_command_config,
    grm_command_generate, grm_command_models, grm_command_bench;

// ---- arguments.c ----
grm_status grm_arguments_read(const grm_command *command, int argc, char **argv, grm_arguments *out, grm_error *err);
const char *grm_argument(const grm_arguments *arguments, const char *name);  // NULL: not given; "" for a flag
bool grm_argument_given(const grm_arguments *arguments, const char *name);
// A number within bounds, else GRM_USAGE; *out stays when the option is not given.
grm_status grm_argument_number(const grm_arguments *arguments, const char *name, double low, double high, double *out,
                               grm_error *err);
void grm_command_help(const grm_command *command, FILE *out);
// Options of a brief, with their help: for make, enhance and compose.
extern const grm_option grm_brief_option_list[];
grm_status grm_arguments_brief(const grm_arguments *arguments, const grm_profile *profile, grm_brief_options *out,
                               grm_error *err);

// ---- session.c: profile, pool, progress, and Ctrl-C ----
typedef struct grm_session grm_session;
// Resolves the profile with the command's flags and starts to watch for interrupts. Close in every case.
grm_status grm_session_open(const grm_arguments *arguments, grm_session **out, grm_error *err);
void grm_session_close(grm_session *session);
const grm_profile *grm_session_profile(const grm_session *session);
grm_progress *grm_session_progress(grm_session *session);

// Prints to standard output, and notices when that fails (a full disk, a closed pipe).
grm_status grm_print_flush(grm_error *err);
grm_status grm_print_json(json_t *json, grm_error *err);  // takes the reference; NULL is out of memory

#endif
