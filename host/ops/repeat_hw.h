/** Vectors repeated over a map. */
#ifndef GCL_HOST_OPS_REPEAT_HW_H
#define GCL_HOST_OPS_REPEAT_HW_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_repeat_hw_attr {
    size_t h, w; /* pixels */
} gcl_repeat_hw_attr;

/**
 * y[b,c,i,j] = x[b,c] (the sentence beside the features in GALIP's NetC).
 *
 * @param x     [B, C] f32
 * @param h, w  >= 1 (pixels)
 * @return      [B, C, h, w]; GCL_E_SHAPE when x is of another rank or the result is no legal shape
 */
gcl_value gcl_repeat_hw(gcl_graph *g, gcl_value x, size_t h, size_t w);

#ifdef __cplusplus
}
#endif
#endif
