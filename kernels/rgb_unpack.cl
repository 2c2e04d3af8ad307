/*
 * rgb_unpack.cl - interleaved bytes to planes of [0, 1].
 *
 * Math       y[b,c,h,w] = x[b,h,w,c] / 255
 *
 * Operands   x      [B, H, W, 3] bytes      read
 *            y      [B, 3, H, W] f32        written
 *            plane = H * W
 *
 * Launch     one work-item per pixel, global = { plane, B } rounded up; no local memory
 * Tunables   none
 * Numerics   the quotient correctly rounded for each of the 256 bytes, which OpenCL's division
 *            (2.5 ulp) does not promise: a product, and one correction with its exact rest.
 *            Any size >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Markstein 1990, "Computation of elementary functions on the IBM RISC System/6000"
 *            (the correction).
 */
static inline float over_255(uchar v)
{
    const float inverse = 0x1.010102p-8f; /* 1/255 */
    const float q = (float)v * inverse;

    return fma(fma(q, -255.0f, (float)v), inverse, q);
}

__kernel void rgb_unpack_plain_f32(__global const uchar *x, __global float *y, const ulong plane,
                                   const int B)
{
    const size_t i = get_global_id(0);
    const size_t b = get_global_id(1);

    if (i >= plane || b >= (size_t)B)
        return;
    x += (b * plane + i) * 3; /* x[b,h,w,0] */
    y += b * 3 * plane + i;   /* y[b,0,h,w] */
    for (int c = 0; c < 3; c++)
        y[(size_t)c * plane] = over_255(x[c]);
}
