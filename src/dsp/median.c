// Running medians of 31 without branches: whatever is done to one column is done to all of them.
//
// Sixteen neighbouring outputs have 16 of their 31 inputs in common. These are sorted once; then the tile is halved
// again and again, and each half adds the inputs that its own outputs have in common. Of n = 32 - T common inputs of T
// outputs only T can still be a median, those of rank 16 - T to 15: fewer inputs come in than would push another there.
// So a node carries T sorted candidates, and its halves merge them with T/2 sorted newcomers and keep the middle third
// (after Adams, "Fast median filters using separable sorting networks", 2021, in one dimension). 18 exchanges a median.
#include "dsp/lanes.h"

// Sorting networks with the fewest exchanges known (Knuth, The Art of Computer Programming 3, 5.3.4; Green for 16).
// clang-format off
#define SORT4(X) X(0, 1) X(2, 3) X(0, 2) X(1, 3) X(1, 2)
#define SORT8(X) \
    X(0, 1) X(2, 3) X(4, 5) X(6, 7) \
    X(0, 2) X(1, 3) X(4, 6) X(5, 7) \
    X(1, 2) X(5, 6) X(0, 4) X(3, 7) \
    X(1, 5) X(2, 6) \
    X(1, 4) X(3, 6) \
    X(2, 4) X(3, 5) \
    X(3, 4)
#define SORT16(X) \
    X(0, 1) X(2, 3) X(4, 5) X(6, 7) X(8, 9) X(10, 11) X(12, 13) X(14, 15) \
    X(0, 2) X(4, 6) X(8, 10) X(12, 14) X(1, 3) X(5, 7) X(9, 11) X(13, 15) \
    X(0, 4) X(8, 12) X(1, 5) X(9, 13) X(2, 6) X(10, 14) X(3, 7) X(11, 15) \
    X(0, 8) X(1, 9) X(2, 10) X(3, 11) X(4, 12) X(5, 13) X(6, 14) X(7, 15) \
    X(5, 10) X(6, 9) X(3, 12) X(13, 14) X(4, 8) X(7, 11) X(1, 2) \
    X(1, 4) X(7, 13) X(2, 8) X(11, 14) \
    X(2, 4) X(5, 6) X(9, 10) X(11, 13) X(3, 8) X(7, 12) \
    X(6, 8) X(10, 12) X(3, 5) X(7, 9) \
    X(3, 4) X(5, 6) X(7, 8) X(9, 10) X(11, 12) \
    X(6, 7) X(8, 9)
// Sequences that rise, then fall (or are such ones turned round), into order.
#define BITONIC4(X) X(0, 2) X(1, 3) X(0, 1) X(2, 3)
#define BITONIC8(X) X(0, 4) X(1, 5) X(2, 6) X(3, 7) X(0, 2) X(1, 3) X(4, 6) X(5, 7) X(0, 1) X(2, 3) X(4, 5) X(6, 7)
#define EACH4(X) X(0, 4) X(1, 4) X(2, 4) X(3, 4)
#define EACH8(X) X(0, 8) X(1, 8) X(2, 8) X(3, 8) X(4, 8) X(5, 8) X(6, 8) X(7, 8)
// clang-format on

#include "dsp/vector_plain.h"
//
#include "dsp/median_body.h"

#if GRM_HAVE_AVX2
#include "dsp/vector_avx2.h"
//
#include "dsp/median_body.h"
#endif

void grm_median_tile(bool avx2, const float *const in[GRM_MEDIAN_ROWS], size_t columns,
                     float *const out[GRM_MEDIAN_TILE]) {
#if GRM_HAVE_AVX2
    if (avx2) {
        tile_avx2(in, columns, out);
        return;
    }
#endif
    tile_plain(in, columns, out);
}
