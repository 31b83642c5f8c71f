// Notes and controllers added to parts and lines.
#include <stdlib.h>

#include "compose/work.h"

void grm_part_note(grm_writer_part *part, int32_t start, int32_t length, int pitch, int velocity) {
    if (pitch < 0 || pitch > 127 || length <= 0) return;
    if (part->note_count == part->note_capacity) {
        size_t capacity = part->note_capacity ? part->note_capacity * 2 : 256;
        grm_note *grown = realloc(part->notes, capacity * sizeof *grown);
        if (!grown) {
            part->failed = true;
            return;
        }
        part->notes = grown;
        part->note_capacity = capacity;
    }
    velocity = velocity < 1 ? 1 : velocity > 127 ? 127 : velocity;
    part->notes[part->note_count++] =
        (grm_note){.start = start, .length = length, .pitch = (uint8_t)pitch, .velocity = (uint8_t)velocity};
}

void grm_part_control(grm_writer_part *part, int32_t tick, int number, int value) {
    if (part->control_count == part->control_capacity) {
        size_t capacity = part->control_capacity ? part->control_capacity * 2 : 64;
        grm_control *grown = realloc(part->controls, capacity * sizeof *grown);
        if (!grown) {
            part->failed = true;
            return;
        }
        part->controls = grown;
        part->control_capacity = capacity;
    }
    if (number < GRM_CONTROL_BEND) value = value < 0 ? 0 : value > 127 ? 127 : value;
    part->controls[part->control_count++] =
        (grm_control){.tick = tick, .number = (uint8_t)number, .value = (int16_t)value};
}

bool grm_line_add(grm_line *line, grm_line_note note) {
    if (line->count == line->capacity) {
        size_t capacity = line->capacity ? line->capacity * 2 : 256;
        grm_line_note *grown = realloc(line->notes, capacity * sizeof *grown);
        if (!grown) return false;
        line->notes = grown;
        line->capacity = capacity;
    }
    line->notes[line->count++] = note;
    return true;
}

int grm_pitch_near(int pitch_class, int near, int low, int high) {
    int best = -1;
    for (int pitch = ((pitch_class % 12) + 12) % 12; pitch < 128; pitch += 12)
        if (pitch >= low && pitch <= high && (best < 0 || abs(pitch - near) < abs(best - near))) best = pitch;
    if (best >= 0) return best;
    int pitch = near - ((near - pitch_class) % 12 + 12) % 12;  // a register narrower than an octave: the nearest
    return near - pitch > 6 ? pitch + 12 : pitch;
}
