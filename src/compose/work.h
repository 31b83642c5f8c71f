// What the files of this room share: a song while it is being written.
#ifndef GRM_COMPOSE_WORK_H
#define GRM_COMPOSE_WORK_H

#include "compose/compose.h"

enum { STEP_TICKS = GRM_PPQ / 4 };  // a sixteenth

// A chord at its place.
typedef struct grm_chord {
    int32_t start, end;  // ticks
    int root, bass;      // pitch classes
    unsigned pcs;        // bit n: pitch class n sounds
    unsigned members;    // bit n: n semitones above the root, 0..21
    char function;       // 'T', 'S', 'D'
} grm_chord;

// A section being written.
typedef struct grm_passage {
    const grm_section_plan *plan;
    const char *name;
    const char *tune;     // which tune it has, "-" none
    const char *players;  // of this occurrence
    int occurrence;       // 0 for the first of its kind
    int bars, first_bar;
    int32_t start, end;
    float energy;
    int transpose;  // semitones above the home key
    bool last_of_kind;
    int32_t stop;  // where all but the tune stop, for a breath before the next section; 0: nowhere
    grm_chord *chords;
    size_t chord_count;
} grm_passage;

// A part being written.
typedef struct grm_writer_part {
    const grm_style_part *plan;
    const grm_instrument *instrument;
    const char *name;
    int low, high;
    bool always;  // plays wherever its kind of part may: asked for by the brief
    grm_note *notes;
    size_t note_count, note_capacity;
    grm_control *controls;
    size_t control_count, control_capacity;
    bool failed;  // memory ran out
} grm_writer_part;

typedef struct grm_line_note {  // of a tune: nominal places, before players make it human
    int32_t start, length;
    int pitch;
    uint8_t accent;  // 0 weak .. 3 strong
    bool phrase_end, phrase_start;
} grm_line_note;

typedef struct grm_line {
    grm_line_note *notes;
    size_t count, capacity;
} grm_line;

typedef struct grm_groove grm_groove;  // kit.h

typedef struct grm_work {
    const grm_brief *brief;
    const grm_style *style;
    const grm_style *blend;  // second style that colours, or NULL
    const grm_catalogue *catalogue;
    grm_memory *memory;
    int steps_per_bar, steps_per_beat, beats_per_bar;
    int32_t bar_ticks, beat_ticks;
    double tick_s;            // seconds of a tick
    unsigned scale;           // pitch classes of the key's mode, transposed home
    int bars;                 // whole bars before the last chord
    int32_t last_chord, end;  // where the last chord stands; the end of the song
    grm_passage *passages;
    size_t passage_count;
    grm_chord *chords;  // all, in order, the last chord included
    size_t chord_count;
    grm_writer_part *parts;
    size_t part_count;
    grm_groove *grooves;  // one a passage
    grm_line melody;      // the tune of the whole song as nominal notes, for those who make room for it
    uint64_t seed;
    struct grm_figure **figures;  // those read so far
} grm_work;

// ---- form.c: sections that add up ----
grm_status grm_form_plan(grm_work *work, grm_error *err);

// ---- harmony.c: chords under each section ----
grm_status grm_harmony_plan(grm_work *work, grm_error *err);
const grm_chord *grm_chord_at(const grm_work *work, int32_t tick);
// The scale to play over a chord: the key's, with its notes giving way to chord notes a semitone off.
unsigned grm_chord_scale(const grm_work *work, const grm_chord *chord);
unsigned grm_mode_scale(grm_mode mode, int tonic);

// ---- cast.c: which parts there are, on what ----
grm_status grm_cast_parts(grm_work *work, grm_error *err);

// ---- part_names.c ----
// Names every part; needs the cast.
grm_status grm_part_names(grm_work *work, grm_error *err);

// ---- players.c: who plays when ----
// Whether the style itself gives the part to the instrument.
bool grm_plan_has(const grm_style_part *plan, const grm_instrument *instrument);
// How many players of an instrument the brief names, 1 where it does not.
int grm_player_count(const grm_work *work, const grm_instrument *instrument);
// Gives the tune to sections of a band that plays alone in which nobody would play.
void grm_players_go_on(grm_work *work);
// The stretch of a passage in which the part plays; false when it is silent in it.
bool grm_part_plays(const grm_work *work, const grm_writer_part *part, const grm_passage *passage, int32_t *from,
                    int32_t *to);

// ---- figure.c: patterns of steps ----
// A choice fit for metre, mode and energy, drawn by weight; NULL when none fits.
const grm_choice *grm_choice_draw(const grm_work *work, const grm_choices *choices, float energy, grm_rng *rng);
typedef struct grm_stroke {  // one sign of a figure
    int32_t at, length;
    char sign;
} grm_stroke;
typedef struct grm_figure {
    const char *text;
    grm_metre metre;
    bool fitted;
    int bars, count;
    int32_t ticks;
    const grm_stroke *strokes;
    struct grm_figure *next;
} grm_figure;
// A text of steps as whole bars of the song's metre; as it stands, without bars. NULL: out of memory.
const grm_figure *grm_figure_fit(const grm_work *work, const char *text, grm_metre metre);
const grm_figure *grm_figure_read(const grm_work *work, const char *text);
// Walks over a figure that repeats from `origin` on: the strokes that begin in from..to, at their places in the song.
typedef struct grm_walk {
    const grm_figure *figure;
    int32_t origin, from, to;
    int next;  // stroke of the figure
} grm_walk;
bool grm_figure_next(grm_walk *walk, grm_stroke *stroke);
int grm_steps_in_bar(grm_metre metre);
// Of a tick counted from a bar line: 3 downbeat, 2 half bar, 1 beat, 0 between.
int grm_metric_weight(const grm_work *work, int32_t tick);

// ---- notes.c ----
void grm_part_note(grm_writer_part *part, int32_t start, int32_t length, int pitch, int velocity);
void grm_part_control(grm_writer_part *part, int32_t tick, int number, int value);
bool grm_line_add(grm_line *line, grm_line_note note);
// The octave of `pitch_class` nearest to `near` within low..high.
int grm_pitch_near(int pitch_class, int near, int low, int high);

// ---- melody.c, counter.c, voicing.c ... ----
grm_status grm_melody_plan(grm_work *work, grm_error *err);  // fills work->melody
void grm_melody_play(grm_work *work, grm_writer_part *part);
void grm_second_play(grm_work *work, grm_writer_part *part);
void grm_counter_play(grm_work *work, grm_writer_part *part);
void grm_chords_play(grm_work *work, grm_writer_part *part);  // COMP, STRUM, PAD, ARP
void grm_riff_play(grm_work *work, grm_writer_part *part);
void grm_bass_play(grm_work *work, grm_writer_part *part);   // BASS, WALK, DRONE
grm_status grm_groove_plan(grm_work *work, grm_error *err);  // fills work->grooves and the passages' stops
void grm_drums_play(grm_work *work, grm_writer_part *part);
// The kick in this passage's groove, whole bars; NULL when nobody plays drums or it has no kick.
const grm_figure *grm_drums_kick(const grm_work *work, const grm_passage *passage);
void grm_texture_play(grm_work *work, grm_writer_part *part);  // TEXTURE, FX

// ---- rub.c: what others play against the tune ----
enum { GRM_TUNE_WINDOW = 32 };
typedef struct grm_tune_window {  // the held or accented notes of the tune in a stretch of time
    int count;
    struct {
        int pitch;
        int32_t ticks;  // for which it sounds in the stretch
    } notes[GRM_TUNE_WINDOW];
    int lowest;  // their lowest pitch, 128 when there is none
    int32_t length;
} grm_tune_window;
grm_tune_window grm_tune_heard(const grm_work *work, int32_t from, int32_t to);
typedef struct grm_rub {
    int32_t sharp, mild;  // ticks: a semitone or minor ninth; a major seventh
} grm_rub;
grm_rub grm_tune_rub(const grm_tune_window *heard, int pitch);
// The pitch classes, bit by bit, that would rub sharply below the tune for long enough to be heard.
unsigned grm_tune_avoids(const grm_work *work, const grm_tune_window *heard);

// The notes of `chord` for the part's voices within low..high, nearest to those in `last` (count 0: none), leaving the
// tune that is heard meanwhile its place; sorted.
enum { GRM_MAX_VOICES = 8 };
typedef struct grm_voicing {
    int count;
    int pitch[GRM_MAX_VOICES];
} grm_voicing;
grm_voicing grm_voice_chord(const grm_work *work, const grm_chord *chord, const grm_writer_part *part,
                            const grm_tune_window *heard, const grm_voicing *last, const grm_chord *last_chord);

// ---- ritard.c: tempo changes ----
enum { GRM_MAX_TEMPOS = 12 };
// Whether pieces of this style slow down at their end when nobody drums.
bool grm_ends_broadly(const grm_style *style);
// Fills changes[0..GRM_MAX_TEMPOS): the song's tempo, and those of an end that broadens. Returns how many.
size_t grm_ritard_plan(const grm_work *work, uint32_t us_per_quarter, grm_tempo_change *changes);

// ---- feel.c: from nominal places to played ones ----
void grm_feel_apply(grm_work *work, grm_writer_part *part);
// ---- dynamics.c: how loudly sections are played beside each other ----
void grm_dynamics_apply(const grm_work *work, grm_writer_part *part);
// ---- express.c: controllers ----
void grm_express(grm_work *work, grm_writer_part *part);

#endif
