// Textures that lie under a whole song, and the effects that lead over its seams.
#include <string.h>

#include "compose/work.h"

static void play_textures(grm_work *work, grm_writer_part *part) {
    int32_t since = -1, until = 0;
    for (size_t i = 0; i < work->passage_count; i++) {  // neighbouring sections share one long note
        int32_t from, to;
        if (!grm_part_plays(work, part, &work->passages[i], &from, &to)) continue;
        if (since >= 0 && from > until) {
            grm_part_note(part, since, until - since, 60, 80);
            since = -1;
        }
        if (since < 0) since = from;
        until = to;
    }
    if (since < 0) return;
    bool to_the_end = until >= work->last_chord;
    grm_part_note(part, since, (to_the_end ? work->end : until) - since, 60, 80);
}

// Risers swell into a section that lifts; impacts and falls stand on its first beat.
static void play_effects(grm_work *work, grm_writer_part *part) {
    const char *id = part->instrument->id;
    bool rises = strstr(id, "rise") || strstr(id, "reverse") || strstr(id, "sweep");
    for (size_t i = 1; i < work->passage_count; i++) {
        const grm_passage *p = &work->passages[i], *before = p - 1;
        int32_t from, to;
        if (!grm_part_plays(work, part, rises ? before : p, &from, &to)) continue;
        float lift = p->energy - before->energy;
        if (rises) {
            if (lift < 0.08f) continue;
            int bars = strstr(id, "reverse") ? 1 : before->bars >= 8 && lift > 0.25f ? 4 : before->bars >= 4 ? 2 : 1;
            int32_t start = p->start - bars * work->bar_ticks;
            if (start < before->start) start = before->start;
            grm_part_note(part, start, p->start - start, 60, 70 + (int)(50 * lift));
        } else if (strstr(id, "down") ? lift < -0.1f : lift > 0.1f) {
            grm_part_note(part, p->start, strstr(id, "down") ? 2 * work->bar_ticks : work->bar_ticks, 48,
                          80 + (int)(30 * p->energy));
        }
    }
}

void grm_texture_play(grm_work *work, grm_writer_part *part) {
    if (part->plan->play == GRM_PLAY_FX)
        play_effects(work, part);
    else
        play_textures(work, part);
}
