/*
 * normalize_rgb.cl - rescaling and per-channel normalisation of RGB images, fp32.
 *
 * Math       y[n,c,i] = (x[n,c,i] * gain + offset - mean[c]) / std[c]
 *
 * Operands   x      [N, 3, plane]        read
 *            stats  [2, 3] mean, std     read
 *            y      [N, 3, plane]        written
 *            plane = H * W
 *
 * Launch     one work-item per element, global = { plane, 3 * N } rounded up; no local memory
 * Tunables   none
 * Numerics   a product, a sum, a difference, a quotient; contracted or not. Any N, plane >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     torchvision.transforms.Normalize, as in CLIP's preprocessing
 */
__kernel void normalize_rgb_plain_f32(__global const float *x, __global const float *stats,
                                      __global float *y, const ulong plane, const ulong planes,
                                      const float gain, const float offset)
{
    const size_t i = get_global_id(0);
    const size_t nc = get_global_id(1);

    if (i >= plane || nc >= planes)
        return;
    const size_t at = nc * plane + i;
    y[at] = (x[at] * gain + offset - stats[nc % 3]) / stats[3 + nc % 3];
}
