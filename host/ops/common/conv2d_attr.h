/** The attributes of a conv2d node, for the op, its variants and what merges with it. */
#ifndef GCL_HOST_OPS_COMMON_CONV2D_ATTR_H
#define GCL_HOST_OPS_COMMON_CONV2D_ATTR_H

#include "host/ops/common/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_conv2d_attr {
    gcl_epilogue ep;
    int stride, pad; /* pixels */
    size_t rH, rW;   /* pixels of x behind a nearest resize that was absorbed; 0: none */
} gcl_conv2d_attr;

enum { CONV2D_X, CONV2D_W };

gcl_conv2d_attr gcl_conv2d_attr_of(const gcl_node *node);

/** Makes a resize node, whose result is conv's x, conv itself on the input of the resize. */
bool gcl_conv2d_absorb_resize(const gcl_graph *g, gcl_node *resize, const gcl_node *conv);

#ifdef __cplusplus
}
#endif
#endif
