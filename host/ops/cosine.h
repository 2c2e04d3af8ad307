/** Cosine similarity. */
#ifndef GCL_HOST_OPS_COSINE_H
#define GCL_HOST_OPS_COSINE_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[i, j] = a[i, :] . b[j, :] / (max(|a[i, :]|, eps) max(|b[j, :]|, eps)), eps = 1e-8: each row
 * with each. A row of zeros has similarity 0 to every other.
 *
 * @param a  [A, d] f32
 * @param b  [S, d] f32
 * @return   [A, S]; GCL_E_SHAPE when d does not agree
 *
 * Source: torch.nn.functional.cosine_similarity as PyTorch 2 documents and computes it. PyTorch
 * 1.9 documents max(|a| |b|, eps), which differs only where |a| or |b| or |a| |b| is below eps.
 */
gcl_value gcl_cosine(gcl_graph *g, gcl_value a, gcl_value b);

#ifdef __cplusplus
}
#endif
#endif
