/*
 * mma.cl - matrix product with a weight by matrix units, fp16 operands, fp32 sums, fused epilogue.
 *
 * Math       y[m,n] = act(sum_k x[m,k] * w[n,k] + bias[n]) + residual[m,n], x rounded to fp16
 *            or, in parts of K, y[p,m,n] = the sum over part p, for linear_epilogue to finish
 *
 * Operands   x         [M, K] row-major, fp32                      read
 *            w         [N, K rounded up to K_RUN], fp16, zero-padded     read
 *            bias      [N]                                         read when HAS_BIAS
 *            residual  [M, N]                                      read when HAS_RESIDUAL
 *            y         [M, N] row-major, or [parts, M, N]          written
 *
 * Launch     a work-group per tile of TM rows x TN columns and part of K, of `span` k,
 *            global = { ceil(N/TN) * WG, ceil(M/TM), parts }, local = { WG, 1, 1 },
 *            TM = SM * MI * FM, TN = SN * NI * FN, WG = SM * SN * FRAGMENT_LANES
 *            local mem = 4 * (TM + TN) * (TK/2 + 4) bytes, and common/fragment.h's
 *
 * Tunables   SM, SN   sub-groups below and beside each other in a work-group   default 1, 2
 *            MI, NI   fragments below and beside each other in a sub-group     default 2, 2
 *            TK       k that are in local memory at once   default 32   16 | 32 | 64
 *            FRAGMENT, FRAGMENT_NATIVE                      common/fragment.h
 *            ALIGNED  1 when K is a multiple of 4           default 0
 *            ACT, HAS_BIAS, HAS_RESIDUAL                    common/epilogue.h
 *            The next TK k are fetched into registers while the present ones are multiplied.
 *            The 4 pairs between rows in local memory keep lanes that read a column of pairs in
 *            different banks.
 *
 * Numerics   x and w rounded to fp16 once, x beyond its range to the largest; sums in fp32; any
 *            M, N, K >= 1.
 * Needs      common/fragment.h
 * Source     none
 */
#ifndef SM
#define SM 1
#endif
#ifndef SN
#define SN 2
#endif
#ifndef MI
#define MI 2
#endif
#ifndef NI
#define NI 2
#endif
#ifndef TK
#define TK 32
#endif
#ifndef ALIGNED
#define ALIGNED 0
#endif

#include "common/fragment.h"
#include "common/epilogue.h"

#define K_RUN 64 /* as packed */
#define TM (SM * MI * FM)
#define TN (SN * NI * FN)
#define WG (SM * SN * FRAGMENT_LANES)
#define PITCH (TK / 2 + 4) /* of a row in local memory, pairs */
#define X_VECS (TM * TK / 4)
#define W_VECS (TN * TK / 8)
#define X_EACH ((X_VECS + WG - 1) / WG)
#define W_EACH ((W_VECS + WG - 1) / WG)

#if K_RUN % TK != 0 || TK % FK != 0
#error "linear/mma: TK must be 16, 32 or 64"
#endif

/* x[m, k .. k+4), zero from k = end on */
static inline float4 load_x(__global const float *row, int k, int end)
{
    if (ALIGNED)
        return k < end ? *(__global const float4 *)(row + k) : (float4)(0.0f);
    return (float4)(k < end ? row[k] : 0.0f, k + 1 < end ? row[k + 1] : 0.0f,
                    k + 2 < end ? row[k + 2] : 0.0f, k + 3 < end ? row[k + 3] : 0.0f);
}

/* A work-item's share of TK k of both operands from k0; rows past M and N repeat the last one, and what
 * comes of them is dropped. */
static inline void fetch(float4 *x4, uint4 *w8, __global const float *x, __global const uint4 *w,
                         int m0, int n0, int k0, int end, int M, int N, int K)
{
    const int lid = (int)get_local_id(0);
    const size_t w_step = (size_t)((K + K_RUN - 1) / K_RUN * (K_RUN / 8));

#pragma unroll
    for (int i = 0; i < X_EACH; i++) {
        const int at = min(lid + i * WG, X_VECS - 1);
        const int m = min(m0 + at / (TK / 4), M - 1);
        x4[i] = load_x(x + (size_t)m * (size_t)K, k0 + at % (TK / 4) * 4, end);
    }
#pragma unroll
    for (int i = 0; i < W_EACH; i++) {
        const int at = min(lid + i * WG, W_VECS - 1);
        const int n = min(n0 + at / (TK / 8), N - 1);
        w8[i] = k0 < end ? w[(size_t)n * w_step + (size_t)(k0 / 8 + at % (TK / 8))] : (uint4)(0u);
    }
}

/* The same share into local memory, as fp16. */
static inline void put(__local uint *xs, __local uint *ws, const float4 *x4, const uint4 *w8)
{
    const int lid = (int)get_local_id(0);

#pragma unroll
    for (int i = 0; i < X_EACH; i++) {
        const int at = lid + i * WG;
        if (X_VECS % WG == 0 || at < X_VECS)
            *(__local uint2 *)(xs + at / (TK / 4) * PITCH + at % (TK / 4) * 2) =
                (uint2)(fragment_pair(x4[i].x, x4[i].y), fragment_pair(x4[i].z, x4[i].w));
    }
#pragma unroll
    for (int i = 0; i < W_EACH; i++) {
        const int at = lid + i * WG;
        if (W_VECS % WG == 0 || at < W_VECS)
            *(__local uint4 *)(ws + at / (TK / 8) * PITCH + at % (TK / 8) * 4) = w8[i];
    }
}

__attribute__((reqd_work_group_size(WG, 1, 1))) FRAGMENT_KERNEL __kernel void
linear_mma_f16(__global const float *x, __global const uint4 *w, __global const float *bias,
               __global const float *residual, __global float *y, const int M, const int N,
               const int K, const float slope, const int span)
{
    __local __attribute__((aligned(16))) uint xs[TM * PITCH], ws[TN * PITCH];
    __local uint exchange[SM * SN * FRAGMENT_EXCHANGE];
    const int lane = (int)get_local_id(0) % FRAGMENT_LANES;
    const int sg = (int)get_local_id(0) / FRAGMENT_LANES;
    const int row = sg / SN * MI * FM, column = sg % SN * NI * FN; /* of the sub-group's tile */
    const int n0 = (int)get_group_id(0) * TN, m0 = (int)get_group_id(1) * TM;
    const int start = (int)get_group_id(2) * span, end = min(start + span, K);
    __local uint *mine = exchange + sg * FRAGMENT_EXCHANGE;
    float4 x4[X_EACH];
    uint4 w8[W_EACH];
    fragment_sums acc[MI][NI];

    FRAGMENT_UNROLL
    for (int i = 0; i < MI; i++)
        FRAGMENT_UNROLL
    for (int j = 0; j < NI; j++)
        acc[i][j] = (fragment_sums)(0.0f);
    fetch(x4, w8, x, w, m0, n0, start, end, M, N, K);

    for (int k0 = start; k0 < end; k0 += TK) {
        barrier(CLK_LOCAL_MEM_FENCE); /* the previous k may still be being read */
        put(xs, ws, x4, w8);
        barrier(CLK_LOCAL_MEM_FENCE);
        fetch(x4, w8, x, w, m0, n0, k0 + TK, end, M, N, K);
        FRAGMENT_UNROLL
        for (int k = 0; k < TK / 2; k += FK / 2) {
            fragment_b b[NI];
            FRAGMENT_UNROLL
            for (int j = 0; j < NI; j++)
                b[j] = fragment_load_b(ws + (column + j * FN) * PITCH + k, PITCH, lane);
            FRAGMENT_UNROLL
            for (int i = 0; i < MI; i++) {
                const fragment_a a = fragment_load_a(xs + (row + i * FM) * PITCH + k, PITCH, lane);
                FRAGMENT_UNROLL
                for (int j = 0; j < NI; j++)
                    acc[i][j] = fragment_multiply(a, b[j], acc[i][j], mine, lane);
            }
        }
    }

    y += get_group_id(2) * (size_t)M * (size_t)N;
    FRAGMENT_UNROLL
    for (int i = 0; i < MI; i++)
        FRAGMENT_UNROLL
    for (int j = 0; j < NI; j++) {
        float sum[FRAGMENT_SUMS];
        FRAGMENT_STORE(acc[i][j], 0, sum);
#pragma unroll
        for (int s = 0; s < FRAGMENT_SUMS; s++) {
            const int m = m0 + row + i * FM + fragment_row(s, lane);
            const int n = n0 + column + j * FN + fragment_column(s, lane);
            const size_t at = (size_t)m * (size_t)N + (size_t)n;
            if (m < M && n < N)
                y[at] = epilogue(sum[s], bias, (size_t)n, residual, at, slope);
        }
    }
}
