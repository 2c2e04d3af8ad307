/*
 * weight.h - a packed weight, which is stored in fp32 or in fp16.
 *
 * Tunables   W_HALF   1 when it is stored in fp16   default 0   0 | 1
 *            With common/vec.h included before, WLOAD loads a vector of it.
 * Numerics   fp16 is rounded to nearest once, when the weight is packed, and widened exactly.
 * Needs      OpenCL C 1.2, no extensions: vload_half and vstore_half are part of it.
 */
#ifndef W_HALF
#define W_HALF 0
#endif

#if W_HALF
#define WEIGHT half
#define W_BYTES 2
#else
#define WEIGHT float
#define W_BYTES 4
#endif

static inline void put_weight(float v, int at, __global WEIGHT *to)
{
#if W_HALF
    vstore_half_rte(v, (size_t)at, to);
#else
    to[at] = v;
#endif
}

#ifdef VW
#if !W_HALF
#define WLOAD VLOAD
#elif VW == 16
#define WLOAD vload_half16
#else
#define WLOAD vload_half8
#endif
#endif
