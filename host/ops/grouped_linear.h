/** Linear layers side by side. */
#ifndef GCL_HOST_OPS_GROUPED_LINEAR_H
#define GCL_HOST_OPS_GROUPED_LINEAR_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Layers that do not depend on each other, of any sizes, in one launch. Layer j reads columns of x and
 * gives columns of y:
 *
 *     y[b, N_0 + .. + N_j-1 + n] = bias_j[n] + sum_k w_j[n,k] * x_j[b,k]
 *
 * x_j is x where every layer reads as many columns as x has, else the columns from K_0 + .. + K_j-1. An
 * activation behind it is taken into it.
 *
 * @param x     [B, K] or [B, sum of K_j] f32
 * @param w     list of [N_j, K_j]
 * @param bias  list of [N_j]
 * @return      [B, sum of N_j]; GCL_E_SHAPE when an operand does not fit, GCL_E_ARG when w and bias are
 *              not lists of equal length, at least 1
 */
gcl_value gcl_grouped_linear(gcl_graph *g, gcl_value x, gcl_value w, gcl_value bias);

#ifdef __cplusplus
}
#endif
#endif
