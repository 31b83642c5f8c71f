// What the stages of a song hand on.
#ifndef GRM_SONG_LINE_H
#define GRM_SONG_LINE_H

#include <grammy/song.h>

#include "compose/compose.h"
#include "master/master.h"
#include "meter/meter.h"
#include "mix/mix.h"
#include "neural/neural.h"
#include "prompt/prompt.h"
#include "release/release.h"
#include "song/staging.h"
#include "song/stem_files.h"
#include "synth/synth.h"

typedef enum grm_line_stage {
    GRM_LINE_READ,     // styles, prompt
    GRM_LINE_COMPOSE,  // score; or sound, generated
    GRM_LINE_COVER,
    GRM_LINE_RENDER,
    GRM_LINE_MIX,
    GRM_LINE_MASTER,
    GRM_LINE_WAV,
    GRM_LINE_METER,  // of master.wav as written
    GRM_LINE_MP3,
    GRM_LINE_PICTURES,
    GRM_LINE_PAGE,  // and the metadata
    GRM_LINE_STAGES,
} grm_line_stage;
#define GRM_NO_STAGE SIZE_MAX  // work that does not move the bar

typedef struct grm_line {
    grm_run run;
    const char *prompt;
    const grm_song_options *options;
    grm_staging staging;
    grm_catalogue *catalogue;
    grm_brief *brief;
    json_t *brief_json;
    const grm_style *style;
    grm_score *score;  // without parts where the sound is generated
    char *model_licence;
    grm_soundfont *font;
    char soundfont_sha256[65];
    grm_stems *stems;
    grm_stem_files stem_files;
    grm_tape *mixed, *mastered;
    grm_master_target target;
    const char *genre;         // what the meter judges it as; NULL: none
    json_t *master_json;       // what was found and done in mastering
    grm_analysis *analysis;    // of master.wav, read back
    grm_report *judgement;     // of the same
    grm_master_levels levels;  // of the same
    size_t frames;             // of the same
    grm_picture cover, small_cover, waveform, spectrogram;
    char key[16], date[16];
    double began;
    struct {
        double start, end;
    } times[GRM_LINE_STAGES];
} grm_line;

// Every stage returns GRM_CANCELLED when the user asked to stop.
grm_status grm_line_read(grm_line *line, grm_error *err);
grm_status grm_line_compose(grm_line *line, grm_error *err);
grm_status grm_line_render(grm_line *line, grm_error *err);    // with the cover beside it
const char *grm_line_model(const grm_line *line);              // the name or path of the model
grm_status grm_line_generate(grm_line *line, grm_error *err);  // in place of composing and rendering, through MusicGen
grm_status grm_line_cover(grm_line *line, grm_error *err);
grm_status grm_line_mix(grm_line *line, grm_error *err);
grm_status grm_line_master(grm_line *line, grm_error *err);
grm_status grm_line_write(grm_line *line, grm_error *err);  // masters and pictures, side by side
grm_status grm_line_describe(grm_line *line, grm_error *err);

// grm_audio_extend in a run that has a pool already.
grm_status grm_extend_in_run(const grm_run *run, const grm_audio *audio, size_t frames, grm_audio **out,
                             grm_error *err);

// The clock of a stage.
void grm_line_begin(grm_line *line, grm_line_stage stage);
void grm_line_end(grm_line *line, grm_line_stage stage);

// Runs functions side by side; each has its own error. The first one's that failed is the whole's.
typedef grm_status grm_line_fn(grm_line *line, grm_error *err);
grm_status grm_line_together(grm_line *line, grm_line_fn *const *fns, size_t count, grm_error *err);

#endif
