/* linear.c - the linear op: packed panels in blocks or tiles, CLBlast, and the plain kernel. */
#include "host/ops/linear.h"

#include <stdio.h>

#include "host/ops/common/epilogue.h"
#include "host/ops/common/panels.h"
#include "host/ops/common/sgemm.h"

typedef struct linear_attr {
    gcl_epilogue ep;
    int layout; /* gcl_linear_layout */
} linear_attr;

enum { X, W, MAX_M = 1 << 30 };

static linear_attr attr_of(const gcl_node *node)
{
    linear_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

/* ---- building ---- */

gcl_value gcl_linear(gcl_graph *g, gcl_value x, gcl_value w, gcl_value bias)
{
    const linear_attr attr = {.ep.has_bias = 1, .layout = GCL_LINEAR_NK};
    const gcl_value in[] = {x, w, bias};

    return gcl_graph_node(g, &gcl_op_linear, in, 3, &attr);
}

gcl_value gcl_linear_nobias(gcl_graph *g, gcl_value x, gcl_value w, gcl_linear_layout layout)
{
    const linear_attr attr = {.layout = layout};
    const gcl_value in[] = {x, w};

    return gcl_graph_node(g, &gcl_op_linear, in, 2, &attr);
}

typedef struct mnk {
    size_t M, N, K;
} mnk;

static mnk sizes(const gcl_graph *g, const gcl_node *node)
{
    const gcl_shape *x = gcl_in_shape(g, node, X), *w = gcl_in_shape(g, node, W);
    const bool kn = attr_of(node).layout == GCL_LINEAR_KN;
    mnk s = {1, w->dim[kn ? 1 : 0], w->dim[kn ? 0 : 1]};

    for (int i = 0; i + 1 < x->rank; i++)
        s.M *= x->dim[i];
    return s;
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X);
    const int bias = attr_of(node).ep.has_bias;
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, -1, err));
    GCL_TRY(gcl_check_operand(g, node, W, "w", GCL_F32, 2, err));
    if (x->rank < 1 || x->dim[x->rank - 1] != sizes(g, node).K) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "linear: x is %s, w needs its last dim to be K = %zu",
                      gcl_shape_text(text, sizeof text, x), sizes(g, node).K);
        goto done;
    }
    if (sizes(g, node).M > MAX_M) { /* kernels count rows, rounded up to groups of tiles, in int */
        st = GCL_FAIL(err, GCL_E_SHAPE, "linear: x is %s, its leading dims give M = %zu, limit %d",
                      gcl_shape_text(text, sizeof text, x), sizes(g, node).M, MAX_M);
        goto done;
    }
    if (bias)
        GCL_TRY(gcl_check_shape(g, node, 2, "bias", GCL_SHAPE(sizes(g, node).N), err));
    *dtype = GCL_F32;
    *shape = *x;
    shape->dim[x->rank - 1] = sizes(g, node).N;
done:
    return st;
}

static const char *const dim_names[] = {"M", "N", "K", NULL};

static void dims(const gcl_graph *g, const gcl_node *node, size_t *dim)
{
    const mnk s = sizes(g, node);

    dim[0] = s.M;
    dim[1] = s.N;
    dim[2] = s.K;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    const mnk s = sizes(g, node);
    const linear_attr a = attr_of(node);

    return (double)s.M * (double)s.N * (2.0 * (double)s.K + gcl_epilogue_flops(&a.ep));
}

static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    linear_attr a = attr_of(node);

    if (!gcl_epilogue_absorb(g, node, &a.ep, consumer))
        return false;
    memcpy(node->attr, &a, sizeof a);
    return true;
}

/* Arguments that the kernels of products share. */
static void set_operands(gcl_emit *e, const gcl_node *node, const linear_attr *a, gcl_slot w, mnk s,
                         gcl_launch *l)
{
    const gcl_slot x = gcl_emit_value(e, node->in[X]);

    gcl_launch_arg(l, gcl_arg_slot(x));
    gcl_launch_arg(l, gcl_arg_slot(w));
    gcl_epilogue_buffers(e, node, &a->ep, x, l);
    gcl_launch_arg(l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(l, gcl_arg_int(s.M));
    gcl_launch_arg(l, gcl_arg_int(s.N));
    gcl_launch_arg(l, gcl_arg_int(s.K));
    gcl_launch_arg(l, gcl_arg_float(a->ep.activation.slope));
}

static bool is_packable(const gcl_graph *g, const gcl_node *node, char *why, size_t why_bytes)
{
    if (gcl_graph_tensor(g, node->in[W])->kind == GCL_VALUE_WEIGHT)
        return true;
    snprintf(why, why_bytes, "w is not a weight and cannot be packed ahead");
    return false;
}

/* w in panels of nr columns, stored as the plan wants it, which the kernel is told. */
static gcl_slot pack(gcl_emit *e, const gcl_node *node, size_t nr, gcl_launch *l)
{
    const bool kn = attr_of(node).layout == GCL_LINEAR_KN;
    const bool half = gcl_emit_wants_half(e, node->in[W]);
    const size_t used = strlen(l->options);

    snprintf(l->options + used, sizeof l->options - used, " -DW_HALF=%d", half);
    return gcl_emit_packed(e, node->in[W], gcl_panels(nr, kn, half));
}

/* ---- block_f32 ---- */

enum {
    NV = 2,
    AHEAD = 64,           /* k, where a panel has one tile only */
    BLOCK_BYTES = 1 << 20 /* x of a block of rows, which every panel meets */
};

/* Tunables of linear_block, and how tiles of rows form blocks. */
typedef struct block_tile {
    size_t VW, MR, tiles, blocks;
} block_tile;

/* Rows of a tile: MR * NV sums, NV vectors of w and an element of x fit the vector registers, 32 of
 * 16 elements or 16 of 8. Not more tiles than that takes, except to waste fewer rows of the last one;
 * a tile's own cost is that of half a row. */
static size_t choose_rows(bool wide, size_t M)
{
    const size_t most = wide ? 14 : 6;
    size_t best = 0, cost = SIZE_MAX;

    for (size_t MR = most < M ? most : M; MR >= most / 2 || best == 0; MR--) {
        const size_t c = gcl_div_up(M, MR) * (2 * MR + 1);
        if (c < cost) {
            cost = c;
            best = MR;
        }
    }
    return best;
}

static block_tile choose_block(const gcl_device_info *device, mnk s)
{
    const bool wide = device->vector_width_f32 >= 16;
    const size_t MR = choose_rows(wide, s.M), n_tiles = gcl_div_up(s.M, MR);
    const size_t fit = BLOCK_BYTES / (MR * s.K * sizeof(float));
    const size_t blocks = gcl_div_up(n_tiles, fit < 1 ? 1 : fit);

    return (block_tile){wide ? 16 : 8, MR, gcl_div_up(n_tiles, blocks), blocks};
}

/* Rounds of all loops of a work-item, at most. */
static size_t count_rounds(size_t MR, mnk s)
{
    return s.K + MR * NV * 16;
}

static bool block_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          char *why, size_t why_bytes)
{
    const mnk s = sizes(g, node);
    const size_t rounds = count_rounds(choose_block(device, s).MR, s);

    if (!gcl_device_is_cpu(device))
        snprintf(why, why_bytes, "a work-item does the work of a CPU core");
    else if (device->max_rounds != 0 && rounds > device->max_rounds)
        snprintf(why, why_bytes,
                 "a work-item needs %zu rounds of its loops, the driver's limit is %zu", rounds,
                 device->max_rounds);
    else
        return is_packable(g, node, why, why_bytes);
    return false;
}

static gcl_status emit_block(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const linear_attr a = attr_of(node);
    const mnk s = sizes(g, node);
    const block_tile t = choose_block(gcl_emit_device(e), s);
    gcl_launch l = {.program = "linear", .kernel = "linear_block_f32"};

    snprintf(l.options, sizeof l.options, "-DVW=%zu -DNV=%d -DMR=%zu -DAHEAD=%d", t.VW, NV, t.MR,
             t.tiles > 1 ? 0 : AHEAD);
    gcl_epilogue_options(&a.ep, &l);
    set_operands(e, node, &a, pack(e, node, NV * t.VW, &l), s, &l);
    gcl_launch_tiles(&l, gcl_emit_device(e), t.tiles, gcl_div_up(s.N, NV * t.VW), t.blocks);
    return gcl_emit_launch(e, &l, err);
}

/* ---- panel_f32 ---- */

/* Sub-groups of 32 of Intel's GPUs have registers for three rows: docs/vendor-table.md. */
enum { PANEL = 8, PANEL_ROWS = 4, PANEL_GPU_ROWS = 3 };

static bool panel_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          char *why, size_t why_bytes)
{
    (void)device;
    return is_packable(g, node, why, why_bytes);
}

static gcl_status emit_panel(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const linear_attr a = attr_of(node);
    const mnk s = sizes(g, node);
    const bool cpu = gcl_device_is_cpu(gcl_emit_device(e));
    const size_t n_tiles = gcl_div_up(s.M, cpu ? PANEL_ROWS : PANEL_GPU_ROWS);
    gcl_launch l = {.program = "linear", .kernel = "linear_panel_f32"};

    snprintf(l.options, sizeof l.options, "-DVW=%d -DNV=1 -DMR=%zu", PANEL,
             gcl_div_up(s.M, n_tiles));
    gcl_epilogue_options(&a.ep, &l);
    set_operands(e, node, &a, pack(e, node, PANEL, &l), s, &l);
    gcl_launch_tiles(&l, gcl_emit_device(e), n_tiles, gcl_div_up(s.N, PANEL), 1);
    return gcl_emit_launch(e, &l, err);
}

/* ---- clblast_f32 ---- */

static gcl_status emit_clblast(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    const linear_attr a = attr_of(node);
    const mnk s = sizes(g, node);
    const gcl_sgemm product = {s.M, s.N, s.K, a.layout == GCL_LINEAR_NK, 0, 0};
    const gcl_slot y = gcl_emit_value(e, node->out);
    gcl_launch l = {.program = "linear", .kernel = "linear_epilogue_f32"};

    GCL_TRY(gcl_emit_sgemm(e, &product, gcl_emit_value(e, node->in[X]),
                           gcl_emit_value(e, node->in[W]), y, err));
    if (gcl_epilogue_is_empty(&a.ep))
        goto done;
    gcl_epilogue_options(&a.ep, &l);
    gcl_epilogue_buffers(e, node, &a.ep, y, &l);
    gcl_launch_arg(&l, gcl_arg_slot(y));
    gcl_launch_arg(&l, gcl_arg_int(s.M));
    gcl_launch_arg(&l, gcl_arg_int(s.N));
    gcl_launch_arg(&l, gcl_arg_float(a.ep.activation.slope));
    gcl_launch_items(&l, gcl_emit_device(e), s.N, s.M, 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}

/* ---- plain_f32 ---- */

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const linear_attr a = attr_of(node);
    const mnk s = sizes(g, node);
    gcl_launch l = {.program = "linear", .kernel = "linear_plain_f32"};

    snprintf(l.options, sizeof l.options, "-DW_KN=%d", a.layout == GCL_LINEAR_KN);
    gcl_epilogue_options(&a.ep, &l);
    set_operands(e, node, &a, gcl_emit_value(e, node->in[W]), s, &l);
    gcl_launch_items(&l, gcl_emit_device(e), s.N, s.M, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "block_f32", .accepts = block_accepts, .emit = emit_block},
    {.name = "panel_f32", .accepts = panel_accepts, .emit = emit_panel},
    {.name = "clblast_f32", .emit = emit_clblast},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_linear = {
    .name = "linear",
    .attr_bytes = sizeof(linear_attr),
    .infer = infer,
    .flops = flops,
    .absorb = absorb,
    .variants = variants,
    .dim_names = dim_names,
    .dims = dims,
};
