/** Embedding lookup. */
#ifndef GCL_HOST_OPS_EMBEDDING_H
#define GCL_HOST_OPS_EMBEDDING_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[b, t, :] = table[tokens[b, t], :].
 *
 * A token id outside 0 .. V-1 reads nothing and gives a row of NaN: ids arrive on the device at
 * run time, so whoever writes them checks them first.
 *
 * @param tokens  [B, T] i32
 * @param table   [V, d] f32
 * @return        [B, T, d]; GCL_E_SHAPE when a rank or type is not as above
 *
 * Source: torch.nn.Embedding.
 */
gcl_value gcl_embedding(gcl_graph *g, gcl_value tokens, gcl_value table);

#ifdef __cplusplus
}
#endif
#endif
