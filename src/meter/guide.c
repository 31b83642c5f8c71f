// The guides docs/features.md and docs/score.md: what is measured, and how it is judged, from the same tables that
// measure and judge.
#include <math.h>
#include <string.h>

#include "meter/curves.h"

static const char *const lists[][3] = {
    {"key", "", "most likely key, \"F# minor\"; profiles of Faraldo et al. 2016 and of basses; null: none to hear"},
    {"tonal_balance_db", "dB", "ten octaves around 31.25 Hz .. 16 kHz, the loudest at 0"},
    {"tonal_balance_target_db", "dB", "pink noise at the median of these octaves"},
    {"spectral_contrast_db", "dB", "librosa.feature.spectral_contrast, 7 bands, means over the frames"},
    {"mfcc_mean, mfcc_deviation", "", "librosa.feature.mfcc, 20 coefficients; standard mode"},
    {"chroma", "", "librosa.feature.chroma_stft, mean, the largest 1, C first; standard mode"},
    {"tonnetz", "", "librosa.feature.tonnetz of chroma_stft, means; standard mode"},
    {"width_by_band", "", "share of the side below 120 Hz, to 500, to 2000, to 8000, above"},
    {"tempo_alternatives", "1/min",
     "other tempi that were tried to the end, each `bpm` and `strength`, strongest first"},
};
static const char *const lists_beside[][2] = {
    {"sections", "label (the same for what sounds alike), start_s, end_s, loudness_lufs, energy 0..1 within the track"},
    {"chords", "start_s, end_s, name; major and minor triads, \"N\" for none (Viterbi over templates)"},
    {"beats_s, downbeats_s", "seconds"},
    {"energy_curve_lufs", "loudness of each second (ITU-R BS.1770-5, not gated), -70 for silence"},
    {"insights, recommendations",
     "most valuable first: text, gain (points of the whole), sub_score, sub_score_now, sub_score_then, feature (or "
     "figure "
     "of docs/score.md) with value and goal"},
};

void grm_meter_explain_features(FILE *out) {
    size_t count;
    const grm_feature_info *table = grm_feature_table(&count);
    fputs(
        "# What the meter hears\n\n"
        "Written by `grammy meter --explain features`. Ranges are those of the definition or, where that has none, "
        "what\nrecordings stay within; values are not cut to them. What has nothing to be measured on is `null`.\n\n"
        "| feature | unit | range | what it is, and where its definition comes from |\n|---|---|---|---|\n",
        out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "| `%s` | %s | %g to %g | %s |\n", table[i].name, table[i].unit, table[i].low, table[i].high,
                table[i].source);
    fputs("\nBeside these numbers, in `features`:\n\n| feature | unit | what it is |\n|---|---|---|\n", out);
    for (size_t i = 0; i < GRM_COUNT(lists); i++)
        fprintf(out, "| `%s` | %s | %s |\n", lists[i][0], lists[i][1], lists[i][2]);
    fputs("\nAnd beside `features` in the report:\n\n| list | what is in it |\n|---|---|\n", out);
    for (size_t i = 0; i < GRM_COUNT(lists_beside); i++)
        fprintf(out, "| `%s` | %s |\n", lists_beside[i][0], lists_beside[i][1]);
    fputs(
        "\nSections come from self-similarity, bar by bar: each bar line has a mark from the treble where the bar "
        "begins, the\nchange of level and of colour (checkerboards, Foote 2000), and where stripes of repetition begin "
        "or end (after Serra et\nal. 2014), weighed by logistic regression; the best cut of the whole, with what "
        "lengths sections usually have, is found\nby dynamic programming. Labels are average linkage of how well one "
        "section fits into another.\n\n`hook_strength` is the geometric mean of `often`, 1 - 2^(1 - times), and "
        "`soon`, 2^(-s / 60) with\nthe second in which they come first, averaged over all bars that come again, each "
        "by the fourth power of how "
        "nearly it is\nthe hook.\n\n`grammy meter --series DIR` writes the frame series as .npy, float32, "
        "shaped and named as librosa's functions are:\n`melspectrogram`, `mfcc`, `chroma_stft`, `spectral_centroid`, "
        "`spectral_bandwidth`, `spectral_rolloff`,\n`spectral_contrast`, `spectral_flatness`, `zero_crossing_rate`, "
        "`rms`, `onset_strength`, `tonnetz`; `voice_likeness` (a\nvalue a second); and `beats` (frame numbers, "
        "int64).\n",
        out);
}

static void write_curve(FILE *out, const grm_curve *curve) {
    for (size_t i = 0; i < curve->count; i++) fprintf(out, "%s%g: %g", i ? ", " : "", curve->x[i], curve->y[i]);
}

static void write_term(FILE *out, const grm_curves *curves, const grm_term *term) {
    size_t any = curves->group_count;
    fprintf(out, "- `%s`%s%s%s", grm_meter_figure_name(term->figure),
            grm_meter_figure_unit(term->figure)[0] ? " in " : "", grm_meter_figure_unit(term->figure),
            term->fault ? ", a fault" : "");
    if (term->weight[any] != 1) fprintf(out, ", weight %g", term->weight[any]);
    if (term->about) fprintf(out, ". %s", term->about);
    fputs("\n  - ", out);
    write_curve(out, term->curve[any]);
    fputc('\n', out);
    for (size_t g = 0; g < any; g++) {
        if (term->curve[g] == term->curve[any] && term->weight[g] == term->weight[any]) continue;
        fprintf(out, "  - %s: ", curves->groups[g].title);
        if (term->weight[g] == 0) {
            fputs("not judged\n", out);
            continue;
        }
        if (term->weight[g] != term->weight[any]) fprintf(out, "weight %g; ", term->weight[g]);
        write_curve(out, term->curve[g]);
        fputc('\n', out);
    }
}

static void write_category(FILE *out, const grm_curves *curves, const grm_category_curves *category) {
    fprintf(out, "\n## %s, %g\n\n%s\n", category->name, category->weight, category->about);
    for (size_t s = 0; s < category->sub_count; s++) {
        const grm_sub_curves *sub = &category->subs[s];
        fprintf(out, "\n### %s, %g\n\n%s\n\n", sub->name, sub->weight, sub->about);
        for (size_t t = 0; t < sub->term_count; t++) write_term(out, curves, &sub->terms[t]);
    }
}

// Measured by bench/peers/ladder.py with the built-in curves.
static const char *const damage[][3] = {
    {"clipped by 1, 3, 6, 10 dB", "1, 6, 18, 30", "0, 3, 8, 23"},
    {"clipped at 0.1, 1, 5 % of the samples", "0, 7, 19", "0, 3, 15"},
    {"over-limited by 3, 6, 9, 12 dB", "3, 6, 8, 9", "2, 3, 4, 5"},
    {"white noise at -40, -30, -20, -10 dB", "0, 3, 12, 27", "0, 1, 8, 19"},
    {"pink noise at -40, -30 dB", "0, 1", "0, 1"},
    {"hum at -40, -30, -20 dB, 50 Hz", "0, 15, 27", "0, 0, 23"},
    {"hum at -40, -30, -20 dB, 60 Hz", "0, 14, 27", "0, 0, 24"},
    {"3, 6, 9, 12 dB more at 250 Hz", "2, 5, 10, 11", "1, 2, 5, 6"},
    {"speed that swings by 0.5, 1, 2 %", "0, 2, 10", "0, 0, 0"},
    {"speed that rises by 0.5, 1, 3 %", "0, 1, 11", "0, 0, 6"},
    {"speed that jumps by 0.5, 1, 3 % every 7 s", "1, 4, 1", "0, 1, 0"},
    {"2, 6, 20 gaps of 30 ms a minute", "6, 11, 19", "5, 10, 17"},
    {"one loudspeaker: left and right the same", "11", "9"},
    {"one channel upside down", "26", "12"},
    {"direct current of 0.01, 0.03, 0.1", "1, 4, 11", "1, 3, 8"},
    {"a wall at 16, 11, 8 kHz", "0, 3, 6", "0, 2, 5"},
    {"nothing above 11, 8, 5, 3 kHz (24 dB an octave)", "0, 1, 3, 6", "0, 0, 3, 5"},
    {"half the rate and steps of 8 bits", "1", "0"},
    {"MP3 of 64 kbit/s", "2", "1"},
};

static void write_damage(FILE *out) {
    fputs(
        "\n## What damage costs\n\nPoints of production quality that recordings of others lose: 47 (some rows 23), 30 "
        "s of "
        "each, two thirds of them with flat tops\nalready (up to 3000 in a million). Of longer ones more is heard, "
        "since "
        "hum and speed are weighed against their error; a jump\nof 3 % is half a semitone, which could be either way. "
        "Damage that is there already costs less once more, and hides some of it:\nclipping, hum, mud, noise, a "
        "limiter, "
        "mono and an unsteady speed raised 1 in 90 cases by more than half a point, none by more\nthan two. What is no "
        "damage may: half of the width where there was too much of it, less treble where it was too bright, a\nchannel "
        "turned back.\n\n"
        "| damage | half of them lose, or more | three of four lose, or more |\n|---|---|---|\n",
        out);
    for (size_t i = 0; i < GRM_COUNT(damage); i++)
        fprintf(out, "| %s | %s | %s |\n", damage[i][0], damage[i][1], damage[i][2]);
}

static void write_sign(FILE *out, const grm_sign *sign) {
    fprintf(out, "`%s`", grm_meter_figure_name(sign->figure));
    if (!isnan(sign->below)) fprintf(out, " below %g", sign->below);
    if (!isnan(sign->above)) fprintf(out, " above %g", sign->above);
    if (!isnan(sign->points)) fprintf(out, " too %s, under %g points", sign->low ? "low" : "high", sign->points);
}

static void write_figures(FILE *out, const int *figures, size_t count) {
    for (size_t i = 0; i < count; i++) fprintf(out, " `%s`", grm_meter_figure_name(figures[i]));
}

static void write_causes(FILE *out, const grm_curves *curves) {
    if (curves->cause_count == 0) return;
    fputs(
        "\n## Advice\n\nA figure leads to the nearest place where its curve reaches 85 points, and the points promised "
        "are "
        "what the whole gains by\nthat. What has one cause is one advice, and its points are those of all its figures "
        "together:\n\n",
        out);
    for (size_t i = 0; i < curves->cause_count; i++) {
        const grm_cause *cause = &curves->causes[i];
        fprintf(out, "- %s, when ", cause->name);
        for (size_t k = 0; k < cause->sign_count; k++) {
            if (k) fputs(" and ", out);
            write_sign(out, &cause->signs[k]);
        }
        fputs(":", out);
        write_figures(out, cause->low, cause->low_count);
        write_figures(out, cause->high, cause->high_count);
        fputc('\n', out);
    }
}

static void write_derived(FILE *out) {
    static const char *const derived[][3] = {
#define DERIVED(name, unit, about) {#name, unit, about},
        GRM_DERIVED_LIST(DERIVED)
#undef DERIVED
    };
    fputs("\n## Figures made of features\n\n", out);
    for (size_t i = 0; i < GRM_COUNT(derived); i++)
        fprintf(out, "- `%s`%s%s: %s\n", derived[i][0], derived[i][1][0] ? " in " : "", derived[i][1], derived[i][2]);
}

grm_status grm_meter_explain_score(FILE *out, const char *curves_path, grm_error *err) {
    const grm_curves *curves = NULL;
    grm_memory *memory = grm_memory_new();
    if (!memory) return grm_fail_memory(err);
    grm_status status = grm_curves_load(curves_path, memory, &curves, err);
    if (status != GRM_OK) goto done;
    fputs(
        "# How the meter judges\n\n"
        "Written by `grammy meter --explain score` from data/curves.yaml; `--curves FILE` takes another such file.\n\n"
        "Each sub-score is a smooth function of features: anchors `figure: points` are joined by monotone cubic pieces "
        "that turn\nonly at anchors and are flat beyond the ends. Merits of a sub-score are joined by their weighted "
        "geometric mean, and\nfaults multiply it; sub-scores make a category by their weighted geometric mean, so that "
        "one ruinous fault cannot hide;\ncategories make the whole by their mean. What was not measured is left out. "
        "Genres have curves of their own where their\nmeasure is another.\n\n"
        "Where the curves bend was set by 109 recordings of others (game music from Debian packages: orchestral, rock, "
        "electronic,\nambient, folk), judged without a genre. Of 32 drawn from the same packages half lie from 62 to "
        "75 "
        "points, one in twenty below\n50 and above 80.\n\n"
        "Commercial appeal is advice, never a forecast: of popularity, such features explain about a quarter.\n\n"
        "Ratings: ",
        out);
    for (size_t i = 0; i < curves->rating_count; i++)
        fprintf(out, "%s%s from %g", i ? ", " : "", curves->ratings[i].name, curves->ratings[i].from);
    fputs(".\n\n## Gates\n\nThe lowest of these is a factor, in percent, on every category.\n\n", out);
    for (size_t i = 0; i < curves->gate_count; i++) {
        const grm_gate *gate = &curves->gates[i];
        fprintf(out, "- %s, `%s`. %s\n  - ", gate->name, grm_meter_figure_name(gate->figure), gate->about);
        write_curve(out, gate->curve);
        fputc('\n', out);
    }
    for (size_t i = 0; i < GRM_CATEGORIES; i++) write_category(out, curves, &curves->categories[i]);
    if (!curves_path) write_damage(out);
    write_causes(out, curves);
    write_derived(out);
done:
    grm_memory_free(memory);
    return status;
}
