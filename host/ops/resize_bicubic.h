/** Resizing a picture as Pillow does it, and the window of it that CLIP looks at. */
#ifndef GCL_HOST_OPS_RESIZE_BICUBIC_H
#define GCL_HOST_OPS_RESIZE_BICUBIC_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/** All in pixels. */
typedef struct gcl_resize_bicubic_attr {
    size_t out_h, out_w;              /* of the whole resized picture */
    size_t top, left, crop_h, crop_w; /* the part of it that is made */
} gcl_resize_bicubic_attr;

/**
 * y = the window [top, top + crop_h) x [left, left + crop_w) of x resized to out_h x out_w.
 *
 * The bytes of Pillow's Image.resize((out_w, out_h), Image.BICUBIC) followed by its crop: cubic
 * kernel with a = -0.5, widened by the ratio when shrinking; coefficients with 22 fractional bits;
 * columns first, rounded to bytes, then rows. Only what the window needs is computed.
 *
 * @param x  [H, W, 3] u8
 * @return   [crop_h, crop_w, 3] u8; GCL_E_SHAPE when x is something else; GCL_E_ARG when a size is
 *           outside 1 .. INT32_MAX or the window does not lie in the resized picture
 *
 * Memory: x read about once, a scratch of crop_w columns and the rows of x the window needs.
 * Source: Pillow, src/libImaging/Resample.c (9.4).
 */
gcl_value gcl_resize_bicubic(gcl_graph *g, gcl_value x, size_t out_h, size_t out_w, size_t top,
                             size_t left, size_t crop_h, size_t crop_w);

/**
 * CLIP's preprocessing of a picture of width x height: the short side becomes size, the long side
 * int(size * long / short), and a size x size window is cut from the middle, its offset
 * round((side - size) / 2) with halves to even.
 *
 * @param width, height, size  >= 1 (pixels)
 *
 * Source: torchvision.transforms.Resize(size) and CenterCrop(size).
 */
void gcl_clip_resize_window(size_t width, size_t height, size_t size, size_t *out_h, size_t *out_w,
                            size_t *top, size_t *left);

#ifdef __cplusplus
}
#endif
#endif
