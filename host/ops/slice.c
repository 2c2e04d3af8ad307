/* slice.c - the slice op. */
#include "host/ops/slice.h"

#include "host/op.h"
#include "host/ops/concat.h"

static gcl_slice_attr attr_of(const gcl_node *node)
{
    gcl_slice_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_slice(gcl_graph *g, gcl_value x, int axis, size_t start, size_t count)
{
    const gcl_slice_attr attr = {axis, start, count};

    return gcl_graph_node(g, &gcl_op_slice, &x, 1, &attr);
}

/* The concat along the same axis reads the range from x itself. Not so where it reads a view of the slice,
 * which may have other axes. */
static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    const gcl_slice_attr a = attr_of(node);
    const gcl_value x = node->in[0];
    gcl_concat_attr concat;
    int i = 0;

    (void)g;
    if (consumer->op != &gcl_op_concat)
        return false;
    memcpy(&concat, consumer->attr, sizeof concat);
    while (i < consumer->n_in && consumer->in[i] != node->out)
        i++;
    if (i == consumer->n_in || concat.axis != a.axis)
        return false;
    concat.start[i] += (int)a.start; /* behind another slice, of which the concat reads a range */
    if (concat.count[i] == 0)
        concat.count[i] = (int)a.count;
    *node = *consumer;
    node->in[i] = x;
    memcpy(node->attr, &concat, sizeof concat);
    return true;
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_slice_attr a = attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_F32, -1, err));
    if (a.axis < 0 || a.axis >= x->rank) {
        st = GCL_FAIL(err, GCL_E_ARG, "slice: axis %d, needs 0 .. %d", a.axis, x->rank - 1);
        goto done;
    }
    if (a.count < 1 || a.start > x->dim[a.axis] || a.count > x->dim[a.axis] - a.start) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "slice: %zu elements from %zu along axis %d of x %s",
                      a.count, a.start, a.axis, gcl_shape_text(text, sizeof text, x));
        goto done;
    }
    *dtype = GCL_F32;
    *shape = *x;
    shape->dim[a.axis] = a.count;
done:
    return st;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_slice_attr a = attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    gcl_launch l = {.program = "slice", .kernel = "slice_plain_f32"};
    size_t outer = 1, step = 1;

    for (int d = 0; d < a.axis; d++)
        outer *= x->dim[d];
    for (int d = a.axis + 1; d < x->rank; d++)
        step *= x->dim[d];
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(a.count * step));
    gcl_launch_arg(&l, gcl_arg_ulong(outer));
    gcl_launch_arg(&l, gcl_arg_ulong(x->dim[a.axis] * step));
    gcl_launch_arg(&l, gcl_arg_ulong(a.start * step));
    gcl_launch_items(&l, gcl_emit_device(e), a.count * step, outer, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_slice = {
    .name = "slice",
    .attr_bytes = sizeof(gcl_slice_attr),
    .infer = infer,
    .flops = gcl_flops_none,
    .absorb = absorb,
    .variants = variants,
};
