/** Activation functions, as an op of its own and as the names used in fused epilogues. */
#ifndef GCL_HOST_OPS_ACTIVATION_H
#define GCL_HOST_OPS_ACTIVATION_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The numbers are the ACT_* macros of kernels/common/epilogue.h. */
typedef enum gcl_act {
    GCL_ACT_NONE,
    GCL_ACT_RELU,       /* max(x, 0) */
    GCL_ACT_LEAKY_RELU, /* x < 0 ? slope * x : x */
    GCL_ACT_QUICK_GELU, /* x * sigmoid(1.702 x), CLIP's approximation of GELU */
    GCL_ACT_GELU        /* x * (1 + erf(x / sqrt(2))) / 2 */
} gcl_act;

typedef struct gcl_activation_attr {
    int act;     /* gcl_act */
    float slope; /* of LEAKY_RELU, else 0 */
} gcl_activation_attr;

/**
 * y = act(x), elementwise; any shape.
 *
 * @param x      f32
 * @param slope  of GCL_ACT_LEAKY_RELU; ignored by the others
 * @return       x's shape; GCL_E_ARG for an act outside the list
 */
gcl_value gcl_activation(gcl_graph *g, gcl_value x, gcl_act act, float slope);

#ifdef __cplusplus
}
#endif
#endif
