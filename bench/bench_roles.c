// What stems are taken for by their sound alone: a line of JSON a file, with the traits that roles in data/roles.yaml
// are learned from.
#include <stdio.h>

#include "base/base.h"
#include "mix/roles.h"

static grm_status hear(const grm_roles *roles, const char *path, grm_error *err) {
    grm_audio *audio = NULL, *same = NULL;
    grm_tape *tape = NULL;
    grm_sound sound = {0};
    grm_run run = {0};
    float sure = 0;
    grm_status status = grm_audio_read(path, 0, &audio, err);
    if (!status) status = grm_audio_resample(audio, 48000, &same, err);
    if (!status) status = grm_tape_new(2, 48000, NULL, &tape, err);
    if (!status)
        status = grm_tape_append(tape, (const float *const[]){same->plane[0], same->plane[same->channels > 1]},
                                 same->frames, err);
    if (!status) status = grm_sound_hear(&run, tape, &sound, err);
    if (!status) {
        grm_role role = grm_roles_by_sound(roles, &sound, &sure), named = GRM_ROLE_OTHER;
        bool told = grm_roles_by_name(roles, path, &named);
        printf("{\"file\": \"%s\", \"role\": \"%s\", \"sure\": %.2f, \"named\": \"%s\", \"silent\": %s, \"traits\": [",
               path, grm_role_name(role), (double)sure, told ? grm_role_name(named) : "",
               sound.silent ? "true" : "false");
        for (int i = 0; i < GRM_TRAIT_COUNT; i++) printf("%s%.3f", i ? ", " : "", (double)sound.trait[i]);
        puts("]}");
    }
    grm_sound_free(&sound);
    grm_tape_free(tape);
    grm_audio_free(same);
    grm_audio_free(audio);
    return status;
}

int main(int count, char **files) {
    grm_error err = {0};
    grm_roles *roles = NULL;
    grm_status status = grm_roles_load(&roles, &err);
    for (int i = 1; i < count && !status; i++) status = hear(roles, files[i], &err);
    grm_roles_free(roles);
    if (status) fprintf(stderr, "bench_roles: %s\n", err.message);
    return status != GRM_OK;
}
