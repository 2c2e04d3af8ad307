/*
 * add.cl - addition with a scaled and possibly repeated second operand, fp32.
 *
 * Math       y[o,i] = a[o,i] + alpha * scale * b[i]       (scale = 1 unless HAS_SCALE)
 *
 * Operands   a      [outer, inner]   read
 *            b      [inner]          read
 *            scale  [1]              read when HAS_SCALE
 *            y      [outer, inner]   written
 *
 * Launch     one work-item per element, global = { inner, outer } rounded up; no local memory
 * Tunables   HAS_SCALE   0 | 1   default 0
 * Numerics   one product, one sum, contracted or not. Any inner and outer >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef HAS_SCALE
#define HAS_SCALE 0
#endif

__kernel void add_plain_f32(__global const float *a, __global const float *b,
                            __global const float *scale, __global float *y, const ulong inner,
                            const ulong outer, float alpha)
{
    const size_t i = get_global_id(0);
    const size_t o = get_global_id(1);

    if (i >= inner || o >= outer)
        return;
    if (HAS_SCALE)
        alpha *= scale[0];
    y[o * inner + i] = a[o * inner + i] + alpha * b[i];
}
