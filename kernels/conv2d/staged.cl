/*
 * staged.cl - 3x3 convolutions with stride 1 and pad 1, alone or behind a nearest resize, by a bilinear
 * algorithm (Winograd and its relatives) in three launches, NCHW, fp32: the transforms. For GPUs.
 *
 * Math       y = finish(conv(resize(x), w)), tile by tile (common/conv_tail.h tells finish):
 *            V = B x B^T of every input channel; m[u] = sum_i V[term(u)] U[u] of every product u by
 *            conv2d/products.cl; y = A m A^T. The resized x never exists.
 *
 * Operands   x         [N, I, H, W]                                          read
 *            v         [NV*NV, I_room, T_room]; 0 beyond channels and tiles  written, then read
 *            m         [NU*NU, O, T_room]                                    written, then read
 *            bias      [O]                                                   read when HAS_BIAS
 *            affine    [N, affine_step]                                      read when HAS_AFFINE
 *            residual  [N, O, rH, rW]                                        read when HAS_RESIDUAL
 *            y         [N, O, oH, oW]                                        written
 *
 * Launch     conv2d_staged_input    one work-item per tile and input channel,
 *                                   global = { T_room, I_room } rounded up
 *            conv2d_staged_output   one work-item per tile and output channel,
 *                                   global = { tiles, O } rounded up
 *            Neighbours take neighbouring tiles. No local memory.
 *
 * Tunables   ALG     algorithm                                     common/bilinear.h
 *            RESIZE  1: the picture [pH,pW] is x resized, for an algorithm without a resize;
 *                    0: [pH,pW] is [H,W]              default 0
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST         common/conv_tail.h
 *
 * Numerics   the error exceeds the direct algorithm's by the growth of the transforms
 *            (tests/ops/conv2d.c). A NaN or infinity spreads over its tile. Any sizes >= 1 with H*pH
 *            and W*pW within an int.
 * Needs      OpenCL C 1.2, no extensions; cl_intel_required_subgroup_size where it is.
 * Source     Lavin, Gray 2016 (arXiv:1509.09308)
 */
#ifndef RESIZE
#define RESIZE 0
#endif

/* Intel's compiler takes 32 work-items together where it can, whose values do not fit the registers. */
#ifdef cl_intel_required_subgroup_size
#define OUTPUT_KERNEL __attribute__((intel_reqd_sub_group_size(16))) __kernel
#else
#define OUTPUT_KERNEL __kernel
#endif

typedef float vec; /* what common/bilinear.h transforms */

#include "common/bilinear.h"
#include "common/conv_tail.h"

/* Tiles of a picture, and where one of all tiles lies. */
typedef struct tile_place {
    int n, h, w;
} tile_place;

static inline tile_place place_of(int tile, int oH, int oW)
{
    const int tH = (oH + NO - 1) / NO, tW = (oW + NO - 1) / NO;
    const tile_place at = {tile / (tH * tW), tile / tW % tH, tile % tW};

    return at;
}

__kernel void conv2d_staged_input_f32(__global const float *x, __global float *v, const int N,
                                      const int I, const int H, const int W, const int oH,
                                      const int oW, const int pH, const int pW, const int I_room,
                                      const int T_room)
{
    const int t = (int)get_global_id(0), i = (int)get_global_id(1);
    const tile_place at = place_of(t, oH, oW);
    const bool is_tile = at.n < N && i < I;
    vec rows[P * NV];
    int columns[P]; /* of x; -1 outside */

    if (t >= T_room || i >= I_room)
        return;
    if (is_tile)
        x += ((size_t)at.n * (size_t)I + (size_t)i) * (size_t)(H * W); /* x[n,i,:,:] */
    v += (size_t)i * (size_t)T_room + (size_t)t;                       /* v[0,i,t] */
#pragma unroll
    for (int c = 0; c < P; c++) {
        const int w = at.w * STEP - TAPS / 2 + c;
        columns[c] = w < 0 || w >= pW ? -1 : RESIZE ? w * W / pW : w;
    }
#pragma unroll
    for (int r = 0; r < P; r++) {
        const int h = at.h * STEP - TAPS / 2 + r;
        const bool is_row = is_tile && h >= 0 && h < pH;
        const int row = (is_row ? RESIZE ? h * H / pH : h : 0) * W;
        vec in[P], out[NV];
#pragma unroll
        for (int c = 0; c < P; c++) {
            const float value = x[row + max(columns[c], 0)];
            in[c] = is_row && columns[c] >= 0 ? value : 0.0f;
        }
        input_transform(in, out);
#pragma unroll
        for (int c = 0; c < NV; c++)
            rows[r * NV + c] = out[c];
    }
#pragma unroll
    for (int c = 0; c < NV; c++) {
        vec in[P], out[NV];
#pragma unroll
        for (int r = 0; r < P; r++)
            in[r] = rows[r * NV + c];
        input_transform(in, out);
#pragma unroll
        for (int r = 0; r < NV; r++)
            v[(size_t)(r * NV + c) * (size_t)I_room * (size_t)T_room] = out[r];
    }
}

OUTPUT_KERNEL void conv2d_staged_output_f32(__global const float *m, __global const float *bias,
                                            __global const float *affine,
                                            __global const float *residual, __global float *y,
                                            const int N, const int O, const int oH, const int oW,
                                            const int affine_step, const int affine_at,
                                            const int rH, const int rW, const float slope,
                                            const float last_slope, const int T_room)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int t = (int)get_global_id(0), o = (int)get_global_id(1);
    const tile_place at = place_of(t, oH, oW);
    const int oh0 = at.h * NO, ow0 = at.w * NO;
    vec columns[NO * NU];

    if (at.n >= N || o >= O)
        return;
    m += (size_t)o * (size_t)T_room + (size_t)t; /* m[0,o,t] */
#pragma unroll
    for (int c = 0; c < NU; c++) {
        vec in[NU], out[NO];
#pragma unroll
        for (int r = 0; r < NU; r++)
            in[r] = m[(size_t)(r * NU + c) * (size_t)O * (size_t)T_room];
        output_transform(in, out);
#pragma unroll
        for (int r = 0; r < NO; r++)
            columns[r * NU + c] = out[r];
    }
    y += ((size_t)at.n * (size_t)O + (size_t)o) * (size_t)oH * (size_t)oW; /* y[n,o,:,:] */
#pragma unroll
    for (int r = 0; r < NO; r++) {
        const int oh = oh0 + r;
        vec in[NU], out[NO];
#pragma unroll
        for (int c = 0; c < NU; c++)
            in[c] = columns[r * NU + c];
        output_transform(in, out);
#pragma unroll
        for (int c = 0; c < NO; c++)
            if (oh < oH && ow0 + c < oW)
                y[(size_t)oh * (size_t)oW + (size_t)(ow0 + c)] =
                    finish(&end, out[c], at.n, o, oh, ow0 + c);
    }
}
