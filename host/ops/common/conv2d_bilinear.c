/* conv2d_bilinear.c - 3x3 convolutions on a CPU by bilinear algorithms, Winograd's among them. */
#include "host/ops/common/conv2d_bilinear.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"

/* Tunables of conv2d_bilinear: TR * NRV accumulators, NRV weights and one element of V fit the
 * vector registers, 32 of 16 elements or 16 of 8. */
enum { NRV = 2 };

static size_t vector_width(const gcl_device_info *device)
{
    return device->vector_width_f32 >= 16 ? 16 : 8;
}

static size_t tile_rows(const gcl_device_info *device)
{
    return vector_width(device) == 16 ? 12 : 6;
}

static size_t count_tiles(const gcl_bilinear *b, const gcl_shape *y)
{
    return y->dim[0] * gcl_bilinear_tiles(b, y->dim[2]) * gcl_bilinear_tiles(b, y->dim[3]);
}

/* Larger tiles multiply less for an output. But the largest must fit the picture, whose rest they
 * fill with zeros; and the weights to be read grow with the products, which takes some tiles to
 * share them. The batch size does not count: a picture is the same bit for bit in any batch. */
static bool large_enough(gcl_bilinear_name name, const gcl_shape *y)
{
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const size_t tiles = gcl_bilinear_tiles(b, y->dim[2]) * gcl_bilinear_tiles(b, y->dim[3]);

    switch (name) {
    case GCL_BILINEAR_F6:
        return 100 * tiles * b->NO * b->NO <= 112 * y->dim[2] * y->dim[3];
    case GCL_BILINEAR_F4:
    case GCL_BILINEAR_X2_6:
        return tiles >= 12;
    default:
        return true;
    }
}

/* Bytes that a worker's V and M may take: a part of a core's second-level cache, 0.5 to 2 MiB. */
enum { CACHE_BYTES = 384 << 10, MAX_TILES = 48 };

typedef struct layout {
    size_t vw, TR, tiles, workers;
    size_t T;              /* tiles of a block */
    size_t v_vecs, m_vecs; /* of one worker; v of all tiles when split */
    bool split;
} layout;

static size_t v_vecs(const gcl_bilinear *b, size_t IB, size_t T)
{
    return b->NV * b->NV * (IB * T + 1);
}

/* Fused: every block reads all weights. Split: every panel reads all transformed inputs, and so the
 * weights are read once. Whichever moves less. */
static layout choose_layout(const gcl_bilinear *b, const gcl_device_info *device,
                            const gcl_shape *x, const gcl_shape *y)
{
    layout l = {.vw = vector_width(device), .TR = tile_rows(device), .tiles = count_tiles(b, y)};
    const size_t IB = gcl_div_up(x->dim[1], l.vw), panels = gcl_div_up(y->dim[1], NRV * l.vw);
    const size_t terms = b->NV * b->NV, products = b->NU * b->NU;
    const size_t tile_bytes = (terms * IB + products * NRV) * l.vw * sizeof(float);
    size_t weight_vecs, input_vecs;

    l.T = gcl_round_up(CACHE_BYTES / tile_bytes, l.TR);
    l.T = l.T > MAX_TILES ? MAX_TILES : l.T < l.TR ? l.TR : l.T;
    weight_vecs = products * IB * l.vw * panels * NRV * gcl_div_up(l.tiles, l.T);
    input_vecs = v_vecs(b, IB, gcl_round_up(l.tiles, l.TR)) * panels;
    l.split = weight_vecs > input_vecs;
    if (l.split)
        l.T = MAX_TILES;
    if (l.T > gcl_round_up(l.tiles, l.TR))
        l.T = gcl_round_up(l.tiles, l.TR);
    l.workers = l.split ? panels : gcl_div_up(l.tiles, l.T);
    if (l.workers > device->compute_units)
        l.workers = device->compute_units;
    l.v_vecs = v_vecs(b, IB, l.split ? gcl_round_up(l.tiles, l.TR) : l.T);
    l.m_vecs = products * (l.T * NRV + 1);
    return l;
}

/* About how often the loops of a worker go round where no loop is unrolled: twice for a vector. */
static size_t count_rounds(const gcl_bilinear *b, const gcl_device_info *device, const gcl_shape *x,
                           const gcl_shape *y)
{
    const layout l = choose_layout(b, device, x, y);
    const size_t IB = gcl_div_up(x->dim[1], l.vw), panels = gcl_div_up(y->dim[1], NRV * l.vw);
    const size_t tiles = gcl_round_up(l.tiles, l.TR), products = b->NU * b->NU;
    const size_t sums = panels * products * tiles * NRV * IB * l.vw;
    const size_t inputs = l.split ? 0 : tiles * IB * 2 * b->NV * b->NV * l.vw;
    const size_t outputs = tiles * panels * NRV * (products + b->NO * b->NO * l.vw);

    return 2 * (sums + inputs + outputs) / l.workers;
}

bool gcl_conv2d_bilinear_accepts(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                                 const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *w = gcl_in_shape(g, node, CONV2D_W);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t vw = vector_width(device), up = (size_t)b->up, down = (size_t)b->down;
    const size_t rH = a.rH != 0 ? a.rH : x->dim[2], rW = a.rW != 0 ? a.rW : x->dim[3];

    if (!gcl_device_is_cpu(device))
        snprintf(why, why_bytes, "a work-item does the work of a CPU core");
    else if (gcl_graph_tensor(g, node->in[CONV2D_W])->kind != GCL_VALUE_WEIGHT)
        snprintf(why, why_bytes, "w is not a weight and cannot be transformed ahead");
    else if (w->dim[2] != 3 || w->dim[3] != 3 || a.stride != 1 || a.pad != 1)
        snprintf(why, why_bytes, "kernel %zux%zu, stride %d and pad %d, needs 3x3, 1 and 1",
                 w->dim[2], w->dim[3], a.stride, a.pad);
    else if (rH * down != x->dim[2] * up || rW * down != x->dim[3] * up)
        snprintf(why, why_bytes, "resize from %zux%zu to %zux%zu, needs %d/%d", x->dim[2],
                 x->dim[3], rH, rW, b->up, b->down);
    else if (x->dim[1] < vw || w->dim[0] < vw)
        snprintf(why, why_bytes, "%zu to %zu channels, needs %zu or more", x->dim[1], w->dim[0],
                 vw);
    else if (!large_enough(name, y))
        snprintf(why, why_bytes, "%zux%zu outputs do not suit tiles of %zu", y->dim[2], y->dim[3],
                 b->NO);
    else if (device->max_rounds != 0 && count_rounds(b, device, x, y) > device->max_rounds)
        snprintf(why, why_bytes,
                 "a work-item needs %zu rounds of its loops, the driver's limit is %zu",
                 count_rounds(b, device, x, y), device->max_rounds);
    else
        return true;
    return false;
}

static void set_sizes(gcl_launch *l, const gcl_shape *x, const gcl_shape *y)
{
    for (int d = 0; d < 4; d++)
        gcl_launch_arg(l, gcl_arg_int(x->dim[d]));
    for (int d = 1; d < 4; d++)
        gcl_launch_arg(l, gcl_arg_int(y->dim[d]));
}

/* A launch of n0 x n1 workers. */
static void set_workers(gcl_launch *l, size_t n0, size_t n1)
{
    l->dims = 2;
    l->global[0] = n0;
    l->global[1] = n1;
    l->local[0] = l->local[1] = 1;
}

gcl_status gcl_conv2d_bilinear_emit(gcl_bilinear_name name, gcl_emit *e, const gcl_graph *g,
                                    const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *y = gcl_out_shape(g, node);
    const layout t = choose_layout(b, gcl_emit_device(e), x, y);
    const size_t worker = (t.split ? t.m_vecs : t.v_vecs + t.m_vecs) * t.vw;
    const size_t Tv = gcl_round_up(t.tiles, t.TR), tW = gcl_bilinear_tiles(b, y->dim[3]);
    const gcl_slot in = gcl_emit_value(e, node->in[CONV2D_X]);
    const gcl_slot scratch = gcl_emit_temp(e, t.workers * worker * sizeof(float));
    gcl_slot v = in;
    gcl_launch l = {.program = "conv2d/bilinear",
                    .kernel = t.split ? "conv2d_bilinear_panels_f32" : "conv2d_bilinear_fused_f32"};

    snprintf(l.options, sizeof l.options, "-DVW=%zu -DTR=%zu -DNRV=%d -DALG=%d -DSPLIT=%d", t.vw,
             t.TR, NRV, b->alg, t.split);
    gcl_epilogue_options(&a.ep, &l);
    if (t.split) {
        gcl_launch first = l;
        v = gcl_emit_temp(e, t.v_vecs * t.vw * sizeof(float));
        first.kernel = "conv2d_bilinear_input_f32";
        gcl_launch_arg(&first, gcl_arg_slot(in));
        gcl_launch_arg(&first, gcl_arg_slot(v));
        set_sizes(&first, x, y);
        gcl_launch_arg(&first, gcl_arg_int(Tv));
        set_workers(&first, gcl_div_up(x->dim[1], t.vw), gcl_div_up(Tv, tW));
        GCL_TRY(gcl_emit_launch(e, &first, err));
    }
    gcl_launch_arg(&l, gcl_arg_slot(v));
    gcl_launch_arg(
        &l, gcl_arg_slot(gcl_emit_packed(e, node->in[CONV2D_W], gcl_bilinear_packing(name, t.vw))));
    gcl_epilogue_buffers(e, node, &a.ep, in, &l);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_slot(scratch));
    set_sizes(&l, x, y);
    if (t.split)
        gcl_launch_arg(&l, gcl_arg_int(Tv));
    gcl_launch_arg(&l, gcl_arg_int(t.T));
    gcl_launch_arg(&l, gcl_arg_ulong(worker));
    gcl_launch_arg(&l, gcl_arg_float(a.ep.activation.slope));
    set_workers(&l, t.workers, 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}
