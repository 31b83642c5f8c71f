// A SoundFont, opened: presets resolved to regions, samples decoded on demand. Shared by the files of this room alone.
// SoundFont Technical Specification 2.04 (Creative, 2006); SF3 is the same with Ogg Vorbis samples (MuseScore).
#ifndef GRM_SYNTH_SOUNDFONT_H
#define GRM_SYNTH_SOUNDFONT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "synth/synth.h"

// Generators, 8.1.2 of the specification.
enum {
    GRM_GEN_START_OFFSET = 0,
    GRM_GEN_END_OFFSET = 1,
    GRM_GEN_LOOP_START_OFFSET = 2,
    GRM_GEN_LOOP_END_OFFSET = 3,
    GRM_GEN_START_COARSE = 4,  // 32768 frames
    GRM_GEN_MOD_LFO_TO_PITCH = 5,
    GRM_GEN_VIB_LFO_TO_PITCH = 6,
    GRM_GEN_MOD_ENV_TO_PITCH = 7,
    GRM_GEN_FILTER_CUTOFF = 8,  // absolute cents
    GRM_GEN_FILTER_Q = 9,       // cB
    GRM_GEN_MOD_LFO_TO_FILTER = 10,
    GRM_GEN_MOD_ENV_TO_FILTER = 11,
    GRM_GEN_END_COARSE = 12,
    GRM_GEN_MOD_LFO_TO_VOLUME = 13,
    GRM_GEN_PAN = 17,  // -500 .. 500
    GRM_GEN_MOD_LFO_DELAY = 21,
    GRM_GEN_MOD_LFO_RATE = 22,
    GRM_GEN_VIB_LFO_DELAY = 23,
    GRM_GEN_VIB_LFO_RATE = 24,
    GRM_GEN_MOD_DELAY = 25,  // the modulation envelope: delay, attack, hold, decay, sustain, release
    GRM_GEN_MOD_KEY_TO_HOLD = 31,
    GRM_GEN_MOD_KEY_TO_DECAY = 32,
    GRM_GEN_VOL_DELAY = 33,  // the volume envelope, the same eight
    GRM_GEN_VOL_RELEASE = 38,
    GRM_GEN_INSTRUMENT = 41,
    GRM_GEN_KEY_RANGE = 43,
    GRM_GEN_VELOCITY_RANGE = 44,
    GRM_GEN_LOOP_START_COARSE = 45,
    GRM_GEN_KEY = 46,
    GRM_GEN_VELOCITY = 47,
    GRM_GEN_ATTENUATION = 48,  // cB
    GRM_GEN_LOOP_END_COARSE = 50,
    GRM_GEN_COARSE_TUNE = 51,
    GRM_GEN_FINE_TUNE = 52,
    GRM_GEN_SAMPLE = 53,
    GRM_GEN_LOOP_MODE = 54,  // 0 none, 1 for ever, 3 until the key is let go
    GRM_GEN_SCALE_TUNING = 56,
    GRM_GEN_EXCLUSIVE_CLASS = 57,
    GRM_GEN_ROOT_KEY = 58,
    GRM_GEN_COUNT = 59,
};

// A modulator, 7.4: adds amount * source * amount_source to a generator.
typedef struct grm_modulator {
    uint16_t source;         // 8.2: index, CC flag, direction, polarity, curve
    uint16_t amount_source;  // 0: always 1
    uint8_t target;
    bool absolute;  // the transform
    float amount;
} grm_modulator;

// A sample zone of a preset with all that the preset's and instrument's zones say, merged.
typedef struct grm_region {
    uint8_t key_low, key_high, velocity_low, velocity_high;
    uint16_t sample;
    size_t modulator_count;
    const grm_modulator *modulators;  // with the default ones
    int32_t generators[GRM_GEN_COUNT];
} grm_region;

typedef struct grm_preset {
    uint16_t bank, program;
    uint16_t first_bag, bag_end;
    bool resolved;
    size_t region_count;
    const grm_region *regions;
} grm_preset;

// Decoded sound: at least GRM_PCM_GUARD zeros stand before and behind.
enum { GRM_PCM_GUARD = 8 };
typedef struct grm_pcm {
    struct grm_pcm *older;  // shorter decodings that some player may still read
    uint32_t frames;        // decoded from the sample's start
    bool whole;
    int16_t *data;  // [frames], inside this allocation
} grm_pcm;

typedef struct grm_font_sample {
    bool usable, compressed;
    uint32_t start, end;            // in the sample chunk: frames, or bytes when compressed
    uint32_t loop_start, loop_end;  // frames from its start
    uint32_t rate_hz;
    uint8_t root_key;
    int8_t correction;  // cents
    _Atomic(grm_pcm *) pcm;
} grm_font_sample;

// A run of equal records in the file.
typedef struct grm_font_table {
    const uint8_t *bytes;
    size_t count;
} grm_font_table;

struct grm_soundfont {
    const uint8_t *bytes;  // the file
    size_t size;
    bool mapped;  // to be unmapped
    char *name;
    char sha256[65];
    pthread_mutex_t mutex;  // guards what is worked out late: sha256, resolving, decoding
    grm_memory *memory;
    const uint8_t *sound;  // the smpl chunk
    size_t sound_bytes;
    grm_font_table preset_bags, preset_mods, preset_gens, instruments, bags, mods, gens;
    size_t preset_count, sample_count;
    grm_preset *presets;  // sorted by bank, program
    grm_font_sample *samples;
    size_t decoded_bytes;
};

// Opens a font that lies in memory, which stays the caller's and outlives the font.
grm_status grm_soundfont_read(const uint8_t *bytes, size_t size, const char *name, grm_soundfont **out, grm_error *err);

// The preset asked for, else its like: the program in bank 0, then program 0; for drums the standard kit. Its regions
// are resolved. GRM_BAD_INPUT when the font has no preset at all, or a broken one.
grm_status grm_soundfont_preset(grm_soundfont *font, unsigned bank, unsigned program, const grm_preset **out,
                                grm_error *err);
// Fills a preset's regions; called once, with the font's mutex held.
grm_status grm_soundfont_resolve(grm_soundfont *font, grm_preset *preset, grm_error *err);

// Decodes, on the run's pool (NULL: here), the first needs[i] frames at least of each sample i; 0 is none.
// needs: [font->sample_count].
grm_status grm_soundfont_load(grm_soundfont *font, const grm_run *run, const uint32_t *needs, grm_error *err);

#endif
