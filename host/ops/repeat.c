/* repeat.c - the repeat op. */
#include "host/ops/repeat.h"

#include "host/op.h"

static gcl_repeat_attr attr_of(const gcl_node *node)
{
    gcl_repeat_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_repeat(gcl_graph *g, gcl_value x, size_t outer, size_t inner)
{
    const gcl_repeat_attr attr = {outer, inner};

    return gcl_graph_node(g, &gcl_op_repeat, &x, 1, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_repeat_attr a = attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, 0);

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_F32, -1, err));
    if (a.outer == 0 || a.inner == 0 || x->rank > GCL_MAX_RANK - 2) {
        st = GCL_FAIL(err, GCL_E_ARG,
                      "repeat: outer %zu and inner %zu of a value of rank %d, needs both >= 1 and "
                      "rank <= %d",
                      a.outer, a.inner, x->rank, GCL_MAX_RANK - 2);
        goto done;
    }
    *dtype = GCL_F32;
    shape->rank = x->rank + 2;
    shape->dim[0] = a.outer;
    for (int i = 0; i < x->rank; i++)
        shape->dim[i + 1] = x->dim[i];
    shape->dim[x->rank + 1] = a.inner;
done:
    return st;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_repeat_attr a = attr_of(node);
    const size_t count = gcl_shape_count(gcl_in_shape(g, node, 0));
    gcl_launch l = {.program = "repeat", .kernel = "repeat_plain_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(count));
    gcl_launch_arg(&l, gcl_arg_ulong(a.inner));
    gcl_launch_arg(&l, gcl_arg_ulong(a.outer));
    gcl_launch_items(&l, gcl_emit_device(e), count * a.inner, a.outer, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_repeat = {
    .name = "repeat",
    .attr_bytes = sizeof(gcl_repeat_attr),
    .infer = infer,
    .flops = gcl_flops_none,
    .variants = variants,
};
