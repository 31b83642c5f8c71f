// Turns files into a C source with their bytes: embed OUT.c SOURCE_ROOT FILE...
// A file is known by its path below SOURCE_ROOT; one from elsewhere (a font of the system) by "system/" and its name.
#define _XOPEN_SOURCE 700  // realpath
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_bytes(FILE *out, FILE *in, const char *path) {
    int byte, column = 0;
    while ((byte = fgetc(in)) != EOF) fprintf(out, "%s%d,", column++ % 32 ? "" : "\n", byte);
    if (ferror(in)) {
        perror(path);
        exit(1);
    }
}

// The name of a file with its folder's links resolved, however the build system has put it; free().
static char *resolve(const char *path) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char *folder = strdup(slash ? path : ".");
    if (folder && slash) folder[slash == path ? 1 : slash - path] = '\0';
    char *full = folder ? realpath(folder, NULL) : NULL;
    char *result = full ? malloc(strlen(full) + strlen(base) + 2) : NULL;
    if (!result) {
        perror(path);
        exit(1);
    }
    sprintf(result, "%s/%s", full, base);
    free(full);
    free(folder);
    return result;
}

static void write_name(FILE *out, const char *path, const char *root) {
    char *full = resolve(path), *top = realpath(root, NULL);
    size_t length = top ? strlen(top) : 0;
    const char *slash = strrchr(full, '/');
    if (length > 0 && strncmp(full, top, length) == 0 && full[length] == '/')
        fprintf(out, "\"%s\"", full + length + 1);
    else
        fprintf(out, "\"system/%s\"", slash + 1);
    free(top);
    free(full);
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return 1;
    }
    fprintf(out, "#include \"base/base.h\"\n");
    for (int i = 3; i < argc; i++) {
        FILE *in = fopen(argv[i], "rb");
        if (!in) {
            perror(argv[i]);
            return 1;
        }
        fprintf(out, "static const unsigned char file_%d[] = {", i);
        write_bytes(out, in, argv[i]);
        fprintf(out, "0};\n");  // a zero behind, so that text can be read as a string
        fclose(in);
    }
    fprintf(out, "const grm_embedded grm_embedded_files[] = {\n");
    for (int i = 3; i < argc; i++) {
        fprintf(out, "    {");
        write_name(out, argv[i], argv[2]);
        fprintf(out, ", file_%d, sizeof(file_%d) - 1},\n", i, i);
    }
    fprintf(out, "    {0, 0, 0}};\nconst size_t grm_embedded_count = %d;\n", argc - 3);
    return fclose(out) == 0 ? 0 : 1;
}
