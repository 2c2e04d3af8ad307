/** Transposition of the last two dims. */
#ifndef GCL_HOST_OPS_TRANSPOSE_H
#define GCL_HOST_OPS_TRANSPOSE_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[..., c, r] = x[..., r, c] (a map [B, C, H*W] to tokens [B, T, C], and back).
 *
 * @param x   [..., R, C] f32, rank >= 2
 * @return    [..., C, R]; GCL_E_SHAPE when x is of a lower rank
 */
gcl_value gcl_transpose(gcl_graph *g, gcl_value x);

#ifdef __cplusplus
}
#endif
#endif
