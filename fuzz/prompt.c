// Any bytes are words that become a brief, or are refused. The first line is the prompt, the next ones are what flags
// would say: genre, key, metre, instruments, title, length.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "fuzz.h"
#include "prompt/reading.h"

// All live as long as the process.
static grm_catalogue *catalogue;
static grm_memory *words;
static grm_lexicon *lexicon;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    words = grm_memory_new();
    if (!words || grm_catalogue_new(NULL, &catalogue, NULL) != GRM_OK) return 1;
    return grm_lexicon_open(catalogue, words, &lexicon, NULL) == GRM_OK ? 0 : 1;
}

static void check(const grm_brief *brief) {
    if (!(brief->tempo_bpm > 0.0 && brief->duration_s > 0.0 && brief->duration_s <= 600.0)) abort();
    json_t *json = grm_brief_to_json(brief);
    char *text = json ? json_dumps(json, 0) : NULL;
    if (!text) abort();  // invalid UTF-8 must not come through
    free(text);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *lines[7] = {0}, *text = calloc(1, size + 1);
    if (!text) return 0;
    if (size > 0) memcpy(text, bytes, size);
    lines[0] = text;
    for (size_t i = 1; i < 7 && lines[i - 1] && (lines[i] = strchr(lines[i - 1], '\n')); i++) *lines[i]++ = '\0';

    grm_brief_options options = {.genre = lines[1],
                                 .key = lines[2],
                                 .metre = lines[3],
                                 .instruments = lines[4],
                                 .title = lines[5],
                                 .tempo_bpm = 0.0,
                                 .max_duration_s = 600.0};
    if (lines[6] && !grm_duration_parse(lines[6], &options.duration_s)) options.duration_s = 0.0;
    grm_brief *brief = NULL;
    grm_error err = {0};
    grm_status status = grm_brief_read_with(text, &options, catalogue, lexicon, &brief, &err);
    if (status == GRM_OK)
        check(brief);
    else if (!err.message[0])
        abort();  // a failure must say why
    grm_brief_free(brief);
    free(text);
    return 0;
}
