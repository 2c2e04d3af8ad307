/*
 * vit_map.cl - the tokens of a vision transformer, all but the first, as a map, fp32.
 *
 * Math       y[b,c,p] = x[b,1+p,c], or residual[b,c,p] + alpha * x[b,1+p,c],   p = 0 .. plane - 1
 *
 * Operands   x         [B, 1 + plane, C]                                                    read
 *            residual  as y                                        read when HAS_RESIDUAL
 *            y         vit_map_plain: [B, C, plane]; vit_map_row: [B, C/VW, plane, VW]      written
 *            plane = H * W
 *
 * Launch     vit_map_plain  one work-item per element, global = { plane, C, B } rounded up
 *            vit_map_row    one work-item per pixel, global = { plane, B }
 *            no local memory
 * Tunables   VW            elements of a vector (row)   common/vec.h
 *            HAS_RESIDUAL  0 | 1                        default 0
 * Numerics   a copy, or two roundings. Any sizes >= 1; vit_map_row: C a multiple of VW.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef HAS_RESIDUAL
#define HAS_RESIDUAL 0
#endif

#include "common/vec.h"

__kernel void vit_map_plain_f32(__global const float *x, __global const float *residual,
                                __global float *y, const int C, const int plane, const float alpha)
{
    const size_t p = get_global_id(0), c = get_global_id(1), b = get_global_id(2);

    if (p >= (size_t)plane || c >= (size_t)C)
        return;
    const size_t at = (b * (size_t)C + c) * (size_t)plane + p;
    const float v = x[(b * ((size_t)plane + 1) + p + 1) * (size_t)C + c];
    y[at] = HAS_RESIDUAL ? residual[at] + alpha * v : v;
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
vit_map_row_f32(__global const float *x, __global const float *residual, __global float *y,
                const int C, const int plane, const float alpha)
{
    const size_t p = get_global_id(0), b = get_global_id(1), blocks = (size_t)C / VW;

    x += (b * ((size_t)plane + 1) + p + 1) * (size_t)C;
    for (size_t cb = 0; cb < blocks; cb++) {
        const size_t at = (b * blocks + cb) * (size_t)plane + p; /* y[b,cb,p,:] */
        const vec v = VLOAD(cb, x);
        VSTORE(HAS_RESIDUAL ? VLOAD(at, residual) + alpha * v : v, at, y);
    }
}
