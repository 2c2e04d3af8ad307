/*
 * panels.cl - a weight in panels of NR rows.
 *
 * Math       to[p,k,j] = from[p*NR+j, k], or from[k, p*NR+j] with KN; 0 for p*NR+j >= N
 *
 * Operands   from  [N, K], or [K, N] with KN, in the type of its file   read
 *            to    [ceil(N/NR), K, NR]                                  written
 *
 * Launch     one work-item per KB columns of a panel,
 *            global = { ceil(K/KB), ceil(N/NR) } rounded up; no local memory
 *
 * Tunables   NR   rows of a panel              default 16   >= 1
 *            KB   columns of a work-item       default 256  >= 1
 *            KN   1 when from is [K, N]        default 0    0 | 1
 *            SRC                               common/source.h
 *            W_HALF   type of to               common/weight.h
 *            Rows are read in runs of KB: the NR rows are often a power of two apart, and read side
 *            by side they would push each other out of the cache (PoCL 3.1: a quarter less time
 *            with runs of 256 than of 64).
 *
 * Numerics   exact, or rounded once to fp16; any N and K >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef NR
#define NR 16
#endif
#ifndef KB
#define KB 256
#endif
#ifndef KN
#define KN 0
#endif

#include "common/source.h"
#include "common/weight.h"

__kernel void pack_panels(__global const source *from, __global WEIGHT *to, const int N,
                          const int K)
{
    const int k0 = (int)get_global_id(0) * KB, n0 = (int)get_global_id(1) * NR;

    if (k0 >= K || n0 >= N)
        return;
    const int n_k = min(KB, K - k0), n_n = min(NR, N - n0);
    to += (get_global_id(1) * (size_t)K + (size_t)k0) * NR; /* to[n0/NR,k0,:] */

    if (KN) {
        for (int k = 0; k < n_k; k++) {
            const size_t row = (size_t)(k0 + k) * (size_t)N + (size_t)n0; /* from[k0+k,n0:] */
            for (int j = 0; j < n_n; j++)
                put_weight(read_source(from, row + (size_t)j), k * NR + j, to);
        }
    } else {
        for (int j = 0; j < n_n; j++) {
            const size_t row = (size_t)(n0 + j) * (size_t)K + (size_t)k0; /* from[n0+j,k0:] */
            float run[KB];
            for (int k = 0; k < n_k; k++)
                run[k] = read_source(from, row + (size_t)k);
            for (int k = 0; k < n_k; k++)
                put_weight(run[k], k * NR + j, to);
        }
    }
    for (int k = 0; k < n_k; k++)
        for (int j = n_n; j < NR; j++)
            put_weight(0.0f, k * NR + j, to);
}
