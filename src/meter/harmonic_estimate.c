// What lightweight mode says of the harmonic share of the energy. HPSS calls harmonic what stays where it is in the
// spectrum: power that one frame shares with the next does, and most of it is below 5 kHz. The weights were fitted to
// the shares that HPSS finds (tools/reference/harmonic.py), on the scale of logits, on which both are nearly straight
// lines.
#include "meter/spectrum.h"

static const double constant = 1.052, weight_below = 0.164, weight_lasting = 1.108;
static const double least = 1e-3, most = 1 - 1e-4;  // beyond, shares are as good as none or all

static double logit(double share) {
    share = share < least ? least : share > most ? most : share;
    return log(share / (1 - share));
}

double grm_harmonic_estimate(double below_5k, double lasting) {
    return 1 / (1 + exp(-(constant + weight_below * logit(below_5k) + weight_lasting * logit(lasting))));
}
