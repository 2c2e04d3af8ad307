/*
 * tiled.cl - matrix product with a weight, fp32, tiles in local memory, with a fused epilogue.
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
 * Launch     a work-group per tile of TM rows x TN columns and part of K, of `span` k,
 *            global = { ceil(N/TN) * WG, ceil(M/TM), parts }, local = { WG, 1, 1 },
 *            WG = TM/RM * TN/RN
 *            local mem = 4 * TK * (TM + 4 + TN) bytes
 *
 * Tunables   TM, TN   rows and columns of a work-group      default 64, 64   TN a multiple of NR
 *            TK       k that are in local memory at once    default 16       a multiple of 4
 *            RM, RN   rows and columns of a work-item       default 4, 4     RN a multiple of 4
 *            ALIGNED  1 when K and N are multiples of 4     default 0
 *            SIMD     size of sub-groups asked of Intel's compilers, with
 *                     cl_intel_required_subgroup_size; 0: none      default 0
 *            W_HALF   1 when w is stored in fp16            common/weight.h
 *            ACT, HAS_BIAS, HAS_RESIDUAL                    common/epilogue.h
 *            The next TK k are fetched into registers while the present ones are multiplied.
 *
 * Numerics   sums in fp32, k ascending within a part; any M, N, K >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Volkov, Demmel 2008; the register tile as in CLBlast's xgemm
 */
#ifndef TM
#define TM 64
#endif
#ifndef TN
#define TN 64
#endif
#ifndef TK
#define TK 16
#endif
#ifndef RM
#define RM 4
#endif
#ifndef RN
#define RN 4
#endif
#ifndef ALIGNED
#define ALIGNED 0
#endif
#ifndef SIMD
#define SIMD 0
#endif

#include "common/weight.h"
#include "common/epilogue.h"

#define NR 32
#define COLUMNS (TN / RN) /* work-items side by side */
#define WG (TM / RM * COLUMNS)
#define NV (RN / 4)     /* vectors of a work-item's row, COLUMNS of them apart */
#define X_STEP (TM + 4) /* keeps vectors aligned, and writes of a column apart */
#define X_VECS (TM * TK / 4)
#define W_VECS (TN * TK / 4)
#define X_EACH ((X_VECS + WG - 1) / WG)
#define W_EACH ((W_VECS + WG - 1) / WG)

#if TM % RM != 0 || TN % RN != 0 || TN % NR != 0 || TK % 4 != 0 || RN % 4 != 0
#error "linear/tiled: RM divides TM, RN divides TN; TN is a multiple of 32, TK and RN of 4"
#endif

/* x[m, k .. k+4), zero from k = end on */
static inline float4 load_x(__global const float *row, int k, int end)
{
    if (ALIGNED)
        return k < end ? *(__global const float4 *)(row + k) : (float4)(0.0f);
    return (float4)(k < end ? row[k] : 0.0f, k + 1 < end ? row[k + 1] : 0.0f,
                    k + 2 < end ? row[k + 2] : 0.0f, k + 3 < end ? row[k + 3] : 0.0f);
}

static inline float4 load_w(__global const WEIGHT *w, size_t at)
{
#if W_HALF
    return vload_half4(0, w + at);
#else
    return *(__global const float4 *)(w + at);
#endif
}

/* A work-item's share of TK rows of both operands from k0; rows past M and panels past N repeat the last
 * one, and what comes of them is dropped. */
static inline void fetch(float4 *x4, float4 *w4, __global const float *x, __global const WEIGHT *w,
                         int m0, int n0, int k0, int end, int M, int N, int K)
{
    const int lid = (int)get_local_id(0);

#pragma unroll
    for (int i = 0; i < X_EACH; i++) {
        const int at = min(lid + i * WG, X_VECS - 1);
        const int m = min(m0 + at / (TK / 4), M - 1);
        x4[i] = load_x(x + (size_t)m * (size_t)K, k0 + at % (TK / 4) * 4, end);
    }
#pragma unroll
    for (int i = 0; i < W_EACH; i++) {
        const int at = min(lid + i * WG, W_VECS - 1);
        const int k = k0 + at / (TN / 4), n = n0 + at % (TN / 4) * 4;
        const size_t panel = (size_t)min(n / NR, (N - 1) / NR);
        w4[i] = k < end ? load_w(w, (panel * (size_t)K + (size_t)k) * NR + (size_t)(n % NR))
                        : (float4)(0.0f);
    }
}

/* The same share into local memory: xs [TK, X_STEP], ws [TK, TN]. */
static inline void put(__local float *xs, __local float *ws, const float4 *x4, const float4 *w4)
{
    const int lid = (int)get_local_id(0);

#pragma unroll
    for (int i = 0; i < X_EACH; i++) {
        const int at = lid + i * WG;
        __local float *to = xs + at % (TK / 4) * 4 * X_STEP + at / (TK / 4);
        if (X_VECS % WG == 0 || at < X_VECS) {
            to[0] = x4[i].x;
            to[X_STEP] = x4[i].y;
            to[2 * X_STEP] = x4[i].z;
            to[3 * X_STEP] = x4[i].w;
        }
    }
#pragma unroll
    for (int i = 0; i < W_EACH; i++) {
        const int at = lid + i * WG;
        if (W_VECS % WG == 0 || at < W_VECS)
            *(__local float4 *)(ws + at * 4) = w4[i];
    }
}

/* y[m, n .. n+4) */
static inline void store(float4 sum, __global const float *bias, __global const float *residual,
                         __global float *y, int m, int n, int N, float slope)
{
    const size_t at = (size_t)m * (size_t)N + (size_t)n;
    const float s[4] = {sum.x, sum.y, sum.z, sum.w};
    float v[4];

#pragma unroll
    for (int j = 0; j < 4; j++)
        v[j] = n + j < N ? epilogue(s[j], bias, (size_t)(n + j), residual, at + (size_t)j, slope)
                         : 0.0f;
    if (!ALIGNED) {
        for (int j = 0; j < 4 && n + j < N; j++)
            y[at + (size_t)j] = v[j];
    } else if (n < N) {
        *(__global float4 *)(y + at) = (float4)(v[0], v[1], v[2], v[3]);
    }
}

#if SIMD > 0
#define SIMD_KERNEL __attribute__((intel_reqd_sub_group_size(SIMD)))
#else
#define SIMD_KERNEL
#endif

__attribute__((reqd_work_group_size(WG, 1, 1))) SIMD_KERNEL __kernel void
linear_tiled_f32(__global const float *x, __global const WEIGHT *w, __global const float *bias,
                 __global const float *residual, __global float *y, const int M, const int N,
                 const int K, const float slope, const int span)
{
    __local __attribute__((aligned(16))) float xs[TK * X_STEP], ws[TK * TN];
    const int n0 = (int)get_group_id(0) * TN, m0 = (int)get_group_id(1) * TM;
    const int column = (int)get_local_id(0) % COLUMNS * 4;
    const int row = (int)get_local_id(0) / COLUMNS * RM;
    const int start = (int)get_group_id(2) * span, end = min(start + span, K);
    float4 x4[X_EACH], w4[W_EACH], acc[RM][NV];

#pragma unroll
    for (int r = 0; r < RM; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            acc[r][v] = (float4)(0.0f);
    fetch(x4, w4, x, w, m0, n0, start, end, M, N, K);

    for (int k0 = start; k0 < end; k0 += TK) {
        barrier(CLK_LOCAL_MEM_FENCE); /* the previous k may still be being read */
        put(xs, ws, x4, w4);
        barrier(CLK_LOCAL_MEM_FENCE);
        fetch(x4, w4, x, w, m0, n0, k0 + TK, end, M, N, K);
#pragma unroll 4
        for (int k = 0; k < TK; k++) {
            float4 b[NV];
#pragma unroll
            for (int v = 0; v < NV; v++)
                b[v] = *(__local const float4 *)(ws + k * TN + v * COLUMNS * 4 + column);
#pragma unroll
            for (int r = 0; r < RM; r++) {
                const float a = xs[k * X_STEP + row + r];
#pragma unroll
                for (int v = 0; v < NV; v++)
                    acc[r][v] += a * b[v];
            }
        }
    }

    y += get_group_id(2) * (size_t)M * (size_t)N;
#pragma unroll
    for (int r = 0; r < RM; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            if (m0 + row + r < M)
                store(acc[r][v], bias, residual, y, m0 + row + r, n0 + v * COLUMNS * 4 + column, N,
                      slope);
}
