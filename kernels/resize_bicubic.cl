/*
 * resize_bicubic.cl - one axis of a picture of bytes resampled with integer coefficients.
 *
 * Math       y[o,n,j] = clamp((2^21 + sum_k coef[n,k] * x[o, first[n] + k, j]) >> 22, 0, 255)
 *            with k = 0 .. taps[n] - 1
 *
 * Operands   x     [outer, axis, inner] bytes, from element x_offset on      read
 *            span  [N, 2]   first[n], taps[n]                                read
 *            coef  [N, room], fixed point with 22 fractional bits            read
 *            y     [outer, N, inner] bytes                                   written
 *            horizontal pass: outer = rows, inner = 3; vertical: outer = 1, inner = width * 3
 *
 * Launch     one work-item per byte, global = { N * inner, outer } rounded up; no local memory
 * Tunables   none
 * Numerics   integers only; |sum| < 2^31, as the |coef| of an output add up to less than 2 * 2^22
 *            (1.25 at a = -0.5). Any size >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Pillow, src/libImaging/Resample.c, 8 bits per channel.
 */
__kernel void resize_bicubic_plain_u8(__global const uchar *x, __global const int *span,
                                      __global const int *coef, __global uchar *y,
                                      const ulong x_offset, const int outer, const int axis,
                                      const int N, const ulong inner, const int room)
{
    const size_t i = get_global_id(0);
    const size_t o = get_global_id(1);

    if (i >= (size_t)N * inner || o >= (size_t)outer)
        return;
    const size_t n = i / inner;
    const size_t j = i - n * inner;
    const int taps = span[2 * n + 1];

    x += x_offset + (o * (size_t)axis + (size_t)span[2 * n]) * inner + j; /* x[o,first[n],j] */
    coef += n * (size_t)room;                                             /* coef[n,:] */

    int sum = 1 << 21;
    for (int k = 0; k < taps; k++)
        sum += coef[k] * (int)x[(size_t)k * inner];
    y[o * (size_t)N * inner + i] = (uchar)clamp(sum >> 22, 0, 255);
}
