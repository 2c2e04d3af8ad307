/** Pictures of bytes as planes. */
#ifndef GCL_HOST_OPS_RGB_UNPACK_H
#define GCL_HOST_OPS_RGB_UNPACK_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[b,c,h,w] = x[b,h,w,c] / 255, correctly rounded: torchvision's ToTensor.
 *
 * @param x  [B, H, W, 3] u8
 * @return   [B, 3, H, W] f32 in [0, 1]; GCL_E_SHAPE when x is something else
 */
gcl_value gcl_rgb_unpack(gcl_graph *g, gcl_value x);

#ifdef __cplusplus
}
#endif
#endif
