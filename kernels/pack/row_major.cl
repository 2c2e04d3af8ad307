/*
 * row_major.cl - a weight as it is, fp32.
 *
 * Math       to[i] = from[i]
 *
 * Operands   from  [n] in the type of its file   read
 *            to    [n]                           written
 *
 * Launch     one work-item per element, global = { n } rounded up; no local memory
 * Tunables   SRC   common/source.h
 * Numerics   exact; any n >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#include "common/source.h"

__kernel void pack_row_major_f32(__global const source *from, __global float *to, const ulong n)
{
    const size_t i = get_global_id(0);

    if (i < n)
        to[i] = read_source(from, i);
}
