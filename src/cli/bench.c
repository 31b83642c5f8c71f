// grammy bench: what a track costs on this machine, in standard and in lightweight mode. Each is made in a process of
// its own, so that time and memory are those of one run.
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

static const grm_option options[] = {
    {"--duration", "TIME", "length of the track, \"3:00\" (default: 1:00)"},
    {"--seed", "N", "of the track (default: 1)"},
    {NULL, NULL, NULL},
};

// Lightweight first: what is known of memory is the most of all processes so far, and it takes less.
enum { LIGHTWEIGHT, STANDARD, MODES };
static const char *const mode_values[MODES] = {[LIGHTWEIGHT] = "true", [STANDARD] = "false"};

// What a process tells of its run.
typedef struct outcome {
    grm_status status;
    grm_error err;
    grm_song_result song;
    unsigned threads;
} outcome;

typedef struct cost {
    double wall_s, processor_s, memory_mb;
} cost;

// ---- in the process ----

static grm_status make(const grm_arguments *arguments, size_t mode, const char *folder, outcome *out) {
    grm_arguments with_mode = *arguments;
    grm_session *session = NULL;
    grm_brief_options brief;
    const char *prompt =
        arguments->count ? arguments->positional[0] : "an uplifting pop song with piano, strings, guitars and drums";
    if (with_mode.option_count + 2 > GRM_MAX_ARGUMENTS) return grm_fail(&out->err, GRM_USAGE, "too many options");
    // Of options that are given twice the last one counts; the limit is what MAX_AUDIO_DURATION allows at most.
    with_mode.options[with_mode.option_count].name = "--lightweight";
    with_mode.options[with_mode.option_count++].value = mode_values[mode];
    if (!grm_argument_given(arguments, "--max-duration")) {
        with_mode.options[with_mode.option_count].name = "--max-duration";
        with_mode.options[with_mode.option_count++].value = "36000";
    }
    grm_status status = grm_session_open(&with_mode, &session, &out->err);
    if (status) goto done;
    const grm_profile *profile = grm_session_profile(session);
    status = grm_arguments_brief(&with_mode, profile, &brief, &out->err);
    if (status) goto done;
    const grm_song_options song = {.folder = folder,
                                   .has_seed = true,
                                   .seed = brief.has_seed ? brief.seed : 1,
                                   .duration_s = brief.duration_s > 0 ? brief.duration_s : 60};
    out->threads = profile->threads;
    status = grm_song_make(profile, prompt, &song, grm_session_progress(session), &out->song, &out->err);
done:
    grm_session_close(session);
    return status;
}

static void send_outcome(int to, const outcome *o) {
    const char *at = (const char *)o;
    for (size_t left = sizeof *o; left > 0;) {
        ssize_t put = write(to, at, left);
        if (put < 0 && errno != EINTR) return;
        if (put > 0) at += put, left -= (size_t)put;
    }
}

// ---- around it ----

static void watched_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
}

// Until the process ends; what asks us to stop is passed on, so that it can clean up.
static int wait_for(pid_t child) {
    sigset_t set;
    watched_signals(&set);
    for (;;) {
        int status = 0, number = 0;
        if (waitpid(child, &status, WNOHANG) == child) return status;
        if (sigwait(&set, &number) == 0 && number != SIGCHLD) kill(child, SIGTERM);
    }
}

static grm_status run_apart(const grm_arguments *arguments, size_t mode, const char *folder, outcome *out,
                            grm_error *err) {
    int ends[2];
    sigset_t set, before;
    *out = (outcome){0};
    if (pipe(ends) != 0) return grm_fail(err, GRM_FAILED, "no pipe could be made: %s", strerror(errno));
    watched_signals(&set);
    sigprocmask(SIG_BLOCK, &set, &before);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        sigprocmask(SIG_SETMASK, &before, NULL);
        out->status = make(arguments, mode, folder, out);
        send_outcome(ends[1], out);
        _exit(0);
    }
    close(ends[1]);
    int status = child > 0 ? wait_for(child) : -1;
    size_t have = 0;
    // It is in the pipe, which holds more than that.
    for (ssize_t got; child > 0 && (got = read(ends[0], (char *)out + have, sizeof *out - have)) > 0;)
        have += (size_t)got;
    close(ends[0]);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child < 0) return grm_fail(err, GRM_FAILED, "no process could be started");
    if (have < sizeof *out || status != 0) return grm_fail(err, GRM_FAILED, "the process ended without a result");
    if (out->status && err) *err = out->err;
    return out->status;
}

static double seconds_of(struct timeval t) {
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static double wall_of(const grm_song_result *song) {
    double end = 0;
    for (unsigned i = 0; i < song->stage_count; i++) end = fmax(end, song->stages[i].start_s + song->stages[i].seconds);
    return end;
}

static grm_status measure(const grm_arguments *arguments, outcome outcomes[MODES], cost costs[MODES], grm_error *err) {
    char root[1024];
    const char *folder = getenv("TMPDIR");
    snprintf(root, sizeof root, "%.900s/grammy-bench-XXXXXX", folder && folder[0] ? folder : "/tmp");
    if (!mkdtemp(root)) return grm_fail(err, GRM_FAILED, "'%s' cannot be made: %s", root, strerror(errno));
    grm_status status = GRM_OK;
    double before_s = 0;
    for (size_t mode = 0; mode < MODES && !status; mode++) {
        struct rusage use;
        char *track = grm_path_join(root, mode_values[mode]);
        status = track ? run_apart(arguments, mode, track, &outcomes[mode], err) : grm_fail_memory(err);
        free(track);
        getrusage(RUSAGE_CHILDREN, &use);
        double spent_s = seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
        costs[mode] = (cost){wall_of(&outcomes[mode].song), spent_s - before_s, (double)use.ru_maxrss / 1024};
        before_s = spent_s;
    }
    grm_folder_remove(root);
    return status;
}

// ---- what is told ----

static void print_row(const char *name, const char *format, double standard, double lightweight, const char *note) {
    char values[2][32];
    snprintf(values[0], sizeof values[0], format, standard);
    snprintf(values[1], sizeof values[1], format, lightweight);
    printf("  %-18s %12s %12s   %s\n", name, values[0], values[1], note);
}

static void print_promise(const char *what, const char *format, double is, double asked, bool kept) {
    char values[2][32];
    snprintf(values[0], sizeof values[0], format, is);
    snprintf(values[1], sizeof values[1], format, asked);
    printf("  %-18s %12s %12s   %s\n", what, values[1], values[0], kept ? "kept" : "missed");
}

static grm_status print_table(const outcome o[MODES], const cost c[MODES], grm_error *err) {
    const grm_song_result *standard = &o[STANDARD].song, *light = &o[LIGHTWEIGHT].song;
    printf("%.0f s of %s, %u parts, %u threads\n\n  %-18s %12s %12s\n", standard->duration_s, standard->style,
           standard->stems, o[STANDARD].threads, "", "standard", "lightweight");
    print_row("wall", "%.2f s", c[STANDARD].wall_s, c[LIGHTWEIGHT].wall_s, "");
    print_row("times real time", "%.1f", standard->duration_s / c[STANDARD].wall_s,
              light->duration_s / c[LIGHTWEIGHT].wall_s, "");
    print_row("processor", "%.2f s", c[STANDARD].processor_s, c[LIGHTWEIGHT].processor_s, "");
    print_row("peak memory", "%.0f MB", c[STANDARD].memory_mb, c[LIGHTWEIGHT].memory_mb, "");
    print_row("score", "%.1f", standard->overall, light->overall, "");
    printf("\n");
    for (unsigned i = 0; i < standard->stage_count && i < light->stage_count; i++)
        print_row(standard->stages[i].name, "%.2f s", standard->stages[i].seconds, light->stages[i].seconds, "");
    double saved = 100 * (1 - c[LIGHTWEIGHT].memory_mb / c[STANDARD].memory_mb);
    double faster = c[STANDARD].wall_s / c[LIGHTWEIGHT].wall_s, apart = fabs(standard->overall - light->overall);
    printf("\n  %-18s %12s %12s\n", "lightweight mode", "promised", "measured");
    print_promise("less memory", "%.0f %%", saved, 75, saved >= 75);
    print_promise("faster", "%.2f times", faster, 3, faster >= 3);
    print_promise("score apart", "%.1f", apart, 3, apart <= 3);
    return grm_print_flush(err);
}

static json_t *mode_json(const outcome *o, const cost *c) {
    json_t *stages = json_array();
    for (unsigned i = 0; i < o->song.stage_count; i++)
        json_array_append_new(stages, json_pack("{s:s, s:f, s:f}", "name", o->song.stages[i].name, "start_s",
                                                o->song.stages[i].start_s, "seconds", o->song.stages[i].seconds));
    return json_pack("{s:f, s:f, s:f, s:f, s:o}", "wall_s", c->wall_s, "processor_s", c->processor_s, "peak_memory_mb",
                     c->memory_mb, "overall", o->song.overall, "stages", stages);
}

static json_t *table_json(const outcome o[MODES], const cost c[MODES]) {
    const grm_song_result *song = &o[STANDARD].song;
    return json_pack("{s:f, s:s, s:i, s:i, s:o, s:o}", "duration_s", song->duration_s, "style", song->style, "stems",
                     (int)song->stems, "threads", (int)o[STANDARD].threads, "standard",
                     mode_json(&o[STANDARD], &c[STANDARD]), "lightweight", mode_json(&o[LIGHTWEIGHT], &c[LIGHTWEIGHT]));
}

static grm_status run(const grm_arguments *arguments, grm_error *err) {
    outcome outcomes[MODES] = {0};
    cost costs[MODES];
    if (grm_argument_given(arguments, "--lightweight"))
        return grm_fail(err, GRM_USAGE, "--lightweight: both modes are measured, there is nothing to choose");
    grm_status status = measure(arguments, outcomes, costs, err);
    if (status) return status;
    if (grm_argument_given(arguments, "--json")) return grm_print_json(table_json(outcomes, costs), err);
    return print_table(outcomes, costs, err);
}

const grm_command grm_command_bench = {
    .name = "bench",
    .usage = "[\"PROMPT\"] [--duration 3:00]",
    .summary = "measure what a track costs on this machine, in standard and lightweight mode",
    .details =
        "Makes the same track in both modes, stage by stage, and says whether lightweight mode keeps what it "
        "promises.\n"
        "Nothing of the tracks stays.",
    .least = 0,
    .most = 1,
    .options = options,
    .run = run,
};
