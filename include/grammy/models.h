// MusicGen models on this machine: fetching them from a hub, and finding them again.
#ifndef GRAMMY_MODELS_H
#define GRAMMY_MODELS_H

#include <grammy/progress.h>
#include <grammy/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// NULL or 0: the default, in brackets.
typedef struct grm_pull_options {
    const char *hub;       // base address (GRAMMY_HUB, else the one in data/models.yaml)
    const char *revision;  // branch, tag or commit ("main")
    const char *folder;    // where to ("NAME" in the models' folder)
    double pause_s;        // before a broken connection is tried again the first time (1); doubles each time
} grm_pull_options;

// Fetches a model: a name of data/models.yaml ("small") or a repository ("owner/name"). Each file must have the size
// and checksum that the hub lists. What was interrupted stays beside as NAME.part and is gone on with. Files that are
// there already are checked and kept. GRM_MISSING when the hub does not have it, GRM_FAILED when it can't be reached or
// what it sends is wrong. *folder (may be NULL) receives where it lies; free().
GRM_API grm_status grm_model_pull(const char *name, const grm_pull_options *options, grm_progress *progress,
                                  char **folder, grm_error *err);

// $XDG_DATA_HOME/grammy/models, or ~/.local/share/grammy/models; free().
GRM_API grm_status grm_models_folder(char **out, grm_error *err);
// A path that is there, or the name of a model in the models' folder -> its path; free(). GRM_MISSING names the remedy.
GRM_API grm_status grm_model_find(const char *name, char **path, grm_error *err);
// The licence that a model's folder or packed file names, or NULL where it names none; free().
GRM_API grm_status grm_model_licence(const char *path, char **licence, grm_error *err);

typedef struct grm_installed_model {
    char *name, *path;
    char *licence;  // NULL: not known
    uint64_t bytes;
    bool partial;  // a pull of it was interrupted; another goes on
} grm_installed_model;
// What is in the models' folder, by name. Free with grm_installed_models_free.
GRM_API grm_status grm_models_list(grm_installed_model **out, size_t *count, grm_error *err);
GRM_API void grm_installed_models_free(grm_installed_model *models, size_t count);

#ifdef __cplusplus
}
#endif
#endif
