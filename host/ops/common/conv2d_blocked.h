/**
 * conv2d's direct variants on pictures in channel blocks: for any kernel, for 1x1 kernels, and for so
 * few output channels that they fill no block.
 */
#ifndef GCL_HOST_OPS_COMMON_CONV2D_BLOCKED_H
#define GCL_HOST_OPS_COMMON_CONV2D_BLOCKED_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a gcl_variant is made of. */
#define CONV2D_VARIANT(variant)                                                                 \
    extern const gcl_tunable gcl_conv2d_##variant##_tunables[];                                 \
    void gcl_conv2d_##variant##_choose(const gcl_graph *g, const gcl_node *node,                \
                                       const gcl_device_info *device, gcl_tuning *out);         \
    bool gcl_conv2d_##variant##_allows(const gcl_graph *g, const gcl_node *node,                \
                                       const gcl_device_info *device, const gcl_tuning *tuning, \
                                       char *why, size_t why_bytes);

/** blocked_f32: kernels/conv2d/blocked.cl. */
CONV2D_VARIANT(blocked)
bool gcl_conv2d_blocked_accepts(const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, char *why, size_t why_bytes);
gcl_status gcl_conv2d_blocked_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                   gcl_error *err);

/**
 * The picture that is convolved, in channel blocks: x, resized where a resize was absorbed, with `pad`
 * zeros around it.
 *
 * @param slot  of x, becomes the picture's: x's own, or of scratch that is valid while the node runs
 */
gcl_status gcl_conv2d_blocked_picture(gcl_slot *slot, gcl_emit *e, const gcl_graph *g,
                                      const gcl_node *node, size_t pad, gcl_error *err);

/** pointwise_f32: kernels/conv2d/pointwise.cl. */
CONV2D_VARIANT(pointwise)
bool gcl_conv2d_pointwise_accepts(const gcl_graph *g, const gcl_node *node,
                                  const gcl_device_info *device, char *why, size_t why_bytes);
gcl_status gcl_conv2d_pointwise_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                     gcl_error *err);

/** few_f32: kernels/conv2d/few.cl. */
CONV2D_VARIANT(few)
bool gcl_conv2d_few_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                            char *why, size_t why_bytes);
gcl_status gcl_conv2d_few_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err);

#undef CONV2D_VARIANT

#ifdef __cplusplus
}
#endif
#endif
