/* linear.c - the linear op: packed panels in blocks or tiles, CLBlast, and the plain kernel. */
#include "host/ops/linear.h"

#include <stdio.h>

#include "host/ops/common/linear_attr.h"
#include "host/ops/common/panels.h"
#include "host/ops/common/sgemm.h"

typedef gcl_linear_attr linear_attr;

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
    AHEAD = 64,           /* k, where a panel has one tile only */
    BLOCK_BYTES = 1 << 20 /* x of a block of rows, which every panel meets */
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

/* The rows of a tile that the registers leave, with two vectors of w. Not more tiles than that takes,
 * except to waste fewer rows of the last one; a tile's own cost is that of half a row. */
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

/* How tiles of MR rows form blocks. */
typedef struct block_rows {
    size_t tiles, blocks;
} block_rows;

static block_rows count_blocks(mnk s, size_t MR)
{
    const size_t n_tiles = gcl_div_up(s.M, MR), fit = BLOCK_BYTES / (MR * s.K * sizeof(float));
    const size_t blocks = gcl_div_up(n_tiles, fit < 1 ? 1 : fit);

    return (block_rows){gcl_div_up(n_tiles, blocks), blocks};
}

static void block_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         gcl_tuning *out)
{
    const mnk s = sizes(g, node);
    const size_t MR = choose_rows(is_wide(device), s.M);

    out->value[BLOCK_MR] = (int)MR;
    out->value[BLOCK_NV] = 2;
    out->value[BLOCK_AHEAD] = count_blocks(s, MR).tiles > 1 ? 0 : AHEAD;
}

/* Whether the driver ends no loop of a work-item, which have so many rounds together, at most. */
static bool few_rounds(const gcl_device_info *device, mnk s, int MR, int NV, char *why,
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
           few_rounds(device, sizes(g, node), MR, NV, why, why_bytes);
}

static bool block_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          char *why, size_t why_bytes)
{
    gcl_tuning t;

    if (!gcl_device_is_cpu(device)) {
        snprintf(why, why_bytes, "a work-item does the work of a CPU core");
        return false;
    }
    block_choose(g, node, device, &t);
    return block_allows(g, node, device, &t, why, why_bytes) &&
           is_packable(g, node, why, why_bytes);
}

static gcl_status emit_block(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const linear_attr a = attr_of(node);
    const mnk s = sizes(g, node);
    const gcl_tuning *t = gcl_emit_tuning(e);
    const block_rows rows = count_blocks(s, (size_t)t->value[BLOCK_MR]);
    const size_t VW = is_wide(gcl_emit_device(e)) ? 16 : 8, NR = (size_t)t->value[BLOCK_NV] * VW;
    gcl_launch l = {.program = "linear", .kernel = "linear_block_f32"};

    snprintf(l.options, sizeof l.options, "-DVW=%zu", VW);
    gcl_emit_tuning_options(e, &l);
    gcl_epilogue_options(&a.ep, &l);
    set_operands(e, node, &a, pack(e, node, NR, &l), s, &l);
    gcl_launch_tiles(&l, gcl_emit_device(e), rows.tiles, gcl_div_up(s.N, NR), rows.blocks);
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
    const size_t M = sizes(g, node).M;

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
    (void)device;
    return is_packable(g, node, why, why_bytes);
}

static gcl_status emit_panel(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const linear_attr a = attr_of(node);
    const mnk s = sizes(g, node);
    const gcl_tuning *t = gcl_emit_tuning(e);
    const size_t NR = (size_t)(t->value[PANEL_VW] * t->value[PANEL_NV]);
    gcl_launch l = {.program = "linear", .kernel = "linear_panel_f32"};

    gcl_emit_tuning_options(e, &l);
    gcl_epilogue_options(&a.ep, &l);
    set_operands(e, node, &a, pack(e, node, NR, &l), s, &l);
    gcl_launch_tiles(&l, gcl_emit_device(e), gcl_div_up(s.M, (size_t)t->value[PANEL_MR]),
                     gcl_div_up(s.N, NR), 1);
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
    {.name = "block_f32",
     .accepts = block_accepts,
     .emit = emit_block,
     .tunables = block_tunables,
     .choose = block_choose,
     .allows = block_allows},
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
    .attr_bytes = sizeof(linear_attr),
    .infer = infer,
    .flops = flops,
    .absorb = absorb,
    .variants = variants,
    .dim_names = dim_names,
    .dims = dims,
};
