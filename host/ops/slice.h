/** A range along one dim. */
#ifndef GCL_HOST_OPS_SLICE_H
#define GCL_HOST_OPS_SLICE_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_slice_attr {
    int axis;
    size_t start, count; /* elements along the axis */
} gcl_slice_attr;

/**
 * The elements start .. start + count - 1 along an axis, copied.
 *
 * @param x      f32, rank >= 1
 * @param axis   0 .. rank - 1
 * @param count  >= 1
 * @return       x's shape with count along the axis; GCL_E_ARG for an axis out of range,
 *               GCL_E_SHAPE when the range is empty or leaves x
 */
gcl_value gcl_slice(gcl_graph *g, gcl_value x, int axis, size_t start, size_t count);

#ifdef __cplusplus
}
#endif
#endif
