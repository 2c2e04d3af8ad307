/*
 * blocked.cl - direct 2-D convolution, channels in blocks, fp32, with a fused end.
 *
 * Math       y[n,o,oh,ow] = finish(sum_{i,kh,kw} x[n,i,oh*stride+kh,ow*stride+kw] * w[o,i,kh,kw])
 *            of a picture x that has its zeros around it; common/conv_tail.h tells finish
 *
 * Operands   x         [N, I/VW, H, W, VW]                                 read
 *            w         [ceil(O/NR), I/VW, kH, kW, VW, NR], zero-padded     read
 *            bias      [O]                                 read when HAS_BIAS
 *            affine    [N, affine_step]                    read when HAS_AFFINE
 *            residual  [N, O/VW, rH, rW, VW]               read when HAS_RESIDUAL
 *            y         [N, O/VW, oH, oW, VW]               written
 *
 * Launch     conv2d_blocked   one work-item per SETS * MR pixels of the result, counted over rows and
 *                             pictures, and NR channels,
 *                             global = { ceil(O/NR), ceil(N*oH*oW / (SETS*MR)) }
 *            conv2d_picture   what is convolved: x resized to [rH, rW] by nearest neighbours, with
 *                             zeros around it; one work-item per row of the result
 *                             [N, I/VW, rH + 2 pad, rW + 2 pad, VW], global = { rows }
 *            Work-groups are one work-item; no local memory.
 *
 * Tunables   VW     elements of a vector                    common/vec.h
 *            NRV    vectors of a panel, NR = NRV * VW       default 2   1 | 2
 *            MR     pixels of a register tile               default 4   1 .. 16
 *            SETS   register tiles of a work-item, which share what is read of w   default 1
 *            BLOCKS channel blocks between two sets; the weights of so many stay in the cache
 *                                                           default 1   >= 1
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST  common/conv_tail.h
 *
 * Numerics   sums in fp32 in the order i/VW, kh, kw, i%VW. I and O multiples of VW, other sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     as conv2d.cl
 */
#ifndef NRV
#define NRV 2
#endif
#ifndef MR
#define MR 4
#endif
#ifndef SETS
#define SETS 1
#endif
#ifndef BLOCKS
#define BLOCKS 1
#endif

#include "common/vec.h"
#include "common/prefetch.h"
#include "common/conv_tail.h"

#define NR (NRV * VW)

/* A pixel of the result. */
typedef struct place {
    int n, oh, ow;
} place;

static inline place place_of(int i, int oH, int oW)
{
    const place at = {i / oW / oH, i / oW % oH, i % oW};

    return at;
}

static inline void advance(place *at, int oH, int oW)
{
    if (++at->ow == oW) {
        at->ow = 0;
        if (++at->oh == oH) {
            at->oh = 0;
            at->n++;
        }
    }
}

/* Where y[n,o/VW,oh,ow,:] is. */
static inline size_t y_at(const place *at, int O, int oH, int oW, int o)
{
    const size_t block = ((size_t)at->n * (size_t)O + (size_t)o) / VW;

    return ((block * (size_t)oH + (size_t)at->oh) * (size_t)oW + (size_t)at->ow) * VW;
}

/* acc += the sum over channel blocks cb .. cb_to; pixel[r] is x[n,0,oh*stride,ow*stride,:]. The weights
 * of the next blocks are asked for meanwhile. */
static inline void accumulate(vec acc[MR][NRV], __global const float *const pixel[MR],
                              __global const float *w, int cb, int cb_to, int kH, int kW,
                              size_t plane, int W)
{
    const size_t block = (size_t)(kH * kW) * (VW * NR);

    w += (size_t)cb * block; /* w[o0/NR,cb,:,:,:,:] */
    for (; cb < cb_to; cb++) {
#pragma unroll
        for (int r = 0; r < MR; r++)
            PREFETCH(pixel[r] + ((size_t)cb * plane + SETS * MR) * VW); /* of the next work-item */
        for (int kh = 0; kh < kH; kh++)
            for (int kw = 0; kw < kW; kw++) {
                const size_t at = ((size_t)cb * plane + (size_t)kh * (size_t)W + (size_t)kw) * VW;
#pragma unroll 4
                for (int c = 0; c < VW; c++) {
                    vec b[NRV];
#pragma unroll
                    for (int v = 0; v < NRV; v++) {
                        b[v] = VLOAD((size_t)(c * NRV + v), w);
                        PREFETCH(w + BLOCKS * block + (c * NRV + v) * VW);
                    }
#pragma unroll
                    for (int r = 0; r < MR; r++)
#pragma unroll
                        for (int v = 0; v < NRV; v++)
                            acc[r][v] += pixel[r][at + (size_t)c] * b[v];
                }
                w += VW * NR;
            }
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
conv2d_blocked_f32(__global const float *x, __global const float *w, __global const float *bias,
                   __global const float *affine, __global const float *residual, __global float *y,
                   const int N, const int I, const int H, const int W, const int O, const int oH,
                   const int oW, const int affine_step, const int affine_at, const int rH,
                   const int rW, const float slope, const float last_slope, const int kH,
                   const int kW, const int stride)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int count = N * oH * oW, IB = I / VW;
    const int o0 = (int)get_global_id(0) * NR, first = (int)get_global_id(1) * (SETS * MR);
    __global const float *pixel[SETS][MR];
    vec sum[SETS][MR][NRV];
    place at = place_of(first, oH, oW);

    w += get_global_id(0) * (size_t)(I * kH * kW) * NR; /* w[o0/NR,:,:,:,:,:] */
    for (int s = 0; s < SETS; s++)
        for (int r = 0; r < MR; r++) {
            const size_t row = (size_t)at.n * (size_t)IB * (size_t)H + (size_t)(at.oh * stride);
            pixel[s][r] = x + (row * (size_t)W + (size_t)(at.ow * stride)) * VW;
            for (int v = 0; v < NRV; v++) /* stores wait for each other */
                PREFETCH(y + y_at(&at, O, oH, oW, o0 + v * VW));
            if (first + s * MR + r < count - 1) /* past the end: the last one, dropped below */
                advance(&at, oH, oW);
            for (int v = 0; v < NRV; v++)
                sum[s][r][v] = (vec)(0.0f);
        }
    for (int cb = 0; cb < IB; cb += BLOCKS)
        for (int s = 0; s < SETS; s++) {
            vec acc[MR][NRV];
#pragma unroll
            for (int r = 0; r < MR; r++)
#pragma unroll
                for (int v = 0; v < NRV; v++)
                    acc[r][v] = sum[s][r][v];
            accumulate(acc, pixel[s], w, cb, min(cb + BLOCKS, IB), kH, kW, (size_t)H * (size_t)W,
                       W);
#pragma unroll
            for (int r = 0; r < MR; r++)
#pragma unroll
                for (int v = 0; v < NRV; v++)
                    sum[s][r][v] = acc[r][v];
        }
    for (int v = 0; v < NRV && o0 + v * VW < O; v++) {
        const int o = o0 + v * VW;
        at = place_of(first, oH, oW);
        for (int i = 0; i < min(SETS * MR, count - first); i++, advance(&at, oH, oW)) {
            const channels c = load_channels(&end, at.n, o);
            __global const float *from = HAS_RESIDUAL
                                             ? residual_blocks(&end, at.n, o, at.oh) +
                                                   (ptrdiff_t)residual_column(&end, at.ow) * VW
                                             : residual;
            VSTORE(finish_vec(&end, &c, sum[i / MR][i % MR][v], from), 0,
                   y + y_at(&at, O, oH, oW, o));
        }
    }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
conv2d_picture_f32(__global const float *x, __global float *picture, const int H, const int W,
                   const int rH, const int rW, const int pad)
{
    const int Wp = rW + 2 * pad, Hp = rH + 2 * pad;
    const size_t row = get_global_id(0); /* of all pictures and blocks */
    const int h = (int)(row % (size_t)Hp) - pad;
    const bool row_inside = h >= 0 && h < rH;
    const size_t from = row / (size_t)Hp * (size_t)H + (size_t)(row_inside ? (long)h * H / rH : 0);

    picture += row * (size_t)Wp * VW;
    for (int w = -pad; w < rW + pad; w++, picture += VW) {
        const bool inside = row_inside && w >= 0 && w < rW;
        const size_t at = from * (size_t)W + (size_t)(inside ? (long)w * W / rW : 0);
        VSTORE(inside ? VLOAD(at, x) : (vec)(0.0f), 0, picture);
    }
}
