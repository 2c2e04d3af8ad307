/*
 * vec.h - a vector of VW floats.
 *
 * Tunables   VW   elements of a vector   default 8    8 | 16
 * Needs      OpenCL C 1.2, no extensions.
 */
#ifndef VW
#define VW 8
#endif

#if VW == 8
typedef float8 vec;
#define VLOAD vload8
#elif VW == 16
typedef float16 vec;
#define VLOAD vload16
#else
#error "VW must be 8 or 16"
#endif

/* vstore8 or vstore16, by a name like VLOAD's. PoCL (3.1) stores their parts one by one, which takes three times as long, and
 * longer still where they are soon loaded together; a vector that may lie at any float is one store. */
#ifdef __clang__
typedef vec vec_anywhere __attribute__((aligned(4)));

static inline __attribute__((overloadable)) void VSTORE(vec v, size_t at, __global float *p)
{
    *(__global vec_anywhere *)(p + at * VW) = v;
}

static inline __attribute__((overloadable)) void VSTORE(vec v, size_t at, float *p)
{
    *(vec_anywhere *)(p + at * VW) = v;
}
#elif VW == 8
#define VSTORE vstore8
#else
#define VSTORE vstore16
#endif

/* Sum of the elements, by halves. */
static inline float vec_sum(vec v)
{
#if VW == 16
    const float8 h8 = v.lo + v.hi;
#else
    const float8 h8 = v;
#endif
    const float4 h4 = h8.lo + h8.hi;
    const float2 h2 = h4.lo + h4.hi;

    return h2.x + h2.y;
}
