// How loudly sections are played beside each other, in styles whose players have more than one loudness: a section's
// energy sets its level, players swell into what is louder, and come down before what is softer. Recordings of
// orchestras move by 12 dB between their sections, of acoustic ensembles by 7, of pop by 2.6.
#include <math.h>

#include "compose/work.h"

// The energy that is played at a tick: the section's, bent over its last bars toward the next one's.
static double level_at(const grm_work *work, int32_t tick) {
    size_t i = 0;
    while (i + 1 < work->passage_count && tick >= work->passages[i + 1].start) i++;
    const grm_passage *p = &work->passages[i];
    if (i + 1 == work->passage_count) return p->energy;
    double rise = p[1].energy - p->energy;
    // Half of the way up is gone beforehand, and comes over two bars; down it is a third, in the last bar.
    int32_t room = (rise > 0 ? 2 : 1) * work->bar_ticks;
    if (room > (p->end - p->start) / 2) room = (p->end - p->start) / 2;
    double along = room > 0 ? (double)(tick - (p->end - room)) / room : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    return p->energy + along * rise * (rise > 0 ? 0.5 : 0.33);
}

void grm_dynamics_apply(const grm_work *work, grm_writer_part *part) {
    const double range_db = work->style->feel.dynamics_db, full = 0.9;
    if (range_db <= 0 || part->plan->play == GRM_PLAY_TEXTURE || part->plan->play == GRM_PLAY_FX) return;
    for (size_t i = 0; i < part->note_count; i++) {
        grm_note *n = &part->notes[i];
        // SoundFonts sound 40 log10 of the velocity (SF2 2.04, 8.4.2).
        double gain_db = range_db * (level_at(work, n->start) - full);
        double velocity = round(n->velocity * pow(10, gain_db / 40));
        n->velocity = (uint8_t)(velocity < 12 ? 12 : velocity > 127 ? 127 : velocity);
    }
}
