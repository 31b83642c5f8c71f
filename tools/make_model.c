// A MusicGen folder with random weights: make_model OUT tiny|small|medium|large TOKENIZER.json [stereo] [melody] [SEED]
#include <stdlib.h>
#include <string.h>

#include "random_model.h"

int main(int argc, char **argv) {
    grm_error err = {0};
    const random_model *size = argc > 3 ? random_model_size(argv[2]) : NULL;
    if (!size) {
        fprintf(stderr, "make_model OUT tiny|small|medium|large TOKENIZER.json [stereo] [melody] [SEED]\n");
        return 2;
    }
    random_model model = *size;
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "stereo") == 0)
            model.channels = 2, model.codebooks = 8;
        else if (strcmp(argv[i], "melody") == 0)
            model.melody = true;
        else
            model.seed = strtoull(argv[i], NULL, 10);
    }
    if (random_model_write(&model, argv[1], argv[3], &err) == GRM_OK) return 0;
    fprintf(stderr, "%s\n", err.message);
    return 1;
}
