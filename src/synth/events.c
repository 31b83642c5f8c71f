// A part's notes and controls as events at frames.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "synth/voice.h"

typedef struct ranked {
    grm_event event;
    size_t rank;  // its place in the part, so that equal events keep their order
} ranked;

static int compare_events(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->event.frame != y->event.frame) return x->event.frame < y->event.frame ? -1 : 1;
    if (x->event.kind != y->event.kind) return x->event.kind < y->event.kind ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int64_t frame_at(const grm_score *score, double tick) {
    double frame = grm_score_seconds(score, tick) * GRM_RATE;
    return frame > 0 ? llround(frame) : 0;
}

static bool put_control(const grm_score *score, const grm_control *control, grm_event *out) {
    *out = (grm_event){.frame = frame_at(score, control->tick), .note = -1, .value = control->value};
    if (control->number == GRM_CONTROL_BEND) {
        out->kind = GRM_EVENT_BEND;
    } else if (control->number == GRM_CONTROL_PROGRAM) {
        out->kind = GRM_EVENT_PROGRAM;
        out->value = control->value & 127;
    } else if (control->number < 128) {
        out->kind = GRM_EVENT_CONTROL;
        out->number = control->number;
        out->value = control->value < 0 ? 0 : control->value > 127 ? 127 : control->value;
    } else {
        return false;
    }
    return true;
}

grm_status grm_events_new(const grm_score *score, const grm_part *part, grm_event **out, size_t *count,
                          grm_error *err) {
    *out = NULL;
    *count = 0;
    size_t limit = part->note_count * 2 + part->control_count, used = 0;
    if (limit == 0) return GRM_OK;
    ranked *all = calloc(limit, sizeof *all);
    grm_event *events = calloc(limit, sizeof *events);
    if (!all || !events || part->note_count > INT32_MAX) {
        free(all);
        free(events);
        return grm_fail_memory(err);
    }
    for (size_t i = 0; i < part->note_count; i++) {
        const grm_note *note = &part->notes[i];
        grm_event on = {.frame = frame_at(score, note->start),
                        .note = (int32_t)i,
                        .value = note->velocity & 127,
                        .kind = GRM_EVENT_NOTE_ON,
                        .number = note->pitch & 127};
        grm_event off = on;
        off.kind = GRM_EVENT_NOTE_OFF;
        off.frame = frame_at(score, (double)note->start + note->length);
        if (off.frame <= on.frame) off.frame = on.frame + 1;
        if (on.value == 0) continue;
        all[used] = (ranked){on, used};
        used++;
        all[used] = (ranked){off, used};
        used++;
    }
    for (size_t i = 0; i < part->control_count; i++) {
        if (put_control(score, &part->controls[i], &all[used].event)) {
            all[used].rank = used;
            used++;
        }
    }
    qsort(all, used, sizeof *all, compare_events);
    for (size_t i = 0; i < used; i++) events[i] = all[i].event;
    free(all);
    if (used == 0) {
        free(events);
        events = NULL;
    }
    *out = events;
    *count = used;
    return GRM_OK;
}
