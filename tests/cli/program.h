// The program from outside: run in a folder of its own, with what it prints and its exit code.
#ifndef TESTS_CLI_PROGRAM_H
#define TESTS_CLI_PROGRAM_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants those before it
#include <cmocka.h>
#include <jansson.h>

static char program[1024], folder[] = "/tmp/grammy-cli-XXXXXX";
static char output[1 << 20];

static inline int enter(void **state) {
    (void)state;
    const char *build = getenv("GRAMMY_BUILD");
    snprintf(program, sizeof program, "%s/grammy", build ? build : "build");
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    return access(program, X_OK) == 0 && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int leave(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

// Runs `grammy ARGUMENTS` in a shell; its output, both streams, lies in `output`. Returns the exit code.
static inline int grammy(const char *arguments) {
    char command[4096];
    snprintf(command, sizeof command, "'%s' %s 2>&1", program, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = 0;
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static inline json_t *grammy_json(const char *arguments) {
    assert_int_equal(grammy(arguments), 0);
    json_t *json = json_loads(output, 0, NULL);
    assert_non_null(json);
    return json;
}

static inline void assert_says(const char *words) {
    if (!strstr(output, words)) fail_msg("\"%s\" is not in: %s", words, output);
}

enum { RATE = 22050, FRAMES = 8 * RATE };  // of the tune

// Eight seconds of two chords in turn, 16 bits, 22.05 kHz, stereo.
static inline void write_tune(const char *path) {
    static const double chords[2][3] = {{261.6, 329.6, 392}, {220, 261.6, 329.6}};
    static const uint8_t header[44] =
        "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x22\x56\0\0\x88\x58\x01\0\x04\0\x10\0data";
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    uint32_t size = FRAMES * 4, whole = size + 36;
    fwrite(header, 1, 4, file);
    fwrite(&whole, 4, 1, file);
    fwrite(header + 8, 1, 32, file);
    fwrite(&size, 4, 1, file);
    for (int i = 0; i < FRAMES; i++) {
        double t = (double)i / RATE, sum = 0, beat = fmod(t, 0.5);
        for (int k = 0; k < 3; k++) sum += sin(6.283185307 * chords[(int)t % 2][k] * t);
        int16_t frame[2] = {(int16_t)(6000 * sum * exp(-4 * beat)), (int16_t)(5000 * sum * exp(-5 * beat))};
        fwrite(frame, 2, 2, file);
    }
    fclose(file);
}

#endif
