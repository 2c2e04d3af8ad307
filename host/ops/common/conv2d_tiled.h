/** conv2d's variant for GPUs that takes any convolution: a matrix product from tiles in local memory. */
#ifndef GCL_HOST_OPS_COMMON_CONV2D_TILED_H
#define GCL_HOST_OPS_COMMON_CONV2D_TILED_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const gcl_tunable gcl_conv2d_tiled_tunables[];

/** About how long the variant takes, as gcl_tile_cost and gcl_gpu_traffic_cost tell, for one picture. */
double gcl_conv2d_tiled_cost(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device);

/**
 * Adds the launch of a kernel with the arguments of conv2d_tiled, and of what finishes parts.
 *
 * @param l      program, kernel, sizes, and options up to those of common/window.h
 * @param steps  that all terms take
 */
gcl_status gcl_conv2d_tiled_launch(gcl_launch *l, gcl_emit *e, const gcl_graph *g,
                                   const gcl_node *node, gcl_slot w, size_t steps, size_t n_parts,
                                   gcl_error *err);

/** Functions of gcl_variant. Accepted is where w can be packed and an int holds what kernels count. */
bool gcl_conv2d_tiled_accepts(const gcl_graph *g, const gcl_node *node,
                              const gcl_device_info *device, char *why, size_t why_bytes);
void gcl_conv2d_tiled_choose(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, gcl_tuning *out);
bool gcl_conv2d_tiled_allows(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, const gcl_tuning *tuning, char *why,
                             size_t why_bytes);
gcl_status gcl_conv2d_tiled_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                 gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
