/*
 * slice.cl - a range along one dim, fp32.
 *
 * Math       y[o,i] = x[o, start + i]
 *
 * Operands   x   [outer, row]     read at start .. start + inner - 1 of each row
 *            y   [outer, inner]   written
 *            inner = the range's length times the dims after the axis
 *
 * Launch     one work-item per element of y, global = { inner, outer } rounded up;
 *            no local memory
 * Tunables   none
 * Numerics   exact. Any sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
__kernel void slice_plain_f32(__global const float *x, __global float *y, const ulong inner,
                              const ulong outer, const ulong row, const ulong start)
{
    const size_t i = get_global_id(0);
    const size_t o = get_global_id(1);

    if (i < inner && o < outer)
        y[o * inner + i] = x[o * row + start + i];
}
