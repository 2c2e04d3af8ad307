/* vit_tokens.c - the vit_tokens op. */
#include "host/ops/vit_tokens.h"

#include <stdio.h>

#include "host/op.h"

enum { MAP, FIRST, POSITIONS };

gcl_value gcl_vit_tokens(gcl_graph *g, gcl_value map, gcl_value first, gcl_value positions)
{
    const gcl_value in[] = {map, first, positions};

    return gcl_graph_node(g, &gcl_op_vit_tokens, in, 3, NULL);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *map = gcl_in_shape(g, node, MAP);
    size_t T, C;

    GCL_TRY(gcl_check_operand(g, node, MAP, "map", GCL_F32, 4, err));
    C = map->dim[1];
    T = 1 + map->dim[2] * map->dim[3];
    GCL_TRY(gcl_check_shape(g, node, FIRST, "first", GCL_SHAPE(C), err));
    GCL_TRY(gcl_check_shape(g, node, POSITIONS, "positions", GCL_SHAPE(T, C), err));
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(map->dim[0], T, C);
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    return (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_launch launch_of(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                            const char *kernel, gcl_slot map)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    gcl_launch l = {.program = "vit_tokens", .kernel = kernel};

    gcl_launch_arg(&l, gcl_arg_slot(map));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[FIRST])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[POSITIONS])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[2]));
    gcl_launch_arg(&l, gcl_arg_int(y->dim[1] - 1));
    return l;
}

static bool row_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                        char *why, size_t why_bytes)
{
    if (gcl_has_blocks(g, node->in[MAP], device))
        return true;
    snprintf(why, why_bytes, "not a CPU, or channels that are no multiple of %zu",
             gcl_block_channels(device));
    return false;
}

static gcl_status emit_row(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_device_info *device = gcl_emit_device(e);
    const gcl_shape *y = gcl_out_shape(g, node);
    gcl_launch l = launch_of(e, g, node, "vit_tokens_row_f32", gcl_emit_blocked(e, node->in[MAP]));

    snprintf(l.options, sizeof l.options, "-DVW=%zu", gcl_block_channels(device));
    gcl_launch_tiles(&l, device, y->dim[1], y->dim[0], 1);
    return gcl_emit_launch(e, &l, err);
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    gcl_launch l = launch_of(e, g, node, "vit_tokens_plain_f32", gcl_emit_value(e, node->in[MAP]));

    gcl_launch_items(&l, gcl_emit_device(e), y->dim[2], y->dim[1], y->dim[0]);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "row_f32", .accepts = row_accepts, .emit = emit_row},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_vit_tokens = {
    .name = "vit_tokens",
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
