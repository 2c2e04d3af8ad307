/** Layer normalisation. */
#ifndef GCL_HOST_OPS_LAYERNORM_H
#define GCL_HOST_OPS_LAYERNORM_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_layernorm_attr {
    float eps;
    /* Rows of the operand `more`, along the last dim but one, that stand behind x's; a count of 0: there
     * is no such operand. Filled by an absorbed concat. */
    int start, count;
} gcl_layernorm_attr;

/**
 * LayerNorm over the last axis: y = (x - mean) / sqrt(var + eps) * gamma + beta, with the biased
 * variance. A concat before it, of two values along the last dim but one, is merged into it by the
 * planner.
 *
 * @param x      [..., C] f32, rank >= 1
 * @param gamma  [C] f32
 * @param beta   [C] f32
 * @param eps    added to the variance, > 0 (CLIP: 1e-5)
 * @return       x's shape; GCL_E_SHAPE when gamma or beta does not fit, GCL_E_ARG for another eps
 *
 * Source: arXiv:1607.06450; torch.nn.LayerNorm.
 */
gcl_value gcl_layernorm(gcl_graph *g, gcl_value x, gcl_value gamma, gcl_value beta, float eps);

#ifdef __cplusplus
}
#endif
#endif
