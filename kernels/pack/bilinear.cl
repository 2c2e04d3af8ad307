/*
 * bilinear.cl - weights of a convolution transformed for a bilinear algorithm, fp32.
 *
 * Math       to[p,u*NU+v,i,j] = sum_{a,b} G[u][a] * G[v][b] * from[p*NR+j,i,a,b];
 *            0 beyond O and I
 *
 * Operands   from  [O, I, TAPS, TAPS] in the type of its file      read
 *            to    [ceil(O/NR), NU*NU, I rounded up to NR/2, NR]   written
 *
 * Launch     one work-item per input channel and VW columns of a panel,
 *            global = { I rounded up to NR/2, ceil(O/NR), NR/VW } rounded up; no local memory
 *
 * Tunables   VW    elements of a vector                common/vec.h
 *            NR    columns of a panel                  default 2 * VW   a multiple of VW
 *            ALG   algorithm                           common/bilinear.h
 *            SRC                                       common/source.h
 *
 * Numerics   each number is the exact one rounded to fp32 but for 2^-20 of an ulp, as if computed
 *            in double, which not every device has. G is integers over a number for each row; what is
 *            summed is kept in two floats, the second one the first one's error, and divided once,
 *            at the end. Any O and I >= 1.
 * Needs      OpenCL C 1.2, no extensions; no unsafe math options.
 * Source     two_sum: Knuth, The Art of Computer Programming 2, 4.2.2
 */
#include "common/vec.h"
#include "common/bilinear.h"
#include "common/source.h"

#pragma OPENCL FP_CONTRACT OFF

#ifndef NR
#define NR (2 * VW)
#endif
#if NR % VW != 0
#error "pack: NR must be a multiple of VW"
#endif

__constant float g_rows[TAPS * NU] = {G_ROWS};
__constant float g_over[NU] = {G_OVER};

/* hi + lo, lo being what hi lost by rounding */
typedef struct pair {
    vec hi, lo;
} pair;

static inline pair two_sum(vec a, vec b)
{
    pair s;

    s.hi = a + b;
    const vec b_part = s.hi - a;
    s.lo = (a - (s.hi - b_part)) + (b - b_part);
    return s;
}

static inline pair scale(float g, pair a)
{
    pair s = {g * a.hi, g * a.lo};

    s.lo += fma((vec)(g), a.hi, -s.hi); /* what the product lost by rounding */
    return s;
}

/* s + g a */
static inline pair add(pair s, float g, pair a)
{
    const pair product = scale(g, a);
    pair t = two_sum(s.hi, product.hi);

    t.lo += s.lo + product.lo;
    return t;
}

static inline vec divide(pair s, float by)
{
    const float inverse = 1.0f / by;
    const vec q = s.hi * inverse;

    return q + (fma(-q, (vec)(by), s.hi) + s.lo) * inverse;
}

__kernel void pack_bilinear_f32(__global const source *from, __global float *to, const int O,
                                const int I)
{
    const int i = (int)get_global_id(0), column = (int)get_global_id(2) * VW;
    const int o0 = (int)get_global_id(1) * NR + column;
    const int I_padded = (I + NR / 2 - 1) / (NR / 2) * (NR / 2);
    float taps[TAPS * TAPS][VW];

    if (i >= I_padded || o0 - column >= O || column >= NR)
        return;
    for (int j = 0; j < VW; j++) {
        const size_t at =
            ((size_t)(o0 + j) * (size_t)I + (size_t)i) * (TAPS * TAPS); /* from[o0+j,i] */
        for (int k = 0; k < TAPS * TAPS; k++)
            taps[k][j] = o0 + j < O && i < I ? read_source(from, at + (size_t)k) : 0.0f;
    }
    /* to[o0/NR,:,i,column..) */
    to += (get_global_id(1) * (NU * NU) * (size_t)I_padded + (size_t)i) * NR + (size_t)column;

    for (int u = 0; u < NU; u++) {
        pair row[TAPS]; /* row u of G times the columns of taps */
        for (int b = 0; b < TAPS; b++) {
            const pair first = {VLOAD(0, taps[b]), (vec)(0.0f)};
            row[b] = scale(g_rows[TAPS * u], first);
            for (int k = 1; k < TAPS; k++) {
                const pair tap = {VLOAD(0, taps[k * TAPS + b]), (vec)(0.0f)};
                row[b] = add(row[b], g_rows[TAPS * u + k], tap);
            }
        }
        for (int v = 0; v < NU; v++) {
            pair s = scale(g_rows[TAPS * v], row[0]);
            for (int k = 1; k < TAPS; k++)
                s = add(s, g_rows[TAPS * v + k], row[k]);
            VSTORE(divide(s, g_over[u] * g_over[v]), 0,
                   to + (size_t)(u * NU + v) * (size_t)I_padded * NR);
        }
    }
}
