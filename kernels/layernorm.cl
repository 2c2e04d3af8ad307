/*
 * layernorm.cl - LayerNorm over the last axis, fp32.
 *
 * Math       mean[r] = (1/C) * sum_c x[r,c]
 *            var[r]  = (1/C) * sum_c (x[r,c] - mean[r])^2        (biased)
 *            y[r,c]  = (x[r,c] - mean[r]) / sqrt(var[r] + eps) * gamma[c] + beta[c]
 *
 * Operands   x      [R, C] row-major   read
 *            gamma  [C]                read
 *            beta   [C]                read
 *            y      [R, C] row-major   written
 *
 * Launch     one work-group per row, global = { R * WG }, local = { WG }, 4 * WG bytes local memory
 * Tunables   WG     common/reduce.h
 * Numerics   two passes over x; every sum in fp32. Any R and C >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Ba, Kiros, Hinton 2016 (arXiv:1607.06450) eq. 3-4, with the conventions of
 *            torch.nn.LayerNorm: biased variance, eps inside the root.
 */
#include "common/reduce.h"

__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void
layernorm_plain_f32(__global const float *x, __global const float *gamma,
                    __global const float *beta, __global float *y, const int C, const float eps)
{
    __local float scratch[WG];
    const int lid = (int)get_local_id(0);

    /* x[r,:] and y[r,:] */
    x += get_group_id(0) * (size_t)C;
    y += get_group_id(0) * (size_t)C;

    float sum = 0.0f;
    for (int c = lid; c < C; c += WG)
        sum += x[c];
    const float mean = wg_sum(sum, scratch) / (float)C;

    float squares = 0.0f;
    for (int c = lid; c < C; c += WG) {
        const float d = x[c] - mean;
        squares += d * d;
    }
    const float rstd = 1.0f / sqrt(wg_sum(squares, scratch) / (float)C + eps);

    for (int c = lid; c < C; c += WG)
        y[c] = (x[c] - mean) * rstd * gamma[c] + beta[c];
}
