/* concat.c - the concat op. */
#include "host/ops/concat.h"

#include <stdio.h>

#include "host/op.h"
#include "host/ops/layernorm.h"

static gcl_concat_attr attr_of(const gcl_node *node)
{
    gcl_concat_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

/* What operand i adds to the result's length along the axis. */
static size_t length_of(const gcl_graph *g, const gcl_node *node, int i)
{
    const gcl_concat_attr a = attr_of(node);

    return a.count[i] != 0 ? (size_t)a.count[i] : gcl_in_shape(g, node, i)->dim[a.axis];
}

gcl_value gcl_concat(gcl_graph *g, const gcl_value *x, int n, int axis)
{
    const gcl_concat_attr attr = {.axis = axis};

    return gcl_graph_node(g, &gcl_op_concat, x, n, &attr);
}

/* The layernorm reads rows of two operands itself, all of the first and a range of the second. Not so where
 * it reads a view of the concat, which may have other axes. */
static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    const gcl_concat_attr a = attr_of(node);
    const gcl_value x = node->in[0], more = node->in[1];
    gcl_layernorm_attr norm;

    if (consumer->op != &gcl_op_layernorm || consumer->in[0] != node->out || node->n_in != 2 ||
        a.axis != gcl_out_shape(g, node)->rank - 2 || a.count[0] != 0)
        return false;
    memcpy(&norm, consumer->attr, sizeof norm);
    if (norm.count != 0)
        return false;
    norm.start = a.start[1];
    norm.count = (int)length_of(g, node, 1);
    *node = *consumer;
    node->in[0] = x;
    node->in[node->n_in++] = more;
    memcpy(node->attr, &norm, sizeof norm);
    return true;
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
    const int axis = attr_of(node).axis;

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
        shape->dim[axis] += length_of(g, node, i);
    }
    *dtype = GCL_F32;
done:
    return st;
}

/* Appends operand i and its range of a row, in elements, and returns how many these are: none where i is
 * behind the last operand, which then stands for it. `step` is the product of the dims after the axis. */
static size_t add_operand(gcl_emit *e, const gcl_graph *g, const gcl_node *node, int i, size_t step,
                          gcl_launch *l)
{
    const gcl_concat_attr a = attr_of(node);
    const int k = i < node->n_in ? i : node->n_in - 1;
    const size_t inner = k == i ? length_of(g, node, i) * step : 0;

    gcl_launch_arg(l, gcl_arg_slot(gcl_emit_value(e, node->in[k])));
    gcl_launch_arg(l, gcl_arg_ulong(inner));
    gcl_launch_arg(l, gcl_arg_ulong(gcl_in_shape(g, node, k)->dim[a.axis] * step));
    gcl_launch_arg(l, gcl_arg_ulong((size_t)a.start[k] * step));
    return inner;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *y = gcl_out_shape(g, node);
    const int axis = attr_of(node).axis;
    size_t outer = 1, step = 1, start = 0;

    for (int d = 0; d < axis; d++)
        outer *= y->dim[d];
    for (int d = axis + 1; d < y->rank; d++)
        step *= y->dim[d];
    for (int i = 0; i < node->n_in; i += 2) {
        gcl_launch l = {.program = "concat", .kernel = "concat_plain_f32"};
        size_t inner = add_operand(e, g, node, i, step, &l);
        inner += add_operand(e, g, node, i + 1, step, &l);
        gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
        gcl_launch_arg(&l, gcl_arg_ulong(outer));
        gcl_launch_arg(&l, gcl_arg_ulong(y->dim[axis] * step));
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
    .absorb = absorb,
    .variants = variants,
};
