/* pool_eot.c - the pool_eot op. */
#include "host/ops/pool_eot.h"

#include "host/op.h"

enum { X, TOKENS };

gcl_value gcl_pool_eot(gcl_graph *g, gcl_value x, gcl_value tokens)
{
    const gcl_value in[] = {x, tokens};

    return gcl_graph_node(g, &gcl_op_pool_eot, in, 2, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X), *tokens = gcl_in_shape(g, node, TOKENS);
    char tx[96], tt[96];

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, 3, err));
    GCL_TRY(gcl_check_operand(g, node, TOKENS, "tokens", GCL_I32, 2, err));
    if (tokens->dim[0] != x->dim[0] || tokens->dim[1] != x->dim[1]) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "pool_eot: tokens is %s, needs the first two dims of x %s",
                      gcl_shape_text(tt, sizeof tt, tokens), gcl_shape_text(tx, sizeof tx, x));
        goto done;
    }
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(x->dim[0], x->dim[2]);
done:
    return st;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *x = gcl_in_shape(g, node, X);
    const size_t B = x->dim[0], T = x->dim[1], d = x->dim[2];
    gcl_launch l = {.program = "pool_eot", .kernel = "pool_eot_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[X])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[TOKENS])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(B));
    gcl_launch_arg(&l, gcl_arg_int(T));
    gcl_launch_arg(&l, gcl_arg_int(d));
    gcl_launch_items(&l, gcl_emit_device(e), d, B, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_pool_eot = {
    .name = "pool_eot",
    .infer = infer,
    .flops = gcl_flops_none,
    .variants = variants,
};
