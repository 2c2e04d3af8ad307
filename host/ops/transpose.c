/* transpose.c - the transpose op. */
#include "host/ops/transpose.h"

#include "host/op.h"

gcl_value gcl_transpose(gcl_graph *g, gcl_value x)
{
    return gcl_graph_node(g, &gcl_op_transpose, &x, 1, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_F32, -1, err));
    if (x->rank < 2) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "transpose: x is %s, needs rank 2 or more",
                      gcl_shape_text(text, sizeof text, x));
        goto done;
    }
    *dtype = GCL_F32;
    *shape = *x;
    shape->dim[x->rank - 2] = x->dim[x->rank - 1];
    shape->dim[x->rank - 1] = x->dim[x->rank - 2];
done:
    return st;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    const size_t R = x->dim[x->rank - 2], C = x->dim[x->rank - 1];
    gcl_launch l = {.program = "transpose", .kernel = "transpose_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(R));
    gcl_launch_arg(&l, gcl_arg_int(C));
    gcl_launch_items(&l, gcl_emit_device(e), R, C, gcl_shape_count(x) / (R * C));
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_transpose = {
    .name = "transpose",
    .infer = infer,
    .flops = gcl_flops_none,
    .variants = variants,
};
