/* activation.c - the activation op. */
#include "host/ops/activation.h"

#include <stdio.h>

#include "host/op.h"

static gcl_activation_attr attr_of(const gcl_node *node)
{
    gcl_activation_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_activation(gcl_graph *g, gcl_value x, gcl_act act, float slope)
{
    const gcl_activation_attr attr = {act, act == GCL_ACT_LEAKY_RELU ? slope : 0.0f};

    return gcl_graph_node(g, &gcl_op_activation, &x, 1, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const int act = attr_of(node).act;

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_F32, -1, err));
    if (act < GCL_ACT_NONE || act > GCL_ACT_GELU) {
        st = GCL_FAIL(err, GCL_E_ARG, "activation: %d is not one of gcl_act", act);
        goto done;
    }
    *dtype = GCL_F32;
    *shape = *gcl_in_shape(g, node, 0);
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    return (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_activation_attr a = attr_of(node);
    const size_t count = gcl_shape_count(gcl_out_shape(g, node));
    gcl_launch l = {.program = "activation", .kernel = "activation_plain_f32"};

    snprintf(l.options, sizeof l.options, "-DACT=%d", a.act);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(count));
    gcl_launch_arg(&l, gcl_arg_float(a.slope));
    gcl_launch_items(&l, gcl_emit_device(e), count, 1, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_activation = {
    .name = "activation",
    .attr_bytes = sizeof(gcl_activation_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
