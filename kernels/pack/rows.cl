/*
 * rows.cl - a weight in rows of fp16, each a multiple of K_RUN long.
 *
 * Math       to[n,k] = from[n,k], or from[k,n] with KN; 0 for k >= K
 *
 * Operands   from  [N, K], or [K, N] with KN, in the type of its file   read
 *            to    [N, K rounded up to K_RUN]                           written
 *
 * Launch     one work-item per element, global = { N, K rounded up } with KN, which reads side by side,
 *            else { K rounded up, N }, rounded up; no local memory
 *
 * Tunables   KN   1 when from is [K, N]        default 0    0 | 1
 *            SRC                               common/source.h
 * Numerics   rounded once to fp16; any N and K >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef KN
#define KN 0
#endif

#include "common/source.h"

#define K_RUN 64

__kernel void pack_rows_f16(__global const source *from, __global half *to, const int N,
                            const int K)
{
    const int k = (int)get_global_id(KN ? 1 : 0), n = (int)get_global_id(KN ? 0 : 1);
    const int padded = (K + K_RUN - 1) / K_RUN * K_RUN;
    const size_t at = KN ? (size_t)k * (size_t)N + (size_t)n : (size_t)n * (size_t)K + (size_t)k;

    if (n < N && k < padded)
        vstore_half_rte(k < K ? read_source(from, at) : 0.0f,
                        (size_t)n * (size_t)padded + (size_t)k, to);
}
