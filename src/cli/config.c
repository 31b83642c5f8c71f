// grammy config: every setting, its value and where that came from.
#include <string.h>

#include "cli/cli.h"

static const char *const sizes[] = {"small", "medium", "large"}, *const precisions[] = {"float32", "float16", "int8",
                                                                                        "int4"};

static void value_text(const grm_profile *p, grm_setting setting, char text[256]) {
    switch (setting) {
        case GRM_SETTING_LIGHTWEIGHT_MODE:
            snprintf(text, 256, "%s", p->lightweight ? "true" : "false");
            break;
        case GRM_SETTING_MODEL_SIZE:
            snprintf(text, 256, "%s", sizes[p->model_size]);
            break;
        case GRM_SETTING_MODEL_PRECISION:
            snprintf(text, 256, "%s", precisions[p->model_precision]);
            break;
        case GRM_SETTING_AUDIO_BUFFER_SIZE:
            snprintf(text, 256, "%u", p->audio_buffer_bytes);
            break;
        case GRM_SETTING_WORKER_CONCURRENCY:
            snprintf(text, 256, "%u", p->worker_concurrency);
            break;
        case GRM_SETTING_MAX_AUDIO_DURATION:
            snprintf(text, 256, "%g", p->max_audio_duration_s);
            break;
        case GRM_SETTING_THREADS:
            snprintf(text, 256, "%u", p->threads);
            break;
        case GRM_SETTING_SOUNDFONT:
            snprintf(text, 256, "%s",
                     p->soundfont                                  ? p->soundfont
                     : p->soundfont_names && p->soundfont_names[0] ? p->soundfont_names[0]
                                                                   : "");
            break;
        case GRM_SETTING_COUNT:
            text[0] = 0;
            break;
    }
}

static grm_status print_json(const grm_profile *p, grm_error *err) {
    json_t *settings = json_object();
    for (int s = 0; settings && s < GRM_SETTING_COUNT; s++) {
        char text[256];
        value_text(p, (grm_setting)s, text);
        json_object_set_new(settings, grm_setting_name((grm_setting)s),
                            json_pack("{s:s, s:s}", "value", text, "from", grm_origin_name(p->origins[s])));
    }
    return grm_print_json(
        json_pack("{s:s, s:b, s:b, s:s, s:i, s:i, s:i, s:b, s:b, s:f, s:i, s:i, s:b, s:o}", "architecture",
                  p->architecture, "is_arm", p->is_arm, "lightweight", p->lightweight, "lightweight_reason",
                  p->lightweight_reason, "analysis_rate_hz", (int)p->analysis_rate_hz, "analysis_hop",
                  (int)p->analysis_hop, "analysis_stride", (int)p->analysis_stride, "full_analysis", p->full_analysis,
                  "stem_separation", p->stem_separation, "neural_token_share", p->neural_token_share, "hall_lines",
                  (int)p->hall_lines, "space_rate_hz", (int)p->space_rate_hz, "mp3_joint_stereo", p->mp3_joint_stereo,
                  "settings", settings),
        err);
}

static void print_table(const grm_profile *p) {
    printf("architecture         %s (%s)\n", p->architecture, p->is_arm ? "ARM" : "not ARM");
    printf("mode                 %s: %s\n\n", p->lightweight ? "lightweight" : "standard", p->lightweight_reason);
    for (int s = 0; s < GRM_SETTING_COUNT; s++) {
        char text[256];
        value_text(p, (grm_setting)s, text);
        printf("%-20s %-28s %s\n", grm_setting_name((grm_setting)s), text, grm_origin_name(p->origins[s]));
    }
    if (p->analysis_rate_hz)
        printf("\nanalysis             at %u Hz, hop %u", p->analysis_rate_hz, p->analysis_hop);
    else
        printf("\nanalysis             at the file's own rate, hop %u", p->analysis_hop);
    printf(", %s frames of balance, %s\n", p->analysis_stride > 1 ? "a quarter of the" : "all",
           p->full_analysis ? "HPSS, MFCC and chroma computed" : "HPSS, MFCC and chroma skipped");
    printf("stem separation      %s\n", p->stem_separation ? "on" : "off");
    printf("neural token share   %g\n", p->neural_token_share);
    printf("reverbs and echoes   at %u Hz, halls of %u lines\n", p->space_rate_hz, p->hall_lines);
    printf("MP3                  %s stereo\n", p->mp3_joint_stereo ? "joint" : "plain");
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    grm_session *session = NULL;
    grm_status status = grm_session_open(arguments, &session, err);
    if (status == GRM_OK) {
        const grm_profile *profile = grm_session_profile(session);
        if (grm_argument_given(arguments, "--json")) {
            status = print_json(profile, err);
        } else {
            print_table(profile);
            status = grm_print_flush(err);
        }
    }
    grm_session_close(session);
    return status;
}

const grm_command grm_command_config = {
    .name = "config",
    .usage = "",
    .summary = "show every setting, its value and where it came from",
    .details = "Flag before environment before .env before $XDG_CONFIG_HOME/grammy/config.yaml before default.",
    .least = 0,
    .most = 0,
    .run = run,
};
