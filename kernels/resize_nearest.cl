/*
 * resize_nearest.cl - nearest-neighbour resize of the last two dims, fp32.
 *
 * Math       y[p,oh,ow] = x[p, floor(oh * H / oH), floor(ow * W / oW)]
 *
 * Operands   x   [planes, H, W]     read
 *            y   [planes, oH, oW]   written
 *
 * Launch     one work-item per pixel of PLANES planes, so that the index divisions are shared,
 *            global = { oW, oH, ceil(planes/PLANES) } rounded up; no local memory
 *
 * Tunables   PLANES   planes of a work-item   default 16   >= 1
 *
 * Numerics   exact: the indices are integers of 64 bits. Any sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     torch.nn.functional.interpolate, mode "nearest".
 */
#ifndef PLANES
#define PLANES 16
#endif

__kernel void resize_nearest_plain_f32(__global const float *x, __global float *y,
                                       const ulong planes, const int H, const int W, const int oH,
                                       const int oW)
{
    const size_t ow = get_global_id(0);
    const size_t oh = get_global_id(1);
    const size_t p0 = get_global_id(2) * PLANES;

    if (ow >= (size_t)oW || oh >= (size_t)oH || p0 >= planes)
        return;

    const size_t h = (size_t)((ulong)oh * (ulong)H / (ulong)oH);
    const size_t w = (size_t)((ulong)ow * (ulong)W / (ulong)oW);
    const size_t p_end = min(p0 + PLANES, (size_t)planes);

    for (size_t p = p0; p < p_end; p++)
        y[(p * (size_t)oH + oh) * (size_t)oW + ow] = x[(p * (size_t)H + h) * (size_t)W + w];
}
