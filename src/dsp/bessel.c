// Bessel function I0 by its series (Abramowitz and Stegun, 9.6.10).
#include "dsp/dsp.h"

double grm_bessel_i0(double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 40; k++) {
        term *= x / (2 * k) * (x / (2 * k));
        sum += term;
    }
    return sum;
}
