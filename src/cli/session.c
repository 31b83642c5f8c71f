// What a command runs in: the profile, progress on the terminal, and a thread that waits for Ctrl-C.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

typedef enum showing { SHOW_NOTHING, SHOW_BAR, SHOW_JSON } showing;

struct grm_session {
    grm_profile *profile;
    grm_progress *progress;
    showing show;
    double started_s, shown_s;
    bool drawn;
    pthread_t watcher;
    bool watching;
    atomic_bool closing;
    sigset_t before;
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void draw_bar(grm_session *s, const char *stage, double done) {
    enum { WIDTH = 28 };
    char bar[WIDTH + 1];
    int full = (int)(done * WIDTH + 0.5);
    for (int i = 0; i < WIDTH; i++) bar[i] = i < full ? '=' : ' ';
    bar[WIDTH] = 0;
    double spent = now_s() - s->started_s, left = done > 0.02 ? spent / done - spent : -1;
    if (left >= 0)
        fprintf(stderr, "\r[%s] %3d %%  %-12s %d:%02d left ", bar, (int)(100 * done), stage, (int)left / 60,
                (int)left % 60);
    else
        fprintf(stderr, "\r[%s] %3d %%  %-12s             ", bar, (int)(100 * done), stage);
    fflush(stderr);
    s->drawn = true;
}

static void report(void *context, const char *stage, double done) {
    grm_session *s = context;
    double now = now_s();
    if (now - s->shown_s < 0.08 && done < 1) return;
    s->shown_s = now;
    if (s->show == SHOW_BAR) draw_bar(s, stage, done);
    if (s->show == SHOW_JSON) fprintf(stderr, "{\"stage\": \"%s\", \"progress\": %.4f}\n", stage, done);
}

// Signals are blocked in every thread and taken here: no handler, no state outside the session. A second one ends the
// program at once.
static void *watch(void *context) {
    grm_session *s = context;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR2);  // from close
    for (int seen = 0;;) {
        int number = 0;
        if (sigwait(&set, &number) != 0 || atomic_load(&s->closing)) return NULL;
        if (number == SIGUSR2) continue;
        if (seen++) _exit(GRM_CANCELLED);
        grm_progress_cancel(s->progress);
    }
}

static grm_status start_watching(grm_session *s, grm_error *err) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, &s->before);
    int failure = pthread_create(&s->watcher, NULL, watch, s);
    if (failure) return grm_fail(err, GRM_FAILED, "no thread could be started: %s", strerror(failure));
    s->watching = true;
    return GRM_OK;
}

grm_status grm_session_open(const grm_arguments *arguments, grm_session **out, grm_error *err) {
    static const struct {
        const char *flag, *setting;
    } flags[] = {{"--threads", "GRAMMY_THREADS"},
                 {"--lightweight", "LIGHTWEIGHT_MODE"},
                 {"--max-duration", "MAX_AUDIO_DURATION"},
                 {"--soundfont", "GRAMMY_SOUNDFONT"}};
    grm_setting_value values[GRM_COUNT(flags)];
    size_t count = 0;
    for (size_t i = 0; i < GRM_COUNT(flags); i++) {
        const char *value = grm_argument(arguments, flags[i].flag);
        if (value) values[count++] = (grm_setting_value){flags[i].setting, value};
    }
    *out = NULL;
    grm_session *s = calloc(1, sizeof *s);
    if (!s) return grm_fail_memory(err);
    s->started_s = now_s();
    if (grm_argument_given(arguments, "--progress"))
        s->show = SHOW_JSON;
    else if (!grm_argument_given(arguments, "--quiet") && isatty(STDERR_FILENO))
        s->show = SHOW_BAR;
    grm_status status = grm_profile_new(values, count, &s->profile, err);
    if (status == GRM_OK) status = grm_progress_new(s->show == SHOW_NOTHING ? NULL : report, s, &s->progress, err);
    if (status == GRM_OK) status = start_watching(s, err);
    if (status == GRM_OK)
        *out = s;
    else
        grm_session_close(s);
    return status;
}

void grm_session_close(grm_session *s) {
    if (!s) return;
    if (s->watching) {
        atomic_store(&s->closing, true);
        pthread_kill(s->watcher, SIGUSR2);
        pthread_join(s->watcher, NULL);
        pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    }
    if (s->drawn) fprintf(stderr, "\r%70s\r", "");
    grm_progress_free(s->progress);
    grm_profile_free(s->profile);
    free(s);
}

const grm_profile *grm_session_profile(const grm_session *s) {
    return s->profile;
}

grm_progress *grm_session_progress(grm_session *s) {
    return s->progress;
}

grm_status grm_print_flush(grm_error *err) {
    if (fflush(stdout) != 0 || ferror(stdout)) return grm_fail(err, GRM_FAILED, "standard output: %s", strerror(errno));
    return GRM_OK;
}

grm_status grm_print_json(json_t *json, grm_error *err) {
    if (!json) return grm_fail_memory(err);
    int failed = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(json);
    if (failed) return grm_fail(err, GRM_FAILED, "standard output: %s", strerror(errno));
    putchar('\n');
    return grm_print_flush(err);
}
