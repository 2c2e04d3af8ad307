/* grouped_linear.c - the grouped_linear op. */
#include "host/ops/grouped_linear.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/op.h"
#include "host/ops/activation.h"
#include "host/ops/common/panels.h"

enum { X, W, BIAS };

static gcl_activation_attr attr_of(const gcl_node *node)
{
    gcl_activation_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_grouped_linear(gcl_graph *g, gcl_value x, gcl_value w, gcl_value bias)
{
    const gcl_activation_attr attr = {.act = GCL_ACT_NONE};
    const gcl_value in[] = {x, w, bias};

    return gcl_graph_node(g, &gcl_op_grouped_linear, in, 3, &attr);
}

static const gcl_tensor *list_of(const gcl_graph *g, const gcl_node *node, int i)
{
    return gcl_graph_tensor(g, node->in[i]);
}

/* Shape of member j of list i. */
static const gcl_shape *member(const gcl_graph *g, const gcl_node *node, int i, int j)
{
    return &gcl_graph_tensor(g, list_of(g, node, i)->members[j])->shape;
}

/* Whether each layer reads all of x. */
static bool shares_x(const gcl_graph *g, const gcl_node *node)
{
    for (int j = 0; j < list_of(g, node, W)->n_members; j++)
        if (member(g, node, W, j)->dim[1] != gcl_in_shape(g, node, X)->dim[1])
            return false;
    return true;
}

/* Checks layer j and adds its columns. */
static gcl_status check_layer(const gcl_graph *g, const gcl_node *node, int j, size_t *N, size_t *K,
                              gcl_error *err)
{
    const gcl_shape *w = member(g, node, W, j), *bias = member(g, node, BIAS, j);
    char found[96], beside[96];

    if (w->rank != 2 || bias->rank != 1 || bias->dim[0] != w->dim[0])
        return GCL_FAIL(
            err, GCL_E_SHAPE, "grouped_linear: w[%d] is %s, bias[%d] %s, needs [N, K] and [N]", j,
            gcl_shape_text(found, sizeof found, w), j, gcl_shape_text(beside, sizeof beside, bias));
    *N += w->dim[0];
    *K += w->dim[1];
    return GCL_OK;
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_tensor *w = list_of(g, node, W), *bias = list_of(g, node, BIAS);
    size_t N = 0, K = 0;

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, 2, err));
    GCL_TRY(gcl_check_list(g, node, W, "w", err));
    GCL_TRY(gcl_check_list(g, node, BIAS, "bias", err));
    if (w->n_members == 0 || w->n_members != bias->n_members) {
        st = GCL_FAIL(err, GCL_E_ARG,
                      "grouped_linear: w lists %d weights, bias %d, needs as many, at least 1",
                      w->n_members, bias->n_members);
        goto done;
    }
    for (int j = 0; j < w->n_members; j++)
        GCL_TRY(check_layer(g, node, j, &N, &K, err));
    if (!shares_x(g, node) && K != gcl_in_shape(g, node, X)->dim[1]) {
        st = GCL_FAIL(err, GCL_E_SHAPE,
                      "grouped_linear: x has %zu columns, needs those of each layer or %zu, of all",
                      gcl_in_shape(g, node, X)->dim[1], K);
        goto done;
    }
    *dtype = GCL_F32;
    *shape = GCL_SHAPE(gcl_in_shape(g, node, X)->dim[0], N);
done:
    return st;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    const double act = attr_of(node).act != GCL_ACT_NONE ? 1 : 0;
    double sum = 0;

    for (int j = 0; j < list_of(g, node, W)->n_members; j++) {
        const gcl_shape *w = member(g, node, W, j);
        sum += (double)w->dim[0] * (2.0 * (double)w->dim[1] + 1.0 + act);
    }
    return (double)gcl_in_shape(g, node, X)->dim[0] * sum;
}

static bool absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    (void)g;
    if (consumer->op != &gcl_op_activation || attr_of(node).act != GCL_ACT_NONE)
        return false;
    memcpy(node->attr, consumer->attr, sizeof(gcl_activation_attr));
    return true;
}

/* ---- panel_f32 ---- */

/* As kernels/grouped_linear.cl has it. */
typedef struct panel {
    int32_t w, bias, x, K, y, N;
} panel;

/* NR rows of w of each layer, in the order of the columns of y. */
static size_t list_panels(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                          size_t NR, bool half, panel *out)
{
    const bool shared = shares_x(g, node);
    const size_t bias_run = NR * sizeof(float), align = device->mem_align_bytes;
    const size_t w_run = half ? bias_run / 2 : bias_run;
    size_t n = 0, w_at = 0, bias_at = 0, x_at = 0, y_at = 0;

    for (int j = 0; j < list_of(g, node, W)->n_members; j++) {
        const size_t N = member(g, node, W, j)->dim[0], K = member(g, node, W, j)->dim[1];

        w_at = gcl_round_up(w_at, align);
        bias_at = gcl_round_up(bias_at, align);
        for (size_t at = 0; at < N; at += NR, w_at += K * w_run, bias_at += bias_run, n++)
            if (out != NULL)
                out[n] = (panel){.w = (int32_t)(w_at / w_run),
                                 .bias = (int32_t)(bias_at / bias_run),
                                 .x = (int32_t)x_at,
                                 .K = (int32_t)K,
                                 .y = (int32_t)(y_at + at),
                                 .N = (int32_t)(N - at < NR ? N - at : NR)};
        x_at += shared ? 0 : K;
        y_at += N;
    }
    return n;
}

/* Vectors of a panel and rows of a tile: as many sums as the vector registers of a CPU hold, or those of
 * Intel's GPUs with sub-groups of 32: docs/vendor-table.md. */
typedef struct tile {
    size_t VW, NV, MR;
} tile;

static tile choose_tile(const gcl_device_info *device, size_t B)
{
    const size_t VW = gcl_block_channels(device);
    const size_t most = !gcl_device_is_cpu(device) ? 3 : VW == 16 ? 14 : 6;

    return (tile){VW, gcl_device_is_cpu(device) ? 2 : 1, gcl_div_up(B, gcl_div_up(B, most))};
}

static gcl_status emit_panel(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info *device = gcl_emit_device(e);
    const gcl_activation_attr a = attr_of(node);
    const size_t B = gcl_in_shape(g, node, X)->dim[0];
    const tile t = choose_tile(device, B);
    const size_t NR = t.NV * t.VW;
    const bool half = gcl_emit_wants_half(e, node->in[W]);
    const size_t n = list_panels(g, node, device, NR, half, NULL);
    gcl_launch l = {.program = "grouped_linear", .kernel = "grouped_linear_panel_f32"};
    panel *panels = malloc(n * sizeof *panels);

    if (panels == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "grouped_linear: host allocation failed");
    list_panels(g, node, device, NR, half, panels);
    snprintf(l.options, sizeof l.options, "-DVW=%zu -DNV=%zu -DMR=%zu -DACT=%d -DW_HALF=%d", t.VW,
             t.NV, t.MR, a.act, half);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[X])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_packed(e, node->in[W], gcl_panels(NR, false, half))));
    gcl_launch_arg(&l,
                   gcl_arg_slot(gcl_emit_packed(e, node->in[BIAS], gcl_panels(NR, false, false))));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_const(e, panels, n * sizeof *panels)));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(n));
    gcl_launch_arg(&l, gcl_arg_int(B));
    gcl_launch_arg(&l, gcl_arg_int(gcl_in_shape(g, node, X)->dim[1]));
    gcl_launch_arg(&l, gcl_arg_int(gcl_out_shape(g, node)->dim[1]));
    gcl_launch_arg(&l, gcl_arg_float(a.slope));
    gcl_launch_tiles(&l, device, gcl_div_up(B, t.MR), n, 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    free(panels);
    return st;
}

static const gcl_variant variants[] = {
    {.name = "panel_f32", .emit = emit_panel},
    {.name = NULL},
};

const gcl_op gcl_op_grouped_linear = {
    .name = "grouped_linear",
    .attr_bytes = sizeof(gcl_activation_attr),
    .infer = infer,
    .flops = flops,
    .absorb = absorb,
    .variants = variants,
};
