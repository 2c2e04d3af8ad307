/** Nearest-neighbour resize of pictures and maps. */
#ifndef GCL_HOST_OPS_RESIZE_NEAREST_H
#define GCL_HOST_OPS_RESIZE_NEAREST_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_resize_nearest_attr {
    size_t out_h, out_w; /* pixels */
} gcl_resize_nearest_attr;

/**
 * y[n,c,oh,ow] = x[n,c, floor(oh H / out_h), floor(ow W / out_w)], in integers; larger, smaller
 * or both.
 *
 * @param x             [N, C, H, W] f32
 * @param out_h, out_w  >= 1 (pixels)
 * @return              [N, C, out_h, out_w]; GCL_E_SHAPE when x is of another rank or the result
 *                      is no legal shape
 *
 * Source: torch.nn.functional.interpolate, mode "nearest". Torch multiplies by an fp32 ratio, which
 * gives the same indices at GALIP's sizes (7 to 8, doublings, 128 to 224, 32 to 56) and the next
 * lower one at some pixels of 2 % of all ratios up to 256.
 */
gcl_value gcl_resize_nearest(gcl_graph *g, gcl_value x, size_t out_h, size_t out_w);

/**
 * Emits the resize of the slot x [N, C, H, W] into scratch, for variants of an op that absorbed it.
 *
 * @param out    slot of the result, valid while the node runs
 * @param shape  of x
 */
gcl_status gcl_emit_resize_nearest(gcl_slot *out, gcl_emit *e, gcl_slot x, const gcl_shape *shape,
                                   size_t out_h, size_t out_w, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
