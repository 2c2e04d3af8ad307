/*
 * pointwise.cl - 1x1 convolution with stride 1, channels in blocks, fp32, with a fused end.
 *
 * Math       y[n,o,p] = finish(sum_i x[n,i,p] * w[o,i]), p counting the pixels of a picture over its
 *            rows; common/conv_tail.h tells finish
 *
 * Operands   x         [N, I/VW, oH, oW, VW]                 read
 *            w         [ceil(O/NR), I, NR], zero-padded      read
 *            bias      [O]                                   read when HAS_BIAS
 *            affine    [N, affine_step]                      read when HAS_AFFINE
 *            residual  [N, O/VW, oH, oW, VW]                 read when HAS_RESIDUAL
 *            y         [N, O/VW, oH, oW, VW]                 written
 *
 * Launch     one work-item per run of tiles of MR pixels, of ceil(oH*oW/MR) tiles a picture; a tile
 *            goes over all panels of NR channels, so that its x comes from the first cache and w
 *            from the second. Work-groups are one work-item; no local memory.
 *
 * Tunables   VW     elements of a vector                    common/vec.h
 *            NRV    vectors of a panel, NR = NRV * VW       default 2   1 | 2
 *            MR     pixels of a tile                        default 4   1 .. 16, at most oH*oW
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL (0 | 1), LAST   common/conv_tail.h
 *
 * Numerics   sums in fp32, i ascending. I and O multiples of VW, other sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     as linear.cl
 */
#ifndef NRV
#define NRV 2
#endif
#ifndef MR
#define MR 4
#endif

#include "common/vec.h"
#include "common/prefetch.h"
#include "common/conv_tail.h"

#define NR (NRV * VW)
#define AHEAD (64 * NR) /* floats of w asked for before their use */

/* acc = sum_i x[i, pixel r] * w[i, :]; x is x[n,0,p,:]. Of every block of channels `lines` pixels from
 * `next` on, of the next tile, are asked for. */
static inline void multiply(vec acc[MR][NRV], __global const float *x, __global const float *w,
                            int IB, size_t plane, int next, int lines)
{
#pragma unroll
    for (int r = 0; r < MR; r++)
#pragma unroll
        for (int v = 0; v < NRV; v++)
            acc[r][v] = (vec)(0.0f);
    for (int cb = 0; cb < IB; cb++) {
        for (int r = 0; r < lines; r++)
            PREFETCH(x + (next + r) * VW);
#pragma unroll 4
        for (int c = 0; c < VW; c++) {
            vec b[NRV];
#pragma unroll
            for (int v = 0; v < NRV; v++) {
                b[v] = VLOAD((size_t)(c * NRV + v), w);
                PREFETCH(w + AHEAD + (c * NRV + v) * VW);
            }
#pragma unroll
            for (int r = 0; r < MR; r++)
#pragma unroll
                for (int v = 0; v < NRV; v++)
                    acc[r][v] += x[r * VW + c] * b[v];
        }
        x += plane * VW;
        w += VW * NR;
    }
}

/* VW channels of the pixels from `first` on; y and a residual of the tile are at `at`. */
static inline void store_tile(vec acc[MR][NRV], int v, int first, const tail *end,
                              const channels *c, __global float *y, size_t at)
{
    if (first == 0) { /* nearly always, and without conditions 8 % faster (PoCL 3.1, AVX-512) */
#pragma unroll
        for (int r = 0; r < MR; r++)
            VSTORE(finish_vec(end, c, acc[r][v], end->residual + at + r * VW), 0,
                   y + at + r * VW);
        return;
    }
#pragma unroll
    for (int r = 0; r < MR; r++)
        if (r >= first)
            VSTORE(finish_vec(end, c, acc[r][v], end->residual + at + r * VW), 0,
                   y + at + r * VW);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
conv2d_pointwise_f32(__global const float *x, __global const float *w, __global const float *bias,
                     __global const float *affine, __global const float *residual,
                     __global float *y, const int N, const int I, const int O, const int oH,
                     const int oW, const int affine_step, const int affine_at, const int rH,
                     const int rW, const float slope, const float last_slope)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int pixels = oH * oW, per_picture = (pixels + MR - 1) / MR;
    const int n_panels = (O + NR - 1) / NR, lines = (MR + n_panels - 1) / n_panels;
    const long tiles = (long)N * per_picture, runs = (long)get_global_size(0);
    const long tile1 = tiles * ((long)get_global_id(0) + 1) / runs;
    const size_t plane = (size_t)pixels;

    for (long tile = tiles * (long)get_global_id(0) / runs; tile < tile1; tile++) {
        const int n = (int)(tile / per_picture);
        /* the last tile of a picture begins within the one before, and leaves that one's pixels */
        const int begin = (int)(tile % per_picture) * MR, p0 = min(begin, pixels - MR);
        __global const float *from = x + ((size_t)n * (size_t)(I / VW) * plane + (size_t)p0) * VW;
        for (int panel = 0; panel < n_panels; panel++) {
            const int o0 = panel * NR;
            const size_t at = (((size_t)n * (size_t)O + (size_t)o0) / VW * plane + (size_t)p0) * VW;
            /* of both vectors: an array of them stays in memory, 5 % slower */
            const channels first = load_channels(&end, n, o0);
            const channels second = load_channels(&end, n, min(o0 + VW, O - VW));
            vec acc[MR][NRV];
#pragma unroll
            for (int v = 0; v < NRV; v++)
#pragma unroll
                for (int r = 0; r < MR; r++) /* stores wait for each other */
                    PREFETCH(y + at + ((size_t)v * plane + (size_t)r) * VW);
            multiply(acc, from, w + (size_t)o0 * (size_t)I, I / VW, plane, MR + panel * lines,
                     lines);
#pragma unroll
            for (int v = 0; v < NRV; v++)
                if (o0 + v * VW < O)
                    store_tile(acc, v, begin - p0, &end, v == 0 ? &first : &second, y,
                               at + (size_t)v * plane * VW);
        }
    }
}
