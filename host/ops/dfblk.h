/** GALIP's deep fusion block. */
#ifndef GCL_HOST_OPS_DFBLK_H
#define GCL_HOST_OPS_DFBLK_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_dfblk_attr {
    int at; /* column of gamma0 in affine */
} gcl_dfblk_attr;

/**
 * y = lrelu(gamma1 * lrelu(gamma0 * x + beta0) + beta1), with one gamma and beta per picture and
 * channel; lrelu is LeakyReLU of slope 0.2. A convolution in front of it
 * takes it into itself, else the only convolution behind it.
 *
 * @param x       [N, C, H, W] f32
 * @param affine  [N, A] f32 with gamma0, beta0, gamma1, beta1, C columns each, from column `at`
 * @param at      0 .. A - 4C
 * @return        x's shape; GCL_E_SHAPE when an operand does not fit
 *
 * Source: DFBLK of GALIP (arXiv:2301.12959), models/GALIP.py.
 */
gcl_value gcl_dfblk(gcl_graph *g, gcl_value x, gcl_value affine, size_t at);

/**
 * Emits the dfblk of the slot x into scratch, for variants of an op that absorbed it.
 *
 * @param out      slot of the result, valid while the node runs
 * @param shape    of x
 * @param step     columns of affine
 * @param blocked  x and the result are in channel blocks
 */
gcl_status gcl_emit_dfblk(gcl_slot *out, gcl_emit *e, gcl_slot x, const gcl_shape *shape,
                          gcl_slot affine, size_t step, size_t at, bool blocked, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
