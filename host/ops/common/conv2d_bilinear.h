/**
 * conv2d's variants by bilinear algorithms: for 3x3 and 5x5 kernels with stride 1 that keep the picture's
 * size, on a CPU, alone or, 3x3, behind a nearest resize that the op has absorbed.
 */
#ifndef GCL_HOST_OPS_COMMON_CONV2D_BILINEAR_H
#define GCL_HOST_OPS_COMMON_CONV2D_BILINEAR_H

#include "host/ops/common/bilinear.h"

#ifdef __cplusplus
extern "C" {
#endif

/** ROW(variant, algorithm) for each, best first. */
#define CONV2D_BILINEAR_VARIANTS(ROW) \
    ROW(resize7_4, X7_4)              \
    ROW(resize2_8, X2_8)              \
    ROW(resize2_4, X2_4)              \
    ROW(resize2_2, X2_2)              \
    ROW(winograd8, F8)                \
    ROW(winograd4, F4)                \
    ROW(winograd2, F2)                \
    ROW(winograd2_5, F2_5)

/** The tunables, accepts, choose, allows and emit of gcl_variant, with the algorithm. */
extern const gcl_tunable gcl_conv2d_bilinear_tunables[];
void gcl_conv2d_bilinear_choose(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, gcl_tuning *out);
bool gcl_conv2d_bilinear_allows(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, const gcl_tuning *tuning, char *why,
                                size_t why_bytes);
bool gcl_conv2d_bilinear_accepts(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                                 const gcl_device_info *device, char *why, size_t why_bytes);
gcl_status gcl_conv2d_bilinear_emit(gcl_bilinear_name name, gcl_emit *e, const gcl_graph *g,
                                    const gcl_node *node, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
