/**
 * Weights in panels of a few rows, the layout that register tiles read: one vector of a panel is
 * what a tile multiplies with one element of x.
 */
#ifndef GCL_HOST_OPS_COMMON_PANELS_H
#define GCL_HOST_OPS_COMMON_PANELS_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * [N, K] (K: the product of all dims but the first) or, with kn, [K, N], as
 * [ceil(N/nr), K, nr], zero where a panel reaches beyond N.
 *
 * @param nr    rows of a panel: 8, 16 or 32
 * @param half  in f16, rounded to nearest
 */
const gcl_packing *gcl_panels(size_t nr, bool kn, bool half);

#ifdef __cplusplus
}
#endif
#endif
