/** Concatenation along one dim. */
#ifndef GCL_HOST_OPS_CONCAT_H
#define GCL_HOST_OPS_CONCAT_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_concat_attr {
    int axis;
    /* What is read of operand i along the axis; a count of 0: all. Filled by absorbed slices. */
    int start[GCL_MAX_OPERANDS], count[GCL_MAX_OPERANDS];
} gcl_concat_attr;

/**
 * The operands one after another along an axis.
 *
 * @param x     n values, f32, equal in all dims but the axis; copied
 * @param n     2 .. GCL_MAX_OPERANDS
 * @param axis  0 .. rank - 1
 * @return      x[0]'s shape with the sum of the lengths along the axis; GCL_E_ARG for an n or an
 *              axis out of range, GCL_E_SHAPE when the other dims differ
 *
 * Source: torch.cat.
 */
gcl_value gcl_concat(gcl_graph *g, const gcl_value *x, int n, int axis);

#ifdef __cplusplus
}
#endif
#endif
