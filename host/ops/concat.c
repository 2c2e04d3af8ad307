/* concat.c - the concat op. */
#include "host/ops/concat.h"

#include <stdio.h>

#include "host/op.h"

static int axis_of(const gcl_node *node)
{
    gcl_concat_attr attr;

    memcpy(&attr, node->attr, sizeof attr);
    return attr.axis;
}

gcl_value gcl_concat(gcl_graph *g, const gcl_value *x, int n, int axis)
{
    const gcl_concat_attr attr = {axis};

    return gcl_graph_node(g, &gcl_op_concat, x, n, &attr);
}

/* x[i] must be as x[0] outside of the axis. */
static gcl_status check_fit(const gcl_graph *g, const gcl_node *node, int i, int axis,
                            gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, i);
    gcl_shape required = *gcl_in_shape(g, node, 0);
    char name[16], found[96], first[96];

    snprintf(name, sizeof name, "x[%d]", i);
    GCL_TRY(gcl_check_operand(g, node, i, name, GCL_F32, required.rank, err));
    required.dim[axis] = x->dim[axis];
    if (!gcl_shape_equal(x, &required))
        st = GCL_FAIL(err, GCL_E_SHAPE, "concat: %s is %s, needs the dims of %s outside of axis %d",
                      name, gcl_shape_text(found, sizeof found, x),
                      gcl_shape_text(first, sizeof first, gcl_in_shape(g, node, 0)), axis);
done:
    return st;
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const int axis = axis_of(node);

    if (node->n_in < 2) {
        st = GCL_FAIL(err, GCL_E_ARG, "concat: %d operands, needs 2 .. %d", node->n_in,
                      GCL_MAX_OPERANDS);
        goto done;
    }
    *shape = *gcl_in_shape(g, node, 0);
    if (axis < 0 || axis >= shape->rank) {
        st = GCL_FAIL(err, GCL_E_ARG, "concat: axis %d, needs 0 .. %d", axis, shape->rank - 1);
        goto done;
    }
    shape->dim[axis] = 0;
    for (int i = 0; i < node->n_in; i++) {
        GCL_TRY(check_fit(g, node, i, axis, err));
        shape->dim[axis] += gcl_in_shape(g, node, i)->dim[axis];
    }
    *dtype = GCL_F32;
done:
    return st;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *y = gcl_out_shape(g, node);
    size_t outer = 1, row, start = 0;

    for (int d = 0; d < axis_of(node); d++)
        outer *= y->dim[d];
    row = gcl_shape_count(y) / outer;
    for (int i = 0; i < node->n_in; i++) {
        const size_t inner = gcl_shape_count(gcl_in_shape(g, node, i)) / outer;
        gcl_launch l = {.program = "concat", .kernel = "concat_plain_f32"};
        gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[i])));
        gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
        gcl_launch_arg(&l, gcl_arg_ulong(inner));
        gcl_launch_arg(&l, gcl_arg_ulong(outer));
        gcl_launch_arg(&l, gcl_arg_ulong(row));
        gcl_launch_arg(&l, gcl_arg_ulong(start));
        gcl_launch_items(&l, gcl_emit_device(e), inner, outer, 1);
        GCL_TRY(gcl_emit_launch(e, &l, err));
        start += inner;
    }
done:
    return st;
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_concat = {
    .name = "concat",
    .attr_bytes = sizeof(gcl_concat_attr),
    .infer = infer,
    .flops = gcl_flops_none,
    .variants = variants,
};
