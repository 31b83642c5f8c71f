// The folder that comes out: tagged files, pictures, metadata, a page to look at.
#ifndef GRM_RELEASE_H
#define GRM_RELEASE_H

#include <grammy/brief.h>
#include <grammy/score.h>
#include <jansson.h>

#include "audio/audio.h"
#include "base/base.h"
#include "master/master.h"
#include "meter/meter.h"
#include "style/style.h"

typedef struct grm_tags {
    const char *title, *artist, *album, *genre, *comment, *key, *isrc;  // UTF-8, any may be NULL
    double tempo_bpm;                                                   // 0: none
    const char *date;                                                   // "2025-03-01" or NULL
    const uint8_t *cover_png;                                           // may be NULL
    size_t cover_size;
} grm_tags;

// Tagged masters. WAV (24 bits) gets a LIST INFO chunk, MP3 (320 kb/s, constant) an ID3v2.4 tag with the cover. Same
// input, same bytes. `run` (may be NULL) is asked for cancelling and stepped at `stage`; what is half-written stays at
// `path`, for the caller to discard.
grm_status grm_release_write_wav(const grm_run *run, size_t stage, const char *path, const grm_tape *sound,
                                 const grm_tags *tags, grm_error *err);
grm_status grm_release_write_mp3(const grm_run *run, size_t stage, const char *path, const grm_tape *sound,
                                 const grm_tags *tags, grm_error *err);

// Pictures. 3000x3000 cover drawn from brief, style and seed; waveform with section names and spectrogram, both with
// labelled axes. PNG bytes; free(). `run` is only asked for cancelling and may be NULL, as may `style` and `score`.
// `small` (may be NULL) receives the cover at 600x600.
typedef struct grm_picture {
    uint8_t *png;
    size_t size;
} grm_picture;
// `figures`: with tempo and key, which only what was composed is sure to have.
grm_status grm_cover_draw(const grm_run *run, const grm_brief *brief, const grm_style *style, bool figures,
                          grm_picture *out, grm_picture *small, grm_error *err);
grm_status grm_waveform_draw(const grm_run *run, const grm_tape *sound, const grm_score *score, const grm_style *style,
                             grm_picture *out, grm_error *err);
grm_status grm_spectrogram_draw(const grm_run *run, const grm_tape *sound, grm_picture *out, grm_error *err);

// A page that opens offline: pictures inside it, players for the master and each stem by relative path, the figures.
typedef struct grm_page {
    const json_t *brief, *report, *release;
    grm_picture cover, waveform, spectrogram;  // borrowed; the cover a small one
    const grm_style *style;                    // for the colour of buttons; may be NULL
    size_t stem_count;
    const char *const *stem_files;  // "stems/01-kick.wav"
    const char *const *stem_names;
} grm_page;
grm_status grm_page_write(const char *path, const grm_page *page, grm_error *err);

// The page of a recording that was only heard: score, figures, and pictures drawn from the analysis's series
// (spectrogram, chroma, self-similarity; those whose series are there). `run` is only asked for cancelling and may be
// NULL.
typedef struct grm_heard_page {
    const char *title;
    const json_t *report;  // of grm_analysis_json
    const grm_analysis *analysis;
} grm_heard_page;
grm_status grm_heard_page_write(const grm_run *run, const char *path, const grm_heard_page *page, grm_error *err);

// release.json and report.json as DESIGN.md names their fields; new references.
typedef struct grm_release_facts {
    const char *model;          // MusicGen's that generated the sound; NULL: it was composed
    const char *model_licence;  // NULL: not known
    const grm_brief *brief;
    const grm_score *score;
    const grm_profile *profile;
    const char *soundfont_name, *soundfont_sha256;  // NULL when none was used
    const grm_master_target *target;
    const grm_master_levels *levels;  // of the master as written
    const grm_analysis *analysis;     // of the same, with its judgement
    const grm_report *judgement;
    unsigned sample_rate_hz;
    double duration_s;  // of the master as written
    size_t stem_count;
    const char *const *stem_files;
    const char *date;  // NULL unless asked for
} grm_release_facts;
json_t *grm_release_json(const grm_release_facts *facts);
// What was heard and judged, and `composed`: tempo, key, metre and sections as they were written.
json_t *grm_report_json(const grm_release_facts *facts);

#endif
