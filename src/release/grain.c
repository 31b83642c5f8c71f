#include "release/grain.h"

#include <string.h>

// Four bytes of noise at once, well mixed (lowbias32, Wellons 2018).
static uint32_t mix_bits(uint32_t x) {
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

static int grain_of(uint32_t noise, int scale) {
    // The sum of two bytes is near enough to a bell; scale is in 1/256 of a step.
    int bell = (int)(noise & 255) + (int)(noise >> 8 & 255) - 255;
    return (bell * scale) / 32768;
}

static uint8_t clamped(int x) {
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

void grm_canvas_grain(grm_canvas *canvas, uint32_t seed, float strength) {
    cairo_surface_flush(canvas->surface);
    unsigned char *pixels = cairo_image_surface_get_data(canvas->surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(canvas->surface);
    int scale = (int)(strength * 256);
    for (int y = 0; y + 1 < canvas->height; y += 2)
        for (int x = 0; x + 1 < canvas->width; x += 2) {
            int grain = grain_of(mix_bits(seed ^ ((uint32_t)y << 16 | (uint32_t)x)), scale);
            if (grain == 0) continue;
            unsigned char *block = pixels + (size_t)y * stride + (size_t)x * 4;
            for (int v = 0; v < 2; v++)
                for (int i = 0; i < 8; i++)
                    block[(size_t)v * stride + (size_t)i] = clamped(block[(size_t)v * stride + (size_t)i] + grain);
        }
    cairo_surface_mark_dirty(canvas->surface);
}
