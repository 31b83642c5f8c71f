// Pictures in memory and as PNG.
#include "release/canvas.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

grm_status grm_canvas_open(grm_canvas *canvas, int width, int height, grm_error *err) {
    memset(canvas, 0, sizeof *canvas);
    canvas->width = width, canvas->height = height;
    canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    canvas->cr = cairo_create(canvas->surface);
    return grm_canvas_check(canvas, err);
}

void grm_canvas_close(grm_canvas *canvas) {
    if (canvas->cr) cairo_destroy(canvas->cr);
    if (canvas->surface) cairo_surface_destroy(canvas->surface);
    memset(canvas, 0, sizeof *canvas);
}

grm_status grm_canvas_check(grm_canvas *canvas, grm_error *err) {
    cairo_status_t status = cairo_surface_status(canvas->surface);
    if (status == CAIRO_STATUS_SUCCESS) status = cairo_status(canvas->cr);
    if (status == CAIRO_STATUS_SUCCESS) return GRM_OK;
    return grm_fail(err, GRM_FAILED, "cannot draw a picture of %dx%d: %s", canvas->width, canvas->height,
                    cairo_status_to_string(status));
}

grm_status grm_canvas_shrink(grm_canvas *canvas, int factor, grm_canvas *out, grm_error *err) {
    grm_status status = grm_canvas_open(out, canvas->width / factor, canvas->height / factor, err);
    if (status != GRM_OK) return status;
    cairo_surface_flush(canvas->surface);
    const unsigned char *from = cairo_image_surface_get_data(canvas->surface);
    unsigned char *to = cairo_image_surface_get_data(out->surface);
    int from_stride = cairo_image_surface_get_stride(canvas->surface);
    int to_stride = cairo_image_surface_get_stride(out->surface);
    unsigned area = (unsigned)(factor * factor);
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++)
            for (int channel = 0; channel < 4; channel++) {
                unsigned sum = area / 2;
                for (int v = 0; v < factor; v++)
                    for (int u = 0; u < factor; u++)
                        sum += from[(y * factor + v) * from_stride + (x * factor + u) * 4 + channel];
                to[y * to_stride + x * 4 + channel] = (unsigned char)(sum / area);
            }
    cairo_surface_mark_dirty(out->surface);
    return GRM_OK;
}

// ---- PNG ----

typedef struct sink {
    uint8_t *bytes;
    size_t size, room;
} sink;

static void sink_write(png_structp png, png_bytep bytes, png_size_t size) {
    sink *s = png_get_io_ptr(png);
    if (size > s->room - s->size) {
        size_t room = s->room + s->room / 2 + size + 65536;
        uint8_t *larger = realloc(s->bytes, room);
        if (!larger) png_error(png, "out of memory");
        s->bytes = larger, s->room = room;
    }
    memcpy(s->bytes + s->size, bytes, size);
    s->size += size;
}

static void sink_flush(png_structp png) {
    (void)png;
}

static void no_warning(png_structp png, png_const_charp text) {
    (void)png, (void)text;
}

// cairo's pixels are 32-bit words 0x00RRGGBB in the machine's order.
static void describe_pixels(png_structp png) {
    const uint32_t probe = 1;
    if (*(const uint8_t *)&probe) {
        png_set_bgr(png);
        png_set_filler(png, 0, PNG_FILLER_AFTER);
    } else {
        png_set_filler(png, 0, PNG_FILLER_BEFORE);
    }
}

static void write_text(png_structp png, png_infop info, const char *title) {
    char keys[2][16] = {"Title", "Software"};
    png_text text[2];
    memset(text, 0, sizeof text);
    for (int i = 0; i < 2; i++) {
        text[i].compression = PNG_ITXT_COMPRESSION_NONE;
        text[i].key = keys[i];
        text[i].text = (char *)(i == 0 ? title : "Grammy Engine " GRM_VERSION);
    }
    png_set_text(png, info, text, 2);
}

grm_status grm_canvas_png(const grm_run *run, grm_canvas *canvas, bool flat, const char *title, grm_picture *out,
                          grm_error *err) {
    volatile grm_status status = GRM_FAILED;
    png_infop info = NULL;
    sink *s = calloc(1, sizeof *s);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, no_warning);
    if (!s || !png || !(info = png_create_info_struct(png))) {
        status = grm_fail_memory(err);
        goto done;
    }
    if (setjmp(png_jmpbuf(png))) {
        status =
            grm_fail(err, GRM_FAILED, "cannot encode a picture of %dx%d: out of memory", canvas->width, canvas->height);
        goto done;
    }
    png_set_write_fn(png, s, sink_write, sink_flush);
    png_set_IHDR(png, info, (png_uint_32)canvas->width, (png_uint_32)canvas->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    if (title) write_text(png, info, title);
    // Time matters more than the last tenth of the size: one filter and the fastest of zlib's searches.
    png_set_filter(png, PNG_FILTER_TYPE_BASE, flat ? PNG_FILTER_NONE : PNG_FILTER_UP);
    png_set_compression_level(png, flat ? 6 : 1);
    png_set_compression_buffer_size(png, 1 << 16);
    png_write_info(png, info);
    describe_pixels(png);
    cairo_surface_flush(canvas->surface);
    const unsigned char *pixels = cairo_image_surface_get_data(canvas->surface);
    int stride = cairo_image_surface_get_stride(canvas->surface);
    for (int y = 0; y < canvas->height; y++) {
        png_write_row(png, pixels + (size_t)y * (size_t)stride);
        if (y % 256 == 255 && (status = grm_run_check(run, err)) != GRM_OK) goto done;
    }
    png_write_end(png, info);
    out->png = s->bytes, out->size = s->size;
    s->bytes = NULL;
    status = GRM_OK;
done:
    if (png) png_destroy_write_struct(&png, &info);
    if (s) free(s->bytes);
    free(s);
    return status;
}
