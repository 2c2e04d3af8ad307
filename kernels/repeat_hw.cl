/*
 * repeat_hw.cl - each value repeated over a map, fp32.
 *
 * Math       y[p,i] = x[p]
 *
 * Operands   x   [planes]          read
 *            y   [planes, inner]   written
 *            planes = B * C, inner = h * w
 *
 * Launch     one work-item per element, global = { inner, planes } rounded up; no local memory
 * Tunables   none
 * Numerics   exact. Any sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
__kernel void repeat_hw_plain_f32(__global const float *x, __global float *y, const ulong inner,
                                  const ulong planes)
{
    const size_t i = get_global_id(0);
    const size_t p = get_global_id(1);

    if (i < inner && p < planes)
        y[p * inner + i] = x[p];
}
