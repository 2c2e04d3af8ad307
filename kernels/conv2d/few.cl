/*
 * few.cl - 2-D convolution with stride 1 to few output channels, from channels in blocks, fp32, with
 * a fused end.
 *
 * Math       y[n,o,oh,ow] = finish(sum_{i,kh,kw} x[n,i,oh-pad+kh,ow-pad+kw] * w[o,i,kh,kw])
 *            with x = 0 outside of the picture; common/conv_tail.h tells finish. A vector holds input
 *            channels, whose sum is made at the end: no lane is idle, however few outputs there are.
 *
 * Operands   x         [N, I/VW, H, W, VW]                      read
 *            w         [I/VW, kH, KW, O, VW]                    read
 *            bias      [O]                                      read when HAS_BIAS
 *            affine    [N, affine_step]                         read when HAS_AFFINE
 *            residual  [N, O, rH, rW]                           read when HAS_RESIDUAL
 *            y         [N, O, oH, oW]                           written
 *
 * Launch     conv2d_few   one work-item per row of the result, global = { N*oH }, local = { 1 };
 *                         no local memory
 *
 * Tunables   VW      elements of a vector              common/vec.h
 *            MR      pixels of a register tile         default 4   1 .. 16
 *            NO      output channels, O                default 3   1 .. 7
 *            KW      kernel width                      default 3   >= 1
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST   common/conv_tail.h
 *
 * Numerics   fp32; VW sums over i/VW, kh, kw, then pairwise over them. I a multiple of VW, other
 *            sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef MR
#define MR 4
#endif
#ifndef NO
#define NO 3
#endif
#ifndef KW
#define KW 3
#endif

#include "common/vec.h"
#include "common/prefetch.h"
#include "common/conv_tail.h"

#define COLUMNS (MR + KW - 1)

/* acc[r][o] += the products of one row of x, whose columns w0 .. w0 + COLUMNS it reads. */
static inline void add_row(vec acc[MR][NO], __global const float *row, __global const float *w,
                           int w0, int W)
{
    vec column[COLUMNS];

    row += (ptrdiff_t)w0 * VW;
#pragma unroll
    for (int c = 0; c < MR; c++)
        PREFETCH(row + (COLUMNS + MR + c) * VW); /* two tiles on */
    if (w0 >= 0 && w0 + COLUMNS <= W) {
#pragma unroll
        for (int c = 0; c < COLUMNS; c++)
            column[c] = VLOAD((size_t)c, row);
    } else {
#pragma unroll
        for (int c = 0; c < COLUMNS; c++)
            column[c] = w0 + c >= 0 && w0 + c < W ? VLOAD((size_t)c, row) : (vec)(0.0f);
    }
#pragma unroll
    for (int kw = 0; kw < KW; kw++)
#pragma unroll
        for (int o = 0; o < NO; o++) {
            const vec b = VLOAD((size_t)(kw * NO + o), w);
#pragma unroll
            for (int r = 0; r < MR; r++)
                acc[r][o] += column[r + kw] * b;
        }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
conv2d_few_f32(__global const float *x, __global const float *w, __global const float *bias,
               __global const float *affine, __global const float *residual, __global float *y,
               const int N, const int I, const int H, const int W, const int O, const int oH,
               const int oW, const int affine_step, const int affine_at, const int rH, const int rW,
               const float slope, const float last_slope, const int kH, const int pad)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int IB = I / VW, n = (int)get_global_id(0) / oH, oh = (int)get_global_id(0) % oH;
    const int h0 = oh - pad, kh_to = min(kH, H - h0);

    if (n >= N)
        return;

    for (int ow = 0; ow < oW; ow += MR) {
        vec acc[MR][NO];
#pragma unroll
        for (int r = 0; r < MR; r++)
#pragma unroll
            for (int o = 0; o < NO; o++)
                acc[r][o] = (vec)(0.0f);
        for (int cb = 0; cb < IB; cb++)
            for (int kh = max(0, -h0); kh < kh_to; kh++) {
                const size_t row = ((size_t)n * (size_t)IB + (size_t)cb) * (size_t)H;
                add_row(acc, x + (row + (size_t)(h0 + kh)) * (size_t)W * VW,
                        w + (size_t)(cb * kH + kh) * (KW * NO * VW), ow - pad, W);
            }
        float sum[MR][NO];
#pragma unroll
        for (int r = 0; r < MR; r++)
#pragma unroll
            for (int o = 0; o < NO; o++)
                sum[r][o] = vec_sum(acc[r][o]);
        for (int o = 0; o < NO; o++) {
            const size_t at = (((size_t)n * NO + (size_t)o) * (size_t)oH + (size_t)oh) * (size_t)oW;
            for (int r = 0; r < min(MR, oW - ow); r++)
                y[at + (size_t)(ow + r)] = finish(&end, sum[r][o], n, o, oh, ow + r);
        }
    }
}
