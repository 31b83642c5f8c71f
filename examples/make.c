// A finished track in a few lines: make ["PROMPT"]      cc make.c $(pkg-config --cflags --libs grammy)
#include <grammy/grammy.h>
#include <stdio.h>

int main(int argc, char **argv) {
    const char *prompt = argc > 1 ? argv[1] : "a sleepy lo-fi beat with a warm electric piano, 20 seconds";
    const grm_song_options options = {.folder = "track", .force = true};
    grm_song_result song;
    grm_profile *profile;
    grm_error err;
    grm_status status = grm_profile_new(NULL, 0, &profile, &err);
    if (status == GRM_OK) status = grm_song_make(profile, prompt, &options, NULL, &song, &err);
    if (status == GRM_OK)
        printf("%s: %.1f s at %.1f LUFS, %u stems, in %s/\n", song.title, song.duration_s, song.integrated_lufs,
               song.stems, song.folder);
    else
        fprintf(stderr, "%s\n", err.message);
    grm_profile_free(profile);
    return status;
}
