/*
 * resize_nearest.cl - nearest-neighbour resize of the last two dims, fp32.
 *
 * Math       y[p,oh,ow] = x[p, row[oh], column[ow]]
 *            row[oh] = floor(oh * H / oH), column[ow] = floor(ow * W / oW)
 *
 * Operands   x        [planes, H, W]     read
 *            indices  [oH + oW] int      row, then column; read
 *            y        [planes, oH, oW]   written
 *
 * Launch     one work-item per element, global = { oW, oH, planes } rounded up; no local memory
 * Tunables   none
 * Numerics   exact. Any sizes >= 1. The indices come from the host, as two integer divisions an
 *            element take longer than the copy.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     torch.nn.functional.interpolate, mode "nearest".
 */
__kernel void resize_nearest_plain_f32(__global const float *x, __global const int *indices,
                                       __global float *y, const int H, const int W, const int oH,
                                       const int oW)
{
    const size_t ow = get_global_id(0);
    const size_t oh = get_global_id(1);
    const size_t p = get_global_id(2);

    if (ow >= (size_t)oW || oh >= (size_t)oH)
        return;
    const size_t h = (size_t)indices[oh], w = (size_t)indices[(size_t)oH + ow];
    y[(p * (size_t)oH + oh) * (size_t)oW + ow] = x[(p * (size_t)H + h) * (size_t)W + w];
}
