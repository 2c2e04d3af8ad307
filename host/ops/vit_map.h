/** The tokens of a vision transformer as a map of patches. */
#ifndef GCL_HOST_OPS_VIT_MAP_H
#define GCL_HOST_OPS_VIT_MAP_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * All tokens but the first as a map, row by row: y[b,c,h,w] = x[b,1+h*W+w,c].
 *
 * A following add(residual, y, alpha) of a residual of y's shape is merged into it by the planner.
 *
 * @param x     [B, 1 + H*W, C] f32
 * @param H, W  pixels of the map
 * @return      [B, C, H, W]; GCL_E_SHAPE when x has not so many tokens
 *
 * Source: CLIP_Mapper of GALIP (Tao et al. 2023, arXiv:2301.12959), models/GALIP.py.
 */
gcl_value gcl_vit_map(gcl_graph *g, gcl_value x, size_t H, size_t W);

#ifdef __cplusplus
}
#endif
#endif
