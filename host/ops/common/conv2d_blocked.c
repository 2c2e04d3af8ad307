/* conv2d_blocked.c - direct convolutions on pictures in channel blocks. */
#include "host/ops/common/conv2d_blocked.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"

enum { NRV = 2, MAX_SETS = 5, MAX_FEW = 7 };

/* ---- packing ---- */

static void launch_packing(gcl_launch *l, const char *kernel, const gcl_shape *w, size_t VW)
{
    l->program = "pack/blocked";
    l->kernel = kernel;
    snprintf(l->options, sizeof l->options, "-DVW=%zu -DNRV=%d", VW, NRV);
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    gcl_launch_arg(l, gcl_arg_int(w->dim[0]));
    gcl_launch_arg(l, gcl_arg_int(w->dim[1]));
    gcl_launch_arg(l, gcl_arg_int(w->dim[2] * w->dim[3]));
}

static void launch_blocked(gcl_launch *l, const gcl_device_info *device, const gcl_shape *w,
                           size_t VW)
{
    launch_packing(l, "pack_blocked_f32", w, VW);
    gcl_launch_tiles(l, device, w->dim[1] / VW, gcl_div_up(w->dim[0], NRV * VW), 1);
}

static size_t bytes_blocked(const gcl_shape *w, size_t VW)
{
    return gcl_round_up(w->dim[0], NRV * VW) * (gcl_shape_count(w) / w->dim[0]) * sizeof(float);
}

static void launch_few(gcl_launch *l, const gcl_device_info *device, const gcl_shape *w, size_t VW)
{
    launch_packing(l, "pack_few_f32", w, VW);
    gcl_launch_tiles(l, device, w->dim[1] / VW, 1, 1);
}

static size_t bytes_few(const gcl_shape *w, size_t VW)
{
    (void)VW;
    return gcl_shape_count(w) * sizeof(float);
}

static const gcl_packing packings[2][2] = {
    {{"conv2d_blocked_8", 8, false, bytes_blocked, launch_blocked},
     {"conv2d_blocked_16", 16, false, bytes_blocked, launch_blocked}},
    {{"conv2d_few_8", 8, false, bytes_few, launch_few},
     {"conv2d_few_16", 16, false, bytes_few, launch_few}},
};

static gcl_slot packed(gcl_emit *e, const gcl_node *node, bool few)
{
    const size_t VW = gcl_block_channels(gcl_emit_device(e));

    return gcl_emit_packed(e, node->in[CONV2D_W], &packings[few][VW == 16]);
}

/* ---- all ---- */

static bool accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                    char *why, size_t why_bytes)
{
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X);

    if (!gcl_device_is_cpu(device))
        snprintf(why, why_bytes, "a work-item is vector code for a CPU");
    else if (gcl_graph_tensor(g, node->in[CONV2D_W])->kind != GCL_VALUE_WEIGHT)
        snprintf(why, why_bytes, "w is not a weight and cannot be packed ahead");
    else if (!gcl_has_blocks(g, node->in[CONV2D_X], device))
        snprintf(why, why_bytes, "x has %zu channels, needs a multiple of %zu", x->dim[1],
                 gcl_block_channels(device));
    else if (gcl_conv2d_attr_of(node).has_before && device->max_rounds != 0 &&
             2 * x->dim[2] * x->dim[3] > device->max_rounds)
        snprintf(why, why_bytes,
                 "a dfblk before it, of %zu x %zu pixels, the driver ends loops after %zu rounds",
                 x->dim[2], x->dim[3], device->max_rounds);
    else
        return true;
    return false;
}

/* Whether a work-item's loops, where none is unrolled, go round more often than the driver lets them. */
static bool too_many_rounds(const gcl_device_info *device, size_t rounds, char *why,
                            size_t why_bytes)
{
    if (device->max_rounds == 0 || rounds <= device->max_rounds)
        return false;
    snprintf(why, why_bytes, "a work-item needs %zu rounds of its loops, the driver's limit is %zu",
             rounds, device->max_rounds);
    return true;
}

/* The sizes of a picture of H x W pixels, and what the end needs. */
static void set_values(const gcl_graph *g, const gcl_node *node, size_t H, size_t W, gcl_launch *l)
{
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *y = gcl_out_shape(g, node);
    const size_t sizes[] = {x->dim[0], x->dim[1], H, W, y->dim[1], y->dim[2], y->dim[3]};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        gcl_launch_arg(l, gcl_arg_int(sizes[i]));
    gcl_conv2d_tail_values(g, node, l);
}

/* ---- blocked_f32 ---- */

enum { MR, SETS, BLOCKS };

const gcl_tunable gcl_conv2d_blocked_tunables[] = {
    [MR] = {"MR", 7, {2, 4, 6, 8, 10, 12, 14}},
    [SETS] = {"SETS", 5, {1, 2, 3, 5, 8}},
    [BLOCKS] = {"BLOCKS", 6, {1, 2, 4, 8, 16, 32}},
    {NULL, 0, {0}},
};

/* MR * NRV accumulators, NRV weights and an element of x fit the vector registers, 32 of 16 elements or
 * 16 of 8. */
static size_t most_pixels(const gcl_device_info *device)
{
    return gcl_block_channels(device) == 16 ? 14 : 6;
}

/* Register tiles share the weights of about 32 KiB, a part of the first or second cache, where there are
 * few pixels and many weights. */
static gcl_tuning largest_tile(const gcl_device_info *device, const gcl_shape *w)
{
    const size_t taps = w->dim[2] * w->dim[3];

    return (gcl_tuning){{[MR] = (int)most_pixels(device),
                         [SETS] = taps == 1 ? 1 : MAX_SETS,
                         [BLOCKS] = (int)gcl_div_up(16, taps)}};
}

/* Pixels are shared out evenly. Where one work-item has them all, its tiles read w once; then a further
 * tile, whose own cost is that of half a pixel, may be less than what the others waste. */
void gcl_conv2d_blocked_choose(const gcl_graph *g, const gcl_node *node,
                               const gcl_device_info *device, gcl_tuning *out)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t pixels = y->dim[0] * y->dim[2] * y->dim[3];
    size_t tiles;

    *out = largest_tile(device, gcl_in_shape(g, node, CONV2D_W));
    tiles = gcl_div_up(pixels, (size_t)out->value[MR]);
    if (tiles <= MAX_SETS) {
        for (size_t n = tiles + 1; n <= MAX_SETS; n++)
            if (n * (2 * gcl_div_up(pixels, n) + 1) < tiles * (2 * gcl_div_up(pixels, tiles) + 1))
                tiles = n;
        out->value[SETS] = (int)tiles;
    }
    out->value[MR] = (int)gcl_div_up(pixels, tiles);
}

bool gcl_conv2d_blocked_allows(const gcl_graph *g, const gcl_node *node,
                               const gcl_device_info *device, const gcl_tuning *t, char *why,
                               size_t why_bytes)
{
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W);
    const size_t VW = gcl_block_channels(device);
    const int most = (int)most_pixels(device);

    if (t->value[MR] < 1 || t->value[MR] > most || t->value[SETS] < 1 || t->value[SETS] > 16 ||
        t->value[BLOCKS] < 1) {
        snprintf(why, why_bytes, "MR=%d, SETS=%d and BLOCKS=%d, needs 1 .. %d, 1 .. 16 and 1 ..",
                 t->value[MR], t->value[SETS], t->value[BLOCKS], most);
        return false;
    }
    /* two rounds for each vector of a sum */
    return !too_many_rounds(device,
                            2 * (size_t)(t->value[SETS] * t->value[MR]) * NRV *
                                (gcl_shape_count(w) / w->dim[0] + VW),
                            why, why_bytes);
}

bool gcl_conv2d_blocked_accepts(const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    /* the same variant for any batch */
    const gcl_tuning t = largest_tile(device, gcl_in_shape(g, node, CONV2D_W));

    if (!accepts(g, node, device, why, why_bytes) ||
        !gcl_conv2d_blocked_allows(g, node, device, &t, why, why_bytes))
        return false;
    if (gcl_has_blocks(g, node->out, device) && y->dim[0] <= INT32_MAX / (y->dim[2] * y->dim[3]))
        return true;
    snprintf(why, why_bytes, "%zu results of %zu channels, needs a multiple of %zu", y->dim[0],
             y->dim[1], gcl_block_channels(device));
    return false;
}

gcl_status gcl_conv2d_blocked_picture(gcl_slot *slot, gcl_emit *e, const gcl_graph *g,
                                      const gcl_node *node, size_t pad, gcl_error *err)
{
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), picture = gcl_conv2d_picture(g, node);
    const size_t VW = gcl_block_channels(gcl_emit_device(e));
    const size_t rows = x->dim[0] * x->dim[1] / VW * (picture.dim[2] + 2 * pad);
    gcl_launch l = {.program = "conv2d/blocked", .kernel = "conv2d_picture_f32"};

    if (pad == 0 && gcl_shape_equal(x, &picture))
        return GCL_OK;
    snprintf(l.options, sizeof l.options, "-DVW=%zu", VW);
    gcl_launch_arg(&l, gcl_arg_slot(*slot));
    *slot = gcl_emit_temp(e, rows * (picture.dim[3] + 2 * pad) * VW * sizeof(float));
    gcl_launch_arg(&l, gcl_arg_slot(*slot));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[2]));
    gcl_launch_arg(&l, gcl_arg_int(x->dim[3]));
    gcl_launch_arg(&l, gcl_arg_int(picture.dim[2]));
    gcl_launch_arg(&l, gcl_arg_int(picture.dim[3]));
    gcl_launch_arg(&l, gcl_arg_int(pad));
    gcl_launch_tiles(&l, gcl_emit_device(e), rows, 1, 1);
    return gcl_emit_launch(e, &l, err);
}

gcl_status gcl_conv2d_blocked_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                   gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape x = gcl_conv2d_picture(g, node), *w = gcl_in_shape(g, node, CONV2D_W);
    const gcl_shape *y = gcl_out_shape(g, node);
    const gcl_tuning *t = gcl_emit_tuning(e);
    const size_t VW = gcl_block_channels(gcl_emit_device(e)), pad = (size_t)a.pad;
    gcl_launch l = {.program = "conv2d/blocked", .kernel = "conv2d_blocked_f32"};
    gcl_slot picture;

    GCL_TRY(gcl_conv2d_emit_x(&picture, e, g, node, true, err));
    GCL_TRY(gcl_conv2d_blocked_picture(&picture, e, g, node, pad, err));
    snprintf(l.options, sizeof l.options, "-DVW=%zu -DNRV=%d", VW, NRV);
    gcl_emit_tuning_options(e, &l);
    gcl_conv2d_tail_options(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_slot(picture));
    gcl_launch_arg(&l, gcl_arg_slot(packed(e, node, false)));
    gcl_conv2d_tail_buffers(e, node, true, picture, &l);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_blocked(e, node->out)));
    set_values(g, node, x.dim[2] + 2 * pad, x.dim[3] + 2 * pad, &l);
    gcl_launch_arg(&l, gcl_arg_int(w->dim[2]));
    gcl_launch_arg(&l, gcl_arg_int(w->dim[3]));
    gcl_launch_arg(&l, gcl_arg_int((size_t)a.stride));
    gcl_launch_tiles(
        &l, gcl_emit_device(e), gcl_div_up(y->dim[1], NRV * VW),
        gcl_div_up(y->dim[0] * y->dim[2] * y->dim[3], (size_t)(t->value[SETS] * t->value[MR])), 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}

/* ---- pointwise_f32 ---- */

enum { RUNS = 32 }; /* work-items of a core */

const gcl_tunable gcl_conv2d_pointwise_tunables[] = {
    [MR] = {"MR", 7, {2, 4, 6, 8, 10, 12, 14}},
    {NULL, 0, {0}},
};

static size_t pixels_of(const gcl_shape *y)
{
    return y->dim[2] * y->dim[3];
}

void gcl_conv2d_pointwise_choose(const gcl_graph *g, const gcl_node *node,
                                 const gcl_device_info *device, gcl_tuning *out)
{
    const size_t pixels = pixels_of(gcl_out_shape(g, node));

    out->value[MR] = (int)gcl_div_up(pixels, gcl_div_up(pixels, most_pixels(device)));
}

/* Tiles of a picture begin within it. Where the driver ends loops, a run is one tile. */
bool gcl_conv2d_pointwise_allows(const gcl_graph *g, const gcl_node *node,
                                 const gcl_device_info *device, const gcl_tuning *t, char *why,
                                 size_t why_bytes)
{
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W);
    const size_t VW = gcl_block_channels(device), pixels = pixels_of(gcl_out_shape(g, node));
    const size_t most = most_pixels(device), limit = pixels < most ? pixels : most;

    if (t->value[MR] < 1 || (size_t)t->value[MR] > limit) {
        snprintf(why, why_bytes, "MR=%d, needs 1 .. %zu", t->value[MR], limit);
        return false;
    }
    return !too_many_rounds(
        device, 2 * (size_t)t->value[MR] * NRV * gcl_div_up(w->dim[0], NRV * VW) * (w->dim[1] + VW),
        why, why_bytes);
}

bool gcl_conv2d_pointwise_accepts(const gcl_graph *g, const gcl_node *node,
                                  const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *w = gcl_in_shape(g, node, CONV2D_W);
    const gcl_shape picture = gcl_conv2d_picture(g, node);
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    gcl_tuning t;

    if (!accepts(g, node, device, why, why_bytes))
        return false;
    gcl_conv2d_pointwise_choose(g, node, device, &t);
    if (w->dim[2] != 1 || w->dim[3] != 1 || a.stride != 1 || a.pad != 0)
        snprintf(why, why_bytes, "kernel %zux%zu, stride %d and pad %d, needs 1x1, 1 and 0",
                 w->dim[2], w->dim[3], a.stride, a.pad);
    else if (!gcl_shape_equal(x, &picture) || gcl_conv2d_resizes_residual(g, node))
        snprintf(why, why_bytes, "a resize was absorbed");
    else if (!gcl_has_blocks(g, node->out, device))
        snprintf(why, why_bytes, "%zu output channels, needs a multiple of %zu", w->dim[0],
                 gcl_block_channels(device));
    else
        return gcl_conv2d_pointwise_allows(g, node, device, &t, why, why_bytes);
    return false;
}

gcl_status gcl_conv2d_pointwise_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                     gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info *device = gcl_emit_device(e);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *y = gcl_out_shape(g, node);
    const size_t sizes[] = {x->dim[0], x->dim[1], y->dim[1], y->dim[2], y->dim[3]};
    const size_t tiles =
        y->dim[0] * gcl_div_up(pixels_of(y), (size_t)gcl_emit_tuning(e)->value[MR]);
    const size_t runs = device->max_rounds > 0 ? tiles : RUNS * (size_t)device->compute_units;
    gcl_launch l = {.program = "conv2d/pointwise", .kernel = "conv2d_pointwise_f32"};
    gcl_slot in;

    GCL_TRY(gcl_conv2d_emit_x(&in, e, g, node, true, err));
    snprintf(l.options, sizeof l.options, "-DVW=%zu -DNRV=%d", gcl_block_channels(device), NRV);
    gcl_emit_tuning_options(e, &l);
    gcl_conv2d_tail_options(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_slot(in));
    gcl_launch_arg(&l, gcl_arg_slot(packed(e, node, false)));
    gcl_conv2d_tail_buffers(e, node, true, in, &l);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_blocked(e, node->out)));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        gcl_launch_arg(&l, gcl_arg_int(sizes[i]));
    gcl_conv2d_tail_values(g, node, &l);
    gcl_launch_tiles(&l, device, runs < tiles ? runs : tiles, 1, 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}

/* ---- few_f32 ---- */

/* Pixels MR of a register tile: MR * O accumulators, MR + kW - 1 columns and a weight fit the
 * registers; 0 where not even one pixel does. */
static size_t few_pixels(const gcl_device_info *device, const gcl_shape *w)
{
    const size_t registers = gcl_block_channels(device) == 16 ? 32 : 16;
    const size_t kW = w->dim[3];

    return kW >= registers ? 0 : (registers - kW) / (w->dim[0] + 1);
}

const gcl_tunable gcl_conv2d_few_tunables[] = {
    [MR] = {"MR", 7, {1, 2, 3, 4, 5, 6, 7}},
    {NULL, 0, {0}},
};

void gcl_conv2d_few_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           gcl_tuning *out)
{
    const size_t most = few_pixels(device, gcl_in_shape(g, node, CONV2D_W)),
                 oW = gcl_out_shape(g, node)->dim[3];

    out->value[MR] = (int)(oW < most ? oW : most);
}

bool gcl_conv2d_few_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           const gcl_tuning *t, char *why, size_t why_bytes)
{
    const size_t most = few_pixels(device, gcl_in_shape(g, node, CONV2D_W));

    if (t->value[MR] >= 1 && (size_t)t->value[MR] <= most)
        return true;
    snprintf(why, why_bytes, "MR=%d, the registers leave 1 .. %zu", t->value[MR], most);
    return false;
}

bool gcl_conv2d_few_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                            char *why, size_t why_bytes)
{
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W);
    const int stride = gcl_conv2d_attr_of(node).stride;

    /* two rounds for each vector of a sum, and the end of it */
    if (!accepts(g, node, device, why, why_bytes) ||
        too_many_rounds(device,
                        2 * gcl_out_shape(g, node)->dim[3] *
                            (gcl_shape_count(w) / gcl_block_channels(device) + 2 * w->dim[0]),
                        why, why_bytes))
        return false;
    if (gcl_conv2d_attr_of(node).rH != 0) {
        snprintf(why, why_bytes, "a resize was absorbed");
        return false;
    }
    if (stride == 1 && w->dim[0] <= MAX_FEW && few_pixels(device, w) > 0)
        return true;
    snprintf(why, why_bytes, "stride %d, %zu output channels, kW %zu: needs 1 and few of both",
             stride, w->dim[0], w->dim[3]);
    return false;
}

gcl_status gcl_conv2d_few_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    const gcl_device_info *device = gcl_emit_device(e);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *w = gcl_in_shape(g, node, CONV2D_W);
    const gcl_shape *y = gcl_out_shape(g, node);
    gcl_launch l = {.program = "conv2d/few", .kernel = "conv2d_few_f32"};
    gcl_status st = GCL_OK;
    gcl_slot in;

    GCL_TRY(gcl_conv2d_emit_x(&in, e, g, node, true, err));

    snprintf(l.options, sizeof l.options, "-DVW=%zu -DNO=%zu -DKW=%zu", gcl_block_channels(device),
             w->dim[0], w->dim[3]);
    gcl_emit_tuning_options(e, &l);
    gcl_conv2d_tail_options(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_slot(in));
    gcl_launch_arg(&l, gcl_arg_slot(packed(e, node, true)));
    gcl_conv2d_tail_buffers(e, node, false, in, &l);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    set_values(g, node, x->dim[2], x->dim[3], &l);
    gcl_launch_arg(&l, gcl_arg_int(w->dim[2]));
    gcl_launch_arg(&l, gcl_arg_int((size_t)gcl_conv2d_attr_of(node).pad));
    gcl_launch_tiles(&l, device, y->dim[0] * y->dim[2], 1, 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}
