#include "song/staging.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// ---- what stands at the target ----

static bool is_release_file(const char *name) {
    static const char *const names[] = {"master.wav",   "master.mp3",      "stems",        "song.mid",
                                        "brief.json",   "report.json",     "release.json", "cover.png",
                                        "waveform.png", "spectrogram.png", "report.html",  "master.json"};
    for (size_t i = 0; i < GRM_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static bool is_stem_file(const char *name) {
    size_t length = strlen(name);
    return strcmp(name, "dry") == 0 || (length > 4 && strcmp(name + length - 4, ".wav") == 0);
}

// Looks for an entry that a release does not have.
static grm_status check_entries(const char *folder, bool stems, grm_error *err) {
    grm_status status = GRM_OK;
    DIR *entries = opendir(folder);
    if (!entries) return grm_fail(err, GRM_USAGE, "cannot replace '%s': %s", folder, strerror(errno));
    for (struct dirent *entry; status == GRM_OK && (entry = readdir(entries));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (!(stems ? is_stem_file(name) : is_release_file(name)))
            status = grm_fail(err, GRM_USAGE,
                              "'%s' is not replaced: it holds '%s', which no release has; choose another folder, or "
                              "take that out",
                              folder, name);
    }
    closedir(entries);
    return status;
}

static grm_status check_replaceable(const char *target, grm_error *err) {
    struct stat info;
    grm_status status = check_entries(target, false, err);
    char *stems = grm_path_join(target, "stems"), *dry = stems ? grm_path_join(stems, "dry") : NULL;
    if (!dry) status = grm_fail_memory(err);
    if (status == GRM_OK && stat(stems, &info) == 0) status = check_entries(stems, true, err);
    if (status == GRM_OK && stat(dry, &info) == 0) status = check_entries(dry, true, err);
    free(dry);
    free(stems);
    return status;
}

static grm_status check_target(grm_staging *s, bool force, grm_error *err) {
    struct stat info;
    if (lstat(s->target, &info) != 0) {
        if (errno == ENOENT) return GRM_OK;
        return grm_fail(err, GRM_FAILED, "cannot look at '%s': %s", s->target, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode))
        return grm_fail(err, GRM_USAGE, "'%s' is there and is no folder: choose another name (-o)", s->target);
    if (!force)
        return grm_fail(err, GRM_USAGE, "the folder '%s' is there: choose another (-o), or replace it with --force",
                        s->target);
    s->replaces = true;
    return check_replaceable(s->target, err);
}

// ---- names ----

// Splits a path into parent and name, without slashes at the end and with links followed.
static grm_status read_target(const char *path, grm_staging *s, grm_error *err) {
    struct stat info;
    bool link = lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
    s->target = link ? realpath(path, NULL) : strdup(path);
    if (!s->target && link)
        return grm_fail(err, GRM_USAGE, "'%s' is a link that leads nowhere: choose another folder (-o)", path);
    if (!s->target) return grm_fail_memory(err);
    size_t length = strlen(s->target);
    while (length > 1 && s->target[length - 1] == '/') s->target[--length] = '\0';
    const char *slash = strrchr(s->target, '/'), *name = slash ? slash + 1 : s->target;
    if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return grm_fail(err, GRM_USAGE, "'%s' is no place for a release: give the name of a new folder (-o)", path);
    s->parent = slash ? strdup(s->target) : strdup(".");
    if (!s->parent) return grm_fail_memory(err);
    if (slash) s->parent[slash == s->target ? 1 : slash - s->target] = '\0';
    return GRM_OK;
}

static const char *name_of(const grm_staging *s) {
    const char *slash = strrchr(s->target, '/');
    return slash ? slash + 1 : s->target;
}

// How much of the parent's path is there already is remembered, so that a failure can take back the rest.
static grm_status make_parent(grm_staging *s, grm_error *err) {
    struct stat info;
    for (size_t i = 1; s->made == 0 && s->parent[i - 1]; i++) {
        char cut = s->parent[i];
        if (cut != '/' && cut != '\0') continue;
        s->parent[i] = '\0';
        if (stat(s->parent, &info) != 0) s->made = i;
        s->parent[i] = cut;
    }
    return s->made ? grm_folder_new(s->parent, err) : GRM_OK;
}

// ".name.KIND-1f2e3d4c" beside the target, new and empty.
static grm_status make_beside(const grm_staging *s, const char *kind, char **out, grm_error *err) {
    char name[300];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mark = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 20;
    for (int attempt = 0; attempt < 100; attempt++) {
        mark = mark * 6364136223846793005u + 1442695040888963407u;
        snprintf(name, sizeof name, ".%.200s.%s-%08x", name_of(s), kind, (unsigned)(mark >> 32));
        char *path = grm_path_join(s->parent, name);
        if (!path) return grm_fail_memory(err);
        if (mkdir(path, 0777) == 0) {
            *out = path;
            return GRM_OK;
        }
        free(path);
        if (errno != EEXIST) break;
    }
    return grm_fail(err, GRM_FAILED, "cannot make a folder in '%s': %s", s->parent, strerror(errno));
}

// ---- the life of a staging folder ----

grm_status grm_staging_open(const char *target, bool force, grm_staging *s, grm_error *err) {
    memset(s, 0, sizeof *s);
    grm_status status = read_target(target, s, err);
    if (status == GRM_OK) status = check_target(s, force, err);
    if (status == GRM_OK) status = make_parent(s, err);
    if (status == GRM_OK) status = make_beside(s, "partial", &s->folder, err);
    if (status != GRM_OK) grm_staging_close(s);
    return status;
}

static grm_status fail_publish(const grm_staging *s, int problem, grm_error *err) {
    return grm_fail(err, GRM_FAILED, "cannot put the release at '%s': %s", s->target, strerror(problem));
}

grm_status grm_staging_publish(grm_staging *s, grm_error *err) {
    char *old = NULL;
    grm_status status = GRM_OK;
    if (s->replaces) {
        // It may have changed since it was looked at.
        if ((status = check_replaceable(s->target, err)) != GRM_OK) return status;
        if ((status = make_beside(s, "old", &old, err)) != GRM_OK) return status;
        if (rename(s->target, old) != 0) {
            status = fail_publish(s, errno, err);
            rmdir(old);
            goto done;
        }
    }
    if (rename(s->folder, s->target) != 0) {
        status = fail_publish(s, errno, err);
        if (old) rename(old, s->target);
        goto done;
    }
    free(s->folder);
    s->folder = NULL;
    if (old) grm_folder_remove(old);
done:
    free(old);
    return status;
}

// Takes back the parents that were made for nothing; one that holds something stays.
static void remove_parents(grm_staging *s) {
    while (s->made && strlen(s->parent) >= s->made) {
        if (rmdir(s->parent) != 0) break;
        char *slash = strrchr(s->parent, '/');
        if (!slash) break;
        *slash = '\0';
    }
}

void grm_staging_close(grm_staging *s) {
    if (s->folder) grm_folder_remove(s->folder);
    if (s->parent && s->made) remove_parents(s);
    free(s->folder);
    free(s->parent);
    free(s->target);
    memset(s, 0, sizeof *s);
}
