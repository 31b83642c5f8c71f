// How long a bar is, heard from the whole recording: what lies a bar apart is alike (the idea of Gainza, "Automatic
// musical meter detection", ICASSP 2009, on the onsets of half beats). Chroma were tried beside them and told nothing
// more.
#include "meter/rhythm_bars.h"

void grm_alike_measure(const float (*cue)[GRM_BAR_CUES], size_t halves, double alike[GRM_ALIKE_LAGS + 1]) {
    double mean[GRM_BAR_ONSETS] = {0}, own = 0;
    for (size_t k = 0; k < GRM_BAR_ONSETS; k++)
        for (size_t i = 0; i < halves; i++) mean[k] += (double)cue[i][k] / (double)halves;
    for (size_t lag = 0; lag <= GRM_ALIKE_LAGS; lag++) {
        double sum = 0;
        for (size_t i = 2 * lag; i < halves; i++)
            for (size_t k = 0; k < GRM_BAR_ONSETS; k++)
                sum += ((double)cue[i][k] - mean[k]) * ((double)cue[i - 2 * lag][k] - mean[k]);
        if (lag == 0) own = sum / (double)halves;
        bool some = halves > 2 * lag + 8 && own > 1e-9;
        alike[lag] = some ? sum / (double)(halves - 2 * lag) / own : 0;
    }
}

double grm_alike_contrast(const double alike[GRM_ALIKE_LAGS + 1], unsigned beats) {
    static const double weight[] = {1, 1, 0.7, 0.7, 0.7};  // of one bar apart, two, ...
    double sum = 0, weights = 0;
    for (unsigned bar = beats, n = 0; bar <= GRM_ALIKE_LAGS; bar += beats, n++) {
        double between = 0;
        unsigned count = 0;
        for (unsigned lag = bar - beats + 1; lag < bar + beats && lag <= GRM_ALIKE_LAGS; lag++)
            if (lag % beats) between += alike[lag], count++;
        sum += weight[n] * (alike[bar] - between / count);
        weights += weight[n];
    }
    return sum / weights;
}
