/* layernorm.c - the layernorm op. */
#include "host/ops/layernorm.h"

#include <stdio.h>

#include "host/op.h"

enum { X, GAMMA, BETA, MORE };

static gcl_layernorm_attr attr_of(const gcl_node *node)
{
    gcl_layernorm_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_value gcl_layernorm(gcl_graph *g, gcl_value x, gcl_value gamma, gcl_value beta, float eps)
{
    const gcl_layernorm_attr attr = {.eps = eps};
    const gcl_value in[] = {x, gamma, beta};

    return gcl_graph_node(g, &gcl_op_layernorm, in, 3, &attr);
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, X);
    const double eps = (double)attr_of(node).eps;
    size_t C;

    GCL_TRY(gcl_check_operand(g, node, X, "x", GCL_F32, -1, err));
    if (x->rank < 1) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "layernorm: x is a scalar, needs rank 1 or more");
        goto done;
    }
    C = x->dim[x->rank - 1];
    GCL_TRY(gcl_check_shape(g, node, GAMMA, "gamma", GCL_SHAPE(C), err));
    GCL_TRY(gcl_check_shape(g, node, BETA, "beta", GCL_SHAPE(C), err));
    if (!(eps > 0)) {
        st = GCL_FAIL(err, GCL_E_ARG, "layernorm: eps is %g, needs to be > 0", eps);
        goto done;
    }
    *dtype = GCL_F32;
    *shape = *x;
done:
    return st;
}

/* Per element: sum; difference, square and sum; product with rstd, with gamma, sum with beta. */
static double flops(const gcl_graph *g, const gcl_node *node)
{
    return 7.0 * (double)gcl_shape_count(gcl_out_shape(g, node));
}

/* The last dim but one. */
static size_t rows(const gcl_shape *s)
{
    return s->rank > 1 ? s->dim[s->rank - 2] : 1;
}

static gcl_launch launch_of(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                            const char *kernel)
{
    const gcl_layernorm_attr a = attr_of(node);
    const gcl_value more = node->in[a.count > 0 ? MORE : X];
    const gcl_shape *y = gcl_out_shape(g, node), *from = &gcl_graph_tensor(g, more)->shape;
    const size_t T = rows(y), C = y->dim[y->rank - 1];
    gcl_launch l = {.program = "layernorm", .kernel = kernel};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[X])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[GAMMA])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[BETA])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, more)));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(T));
    gcl_launch_arg(&l, gcl_arg_int(T - (size_t)a.count));
    gcl_launch_arg(&l, gcl_arg_int(C));
    gcl_launch_arg(&l, gcl_arg_ulong(rows(from) * C));
    gcl_launch_arg(&l, gcl_arg_ulong((size_t)a.start * C));
    gcl_launch_arg(&l, gcl_arg_float(a.eps));
    return l;
}

static size_t n_rows(const gcl_graph *g, const gcl_node *node)
{
    return gcl_shape_count(gcl_out_shape(g, node)) / gcl_in_shape(g, node, GAMMA)->dim[0];
}

static bool row_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                        char *why, size_t why_bytes)
{
    (void)g;
    (void)node;
    if (gcl_device_is_cpu(device))
        return true;
    snprintf(why, why_bytes, "a work-item does the work of a CPU core");
    return false;
}

static gcl_status emit_row(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const gcl_device_info *device = gcl_emit_device(e);
    gcl_launch l = launch_of(e, g, node, "layernorm_row_f32");

    snprintf(l.options, sizeof l.options, "-DVW=%d", device->vector_width_f32 >= 16 ? 16 : 8);
    gcl_launch_tiles(&l, device, n_rows(g, node), 1, 1);
    return gcl_emit_launch(e, &l, err);
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    gcl_launch l = launch_of(e, g, node, "layernorm_plain_f32");

    gcl_launch_groups(&l, gcl_emit_device(e), n_rows(g, node), 1, 1);
    return gcl_emit_launch(e, &l, err);
}

static const gcl_variant variants[] = {
    {.name = "row_f32", .accepts = row_accepts, .emit = emit_row},
    {.name = "plain_f32", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_layernorm = {
    .name = "layernorm",
    .attr_bytes = sizeof(gcl_layernorm_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
