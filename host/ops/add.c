/* add.c - the add op. */
#include "host/ops/add.h"

#include <stdio.h>

#include "host/op.h"

enum { A, B, SCALE };

gcl_value gcl_add(gcl_graph *g, gcl_value a, gcl_value b, float alpha)
{
    const gcl_add_attr attr = {alpha};
    const gcl_value in[] = {a, b};

    return gcl_graph_node(g, &gcl_op_add, in, 2, &attr);
}

gcl_value gcl_scale_add(gcl_graph *g, gcl_value a, gcl_value b, gcl_value scale)
{
    const gcl_add_attr attr = {1.0f};
    const gcl_value in[] = {a, b, scale};

    return gcl_graph_node(g, &gcl_op_add, in, 3, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *a = gcl_in_shape(g, node, A), *b = gcl_in_shape(g, node, B);
    bool fits = b->rank <= a->rank;
    char ta[96], tb[96];

    GCL_TRY(gcl_check_operand(g, node, A, "a", GCL_F32, -1, err));
    GCL_TRY(gcl_check_operand(g, node, B, "b", GCL_F32, -1, err));
    for (int i = 1; fits && i <= b->rank; i++)
        fits = a->dim[a->rank - i] == b->dim[b->rank - i];
    if (!fits) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "add: b is %s, needs the shape or the last dims of a %s",
                      gcl_shape_text(tb, sizeof tb, b), gcl_shape_text(ta, sizeof ta, a));
        goto done;
    }
    if (node->n_in > SCALE)
        GCL_TRY(gcl_check_shape(g, node, SCALE, "scale", GCL_SHAPE(1), err));
    *dtype = GCL_F32;
    *shape = *a;
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    gcl_add_attr attr;

    memcpy(&attr, node->attr, sizeof attr);
    return (double)gcl_shape_count(gcl_out_shape(g, node)) *
           (node->n_in > SCALE || attr.alpha != 1.0f ? 2.0 : 1.0);
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const bool scaled = node->n_in > SCALE;
    const size_t inner = gcl_shape_count(gcl_in_shape(g, node, B));
    const size_t outer = gcl_shape_count(gcl_out_shape(g, node)) / inner;
    const gcl_slot a = gcl_emit_value(e, node->in[A]);
    gcl_launch l = {.program = "add", .kernel = "add_plain_f32"};
    gcl_add_attr attr;

    memcpy(&attr, node->attr, sizeof attr);
    snprintf(l.options, sizeof l.options, "-DHAS_SCALE=%d", scaled);
    gcl_launch_arg(&l, gcl_arg_slot(a));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[B])));
    gcl_launch_arg(&l, gcl_arg_slot(scaled ? gcl_emit_value(e, node->in[SCALE]) : a));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(inner));
    gcl_launch_arg(&l, gcl_arg_ulong(outer));
    gcl_launch_arg(&l, gcl_arg_float(attr.alpha));
    gcl_launch_items(&l, gcl_emit_device(e), inner, outer, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_add = {
    .name = "add",
    .attr_bytes = sizeof(gcl_add_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
