// What the files of the master share.
#ifndef GRM_MASTER_INTERNAL_H
#define GRM_MASTER_INTERNAL_H

#include "dsp/dsp.h"
#include "master/master.h"
#include "master/preset.h"

// True peaks of hops of GRM_PEAK_HOP frames, out[0] being hop `first_hop` of x; silence lies around x.
void grm_master_peaks(const grm_peak_meter *meter, const float *x, size_t frames, size_t first_hop, size_t hops,
                      float *out);

// Octave levels of a stereo recording, dB against the power of the whole mid signal; and side against mid.
typedef struct grm_master_spectrum {
    size_t count;
    float hz[GRM_MASTER_BANDS], mid_db[GRM_MASTER_BANDS], side_db[GRM_MASTER_BANDS];  // side_db: side - mid
    float width_db;  // side - mid, mean of the octaves from 500 Hz to 4 kHz
} grm_master_spectrum;
grm_status grm_master_spectrum_measure(const grm_run *run, const grm_audio *audio, const grm_master_preset *preset,
                                       grm_master_spectrum *out, grm_error *err);

// What will be done, decided before anything is touched.
typedef struct grm_master_plan {
    float dc[2];
    float gain;  // to about the target, linear
    size_t cell_count;
    grm_filter cells[GRM_CASCADE_CELLS];
    float correction_db[GRM_MASTER_BANDS];
    float width, mono_hz;
    grm_compressor_plan glue;
    float drive;
} grm_master_plan;

typedef struct grm_master_glued {
    float deepest_db, mean_db;
} grm_master_glued;

// Everything up to the limiter, in place.
grm_status grm_master_process(const grm_run *run, grm_audio *audio, const grm_master_plan *plan, size_t stage,
                              grm_master_glued *glued, grm_error *err);

typedef struct grm_master_limited {
    double drive_db;   // gain before the limiter
    float deepest_db;  // most reduction
    float mean_db;     // of hops with any
    float share;       // of hops with any
    bool reached;
} grm_master_limited;

// Loudness to the target through gain and limiter, in place, with fades at both ends.
grm_status grm_master_limit(const grm_run *run, grm_audio *audio, const grm_master_preset *preset, double lufs,
                            double ceiling_dbtp, size_t stage, grm_master_limited *limited, grm_error *err);

#endif
