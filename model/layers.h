/**
 * The parameterised layers that the models are written in: an op together with its weights, which
 * carry the checkpoint's names. All return GCL_NO_VALUE after an error (host/graph.h).
 */
#ifndef GCL_MODEL_LAYERS_H
#define GCL_MODEL_LAYERS_H

#include "host/ops/activation.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The weight PREFIX.SUFFIX. */
gcl_value gcl_layer_param(gcl_graph *g, const char *prefix, const char *suffix, gcl_shape shape);

/** PREFIX.weight [n_out, n_in] and PREFIX.bias on x [..., n_in]. */
gcl_value gcl_layer_linear(gcl_graph *g, gcl_value x, const char *prefix, size_t n_out);

/** PREFIX.weight [c_out, c_in, k, k] and PREFIX.bias on x [N, c_in, H, W], stride 1. */
gcl_value gcl_layer_conv(gcl_graph *g, gcl_value x, const char *prefix, size_t c_out, size_t k,
                         int pad);
gcl_value gcl_layer_conv_nobias(gcl_graph *g, gcl_value x, const char *prefix, size_t c_out,
                                size_t k, int pad);

/** PREFIX.weight and PREFIX.bias over the last axis, eps 1e-5. */
gcl_value gcl_layer_norm(gcl_graph *g, gcl_value x, const char *prefix);

/** GALIP's activation everywhere: LeakyReLU with slope 0.2. */
gcl_value gcl_layer_lrelu(gcl_graph *g, gcl_value x);

/**
 * CLIP's ResidualAttentionBlock PREFIX, with act in its MLP, of the tokens whose results are wanted.
 * CLIP's source permutes to [T, B, d_model] for torch's attention; here the permutes vanish.
 *
 * @param x    [B, Q, d_model]
 * @param all  [B, T, d_model] what x attends to, x itself or more tokens of which it is the first
 * @return     [B, Q, d_model]
 */
gcl_value gcl_layer_resblock(gcl_graph *g, gcl_value x, gcl_value all, const char *prefix,
                             size_t n_heads, bool causal, gcl_act act);

/** Dim i of a value; 0 after an error. */
size_t gcl_layer_dim(const gcl_graph *g, gcl_value v, int i);

#ifdef __cplusplus
}
#endif
#endif
