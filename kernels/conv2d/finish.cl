/*
 * finish.cl - the end of a convolution alone, for sums in parts, NCHW, fp32.
 *
 * Math       y[n,o,oh,ow] = finish(sum_s parts[s,n,o,oh,ow]); common/conv_tail.h tells finish
 *
 * Operands   parts     [n_parts, N, O, oH, oW]; may be y when n_parts is 1   read
 *            bias      [O]                                                   read when HAS_BIAS
 *            affine    [N, affine_step]                                      read when HAS_AFFINE
 *            residual  [N, O, rH, rW]                                        read when HAS_RESIDUAL
 *            y         [N, O, oH, oW]                                        written
 *
 * Launch     one work-item per element, global = { oW, oH, N*O } rounded up; no local memory
 * Tunables   ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST   common/conv_tail.h
 * Numerics   fp32, s ascending; any sizes >= 1
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#include "common/conv_tail.h"

__kernel void conv2d_finish_f32(__global const float *parts, __global const float *bias,
                                __global const float *affine, __global const float *residual,
                                __global float *y, const int N, const int O, const int oH,
                                const int oW, const int affine_step, const int affine_at,
                                const int rH, const int rW, const float slope,
                                const float last_slope, const int n_parts)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const int ow = (int)get_global_id(0);
    const int oh = (int)get_global_id(1);
    const size_t plane = get_global_id(2); /* (n,o) */
    const size_t count = (size_t)N * (size_t)O * (size_t)oH * (size_t)oW;

    if (ow >= oW || oh >= oH || plane >= (size_t)N * (size_t)O)
        return;
    const size_t at = (plane * (size_t)oH + (size_t)oh) * (size_t)oW + (size_t)ow;
    float sum = parts[at];
    for (int s = 1; s < n_parts; s++)
        sum += parts[(size_t)s * count + at];
    y[at] = finish(&end, sum, (int)(plane / (size_t)O), (int)(plane % (size_t)O), oh, ow);
}
