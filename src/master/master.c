// Stereo to release loudness: look, decide, process, limit, look again.
#include "master/master.h"

#include "dsp/dsp.h"
#include "master/internal.h"
#include "master/report.h"

static void note(grm_master_story *s, const char *text) {
    if (s->note_count < GRM_COUNT(s->notes)) s->notes[s->note_count++] = text;
}

static float within(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

// ---- deciding ----

static void add_cell(grm_master_plan *plan, double rate_hz, grm_filter_kind kind, float hz, float q, float db) {
    if (fabsf(db) < 0.2f || plan->cell_count == GRM_CASCADE_CELLS) return;
    plan->cells[plan->cell_count++] = grm_filter_design(kind, rate_hz, hz, q, db);
}

// Sub-sound out, and, by a Butterworth filter of order 6, what lies above hearing.
static void decide_ends(grm_master_plan *plan, const grm_master_preset *preset, double rate_hz) {
    static const double q[] = {0.5176, 0.7071, 1.9319};
    plan->cells[plan->cell_count++] = grm_filter_design(GRM_FILTER_HIGHPASS, rate_hz, preset->highpass_hz, 0.7071, 0);
    for (size_t i = 0; i < GRM_COUNT(q) && preset->lowpass_hz < 0.46 * rate_hz; i++)
        plan->cells[plan->cell_count++] = grm_filter_design(GRM_FILTER_LOWPASS, rate_hz, preset->lowpass_hz, q[i], 0);
}

// What the style asks for: a shelf of bass, and a tilt about 1 kHz.
static void decide_wishes(grm_master_plan *plan, const grm_style_mix *style, double rate_hz) {
    if (!style) return;
    float bass = within(style->bass_db, -4, 4), tilt = within(style->brightness_db, -5, 5);
    add_cell(plan, rate_hz, GRM_FILTER_LOW_SHELF, 100, 0.7071f, bass);
    add_cell(plan, rate_hz, GRM_FILTER_LOW_SHELF, 350, 0.6f, -tilt / 2);
    add_cell(plan, rate_hz, GRM_FILTER_HIGH_SHELF, 2800, 0.6f, tilt / 2);
}

// Towards the reference, which leans as far as the style's wishes do, so that a dark style is not brightened again; nor
// is a top that tape has closed.
static void decide_match(grm_master_story *s, double rate_hz, size_t first_wish, bool closed_top) {
    const grm_master_match *match = &s->preset->match;
    const grm_master_spectrum *now = &s->spectrum;
    grm_master_plan *plan = &s->plan;
    size_t count = now->count, wish_cells = plan->cell_count;
    float off[GRM_MASTER_BANDS], middle = 0, middles = 0;
    for (size_t b = 0; b < count; b++) {
        double wish = 0;
        for (size_t i = first_wish; i < wish_cells; i++)
            wish += grm_filter_gain_db(&plan->cells[i], rate_hz, now->hz[b]);
        off[b] = s->preset->reference[b].db + (float)wish - now->mid_db[b];
        if (off[b] > match->absent_db) continue;
        if (now->hz[b] >= 100 && now->hz[b] <= 5000) {
            middle += off[b];
            middles++;
        }
    }
    if (middles > 0) middle /= middles;
    for (size_t b = 0; b < count; b++) {
        float before = off[b ? b - 1 : b], behind = off[b + 1 < count ? b + 1 : b];
        float smooth = 0.2f * before + 0.6f * off[b] + 0.2f * behind - middle;
        float beyond = fabsf(smooth) - match->dead_db;
        if (off[b] - middle > match->absent_db || beyond <= 0) continue;
        float db = within(match->strength * (smooth > 0 ? beyond : -beyond), -match->most_db, match->most_db);
        if (db > 0) db *= closed_top && now->hz[b] > 6000 ? 0 : match->boost;
        plan->correction_db[b] = db;
        // Neighbouring bells add up, so each is a little less than what is asked for.
        if (b == 0)
            add_cell(plan, rate_hz, GRM_FILTER_LOW_SHELF, now->hz[b] * 1.4f, 0.7071f, db);
        else if (b + 1 == count)
            add_cell(plan, rate_hz, GRM_FILTER_HIGH_SHELF, now->hz[b] * 0.7f, 0.7071f, db);
        else
            add_cell(plan, rate_hz, GRM_FILTER_BELL, now->hz[b], 1.2f, 0.85f * db);
    }
}

static void decide_width(grm_master_story *s, const grm_style_mix *style) {
    const grm_master_width *w = &s->preset->width;
    float width = style && style->width > 0 ? style->width : 1, now = s->spectrum.width_db;
    bool stereo = now > -40;
    if (stereo && now + grm_gain_to_db(width) < w->narrow_db) width = grm_db_to_gain(w->narrow_db - now);
    if (now + grm_gain_to_db(width) > w->wide_db) width = grm_db_to_gain(w->wide_db - now);
    s->plan.width = within(width, w->least, w->most);
    s->plan.mono_hz = s->preset->mono_below_hz;
}

static void decide(grm_master_story *s, const grm_audio *audio, const grm_style_mix *style, double lufs) {
    grm_master_plan *plan = &s->plan;
    const grm_master_glue *glue = &s->preset->glue;
    double rate_hz = audio->rate_hz;
    decide_ends(plan, s->preset, rate_hz);
    size_t ends = plan->cell_count;
    decide_wishes(plan, style, rate_hz);
    decide_match(s, rate_hz, ends, style && style->lofi > 0.1f);
    decide_width(s, style);
    // Loudness is a sum over both channels, the compressor's level their mean: 3 dB, less the -0.7 of the weighting.
    plan->glue = (grm_compressor_plan){
        .threshold_db = (float)lufs - 2.3f + glue->over_db,
        .ratio = glue->ratio,
        .knee_db = glue->knee_db,
        .attack_ms = glue->attack_ms,
        .release_ms = glue->release_ms,
        .range_db = glue->range_db,
    };
    plan->drive = s->preset->saturation.least + s->preset->saturation.span * (style ? within(style->warmth, 0, 1) : 0);
}

// Loudness to aim at and the gain that gets near it.
static double decide_gain(grm_master_story *s) {
    double before = s->before.integrated_lufs, lufs = s->target->lufs, most = s->preset->most_gain_db;
    if (before <= GRM_SILENT_LUFS) {
        double room = s->target->ceiling_dbtp - 1 - s->before.true_peak_dbtp;
        s->plan.gain = grm_db_to_gain((float)fmin(room, most));
        note(s, "Too short or too quiet for its loudness to be measured; only the peak was set.");
        return GRM_SILENT_LUFS;
    }
    if (lufs - before > most) {
        lufs = before + most;
        note(s, "The source is too quiet to be brought to the target; it was raised as far as is sensible.");
    }
    s->plan.gain = grm_db_to_gain((float)(lufs - before));
    return lufs;
}

// ---- running ----

static grm_status check_input(const grm_audio *audio, const grm_master_target *target, grm_error *err) {
    if (audio->channels != 2)
        return grm_fail(err, GRM_BAD_INPUT, "mastering takes stereo, this has %u channels", audio->channels);
    if (audio->rate_hz < 8000 || audio->rate_hz > 192000)
        return grm_fail(err, GRM_BAD_INPUT, "mastering takes 8000 to 192000 Hz, this has %u", audio->rate_hz);
    if (!(target->lufs >= -70 && target->lufs <= 0) || !(target->ceiling_dbtp >= -40 && target->ceiling_dbtp <= 0))
        return grm_fail(err, GRM_USAGE, "master target %g LUFS with a ceiling of %g dBTP: take -70 to 0 and -40 to 0",
                        target->lufs, target->ceiling_dbtp);
    return GRM_OK;
}

static void find_dc(const grm_audio *audio, float dc[2]) {
    for (int side = 0; side < 2; side++) {
        double sum = 0;
        for (size_t at = 0; at < audio->frames; at += 1024) {
            float lane[16] = {0};
            size_t count = audio->frames - at < 1024 ? audio->frames - at : 1024, i = 0;
            const float *x = audio->plane[side] + at;
            for (; i + 16 <= count; i += 16)
                for (size_t k = 0; k < 16; k++) lane[k] += x[i + k];
            for (; i < count; i++) sum += x[i];
            for (size_t k = 0; k < 16; k++) sum += lane[k];
        }
        dc[side] = audio->frames ? (float)(sum / (double)audio->frames) : 0;
    }
}

// What other meters or the batches' seams might add is taken off everything.
static void trim(grm_master_story *s, grm_audio *audio) {
    double over = s->after.true_peak_dbtp - (s->target->ceiling_dbtp - 0.02);
    if (over <= 0) return;
    s->trim_db = -over;
    for (int side = 0; side < 2; side++) grm_scale(audio->plane[side], audio->frames, grm_db_to_gain((float)-over));
    s->after.true_peak_dbtp -= over;
    s->after.sample_peak_dbfs -= over;
    if (s->after.integrated_lufs > GRM_SILENT_LUFS) s->after.integrated_lufs -= over;
}

static grm_status make(const grm_run *run, grm_audio *audio, const grm_style_mix *style, size_t stage,
                       grm_master_story *s, grm_error *err) {
    grm_status status = grm_master_spectrum_measure(run, audio, s->preset, &s->spectrum, err);
    if (status) return status;
    grm_progress_step(run->progress, stage, 0.3);
    double lufs = decide_gain(s);
    find_dc(audio, s->plan.dc);
    decide(s, audio, style, lufs > GRM_SILENT_LUFS ? lufs : 0);
    status = grm_master_process(run, audio, &s->plan, stage, &s->glued, err);
    if (status) return status;
    status = grm_master_limit(run, audio, s->preset, lufs, s->target->ceiling_dbtp, stage, &s->limited, err);
    if (status) return status;
    if (lufs > GRM_SILENT_LUFS && !s->limited.reached)
        note(s, "The peaks stand too far above the rest: the target could not be reached without harm to them.");
    status = grm_levels_measure(run, audio, &s->after, err);
    if (!status) trim(s, audio);
    return status;
}

grm_status grm_master_run(const grm_run *run, grm_audio *audio, const grm_master_target *target,
                          const grm_style_mix *style, size_t stage, grm_master_levels *after, json_t **report,
                          grm_error *err) {
    grm_master_story story = {.target = target};
    grm_master_preset *preset = NULL;
    grm_status status = check_input(audio, target, err);
    if (status) return status;
    status = grm_master_preset_load(&preset, err);
    if (status) return status;
    story.preset = preset;
    status = grm_levels_measure(run, audio, &story.before, err);
    if (status) goto done;
    grm_progress_step(run->progress, stage, 0.2);
    if (story.before.sample_peak_dbfs < -120) {
        note(&story, "The source is silent; it was left as it is.");
        story.after = story.before;
        story.plan = (grm_master_plan){.gain = 1, .width = 1};
    } else {
        status = make(run, audio, style, stage, &story, err);
        if (status) goto done;
    }
    if (report && !(*report = grm_master_report(&story))) {
        status = grm_fail_memory(err);
        goto done;
    }
    if (after) *after = story.after;
    grm_progress_step(run->progress, stage, 1);
done:
    grm_master_preset_free(preset);
    return status;
}
