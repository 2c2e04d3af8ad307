/*
 * source.h - an element of a weight in the type of its file, as fp32.
 *
 * Tunables   SRC   0: F32   1: F16   2: BF16   default 0
 * Numerics   exact
 * Needs      OpenCL C 1.2, no extensions: vload_half is part of it.
 */
#ifndef SRC
#define SRC 0
#endif

#if SRC == 0
typedef float source;
#elif SRC == 1
typedef half source;
#elif SRC == 2
typedef ushort source;
#else
#error "SRC must be 0, 1 or 2"
#endif

static inline float read_source(__global const source *s, size_t i)
{
#if SRC == 0
    return s[i];
#elif SRC == 1
    return vload_half(i, s);
#else
    return as_float((uint)s[i] << 16);
#endif
}
