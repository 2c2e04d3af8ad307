/** Addition with a scaled second operand. */
#ifndef GCL_HOST_OPS_ADD_H
#define GCL_HOST_OPS_ADD_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_add_attr {
    float alpha;
} gcl_add_attr;

/**
 * y = a + alpha * b, or y = a + alpha * scale * b with a learned scalar.
 *
 * b may have fewer leading dims than a: its shape must equal a's last dims, and it is repeated
 * over the others (positional embeddings: a [B, T, d_model], b [T, d_model]).
 *
 * @param a      f32, any shape
 * @param b      f32, a's shape or its last dims
 * @param scale  [1] f32
 * @return       a's shape; GCL_E_SHAPE when b does not fit
 */
gcl_value gcl_add(gcl_graph *g, gcl_value a, gcl_value b, float alpha);
gcl_value gcl_scale_add(gcl_graph *g, gcl_value a, gcl_value b, gcl_value scale);

#ifdef __cplusplus
}
#endif
#endif
