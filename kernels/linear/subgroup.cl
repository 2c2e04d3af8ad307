/*
 * subgroup.cl - matrix product with a weight, fp32, operands shared by lanes, with a fused epilogue.
 *
 * Math       y[m,n] = act(sum_k x[m,k] * w[n,k] + bias[n]) + residual[m,n]
 *            or, in parts of K, y[p,m,n] = the sum over part p, for linear_epilogue to finish
 *
 * Operands   x         [M, K] row-major                            read
 *            w         [ceil(N/NR), K, NR] panels of NR columns, zero-padded     read
 *            bias      [N]                                         read when HAS_BIAS
 *            residual  [M, N]                                      read when HAS_RESIDUAL
 *            y         [M, N] row-major, or [parts, M, N]          written
 *
 * Launch     a sub-group per tile of RM rows x LANES * RN columns and part of K, of `span` k, SG of them
 *            side by side in a work-group,
 *            global = { ceil(N / (SG * LANES * RN)) * WG, ceil(M/RM), parts }, local = { WG, 1, 1 },
 *            WG = SG * LANES
 *            local mem = 4 * WG * RM bytes where LANES_BY = 0, else none
 *
 * Tunables   RM       rows of a sub-group                   default 4    1 .. 16
 *            RN       columns of a lane                     default 2    1 .. 4
 *            SG       sub-groups of a work-group            default 2    >= 1
 *            LANES, LANES_BY                                common/lanes.h
 *            W_HALF   1 when w is stored in fp16            common/weight.h
 *            ACT, HAS_BIAS, HAS_RESIDUAL                    common/epilogue.h
 *            A lane reads w[n,:] of its own columns, and for all lanes one of LANES columns of x.
 *
 * Numerics   sums in fp32, k ascending within a part; any M, N, K >= 1.
 * Needs      common/lanes.h
 * Source     none
 */
#ifndef RM
#define RM 4
#endif
#ifndef RN
#define RN 2
#endif
#ifndef SG
#define SG 2
#endif

#include "common/lanes.h"
#include "common/weight.h"
#include "common/epilogue.h"

#define NR 32
#define WG (SG * LANES)

static inline float load_w(__global const WEIGHT *w, int k)
{
#if W_HALF
    return vload_half((size_t)k * NR, w);
#else
    return w[(size_t)k * NR];
#endif
}

__attribute__((reqd_work_group_size(WG, 1, 1))) LANES_KERNEL __kernel void
linear_subgroup_f32(__global const float *x, __global const WEIGHT *w, __global const float *bias,
                    __global const float *residual, __global float *y, const int M, const int N,
                    const int K, const float slope, const int span)
{
    __local float shown[SG * RM * LANES_SHOWN];
    const int lane = (int)get_local_id(0) % LANES, sg = (int)get_local_id(0) / LANES;
    const int n0 = ((int)get_group_id(0) * SG + sg) * LANES * RN + lane;
    const int m0 = (int)get_group_id(1) * RM;
    const int start = (int)get_group_id(2) * span, end = min(start + span, K);
    __local float *mine = shown + sg * RM * LANES_SHOWN;
    __global const WEIGHT *column[RN]; /* past the last panel: of that one; dropped below */
    float acc[RM][RN];

#pragma unroll
    for (int j = 0; j < RN; j++) {
        const int n = n0 + j * LANES;
        const size_t panel = (size_t)min(n / NR, (N - 1) / NR);
        column[j] = w + panel * (size_t)K * NR + (size_t)(n % NR); /* w[n,:] */
#pragma unroll
        for (int r = 0; r < RM; r++)
            acc[r][j] = 0.0f;
    }

    for (int k0 = start; k0 < end; k0 += LANES) {
        float a[RM];

        lanes_fence();
#pragma unroll
        for (int r = 0; r < RM; r++) {
            const size_t row = (size_t)min(m0 + r, M - 1) * (size_t)K; /* x[m,:] */
            a[r] = k0 + lane < end ? x[row + (size_t)(k0 + lane)] : 0.0f;
            lanes_show(mine + r * LANES_SHOWN, a[r], lane);
        }
        lanes_fence();
        for (int k = 0; k < min(LANES, end - k0); k++) {
            float b[RN];
#pragma unroll
            for (int j = 0; j < RN; j++)
                b[j] = load_w(column[j], k0 + k);
#pragma unroll
            for (int r = 0; r < RM; r++) {
                const float v = lane_value(mine + r * LANES_SHOWN, a[r], k);
#pragma unroll
                for (int j = 0; j < RN; j++)
                    acc[r][j] += v * b[j];
            }
        }
    }

    y += get_group_id(2) * (size_t)M * (size_t)N;
#pragma unroll
    for (int r = 0; r < RM; r++)
#pragma unroll
        for (int j = 0; j < RN; j++) {
            const int m = m0 + r, n = n0 + j * LANES;
            const size_t at = (size_t)m * (size_t)N + (size_t)n;
            if (m < M && n < N)
                y[at] = epilogue(acc[r][j], bias, (size_t)n, residual, at, slope);
        }
}
