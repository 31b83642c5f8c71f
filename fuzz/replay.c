// Runs the files of folders through a target, as a test: replay FOLDER...
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "fuzz.h"

// How many files of the folder were run; below 0: it can't be read.
static int run_folder(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) return -1;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        uint8_t *bytes = NULL;
        size_t size;
        char *file = grm_path_join(path, entry->d_name);
        if (file && grm_file_read(file, 1 << 24, &bytes, &size, NULL) == GRM_OK) {
            printf("# %s\n", file);
            LLVMFuzzerTestOneInput(bytes, size);
            count++;
        }
        free(bytes);
        free(file);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv) {
    if (LLVMFuzzerInitialize(&argc, &argv) != 0) return 2;
    for (int i = 1; i < argc; i++)
        if (run_folder(argv[i]) < 1) {
            fprintf(stderr, "%s: no inputs\n", argv[i]);
            return 1;
        }
    return argc > 1 ? 0 : 2;
}
