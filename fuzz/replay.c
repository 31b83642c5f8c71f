// Runs the files of a folder through a target, as a test: replay FOLDER
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "fuzz.h"

int main(int argc, char **argv) {
    if (argc != 2 || LLVMFuzzerInitialize(&argc, &argv) != 0) return 2;
    DIR *folder = opendir(argv[1]);
    if (!folder) {
        perror(argv[1]);
        return 2;
    }
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        uint8_t *bytes;
        size_t size;
        char *path = grm_path_join(argv[1], entry->d_name);
        if (!path || grm_file_read(path, 1 << 24, &bytes, &size, NULL) != GRM_OK) return 2;
        printf("# %s\n", entry->d_name);
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
        free(path);
        count++;
    }
    closedir(folder);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
