// The end of a piece that nobody drums to: its last beats broaden, and what that takes is taken from the last chord's
// ringing, so that the piece is as long as it was.
#include <math.h>
#include <string.h>

#include "compose/work.h"

enum { MOST_BEATS = 8 };

static bool wishes(const grm_work *work, const char *wish) {
    for (size_t i = 0; i < work->brief->form_wishes.count; i++)
        if (strcmp(work->brief->form_wishes.items[i], wish) == 0) return true;
    return false;
}

bool grm_ends_broadly(const grm_style *style) {
    return strcmp(style->family, "classical") == 0 || strcmp(style->family, "acoustic") == 0;
}

// How much slower the last beat is, 0 when the piece ends in time.
static double depth_of(const grm_work *work) {
    if (!grm_ends_broadly(work->style) || work->bars < 8 || wishes(work, "loop") || wishes(work, "fade-out")) return 0;
    const grm_passage *last = &work->passages[work->passage_count - 1];
    int32_t from, to;
    for (size_t i = 0; i < work->part_count; i++)
        if (work->parts[i].plan->play == GRM_PLAY_DRUMS && work->parts[i].note_count &&
            grm_part_plays(work, &work->parts[i], last, &from, &to) && to == last->end)
            return 0;
    return strcmp(work->style->family, "classical") == 0 ? 0.24 : 0.16;
}

size_t grm_ritard_plan(const grm_work *work, uint32_t us_per_quarter, grm_tempo_change *changes) {
    changes[0] = (grm_tempo_change){0, us_per_quarter};
    double depth = depth_of(work), ring = (double)(work->end - work->last_chord), lost = 0;
    int beats = 2 * work->beats_per_bar < MOST_BEATS ? 2 * work->beats_per_bar : MOST_BEATS;
    if (depth == 0) return 1;
    double slower[MOST_BEATS];
    for (int i = 0; i < beats; i++) {
        slower[i] = 1 / (1 - depth * pow((i + 1.0) / beats, 1.5));
        lost += (slower[i] - 1) * work->beat_ticks;
    }
    // A chord of less than a second and a half is cut off rather than held.
    if ((ring - lost) * work->tick_s < 1.2) return 1;
    for (int i = 0; i < beats; i++)
        changes[1 + i] = (grm_tempo_change){work->last_chord - (beats - i) * work->beat_ticks,
                                            (uint32_t)lround(us_per_quarter * slower[i])};
    changes[1 + beats] = (grm_tempo_change){work->last_chord, (uint32_t)lround(us_per_quarter * (ring - lost) / ring)};
    return (size_t)beats + 2;
}
