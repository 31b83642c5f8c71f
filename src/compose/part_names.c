// What parts are called: as the style calls them, or, where another instrument plays than the name speaks of, after who
// does.
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "compose/work.h"

// Whether one word of the title stands in the name, in singular or plural. Sounds of synthesisers are named after parts
// themselves ("Warm Pad"), and basses after what all of them are.
static bool speaks_of(const char *name, const grm_instrument *instrument) {
    if (strcmp(instrument->family, "synth") == 0 || strcmp(instrument->family, "bass") == 0) return false;
    char title[64];
    snprintf(title, sizeof title, "%s", instrument->title);
    char *rest = NULL;
    for (char *word = strtok_r(title, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        size_t length = strlen(word);
        if (length > 3 && word[length - 1] == 's') length--;
        for (const char *at = name; *at; at++) {
            bool starts = at == name || !isalpha((unsigned char)at[-1]);
            if (!starts || strncasecmp(at, word, length)) continue;
            const char *after = at + length + (at[length] == 's');
            if (!isalpha((unsigned char)*after)) return true;
        }
    }
    return false;
}

// The style knows the instrument in this part, and the name does not speak of another that it might have had.
static bool is_true(const grm_work *work, const grm_writer_part *part) {
    const grm_style_part *plan = part->plan;
    bool known = plan->instruments.count == 0 || strcmp(part->instrument->family, "drums") == 0 ||
                 grm_plan_has(plan, part->instrument);
    bool of_other = false;
    for (size_t i = 0; i < plan->instruments.count; i++) {
        const grm_instrument *other = grm_instrument_find(work->catalogue, plan->instruments.items[i].text);
        of_other = of_other || (other && other != part->instrument && speaks_of(plan->name, other));
    }
    return known && (!of_other || speaks_of(plan->name, part->instrument));
}

static const char *duty(grm_play play) {
    switch (play) {
        case GRM_PLAY_MELODY:
            return "Melody";
        case GRM_PLAY_COUNTER:
            return "Counter";
        case GRM_PLAY_SECOND:
            return "Harmony";
        case GRM_PLAY_RIFF:
            return "Riff";
        case GRM_PLAY_STRUM:
            return "Strum";
        case GRM_PLAY_PAD:
            return "Pad";
        case GRM_PLAY_ARP:
            return "Arpeggio";
        case GRM_PLAY_BASS:
        case GRM_PLAY_WALK:
            return "Bass";
        case GRM_PLAY_DRONE:
            return "Drone";
        default:
            return "Chords";
    }
}

static size_t namesakes(const grm_work *work, size_t part, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < part; i++) count += strcmp(work->parts[i].name, name) == 0;
    return count;
}

grm_status grm_part_names(grm_work *work, grm_error *err) {
    for (size_t i = 0; i < work->part_count; i++) {
        grm_writer_part *part = &work->parts[i];
        const char *title = part->instrument->title, *word = duty(part->plan->play);
        if (is_true(work, part)) continue;
        size_t long_by = strlen(title), more = strlen(word);
        bool said = long_by >= more && strcmp(title + long_by - more, word) == 0;
        part->name = said ? title : grm_memory_format(work->memory, "%s %s", title, word);
        size_t others = part->name ? namesakes(work, i, part->name) : 0;
        if (others) part->name = grm_memory_format(work->memory, "%s %zu", part->name, others + 1);
        if (!part->name) return grm_fail_memory(err);
    }
    return GRM_OK;
}
