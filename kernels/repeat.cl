/*
 * repeat.cl - repetition along a new first and a new last axis, fp32.
 *
 * Math       y[o,e,i] = x[e]
 *
 * Operands   x   [count]                 read
 *            y   [outer, count, inner]   written
 *
 * Launch     one work-item per element, global = { count*inner, outer } rounded up
 *            no local memory
 * Tunables   none
 * Numerics   exact. Any count, inner and outer >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
__kernel void repeat_plain_f32(__global const float *x, __global float *y, const ulong count,
                               const ulong inner, const ulong outer)
{
    const size_t i = get_global_id(0);
    const size_t o = get_global_id(1);

    if (i < count * inner && o < outer)
        y[o * count * inner + i] = x[i / inner];
}
