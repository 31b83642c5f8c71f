// What a file is to be: its name, word length and rate.
#include <string.h>
#include <strings.h>

#include "master/file.h"

static const struct {
    const char *extension, *name;
    grm_format format[3];  // of 16, 24 and 32 bits; `none`: not possible
    bool lossy;
} kinds[] = {
    {"wav", "WAV", {GRM_WAV16, GRM_WAV24, GRM_WAV32F}, false},
    {"wave", "WAV", {GRM_WAV16, GRM_WAV24, GRM_WAV32F}, false},
    {"flac", "FLAC", {GRM_FLAC16, GRM_FLAC24, GRM_FLAC24}, false},
    {"mp3", "MP3", {GRM_MP3_320, GRM_MP3_320, GRM_MP3_320}, true},
    {"ogg", "Ogg Vorbis", {GRM_OGG, GRM_OGG, GRM_OGG}, true},
    {"oga", "Ogg Vorbis", {GRM_OGG, GRM_OGG, GRM_OGG}, true},
    {"opus", "Opus", {GRM_OPUS, GRM_OPUS, GRM_OPUS}, true},
};

grm_status grm_master_form_find(const char *path, unsigned bits, grm_master_form *out, grm_error *err) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    size_t k = 0;
    while (k < GRM_COUNT(kinds) && !(dot && strcasecmp(dot + 1, kinds[k].extension) == 0)) k++;
    if (k == GRM_COUNT(kinds))
        return grm_fail(err, GRM_USAGE, "'%s': the name tells the format; end it in .wav, .flac, .ogg, .opus or .mp3",
                        path);
    if (bits != 0 && bits != 16 && bits != 24 && bits != 32)
        return grm_fail(err, GRM_USAGE, "a word length of %u bits: give 16, 24 or 32 (float)", bits);
    if (bits && kinds[k].lossy)
        return grm_fail(err, GRM_USAGE, "'%s': %s has no word length; leave the bits out", path, kinds[k].name);
    if (bits == 32 && strcmp(kinds[k].name, "FLAC") == 0)
        return grm_fail(err, GRM_USAGE, "'%s': FLAC holds 16 or 24 bits; for 32 take .wav", path);
    *out = (grm_master_form){.name = kinds[k].name,
                             .format = kinds[k].format[bits == 16   ? 0
                                                       : bits == 32 ? 2
                                                                    : 1],
                             .bits = kinds[k].lossy ? 0
                                     : bits         ? bits
                                                    : 24,
                             .lossy = kinds[k].lossy};
    return GRM_OK;
}

static bool takes(grm_format format, unsigned rate_hz) {
    static const unsigned mp3[] = {32000, 44100, 48000, 0}, opus[] = {8000, 12000, 16000, 24000, 48000, 0};
    if (format != GRM_MP3_320 && format != GRM_OPUS) return true;
    for (const unsigned *rate = format == GRM_OPUS ? opus : mp3; *rate; rate++)
        if (*rate == rate_hz) return true;
    return false;
}

grm_status grm_master_form_rate(grm_master_form *form, const char *in, unsigned in_hz, unsigned wanted_hz,
                                grm_error *err) {
    unsigned rate = wanted_hz ? wanted_hz : in_hz;
    if (wanted_hz && !takes(form->format, wanted_hz))
        return grm_fail(err, GRM_USAGE, "%s does not take %u Hz; it takes %s", form->name, wanted_hz,
                        form->format == GRM_OPUS ? "8000, 12000, 16000, 24000 or 48000" : "32000, 44100 or 48000");
    if (!takes(form->format, rate)) rate = form->format == GRM_MP3_320 && rate % 11025 == 0 ? 44100 : 48000;
    if (rate < GRM_MASTER_LEAST_RATE || rate > GRM_MASTER_MOST_RATE)
        return grm_fail(err, wanted_hz ? GRM_USAGE : GRM_BAD_INPUT,
                        "'%s' has a rate of %u Hz; masters are made at %d to %d: give --rate with one of those", in,
                        rate, GRM_MASTER_LEAST_RATE, GRM_MASTER_MOST_RATE);
    form->rate_hz = rate;
    return GRM_OK;
}
