/* linear.c - the linear op: its variants, of which those of GPUs are in common/linear_*.c. */
#include "host/ops/linear.h"

#include <stdio.h>

#include "host/ops/common/linear_attr.h"
#include "host/ops/common/linear_tile.h"
#include "host/ops/common/sgemm.h"

enum { X = GCL_LINEAR_X, W = GCL_LINEAR_W, MAX_M = 1 << 30 };

/* ---- building ---- */

gcl_value gcl_linear(gcl_graph *g, gcl_value x, gcl_value w, gcl_value bias)
{
    const gcl_linear_attr attr = {.ep.has_bias = 1, .layout = GCL_LINEAR_NK};
    const gcl_value in[] = {x, w, bias};

    return gcl_graph_node(g, &gcl_op_linear, in, 3, &attr);
}

gcl_value gcl_linear_nobias(gcl_graph *g, gcl_value x, gcl_value w, gcl_linear_layout layout)
{
    const gcl_linear_attr attr = {.layout = layout};
    const gcl_value in[] = {x, w};

    return gcl_graph_node(g, &gcl_op_linear, in, 2, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X);
    const int bias = gcl_linear_attr_of(node).ep.has_bias;
    gcl_linear_sizes s;
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, -1, err));
    GCL_TRY(gcl_check_operand(g, node, W, "w", GCL_F32, 2, err));
    s = gcl_linear_sizes_of(g, node);
    if (x->rank < 1 || x->dim[x->rank - 1] != s.K) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "linear: x is %s, w needs its last dim to be K = %zu",
                      gcl_shape_text(text, sizeof text, x), s.K);
        goto done;
    }
    if (s.M > MAX_M) { /* kernels count rows, rounded up to groups of tiles, in int */
        st = GCL_FAIL(err, GCL_E_SHAPE, "linear: x is %s, its leading dims give M = %zu, limit %d",
                      gcl_shape_text(text, sizeof text, x), s.M, MAX_M);
        goto done;
    }
    if (bias)
        GCL_TRY(gcl_check_shape(g, node, 2, "bias", GCL_SHAPE(s.N), err));
    *dtype = GCL_F32;
    *shape = *x;
    shape->dim[x->rank - 1] = s.N;
done:
    return st;
}

static const char *const dim_names[] = {"M", "N", "K", NULL};

static void dims(const gcl_graph *g, const gcl_node *node, size_t *dim)
{
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);

    dim[0] = s.M;
    dim[1] = s.N;
    dim[2] = s.K;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    const gcl_linear_attr a = gcl_linear_attr_of(node);

    return (double)s.M * (double)s.N * (2.0 * (double)s.K + gcl_epilogue_flops(&a.ep));
}

static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    gcl_linear_attr a = gcl_linear_attr_of(node);

    if (!gcl_epilogue_absorb(g, node, &a.ep, consumer))
        return false;
    memcpy(node->attr, &a, sizeof a);
    return true;
}

/* ---- block_f32 ---- */

enum {
    AHEAD = 64,            /* k, where a panel has one tile only */
    BLOCK_BYTES = 5 << 20, /* x of a block of rows, which every panel meets in the third cache */
    PART_TILES = 16, /* that kernels/linear.cl keeps sums of: not more read a panel in parts */
    PART = 1024,     /* most k of a part */
    ITEMS = 4        /* for each core, as some begin later than others */
};

enum { BLOCK_MR, BLOCK_NV, BLOCK_AHEAD };

static const gcl_tunable block_tunables[] = {
    [BLOCK_MR] = {"MR", 8, {1, 2, 4, 6, 8, 10, 12, 14}},
    [BLOCK_NV] = {"NV", 2, {1, 2}},
    [BLOCK_AHEAD] = {"AHEAD", 4, {0, 32, 64, 128}},
    {NULL, 0, {0}},
};

/* Whether the sums of a register tile, a vector of each column and an element of x fit the vector
 * registers, 32 of 16 elements or 16 of 8; what does not is correct and slow. */
static bool tile_fits(bool wide, int MR, int NV, char *why, size_t why_bytes)
{
    const int registers = wide ? 32 : 16;

    if (MR < 1 || MR > 16 || NV < 1 || NV > 2)
        snprintf(why, why_bytes, "MR=%d and NV=%d, needs 1 .. 16 and 1 .. 2", MR, NV);
    else if (MR * NV + NV + 1 > registers)
        snprintf(why, why_bytes, "MR=%d and NV=%d need %d of %d vector registers", MR, NV,
                 MR * NV + NV + 1, registers);
    else
        return true;
    return false;
}

static bool is_wide(const gcl_device_info *device)
{
    return device->vector_width_f32 >= 16;
}

static size_t vector_width(const gcl_device_info *device)
{
    return is_wide(device) ? 16 : 8;
}

/* The rows of a tile that the registers leave, with two vectors of w. Not more tiles than that takes,
 * except to waste fewer rows of the last one; a tile's own cost is that of a tenth of a row. */
static size_t choose_rows(bool wide, size_t M)
{
    const size_t most = wide ? 14 : 6;
    size_t best = 0, cost = SIZE_MAX;

    for (size_t MR = most < M ? most : M; MR >= most / 2 || best == 0; MR--) {
        const size_t c = gcl_div_up(M, MR) * (10 * MR + 1);
        if (c < cost) {
            cost = c;
            best = MR;
        }
    }
    return best;
}

/* How the work is shared out: tiles of MR rows form blocks, panels runs, and k parts. */
typedef struct block_grid {
    size_t tiles, blocks, runs, part;
} block_grid;

static block_grid grid_of(const gcl_device_info *device, gcl_linear_sizes s, size_t MR, size_t NR)
{
    const size_t n_tiles = gcl_div_up(s.M, MR), panels = gcl_div_up(s.N, NR);
    const size_t items = ITEMS * (size_t)device->compute_units, parts = gcl_div_up(s.K, PART);
    const size_t most = BLOCK_BYTES / (MR * s.K * sizeof(float));
    block_grid g = {.runs = panels < items ? panels : items};

    g.blocks = gcl_div_up(n_tiles, most < 1 ? 1 : most);
    if (g.blocks * g.runs < items)
        g.blocks = gcl_div_up(items, g.runs);
    if (device->max_rounds > 0) { /* as little as can be */
        g.blocks = n_tiles;
        g.runs = panels;
    }
    g.tiles = gcl_div_up(n_tiles, g.blocks);
    g.blocks = gcl_div_up(n_tiles, g.tiles);
    g.part = g.tiles > 1 && g.tiles <= PART_TILES ? gcl_div_up(s.K, parts) : s.K;
    return g;
}

static void block_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         gcl_tuning *out)
{
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    const size_t MR = choose_rows(is_wide(device), s.M);

    out->value[BLOCK_MR] = (int)MR;
    out->value[BLOCK_NV] = 2;
    out->value[BLOCK_AHEAD] =
        grid_of(device, s, MR, 2 * vector_width(device)).tiles > 1 ? 0 : AHEAD;
}

/* Whether the driver ends no loop of a work-item, which have so many rounds together, at most. */
static bool few_rounds(const gcl_device_info *device, gcl_linear_sizes s, int MR, int NV, char *why,
                       size_t why_bytes)
{
    const size_t rounds = s.K + (size_t)(MR * NV) * 16;

    if (device->max_rounds == 0 || rounds <= device->max_rounds)
        return true;
    snprintf(why, why_bytes, "a work-item needs %zu rounds of its loops, the driver's limit is %zu",
             rounds, device->max_rounds);
    return false;
}

static bool block_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         const gcl_tuning *t, char *why, size_t why_bytes)
{
    const int MR = t->value[BLOCK_MR], NV = t->value[BLOCK_NV];

    if (t->value[BLOCK_AHEAD] > 256) {
        snprintf(why, why_bytes, "AHEAD=%d, needs 0 .. 256", t->value[BLOCK_AHEAD]);
        return false;
    }
    return tile_fits(is_wide(device), MR, NV, why, why_bytes) &&
           few_rounds(device, gcl_linear_sizes_of(g, node), MR, NV, why, why_bytes);
}

static bool block_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          char *why, size_t why_bytes)
{
    if (gcl_device_is_cpu(device))
        return gcl_linear_is_packable(g, node, why, why_bytes);
    snprintf(why, why_bytes, "a work-item does the work of a CPU core");
    return false;
}

static gcl_status emit_block(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_linear_attr a = gcl_linear_attr_of(node);
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    const gcl_tuning *t = gcl_emit_tuning(e);
    const size_t VW = vector_width(gcl_emit_device(e)), NR = (size_t)t->value[BLOCK_NV] * VW;
    const block_grid grid = grid_of(gcl_emit_device(e), s, (size_t)t->value[BLOCK_MR], NR);
    gcl_launch l = {.program = "linear", .kernel = "linear_block_f32"};

    snprintf(l.options, sizeof l.options, "-DVW=%zu", VW);
    gcl_emit_tuning_options(e, &l);
    gcl_epilogue_options(&a.ep, &l);
    gcl_linear_operands(e, node, gcl_linear_panels(e, node, NR, &l), gcl_emit_value(e, node->out),
                        s, &l);
    gcl_launch_arg(&l, gcl_arg_int(grid.tiles));
    gcl_launch_arg(&l, gcl_arg_int(grid.part));
    gcl_launch_tiles(&l, gcl_emit_device(e), grid.runs, grid.blocks, 1);
    return gcl_emit_launch(e, &l, err);
}

/* ---- panel_f32 ---- */

enum { PANEL_VW, PANEL_NV, PANEL_MR, PANEL = 8, PANEL_ROWS = 4 };

static const gcl_tunable panel_tunables[] = {
    [PANEL_VW] = {"VW", 2, {8, 16}},
    [PANEL_NV] = {"NV", 2, {1, 2}},
    [PANEL_MR] = {"MR", 5, {1, 2, 4, 6, 8}},
    {NULL, 0, {0}},
};

static void panel_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         gcl_tuning *out)
{
    const size_t M = gcl_linear_sizes_of(g, node).M;

    (void)device;
    out->value[PANEL_VW] = PANEL;
    out->value[PANEL_NV] = 1;
    out->value[PANEL_MR] = (int)gcl_div_up(M, gcl_div_up(M, PANEL_ROWS));
}

static bool panel_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         const gcl_tuning *t, char *why, size_t why_bytes)
{
    const int VW = t->value[PANEL_VW];

    (void)g;
    (void)node;
    if (VW != 8 && VW != 16) {
        snprintf(why, why_bytes, "VW=%d, needs 8 or 16", VW);
        return false;
    }
    return tile_fits(is_wide(device), t->value[PANEL_MR], t->value[PANEL_NV], why, why_bytes);
}

static bool panel_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          char *why, size_t why_bytes)
{
    if (gcl_device_is_cpu(device))
        return gcl_linear_is_packable(g, node, why, why_bytes);
    snprintf(why, why_bytes, "a work-item is vector code for a CPU");
    return false;
}

static gcl_status emit_panel(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_linear_attr a = gcl_linear_attr_of(node);
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    const gcl_tuning *t = gcl_emit_tuning(e);
    const size_t NR = (size_t)(t->value[PANEL_VW] * t->value[PANEL_NV]);
    gcl_launch l = {.program = "linear", .kernel = "linear_panel_f32"};

    gcl_emit_tuning_options(e, &l);
    gcl_epilogue_options(&a.ep, &l);
    gcl_linear_operands(e, node, gcl_linear_panels(e, node, NR, &l), gcl_emit_value(e, node->out),
                        s, &l);
    gcl_launch_tiles(&l, gcl_emit_device(e), gcl_div_up(s.M, (size_t)t->value[PANEL_MR]),
                     gcl_div_up(s.N, NR), 1);
    return gcl_emit_launch(e, &l, err);
}

/* ---- clblast_f32 ---- */

static gcl_status emit_clblast(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_linear_attr a = gcl_linear_attr_of(node);
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    const gcl_sgemm product = {s.M, s.N, s.K, a.layout == GCL_LINEAR_NK, 0, 0};
    const gcl_slot y = gcl_emit_value(e, node->out);

    GCL_TRY(gcl_emit_sgemm(e, &product, gcl_emit_value(e, node->in[X]),
                           gcl_emit_value(e, node->in[W]), y, err));
    if (!gcl_epilogue_is_empty(&a.ep))
        GCL_TRY(gcl_linear_finish(e, g, node, y, 1, err));
done:
    return st;
}

/* ---- plain_f32 ---- */

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_linear_attr a = gcl_linear_attr_of(node);
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    gcl_launch l = {.program = "linear", .kernel = "linear_plain_f32"};

    snprintf(l.options, sizeof l.options, "-DW_KN=%d", a.layout == GCL_LINEAR_KN);
    gcl_epilogue_options(&a.ep, &l);
    gcl_linear_operands(e, node, gcl_emit_value(e, node->in[W]), gcl_emit_value(e, node->out), s,
                        &l);
    gcl_launch_items(&l, gcl_emit_device(e), s.N, s.M, 1);
    return gcl_emit_launch(e, &l, err);
}

#define TILE_VARIANT(dtype_name, row)                                                        \
    .name = dtype_name, .accepts = gcl_linear_tile_accepts, .emit = gcl_linear_##row##_emit, \
    .tunables = gcl_linear_##row##_tunables, .choose = gcl_linear_##row##_choose,            \
    .allows = gcl_linear_##row##_allows

static const gcl_variant variants[] = {
    {.name = "block_f32",
     .accepts = block_accepts,
     .emit = emit_block,
     .tunables = block_tunables,
     .choose = block_choose,
     .allows = block_allows},
    {TILE_VARIANT("mma_f16", mma), .rounds_to_f16 = true},
    {TILE_VARIANT("tiled_f32", tiled)},
    {TILE_VARIANT("subgroup_f32", subgroup)},
    {.name = "panel_f32",
     .accepts = panel_accepts,
     .emit = emit_panel,
     .tunables = panel_tunables,
     .choose = panel_choose,
     .allows = panel_allows},
    {.name = "clblast_f32", .emit = emit_clblast},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_linear = {
    .name = "linear",
    .attr_bytes = sizeof(gcl_linear_attr),
    .infer = infer,
    .flops = flops,
    .absorb = absorb,
    .variants = variants,
    .dim_names = dim_names,
    .dims = dims,
};
