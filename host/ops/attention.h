/** Multi-head self-attention, without its projections. */
#ifndef GCL_HOST_OPS_ATTENTION_H
#define GCL_HOST_OPS_ATTENTION_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GCL_ATTENTION_MAX_T = 1024 }; /* one query's scores lie in local memory: 4 KiB */

/**
 * y = softmax(q k^T / sqrt(d_head)) v per head, heads concatenated; d_head = d_model / n_heads.
 * With causal, query t sees the keys 0 .. t. The scores are never written to global memory.
 *
 * @param qkv        [B, T, 3 * d_model] f32: q, k, v one after the other, as in_proj gives them
 * @param n_heads    >= 1
 * @param n_queries  Q, 1 .. T: only the first Q tokens ask; all are keys and values
 * @return           [B, Q, d_model]; GCL_E_ARG for n_heads 0, GCL_E_SHAPE when the last dim is not
 *                   a multiple of 3 * n_heads or Q is out of range, GCL_E_UNSUPPORTED when
 *                   T > GCL_ATTENTION_MAX_T
 *
 * Source: arXiv:1706.03762; torch.nn.MultiheadAttention.
 */
gcl_value gcl_attention(gcl_graph *g, gcl_value qkv, size_t n_heads, size_t n_queries, bool causal);

#ifdef __cplusplus
}
#endif
#endif
