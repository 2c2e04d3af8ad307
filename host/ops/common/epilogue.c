/* epilogue.c - bias, activation and residual of linear and conv2d. */
#include "host/ops/common/epilogue.h"

#include <stdio.h>

#include "host/ops/add.h"

int gcl_epilogue_bias(const gcl_epilogue *ep)
{
    return ep->has_bias ? 2 : -1;
}

int gcl_epilogue_residual(const gcl_epilogue *ep)
{
    return ep->has_residual ? 2 + ep->has_bias : -1;
}

static bool absorb_add(const gcl_graph *g, gcl_node *node, gcl_epilogue *ep, const gcl_node *add)
{
    gcl_add_attr attr;
    const int other = add->in[0] == node->out ? 1 : 0;

    memcpy(&attr, add->attr, sizeof attr);
    if (ep->has_residual || attr.alpha != 1.0f || add->n_in != 2 ||
        add->in[1 - other] != node->out ||
        !gcl_shape_equal(gcl_in_shape(g, add, other), gcl_out_shape(g, node)))
        return false;
    ep->has_residual = 1;
    node->in[node->n_in++] = add->in[other];
    return true;
}

bool gcl_epilogue_absorb(const gcl_graph *g, gcl_node *node, gcl_epilogue *ep,
                         const gcl_node *consumer)
{
    if (strcmp(consumer->op->name, "add") == 0)
        return absorb_add(g, node, ep, consumer);
    if (strcmp(consumer->op->name, "activation") == 0 && consumer->in[0] == node->out &&
        ep->activation.act == GCL_ACT_NONE && !ep->has_residual) {
        memcpy(&ep->activation, consumer->attr, sizeof ep->activation);
        return true;
    }
    return false;
}

bool gcl_epilogue_is_empty(const gcl_epilogue *ep)
{
    return !ep->has_bias && !ep->has_residual && ep->activation.act == GCL_ACT_NONE;
}

double gcl_epilogue_flops(const gcl_epilogue *ep)
{
    return (ep->has_bias ? 1 : 0) + (ep->has_residual ? 1 : 0) +
           (ep->activation.act != GCL_ACT_NONE ? 1 : 0);
}

void gcl_epilogue_options(const gcl_epilogue *ep, gcl_launch *launch)
{
    const size_t used = strlen(launch->options);

    snprintf(launch->options + used, sizeof launch->options - used,
             "%s-DACT=%d -DHAS_BIAS=%d -DHAS_RESIDUAL=%d", used ? " " : "", ep->activation.act,
             ep->has_bias, ep->has_residual);
}

void gcl_epilogue_buffers(gcl_emit *e, const gcl_node *node, const gcl_epilogue *ep,
                          gcl_slot filler, gcl_launch *launch)
{
    const int bias = gcl_epilogue_bias(ep), residual = gcl_epilogue_residual(ep);

    gcl_launch_arg(launch, gcl_arg_slot(bias < 0 ? filler : gcl_emit_value(e, node->in[bias])));
    gcl_launch_arg(launch,
                   gcl_arg_slot(residual < 0 ? filler : gcl_emit_value(e, node->in[residual])));
}
