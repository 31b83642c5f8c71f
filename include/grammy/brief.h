// What to make: the words of a prompt, read. A brief is plain data; its strings live in the brief's own memory.
#ifndef GRAMMY_BRIEF_H
#define GRAMMY_BRIEF_H

#include <grammy/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum grm_mode {
    GRM_MAJOR,
    GRM_MINOR,  // natural minor with the usual raised sixth and seventh
    GRM_DORIAN,
    GRM_PHRYGIAN,
    GRM_LYDIAN,
    GRM_MIXOLYDIAN,
    GRM_LOCRIAN,
    GRM_MODE_COUNT,
} grm_mode;

typedef struct grm_key {
    int tonic;  // pitch class 0..11, C = 0
    grm_mode mode;
    bool flat;  // the tonic is spelled with a flat
} grm_key;

typedef struct grm_metre {
    int beats;  // 3 in 3/4, 6 in 6/8
    int unit;   // 4 or 8
} grm_metre;

// Who decided a field.
typedef enum grm_source { GRM_FROM_PROMPT, GRM_FROM_STYLE, GRM_FROM_SEED, GRM_FROM_OPTION } grm_source;

typedef enum grm_brief_field {
    GRM_BRIEF_GENRE,
    GRM_BRIEF_MOOD,
    GRM_BRIEF_TEMPO,
    GRM_BRIEF_KEY,
    GRM_BRIEF_METRE,
    GRM_BRIEF_DURATION,
    GRM_BRIEF_INSTRUMENTS,
    GRM_BRIEF_EXCLUDED_INSTRUMENTS,
    GRM_BRIEF_TEXTURES,
    GRM_BRIEF_FORM,
    GRM_BRIEF_ERA,
    GRM_BRIEF_VOICE,
    GRM_BRIEF_TITLE,
    GRM_BRIEF_SEED,
    GRM_BRIEF_FIELD_COUNT,
} grm_brief_field;

typedef struct grm_provenance {
    grm_source source;
    float confidence;  // 0..1
} grm_provenance;

// A list of strings; items is NULL when count is 0.
typedef struct grm_words {
    size_t count;
    const char *const *items;
} grm_words;

typedef struct grm_brief {
    const char *prompt;           // as given
    const char *enriched_prompt;  // the prompt with what was chosen spelled out
    const char *title;
    const char *genre;         // family, "hip hop"
    const char *style;         // the style's name, "lofi-hip-hop"
    grm_words blended_styles;  // further genres the words name, strongest first; they colour, `style` leads

    double valence;  // -1 sad .. 1 happy
    double energy;   // -1 calm .. 1 driving
    grm_words mood_words;

    double tempo_bpm;  // of the beat the metre counts (dotted quarter in 6/8)
    grm_key key;
    grm_metre metre;
    double duration_s;

    grm_words instruments;           // catalogue ids wanted, in order of mention
    bool only_instruments;           // "only strings": nothing else may play
    grm_words excluded_instruments;  // catalogue ids, or families and roles: "drums", "strings", "bass"
    grm_words textures;              // catalogue ids of textures: "vinyl-crackle", "rain", ...

    // Form wishes: "big-drop", "big-chorus", "long-intro", "short-intro", "no-intro", "long-outro", "no-outro",
    // "bridge", "solo", "break", "build", "key-change", "fade-out", "loop", or, as items of sections, the asked order:
    // "verse chorus verse chorus".
    grm_words form_wishes;
    grm_words sections;  // section kinds in the asked order, empty when none was asked

    const char *era;    // "1980s", "baroque", or NULL
    const char *voice;  // "female", "male", "choir", "rap", ..., "none" for instrumental, or NULL
    uint64_t seed;
    bool misread;     // nothing in the prompt was recognised: the first note says so
    grm_words notes;  // production notes: instruments, effects, mixing hints; and what was not understood

    grm_provenance from[GRM_BRIEF_FIELD_COUNT];
} grm_brief;

GRM_API void grm_brief_free(grm_brief *brief);

// "F# minor", "Bb major", "D dorian"; at most 15 characters.
GRM_API void grm_key_name(grm_key key, char text[16]);
// Reads such a name (any case, "F#m", "Bbmaj", "A" alone is major). False when it is none.
GRM_API bool grm_key_parse(const char *text, grm_key *key);

#ifdef __cplusplus
}
#endif
#endif
