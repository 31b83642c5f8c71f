// What the codec's decoder takes of processor time, a second of sound of all tracks side by side. The least of five
// runs over five seconds.
//   bench_codec MODEL [THREADS [TRACKS]]
#include <stdlib.h>

#include "clock.h"
#include "neural/model.h"

int main(int argc, char **argv) {
    enum { SECONDS = 5, RUNS = 5, MOST = 16 };
    size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    const grm_setting_value flags[] = {{"GRAMMY_THREADS", argc > 2 ? argv[2] : NULL}};
    grm_profile *profile = NULL;
    grm_model *model = NULL;
    grm_compute *compute = NULL;
    grm_error err = {0};
    if (argc < 2 || count < 1 || count > MOST) {
        fprintf(stderr, "bench_codec MODEL [THREADS [TRACKS]]\n");
        return 2;
    }
    grm_status status = grm_profile_new(flags, 1, &profile, &err);
    if (!status) status = grm_model_open(argv[1], profile, NULL, &model, &err);
    if (!status) status = grm_compute_new(profile->threads, grm_model_widest(model), &compute, &err);
    if (status) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    const grm_codec_config *c = &model->config.codec;
    size_t frames = SECONDS * c->rate_hz / c->hop;
    size_t each = c->codebooks * frames, made = frames * c->hop;
    uint16_t *codes = malloc(count * each * sizeof *codes);
    float *samples = malloc(count * made * sizeof *samples);
    grm_codec_track tracks[MOST];
    grm_rng rng = grm_rng_new(1, "bench");
    if (!codes || !samples) return 1;
    for (size_t i = 0; i < count; i++) tracks[i] = (grm_codec_track){codes + i * each, samples + i * made};
    for (size_t i = 0; i < count * each; i++) codes[i] = (uint16_t)grm_rng_below(&rng, (uint32_t)c->codes);
    double wall = 1e9, spent = 1e9;
    for (int run = 0; run < RUNS; run++) {
        double start = bench_wall_s(), before = bench_cpu_s();
        grm_codec_stream *stream = NULL;
        if (grm_codec_stream_new(&model->codec, compute, tracks, count, frames, frames, &stream, &err) ||
            grm_codec_stream_run(stream, frames, &made, &err))
            return 1;
        grm_codec_stream_free(stream);
        double took = bench_wall_s() - start, cpu = bench_cpu_s() - before;
        if (took < wall) wall = took;
        if (cpu < spent) spent = cpu;
    }
    printf("codec, %u threads, %zu tracks: %.1f ms a second of sound, %.1f ms of processor time\n", profile->threads,
           count, 1e3 * wall / SECONDS, 1e3 * spent / SECONDS);
    free(codes);
    free(samples);
    grm_compute_free(compute);
    grm_model_free(model);
    grm_profile_free(profile);
    return 0;
}
