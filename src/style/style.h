// Genres and instruments as data: styles/*.yaml and data/instruments.yaml, read into immutable structures.
// A style needs no C: everything that makes it itself stands here.
#ifndef GRM_STYLE_H
#define GRM_STYLE_H

#include <grammy/brief.h>
#include <grammy/score.h>

#include "base/base.h"

// ---- instruments ----

typedef struct grm_instrument {
    const char *id;         // "electric-piano"
    const char *title;      // "Electric Piano"
    const char *family;     // "keys", "guitar", "bass", "strings", "brass", "woodwind", "choir", "synth", "drums",
                            // "percussion", "mallet", "plucked", "texture", "fx"
    grm_words synonyms;     // as people write it, lower case: "rhodes", "e-piano"
    const char *voice;      // preset of our own synthesis in data/voices.yaml, or NULL: the SoundFont plays it
    uint8_t program, bank;  // General MIDI, 0-based; bank 128 is percussion
    uint8_t low, high;      // playable range, MIDI keys
    uint8_t polyphony;      // 1: one note at a time; 0: no limit that matters
    bool sustains;          // holds a level while the key is down (organ, strings); else it decays (piano)
    bool sustain_pedal;
    bool vibrato;    // a player would: long notes get a delayed vibrato (modulation)
    bool swells;     // expression follows the phrase (strings, brass, winds, pads)
    float glide_ms;  // portamento between overlapping notes; 0: none
    float strum_ms;  // whole chord, low to high; 0: together
    float level_db;  // correction so that equal velocities sound about equally loud
    // Where samples in mono stand, -1 left .. 1 right: the keys of a kit, or how far keys an octave and a half above
    // the part's middle are from it (below 0: high ones are on the left, as an orchestra sits).
    const float *places;  // [128] or NULL
    float spread;
    const char *rig;  // what its samples are heard through: one of data/voices.yaml's `rigs`, or NULL
} grm_instrument;

// ---- pieces of a style ----

// A text with a weight; the text's grammar depends on where it stands. `minor` and `major` say in which modes it may
// be drawn (those with a minor third are minor); one that is for a single mode (`own_mode`) is drawn in that alone,
// and there instead of what isn't. Energy says in which sections (a section's energy must lie inside).
typedef struct grm_choice {
    const char *text;
    float weight;
    bool major, minor;
    int own_mode;  // a grm_mode beyond major and minor, or -1
    float energy_low, energy_high;
    grm_metre metre;  // of figures; beats 0: the style's first metre
} grm_choice;

typedef struct grm_choices {
    size_t count;
    const grm_choice *items;
} grm_choices;

// A chord grammar rule: a symbol and its weighted charts. A chart is bars between "|", chords that share a bar evenly,
// "%" for the bar before once more, and "$name" for another rule's expansion standing as whole bars.
//   Roman numerals count from the major scale on the tonic, in every mode: "i bVI bIII bVII", "ii9 V13 Imaj9".
//   Suffixes: none (triad), 5, 6, 69, 7, maj7, 9, maj9, 11, 13, add9, sus2, sus4, 7sus4, 9sus4, dim, dim7, m7b5, aug,
//   7b9, 7#9, 7alt, mmaj7. "V7/ii": of that degree. "I^3", "I^5", "I^7": the third, fifth, seventh in the bass.
//   "IV>1": over the bass of scale degree 1 (a pedal).
typedef struct grm_rule {
    const char *symbol;
    grm_choices charts;
} grm_rule;

// A lane of a drum pattern: 16 steps a bar in 4/4 (12 in 3/4 and 6/8, 14 in 7/8), bars joined without a separator.
//   "." nothing, "X" accent, "x" hit, "o" ghost, "?" now and then (soft), "r" roll of two in this step,
//   "t" roll of three. Pieces: kick, snare, clap, rim, hat, pedal, open, ride, bell, crash, china, splash, tom1 (high)
//   .. tom4 (floor), tambourine, shaker, cowbell, conga, conga-low, bongo, bongo-low, block, triangle, clave, snap.
typedef struct grm_lane {
    const char *piece;
    const char *hits;
} grm_lane;

typedef struct grm_pattern {
    const char *name;
    float weight;
    float energy_low, energy_high;
    grm_metre metre;  // beats 0: the style's first metre
    bool fill;        // stands before a seam, aligned to the end of its bar
    bool large;       // a fill for the end of a section; small ones every four bars
    size_t lane_count;
    const grm_lane *lanes;
} grm_pattern;

// How a part makes notes.
typedef enum grm_play {
    GRM_PLAY_MELODY,   // the tune
    GRM_PLAY_COUNTER,  // a second line that moves where the tune rests
    GRM_PLAY_SECOND,   // the tune's second voice, thirds and sixths below it
    GRM_PLAY_RIFF,     // figures of degrees, repeated over the chords
    GRM_PLAY_COMP,     // chords in a rhythm
    GRM_PLAY_STRUM,    // guitar strokes
    GRM_PLAY_PAD,      // held chords, voice led
    GRM_PLAY_ARP,      // broken chords
    GRM_PLAY_BASS,     // figures of chord members
    GRM_PLAY_WALK,     // walking bass, a line
    GRM_PLAY_DRUMS,    // lanes of the drum patterns that belong to its role
    GRM_PLAY_DRONE,    // tonic, or tonic and fifth, held
    GRM_PLAY_TEXTURE,  // one held note a section
    GRM_PLAY_FX,       // risers before a rise in energy, impacts after it
} grm_play;

// Figures: 16 steps a bar in 4/4, bars joined. "-" holds, "." is silent.
//   COMP, STRUM: "X" accented, "x" plain, "o" soft chord; "d" "u" down and up stroke, "m" muted; "b" its lowest note,
//     "t" all but the lowest.
//   ARP: "1".."9" the chord's notes from the lowest up, beyond the top an octave higher; "x" "X" "o" the whole chord.
//   BASS: "R" "r" root (accented, plain), "8" octave above, "3" "5" "7" members, "a" approach to the next chord's
//     root, "s" a scale step up, "g" "G" "n" glide from the note before
//     to the root, its octave, the next chord's root, "o" ghost (muted root).
//   In all of them "(...)" shares a quarter (four steps) evenly among the signs inside, "[...]" an eighth: "(x-x)" is a
//   shuffled pair, "[xxx]" a triplet of sixteenths.
//   RIFF: "1".."7" degrees of the scale, "0" the note before the tonic (leading or flat seventh), "8" "9" above the
//     octave; upper case not used.
typedef struct grm_part_mix {
    float level_db;           // beside the lead's 0
    float pan;                // -1..1
    float width;              // 0 mono .. 1 as it is .. 2
    float room, hall, delay;  // send levels, 0..1
    const char *strip;        // preset of channel strip in data/mix.yaml; NULL: the role's own
} grm_part_mix;

typedef struct grm_style_part {
    const char *name;
    grm_role role;
    grm_play play;
    grm_choices instruments;  // catalogue ids
    uint8_t low, high;        // register, MIDI keys (0, 0: the instrument's)
    grm_choices figures;
    unsigned voices;      // chord notes at once, 2..6
    const char *voicing;  // "close", "open", "drop2", "rootless", "power", "triad", "shell", "spread"
    grm_part_mix mix;
    bool when_asked;  // only a brief that names its instrument has it play
} grm_style_part;

// What happens in a kind of section. Lists are by occurrence: the second verse takes the second item, and the last
// item serves all later ones.
typedef struct grm_section_plan {
    const char *kind;   // "intro", "verse", "pre", "chorus", "drop", "build", "break", "bridge", "solo", "theme",
                        // "outro", "head", ...
    const char *title;  // "Verse"
    const char *chart;  // symbol of the grammar
    const char *tune;   // which tune it has: "a", "b", ...; sections with the same letter share it; "solo" is made up
                        // anew over its chords; "-" has none
    size_t energy_count;
    const float *energy;  // 0..1
    // Names of the parts that play, blanks between. "Name@4" enters at the section's fifth bar, "Name<4" leaves
    // there.
    grm_words players;
} grm_section_plan;

typedef struct grm_melody_habits {
    const char *scale;    // "diatonic", "pentatonic", "blues", "mode"
    grm_choices rhythms;  // bars of rhythm: "x" begins a note, "-" holds it, "." rests; one or two bars each
    grm_choices phrases;  // plans of 8 bars in units of two bars (or four of one): letters are ideas, "'" a new ending,
                          // "^" a step or third higher (sequence), "." a rest: "a a' b a", "a . a' .", "a a^ b c"
    float leap;           // share of moves of a fourth or more
    float repeat;         // share of repeated notes
    float chromatic;      // chance of a chromatic approach
    float anticipation;   // chance that a note on a strong beat comes an eighth or sixteenth early
    float ornament;       // chance of a grace note or turn on a long note
    float breath;         // share of silence wanted
} grm_melody_habits;

typedef struct grm_feel {
    float swing;          // 0.5 straight .. 0.67 triplet .. 0.75: place of the off note within its pair
    unsigned swing_unit;  // 8 or 16: what is swung
    float timing_ms;      // how far players drift about the grid
    float velocity;       // spread of loudness, MIDI steps
    float late_ms;        // backbeat and bass behind (+) or ahead (-) of the grid
    float dynamics_db;    // how much louder a section of all energy is played than one of none
} grm_feel;

typedef struct grm_style_mix {
    float duck_db;  // how far bass, pads and chords give way to the kick; 0: not at all
    float duck_release_ms;
    float room_s, hall_s;  // decay times
    float delay_beats;     // 0.75 dotted eighth
    float warmth;          // 0..1 saturation of the mix
    float brightness_db;   // tilt of the master about 1 kHz
    float bass_db;         // shelf below 100 Hz
    float width;           // of the whole, 1 as it is
    float lofi;            // 0..1: tape wobble and a closed top end on everything
} grm_style_mix;

typedef struct grm_style {
    const char *name;        // "lofi-hip-hop", the file's name too
    const char *title;       // "Lo-fi Hip Hop"
    const char *family;      // "hip hop", "electronic", "pop", "rock", "jazz", "classical", "ambient", "r&b", "funk"
    const char *about;       // one line
    grm_words synonyms;      // lower case; the title is one anyway
    double valence, energy;  // -1..1
    double tempo_low, tempo_typical, tempo_high;
    double duration_s;   // when nobody says
    grm_choices metres;  // "4/4"
    grm_choices modes;   // "minor"
    grm_feel feel;
    size_t rule_count;
    const grm_rule *rules;
    grm_melody_habits melody;
    size_t part_count;
    const grm_style_part *parts;
    size_t pattern_count;
    const grm_pattern *patterns;
    size_t section_count;
    const grm_section_plan *sections;
    grm_choices forms;   // "intro:4 verse:8 chorus:8 verse:8 chorus:8 bridge:8 chorus:8 outro:4"
    grm_words textures;  // catalogue ids that belong to it
    grm_style_mix mix;
    grm_words title_words;  // material for titles and covers: nouns and adjectives of its world
    grm_words palette;      // "#rrggbb", dark to light, for covers
} grm_style;

// ---- the catalogue ----

typedef struct grm_catalogue {
    size_t style_count, instrument_count;
    const grm_style *styles;            // sorted by name
    const grm_instrument *instruments;  // sorted by id
    grm_memory *memory;
} grm_catalogue;

// The built-in styles and instruments, then `folder`/*.yaml, which add to or replace them (NULL: the user's folder,
// $XDG_CONFIG_HOME/grammy/styles, when it is there). A broken file is GRM_BAD_INPUT with its line and column.
// Immutable afterwards; free with grm_catalogue_free.
grm_status grm_catalogue_new(const char *folder, grm_catalogue **out, grm_error *err);
void grm_catalogue_free(grm_catalogue *catalogue);
const grm_style *grm_style_find(const grm_catalogue *catalogue, const char *name);          // NULL: none
const grm_instrument *grm_instrument_find(const grm_catalogue *catalogue, const char *id);  // NULL: none
const grm_section_plan *grm_style_section(const grm_style *style, const char *kind);        // NULL: none
const grm_style_part *grm_style_part_find(const grm_style *style, const char *name);        // NULL: none

// Reads one style from text and checks all of it: unknown keys, instruments, parts and symbols that are not there,
// figures with a wrong sign or length, chord symbols that are none. Messages begin with "name:line:column: ".
grm_status grm_style_read(const char *name, const uint8_t *bytes, size_t size, const grm_catalogue *catalogue,
                          grm_memory *memory, grm_style *out, grm_error *err);

// ---- steps ----

// A group at `text`, "(...)" or "[...]": *steps is how many steps it takes, *signs how many signs share them. Returns
// its length as text; 0 when it has no end, holds another group, or not 1 to 12 signs.
size_t grm_step_group(const char *text, int *steps, int *signs);

// ---- chord symbols ----

// A chord symbol of the grammar, read. Pitch classes are relative to the tonic.
typedef struct grm_numeral {
    int root;          // semitones above the tonic, 0..11
    int bass;          // semitones above the tonic
    unsigned members;  // bit n: n semitones above the root sounds (n up to 21: 14 ninth, 17 eleventh, 21 thirteenth)
    char function;     // 'T', 'S', 'D': tonic, subdominant, dominant
} grm_numeral;
bool grm_numeral_parse(const char *symbol, size_t length, grm_numeral *out);

// General MIDI percussion key of a piece name ("kick" -> 36), -1 when there is no such piece; and the role whose part
// plays it when a style splits its kit.
int grm_piece_key(const char *piece);
grm_role grm_piece_role(const char *piece);

#endif
