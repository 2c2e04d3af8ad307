/*
 * blocked.cl - weights of a convolution on pictures in channel blocks, fp32.
 *
 * Math       pack_blocked  to[p,b,k,i,j] = from[p*NR+j, b*VW+i, k]; 0 for p*NR+j >= O
 *            pack_few      to[b,k,o,i]   = from[o, b*VW+i, k]
 *
 * Operands   from  [O, I, taps] in the type of its file                          read
 *            to    [ceil(O/NR), I/VW, taps, VW, NR], or [I/VW, taps, O, VW]      written
 *
 * Launch     pack_blocked  one work-item per channel block of a panel of NR outputs,
 *                          global = { I/VW, ceil(O/NR) } rounded up
 *            pack_few      one work-item per channel block, global = { I/VW } rounded up
 *            no local memory
 *
 * Tunables   VW    channels of a block      default 8    8 | 16
 *            NRV   blocks of NR outputs     default 2    >= 1; NR = NRV * VW
 *            SRC                            common/source.h
 *
 * Numerics   exact; any O and taps >= 1, any I that is a multiple of VW.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef VW
#define VW 8
#endif
#ifndef NRV
#define NRV 2
#endif

#include "common/source.h"

#define NR (NRV * VW)

__kernel void pack_blocked_f32(__global const source *from, __global float *to, const int O,
                               const int I, const int taps)
{
    const int b = (int)get_global_id(0), o0 = (int)get_global_id(1) * NR;

    if (b * VW >= I || o0 >= O)
        return;
    /* to[o0/NR,b,:,:,:] */
    to += (get_global_id(1) * (size_t)(I / VW) + (size_t)b) * (size_t)taps * (VW * NR);
    for (int j = 0; j < NR; j++) {
        const size_t at = ((size_t)(o0 + j) * (size_t)I + (size_t)(b * VW)) * (size_t)taps;
        for (int i = 0; i < VW; i++)
            for (int k = 0; k < taps; k++)
                to[((size_t)k * VW + (size_t)i) * NR + (size_t)j] =
                    o0 + j < O ? read_source(from, at + (size_t)(i * taps + k)) : 0.0f;
    }
}

__kernel void pack_few_f32(__global const source *from, __global float *to, const int O,
                           const int I, const int taps)
{
    const int b = (int)get_global_id(0);

    if (b * VW >= I)
        return;
    to += (size_t)b * (size_t)taps * (size_t)O * VW; /* to[b,:,:,:] */
    for (int o = 0; o < O; o++) {
        const size_t at = ((size_t)o * (size_t)I + (size_t)(b * VW)) * (size_t)taps;
        for (int i = 0; i < VW; i++)
            for (int k = 0; k < taps; k++)
                to[((size_t)k * (size_t)O + (size_t)o) * VW + (size_t)i] =
                    read_source(from, at + (size_t)(i * taps + k));
    }
}
