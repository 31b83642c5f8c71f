// Finding, opening and closing a SoundFont.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "synth/soundfont.h"

static const char remedy[] =
    "install one (apt-get install musescore-general-soundfont) or name a file with --soundfont FILE or "
    "GRAMMY_SOUNDFONT";

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static grm_status open_file(const char *path, grm_soundfont **out, grm_error *err) {
    *out = NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return grm_fail(err, errno == ENOENT ? GRM_MISSING : GRM_BAD_INPUT, "SoundFont %s: %s; %s", path,
                        strerror(errno), remedy);
    }
    struct stat info;
    void *bytes = MAP_FAILED;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    }
    close(file);
    if (bytes == MAP_FAILED) return grm_fail(err, GRM_BAD_INPUT, "SoundFont %s: not a file that can be read", path);
    grm_status status = grm_soundfont_read(bytes, (size_t)info.st_size, base_name(path), out, err);
    if (status != GRM_OK) {
        munmap(bytes, (size_t)info.st_size);
        return status;
    }
    (*out)->mapped = true;
    return GRM_OK;
}

// ---- where systems keep them ----

// The path of `name` in `folder`, or in a folder `below` it, when there is such a file; free().
static char *find_in(const char *folder, const char *below, const char *name) {
    if (!folder || !*folder) return NULL;
    char *inside = grm_path_join(folder, below);
    char *path = inside ? grm_path_join(inside, name) : NULL;
    free(inside);
    if (path && access(path, R_OK) == 0) return path;
    free(path);
    return NULL;
}

static char *find_installed(const char *name) {
    static const char *const system_folders[] = {"/usr/share", "/usr/local/share"};
    char *path = find_in(getenv("XDG_DATA_HOME"), "grammy/soundfonts", name);
    if (!path) path = find_in(getenv("HOME"), ".local/share/grammy/soundfonts", name);
    for (size_t i = 0; i < GRM_COUNT(system_folders) && !path; i++) {
        path = find_in(system_folders[i], "sounds/sf3", name);
        if (!path) path = find_in(system_folders[i], "sounds/sf2", name);
        if (!path) path = find_in(system_folders[i], "soundfonts", name);
    }
    return path;
}

grm_status grm_soundfont_open(const grm_profile *profile, grm_soundfont **out, grm_error *err) {
    *out = NULL;
    if (profile->soundfont) return open_file(profile->soundfont, out, err);
    const char *first = "";
    for (const char *const *name = profile->soundfont_names; name && *name; name++) {
        if (!*first) first = *name;
        char *path = find_installed(*name);
        if (!path) continue;
        grm_status status = open_file(path, out, err);
        free(path);
        return status;
    }
    return grm_fail(err, GRM_MISSING, "no SoundFont found (looked for %s and its like in /usr/share/sounds); %s", first,
                    remedy);
}

// ---- an open one ----

void grm_soundfont_close(grm_soundfont *font) {
    if (!font) return;
    for (size_t i = 0; font->samples && i < font->sample_count; i++) {
        grm_pcm *pcm = atomic_load(&font->samples[i].pcm);
        while (pcm) {
            grm_pcm *older = pcm->older;
            free(pcm);
            pcm = older;
        }
    }
    if (font->mapped) munmap((void *)font->bytes, font->size);
    grm_memory_free(font->memory);
    pthread_mutex_destroy(&font->mutex);
    free(font);
}

const char *grm_soundfont_name(const grm_soundfont *font) {
    return font->name;
}

const char *grm_soundfont_sha256(grm_soundfont *font) {
    pthread_mutex_lock(&font->mutex);
    if (!font->sha256[0]) grm_sha256_hex(font->bytes, font->size, font->sha256);
    pthread_mutex_unlock(&font->mutex);
    return font->sha256;
}

static grm_preset *find_preset(const grm_soundfont *font, unsigned bank, unsigned program) {
    for (size_t i = 0; i < font->preset_count; i++) {
        grm_preset *preset = &font->presets[i];
        if (preset->bank == bank && preset->program == program) return preset;
    }
    return NULL;
}

grm_status grm_soundfont_preset(grm_soundfont *font, unsigned bank, unsigned program, const grm_preset **out,
                                grm_error *err) {
    *out = NULL;
    grm_preset *preset = find_preset(font, bank, program);
    if (!preset && bank != 128) preset = find_preset(font, 0, program);
    if (!preset) preset = find_preset(font, bank == 128 ? 128 : 0, 0);
    if (!preset && font->preset_count > 0) preset = &font->presets[0];
    if (!preset) return grm_fail(err, GRM_BAD_INPUT, "%s: the SoundFont has no presets", font->name);

    pthread_mutex_lock(&font->mutex);
    grm_status status = preset->resolved ? GRM_OK : grm_soundfont_resolve(font, preset, err);
    pthread_mutex_unlock(&font->mutex);
    if (status == GRM_OK) *out = preset;
    return status;
}
