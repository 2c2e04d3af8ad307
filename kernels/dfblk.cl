/*
 * dfblk.cl - two channel-wise affines, each followed by LeakyReLU, fp32.
 *
 * Math       y[n,c,i] = lrelu(gamma1[n,c] * lrelu(gamma0[n,c] * x[n,c,i] + beta0[n,c]) + beta1[n,c])
 *            lrelu(v) = v < 0 ? 0.2 v : v
 *
 * Operands   x        dfblk_plain: [N, C, inner]; dfblk_blocked: [N, C/VW, inner, VW]   read
 *            affine   [N, step]; gamma0, beta0, gamma1, beta1 of C each from column at  read
 *            y        as x                                                              written
 *            inner = H * W
 *
 * Launch     dfblk_plain     one work-item per element, global = { inner, N*C } rounded up
 *            dfblk_blocked   one work-item per block of channels, global = { N*C/VW }
 *            no local memory
 * Tunables   VW   elements of a vector (blocked)   common/vec.h
 * Numerics   six roundings at most, fewer where products are contracted. Any sizes >= 1;
 *            dfblk_blocked: C a multiple of VW.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     DFBLK of GALIP (Tao et al. 2023, arXiv:2301.12959), models/GALIP.py.
 */
#include "common/vec.h"
#include "common/epilogue.h"

__kernel void dfblk_plain_f32(__global const float *x, __global const float *affine,
                              __global float *y, const int N, const int C, const ulong inner,
                              const int step, const int at)
{
    const size_t i = get_global_id(0);
    const size_t p = get_global_id(1); /* (n,c) */

    if (i >= inner || p >= (size_t)N * (size_t)C)
        return;
    affine += p / (size_t)C * (size_t)step + (size_t)at + p % (size_t)C; /* gamma0[n,c] */
    const float v = activate(affine[0] * x[p * inner + i] + affine[C], ACT_LEAKY_RELU, 0.2f);
    y[p * inner + i] =
        activate(affine[2 * (size_t)C] * v + affine[3 * (size_t)C], ACT_LEAKY_RELU, 0.2f);
}

__kernel void dfblk_blocked_f32(__global const float *x, __global const float *affine,
                                __global float *y, const int N, const int C, const ulong inner,
                                const int step, const int at)
{
    const size_t p = get_global_id(0), blocks = (size_t)(C / VW); /* p: (n, c / VW) */

    if (p >= (size_t)N * blocks)
        return;
    affine += p / blocks * (size_t)step + (size_t)at + p % blocks * VW; /* gamma0[n,c] */
    const vec gamma0 = VLOAD(0, affine), beta0 = VLOAD(0, affine + C);
    const vec gamma1 = VLOAD(0, affine + 2 * (size_t)C), beta1 = VLOAD(0, affine + 3 * (size_t)C);

    for (size_t i = p * inner; i < (p + 1) * inner; i++) {
        const vec v = activate_vec(gamma0 * VLOAD(i, x) + beta0, ACT_LEAKY_RELU, 0.2f);
        VSTORE(activate_vec(gamma1 * v + beta1, ACT_LEAKY_RELU, 0.2f), i, y);
    }
}
