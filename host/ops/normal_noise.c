/* normal_noise.c - the normal_noise op. */
#include "host/ops/normal_noise.h"

#include "host/op.h"

static gcl_normal_noise_attr attr_of(const gcl_node *node)
{
    gcl_normal_noise_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_normal_noise(gcl_graph *g, gcl_value key, size_t n)
{
    const gcl_normal_noise_attr attr = {n};

    return gcl_graph_node(g, &gcl_op_normal_noise, &key, 1, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *key = gcl_in_shape(g, node, 0);
    const size_t n = attr_of(node).n;
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, 0, "key", GCL_I32, 2, err));
    if (key->dim[1] != 4) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "normal_noise: key is %s, needs [B, 4]",
                      gcl_shape_text(text, sizeof text, key));
        goto done;
    }
    if (n < 1 || n > INT32_MAX) {
        st = GCL_FAIL(err, GCL_E_ARG, "normal_noise: n is %zu, needs 1 .. %d", n, INT32_MAX);
        goto done;
    }
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(key->dim[0], n);
done:
    return st;
}

/* A logarithm, a root, a sine and a cosine for two numbers: 50 operations, Philox not counted. */
static double flops(const gcl_graph *g, const gcl_node *node)
{
    return 25.0 * (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    gcl_launch l = {.program = "normal_noise", .kernel = "normal_noise_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[0]));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[1]));
    gcl_launch_items(&l, gcl_emit_device(e), gcl_div_up(y->dim[1], 4), y->dim[0], 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_normal_noise = {
    .name = "normal_noise",
    .attr_bytes = sizeof(gcl_normal_noise_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
