/** The attributes of a conv2d node and its end (kernels/common/conv_tail.h), for the op, its variants
 *  and what merges with it. */
#ifndef GCL_HOST_OPS_COMMON_CONV2D_ATTR_H
#define GCL_HOST_OPS_COMMON_CONV2D_ATTR_H

#include "host/ops/common/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_conv2d_attr {
    gcl_epilogue ep;
    gcl_activation_attr last; /* after the residual */
    int stride, pad;          /* pixels */
    int has_affine;           /* a dfblk of the sum was absorbed: its affine is an operand */
    int affine_at;            /* and this its column there */
    int has_before;           /* the same of x, before a resize; the last operand */
    int before_at;            /* and this its column there */
    size_t rH, rW;            /* pixels of x behind a nearest resize that was absorbed; 0: none */
} gcl_conv2d_attr;

enum { CONV2D_X, CONV2D_W };

gcl_conv2d_attr gcl_conv2d_attr_of(const gcl_node *node);

/** Shape of the picture that is convolved: x, or x resized. */
gcl_shape gcl_conv2d_picture(const gcl_graph *g, const gcl_node *node);

/** gcl_op.absorb of conv2d. */
bool gcl_conv2d_absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer);

/** Makes a dfblk node, whose result is conv's x, conv itself on the input of the dfblk. */
bool gcl_conv2d_absorb_dfblk(gcl_node *dfblk, const gcl_node *conv);

/** Makes a resize node, whose result is conv's x or residual, conv itself on the input of the
 *  resize. */
bool gcl_conv2d_absorb_resize(const gcl_graph *g, gcl_node *resize, const gcl_node *conv);

/** The operand that is the affine of a dfblk of x; -1: none. */
int gcl_conv2d_before(const gcl_conv2d_attr *a);

/** Slot of x behind the dfblk that was absorbed, if any, which a launch computes; before a resize.
 *  @param blocked  in channel blocks */
gcl_status gcl_conv2d_emit_x(gcl_slot *out, gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                             bool blocked, gcl_error *err);

/** Whether the residual has another size than the result. */
bool gcl_conv2d_resizes_residual(const gcl_graph *g, const gcl_node *node);

/** FLOPs that the end adds per element of the result. */
double gcl_conv2d_tail_flops(const gcl_node *node);

/** True when the sum is stored as it is. */
bool gcl_conv2d_tail_is_empty(const gcl_node *node);

/** Appends the options ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL and LAST. */
void gcl_conv2d_tail_options(const gcl_graph *g, const gcl_node *node, gcl_launch *l);

/** Appends the arguments bias, affine, residual, or filler where there is none.
 *  @param blocked  the kernel reads the residual in channel blocks */
void gcl_conv2d_tail_buffers(gcl_emit *e, const gcl_node *node, bool blocked, gcl_slot filler,
                             gcl_launch *l);

/** Appends affine_step, affine_at, rH, rW, slope, last_slope. */
void gcl_conv2d_tail_values(const gcl_graph *g, const gcl_node *node, gcl_launch *l);

/** Launches the end alone: the result from sums in parts, each as large as it is.
 *  @param parts  may be the result's own slot when there is one part */
gcl_status gcl_conv2d_emit_finish(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                  gcl_slot parts, size_t n_parts, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
