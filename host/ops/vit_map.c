/* vit_map.c - the vit_map op. */
#include "host/ops/vit_map.h"

#include <stdio.h>

#include "host/op.h"
#include "host/ops/add.h"

enum { X, RESIDUAL };

typedef struct vit_map_attr {
    size_t H, W;
    float alpha; /* of an absorbed add, whose first operand is the residual */
} vit_map_attr;

static vit_map_attr attr_of(const gcl_node *node)
{
    vit_map_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_vit_map(gcl_graph *g, gcl_value x, size_t H, size_t W)
{
    const vit_map_attr attr = {H, W, 1.0f};

    return gcl_graph_node(g, &gcl_op_vit_map, &x, 1, &attr);
}

static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    vit_map_attr a = attr_of(node);
    gcl_add_attr add;

    if (consumer->op != &gcl_op_add || consumer->n_in != 2 || consumer->in[1] != node->out ||
        node->n_in > RESIDUAL ||
        !gcl_shape_equal(gcl_in_shape(g, consumer, 0), gcl_out_shape(g, node)))
        return false;
    memcpy(&add, consumer->attr, sizeof add);
    a.alpha = add.alpha;
    node->in[node->n_in++] = consumer->in[0];
    memcpy(node->attr, &a, sizeof a);
    return true;
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X);
    const vit_map_attr a = attr_of(node);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, 3, err));
    if (a.H < 1 || a.W < 1 || (x->dim[1] - 1) / a.H != a.W || (x->dim[1] - 1) % a.H != 0) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "vit_map: x is %s, a map of %zux%zu needs 1 + %zu tokens",
                      gcl_shape_text(text, sizeof text, x), a.H, a.W, a.H * a.W);
        goto done;
    }
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(x->dim[0], x->dim[2], a.H, a.W);
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    const double per_element = node->n_in == 1 ? 0.0 : attr_of(node).alpha != 1.0f ? 2.0 : 1.0;

    return per_element * (double)gcl_shape_count(gcl_out_shape(g, node));
}

static bool row_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                        char *why, size_t why_bytes)
{
    if (gcl_has_blocks(g, node->out, device))
        return true;
    snprintf(why, why_bytes, "not a CPU, or channels that are no multiple of %zu",
             gcl_block_channels(device));
    return false;
}

static gcl_status emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node, bool blocked,
                       gcl_error *err)
{
    const gcl_device_info *device = gcl_emit_device(e);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t plane = y->dim[2] * y->dim[3];
    const bool has_residual = node->n_in > RESIDUAL;
    const gcl_slot x = gcl_emit_value(e, node->in[X]);
    gcl_launch l = {.program = "vit_map",
                    .kernel = blocked ? "vit_map_row_f32" : "vit_map_plain_f32"};
    gcl_slot residual = x;

    if (has_residual)
        residual = blocked ? gcl_emit_blocked(e, node->in[RESIDUAL])
                           : gcl_emit_value(e, node->in[RESIDUAL]);
    snprintf(l.options, sizeof l.options, "-DHAS_RESIDUAL=%d -DVW=%zu", has_residual,
             gcl_block_channels(device));
    gcl_launch_arg(&l, gcl_arg_slot(x));
    gcl_launch_arg(&l, gcl_arg_slot(residual));
    gcl_launch_arg(
        &l, gcl_arg_slot(blocked ? gcl_emit_blocked(e, node->out) : gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[1]));
    gcl_launch_arg(&l, gcl_arg_int(plane));
    gcl_launch_arg(&l, gcl_arg_float(attr_of(node).alpha));
    if (blocked)
        gcl_launch_tiles(&l, device, plane, y->dim[0], 1);
    else
        gcl_launch_items(&l, device, plane, y->dim[1], y->dim[0]);
    return gcl_emit_launch(e, &l, err);
}

static gcl_status emit_row(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    return emit(e, g, node, true, err);
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    return emit(e, g, node, false, err);
}

static const gcl_variant variants[] = {
    {.name = "row_f32", .accepts = row_accepts, .emit = emit_row},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_vit_map = {
    .name = "vit_map",
    .attr_bytes = sizeof(vit_map_attr),
    .infer = infer,
    .flops = flops,
    .absorb = absorb,
    .variants = variants,
};
