// mix.json.
#include "mix/internal.h"

// To a hundredth: what a reader can use, and the same text on every machine.
static json_t *number(double value) {
    return json_real(floor(value * 100 + 0.5) / 100);
}

static json_t *eq_json(const grm_stem_plan *p) {
    json_t *cells = json_array();
    for (size_t i = 0; i < p->cell_count; i++)
        json_array_append_new(cells, json_pack("{ss so so so ss}", "type", grm_filter_kind_name(p->cells[i].type), "hz",
                                               number(p->cells[i].hz), "db", number(p->cells[i].db), "q",
                                               number(p->cells[i].q), "why", p->cell_why[i]));
    return cells;
}

static json_t *compressor_json(const grm_stem_plan *p) {
    const grm_compressor_plan *c = &p->compressor;
    if (!(c->ratio > 1)) return json_null();
    return json_pack("{so so so so so so}", "threshold_db", number(c->threshold_db), "ratio", number(c->ratio),
                     "knee_db", number(c->knee_db), "attack_ms", number(c->attack_ms), "release_ms",
                     number(c->release_ms), "makeup_db", number(c->makeup_db));
}

static json_t *stem_json(const grm_stem *stem, const grm_stem_plan *p, double gain_db) {
    json_t *o = json_pack("{ss? ss? ss so so so so so sb}", "name", stem->name, "instrument", stem->instrument, "role",
                          grm_role_name(stem->role), "gain_db", number(p->trim_db + p->fader_db + gain_db), "level_db",
                          number(p->level_db), "pan", number(p->pan), "width", number(p->width), "mono_below_hz",
                          number(p->mono_hz), "mute", (int)p->mute);
    if (!o) return NULL;
    json_object_set_new(o, "strip", json_string(p->strip->name));
    json_object_set_new(o, "eq", eq_json(p));
    json_object_set_new(o, "compressor", compressor_json(p));
    json_object_set_new(o, "drive", number(p->drive));
    json_object_set_new(o, "tape", number(p->wobble));
    json_object_set_new(o, "duck_db", number(grm_gain_to_db(p->duck)));
    json_object_set_new(
        o, "sends",
        json_pack("{so so so}", "room", number(p->room), "hall", number(p->hall), "delay", number(p->delay)));
    json_object_set_new(o, "automation", json_pack("{so}", "ride_db", number(p->ride_db)));
    return o;
}

static json_t *reverb_json(const grm_reverb_plan *r) {
    return json_pack("{so so so si}", "rt60_s", number(r->rt60_s), "size_ms", number(r->size_ms), "predelay_ms",
                     number(r->predelay_ms), "lines", (int)r->lines);
}

json_t *grm_mix_decisions_json(const grm_stems *stems, const grm_mix_decision *d, float deepest_fader) {
    json_t *list = json_array();
    for (size_t i = 0; i < d->count; i++)
        json_array_append_new(list, stem_json(&stems->items[i], &d->stems[i], d->gain_db));
    json_t *delay = json_pack("{so so}", "time_s", number(d->delay.time_s), "feedback", number(d->delay.feedback));
    json_t *buses =
        json_pack("{so so so so so}", "room", reverb_json(&d->room), "hall", reverb_json(&d->hall), "delay", delay,
                  "gain_db", number(d->gain_db), "held_back_db", number(grm_gain_to_db(deepest_fader)));
    json_t *ducking = json_null();
    if (d->duck_source >= 0)
        ducking = json_pack("{ss? sb so so}", "source", stems->items[d->duck_source].name, "low_band_only",
                            (int)d->duck_low, "depth_db", number(d->duck_db), "release_ms", number(d->duck_release_ms));
    return json_pack("{so so so}", "stems", list, "buses", buses, "ducking", ducking);
}
