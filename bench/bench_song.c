// How long a track takes, stage by stage, and how much memory: bench_song [SECONDS] [PROMPT], in standard and in
// lightweight mode, each in a process of its own so that its peak memory is its own.
#include <grammy/song.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

static void print_stages(const grm_song_result *r, double total) {
    printf("  %-12s %8s %8s %7s\n", "stage", "from s", "s", "share");
    for (unsigned i = 0; i < r->stage_count; i++)
        printf("  %-12s %8.2f %8.2f %6.1f%%\n", r->stages[i].name, r->stages[i].start_s, r->stages[i].seconds,
               100 * r->stages[i].seconds / total);
}

static int make(const char *lightweight, const char *prompt, double seconds, const char *folder) {
    const grm_setting_value flags[] = {{"LIGHTWEIGHT_MODE", lightweight}, {"MAX_AUDIO_DURATION", "3600"}};
    grm_profile *profile = NULL;
    grm_error err = {0};
    grm_song_result r = {0};
    grm_song_options options = {.folder = folder, .duration_s = seconds, .has_seed = true, .seed = 1};
    grm_status status = grm_profile_new(flags, GRM_COUNT(flags), &profile, &err);
    if (status == GRM_OK) status = grm_song_make(profile, prompt, &options, NULL, &r, &err);
    if (status != GRM_OK) {
        fprintf(stderr, "%s\n", err.message);
    } else {
        double total = 0;
        for (unsigned i = 0; i < r.stage_count; i++)
            if (r.stages[i].start_s + r.stages[i].seconds > total) total = r.stages[i].start_s + r.stages[i].seconds;
        printf("%s: %.0f s of %s, %u stems, %u threads\n",
               strcmp(lightweight, "true") == 0 ? "lightweight" : "standard", r.duration_s, r.style, r.stems,
               profile->threads);
        print_stages(&r, total);
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("  %-12s %8s %8.2f %6.1fx real time\n", "whole", "", total, r.duration_s / total);
        printf("  %.2f s of processor time, %ld MB at most\n\n",
               (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec, usage.ru_maxrss / 1024);
    }
    grm_profile_free(profile);
    return status;
}

int main(int argc, char **argv) {
    static const char *const modes[] = {"false", "true"};
    double seconds = argc > 1 ? atof(argv[1]) : 180;
    const char *prompt = argc > 2 ? argv[2] : "an epic orchestral cinematic piece with choir, brass and percussion";
    char root[] = "/tmp/grammy-bench-XXXXXX";
    int failed = 0;
    if (!mkdtemp(root)) return 1;
    for (size_t i = 0; i < GRM_COUNT(modes); i++) {
        char *folder = grm_path_join(root, modes[i]);
        int status = 0;
        fflush(stdout);
        pid_t child = folder ? fork() : -1;
        if (child == 0) {
            int result = make(modes[i], prompt, seconds, folder);
            fflush(stdout);
            _exit(result);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) failed = 1;
        free(folder);
    }
    grm_folder_remove(root);
    return failed;
}
