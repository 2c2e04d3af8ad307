/** conv2d's variant for GPUs with matrix units, which rounds operands to fp16. */
#ifndef GCL_HOST_OPS_COMMON_CONV2D_MMA_H
#define GCL_HOST_OPS_COMMON_CONV2D_MMA_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const gcl_tunable gcl_conv2d_mma_tunables[];

/** Functions of gcl_variant. CPUs, which emulate the unit for checks, take small products only. */
bool gcl_conv2d_mma_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                            char *why, size_t why_bytes);
void gcl_conv2d_mma_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           gcl_tuning *out);
bool gcl_conv2d_mma_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           const gcl_tuning *tuning, char *why, size_t why_bytes);
gcl_status gcl_conv2d_mma_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
