/**
 * Picture files on the host: PNG and JPEG in, PNG with text out, and grids of tiles.
 *
 * A picture is [height, width, 3] row-major bytes, sRGB, red first, no padding. It has at least one
 * and at most GCL_IMAGE_MAX_SIDE pixels a side, and at most GCL_IMAGE_MAX_PIXELS in all.
 */
#ifndef GCL_IMAGE_IMAGE_H
#define GCL_IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GCL_IMAGE_MAX_SIDE ((size_t)1 << 15)
#define GCL_IMAGE_MAX_PIXELS ((size_t)1 << 28)

typedef struct gcl_image {
    uint8_t *rgb; /* [height, width, 3]; owned by the image */
    size_t width, height;
} gcl_image;

/** Frees the pixels and makes the image empty. Legal on an empty one. */
void gcl_image_free(gcl_image *image);

/**
 * Reads a PNG or JPEG file; the kind is told by the first bytes, not by the name.
 *
 * The pixels are those of Pillow's Image.open(path).convert("RGB"): palettes and 1, 2 and 4 bit
 * grey expanded to 0..255, grey repeated, alpha and transparent colours dropped without blending,
 * CMYK taken as Adobe's inverted one, no gamma or colour profile applied. Of 16-bit samples the
 * high byte is kept (Pillow does so for colour; its clipping of 16-bit grey is not followed).
 * The EXIF orientation is NOT applied, as CLIP's own preprocessing does not apply it.
 *
 * @param out   owned by the caller (gcl_image_free); empty after a failure
 * @param path  may name a pipe                                              borrowed
 *
 * @return GCL_OK; GCL_E_FILE when the file cannot be read; GCL_E_FORMAT when it is neither kind,
 *         damaged, longer than 1 GiB, or cut short anywhere, be it before the end marker only;
 *         GCL_E_UNSUPPORTED when it is larger than the limits above, of which a JPEG of several scans
 *         may have a quarter of the pixels; GCL_E_NOMEM.
 */
gcl_status gcl_image_read(gcl_image *out, const char *path, gcl_error *err);

/** A text chunk: key of 1..79 printable ASCII characters, value UTF-8; both borrowed. */
typedef struct gcl_png_text {
    const char *key;
    const char *value;
} gcl_png_text;

/**
 * Writes an 8-bit RGB PNG: the whole file or none; a failure leaves what stood at path untouched.
 * A value of ASCII alone goes into a tEXt chunk, any other into iTXt; both before the pixels.
 *
 * @param rgb     [height, width, 3]                                         borrowed
 * @param width   1..GCL_IMAGE_MAX_SIDE   (pixels)
 * @param height  1..GCL_IMAGE_MAX_SIDE   (pixels)
 * @param text    [n_text], in the order of the file; NULL when n_text is 0  borrowed
 *
 * @return GCL_OK; GCL_E_ARG for a key the format forbids; GCL_E_UNSUPPORTED for a size outside
 *         the limits; GCL_E_FILE when the file cannot be written; GCL_E_NOMEM.
 */
gcl_status gcl_image_write_png(const char *path, const uint8_t *rgb, size_t width, size_t height,
                               const gcl_png_text *text, size_t n_text, gcl_error *err);

/**
 * Reads the first tEXt, zTXt or iTXt chunk of that key which stands before the pixels, among the first
 * 100 of all keys; a compressed one of more than 1 MiB is passed over.
 *
 * @param value  UTF-8, NUL-terminated; owned by the caller (free); NULL after a failure
 *
 * @return GCL_OK; GCL_E_NOT_FOUND without such a chunk; GCL_E_FILE; GCL_E_FORMAT; GCL_E_NOMEM.
 */
gcl_status gcl_png_read_text(const char *path, const char *key, char **value, gcl_error *err);

/**
 * Lays tiles out row by row, `gap` pixels apart, without a border around them.
 *
 * @param out      [rows*height + (rows-1)*gap, cols*width + (cols-1)*gap, 3] with
 *                 cols = min(columns, n), rows = ceil(n / cols); owned by the caller
 * @param tiles    [n, height, width, 3]                                     borrowed
 * @param n        tiles, >= 1
 * @param columns  tiles in a row, >= 1
 * @param gap      between neighbours, <= GCL_IMAGE_MAX_SIDE   (pixels)
 * @param grey     value of gaps and of the empty places in the last row
 *
 * @return GCL_OK; GCL_E_ARG when n or columns is 0; GCL_E_UNSUPPORTED when the tile or the grid
 *         is outside the limits; GCL_E_NOMEM. *out is empty after a failure.
 */
gcl_status gcl_image_grid(gcl_image *out, const uint8_t *tiles, size_t n, size_t width,
                          size_t height, size_t columns, size_t gap, uint8_t grey, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
