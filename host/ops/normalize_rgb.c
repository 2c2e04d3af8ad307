/* normalize_rgb.c - the normalize_rgb op. */
#include "host/ops/normalize_rgb.h"

#include "host/op.h"

enum { X };

typedef struct normalize_attr {
    float gain, offset;
    float stats[2][3]; /* mean, std */
} normalize_attr;

static normalize_attr attr_of(const gcl_node *node)
{
    normalize_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_normalize_rgb(gcl_graph *g, gcl_value x, float gain, float offset,
                            const float mean[3], const float std[3])
{
    const normalize_attr attr = {
        gain, offset, {{mean[0], mean[1], mean[2]}, {std[0], std[1], std[2]}}};

    return gcl_graph_node(g, &gcl_op_normalize_rgb, &x, 1, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X);
    const normalize_attr a = attr_of(node);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, 4, err));
    if (x->dim[1] != 3) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "normalize_rgb: x is %s, needs 3 channels",
                      gcl_shape_text(text, sizeof text, x));
        goto done;
    }
    for (int c = 0; c < 3; c++)
        if (!(a.stats[1][c] > 0)) {
            st = GCL_FAIL(err, GCL_E_ARG, "normalize_rgb: std[%d] is %g, needs to be > 0", c,
                          (double)a.stats[1][c]);
            goto done;
        }
    *dtype = GCL_F32;
    *shape = *x;
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    return 4.0 * (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const normalize_attr a = attr_of(node);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t plane = y->dim[2] * y->dim[3], planes = y->dim[0] * y->dim[1];
    gcl_launch l = {.program = "normalize_rgb", .kernel = "normalize_rgb_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[X])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_const(e, a.stats, sizeof a.stats)));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(plane));
    gcl_launch_arg(&l, gcl_arg_ulong(planes));
    gcl_launch_arg(&l, gcl_arg_float(a.gain));
    gcl_launch_arg(&l, gcl_arg_float(a.offset));
    gcl_launch_items(&l, gcl_emit_device(e), plane, planes, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_normalize_rgb = {
    .name = "normalize_rgb",
    .attr_bytes = sizeof(normalize_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
