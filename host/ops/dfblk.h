/** GALIP's deep fusion block. */
#ifndef GCL_HOST_OPS_DFBLK_H
#define GCL_HOST_OPS_DFBLK_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y = lrelu(gamma1 * lrelu(gamma0 * x + beta0) + beta1), with one gamma and beta per picture and
 * channel; lrelu is LeakyReLU of slope 0.2.
 *
 * @param x                             [N, C, H, W] f32
 * @param gamma0, beta0, gamma1, beta1  [N, C] f32
 * @return                              x's shape; GCL_E_SHAPE when an operand does not fit
 *
 * Source: DFBLK of GALIP (arXiv:2301.12959), models/GALIP.py.
 */
gcl_value gcl_dfblk(gcl_graph *g, gcl_value x, gcl_value gamma0, gcl_value beta0, gcl_value gamma1,
                    gcl_value beta1);

#ifdef __cplusplus
}
#endif
#endif
