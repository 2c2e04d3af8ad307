/*
 * dfblk.cl - two channel-wise affines, each followed by LeakyReLU, fp32.
 *
 * Math       y[p,i] = lrelu(gamma1[p] * lrelu(gamma0[p] * x[p,i] + beta0[p]) + beta1[p])
 *            lrelu(v) = v < 0 ? 0.2 v : v
 *
 * Operands   x                             [planes, inner]   read
 *            gamma0, beta0, gamma1, beta1  [planes]          read
 *            y                             [planes, inner]   written
 *            planes = N * C, inner = H * W
 *
 * Launch     one work-item per element, global = { inner, planes } rounded up; no local memory
 * Tunables   none
 * Numerics   six roundings at most, fewer where products are contracted. Any sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     DFBLK of GALIP (Tao et al. 2023, arXiv:2301.12959), models/GALIP.py.
 */
static inline float lrelu(float v)
{
    return v < 0.0f ? 0.2f * v : v;
}

__kernel void dfblk_plain_f32(__global const float *x, __global const float *gamma0,
                              __global const float *beta0, __global const float *gamma1,
                              __global const float *beta1, __global float *y, const ulong inner,
                              const ulong planes)
{
    const size_t i = get_global_id(0);
    const size_t p = get_global_id(1);

    if (i >= inner || p >= planes)
        return;
    const float v = lrelu(gamma0[p] * x[p * inner + i] + beta0[p]);
    y[p * inner + i] = lrelu(gamma1[p] * v + beta1[p]);
}
