/** Linear layer: matrix product with a weight, bias, and what follows it. */
#ifndef GCL_HOST_OPS_LINEAR_H
#define GCL_HOST_OPS_LINEAR_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Layout of the second operand. */
typedef enum gcl_linear_layout {
    GCL_LINEAR_NK, /* [N, K]: y = x W^T, torch.nn.Linear */
    GCL_LINEAR_KN  /* [K, N]: y = x W, CLIP's text_projection and visual.proj */
} gcl_linear_layout;

/**
 * y[..., N] = x[..., K] W^T + bias, with M = the product of x's leading dims.
 *
 * A following activation and a following add of equal shape are merged into it by the planner:
 * y = act(x W^T + bias) + residual.
 *
 * @param x     [..., K] f32, rank >= 1
 * @param w     [N, K] or [K, N] f32, see layout; a weight or any other value
 * @param bias  [N] f32
 * @return      [..., N]; GCL_E_SHAPE when K or N do not agree, or M is beyond 2^30
 *
 * Source: torch.nn.functional.linear.
 */
gcl_value gcl_linear(gcl_graph *g, gcl_value x, gcl_value w, gcl_value bias);
gcl_value gcl_linear_nobias(gcl_graph *g, gcl_value x, gcl_value w, gcl_linear_layout layout);

#ifdef __cplusplus
}
#endif
#endif
