// What others play against the tune. A semitone or a minor ninth over a held note is what a listener hears as wrong; a
// major seventh below it is a colour, milder and often wanted.
#include <stdlib.h>

#include "compose/work.h"

static size_t first_note_sounding(const grm_line *line, int32_t from) {
    size_t low = 0, high = line->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (line->notes[middle].start + line->notes[middle].length <= from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

grm_tune_window grm_tune_heard(const grm_work *work, int32_t from, int32_t to) {
    grm_tune_window heard = {.lowest = 128, .length = to - from};
    const grm_line *line = &work->melody;
    for (size_t i = first_note_sounding(line, from); i < line->count && line->notes[i].start < to; i++) {
        const grm_line_note *n = &line->notes[i];
        bool counts = n->length * 2 >= work->beat_ticks || n->accent >= 2;  // shorter ones pass
        int32_t start = n->start > from ? n->start : from, end = n->start + n->length;
        if (end > to) end = to;
        // An eighth that laps over a change is nobody's concern; a whole short note is.
        if (!counts || (end - start) * 4 < work->beat_ticks || heard.count == GRM_TUNE_WINDOW) continue;
        heard.notes[heard.count].pitch = n->pitch;
        heard.notes[heard.count++].ticks = end - start;
        if (n->pitch < heard.lowest) heard.lowest = n->pitch;
    }
    return heard;
}

grm_rub grm_tune_rub(const grm_tune_window *heard, int pitch) {
    grm_rub rub = {0};
    for (int i = 0; i < heard->count; i++) {
        int above = heard->notes[i].pitch - pitch, interval = ((above % 12) + 12) % 12;
        bool ninth_below = interval == 1 && above > 0;  // the tune a semitone or minor ninth over it
        bool ninth_above = interval == 11 && above < 0;
        if (ninth_below || ninth_above)
            rub.sharp += heard->notes[i].ticks;
        else if (interval == 1 || interval == 11)
            rub.mild += heard->notes[i].ticks;
    }
    return rub;
}

unsigned grm_tune_avoids(const grm_work *work, const grm_tune_window *heard) {
    unsigned avoid = 0;
    int32_t enough = work->beat_ticks * 3 / 8 < heard->length / 2 ? work->beat_ticks * 3 / 8 : heard->length / 2;
    for (int pc = 0; pc < 12; pc++)  // as low as any chord lies, so that the tune is above
        if (grm_tune_rub(heard, pc).sharp >= enough && heard->count) avoid |= 1u << pc;
    return avoid;
}
