/**
 * conv2d's variants by bilinear algorithms for GPUs: for 3x3 kernels with stride 1 and pad 1, alone or
 * behind a nearest resize that the op has absorbed. Transform, products, transform are a launch each.
 */
#ifndef GCL_HOST_OPS_COMMON_CONV2D_STAGED_H
#define GCL_HOST_OPS_COMMON_CONV2D_STAGED_H

#include "host/ops/common/bilinear.h"

#ifdef __cplusplus
extern "C" {
#endif

/** ROW(variant, algorithm) for each. */
#define CONV2D_STAGED_VARIANTS(ROW) \
    ROW(staged_resize7_4, X7_4)     \
    ROW(staged_resize2_8, X2_8)     \
    ROW(staged_resize2_4, X2_4)     \
    ROW(staged_resize2_2, X2_2)     \
    ROW(staged_winograd4, F4)       \
    ROW(staged_winograd2, F2)

extern const gcl_tunable gcl_conv2d_staged_tunables[];

/** Functions of gcl_variant, with the algorithm. A GPU is given the algorithm that takes least time by
 *  estimate, if any takes less than the direct one; others accept what they can do. */
bool gcl_conv2d_staged_accepts(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                               const gcl_device_info *device, char *why, size_t why_bytes);
void gcl_conv2d_staged_choose(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                              const gcl_device_info *device, gcl_tuning *out);
bool gcl_conv2d_staged_allows(const gcl_graph *g, const gcl_node *node,
                              const gcl_device_info *device, const gcl_tuning *tuning, char *why,
                              size_t why_bytes);
gcl_status gcl_conv2d_staged_emit(gcl_bilinear_name name, gcl_emit *e, const gcl_graph *g,
                                  const gcl_node *node, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
