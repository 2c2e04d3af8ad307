/* embedding.c - the embedding op. */
#include "host/ops/embedding.h"

#include "host/op.h"

enum { TOKENS, TABLE };

gcl_value gcl_embedding(gcl_graph *g, gcl_value tokens, gcl_value table)
{
    const gcl_value in[] = {tokens, table};

    return gcl_graph_node(g, &gcl_op_embedding, in, 2, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *tokens = gcl_in_shape(g, node, TOKENS);

    GCL_TRY(gcl_check_operand(g, node, TOKENS, "tokens", GCL_I32, 2, err));
    GCL_TRY(gcl_check_operand(g, node, TABLE, "table", GCL_F32, 2, err));
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(tokens->dim[0], tokens->dim[1], gcl_in_shape(g, node, TABLE)->dim[1]);
done:
    return st;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const size_t R = gcl_shape_count(gcl_in_shape(g, node, TOKENS));
    const size_t V = gcl_in_shape(g, node, TABLE)->dim[0];
    const size_t d = gcl_in_shape(g, node, TABLE)->dim[1];
    gcl_launch l = {.program = "embedding", .kernel = "embedding_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[TOKENS])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[TABLE])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(V));
    gcl_launch_arg(&l, gcl_arg_int(d));
    gcl_launch_arg(&l, gcl_arg_ulong(R));
    gcl_launch_items(&l, gcl_emit_device(e), d, R, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_embedding = {
    .name = "embedding",
    .infer = infer,
    .flops = gcl_flops_none,
    .variants = variants,
};
