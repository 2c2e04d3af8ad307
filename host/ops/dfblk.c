/* dfblk.c - the dfblk op. */
#include "host/ops/dfblk.h"

#include "host/op.h"

enum { X, N_OPERANDS = 5 };

gcl_value gcl_dfblk(gcl_graph *g, gcl_value x, gcl_value gamma0, gcl_value beta0, gcl_value gamma1,
                    gcl_value beta1)
{
    const gcl_value in[N_OPERANDS] = {x, gamma0, beta0, gamma1, beta1};

    return gcl_graph_node(g, &gcl_op_dfblk, in, N_OPERANDS, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    static const char *const names[N_OPERANDS] = {"x", "gamma0", "beta0", "gamma1", "beta1"};
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X);

    GCL_TRY(gcl_check_operand(g, node, X, names[X], GCL_F32, 4, err));
    for (int i = X + 1; i < N_OPERANDS; i++)
        GCL_TRY(gcl_check_shape(g, node, i, names[i], GCL_SHAPE(x->dim[0], x->dim[1]), err));
    *dtype = GCL_F32;
    *shape = *x;
done:
    return st;
}

/* Two products, two sums, two activations. */
static double flops(const gcl_graph *g, const gcl_node *node)
{
    return 6.0 * (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *x = gcl_in_shape(g, node, X);
    const size_t inner = x->dim[2] * x->dim[3], planes = x->dim[0] * x->dim[1];
    gcl_launch l = {.program = "dfblk", .kernel = "dfblk_plain_f32"};

    for (int i = X; i < N_OPERANDS; i++)
        gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[i])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(inner));
    gcl_launch_arg(&l, gcl_arg_ulong(planes));
    gcl_launch_items(&l, gcl_emit_device(e), inner, planes, 1);
    return gcl_emit_launch(e, &l, err);
}

static bool is_pointwise(const gcl_graph *g, const gcl_node *node)
{
    (void)g;
    (void)node;
    return true;
}

static const gcl_variant variants[] = {
    {"plain_f32", NULL, emit_plain},
    {NULL, NULL, NULL},
};

const gcl_op gcl_op_dfblk = {
    .name = "dfblk",
    .infer = infer,
    .flops = flops,
    .is_pointwise = is_pointwise,
    .variants = variants,
};
