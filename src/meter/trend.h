#ifndef GRM_METER_TREND_H
#define GRM_METER_TREND_H

#include "meter/meter.h"

// How far tempo and length lie from what is heard of the genre (data/benchmarks.yaml). `genre` may be NULL; texts
// hang in `memory`.
grm_status grm_trend_find(const grm_analysis *analysis, const char *genre, grm_memory *memory, grm_trend *out,
                          grm_error *err);

#endif
