/*
 * vit_tokens.cl - the tokens of a vision transformer from a map of patches, fp32.
 *
 * Math       y[b,0,c]   = first[c] + positions[0,c]
 *            y[b,1+p,c] = map[b,c,p] + positions[1+p,c],   p = 0 .. plane - 1
 *
 * Operands   map        vit_tokens_plain: [B, C, plane]; vit_tokens_row: [B, C/VW, plane, VW]   read
 *            first      [C]                                                                 read
 *            positions  [1 + plane, C]                                                      read
 *            y          [B, 1 + plane, C]                                                   written
 *            plane = H * W
 *
 * Launch     vit_tokens_plain  one work-item per element, global = { C, 1 + plane, B } rounded up
 *            vit_tokens_row    one work-item per token, global = { 1 + plane, B }
 *            no local memory
 * Tunables   VW   elements of a vector (row)   common/vec.h
 * Numerics   one rounding. Any sizes >= 1; vit_tokens_row: C a multiple of VW.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Dosovitskiy et al. 2021 (arXiv:2010.11929) eq. 1
 */
#include "common/vec.h"

__kernel void vit_tokens_plain_f32(__global const float *map, __global const float *first,
                                   __global const float *positions, __global float *y, const int C,
                                   const int plane)
{
    const size_t c = get_global_id(0), t = get_global_id(1), b = get_global_id(2);
    const size_t T = (size_t)plane + 1;

    if (c >= (size_t)C || t >= T)
        return;
    const float v = t == 0 ? first[c] : map[(b * (size_t)C + c) * (size_t)plane + t - 1];
    y[(b * T + t) * (size_t)C + c] = v + positions[t * (size_t)C + c];
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
vit_tokens_row_f32(__global const float *map, __global const float *first,
                   __global const float *positions, __global float *y, const int C,
                   const int plane)
{
    const size_t t = get_global_id(0), b = get_global_id(1), blocks = (size_t)C / VW;
    /* first, or map[b,0,t-1,:] */
    __global const float *from =
        t == 0 ? first : map + (b * blocks * (size_t)plane + t - 1) * VW;
    const size_t step = t == 0 ? 1 : (size_t)plane; /* vectors */

    positions += t * (size_t)C;
    y += (b * ((size_t)plane + 1) + t) * (size_t)C;
    for (size_t cb = 0; cb < blocks; cb++)
        VSTORE(VLOAD(cb * step, from) + VLOAD(cb, positions), cb, y);
}
