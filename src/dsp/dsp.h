// Blocks of signal processing: float buffers in, float buffers out. No files, no threads. Objects belong to one thread
// at a time; processing allocates nothing and gives the same output however the input is cut into blocks.
#ifndef GRM_DSP_H
#define GRM_DSP_H

#include <math.h>

#include "base/base.h"

#define GRM_PI 3.14159265358979323846

static inline float grm_db_to_gain(float db) {
    return powf(10.0f, db * 0.05f);
}
// -200 dB for silence.
static inline float grm_gain_to_db(float gain) {
    return gain > 1e-10f ? 20.0f * log10f(gain) : -200.0f;
}

// ---- spectra ----

typedef struct grm_complex {
    float re, im;
} grm_complex;

// A real FFT (kissfft) of an even size, 2..2^20. The plan holds scratch memory: one for each thread.
typedef struct grm_fft grm_fft;
grm_status grm_fft_new(size_t size, grm_fft **out, grm_error *err);
void grm_fft_free(grm_fft *fft);
size_t grm_fft_size(const grm_fft *fft);
// x: [size], bins: [size/2+1], unscaled: a full-scale cosine on a bin is size/2 there. No aliasing.
void grm_fft_forward(grm_fft *fft, const float *x, grm_complex *bins);
// Scaled so that inverse(forward(x)) is x.
void grm_fft_inverse(grm_fft *fft, const grm_complex *bins, float *x);

typedef enum grm_window_kind {
    GRM_WINDOW_HANN,
    GRM_WINDOW_HAMMING,
    GRM_WINDOW_BLACKMAN,
    GRM_WINDOW_SINE
} grm_window_kind;
// w: [size]. Periodic windows (for spectra, as librosa has them) repeat after size samples, symmetric ones after
// size-1.
void grm_window_fill(grm_window_kind kind, bool periodic, size_t size, float *w);

// Spectra of windowed frames.
typedef struct grm_stft grm_stft;
grm_status grm_stft_new(grm_window_kind kind, size_t size, grm_stft **out, grm_error *err);
void grm_stft_free(grm_stft *stft);
size_t grm_stft_bins(const grm_stft *stft);  // size/2+1
// x: [size] -> bins: [size/2+1], as librosa.stft has one column.
void grm_stft_frame(grm_stft *stft, const float *x, grm_complex *bins);
// |X|^2 of the same.
void grm_stft_power(grm_stft *stft, const float *x, float *power);

// ---- numbers near zero ----

// Fading filters and reverbs end in denormal numbers, which take a hundred times as long to compute with. Between
// these two the calling thread counts them as zero. Pass to restore what flush returned.
unsigned grm_denormals_flush(void);
void grm_denormals_restore(unsigned mode);

// ---- levels of a buffer ----

float grm_peak(const float *x, size_t frames);        // largest magnitude
double grm_power(const float *x, size_t frames);      // mean square
bool grm_all_finite(const float *x, size_t frames);   // false when there is a NaN or an infinity
void grm_scale(float *x, size_t frames, float gain);  // in place
// y += gain * x, the gain running linearly from `from` to `to` (which the next block starts with).
void grm_add_ramp(float *y, const float *x, size_t frames, float from, float to);

// ---- filters ----

typedef enum grm_filter_kind {
    GRM_FILTER_LOWPASS,
    GRM_FILTER_HIGHPASS,
    GRM_FILTER_BANDPASS,  // 0 dB at its centre
    GRM_FILTER_NOTCH,
    GRM_FILTER_ALLPASS,
    GRM_FILTER_BELL,
    GRM_FILTER_LOW_SHELF,  // free of resonance at q 0.71
    GRM_FILTER_HIGH_SHELF,
} grm_filter_kind;

// One second-order cell: a trapezoidal state-variable filter (Simper 2013) with the responses of the RBJ cookbook. In
// float it keeps a 25 Hz highpass exact, where a direct form loses a tenth of a dB to the rounding of coefficients.
//   v3 = x - s2;  d1 = e1 s1 + c2 v3;  d2 = c2 s1 + c3 v3;  y = x0 x + x1 s1 + x2 s2;  s1 += d1;  s2 += d2
typedef struct grm_filter {
    float e1, c2, c3, x0, x1, x2;
} grm_filter;

// hz is held within 1 Hz and 0.49 of the rate, q above 0.05; db counts for bells and shelves.
grm_filter grm_filter_design(grm_filter_kind kind, double rate_hz, double hz, double q, double db);
// From the analogue prototype (m0 s^2 + m1 k s + m2) / (s^2 + k s + 1) at hz.
grm_filter grm_filter_prototype(double rate_hz, double hz, double k, double high, double band, double low);
double grm_filter_gain_db(const grm_filter *filter, double rate_hz, double at_hz);

// Cells one behind the other on two channels at once. Plain data: copy it to copy its state.
enum { GRM_CASCADE_CELLS = 16 };
typedef struct grm_cascade {
    size_t cells;
    bool avx2;
    struct {
        float e1[8], c2[8], c3[8], x0[8], x1[8], x2[8];  // lane: 2 * cell + channel
        float s1[8], s2[8];
    } group[GRM_CASCADE_CELLS / 4];
} grm_cascade;

void grm_cascade_init(grm_cascade *cascade, const grm_filter *cells, size_t count);  // count <= GRM_CASCADE_CELLS
void grm_cascade_set(grm_cascade *cascade, size_t cell, const grm_filter *filter);   // the state stays
// In place. `right` may be NULL.
void grm_cascade_run(grm_cascade *cascade, float *left, float *right, size_t frames);
double grm_cascade_gain_db(const grm_cascade *cascade, double rate_hz, double at_hz);

// ---- dynamics ----

typedef struct grm_compressor_plan {
    float threshold_db, ratio, knee_db;  // levels are RMS of a full-scale square wave: a sine at full scale is -3 dB
    float attack_ms, release_ms;         // to 63 % of the way
    float makeup_db;
    float range_db;  // most reduction, 0: no limit
} grm_compressor_plan;
// Gain that a steady level gets, without make-up.
float grm_compressor_static_db(const grm_compressor_plan *plan, float level_db);

// Both channels get the gain of their mean power. The gain is worked out every GRM_HOP frames from what came before.
enum { GRM_HOP = 16 };
typedef struct grm_compressor {
    grm_compressor_plan plan;
    float attack, release, smooth;  // a hop's coefficients
    float power, reduction_db;      // detector and envelope
    float from, to;                 // gain at the hop's ends
    float sum;
    unsigned phase;
    float deepest_db;      // largest reduction so far
    double reduction_sum;  // of all hops, dB
    size_t hops;
} grm_compressor;
void grm_compressor_init(grm_compressor *compressor, const grm_compressor_plan *plan, double rate_hz);
// In place; `key` [2] is what is listened to (NULL: the planes themselves).
void grm_compressor_run(grm_compressor *compressor, float *const *planes, const float *const *key, size_t frames);

// Gain of a look-ahead limiter from the peaks of each hop, so that no peak times gain goes over the ceiling. The gain
// at hop h's start is gain[h]; within the hop it runs linearly to gain[h + 1].
typedef struct grm_limiter_plan {
    float ceiling;  // linear
    float lookahead_ms, release_ms;
    float hop_hz;  // hops a second
} grm_limiter_plan;
// peaks: [hops], of the signal after `drive`; gain: [hops + 1]. The gain does not include `drive`.
grm_status grm_limiter_curve(const grm_limiter_plan *plan, const float *peaks, size_t hops, float drive, float *gain,
                             grm_error *err);

// ---- true peaks ----

enum { GRM_PEAK_TAPS = 24, GRM_PEAK_HOP = 8, GRM_PEAK_REACH = GRM_PEAK_TAPS / 2 };
// Between the samples too: 8 points a sample, where ITU-R BS.1770-5 annex 2 asks for 4.
typedef struct grm_peak_meter {
    bool avx2;
    float even[4][GRM_PEAK_TAPS / 2], odd[3][GRM_PEAK_TAPS / 2];
} grm_peak_meter;
void grm_peak_meter_init(grm_peak_meter *meter);
// Raises out[h] to the largest magnitude in hop h of GRM_PEAK_HOP frames. x must be readable GRM_PEAK_REACH frames
// before and behind the hops.
void grm_peak_meter_run(const grm_peak_meter *meter, const float *x, size_t hops, float *out);

// ---- loudness ----

#define GRM_SILENT_LUFS (-120.0)

// ITU-R BS.1770 weighting and gating; loudness range after EBU Tech 3342.
typedef struct grm_loudness grm_loudness;
grm_status grm_loudness_new(double rate_hz, grm_loudness **out, grm_error *err);
void grm_loudness_free(grm_loudness *loudness);
// planes: [2][frames] or, with planes[1] NULL, one channel. Fails when memory runs out.
grm_status grm_loudness_add(grm_loudness *loudness, const float *const *planes, size_t frames, grm_error *err);
double grm_loudness_integrated(const grm_loudness *loudness);  // GRM_SILENT_LUFS when nothing passes the gate
double grm_loudness_range(const grm_loudness *loudness);
// Weighted power of the whole tenths of a second so far.
const double *grm_loudness_tenths(const grm_loudness *loudness, size_t *count);
// The same from powers of tenths of a second.
double grm_loudness_gated(const double *tenths, size_t count);
// The two cells of K-weighting.
void grm_loudness_weighting(double rate_hz, grm_filter cells[2]);

// ---- saturation ----

// A soft curve at twice the rate, so that the harmonics of the upper octave do not fold back. Small signals pass with
// unity gain, GRM_SATURATOR_LATENCY frames late.
enum { GRM_SATURATOR_LATENCY = 15 };
typedef struct grm_saturator {
    float drive;
    bool avx2;
    float in[2][16], even[2][8], odd[2][16];  // what came before
} grm_saturator;
void grm_saturator_init(grm_saturator *saturator, float drive);  // drive > 0: y = tanh(drive x) / drive, about
void grm_saturator_run(grm_saturator *saturator, float *left, float *right, size_t frames);

// ---- stereo ----

// Side signal times width, and, below mono_hz (0: nowhere), none of it.
typedef struct grm_stereo {
    float width;
    grm_cascade side;
} grm_stereo;
void grm_stereo_init(grm_stereo *stereo, double rate_hz, float width, float mono_hz);
void grm_stereo_run(grm_stereo *stereo, float *left, float *right, size_t frames);

// ---- space ----

typedef struct grm_reverb_plan {
    unsigned lines;    // 8 or 16
    float rt60_s;      // below and about 1 kHz
    float high_ratio;  // rt60 at 6 kHz against that
    float size_ms;     // mean length of the lines
    float predelay_ms;
    float early;                    // 0..1, share of first reflections
    float modulation_ms;            // how far half of the lines wander
    float low_cut_hz, high_cut_hz;  // of what goes in; 0: none
    unsigned variant;               // shifts the lines a little, so that two reverbs never beat
    bool portable;                  // leave the vector unit alone (same result)
} grm_reverb_plan;

// A feedback delay network (Jot 1991) with a Hadamard matrix. What goes in comes out with about its power.
typedef struct grm_reverb grm_reverb;
grm_status grm_reverb_new(const grm_reverb_plan *plan, double rate_hz, grm_reverb **out, grm_error *err);
void grm_reverb_free(grm_reverb *reverb);
// Adds the reverb of in [2] to out [2]. No aliasing.
void grm_reverb_run(grm_reverb *reverb, const float *const *in, float *const *out, size_t frames);
void grm_reverb_reset(grm_reverb *reverb);
size_t grm_reverb_tail(const grm_reverb *reverb);  // frames until nothing is left of it (-100 dB)

typedef struct grm_echo_plan {
    double time_s;
    float feedback;  // 0..0.9
    float low_cut_hz, high_cut_hz;
} grm_echo_plan;

// Echoes that change sides, the first on the left.
typedef struct grm_echo grm_echo;
grm_status grm_echo_new(const grm_echo_plan *plan, double rate_hz, grm_echo **out, grm_error *err);
void grm_echo_free(grm_echo *echo);
void grm_echo_run(grm_echo *echo, const float *const *in, float *const *out, size_t frames);  // adds to out
void grm_echo_reset(grm_echo *echo);
size_t grm_echo_tail(const grm_echo *echo);

// ---- tape ----

// Wow and flutter. The wobble hangs on the time alone, so that all stems of a mix wobble together.
typedef struct grm_wobble grm_wobble;
// depth 0..1: 1 is a worn cassette, about 0.35 % of speed. Delays by grm_wobble_latency on average.
grm_status grm_wobble_new(double rate_hz, float depth, grm_wobble **out, grm_error *err);
void grm_wobble_free(grm_wobble *wobble);
void grm_wobble_run(grm_wobble *wobble, float *left, float *right, size_t frames);  // in place
size_t grm_wobble_latency(const grm_wobble *wobble);
void grm_wobble_skip(grm_wobble *wobble, size_t frames);  // as if that much silence had gone through

#endif
