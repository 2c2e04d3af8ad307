/* image.c - the picture type, the choice of decoder, and grids. */
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "image/codec.h"

void gcl_image_free(gcl_image *image)
{
    free(image->rgb);
    memset(image, 0, sizeof *image);
}

gcl_status gcl_image_check_size(const char *name, size_t width, size_t height, gcl_error *err)
{
    if (width >= 1 && height >= 1 && width <= GCL_IMAGE_MAX_SIDE && height <= GCL_IMAGE_MAX_SIDE &&
        width <= GCL_IMAGE_MAX_PIXELS / height)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_UNSUPPORTED,
                    "%s: %zu x %zu pixels; a picture needs 1 to %zu a side and at most %zu in all",
                    name, width, height, GCL_IMAGE_MAX_SIDE, GCL_IMAGE_MAX_PIXELS);
}

gcl_status gcl_image_alloc(gcl_image *out, const char *name, size_t width, size_t height,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(gcl_image_check_size(name, width, height, err));
    out->rgb = malloc(3 * width * height);
    if (out->rgb == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", name,
                      3 * width * height);
        goto done;
    }
    out->width = width;
    out->height = height;
done:
    return st;
}

gcl_status gcl_image_read(gcl_image *out, const char *path, gcl_error *err)
{
    static const uint8_t png_magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t jpeg_magic[] = {0xff, 0xd8, 0xff};
    gcl_status st = GCL_OK;
    char *data = NULL;
    size_t bytes = 0;

    memset(out, 0, sizeof *out);
    GCL_TRY(gcl_file_read(&data, &bytes, path, GCL_IMAGE_MAX_FILE_BYTES, err));
    if (bytes >= sizeof png_magic && memcmp(data, png_magic, sizeof png_magic) == 0)
        st = gcl_png_decode(out, path, (const uint8_t *)data, bytes, err);
    else if (bytes >= sizeof jpeg_magic && memcmp(data, jpeg_magic, sizeof jpeg_magic) == 0)
        st = gcl_jpeg_decode(out, path, (const uint8_t *)data, bytes, err);
    else
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %zu bytes that begin neither like PNG nor like JPEG",
                      path, bytes);
done:
    free(data);
    if (st != GCL_OK)
        gcl_image_free(out);
    return st;
}

gcl_status gcl_image_grid(gcl_image *out, const uint8_t *tiles, size_t n, size_t width,
                          size_t height, size_t columns, size_t gap, uint8_t grey, gcl_error *err)
{
    const size_t cols = columns < n ? columns : n;
    gcl_status st = GCL_OK;
    size_t rows;

    memset(out, 0, sizeof *out);
    if (cols == 0) {
        st = GCL_FAIL(err, GCL_E_ARG, "grid: %zu tiles in %zu columns; both must be at least 1", n,
                      columns);
        goto done;
    }
    rows = (n - 1) / cols + 1;
    GCL_TRY(gcl_image_check_size("grid tile", width, height, err));
    /* each factor first, so that no product below can overflow */
    if (cols > GCL_IMAGE_MAX_SIDE || rows > GCL_IMAGE_MAX_SIDE || gap > GCL_IMAGE_MAX_SIDE) {
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED,
                      "grid: %zu x %zu tiles with gaps of %zu pixels; each may be at most %zu",
                      cols, rows, gap, GCL_IMAGE_MAX_SIDE);
        goto done;
    }
    GCL_TRY(gcl_image_alloc(out, "grid", cols * width + (cols - 1) * gap,
                            rows * height + (rows - 1) * gap, err));

    memset(out->rgb, grey, 3 * out->width * out->height);
    for (size_t i = 0; i < n; i++) {
        const size_t x = i % cols * (width + gap), y = i / cols * (height + gap);
        for (size_t h = 0; h < height; h++) /* tiles[i,h,:,:] -> out[y+h,x:x+width,:] */
            memcpy(out->rgb + 3 * ((y + h) * out->width + x),
                   tiles + 3 * ((i * height + h) * width), 3 * width);
    }
done:
    return st;
}
