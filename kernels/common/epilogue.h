/*
 * epilogue.h - what happens to a finished sum: bias, activation, residual.
 *
 * Math       y = act(sum + bias) + residual
 * Tunables   ACT           0 none | 1 ReLU | 2 LeakyReLU | 3 QuickGELU | 4 GELU   (host/ops/activation.h)
 *            HAS_BIAS      0 | 1
 *            HAS_RESIDUAL  0 | 1
 *            With common/vec.h included before, epilogue_vec does it to a vector of columns.
 * Needs      OpenCL C 1.2, no extensions.
 */
#define ACT_NONE 0
#define ACT_RELU 1
#define ACT_LEAKY_RELU 2
#define ACT_QUICK_GELU 3
#define ACT_GELU 4

#ifndef ACT
#define ACT ACT_NONE
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 0
#endif
#ifndef HAS_RESIDUAL
#define HAS_RESIDUAL 0
#endif

static inline float activate(float v, int act, float slope)
{
    if (act == ACT_RELU)
        return v < 0.0f ? 0.0f : v; /* not fmax, which would hide a NaN */
    if (act == ACT_LEAKY_RELU)
        return v < 0.0f ? slope * v : v;
    if (act == ACT_QUICK_GELU)
        return v / (1.0f + exp(-1.702f * v));
    if (act == ACT_GELU) /* not 1 + erf, which cancels where v is far below 0 */
        return 0.5f * v * erfc(-0.70710678f * v);
    return v;
}

/* at: index of the element in y and residual; n: its column. */
static inline float epilogue(float v, __global const float *bias, size_t n,
                             __global const float *residual, size_t at, float slope)
{
    if (HAS_BIAS)
        v += bias[n];
    v = activate(v, ACT, slope);
    if (HAS_RESIDUAL)
        v += residual[at];
    return v;
}

#ifdef VW
#include "common/exp2.h"

/* v / (1 + exp(-1.702 v)), by e = exp(-1.702 |v|), which takes half the time */
static inline vec quick_gelu_vec(vec v)
{
    const vec e = exp2_of_negative(-2.45546696f * fabs(v)); /* 1.702 log2(e) */

    return (v < 0.0f ? v * e : v) / (1.0f + e);
}

static inline vec activate_vec(vec v, int act, float slope)
{
    if (act == ACT_RELU)
        return v < 0.0f ? (vec)(0.0f) : v;
    if (act == ACT_LEAKY_RELU)
        return v < 0.0f ? slope * v : v;
    if (act == ACT_QUICK_GELU)
        return quick_gelu_vec(v);
    if (act == ACT_GELU)
        return 0.5f * v * erfc(-0.70710678f * v);
    return v;
}

/* The same for VW columns from n, whose elements are at .. at + VW. */
static inline vec epilogue_vec(vec v, __global const float *bias, size_t n,
                               __global const float *residual, size_t at, float slope)
{
    if (HAS_BIAS)
        v += VLOAD(0, bias + n);
    v = activate_vec(v, ACT, slope);
    if (HAS_RESIDUAL)
        v += VLOAD(0, residual + at);
    return v;
}
#endif
