/* linear_attr.c - attributes, sizes and operands of linear. */
#include "host/ops/common/linear_attr.h"

#include <stdio.h>

#include "host/ops/common/panels.h"
#include "host/ops/linear.h"

gcl_linear_attr gcl_linear_attr_of(const gcl_node *node)
{
    gcl_linear_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_linear_sizes gcl_linear_sizes_of(const gcl_graph *g, const gcl_node *node)
{
    const gcl_shape *x = gcl_in_shape(g, node, GCL_LINEAR_X);
    const gcl_shape *w = gcl_in_shape(g, node, GCL_LINEAR_W);
    const bool kn = gcl_linear_attr_of(node).layout == GCL_LINEAR_KN;
    gcl_linear_sizes s = {1, w->dim[kn ? 1 : 0], w->dim[kn ? 0 : 1]};

    for (int i = 0; i + 1 < x->rank; i++)
        s.M *= x->dim[i];
    return s;
}

bool gcl_linear_is_packable(const gcl_graph *g, const gcl_node *node, char *why, size_t why_bytes)
{
    if (gcl_graph_tensor(g, node->in[GCL_LINEAR_W])->kind == GCL_VALUE_WEIGHT)
        return true;
    snprintf(why, why_bytes, "w is not a weight and cannot be packed ahead");
    return false;
}

void gcl_linear_operands(gcl_emit *e, const gcl_node *node, gcl_slot w, gcl_slot y,
                         gcl_linear_sizes s, gcl_launch *l)
{
    const gcl_linear_attr a = gcl_linear_attr_of(node);
    const gcl_slot x = gcl_emit_value(e, node->in[GCL_LINEAR_X]);

    gcl_launch_arg(l, gcl_arg_slot(x));
    gcl_launch_arg(l, gcl_arg_slot(w));
    gcl_epilogue_buffers(e, node, &a.ep, x, l);
    gcl_launch_arg(l, gcl_arg_slot(y));
    gcl_launch_arg(l, gcl_arg_int(s.M));
    gcl_launch_arg(l, gcl_arg_int(s.N));
    gcl_launch_arg(l, gcl_arg_int(s.K));
    gcl_launch_arg(l, gcl_arg_float(a.ep.activation.slope));
}

gcl_slot gcl_linear_panels(gcl_emit *e, const gcl_node *node, size_t nr, gcl_launch *l)
{
    const bool kn = gcl_linear_attr_of(node).layout == GCL_LINEAR_KN;
    const bool half = gcl_emit_wants_half(e, node->in[GCL_LINEAR_W]);
    const size_t used = strlen(l->options);

    snprintf(l->options + used, sizeof l->options - used, " -DW_HALF=%d", half);
    return gcl_emit_packed(e, node->in[GCL_LINEAR_W], gcl_panels(nr, kn, half));
}

gcl_status gcl_linear_finish(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_slot parts,
                             size_t n_parts, gcl_error *err)
{
    const gcl_linear_attr a = gcl_linear_attr_of(node);
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    gcl_launch l = {.program = "linear", .kernel = "linear_epilogue_f32"};

    gcl_epilogue_options(&a.ep, &l);
    gcl_epilogue_buffers(e, node, &a.ep, parts, &l);
    gcl_launch_arg(&l, gcl_arg_slot(parts));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(s.M));
    gcl_launch_arg(&l, gcl_arg_int(s.N));
    gcl_launch_arg(&l, gcl_arg_int(n_parts));
    gcl_launch_arg(&l, gcl_arg_float(a.ep.activation.slope));
    gcl_launch_items(&l, gcl_emit_device(e), s.N, s.M, 1);
    return gcl_emit_launch(e, &l, err);
}
