/* conv2d.c - the conv2d op: packed panels, CLBlast on columns, and the plain kernel; others
 * in common/. */
#include "host/ops/conv2d.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"
#include "host/ops/common/conv2d_bilinear.h"
#include "host/ops/common/conv2d_blocked.h"
#include "host/ops/common/conv2d_mma.h"
#include "host/ops/common/conv2d_staged.h"
#include "host/ops/common/conv2d_tiled.h"
#include "host/ops/common/panels.h"
#include "host/ops/common/sgemm.h"
#include "host/ops/resize_nearest.h"

enum { X = CONV2D_X, W = CONV2D_W, MAX_COLUMNS = 512 };

/* ---- building ---- */

gcl_value gcl_conv2d(gcl_graph *g, gcl_value x, gcl_value w, gcl_value bias, int stride, int pad)
{
    const gcl_conv2d_attr attr = {.ep.has_bias = 1, .stride = stride, .pad = pad};
    const gcl_value in[] = {x, w, bias};

    return gcl_graph_node(g, &gcl_op_conv2d, in, 3, &attr);
}

gcl_value gcl_conv2d_nobias(gcl_graph *g, gcl_value x, gcl_value w, int stride, int pad)
{
    const gcl_conv2d_attr attr = {.stride = stride, .pad = pad};
    const gcl_value in[] = {x, w};

    return gcl_graph_node(g, &gcl_op_conv2d, in, 2, &attr);
}

static gcl_status check_sizes(const gcl_shape *x, const gcl_shape *w, int stride, int pad,
                              gcl_error *err)
{
    char tx[96], tw[96];

    if (stride < 1 || pad < 0)
        return GCL_FAIL(err, GCL_E_ARG, "conv2d: stride %d and pad %d, need >= 1 and >= 0", stride,
                        pad);
    if (x->dim[1] != w->dim[1])
        return GCL_FAIL(err, GCL_E_SHAPE, "conv2d: x is %s, w %s needs it to have %zu channels",
                        gcl_shape_text(tx, sizeof tx, x), gcl_shape_text(tw, sizeof tw, w),
                        w->dim[1]);
    for (int d = 2; d < 4; d++) {
        const size_t padded = x->dim[d] + 2 * (size_t)pad;
        if (padded < w->dim[d] || padded > INT32_MAX)
            return GCL_FAIL(err, GCL_E_SHAPE,
                            "conv2d: x is %s, with pad %d its dim %d needs to be in %zu .. %d",
                            gcl_shape_text(tx, sizeof tx, x), pad, d, w->dim[d], INT32_MAX);
    }
    return GCL_OK;
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *w = gcl_in_shape(g, node, W);
    gcl_shape x;

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, 4, err));
    GCL_TRY(gcl_check_operand(g, node, W, "w", GCL_F32, 4, err));
    x = gcl_conv2d_picture(g, node);
    GCL_TRY(check_sizes(&x, w, a.stride, a.pad, err));
    if (a.ep.has_bias)
        GCL_TRY(
            gcl_check_shape(g, node, gcl_epilogue_bias(&a.ep), "bias", GCL_SHAPE(w->dim[0]), err));
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(x.dim[0], w->dim[0], 0, 0);
    for (int d = 2; d < 4; d++)
        shape->dim[d] = (x.dim[d] + 2 * (size_t)a.pad - w->dim[d]) / (size_t)a.stride + 1;
done:
    return st;
}

/* Of x as it comes, before a resize that was taken in. Not the batch, so that a picture is the same in
 * any batch. */
static const char *const dim_names[] = {"I", "O", "kH", "kW", "stride", "H", "W", "oH", "oW", NULL};

static void dims(const gcl_graph *g, const gcl_node *node, size_t *dim)
{
    const gcl_shape *x = gcl_in_shape(g, node, X), *w = gcl_in_shape(g, node, W);
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t all[] = {
        w->dim[1], w->dim[0], w->dim[2], w->dim[3], (size_t)gcl_conv2d_attr_of(node).stride,
        x->dim[2], x->dim[3], y->dim[2], y->dim[3]};

    memcpy(dim, all, sizeof all);
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    const gcl_shape *w = gcl_in_shape(g, node, W);
    const double terms = (double)(w->dim[1] * w->dim[2] * w->dim[3]);

    const double before = gcl_conv2d_attr_of(node).has_before
                              ? 6.0 * (double)gcl_shape_count(gcl_in_shape(g, node, X))
                              : 0.0;

    return before + (double)gcl_shape_count(gcl_out_shape(g, node)) *
                        (2.0 * terms + gcl_conv2d_tail_flops(node));
}

/* y at a pixel needs x at this pixel only. */
static bool is_single_pixel(const gcl_graph *g, const gcl_node *node)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *w = gcl_in_shape(g, node, W);

    return w->dim[2] == 1 && w->dim[3] == 1 && a.stride == 1 && a.pad == 0 &&
           gcl_in_shape(g, node, X)->dim[2] <= INT32_MAX / gcl_in_shape(g, node, X)->dim[3];
}

static bool is_pointwise(const gcl_graph *g, const gcl_node *node)
{
    return is_single_pixel(g, node) && !gcl_conv2d_attr_of(node).ep.has_residual;
}

static bool by_sample(const gcl_graph *g, const gcl_node *node)
{
    return gcl_graph_tensor(g, node->in[CONV2D_W])->kind == GCL_VALUE_WEIGHT;
}

/* Whether rows of pixels do not matter, so that a picture is one row. */
static bool is_one_row(const gcl_graph *g, const gcl_node *node)
{
    return is_single_pixel(g, node) && !gcl_conv2d_resizes_residual(g, node);
}

/* Pixels in a row of the result; all of a picture where rows do not matter. */
static size_t width_of_rows(const gcl_graph *g, const gcl_node *node)
{
    const gcl_shape *y = gcl_out_shape(g, node);

    return is_one_row(g, node) ? y->dim[2] * y->dim[3] : y->dim[3];
}

/* Slot of the picture that is convolved: x, or what a launch before makes of it. */
static gcl_status emit_picture(gcl_slot *out, gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape picture = gcl_conv2d_picture(g, node);

    GCL_TRY(gcl_conv2d_emit_x(out, e, g, node, false, err));
    if (gcl_conv2d_attr_of(node).rH != 0)
        GCL_TRY(gcl_emit_resize_nearest(out, e, *out, gcl_in_shape(g, node, X), picture.dim[2],
                                        picture.dim[3], err));
done:
    return st;
}

/* Arguments that the panel and the plain kernel share; x is the slot of emit_picture. */
static void set_operands(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_slot x,
                         gcl_slot w, gcl_launch *l)
{
    const gcl_shape xs = gcl_conv2d_picture(g, node), *ys = gcl_out_shape(g, node);
    const size_t oW = width_of_rows(g, node);
    const bool one_row = is_one_row(g, node);

    gcl_conv2d_tail_options(g, node, l);
    gcl_launch_arg(l, gcl_arg_slot(x));
    gcl_launch_arg(l, gcl_arg_slot(w));
    gcl_conv2d_tail_buffers(e, node, false, x, l);
    gcl_launch_arg(l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(l, gcl_arg_int(xs.dim[0]));
    gcl_launch_arg(l, gcl_arg_int(xs.dim[1]));
    gcl_launch_arg(l, gcl_arg_int(one_row ? 1 : xs.dim[2]));
    gcl_launch_arg(l, gcl_arg_int(one_row ? xs.dim[2] * xs.dim[3] : xs.dim[3]));
    gcl_launch_arg(l, gcl_arg_int(ys->dim[1]));
    gcl_launch_arg(l, gcl_arg_int(ys->dim[2] * ys->dim[3] / oW));
    gcl_launch_arg(l, gcl_arg_int(oW));
    gcl_conv2d_tail_values(g, node, l);
    gcl_launch_arg(l, gcl_arg_int(gcl_in_shape(g, node, W)->dim[2]));
    gcl_launch_arg(l, gcl_arg_int((size_t)gcl_conv2d_attr_of(node).pad));
}

/* ---- panel_f32 ---- */

enum { VW, NV, MR };

static const gcl_tunable panel_tunables[] = {
    [VW] = {"VW", 2, {8, 16}},
    [NV] = {"NV", 2, {1, 2}},
    [MR] = {"MR", 5, {1, 2, 4, 6, 8}},
    {NULL, 0, {0}},
};

/* MR * NV accumulators and the operands of one step fit the vector registers: 32 of 16 elements,
 * or 16 of 8. Few output channels take a narrow vector, as the rest of it would be padding, and a row
 * of pixels is shared out evenly. */
static void panel_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         gcl_tuning *out)
{
    const bool wide = device->vector_width_f32 >= 16;
    const size_t O = gcl_in_shape(g, node, W)->dim[0], oW = width_of_rows(g, node);

    out->value[VW] = wide && O > 8 ? 16 : 8;
    out->value[NV] = O > (size_t)out->value[VW] ? 2 : 1;
    out->value[MR] = (int)gcl_div_up(oW, gcl_div_up(oW, wide ? 8 : 4));
}

static bool panel_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                         const gcl_tuning *t, char *why, size_t why_bytes)
{
    const gcl_shape *w = gcl_in_shape(g, node, W);
    const size_t stride = (size_t)gcl_conv2d_attr_of(node).stride;
    const size_t columns = ((size_t)t->value[MR] - 1) * stride + w->dim[3];

    (void)device;
    if ((t->value[VW] != 8 && t->value[VW] != 16) || t->value[NV] < 1 || t->value[NV] > 2 ||
        t->value[MR] < 1 || t->value[MR] > 16)
        snprintf(why, why_bytes, "VW=%d, NV=%d and MR=%d, needs 8 or 16, 1 .. 2 and 1 .. 16",
                 t->value[VW], t->value[NV], t->value[MR]);
    else if (columns > MAX_COLUMNS)
        snprintf(why, why_bytes, "kW %zu and stride %zu need %zu columns a work-item, limit %d",
                 w->dim[3], stride, columns, MAX_COLUMNS);
    else
        return true;
    return false;
}

static bool panel_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          char *why, size_t why_bytes)
{
    if (!gcl_device_is_cpu(device))
        snprintf(why, why_bytes, "a work-item is vector code for a CPU");
    else if (gcl_graph_tensor(g, node->in[W])->kind != GCL_VALUE_WEIGHT)
        snprintf(why, why_bytes, "w is not a weight and cannot be packed ahead");
    else
        return true;
    return false;
}

static gcl_status emit_panel(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *w = gcl_in_shape(g, node, W), *y = gcl_out_shape(g, node);
    const size_t oW = width_of_rows(g, node);
    const gcl_tuning *t = gcl_emit_tuning(e);
    const size_t NR = (size_t)(t->value[NV] * t->value[VW]);
    gcl_launch l = {.program = "conv2d", .kernel = "conv2d_panel_f32"};
    gcl_status st = GCL_OK;
    gcl_slot x;

    snprintf(l.options, sizeof l.options, "-DKW=%zu -DSTRIDE=%d", w->dim[3],
             gcl_conv2d_attr_of(node).stride);
    gcl_emit_tuning_options(e, &l);
    GCL_TRY(emit_picture(&x, e, g, node, err));
    set_operands(e, g, node, x, gcl_emit_packed(e, node->in[W], gcl_panels(NR, false, false)), &l);
    gcl_launch_tiles(&l, gcl_emit_device(e), gcl_div_up(oW, (size_t)t->value[MR]),
                     y->dim[0] * y->dim[2] * y->dim[3] / oW, gcl_div_up(y->dim[1], NR));
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}

/* ---- clblast_f32 ---- */

/* Column matrices are at most this large; a picture beyond goes to the plain kernel. */
#define MAX_COLUMN_BYTES ((size_t)1 << 30)

typedef struct column_sizes {
    size_t K, P; /* rows I * kH * kW, columns oH * oW */
} column_sizes;

static column_sizes sizes_of_columns(const gcl_graph *g, const gcl_node *node)
{
    const gcl_shape *w = gcl_in_shape(g, node, W), *y = gcl_out_shape(g, node);

    return (column_sizes){w->dim[1] * w->dim[2] * w->dim[3], y->dim[2] * y->dim[3]};
}

static bool clblast_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                            char *why, size_t why_bytes)
{
    const column_sizes c = sizes_of_columns(g, node);

    (void)device;
    if (c.K <= MAX_COLUMN_BYTES / sizeof(float) / c.P)
        return true;
    snprintf(why, why_bytes, "a column matrix of %zu x %zu, limit %zu bytes", c.K, c.P,
             MAX_COLUMN_BYTES);
    return false;
}

/* col[k,p] of picture n; picture is the slot of emit_picture */
static gcl_status emit_columns(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_slot picture, size_t n, gcl_slot col, gcl_error *err)
{
    const gcl_shape x = gcl_conv2d_picture(g, node), *w = gcl_in_shape(g, node, W);
    const gcl_shape *y = gcl_out_shape(g, node);
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const size_t values[] = {n,         x.dim[1],  x.dim[2],  x.dim[3],         y->dim[2],
                             y->dim[3], w->dim[2], w->dim[3], (size_t)a.stride, (size_t)a.pad};
    gcl_launch l = {.program = "conv2d", .kernel = "conv2d_columns_f32"};

    gcl_launch_arg(&l, gcl_arg_slot(picture));
    gcl_launch_arg(&l, gcl_arg_slot(col));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        gcl_launch_arg(&l, gcl_arg_int(values[i]));
    gcl_launch_items(&l, gcl_emit_device(e), y->dim[3], y->dim[2], sizes_of_columns(g, node).K);
    return gcl_emit_launch(e, &l, err);
}

/* y[n,:,:] = w [O,K] col [K,P], picture by picture, then the epilogue over all. */
static gcl_status emit_clblast(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    const column_sizes c = sizes_of_columns(g, node);
    const gcl_shape *y = gcl_out_shape(g, node);
    const gcl_slot out = gcl_emit_value(e, node->out);
    const gcl_slot col = gcl_emit_temp(e, c.K * c.P * sizeof(float));
    gcl_slot x;

    GCL_TRY(emit_picture(&x, e, g, node, err));
    for (size_t n = 0; n < y->dim[0]; n++) {
        const gcl_sgemm product = {y->dim[1], c.P, c.K, 0, 0, n * y->dim[1] * c.P};
        GCL_TRY(emit_columns(e, g, node, x, n, col, err));
        GCL_TRY(gcl_emit_sgemm(e, &product, gcl_emit_value(e, node->in[W]), col, out, err));
    }
    if (!gcl_conv2d_tail_is_empty(node))
        GCL_TRY(gcl_conv2d_emit_finish(e, g, node, out, 1, err));
done:
    return st;
}

/* ---- plain_f32 ---- */

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t oW = width_of_rows(g, node);
    gcl_launch l = {.program = "conv2d", .kernel = "conv2d_plain_f32"};
    gcl_status st = GCL_OK;
    gcl_slot x;

    GCL_TRY(emit_picture(&x, e, g, node, err));
    set_operands(e, g, node, x, gcl_emit_value(e, node->in[W]), &l);
    gcl_launch_arg(&l, gcl_arg_int(gcl_in_shape(g, node, W)->dim[3]));
    gcl_launch_arg(&l, gcl_arg_int((size_t)gcl_conv2d_attr_of(node).stride));
    gcl_launch_items(&l, gcl_emit_device(e), oW, y->dim[2] * y->dim[3] / oW, y->dim[0] * y->dim[1]);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}

/* ---- bilinear variants ---- */

#define BILINEAR_FUNCTIONS(variant, algorithm)                                                    \
    static bool variant##_accepts(const gcl_graph *g, const gcl_node *node,                       \
                                  const gcl_device_info *device, char *why, size_t why_bytes)     \
    {                                                                                             \
        return gcl_conv2d_bilinear_accepts(GCL_BILINEAR_##algorithm, g, node, device, why,        \
                                           why_bytes);                                            \
    }                                                                                             \
    static void variant##_choose(const gcl_graph *g, const gcl_node *node,                        \
                                 const gcl_device_info *device, gcl_tuning *out)                  \
    {                                                                                             \
        gcl_conv2d_bilinear_choose(GCL_BILINEAR_##algorithm, g, node, device, out);               \
    }                                                                                             \
    static bool variant##_allows(const gcl_graph *g, const gcl_node *node,                        \
                                 const gcl_device_info *device, const gcl_tuning *tuning,         \
                                 char *why, size_t why_bytes)                                     \
    {                                                                                             \
        return gcl_conv2d_bilinear_allows(GCL_BILINEAR_##algorithm, g, node, device, tuning, why, \
                                          why_bytes);                                             \
    }                                                                                             \
    static gcl_status variant##_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,       \
                                     gcl_error *err)                                              \
    {                                                                                             \
        return gcl_conv2d_bilinear_emit(GCL_BILINEAR_##algorithm, e, g, node, err);               \
    }
#define BILINEAR_ROW(variant, algorithm)       \
    {.name = #variant "_f32",                  \
     .accepts = variant##_accepts,             \
     .emit = variant##_emit,                   \
     .tunables = gcl_conv2d_bilinear_tunables, \
     .choose = variant##_choose,               \
     .allows = variant##_allows},

CONV2D_BILINEAR_VARIANTS(BILINEAR_FUNCTIONS)

#define STAGED_FUNCTIONS(variant, algorithm)                                                  \
    static bool variant##_accepts(const gcl_graph *g, const gcl_node *node,                   \
                                  const gcl_device_info *device, char *why, size_t why_bytes) \
    {                                                                                         \
        return gcl_conv2d_staged_accepts(GCL_BILINEAR_##algorithm, g, node, device, why,      \
                                         why_bytes);                                          \
    }                                                                                         \
    static void variant##_choose(const gcl_graph *g, const gcl_node *node,                    \
                                 const gcl_device_info *device, gcl_tuning *out)              \
    {                                                                                         \
        gcl_conv2d_staged_choose(GCL_BILINEAR_##algorithm, g, node, device, out);             \
    }                                                                                         \
    static gcl_status variant##_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,   \
                                     gcl_error *err)                                          \
    {                                                                                         \
        return gcl_conv2d_staged_emit(GCL_BILINEAR_##algorithm, e, g, node, err);             \
    }
#define STAGED_ROW(variant, algorithm)       \
    {.name = #variant "_f32",                \
     .accepts = variant##_accepts,           \
     .emit = variant##_emit,                 \
     .tunables = gcl_conv2d_staged_tunables, \
     .choose = variant##_choose,             \
     .allows = gcl_conv2d_staged_allows},

CONV2D_STAGED_VARIANTS(STAGED_FUNCTIONS)

static const gcl_variant variants[] = {
    CONV2D_BILINEAR_VARIANTS(BILINEAR_ROW){.name = "pointwise_f32",
                                           .accepts = gcl_conv2d_pointwise_accepts,
                                           .emit = gcl_conv2d_pointwise_emit,
                                           .tunables = gcl_conv2d_pointwise_tunables,
                                           .choose = gcl_conv2d_pointwise_choose,
                                           .allows = gcl_conv2d_pointwise_allows},
    {.name = "blocked_f32",
     .accepts = gcl_conv2d_blocked_accepts,
     .emit = gcl_conv2d_blocked_emit,
     .tunables = gcl_conv2d_blocked_tunables,
     .choose = gcl_conv2d_blocked_choose,
     .allows = gcl_conv2d_blocked_allows},
    {.name = "few_f32",
     .accepts = gcl_conv2d_few_accepts,
     .emit = gcl_conv2d_few_emit,
     .tunables = gcl_conv2d_few_tunables,
     .choose = gcl_conv2d_few_choose,
     .allows = gcl_conv2d_few_allows},
    {.name = "panel_f32",
     .accepts = panel_accepts,
     .emit = emit_panel,
     .tunables = panel_tunables,
     .choose = panel_choose,
     .allows = panel_allows},
    {.name = "mma_f16",
     .accepts = gcl_conv2d_mma_accepts,
     .emit = gcl_conv2d_mma_emit,
     .rounds_to_f16 = true,
     .tunables = gcl_conv2d_mma_tunables,
     .choose = gcl_conv2d_mma_choose,
     .allows = gcl_conv2d_mma_allows},
    CONV2D_STAGED_VARIANTS(STAGED_ROW){.name = "tiled_f32",
                                       .accepts = gcl_conv2d_tiled_accepts,
                                       .emit = gcl_conv2d_tiled_emit,
                                       .tunables = gcl_conv2d_tiled_tunables,
                                       .choose = gcl_conv2d_tiled_choose,
                                       .allows = gcl_conv2d_tiled_allows},
    {.name = "clblast_f32", .accepts = clblast_accepts, .emit = emit_clblast},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_conv2d = {
    .name = "conv2d",
    .attr_bytes = sizeof(gcl_conv2d_attr),
    .infer = infer,
    .flops = flops,
    .absorb = gcl_conv2d_absorb,
    .is_pointwise = is_pointwise,
    .by_sample = by_sample,
    .variants = variants,
    .dim_names = dim_names,
    .dims = dims,
    .any_batch = true,
};
