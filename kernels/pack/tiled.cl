/*
 * tiled.cl - weights of a convolution with their terms in the order in which kernels gather pixels,
 * zero-padded, fp32 or fp16.
 *
 * Math       pack_tiled        to[k,o] = from[o,i,t], k = (i/KC * taps + t) * KC + i%KC; 0 beyond O, I
 *                              and the last k
 *            pack_tiled_rows   to[o,k], the same in fp16
 *
 * Operands   from  [O, I, taps] in the type of its file   read
 *            to    [K, O_room], or [O, K]                  written
 *
 * Launch     one work-item per element, global = { O_room, K }, or { K, O }, rounded up; no
 *            local memory
 * Tunables   SRC   common/source.h
 * Numerics   exact, or rounded to nearest once; any O, I, taps and KC >= 1
 * Needs      OpenCL C 1.2, no extensions: vstore_half is part of it.
 * Source     none
 */
#include "common/source.h"

/* The weight that is term k of output o. */
static inline float term_at(__global const source *from, int O, int I, int taps, int KC, int o,
                            int k)
{
    const int i = k / (taps * KC) * KC + k % KC, t = k / KC % taps;
    const size_t at = ((size_t)o * (size_t)I + (size_t)i) * (size_t)taps + (size_t)t;

    return o < O && i < I ? read_source(from, at) : 0.0f;
}

__kernel void pack_tiled_f32(__global const source *from, __global float *to, const int O,
                             const int I, const int taps, const int KC, const int O_room,
                             const int K)
{
    const int o = (int)get_global_id(0), k = (int)get_global_id(1);

    if (o < O_room && k < K)
        to[(size_t)k * (size_t)O_room + (size_t)o] = term_at(from, O, I, taps, KC, o, k);
}

__kernel void pack_tiled_rows_f16(__global const source *from, __global half *to, const int O,
                                  const int I, const int taps, const int KC, const int K)
{
    const int k = (int)get_global_id(0), o = (int)get_global_id(1);

    if (o < O && k < K)
        vstore_half_rte(term_at(from, O, I, taps, KC, o, k), (size_t)o * (size_t)K + (size_t)k, to);
}
