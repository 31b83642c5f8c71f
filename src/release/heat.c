// Pictures whose colour is a level.
#include <math.h>
#include <string.h>

#include "release/figure.h"

enum { SHADES = 256 };

// The "magma" map (Smith and van der Walt 2015), even to the eye, as a polynomial of degree 6 fitted by Matt Zucker.
uint32_t grm_heat(double t) {
    static const double c[7][3] = {{-0.002136485053939582, -0.000749655052795221, -0.005386127855323933},
                                   {0.2516605407371642, 0.6775232436837668, 2.494026599312351},
                                   {8.353717279216625, -3.577719514958484, 0.3144679030132573},
                                   {-27.66873308576866, 14.26473078096533, -13.64921318813922},
                                   {52.17613981234068, -27.94360607168351, 12.94416944238394},
                                   {-50.76852536473588, 29.04658282127291, 4.23415299384598},
                                   {18.65570506591883, -11.48977351997711, -5.601961508734096}};
    uint32_t pixel = 0;
    for (int i = 0; i < 3; i++) {
        double x = 0;
        for (int n = 6; n >= 0; n--) x = x * t + c[n][i];
        pixel = pixel << 8 | (uint32_t)(x <= 0 ? 0 : x >= 1 ? 255 : x * 255 + 0.5);
    }
    return pixel;
}

void grm_figure_heat(grm_figure *f, const float *levels, size_t columns, size_t rows, double low, double high) {
    uint32_t shades[SHADES];
    size_t width = (size_t)f->width, height = (size_t)f->height;
    for (int i = 0; i < SHADES; i++) shades[i] = grm_heat(i / (SHADES - 1.0));
    cairo_surface_flush(f->canvas.surface);
    unsigned char *pixels = cairo_image_surface_get_data(f->canvas.surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(f->canvas.surface);
    for (size_t y = 0; y < height; y++) {
        unsigned char *line = pixels + ((size_t)f->top + height - 1 - y) * stride + (size_t)f->left * 4;
        size_t row = y * rows / height;
        for (size_t x = 0; x < width; x++) {
            double place = ((double)levels[x * columns / width * rows + row] - low) / (high - low);
            int shade = (int)(place * (SHADES - 1) + 0.5);
            memcpy(line + x * 4, &shades[shade < 0 ? 0 : shade >= SHADES ? SHADES - 1 : shade], 4);
        }
    }
    cairo_surface_mark_dirty(f->canvas.surface);
}
