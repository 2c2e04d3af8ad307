/**
 * Inside image/ only: what the decoders share.
 */
#ifndef GCL_IMAGE_CODEC_H
#define GCL_IMAGE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/** No file is read beyond this; the largest PNG of 8-bit RGB within the limits is shorter. */
#define GCL_IMAGE_MAX_FILE_BYTES ((size_t)1 << 30)

/** GCL_E_UNSUPPORTED unless width and height are within the limits; `name` opens the message. */
gcl_status gcl_image_check_size(const char *name, size_t width, size_t height, gcl_error *err);

/** Checks the size, then allocates pixels of no particular value. */
gcl_status gcl_image_alloc(gcl_image *out, const char *name, size_t width, size_t height,
                           gcl_error *err);

/**
 * Decode a whole file held in memory; path is for the messages. *out is empty on entry and owned
 * by the caller afterwards, also after a failure.
 */
gcl_status gcl_png_decode(gcl_image *out, const char *path, const uint8_t *data, size_t bytes,
                          gcl_error *err);
gcl_status gcl_jpeg_decode(gcl_image *out, const char *path, const uint8_t *data, size_t bytes,
                           gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
