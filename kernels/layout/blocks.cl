/*
 * blocks.cl - pictures from planes of channels to blocks of channels and back, fp32.
 *
 * Math       blocks[p, i, c] = planes[p, c, i]
 *
 * Operands   planes   [N*C/VW, VW, plane]     NCHW
 *            blocks   [N*C/VW, plane, VW]     channels in blocks of a vector
 *            plane = H * W
 *
 * Launch     one work-item per PIXELS pixels of a block,
 *            global = { ceil(plane/PIXELS), N*C/VW } rounded up; no local memory
 *
 * Tunables   VW      elements of a vector      common/vec.h
 * Numerics   exact. Any plane >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#include "common/vec.h"

#define PIXELS 16 /* a cache line of each plane */

__kernel void planes_to_blocks_f32(__global const float *planes, __global float *blocks,
                                   const int plane)
{
    const int first = (int)get_global_id(0) * PIXELS;
    const size_t at = get_global_id(1) * (size_t)plane * VW; /* [p,0,0] of both */

    for (int i = first; i < min(first + PIXELS, plane); i++)
        for (int c = 0; c < VW; c++)
            blocks[at + (size_t)i * VW + (size_t)c] =
                planes[at + (size_t)c * (size_t)plane + (size_t)i];
}

__kernel void blocks_to_planes_f32(__global const float *blocks, __global float *planes,
                                   const int plane)
{
    const int first = (int)get_global_id(0) * PIXELS;
    const size_t at = get_global_id(1) * (size_t)plane * VW; /* [p,0,0] of both */

    for (int c = 0; c < VW; c++)
        for (int i = first; i < min(first + PIXELS, plane); i++)
            planes[at + (size_t)c * (size_t)plane + (size_t)i] =
                blocks[at + (size_t)i * VW + (size_t)c];
}
