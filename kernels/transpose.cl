/*
 * transpose.cl - the last two dims swapped, fp32.
 *
 * Math       y[b,c,r] = x[b,r,c]
 *
 * Operands   x   [batch, R, C]   read
 *            y   [batch, C, R]   written
 *
 * Launch     one work-item per element, neighbours along y's rows,
 *            global = { R, C, batch } rounded up; no local memory
 * Tunables   none
 * Numerics   exact. Any sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
__kernel void transpose_plain_f32(__global const float *x, __global float *y, const int R,
                                  const int C)
{
    const size_t r = get_global_id(0);
    const size_t c = get_global_id(1);

    if (r >= (size_t)R || c >= (size_t)C)
        return;
    const size_t start = get_global_id(2) * (size_t)R * (size_t)C;
    y[start + c * (size_t)R + r] = x[start + r * (size_t)C + c];
}
