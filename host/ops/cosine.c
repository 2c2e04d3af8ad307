/* cosine.c - the cosine op. */
#include "host/ops/cosine.h"

#include "host/op.h"

enum { A, B };

gcl_value gcl_cosine(gcl_graph *g, gcl_value a, gcl_value b)
{
    const gcl_value in[] = {a, b};

    return gcl_graph_node(g, &gcl_op_cosine, in, 2, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *a = gcl_in_shape(g, node, A), *b = gcl_in_shape(g, node, B);
    char ta[96], tb[96];

    GCL_TRY(gcl_check_operand(g, node, A, "a", GCL_F32, 2, err));
    GCL_TRY(gcl_check_operand(g, node, B, "b", GCL_F32, 2, err));
    if (a->dim[1] != b->dim[1]) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "cosine: b is %s, needs the last dim of a %s",
                      gcl_shape_text(tb, sizeof tb, b), gcl_shape_text(ta, sizeof ta, a));
        goto done;
    }
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(a->dim[0], b->dim[0]);
done:
    return st;
}

/* A product per pair and channel, the squares once per row, two quotients per pair. */
static double flops(const gcl_graph *g, const gcl_node *node)
{
    const gcl_shape *a = gcl_in_shape(g, node, A), *b = gcl_in_shape(g, node, B);
    const double pairs = (double)a->dim[0] * (double)b->dim[0];

    return 2.0 * pairs + 2.0 * (double)a->dim[1] * (pairs + (double)(a->dim[0] + b->dim[0]));
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    gcl_launch l = {.program = "cosine", .kernel = "cosine_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[A])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[B])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(gcl_in_shape(g, node, A)->dim[1]));
    gcl_launch_groups(&l, gcl_emit_device(e), y->dim[1], y->dim[0], 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_cosine = {
    .name = "cosine",
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
