/** CLIP's pooling of text features. */
#ifndef GCL_HOST_OPS_POOL_EOT_H
#define GCL_HOST_OPS_POOL_EOT_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[b, :] = x[b, t, :] with t the position of the highest token id of text b, the first if there
 * are several: the end-of-text token has the highest id of CLIP's vocabulary.
 *
 * @param x       [B, T, d] f32
 * @param tokens  [B, T] i32
 * @return        [B, d]; GCL_E_SHAPE when B or T do not agree
 *
 * Source: encode_text in CLIP's model.py.
 */
gcl_value gcl_pool_eot(gcl_graph *g, gcl_value x, gcl_value tokens);

#ifdef __cplusplus
}
#endif
#endif
