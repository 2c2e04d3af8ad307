/*
 * rgb_pack.cl - planes of [-1, 1] to interleaved bytes.
 *
 * Math       y[b,h,w,c] = floor((clamp(x[b,c,h,w], -1, 1) + 1) * 127.5 + 0.5)
 *
 * Operands   x      [B, 3, H, W] f32        read
 *            y      [B, H, W, 3] bytes      written
 *            plane = H * W
 *
 * Launch     one work-item per pixel, global = { plane, B } rounded up; no local memory
 * Tunables   none
 * Numerics   each operation of the formula rounded to fp32 in turn, not contracted, so that the
 *            bytes are the same on every device. NaN gives 0. Any size >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#pragma OPENCL FP_CONTRACT OFF

static inline uchar byte_of(float v)
{
    v = v > -1.0f ? fmin(v, 1.0f) : -1.0f; /* NaN is not greater */
    v = (v + 1.0f) * 127.5f;
    v = v + 0.5f;
    return (uchar)(int)v;
}

__kernel void rgb_pack_plain_u8(__global const float *x, __global uchar *y, const ulong plane,
                                const int B)
{
    const size_t i = get_global_id(0);
    const size_t b = get_global_id(1);

    if (i >= plane || b >= (size_t)B)
        return;
    x += b * 3 * plane + i;   /* x[b,0,h,w] */
    y += (b * plane + i) * 3; /* y[b,h,w,0] */
    for (int c = 0; c < 3; c++)
        y[c] = byte_of(x[(size_t)c * plane]);
}
