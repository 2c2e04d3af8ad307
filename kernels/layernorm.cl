/*
 * layernorm.cl - LayerNorm over the last axis, fp32, of one array of rows or of two behind each other.
 *
 * Math       mean[r] = (1/C) * sum_c x[r,c]
 *            var[r]  = (1/C) * sum_c (x[r,c] - mean[r])^2        (biased)
 *            y[r,c]  = (x[r,c] - mean[r]) / sqrt(var[r] + eps) * gamma[c] + beta[c]
 *
 * Operands   x      [B, Tx, C]                            read
 *            gamma  [C]                                   read
 *            beta   [C]                                   read
 *            more   [B, more_step]; C * (T - Tx) of it from column more_at, rows behind x's
 *                                                         read when Tx < T
 *            y      [B, T, C]; R = B * T rows             written
 *
 * Launch     layernorm_row    one work-item per row, global = { R }
 *            layernorm_plain  one work-group per row, global = { R * WG }, local = { WG },
 *                             4 * WG bytes local memory
 * Tunables   WG     common/reduce.h
 *            VW     elements of a vector (row)   common/vec.h
 * Numerics   two passes over x; every sum in fp32. Any R and C >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Ba, Kiros, Hinton 2016 (arXiv:1607.06450) eq. 3-4, with the conventions of
 *            torch.nn.LayerNorm: biased variance, eps inside the root.
 */
#include "common/reduce.h"
#include "common/vec.h"

/* Row r of [B, T, C]: of x, or of more. */
static inline __global const float *row_of(__global const float *x, __global const float *more,
                                           size_t r, int T, int Tx, int C, ulong more_step,
                                           ulong more_at)
{
    const size_t b = r / (size_t)T, t = r % (size_t)T;

    if (t < (size_t)Tx)
        return x + (b * (size_t)Tx + t) * (size_t)C;
    return more + b * more_step + more_at + (t - (size_t)Tx) * (size_t)C;
}

/* Vectors that a work-item sums at a time, to hide the latency of additions. */
#define CHAINS 4

/* sum_c (x[c] - shift), or of their squares */
static inline float sum_row(__global const float *x, int C, float shift, bool squares)
{
    vec acc[CHAINS];
    float total = 0.0f;
    int c = 0;

#pragma unroll
    for (int i = 0; i < CHAINS; i++)
        acc[i] = (vec)(0.0f);
    for (; c + CHAINS * VW <= C; c += CHAINS * VW)
#pragma unroll
        for (int i = 0; i < CHAINS; i++) {
            const vec d = VLOAD((size_t)i, x + c) - shift;
            acc[i] += squares ? d * d : d;
        }
    for (; c < C; c++) {
        const float d = x[c] - shift;
        total += squares ? d * d : d;
    }
    for (int i = 1; i < CHAINS; i++)
        acc[0] += acc[i];
    return total + vec_sum(acc[0]);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
layernorm_row_f32(__global const float *x, __global const float *gamma, __global const float *beta,
                  __global const float *more, __global float *y, const int T, const int Tx,
                  const int C, const ulong more_step, const ulong more_at, const float eps)
{
    x = row_of(x, more, get_global_id(0), T, Tx, C, more_step, more_at);
    y += get_global_id(0) * (size_t)C; /* y[r,:] */

    const float mean = sum_row(x, C, 0.0f, false) / (float)C;
    const float rstd = 1.0f / sqrt(sum_row(x, C, mean, true) / (float)C + eps);
    int c = 0;

    for (; c + VW <= C; c += VW)
        VSTORE((VLOAD(0, x + c) - mean) * rstd * VLOAD(0, gamma + c) + VLOAD(0, beta + c), 0,
               y + c);
    for (; c < C; c++)
        y[c] = (x[c] - mean) * rstd * gamma[c] + beta[c];
}

__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void
layernorm_plain_f32(__global const float *x, __global const float *gamma,
                    __global const float *beta, __global const float *more, __global float *y,
                    const int T, const int Tx, const int C, const ulong more_step,
                    const ulong more_at, const float eps)
{
    __local float scratch[WG];
    const int lid = (int)get_local_id(0);

    x = row_of(x, more, get_group_id(0), T, Tx, C, more_step, more_at);
    y += get_group_id(0) * (size_t)C; /* y[r,:] */

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
