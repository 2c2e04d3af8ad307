/* repeat_hw.c - the repeat_hw op. */
#include "host/ops/repeat_hw.h"

#include "host/op.h"

gcl_value gcl_repeat_hw(gcl_graph *g, gcl_value x, size_t h, size_t w)
{
    const gcl_repeat_hw_attr attr = {h, w};

    return gcl_graph_node(g, &gcl_op_repeat_hw, &x, 1, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    gcl_repeat_hw_attr attr;

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_F32, 2, err));
    memcpy(&attr, node->attr, sizeof attr);
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(x->dim[0], x->dim[1], attr.h, attr.w);
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    (void)g;
    (void)node;
    return 0.0;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const size_t planes = gcl_shape_count(gcl_in_shape(g, node, 0));
    const size_t inner = gcl_shape_count(gcl_out_shape(g, node)) / planes;
    gcl_launch l = {.program = "repeat_hw", .kernel = "repeat_hw_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(inner));
    gcl_launch_arg(&l, gcl_arg_ulong(planes));
    gcl_launch_items(&l, gcl_emit_device(e), inner, planes, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {"plain_f32", NULL, emit_plain},
    {NULL, NULL, NULL},
};

const gcl_op gcl_op_repeat_hw = {
    .name = "repeat_hw",
    .attr_bytes = sizeof(gcl_repeat_hw_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
