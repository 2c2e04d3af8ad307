/** Repetition of a value along new axes. */
#ifndef GCL_HOST_OPS_REPEAT_H
#define GCL_HOST_OPS_REPEAT_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_repeat_attr {
    size_t outer, inner;
} gcl_repeat_attr;

/**
 * y[o, ..., i] = x[...] for o < outer, i < inner: whole copies in front, each element repeated
 * behind. A class token for every picture is (outer = B, inner = 1); NetC's sentence map is
 * (outer = 1, inner = H * W).
 *
 * @param x      f32, rank 1 .. GCL_MAX_RANK - 2
 * @param outer  >= 1
 * @param inner  >= 1
 * @return       [outer, x's dims, inner]; GCL_E_ARG when outer or inner is 0
 */
gcl_value gcl_repeat(gcl_graph *g, gcl_value x, size_t outer, size_t inner);

#ifdef __cplusplus
}
#endif
#endif
