#ifdef __linux__
#define _GNU_SOURCE  // sched_getaffinity, CPU_COUNT
#include <sched.h>
#endif
#include <grammy/profile.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"

// ---- what a value may be ----

static const char *const mode_words[] = {"auto", "true", "false", NULL};
static const char *const size_words[] = {"small", "medium", "large", NULL};
static const char *const precision_words[] = {"float32", "float16", "int8", "int4", NULL};

typedef enum kind { WORD, COUNT_OF, POWER_OF_TWO, SECONDS, PATH } kind;

typedef struct setting_rule {
    kind kind;
    const char *const *words;
    double low, high;
    const char *allowed;
    const char *standard, *lightweight;  // defaults, NULL: worked out
} setting_rule;

static const setting_rule rules[GRM_SETTING_COUNT] = {
    [GRM_SETTING_LIGHTWEIGHT_MODE] = {WORD, mode_words, 0, 0, "auto, true or false", "auto", "auto"},
    [GRM_SETTING_MODEL_SIZE] = {WORD, size_words, 0, 0, "small, medium or large", "medium", "small"},
    [GRM_SETTING_MODEL_PRECISION] = {WORD, precision_words, 0, 0, "float32, float16, int8 or int4", "float32", "int8"},
    [GRM_SETTING_AUDIO_BUFFER_SIZE] = {POWER_OF_TWO, NULL, 256, 65536,
                                       "a number of bytes that is a power of two, from 256 to 65536", "8192", "2048"},
    [GRM_SETTING_WORKER_CONCURRENCY] = {COUNT_OF, NULL, 1, 64, "a whole number from 1 to 64", "2", "1"},
    [GRM_SETTING_MAX_AUDIO_DURATION] = {SECONDS, NULL, 1, 36000, "a number of seconds from 1 to 36000", "300", "60"},
    [GRM_SETTING_THREADS] = {COUNT_OF, NULL, 1, 256, "a whole number from 1 to 256", NULL, NULL},
    [GRM_SETTING_SOUNDFONT] = {PATH, NULL, 0, 0, "the path of an SF2 or SF3 file", NULL, NULL},
};

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *a, const char *b) {
    while (*a && lower(*a) == *b) a++, b++;
    return !*a && !*b;
}

// The value as a number; of words, their place in the list. Below 0: not allowed.
static double read_value(const setting_rule *rule, const char *text) {
    if (rule->kind == PATH) return *text ? 0.0 : -1.0;
    if (rule->kind == WORD) {
        for (int i = 0; rule->words[i]; i++)
            if (same_word(text, rule->words[i])) return i;
        return -1.0;
    }
    double value;
    if (!grm_number_read(text, &value) || value < rule->low || value > rule->high) return -1.0;
    if (rule->kind != SECONDS && value != floor(value)) return -1.0;
    if (rule->kind == POWER_OF_TWO && ((unsigned)value & ((unsigned)value - 1))) return -1.0;
    return value;
}

static grm_status fail_value(grm_setting setting, const grm_given *given, grm_error *err) {
    static const char *const phrases[] = {"a flag", "the environment", ".env", "the config file", "the defaults"};
    return grm_fail(err, GRM_USAGE, "%s is '%.80s' (from %s); it must be %s", grm_setting_name(setting), given->text,
                    given->place ? given->place : phrases[given->origin], rules[setting].allowed);
}

// ---- what the machine is ----

static const char *architecture(void) {
#if defined(__x86_64__)
    return "x86_64";
#elif defined(__i386__)
    return "x86";
#elif defined(__aarch64__)
    return "aarch64";
#elif defined(__arm__)
    return "arm";
#elif defined(__riscv)
    return "riscv";
#elif defined(__powerpc__)
    return "powerpc";
#elif defined(__wasm__)
    return "wasm";
#else
    return "unknown";
#endif
}

static bool is_arm(void) {
#if defined(__aarch64__) || defined(__arm__)
    return true;
#else
    return false;
#endif
}

// The processors that this program may run on.
static unsigned processor_count(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) count = CPU_COUNT(&allowed);
#endif
    return count < 1 ? 1 : count > 256 ? 256 : (unsigned)count;
}

// ---- the profile ----

// By preference; each serves in either mode when the other is not installed.
static const char *const standard_fonts[] = {"MuseScore_General_Full.sf3", "MuseScore_General.sf3",
                                             "MuseScore_General.sf2",      "FluidR3_GM.sf2",
                                             "FluidR3Mono_GM.sf3",         NULL};
static const char *const lightweight_fonts[] = {"FluidR3Mono_GM.sf3",    "FluidR3_GM.sf2",
                                                "MuseScore_General.sf3", "MuseScore_General_Full.sf3",
                                                "MuseScore_General.sf2", NULL};

static void fill_modes(grm_profile *p, const grm_given *mode, double chosen) {
    p->architecture = architecture();
    p->is_arm = is_arm();
    p->lightweight = chosen == 1.0 || (chosen == 0.0 && p->is_arm);
    if (chosen == 0.0)
        snprintf(p->lightweight_reason, sizeof(p->lightweight_reason), "auto: %s is %s ARM processor", p->architecture,
                 p->is_arm ? "an" : "no");
    else
        snprintf(p->lightweight_reason, sizeof(p->lightweight_reason), "LIGHTWEIGHT_MODE is %s (%s)",
                 mode_words[(int)chosen], grm_origin_name(mode->origin));
    p->analysis_rate_hz = p->lightweight ? 22050 : 0;
    p->analysis_hop = p->lightweight ? 1024 : 512;
    p->analysis_stride = p->lightweight ? 4 : 1;
    p->full_analysis = !p->lightweight;
    p->stem_separation = !p->lightweight;
    p->neural_token_share = p->lightweight ? 0.8 : 1.0;
    p->hall_lines = p->lightweight ? 8 : 16;
    p->space_rate_hz = p->lightweight ? 24000 : 48000;
    p->mp3_joint_stereo = !p->lightweight;
    p->soundfont_names = p->lightweight ? lightweight_fonts : standard_fonts;
}

static void fill_values(grm_profile *p, const double values[GRM_SETTING_COUNT]) {
    p->model_size = (grm_model_size)values[GRM_SETTING_MODEL_SIZE];
    p->model_precision = (grm_precision)values[GRM_SETTING_MODEL_PRECISION];
    p->audio_buffer_bytes = (unsigned)values[GRM_SETTING_AUDIO_BUFFER_SIZE];
    p->worker_concurrency = (unsigned)values[GRM_SETTING_WORKER_CONCURRENCY];
    p->max_audio_duration_s = values[GRM_SETTING_MAX_AUDIO_DURATION];
    p->threads = (unsigned)values[GRM_SETTING_THREADS];
}

static grm_status resolve(grm_given *given, grm_profile *p, grm_error *err) {
    double values[GRM_SETTING_COUNT] = {0};
    for (size_t i = 0; i < GRM_SETTING_COUNT; i++) {
        p->origins[i] = given[i].text ? given[i].origin : GRM_FROM_DEFAULT;
        if (!given[i].text) continue;
        values[i] = read_value(&rules[i], given[i].text);
        if (values[i] < 0.0) return fail_value((grm_setting)i, &given[i], err);
    }
    fill_modes(p, &given[GRM_SETTING_LIGHTWEIGHT_MODE], values[GRM_SETTING_LIGHTWEIGHT_MODE]);
    if (!given[GRM_SETTING_THREADS].text) values[GRM_SETTING_THREADS] = processor_count();
    for (size_t i = 0; i < GRM_SETTING_COUNT; i++) {
        const char *text = p->lightweight ? rules[i].lightweight : rules[i].standard;
        if (!given[i].text && text) values[i] = read_value(&rules[i], text);
    }
    fill_values(p, values);
    return GRM_OK;
}

grm_status grm_profile_new(const grm_setting_value *flags, size_t flag_count, grm_profile **out, grm_error *err) {
    *out = NULL;
    grm_given given[GRM_SETTING_COUNT];
    grm_profile *p = NULL;
    grm_memory *memory = grm_memory_new();
    if (!memory) return grm_fail_memory(err);
    grm_status status = grm_settings_gather(flags, flag_count, memory, given, err);
    if (status != GRM_OK) goto done;

    // One piece with the one text that it owns.
    const char *font = given[GRM_SETTING_SOUNDFONT].text;
    size_t font_size = font ? strlen(font) + 1 : 0;
    p = calloc(1, sizeof(*p) + font_size);
    if (!p) {
        status = grm_fail_memory(err);
        goto done;
    }
    status = resolve(given, p, err);
    if (status != GRM_OK) goto done;
    if (font) p->soundfont = memcpy(p + 1, font, font_size);
    *out = p;
    p = NULL;
done:
    free(p);
    grm_memory_free(memory);
    return status;
}

void grm_profile_free(grm_profile *profile) {
    free(profile);
}
