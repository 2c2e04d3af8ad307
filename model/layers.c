/* layers.c - ops together with their weights. */
#include "model/layers.h"

#include <stdio.h>

#include "host/ops/add.h"
#include "host/ops/attention.h"
#include "host/ops/conv2d.h"
#include "host/ops/layernorm.h"
#include "host/ops/linear.h"

size_t gcl_layer_dim(const gcl_graph *g, gcl_value v, int i)
{
    return v == GCL_NO_VALUE ? 0 : gcl_graph_tensor(g, v)->shape.dim[i];
}

static size_t last_dim(const gcl_graph *g, gcl_value v)
{
    return v == GCL_NO_VALUE ? 0 : gcl_layer_dim(g, v, gcl_graph_tensor(g, v)->shape.rank - 1);
}

gcl_value gcl_layer_param(gcl_graph *g, const char *prefix, const char *suffix, gcl_shape shape)
{
    char name[256];

    snprintf(name, sizeof name, "%s.%s", prefix, suffix);
    return gcl_graph_weight(g, name, shape);
}

gcl_value gcl_layer_linear(gcl_graph *g, gcl_value x, const char *prefix, size_t n_out)
{
    if (x == GCL_NO_VALUE)
        return x;
    return gcl_linear(g, x, gcl_layer_param(g, prefix, "weight", GCL_SHAPE(n_out, last_dim(g, x))),
                      gcl_layer_param(g, prefix, "bias", GCL_SHAPE(n_out)));
}

gcl_value gcl_layer_conv(gcl_graph *g, gcl_value x, const char *prefix, size_t c_out, size_t k,
                         int pad)
{
    if (x == GCL_NO_VALUE)
        return x;
    return gcl_conv2d(
        g, x, gcl_layer_param(g, prefix, "weight", GCL_SHAPE(c_out, gcl_layer_dim(g, x, 1), k, k)),
        gcl_layer_param(g, prefix, "bias", GCL_SHAPE(c_out)), 1, pad);
}

gcl_value gcl_layer_conv_nobias(gcl_graph *g, gcl_value x, const char *prefix, size_t c_out,
                                size_t k, int pad)
{
    if (x == GCL_NO_VALUE)
        return x;
    return gcl_conv2d_nobias(
        g, x, gcl_layer_param(g, prefix, "weight", GCL_SHAPE(c_out, gcl_layer_dim(g, x, 1), k, k)),
        1, pad);
}

gcl_value gcl_layer_norm(gcl_graph *g, gcl_value x, const char *prefix)
{
    const size_t d = last_dim(g, x);

    if (x == GCL_NO_VALUE)
        return x;
    return gcl_layernorm(g, x, gcl_layer_param(g, prefix, "weight", GCL_SHAPE(d)),
                         gcl_layer_param(g, prefix, "bias", GCL_SHAPE(d)), 1e-5f);
}

gcl_value gcl_layer_lrelu(gcl_graph *g, gcl_value x)
{
    return gcl_activation(g, x, GCL_ACT_LEAKY_RELU, 0.2f);
}

gcl_value gcl_layer_resblock(gcl_graph *g, gcl_value x, gcl_value all, const char *prefix,
                             size_t n_heads, bool causal, gcl_act act)
{
    const size_t d_model = last_dim(g, x);
    char part[200];
    gcl_value h;

    if (x == GCL_NO_VALUE || all == GCL_NO_VALUE)
        return GCL_NO_VALUE;
    snprintf(part, sizeof part, "%s.ln_1", prefix);
    h = gcl_layer_norm(g, all, part);
    snprintf(part, sizeof part, "%s.attn", prefix);
    h = gcl_linear(g, h,
                   gcl_layer_param(g, part, "in_proj_weight", GCL_SHAPE(3 * d_model, d_model)),
                   gcl_layer_param(g, part, "in_proj_bias", GCL_SHAPE(3 * d_model)));
    h = gcl_attention(g, h, n_heads, gcl_layer_dim(g, x, 1), causal);
    snprintf(part, sizeof part, "%s.attn.out_proj", prefix);
    x = gcl_add(g, x, gcl_layer_linear(g, h, part, d_model), 1.0f);
    snprintf(part, sizeof part, "%s.ln_2", prefix);
    h = gcl_layer_norm(g, x, part);
    snprintf(part, sizeof part, "%s.mlp.c_fc", prefix);
    h = gcl_activation(g, gcl_layer_linear(g, h, part, 4 * d_model), act, 0.0f);
    snprintf(part, sizeof part, "%s.mlp.c_proj", prefix);
    return gcl_add(g, x, gcl_layer_linear(g, h, part, d_model), 1.0f);
}
