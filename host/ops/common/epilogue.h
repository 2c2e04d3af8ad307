/**
 * What linear and conv2d do to a finished sum before they store it:
 * y = act(sum + bias) + residual. Filled by the op's own operands and by absorbing neighbours.
 */
#ifndef GCL_HOST_OPS_COMMON_EPILOGUE_H
#define GCL_HOST_OPS_COMMON_EPILOGUE_H

#include "host/op.h"
#include "host/ops/activation.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Operands of such a node: x, W, then bias and residual as far as they are there. */
typedef struct gcl_epilogue {
    gcl_activation_attr activation;
    int has_bias;
    int has_residual;
} gcl_epilogue;

/** Operand index of the bias or the residual; -1 when there is none. */
int gcl_epilogue_bias(const gcl_epilogue *ep);
int gcl_epilogue_residual(const gcl_epilogue *ep);

/** Takes an activation or a plain add into the epilogue, when the order of operations allows. */
bool gcl_epilogue_absorb(const gcl_graph *g, gcl_node *node, gcl_epilogue *ep,
                         const gcl_node *consumer);

/** True when the sum is stored as it is. */
bool gcl_epilogue_is_empty(const gcl_epilogue *ep);

/** FLOPs that the epilogue adds per element of the result. */
double gcl_epilogue_flops(const gcl_epilogue *ep);

/** Appends "-DACT=.. -DHAS_BIAS=.. -DHAS_RESIDUAL=.." to launch->options. */
void gcl_epilogue_options(const gcl_epilogue *ep, gcl_launch *launch);

/** Appends the arguments bias, residual (or filler where there is none). */
void gcl_epilogue_buffers(gcl_emit *e, const gcl_node *node, const gcl_epilogue *ep,
                          gcl_slot filler, gcl_launch *launch);

#ifdef __cplusplus
}
#endif
#endif
