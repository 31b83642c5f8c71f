#ifndef GRM_METER_ADVICE_H
#define GRM_METER_ADVICE_H

#include "meter/curves.h"

// Fills insights and recommendations, the most valuable first.
grm_status grm_advise(const grm_curves *curves, size_t group, double values[GRM_FIGURES],
                      const grm_judgement *judgement, grm_report *report, grm_error *err);

#endif
