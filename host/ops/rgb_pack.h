/** Pictures of a generator as bytes. */
#ifndef GCL_HOST_OPS_RGB_PACK_H
#define GCL_HOST_OPS_RGB_PACK_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[b,h,w,c] = floor((clamp(x[b,c,h,w], -1, 1) + 1) * 127.5 + 0.5): halves go up.
 *
 * Each operation is rounded to fp32 in turn, so the bytes are the same on every device.
 *
 * @param x  [B, 3, H, W] f32; NaN gives 0
 * @return   [B, H, W, 3] u8; GCL_E_SHAPE when x is something else
 */
gcl_value gcl_rgb_pack(gcl_graph *g, gcl_value x);

#ifdef __cplusplus
}
#endif
#endif
