// grammy enhance: what was understood, as JSON.
#include "cli/cli.h"

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    grm_session *session = NULL;
    grm_catalogue *catalogue = NULL;
    grm_brief *brief = NULL;
    grm_brief_options options;
    grm_status status = grm_session_open(arguments, &session, err);
    if (status == GRM_OK) status = grm_arguments_brief(arguments, grm_session_profile(session), &options, err);
    if (status == GRM_OK) status = grm_catalogue_new(NULL, &catalogue, err);
    if (status == GRM_OK) status = grm_brief_read(arguments->positional[0], &options, catalogue, &brief, err);
    if (status == GRM_OK) status = grm_print_json(grm_brief_to_json(brief), err);
    grm_brief_free(brief);
    grm_catalogue_free(catalogue);
    grm_session_close(session);
    return status;
}

const grm_command grm_command_enhance = {
    .name = "enhance",
    .usage = "\"PROMPT\"",
    .summary = "show what a sentence says and what will be chosen, as JSON",
    .least = 1,
    .most = 1,
    .shared = grm_brief_option_list,
    .run = run,
};
