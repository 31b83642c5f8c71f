// Attention, of which body.h is made too: many heads side by side, so that keys and values are read as they lie.

GRM_INLINE vf load_cached(const uint8_t *from, size_t at, grm_precision precision) {
    if (precision == GRM_FLOAT32) return vf_load((const float *)(const void *)from + at);
    return vf_half((const uint16_t *)(const void *)from + at);
}

enum { WIDE = MOST_ROWS >= 8 ? 4 : 2 };  // as many sums as fit into registers

// Keys and values as bytes meet the query and the scores as two planes of bytes, as good as 15 bits.
typedef struct planes {
    float scale, low_scale;
    int32_t sum, low_sum;
    float norm;  // of the head's softmax
} planes;

// A head's part of the room.
typedef struct desk {
    float *scores;  // [count, rounded up to 64]
    float *sums;    // [row]
    int8_t *high, *low;
    planes *planes;  // of the query
} desk;

GRM_INLINE desk desk_of(float *room, size_t index, size_t head, size_t count) {
    size_t row = (head + 15) / 16 * 16;
    float *scores = room + index * grm_attention_room(head, count), *sums = scores + (count + 63) / 64 * 64;
    int8_t *bytes = (int8_t *)(void *)(sums + row);
    return (desk){scores, sums, bytes, bytes + row, (planes *)(void *)(sums + 2 * row)};
}

// scores = scale q . k of `blocks` times 16 positions, up to 64, each a chain.
GRM_INLINE void score(const grm_attention *a, grm_precision precision, float scale, size_t position, size_t blocks,
                      float *scores) {
    const grm_cache *c = &a->cache;
    const uint8_t *keys = c->keys + position / 16 * c->key_step;
    vf sums[4] = {vf_set(0), vf_set(0), vf_set(0), vf_set(0)};
    for (size_t d = 0; d < c->head; d++) {
        vf q = vf_set(a->query[d]);
        for (size_t b = 0; b < blocks; b++)
            sums[b] = vf_fma(q, load_cached(keys + b * c->key_step, 16 * d, precision), sums[b]);
    }
    for (size_t b = 0; b < blocks; b++) vf_store(scores + position + 16 * b, vf_mul(sums[b], vf_set(scale)));
}

// scores -> exp(scores - the largest) -> their sum. What fills the last 16 is 0.
GRM_INLINE float soften(float *scores, size_t count) {
    vf top = vf_set(scores[0]), sum = vf_set(0);
    for (size_t t = count; t % 16; t++) scores[t] = scores[0];
    for (size_t t = 0; t < count; t += 16) top = vf_max(top, vf_load(scores + t));
    top = vf_set(vf_most(top));
    for (size_t t = 0; t < count; t += 16) {
        vf e = exp_of(vf_sub(vf_load(scores + t), top));
        if (t + 16 > count) {
            float part[16] = {0};
            store_part(part, e, count - t);
            e = vf_load(part);
        }
        vf_store(scores + t, e);
        sum = vf_add(sum, e);
    }
    return vf_total(sum);
}

// sums += scores v of `count` positions, up to 64, and `wide` times 16 figures from `first`.
GRM_INLINE void mix(const grm_cache *c, grm_precision precision, const float *scores, size_t position, size_t count,
                    size_t first, size_t wide, float *to) {
    const uint8_t *values = c->values + position / 64 * c->value_step;
    size_t row = (c->head + 15) / 16 * 16;
    vf sums[4];
    for (size_t j = 0; j < wide; j++) sums[j] = vf_load(to + first + 16 * j);
    for (size_t t = 0; t < count; t++) {
        vf share = vf_set(scores[position + t]);
        for (size_t j = 0; j < wide; j++)
            sums[j] = vf_fma(share, load_cached(values, t * row + first + 16 * j, precision), sums[j]);
    }
    for (size_t j = 0; j < wide; j++) vf_store(to + first + 16 * j, sums[j]);
}

// What has been mixed of all positions.
GRM_INLINE void give(const grm_attention *a, const desk *d) {
    size_t head = a->cache.head, at = 0;
    vf norm = vf_set(d->planes->norm);
    for (; at + 16 <= head; at += 16) vf_store(a->out + at, vf_mul(vf_load(d->sums + at), norm));
    if (at < head) store_part(a->out + at, vf_mul(vf_load(d->sums + at), norm), head - at);
}

// What the processor does not foresee is asked for while something else is computed: where the keys begin, and the
// values of a block that is not full, between which of one head and the next there are lines that nobody reads.
GRM_INLINE void foresee_keys(const grm_cache *c) {
    ask_for(c->keys, grm_keys_bytes(GRM_INT8, c->head) / GRM_LINE);
}

GRM_INLINE void foresee_values(const grm_cache *c, size_t position, size_t count) {
    ask_for(c->values + position / 64 * c->value_step, GRM_VALUE_SCALES + (count + 3) / 4 * ((c->head + 15) / 16));
}

GRM_INLINE void attend_as(const grm_attention *heads, size_t many, grm_precision precision, float scale, size_t count,
                          float *room) {
    size_t head = heads->cache.head, row = (head + 15) / 16 * 16;
    for (size_t t = 0; t < count; t += 64)
        for (size_t i = 0; i < many; i++) {
            float *scores = desk_of(room, i, head, count).scores;
            if (t + 48 < count)
                score(&heads[i], precision, scale, t, 4, scores);
            else
                for (size_t from = t; from < count; from += 16) score(&heads[i], precision, scale, from, 1, scores);
        }
    for (size_t i = 0; i < many; i++) {
        desk d = desk_of(room, i, head, count);
        d.planes->norm = 1.0f / soften(d.scores, count);
        for (size_t j = 0; j < row; j += 16) vf_store(d.sums + j, vf_set(0));
    }
    for (size_t t = 0; t < count; t += 64)
        for (size_t i = 0; i < many; i++) {
            desk d = desk_of(room, i, head, count);
            size_t at = 0, here = count - t < 64 ? count - t : 64;
            for (; at + 64 <= row; at += 64) mix(&heads[i].cache, precision, d.scores, t, here, at, 4, d.sums);
            for (; at < row; at += 16) mix(&heads[i].cache, precision, d.scores, t, here, at, 1, d.sums);
            if (t + here == count) give(&heads[i], &d);
        }
}

GRM_INLINE void split_twice(const float *x, size_t count, planes *to, int8_t *high, int8_t *low) {
    float rest[GRM_MOST_HEAD];
    vf most = vf_set(0);
    for (size_t i = 0; i < count; i += 16) most = vf_max(most, vf_abs(vf_load(x + i)));
    to->scale = split_plane(x, count, vf_most(most), high, &to->sum, rest);
    to->low_scale = split_plane(rest, count, to->scale * 0.5f, low, &to->low_sum, NULL);
}

// scores of 16 positions; the chains of sums are two for each plane.
GRM_INLINE void score_bytes(const grm_cache *c, const desk *d, float scale, size_t position) {
    size_t fours = (c->head + 3) / 4, i = 0;
    const uint8_t *keys = c->keys + position / 16 * c->key_step;
    vi high[2] = {vi_set(-BIAS * d->planes->sum), vi_set(0)}, low[2] = {vi_set(-BIAS * d->planes->low_sum), vi_set(0)};
    for (; i + 2 <= fours; i += 2, keys += 2 * GRM_LINE)
        for (size_t b = 0; b < 2; b++) {
            vw w = vw_load(keys + b * GRM_LINE);
            high[b] = vi_dot(high[b], w, d->high + 4 * (i + b));
            low[b] = vi_dot(low[b], w, d->low + 4 * (i + b));
        }
    if (i < fours) {
        vw w = vw_load(keys);
        high[0] = vi_dot(high[0], w, d->high + 4 * i);
        low[0] = vi_dot(low[0], w, d->low + 4 * i);
        keys += GRM_LINE;
    }
    vf sum = vf_mul(vf_whole(vi_add(low[0], low[1])), vf_set(d->planes->low_scale));
    sum = vf_fma(vf_whole(vi_add(high[0], high[1])), vf_set(d->planes->scale), sum);
    vf scales = vf_load((const float *)(const void *)keys);
    vf_store(d->scores + position, vf_mul(vf_mul(sum, scales), vf_set(scale)));
}

// sums += shares v of `wide` times 16 figures of `count` positions, up to 64.
GRM_INLINE void mix_bytes(const grm_cache *c, const planes *p, const int8_t *shares_high, const int8_t *shares_low,
                          size_t position, size_t count, size_t first, size_t wide, float *sums) {
    size_t row = (c->head + 15) / 16;
    const uint8_t *values = c->values + position / 64 * c->value_step + (GRM_VALUE_SCALES + first) * GRM_LINE;
    vi high[WIDE], low[WIDE];
    for (size_t j = 0; j < wide; j++) {
        high[j] = vi_set(-BIAS * p->sum);
        low[j] = vi_set(-BIAS * p->low_sum);
    }
    for (size_t t = 0; t < count; t += 4, values += row * GRM_LINE)
        for (size_t j = 0; j < wide; j++) {
            vw w = vw_load(values + j * GRM_LINE);
            high[j] = vi_dot(high[j], w, shares_high + t);
            low[j] = vi_dot(low[j], w, shares_low + t);
        }
    for (size_t j = 0; j < wide; j++) {
        vf sum = vf_fma(vf_whole(low[j]), vf_set(p->low_scale), vf_load(sums + 16 * (first + j)));
        vf_store(sums + 16 * (first + j), vf_fma(vf_whole(high[j]), vf_set(p->scale), sum));
    }
}

// Sums of up to 64 positions' values as bytes.
GRM_INLINE void mix_some(const grm_cache *c, const desk *d, size_t position, size_t count) {
    size_t row = (c->head + 15) / 16, j = 0;
    float *scores = d->scores + position;
    int8_t high[64], low[64];
    planes p;
    const float *scales = (const float *)(const void *)(c->values + position / 64 * c->value_step);
    for (size_t i = 0; i < count; i += 16) vf_store(scores + i, vf_mul(vf_load(scores + i), vf_load(scales + i)));
    split_twice(scores, 64, &p, high, low);
    for (; j + WIDE <= row; j += WIDE) mix_bytes(c, &p, high, low, position, count, j, WIDE, d->sums);
    for (; j < row; j++) mix_bytes(c, &p, high, low, position, count, j, 1, d->sums);
}

GRM_INLINE void attend_bytes(const grm_attention *heads, size_t many, float scale, size_t count, float *room) {
    size_t head = heads->cache.head, row = (head + 15) / 16 * 16;
    for (size_t i = 0; i < many; i++) {
        desk d = desk_of(room, i, head, count);
        vf_store(d.sums + row - 16, vf_set(0));
        memcpy(d.sums, heads[i].query, head * sizeof *d.sums);
        foresee_keys(&heads[i].cache);
        split_twice(d.sums, row, d.planes, d.high, d.low);
    }
    for (size_t t = 0; t < count; t += 16)
        for (size_t i = 0; i < many; i++) {
            desk d = desk_of(room, i, head, count);
            score_bytes(&heads[i].cache, &d, scale, t);
        }
    for (size_t i = 0; i < many; i++) {
        desk d = desk_of(room, i, head, count);
        if (count < 64) foresee_values(&heads[i].cache, 0, count);
        d.planes->norm = 1.0f / soften(d.scores, count);
        memset(d.sums, 0, row * sizeof *d.sums);
        for (size_t t = (count + 15) / 16 * 16; t % 64; t += 16) vf_store(d.scores + t, vf_set(0));
    }
    for (size_t t = 0; t < count; t += 64)
        for (size_t i = 0; i < many; i++) {
            desk d = desk_of(room, i, head, count);
            size_t here = count - t < 64 ? count - t : 64, behind = count - t - here;
            if (behind > 0 && behind < 64) foresee_values(&heads[i].cache, t + 64, behind);
            mix_some(&heads[i].cache, &d, t, here);
            if (t + here == count) give(&heads[i], &d);
        }
}

static void attend(const grm_attention *heads, size_t many, float scale, size_t count, float *room) {
    if (!many) return;
    grm_precision precision = heads->cache.precision;
    if (precision == GRM_FLOAT32)
        attend_as(heads, many, GRM_FLOAT32, scale, count, room);
    else if (precision == GRM_FLOAT16)
        attend_as(heads, many, GRM_FLOAT16, scale, count, room);
    else
        attend_bytes(heads, many, scale, count, room);
}

GRM_INLINE float largest(const float *x, size_t count) {
    vf most = vf_set(0);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) most = vf_max(most, vf_abs(vf_load(x + i)));
    if (i < count) most = vf_max(most, vf_abs(load_part(x + i, count - i)));
    return vf_most(most);
}

static void remember(const grm_cache *c, size_t position, const float *key, const float *value) {
    size_t row = (c->head + 15) / 16 * 16, at = position % 16, slot = position % 64;
    uint8_t *keys = c->keys + position / 16 * c->key_step, *values = c->values + position / 64 * c->value_step;
    if (c->precision == GRM_FLOAT32) {
        float *k = (float *)(void *)keys + at, *v = (float *)(void *)values + slot * row;
        for (size_t d = 0; d < c->head; d++) k[16 * d] = key[d];
        memcpy(v, value, c->head * sizeof *v);
    } else if (c->precision == GRM_FLOAT16) {
        uint16_t *k = (uint16_t *)(void *)keys + at, *v = (uint16_t *)(void *)values + slot * row;
        for (size_t from = 0; from < c->head; from += 16) {
            uint16_t part[16];
            size_t here = c->head - from < 16 ? c->head - from : 16;
            vf_store_half(part, load_part(key + from, here));
            for (size_t d = 0; d < here; d++) k[16 * (from + d)] = part[d];
            vf_store_half(v + from, load_part(value + from, here));
        }
    } else {
        uint8_t *k = keys + at * 4, *v = values + GRM_VALUE_SCALES * GRM_LINE + slot / 4 * row * 4;
        uint32_t shift = 8 * (slot % 4), keep = ~(0xffu << shift);
        float a = largest(key, c->head), b = largest(value, c->head);
        float to_k = a > 0 ? 127.0f / a : 0, to_v = b > 0 ? 127.0f / b : 0;
        ((float *)(void *)(keys + (c->head + 3) / 4 * GRM_LINE))[at] = a / 127.0f;
        ((float *)(void *)values)[slot] = b / 127.0f;
        for (size_t from = 0; from < c->head; from += 16) {
            int8_t some[16], others[16];
            size_t here = c->head - from < 16 ? c->head - from : 16;
            vf k16 = here == 16 ? vf_load(key + from) : load_part(key + from, here);
            vf v16 = here == 16 ? vf_load(value + from) : load_part(value + from, here);
            vi_store_bytes(some, to_steps(vf_mul(k16, vf_set(to_k))));
            vi_store_bytes(others, to_steps(vf_mul(v16, vf_set(to_v))));
            for (size_t i = 0; i < 16; i++) some[i] = (int8_t)(some[i] ^ -128), others[i] = (int8_t)(others[i] ^ -128);
            for (size_t i = 0; i < here; i += 4) memcpy(k + (from + i) / 4 * GRM_LINE, some + i, 4);
            uint32_t line[16];  // of values, a byte of each of four positions
            memcpy(line, v + from * 4, sizeof line);
            for (size_t i = 0; i < 16; i++) line[i] = (line[i] & keep) | (uint32_t)(uint8_t)others[i] << shift;
            memcpy(v + from * 4, line, sizeof line);
        }
    }
}
