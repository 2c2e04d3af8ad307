/*
 * concat.cl - two neighbouring operands of a concatenation copied to their place, fp32.
 *
 * Math       y[o, start + i] = a[o, a_start + i]             i < a_inner
 *                              b[o, b_start + i - a_inner]   a_inner <= i < a_inner + b_inner
 *
 * Operands   a   [outer, a_row]   read at a_start .. a_start + a_inner - 1 of each row
 *            b   [outer, b_row]   read at b_start .. b_start + b_inner - 1 of each row; not read
 *                                 where b_inner = 0; may be a
 *            y   [outer, row]     written at start .. start + a_inner + b_inner - 1 of each row
 *            inner = what is read of the operand along the axis times the dims after it
 *
 * Launch     one work-item per element written, global = { a_inner + b_inner, outer } rounded up;
 *            no local memory
 * Tunables   none
 * Numerics   exact. Any sizes >= 1, of b >= 0.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
__kernel void concat_plain_f32(__global const float *a, const ulong a_inner, const ulong a_row,
                               const ulong a_start, __global const float *b, const ulong b_inner,
                               const ulong b_row, const ulong b_start, __global float *y,
                               const ulong outer, const ulong row, const ulong start)
{
    const size_t i = get_global_id(0);
    const size_t o = get_global_id(1);

    if (i >= a_inner + b_inner || o >= outer)
        return;
    y += o * row + start;
    if (i < a_inner)
        y[i] = a[o * a_row + a_start + i];
    else
        y[i] = b[o * b_row + b_start + (i - a_inner)];
}
