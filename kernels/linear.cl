/*
 * linear.cl - matrix product with a weight, fp32, with a fused epilogue.
 *
 * Math       y[m,n] = act(sum_k x[m,k] * w[n,k] + bias[n]) + residual[m,n]
 *
 * Operands   x         [M, K] row-major                       read
 *            w         linear_block, linear_panel: [N/NR, K, NR] panels of NR columns, zero-padded
 *                      linear_plain: [N, K], or [K, N] with W_KN = 1     read
 *            bias      [N]                                    read when HAS_BIAS
 *            residual  [M, N]                                 read when HAS_RESIDUAL
 *            parts     [n_parts, M, N]                        read by linear_epilogue; may be y
 *            y         [M, N] row-major                       written
 *
 * Launch     linear_block     one work-item per run of panels and block of tiles of MR rows,
 *                             global = { runs, ceil(ceil(M/MR)/block) }: it goes over the panels,
 *                             over parts of K, and over the tiles, so that a core reads a part of a
 *                             panel once from memory and finds it in its second cache; block is at
 *                             most PART_TILES where part is less than K
 *            linear_panel     one work-item per tile of MR rows x NR columns,
 *                             global = { ceil(M/MR), ceil(N/NR) } rounded up to the local size
 *            linear_plain     one work-item per element, global = { N, M } rounded up
 *            linear_epilogue  the sum of products of parts of K, or a library's one product, and the
 *                             epilogue; one work-item per element, the same
 *            no local memory
 *
 * Tunables   VW, NV, MR, NR = NV * VW             common/panel.h
 *            AHEAD  k that w is fetched ahead of  default 0    0 .. 256 (block)
 *                   its use; 0: the tiles of a block share in fetching what is next of it
 *            W_KN 1 when w is [K, N] (plain)      default 0    0 | 1
 *            W_HALF 1 when w is stored in fp16    common/weight.h (block, panel)
 *            ACT, HAS_BIAS, HAS_RESIDUAL          common/epilogue.h
 *            A core's own prefetching stops at the end of a page, which is soon reached.
 *
 * Numerics   sums in fp32, k ascending; any M, N, K >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     the register tile of BLIS' micro-kernel (Van Zee, van de Geijn 2015), one work-item
 *            a tile so that CPU runtimes turn it into straight vector code.
 */
#ifndef AHEAD
#define AHEAD 0
#endif
#ifndef W_KN
#define W_KN 0
#endif

#include "common/vec.h"
#include "common/weight.h"
#include "common/panel.h"
#include "common/prefetch.h"
#include "common/epilogue.h"

#define PART_TILES 16 /* most tiles of a block where K has parts */
#define LINES (AHEAD > 0 ? (NR * W_BYTES + 63) / 64 : 1) /* of a cache, fetched for a k */

static inline void load_sums(vec acc[MR][NV], const float *from)
{
#pragma unroll
    for (int r = 0; r < MR; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            acc[r][v] = VLOAD((size_t)(r * NV + v), from);
}

static inline void save_sums(vec acc[MR][NV], float *to)
{
#pragma unroll
    for (int r = 0; r < MR; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            VSTORE(acc[r][v], (size_t)(r * NV + v), to);
}

/* Where there are many rows, residual and y are in no cache when the tile ends. */
static inline void prefetch_tile(__global const float *residual, __global float *y, int m0, int n0,
                                 int N)
{
    const size_t first = (size_t)m0 * (size_t)N + (size_t)n0;

#pragma unroll
    for (int r = 0; r < MR; r++)
#pragma unroll
        for (int v = 0; v < NV; v++) {
            PREFETCH(residual + first + (size_t)r * (size_t)N + (size_t)(v * VW));
            PREFETCH(y + first + (size_t)r * (size_t)N + (size_t)(v * VW));
        }
}

/* y[m0 .. m0+MR, n0 .. n0+NR), as far as there is, from its sums. Those of a whole panel go from
 * registers to memory: by way of an array a layer of 50 rows takes up to 2 % more (PoCL 3.1, AVX-512). */
static inline void store_tile(vec acc[MR][NV], int m0, int n0, __global const float *bias,
                              __global const float *residual, __global float *y, int M, int N,
                              float slope)
{
    const int rows = min(MR, M - m0);
    const size_t first = (size_t)m0 * (size_t)N + (size_t)n0;
    float sum[MR * NR];

    if (n0 + NR <= N) {
#pragma unroll
        for (int r = 0; r < MR; r++)
            if (r < rows)
#pragma unroll
                for (int v = 0; v < NV; v++) {
                    const size_t at = first + (size_t)r * (size_t)N + (size_t)(v * VW);
                    VSTORE(
                        epilogue_vec(acc[r][v], bias, (size_t)(n0 + v * VW), residual, at, slope),
                        0, y + at);
                }
        return;
    }
    save_sums(acc, sum);
    for (int r = 0; r < rows; r++)
        for (int j = 0; n0 + j < N; j++) {
            const size_t at = first + (size_t)r * (size_t)N + (size_t)j;
            y[at] = epilogue(sum[r * NR + j], bias, (size_t)(n0 + j), residual, at, slope);
        }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
linear_block_f32(__global const float *x, __global const WEIGHT *w, __global const float *bias,
                 __global const float *residual, __global float *y, const int M, const int N,
                 const int K, const float slope, const int block, const int part)
{
    const int tile0 = (int)get_global_id(1) * block;
    const int n_tiles = min(block, (M + MR - 1) / MR - tile0);
    const int share = AHEAD > 0 ? NR : (NR + n_tiles - 1) / n_tiles;
    const long n_panels = (N + NR - 1) / NR, runs = (long)get_global_size(0);
    const int panel0 = (int)(n_panels * (long)get_global_id(0) / runs);
    const int panel1 = (int)(n_panels * ((long)get_global_id(0) + 1) / runs);
    float sums[PART_TILES][MR * NR];

    w += (size_t)panel0 * (size_t)K * NR; /* w[panel0,:,:] */
    for (int n0 = panel0 * NR; n0 < panel1 * NR; n0 += NR)
        for (int k0 = 0; k0 < K; k0 += part) {
            const int n_k = min(part, K - k0);
            for (int t = 0; t < n_tiles; t++) {
                const int m0 = (tile0 + t) * MR;
                __global const WEIGHT *ahead =
                    w + (AHEAD > 0 ? (size_t)NR * AHEAD : (size_t)n_k * (size_t)(NR + t * share));
                __global const float *row[MR];
                vec acc[MR][NV];
                start_tile(row, acc, x + k0, m0, M, K);
                if (k0 > 0)
                    load_sums(acc, sums[t]);
                if (HAS_RESIDUAL && k0 + n_k == K)
                    prefetch_tile(residual, y, m0, n0, N);
                for (int k = 0; k < n_k; k++) {
#pragma unroll
                    for (int i = 0; i < LINES; i++)
                        PREFETCH(ahead + k * share + i * (64 / W_BYTES));
                    MULTIPLY_COLUMN(row, acc, w, k);
                }
                if (k0 + n_k < K)
                    save_sums(acc, sums[t]);
                else
                    store_tile(acc, m0, n0, bias, residual, y, M, N, slope);
            }
            w += (size_t)n_k * NR;
        }
}

__kernel void linear_panel_f32(__global const float *x, __global const WEIGHT *w,
                               __global const float *bias, __global const float *residual,
                               __global float *y, const int M, const int N, const int K,
                               const float slope)
{
    const int m0 = (int)get_global_id(0) * MR;
    const int n0 = (int)get_global_id(1) * NR;

    if (m0 >= M || n0 >= N)
        return;

    __global const float *row[MR];
    vec acc[MR][NV];
    start_tile(row, acc, x, m0, M, K);
    w += get_global_id(1) * (size_t)K * NR; /* w[n0/NR,:,:] */
    multiply_panel(row, acc, w, K);

    store_tile(acc, m0, n0, bias, residual, y, M, N, slope);
}

__kernel void linear_plain_f32(__global const float *x, __global const float *w,
                               __global const float *bias, __global const float *residual,
                               __global float *y, const int M, const int N, const int K,
                               const float slope)
{
    const int n = (int)get_global_id(0);
    const int m = (int)get_global_id(1);

    if (m >= M || n >= N)
        return;
    x += (size_t)m * (size_t)K;
    const size_t step = W_KN ? (size_t)N : 1;
    w += W_KN ? (size_t)n : (size_t)n * (size_t)K;

    float sum = 0.0f;
    for (int k = 0; k < K; k++)
        sum += x[k] * w[(size_t)k * step];
    const size_t at = (size_t)m * (size_t)N + (size_t)n;
    y[at] = epilogue(sum, bias, (size_t)n, residual, at, slope);
}

__kernel void linear_epilogue_f32(__global const float *bias, __global const float *residual,
                                  __global const float *parts, __global float *y, const int M,
                                  const int N, const int n_parts, const float slope)
{
    const int n = (int)get_global_id(0);
    const int m = (int)get_global_id(1);

    if (m >= M || n >= N)
        return;
    const size_t at = (size_t)m * (size_t)N + (size_t)n;
    float sum = parts[at];
    for (int p = 1; p < n_parts; p++)
        sum += parts[at + (size_t)p * (size_t)M * (size_t)N];
    y[at] = epilogue(sum, bias, (size_t)n, residual, at, slope);
}
