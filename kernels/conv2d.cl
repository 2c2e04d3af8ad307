/*
 * conv2d.cl - 2-D convolution (cross-correlation), NCHW, fp32, with a fused end.
 *
 * Math       y[n,o,oh,ow] = finish(sum_{i,kh,kw} x[n,i,oh*stride-pad+kh,ow*stride-pad+kw]
 *                                  * w[o,i,kh,kw])
 *            with x = 0 outside of the picture; common/conv_tail.h tells finish
 *
 * Operands   x         [N, I, H, W]                                          read
 *            w         conv2d_panel: [O/NR, I, kH, kW, NR] panels of NR output channels,
 *                      zero-padded; conv2d_plain: [O, I, kH, kW]             read
 *            bias      [O]                                                   read when HAS_BIAS
 *            affine    [N, affine_step]                                      read when HAS_AFFINE
 *            residual  [N, O, rH, rW]                                        read when HAS_RESIDUAL
 *            y         [N, O, oH, oW]                                        written
 *
 * Launch     conv2d_panel   one work-item per tile of MR pixels of a row x NR channels,
 *                           global = { ceil(oW/MR), N*oH, ceil(O/NR) } rounded up
 *            conv2d_plain   one work-item per element, global = { oW, oH, N*O } rounded up
 *            conv2d_columns   col[(i,kh,kw), (oh,ow)] = x[n,i,oh*stride-pad+kh,ow*stride-pad+kw]
 *                           for a library's product, global = { oW, oH, I*kH*kW } rounded up
 *            no local memory
 *
 * Tunables   VW      elements of a vector                  common/vec.h
 *            NV      vectors of a tile, NR = NV * VW       default 2    1 | 2
 *            MR      pixels of a tile                      default 4    1 .. 16
 *            KW      kernel width (panel)                  default 3    >= 1
 *            STRIDE  stride in both directions (panel)     default 1    >= 1
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST   common/conv_tail.h
 *
 *            The loops over a tile are unrolled by request: left to themselves compilers keep the
 *            accumulators in memory (PoCL 3.1, AVX-512: 79 instead of 168 GFLOP/s).
 *
 * Numerics   sums in fp32, in the order i, kh, kw; any sizes >= 1. A work-item of conv2d_panel
 *            holds (MR-1)*STRIDE+KW columns of x: the host refuses it when they are too many.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     direct convolution over channel panels (Zhang, Franchetti, Low 2018,
 *            arXiv:1809.10170), with the register tile of linear.cl.
 */
#ifndef NV
#define NV 2
#endif
#ifndef MR
#define MR 4
#endif
#ifndef KW
#define KW 3
#endif
#ifndef STRIDE
#define STRIDE 1
#endif

#include "common/vec.h"
#include "common/conv_tail.h"

#define NR (NV * VW)
#define COLUMNS ((MR - 1) * STRIDE + KW)

__kernel void conv2d_panel_f32(__global const float *x, __global const float *w,
                               __global const float *bias, __global const float *affine,
                               __global const float *residual, __global float *y, const int N,
                               const int I, const int H, const int W, const int O, const int oH,
                               const int oW, const int affine_step, const int affine_at,
                               const int rH, const int rW, const float slope,
                               const float last_slope, const int kH, const int pad)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int ow0 = (int)get_global_id(0) * MR;
    const size_t n = get_global_id(1) / (size_t)oH;
    const int oh = (int)(get_global_id(1) % (size_t)oH);
    const int o0 = (int)get_global_id(2) * NR;

    if (ow0 >= oW || n >= (size_t)N || o0 >= O)
        return;

    const int h0 = oh * STRIDE - pad, w0 = ow0 * STRIDE - pad;
    const int kh_from = max(0, -h0), kh_to = min(kH, H - h0);
    const bool inside = w0 >= 0 && w0 <= W - COLUMNS;
    vec acc[MR][NV];
    float column[COLUMNS]; /* x[n,i,h0+kh,w0:w0+COLUMNS] */

#pragma unroll
    for (int r = 0; r < MR; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            acc[r][v] = (vec)(0.0f);
    w += get_global_id(2) * (size_t)I * (size_t)kH * (KW * NR); /* w[o0/NR,:,:,:,:] */

    for (int i = 0; i < I; i++) {
        for (int kh = kh_from; kh < kh_to; kh++) {
            const size_t row = (n * (size_t)I + (size_t)i) * (size_t)H + (size_t)(h0 + kh);
            __global const float *x_row = x + row * (size_t)W;
            __global const float *w_row =
                w + ((size_t)i * (size_t)kH + (size_t)kh) * (KW * NR); /* w[o0/NR,i,kh,:,:] */

            if (inside)
                for (int c = 0; c < COLUMNS; c++)
                    column[c] = x_row[w0 + c];
            else
                for (int c = 0; c < COLUMNS; c++)
                    column[c] = w0 + c >= 0 && w0 + c < W ? x_row[w0 + c] : 0.0f;
            for (int kw = 0; kw < KW; kw++)
#pragma unroll
                for (int v = 0; v < NV; v++) {
                    const vec b = VLOAD((size_t)(kw * NV + v), w_row);
#pragma unroll
                    for (int r = 0; r < MR; r++)
                        acc[r][v] += column[r * STRIDE + kw] * b;
                }
        }
    }

    const int r_valid = min(MR, oW - ow0);
    float sum[MR][NR];
#pragma unroll
    for (int r = 0; r < MR; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            VSTORE(acc[r][v], (size_t)v, sum[r]);
    for (int j = 0; j < NR && o0 + j < O; j++) {
        const size_t row = (n * (size_t)O + (size_t)(o0 + j)) * (size_t)oH + (size_t)oh;
        for (int r = 0; r < r_valid; r++) {
            const size_t at = row * (size_t)oW + (size_t)(ow0 + r);
            y[at] = finish(&end, sum[r][j], (int)n, o0 + j, oh, ow0 + r);
        }
    }
}

__kernel void conv2d_plain_f32(__global const float *x, __global const float *w,
                               __global const float *bias, __global const float *affine,
                               __global const float *residual, __global float *y, const int N,
                               const int I, const int H, const int W, const int O, const int oH,
                               const int oW, const int affine_step, const int affine_at,
                               const int rH, const int rW, const float slope,
                               const float last_slope, const int kH, const int pad, const int kW,
                               const int stride)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int ow = (int)get_global_id(0);
    const int oh = (int)get_global_id(1);
    const size_t n = get_global_id(2) / (size_t)O;
    const size_t o = get_global_id(2) % (size_t)O;

    if (ow >= oW || oh >= oH || n >= (size_t)N)
        return;

    const int h0 = oh * stride - pad, w0 = ow * stride - pad;
    const int kh_to = min(kH, H - h0), kw_from = max(0, -w0), kw_to = min(kW, W - w0);
    float sum = 0.0f;

    for (int i = 0; i < I; i++)
        for (int kh = max(0, -h0); kh < kh_to; kh++) {
            const size_t x_row = (n * (size_t)I + (size_t)i) * (size_t)H + (size_t)(h0 + kh);
            const size_t w_row = (o * (size_t)I + (size_t)i) * (size_t)kH + (size_t)kh;
            for (int kw = kw_from; kw < kw_to; kw++)
                sum +=
                    x[x_row * (size_t)W + (size_t)(w0 + kw)] * w[w_row * (size_t)kW + (size_t)kw];
        }
    const size_t at = ((n * (size_t)O + o) * (size_t)oH + (size_t)oh) * (size_t)oW + (size_t)ow;
    y[at] = finish(&end, sum, (int)n, (int)o, oh, ow);
}

__kernel void conv2d_columns_f32(__global const float *x, __global float *col, const int n,
                                 const int I, const int H, const int W, const int oH, const int oW,
                                 const int kH, const int kW, const int stride, const int pad)
{
    const int ow = (int)get_global_id(0);
    const int oh = (int)get_global_id(1);
    const size_t k = get_global_id(2); /* (i,kh,kw) */

    if (ow >= oW || oh >= oH || k >= (size_t)I * (size_t)kH * (size_t)kW)
        return;

    const int kw = (int)(k % (size_t)kW), kh = (int)(k / (size_t)kW % (size_t)kH);
    const size_t i = k / (size_t)kW / (size_t)kH;
    const int h = oh * stride - pad + kh, w = ow * stride - pad + kw;
    const bool inside = h >= 0 && h < H && w >= 0 && w < W;
    const size_t row = ((size_t)n * (size_t)I + i) * (size_t)H + (size_t)max(h, 0);
    col[(k * (size_t)oH + (size_t)oh) * (size_t)oW + (size_t)ow] =
        inside ? x[row * (size_t)W + (size_t)w] : 0.0f;
}
