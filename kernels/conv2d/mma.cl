/*
 * mma.cl - 2-D convolution as a matrix product by matrix units whose columns are gathered on the way to
 * local memory, alone or behind a nearest resize, NCHW, fp16 operands, fp32 sums, with a fused end.
 *
 * Math       y[n,o,oh,ow] = finish(sum_{i,kh,kw} p[n,i,oh*stride-pad+kh,ow*stride-pad+kw]
 *                                  * w[o,i,kh,kw])
 *            with p = x resized to [pH,pW], rounded to fp16, and 0 outside; common/conv_tail.h tells
 *            finish
 *
 * Operands   x         [N, I, H, W]                                          read
 *            w         [O, K], fp16, terms k in the order i/KC, kh, kw, i%KC,
 *                      K = I rounded up to KC times KH * KW, zero-padded     read
 *            bias      [O]                                                   read when HAS_BIAS
 *            affine    [N, affine_step]                                      read when HAS_AFFINE
 *            residual  [N, O, rH, rW]                                        read when HAS_RESIDUAL
 *            y         [N, O, oH, oW]; when PARTS [parts, N, O, oH, oW], sums for
 *                      conv2d/finish.cl                                      written
 *
 * Launch     a group for TN pixels of all pictures, TM output channels and, when PARTS, one of the
 *            parts that the terms come in, of so many steps of KC:
 *            global = { ceil(N*oH*oW/TN) * WG, ceil(O/TM), parts }, local = { WG },
 *            TM = SM * MI * FM, TN = SN * NI * FN, WG = SM * SN * FRAGMENT_LANES
 *            local mem = 4 * max((TM + TN) * 20, SM * FM * TN) bytes, and common/fragment.h's
 *
 * Tunables   SM, SN   sub-groups below and beside each other in a work-group   default 1, 2
 *            MI, NI   fragments below and beside each other in a sub-group     default 2, 2
 *                     all four powers of two
 *            FRAGMENT, FRAGMENT_NATIVE                       common/fragment.h
 *            PARTS    0: y is the result; 1: sums of a part of the terms       default 0
 *            KH, KW, RESIZE                                  common/window.h
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST   common/conv_tail.h
 *
 * Numerics   x and w rounded to fp16 once, x beyond its range to the largest; sums in fp32; any sizes
 *            >= 1 with N*oH*oW, H*pH and W*pW within an int.
 * Needs      common/fragment.h
 * Source     implicit GEMM: Chetlur et al. 2014 (arXiv:1410.0759)
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
#ifndef PARTS
#define PARTS 0
#endif

#include "common/fragment.h"
#include "common/conv_tail.h"
#include "common/window.h"

#define KC 32 /* terms of a step, channels of one tap */
#define TM (SM * MI * FM)
#define TN (SN * NI * FN)
#define WG (SM * SN * FRAGMENT_LANES)
#define PITCH \
    (KC / 2 + 4) /* of a row in local memory, pairs: lanes that read a column meet no bank twice */
#define RUN 8    /* terms that a work-item stores together */
#define RUNS_A (TM * KC / RUN)
#define RUNS_B (TN * KC / RUN)
#define A_LOADS ((RUNS_A + WG - 1) / WG)
#define B_LOADS ((RUNS_B + WG - 1) / WG)
#define PIXELS ((TN + WG - 1) / WG) /* whose terms a work-item loads */
#define TILES ((TM + TN) * PITCH)
#define PART (SM * FM * TN) /* sums of a row of fragments of each sub-group */

#if WG % TN != 0 && TN % WG != 0
#error "mma: SM, SN, MI and NI must be powers of two"
#endif

/* The work-item's share of a step's terms: A_LOADS runs of w, B_LOADS of x. Unrolled beside the emulation's
 * barriers, it is what PoCL 3.1 makes wrong code of. */
static inline void fetch(uint4 a[A_LOADS], float b[B_LOADS][RUN], __global const uint4 *w,
                         const window p[PIXELS], int o0, int O, int n_steps, int step)
{
    const int lid = (int)get_local_id(0);

    FRAGMENT_UNROLL
    for (int l = 0; l < A_LOADS; l++) {
        const int at = min(lid + l * WG, RUNS_A - 1);
        const int o = min(o0 + at / (KC / RUN), O - 1); /* past the end: dropped later */
        a[l] = w[((size_t)o * (size_t)n_steps + (size_t)step) * (KC / RUN) +
                 (size_t)(at % (KC / RUN))];
    }
    FRAGMENT_UNROLL
    for (int j = 0; j < PIXELS; j++) {
        const int at = tap_at(&p[j], step % (KH * KW));
        FRAGMENT_UNROLL
        for (int l = j; l < B_LOADS; l += PIXELS)
            FRAGMENT_UNROLL
        for (int c = 0; c < RUN; c++)
            b[l][c] = read_tap(
                &p[j], step / (KH * KW) * KC + min((lid + l * WG) / TN, KC / RUN - 1) * RUN + c,
                at);
    }
}

/* The same share into local memory, as fp16: rows of w, then pixels. */
static inline void store(__local uint *tiles, const uint4 a[A_LOADS], float b[B_LOADS][RUN])
{
    const int lid = (int)get_local_id(0);

    FRAGMENT_UNROLL
    for (int l = 0; l < A_LOADS; l++) {
        const int at = lid + l * WG;
        if (RUNS_A % WG == 0 || at < RUNS_A)
            *(__local uint4 *)(tiles + at / (KC / RUN) * PITCH + at % (KC / RUN) * (RUN / 2)) =
                a[l];
    }
    FRAGMENT_UNROLL
    for (int l = 0; l < B_LOADS; l++) {
        const int at = lid + l * WG;
        if (RUNS_B % WG == 0 || at < RUNS_B)
            *(__local uint4 *)(tiles + (TM + at % TN) * PITCH + at / TN * (RUN / 2)) =
                (uint4)(fragment_pair(b[l][0], b[l][1]), fragment_pair(b[l][2], b[l][3]),
                        fragment_pair(b[l][4], b[l][5]), fragment_pair(b[l][6], b[l][7]));
    }
}

/* Stores the sums of row i of each sub-group's fragments, which are in local memory: [SM * FM, TN]. */
static inline void write_part(const tail *end, __global float *y, __local const float *sums, int i,
                              int N, int o0, int p0)
{
    const int P = end->oH * end->oW;

    for (int at = (int)get_local_id(0); at < PART; at += WG) {
        const int row = at / TN, o = o0 + row / FM * (MI * FM) + i * FM + row % FM;
        const int p = p0 + at % TN, n = p / P, pixel = p % P;
        const size_t to = ((size_t)n * (size_t)end->O + (size_t)o) * (size_t)P + (size_t)pixel;
        if (n < N && o < end->O)
            y[to] =
                PARTS ? sums[at] : finish(end, sums[at], n, o, pixel / end->oW, pixel % end->oW);
    }
}

__attribute__((reqd_work_group_size(WG, 1, 1))) FRAGMENT_KERNEL __kernel void
conv2d_mma_f16(__global const float *x, __global const uint4 *w, __global const float *bias,
               __global const float *affine, __global const float *residual, __global float *y,
               const int N, const int I, const int H, const int W, const int O, const int oH,
               const int oW, const int affine_step, const int affine_at, const int rH, const int rW,
               const float slope, const float last_slope, const int pH, const int pW,
               const int stride, const int pad, const int steps)
{
    __local __attribute__((aligned(16))) uint tiles[TILES > PART ? TILES : PART];
    __local uint exchange[SM * SN * FRAGMENT_EXCHANGE];
    __local float *sums = (__local float *)tiles;
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int lane = (int)get_local_id(0) % FRAGMENT_LANES;
    const int sg = (int)get_local_id(0) / FRAGMENT_LANES;
    const int row = sg / SN * MI * FM, column = sg % SN * NI * FN; /* of the sub-group's tile */
    const int p0 = (int)get_group_id(0) * TN, o0 = (int)get_group_id(1) * TM;
    const int n_steps = (I + KC - 1) / KC * (KH * KW);
    const int first = (int)get_group_id(2) * steps, last = min(first + steps, n_steps);
    const window whole = {x, I, H, W, pH, pW, 0, 0};
    __local uint *mine = exchange + sg * FRAGMENT_EXCHANGE;
    window from[PIXELS];
    uint4 a[A_LOADS];
    float b[B_LOADS][RUN];
    fragment_sums acc[MI][NI];

    y += get_group_id(2) * (size_t)N * (size_t)O * (size_t)(oH * oW);
#pragma unroll
    for (int l = 0; l < PIXELS; l++)
        from[l] =
            window_of(&whole, &end, N, stride, pad, p0 + ((int)get_local_id(0) + l * WG) % TN);
    FRAGMENT_UNROLL
    for (int i = 0; i < MI; i++)
        FRAGMENT_UNROLL
    for (int j = 0; j < NI; j++)
        acc[i][j] = (fragment_sums)(0.0f);
    if (first < last)
        fetch(a, b, w, from, o0, O, n_steps, first);

    for (int step = first; step < last; step++) {
        barrier(CLK_LOCAL_MEM_FENCE); /* the previous terms may still be being read */
        store(tiles, a, b);
        barrier(CLK_LOCAL_MEM_FENCE);
        fetch(a, b, w, from, o0, O, n_steps, min(step + 1, last - 1));
        FRAGMENT_UNROLL
        for (int k = 0; k < KC / 2; k += FK / 2) {
            fragment_b columns[NI];
            FRAGMENT_UNROLL
            for (int j = 0; j < NI; j++)
                columns[j] =
                    fragment_load_b(tiles + (TM + column + j * FN) * PITCH + k, PITCH, lane);
            FRAGMENT_UNROLL
            for (int i = 0; i < MI; i++) {
                const fragment_a rows =
                    fragment_load_a(tiles + (row + i * FM) * PITCH + k, PITCH, lane);
                FRAGMENT_UNROLL
                for (int j = 0; j < NI; j++)
                    acc[i][j] = fragment_multiply(rows, columns[j], acc[i][j], mine, lane);
            }
        }
    }

    FRAGMENT_UNROLL
    for (int i = 0; i < MI; i++) {
        barrier(CLK_LOCAL_MEM_FENCE);
        FRAGMENT_UNROLL
        for (int j = 0; j < NI; j++) {
            float sum[FRAGMENT_SUMS];
            FRAGMENT_STORE(acc[i][j], 0, sum);
#pragma unroll
            for (int s = 0; s < FRAGMENT_SUMS; s++)
                sums[(sg / SN * FM + fragment_row(s, lane)) * TN + column + j * FN +
                     fragment_column(s, lane)] = sum[s];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        write_part(&end, y, sums, i, N, o0, p0);
    }
}
