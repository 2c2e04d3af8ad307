/* conv2d_attr.c - attributes of a conv2d node, and its end. */
#include "host/ops/common/conv2d_attr.h"

#include <stdio.h>

#include "host/ops/dfblk.h"

gcl_conv2d_attr gcl_conv2d_attr_of(const gcl_node *node)
{
    gcl_conv2d_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

gcl_shape gcl_conv2d_picture(const gcl_graph *g, const gcl_node *node)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    gcl_shape x = *gcl_in_shape(g, node, CONV2D_X);

    if (a.rH != 0) {
        x.dim[2] = a.rH;
        x.dim[3] = a.rW;
    }
    return x;
}

/* The operands end with a residual, the affine of the sum and that of x, as far as they are there. */
static int affine_operand(const gcl_conv2d_attr *a)
{
    return a->has_affine ? 2 + a->ep.has_bias + a->ep.has_residual : -1;
}

int gcl_conv2d_before(const gcl_conv2d_attr *a)
{
    return a->has_before ? 2 + a->ep.has_bias + a->ep.has_residual + a->has_affine : -1;
}

/* Moves the last operand before the n in front of it. */
static void move_last(gcl_node *node, int n)
{
    gcl_value *to = &node->in[node->n_in - 1 - n];
    const gcl_value last = to[n];

    memmove(to + 1, to, (size_t)n * sizeof *to);
    *to = last;
}

static bool absorb_dfblk(gcl_node *node, gcl_conv2d_attr *a, const gcl_node *dfblk)
{
    gcl_dfblk_attr attr;

    if (a->has_affine || a->ep.has_residual || a->last.act != GCL_ACT_NONE ||
        dfblk->in[0] != node->out)
        return false;
    memcpy(&attr, dfblk->attr, sizeof attr);
    a->has_affine = 1;
    a->affine_at = attr.at;
    node->in[node->n_in++] = dfblk->in[1];
    move_last(node, a->has_before);
    return true;
}

static bool absorb_last(const gcl_node *node, gcl_conv2d_attr *a, const gcl_node *activation)
{
    if ((!a->has_affine && !a->ep.has_residual) || a->last.act != GCL_ACT_NONE ||
        activation->in[0] != node->out)
        return false;
    memcpy(&a->last, activation->attr, sizeof a->last);
    return true;
}

static bool absorb_into_epilogue(const gcl_graph *g, gcl_node *node, gcl_conv2d_attr *a,
                                 const gcl_node *consumer)
{
    const int had_residual = a->ep.has_residual;

    if (a->last.act != GCL_ACT_NONE || !gcl_epilogue_absorb(g, node, &a->ep, consumer))
        return false;
    if (a->ep.has_residual != had_residual)
        move_last(node, a->has_affine + a->has_before);
    return true;
}

bool gcl_conv2d_absorb(const gcl_graph *g, gcl_node *node, const gcl_node *consumer)
{
    gcl_conv2d_attr a = gcl_conv2d_attr_of(node);

    if (!(consumer->op == &gcl_op_dfblk && absorb_dfblk(node, &a, consumer)) &&
        !(consumer->op == &gcl_op_activation && absorb_last(node, &a, consumer)) &&
        !absorb_into_epilogue(g, node, &a, consumer))
        return false;
    memcpy(node->attr, &a, sizeof a);
    return true;
}

bool gcl_conv2d_absorb_dfblk(gcl_node *dfblk, const gcl_node *conv)
{
    const gcl_value x = dfblk->in[0], affine = dfblk->in[1];
    gcl_conv2d_attr a = gcl_conv2d_attr_of(conv);
    gcl_dfblk_attr attr;

    if (conv->in[CONV2D_X] != dfblk->out || a.has_before)
        return false;
    memcpy(&attr, dfblk->attr, sizeof attr);
    a.has_before = 1;
    a.before_at = attr.at;
    *dfblk = *conv;
    dfblk->in[CONV2D_X] = x;
    dfblk->in[dfblk->n_in++] = affine;
    memcpy(dfblk->attr, &a, sizeof a);
    return true;
}

gcl_status gcl_conv2d_emit_x(gcl_slot *out, gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                             bool blocked, gcl_error *err)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_value x = node->in[CONV2D_X];

    *out = blocked ? gcl_emit_blocked(e, x) : gcl_emit_value(e, x);
    if (!a.has_before)
        return GCL_OK;
    return gcl_emit_dfblk(out, e, *out, gcl_in_shape(g, node, CONV2D_X),
                          gcl_emit_value(e, node->in[gcl_conv2d_before(&a)]),
                          gcl_in_shape(g, node, gcl_conv2d_before(&a))->dim[1], (size_t)a.before_at,
                          blocked, err);
}

bool gcl_conv2d_absorb_resize(const gcl_graph *g, gcl_node *resize, const gcl_node *conv)
{
    const gcl_value x = resize->in[0], resized = resize->out;
    gcl_conv2d_attr a = gcl_conv2d_attr_of(conv);
    const int residual = gcl_epilogue_residual(&a.ep);

    if (conv->in[CONV2D_X] == resized && a.rH == 0) {
        a.rH = gcl_graph_tensor(g, resized)->shape.dim[2];
        a.rW = gcl_graph_tensor(g, resized)->shape.dim[3];
        *resize = *conv;
        resize->in[CONV2D_X] = x;
    } else if (residual >= 0 && conv->in[residual] == resized &&
               !gcl_conv2d_resizes_residual(g, conv)) {
        *resize = *conv;
        resize->in[residual] = x;
    } else {
        return false;
    }
    memcpy(resize->attr, &a, sizeof a);
    return true;
}

/* Shape of the residual; of the result when there is none. */
static const gcl_shape *residual_shape(const gcl_graph *g, const gcl_node *node)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const int residual = gcl_epilogue_residual(&a.ep);

    return residual < 0 ? gcl_out_shape(g, node) : gcl_in_shape(g, node, residual);
}

bool gcl_conv2d_resizes_residual(const gcl_graph *g, const gcl_node *node)
{
    return !gcl_shape_equal(residual_shape(g, node), gcl_out_shape(g, node));
}

double gcl_conv2d_tail_flops(const gcl_node *node)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);

    return gcl_epilogue_flops(&a.ep) + (a.has_affine ? 6 : 0) +
           (a.last.act != GCL_ACT_NONE ? 1 : 0);
}

bool gcl_conv2d_tail_is_empty(const gcl_node *node)
{
    return gcl_conv2d_tail_flops(node) == 0;
}

void gcl_conv2d_tail_options(const gcl_graph *g, const gcl_node *node, gcl_launch *l)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const size_t used = strlen(l->options);

    snprintf(l->options + used, sizeof l->options - used,
             "%s-DACT=%d -DHAS_BIAS=%d -DHAS_AFFINE=%d -DHAS_RESIDUAL=%d -DLAST=%d",
             used ? " " : "", a.ep.activation.act, a.ep.has_bias, a.has_affine,
             a.ep.has_residual + gcl_conv2d_resizes_residual(g, node), a.last.act);
}

void gcl_conv2d_tail_buffers(gcl_emit *e, const gcl_node *node, bool blocked, gcl_slot filler,
                             gcl_launch *l)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const int operands[] = {gcl_epilogue_bias(&a.ep), affine_operand(&a),
                            gcl_epilogue_residual(&a.ep)};

    for (int i = 0; i < 3; i++) {
        const gcl_value v = operands[i] < 0 ? GCL_NO_VALUE : node->in[operands[i]];
        gcl_launch_arg(l, gcl_arg_slot(v == GCL_NO_VALUE   ? filler
                                       : i == 2 && blocked ? gcl_emit_blocked(e, v)
                                                           : gcl_emit_value(e, v)));
    }
}

void gcl_conv2d_tail_values(const gcl_graph *g, const gcl_node *node, gcl_launch *l)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *residual = residual_shape(g, node);
    const int affine = affine_operand(&a);

    gcl_launch_arg(l, gcl_arg_int(affine < 0 ? 0 : gcl_in_shape(g, node, affine)->dim[1]));
    gcl_launch_arg(l, gcl_arg_int((size_t)a.affine_at));
    gcl_launch_arg(l, gcl_arg_int(residual->dim[2]));
    gcl_launch_arg(l, gcl_arg_int(residual->dim[3]));
    gcl_launch_arg(l, gcl_arg_float(a.ep.activation.slope));
    gcl_launch_arg(l, gcl_arg_float(a.last.slope));
}

gcl_status gcl_conv2d_emit_finish(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                  gcl_slot parts, size_t n_parts, gcl_error *err)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    gcl_launch l = {.program = "conv2d/finish", .kernel = "conv2d_finish_f32"};

    gcl_conv2d_tail_options(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_slot(parts));
    gcl_conv2d_tail_buffers(e, node, false, parts, &l);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    for (int d = 0; d < 4; d++)
        gcl_launch_arg(&l, gcl_arg_int(y->dim[d]));
    gcl_conv2d_tail_values(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_int(n_parts));
    gcl_launch_items(&l, gcl_emit_device(e), y->dim[3], y->dim[2], y->dim[0] * y->dim[1]);
    return gcl_emit_launch(e, &l, err);
}
