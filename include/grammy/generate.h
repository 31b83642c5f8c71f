// MusicGen: text, and if wanted a recording to continue or a melody to follow, to sound.
#ifndef GRAMMY_GENERATE_H
#define GRAMMY_GENERATE_H

#include <grammy/audio.h>
#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A model: weights, tokenizer, settings. Immutable; threads may share it.
typedef struct grm_model grm_model;

// `path` is a packed model (.grm), which is mapped, or a MusicGen folder as the Hugging Face hub serves it
// (config.json, model.safetensors or shards, tokenizer.json; small to large, mono or stereo, melody), which is packed
// in memory first, as the profile's precision says. What each step reads lies in memory of its own then. GRM_MISSING
// when nothing is there, GRM_BAD_INPUT when it is broken; the message names the tensor or key. `progress` (may be NULL)
// can cancel it, and is told nothing.
GRM_API grm_status grm_model_open(const char *path, const grm_profile *profile, grm_progress *progress, grm_model **out,
                                  grm_error *err);
// Packs a folder into a file, in the layout that the kernels read. `progress` may be NULL.
GRM_API grm_status grm_model_quantize(const char *folder, grm_precision precision, const grm_profile *profile,
                                      grm_progress *progress, const char *path, grm_error *err);
// Whether a packed model is what was written, every byte of it; of a folder, whether it can be packed.
GRM_API grm_status grm_model_verify(const char *path, const grm_profile *profile, grm_precision *precision,
                                    grm_error *err);
GRM_API void grm_model_free(grm_model *model);

#define GRM_MAX_GENERATED_S 300.0
enum { GRM_MAX_VARIATIONS = 8 };

// Takes sound while it is made: frames [from, to) of `audio`, which has its whole length from the start, are there now
// and stay as they are. Pieces come in order, without gaps, on the calling thread of the generator, which waits
// meanwhile; whatever is returned but GRM_OK ends the work with it. `variation` counts from 0.
typedef grm_status grm_generate_sink(void *context, unsigned variation, const grm_audio *audio, size_t from, size_t to,
                                     grm_error *err);

// grm_generate_defaults fills them.
typedef struct grm_generate_options {
    double duration_s;          // of what is new, 0.02..GRM_MAX_GENERATED_S
    uint64_t seed;              // same seed, same codes, on any processor and number of threads
    bool greedy;                // always the likeliest code
    float temperature;          // > 0
    unsigned top_k;             // codes to choose from; 0: all
    float top_p;                // their share, (0, 1]
    float guidance;             // how much the words weigh; up to 1: as much as the model learned; NaN: the model's own
    unsigned steps;             // decoder steps in place of a duration, 0: by the duration
    const char *continue_path;  // a recording that the result begins with, or NULL
    const char *melody_path;    // a recording whose melody is followed (melody models), or NULL
    const char *trace_folder;   // where to write input_ids, text_hidden, logits, codes and audio as .npy, or NULL
    grm_generate_sink *sink;    // NULL: sound is made after all codes; the samples are the same
    void *sink_context;
    unsigned variations;  // 1..GRM_MAX_VARIATIONS pieces side by side; the i-th has the codes of seed + i alone
} grm_generate_options;
GRM_API void grm_generate_defaults(grm_generate_options *options);

// Sound at the model's rate (32 kHz), one or two channels. `progress` may be NULL; cancelling takes effect within one
// step. The caller frees *out.
GRM_API grm_status grm_generate(const grm_model *model, const grm_profile *profile, const char *prompt,
                                const grm_generate_options *options, grm_progress *progress, grm_audio **out,
                                grm_error *err);
// The same for options->variations pieces, for which weights are read once. out: [variations], all of which the caller
// frees; NULL when it fails.
GRM_API grm_status grm_generate_variations(const grm_model *model, const grm_profile *profile, const char *prompt,
                                           const grm_generate_options *options, grm_progress *progress, grm_audio **out,
                                           grm_error *err);

#ifdef __cplusplus
}
#endif
#endif
