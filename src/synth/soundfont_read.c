// A SoundFont file's chunks, found and checked. Nothing in the file is trusted.
#include <stdlib.h>
#include <string.h>

#include "synth/soundfont.h"

static uint16_t read16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

typedef struct chunk {
    const uint8_t *bytes;
    size_t size;
} chunk;

static bool is_known_id(const uint8_t *at) {
    static const char ids[][5] = {"LIST", "sdta", "pdta", "phdr", "pbag", "pmod", "pgen",
                                  "inst", "ibag", "imod", "igen", "shdr", "sm24"};
    for (size_t i = 0; i < GRM_COUNT(ids); i++) {
        if (memcmp(at, ids[i], 4) == 0) return true;
    }
    return false;
}

// The first chunk with this id (and, for a LIST, this kind) in a run of chunks. A chunk of odd size is followed by a
// padding byte, which some writers leave out.
static bool find_chunk(chunk in, const char *id, const char *kind, chunk *out) {
    size_t at = 0;
    while (in.size - at >= 8) {
        const uint8_t *head = in.bytes + at;
        size_t size = read32(head + 4);
        if (size > in.size - at - 8) return false;
        if (memcmp(head, id, 4) == 0 && (!kind || (size >= 4 && memcmp(head + 8, kind, 4) == 0))) {
            size_t skip = kind ? 4 : 0;
            *out = (chunk){head + 8 + skip, size - skip};
            return true;
        }
        at += 8 + size;
        if (size % 2 == 1 && at < in.size && !(in.size - at >= 4 && is_known_id(in.bytes + at))) at++;
    }
    return false;
}

static grm_status find_table(chunk pdta, const char *id, size_t record, size_t least, const char *name,
                             grm_font_table *out, grm_error *err) {
    chunk found;
    if (!find_chunk(pdta, id, NULL, &found) || found.size % record != 0 || found.size / record < least) {
        return grm_fail(err, GRM_BAD_INPUT, "%s: broken SoundFont: its '%s' chunk is missing, cut or of odd size", name,
                        id);
    }
    *out = (grm_font_table){found.bytes, found.size / record};
    return GRM_OK;
}

// A preset's or instrument's bags run from its own index to the next one's.
static bool bag_range(const grm_font_table *heads, size_t record, size_t offset, size_t index, size_t bag_count,
                      uint16_t *first, uint16_t *end) {
    *first = read16(heads->bytes + index * record + offset);
    *end = read16(heads->bytes + (index + 1) * record + offset);
    return *first <= *end && *end < bag_count;
}

static int compare_presets(const void *a, const void *b) {
    const grm_preset *x = a, *y = b;
    if (x->bank != y->bank) return x->bank < y->bank ? -1 : 1;
    if (x->program != y->program) return x->program < y->program ? -1 : 1;
    return x->first_bag < y->first_bag ? -1 : x->first_bag > y->first_bag;
}

static grm_status read_presets(grm_soundfont *font, grm_font_table heads, grm_error *err) {
    font->preset_count = heads.count - 1;  // the last record ends the list
    font->presets = grm_memory_take(font->memory, font->preset_count + 1, sizeof *font->presets);
    if (!font->presets) return grm_fail_memory(err);
    for (size_t i = 0; i < font->preset_count; i++) {
        grm_preset *preset = &font->presets[i];
        const uint8_t *head = heads.bytes + i * 38;
        preset->program = read16(head + 20);
        preset->bank = read16(head + 22);
        if (!bag_range(&heads, 38, 24, i, font->preset_bags.count, &preset->first_bag, &preset->bag_end)) {
            return grm_fail(err, GRM_BAD_INPUT, "%s: broken SoundFont: preset %zu points outside its zones", font->name,
                            i);
        }
    }
    qsort(font->presets, font->preset_count, sizeof *font->presets, compare_presets);
    return GRM_OK;
}

// A sample that makes no sense is left unusable, and the zones that want it stay silent, as other players do it.
static void read_sample(const grm_soundfont *font, const uint8_t *head, grm_font_sample *sample) {
    uint32_t loop_start = read32(head + 28), loop_end = read32(head + 32);
    uint16_t type = read16(head + 44);
    sample->start = read32(head + 20);
    sample->end = read32(head + 24);
    sample->rate_hz = read32(head + 36);
    sample->root_key = head[40] <= 127 ? head[40] : 60;  // 255: unpitched
    sample->correction = (int8_t)head[41];
    sample->compressed = (type & 0x10) != 0;
    size_t limit = sample->compressed ? font->sound_bytes : font->sound_bytes / 2;
    if (!sample->compressed) {  // absolute in SF2, from the sample's start in SF3
        loop_start = loop_start >= sample->start ? loop_start - sample->start : 0;
        loop_end = loop_end >= sample->start ? loop_end - sample->start : 0;
    }
    sample->loop_start = loop_start;
    sample->loop_end = loop_end;
    if (sample->rate_hz > 192000) sample->rate_hz = 192000;
    bool rom = (type & 0x8000) != 0;
    sample->usable = !rom && sample->start < sample->end && sample->end <= limit && sample->rate_hz >= 400;
}

static grm_status read_samples(grm_soundfont *font, grm_font_table heads, grm_error *err) {
    font->sample_count = heads.count - 1;
    font->samples = grm_memory_take(font->memory, font->sample_count + 1, sizeof *font->samples);
    if (!font->samples) return grm_fail_memory(err);
    for (size_t i = 0; i < font->sample_count; i++) {
        read_sample(font, heads.bytes + i * 46, &font->samples[i]);
        atomic_init(&font->samples[i].pcm, NULL);
    }
    return GRM_OK;
}

static grm_status read_chunks(grm_soundfont *font, grm_error *err) {
    chunk file = {font->bytes, font->size}, body, sdta, pdta, smpl;
    if (file.size < 12 || memcmp(file.bytes, "RIFF", 4) != 0 || memcmp(file.bytes + 8, "sfbk", 4) != 0) {
        return grm_fail(err, GRM_BAD_INPUT, "%s: not a SoundFont (SF2 or SF3)", font->name);
    }
    size_t said = read32(file.bytes + 4);
    if (said > file.size - 8 || said < 4) {
        return grm_fail(err, GRM_BAD_INPUT, "%s: broken SoundFont: cut off at %zu of %zu bytes", font->name, file.size,
                        said + 8);
    }
    // Writers that leave padding out also miscount; what stands in the file is what there is.
    body = (chunk){file.bytes + 12, file.size - 12};
    if (!find_chunk(body, "LIST", "sdta", &sdta) || !find_chunk(sdta, "smpl", NULL, &smpl)) {
        return grm_fail(err, GRM_BAD_INPUT, "%s: broken SoundFont: it has no samples", font->name);
    }
    if (!find_chunk(body, "LIST", "pdta", &pdta)) {
        return grm_fail(err, GRM_BAD_INPUT, "%s: broken SoundFont: it has no presets", font->name);
    }
    font->sound = smpl.bytes;
    font->sound_bytes = smpl.size;

    grm_font_table presets = {0}, samples = {0};
    grm_status status;
    if ((status = find_table(pdta, "phdr", 38, 2, font->name, &presets, err)) ||
        (status = find_table(pdta, "pbag", 4, 1, font->name, &font->preset_bags, err)) ||
        (status = find_table(pdta, "pmod", 10, 0, font->name, &font->preset_mods, err)) ||
        (status = find_table(pdta, "pgen", 4, 0, font->name, &font->preset_gens, err)) ||
        (status = find_table(pdta, "inst", 22, 2, font->name, &font->instruments, err)) ||
        (status = find_table(pdta, "ibag", 4, 1, font->name, &font->bags, err)) ||
        (status = find_table(pdta, "imod", 10, 0, font->name, &font->mods, err)) ||
        (status = find_table(pdta, "igen", 4, 0, font->name, &font->gens, err)) ||
        (status = find_table(pdta, "shdr", 46, 2, font->name, &samples, err)) ||
        (status = read_presets(font, presets, err))) {
        return status;
    }
    return read_samples(font, samples, err);
}

grm_status grm_soundfont_read(const uint8_t *bytes, size_t size, const char *name, grm_soundfont **out,
                              grm_error *err) {
    *out = NULL;
    grm_soundfont *font = calloc(1, sizeof *font);
    if (!font) return grm_fail_memory(err);
    if (pthread_mutex_init(&font->mutex, NULL) != 0) {
        free(font);
        return grm_fail(err, GRM_FAILED, "no mutex to be had");
    }
    font->bytes = bytes;
    font->size = size;
    font->memory = grm_memory_new();
    font->name = font->memory ? grm_memory_string(font->memory, name) : NULL;
    grm_status status = font->name ? read_chunks(font, err) : grm_fail_memory(err);
    if (status != GRM_OK) {
        grm_soundfont_close(font);
        return status;
    }
    *out = font;
    return GRM_OK;
}
