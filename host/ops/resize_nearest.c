/* resize_nearest.c - the resize_nearest op. */
#include "host/ops/resize_nearest.h"

#include <stdio.h>

#include "host/op.h"

enum { PLANES = 16 }; /* the kernel's tunable */

gcl_value gcl_resize_nearest(gcl_graph *g, gcl_value x, size_t out_h, size_t out_w)
{
    const gcl_resize_nearest_attr attr = {out_h, out_w};

    return gcl_graph_node(g, &gcl_op_resize_nearest, &x, 1, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_resize_nearest_attr attr;

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_F32, 4, err));
    memcpy(&attr, node->attr, sizeof attr);
    *dtype = GCL_F32;
    *shape = *gcl_in_shape(g, node, 0);
    shape->dim[2] = attr.out_h;
    shape->dim[3] = attr.out_w;
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    (void)g;
    (void)node;
    return 0.0;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *x = gcl_in_shape(g, node, 0), *y = gcl_out_shape(g, node);
    const size_t planes = x->dim[0] * x->dim[1];
    gcl_launch l = {.program = "resize_nearest", .kernel = "resize_nearest_plain_f32"};

    snprintf(l.options, sizeof l.options, "-DPLANES=%d", PLANES);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(planes));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[2]));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[3]));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[2]));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[3]));
    gcl_launch_items(&l, gcl_emit_device(e), y->dim[3], y->dim[2], gcl_div_up(planes, PLANES));
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {"plain_f32", NULL, emit_plain},
    {NULL, NULL, NULL},
};

const gcl_op gcl_op_resize_nearest = {
    .name = "resize_nearest",
    .attr_bytes = sizeof(gcl_resize_nearest_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
