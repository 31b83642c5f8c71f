// A recording grows by going back: at a beat it returns to an earlier one that sounds alike, and goes on from there.
// What stood before the first return and behind the last one stays as it was, so the piece keeps its beginning and its
// end.
#include <grammy/extend.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/dsp.h"
#include "song/line.h"

enum { SIZE = 2048, HOP = 512, BANDS = 20, MOST_SPLICES = 4096 };
#define SHORTEST_S 0.1
#define CONTEXT_S 0.6     // that is compared on either side of a place
#define CROSSFADE_S 0.03  // between beats
#define SLOW_FADE_S 0.3   // where there are no beats
#define NUDGE_S 0.012     // how far a landing may move to fit the waveform
#define FADE_OUT_S 0.4    // where an end is cut off
#define OFF_BAR_DB 6.0    // what landing on another beat of the bar costs
#define LONG_WAY_DB 0.02  // a second more of going back than is needed

typedef struct sketch {  // how a recording sounds, in little
    size_t frames;
    float *level_db;  // [frames][BANDS]
    float *mono;      // [audio frames]
} sketch;

typedef struct place {
    double s;
    int beat;  // of the bar; -1: not known
} place;

typedef struct splice {
    size_t from, to;  // frame at which it goes back, and where it lands
} splice;

typedef struct plan {
    const grm_audio *audio;
    sketch sketch;
    place *places;
    size_t place_count;
    bool beats;
} plan;

// ---- how it sounds ----

static void hear_frame(const float *power, double rate_hz, float *level_db) {
    double low = 60, ratio = pow(fmin(12000, 0.45 * rate_hz) / low, 1.0 / BANDS);
    for (size_t b = 0; b < BANDS; b++) {
        size_t first = (size_t)(low * pow(ratio, (double)b) * SIZE / rate_hz);
        size_t last = (size_t)(low * pow(ratio, (double)b + 1) * SIZE / rate_hz);
        double sum = 0;
        for (size_t i = first; i <= last && i <= SIZE / 2; i++) sum += (double)power[i];
        level_db[b] = (float)(10 * log10(sum + 1e-6));
    }
}

static grm_status make_sketch(const grm_audio *audio, sketch *s, grm_error *err) {
    grm_stft *stft = NULL;
    size_t frames = audio->frames / HOP + 1;
    float *x = grm_floats_new(SIZE), *power = grm_floats_new(SIZE / 2 + 1);
    s->frames = frames;
    s->mono = grm_floats_new(audio->frames);
    s->level_db = grm_floats_new(frames * BANDS);
    grm_status status =
        x && power && s->mono && s->level_db ? grm_stft_new(GRM_WINDOW_HANN, SIZE, &stft, err) : grm_fail_memory(err);
    if (status) goto done;
    for (unsigned c = 0; c < audio->channels; c++)
        for (size_t i = 0; i < audio->frames; i++) s->mono[i] += audio->plane[c][i] / (float)audio->channels;
    for (size_t f = 0; f < frames; f++) {
        for (size_t i = 0; i < SIZE; i++) {
            size_t at = f * HOP + i;
            x[i] = at >= SIZE / 2 && at - SIZE / 2 < audio->frames ? s->mono[at - SIZE / 2] : 0;
        }
        grm_stft_power(stft, x, power);
        hear_frame(power, audio->rate_hz, s->level_db + f * BANDS);
    }
done:
    grm_stft_free(stft);
    free(power);
    free(x);
    return status;
}

// Mean difference of the bands about two places, dB.
static double unlikeness(const plan *p, double a_s, double b_s) {
    double hop_s = HOP / (double)p->audio->rate_hz, sum = 0;
    long reach = (long)(CONTEXT_S / hop_s), a = lround(a_s / hop_s), b = lround(b_s / hop_s);
    size_t count = 0;
    for (long i = -reach; i < reach; i++) {
        if (a + i < 0 || b + i < 0 || a + i >= (long)p->sketch.frames || b + i >= (long)p->sketch.frames) continue;
        const float *x = p->sketch.level_db + (size_t)(a + i) * BANDS,
                    *y = p->sketch.level_db + (size_t)(b + i) * BANDS;
        for (size_t k = 0; k < BANDS; k++) sum += fabs((double)(x[k] - y[k]));
        count += BANDS;
    }
    return count ? sum / (double)count : 1e9;
}

// ---- where it may go back ----

static bool mark_beats(plan *p, const grm_analysis *heard) {
    enum { FEWEST = 8 };
    if (heard->beat_count < FEWEST || !(heard->features.tempo_confidence > 0.1)) return false;
    p->places = calloc(heard->beat_count, sizeof *p->places);
    if (!p->places) return false;
    int beat = -1;
    size_t bar = 0;
    for (size_t i = 0; i < heard->beat_count; i++) {
        double s = heard->beats_s[i];
        if (bar < heard->downbeat_count && heard->downbeats_s[bar] < s + 0.05) {
            bar++;
            beat = 0;
        } else if (beat >= 0) {
            beat++;
        }
        p->places[p->place_count++] = (place){s, beat};
    }
    return true;
}

static bool mark_quarters_of_seconds(plan *p) {
    const double step_s = 0.25;
    double length_s = (double)p->audio->frames / p->audio->rate_hz;
    size_t count = (size_t)(length_s / step_s);
    p->places = calloc(count + 1, sizeof *p->places);
    if (!p->places) return false;
    for (size_t i = 0; i < count; i++) p->places[p->place_count++] = (place){(double)i * step_s, -1};
    return true;
}

// ---- choosing ----

// The waveform about `to` moved so that it fits the one about `from` best.
static size_t nudge(const plan *p, size_t from, size_t to) {
    long reach = (long)(NUDGE_S * p->audio->rate_hz), half = reach, frames = (long)p->audio->frames, best = 0;
    double most = -2;
    for (long shift = -reach; shift <= reach; shift++) {
        double xy = 0, xx = 1e-12, yy = 1e-12;
        for (long i = -half; i < half; i += 2) {
            long a = (long)from + i, b = (long)to + shift + i;
            if (a < 0 || b < 0 || a >= frames || b >= frames) continue;
            double x = (double)p->sketch.mono[a], y = (double)p->sketch.mono[b];
            xy += x * y;
            xx += x * x;
            yy += y * y;
        }
        double fit = xy / sqrt(xx * yy) - 0.05 * fabs((double)shift) / (double)reach;
        if (fit > most) {
            most = fit;
            best = shift;
        }
    }
    long landing = (long)to + best;
    return landing < 0 ? to : (size_t)landing;
}

// The way back of at least `wanted_s` (as near to it as sounds well) that is heard least; false: there is none.
static bool choose(const plan *p, double wanted_s, double end_s, splice *out) {
    double margin = p->beats ? CROSSFADE_S : SLOW_FADE_S, least = 1e9;
    place from = {0}, to = {0};
    for (size_t b = 0; b < p->place_count; b++)
        for (size_t a = 0; a < b; a++) {
            double way = p->places[b].s - p->places[a].s;
            if (way < wanted_s) break;  // later landings are nearer still
            if (way > wanted_s + 8 || p->places[a].s < margin || p->places[b].s > end_s - margin) continue;
            double cost = unlikeness(p, p->places[a].s, p->places[b].s) + LONG_WAY_DB * (way - wanted_s);
            if (p->places[a].beat != p->places[b].beat) cost += OFF_BAR_DB;
            if (cost < least) {
                least = cost;
                from = p->places[b];
                to = p->places[a];
            }
        }
    if (least >= 1e9) return false;
    double rate = p->audio->rate_hz;
    out->from = (size_t)lround(from.s * rate);
    out->to = nudge(p, out->from, (size_t)lround(to.s * rate));
    return out->to < out->from;
}

// Each way back is as long as is missing, or else as long as there is one. The longest come first.
static size_t choose_all(const plan *p, size_t frames, splice *splices) {
    double rate = p->audio->rate_hz, length_s = (double)p->audio->frames / rate;
    size_t count = 0, have = p->audio->frames;
    while (have < frames && count < MOST_SPLICES) {
        double missing = (double)(frames - have) / rate, wanted = fmin(missing, 0.75 * length_s);
        splice *s = &splices[count];
        bool found = false;
        for (; wanted > 0.2 && !(found = choose(p, wanted, length_s, s)); wanted *= 0.7) continue;
        if (!found) break;
        have += s->from - s->to;
        count++;
        // The same one does for as long as it is needed whole.
        while (have < frames && frames - have > s->from - s->to && count < MOST_SPLICES) {
            splices[count] = *s;
            have += s->from - s->to;
            count++;
        }
    }
    return count;
}

// ---- cutting and joining ----

// Stretches [start, end) of the source that are heard one behind the other.
typedef struct stretch {
    size_t start, end;
} stretch;

static int by_place(const void *a, const void *b) {
    const splice *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

// Joins stretch `next` to what is there, the crossfade centred on the seam.
static void join(const grm_audio *in, grm_audio *out, size_t at, const stretch *s, size_t before, size_t fade) {
    size_t half = fade / 2;
    for (unsigned c = 0; c < in->channels; c++) {
        float *y = out->plane[c];
        const float *x = in->plane[c];
        size_t length = s->end - s->start;
        for (size_t i = 0; i < length && at + i < out->frames; i++) y[at + i] = x[s->start + i];
        if (!at) continue;
        // What went on before the seam fades out behind it, what comes fades in before it.
        for (size_t i = 0; i < 2 * half; i++) {
            long to = (long)at + (long)i - (long)half, coming = (long)s->start + (long)i - (long)half,
                 going = (long)before + (long)i - (long)half;
            if (to < 0 || to >= (long)out->frames || coming < 0 || coming >= (long)in->frames || going < 0 ||
                going >= (long)in->frames)
                continue;
            float in_gain = 0.5f - 0.5f * cosf((float)GRM_PI * ((float)i + 0.5f) / (float)(2 * half));
            y[to] = x[going] * (1 - in_gain) + x[coming] * in_gain;
        }
    }
}

static void fade_out(grm_audio *audio, double seconds) {
    size_t length = (size_t)(seconds * audio->rate_hz);
    if (length > audio->frames) length = audio->frames;
    for (unsigned c = 0; c < audio->channels; c++)
        for (size_t i = 0; i < length; i++)
            audio->plane[c][audio->frames - 1 - i] *= 0.5f - 0.5f * cosf((float)GRM_PI * (float)i / (float)length);
}

static void assemble(const plan *p, splice *splices, size_t count, grm_audio *out) {
    const grm_audio *in = p->audio;
    size_t at = 0, start = 0, before = 0, fade = (size_t)((p->beats ? CROSSFADE_S : SLOW_FADE_S) * in->rate_hz);
    qsort(splices, count, sizeof *splices, by_place);
    for (size_t i = 0; i <= count; i++) {
        stretch s = {start, i < count ? splices[i].from : in->frames};
        if (s.end < s.start) s.end = s.start;
        join(in, out, at, &s, before, fade);
        at += s.end - s.start;
        before = s.end;
        if (i < count) start = splices[i].to;
    }
    // At least `at` frames were there to take; what is more than asked for is cut off.
    if (at != out->frames) fade_out(out, FADE_OUT_S);
}

// A recording too short to go anywhere in: over and over.
static void repeat(const grm_audio *in, grm_audio *out) {
    for (unsigned c = 0; c < in->channels; c++)
        for (size_t i = 0; i < out->frames; i++) out->plane[c][i] = in->plane[c][i % in->frames];
}

static void plan_clear(plan *p) {
    free(p->places);
    free(p->sketch.level_db);
    free(p->sketch.mono);
}

static grm_status grow(const grm_run *run, plan *p, grm_audio *out, grm_error *err) {
    grm_analysis *heard = NULL;
    splice *splices = calloc(MOST_SPLICES, sizeof *splices);
    grm_status status = splices ? make_sketch(p->audio, &p->sketch, err) : grm_fail_memory(err);
    if (!status) status = grm_listen(run, GRM_NO_STAGE, NULL, p->audio, NULL, &heard, err);
    if (!status) {
        p->beats = mark_beats(p, heard);
        if (!p->beats && !mark_quarters_of_seconds(p)) status = grm_fail_memory(err);
    }
    if (!status) {
        size_t count = choose_all(p, out->frames, splices);
        size_t have = p->audio->frames;
        for (size_t i = 0; i < count; i++) have += splices[i].from - splices[i].to;
        if (have >= out->frames)
            assemble(p, splices, count, out);
        else
            repeat(p->audio, out);
    }
    grm_analysis_free(heard);
    free(splices);
    return status;
}

grm_status grm_extend_in_run(const grm_run *run, const grm_audio *audio, size_t frames, grm_audio **out,
                             grm_error *err) {
    *out = NULL;
    if (!audio->frames) return grm_fail(err, GRM_BAD_INPUT, "there is no sound to make longer");
    grm_audio *longer = NULL;
    grm_status status = grm_audio_new(audio->channels, frames, audio->rate_hz, &longer, err);
    if (status) return status;
    plan p = {.audio = audio};
    if (frames <= audio->frames) {
        for (unsigned c = 0; c < audio->channels; c++)
            memcpy(longer->plane[c], audio->plane[c], frames * sizeof(float));
        if (frames < audio->frames) fade_out(longer, FADE_OUT_S);
    } else if ((double)audio->frames < SHORTEST_S * audio->rate_hz) {
        repeat(audio, longer);
    } else {
        status = grow(run, &p, longer, err);
    }
    plan_clear(&p);
    if (status)
        grm_audio_free(longer);
    else
        *out = longer;
    return status;
}

grm_status grm_audio_extend(const grm_profile *profile, const grm_audio *audio, size_t frames, grm_progress *progress,
                            grm_audio **out, grm_error *err) {
    grm_run run = {.profile = profile, .progress = progress};
    *out = NULL;
    grm_status status = grm_pool_new(profile->threads, &run.pool, err);
    if (!status) status = grm_extend_in_run(&run, audio, frames, out, err);
    grm_pool_free(run.pool);
    return status;
}
