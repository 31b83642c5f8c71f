// Names of files and folders.
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

char *grm_path_join(const char *folder, const char *name) {
    size_t length = strlen(folder), name_size = strlen(name) + 1;
    bool slash = length > 0 && folder[length - 1] != '/';
    char *path = malloc(length + slash + name_size);
    if (!path) return NULL;
    memcpy(path, folder, length);
    if (slash) path[length] = '/';
    memcpy(path + length + slash, name, name_size);
    return path;
}

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

grm_status grm_folder_new(const char *path, grm_error *err) {
    grm_status status = GRM_OK;
    char *copy = strdup(path);
    if (!copy) return grm_fail_memory(err);
    for (char *c = copy; *c && status == GRM_OK;) {
        while (*c == '/') c++;
        while (*c && *c != '/') c++;
        char cut = *c;
        *c = '\0';
        // mkdir first: two programs may be making the same folders. A folder that is there may not be writable.
        if (mkdir(copy, 0777) != 0) {
            int problem = errno;
            if (!is_folder(copy))
                status = grm_fail(err, GRM_FAILED, "cannot make the folder '%s': %s", copy, strerror(problem));
        }
        *c = cut;
    }
    if (status == GRM_OK && !is_folder(copy))
        status = grm_fail(err, GRM_FAILED, "cannot make the folder '%s': the name is empty", path);
    free(copy);
    return status;
}

// Below an open folder, which it closes. Links are removed, never followed.
static void remove_below(int folder, int depth) {
    enum { DEEPEST = 64 };
    DIR *entries = depth < DEEPEST ? fdopendir(folder) : NULL;
    if (!entries) {
        close(folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (unlinkat(dirfd(entries), entry->d_name, 0) == 0) continue;
        int below = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0) continue;
        remove_below(below, depth + 1);
        unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
    }
    closedir(entries);
}

void grm_folder_remove(const char *path) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    remove_below(folder, 0);
    rmdir(path);
}

// The letter without its accent for U+00C0..U+017F, '-' for what is none.
static char plain_letter(unsigned code) {
    static const char letters[] =
        "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"   // from U+00C0
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"   // from U+0100
        "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";  // from U+0140
    static_assert(sizeof(letters) == 0x180 - 0xc0 + 1, "a letter a code point");
    return code >= 0xc0 && code < 0x180 ? letters[code - 0xc0] : '-';
}

char *grm_path_slug(const char *text) {
    enum { LONGEST = 80 };
    char slug[LONGEST + 1];
    size_t length = 0;
    bool gap = false;
    for (const unsigned char *c = (const unsigned char *)text; *c && length + 2 <= LONGEST; c++) {
        char letter = '-';
        if (*c >= 'A' && *c <= 'Z')
            letter = (char)(*c - 'A' + 'a');
        else if ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9'))
            letter = (char)*c;
        else if (*c == '\'')
            continue;  // "don't" -> "dont"
        else if (*c >= 0xc3 && *c <= 0xc5 && (c[1] & 0xc0) == 0x80) {
            letter = plain_letter((*c & 0x1fu) << 6 | (c[1] & 0x3fu));
            c++;
        } else if (*c >= 0x80 && *c < 0xc0)
            continue;  // the rest of a character that was a gap
        if (letter == '-') {
            gap = length > 0;
            continue;
        }
        if (gap) slug[length++] = '-';
        gap = false;
        slug[length++] = letter;
    }
    slug[length] = '\0';
    return strdup(length > 0 ? slug : "untitled");
}
