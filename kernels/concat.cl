/*
 * concat.cl - one operand of a concatenation copied to its place, fp32.
 *
 * Math       y[o, start + i] = x[o,i]
 *
 * Operands   x   [outer, inner]   read
 *            y   [outer, row]     written at start .. start + inner - 1 of each row
 *            inner = the operand's length along the axis times the dims after it
 *
 * Launch     one work-item per element of x, global = { inner, outer } rounded up;
 *            no local memory
 * Tunables   none
 * Numerics   exact. Any sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
__kernel void concat_plain_f32(__global const float *x, __global float *y, const ulong inner,
                               const ulong outer, const ulong row, const ulong start)
{
    const size_t i = get_global_id(0);
    const size_t o = get_global_id(1);

    if (i < inner && o < outer)
        y[o * row + start + i] = x[o * inner + i];
}
