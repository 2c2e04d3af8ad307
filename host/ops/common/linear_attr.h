/** What the variants of linear share: attributes, sizes, operands and the launches around a product. */
#ifndef GCL_HOST_OPS_COMMON_LINEAR_ATTR_H
#define GCL_HOST_OPS_COMMON_LINEAR_ATTR_H

#include "host/ops/common/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GCL_LINEAR_X, GCL_LINEAR_W };

typedef struct gcl_linear_attr {
    gcl_epilogue ep;
    int layout; /* gcl_linear_layout */
} gcl_linear_attr;

typedef struct gcl_linear_sizes {
    size_t M, N, K;
} gcl_linear_sizes;

gcl_linear_attr gcl_linear_attr_of(const gcl_node *node);
gcl_linear_sizes gcl_linear_sizes_of(const gcl_graph *g, const gcl_node *node);

/** Whether w is a weight, which can be packed ahead; else writes the reason. */
bool gcl_linear_is_packable(const gcl_graph *g, const gcl_node *node, char *why, size_t why_bytes);

/** Appends x, w, the epilogue's buffers, y, M, N, K and the slope. */
void gcl_linear_operands(gcl_emit *e, const gcl_node *node, gcl_slot w, gcl_slot y,
                         gcl_linear_sizes s, gcl_launch *l);

/** w in panels of nr columns, in the precision that the plan wants, which the options tell. */
gcl_slot gcl_linear_panels(gcl_emit *e, const gcl_node *node, size_t nr, gcl_launch *l);

/** y = the epilogue of the sum of n_parts products, [n_parts, M, N] in parts, which may be y. */
gcl_status gcl_linear_finish(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_slot parts,
                             size_t n_parts, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
