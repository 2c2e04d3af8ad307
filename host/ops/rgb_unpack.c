/* rgb_unpack.c - the rgb_unpack op. */
#include "host/ops/rgb_unpack.h"

#include "host/op.h"

gcl_value gcl_rgb_unpack(gcl_graph *g, gcl_value x)
{
    return gcl_graph_node(g, &gcl_op_rgb_unpack, &x, 1, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_U8, 4, err));
    if (x->dim[3] != 3) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "rgb_unpack: x is %s, needs [B, H, W, 3]",
                      gcl_shape_text(text, sizeof text, x));
        goto done;
    }
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(x->dim[0], 3, x->dim[1], x->dim[2]);
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    return 1.0 * (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *x = gcl_in_shape(g, node, 0); /* [B, H, W, 3] */
    const size_t B = x->dim[0], plane = x->dim[1] * x->dim[2];
    gcl_launch l = {.program = "rgb_unpack", .kernel = "rgb_unpack_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(plane));
    gcl_launch_arg(&l, gcl_arg_int(B));
    gcl_launch_items(&l, gcl_emit_device(e), plane, B, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_rgb_unpack = {
    .name = "rgb_unpack",
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
