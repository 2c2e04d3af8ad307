/*
 * tiled.cl - 2-D convolution as a matrix product whose columns are gathered on the way to local memory,
 * alone or behind a nearest resize, NCHW, fp32, with a fused end. For GPUs.
 *
 * Math       y[n,o,oh,ow] = finish(sum_{i,kh,kw} p[n,i,oh*stride-pad+kh,ow*stride-pad+kw]
 *                                  * w[o,i,kh,kw])
 *            with p = x resized to [pH,pW], never made, and 0 outside; common/conv_tail.h tells finish
 *
 * Operands   x         [N, I, H, W]                                          read
 *            w         [K, O rounded up to 128] zero-padded, terms k in the order i/KC, kh, kw, i%KC,
 *                      K = I rounded up to KC times KH * KW, rounded up to BK     read
 *            bias      [O]                                                   read when HAS_BIAS
 *            affine    [N, affine_step]                                      read when HAS_AFFINE
 *            residual  [N, O, rH, rW]                                        read when HAS_RESIDUAL
 *            y         [N, O, oH, oW]; when PARTS [parts, N, O, oH, oW], sums for
 *                      conv2d/finish.cl                                      written
 *
 * Launch     a group for BN pixels of all pictures, BM output channels and, when PARTS, one of the
 *            parts that the terms come in, of so many steps of BK:
 *            global = { ceil(N*oH*oW/BN) * WG, ceil(O/BM), parts }, local = { WG },
 *            local memory 4 * BK * (BM + BN) bytes
 *
 * Tunables   BM, BN, BK, TM, TN, WG            common/tile.h; BM divides 128; BN and WG one the
 *                                              other; BK*BN a multiple of WG
 *            PARTS   0: y is the result; 1: sums of a part of the terms     default 0
 *            KC      channels that are terms in a row: BK; or 1, where padding I would be waste
 *                                              default BK
 *            KH, KW, RESIZE                    common/window.h
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST   common/conv_tail.h
 *
 * Numerics   sums in fp32, k ascending; any sizes >= 1 with
 *            N*oH*oW, H*pH and W*pW within an int.
 * Needs      OpenCL C 1.2, no extensions; cl_intel_required_subgroup_size where it is.
 * Source     implicit GEMM: Chetlur et al. 2014 (arXiv:1410.0759)
 */
#include "common/tile.h"
#include "common/conv_tail.h"
#include "common/window.h"

#ifndef PARTS
#define PARTS 0
#endif
#ifndef KC
#define KC BK
#endif

#define O_ROOM 128                          /* columns of w are a multiple of it */
#define A_VECTORS (BK * BM / 4)             /* of a tile of w */
#define A_LOADS ((A_VECTORS + WG - 1) / WG) /* of them by a work-item */
#define B_LOADS (BK * BN / WG)              /* elements of x by a work-item */
#define PIXELS ((BN + WG - 1) / WG)         /* whose they are */

#if O_ROOM % BM != 0 || (WG % BN != 0 && BN % WG != 0) || BK * BN % WG != 0
#error "tiled: BM must divide 128, BN and WG one the other, and WG divide BK*BN"
#endif
#if KC != 1 && KC != BK
#error "tiled: KC must be 1 or BK"
#endif

/* The work-item's share of the terms k .. k + BK: A_LOADS vectors of w, B_LOADS elements of x. */
static inline void fetch(float4 a[A_LOADS], float b[B_LOADS], __global const float4 *w,
                         size_t w_step, const window p[PIXELS], int k)
{
    const int lid = (int)get_local_id(0);

#pragma unroll
    for (int l = 0; l < A_LOADS; l++) {
        const int at = lid + l * WG; /* of [BK, BM/4] */
        if (A_VECTORS % WG == 0 || at < A_VECTORS)
            a[l] = w[(size_t)(k + at / (BM / 4)) * w_step + (size_t)(at % (BM / 4))];
    }
#pragma unroll
    for (int j = 0; j < PIXELS; j++) {
        const int at = tap_at(&p[j], k / KC % (KH * KW)); /* of all terms when KC is BK */
#pragma unroll
        for (int l = j; l < B_LOADS; l += PIXELS) {
            const int row = (lid + l * WG) / BN, i = (k + row) / (KC * KH * KW) * KC;
            b[l] = KC == 1 ? read_tap(&p[j], i, tap_at(&p[j], (k + row) % (KH * KW)))
                           : read_tap(&p[j], k / (KC * KH * KW) * KC + row, at);
        }
    }
}

static inline void store(__local float4 *tile_a, __local float *tile_b, const float4 a[A_LOADS],
                         const float b[B_LOADS])
{
    const int lid = (int)get_local_id(0);

#pragma unroll
    for (int l = 0; l < A_LOADS; l++)
        if (A_VECTORS % WG == 0 || lid + l * WG < A_VECTORS)
            tile_a[lid + l * WG] = a[l];
#pragma unroll
    for (int l = 0; l < B_LOADS; l++)
        tile_b[lid + l * WG] = b[l];
}

/* Stores rows from m of the work-items' sums, which are in local memory. */
static inline void write_part(const tail *end, __global float *y, __local const float *sums, int m,
                              int N, int o0, int p0)
{
    const int P = end->oH * end->oW;

    for (int at = (int)get_local_id(0); at < TILE_PART * (BM / TM) * BN; at += WG) {
        const int o = o0 + tile_part_row(m, at / BN), p = p0 + at % BN;
        const int n = p / P, pixel = p % P;
        const size_t to = ((size_t)n * (size_t)end->O + (size_t)o) * (size_t)P + (size_t)pixel;
        if (n < N && o < end->O)
            y[to] =
                PARTS ? sums[at] : finish(end, sums[at], n, o, pixel / end->oW, pixel % end->oW);
    }
}

TILE_KERNEL __kernel void
conv2d_tiled_f32(__global const float *x, __global const float4 *w, __global const float *bias,
                 __global const float *affine, __global const float *residual, __global float *y,
                 const int N, const int I, const int H, const int W, const int O, const int oH,
                 const int oW, const int affine_step, const int affine_at, const int rH,
                 const int rW, const float slope, const float last_slope, const int pH,
                 const int pW, const int stride, const int pad, const int steps)
{
    __local float4 tiles[BK * (BM + BN) / 4];
    __local float *sums = (__local float *)tiles;
    __local float4 *tile_b = tiles + A_VECTORS;
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int p0 = (int)get_group_id(0) * BN, o0 = (int)get_group_id(1) * BM;
    const size_t w_step = ((size_t)O + O_ROOM - 1) / O_ROOM * (O_ROOM / 4);
    const int n_steps = ((I + KC - 1) / KC * KC * (KH * KW) + BK - 1) / BK;
    const int first = (int)get_group_id(2) * steps, last = min(first + steps, n_steps);
    float4 acc[TM][TNV], a[A_LOADS];
    float b[B_LOADS];
    const window whole = {x, I, H, W, pH, pW, 0, 0};
    window from[PIXELS];

    w += o0 / 4; /* w[0,o0] */
    y += get_group_id(2) * (size_t)N * (size_t)O * (size_t)(oH * oW);
#pragma unroll
    for (int l = 0; l < PIXELS; l++)
        from[l] =
            window_of(&whole, &end, N, stride, pad, p0 + ((int)get_local_id(0) + l * WG) % BN);
    tile_clear(acc);
    for (int step = first - 1; step < last; step++) {
        if (step + 1 < last) /* while the product hides the latency */
            fetch(a, b, w, w_step, from, (step + 1) * BK);
        if (step >= first)
            tile_multiply(acc, tiles, tile_b);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (step + 1 < last)
            store(tiles, (__local float *)tile_b, a, b);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#pragma unroll
    for (int m = 0; m < TM; m += TILE_PART) {
        tile_put_part(acc, m, tiles);
        barrier(CLK_LOCAL_MEM_FENCE);
        write_part(&end, y, sums, m, N, o0, p0);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}
