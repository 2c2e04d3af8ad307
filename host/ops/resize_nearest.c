/* resize_nearest.c - the resize_nearest op. */
#include "host/ops/resize_nearest.h"

#include <stdlib.h>

#include "host/ops/common/conv2d_attr.h"

gcl_value gcl_resize_nearest(gcl_graph *g, gcl_value x, size_t out_h, size_t out_w)
{
    const gcl_resize_nearest_attr attr = {out_h, out_w};

    return gcl_graph_node(g, &gcl_op_resize_nearest, &x, 1, &attr);
}

static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    return strcmp(consumer->op->name, "conv2d") == 0 && gcl_conv2d_absorb_resize(g, node, consumer);
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

/* index[dst] = floor(dst * in / out); both fit 31 bits */
static void fill_indices(int32_t *index, size_t in, size_t out)
{
    for (size_t dst = 0; dst < out; dst++)
        index[dst] = (int32_t)((uint64_t)dst * in / out);
}

static gcl_status emit_into(gcl_slot out, gcl_emit *e, gcl_slot in, const gcl_shape *x, size_t oH,
                            size_t oW, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t bytes = (oH + oW) * sizeof(int32_t);
    int32_t *indices = malloc(bytes);
    gcl_launch l = {.program = "resize_nearest", .kernel = "resize_nearest_plain_f32"};

    if (indices == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "resize_nearest: host allocation of %zu bytes", bytes);
        goto done;
    }
    fill_indices(indices, x->dim[2], oH);
    fill_indices(indices + oH, x->dim[3], oW);
    gcl_launch_arg(&l, gcl_arg_slot(in));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_const(e, indices, bytes)));
    gcl_launch_arg(&l, gcl_arg_slot(out));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[2]));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[3]));
    gcl_launch_arg(&l, gcl_arg_int(oH));
    gcl_launch_arg(&l, gcl_arg_int(oW));
    gcl_launch_items(&l, gcl_emit_device(e), oW, oH, x->dim[0] * x->dim[1]);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    free(indices);
    return st;
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *y = gcl_out_shape(g, node);

    return emit_into(gcl_emit_value(e, node->out), e, gcl_emit_value(e, node->in[0]),
                     gcl_in_shape(g, node, 0), y->dim[2], y->dim[3], err);
}

gcl_status gcl_emit_resize_nearest(gcl_slot *out, gcl_emit *e, gcl_slot x, const gcl_shape *shape,
                                   size_t out_h, size_t out_w, gcl_error *err)
{
    *out = gcl_emit_temp(e, shape->dim[0] * shape->dim[1] * out_h * out_w * sizeof(float));
    return emit_into(*out, e, x, shape, out_h, out_w, err);
}

static const gcl_variant variants[] = {
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_resize_nearest = {
    .name = "resize_nearest",
    .attr_bytes = sizeof(gcl_resize_nearest_attr),
    .infer = infer,
    .flops = gcl_flops_none,
    .absorb = absorb,
    .variants = variants,
};
