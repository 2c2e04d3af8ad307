/* dfblk.c - the dfblk op. */
#include "host/ops/dfblk.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"

enum { X, AFFINE };

static size_t at_of(const gcl_node *node)
{
    gcl_dfblk_attr attr;

    memcpy(&attr, node->attr, sizeof attr);
    return (size_t)attr.at;
}

gcl_value gcl_dfblk(gcl_graph *g, gcl_value x, gcl_value affine, size_t at)
{
    const gcl_value in[] = {x, affine};
    const gcl_dfblk_attr attr = {at <= INT32_MAX ? (int)at : INT32_MAX}; /* too far for any A */

    return gcl_graph_node(g, &gcl_op_dfblk, in, 2, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X), *affine = gcl_in_shape(g, node, AFFINE);
    const size_t at = at_of(node);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, 4, err));
    GCL_TRY(gcl_check_operand(g, node, AFFINE, "affine", GCL_F32, 2, err));
    if (affine->dim[0] != x->dim[0] || affine->dim[1] / 4 < x->dim[1] ||
        affine->dim[1] - 4 * x->dim[1] < at) {
        st = GCL_FAIL(err, GCL_E_SHAPE,
                      "dfblk: affine is %s, needs %zu rows and 4 * %zu columns from column %zu",
                      gcl_shape_text(text, sizeof text, affine), x->dim[0], x->dim[1], at);
        goto done;
    }
    *dtype = GCL_F32;
    *shape = *x;
done:
    return st;
}

/* Two products, two sums, two activations. */
static double flops(const gcl_graph *g, const gcl_node *node)
{
    return 6.0 * (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit_into(gcl_slot out, gcl_emit *e, gcl_slot in, const gcl_shape *x,
                            gcl_slot affine, size_t step, size_t at, bool blocked, gcl_error *err)
{
    const size_t VW = gcl_block_channels(gcl_emit_device(e)), planes = x->dim[0] * x->dim[1];
    gcl_launch l = {.program = "dfblk",
                    .kernel = blocked ? "dfblk_blocked_f32" : "dfblk_plain_f32"};

    if (blocked)
        snprintf(l.options, sizeof l.options, "-DVW=%zu", VW);
    gcl_launch_arg(&l, gcl_arg_slot(in));
    gcl_launch_arg(&l, gcl_arg_slot(affine));
    gcl_launch_arg(&l, gcl_arg_slot(out));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[0]));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[1]));
    gcl_launch_arg(&l, gcl_arg_ulong(x->dim[2] * x->dim[3]));
    gcl_launch_arg(&l, gcl_arg_int(step));
    gcl_launch_arg(&l, gcl_arg_int(at));
    if (blocked)
        gcl_launch_tiles(&l, gcl_emit_device(e), planes / VW, 1, 1);
    else
        gcl_launch_items(&l, gcl_emit_device(e), x->dim[2] * x->dim[3], planes, 1);
    return gcl_emit_launch(e, &l, err);
}

gcl_status gcl_emit_dfblk(gcl_slot *out, gcl_emit *e, gcl_slot x, const gcl_shape *shape,
                          gcl_slot affine, size_t step, size_t at, bool blocked, gcl_error *err)
{
    *out = gcl_emit_temp(e, gcl_shape_count(shape) * sizeof(float));
    return emit_into(*out, e, x, shape, affine, step, at, blocked, err);
}

static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    (void)g;
    return strcmp(consumer->op->name, "conv2d") == 0 && gcl_conv2d_absorb_dfblk(node, consumer);
}

/* ---- blocked_f32 ---- */

static bool blocked_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                            char *why, size_t why_bytes)
{
    const gcl_shape *x = gcl_in_shape(g, node, X);

    if (!gcl_has_blocks(g, node->in[X], device))
        snprintf(why, why_bytes, "not a CPU, or channels that are no multiple of %zu",
                 gcl_block_channels(device));
    else if (device->max_rounds != 0 && 2 * x->dim[2] * x->dim[3] > device->max_rounds)
        snprintf(why, why_bytes, "%zu x %zu pixels, the driver ends loops after %zu rounds",
                 x->dim[2], x->dim[3], device->max_rounds);
    else
        return true;
    return false;
}

static gcl_status emit_blocked(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    const gcl_slot x = gcl_emit_blocked(e, node->in[X]),
                   affine = gcl_emit_value(e, node->in[AFFINE]);

    return emit_into(gcl_emit_blocked(e, node->out), e, x, gcl_in_shape(g, node, X), affine,
                     gcl_in_shape(g, node, AFFINE)->dim[1], at_of(node), true, err);
}

/* ---- plain_f32 ---- */

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_slot x = gcl_emit_value(e, node->in[X]), affine = gcl_emit_value(e, node->in[AFFINE]);

    return emit_into(gcl_emit_value(e, node->out), e, x, gcl_in_shape(g, node, X), affine,
                     gcl_in_shape(g, node, AFFINE)->dim[1], at_of(node), false, err);
}

static bool is_pointwise(const gcl_graph *g, const gcl_node *node)
{
    (void)g;
    (void)node;
    return true;
}

static const gcl_variant variants[] = {
    {.name = "blocked_f32", .accepts = blocked_accepts, .emit = emit_blocked},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_dfblk = {
    .name = "dfblk",
    .attr_bytes = sizeof(gcl_dfblk_attr),
    .infer = infer,
    .flops = flops,
    .absorb = absorb,
    .is_pointwise = is_pointwise,
    .by_sample = gcl_by_sample,
    .variants = variants,
};
