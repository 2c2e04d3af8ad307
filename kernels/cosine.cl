/*
 * cosine.cl - cosine similarity of every row of a with every row of b, fp32.
 *
 * Math       y[i,j] = sum_c a[i,c] * b[j,c] / max(|a[i,:]|, EPS) / max(|b[j,:]|, EPS)
 *
 * Operands   a      [A, d]     read
 *            b      [S, d]     read
 *            y      [A, S]     written
 *
 * Launch     one work-group per element, global = { S * WG, A }, local = { WG, 1 },
 *            4 * WG bytes local memory. The norms are summed again for each element: A and S
 *            are a few texts and images.
 * Tunables   WG     common/reduce.h
 * Numerics   every sum in fp32; a row of zeros gives 0. Any A, S and d >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     torch.nn.functional.cosine_similarity, which holds each norm to at least 1e-8
 */
#include "common/reduce.h"

#define EPS 1e-8f

__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void
cosine_plain_f32(__global const float *a, __global const float *b, __global float *y, const int d)
{
    __local float scratch[WG];
    const int lid = (int)get_local_id(0);
    const size_t S = get_num_groups(0);
    const size_t j = get_group_id(0);
    const size_t i = get_group_id(1);
    float ab = 0.0f, aa = 0.0f, bb = 0.0f;

    a += i * (size_t)d; /* a[i,:] */
    b += j * (size_t)d; /* b[j,:] */
    for (int c = lid; c < d; c += WG) {
        ab += a[c] * b[c];
        aa += a[c] * a[c];
        bb += b[c] * b[c];
    }
    ab = wg_sum(ab, scratch);
    aa = wg_sum(aa, scratch);
    bb = wg_sum(bb, scratch);
    if (lid == 0)
        y[i * S + j] = ab / fmax(sqrt(aa), EPS) / fmax(sqrt(bb), EPS);
}
