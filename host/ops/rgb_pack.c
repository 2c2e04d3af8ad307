/* rgb_pack.c - the rgb_pack op. */
#include "host/ops/rgb_pack.h"

#include "host/op.h"

gcl_value gcl_rgb_pack(gcl_graph *g, gcl_value x)
{
    return gcl_graph_node(g, &gcl_op_rgb_pack, &x, 1, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_F32, 4, err));
    if (x->dim[1] != 3) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "rgb_pack: x is %s, needs [B, 3, H, W]",
                      gcl_shape_text(text, sizeof text, x));
        goto done;
    }
    *dtype = GCL_U8;
    *shape = GCL_SHAPE(x->dim[0], x->dim[2], x->dim[3], 3);
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    return 3.0 * (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *y = gcl_out_shape(g, node); /* [B, H, W, 3] */
    const size_t B = y->dim[0], plane = y->dim[1] * y->dim[2];
    gcl_launch l = {.program = "rgb_pack", .kernel = "rgb_pack_plain_u8"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(plane));
    gcl_launch_arg(&l, gcl_arg_int(B));
    gcl_launch_items(&l, gcl_emit_device(e), plane, B, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_u8", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_rgb_pack = {
    .name = "rgb_pack",
    .infer = infer,
    .flops = flops,
    .by_sample = gcl_by_sample,
    .variants = variants,
};
